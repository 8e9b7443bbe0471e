"""What a client can ask for, one question each: who is asked what, and what the answer means."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from typing import Any, cast
from urllib.parse import urlencode

from reelrouter.client import images, prices
from reelrouter.client.calls import fetch, once, request
from reelrouter.client.choose import choose as rank
from reelrouter.client.errors import ClientError, NoPollingUrl, Refused, Unusable
from reelrouter.client.exchange import Flow
from reelrouter.client.peer import Peer
from reelrouter.client.reading import cancelled_of, estimate_of, job_of, models_of, page_of
from reelrouter.client.results import Cancelled, Choice, Estimate, ImageCheck, Job, JobPage, Model
from reelrouter.client.terms import JobFilters

_NO_SUCH_ROUTE = frozenset({404, 405, 501})
_MOST_LISTED = 100


@dataclass(frozen=True, slots=True)
class Taste:
    """What matters to whoever chooses."""

    profile: str = "balanced"
    latency: Mapping[str, float] | None = None
    """Measured seconds by model id."""


def models(peer: Peer, *, everything: bool = False) -> Flow[tuple[Model, ...]]:
    """The list of models. It needs no key."""
    url = peer.url("videos", "models")
    answer = yield from fetch(peer, f"{url}?all=true" if everything else url)
    return models_of(answer)


def model(peer: Peer, name: str) -> Flow[Model]:
    """One row of the list. Raises `Unusable` for a name that is not in it."""
    rows = yield from models(peer)
    found = _named(name, rows)
    if found is None:
        near = get_close_matches(name, [row.id for row in rows], n=3, cutoff=0.5)
        raise Unusable(
            f"{peer.root} has no model {name}",
            f"did you mean {' or '.join(near)}?" if near else "see the list: reelrouter models",
        )
    return found


def check_image(peer: Peer, source: str) -> Flow[ImageCheck]:
    """An image can be looked at without the list of models too: who would take it is then left open."""
    try:
        rows = yield from models(peer)
    except ClientError:
        rows = ()
    return (yield from images.check_image(source, rows, api=peer.api))


def choose(
    peer: Peer, wanted: Mapping[str, Any], taste: Taste, rows: Sequence[Model] | None = None
) -> Flow[Choice]:
    among = (yield from models(peer)) if rows is None else rows
    return rank(wanted, among, profile=taste.profile, latency=taste.latency)


def estimate(peer: Peer, wanted: Mapping[str, Any]) -> Flow[Estimate]:
    """The server's word, or the price list's where the server has none to say."""
    peer.require_key()
    named = named_model(wanted)
    asked = request(peer, peer.url("videos", "estimate"), method="POST", body=wanted)
    try:
        answer = yield from once(peer, asked)
    except Refused as no:
        if no.status not in _NO_SUCH_ROUTE:
            raise
        row = _named(named, (yield from models(peer)))
        # A server that says which keys a model is available for is one of ours, and its no is about the request.
        if row is None or row.available is not None:
            raise
        return prices.estimate(row, wanted)
    return estimate_of(answer)


def get(peer: Peer, job: Job | str) -> Flow[Job]:
    """The job as it is now. Raises `NoPollingUrl` for one that was answered without an address."""
    peer.require_key()
    answer = yield from fetch(peer, polling_url(peer, job))
    return job_of(answer)


def list_jobs(peer: Peer, limit: int, cursor: str | None, filters: JobFilters) -> Flow[JobPage]:
    peer.require_key()
    if not 1 <= limit <= _MOST_LISTED:
        raise Unusable(f"limit must be from 1 to {_MOST_LISTED}, and is {limit}")
    page = {"limit": str(limit)} | ({"cursor": cursor} if cursor else {})
    given = {name: _filter_text(name, value) for name, value in filters.items() if value is not None}
    answer = yield from fetch(peer, f"{peer.url('videos')}?{urlencode({**page, **given})}")
    return page_of(answer)


def cancel(peer: Peer, job: Job | str) -> Flow[Cancelled]:
    peer.require_key()
    url = peer.url("videos", identity(job), "cancel")
    answer = yield from once(peer, request(peer, url, method="POST"))
    return cancelled_of(answer)


def delete(peer: Peer, job: Job | str) -> Flow[None]:
    peer.require_key()
    yield from once(peer, request(peer, peer.url("videos", identity(job)), method="DELETE"))


def polling_url(peer: Peer, job: Job | str) -> str:
    """Where to ask: for a job what the server said, for a bare id what the contract says."""
    if isinstance(job, str):
        return peer.url("videos", identity(job))
    if job.polling_url is None:
        raise NoPollingUrl(job)
    return peer.resolved(job.polling_url)


def identity(job: Job | str) -> str:
    """Raises `Unusable` for an empty id."""
    found = job if isinstance(job, str) else job.id
    if not found.strip() or found in (".", ".."):
        raise Unusable(f"{found!r} is no job's id", "give the id that the submit was answered with: gen-vid-…")
    return found


def named_model(wanted: Mapping[str, Any]) -> str:
    """The model that a request names. Raises `Unusable` where it names none."""
    named = wanted.get("model")
    if not isinstance(named, str) or not named:
        raise Unusable("the request names no model", "set model; choose() finds the ones that can serve a request")
    return named


def _filter_text(name: str, value: object) -> str:
    """As the address says it. Raises `Unusable` for a time whose zone nobody knows."""
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise Unusable(f"{name} has no time zone", "give one: datetime(2026, 11, 21, tzinfo=UTC)")
        return value.isoformat()
    return str(value) if isinstance(value, str | int) else ",".join(map(str, cast("Sequence[object]", value)))


def _named(name: str, rows: Sequence[Model]) -> Model | None:
    return next((row for row in rows if name in (row.id, row.canonical_slug)), None)
