"""A rate: even, with a little saved up, and never more."""

from hypothesis import given
from hypothesis import strategies as st

from reelrouter.turnstile import Turnstile

NOW = 1_800_000_000.0


def test_a_pause_saves_up_a_few_and_no_more() -> None:
    """Six seconds' worth may pass at once, however long nobody came."""
    turnstile = Turnstile(rate=60)
    assert turnstile.room(NOW) == 6
    turnstile.pass_through(6, NOW)
    assert turnstile.room(NOW) == 0
    assert turnstile.room(NOW + 86_400) == 6


def test_places_come_back_one_by_one() -> None:
    """At sixty a minute, one each second."""
    turnstile = Turnstile(rate=60)
    turnstile.pass_through(6, NOW)
    assert [turnstile.room(NOW + seconds) for seconds in (0.5, 1.5, 2.5, 4.5)] == [0, 1, 2, 4]
    turnstile.pass_through(1, NOW + 1.5)
    assert turnstile.room(NOW + 1.6) == 0


def test_a_slow_rate_still_lets_one_through() -> None:
    """Two an hour is one now, and one in half an hour."""
    turnstile = Turnstile(rate=2 / 60)
    assert turnstile.room(NOW) == 1
    turnstile.pass_through(1, NOW)
    assert turnstile.room(NOW + 1799) == 0
    assert turnstile.room(NOW + 1801) == 1


def test_a_clock_that_goes_back_gives_nothing_away() -> None:
    """An hour that comes twice is counted once."""
    turnstile = Turnstile(rate=60)
    turnstile.pass_through(6, NOW)
    assert turnstile.room(NOW - 3600) == 0


def test_a_clock_that_was_set_back_does_not_shut_it() -> None:
    """Places come back as they always do, and not only once the clock has caught up."""
    turnstile = Turnstile(rate=60)
    turnstile.pass_through(6, NOW)
    assert turnstile.room(NOW - 3600) == 0
    assert turnstile.room(NOW - 3598) == 2


@given(rate=st.floats(0.5, 600), pauses=st.lists(st.floats(0.0, 30.0), min_size=1, max_size=100))
def test_no_minute_sees_more_than_its_rate_and_what_was_saved(rate: float, pauses: list[float]) -> None:
    """Whoever takes all that is offered, whenever they come, stays below the rate but for one burst."""
    turnstile, now, passed = Turnstile(rate), NOW, 0
    for pause in pauses:
        now += pause
        room = turnstile.room(now)
        turnstile.pass_through(room, now)
        passed += room
        assert passed <= (now - NOW) * rate / 60 + max(1.0, rate / 10) + 1e-6


@given(rate=st.floats(0.5, 600), burst=st.floats(0.1, 120), passed=st.integers(0, 40), pause=st.floats(0.0, 30.0))
def test_after_the_wait_that_it_names_one_may_pass(rate: float, burst: float, passed: int, pause: float) -> None:
    """And there is nothing to wait for exactly where there is room."""
    turnstile, now = Turnstile(rate, burst), NOW
    turnstile.pass_through(min(passed, turnstile.room(now)), now)
    now += pause
    wait = turnstile.wait(now)
    assert (wait == 0.0) == (turnstile.room(now) > 0)
    assert turnstile.room(now + wait + 1e-3) > 0
