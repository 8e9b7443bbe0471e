"""Finds what a vendor's JSON complains of, wherever and in whatever shape it stands; pure."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from reelrouter.providers.words import flag_of, meaning_of
from reelrouter.work import Failed, FailureClass


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """An error as a vendor tells it."""

    code: object = None
    said: object = None
    error: Any = None
    """The value that holds them, for what only its adapter can read in it."""
    status: int = 200
    """The reply's."""


Judge = Callable[[Complaint, FailureClass], Failed]
"""How an adapter classes a complaint by the vendor's own codes; the class is for a code that it does not know."""

_PLACES = ("output", "data", "response", "result", "task", "job", "video")
"""Where an answer may have put what an error is about."""
_CODES = (
    "code", "error_code", "errorCode", "err_code", "errcode", "ErrCode", "failure_code", "failureCode",
    "status_code", "error_type", "type", "status", "http_code",
)  # fmt: skip
_SENTENCES = (
    "message", "msg", "error_message", "errorMessage", "error_msg", "errmsg", "failure_reason", "failure_message",
    "failureReason", "failure", "reason", "detail", "details", "description", "status_msg",
    "task_status_msg", "title",
)  # fmt: skip
_CODES_OF_ANSWERS = tuple(name for name in _CODES if name not in ("type", "status", "status_code"))
"""On the whole answer these three say other things than what went wrong."""
_MOST_ERRORS = 20
"""Of a list, that are looked at."""
_NO_ERRORS = frozenset({"", "ok", "success", "succeed", "succeeded", "none", "null", "nil", "false", "n/a"})
_NO_CODE = re.compile(r"0+|2\d\d", re.ASCII)
_LOST_CODE = re.compile(
    r"(?:task|job|video|generation|operation|prediction|request|resource|id)?"
    r"(?:is)?(?:notfound|notexists?|nonexistent|doesnotexist|unknown(?=task|job|video)|nosuch)"
    r"(?:task|job|video|generation|operation)?(?:id)?(?:error|exception)?",
)
_LOST_SENTENCE = re.compile(
    r"\b(?:task|job|video|generation|operation|prediction)(?: id)?\b.{0,80}"
    r"\b(?:not found|not exists?|not be found|unknown|no longer exists)"
    r"|\b(?:no such|unknown|could not find|cannot find) (?:task|job|video|generation|operation|prediction)\b",
    re.IGNORECASE | re.DOTALL,
)


def complaint_in(said: Mapping[str, Any]) -> Complaint | None:
    """The error that an answer tells of; None if it tells of none."""
    places = (said, *(said.get(name) for name in _PLACES))
    found = (_told(place) for place in places if isinstance(place, Mapping))
    return next((one for one in found if one is not None), None)


def sentence_in(said: Mapping[str, Any]) -> object:
    """What an answer says in prose beside no error; None if nothing."""
    return _first(said, _SENTENCES, _is_said)


def sentences_of(complaint: Complaint) -> list[str]:
    """All that an error says in prose, and what says no more than that all is well."""
    beside = complaint.error if isinstance(complaint.error, Mapping) else {}
    return [one for one in (complaint.said, *(beside.get(name) for name in _SENTENCES)) if isinstance(one, str)]


def says_lost(complaint: Complaint) -> bool:
    """Whether the vendor knows no such job, whatever the status of its reply is."""
    code = re.sub(r"[^a-z0-9]", "", str(complaint.code)[:100].lower())
    return bool(_LOST_CODE.fullmatch(code) or _LOST_SENTENCE.search(str(complaint.said)[:500]))


def _told(said: Mapping[str, Any]) -> Complaint | None:
    code, sentence = _first(said, _CODES_OF_ANSWERS, _is_bad), sentence_in(said)
    for error in (said.get("error"), said.get("errors")):
        if (found := _error(error, code, sentence)) is not None:
            return found
    base = said.get("base_resp")
    if isinstance(base, Mapping) and _is_bad(base.get("status_code")):
        return Complaint(code=base["status_code"], said=base.get("status_msg"), error=base)
    if code is not None or _says_no(said):
        return Complaint(code=code, said=sentence, error=said)
    return None


def _error(error: Any, code: object, sentence: object) -> Complaint | None:
    """`code` and `sentence` stand beside the error, for one that is less than an object."""
    if isinstance(error, Mapping):
        return _object(error)
    if isinstance(error, list):
        told = (_error(item, code, sentence) for item in error[:_MOST_ERRORS])
        return next((one for one in told if one is not None), None)
    if error is True:
        return Complaint(code=code, said=sentence, error=error)
    if isinstance(error, str) and _is_bad(error):
        return Complaint(code=code, said=error, error=error)
    return Complaint(code=error, said=sentence, error=error) if _is_bad(error) else None  # a number


def _object(error: Mapping[str, Any]) -> Complaint | None:
    code, sentence = _first(error, _CODES, _is_bad), sentence_in(error)
    if sentence is None and isinstance(error.get("error"), str):
        sentence = error["error"]
    others = (value for name, value in error.items() if name not in _CODES and name not in _SENTENCES)
    is_one = code is not None or sentence is not None or any(others)
    return Complaint(code=code, said=sentence, error=error) if is_one else None


def _first(said: Mapping[str, Any], names: Iterable[str], counts: Callable[[object], bool]) -> object:
    return next((said[name] for name in names if name in said and counts(said[name])), None)


def _is_said(value: object) -> bool:
    """Whether a sentence says anything: some vendors write `success` there."""
    if isinstance(value, str):
        return not _is_nothing(value)
    return isinstance(value, Mapping | list) and bool(value)


def _is_bad(code: object) -> bool:
    """Whether a code tells of an error: zero and successes do not."""
    if isinstance(code, bool) or not isinstance(code, str | int):
        return False
    text = str(code).strip()
    is_good = _is_nothing(text) or _NO_CODE.fullmatch(text) or meaning_of(text) == "done"
    return not is_good


def _is_nothing(value: str) -> bool:
    return value.strip().casefold() in _NO_ERRORS


def _says_no(said: Mapping[str, Any]) -> bool:
    flags = (said[name] for name in ("success", "ok", "succeeded") if said.get(name) is not None)
    words = (said.get(name) for name in ("status", "state", "type", "task_status"))
    return any(flag_of(one) is False for one in flags) or any(
        meaning_of(one) in ("failed", "lost") for one in words
    )
