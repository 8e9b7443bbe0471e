from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelrouter.catalogue.price import Asked, Made, Unpriced, billing_form, price, total
from reelrouter.money import nanos

KLING = {
    "duration_seconds": "0.112",
    "duration_seconds_with_audio": "0.168",
    "text_to_video_duration_seconds_720p": "0.1",
    "image_to_video_duration_seconds_720p": "0.11",
}
VEO_FAST = {
    "duration_seconds_with_audio": "0.12",
    "duration_seconds_with_audio_4k": "0.30",
    "duration_seconds_without_audio": "0.10",
    "duration_seconds_with_audio_720p": "0.10",
    "duration_seconds_without_audio_4k": "0.25",
    "duration_seconds_without_audio_720p": "0.08",
}
SEEDANCE = {
    "video_tokens": "0.000007",
    "video_tokens_4k": "0.000004",
    "video_tokens_1080p": "0.0000077",
    "video_tokens_with_video_input": "0.0000043",
    "video_tokens_4k_with_video_input": "0.0000024",
    "video_tokens_1080p_with_video_input": "0.0000047",
}
FLUX_3 = {
    "cents_per_second_output": "17",
    "cents_per_second_output_1080p": "29",
    "cents_per_second_video_continuation_1080p": "53",
}
GROK = {
    "cents_per_image_input": "0.2",
    "cents_per_video_output_second_480p": "5",
    "cents_per_video_output_second_720p": "7",
}
GROK_WITH_SOUND = {
    "cents_per_video_output_second": "1",
    "cents_per_video_output_second_720p_with_audio": "9",
    "cents_per_video_output_second_720p_without_audio": "8",
}
UPSCALE = {
    "cents_per_megapixel_second_precise": "7.5",
    "cents_per_megapixel_second_creative": "10.5",
}
PER_VIDEO = {"per-video-second": "0.5", "per-video-second-1080p": "0.75"}
HEYGEN = {"duration_seconds_480p": "0.02", "reference_duration_seconds_480p": "0.04"}


def ask(**changes: Any) -> Asked:
    plain: dict[str, Any] = {
        "mode": "text",
        "duration": Decimal(5),
        "width": 1280,
        "height": 720,
        "resolution": "720p",
        "audio": False,
    }
    return Asked(**(plain | changes))


@pytest.mark.parametrize(
    ("skus", "asked", "sku", "dollars"),
    [
        ({"duration_seconds": "0.1"}, ask(), "duration_seconds", "0.5"),
        (KLING, ask(), "text_to_video_duration_seconds_720p", "0.5"),
        (KLING, ask(audio=True), "duration_seconds_with_audio", "0.84"),
        (KLING, ask(mode="frames", audio=True), "duration_seconds_with_audio", "0.84"),
        (KLING, ask(mode="frames"), "image_to_video_duration_seconds_720p", "0.55"),
        (KLING, ask(mode="references"), "image_to_video_duration_seconds_720p", "0.55"),
        (KLING, ask(resolution="1080p", audio=True), "duration_seconds_with_audio", "0.84"),
        (KLING, ask(resolution="1080p"), "duration_seconds", "0.56"),
        (VEO_FAST, ask(audio=True), "duration_seconds_with_audio_720p", "0.5"),
        (VEO_FAST, ask(audio=True, resolution="1080p"), "duration_seconds_with_audio", "0.6"),
        (VEO_FAST, ask(resolution="4K"), "duration_seconds_without_audio_4k", "1.25"),
        (HEYGEN, ask(resolution="480p"), "duration_seconds_480p", "0.1"),
        (HEYGEN, ask(resolution="480p", mode="references"), "reference_duration_seconds_480p", "0.2"),
        (SEEDANCE, ask(), "video_tokens", "0.756"),
        (SEEDANCE, ask(resolution="1080p"), "video_tokens_1080p", "0.8316"),
        (SEEDANCE, ask(video_input=True), "video_tokens_with_video_input", "0.4644"),
        (
            SEEDANCE,
            ask(resolution="4K", video_input=True),
            "video_tokens_4k_with_video_input",
            "0.2592",
        ),
        (
            SEEDANCE | {"video_tokens_without_audio": "0.000001"},
            ask(audio=False),
            "video_tokens_without_audio",
            "0.108",
        ),
        (
            SEEDANCE | {"video_tokens_without_audio": "0.000007"},
            ask(resolution="4K", audio=False),
            "video_tokens_4k",
            "0.432",
        ),
        (FLUX_3, ask(), "cents_per_second_output", "0.85"),
        (FLUX_3, ask(resolution="1080p"), "cents_per_second_output_1080p", "1.45"),
        (
            FLUX_3,
            ask(mode="continue", resolution="1080p"),
            "cents_per_second_video_continuation_1080p",
            "2.65",
        ),
        (GROK, ask(), "cents_per_video_output_second_720p", "0.35"),
        (GROK_WITH_SOUND, ask(audio=True), "cents_per_video_output_second_720p_with_audio", "0.45"),
        (GROK_WITH_SOUND, ask(), "cents_per_video_output_second_720p_without_audio", "0.4"),
        (GROK_WITH_SOUND, ask(resolution="480p"), "cents_per_video_output_second", "0.05"),
        (UPSCALE, ask(creativity=0), "cents_per_megapixel_second_precise", "0.3456"),
        (UPSCALE, ask(creativity=1), "cents_per_megapixel_second_creative", "0.48384"),
        (PER_VIDEO, ask(), "per-video-second", "2.5"),
        (PER_VIDEO, ask(resolution="1080p"), "per-video-second-1080p", "3.75"),
        ({"generate": "0.50"}, ask(), "generate", "0.5"),
    ],
)
def test_the_most_exact_key_bills_the_video(skus: dict[str, str], asked: Asked, sku: str, dollars: str) -> None:
    """By the second, sound comes first, then the kind of job, then resolution; by the token, resolution does."""
    (line,) = price(skus, asked)
    assert line.sku == sku
    assert line.cost == nanos(Decimal(dollars))


def test_a_bill_in_tokens_is_for_the_frames_that_came_out() -> None:
    """The recorded bill: 640x640, 97 frames where 96 were asked for, at 0.0000035, was 0.1358 dollars."""
    skus = {"video_tokens": "0.0000035", "video_tokens_without_audio": "0.0000035"}
    asked = ask(duration=Decimal(4), width=640, height=640, resolution="480p", audio=True)
    made = Made(duration=Decimal(97) / 24, width=640, height=640, audio=True)
    (line,) = price(skus, asked, made)
    assert (line.quantity, line.unit, line.cost) == (Decimal(38800), "token", nanos(Decimal("0.1358")))
    assert total(price(skus, asked)) == nanos(Decimal("0.1344"))


def test_an_input_image_is_charged_beside_the_seconds() -> None:
    """The recorded bill: one second at five cents and one image at a fifth of a cent was 0.052 dollars."""
    asked = ask(mode="frames", duration=Decimal(1), resolution="480p", image_inputs=1)
    lines = price(GROK, asked, Made(duration=Decimal("1.0417"), width=544, height=544, audio=False))
    assert [line.sku for line in lines] == ["cents_per_video_output_second_480p", "cents_per_image_input"]
    assert total(lines) == nanos(Decimal("0.052"))


def test_reference_images_are_charged_each_and_frames_are_not_among_them() -> None:
    """The reference key counts references; the key for input images counts every image."""
    skus = {"duration_seconds": "0.13", "reference_images": "0.04"}
    assert total(price(skus, ask(mode="references", image_inputs=2, reference_images=2))) == nanos(Decimal("0.73"))
    assert total(price(skus, ask(mode="frames", image_inputs=2))) == nanos(Decimal("0.65"))


def test_a_minimum_is_topped_up_in_a_line_of_its_own() -> None:
    """Below the minimum the lines add up to it; above, the minimum says nothing."""
    skus = {"cents_per_second_output": "28", "minimum_cents_per_generation": "56"}
    short = price(skus, ask(duration=Decimal(1)))
    assert [line.cost for line in short] == [nanos(Decimal("0.28")), nanos(Decimal("0.28"))]
    assert total(short) == nanos(Decimal("0.56"))
    assert len(price(skus, ask(duration=Decimal(2)))) == 1


def test_seconds_are_billed_as_asked_unless_the_video_is_another_length() -> None:
    """A frame too many costs nothing; a video that broke off costs what it has."""
    skus = {"duration_seconds": "0.1"}
    asked = ask(duration=Decimal(8))
    over = Made(duration=Decimal("8.0417"), width=1280, height=720, audio=False)
    short = Made(duration=Decimal(5), width=1280, height=720, audio=False)
    assert total(price(skus, asked, over)) == nanos(Decimal("0.8"))
    assert total(price(skus, asked, short)) == nanos(Decimal("0.5"))


@pytest.mark.parametrize(("asked", "made", "rate"), [(1, 1, "0.10"), (1, 0, "0.08"), (0, 1, "0.08")])
def test_sound_costs_only_if_it_was_asked_for_and_came(asked: int, made: int, rate: str) -> None:
    """A silent track that nobody wanted, and a wanted one that is missing, are billed as no sound."""
    came_out = Made(duration=Decimal(5), width=1280, height=720, audio=bool(made))
    (line,) = price(VEO_FAST, ask(audio=bool(asked)), came_out)
    assert line.rate == Decimal(rate)


def test_nothing_fitting_is_an_error_and_not_free() -> None:
    """A row without a key for what was asked has no price."""
    with pytest.raises(Unpriced):
        price({"duration_seconds_480p": "0.02"}, ask())


@pytest.mark.parametrize("sku", ["duration", "video_tokens_8k", "cents_per_second_output_", "", "Generate"])
def test_an_unknown_key_has_no_way_of_billing(sku: str) -> None:
    """Keys are understood whole or not at all."""
    assert billing_form(sku) is None


_RATES = st.decimals(min_value=0, max_value=100, places=9).map(str)
_SIDES = st.integers(1, 2520).map(lambda half: half * 2)


_SKUS = st.fixed_dictionaries({"cents_per_image_input": _RATES, "minimum_cents_per_generation": _RATES})
_SECONDS = st.integers(1, 30).map(Decimal)


@given(
    key=st.sampled_from(["duration_seconds", "video_tokens", "cents_per_second_output", "generate"]),
    rate=_RATES,
    extras=_SKUS,
    asked=st.builds(ask, width=_SIDES, height=_SIDES, image_inputs=st.integers(0, 9), duration=_SECONDS),
    more=_SECONDS,
)
def test_more_seconds_never_cost_less_and_lines_always_add_up(
    key: str, rate: str, extras: dict[str, str], asked: Asked, more: Decimal
) -> None:
    """For any row: cost is quantity times rate in every line, and the price is monotone in duration."""
    skus = {key: rate} | extras
    bills = [price(skus, asked), price(skus, replace(asked, duration=asked.duration + more))]
    assert total(bills[0]) <= total(bills[1])
    for line in (line for bill in bills for line in bill):
        assert line.cost == nanos(line.quantity * line.rate)
        exponent = line.quantity.as_tuple().exponent
        assert isinstance(exponent, int)
        assert exponent >= -9
