"""The things a flow asks of its driver, and what it is handed for them: plain values, without any I/O.

A flow is a generator. It yields one of these and is sent what stands beside it:

    Ask      Answer      one request, its answer read whole or up to `limit`
    Open     Head        one request whose body is left to be read
    Read     bytes       the next piece of that body; empty at its end
    Keep     Kept        the rest of that body, into a file
    Close    None        that body is not wanted any further
    Sleep    None
    Now      float       seconds of a clock that only goes forward
    Look     Looked      what is at a path
    Peek     bytes       the beginning of a file
    Move     None        a file takes its name

Where no answer comes, `Unreachable` is thrown into the flow instead; where a file cannot be used, `Unusable`.
Drivers follow no redirects and add no key: both are a flow's business.
"""

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar

T = TypeVar("T")

OnBytes = Callable[[int, int | None], None]
"""Told the bytes that are there and, where it is known, how many there will be."""

MOST_JSON = 64 * 1024 * 1024
"""Bytes of an answer that are read into memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A request."""

    url: str
    """Absolute."""
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    content: bytes | None = field(default=None, repr=False)
    timeout: float | None = None
    """Seconds without a byte after which to give up; None for the client's own."""
    limit: int = MOST_JSON
    """Bytes of the body to read; what goes beyond is left where it is, and the answer is `cut`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back. Names of headers are in lower case; `url` is the one that was asked."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes = field(default=b"", repr=False)
    cut: bool = False

    @property
    def media_type(self) -> str:
        """Without parameters, in lower case."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


Head = Answer
"""An answer whose body is still to come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    ask: Ask


@dataclass(frozen=True, slots=True)
class Read:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """The rest of the open body goes into `path` from `offset` on; what stood there after it is cut off."""

    path: Path
    offset: int
    total: int | None
    on_bytes: OnBytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    size: int
    """Bytes of the file now."""
    trouble: str | None = None
    """Why the body broke off, if it did."""


@dataclass(frozen=True, slots=True)
class Close:
    pass


@dataclass(frozen=True, slots=True)
class Sleep:
    seconds: float


@dataclass(frozen=True, slots=True)
class Now:
    pass


@dataclass(frozen=True, slots=True)
class Look:
    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    kind: Literal["file", "folder", "nothing"]
    size: int = 0
    has_folder: bool = True
    """Whether the folder that it is in, or would be in, is there."""


@dataclass(frozen=True, slots=True)
class Peek:
    path: Path
    limit: int


@dataclass(frozen=True, slots=True)
class Move:
    path: Path
    to: Path


Effect = Ask | Open | Read | Keep | Close | Sleep | Now | Look | Peek | Move

Flow = Generator[Effect, Any, T]
"""What a generator of this kind returns at its end is its result."""


def ask(request: Ask) -> Flow[Answer]:
    """One request. Raises `Unreachable`."""
    answer: Answer = yield request
    return answer


def look(path: Path) -> Flow[Looked]:
    found: Looked = yield Look(path)
    return found


def peek(path: Path, limit: int) -> Flow[bytes]:
    """The first bytes of a file. Raises `Unusable`."""
    beginning: bytes = yield Peek(path, limit)
    return beginning
