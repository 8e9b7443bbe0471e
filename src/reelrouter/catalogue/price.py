"""What a video costs: the contract's price keys, applied to what was asked and to what came out.

Rates stand in a row as `key -> amount` and mean dollars, or US cents where the key says so. Of the keys
that bill the video itself one is chosen, the most exact that the row has; charges for input images and the
minimum come on top.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from reelrouter.money import Nanos, nanos
from reelrouter.work import Mode

TOKEN_FRAMES_PER_SECOND = 24
"""Video tokens are counted at this rate whatever the video's own is."""
PIXELS_PER_TOKEN = 1024

_RESOLUTION = r"(360p|480p|720p|768p|1024p|1080p|1k|2k|4k)"
_AUDIO = r"(with|without)_audio"
_FORMS = {
    "duration_seconds": (
        rf"duration_seconds(_{_AUDIO})?(_{_RESOLUTION})?|"
        rf"(text_to_video|image_to_video|reference)_duration_seconds(_{_RESOLUTION})?"
    ),
    "video_tokens": rf"video_tokens(_{_RESOLUTION})?(_with_video_input)?|video_tokens_{_AUDIO}(_{_RESOLUTION})?",
    "cents_per_second": rf"cents_per_second_(output|video_continuation)(_{_RESOLUTION})?",
    "cents_per_video_output_second": rf"cents_per_video_output_second(_{_RESOLUTION})?(_{_AUDIO})?",
    "cents_per_megapixel_second": r"cents_per_megapixel_second_(precise|creative)",
    "per-video-second": rf"per-video-second(-{_RESOLUTION})?",
    "generate": r"generate",
    "extra": r"cents_per_image_input|reference_images|minimum_cents_per_generation",
}
_MODE_PREFIXES: dict[Mode, tuple[str, ...]] = {
    "text": ("text_to_video_",),
    "frames": ("image_to_video_",),
    "references": ("reference_", "image_to_video_"),
}
_PLACES = Decimal("1e-9")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The part of a request that sets its price."""

    mode: Mode
    duration: Decimal
    """Seconds: those asked for, or the input video's where the length follows it."""
    width: int
    height: int
    resolution: str | None = None
    audio: bool = False
    image_inputs: int = 0
    """Frames and reference images together."""
    reference_images: int = 0
    video_input: bool = False
    creativity: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What came out."""

    duration: Decimal
    """Seconds of video: frames by frame rate, not the container's figure, which sound may stretch."""
    width: int
    height: int
    audio: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceLine:
    """One charge; `cost` is `quantity` times `rate`."""

    sku: str
    quantity: Decimal
    unit: str
    rate: Decimal
    """US dollars for one unit."""
    cost: Nanos


class Unpriced(LookupError):
    """A row has no key for what was asked. Loading a catalogue rules this out."""


def price(skus: Mapping[str, str], asked: Asked, made: Made | None = None) -> tuple[PriceLine, ...]:
    """The charges for one video: an estimate without `made`, the bill with it.

    Tokens and megapixels are billed as made. Seconds are billed as asked where the video is within half a
    second of them, since files run some frames over, and as made otherwise. Sound that nobody asked for
    is not billed.
    """
    basis = asked if made is None else _as_made(asked, made)
    tokens = _tokens(basis if made is None else replace(basis, duration=made.duration))
    lines = (_video_line(skus, basis, tokens), *_image_lines(skus, basis))
    return (*lines, *_minimum_line(skus, total(lines)))


def total(lines: tuple[PriceLine, ...]) -> Nanos:
    return Nanos(sum(line.cost for line in lines))


def billing_form(sku: str) -> str | None:
    """The way of billing that a key belongs to, `extra` for what comes on top; None for an unknown key."""
    return next((form for form, pattern in _FORMS.items() if re.fullmatch(pattern, sku)), None)


def _as_made(asked: Asked, made: Made) -> Asked:
    near = abs(made.duration - asked.duration) <= Decimal("0.5")
    return replace(
        asked,
        duration=asked.duration if near else made.duration,
        width=made.width,
        height=made.height,
        audio=asked.audio and made.audio,
    )


def _tokens(basis: Asked) -> Decimal:
    frames = basis.duration * TOKEN_FRAMES_PER_SECOND
    return Decimal(basis.width * basis.height) * frames / PIXELS_PER_TOKEN


def _video_line(skus: Mapping[str, str], basis: Asked, tokens: Decimal) -> PriceLine:
    sku = next((key for key in _candidates(basis) if key in skus), None)
    if sku is None:
        raise Unpriced(f"no price key for {basis.mode} at {basis.resolution}, audio {basis.audio}")
    match billing_form(sku):
        case "video_tokens":
            return _line(skus, sku, tokens, "token")
        case "cents_per_megapixel_second":
            megapixels = Decimal(basis.width * basis.height) / 1_000_000
            return _line(skus, sku, megapixels * basis.duration, "megapixel-second")
        case "generate":
            return _line(skus, sku, Decimal(1), "generation")
        case _:
            return _line(skus, sku, basis.duration, "second")


def _candidates(basis: Asked) -> Iterator[str]:
    """Every key that could bill this video, in the order in which a row is searched: the most exact first."""
    resolution = (basis.resolution or "").lower()
    audio = "with_audio" if basis.audio else "without_audio"
    # A row that prices sound and kinds of job means the kinds without sound.
    yield from (f"duration_seconds_{audio}_{resolution}", f"duration_seconds_{audio}")
    for prefix in _MODE_PREFIXES.get(basis.mode, ()):
        yield from (f"{prefix}duration_seconds_{resolution}", f"{prefix}duration_seconds")
    yield from (f"duration_seconds_{resolution}", "duration_seconds")
    if basis.video_input:
        yield from (f"video_tokens_{resolution}_with_video_input", "video_tokens_with_video_input")
    # A row that prices sound and resolutions means the sound at resolutions without a price of their own.
    yield from (f"video_tokens_{audio}_{resolution}", f"video_tokens_{resolution}")
    yield from (f"video_tokens_{audio}", "video_tokens")
    if basis.mode == "continue":
        yield f"cents_per_second_video_continuation_{resolution}"
        yield "cents_per_second_video_continuation"
    yield from (f"cents_per_second_output_{resolution}", "cents_per_second_output")
    yield f"cents_per_video_output_second_{resolution}_{audio}"
    yield from _by_audio_and_resolution("cents_per_video_output_second", audio, resolution)
    yield f"cents_per_megapixel_second_{'creative' if basis.creativity else 'precise'}"
    yield from (f"per-video-second-{resolution}", "per-video-second", "generate")


def _by_audio_and_resolution(key: str, audio: str, resolution: str) -> tuple[str, ...]:
    return (f"{key}_{audio}_{resolution}", f"{key}_{audio}", f"{key}_{resolution}", key)


def _image_lines(skus: Mapping[str, str], basis: Asked) -> Iterator[PriceLine]:
    counts = {"cents_per_image_input": basis.image_inputs, "reference_images": basis.reference_images}
    for sku, count in counts.items():
        if sku in skus and count:
            yield _line(skus, sku, Decimal(count), "image")


def _minimum_line(skus: Mapping[str, str], subtotal: Nanos) -> Iterator[PriceLine]:
    """What is missing to the minimum, as a charge of its own, so that the lines still add up."""
    sku = "minimum_cents_per_generation"
    if sku not in skus:
        return
    missing = nanos(_rate(skus, sku)) - subtotal
    if missing > 0:
        shortfall = Decimal(missing).scaleb(-9)
        yield PriceLine(
            sku=sku, quantity=Decimal(1), unit="top-up to the minimum", rate=shortfall, cost=Nanos(missing)
        )


def _line(skus: Mapping[str, str], sku: str, quantity: Decimal, unit: str) -> PriceLine:
    counted = _plain(quantity)
    rate = _rate(skus, sku)
    return PriceLine(sku=sku, quantity=counted, unit=unit, rate=rate, cost=nanos(counted * rate))


def _rate(skus: Mapping[str, str], sku: str) -> Decimal:
    amount = Decimal(skus[sku])
    return amount / 100 if "cents_per" in sku else amount


def _plain(quantity: Decimal) -> Decimal:
    """At most nine places, and none that are zero."""
    rounded = quantity.quantize(_PLACES)
    whole = rounded.to_integral_value()
    return whole if whole == rounded else rounded.normalize()
