from typing import Any

import pytest

from reelrouter.catalogue.check import Rules
from reelrouter.catalogue.request import Inputs, ProviderWish
from tests.catalogue.examples import (
    AVATAR,
    HAILUO,
    LIVE,
    SEEDANCE,
    VEO,
    WAN,
    frames,
    picture,
    plan,
    problems,
    references,
    sound,
)


@pytest.mark.parametrize(
    ("model_id", "parts", "warnings"),
    [
        (HAILUO, {"seed": 7}, ["seed: not used, since minimax/hailuo-3 does not take a seed"]),
        (WAN, {"generate_audio": False}, ["generate_audio: not used, since alibaba/wan-2.7 always makes sound"]),
        (
            AVATAR,
            {"generate_audio": False, "references": references("image")},
            ["generate_audio: not used, since heygen/avatar-iv always makes sound"],
        ),
        (
            VEO,
            {"frame_images": frames("first_frame"), "references": references("image", "video")},
            ["input_references: not used, since frame_images take precedence"],
        ),
        (
            VEO,
            {"references": references("image", "video", "audio")},
            [
                f"input_references[1].video_url.url: not used, since {VEO} does not take video references",
                f"input_references[2].audio_url.url: not used, since {VEO} does not take audio references",
            ],
        ),
        (
            VEO,
            {"unknown": ("camera", "frame_images[0].weight")},
            [
                "camera: not used, since there is no such parameter",
                "frame_images[0].weight: not used, since there is no such parameter",
            ],
        ),
    ],
)
def test_what_upstream_ignores_is_named_in_a_warning(
    model_id: str, parts: dict[str, Any], warnings: list[str]
) -> None:
    """The job goes ahead, and says what it goes without."""
    assert list(plan(model_id, **parts).warnings) == warnings


def test_what_is_warned_about_is_not_handed_on() -> None:
    """Neither the seed nor the unused references reach the plan."""
    assert plan(HAILUO, seed=7).resolved.seed is None
    assert plan(VEO, seed=7).resolved.seed == 7
    inputs = Inputs(first_frame=picture(16, 9), references=(picture(1, 1),))
    found = plan(VEO, inputs, frame_images=frames("first_frame"), references=references("image"))
    assert found.inputs == Inputs(first_frame=picture(16, 9))
    mixed = Inputs(references=(picture(1, 1), sound()))
    found = plan(VEO, mixed, references=references("image", "audio"))
    assert found.inputs == Inputs(references=(picture(1, 1),))


@pytest.mark.parametrize("rules", [Rules(strict=True), LIVE])
def test_strictness_turns_warnings_into_problems(rules: Rules) -> None:
    """By the gateway's setting or the request's own wish, what would be ignored is refused."""
    wish = ProviderWish(require_parameters=not rules.strict)
    found = problems(HAILUO, rules, seed=7, provider=wish, unknown=("camera",), duration=99)
    assert [problem.field for problem in found] == ["duration", "seed", "camera"]
    assert plan(HAILUO, rules=rules, provider=wish).warnings == ()


def test_options_are_filtered_by_each_endpoints_list() -> None:
    """Bare or under `parameters`, by the vendor's name; the reseller's endpoint gets the vendor's options."""
    options = {"google-vertex": {"negativePrompt": "rain", "parameters": {"enhancePrompt": True}}}
    found = plan(VEO, provider=ProviderWish(options=options))
    taken = {"negativePrompt": "rain", "enhancePrompt": True}
    assert found.options == {"google-vertex": taken, "openrouter": taken}
    assert found.warnings == ()


def test_options_under_an_alias_reach_the_endpoint() -> None:
    """A vendor has several names upstream."""
    found = plan(WAN, provider=ProviderWish(options={"atlas-cloud": {"negative_prompt": "rain"}}))
    assert found.options["alibaba"] == {"negative_prompt": "rain"}


def test_options_that_nobody_takes_are_named() -> None:
    """Keys off the list, other providers' names and second helpings are each pointed at."""
    options: dict[str, dict[str, Any]] = {
        "seed": {"watermark": False, "speed": 3},
        "byteplus": {"watermark": True, "parameters": {"req_key": "k", "mood": 1}},
        "fal": {"x": 1},
    }
    found = plan(SEEDANCE, provider=ProviderWish(options=options))
    assert found.options["byteplus"] == {"watermark": True, "req_key": "k"}
    named = {warning.split(": ")[0] for warning in found.warnings}
    assert named == {
        "provider.options.seed.watermark",
        "provider.options.seed.speed",
        "provider.options.byteplus.parameters.mood",
        "provider.options.fal",
    }
    assert any("given twice" in warning for warning in found.warnings)
