from decimal import Decimal
from typing import Any

import pytest

from reelrouter.catalogue.model import ModelSpec, ReferenceLimits
from reelrouter.catalogue.price import Asked, price, total
from reelrouter.money import nanos
from tests.catalogue.examples import (
    ALEPH,
    ANIMATIC,
    AVATAR,
    FLUX_3,
    FLUX_EDIT,
    FLUX_UPSCALE,
    GROK,
    HAILUO,
    SEEDANCE,
    SEEDANCE_25,
    VEO,
    WAN,
    catalogue,
    model,
)

EVERY_MODEL = [pytest.param(row, id=row.id) for row in catalogue()]


@pytest.mark.parametrize("row", EVERY_MODEL)
def test_a_description_tells_what_the_model_takes(row: ModelSpec) -> None:
    """Frames and references are the first thing that upstream's rows leave one guessing about."""
    if row.supported_frame_images:
        assert "frame" in row.description
    for kind in ("image", "video", "audio"):
        limit = row.references.of(kind)
        assert limit == 0 or kind in row.description
        assert limit < 2 or str(limit) in row.description
    if row.supported_durations:
        assert row.id == ANIMATIC or str(max(row.supported_durations)) in row.description


@pytest.mark.parametrize("row", EVERY_MODEL)
def test_a_description_is_a_sentence_that_fits_upstreams_cut(row: ModelSpec) -> None:
    """Upstream cuts at about 190 characters; ours end before, with a full stop."""
    assert len(row.description) <= 190
    assert row.description.endswith(".")


KNOWN_TO_SDKS = {
    *("alibaba", "atlas-cloud", "black-forest-labs", "byteplus", "google-ai-studio", "google-vertex", "heygen"),
    *("minimax", "openai", "runway", "seed", "streamlake", "xai"),
}
"""The slugs of this catalogue that the official SDKs send; they drop every other one."""


@pytest.mark.parametrize("row", EVERY_MODEL)
def test_every_endpoint_can_be_addressed_through_an_official_sdk(row: ModelSpec) -> None:
    """Where the SDKs do not know the provider's name, there is an alias that they know."""
    for endpoint in row.endpoints:
        if endpoint.passthrough:
            assert KNOWN_TO_SDKS & {endpoint.provider, *endpoint.option_slugs}


@pytest.mark.parametrize("row", EVERY_MODEL)
def test_every_endpoint_serves_every_mode(row: ModelSpec) -> None:
    """A vendor with several models for one of ours has an id for each kind of job."""
    for endpoint in row.endpoints:
        assert set(endpoint.native) == set(row.modes)


@pytest.mark.parametrize("row", EVERY_MODEL)
def test_every_hosted_model_can_be_had_through_the_reseller(row: ModelSpec) -> None:
    """Only our own model has no second way; each other one's last endpoint is the contract's author."""
    last = row.endpoints[-1]
    expected = ("renderer", "animatic") if row.id == ANIMATIC else ("openrouter", row.id)
    assert (last.provider, last.native[row.modes[0]]) == expected


@pytest.mark.parametrize(
    ("model_id", "facts"),
    [
        (
            VEO,
            {
                "canonical_slug": "google/veo-3.1-lite-20260331",
                "supported_durations": (8, 4, 6),
                "supported_resolutions": ("720p", "1080p"),
                "supported_aspect_ratios": ("16:9", "9:16"),
                "generate_audio": True,
                "seed": True,
            },
        ),
        (SEEDANCE, {"canonical_slug": "bytedance/seedance-2.0-fast-20260414", "created": 1776211362}),
        (WAN, {"supported_durations": tuple(range(2, 11)), "prompt_max_length": 1500}),
        (
            HAILUO,
            {"supported_resolutions": ("2K",), "supported_sizes": None, "seed": False, "name": "MiniMax: H3"},
        ),
        (AVATAR, {"length": "audio", "modes": ("references",), "always_sounds": True, "generate_audio": False}),
        (ALEPH, {"length": "video", "pixels": "input", "longest_input": 30, "modes": ("edit",)}),
        (FLUX_UPSCALE, {"length": "video", "pixels": "input", "longest_input": 20, "creativity": (0, 1)}),
        (FLUX_3, {"modes": ("text", "frames", "continue"), "references": ReferenceLimits()}),
        (SEEDANCE_25, {"references": ReferenceLimits(image=30, video=10, audio=10), "audio_alone": True}),
        (
            FLUX_EDIT,
            {
                "supported_durations": None,
                "supported_resolutions": None,
                "supported_frame_images": None,
                "generate_audio": False,
                "allowed_passthrough_parameters": ("safety_tolerance",),
            },
        ),
        (
            ANIMATIC,
            {
                "supported_durations": tuple(range(1, 31)),
                "supported_frame_images": ("first_frame", "last_frame"),
                "pricing_skus": {"duration_seconds": "0"},
            },
        ),
    ],
)
def test_rows_say_what_was_recorded(model_id: str, facts: dict[str, Any]) -> None:
    """The rows repeat upstream's own, as far as clients depend on them."""
    row = model(model_id)
    assert {name: getattr(row, name) for name in facts} == facts


def test_square_pictures_of_a_token_model_have_the_pixels_that_were_measured() -> None:
    """480p at 1:1 came out as 640x640, and 16:9 as its name says."""
    assert (model(GROK).shapes["480p 1:1"].width, model(GROK).shapes["480p 1:1"].height) == (544, 544)
    shapes = model(SEEDANCE).shapes
    assert (shapes["480p 1:1"].width, shapes["480p 1:1"].height) == (640, 640)
    assert (shapes["720p 16:9"].width, shapes["720p 16:9"].height) == (1280, 720)


@pytest.mark.parametrize(
    ("model_id", "resolution", "audio", "dollars"),
    [
        (VEO, "720p", True, "0.05"),
        (VEO, "720p", False, "0.03"),
        (VEO, "1080p", True, "0.08"),
        (VEO, "1080p", False, "0.05"),
        (WAN, "1080p", True, "0.1"),
        (HAILUO, "2K", True, "0.13"),
        (ANIMATIC, "4K", True, "0"),
        (SEEDANCE, "720p", True, "0.09072"),
    ],
)
def test_a_second_costs_what_the_row_says(model_id: str, resolution: str, audio: bool, dollars: str) -> None:
    """One second of each model's landscape picture, in dollars."""
    asked = Asked(mode="text", duration=Decimal(1), width=1280, height=720, resolution=resolution, audio=audio)
    assert total(price(model(model_id).pricing_skus, asked)) == nanos(Decimal(dollars))
