"""Which of a request's inputs a model uses, and what kind of job they make it."""

from dataclasses import replace

from reelrouter.catalogue.model import ModelSpec
from reelrouter.catalogue.request import Inputs, InputUrl, VideoRequest, input_urls
from reelrouter.work import Mode


def wanted(request: VideoRequest, model: ModelSpec) -> tuple[InputUrl, ...]:
    """The inputs worth fetching: frames where there are any, else the references that the model takes.

    A job that goes on from another has what it needs.
    """
    urls = input_urls(request)
    if not urls:
        return urls
    if request.previous_job_id is not None:
        return ()
    if request.frame_images:
        return tuple(url for url in urls if url.role != "reference")
    return tuple(url for url in urls if model.references.of(url.kind) > 0)


def used(inputs: Inputs, request: VideoRequest, model: ModelSpec) -> Inputs:
    """The same choice among inputs that have been fetched."""
    if request.previous_job_id is not None:
        return Inputs(previous=inputs.previous)
    if request.frame_images:
        return replace(inputs, references=(), previous=None)
    kept = tuple(media for media in inputs.references if model.references.of(media.kind) > 0)
    return Inputs(references=kept)


def mode_of(request: VideoRequest, model: ModelSpec) -> Mode:
    """What kind of job the request is for this model; whether the model does that kind is not judged here."""
    if request.previous_job_id is not None:
        return "continue"
    if request.frame_images:
        return "frames"
    kinds = {url.kind for url in wanted(request, model)}
    works_on_video: tuple[Mode, ...] = ("upscale", "edit")
    for mode in works_on_video:
        if mode in model.modes and ("video" in kinds or "text" not in model.modes):
            return mode
    return "references" if kinds else "text"
