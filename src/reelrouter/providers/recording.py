"""What one real job said and was told, as a JSON file: orders, calls, replies and outcomes, and back; pure.

Nothing here hides anything: `redaction` does, before a recording is written.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal, assert_never

from reelrouter.providers.base import Account, Call, Inline, Part, Provider, ProviderDrift, Reply, Ticket, Unclear
from reelrouter.providers.cleaning import clean, clean_text
from reelrouter.providers.redaction import unsigned
from reelrouter.work import (
    Blob,
    Failed,
    Fetch,
    Finished,
    Handle,
    JobLost,
    Media,
    NotAnswered,
    Order,
    Outcome,
    Output,
    Running,
    SubmitRefused,
)

FORMAT = 1
ACCOUNT = "recorded"
"""The name of every recording's account."""
_HEADERS = ("content-type", "location", "retry-after")
"""Of replies: those that an adapter may read."""
_NOT_KEPT = frozenset({"credential", "model", "simulate", "notify", "mark"})
"""Of an order: the gateway's own business."""
_MAY_LACK = ("duration", "resolution", "aspect_ratio", "seed")
_MOST_TEXT = 4000
"""Characters that are kept of a body that is no JSON."""

Verb = Literal["sign_in", "submit", "poll"]
View = Mapping[str, Any]
"""JSON."""
Told = Ticket | Outcome | Unclear | Exception
"""What a flow ended with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A call, and the reply to it."""

    call: View
    reply: View


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One run of one of the adapter's flows."""

    verb: Verb
    exchanges: tuple[Exchange, ...]
    outcome: View | None = None
    """None for a sign-in: what it grants is nobody's business."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    provider: str
    package: str
    """The version that made it."""
    recorded_at: str
    """ISO 8601."""
    evidence: str
    """Whose words these are."""
    root: str
    values: Mapping[str, str]
    """Of the account, with placeholders for what is secret."""
    order: View
    scenes: tuple[Scene, ...]
    outputs: tuple[View, ...] = field(default=())
    """What could be collected of what the job made: size and digest."""

    def account(self, provider: Provider) -> Account:
        return Account(provider=provider.name, name=ACCOUNT, root=self.root, values=self.values, concurrency=1)

    def view(self) -> View:
        """As it stands in a file."""
        return {"format": FORMAT, **asdict(self)}


class NoRecording(ValueError):
    """A file that is no recording, or one of another time."""


def read_recording(text: str) -> Recording:
    """Raises `NoRecording`."""
    try:
        given = json.loads(text)
        if given.pop("format") != FORMAT:
            raise NoRecording(f"its format is not {FORMAT}")
        scenes = tuple(_scene(one) for one in given.pop("scenes"))
        return Recording(**given | {"scenes": scenes, "outputs": tuple(given["outputs"])})
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise NoRecording(f"it is no recording: {error!r}") from error


def _scene(given: Any) -> Scene:
    return Scene(**given | {"exchanges": tuple(Exchange(**one) for one in given["exchanges"])})


# Orders ----------------------------------------------------------------------------------------------------------


def order_view(order: Order) -> View:
    """Raises `TypeError` for one that goes on from another job: that is not recorded."""
    if order.previous is not None or order.previous_video is not None:
        raise TypeError("an order that goes on from another job")
    given = {one.name: getattr(order, one.name) for one in fields(order)}
    kept = {name: _order_value(value) for name, value in given.items() if value not in (None, (), {})}
    return {name: value for name, value in kept.items() if name not in _NOT_KEPT}


def order_of(view: View) -> Order:
    given: dict[str, Any] = {name: _from_view(value) for name, value in view.items()}
    ours = {"credential": ACCOUNT, "model": given["native_model"]}
    whole: dict[str, Any] = {**dict.fromkeys(_MAY_LACK), **given, **ours}
    return Order(**whole)


def _order_value(value: object) -> object:
    if isinstance(value, Media):
        shown = {one.name: getattr(value, one.name) for one in fields(value) if one.name != "key"}
        return {**{name: one for name, one in shown.items() if one is not None}, "sha256": value.sha256[:16]}
    return [_order_value(one) for one in value] if isinstance(value, tuple) else value


def _from_view(value: object) -> object:
    if isinstance(value, Mapping) and "sha256" in value:
        return Media(**{"key": f"inputs/{value['sha256']}", **value})
    return tuple(_from_view(one) for one in value) if isinstance(value, list) else value


# Calls and replies -----------------------------------------------------------------------------------------------


def call_view(call: Call) -> View:
    """What an adapter asks for: an input stands there by its digest, a form's texts not at all."""
    shown: dict[str, Any] = {"method": call.method, "url": unsigned(call.url)}
    if call.headers:
        shown["headers"] = dict(call.headers)
    if call.json is not None:
        shown["json"] = _json_view(call.json)
    if call.parts:
        shown["parts"] = [_part_view(part) for part in call.parts]
    if call.form:
        shown["form"] = sorted(call.form)
    return shown


def reply_view(reply: Reply, files: Sequence[View]) -> View:
    shown: dict[str, Any] = {"status": reply.status}
    if headers := {name: reply.headers[name] for name in _HEADERS if name in reply.headers}:
        shown["headers"] = headers
    try:
        shown["json"] = clean(json.loads(reply.body))
    except (ValueError, RecursionError):
        if reply.body:
            shown["text"] = clean_text(reply.body[:_MOST_TEXT].decode("utf-8", "replace"))
    if files:
        shown["files"] = list(files)
    return shown


def _json_view(value: Any) -> Any:
    if isinstance(value, Inline):
        return f"input:{value.form}:{value.media.sha256[:16]}"
    if isinstance(value, Mapping):
        return {name: _json_view(one) for name, one in value.items()}
    return [_json_view(one) for one in value] if isinstance(value, list | tuple) else value


def _part_view(part: Part) -> View:
    if isinstance(part.value, Media):
        return {"name": part.name, "input": part.value.sha256[:16]}
    return {"name": part.name, "text": part.value}


# Outcomes --------------------------------------------------------------------------------------------------------


def outcome_view(told: Told) -> View:
    """Without the vendor's prose: that stands in the reply."""
    match told:
        case Ticket():
            return {"accepted": {"native_id": told.native_id, "extra": dict(told.extra)}}
        case Running():
            return {"running": asdict(told)}
        case Finished():
            outputs = [_output_view(one) for one in told.outputs]
            return {"finished": {"outputs": outputs, "vendor_cost": told.vendor_cost, "seed": told.seed}}
        case Unclear():
            return {"unclear": {"outputs": [_output_view(one) for one in told.outputs]}}
        case Failed():
            return {"failed": _failed_view(told)}
        case SubmitRefused():
            return {"refused": _failed_view(told.failed)}
        case NotAnswered():
            return {"not_answered": {"retry_after": told.retry_after}}
        case JobLost():
            return {"lost": {}}
        case ProviderDrift():
            return {"drift": {}}
        case _:
            raise told


def handle_of(view: View, provider: Provider) -> Handle:
    """Of an accepted order."""
    accepted = view["accepted"]
    return Handle(
        endpoint=provider.name, credential=ACCOUNT, native_id=accepted["native_id"], extra=accepted["extra"]
    )


def _failed_view(failed: Failed) -> View:
    return {
        "failure": str(failed.failure),
        "vendor_code": failed.vendor_code,
        "vendor_cost": failed.vendor_cost,
        "error_type": failed.error_type,
        "retry_after": failed.retry_after,
    }


def _output_view(output: Output) -> View:
    match output:
        case Fetch():
            return {"url": output.url, "headers": sorted(output.headers)}
        case Blob():
            return {"file": output.path.name}
        case _:
            assert_never(output)
