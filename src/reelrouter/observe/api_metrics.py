"""What an API process counts: its requests, and the events that it tells of."""

from collections.abc import Callable

from prometheus_client import Counter, Histogram

from reelrouter.observe.events import (
    Event,
    Governed,
    JobEnded,
    JobPlaced,
    ObjectMissing,
    RequestFailed,
    TaskCrashed,
)
from reelrouter.observe.instruments import Instruments

_REQUEST_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class ApiMetrics:
    """One per process. Labels have few values: never a workspace, a key, a job or an address."""

    def __init__(self) -> None:
        self.made = made = Instruments("api")
        self.text = made.text
        self._requests = made.counter("http_requests", "Requests that were answered.", "route", "method", "status")
        self._seconds = made.histogram(
            "http_request_seconds",
            "Time from a request to the end of its answer, downloads and streams included.",
            _REQUEST_SECONDS,
            "route",
            "method",
        )
        self._failed = made.counter("http_requests_failed", "Requests that the gateway could not serve: 5xx.")
        self._submits = made.counter("submits", "Jobs that were placed.", "model", "mode")
        self._withdrawn = made.counter(
            "jobs_withdrawn", "Jobs that were cancelled before any engine began with them.", "mode"
        )
        self._missing = made.counter("objects_missing", "Files that should have been in storage and were not.")
        self._governed = made.counter("governed", "Changes that managers made.", "action")
        self._skew = made.gauge(
            "api_clock_skew_seconds",
            "How far the clock of the API's machine is ahead of the database server's; 0 on SQLite.",
        )
        self._crashes = made.counter(
            "api_crashes", "Errors that nobody expected, met by background loops of the API; or its engine ended."
        )
        self._bound: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    def listen(self, event: Event) -> None:
        """An `Emit`."""
        match event:
            case JobPlaced():
                self._submits.labels(event.model, event.mode).inc()
            case JobEnded():
                self._withdrawn.labels(event.mode).inc()
            case RequestFailed():
                self._failed.inc()
            case ObjectMissing():
                self._missing.inc()
            case Governed():
                self._governed.labels(event.action).inc()
            case TaskCrashed():
                self._crashes.inc()
            case _:
                pass  # nothing that an API process tells of

    def watch_clock(self, skew: Callable[[], float]) -> None:
        """`skew` says at each scrape how far this machine's clock is ahead."""
        self._skew.set_function(skew)

    def count_request(self, route: str, method: str, status: int, seconds: float) -> None:
        """Called for each request: what its labels name is looked up once."""
        bound = self._bound.get((route, method, status))
        if bound is None:
            bound = (self._requests.labels(route, method, status), self._seconds.labels(route, method))
            self._bound[route, method, status] = bound
        counted, timed = bound
        counted.inc()
        timed.observe(seconds)
