"""When jobs are asked for: as often as by the ladder, and mostly when they are about to end."""

import itertools
import math
from collections.abc import Sequence
from random import Random
from statistics import fmean, median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelrouter.jobs.expectation import Guess, expect
from reelrouter.jobs.pace import LONGEST_GAP, PollPlan, ladder, learned, moved_apart

LADDER = ladder(5.0, 15.0)
SECONDS = st.floats(0.01, 86_400.0)
SAMPLES = st.lists(SECONDS, max_size=60)


def polls_at(plan: PollPlan, until: float) -> list[float]:
    """Seconds after acceptance of every poll of a job that runs until then, with the one that finds it done."""
    at = [plan.first()]
    while at[-1] < until:
        at.append(at[-1] + plan.after(at[-1], len(at)))
    return at


def durations(count: int, typical: float = 90.0, spread: float = 0.21, seed: int = 1) -> list[float]:
    random = Random(seed)
    return [typical * math.exp(random.gauss(0.0, spread)) for _ in range(count)]


def cost(plan: PollPlan, jobs: Sequence[float]) -> float:
    return fmean(len(polls_at(plan, job)) for job in jobs)


def delays(plan: PollPlan, jobs: Sequence[float]) -> list[float]:
    return sorted(polls_at(plan, job)[-1] - job for job in jobs)


# The ladder ----------------------------------------------------------------------------------------------------


def test_a_ladder_grows_by_half_up_to_its_ceiling() -> None:
    """The first gap comes twice: once to the first poll, and once after it."""
    assert polls_at(LADDER, 60.0) == [5.0, 10.0, 17.5, 28.75, 43.75, 58.75, 73.75]


def test_a_first_gap_above_the_ceiling_is_kept_once_more() -> None:
    """A vendor that is slow to begin is first asked late; then the ceiling counts."""
    assert polls_at(ladder(20.0, 15.0), 60.0) == [20.0, 40.0, 55.0, 70.0]


def test_a_fixed_interval_is_a_ladder_of_one_step() -> None:
    """However many polls there were."""
    fixed = ladder(3.0, 3.0)
    assert {fixed.first(), *(fixed.after(3.0 * polls, polls) for polls in (1, 2, 10, 100_000))} == {3.0}


def test_without_anything_known_the_ladder_is_kept() -> None:
    """The first job of a kind costs what it always did."""
    assert learned((), LADDER) is LADDER


# What was learned ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("typical", [20.0, 60.0, 90.0, 180.0])
def test_as_many_polls_tell_of_the_end_in_less_than_half_the_time(typical: float) -> None:
    """Of jobs like those that are known."""
    known, jobs = durations(50, typical), durations(400, typical, seed=2)
    plan = learned(known, LADDER)
    assert cost(plan, jobs) <= cost(LADDER, jobs)
    assert median(delays(plan, jobs)) < median(delays(LADDER, jobs)) / 2
    assert delays(plan, jobs)[380] < delays(LADDER, jobs)[380]


def test_polls_crowd_where_jobs_end() -> None:
    """There are few before, and gaps widen again once a job is overdue."""
    at = polls_at(learned(durations(50), LADDER), 600.0)
    before, around = [one for one in at if one < 50], [one for one in at if 70 <= one <= 110]
    assert len(before) <= 2
    assert len(around) >= 6
    gaps = [high - low for low, high in itertools.pairwise(at) if low > 200]
    assert all(later > 0.95 * earlier for earlier, later in itertools.pairwise(gaps))
    assert gaps[-1] > 5 * 40 / len(around)


def test_jobs_that_always_take_the_same_are_found_at_once_with_fewer_polls() -> None:
    """More polls would tell nothing new."""
    plan = learned([60.0] * 20, LADDER)
    polls = polls_at(plan, 60.0)
    assert len(polls) < len(polls_at(LADDER, 60.0))
    assert polls[-1] - 60.0 <= 1.5


def test_between_two_kinds_of_jobs_polls_are_few() -> None:
    """A model that answers some requests from a cache, say."""
    random = Random(3)
    known = [random.choice((30.0, 120.0)) * math.exp(random.gauss(0, 0.1)) for _ in range(50)]
    at = polls_at(learned(known, LADDER), 200.0)
    short, between, long = (
        sum(low <= one < high for one in at) / (high - low) for low, high in ((24, 36), (50, 85), (100, 140))
    )
    assert short > 3 * between < long


def test_rare_jobs_that_take_ten_times_as_long_do_not_spoil_the_others() -> None:
    """And are themselves not asked for without end."""
    random = Random(4)
    known = [seconds * (10 if random.random() < 0.05 else 1) for seconds in durations(50)]
    plan = learned(known, LADDER)
    jobs = durations(300, seed=5)
    assert median(delays(plan, jobs)) < median(delays(LADDER, jobs)) / 2
    assert len(polls_at(plan, 900.0)) < 1.5 * len(polls_at(LADDER, 900.0))


@pytest.mark.parametrize("factor", [2.0, 0.5])
def test_a_vendor_whose_speed_changes_is_learned_anew_in_ten_jobs(factor: float) -> None:
    """Fifty jobs of the old speed notwithstanding."""
    changed = durations(10, 90.0 * factor, seed=6)
    plan = learned([*durations(40), *changed], LADDER)
    jobs = durations(300, 90.0 * factor, seed=7)
    assert median(delays(plan, jobs)) < median(delays(LADDER, jobs)) / 2
    assert cost(plan, jobs) < 1.4 * cost(LADDER, jobs)


def test_newer_durations_count_more_than_older_ones() -> None:
    """The same samples in another order are another expectation."""
    old, new = durations(25, 60.0), durations(25, 120.0)
    jobs = durations(200, 120.0, seed=8)
    assert fmean(delays(learned([*old, *new], LADDER), jobs)) < fmean(delays(learned([*new, *old], LADDER), jobs))


def test_no_two_polls_are_closer_than_the_floor() -> None:
    """Some vendors forbid it."""
    at = polls_at(learned([20.0] * 30, LADDER, floor=5.0), 60.0)
    assert min(high - low for low, high in itertools.pairwise(at)) >= 5.0 - 1e-9


# Guesses -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("truth", [90.0, 180.0, 45.0])
def test_a_guess_is_no_worse_than_the_ladder_even_when_it_is_wrong(truth: float) -> None:
    """By a factor of two, either way: nobody hears later of the typical or of the unluckiest end."""
    plan = learned((), LADDER, [Guess(median=90.0, spread=0.6)])
    jobs = durations(400, truth, spread=0.3, seed=9)
    assert median(delays(plan, jobs)) < median(delays(LADDER, jobs))
    assert max(delays(plan, jobs)) <= max(delays(LADDER, jobs)) + 0.1
    assert cost(plan, jobs) < 1.25 * cost(LADDER, jobs)


def test_measurements_outweigh_a_guess() -> None:
    """Four jobs are enough to correct one that is off by four times."""
    guess = Guess(median=360.0, spread=0.4)
    jobs = durations(200, seed=10)
    guessed = learned((), LADDER, [guess])
    measured = learned(durations(4), LADDER, [guess])
    assert median(delays(measured, jobs)) < median(delays(guessed, jobs)) / 1.5


# Any samples at all --------------------------------------------------------------------------------------------


@given(samples=SAMPLES, elapsed=st.floats(0.0, 1e6), polls=st.integers(1, 10**6), floor=st.floats(1.0, 20.0))
def test_every_gap_of_a_learned_plan_is_within_bounds(
    samples: list[float], elapsed: float, polls: int, floor: float
) -> None:
    """Whatever was measured, and however late the last poll came."""
    plan = learned(samples, LADDER, [Guess(median=60.0, spread=0.5)], floor=floor)
    for gap in (plan.first(), plan.after(elapsed, polls)):
        assert floor <= gap <= LONGEST_GAP


@given(samples=SAMPLES.filter(bool), start=st.sampled_from([0.0, 0.001, 2.0, 20.0, 1e6]))
def test_any_ladder_may_be_replaced(samples: list[float], start: float) -> None:
    """One that polls without a pause, too: tests have such."""
    at = polls_at(learned(samples, ladder(start, max(start, 15.0))), 3600.0)
    assert all(high > low for low, high in itertools.pairwise(at))


@given(samples=SAMPLES.filter(bool))
def test_an_expectation_is_a_distribution(samples: list[float]) -> None:
    """Chances are none below nothing, and no more than certainty in all."""
    expectation = expect(samples)
    assert math.isclose(sum(expectation.known), 1.0)
    assert min(expectation.chance) >= 0.0
    assert sum(expectation.chance) <= 1.0 + 1e-9
    assert list(expectation.edges) == sorted(set(expectation.edges))


def test_nothing_is_expected_of_nothing() -> None:
    """It is a mistake of whoever asks."""
    with pytest.raises(ValueError, match="nothing is known"):
        expect(())


# Many at once --------------------------------------------------------------------------------------------------


def test_jobs_that_begin_together_are_polled_apart() -> None:
    """Each always at the same moments; a hundred of them do not share one."""
    plan = learned(durations(50), LADDER)
    plans = [moved_apart(plan, f"gen-vid-{number}") for number in range(100)]
    assert plans == [moved_apart(plan, f"gen-vid-{number}") for number in range(100)]
    moments = {round(polls_at(one, 90.0)[-1], 2) for one in plans}
    assert len(moments) > 50


def test_being_moved_apart_costs_at_most_half_a_poll() -> None:
    """And a ladder stays as it is."""
    plan, jobs = learned(durations(50), LADDER), durations(200, seed=11)
    apart = fmean(len(polls_at(moved_apart(plan, str(job)), job)) for job in jobs)
    assert apart < cost(plan, jobs) + 0.5
    assert moved_apart(LADDER, "gen-vid-1") is LADDER


def test_a_poll_that_comes_late_does_not_bring_the_next_one_forward() -> None:
    """What counts is how old the job is, and not how many polls there have been."""
    plan = learned(durations(50), LADDER)
    assert plan.after(85.0, 1) == plan.after(85.0, 30)
