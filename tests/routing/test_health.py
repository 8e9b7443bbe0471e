"""Rolling health: a breaker that opens on an endpoint's own faults, and knows what proves nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelrouter.routing.health import MOST_ENDS, End, Health, condition, health
from reelrouter.work import FailureClass

NOW = 1_800_000_000_000
OWN = [FailureClass.TRANSIENT, FailureClass.UNKNOWN_SUBMIT, FailureClass.DRIFT]
AT_ONCE = [FailureClass.AUTH, FailureClass.QUOTA_BILLING]
THE_JOBS = [FailureClass.USER_ERROR, FailureClass.POLICY_INPUT, FailureClass.POLICY_OUTPUT]
NEITHER = [one for one in FailureClass if one not in (*OWN, *AT_ONCE, *THE_JOBS)]


def end(second: float, failure: FailureClass | None = None, took: float = 0.0, *, finished: bool = False) -> End:
    """One that ended so many seconds after the beginning of time."""
    ended_at = NOW + round(second * 1000)
    return End(began_at=ended_at - round(took * 1000), ended_at=ended_at, finished=finished, failure=failure)


def done(second: float, took: float = 0.0) -> End:
    return end(second, took=took, finished=True)


def down(second: float, took: float = 0.0) -> End:
    return end(second, FailureClass.TRANSIENT, took)


def at(second: float, *ends: End) -> Health:
    return health(ends, NOW + round(second * 1000))


def test_of_whom_nothing_is_known_nothing_is_held_against() -> None:
    """A new account is as good as any."""
    assert at(0) == Health(state="closed", open_until=None, failures=0, success=None, latency=None)


@pytest.mark.parametrize("failure", OWN)
def test_three_failures_in_a_row_open_it(failure: FailureClass) -> None:
    """For half a minute, from the third."""
    ends = [end(second, failure) for second in (0, 1, 2)]
    assert at(2, *ends[:2]).state == "closed"
    assert [at(second, *ends).state for second in (2, 31.9, 32, 500)] == ["open", "open", "half_open", "half_open"]
    assert at(2, *ends).open_until == NOW + 32_000


@pytest.mark.parametrize("failure", AT_ONCE)
def test_a_failure_that_every_job_would_meet_opens_it_at_once(failure: FailureClass) -> None:
    """A key that is refused is refused for all; an empty account is empty for all."""
    assert at(1, done(0), end(1, failure)).state == "open"


@pytest.mark.parametrize("failure", NEITHER)
def test_what_says_nothing_of_the_endpoint_changes_nothing(failure: FailureClass) -> None:
    """A vendor that has no place is at work; an owner's cancel is the owner's."""
    assert at(9, *(end(second, failure) for second in range(9))).state == "closed"
    assert at(2, down(0), down(1), end(1.5, failure), down(2)).state == "open"
    assert at(9, end(0, failure)).success is None


@pytest.mark.parametrize("sign", [done(1.5), *(end(1.5, failure) for failure in THE_JOBS)])
def test_a_sign_of_life_begins_the_count_anew(sign: End) -> None:
    """A video, or a refusal that is the job's own fault."""
    assert at(2, down(0), down(1), sign, down(2)).failures == 1
    assert at(2, down(0), down(1), sign, down(2)).state == "closed"


def test_each_try_that_fails_doubles_the_pause_up_to_ten_minutes() -> None:
    """A try is an attempt that began after the pause."""
    ends = [down(0), down(0), down(0)]
    pauses = []
    for _ in range(7):
        until = at(0, *ends).open_until
        assert until is not None
        pauses.append((until - ends[-1].ended_at) / 1000)
        ends.append(down((until - NOW) / 1000))
    assert pauses == [30, 60, 120, 240, 480, 600, 600]


def test_failures_of_those_that_were_under_way_do_not_count_as_tries() -> None:
    """A hundred jobs that go down together say no more than three."""
    together = [down(second, took=60) for second in range(20)]
    assert at(20, *together).open_until == NOW + 32_000
    late = down(40, took=60)
    assert at(40, *together, late).state == "half_open"


def test_a_try_that_succeeds_closes_it() -> None:
    """And all is forgotten: the next trouble begins with the short pause."""
    ends = [down(0), down(0), down(0), down(31), done(120, took=20)]
    assert at(120, *ends).state == "closed"
    again = [down(121), down(122), down(123)]
    assert at(123, *ends, *again).open_until == NOW + 153_000


def test_a_success_that_began_before_the_trouble_proves_nothing() -> None:
    """Its vendor still finishes what it has; whether it takes more, nobody knows."""
    ends = [down(100), down(101), down(102), done(110, took=100)]
    assert at(110, *ends).state == "open"
    assert at(110, down(100), down(101), done(101.5, took=50), down(102)).state == "open"


def test_the_share_of_success_leaves_out_what_was_the_jobs_own_fault() -> None:
    """Three of four, whatever else was refused or cancelled."""
    ends = [done(0), done(1), done(2), down(3), end(4, FailureClass.POLICY_INPUT), end(5), end(6)]
    assert at(6, *ends).success == 0.75


def test_latency_is_the_median_of_what_finished() -> None:
    """One that hung for an hour does not spoil it, and failures have none."""
    assert at(9000, done(1, took=40), done(2, took=60), done(3, took=3600), down(4, took=1)).latency == 60.0
    assert at(9000, down(4, took=1)).latency is None


def test_an_endpoint_is_as_quick_as_its_quickest_account() -> None:
    """Those that never finished anything have no say."""
    quick, slow, unknown = (Health(latency=latency) for latency in (10.0, 90.0, None))
    known = {("a", "1"): slow, ("a", "2"): quick, ("a", "3"): unknown, ("b", "1"): unknown}
    assert condition(known).latency == {"a": 10.0}


def test_only_those_in_trouble_are_named() -> None:
    """Where nobody is, choosing has nothing to look up."""
    known = {("a", "1"): Health(state="half_open"), ("a", "2"): Health(), ("b", "1"): Health(state="open")}
    found = condition(known, frozenset({"b"}))
    assert found.trouble == {("a", "1"): "half_open", ("b", "1"): "open"}
    assert found.drifting == {"b"}


FAILURES = st.sampled_from([None, *FailureClass])


@given(
    st.lists(st.tuples(st.floats(0, 2000), st.floats(0, 300), FAILURES, st.booleans()), max_size=MOST_ENDS),
    st.floats(0, 4000),
)
def test_whatever_happened_there_is_an_answer(
    happened: list[tuple[float, float, FailureClass | None, bool]], second: float
) -> None:
    """Open only with an hour at which it ends, never longer than ten minutes after the last end."""
    ends = [
        end(ended, None if finished else failure, took, finished=finished)
        for ended, took, failure, finished in sorted(happened, key=lambda one: one[0])
    ]
    found = at(second, *ends)
    assert (found.state == "closed") == (found.open_until is None)
    if found.open_until is not None:
        assert found.open_until <= ends[-1].ended_at + 600_000
        assert (found.state == "open") == (NOW + round(second * 1000) < found.open_until)
    assert found.success is None or 0 <= found.success <= 1
    assert found.latency is None or found.latency >= 0
