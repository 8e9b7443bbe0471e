"""Reads replies for adapters: JSON whose texts are clean and whose numbers are exact, and failures in it; pure."""

import json
from collections.abc import Mapping
from decimal import Decimal
from email.utils import parsedate_to_datetime
from math import isfinite
from typing import Any

from reelrouter.providers.base import ProviderDrift, Reply
from reelrouter.providers.cleaning import TooDeep, clean, code_of, one_line
from reelrouter.providers.complaints import complaint_in, says_lost
from reelrouter.work import Failed, FailureClass, JobLost, NotAnswered, SubmitRefused

_SHOWN = 300
_BY_STATUS = {
    401: FailureClass.AUTH,
    402: FailureClass.QUOTA_BILLING,
    403: FailureClass.AUTH,
    429: FailureClass.RATE_LIMITED,
    499: FailureClass.CANCELLED,
}
_MAY_SAY_LOST = frozenset({400, 406, 409, 412, 422})
_MOST_DIGITS = 18
"""Of a whole number: any of so many fits into a database."""
_WIDEST = 40
"""Places before or after the point of a number that is meant as one."""


class NotJson(ProviderDrift):
    """The reply's body is no JSON at all: a login page, a maintenance page, half of an answer, nothing."""


def json_object(reply: Reply) -> Mapping[str, Any]:
    """The reply's JSON object, which some front ends put into an array of one.

    Numbers with a point are `Decimal`s; those of absurd size, and NaN, are texts. Raises `NotJson`, and
    `ProviderDrift` for JSON of another shape.
    """
    value = _json(reply)
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if not isinstance(value, dict):
        raise ProviderDrift(f"HTTP {reply.status} with no JSON object: {shown(reply.body)}")
    return value


def polled(reply: Reply) -> Mapping[str, Any]:
    """The JSON object of an answered poll.

    Raises `JobLost` for 404, 410 and an error that says the same, and `NotAnswered` for what says nothing about
    the job: a refused key, too many requests, a server's trouble, a page for people.
    """
    if reply.status in (404, 410):
        raise JobLost(shown(reply.body))
    if not 200 <= reply.status < 300:
        if _says_lost(reply):
            raise JobLost(shown(reply.body))
        raise NotAnswered(f"HTTP {reply.status}: {shown(reply.body)}", retry_after(reply))
    try:
        return json_object(reply)
    except NotJson as error:
        raise NotAnswered(str(error), retry_after(reply)) from None


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
    """The job's owner may read the code, and operators alone the sentence."""
    return Failed(
        failure=failure, vendor_code=code_of(code), vendor_text=None if said is None else one_line(said, _SHOWN)
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


def status_in(code: object) -> int | None:
    """The HTTP status of an error that some vendors put where a code stands."""
    digits = code_of(code) or ""
    return int(digits) if len(digits) == 3 and digits.isdigit() and digits[0] in "45" else None


def retry_after(reply: Reply) -> float | None:
    """Seconds, if the reply names them, or an hour beside its own."""
    given = reply.headers.get("retry-after", "")
    try:
        seconds = float(given) if given[:1].isdigit() else _between(reply.headers.get("date", ""), given)
    except (ValueError, TypeError):
        return None
    return max(seconds, 0.0) if isfinite(seconds) else None


def shown(value: object) -> str:
    """The beginning of something on one line, for an operator's eyes."""
    given = value[: 8 * _SHOWN].decode("utf-8", "replace") if isinstance(value, bytes) else repr(value)
    if isinstance(value, Decimal):
        given = str(value)
    line = one_line(given, _SHOWN + 1)
    return line if len(line) <= _SHOWN else line[:_SHOWN] + "…"


def _says_lost(reply: Reply) -> bool:
    """Whether a refused poll says that there is no such job: with 400, for one."""
    if reply.status not in _MAY_SAY_LOST:
        return False
    try:
        complaint = complaint_in(json_object(reply))
    except ProviderDrift:
        return False
    return complaint is not None and says_lost(complaint)


def _between(now: str, then: str) -> float:
    """Seconds between two hours in HTTP's form. Raises `ValueError` or `TypeError` for what is none."""
    return (parsedate_to_datetime(then) - parsedate_to_datetime(now)).total_seconds()


def _json(reply: Reply) -> Any:
    try:
        value = json.loads(
            _decoded(reply.body), strict=False, parse_float=_exact, parse_int=_whole, parse_constant=str
        )
        return clean(value)
    except (RecursionError, TooDeep):
        raise ProviderDrift(f"HTTP {reply.status} with JSON that is nested too deeply") from None
    except ValueError:
        raise NotJson(f"HTTP {reply.status} without JSON: {shown(reply.body)}") from None


def _decoded(body: bytes) -> str:
    """A letter that is cut in two makes no answer unreadable."""
    encoding = json.detect_encoding(body)
    try:
        return body.decode(encoding, "surrogatepass")
    except UnicodeDecodeError:
        return body.decode(encoding, "replace")


def _exact(digits: str) -> Decimal | str:
    if len(digits) > 2 * _WIDEST:
        return digits
    try:
        number = Decimal(digits)
    except ArithmeticError:
        return digits
    return number if -_WIDEST <= number.adjusted() <= _WIDEST else digits


def _whole(digits: str) -> int | str:
    return int(digits) if len(digits.lstrip("-")) <= _MOST_DIGITS else digits
