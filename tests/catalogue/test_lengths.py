from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from reelrouter.catalogue.lengths import RENDERED_SECONDS, asked_seconds, seconds
from reelrouter.catalogue.model import ModelSpec
from reelrouter.catalogue.request import Inputs
from reelrouter.errors import InvalidRequest, Problem
from reelrouter.renderer.animatic.job import LONGEST
from reelrouter.work import Media
from tests.catalogue.examples import ALEPH, AVATAR, VEO, ask, clip, model, picture, references, sound

SPEAKER = picture(600, 800)


def refused(model_id: str, media: tuple[Media, ...], kinds: Any, *, test: bool = False) -> Problem:
    with pytest.raises(InvalidRequest) as caught:
        seconds(ask(model_id, references=kinds), model(model_id), Inputs(references=media), test=test)
    (problem,) = caught.value.problems
    return problem


@pytest.mark.parametrize(
    ("asked", "listed", "default", "length"),
    [(4, (8, 4, 6), None, 4), (None, (8, 4, 6), None, 6), (None, (2, 4, 3), None, 4), (None, (5, 8), 8, 8)],
)
def test_a_length_is_asked_for_or_filled_in(
    asked: int | None, listed: tuple[int, ...], default: int | None, length: int
) -> None:
    """The request's, else the row's default, else five seconds or the least above, else the greatest."""
    veo = model(VEO)
    row: ModelSpec = replace(veo, supported_durations=listed, defaults=replace(veo.defaults, duration=default))
    assert asked_seconds(ask(VEO, duration=asked), row) == length


def test_an_edit_is_exactly_as_long_as_its_video() -> None:
    """To the digit that was measured: the price is by the second."""
    request = ask(ALEPH, references=references("video"))
    found = seconds(request, model(ALEPH), Inputs(references=(clip(6.417),)), test=False)
    assert found == Decimal("6.417")


@pytest.mark.parametrize(("length", "expected"), [(7.25, "7.25"), (0.4, "0.4"), (30.0, "30")])
def test_an_avatar_is_exactly_as_long_as_its_recording(length: float, expected: str) -> None:
    """Neither rounded nor cut."""
    request = ask(AVATAR, references=references("image", "audio"))
    inputs = Inputs(references=(SPEAKER, sound(length)))
    assert seconds(request, model(AVATAR), inputs, test=True) == Decimal(expected)


def test_an_avatar_that_says_a_text_is_taken_for_five_seconds() -> None:
    """Nobody knows before it is said; the bill is for what came out."""
    request = ask(AVATAR, references=references("image"))
    assert seconds(request, model(AVATAR), Inputs(references=(SPEAKER,)), test=False) == 5


@pytest.mark.parametrize(
    ("model_id", "kinds", "media", "field"),
    [
        (ALEPH, ("video",), (clip(None),), "input_references[0].video_url.url"),
        (ALEPH, ("video",), (), "input_references[0].video_url.url"),
        (AVATAR, ("image", "audio"), (SPEAKER, sound(None)), "input_references[1].audio_url.url"),
    ],
)
def test_a_length_that_could_not_be_read_is_not_guessed(
    model_id: str, kinds: Any, media: tuple[Media, ...], field: str
) -> None:
    """A price may not rest on it."""
    problem = refused(model_id, media, references(*kinds))
    assert problem.field == field
    assert "length" in problem.message


def test_an_input_longer_than_the_model_takes_is_refused() -> None:
    """With the limit, and with the field that it came in."""
    problem = refused(ALEPH, (clip(30.2),), references("video"))
    assert problem.field == "input_references[0].video_url.url"
    assert "at most 30 s" in problem.message


def test_a_test_key_meets_the_renderers_limit_too() -> None:
    """A live avatar may speak for ten minutes, and the embedded renderer makes half a minute."""
    request = ask(AVATAR, references=references("image", "audio"))
    inputs = Inputs(references=(SPEAKER, sound(95.5)))
    assert seconds(request, model(AVATAR), inputs, test=False) == Decimal("95.5")
    problem = refused(AVATAR, inputs.references, references("image", "audio"), test=True)
    assert problem.field == "input_references[1].audio_url.url"
    assert "with a test key at most 30 s" in problem.message


def test_the_limit_is_the_renderers() -> None:
    """The two stand in different packages and must not drift apart."""
    assert RENDERED_SECONDS == LONGEST
