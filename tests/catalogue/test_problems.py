from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from reelrouter.catalogue.check import refuse
from reelrouter.catalogue.model import ReferenceLimits
from reelrouter.catalogue.request import Attribution, ProviderWish
from reelrouter.errors import InvalidRequest, Problem
from reelrouter.work import MediaKind
from tests.catalogue.examples import (
    ALEPH,
    ANIMATIC,
    AVATAR,
    FLUX_3,
    FLUX_EDIT,
    HAILUO,
    LIVE,
    SEEDANCE,
    SEEDANCE_25,
    VEO,
    WAN,
    ask,
    by_field,
    frames,
    model,
    only_problem,
    plan,
    problems,
    references,
)

VEO_SIZES = ("1280x720", "720x1280", "1920x1080", "1080x1920")


@pytest.mark.parametrize(
    ("model_id", "parts", "field", "message", "allowed"),
    [
        (
            VEO,
            {"duration": 99},
            "duration",
            "Duration 99s is not supported for this model. Supported durations: 4, 6, 8s",
            [4, 6, 8],
        ),
        (
            VEO,
            {"resolution": "4K"},
            "resolution",
            "Resolution 4K is not supported for this model. Supported resolutions: 720p, 1080p",
            ("720p", "1080p"),
        ),
        (
            VEO,
            {"aspect_ratio": "1:1"},
            "aspect_ratio",
            "Aspect ratio 1:1 is not supported for this model. Supported aspect ratios: 16:9, 9:16",
            ("16:9", "9:16"),
        ),
        (
            VEO,
            {"size": "640x480"},
            "size",
            "Size 640x480 is not supported for this model. Supported sizes: " + ", ".join(VEO_SIZES),
            VEO_SIZES,
        ),
    ],
)
def test_a_value_off_the_list_is_refused_in_the_contracts_words(
    model_id: str, parts: dict[str, Any], field: str, message: str, allowed: Any
) -> None:
    """Clients match on these sentences, and programs read the allowed values."""
    assert only_problem(model_id, **parts) == Problem(field, message, allowed)


@pytest.mark.parametrize(
    ("model_id", "parts", "field", "words"),
    [
        (VEO, {"size": "720p"}, "size", "WIDTHxHEIGHT"),
        (VEO, {"size": "1280x720", "resolution": "1080p"}, "size", "size 1280x720 contradicts resolution 1080p"),
        (
            VEO,
            {"size": "1280x720", "resolution": "1080p", "aspect_ratio": "9:16"},
            "size",
            "contradicts resolution 1080p and aspect_ratio 9:16",
        ),
        (FLUX_EDIT, {"references": references("video"), "duration": 5}, "duration", "as long as its input"),
        (FLUX_EDIT, {"references": references("video"), "resolution": "720p"}, "resolution", "input's pixels"),
        (FLUX_EDIT, {"references": references("video"), "aspect_ratio": "1:1"}, "aspect_ratio", "leave it out"),
        (FLUX_EDIT, {"references": references("video"), "size": "1280x720"}, "size", "input's pixels"),
        (FLUX_EDIT, {"references": references("video", "video")}, "input_references", "at most 1 video"),
        (FLUX_EDIT, {}, "input_references", "video_url"),
        (
            FLUX_EDIT,
            {"references": references("video", "image")},
            "input_references[1].image_url.url",
            "does not take image references",
        ),
        (
            VEO,
            {"references": references("image", "image", "image", "image")},
            "input_references",
            "at most 3 image references; 4",
        ),
        (VEO, {"references": references("video")}, "input_references[0].video_url.url", "video references"),
        (VEO, {"references": references("audio")}, "input_references[0].audio_url.url", "audio references"),
        (SEEDANCE, {"references": references("audio")}, "input_references", "image or video reference"),
        (VEO, {"frame_images": frames("last_frame")}, "frame_images", "together with a first_frame"),
        (
            VEO,
            {"frame_images": frames("first_frame", "first_frame")},
            "frame_images[1].frame_type",
            "already a first_frame",
        ),
        (VEO, {"prompt": None}, "prompt", "requires a prompt when no image"),
        (VEO, {"prompt": " \n"}, "prompt", "requires a prompt"),
        (HAILUO, {"prompt": None, "frame_images": frames("first_frame")}, "prompt", "requires a prompt"),
        (WAN, {"prompt": "x" * 1501}, "prompt", "1501 characters; alibaba/wan-2.7 takes at most 1500"),
        (
            VEO,
            {"previous_job_id": "gen-vid-1-" + "a" * 20},
            "previous_job_id",
            "google/veo-3.1-lite-20260331 does not support previous_job_id",
        ),
        (VEO, {"upscale_factor": 2.0}, "upscale_factor", "does not upscale"),
        (VEO, {"creativity": 1}, "creativity", "leave it out"),
        (VEO, {"provider": ProviderWish(max_price=Decimal(-1))}, "provider.max_price", "0 or more"),
        (VEO, {"provider": ProviderWish(max_price=Decimal("NaN"))}, "provider.max_price", "0 or more"),
        (VEO, {"attribution": Attribution(session_id="s" * 257)}, "session_id", "at most 256"),
        (VEO, {"attribution": Attribution(user="u" * 129)}, "user", "at most 128"),
    ],
)
def test_what_a_model_cannot_do_is_refused(model_id: str, parts: dict[str, Any], field: str, words: str) -> None:
    """One mistake is one problem, at its place in the body, in words that help."""
    problem = only_problem(model_id, **parts)
    assert problem.field == field
    assert words in problem.message


def test_frames_need_a_model_that_takes_them() -> None:
    """The edit model has a video to work on, and refuses pictures as frames."""
    found = by_field(problems(FLUX_EDIT, frame_images=frames("first_frame")))
    assert "does not take frame images" in found["frame_images"].message
    one_frame = replace(model(VEO), supported_frame_images=("first_frame",))
    with pytest.raises(InvalidRequest) as caught:
        refuse(ask(VEO, frame_images=frames("first_frame", "last_frame")), one_frame, LIVE)
    (problem,) = caught.value.problems
    assert (problem.field, problem.allowed) == ("frame_images[1].frame_type", ("first_frame",))


def test_sound_needs_a_model_that_makes_it() -> None:
    """Sound sets the price, so it is not dropped with a warning."""
    problem = only_problem(FLUX_EDIT, references=references("video"), generate_audio=True)
    assert (problem.field, problem.allowed) == ("generate_audio", (False,))


def test_every_problem_comes_at_once() -> None:
    """One answer is enough to mend a request, and its message is the first problem's."""
    with pytest.raises(InvalidRequest) as caught:
        refuse(
            ask(VEO, prompt=None, duration=5, resolution="8K", upscale_factor=2.0, creativity=3),
            model(VEO),
            LIVE,
        )
    assert [problem.field for problem in caught.value.problems] == [
        "prompt",
        "duration",
        "resolution",
        "upscale_factor",
        "creativity",
    ]
    assert caught.value.message == caught.value.problems[0].message


def test_a_last_frame_may_come_alone_where_the_row_says_so() -> None:
    """Our own renderer can end on a picture without beginning on one."""
    assert plan(ANIMATIC, frame_images=frames("last_frame")).mode == "frames"


def test_a_prompt_may_be_missing_where_an_input_says_enough() -> None:
    """A frame or a reference is prompt enough for a model whose row says so."""
    assert plan(VEO, prompt=None, frame_images=frames("first_frame")).prompt == ""
    assert plan(VEO, prompt=None, references=references("image")).mode == "references"


def test_a_model_that_needs_an_input_says_which() -> None:
    """A row without the mode text cannot be asked with a prompt alone."""
    row = replace(model(VEO), modes=("frames", "references"))
    with pytest.raises(InvalidRequest, match="add frame_images or input_references") as caught:
        refuse(ask(VEO), row, LIVE)
    assert [problem.field for problem in caught.value.problems] == ["prompt"]


@pytest.mark.parametrize(
    ("kinds", "prompt", "field", "words"),
    [
        ((), "hello", "prompt", "add input_references"),
        (("audio",), "hello", "input_references", "needs an image reference beside it"),
        (("image",), None, "prompt", "requires a prompt when no audio input is given"),
        (("image",), "", "prompt", "what the picture says"),
        (("image", "image"), "hello", "input_references", "at most 1 image"),
        (("image", "audio", "audio"), None, "input_references", "at most 1 audio"),
    ],
)
def test_an_avatar_needs_a_picture_and_something_to_say(
    kinds: tuple[MediaKind, ...], prompt: str | None, field: str, words: str
) -> None:
    """One image, and either a text or one recording."""
    problem = only_problem(AVATAR, prompt=prompt, references=references(*kinds))
    assert problem.field == field
    assert words in problem.message


@pytest.mark.parametrize("asked", [True, None])
def test_an_avatar_may_be_asked_for_the_sound_that_it_makes(asked: bool | None) -> None:
    """Its row says that it makes none, which is upstream's word, and not what comes out."""
    refuse(ask(AVATAR, references=references("image"), generate_audio=asked), model(AVATAR), LIVE)


def test_a_recording_may_stand_alone_where_the_row_says_so() -> None:
    """The newest Seedance takes its cue from a sound; the one before it needs something to see."""
    assert plan(SEEDANCE_25, references=references("audio")).mode == "references"
    assert "an image or video reference" in only_problem(SEEDANCE, references=references("audio")).message


@pytest.mark.parametrize(
    ("parts", "field"),
    [
        ({"frame_images": frames("first_frame")}, "frame_images"),
        ({"references": references("image")}, "input_references"),
    ],
)
def test_a_job_that_goes_on_takes_no_other_beginning(parts: dict[str, Any], field: str) -> None:
    """It begins where the earlier one ended; another picture would contradict that."""
    problem = only_problem(FLUX_3, previous_job_id="gen-vid-1-" + "a" * 20, **parts)
    assert problem.field == field


@pytest.mark.parametrize(
    ("parts", "field", "words"),
    [
        ({"aspect_ratio": "9:21"}, "aspect_ratio", "Supported aspect ratios: 16:9, 4:3"),
        ({"resolution": "720p"}, "resolution", "input's pixels"),
        ({"size": "1280x720"}, "size", "input's pixels"),
    ],
)
def test_an_edit_may_be_cut_to_a_listed_ratio_only(parts: dict[str, Any], field: str, words: str) -> None:
    """The row lists ratios and no sizes."""
    problem = only_problem(ALEPH, references=references("video"), **parts)
    assert problem.field == field
    assert words in problem.message


def test_references_beside_an_edit_need_the_video() -> None:
    """A row that edits, and has no reference mode, takes pictures only as a supplement."""
    limits = ReferenceLimits(image=2, video=1)
    row = replace(model(FLUX_EDIT), modes=("text", "edit"), references=limits)
    with pytest.raises(InvalidRequest, match="only beside a video"):
        refuse(ask(FLUX_EDIT, references=references("image")), row, LIVE)
    refuse(ask(FLUX_EDIT, references=references("image", "video")), row, LIVE)
