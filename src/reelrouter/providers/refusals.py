"""What the reply to a creating call proves: that there is a job, that there is none, or nothing; pure.

A refusal lets another endpoint be tried, so that it must be one: whatever may have been taken stays open.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from reelrouter.providers.base import ProviderDrift, Reply
from reelrouter.providers.complaints import Complaint, Judge, complaint_in, sentence_in
from reelrouter.providers.places import ids_in, is_unset
from reelrouter.providers.prose import class_of_words, leaves_open
from reelrouter.providers.reading import (
    NotJson,
    class_of_status,
    json_object,
    refused,
    retry_after,
    shown,
    status_in,
)
from reelrouter.work import Failed, FailureClass, SubmitRefused

_OPEN_STATUSES = frozenset({408, 409, 425, 499})
"""In the place of a code they leave open, as with a status of 500 or more, whether anything was created."""
_OPEN_CLASSES = frozenset({FailureClass.TRANSIENT, FailureClass.EXPIRED, FailureClass.CANCELLED})
"""Those of vendors' codes after which a job may exist, where the status is a success."""
_PAGES = {
    404: FailureClass.AUTH,
    405: FailureClass.AUTH,
    410: FailureClass.AUTH,
    413: FailureClass.USER_ERROR,
    414: FailureClass.USER_ERROR,
}
"""What a status means with a page in the place of JSON. A proxy or a firewall said it: a wrong address is the
operator's to mend, and whatever else it dislikes of a request may pass elsewhere."""
_MOVED = frozenset({301, 307, 308})
"""Redirects that want the same request sent elsewhere: it was not carried out here."""
_LOGIN = re.compile(r"log[-_]?in|sign[-_]?in|\bsso\b|oauth|/auth\b", re.IGNORECASE)


def created(reply: Reply, judge: Judge, *names: str) -> tuple[str, Mapping[str, Any]]:
    """The id of what was created, and all that was said of it; `names` are where this vendor puts the id.

    Raises `SubmitRefused` for an answer that proves that nothing was created, and `ProviderDrift` for one that
    proves nothing.
    """
    if not 200 <= reply.status < 300:
        raise refusal(reply, judge)
    said = json_object(reply)
    complaint = complaint_in(said)
    # Beside an error, an id of zero is what a server puts there that fills all its fields.
    ids = (one for one in ids_in(said, *names) if complaint is None or not is_unset(one))
    if (native_id := next(ids, None)) is not None:
        return native_id, said
    if complaint is None:
        raise ProviderDrift(f"HTTP {reply.status} with neither an id nor an error: {shown(reply.body)}")
    failure = _proved(complaint, judge)
    if failure is None:
        raise ProviderDrift(f"HTTP {reply.status} with an error after which a job may exist: {shown(reply.body)}")
    raise SubmitRefused(failure)


def refusal(reply: Reply, judge: Judge) -> Exception:
    """What a reply that is no success comes to, by its status and by what the vendor says beside it."""
    if reply.status < 400:
        return _redirect(reply)
    try:
        failure = judge(_complaint(json_object(reply), reply), class_of_status(reply.status))
    except NotJson:
        failure = judge(Complaint(said=shown(reply.body), status=reply.status), _class_of_page(reply.status))
    except ProviderDrift:
        failure = judge(Complaint(said=shown(reply.body), status=reply.status), class_of_status(reply.status))
    return SubmitRefused(replace(failure, retry_after=retry_after(reply) or failure.retry_after))


def _complaint(said: Mapping[str, Any], reply: Reply) -> Complaint:
    found = complaint_in(said) or Complaint(said=sentence_in(said) or shown(reply.body), error=said)
    return replace(found, status=reply.status)


def _class_of_page(status: int) -> FailureClass:
    by_status = class_of_status(status)
    return _PAGES.get(status, FailureClass.TRANSIENT if by_status is FailureClass.USER_ERROR else by_status)


def _redirect(reply: Reply) -> Exception:
    """To a sign-in page, or to where the API has moved: nothing was created. Others may answer a finished POST."""
    location = reply.headers.get("location", "").partition("?")[0]
    if 300 <= reply.status < 400 and _LOGIN.search(location):
        return refused(FailureClass.AUTH, reply.status, f"it leads to a page for signing in: {location}")
    if reply.status in _MOVED:
        return refused(FailureClass.DRIFT, reply.status, f"the address has moved: {location}")
    return ProviderDrift(f"HTTP {reply.status} on a submit: {shown(reply.body)}")


def _proved(complaint: Complaint, judge: Judge) -> Failed | None:
    """Why nothing was created, by an error that came with a success; None if that is left open."""
    judged = judge(complaint, FailureClass.DRIFT)
    if judged.failure is not FailureClass.DRIFT:
        return None if judged.failure in _OPEN_CLASSES else judged
    status = status_in(complaint.code)
    if status is not None:
        is_open = status >= 500 or status in _OPEN_STATUSES
        return None if is_open else judge(complaint, class_of_status(status))
    if leaves_open(complaint):
        return None
    found = class_of_words(complaint)
    return judged if found is None else judge(complaint, found)
