"""Lengths of time, as people type them."""

from datetime import UTC, datetime, timedelta

import pytest
import typer

from reelrouter.cli.durations import moment_of, seconds_of


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("90s", 90), ("15m", 900), ("12h", 43200), ("30d", 2592000), (" 2w ", 1209600)],
)
def test_a_length_has_a_number_and_a_unit(text: str, seconds: int) -> None:
    """Seconds, where it has none."""
    assert seconds_of(text, "--retention") == seconds


@pytest.mark.parametrize("text", ["", "d", "1.5h", "-3d", "3 days", "1y", "9" * 10])
def test_other_texts_end_the_command_with_advice(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Which names the option."""
    with pytest.raises(typer.Exit) as ended:
        seconds_of(text, "--retention")
    assert ended.value.exit_code == 2
    assert "--retention must be a length of time" in capsys.readouterr().err


def test_a_moment_is_a_length_from_now_a_day_or_itself() -> None:
    """Days begin at midnight, by UTC."""
    soon = datetime.fromisoformat(moment_of("30d", "--expires"))
    assert timedelta(days=29) < soon - datetime.now(UTC) <= timedelta(days=30)
    assert moment_of("2027-01-31", "--expires") == "2027-01-31T00:00:00Z"
    assert moment_of("2027-01-31T12:00:00Z", "--expires") == "2027-01-31T12:00:00Z"


def test_a_length_beyond_the_calendar_ends_the_command() -> None:
    """In place of a traceback."""
    with pytest.raises(typer.Exit):
        moment_of("999999999w", "--expires")
