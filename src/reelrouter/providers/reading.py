"""Reads replies for adapters: JSON of a known shape, or `ProviderDrift` that says where it differs; pure."""

import json
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from math import isfinite
from typing import Any

from reelrouter.providers.base import ProviderDrift, Reply
from reelrouter.work import Failed, FailureClass, JobLost, NotAnswered, SubmitRefused

_SHOWN = 300
_BY_STATUS = {
    401: FailureClass.AUTH,
    402: FailureClass.QUOTA_BILLING,
    403: FailureClass.AUTH,
    429: FailureClass.RATE_LIMITED,
    499: FailureClass.CANCELLED,
}


def json_object(reply: Reply) -> Mapping[str, Any]:
    """The reply's JSON object. Raises `ProviderDrift` for HTML, a truncated text or anything else."""
    try:
        value = json.loads(reply.body)
    except (ValueError, RecursionError):
        raise ProviderDrift(f"HTTP {reply.status} without JSON: {shown(reply.body)}") from None
    if not isinstance(value, dict):
        raise ProviderDrift(f"HTTP {reply.status} with no JSON object: {shown(reply.body)}")
    return value


def polled(reply: Reply) -> Mapping[str, Any]:
    """The JSON object of an answered poll.

    Raises `JobLost` for 404 and 410, and `NotAnswered` for what says nothing about the job: a refused key, too
    many requests, a server's trouble.
    """
    if reply.status in (404, 410):
        raise JobLost(shown(reply.body))
    if not 200 <= reply.status < 300:
        raise NotAnswered(f"HTTP {reply.status}: {shown(reply.body)}", retry_after(reply))
    return json_object(reply)


def dig(value: Any, *path: str | int) -> Any:
    """What lies at a path of keys and indexes; None where a step is missing."""
    for step in path:
        if isinstance(value, Mapping) and isinstance(step, str):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and -len(value) <= step < len(value):
            value = value[step]
        else:
            return None
    return value


def text(value: Any, *path: str | int) -> str:
    """The text at a path. Raises `ProviderDrift` if there is none."""
    found = dig(value, *path)
    if not isinstance(found, str) or not found:
        where = ".".join(str(step) for step in path)
        raise ProviderDrift(f"{where} should be a text and is {shown(found)}")
    return found


def refused(failure: FailureClass, code: object = None, said: object = None) -> SubmitRefused:
    """For an answer that proves that nothing was created."""
    return SubmitRefused(failed(failure, code, said))


def failed(failure: FailureClass, code: object = None, said: object = None) -> Failed:
    return Failed(
        failure=failure,
        vendor_code=None if code is None else str(code)[:100],
        vendor_text=None if said is None else str(said)[:_SHOWN],
    )


def class_of_status(status: int) -> FailureClass:
    """What an HTTP status means where the vendor has no word of its own.

    Raises `ProviderDrift` for one that refuses nothing: a redirect, or a success of another kind than is known.
    """
    if 100 <= status < 400:
        raise ProviderDrift(f"HTTP {status} is no refusal")
    if status >= 500:
        return FailureClass.TRANSIENT
    return _BY_STATUS.get(status, FailureClass.USER_ERROR)


def retry_after(reply: Reply) -> float | None:
    """Seconds, if the reply names them, or an hour beside its own."""
    given = reply.headers.get("retry-after", "")
    try:
        seconds = float(given) if given[:1].isdigit() else _between(reply.headers.get("date", ""), given)
    except (ValueError, TypeError):
        return None
    return max(seconds, 0.0) if isfinite(seconds) else None


def _between(now: str, then: str) -> float:
    """Seconds between two hours in HTTP's form. Raises `ValueError` or `TypeError` for what is none."""
    return (parsedate_to_datetime(then) - parsedate_to_datetime(now)).total_seconds()


def shown(value: object) -> str:
    """The beginning of something, for an operator's eyes."""
    given = value.decode("utf-8", "replace") if isinstance(value, bytes) else repr(value)
    return given if len(given) <= _SHOWN else given[:_SHOWN] + "…"
