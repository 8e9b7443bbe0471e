"""What is planned for a run: by its seed alone, and with nothing left out."""

from collections import Counter
from dataclasses import replace
from itertools import pairwise
from typing import get_args

import pytest

from tests.acceptance.test_torture import SHORT
from tests.torture.plan import Database, Plan, begins, errand, fates, faults
from tests.torture.report import fate_of

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


def test_what_lasts_long_leaves_the_gateway_time() -> None:
    """Half of a long run at least, whatever the seed."""
    for seed in range(20):
        plan = replace(LONG, seed=seed)
        for begin, end in (("lose_storage", "return_storage"), ("fill_disk_long", "free_disk_long")):
            acts = [fault for fault in faults(plan) if fault.act in (begin, end)]
            assert [fault.act for fault in acts] == [begin, end] * (len(acts) // 2)
            lasted = sum(after.at - before.at for before, after in pairwise(acts) if before.act == begin)
            assert 0 < lasted < plan.seconds / 2


def test_a_short_run_meets_every_kind_of_vendor_soon() -> None:
    """Within the jobs that a slow machine has time for."""
    kinds = {fate_of(fates(SHORT, mark)[0]) for mark in range(30)}
    assert kinds == {"made", "refused", "answer lost", "polls broken", "ended badly", "rude"}
