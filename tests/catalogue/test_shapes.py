from typing import Any

import pytest

from reelrouter.catalogue.model import Shape
from reelrouter.catalogue.request import Inputs
from reelrouter.catalogue.shapes import MOST_PIXELS, SIDES, shape_of
from reelrouter.errors import InvalidRequest, Problem
from reelrouter.renderer.animatic.job import SIDES as RENDERED
from tests.catalogue.examples import (
    ALEPH,
    FLUX_3,
    FLUX_EDIT,
    FLUX_UPSCALE,
    ask,
    clip,
    model,
    picture,
    references,
)

JOB = "gen-vid-1790983457-AbCdEfGhIjKlMnOpQrSt"


def shape(model_id: str, size: tuple[int, int], **parts: Any) -> Shape:
    request = ask(model_id, references=references("video"), **parts)
    return shape_of(request, model(model_id), Inputs(references=(clip(2.0, *size),)))


def refused(model_id: str, size: tuple[int, int], **parts: Any) -> Problem:
    with pytest.raises(InvalidRequest) as caught:
        shape(model_id, size, **parts)
    (problem,) = caught.value.problems
    return problem


@pytest.mark.parametrize(
    ("size", "aspect_ratio", "pixels"),
    [
        ((1281, 721), None, (1280, 720)),
        ((1280, 720), "16:9", (1280, 720)),
        ((1280, 720), "1:1", (720, 720)),
        ((1280, 720), "9:16", (404, 720)),
        ((1280, 720), "21:9", (1280, 548)),
        ((720, 1280), "4:3", (720, 540)),
    ],
)
def test_an_edit_keeps_its_videos_pixels_and_may_be_cut_to_a_ratio(
    size: tuple[int, int], aspect_ratio: str | None, pixels: tuple[int, int]
) -> None:
    """A ratio that is asked for is cut out of the picture; nothing is scaled, and both sides are even."""
    found = shape(ALEPH, size, aspect_ratio=aspect_ratio)
    assert (found.width, found.height) == pixels
    assert (found.resolution, found.aspect_ratio) == (None, aspect_ratio)


def test_a_video_is_enlarged_by_the_exact_factor() -> None:
    """1.7 times a hundred is 170, whatever a binary fraction makes of it."""
    found = shape(FLUX_UPSCALE, (100, 50), upscale_factor=1.7)
    assert (found.width, found.height) == (170, 84)


@pytest.mark.parametrize(
    ("size", "factor", "field", "allowed"),
    [
        ((2560, 1440), 3.0, "upscale_factor", (1.5, 2.25)),
        ((3840, 2160), None, "upscale_factor", (1.5, 1.5)),
        ((4000, 2200), None, "input_references[0].video_url.url", None),
        ((6000, 100), 1.5, "input_references[0].video_url.url", None),
    ],
)
def test_an_enlarged_video_must_be_one_that_can_be_made(
    size: tuple[int, int], factor: float | None, field: str, allowed: Any
) -> None:
    """Too large a factor is named with the greatest that would do; where none would do, the video is named."""
    problem = refused(FLUX_UPSCALE, size, upscale_factor=factor)
    assert (problem.field, problem.allowed) == (field, allowed)
    assert str(MOST_PIXELS) in problem.message


def test_the_factor_that_is_named_would_do() -> None:
    """Whoever takes the advice is not refused again."""
    problem = refused(FLUX_UPSCALE, (2700, 1500), upscale_factor=3.0)
    assert problem.allowed is not None
    assert shape(FLUX_UPSCALE, (2700, 1500), upscale_factor=problem.allowed[1]).width <= SIDES[1]


@pytest.mark.parametrize("size", [(8, 8), (15, 400), (8200, 100), (8000, 4000)])
def test_a_video_whose_size_cannot_be_made_is_refused(size: tuple[int, int]) -> None:
    """Before anybody is billed for it."""
    problem = refused(FLUX_EDIT, size)
    assert problem.field == "input_references[0].video_url.url"
    assert "16 to 8192" in problem.message


def test_the_limits_are_the_renderers() -> None:
    """The two stand in different packages and must not drift apart."""
    assert SIDES == RENDERED


@pytest.mark.parametrize(
    ("size", "parts", "names"),
    [
        ((1920, 1080), {}, ("1080p", "16:9")),
        ((1080, 1920), {}, ("1080p", "9:16")),
        ((720, 720), {"resolution": "1080p"}, ("1080p", "1:1")),
        ((1080, 1080), {"aspect_ratio": "21:9"}, ("1080p", "21:9")),
        ((1281, 1900), {}, ("720p", "3:4")),
        (None, {}, ("720p", "16:9")),
    ],
)
def test_a_job_goes_on_in_the_shape_of_the_one_before(
    size: tuple[int, int] | None, parts: dict[str, Any], names: tuple[str, str]
) -> None:
    """The earlier video's resolution and ratio where the row lists them; else the nearest ratio."""
    inputs = Inputs(previous=clip(5.0, *size) if size else None)
    found = shape_of(ask(FLUX_3, previous_job_id=JOB, **parts), model(FLUX_3), inputs)
    assert (found.resolution, found.aspect_ratio) == names


def test_a_frame_gives_its_ratio() -> None:
    """The listed one that crops the picture least."""
    inputs = Inputs(first_frame=picture(500, 520))
    assert shape_of(ask(FLUX_3), model(FLUX_3), inputs).aspect_ratio == "1:1"
