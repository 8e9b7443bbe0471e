"""The page on observability, the alerts and the dashboard: what they name exists, and what exists has a name."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import fields
from importlib.resources import files
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

from reelrouter.observe.events import Event
from reelrouter.settings import Settings
from tests.observe.exported import exported

DEPLOY = Path(__file__).parent.parent.parent / "deploy"
PAGE = files("reelrouter").joinpath("docs/observability.md").read_text()
ALERTS = yaml.safe_load((DEPLOY / "prometheus/alerts.yml").read_text())
DASHBOARD = json.loads((DEPLOY / "grafana/reelrouter.json").read_text())
RULES = [rule for group in ALERTS["groups"] for rule in group["rules"]]
PROCESS = re.compile(r"reelrouter_(api|engine)_process_(resident_memory_bytes|cpu_seconds_total)")
TARGET_LABELS = {"job", "instance"}
"""Labels that Prometheus itself adds to everything that it scrapes."""


def rows(text: str, first: str) -> Iterator[Sequence[str]]:
    """The cells of every table whose first heading this is, without their back-quotes."""
    for table in re.findall(rf"^\| {first} \|.*\n\| ---.*\n((?:\|.*\n)+)", text, flags=re.MULTILINE):
        for line in table.splitlines():
            yield [cell.strip().replace("`", "") for cell in line.strip("|").split("|")]


def name_of(event: type) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", event.__name__).lower()


def expressions() -> list[tuple[str, str]]:
    """Whose each is, and itself."""
    panels = [
        (panel["title"], target["expr"]) for panel in DASHBOARD["panels"] for target in panel.get("targets", ())
    ]
    return [(rule["alert"], rule["expr"]) for rule in RULES] + panels


def test_every_event_and_every_field_is_in_the_page() -> None:
    """And no other: whoever writes a search over logs can rely on the table."""
    told = {name: set(listed.split(", ")) for name, _, listed in rows(PAGE, "event")}
    assert told == {name_of(event): {one.name for one in fields(event)} for event in get_args(Event)}


def test_every_metric_is_in_the_page_with_its_type_labels_and_meaning() -> None:
    """The meaning is the one that Prometheus shows as help."""
    told = {name: (kind, labels, meaning) for name, kind, labels, meaning in rows(PAGE, "metric")}
    assert told == {
        name: (one.type, ", ".join(one.labels) or "-", one.meaning) for name, one in exported().items()
    }


def test_the_settings_that_the_page_and_the_alerts_name_exist() -> None:
    """Nobody is told to set what cannot be set."""
    named = re.findall(r"REELROUTER_([A-Z_]+[A-Z])", PAGE + (DEPLOY / "prometheus/alerts.yml").read_text())
    assert named
    assert {name.lower() for name in named} <= set(Settings.model_fields)


def test_no_label_could_have_many_values() -> None:
    """Prometheus keeps a series for each: jobs, keys and workspaces are not among them."""
    labels = {label for one in exported().values() for label in one.labels}
    assert not labels & {"job", "workspace", "key", "url", "host", "request", "queue", "credential", "account"}


@pytest.mark.parametrize(("whose", "expression"), expressions(), ids=lambda value: str(value)[:40])
def test_alerts_and_panels_ask_for_metrics_and_labels_that_exist(whose: str, expression: str) -> None:
    """A rule about a figure that is gone never fires, and nobody notices."""
    known = exported()
    asked = set(re.findall(r"\breelrouter_[a-z_]+|\bup\b", PROCESS.sub("", expression)))
    metrics = {re.sub(r"_(bucket|sum|count)$", "", name) if name not in known else name for name in asked} - {"up"}
    assert metrics <= known.keys(), whose
    labels = {label for name in metrics for label in known[name].labels} | TARGET_LABELS
    if "_bucket" in expression:
        labels |= {"le"}
    by = {label for group in re.findall(r"by \(([^)]*)\)", expression) for label in re.split(r",\s*", group)}
    matched = {
        label for group in re.findall(r"{([^}]*)}", expression) for label in re.findall(r"(\w+)\s*[=!]", group)
    }
    assert by | matched <= labels, whose


def test_every_alert_says_what_is_wrong_and_what_to_do() -> None:
    """Whoever is woken reads two things."""
    names = [rule["alert"] for rule in RULES]
    assert len(set(names)) == len(names)
    for rule in RULES:
        assert rule["labels"]["severity"] in {"critical", "warning"}
        assert len(rule["annotations"]["summary"]) > 20
        assert len(rule["annotations"]["description"]) > 100


def test_alerts_name_events_that_exist() -> None:
    """`x in the log` is a search that finds something."""
    text = " ".join(rule["annotations"]["description"] for rule in RULES)
    named = set(re.findall(r"\b([a-z]+(?:_[a-z]+)+) in the log\b", text))
    assert named
    assert named <= {name_of(event) for event in get_args(Event)}


def test_panels_lie_side_by_side() -> None:
    """None hides another, and each has a number of its own."""
    panels: list[dict[str, Any]] = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert max(x for x, _ in cells) < 24
        assert not cells & taken, panel["title"]
        taken |= cells
