import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelrouter.catalogue.sizes import (
    ASPECT_RATIOS,
    SHORT_SIDES,
    cut_to,
    floor_even,
    named_pixels,
    nearest_ratio,
    parse_size,
)


@pytest.mark.parametrize(
    ("resolution", "aspect_ratio", "pixels"),
    [
        ("720p", "16:9", (1280, 720)),
        ("480p", "16:9", (854, 480)),
        ("768p", "9:16", (768, 1366)),
        ("1080p", "1:1", (1080, 1080)),
        ("360p", "21:9", (840, 360)),
        ("1K", "16:9", (1024, 576)),
        ("2K", "3:4", (1440, 1920)),
        ("4K", "9:21", (2160, 5040)),
    ],
)
def test_a_resolution_names_the_short_side(resolution: str, aspect_ratio: str, pixels: tuple[int, int]) -> None:
    """The short side is the name's number, the long side follows the ratio and is even."""
    assert named_pixels(resolution, aspect_ratio) == pixels


@pytest.mark.parametrize("resolution", SHORT_SIDES)
@pytest.mark.parametrize("aspect_ratio", ASPECT_RATIOS)
def test_every_named_size_is_even_and_close_to_its_ratio(resolution: str, aspect_ratio: str) -> None:
    """Rounding to even moves a side by one pixel at most."""
    width, height = named_pixels(resolution, aspect_ratio)
    across, down = map(int, aspect_ratio.split(":"))
    assert width % 2 == 0
    assert height % 2 == 0
    assert abs(width - height * across / down) <= max(1, across / down)
    assert nearest_ratio(width, height, ASPECT_RATIOS) == aspect_ratio


def test_tall_and_wide_pictures_are_treated_alike() -> None:
    """A picture's nearest ratio, turned by a quarter, is the turned picture's nearest ratio."""
    assert nearest_ratio(1500, 1000, ["16:9", "4:3", "1:1"]) == "4:3"
    assert nearest_ratio(1000, 1500, ["9:16", "3:4", "1:1"]) == "3:4"


@pytest.mark.parametrize(
    "text", ["1280X720", "1280*720", "1280 x 720", "720p", "0x720", "x", "", "\u0661\u0662x12"]
)
def test_other_spellings_are_not_sizes(text: str) -> None:
    """Only two plain numbers joined by a small x are a size."""
    assert parse_size(text) is None


@given(st.integers(min_value=10, max_value=99999), st.integers(min_value=10, max_value=99999))
def test_a_size_reads_back(width: int, height: int) -> None:
    """What is written as WIDTHxHEIGHT is read as the same numbers."""
    assert parse_size(f"{width}x{height}") == (width, height)


def test_odd_pixels_lose_one() -> None:
    """An input's odd side is cut to what a video can hold, and never to nothing."""
    assert [floor_even(pixels) for pixels in (721, 720, 1)] == [720, 720, 2]


@given(st.sampled_from(ASPECT_RATIOS), st.integers(16, 8192), st.integers(16, 8192))
def test_a_picture_that_is_cut_keeps_one_side_whole(aspect_ratio: str, width: int, height: int) -> None:
    """What is left has the ratio to within a pixel, lies inside the picture, and is as large as can be."""
    across, down = map(int, aspect_ratio.split(":"))
    left = cut_to(aspect_ratio, width, height)
    assert left[0] == width or left[1] == height
    assert left[0] <= width
    assert left[1] <= height
    assert abs(left[0] * down - left[1] * across) < max(across, down)
