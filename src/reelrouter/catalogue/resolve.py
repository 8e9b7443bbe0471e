"""Length, pixels and sound that a checked request comes to, with every default filled in."""

from dataclasses import dataclass

from reelrouter.catalogue.lengths import asked_seconds
from reelrouter.catalogue.model import ModelSpec
from reelrouter.catalogue.request import Inputs, VideoRequest
from reelrouter.catalogue.shapes import shape_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """What will be asked of the vendor, in full: no vendor's default may decide a length or a price."""

    duration: int | None
    """Seconds; None where the length follows the input."""
    width: int
    height: int
    resolution: str | None
    aspect_ratio: str | None
    fps: int
    audio: bool
    seed: int | None


def resolve(request: VideoRequest, model: ModelSpec, inputs: Inputs) -> Resolved:
    """Expects a request without refusals; raises `InvalidRequest` as `shape_of` does."""
    shape = shape_of(request, model, inputs)
    return Resolved(
        duration=asked_seconds(request, model),
        width=shape.width,
        height=shape.height,
        resolution=shape.resolution,
        aspect_ratio=shape.aspect_ratio,
        fps=model.fps,
        audio=_audio(request, model),
        seed=None if model.seed is False else request.seed,
    )


def creativity(request: VideoRequest, model: ModelSpec) -> int | None:
    return model.defaults.creativity if request.creativity is None else request.creativity


def _audio(request: VideoRequest, model: ModelSpec) -> bool:
    if model.always_sounds:
        return True
    return bool(model.generate_audio) if request.generate_audio is None else request.generate_audio
