"""Which model a job is made with, and for what."""

from decimal import Decimal
from typing import Any

import pytest

from reelrouter.compat.choice import choose, rows_of
from tests.compat.exchanges import models, row

DEAR = row(id="google/veo-3.1", supported_durations=[8, 4, 6], pricing_skus={"duration_seconds": "0.40"})


def test_the_cheapest_shortest_and_smallest_video_is_chosen() -> None:
    """Whatever the order of the list and of what stands in it."""
    choice = choose([DEAR, row()], None)
    assert choice.body["model"] == "x-ai/grok-imagine-video"
    assert (choice.body["duration"], choice.body["resolution"]) == (1, "480p")
    assert choice.cost == Decimal("0.05")


@pytest.mark.parametrize(
    ("skus", "cost"),
    [
        ({"duration_seconds": "0.1"}, "0.2"),
        ({"duration_seconds": "0.1", "duration_seconds_with_audio": "0.3"}, "0.2"),
        ({"duration_seconds_720p": "9", "duration_seconds_480p": "0.1"}, "0.2"),
        ({"cents_per_second_output": "12"}, "0.24"),
        ({"cents_per_second_output": "12", "minimum_cents_per_generation": "56"}, "0.56"),
        ({"text_to_video_duration_seconds_480p": "0.04", "image_to_video_duration_seconds_480p": "5"}, "0.08"),
        ({"duration_seconds": "0.1", "reference_duration_seconds_480p": "7", "reference_images": "4"}, "0.2"),
        ({"generate": "0.5"}, "0.5"),
        ({"duration_seconds": "0"}, "0"),
    ],
)
def test_the_estimate_leaves_out_what_the_job_does_not_meet(skus: dict[str, str], cost: str) -> None:
    """Other resolutions, sound that is switched off, images that are not sent."""
    model = row(supported_durations=[2], supported_resolutions=["480p"], generate_audio=True, pricing_skus=skus)
    choice = choose([model], None)
    assert choice.body["generate_audio"] is False
    assert choice.cost == Decimal(cost)


def test_tokens_are_counted_as_pixels_and_frames() -> None:
    """640 by 640 pixels for 4 s at 24 frames a second are 38,400; a wide picture of 480 lines is near that."""
    model = row(supported_durations=[4], supported_resolutions=["480p"], pricing_skus={"video_tokens": "0.001"})
    cost = choose([model], None).cost
    assert cost is not None
    assert Decimal(38) < cost < Decimal(39)


@pytest.mark.parametrize(
    "skus", [None, {}, [], {"duration_seconds": 0.1}, {"duration_seconds": "NaN"}, {"x": "a lot"}]
)
def test_a_model_with_an_unknown_price_comes_last(skus: Any) -> None:
    """Nobody should be surprised by its bill."""
    unknown = row(id="some/model", pricing_skus=skus)
    assert choose([unknown, DEAR], None).body["model"] == "google/veo-3.1"
    assert "unknown price" in choose([unknown], None).summary


def test_models_that_work_on_a_video_are_not_chosen() -> None:
    """They list no durations, and would need an input."""
    edit = row(
        id="bfl/flux-video-edit", supported_durations=None, pricing_skus={"cents_per_second_output": "0.01"}
    )
    assert choose([edit, DEAR], None).body["model"] == "google/veo-3.1"
    with pytest.raises(LookupError, match="--model"):
        choose([edit], None)


def test_a_named_model_is_taken_by_id_or_dated_name() -> None:
    """At any price."""
    assert choose([row(), DEAR], "google/veo-3.1").cost == Decimal("1.60")
    assert choose([row(canonical_slug="some/model-20260101")], "some/model-20260101").body["model"] == row()["id"]
    with pytest.raises(LookupError, match="some/other"):
        choose([row()], "some/other")


def test_a_price_is_said_in_plain_digits() -> None:
    """Not as 1E+1."""
    assert "$10 " in choose([row(pricing_skus={"generate": "10"})], None).summary + " "


@pytest.mark.parametrize("document", [None, [], {}, {"data": None}, {"data": "x"}, {"data": [1, None, []]}])
def test_a_list_that_cannot_be_read_has_no_rows(document: Any) -> None:
    """The rules for the list say what is wrong with it."""
    assert rows_of(document) == []
    assert len(rows_of(models().document())) == 2
