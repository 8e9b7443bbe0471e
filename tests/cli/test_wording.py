"""Values as tables show them."""

from decimal import Decimal

import pytest

from reelrouter.cli import wording
from reelrouter.client.results import Model, References


def model(**fields: object) -> Model:
    return Model(id="a/b", name="B", **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("amount", "shown"),
    [("0", "$0.00"), ("0.4", "$0.40"), ("0.0988", "$0.0988"), ("0.000112", "$0.000112"), ("1234.5", "$1234.50")],
)
def test_dollars_have_cents_and_as_many_places_as_say_something(amount: str, shown: str) -> None:
    """An unknown price is a dash, and never nothing."""
    assert wording.dollars(Decimal(amount)) == shown
    assert wording.dollars(None) == wording.NOTHING


@pytest.mark.parametrize(
    ("listed", "shown"),
    [((8, 4, 6), "4 6 8"), (tuple(range(4, 16)), "4-15"), ((4, 8, 12, 20), "4…20"), (None, "-")],
)
def test_lengths_take_little_room(listed: tuple[int, ...] | None, shown: str) -> None:
    """Whole ranges as a range, few as they are, many by their ends."""
    assert wording.seconds(model(supported_durations=listed)) == shown


def test_resolutions_go_from_small_to_large() -> None:
    """The `p` stands once for neighbours; many are told by their ends."""
    some = model(supported_resolutions=("4K", "1080p", "720p"))
    assert wording.resolutions(some, most=4) == "720 1080p 4K"
    assert wording.resolutions(some, most=2) == "720…4K"


def test_what_is_not_stated_is_told_from_none() -> None:
    """A server that does not say is no server that says no."""
    frames = ("first_frame", "last_frame")
    assert wording.letters(model(supported_frame_images=frames)) == "FL ?i"
    stated = model(supported_frame_images=frames, supported_references=References(image=9, video=0, audio=3))
    assert wording.letters(stated) == "FL 9i 3a"
    assert wording.references(stated) == "9 img 3 aud"
    assert [wording.known(flag) for flag in (True, False, None)] == ["yes", "no", "?"]


def test_sizes_and_ages_are_told_in_one_unit() -> None:
    """The largest that fits."""
    assert [wording.size(count) for count in (812, 1400, 2_500_000)] == ["812 bytes", "1.4 kB", "2.5 MB"]
    assert [wording.duration(length) for length in (0.2, 59, 61, 7200, 90000)] == [
        "0 s",
        "59 s",
        "1 min",
        "2 h",
        "1 d",
    ]
