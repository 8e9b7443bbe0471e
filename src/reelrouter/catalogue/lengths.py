"""How many seconds a checked request comes to: those asked for, or those of the video or sound that is given."""

from decimal import Decimal

from reelrouter.catalogue.inputs import wanted
from reelrouter.catalogue.model import ModelSpec
from reelrouter.catalogue.request import Inputs, VideoRequest
from reelrouter.errors import InvalidRequest, Problem
from reelrouter.work import MediaKind

PREFERRED_SECONDS = 5
RENDERED_SECONDS = 30
"""The longest video that the embedded renderer makes, and so the longest with a test key."""


def asked_seconds(request: VideoRequest, model: ModelSpec) -> int | None:
    """Asked for, else the row's default, else 5, else the least above, else the greatest; None if not asked."""
    if model.supported_durations is None:
        return None
    if request.duration is not None:
        return request.duration
    if model.defaults.duration is not None:
        return model.defaults.duration
    long_enough = [length for length in model.supported_durations if length >= PREFERRED_SECONDS]
    return min(long_enough, default=max(model.supported_durations))


def seconds(request: VideoRequest, model: ModelSpec, inputs: Inputs, *, test: bool) -> Decimal:
    """The seconds to price, exactly; raises `InvalidRequest` over an input that says too many, or none."""
    asked = asked_seconds(request, model)
    if asked is not None:
        return Decimal(asked)
    kind: MediaKind = "audio" if model.length == "audio" else "video"
    field = next((url.field for url in wanted(request, model) if url.kind == kind), None)
    if field is None and kind == "audio":
        return Decimal(PREFERRED_SECONDS)  # how long a text takes to say is not known before it is said
    media = next((media for media in inputs.references if media.kind == kind), None)
    if media is None or media.duration is None:
        raise unreadable(field or "input_references", kind, "length")
    if fault := _too_long(media.duration, model, test=test):
        raise InvalidRequest([Problem(field or "input_references", fault)])
    return Decimal(str(media.duration))


def unreadable(field: str, kind: MediaKind, what: str) -> InvalidRequest:
    """The refusal of an input whose measure sets the price and could not be taken."""
    return InvalidRequest([Problem(field, f"The {what} of this {kind} could not be read, and the price needs it")])


def _too_long(lasts: float, model: ModelSpec, *, test: bool) -> str | None:
    limit = model.longest_input or RENDERED_SECONDS
    if lasts > limit:
        return f"This input lasts {lasts:g} s; {model.id} takes at most {limit} s"
    if test and lasts > RENDERED_SECONDS:
        return f"This input lasts {lasts:g} s; with a test key at most {RENDERED_SECONDS} s are made"
    return None
