"""What the simulation of polls counts, and that learned plans are worth having in it."""

import math

from bench.pace import Both, Jobs, Watched

from bench import pace
from reelrouter.jobs.pace import ladder

LADDER = ladder(5.0, 15.0)


def test_the_poll_that_finds_a_job_done_is_counted() -> None:
    """It ran at 10 s and was done at 17.5 s: the middle is what a poller can tell."""
    assert pace.watch(LADDER, 12.0) == Watched(polls=3, delay=5.5, noted=13.75)
    assert pace.watch(LADDER, 5.0) == Watched(polls=1, delay=0.0, noted=2.5)


def test_a_share_of_the_ends_is_noticed_within_a_delay() -> None:
    """The last of them within the greatest."""
    side = [Watched(polls=1, delay=float(delay), noted=1.0) for delay in (3, 1, 2, 4)]
    assert [pace.delay(side, share) for share in (0.0, 0.5, 0.95, 1.0)] == [1.0, 3.0, 4.0, 4.0]


def test_both_sides_meet_the_same_jobs() -> None:
    """As many as are asked for, in each round: both sides notice a job after it ended, and none before."""
    both = pace.simulate(Jobs(duration=lambda _, number: 20.0 + number, ladder=LADDER, skip=3, count=5, rounds=2))
    assert [len(both.ours), len(both.ladder)] == [10, 10]
    assert both.ladder == [pace.watch(LADDER, 23.0 + number) for number in range(5)] * 2


def test_learned_plans_halve_the_delay_at_no_more_polls() -> None:
    """A model of 90 s, once twenty jobs have been seen."""
    both = pace.simulate(Jobs(duration=pace.lognormal(90.0), ladder=LADDER, count=150))
    assert pace.mean_polls(both.ours) <= pace.mean_polls(both.ladder)
    assert pace.delay(both.ours, 0.5) < pace.delay(both.ladder, 0.5) / 2


def test_the_first_job_is_polled_by_the_ladder() -> None:
    """Nothing is known of it, on either side."""
    both = pace.simulate(Jobs(duration=pace.lognormal(90.0), ladder=LADDER, skip=0, count=1, rounds=5))
    assert both.ours == both.ladder


def test_no_plan_beats_the_least_delay() -> None:
    """More polls make it less, and the ladder is above it."""
    assert pace.least_mean_delay(90.0, 10.0) > pace.least_mean_delay(90.0, 20.0)
    both = pace.simulate(Jobs(duration=pace.lognormal(90.0), ladder=LADDER, count=300))
    ladders = math.fsum(job.delay for job in both.ladder) / len(both.ladder)
    assert ladders > pace.least_mean_delay(90.0, pace.mean_polls(both.ladder))


def test_every_row_says_what_it_is_beside() -> None:
    """Polls are held against the ladder's."""
    both = Both([Watched(polls=9, delay=1.0, noted=60.0)], [Watched(polls=10, delay=9.0, noted=60.0)])
    polls, median, p95, most = pace.figures("all", both)
    assert (polls.met, median.met, p95.met, most.met) == (True, True, True, None)
    assert "9.0 polls beside 10.0" in pace.in_one_row("all", both).note
