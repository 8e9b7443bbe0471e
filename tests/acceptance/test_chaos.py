"""Every fault of five vendors at random, and a gateway that is killed meanwhile: nobody is paid twice."""

import os
from collections import Counter
from collections.abc import Iterator

import pytest

from reelrouter.emulators.script import Script
from tests.acceptance import chaos
from tests.acceptance.chaos import Found, Plan

PLAN = Plan(
    jobs=int(os.environ.get("CHAOS_JOBS", "60")),
    seed=int(os.environ.get("CHAOS_SEED", "20261121")),
    kills=int(os.environ.get("CHAOS_KILLS", "1")),
    brisk="CHAOS_JOBS" not in os.environ,
)
"""`make chaos` asks for more of it."""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Found]:
    yield from chaos.run(PLAN, tmp_path_factory.mktemp("chaos"))


def test_every_acknowledged_job_has_ended(found: Found) -> None:
    """And none that nobody asked for is there, but those whose answer the kill cut off."""
    assert found.acknowledged.keys() <= found.statuses.keys()
    assert len(found.statuses) <= PLAN.jobs
    assert {"completed", "failed"} <= set(found.statuses.values())


def test_nothing_was_submitted_after_an_acceptance_or_an_unknown_outcome(found: Found) -> None:
    """By the vendors' own journals."""
    assert chaos.doubles(found) == []


def test_a_job_is_completed_if_a_vendor_made_its_video_and_only_then(found: Found) -> None:
    """What the gateway was told of a job that a vendor finished is never lost."""
    for job, mark in found.acknowledged.items():
        made = chaos.made(found, mark)
        if found.statuses[job] == "completed":
            assert made, f"{job} (mark {mark}) is completed, and no vendor made it"
        elif made and not chaos.was_uncertain(found, mark):
            raise AssertionError(f"{job} (mark {mark}) is {found.statuses[job]}, and a vendor made it")


def test_the_books_are_closed(found: Found) -> None:
    """Every hold is settled or released, and every completed job is charged once."""
    assert Counter(found.books.holds().values()).keys() <= {"settled", "released"}
    charges = Counter(job for job, _ in found.books.charges())
    assert set(charges.values()) <= {1}
    assert charges.keys() == {job for job, status in found.statuses.items() if status == "completed"}
    for account in found.books.accounts():
        assert (account.held, account.open_holds) == (0, 0)
        assert account.settled == account.charged


def test_credentials_never_go_where_files_lie(found: Found) -> None:
    """Files have an origin of their own."""
    assert chaos.leaks(found) == []


def test_the_vendors_saw_every_kind_of_fault() -> None:
    """Else the other tests would prove less than they say."""
    scripts = [script for scripts in chaos.fates(PLAN).values() for script in scripts]
    assert len({script.refuse for script in scripts}) > 4
    assert len({script.break_submit for script in scripts}) > 4
    assert len({script.break_polls for script in scripts}) > 4
    assert len({script.end for script in scripts}) > 6
    groups = {one.name.partition(":")[0] for script in scripts for one in script.rudenesses}
    assert len(groups) > 10


def test_a_second_submit_would_be_seen(found: Found) -> None:
    """The harness itself: a planted double is found."""
    mark, entries = next((mark, entries) for mark, entries in found.submits.items() if chaos.made(found, mark))
    vendor, entry = entries[-1]
    planted = [*entries, (vendor, entry)]
    entry.script = entry.script or Script()
    assert chaos.doubles(chaos.with_submits(found, mark, planted)) != []
