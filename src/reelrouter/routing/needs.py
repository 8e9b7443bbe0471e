"""What of a model's abilities a plan needs, for endpoints that have fewer than the model; pure."""

from collections.abc import Iterator

from reelrouter.catalogue.check import Plan
from reelrouter.catalogue.model import Ability, ModelSpec

MISSING: dict[Ability, str] = {
    "last_frame": "it takes no last frame",
    "image_references": "it takes no image references",
    "video_references": "it takes no video references",
    "audio_references": "it takes no audio references",
    "seed": "it takes no seed",
    "audio": "it makes no sound",
    "size": "it makes no other pixels than those of its resolutions",
}
"""Why an endpoint without the ability is left out."""


def needs(plan: Plan, model: ModelSpec) -> Iterator[Ability]:
    if plan.inputs.last_frame is not None:
        yield "last_frame"
    kinds = {reference.kind for reference in plan.inputs.references}
    if "image" in kinds:
        yield "image_references"
    if "video" in kinds:
        yield "video_references"
    if "audio" in kinds:
        yield "audio_references"
    if plan.resolved.seed is not None:
        yield "seed"
    if plan.resolved.audio:
        yield "audio"
    if _has_pixels_of_its_own(plan, model):
        yield "size"


def _has_pixels_of_its_own(plan: Plan, model: ModelSpec) -> bool:
    """Whether resolution and aspect ratio alone would come to other pixels."""
    if model.pixels == "input":
        return False
    resolved = plan.resolved
    named = model.shapes.get(f"{resolved.resolution} {resolved.aspect_ratio}")
    return named is None or (named.width, named.height) != (resolved.width, resolved.height)
