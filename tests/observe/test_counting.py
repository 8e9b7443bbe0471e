"""Every event is counted by the kind of process that tells of it, and by nothing that names a job."""

from dataclasses import MISSING, fields
from typing import Any, get_args

import pytest

from reelrouter.observe import events
from reelrouter.observe.api_metrics import ApiMetrics
from reelrouter.observe.engine_metrics import EngineMetrics
from reelrouter.observe.events import AttemptEnded, Event, JobEnded, fan_out

CANARY = "who-is-it"
_VALUES = {"str": CANARY, "int": 7, "float": 1.5}
_API_ALONE = {events.JobPlaced, events.Governed, events.ObjectMissing, events.RequestFailed}
_BOTH = {events.JobEnded, events.TaskCrashed}
_NOBODY = {events.StopCutShort, events.LogInterrupted, events.ClockSkewed}
"""Nobody asks a process again that is about to end; what the log could not write, the log alone knows; how wrong a
clock is, a gauge shows at every scrape."""


def sample(kind: type[Event], /, **given: Any) -> Event:
    """With something in every field that must have something."""
    needed = {
        one.name: _VALUES[str(getattr(one.type, "__name__", one.type)).partition(" ")[0]]
        for one in fields(kind)
        if one.default is MISSING and not str(one.type).endswith("| None")
    }
    empty = {one.name: None for one in fields(kind) if one.default is MISSING and str(one.type).endswith("| None")}
    return kind(**{**empty, **needed, **given})


def counted(metrics: ApiMetrics | EngineMetrics, event: Event) -> set[str]:
    """The lines of figures that the event changed, those of the process itself left out."""
    before = set(metrics.text().decode().splitlines())
    metrics.listen(event)
    after = set(metrics.text().decode().splitlines())
    return {line for line in after - before if "_process_" not in line}


@pytest.mark.parametrize(
    "kind", [kind for kind in get_args(Event) if kind not in _NOBODY], ids=lambda kind: str(kind.__name__)
)
def test_every_event_changes_a_figure_of_its_process(kind: type[Event]) -> None:
    """A new event that nobody counts would be missing from every dashboard."""
    is_apis = kind in _API_ALONE
    assert bool(counted(ApiMetrics(), sample(kind))) is (is_apis or kind in _BOTH)
    assert bool(counted(EngineMetrics(), sample(kind))) is not is_apis


def test_no_id_of_a_job_becomes_a_label() -> None:
    """Nor that of a workspace, a key or a delivery: each would be a series for ever."""
    ids = {
        "job",
        "workspace",
        "delivery",
        "key",
        "host",
        "subject",
        "by",
        "native_id",
        "credential",
        "task",
        "slot",
    }
    for kind in get_args(Event):
        free = {one.name: "bounded" for one in fields(kind) if "str" in str(one.type) and one.name not in ids}
        event = sample(kind, **free)
        lines = counted(ApiMetrics(), event) | counted(EngineMetrics(), event)
        assert not any(CANARY in line for line in lines), kind


def test_an_end_says_how_and_how_long() -> None:
    """Render time is that of finished videos alone; what a job cost is counted in dollars."""
    metrics = EngineMetrics()
    metrics.listen(AttemptEnded(job="j", attempt=0, endpoint="e", credential="c", end="finished", seconds=42))
    failed = {"end": "refused", "failure": "auth", "seconds": 1}
    metrics.listen(AttemptEnded(job="j", attempt=1, endpoint="e", credential="c", **failed))  # type: ignore[arg-type]
    end = {"status": "completed", "error_type": None, "seconds": 50.0}
    metrics.listen(
        JobEnded(job="j", workspace="w", model="m", mode="live", price=400_000_000, overrun=5, **end)  # type: ignore[arg-type]
    )
    text = metrics.text().decode()
    assert 'reelrouter_attempts_total{end="finished",endpoint="e",failure="none"} 1.0' in text
    assert 'reelrouter_attempts_total{end="refused",endpoint="e",failure="auth"} 1.0' in text
    assert 'reelrouter_render_seconds_sum{endpoint="e"} 42.0' in text
    assert 'reelrouter_render_seconds_count{endpoint="e"} 1.0' in text
    assert 'reelrouter_charged_dollars_total{mode="live"} 0.4' in text


def test_rare_figures_begin_with_nothing() -> None:
    """What first appears as 1 has not grown, as far as Prometheus can see: the alert would miss the first one."""
    metrics = EngineMetrics()
    metrics.expect(["vendor"])
    assert 'reelrouter_unknown_submits_total{endpoint="vendor"} 0.0' in metrics.text().decode()


def test_all_who_listen_hear_an_event() -> None:
    """In their order."""
    heard: list[tuple[str, Event]] = []
    emit = fan_out(lambda event: heard.append(("log", event)), lambda event: heard.append(("metrics", event)))
    event = events.RunAbandoned(job="j", run=1)
    emit(event)
    assert heard == [("log", event), ("metrics", event)]
