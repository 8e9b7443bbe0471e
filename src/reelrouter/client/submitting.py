"""Placing a job: the one request that costs money, and so the one that is not simply sent again."""

import json
from collections.abc import Mapping
from typing import Any

from reelrouter.client.calls import accepted, fetch, request
from reelrouter.client.errors import ClientError, SubmitUnclear, Unreachable, Unreadable, Unusable
from reelrouter.client.exchange import Answer, Ask, Flow, Sleep, ask
from reelrouter.client.flows import named_model
from reelrouter.client.peer import Peer
from reelrouter.client.reading import job_of
from reelrouter.client.refusals import refused, retry_after
from reelrouter.client.results import Job

REPLAYED = "idempotent-replayed"
"""The header with which a server says that a submit was answered for the second time."""

_PAUSES = (1.0, 2.0, 4.0)
"""Seconds before a submit is repeated to a server that honours its key."""
_LONGEST_PAUSE = 60.0
_MOST_KEY = 255


def submit(peer: Peer, wanted: Mapping[str, Any], key: str | None = None) -> Flow[Job]:
    """Places a job. Raises `SubmitUnclear` where it may have been placed, and nobody can tell."""
    peer.require_key()
    named_model(wanted)
    sent = request(peer, peer.url("videos"), method="POST", body=wanted, headers=_headers(key))
    for pause in _PAUSES:
        try:
            return (yield from _place(peer, sent))
        except SubmitUnclear as unclear:
            if key is None:
                raise
            yield Sleep(max(pause, unclear.retry_after or 0.0))
            if not (yield from _keeps_keys(peer)):
                raise
    return (yield from _place(peer, sent))


def _headers(key: str | None) -> dict[str, str]:
    if key is None:
        return {}
    if not 1 <= len(key) <= _MOST_KEY or not all(" " <= letter <= "~" for letter in key) or key != key.strip():
        raise Unusable(
            f"an idempotency key is 1 to {_MOST_KEY} printable ASCII characters, and has no space at its ends"
        )
    return {"Idempotency-Key": key}


def _place(peer: Peer, sent: Ask) -> Flow[Job]:
    try:
        answer = yield from ask(sent)
    except Unreachable as trouble:
        if trouble.sent is False:
            raise
        raise _unclear(trouble) from trouble
    if answer.status >= 500:
        failed = refused(answer, peer)
        wish = retry_after(answer)
        raise _unclear(failed, wish if wish is None else min(wish, _LONGEST_PAUSE)) from failed
    taken = accepted(peer, answer)
    try:
        return job_of(taken)
    except Unreadable as strange:
        raise _unclear(strange) from strange


def _unclear(cause: ClientError, wish: float | None = None) -> SubmitUnclear:
    return SubmitUnclear(
        f"it is not known whether the job was placed: {cause.message}",
        retry_after=wish,
        next_step="look for it in the list of your jobs, or on the account's page, before submitting it again",
    )


def _keeps_keys(peer: Peer) -> Flow[bool]:
    """Whether a repeated submit is known to make no second job: asked once, when it matters.

    A server that marks what it answers for the second time says so in its own OpenAPI document.
    """
    if peer.keeps_keys is None:
        try:
            answer = yield from fetch(peer, f"{peer.root}/openapi.json")
        except ClientError:
            return False
        peer.keeps_keys = _documents_replays(answer)
    return peer.keeps_keys


def _documents_replays(answer: Answer) -> bool:
    """Whether the operation that places jobs names the header among those of its answers."""
    try:
        responses = json.loads(answer.body)["paths"]["/api/v1/videos"]["post"]["responses"]
        headers = [name.lower() for response in responses.values() for name in response.get("headers", ())]
    except (ValueError, RecursionError, LookupError, TypeError, AttributeError):
        return False
    return REPLAYED in headers
