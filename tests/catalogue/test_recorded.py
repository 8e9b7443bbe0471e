"""The rows against upstream's own of 2 October 2026: `recorded.json` has the facts of its `GET /videos/models`."""

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from reelrouter.api.views import model_view
from reelrouter.catalogue.price import Asked, Made, price, total
from reelrouter.catalogue.request import Inputs
from reelrouter.money import nanos
from tests.catalogue.examples import catalogue, frames, model, picture, plan

RECORDED: list[dict[str, Any]] = json.loads((Path(__file__).parent / "recorded.json").read_text())
SIGHTED_LATER = {
    "x-ai/grok-imagine-video-1.5-lite",
    "bytedance/seedance-2.5-flash",
    "google/gemini-omni-1.1-flash",
}
OURS = {"reelrouter/animatic"}


@pytest.mark.parametrize("recorded", [pytest.param(row, id=row["id"]) for row in RECORDED])
def test_a_row_is_the_recorded_one_field_by_field(recorded: dict[str, Any]) -> None:
    """Ids, names, dates, capabilities and prices are upstream's; only the description is ours."""
    shown = model_view(model(recorded["id"]), [])
    assert set(recorded) < set(shown)
    options = "allowed_passthrough_parameters"
    assert {name: shown[name] for name in recorded if name != options} == {
        name: value for name, value in recorded.items() if name != options
    }
    assert sorted(shown[options]) == sorted(recorded[options])


def test_the_catalogue_holds_the_recorded_models_and_four_more() -> None:
    """Nothing recorded is missing, and nothing is there without a reason."""
    recorded = {row["id"] for row in RECORDED}
    assert len(recorded) == 30
    assert {row.id for row in catalogue()} == recorded | SIGHTED_LATER | OURS


def test_the_rows_come_in_the_recorded_order() -> None:
    """The newest first, as upstream lists them; ours, and those sighted later, are newer than the record."""
    shown = [row.id for row in catalogue() if row.id not in SIGHTED_LATER | OURS]
    dates = {row["id"]: row["created"] for row in RECORDED}
    assert [dates[name] for name in shown] == sorted(dates.values(), reverse=True)
    assert all(model(name).created > max(dates.values()) for name in SIGHTED_LATER | OURS)


ASKED = Asked(mode="text", duration=Decimal(5), width=1280, height=720, resolution="720p")

PRICED: list[tuple[str, str, dict[str, Any], str]] = [
    # a price key, a row that has it, what is asked for in five seconds, and what that key comes to in dollars
    ("duration_seconds", "minimax/hailuo-2.3", {"resolution": "1080p"}, "0.4085"),
    ("duration_seconds_480p", "alibaba/wan-3.0", {"resolution": "480p"}, "0.25"),
    ("duration_seconds_720p", "alibaba/wan-3.0", {}, "0.5"),
    ("duration_seconds_768p", "heygen/heygen-video-1", {"resolution": "768p"}, "0.15"),
    ("duration_seconds_1024p", "openai/sora-2-pro", {"resolution": "1024p", "audio": True}, "2.5"),
    ("duration_seconds_1080p", "alibaba/happyhorse-1.1", {"resolution": "1080p"}, "0.639"),
    ("duration_seconds_with_audio", "kwaivgi/kling-v3.0-pro", {"audio": True}, "0.84"),
    ("duration_seconds_with_audio_720p", "google/veo-3.1-fast", {"audio": True}, "0.5"),
    ("duration_seconds_with_audio_4k", "google/veo-3.1", {"resolution": "4K", "audio": True}, "3"),
    ("duration_seconds_without_audio", "google/veo-3.1", {"resolution": "1080p"}, "1"),
    ("duration_seconds_without_audio_720p", "google/veo-3.1-lite", {}, "0.15"),
    ("duration_seconds_without_audio_4k", "google/veo-3.1-fast", {"resolution": "4K"}, "1.25"),
    ("text_to_video_duration_seconds_480p", "alibaba/wan-2.6", {"resolution": "480p"}, "0.2"),
    ("text_to_video_duration_seconds_720p", "kwaivgi/kling-v3.0-pro", {}, "0.56"),
    ("text_to_video_duration_seconds_1080p", "alibaba/wan-2.6", {"resolution": "1080p"}, "0.6"),
    ("image_to_video_duration_seconds_720p", "kwaivgi/kling-v3.0-std", {"mode": "frames"}, "0.42"),
    (
        "image_to_video_duration_seconds_1080p",
        "alibaba/wan-2.6",
        {"mode": "references", "resolution": "1080p"},
        "0.75",
    ),
    (
        "reference_duration_seconds_480p",
        "heygen/heygen-video-1",
        {"mode": "references", "resolution": "480p"},
        "0.2",
    ),
    (
        "reference_duration_seconds_768p",
        "heygen/heygen-video-1",
        {"mode": "references", "resolution": "768p"},
        "0.3",
    ),
    ("reference_images", "minimax/hailuo-3", {"mode": "references", "reference_images": 3}, "0.12"),
    ("video_tokens", "bytedance/seedance-2.0", {"audio": True}, "0.756"),
    ("video_tokens_without_audio", "bytedance/seedance-1-5-pro", {}, "0.1296"),
    ("video_tokens_1080p", "bytedance/seedance-2.0", {"resolution": "1080p"}, "0.8316"),
    ("video_tokens_4k", "bytedance/seedance-2.0", {"resolution": "4K"}, "0.432"),
    ("video_tokens_with_video_input", "bytedance/seedance-2.0-fast", {"video_input": True}, "0.2673"),
    (
        "video_tokens_1080p_with_video_input",
        "bytedance/seedance-2.0",
        {"resolution": "1080p", "video_input": True},
        "0.5076",
    ),
    (
        "video_tokens_4k_with_video_input",
        "bytedance/seedance-2.0",
        {"resolution": "4K", "video_input": True},
        "0.2592",
    ),
    ("cents_per_second_output", "runway/gen-4.5", {}, "0.6"),
    ("cents_per_second_output_720p", "black-forest-labs/flux-3-video", {"audio": True}, "0.85"),
    ("cents_per_second_output_1080p", "black-forest-labs/flux-3-video", {"resolution": "1080p"}, "1.45"),
    (
        "cents_per_second_video_continuation_720p",
        "black-forest-labs/flux-3-video",
        {"mode": "continue"},
        "2.05",
    ),
    (
        "cents_per_second_video_continuation_1080p",
        "black-forest-labs/flux-3-video",
        {"mode": "continue", "resolution": "1080p"},
        "2.65",
    ),
    ("cents_per_video_output_second_480p", "x-ai/grok-imagine-video", {"resolution": "480p"}, "0.25"),
    ("cents_per_video_output_second_720p", "x-ai/grok-imagine-video-1.5", {"audio": True}, "0.7"),
    ("cents_per_video_output_second_1080p", "x-ai/grok-imagine-video-1.5", {"resolution": "1080p"}, "1.25"),
    ("cents_per_image_input", "x-ai/grok-imagine-video", {"mode": "frames", "image_inputs": 2}, "0.004"),
    (
        "cents_per_megapixel_second_precise",
        "black-forest-labs/flux-video-upscale",
        {"mode": "upscale", "creativity": 0},
        "0.3456",
    ),
    (
        "cents_per_megapixel_second_creative",
        "black-forest-labs/flux-video-upscale",
        {"mode": "upscale", "creativity": 1},
        "0.48384",
    ),
    ("minimum_cents_per_generation", "runway/aleph-2", {"mode": "edit", "duration": Decimal("1.5")}, "0.14"),
]


@pytest.mark.parametrize(("sku", "model_id", "changes", "dollars"), PRICED)
def test_every_recorded_price_key_is_billed_exactly(
    sku: str, model_id: str, changes: dict[str, Any], dollars: str
) -> None:
    """Each key is the one that is picked for what it names, and comes to its rate times what it counts."""
    lines = price(model(model_id).pricing_skus, replace(ASKED, **changes))
    assert {line.sku: line.cost for line in lines}[sku] == nanos(Decimal(dollars))


def test_no_recorded_price_key_is_left_out() -> None:
    """All 39 are in the table above."""
    recorded = {sku for row in RECORDED for sku in row["pricing_skus"]}
    assert len(recorded) == 39
    assert {sku for sku, *_ in PRICED} == recorded


def test_the_recorded_bill_of_a_token_model_is_reproduced() -> None:
    """Four seconds of Seedance 2.0 Mini at 480p and 1:1 came as 97 frames of 640x640, for 0.1358 dollars."""
    asked = plan("bytedance/seedance-2.0-mini", resolution="480p", aspect_ratio="1:1", duration=4)
    made = Made(duration=Decimal(97) / 24, width=640, height=640, audio=True)
    assert (asked.resolved.width, asked.resolved.height) == (640, 640)
    assert total(price(asked.skus, asked.asked, made)) == nanos(Decimal("0.1358"))
    assert asked.estimate == nanos(Decimal("0.1344"))


def test_the_recorded_bill_of_a_model_that_charges_images_is_reproduced() -> None:
    """One second of Grok Imagine Video at 480p from a first frame came as 544x544, for 0.052 dollars."""
    inputs = Inputs(first_frame=picture(512, 512))
    parts: dict[str, Any] = {"duration": 1, "resolution": "480p", "frame_images": frames("first_frame")}
    asked = plan("x-ai/grok-imagine-video", inputs, **parts)
    made = Made(duration=Decimal(25) / 24, width=544, height=544, audio=True)
    assert (asked.resolved.width, asked.resolved.height) == (544, 544)
    assert total(price(asked.skus, asked.asked, made)) == asked.estimate == nanos(Decimal("0.052"))


@pytest.mark.parametrize(
    ("model_id", "parts", "dollars"),
    [
        ("kwaivgi/kling-v3.0-pro", {"generate_audio": True}, "0.84"),
        ("kwaivgi/kling-v3.0-pro", {"generate_audio": False}, "0.56"),
        ("minimax/hailuo-3-max", {"resolution": "480p"}, "0.25"),
        ("minimax/hailuo-3-max", {"resolution": "768p"}, "0.4"),
        ("bytedance/seedance-2.5-flash", {"resolution": "480p", "aspect_ratio": "16:9"}, "0.3363"),
        ("x-ai/grok-imagine-video-1.5-lite", {"resolution": "1080p"}, "0.7"),
        ("google/gemini-omni-1.1-flash", {}, "0.5068"),
    ],
)
def test_five_seconds_cost_what_the_row_says(model_id: str, parts: dict[str, Any], dollars: str) -> None:
    """Where a row's keys compete, and where the price had to be inferred."""
    estimate = plan(model_id, duration=5, **parts).estimate
    assert Decimal(estimate).scaleb(-9).quantize(Decimal("0.0001")) == Decimal(dollars)
