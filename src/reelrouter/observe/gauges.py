"""How the whole gateway stands, as values that the stations read from the database, and as figures of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """Jobs of one endpoint, whichever of its accounts they are for."""

    waiting: int = 0
    under_way: int = 0
    oldest: int | None = None
    """When the first of those that wait was placed, in Unix milliseconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holds:
    """Money that is set aside for jobs."""

    count: int = 0
    dollars: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """Webhook deliveries that are not over."""

    waiting: int = 0
    oldest_due: int | None = None
    """When the first of them was, or will be, due, in Unix milliseconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What jobs keep in storage."""

    jobs: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Disk:
    """Where the gateway keeps its data, in bytes."""

    size: int
    free: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Everything that is read from the database, or from the disk, for one scrape."""

    at: int
    """When it was read, in Unix milliseconds."""
    jobs: Mapping[tuple[str, str], int]
    """Unfinished ones, by state and mode."""
    queues: Mapping[str, Queue]
    """By endpoint."""
    holds: Mapping[str, Holds]
    """By mode."""
    backlog: Backlog
    stored: Stored
    drifting: frozenset[str]
    """Endpoints that are left alone because nobody here understands their answers."""
    kept_back: Mapping[tuple[str, str], int]
    """Jobs under way whose video is kept back, by endpoint and kind of trouble."""
    disk: Disk


class Gauges(Collector):
    """A standing as figures."""

    def __init__(self, standing: Standing) -> None:
        self._standing = standing

    def collect(self) -> Iterator[GaugeMetricFamily]:
        yield from self._of_jobs()
        yield from self._of_queues()
        yield from self._of_money_and_files()
        yield from self._of_webhooks()

    def _of_jobs(self) -> Iterator[GaugeMetricFamily]:
        jobs = _gauge("jobs", "Jobs that have not ended.", "state", "mode")
        for (state, mode), count in self._standing.jobs.items():
            jobs.add_metric([state, mode], count)
        yield jobs
        drifting = _gauge(
            "endpoint_drifting",
            "1 for an endpoint that gets no new jobs, for nobody here understands it.",
            "endpoint",
        )
        for endpoint in sorted(self._standing.drifting):
            drifting.add_metric([endpoint], 1)
        yield drifting
        kept_back = _gauge(
            "jobs_kept_back",
            "Jobs under way whose videos are kept back by a trouble of this kind.",
            "endpoint",
            "kind",
        )
        for (endpoint, kind), count in self._standing.kept_back.items():
            kept_back.add_metric([endpoint, kind], count)
        yield kept_back

    def _of_queues(self) -> Iterator[GaugeMetricFamily]:
        waiting = _gauge("queue_waiting", "Jobs that wait for a place at an endpoint.", "endpoint")
        under_way = _gauge(
            "queue_under_way", "Jobs that were started for an endpoint and have not ended.", "endpoint"
        )
        oldest = _gauge("queue_oldest_seconds", "Age of the oldest job that waits for an endpoint.", "endpoint")
        for endpoint, queue in self._standing.queues.items():
            waiting.add_metric([endpoint], queue.waiting)
            under_way.add_metric([endpoint], queue.under_way)
            oldest.add_metric([endpoint], self._since(queue.oldest))
        yield from (waiting, under_way, oldest)

    def _of_money_and_files(self) -> Iterator[GaugeMetricFamily]:
        count = _gauge("holds", "Holds that are open.", "mode")
        dollars = _gauge("holds_dollars", "What they set aside.", "mode")
        for mode, holds in self._standing.holds.items():
            count.add_metric([mode], holds.count)
            dollars.add_metric([mode], holds.dollars)
        yield from (count, dollars)
        stored, disk = self._standing.stored, self._standing.disk
        yield _gauge("stored_bytes", "Bytes of videos that are kept.", value=stored.bytes)
        yield _gauge("stored_jobs", "Jobs whose videos are kept.", value=stored.jobs)
        yield _gauge("disk_free_bytes", "Room that is left where the gateway keeps its data.", value=disk.free)
        yield _gauge("disk_size_bytes", "Room that there is in all.", value=disk.size)

    def _of_webhooks(self) -> Iterator[GaugeMetricFamily]:
        backlog = self._standing.backlog
        yield _gauge("webhooks_waiting", "Webhook deliveries that are not over.", value=backlog.waiting)
        yield _gauge(
            "webhooks_overdue_seconds",
            "How long the oldest of them has been due; 0 if none is.",
            value=self._since(backlog.oldest_due),
        )

    def _since(self, moment: int | None) -> float:
        return 0.0 if moment is None else max(0, self._standing.at - moment) / 1000


def _gauge(name: str, meaning: str, *labels: str, value: float | None = None) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"reelrouter_{name}", meaning, value=value, labels=labels or None)
