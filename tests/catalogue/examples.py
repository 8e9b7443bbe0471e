"""Requests and inputs that the catalogue's tests share."""

from functools import cache
from typing import Any

import pytest

from reelrouter.catalogue.check import Plan, Rules, check, refuse
from reelrouter.catalogue.load import load_catalogue
from reelrouter.catalogue.model import Catalogue, ModelSpec
from reelrouter.catalogue.request import FrameImage, FrameType, Inputs, Reference, VideoRequest
from reelrouter.errors import InvalidRequest, Problem
from reelrouter.work import Media, MediaKind

VEO = "google/veo-3.1-lite"
SEEDANCE = "bytedance/seedance-2.0-fast"
WAN = "alibaba/wan-2.7"
HAILUO = "minimax/hailuo-3"
FLUX_EDIT = "black-forest-labs/flux-video-edit"
FLUX_UPSCALE = "black-forest-labs/flux-video-upscale"
FLUX_3 = "black-forest-labs/flux-3-video"
ALEPH = "runway/aleph-2"
AVATAR = "heygen/avatar-iv"
GROK = "x-ai/grok-imagine-video"
KLING = "kwaivgi/kling-v3.0-pro"
SEEDANCE_25 = "bytedance/seedance-2.5"
ANIMATIC = "reelrouter/animatic"

LIVE = Rules()
TEST = Rules(test=True)


def ask(model_id: str, **parts: Any) -> VideoRequest:
    return VideoRequest(**({"model": model_id, "prompt": "a red fox"} | parts))


def plan(model_id: str, inputs: Inputs | None = None, rules: Rules = LIVE, **parts: Any) -> Plan:
    return check(ask(model_id, **parts), model(model_id), inputs or Inputs(), rules)


def problems(model_id: str, rules: Rules = LIVE, **parts: Any) -> tuple[Problem, ...]:
    with pytest.raises(InvalidRequest) as caught:
        refuse(ask(model_id, **parts), model(model_id), rules)
    return caught.value.problems


def only_problem(model_id: str, rules: Rules = LIVE, **parts: Any) -> Problem:
    (problem,) = problems(model_id, rules, **parts)
    return problem


@cache
def catalogue() -> Catalogue:
    return load_catalogue()


def model(model_id: str) -> ModelSpec:
    found = catalogue().find(model_id)
    assert found is not None, model_id
    return found


def frames(*types: FrameType) -> tuple[FrameImage, ...]:
    return tuple(FrameImage(url=f"https://example.com/{name}.png", frame_type=name) for name in types)


def references(*kinds: MediaKind) -> tuple[Reference, ...]:
    return tuple(Reference(kind=kind, url=f"https://example.com/{at}") for at, kind in enumerate(kinds))


def picture(width: int, height: int) -> Media:
    return Media(kind="image", key="inputs/w/a", sha256="a", mime="image/png", size=1, width=width, height=height)


def clip(seconds: float | None = 6.4, width: int | None = 1281, height: int | None = 721) -> Media:
    return Media(
        kind="video",
        key="inputs/w/b",
        sha256="b",
        mime="video/mp4",
        size=1,
        width=width,
        height=height,
        duration=seconds,
    )


def sound(seconds: float | None = 3.0) -> Media:
    return Media(kind="audio", key="inputs/w/c", sha256="c", mime="audio/mpeg", size=1, duration=seconds)


def by_field(problems: tuple[Problem, ...]) -> dict[str, Problem]:
    """The problems by their field; each field has one in the tests that use this."""
    found = {problem.field: problem for problem in problems}
    assert len(found) == len(problems)
    return found
