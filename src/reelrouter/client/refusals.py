"""Errors of a server into ours: one table from statuses, and every shape in which servers are known to say no."""

import json
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from reelrouter.client.errors import (
    BadRequest,
    Conflict,
    Forbidden,
    Gone,
    NotFound,
    PaymentRequired,
    RateLimited,
    Refusal,
    Refused,
    ServerFailed,
    TooLarge,
    Unauthorized,
)
from reelrouter.client.exchange import Answer
from reelrouter.client.peer import Peer
from reelrouter.compat.exchange import bare

TRANSIENT = frozenset({408, 425, 429, *range(500, 600)})
"""Statuses that say nothing about the request: the same one may go well a little later."""

_KINDS: Mapping[int, type[Refused]] = {
    400: BadRequest,
    401: Unauthorized,
    402: PaymentRequired,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    410: Gone,
    413: TooLarge,
    422: BadRequest,
    429: RateLimited,
}
_NEXT_STEPS: Mapping[type[Refused], str] = {
    Unauthorized: "check the key, and that it belongs to this base URL",
    PaymentRequired: "add credit, or raise the key's budget, or choose a cheaper request",
    TooLarge: "give images by their web address instead of sending their bytes",
    ServerFailed: "try again in a while",
}
_MOST_TEXT = 2000
_Shape = Mapping[str, Any]


def refused(answer: Answer, peer: Peer) -> Refused:
    """The error that an answer from 400 on means."""
    error = _error(answer)
    kind = _kind(answer.status)
    refusal = Refusal(
        status=answer.status,
        code=_whole(error.get("code")),
        error_type=_text(_metadata(error).get("error_type")) or _text(error.get("error_type")),
        problems=_problems(error),
        retry_after=retry_after(answer),
        body=peer.without_key(answer.body[:_MOST_TEXT].decode(errors="replace")),
    )
    message = _message(error, refusal) or f"{bare(answer.url)} answered {answer.status} without saying why"
    return kind(_plain(peer.without_key(message)), refusal, _next_step(kind, refusal))


def retry_after(answer: Answer) -> float | None:
    """Seconds that the server asks to be left alone for: by header, as seconds or as a date, or in the body."""
    said = answer.headers.get("retry-after", "").strip()
    if said.isdecimal():
        return float(said)
    if said and (seconds := _until(said, answer.headers.get("date", ""))) is not None:
        return seconds
    error = _error(answer)
    for place, name in ((_metadata(error), "retry_after_seconds"), (_of(error, "availability"), "retry_after")):
        value = place.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0:
            return float(value)
    return None


def _kind(status: int) -> type[Refused]:
    return ServerFailed if status >= 500 else _KINDS.get(status, Refused)


def _next_step(kind: type[Refused], refusal: Refusal) -> str | None:
    if refusal.retry_after is not None:
        return f"try again in {refusal.retry_after:g} s"
    allowed = [
        f"{problem.get('field')}: {', '.join(str(value) for value in problem['allowed'])}"
        for problem in refusal.problems
        if isinstance(problem.get("allowed"), list) and problem["allowed"]
    ]
    return f"what would do for {'; '.join(allowed)}" if allowed else _NEXT_STEPS.get(kind)


def _until(date: str, now: str) -> float | None:
    """Seconds between two dates of the same server, so that no clock of ours comes into it."""
    try:
        return max(0.0, (parsedate_to_datetime(date) - parsedate_to_datetime(now)).total_seconds())
    except (ValueError, TypeError):
        return None


def _error(answer: Answer) -> _Shape:
    """The error object of the answer; a text in its place becomes its message."""
    try:
        value = json.loads(answer.body)
    except (ValueError, RecursionError):
        return {"message": _prose(answer)}
    if not isinstance(value, dict):
        return {}
    error = value.get("error", value.get("detail", value.get("message")))
    return error if isinstance(error, dict) else {"message": error}


def _prose(answer: Answer) -> str | None:
    """A plain text speaks for itself; a page does not."""
    if answer.media_type != "text/plain":
        return None
    return answer.body[:_MOST_TEXT].decode(errors="replace").strip()


def _metadata(error: _Shape) -> _Shape:
    return _of(error, "metadata")


def _of(error: _Shape, name: str) -> _Shape:
    value = error.get(name)
    return value if isinstance(value, dict) else {}


def _problems(error: _Shape) -> tuple[Mapping[str, Any], ...]:
    listed = _metadata(error).get("problems")
    if isinstance(listed, list):
        return tuple(problem for problem in listed if isinstance(problem, dict))
    return _zod_problems(error)


def _zod_problems(error: _Shape) -> tuple[Mapping[str, Any], ...]:
    """Upstream's second shape: its message is a JSON array of what the validator found."""
    if error.get("name") != "ZodError":
        return ()
    try:
        found = json.loads(str(error.get("message")))
    except ValueError:
        return ()
    return tuple(
        {"field": _path(one.get("path")), "message": str(one.get("message", ""))}
        for one in found
        if isinstance(one, dict)
    )


def _path(parts: Any) -> str:
    """`["frame_images", 0, "type"]` as `frame_images[0].type`."""
    listed = parts if isinstance(parts, list) else []
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in listed).removeprefix(".")


def _message(error: _Shape, refusal: Refusal) -> str | None:
    if error.get("name") == "ZodError" and refusal.problems:
        return "; ".join(f"{problem['field']}: {problem['message']}" for problem in refusal.problems)
    return _text(error.get("message"))


def _plain(text: str) -> str:
    """Without characters that would act on the terminal that shows it."""
    shown = "".join(letter if letter.isprintable() else " " for letter in text[:_MOST_TEXT])
    return " ".join(shown.split())


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value.strip() else None


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
