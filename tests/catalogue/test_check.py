from decimal import Decimal
from typing import Any

import pytest

from reelrouter.catalogue.check import refuse, unknown_model
from reelrouter.catalogue.inputs import wanted
from reelrouter.catalogue.request import Inputs, ProviderWish
from reelrouter.errors import InvalidRequest
from reelrouter.money import nanos
from reelrouter.work import Script
from tests.catalogue.examples import (
    ALEPH,
    AVATAR,
    FLUX_3,
    FLUX_EDIT,
    FLUX_UPSCALE,
    HAILUO,
    LIVE,
    SEEDANCE,
    TEST,
    VEO,
    WAN,
    ask,
    by_field,
    clip,
    frames,
    model,
    only_problem,
    picture,
    plan,
    problems,
    references,
    sound,
)


@pytest.mark.parametrize(
    ("model_id", "parts", "mode"),
    [
        (VEO, {}, "text"),
        (VEO, {"frame_images": frames("first_frame")}, "frames"),
        (VEO, {"references": references("image")}, "references"),
        (SEEDANCE, {"references": references("video")}, "references"),
        (SEEDANCE, {"frame_images": frames("first_frame"), "references": references("image")}, "frames"),
        (FLUX_EDIT, {"references": references("video")}, "edit"),
    ],
)
def test_the_inputs_say_what_kind_of_job_it_is(model_id: str, parts: dict[str, Any], mode: str) -> None:
    """Frames win over references; an edit model edits."""
    inputs = Inputs(references=(clip(),)) if model_id == FLUX_EDIT else Inputs()
    assert plan(model_id, inputs, **parts).mode == mode


def test_an_edit_has_its_inputs_length_and_pixels() -> None:
    """The video is as long as what it was made from, its pixels even, and its price by the second."""
    found = plan(FLUX_EDIT, Inputs(references=(clip(),)), references=references("video"))
    assert found.resolved.duration is None
    assert (found.resolved.width, found.resolved.height) == (1280, 720)
    assert (found.resolved.resolution, found.resolved.aspect_ratio) == (None, None)
    assert found.estimate == nanos(Decimal("0.192"))


@pytest.mark.parametrize(
    ("media", "word"), [(clip(seconds=None), "length"), (clip(width=None), "width and height")]
)
def test_an_edit_of_a_video_that_cannot_be_measured_is_refused(media: Any, word: str) -> None:
    """A price may not rest on a guess."""
    with pytest.raises(InvalidRequest) as caught:
        plan(FLUX_EDIT, Inputs(references=(media,)), references=references("video"))
    (problem,) = caught.value.problems
    assert problem.field == "input_references[0].video_url.url"
    assert word in problem.message


def test_reference_images_are_priced_each() -> None:
    """Five seconds at 13 cents and two images at 4."""
    found = plan(HAILUO, references=references("image", "image", "video"))
    assert found.estimate == nanos(Decimal("0.73"))
    assert [line.sku for line in found.lines] == ["duration_seconds", "reference_images"]


def test_a_video_reference_has_its_own_token_price() -> None:
    """The row names a rate for jobs with video input."""
    assert plan(SEEDANCE, references=references("video")).lines[0].sku == "video_tokens_with_video_input"


def test_only_inputs_that_are_used_are_wanted() -> None:
    """Nobody needs to fetch what the model would not be shown."""
    both = ask(VEO, frame_images=frames("first_frame"), references=references("image"))
    assert [url.field for url in wanted(both, model(VEO))] == ["frame_images[0].image_url.url"]
    mixed = ask(VEO, references=references("audio", "image"))
    assert [url.field for url in wanted(mixed, model(VEO))] == ["input_references[1].image_url.url"]


def test_an_unknown_model_is_named() -> None:
    """The sentence is the contract's, and the field may be a fallback's."""
    refusal = unknown_model("acme/none", "models[1]")
    assert refusal.message == "acme/none is not a valid model ID"
    assert refusal.problems[0].field == "models[1]"
    assert unknown_model("acme/none").problems[0].field == "model"


JOB = "gen-vid-1790983457-AbCdEfGhIjKlMnOpQrSt"


def test_a_job_can_be_continued_where_the_row_says_so() -> None:
    """The earlier job's video comes with the plan, and the price is the one for going on."""
    before = clip(5.0, 1920, 1080)
    found = plan(FLUX_3, Inputs(previous=before), previous_job_id=JOB, duration=5)
    assert (found.mode, found.previous_job_id, found.inputs) == ("continue", JOB, Inputs(previous=before))
    assert [line.sku for line in found.lines] == ["cents_per_second_video_continuation_1080p"]
    assert found.estimate == nanos(Decimal("2.65"))
    with pytest.raises(InvalidRequest, match="gen-vid-"):
        refuse(ask(FLUX_3, previous_job_id="job-7"), model(FLUX_3), LIVE)


def test_a_video_to_go_on_from_is_of_no_use_to_any_other_job() -> None:
    """Whoever looks one up in vain finds it left out."""
    found = plan(FLUX_3, Inputs(first_frame=picture(9, 16), previous=clip()), frame_images=frames("first_frame"))
    assert found.inputs == Inputs(first_frame=picture(9, 16))


@pytest.mark.parametrize(
    ("parts", "size", "dollars"),
    [({}, (200, 100), "0.003"), ({"upscale_factor": 3.0, "creativity": 1}, (300, 150), "0.00945")],
)
def test_an_upscaled_video_has_its_inputs_pixels_times_the_factor(
    parts: dict[str, Any], size: tuple[int, int], dollars: str
) -> None:
    """The row's factor and creativity are filled in, and set the price."""
    inputs = Inputs(references=(clip(2.0, 100, 50),))
    found = plan(FLUX_UPSCALE, inputs, prompt=None, references=references("video"), **parts)
    assert found.mode == "upscale"
    assert (found.resolved.width, found.resolved.height) == size
    assert found.estimate == nanos(Decimal(dollars))


@pytest.mark.parametrize(("field", "value"), [("upscale_factor", 4.0), ("creativity", 2)])
def test_upscaling_has_its_limits(field: str, value: float) -> None:
    """A factor or a creativity beyond the row's is refused with what would do."""
    parts: dict[str, Any] = {"references": references("video"), field: value}
    problem = only_problem(FLUX_UPSCALE, **parts)
    assert problem.field == field
    assert problem.allowed


def test_an_avatar_speaks_as_long_as_its_recording() -> None:
    """Its sound is promised though the row promises none, and its price is by the recording's second."""
    inputs = Inputs(references=(picture(600, 800), sound(7.3)))
    found = plan(AVATAR, inputs, prompt=None, references=references("image", "audio"))
    assert (found.mode, found.resolved.audio, found.resolved.duration) == ("references", True, None)
    assert found.asked.duration == Decimal("7.3")
    assert found.estimate == nanos(Decimal("0.365"))


def test_a_short_edit_costs_the_rows_minimum() -> None:
    """One second and a half at 28 cents is less than the least that is billed."""
    found = plan(ALEPH, Inputs(references=(clip(1.5),)), references=references("video"))
    assert [line.sku for line in found.lines] == ["cents_per_second_output", "minimum_cents_per_generation"]
    assert found.estimate == nanos(Decimal("0.56"))


def test_script_words_are_read_for_test_keys_only() -> None:
    """A live prompt is handed on as it was written."""
    prompt = "a red fox [[delay:2]]"
    live, test = plan(VEO, prompt=prompt), plan(VEO, rules=TEST, prompt=prompt)
    assert (live.prompt, live.script) == (prompt, None)
    assert (test.prompt, test.script) == ("a red fox", Script(delay=2.0))
    assert plan(VEO, rules=TEST).script == Script()
    assert plan(VEO, prompt="[[explode]]").prompt == "[[explode]]"


def test_a_bad_script_word_is_one_problem_among_others() -> None:
    """It is reported together with what else is wrong."""
    found = by_field(problems(VEO, TEST, prompt="a fox [[explode]]", duration=5))
    assert set(found) == {"prompt", "duration"}
    assert found["prompt"].error_type == "invalid_prompt"


def test_a_prompt_of_script_words_alone_is_a_prompt() -> None:
    """Whoever tests a failure needs no fox."""
    assert plan(HAILUO, rules=TEST, prompt="[[stuck]]").script == Script(stuck=True)


def test_test_keys_meet_the_real_models_limits_and_price() -> None:
    """Only the words differ between the two modes."""
    assert plan(VEO, rules=TEST, duration=4).estimate == plan(VEO, duration=4).estimate
    assert only_problem(VEO, TEST, duration=5).field == "duration"


@pytest.mark.parametrize(
    ("name", "options", "field"),
    [
        (VEO, {"openrouter": {"aspectRatio": "9:16"}}, "aspect_ratio"),
        (WAN, {"openrouter": {"ratio": "1:1"}}, "aspect_ratio"),
        ("alibaba/wan-2.6", {"openrouter": {"size": "720*1280"}}, "size"),
    ],
)
def test_an_option_cannot_change_what_is_priced(name: str, options: dict[str, Any], field: str) -> None:
    """It is refused with the parameter that would do, and taken where it says the same."""
    with pytest.raises(InvalidRequest) as refused:
        plan(name, provider=ProviderWish(options=options))
    (problem,) = refused.value.problems
    assert problem.field.startswith("provider.options.")
    assert f"Set {field} instead" in problem.message
    ((slug, (option, _)),) = ((slug, next(iter(given.items()))) for slug, given in options.items())
    same = {slug: {option: "1280*720" if option == "size" else "16:9"}}
    assert plan(name, provider=ProviderWish(options=same)).warnings == ()
