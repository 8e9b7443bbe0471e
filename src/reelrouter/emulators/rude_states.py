"""Rudenesses of what an answer says of a job: its word for the state, its id, a refusal of no usual form."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from reelrouter.emulators.answers import Answer, Path, Says, Shape
from reelrouter.emulators.rudeness import (
    TEXTS,
    Alter,
    Fits,
    Rudeness,
    dug,
    instead,
    is_flagged,
    is_worded,
    no_status,
    page,
    valued,
)

_DONE = (
    "succeeded", "SUCCEEDED", "succeed", "success", "Successful", "Completed", "complete", "DONE", "Finished",
    "Ready", "ok", " completed ", "TASK_STATUS_SUCCEED", "JOB_STATE_SUCCEEDED",
)  # fmt: skip
_FAILED = (
    "FAILED", "failure", "fail", "error", "Errored", "rejected", "dead", "moderated", "content_moderated",
    "Request Moderated", "content-moderated", "NSFW", "blocked", "TASK_STATUS_FAILED",
)  # fmt: skip
_CANCELLED = (
    "canceled", "Cancelled", "CANCELED", "aborted", "revoked", "stopped", "terminated", "JOB_STATE_CANCELLED",
)  # fmt: skip
_EXPIRED = ("Expired", "EXPIRED", "timeout", "timed_out", "Timed Out")
_WAITING = (
    "NOT_START", "not started", "pending", "Queued", "IN_QUEUE", "waiting", "submitted", "created", "accepted",
    "scheduled", "THROTTLED", "Preparing", "starting", "RUNNING", "in progress", "In-Progress", "Processing",
    "generating", "rendering", "suspended", "uploading", "post_processing", "TASK_STATUS_PROCESSING",
)  # fmt: skip
_STRANGE: Mapping[str, object] = {
    "word": "wholly-unknown",
    "number": 2,
    "null": None,
    "list": ["completed?"],
    "half a character": TEXTS["half a character"],
    "nul": TEXTS["nul"],
    "long": "x" * 100_000,
}
_DONE_FLAGS: Mapping[str, object] = {"true as text": "true", "True as text": "True", "1": 1, "false": False}
_WAITING_FLAGS: Mapping[str, object] = {"false as text": "false", "0": 0, "null": None}
_REFUSALS: Mapping[str, Any] = {
    "error object": {"error": {"message": "insufficient balance", "code": "1008"}},
    "error text": {"error": "insufficient balance"},
    "base_resp": {"base_resp": {"status_code": 1008, "status_msg": "insufficient balance"}},
    "code and message": {"code": 401, "message": "bad key"},
    "code as text": {"code": "401", "message": "bad key", "data": None},
    "success false": {"success": False, "message": "no"},
    "errors": {"errors": [{"message": "Too many requests"}]},
    "moderation": {"error": {"message": "The prompt was stopped by content moderation."}},
    "capacity": {"error": {"message": "The model is at capacity."}},
    "parameter": {"error": {"message": "Invalid parameter: the size is unsupported."}},
}
_TIMED_OUT = {"error": {"message": "internal error: the request timed out", "code": 500}}
_FAR = "https://example.com/elsewhere"


def words() -> Iterator[Rudeness]:
    """Other words for a state that is known, in any letter case and with any mark between their parts."""
    groups: tuple[tuple[str, Says, Sequence[str]], ...] = (
        ("done", "done", _DONE),
        ("failed", "failed", _FAILED),
        ("cancelled", "failed", _CANCELLED),
        ("expired", "failed", _EXPIRED),
        ("waiting", "waiting", _WAITING),
    )
    for group, says, some in groups:
        yield from (_status(f"{group}: {word}", (says,), word, is_worded) for word in some)
    yield from (_status(f"done: flag {name}", ("done",), one, is_flagged) for name, one in _DONE_FLAGS.items())
    for name, value in _WAITING_FLAGS.items():
        yield _status(f"waiting: flag {name}", ("waiting",), value, is_flagged)
    yield Rudeness(name="done: flag left out", says=("done",), alter=no_status, fits=is_flagged)
    yield Rudeness(name="failed: error as text", says=("failed",), alter=_error_as_text, fits=is_flagged)


def strange() -> Iterator[Rudeness]:
    """States that nobody knows, both while the vendor works and when it is done."""
    for name, value in _STRANGE.items():
        yield _status(f"strange: {name}", ("waiting", "done"), value, is_worded)
    yield Rudeness(name="strange: left out", says=("waiting", "done"), alter=no_status, fits=is_worded)
    yield _status("strange: flag word", ("done",), "wholly-unknown", is_flagged)
    yield _status("strange: flag list", ("done",), [], is_flagged)


def ids() -> Iterator[Rudeness]:
    yield Rudeness(name="id: number", says=("taken",), alter=_numbered, fits=_has_movable_ids)
    for path in (("task_id",), ("video_id",), ("data", "id"), ("data", "task_id"), ("output", "task_id")):
        name = f"id: {'.'.join(path)}"
        yield Rudeness(name=name, says=("taken",), alter=_moved_to(path), fits=_has_movable_ids)
    yield Rudeness(name="id: odd characters", says=("taken",), alter=_as_it_is, fits=_has_movable_ids)


def told_id(names: Sequence[str], usual: str, number: int) -> str:
    """The id of a vendor's job, where these rudenesses befall it."""
    if "id: number" in names:
        return str(9_007_199_254_740_000 + number)
    return f"{number}/a b?c=d%2F#é" if "id: odd characters" in names else usual


def refusals() -> Iterator[Rudeness]:
    """Submits that were refused, or may have been, in no form that the vendor documents."""
    for name, body in _REFUSALS.items():
        yield _submit(f"refused: {name}", Answer(says=None, body=body), "refused")
    for status in (400, 401, 402, 403, 404, 413, 422, 429):
        yield _submit(f"refused: {status} html", page(status), "refused")
    for status in (400, 403, 429):
        yield _submit(f"refused: {status} empty", Answer(says=None, status=status, body=b""), "refused")
    yield _submit("refused: to a login", _redirect(302, "/login"), "refused")
    for status in (301, 307, 308):
        yield _submit(f"refused: {status}", _redirect(status, _FAR), "refused")
    yield _submit("open: timeout at 200", Answer(says=None, body=_TIMED_OUT), "open")
    for status in (302, 303):
        yield _submit(f"open: {status} elsewhere", _redirect(status, _FAR), "open")
    for status in (408, 409, 502, 503, 504):
        yield _submit(f"open: {status} html", page(status), "open")


def _status(name: str, says: tuple[Says, ...], value: object, fits: Fits) -> Rudeness:
    return Rudeness(name=name, says=says, alter=valued(lambda shape: shape.status, value), fits=fits)


def _error_as_text(answer: Answer, shape: Shape) -> Answer:
    return answer.with_value(shape.message[:1], "internal error")


def _has_movable_ids(shape: Shape) -> bool:
    return not shape.names_resources


def _numbered(answer: Answer, shape: Shape) -> Answer:
    return answer.with_value(shape.id, int(dug(answer.body, shape.id)))


def _moved_to(path: Path) -> Alter:
    return lambda answer, shape: answer.without(shape.id).with_value(path, dug(answer.body, shape.id))


def _as_it_is(answer: Answer, _shape: Shape) -> Answer:
    """For an id that the job itself has: see `told_id`."""
    return answer


def _submit(name: str, answer: Answer, submit: Literal["refused", "open"]) -> Rudeness:
    return Rudeness(name=name, says=("taken",), alter=instead(answer), submit=submit)


def _redirect(status: int, location: str) -> Answer:
    return Answer(says=None, status=status, headers={"Location": location}, body=b"")
