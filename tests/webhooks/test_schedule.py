"""When a webhook is sent again."""

from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelrouter.settings import Settings
from reelrouter.webhooks.schedule import LONGEST_WAIT, Again, Delivered, GivenUp, Next, Result, Schedule

SCHEDULE = Schedule((0, 5, 30, 120))
NOW = 1_800_000_000.0
MIDDLE = 0.5
"""The draw that leaves a pause as it is."""


def after(tries: int, result: Result, draw: float = MIDDLE) -> Next:
    return SCHEDULE.after(tries, result, NOW, draw)


def pause(tries: int, result: Result, draw: float = MIDDLE) -> float:
    """Seconds until it is sent again."""
    then = after(tries, result, draw)
    assert isinstance(then, Again)
    return round(then.at - NOW, 6)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_2xx_is_success(status: int) -> None:
    """Whatever the body says; the last attempt may be the first to succeed."""
    assert after(1, Result(status=status)) == Delivered()
    assert after(4, Result(status=status)) == Delivered()


@pytest.mark.parametrize("status", [None, 100, 301, 302, 307, 308, 400, 401, 404, 429, 500, 503])
def test_everything_else_is_sent_again(status: int | None) -> None:
    """A redirect too: nobody asked for where it leads to be told."""
    assert pause(1, Result(status=status)) == 5


def test_the_pauses_are_those_of_the_schedule() -> None:
    """Each from the end of the attempt before; after the last attempt it is given up."""
    refused = Result(status=500)
    assert [pause(tries, refused) for tries in (1, 2, 3)] == [5, 30, 120]
    assert after(4, refused) == GivenUp()


def test_an_attempt_beyond_the_schedule_is_the_last_again() -> None:
    """A delivery that was replayed after it had been given up."""
    assert after(9, Result(status=500)) == GivenUp()
    assert after(9, Result(status=200)) == Delivered()


def test_a_receiver_that_is_gone_is_left_alone() -> None:
    """410 says that it will not come back."""
    assert after(1, Result(status=410)) == GivenUp()


@pytest.mark.parametrize(("draw", "expected"), [(0.0, 27.0), (0.25, 28.5), (0.5, 30.0), (1 - 1e-9, 33.0)])
def test_pauses_vary_by_a_tenth(draw: float, expected: float) -> None:
    """What failed together does not come back together."""
    assert pause(2, Result(status=500), draw) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("60", 60.0),
        ("0", 5.0),
        ("3", 5.0),
        ("999999999", LONGEST_WAIT),
        ("9" * 400, LONGEST_WAIT),
        (format_datetime(datetime.fromtimestamp(NOW + 90, UTC), usegmt=True), 90.0),
        (format_datetime(datetime.fromtimestamp(NOW + 90, UTC)), 90.0),
        (format_datetime(datetime.fromtimestamp(NOW - 90, UTC), usegmt=True), 5.0),
        ("-5", 5.0),
        ("1.5", 5.0),
        ("soon", 5.0),
        ("", 5.0),
        ("\N{ARABIC-INDIC DIGIT NINE}", 5.0),
    ],
)
def test_a_receiver_that_asks_to_be_left_alone_is(asked: str, expected: float) -> None:
    """For as long as it says, within the next pause and a day."""
    assert pause(1, Result(status=503, retry_after=asked)) == expected


@given(st.text(max_size=60), st.integers(1, 5), st.floats(0, 1, exclude_max=True))
def test_no_header_brings_it_out_of_step(asked: str, tries: int, draw: float) -> None:
    """Whatever a receiver sends, the next attempt is between the pause and a day away, or there is none."""
    then = SCHEDULE.after(tries, Result(status=429, retry_after=asked), NOW, draw)
    if isinstance(then, Again):
        assert NOW + SCHEDULE.pauses[tries] * 0.9 <= then.at <= NOW + LONGEST_WAIT
    else:
        assert then == GivenUp()


def test_the_default_goes_on_for_more_than_a_day() -> None:
    """Eight attempts: at once, then after 5 s, 30 s, 2 min, 10 min, 1 h, 6 h and 24 h."""
    assert Settings().webhook_schedule == (0, 5, 30, 120, 600, 3600, 21_600, 86_400)


@pytest.mark.parametrize("text", ["", "5", "1,2", "0,-1", "0,soon", "0,1000000", "0,nan", "0" + ",1" * 100])
def test_a_schedule_that_makes_no_sense_is_refused(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the start, and not when something is to be delivered."""
    monkeypatch.setenv("REELROUTER_WEBHOOK_SCHEDULE", text)
    with pytest.raises(ValueError, match="webhook_schedule"):
        Settings()
