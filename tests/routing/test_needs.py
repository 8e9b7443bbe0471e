"""What a plan needs of an endpoint, ability by ability."""

from typing import Any, get_args

import pytest

from reelrouter.catalogue.check import Rules, check
from reelrouter.catalogue.model import Ability, ModelSpec
from reelrouter.catalogue.request import Inputs
from reelrouter.routing.needs import MISSING, needs
from reelrouter.work import Media
from tests.catalogue.examples import (
    FLUX_UPSCALE,
    SEEDANCE,
    WAN,
    ask,
    clip,
    frames,
    model,
    picture,
    references,
    sound,
)

PICTURE = picture(1280, 720)


def needed(row: ModelSpec, inputs: Inputs | None = None, **parts: Any) -> set[str]:
    """Of a silent video, unless the request says otherwise."""
    request = ask(row.id, **({"generate_audio": False} | parts))
    return set(needs(check(request, row, inputs or Inputs(), Rules()), row))


def test_every_ability_has_words_for_its_want() -> None:
    """A new one without a reason would be an endpoint left out in silence."""
    assert set(MISSING) == set(get_args(Ability))


def test_a_plain_prompt_needs_nothing() -> None:
    """Whatever an endpoint lacks, it can make this."""
    assert needed(model(SEEDANCE)) == set()
    assert needed(model(SEEDANCE), resolution="480p", aspect_ratio="1:1") == set()


@pytest.mark.parametrize(
    ("parts", "ability"),
    [({"seed": 0}, "seed"), ({"generate_audio": True}, "audio"), ({"generate_audio": None}, "audio")],
)
def test_what_is_asked_for_is_needed(parts: dict[str, Any], ability: str) -> None:
    """A seed of zero is a seed; silence is what has to be asked for where a model makes sound."""
    assert needed(model(SEEDANCE), **parts) == {ability}


def test_frames_are_needed_by_their_place() -> None:
    """A first one is what the mode says; a last one not every endpoint of a model takes."""
    row = model(SEEDANCE)
    assert needed(row, Inputs(first_frame=PICTURE), frame_images=frames("first_frame")) == set()
    both = Inputs(first_frame=PICTURE, last_frame=PICTURE)
    assert needed(row, both, frame_images=frames("first_frame", "last_frame")) == {"last_frame"}


@pytest.mark.parametrize(
    ("media", "ability"),
    [(PICTURE, "image_references"), (clip(), "video_references"), (sound(), "audio_references")],
)
def test_references_are_needed_by_their_kind(media: Media, ability: str) -> None:
    """Each kind is an ability of its own."""
    given, kinds = (PICTURE, media), {"image_references", ability}
    inputs = Inputs(references=given)
    asked = references(*(one.kind for one in given))
    assert needed(model(SEEDANCE), inputs, references=asked) == kinds


def test_pixels_are_an_ability_only_where_names_do_not_come_to_them() -> None:
    """1280x720 is 720p at 16:9; a size beside the table has to be asked for as it is."""
    row = model(SEEDANCE)
    made = {(shape.width, shape.height) for shape in row.shapes.values()}
    beside = next(name for name, shape in row.sizes.items() if (shape.width, shape.height) not in made)
    assert needed(row, size="1280x720") == set()
    assert needed(row, size=beside) == {"size"}


def test_a_model_that_keeps_the_inputs_pixels_needs_no_size() -> None:
    """Nobody asks it for one."""
    row = model(FLUX_UPSCALE)
    asked = references("video")
    assert needed(row, Inputs(references=(clip(),)), references=asked) == {"video_references"}


def test_a_model_that_always_sounds_needs_an_endpoint_that_does() -> None:
    """There is no silent one to ask for."""
    assert "audio" in needed(model(WAN), generate_audio=None)
