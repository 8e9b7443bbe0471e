"""What a row's price list says of a request, held against what the server's own estimate would be."""

from decimal import Decimal
from typing import Any

import pytest

from reelrouter.client.errors import Unusable
from reelrouter.client.fits import reasons
from reelrouter.client.prices import NoPrice, estimate, price_of
from reelrouter.client.results import EstimateLine, Model
from reelrouter.client.wishes import Wish, read_wish
from reelrouter.errors import InvalidRequest
from reelrouter.money import usd
from tests.client.questions import plan_of, questions
from tests.client.rows import frame, ours, reference, row, upstream, upstream_row

ALL = [pytest.param(model, id=model.id) for model in ours()]
PIXELS_GUESSED = "priced for about as many pixels as 16:9 has, since its row does not say them"
MOST_OFF = Decimal("0.05")
ODD_RATIO = "9:21"
"""Listed for some models that bill by pixels, and in no table of what their vendor really makes."""


@pytest.mark.parametrize("model", ALL)
def test_the_price_is_the_servers(model: Model) -> None:
    """Whatever the form of a request, both come to the same, to the last digit; a guess says that it is one."""
    compared = 0
    for body in questions(model):
        wish = read_wish(body)
        if reasons(wish, model):
            continue
        try:
            right = usd(plan_of(body).estimate)
        except InvalidRequest:
            continue  # over what no row tells
        priced = price_of(wish, model)
        guessed = PIXELS_GUESSED in priced.assumptions
        if guessed and wish.aspect_ratio == ODD_RATIO:
            continue
        assert abs(priced.cost - right) <= (right * MOST_OFF if guessed else 0), body
        assert sum(line.cost for line in priced.lines) == priced.cost
        compared += 1
    assert compared > 1


def test_few_prices_are_guesses() -> None:
    """Only models that bill by pixels have them, in ratios for which the row lists other pixels than are made."""
    guessed = {
        (model.id.partition("/")[0], body.get("aspect_ratio"))
        for model in ours()
        for body in questions(model)
        if not reasons(read_wish(body), model) and PIXELS_GUESSED in price_of(read_wish(body), model).assumptions
    }
    assert guessed == {("bytedance", ratio) for ratio in ("1:1", "3:4", "4:3", "21:9", ODD_RATIO)}


@pytest.mark.parametrize("model", [pytest.param(model, id=model.id) for model in upstream()])
def test_a_recorded_row_prices_as_ours_does(model: Model) -> None:
    """Upstream's rows have no more than the contract's fields, and those are enough."""
    own = row(model.id)
    for body in questions(model):
        wish = read_wish(body)
        if not reasons(wish, own):
            assert price_of(wish, model).cost == price_of(wish, own).cost


def test_an_estimate_shows_how_it_came_about() -> None:
    """It has the server's form, says that it is not the server's, and names what it filled in."""
    found = estimate(upstream_row("kwaivgi/kling-v3.0-pro"), {"prompt": "a red fox", "generate_audio": False})
    assert (found.model, found.source, found.cost) == ("kwaivgi/kling-v3.0-pro", "catalogue", Decimal("0.56"))
    assert found.lines == (
        EstimateLine(
            sku="text_to_video_duration_seconds_720p",
            quantity=Decimal(5),
            unit="second",
            rate=Decimal("0.112"),
            cost=Decimal("0.56"),
        ),
    )
    assert found.resolved == {
        "duration": 5,
        "width": 1280,
        "height": 720,
        "resolution": "720p",
        "aspect_ratio": "16:9",
        "audio": False,
    }
    assert found.warnings == (
        "priced for 5 s, since the request names no duration",
        "priced at 720p, since the request names no resolution",
    )


def test_what_is_asked_for_is_not_called_an_assumption() -> None:
    """A request that says everything is priced without a word."""
    whole = {"duration": 8, "resolution": "1080p", "aspect_ratio": "9:16", "generate_audio": True}
    assert estimate(row("google/veo-3.1"), whole).warnings == ()


@pytest.mark.parametrize(
    ("model_id", "wish", "dollars"),
    [
        ("x-ai/grok-imagine-video", Wish(resolution="480p", duration=5), "0.25"),
        ("x-ai/grok-imagine-video", Wish(resolution="480p", duration=5, frames=("first_frame",)), "0.252"),
        ("x-ai/grok-imagine-video", Wish(resolution="480p", duration=5, references=("image",) * 3), "0.256"),
        ("bytedance/seedance-2.0-mini", Wish(duration=4, resolution="720p", aspect_ratio="16:9"), "0.3024"),
        ("runway/aleph-2", Wish(references=("video",)), "1.4"),
    ],
)
def test_each_part_of_a_request_counts(model_id: str, wish: Wish, dollars: str) -> None:
    """Seconds, pixels and input images, as the price list names them."""
    assert price_of(wish, row(model_id)).cost == Decimal(dollars)


def test_a_price_that_follows_an_input_is_not_firm() -> None:
    """Length and size of a video that is given are not known before somebody looks at it."""
    priced = price_of(Wish(references=("video",)), row("black-forest-labs/flux-video-upscale"))
    assert not priced.is_firm
    assert priced.assumptions == (
        "priced for an input of 5 s at 1280x720, since the price follows the input",
        "priced for 2 times the size, since the request names no factor",
    )


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"pricing_skus": {}}, "the price list of google/veo-3.1 does not cover this request"),
        ({"pricing_skus": {"per_wish": "1"}}, "the price list of google/veo-3.1 does not cover this request"),
        ({"pricing_skus": {"duration_seconds": "a lot"}}, "the price list of google/veo-3.1 cannot be read"),
        ({"supported_resolutions": ("16K",)}, "google/veo-3.1 lists no resolution whose pixels are known"),
    ],
)
def test_a_row_that_cannot_be_priced_is_no_guess(changes: dict[str, Any], why: str) -> None:
    """The reason is said, and an estimate ends with it."""
    odd = row("google/veo-3.1", **changes)
    with pytest.raises(NoPrice) as caught:
        price_of(Wish(), odd)
    assert str(caught.value) == why
    with pytest.raises(Unusable) as unusable:
        estimate(odd, {"prompt": "a red fox"})
    assert str(unusable.value) == f"the server gives no estimates, and {why}"
    assert unusable.value.next_step == "see its prices: reelrouter models show google/veo-3.1"


def test_frames_win_over_references_in_the_price_too() -> None:
    """What is not used is not charged."""
    both = {"frame_images": [frame()], "input_references": [reference(), reference()]}
    model = row("x-ai/grok-imagine-video")
    assert estimate(model, both).cost == estimate(model, {"frame_images": [frame()]}).cost


def test_what_the_model_cannot_serve_has_no_estimate() -> None:
    """A server would refuse it too, and a price would only mislead."""
    with pytest.raises(Unusable) as caught:
        estimate(row("google/veo-3.1-lite"), {"duration": 5, "resolution": "4K"})
    assert str(caught.value) == (
        "google/veo-3.1-lite cannot serve this request: it makes 4, 6 or 8 s, not 5 s; "
        "it makes 720p and 1080p, not 4K"
    )
