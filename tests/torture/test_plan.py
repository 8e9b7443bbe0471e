"""What is planned for a run: by its seed alone, and with nothing left out."""

from collections import Counter
from dataclasses import replace
from typing import get_args

import pytest

from tests.torture.plan import Database, Plan, begins, errand, fates, faults

LONG = Plan(database="postgres", seconds=600.0, seed=1)


def test_a_seed_repeats_a_run() -> None:
    """Faults, errands and fates are the same once more, and others with another seed."""
    again, other = replace(LONG), replace(LONG, seed=2)
    assert list(faults(LONG)) == list(faults(again)) != list(faults(other))
    assert [errand(LONG, mark) for mark in range(50)] == [errand(again, mark) for mark in range(50)]
    assert [fates(LONG, mark) for mark in range(50)] == [fates(again, mark) for mark in range(50)]


@pytest.mark.parametrize("database", get_args(Database))
def test_a_short_run_has_each_fault_once(database: Database) -> None:
    """And every one of them comes to its end."""
    plan = replace(LONG, database=database, brisk=True)
    acts = Counter(fault.act for fault in faults(plan))
    assert begins(plan) <= acts.keys()
    assert set(acts.values()) == {1}
    assert acts["fill_disk"] == acts["free_disk"] == acts["stop_engine"] == acts["continue_engine"]


def test_nothing_begins_again_before_its_end() -> None:
    """A server that is down cannot be killed, and one that runs must not be started."""
    acts = [fault.act for fault in faults(LONG) if fault.act in ("kill_database", "start_database")]
    assert acts == ["kill_database", "start_database"] * (len(acts) // 2)
    assert len(acts) > 10
