"""Waiting for a job: by its stream of events where the server has one, else by asking in intervals."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace

from reelrouter.client.calls import accepted, follow, follow_open, request
from reelrouter.client.errors import (
    ClientError,
    JobFailed,
    NoPollingUrl,
    NotCompleted,
    Refused,
    Unreachable,
    Unreadable,
)
from reelrouter.client.events import Event, EventReader
from reelrouter.client.exchange import Answer, Close, Flow, Now, Read, Sleep
from reelrouter.client.flows import get, polling_url
from reelrouter.client.peer import Peer
from reelrouter.client.reading import job_from, job_of
from reelrouter.client.refusals import TRANSIENT
from reelrouter.client.results import Job
from reelrouter.client.terms import OnChange, Patience

_NO_EVENTS = frozenset({404, 405, 406, 501})
_QUIET = 60.0
"""Seconds without a word after which a stream is taken for dead; servers send a comment every 15."""
_LONGEST_PAUSE = 600.0
"""Seconds; a server that asks for more is asked again after these."""
_STRIKES = 3
"""Answers in a row that are not of the contract, after which the server is not what it was."""


def wait(peer: Peer, job: Job | str, patience: Patience, on_change: OnChange | None = None) -> Flow[Job]:
    """The job with its video. Raises `JobFailed`, `NotCompleted`, `NoPollingUrl`, and `Refused` for a no."""
    peer.require_key()
    current = replace((yield from get(peer, job)), polls=1) if isinstance(job, str) else job
    shown = _Shown(on_change)
    shown.show(current)
    left = patience.attempts
    if not current.is_over:
        if current.polling_url is None and not isinstance(job, str):
            raise NoPollingUrl(current)
        current, left = yield from _listen(peer, current, patience, shown)
    if not current.is_over:
        current = yield from _poll(peer, current, _Rest(patience, left), shown)
    if not current.is_completed:
        raise JobFailed(current)
    return current


class _Shown:
    """Tells of a job whenever there is something new about it."""

    def __init__(self, on_change: OnChange | None) -> None:
        self._on_change = on_change
        self._last: tuple[object, ...] | None = None

    def show(self, job: Job) -> None:
        state = (job.status, job.progress, job.error)
        if self._on_change is not None and state != self._last:
            self._on_change(job)
        self._last = state


@dataclass(frozen=True, slots=True)
class _Rest:
    patience: Patience
    left: int


def _listen(peer: Peer, job: Job, patience: Patience, shown: _Shown) -> Flow[tuple[Job, int]]:
    """Follows the stream, if there is one; the job as it is then, and how many attempts are left for asking."""
    if peer.has_events is False:
        return job, patience.attempts
    begun: float = yield Now()
    reader = EventReader()
    try:
        if not (yield from _opens(peer, job, patience)):
            return job, patience.attempts
        job = replace(job, polls=job.polls + 1)
        now = begun
        while not job.is_over and now - begun < patience.seconds:
            piece: bytes = yield Read()
            if not piece:
                break
            for fresh in _jobs(reader.feed(piece)):
                job = _later(job, fresh)
                shown.show(job)
            now = yield Now()
    except (Unreachable, Unreadable, OverflowError):
        pass  # a stream that breaks off says nothing about the job: it is asked for instead
    yield Close()
    ended: float = yield Now()
    return job, patience.attempts - _used(patience, ended - begun)


def _used(patience: Patience, seconds: float) -> int:
    return min(patience.attempts, int(seconds // patience.interval)) if patience.interval > 0 else 0


def _opens(peer: Peer, job: Job, patience: Patience) -> Flow[bool]:
    asked = request(peer, peer.url("videos", job.id, "events"), headers={"Accept": "text/event-stream"})
    quiet = max(1.0, min(_QUIET, patience.seconds))
    headers = {**asked.headers, "Accept-Encoding": "identity"}
    head = yield from follow_open(replace(asked, headers=headers, timeout=quiet))
    if head.status == 200 and head.media_type == "text/event-stream":
        peer.has_events = True
        return True
    yield Close()
    if head.status in _NO_EVENTS or head.status < 300:
        peer.has_events = False
    return False


def _jobs(events: Iterator[Event]) -> Iterator[Job]:
    """The jobs in events; others are for other readers."""
    for event in events:
        if event.name != "job":
            continue
        try:
            raw = json.loads(event.data)
            yield job_from(raw, raw["id"], raw["status"])
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise Unreadable("an event of the stream has no job in it") from error


def _poll(peer: Peer, job: Job, rest: _Rest, shown: _Shown) -> Flow[Job]:
    """Asks until the job is over. A miss costs an attempt, and no more than that."""
    pause, strikes = 0.0, 0
    trouble: ClientError | None = None
    for _ in range(rest.left):
        yield Sleep(max(rest.patience.interval, pause))
        job, pause = replace(job, polls=job.polls + 1), 0.0
        try:
            fresh = yield from _asked(peer, job)
        except (Unreachable, Refused, Unreadable) as miss:
            trouble, strikes = miss, strikes + 1 if isinstance(miss, Unreadable) else 0
            if not _is_passing(miss) or strikes >= _STRIKES:
                raise
            pause = min(getattr(miss, "retry_after", None) or 0.0, _LONGEST_PAUSE)
            continue
        trouble, strikes = None, 0
        job = _later(job, fresh)
        shown.show(job)
        if job.is_over:
            return job
    raise NotCompleted(job, rest.patience.attempts, trouble.message if trouble else None) from trouble


def _asked(peer: Peer, job: Job) -> Flow[Job]:
    url = polling_url(peer, job if job.polling_url else job.id)
    answer: Answer = yield from follow(request(peer, url))
    return job_of(accepted(peer, answer))


def _is_passing(miss: ClientError) -> bool:
    return not isinstance(miss, Refused) or miss.status in TRANSIENT


def _later(job: Job, fresh: Job) -> Job:
    """The newer state, which may leave out what does not change."""
    return replace(
        fresh,
        polling_url=fresh.polling_url or job.polling_url,
        generation_id=fresh.generation_id or job.generation_id,
        warnings=fresh.warnings or job.warnings,
        polls=job.polls,
    )
