"""What the plain words of a vendor's answer mean where no code says it; pure."""

import re
from collections.abc import Iterable, Mapping

from reelrouter.providers.complaints import Complaint, sentences_of
from reelrouter.providers.reading import failed
from reelrouter.work import FailureClass

_OPEN = re.compile(
    r"time[ds]?[- ]?out|\binternal\b|server error|unknown error|unavailable|gateway|upstream|already|duplicate"
    r"|conflict|deadline|\bnetwork\b|\bconnection\b|\bsocket\b|hang up|reset by|broken pipe|\beof\b|end of file"
    r"|\bdisconnect|\becon|\bread tcp\b|context cancel",
    re.IGNORECASE,
)
"""Of a server's trouble, a broken line, a deadline, or work that is there already."""
_CLASSES: Mapping[FailureClass, re.Pattern[str]] = {
    FailureClass.QUOTA_BILLING: re.compile(
        r"balance|\bcredits?\b|quota|billing|arrear|overdue|payment|\bfunds?\b|recharge|top[- ]?up", re.IGNORECASE
    ),
    FailureClass.AUTH: re.compile(
        r"(?:invalid|bad|wrong|missing|incorrect|expired|no) (?:\w+ )?(?:key|token|credential|signature)"
        r"|(?:key|token|credential|signature)s?\b.{0,30}\b(?:invalid|expired|missing|incorrect|wrong|required)"
        r"|unauthori[sz]ed|unauthenticated|\bauth|\bforbidden|permission|access denied|log ?in|sign ?in",
        re.IGNORECASE,
    ),
    FailureClass.CONCURRENCY: re.compile(r"concurren|overload|capacity|\bbusy\b|parallel", re.IGNORECASE),
    FailureClass.RATE_LIMITED: re.compile(
        r"\brate\b.{0,20}\b(?:limit|exceed)|too many|throttl|too frequent|slow down|\b[rq]pm\b|\bqps\b",
        re.IGNORECASE,
    ),
    FailureClass.POLICY_INPUT: re.compile(
        r"moderat|polic(?:y|ies)|sensitive|\bsafety\b|nsfw|inappropriate|prohibited|violat|risk control|copyright",
        re.IGNORECASE,
    ),
    FailureClass.USER_ERROR: re.compile(
        r"invalid|parameter|required|unsupported|not support|missing|malformed|must be|bad request|validation"
        r"|illegal|out of range|too (?:long|large|short|small|big)",
        re.IGNORECASE,
    ),
}
"""The first that fits counts."""
_TAKEN = (
    r"(?:success(?:ful(?:ly)?)?|succeed(?:ed|s)?|accepted|created|submitted|received|scheduled|started|(?:en)?queued"
    r"|queue?ing|in (?:the )?queue|pending|waiting|processing|in progress)"
)
_NEGATED = re.compile(
    rf"(?:\b(?:not?|never|cannot|unable|without|fail\w*|reject\w*|refus\w*)\b|n't\b)"
    rf"(?: \w+){{0,3}}? {_TAKEN}\b|[不未]成功",
    re.IGNORECASE,
)
_SUCCESS = re.compile(r"\bsuccess(?:ful(?:ly)?)?\b|\bsucceed(?:ed|s)?\b|成功", re.IGNORECASE)
_ACCEPTED = re.compile(
    rf"^\W*{_TAKEN}\s*(?:$|[^\w\s]|and\b|for\b)"
    rf"|\b(?:task|job|request|video|generation|order|operation|prediction)s?(?: \w+){{0,3}}? {_TAKEN}\b"
    r"|\bin (?:the )?queue\b|\b(?:en)?queued\b|\bqueue?ing\b|\b(?:task|job|request)s? ahead\b|排队",
    re.IGNORECASE,
)
_CROWDED = re.compile(r"\btoo\b|\blimit|exceed|maximum|\bfull\b", re.IGNORECASE)
"""Beside these, what is queued is the work of others."""
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_LONGEST = 300
"""Characters of a sentence that are looked at."""


def class_of_words(complaint: Complaint) -> FailureClass | None:
    """None for words that nobody here knows."""
    words = _words(complaint)
    return next((failure for failure, pattern in _CLASSES.items() if pattern.search(words)), None)


def leaves_open(complaint: Complaint) -> bool:
    """Whether a job may exist after an error in these words: they speak of trouble on the way, or of success.

    A code above zero is some vendors' word for success.
    """
    return _OPEN.search(_words(complaint)) is not None or _says_taken(sentences_of(complaint))


def _says_taken(sentences: Iterable[str]) -> bool:
    rests = [_NEGATED.sub("", one[:_LONGEST]) for one in sentences]
    return any(_SUCCESS.search(one) or (_ACCEPTED.search(one) and not _CROWDED.search(one)) for one in rests)


def _words(complaint: Complaint) -> str:
    said = failed(FailureClass.DRIFT, said=complaint.said).vendor_text or ""
    return _CAMEL.sub(" ", f"{complaint.code or ''} {said}").replace("_", " ")
