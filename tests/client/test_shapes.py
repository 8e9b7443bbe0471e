"""The seconds and the pixels that a request comes to, held against what the catalogue makes of the same row."""

from decimal import Decimal

import pytest

from reelrouter.client.shapes import Unlisted, factor_of, picture_of, pictures, seconds_of
from reelrouter.client.wishes import Wish
from tests.client.rows import ours, row


def test_every_listed_size_has_a_resolution_and_a_ratio_of_its_row() -> None:
    """Sizes that no name gives belong to the resolution with about as many pixels."""
    for model in ours():
        for size, shape in pictures(model).items():
            assert size == f"{shape.width}x{shape.height}"
            assert shape.resolution in (model.supported_resolutions or ())
            assert shape.aspect_ratio in (model.supported_aspect_ratios or ("16:9",))
        assert set(model.supported_sizes or ()) <= set(pictures(model))


def test_a_size_that_two_names_could_give_is_the_listed_one() -> None:
    """Seedance 2.5 lists the pixels that its vendor makes, and they are not those of the name."""
    picture = picture_of(Wish(resolution="480p", aspect_ratio="4:3"), row("bytedance/seedance-2.5"))
    assert (picture.width, picture.height) == (752, 560)


@pytest.mark.parametrize(
    ("listed", "seconds"),
    [((4, 6, 8), 6), ((5, 10), 5), ((1, 2, 3), 3), (None, 5), ((), 5), ((0,), 5)],
)
def test_the_usual_length_is_five_seconds_or_the_next_above(listed: tuple[int, ...] | None, seconds: int) -> None:
    """Where the request names none; the greatest, if none is as long."""
    assert seconds_of(Wish(), row("google/veo-3.1", supported_durations=listed)) == Decimal(seconds)
    assert seconds_of(Wish(duration=8), row("google/veo-3.1", supported_durations=listed)) == Decimal(8)


def test_a_picture_that_the_row_does_not_list_is_no_guess() -> None:
    """It is named."""
    with pytest.raises(Unlisted, match=r"google/veo-3\.1-lite lists no 4K at 16:9"):
        picture_of(Wish(resolution="4K"), row("google/veo-3.1-lite"))


def test_a_video_is_made_twice_as_large_where_nothing_else_is_said() -> None:
    """Or as near to it as the row allows."""
    upscaler = row("black-forest-labs/flux-video-upscale")
    assert factor_of(Wish(), upscaler) == 2.0
    assert factor_of(Wish(upscale_factor=1.5), upscaler) == 1.5
    assert factor_of(Wish(), row("google/veo-3.1")) == 1.0
    picture = picture_of(Wish(), upscaler)
    assert (picture.width, picture.height, picture.resolution) == (2560, 1440, None)
