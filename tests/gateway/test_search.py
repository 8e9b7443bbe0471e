"""Searching the catalogue: each filter leaves out what it should, and what is said of models is what they take."""

from dataclasses import replace
from typing import Any

import pytest

from reelrouter.catalogue.model import ModelSpec
from reelrouter.gateway.search import Search, input_modalities, is_wanted, supported_parameters
from tests.catalogue.examples import ANIMATIC, FLUX_EDIT, SEEDANCE, VEO, catalogue, model

ALL = Search(output_modalities=("all",))
DAY = 24 * 3600


def found(now: float = 2_000_000_000, **filters: Any) -> set[str]:
    search = replace(ALL, **filters)
    return {one.id for one in catalogue() if is_wanted(one, search, now)}


def test_the_listing_of_text_models_has_no_video_models() -> None:
    """Who asks for video, or for everything, gets all; who asks for something else, nothing."""
    everything = {one.id for one in catalogue()}
    assert found() == found(output_modalities=("text", "video")) == everything
    assert found(output_modalities=("text",)) == set()
    assert not any(is_wanted(one, Search(), 0.0) for one in catalogue())


@pytest.mark.parametrize("text", ["VEO-3.1-lite", "Veo 3.1 Lite", "veo-3.1-lite-20260331"])
def test_a_text_is_looked_for_in_all_names(text: str) -> None:
    """Whatever its case."""
    assert found(text=text) == {VEO}


def test_filters_hold_together() -> None:
    """Every modality and parameter that is named has to be there; one of the authors and providers will do."""
    assert FLUX_EDIT in found(input_modalities=("text", "video"))
    assert VEO not in found(input_modalities=("text", "video"))
    assert VEO in found(parameters=("seed", "frame_images"))
    assert FLUX_EDIT not in found(parameters=("seed", "frame_images"))
    assert {name.partition("/")[0] for name in found(authors=("google", "reelrouter"))} == {"google", "reelrouter"}
    assert found(providers=("renderer", "nobody")) == {ANIMATIC}
    assert found(providers=("nobody",)) == found(beyond_video=True) == set()


def test_retention_is_a_promise_of_an_endpoint() -> None:
    """This machine's own renderer makes it; any other does where its operator says so."""
    assert found(zdr=True) == {ANIMATIC}
    kept = model(ANIMATIC)
    assert not is_wanted(
        replace(kept, endpoints=(replace(kept.endpoints[0], zdr=False),)), replace(ALL, zdr=True), 0
    )
    assert not is_wanted(kept, replace(ALL, zdr=True, providers=("google-vertex",)), 0.0)


def test_age_counts_from_the_models_date() -> None:
    """Both ends belong to the span."""
    now = model(VEO).created + 10 * DAY
    assert VEO in found(now, least_days=10, most_days=10)
    assert VEO not in found(now, least_days=11)
    assert VEO not in found(now, most_days=9)


@pytest.mark.parametrize(
    ("model_id", "takes"),
    [(VEO, ("text", "image")), (SEEDANCE, ("text", "image", "audio", "video")), (FLUX_EDIT, ("text", "video"))],
)
def test_what_a_model_takes(model_id: str, takes: tuple[str, ...]) -> None:
    """A prompt always; the rest as its row says."""
    assert input_modalities(model(model_id)) == takes


def parameters(one: ModelSpec, *modes: Any) -> set[str]:
    return set(supported_parameters(one, modes or one.modes))


def test_parameters_are_those_that_have_an_effect() -> None:
    """An editing model has neither length nor shape to ask for, and an endpoint without frames takes none."""
    assert parameters(model(FLUX_EDIT)) == {"input_references"}
    assert {
        "duration",
        "resolution",
        "aspect_ratio",
        "size",
        "frame_images",
        "generate_audio",
        "seed",
    } <= parameters(model(VEO))
    assert "frame_images" not in parameters(model(VEO), "text")
    assert "input_references" not in parameters(model(VEO), "text", "frames")
    assert "generate_audio" not in parameters(replace(model(VEO), audio_switch=False))
