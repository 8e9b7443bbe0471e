"""What a request costs by the price list of a model's row, for servers that have no estimates of their own.

A row leaves some things open that a server knows: what is filled in here for them is said in `assumptions`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from reelrouter.catalogue.price import Asked, Unpriced, billing_form, price, total
from reelrouter.catalogue.sizes import named_pixels, size_name
from reelrouter.client.errors import Unusable
from reelrouter.client.fits import reasons, remarks
from reelrouter.client.results import Estimate, EstimateLine, Model
from reelrouter.client.shapes import (
    INPUT_PIXELS,
    USUAL_ASPECT_RATIO,
    USUAL_SECONDS,
    Picture,
    Unlisted,
    factor_of,
    follows_input,
    picture_of,
    seconds_of,
    works_on_video,
)
from reelrouter.client.wishes import Wish, read_wish
from reelrouter.money import usd
from reelrouter.work import MediaKind, Mode

_ABOUT = 0.06
"""By how much of it a listed size may differ from the pixels of 16:9, and still be what is billed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What one video would cost."""

    cost: Decimal
    """US dollars."""
    seconds: Decimal
    picture: Picture
    lines: tuple[EstimateLine, ...] = ()
    resolved: Mapping[str, Any] = field(default_factory=dict)
    assumptions: tuple[str, ...] = ()
    is_firm: bool = True
    """False where length or size follow an input that has not been looked at."""


class NoPrice(LookupError):
    """The row's prices do not cover the request; the message says why."""


def estimate(model: Model, request: Mapping[str, Any]) -> Estimate:
    """The estimate by a row, marked as such. Raises `Unusable`."""
    wish = read_wish(request)
    if unfit := reasons(wish, model):
        raise Unusable(
            f"{model.id} cannot serve this request: {'; '.join(unfit)}", "see which can: reelrouter choose"
        )
    try:
        priced = price_of(wish, model)
    except NoPrice as error:
        raise Unusable(
            f"the server gives no estimates, and {error}", f"see its prices: reelrouter models show {model.id}"
        ) from error
    return Estimate(
        model=model.id,
        cost=priced.cost,
        source="catalogue",
        lines=priced.lines,
        resolved=priced.resolved,
        warnings=(*remarks(wish, model), *priced.assumptions),
    )


def price_of(wish: Wish, model: Model) -> Price:
    """What a model would charge for a request that it can serve. Raises `NoPrice`."""
    try:
        picture = picture_of(wish, model)
    except Unlisted as error:
        raise NoPrice(str(error)) from error
    seconds = seconds_of(wish, model)
    width, height = _billed_pixels(wish, model, picture)
    asked = Asked(
        mode=mode_of(wish, model),
        duration=seconds,
        width=width,
        height=height,
        resolution=picture.resolution,
        audio=bool(model.generate_audio if wish.generate_audio is None else wish.generate_audio),
        image_inputs=len(wish.frames) or _used(wish, model, "image"),
        reference_images=0 if wish.frames else _used(wish, model, "image"),
        video_input=not wish.frames and _used(wish, model, "video") > 0,
        creativity=wish.creativity,
    )
    try:
        lines = price(model.pricing_skus, asked)
    except Unpriced as error:
        raise NoPrice(f"the price list of {model.id} does not cover this request") from error
    except (ArithmeticError, ValueError, TypeError) as error:
        raise NoPrice(f"the price list of {model.id} cannot be read") from error
    return Price(
        cost=usd(total(lines)),
        seconds=seconds,
        picture=picture,
        lines=tuple(
            EstimateLine(sku=line.sku, quantity=line.quantity, unit=line.unit, rate=line.rate, cost=usd(line.cost))
            for line in lines
        ),
        resolved=_resolved(asked, picture),
        assumptions=tuple(_assumptions(wish, model, picture)),
        is_firm=not follows_input(model),
    )


def mode_of(wish: Wish, model: Model) -> Mode:
    """What kind of job the request is for this model, as far as a row tells."""
    if wish.previous_job_id is not None:
        return "continue"
    if wish.frames:
        return "frames"
    if works_on_video(model):
        return "upscale" if model.upscale_factor else "edit"
    kinds: tuple[MediaKind, ...] = ("image", "video", "audio")
    return "references" if any(_used(wish, model, kind) for kind in kinds) else "text"


def _billed_pixels(wish: Wish, model: Model, picture: Picture) -> tuple[int, int]:
    if picture.resolution is None or not _guesses_pixels(wish, model, picture):
        return picture.width, picture.height
    return named_pixels(picture.resolution, USUAL_ASPECT_RATIO)


def _guesses_pixels(wish: Wish, model: Model, picture: Picture) -> bool:
    """Vendors that bill by pixels give every ratio about as many as 16:9, whatever names of sizes come to.

    A size that a row lists is believed if it keeps to that.
    """
    if wish.size is not None or picture.resolution is None or not _bills_pixels(model):
        return False
    across, down = named_pixels(picture.resolution, USUAL_ASPECT_RATIO)
    as_many = abs(picture.width * picture.height / (across * down) - 1) < _ABOUT
    return not (as_many and size_name(picture.width, picture.height) in (model.supported_sizes or ()))


def _bills_pixels(model: Model) -> bool:
    return any(billing_form(sku) == "video_tokens" for sku in model.pricing_skus)


def _used(wish: Wish, model: Model, kind: MediaKind) -> int:
    """How many references of a kind count; those that a model does not take are left aside."""
    limits = model.supported_references
    return 0 if limits is not None and getattr(limits, kind) == 0 else wish.count(kind)


def _resolved(asked: Asked, picture: Picture) -> dict[str, Any]:
    return {
        "duration": int(asked.duration),
        "width": picture.width,
        "height": picture.height,
        "resolution": picture.resolution,
        "aspect_ratio": picture.aspect_ratio,
        "audio": asked.audio,
    }


def _assumptions(wish: Wish, model: Model, picture: Picture) -> Iterator[str]:
    if follows_input(model):
        width, height = INPUT_PIXELS
        yield f"priced for an input of {USUAL_SECONDS} s at {width}x{height}, since the price follows the input"
    elif wish.duration is None:
        yield f"priced for {seconds_of(wish, model)} s, since the request names no duration"
    if wish.size is None and wish.resolution is None and picture.resolution is not None:
        yield f"priced at {picture.resolution}, since the request names no resolution"
    if model.upscale_factor is not None and wish.upscale_factor is None:
        yield f"priced for {factor_of(wish, model):g} times the size, since the request names no factor"
    if _guesses_pixels(wish, model, picture):
        yield f"priced for about as many pixels as {USUAL_ASPECT_RATIO} has, since its row does not say them"
