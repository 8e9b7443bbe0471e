"""Whether the parts of a model's row agree with each other; the types of each alone are `load`'s."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from itertools import product

from reelrouter.catalogue.model import Endpoint, ModelSpec
from reelrouter.catalogue.price import Asked, Unpriced, billing_form, price

Fault = tuple[str, str]
"""The key within the row, and what is wrong with it."""


def faults(model: ModelSpec) -> Iterator[Fault]:
    """Every disagreement, in the order of the row's keys."""
    yield from _lists(model)
    yield from _what_follows_the_input(model)
    yield from _modes(model)
    yield from _defaults(model)
    yield from _prices(model)
    yield from _endpoints(model)


def _lists(model: ModelSpec) -> Iterator[Fault]:
    lists: dict[str, tuple[object, ...] | None] = {
        "supported_resolutions": model.supported_resolutions,
        "supported_aspect_ratios": model.supported_aspect_ratios,
        "supported_sizes": model.supported_sizes,
        "supported_durations": model.supported_durations,
        "supported_frame_images": model.supported_frame_images,
        "creativity": model.creativity,
        "modes": model.modes,
    }
    for key, values in lists.items():
        if values is not None and len(set(values)) < len(values):
            yield key, "a value is listed twice"
    if not model.description.strip():
        yield "description", "is blank"
    if model.generation_time is not None and model.generation_time.p90 <= model.generation_time.median:
        yield "generation_time.p90", "is not above the median"
    if not model.audio_switch and not model.generate_audio:
        yield "audio_switch", "false means that sound is always made, and generate_audio does not say so"


def _what_follows_the_input(model: ModelSpec) -> Iterator[Fault]:
    follows = model.length != "asked"
    for key, listed, wanted in (
        ("supported_durations", model.supported_durations, not follows),
        ("longest_input", model.longest_input, follows),
    ):
        if (listed is not None) != wanted:
            yield key, f'{"is missing" if wanted else "cannot be given"} where length is "{model.length}"'
    if (model.supported_resolutions is not None) != (model.pixels == "asked"):
        reason = "is missing" if model.pixels == "asked" else "cannot be listed"
        yield "supported_resolutions", f'{reason} where pixels is "{model.pixels}"'
    if model.supported_aspect_ratios is None and model.pixels == "asked":
        yield "supported_aspect_ratios", 'is missing where pixels is "asked"'
    if (model.length == "video" or model.pixels == "input") and model.references.video == 0:
        yield "references.video", "is 0, and there is no other input to follow"
    if model.length == "audio" and model.references.audio == 0:
        yield "references.audio", "is 0, and there is no other sound to follow"


def _modes(model: ModelSpec) -> Iterator[Fault]:
    taken = model.references
    if ("frames" in model.modes) != (model.supported_frame_images is not None):
        yield "modes", "frames belongs there exactly where supported_frame_images is listed"
    if "references" in model.modes and not (taken.image or taken.video):
        yield "modes", "has references, and the model takes no image or video reference"
    if not {"references", "edit", "upscale"} & set(model.modes) and (taken.image or taken.video or taken.audio):
        yield "references", "are taken, and no mode uses them"
    if {"edit", "upscale"} & set(model.modes) and not taken.video:
        yield "references.video", "is 0, and a mode works on a video"
    if ("upscale" in model.modes) != (model.upscale_factor is not None):
        yield "modes", "upscale belongs there exactly where upscale_factor is given"


def _defaults(model: ModelSpec) -> Iterator[Fault]:
    defaults = model.defaults
    choices = (
        ("duration", defaults.duration, model.supported_durations),
        ("resolution", defaults.resolution, model.supported_resolutions),
        ("aspect_ratio", defaults.aspect_ratio, model.supported_aspect_ratios),
        ("creativity", defaults.creativity, model.creativity),
    )
    for key, value, listed in choices:
        if value is not None and value not in (listed or ()):
            yield f"defaults.{key}", f"{value} is not one that the model lists"
    if model.creativity is not None and defaults.creativity is None:
        yield "defaults.creativity", "is missing, and the price depends on it"
    factor, allowed = defaults.upscale_factor, model.upscale_factor
    if allowed is not None and (factor is None or not allowed.min <= factor <= allowed.max):
        yield "defaults.upscale_factor", f"must lie within {allowed.min:g} to {allowed.max:g}"
    if allowed is None and factor is not None:
        yield "defaults.upscale_factor", "is given, and the model does not upscale"


def _prices(model: ModelSpec) -> Iterator[Fault]:
    unusable = list(_unusable_rates(model))
    yield from unusable
    if unusable:
        return
    forms = {billing_form(sku) for sku in model.pricing_skus} - {"extra"}
    if len(forms) != 1:
        named = ", ".join(sorted(str(form) for form in forms)) or "none"
        yield "pricing_skus", f"one way of billing the video is needed; there are: {named}"
        return
    yield from _gaps(model)


def _unusable_rates(model: ModelSpec) -> Iterator[Fault]:
    for sku, amount in model.pricing_skus.items():
        if billing_form(sku) is None:
            yield f"pricing_skus.{sku}", "is not a price key that is understood"
        try:
            rate = Decimal(amount)
        except InvalidOperation:
            yield f"pricing_skus.{sku}", f"{amount} is not a decimal number"
            continue
        if not rate.is_finite() or rate < 0:
            yield f"pricing_skus.{sku}", f"{amount} is not an amount of 0 or more"


def _gaps(model: ModelSpec) -> Iterator[Fault]:
    """Every combination that a request may ask for has a price."""
    sounds = (model.always_sounds,) if model.generate_audio is False else (False, True)
    resolutions = model.supported_resolutions or (None,)
    asked = Asked(mode="text", duration=Decimal(1), width=2, height=2)
    for mode, resolution, audio, video in product(model.modes, resolutions, sounds, (False, True)):
        combination = replace(asked, mode=mode, resolution=resolution, audio=audio, video_input=video)
        try:
            price(model.pricing_skus, combination)
        except Unpriced as gap:
            yield "pricing_skus", str(gap)


def _endpoints(model: ModelSpec) -> Iterator[Fault]:
    names = [endpoint.name for endpoint in model.endpoints]
    if len(set(names)) < len(names):
        yield "endpoint", "two endpoints have one name; give the second a name of its own"
    for index, endpoint in enumerate(model.endpoints):
        for mode in _strangers(endpoint, model):
            yield f"endpoint[{index}].native.{mode}", "is not one of the model's modes"
    for mode in model.modes:
        if not any(mode in endpoint.native for endpoint in model.endpoints):
            yield "endpoint", f"none serves the mode {mode}"


def _strangers(endpoint: Endpoint, model: ModelSpec) -> list[str]:
    return [mode for mode in endpoint.native if mode not in model.modes]
