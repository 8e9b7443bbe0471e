"""The short form of `make torture` on both databases, and that its verdict finds what it is there to find."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import get_args

import pytest

from tests.torture import fleet
from tests.torture.__main__ import FLEETS
from tests.torture.evidence import Evidence
from tests.torture.plan import Database, Plan, begins
from tests.torture.planted import plant_of
from tests.torture.plants import PLANTS, Plant
from tests.torture.report import Report, report_of
from tests.torture.run import Outcome, Watching, run
from tests.torture.verdict import RULES, violations

SHORT = Plan(
    database="sqlite",
    seconds=36.0,
    seed=9,
    rate=5.0,
    most_under_way=40,
    pause=1.2,
    patience=120.0,
    brisk=True,
)
QUIET = replace(SHORT, seconds=6.0, pause=1e6, patience=15.0, brisk=False)
"""Nothing is done to the gateway: what is wrong then is its own fault."""


@pytest.fixture(scope="module", params=get_args(Database))
def plan(request: pytest.FixtureRequest) -> Plan:
    return replace(SHORT, database=request.param)


@pytest.fixture(scope="module")
def outcome(plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    return run(plan, tmp_path_factory.mktemp("torture"), FLEETS[plan.database], Watching())


@pytest.fixture(scope="module")
def report(plan: Plan, outcome: Outcome) -> Report:
    return report_of(plan, outcome)


def test_nothing_is_lost_doubled_or_left_behind(report: Report) -> None:
    """Whatever was done to the gateway, every promise that it made is kept."""
    assert report.violations == ()
    assert not report.impatient


def test_everything_was_done_that_is_to_be_borne(plan: Plan, report: Report) -> None:
    """Each kind of fault befell somebody, vendors did each of their kinds, and clients saw of it."""
    assert begins(plan) <= report.faults.keys()
    assert report.fates.keys() == {
        "made", "refused", "answer lost", "polls broken", "ended badly", "rude",
    }  # fmt: skip
    assert {"completed", "failed"} <= report.jobs.keys()
    assert {"202", "402", "None"} <= report.answers.keys()
    assert report.downloads > 0
    assert report.webhooks["refused"] > 0


@pytest.mark.parametrize(("rule", "plant"), PLANTS, ids=[plant.__name__.strip("_") for _, plant in PLANTS])
def test_what_is_planted_is_found(rule: str, plant: Plant, outcome: Outcome) -> None:
    """By the rule that is there for it, in the evidence of a real run."""
    assert rule in {one.rule for one in violations(plant(outcome.evidence))}


def test_every_rule_has_a_plant() -> None:
    """Else nobody knows whether it can find anything."""
    assert {rule for rule, _ in PLANTS} == RULES.keys()


def test_a_gateway_that_sends_twice_forgets_and_charges_twice_is_found_out(tmp_path: Path) -> None:
    """From end to end: the very jobs that it wronged are named, each for what was done to it."""
    broken = partial(fleet.with_words, ("tests.torture.planted", "serve"))
    found = run(QUIET, tmp_path, broken, Watching()).evidence
    says = {rule: {one.says for one in violations(found) if one.rule == rule} for rule in RULES}
    twice = _marks(found, "sent twice")
    assert twice
    sent = says["nothing is submitted after an acceptance or an unknown outcome"]
    assert all(any(one.startswith(f"mark {mark} ") for one in sent) for mark in twice)
    assert says["an accepted job comes to an end"]
    assert len(says["a job is charged once, if it is completed"]) >= len(_charged_twice(found)) > 0


def _marks(found: Evidence, plant: str) -> set[int]:
    """Of the jobs that were wronged so: those that a vendor took without any trouble."""
    return {
        mark
        for mark, submits in found.submits.items()
        if plant_of(mark) == plant and len({one.entry.task for one in submits} - {None}) > 1
    }


def _charged_twice(found: Evidence) -> set[str]:
    return {charge.job for charge in found.charges if charge.key.endswith(":again")}
