"""A vendor's answer as a value that can be altered, and where things stand in the answers of one vendor; pure."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

Path = tuple[str | int, ...]
"""Keys and indexes that lead to a place in a JSON value."""
Says = Literal["taken", "refused", "waiting", "done", "failed", "file"]
"""What an answer means: the first two answer a submit, the next three a poll; the last one is the file itself."""
Decoration = Literal["cost", "seed", "progress", "count", "stamp", "usage"]
"""What a vendor says beside a job's state."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Where things stand in one vendor's answers. A path that a vendor does not have is None."""

    id: Path
    """In the answer to a submit."""
    status: Path
    """In the answer to a poll, as everything below but `refusal`."""
    is_flag: bool = False
    """Whether the status is no word but tells if a job is over; then an error alone says that it has failed."""
    code: Path | None
    message: Path
    """Of a failed job."""
    refusal: Path
    """The sentence in a submit's refusal."""
    outputs: Path | None = None
    """Everything that says where a finished job's video is."""
    address: Path | None = None
    """The video's address within `outputs`, or where one could stand."""
    elsewhere: tuple[Path, ...] = ()
    """Where other servers of the same kind put the address."""
    has_content: bool = False
    """Whether the file of a job can be fetched without knowing an address."""
    names_resources: bool = False
    """Whether an id is a resource's name, which can be no number and stands nowhere else."""
    is_inline: bool = False
    """Whether the video comes inside the answer, so that there is no file to be late."""
    decorations: Mapping[Decoration, Path] = field(default_factory=dict)
    pace: str | None = None
    """The header that names when to ask again, in milliseconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is about to leave an emulator."""

    says: Says | None
    """None for what is neither: an unknown job, a cancelled one, a status that is strange by itself."""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    """A JSON value, or bytes that are sent as they are."""
    file: str = ""
    """The address of the job's video at the origin of files."""
    own_file: str = ""
    """The address of the same video at the API's own origin, without that origin."""
    cut: Literal["before", "within"] | None = None
    """Where the connection breaks: before the answer, or within its body."""

    def with_value(self, path: Path, value: object) -> "Answer":
        return replace(self, body=put(self.body, path, value))

    def without(self, path: Path) -> "Answer":
        return replace(self, body=drop(self.body, path))

    def with_headers(self, **headers: str) -> "Answer":
        """Underscores stand for dashes."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return replace(self, headers={**self.headers, **given})

    def sent(self) -> bytes:
        """The body as it goes over the wire."""
        return self.body if isinstance(self.body, bytes) else written(self.body)


class Raw(str):
    """A number as a JSON text has it, where Python's own numbers cannot hold it."""

    __slots__ = ()


def put(value: Any, path: Path, new: object) -> Any:
    """A copy with a value at a path; what is missing on the way there is made."""
    if not path:
        return new
    step, rest = path[0], path[1:]
    if isinstance(step, int):
        found: list[Any] = list(value) if isinstance(value, list) else []
        found[step : step + 1] = [put(found[step] if step < len(found) else None, rest, new)]
        return found
    named: dict[str, Any] = dict(value) if isinstance(value, Mapping) else {}
    return {**named, step: put(named.get(step), rest, new)}


def drop(value: Any, path: Path) -> Any:
    """A copy without what lies at a path."""
    step, rest = path[0], path[1:]
    if isinstance(value, Mapping) and step in value:
        kept = {name: one for name, one in value.items() if name != step}
        return {**kept, step: drop(value[step], rest)} if rest else kept
    if isinstance(value, list) and isinstance(step, int) and step < len(value):
        return [*value[:step], *([drop(value[step], rest)] if rest else []), *value[step + 1 :]]
    return value


def written(value: Any) -> bytes:
    """JSON in ASCII, as careless servers write it: with NaN, and half a character as its escape."""
    return _MARKED.sub(r"\1", json.dumps(_marked(value))).encode()


_MARKED = re.compile(r'"<raw:([^"]*)>"')


def _marked(value: Any) -> Any:
    if isinstance(value, Raw):
        return f"<raw:{value}>"
    if isinstance(value, Mapping):
        return {name: _marked(one) for name, one in value.items()}
    return [_marked(one) for one in value] if isinstance(value, list) else value
