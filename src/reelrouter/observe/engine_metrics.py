"""What an engine counts: the events that it tells of, how late its polls are, and how long videos take."""

from collections.abc import Callable, Iterable
from typing import get_args

from reelrouter.money import Nanos, usd
from reelrouter.observe.events import (
    AttemptAccepted,
    AttemptEnded,
    AttemptUnknown,
    CancelAnswered,
    DeliveryTried,
    EndpointDrifted,
    EngineTakenOver,
    Event,
    JobEnded,
    JobPutBack,
    JobStarted,
    JobUnreadable,
    LateOutcome,
    PollFailed,
    RunAbandoned,
    StoringFailed,
    TaskCrashed,
    VendorKeyUnusable,
)
from reelrouter.observe.instruments import Instruments
from reelrouter.work import TroubleKind

_LAG_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_VIDEO_SECONDS = (1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 3600, 10800, 21600)
_NO_FAILURE = "none"


class EngineMetrics:
    """One per process. Labels have few values: never a workspace, a key, a job or an address."""

    def __init__(self) -> None:
        self.made = made = Instruments("engine")
        self.text = made.text
        self._of_jobs(made)
        self._of_attempts(made)
        self._of_the_rest(made)

    def _of_jobs(self, made: Instruments) -> None:
        self._started = made.counter("jobs_started", "Runs of jobs that the dispatcher began.")
        self._put_back = made.counter(
            "jobs_put_back",
            "Times that a job was put back to wait: for another place, or a later hour.",
            "endpoint",
        )
        self._ended = made.counter(
            "jobs_ended", "Jobs that an engine ended.", "model", "mode", "status", "error_type"
        )
        self._job_seconds = made.histogram(
            "job_seconds", "Time from a job's submit to its end.", _VIDEO_SECONDS, "mode", "status"
        )
        self._charged = made.counter("charged_dollars", "What ended jobs cost their workspaces.", "mode")
        self._overrun = made.counter(
            "overrun_dollars", "What ended jobs cost beyond what had been set aside for them.", "mode"
        )
        self._abandoned = made.counter("runs_abandoned", "Runs of jobs that no process drove any more.")
        self._unreadable = made.counter("jobs_unreadable", "Jobs that had to be ended unread.")

    def _of_attempts(self, made: Instruments) -> None:
        self._accepted = made.counter("attempts_accepted", "Attempts that a backend took.", "endpoint")
        self._attempts = made.counter(
            "attempts",
            "Attempts that ended, and how. One whose output proves unusable counts as finished, then as failed.",
            "endpoint",
            "end",
            "failure",
        )
        self._render = made.histogram(
            "render_seconds", "Time from an attempt's submit to its finished video.", _VIDEO_SECONDS, "endpoint"
        )
        self._doubtful = made.counter(
            "attempts_in_doubt",
            "Attempts of which it was not known for a while whether a backend took them.",
            "endpoint",
        )
        self._unknown = made.counter(
            "unknown_submits",
            "Attempts that ended because nobody can tell whether a backend took them.",
            "endpoint",
        )
        self._awaited = made.gauge("jobs_awaited", "Jobs that the engine polls.")
        self._lag = made.histogram("poll_lag_seconds", "How late a poll begins after it was due.", _LAG_SECONDS)
        self._polls_failed = made.counter(
            "polls_failed",
            "Polls that did not help: the vendor was not understood (unclear), said nothing about the job "
            "(unanswered), knew no such job (missing), or is not where the job was made (elsewhere).",
            "endpoint",
            "kind",
        )
        self._storings_failed = made.counter(
            "storings_failed",
            "Tries to load and store a finished video that failed, and by whose fault: "
            "the vendor's (file, unanswered, elsewhere) or the gateway's own (storage).",
            "endpoint",
            "kind",
        )
        self._drifts = made.counter(
            "endpoint_drifts",
            "Answers of endpoints that nobody here has a word for, one a minute at most.",
            "endpoint",
        )
        self._cancels = made.counter("cancels", "What backends said to cancels.", "endpoint", "answer")
        self._late = made.counter(
            "late_outcomes",
            "What became of attempts after their job had ended without them.",
            "endpoint",
            "outcome",
        )
        self._late_videos = made.counter(
            "late_videos", "Videos that were stored after their job had ended without them.", "endpoint"
        )

    def _of_the_rest(self, made: Instruments) -> None:
        self._deliveries = made.counter(
            "webhook_attempts",
            "Attempts to deliver a webhook: what was answered, and what the delivery is now.",
            "answer",
            "state",
        )
        self._keys = made.counter("vendor_keys_unusable", "Workspaces' vendor keys that could not be opened.")
        self._taken_over = made.counter("engines_taken_over", "Dead engines whose jobs this one took over.")
        self._skew = made.gauge(
            "engine_clock_skew_seconds",
            "How far the clock of the engine's machine is ahead of the database server's; 0 on SQLite.",
        )
        self._crashes = made.counter(
            "engine_crashes", "Errors that nobody expected, met by background loops of the engine."
        )

    def expect(self, endpoints: Iterable[str]) -> None:
        """Begins their rare figures with 0: what appears with 1 has not grown, as far as Prometheus can see."""
        for endpoint in endpoints:
            for counter in (self._unknown, self._doubtful, self._drifts, self._accepted):
                counter.labels(endpoint)
            for kind in get_args(TroubleKind):
                self._polls_failed.labels(endpoint, kind)
                self._storings_failed.labels(endpoint, kind)

    def watch_waiting(self, count: Callable[[], int]) -> None:
        """`count` says at each scrape how many jobs wait for their backend."""
        self._awaited.set_function(count)

    def watch_clock(self, skew: Callable[[], float]) -> None:
        """`skew` says at each scrape how far this machine's clock is ahead."""
        self._skew.set_function(skew)

    def note_lag(self, seconds: float) -> None:
        """Called for each poll."""
        self._lag.observe(seconds)

    def listen(self, event: Event) -> None:
        """An `Emit`."""
        match event:
            case JobStarted():
                self._started.inc()
            case AttemptAccepted():
                self._accepted.labels(event.endpoint).inc()
            case AttemptEnded():
                self._end_attempt(event)
            case JobEnded():
                self._end_job(event)
            case DeliveryTried():
                self._deliveries.labels(_kind_of(event.status), event.state).inc()
            case JobPutBack():
                self._put_back.labels(event.queue.partition("/")[0]).inc()
            case PollFailed():
                self._polls_failed.labels(event.endpoint, event.kind).inc()
            case StoringFailed():
                self._storings_failed.labels(event.endpoint, event.kind).inc()
            case CancelAnswered():
                self._cancels.labels(event.endpoint, event.answer).inc()
            case _:
                self._count_trouble(event)

    def _count_trouble(self, event: Event) -> None:
        match event:
            case AttemptUnknown():
                self._doubtful.labels(event.endpoint).inc()
            case EndpointDrifted():
                self._drifts.labels(event.endpoint).inc()
            case LateOutcome():
                self._late.labels(event.endpoint, event.outcome).inc()
                self._late_videos.labels(event.endpoint).inc(event.stored)
            case RunAbandoned():
                self._abandoned.inc()
            case JobUnreadable():
                self._unreadable.inc()
            case EngineTakenOver():
                self._taken_over.inc()
            case VendorKeyUnusable():
                self._keys.inc()
            case TaskCrashed():
                self._crashes.inc()
            case _:
                pass  # nothing that an engine tells of

    def _end_attempt(self, event: AttemptEnded) -> None:
        self._attempts.labels(event.endpoint, event.end, event.failure or _NO_FAILURE).inc()
        if event.end == "finished":
            self._render.labels(event.endpoint).observe(event.seconds)
        if event.end == "unknown_submit":
            self._unknown.labels(event.endpoint).inc()

    def _end_job(self, event: JobEnded) -> None:
        self._ended.labels(event.model, event.mode, event.status, event.error_type or _NO_FAILURE).inc()
        self._job_seconds.labels(event.mode, event.status).observe(event.seconds)
        self._charged.labels(event.mode).inc(float(usd(Nanos(event.price or 0))))
        self._overrun.labels(event.mode).inc(float(usd(Nanos(event.overrun))))


def _kind_of(status: int | None) -> str:
    return "none" if status is None else f"{status // 100}xx"
