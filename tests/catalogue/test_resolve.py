from dataclasses import replace
from decimal import Decimal

import pytest

from reelrouter.catalogue.check import check
from reelrouter.catalogue.model import Defaults
from reelrouter.catalogue.request import FrameType, Inputs
from reelrouter.catalogue.resolve import Resolved
from reelrouter.money import nanos
from tests.catalogue.examples import (
    ANIMATIC,
    HAILUO,
    LIVE,
    SEEDANCE,
    VEO,
    ask,
    frames,
    model,
    picture,
    plan,
)


@pytest.mark.parametrize(
    ("model_id", "duration", "resolution", "pixels"),
    [
        (VEO, 6, "720p", (1280, 720)),
        (SEEDANCE, 5, "720p", (1280, 720)),
        (HAILUO, 5, "2K", (2560, 1440)),
        (ANIMATIC, 5, "720p", (1280, 720)),
    ],
)
def test_a_bare_prompt_gets_the_documented_defaults(
    model_id: str, duration: int, resolution: str, pixels: tuple[int, int]
) -> None:
    """Five seconds or the least above, 720p or the lowest, 16:9, with sound where the model can."""
    found = plan(model_id).resolved
    assert found == Resolved(
        duration=duration,
        width=pixels[0],
        height=pixels[1],
        resolution=resolution,
        aspect_ratio="16:9",
        fps=24,
        audio=True,
        seed=None,
    )


def test_the_longest_video_is_the_default_where_all_are_short() -> None:
    """Without five seconds or more in the list, its greatest length is taken."""
    short = replace(model(VEO), supported_durations=(2, 4, 3))
    assert check(ask(VEO), short, Inputs(), LIVE).resolved.duration == 4


def test_a_rows_own_defaults_win() -> None:
    """What the row says goes before the general rule, and after the request."""
    row = replace(model(VEO), defaults=Defaults(duration=8, resolution="1080p", aspect_ratio="9:16"))
    silent = check(ask(VEO), row, Inputs(), LIVE).resolved
    assert (silent.duration, silent.width, silent.height) == (8, 1080, 1920)
    asked = check(ask(VEO, duration=4, resolution="720p", aspect_ratio="16:9"), row, Inputs(), LIVE).resolved
    assert (asked.duration, asked.width, asked.height) == (4, 1280, 720)


@pytest.mark.parametrize(
    ("role", "size", "aspect_ratio"),
    [
        ("first_frame", (1000, 1500), "2:3"),
        ("first_frame", (4000, 3000), "4:3"),
        ("last_frame", (500, 500), "1:1"),
    ],
)
def test_the_shape_follows_the_frame_image(role: FrameType, size: tuple[int, int], aspect_ratio: str) -> None:
    """Without a word on shape, the listed ratio nearest to the picture is taken."""
    media = picture(*size)
    inputs = Inputs(first_frame=media) if role == "first_frame" else Inputs(last_frame=media)
    assert plan(ANIMATIC, inputs, frame_images=frames(role)).resolved.aspect_ratio == aspect_ratio
    said = plan(ANIMATIC, inputs, frame_images=frames(role), aspect_ratio="21:9")
    assert said.resolved.aspect_ratio == "21:9"


def test_explicit_pixels_win() -> None:
    """A size alone says resolution and ratio, and its pixels are what is promised."""
    found = plan(SEEDANCE, size="480x854").resolved
    assert (found.width, found.height, found.resolution, found.aspect_ratio) == (480, 854, "480p", "9:16")
    found = plan(SEEDANCE, size="480x480", resolution="480p", aspect_ratio="1:1").resolved
    assert (found.width, found.height) == (480, 480)


def test_names_are_turned_into_the_pixels_that_the_vendor_makes() -> None:
    """480p at 1:1 is 640x640 with this vendor, and the price is for those pixels."""
    found = plan(SEEDANCE, resolution="480p", aspect_ratio="1:1", duration=4)
    assert (found.resolved.width, found.resolved.height) == (640, 640)
    assert found.estimate == nanos(Decimal("0.0000042") * 640 * 640 * 96 / 1024)


def test_a_size_may_be_asked_for_where_the_row_lists_none() -> None:
    """A row without sizes takes those that its resolutions and ratios come to."""
    assert plan(HAILUO, size="3360x1440").resolved.aspect_ratio == "21:9"


def test_sound_can_be_declined() -> None:
    """Silence is cheaper where the row says so."""
    silent, loud = plan(VEO, generate_audio=False), plan(VEO)
    assert (silent.resolved.audio, loud.resolved.audio) == (False, True)
    assert silent.estimate == nanos(Decimal("0.18"))
    assert loud.estimate == nanos(Decimal("0.30"))


@pytest.mark.parametrize(("asked", "audio"), [(None, False), (True, True), (False, False)])
def test_sound_is_off_where_nobody_knows_whether_the_model_can(asked: bool | None, audio: bool) -> None:
    """An unknown capability may be asked for, and is not taken for granted."""
    row = replace(model(SEEDANCE), generate_audio=None)
    assert check(ask(SEEDANCE, generate_audio=asked), row, Inputs(), LIVE).resolved.audio is audio
