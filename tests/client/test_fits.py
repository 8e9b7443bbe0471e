"""Whether a row lets a model serve a request, held against what the server's own rules say of it."""

from contextlib import nullcontext, suppress
from typing import Any

import pytest

from reelrouter.client.fits import reasons, remarks, takes_image_references
from reelrouter.client.results import Model, Route
from reelrouter.client.wishes import read_wish
from reelrouter.errors import InvalidRequest
from tests.client.questions import plan_of, questions
from tests.client.rows import frame, ours, reference, row, upstream_row

VEO = "google/veo-3.1-lite"
UPSCALER = "black-forest-labs/flux-video-upscale"
EDITOR = "black-forest-labs/flux-video-edit"
AVATAR = "heygen/avatar-iv"
UNSTATED_FRAME = "whether a last frame may come without a first one is not stated"
UNSTATED_SOUND = "whether a sound may come without an image or a video is not stated"


@pytest.mark.parametrize("model", [pytest.param(model, id=model.id) for model in ours()])
def test_what_fits_is_what_the_server_takes(model: Model) -> None:
    """Where nothing speaks against a request, the server takes it, or a remark has said what is left open."""
    for body in questions(model):
        wish = read_wish(body)
        if reasons(wish, model):
            continue
        left_open = {UNSTATED_FRAME, UNSTATED_SOUND} & set(remarks(wish, model))
        with suppress(InvalidRequest) if left_open else nullcontext():
            plan_of(body)


@pytest.mark.parametrize("model", [pytest.param(model, id=model.id) for model in ours()])
def test_what_does_not_fit_the_server_refuses_or_leaves_aside(model: Model) -> None:
    """The server also takes references that it then does not use; whoever chooses wants them used."""
    for body in questions(model):
        unfit = reasons(read_wish(body), model)
        if not unfit or any("reference" in reason for reason in unfit) or unfit == ("it makes no sound",):
            continue
        with pytest.raises(InvalidRequest):
            plan_of(body)


@pytest.mark.parametrize(
    ("model_id", "request_", "why"),
    [
        (VEO, {"duration": 5}, "it makes 4, 6 or 8 s, not 5 s"),
        ("bytedance/seedance-2.5", {"duration": 61}, "it makes 4 to 30 s, not 61 s"),
        (VEO, {"resolution": "4K"}, "it makes 720p and 1080p, not 4K"),
        (VEO, {"aspect_ratio": "1:1"}, "it makes 16:9 and 9:16, not 1:1"),
        (VEO, {"size": "640x360"}, "it does not make 640x360"),
        (
            VEO,
            {"size": "1280x720", "resolution": "1080p"},
            "1280x720 is 720p with it, and resolution 1080p is asked for beside it",
        ),
        (AVATAR, {"duration": 5, "input_references": [reference()]}, "its length is that of its input, and 5 s"),
        (UPSCALER, {"resolution": "720p"}, "its resolution is that of its input, and 720p is asked for"),
        (UPSCALER, {"size": "1280x720"}, "its size is that of its input, and 1280x720 is asked for"),
        (UPSCALER, {}, "it works on a video that it is given, and the request has no video reference"),
        (UPSCALER, {"upscale_factor": 4}, "it upscales 1.5 to 3 times, not 4"),
        (UPSCALER, {"creativity": 2}, "its creativity is 0 or 1, not 2"),
        (VEO, {"creativity": 1}, "it has no creativity to set"),
        (VEO, {"upscale_factor": 2}, "it does not upscale videos"),
        (AVATAR, {}, "it needs a reference to work from, and the request has none"),
        (EDITOR, {"frame_images": [frame()]}, "it takes no first frame"),
        ("runway/gen-4.5", {"frame_images": [frame("last_frame")]}, "it takes no last frame"),
        (VEO, {"frame_images": [frame(), frame()]}, "a video has one first frame, and 2 are given"),
        (VEO, {"input_references": [reference("video")]}, "it takes no video references, and 1 is given"),
        (
            "google/veo-3.1",
            {"input_references": [reference()] * 4},
            "it takes at most 3 image references, and 4 are given",
        ),
        ("minimax/hailuo-2.3", {"generate_audio": True}, "it makes no sound"),
        (EDITOR, {"seed": 7}, "it takes no seed"),
    ],
)
def test_each_reason_is_said_in_words(model_id: str, request_: dict[str, Any], why: str) -> None:
    """A person reads what the model has, and what was asked of it."""
    found = reasons(read_wish(request_), row(model_id))
    assert [reason for reason in found if reason.startswith(why)], found


def test_every_reason_is_named_at_once() -> None:
    """Nobody has to mend a request piece by piece."""
    found = reasons(read_wish({"duration": 5, "resolution": "4K", "aspect_ratio": "1:1"}), row(VEO))
    assert len(found) == 3


@pytest.mark.parametrize(
    ("options", "fits"),
    [
        ({"google-vertex": {"parameters": {"personGeneration": "allow"}}}, True),
        ({"google-vertex": {"personGeneration": "allow"}}, True),
        ({"google-vertex": {"personGeneration": "allow", "unheardOf": 1}}, False),
        ({"elsewhere": {"unheardOf": 1}}, False),
        ({"elsewhere": {"unheardOf": 1}, "google-vertex": {"personGeneration": "allow"}}, True),
        ({"elsewhere": {}}, True),
        ({}, True),
    ],
)
def test_one_providers_options_are_all_taken(options: dict[str, Any], fits: bool) -> None:
    """Nested or flat; what stands under another provider's name is not meant for this model."""
    found = reasons(read_wish({"provider": {"options": options}}), row(VEO))
    assert (not found) is fits
    assert fits or "unheardOf" in found[0]


def test_a_model_that_nothing_could_make_now_does_not_fit() -> None:
    """What the server says is missing is repeated; a server that says nothing of it is trusted."""
    missing = (Route(endpoint="vertex", reason="GOOGLE_VERTEX_PROJECT is not set"),)
    wish = read_wish({})
    assert reasons(wish, row(VEO, available=(), missing=missing)) == (
        "this server has nothing that could make it; vertex: GOOGLE_VERTEX_PROJECT is not set",
    )
    assert reasons(wish, row(VEO, available=None)) == ()


def test_a_server_that_is_silent_on_references_leaves_a_remark() -> None:
    """Upstream's rows do not say which references they take: the model stays, and the remark says so."""
    wish = read_wish({"input_references": [reference()]})
    silent = upstream_row("google/veo-3.1")
    assert reasons(wish, silent) == ()
    assert remarks(wish, silent) == (
        "this server does not say which references it takes; read its description before you submit",
    )
    assert remarks(wish, row("google/veo-3.1")) == ()


@pytest.mark.parametrize(
    ("description", "takes"),
    [
        ("Does not support image or video references.", False),
        ("It does not support reference images.", False),
        ("No references.", False),
        ("Makes clips from a prompt, without input references.", False),
        ("Doesn't accept any image references.", False),
        ("Up to three references keep a character the same.", None),
        ("No watermark. References are welcome.", None),
        ("", None),
    ],
)
def test_a_description_may_rule_references_out(description: str, takes: bool | None) -> None:
    """Only where it plainly says so; a doubtful one is left to the reader."""
    silent = upstream_row("google/veo-3.1", description=description)
    wish = read_wish({"input_references": [reference()]})
    assert takes_image_references(silent) is takes
    assert (reasons(wish, silent) == ("its description says that it takes no references",)) is (takes is False)


def test_frames_leave_references_unused_and_say_so() -> None:
    """As on the wire: references beside frames count for nothing."""
    wish = read_wish({"frame_images": [frame()], "input_references": [reference("audio")]})
    assert reasons(wish, row(VEO)) == ()
    assert remarks(wish, row(VEO)) == ("the references will not be used, since frames win",)


def test_what_a_row_leaves_open_is_a_remark() -> None:
    """Not known is neither yes nor no."""
    wish = read_wish({"generate_audio": True, "seed": 7, "size": "1280x720"})
    vague = row(VEO, generate_audio=None, seed=None, supported_sizes=None)
    assert reasons(wish, vague) == ()
    assert remarks(wish, vague) == (
        "whether it makes sound is not stated",
        "whether it takes a seed is not stated",
        "it lists no sizes; this one is what its resolution and ratio come to",
    )
