"""The adapter of Wan and HappyHorse."""

import asyncio
import json
from collections.abc import Generator
from pathlib import Path
from typing import Any, TypeVar

import pytest

from reelrouter.catalogue.load import load_catalogue
from reelrouter.catalogue.model import ModelSpec
from reelrouter.emulators.alibaba import ModelStudio, faults
from reelrouter.providers.alibaba import ALIBABA
from reelrouter.providers.base import Account, Call, Flow, Inline, Part, ProviderDrift, Reply, Unclear
from reelrouter.testing.conformance import Case, Vendor, cases_for, conform
from reelrouter.work import (
    Failed,
    FailureClass,
    Fetch,
    Finished,
    Handle,
    JobLost,
    Media,
    Mode,
    NotAnswered,
    Order,
    Outcome,
    Running,
    SubmitRefused,
)
from tests.providers.orders import clip, order, picture, sound

T = TypeVar("T")

ACCOUNT = Account(
    provider="alibaba", name="a", root="https://x.test/api/v1", values={"api_key": "k"}, concurrency=1
)
HANDLE = Handle(endpoint="alibaba", credential="a", native_id="t-1")
SYNTHESIS = "services/aigc/video-generation/video-synthesis"
TAKEN = {"output": {"task_id": "t-1", "task_status": "PENDING"}, "request_id": "r"}
GRANT = {
    "data": {
        "policy": "p",
        "signature": "s",
        "upload_dir": "dashscope-instant/d",
        "upload_host": "https://store.test",
        "oss_access_key_id": "i",
        "x_oss_object_acl": "private",
        "x_oss_forbid_overwrite": "true",
    }
}
VENDOR = Vendor(provider=ALIBABA, emulator=ModelStudio, order=order(native_model="wan2.7-t2v"), path="/api/v1")


@pytest.mark.parametrize("case", cases_for(VENDOR), ids=lambda case: case.name)
def test_it_keeps_every_promise_of_a_backend(case: Case, tmp_path: Path) -> None:
    """On its emulator, over real HTTP."""
    asyncio.run(conform(VENDOR, case, tmp_path))


MODES = {
    "wan 2.6, text": order(native_model="wan2.6-t2v"),
    "wan 2.6, first frame": order(native_model="wan2.6-i2v", mode="frames", first_frame=picture()),
    "wan 2.6, references": order(native_model="wan2.6-r2v", mode="references", references=(picture(), clip())),
    "wan 2.7, first frame": order(native_model="wan2.7-i2v", mode="frames", first_frame=picture()),
    "wan 2.7, both frames": order(
        native_model="wan2.7-i2v", mode="frames", first_frame=picture(), last_frame=picture("last"), prompt=""
    ),
    "wan 2.7, references": order(
        native_model="wan2.7-r2v", mode="references", references=(picture(), clip(), sound())
    ),
    "wan 3.0, text": order(native_model="wan3.0-video", audio=False, resolution="480p"),
    "wan 3.0, both frames": order(
        native_model="wan3.0-video-prime", mode="frames", first_frame=picture(), last_frame=picture("last")
    ),
    "wan 3.0, references": order(
        native_model="wan3.0-video", mode="references", references=(picture(), clip(), sound())
    ),
    "happyhorse, text": order(native_model="happyhorse-1.1-t2v", audio=False, aspect_ratio="21:9"),
    "happyhorse, first frame": order(
        native_model="happyhorse-1.0-i2v", mode="frames", first_frame=picture(), audio=False
    ),
    "happyhorse, references": order(
        native_model="happyhorse-1.1-r2v", mode="references", references=(picture(), picture("b")), audio=False
    ),
}


@pytest.mark.parametrize("mode", MODES)
def test_each_mode_is_what_the_vendor_takes(mode: str, tmp_path: Path) -> None:
    """On the emulator, with real files that are sent inline or uploaded first."""

    async def fetch(media: Media) -> Path:
        path = tmp_path / media.sha256
        path.write_bytes(b"data")
        return path

    vendor = Vendor(provider=ALIBABA, emulator=ModelStudio, order=MODES[mode], path="/api/v1", fetch=fetch)
    finished = next(case for case in cases_for(vendor) if case.name == "finished")
    asyncio.run(conform(vendor, finished, tmp_path))


INPUTS: dict[str, dict[str, Any]] = {
    "text": {},
    "frames": {"first_frame": picture()},
    "references": {"references": (picture(),)},
}
ENDPOINTS = [
    (model, mode, native)
    for model in load_catalogue()
    for endpoint in model.endpoints
    if endpoint.provider == "alibaba"
    for mode, native in endpoint.native.items()
]


@pytest.mark.parametrize(("model", "mode", "native"), ENDPOINTS, ids=lambda one: getattr(one, "id", one))
def test_every_row_of_the_catalogue_is_served(model: ModelSpec, mode: Mode, native: str) -> None:
    """In every shape, and at both ends of its lengths."""
    assert model.supported_durations
    for shape in model.shapes.values():
        for duration in (min(model.supported_durations), max(model.supported_durations)):
            wanted = order(
                native_model=native,
                mode=mode,
                duration=duration,
                width=shape.width,
                height=shape.height,
                resolution=shape.resolution,
                aspect_ratio=shape.aspect_ratio,
                audio=bool(model.generate_audio),
                **INPUTS[mode],
            )
            replies = [_reply(GRANT), _reply({}), _reply(TAKEN)] if native == "wan2.6-r2v" else [_reply(TAKEN)]
            sent = json.dumps(
                _submitted(wanted, *replies)[0][-1].json, default=lambda _: "data:image/png;base64,AA"
            )
            assert not list(faults(json.loads(sent), {"oss://dashscope-instant/d/first.png": b""}))


def test_a_text_order_of_the_newer_kind() -> None:
    """Resolution and ratio; what the vendor would do unasked is said."""
    (call,), ticket = _submitted(order(native_model="wan2.7-t2v", options={"negative_prompt": "rain"}))
    assert (call.method, call.url, call.creates) == ("POST", SYNTHESIS, True)
    assert call.headers == {"X-DashScope-Async": "enable"}
    assert call.json == {
        "model": "wan2.7-t2v",
        "input": {"prompt": "a boat", "negative_prompt": "rain"},
        "parameters": {"resolution": "720P", "ratio": "16:9", "duration": 5, "seed": 7, "watermark": False},
    }
    assert ticket.native_id == "t-1"


def test_a_text_order_of_the_older_kind() -> None:
    """Pixels with an asterisk, and the option under the name that the vendor knows."""
    body = _body(order(native_model="wan2.6-t2v", seed=None, options={"enable_prompt_expansion": False}))
    assert body == {
        "model": "wan2.6-t2v",
        "input": {"prompt": "a boat"},
        "parameters": {"size": "1280*720", "duration": 5, "watermark": False, "prompt_extend": False},
    }


def test_a_first_frame_of_the_older_kind() -> None:
    """It has a field of its own, and decides the ratio."""
    body = _body(order(native_model="wan2.6-i2v", mode="frames", first_frame=picture(), prompt=""))
    assert body["input"] == {"img_url": Inline(media=picture())}
    assert body["parameters"] == {"resolution": "720P", "duration": 5, "seed": 7, "watermark": False}


def test_frames_of_the_newer_kind() -> None:
    """They are entries of one list."""
    body = _body(MODES["wan 2.7, both frames"])
    assert body["input"] == {
        "media": [
            {"type": "first_frame", "url": Inline(media=picture())},
            {"type": "last_frame", "url": Inline(media=picture("last"))},
        ]
    }
    assert "ratio" not in body["parameters"]


def test_sound_is_switched_where_it_can_be() -> None:
    """Elsewhere the vendor decides, and is not told."""
    assert _body(MODES["wan 3.0, text"])["parameters"]["audio"] is False
    assert _body(MODES["wan 3.0, both frames"])["parameters"]["audio"] is True
    assert "audio" not in _body(MODES["happyhorse, text"])["parameters"]


def test_a_watermark_can_be_asked_for() -> None:
    """And is drawn on nobody's video unasked."""
    assert _body(order(native_model="happyhorse-1.1-t2v"))["parameters"]["watermark"] is False
    asked = order(native_model="happyhorse-1.1-t2v", options={"watermark": True})
    assert _body(asked)["parameters"]["watermark"] is True


def test_what_is_taken_by_address_alone_is_uploaded_first() -> None:
    """One leave for all, one form for each; the store never sees the key."""
    wanted = order(native_model="wan3.0-video", mode="references", references=(picture(), clip(), sound(), clip()))
    calls, _ = _submitted(wanted, _reply(GRANT), _reply({}), _reply({}), _reply(TAKEN))
    leave, video, audio, submit = calls
    assert (leave.method, leave.url, leave.creates) == (
        "GET",
        "uploads?action=getPolicy&model=wan3.0-video",
        False,
    )
    assert (video.url, video.signed, video.creates) == ("https://store.test", False, False)
    assert video.parts == (
        Part(name="OSSAccessKeyId", value="i"),
        Part(name="Signature", value="s"),
        Part(name="policy", value="p"),
        Part(name="key", value="dashscope-instant/d/clip.mp4"),
        Part(name="x-oss-object-acl", value="private"),
        Part(name="x-oss-forbid-overwrite", value="true"),
        Part(name="success_action_status", value="200"),
        Part(name="x-oss-content-type", value="video/mp4"),
        Part(name="file", value=clip()),
    )
    assert Part(name="key", value="dashscope-instant/d/sound.mp3") in audio.parts
    assert submit.headers["X-DashScope-OssResourceResolve"] == "enable"
    uploaded = {"type": "reference_video", "url": "oss://dashscope-instant/d/clip.mp4"}
    assert submit.json["input"]["media"] == [
        {"type": "reference_image", "url": Inline(media=picture())},
        uploaded,
        {"type": "reference_audio", "url": "oss://dashscope-instant/d/sound.mp3"},
        uploaded,
    ]


def test_older_references_are_addresses_in_the_order_given() -> None:
    """Even pictures: prompts name them by their place."""
    calls, _ = _submitted(MODES["wan 2.6, references"], _reply(GRANT), _reply({}), _reply({}), _reply(TAKEN))
    assert calls[-1].json["input"]["reference_urls"] == [
        "oss://dashscope-instant/d/first.png",
        "oss://dashscope-instant/d/clip.mp4",
    ]


def test_a_sound_is_a_voice_in_wan_2_7() -> None:
    """The n-th sound belongs to the n-th image or video."""
    calls, _ = _submitted(MODES["wan 2.7, references"], _reply(GRANT), _reply({}), _reply({}), _reply(TAKEN))
    assert calls[-1].json["input"]["media"] == [
        {
            "type": "reference_image",
            "url": Inline(media=picture()),
            "reference_voice": "oss://dashscope-instant/d/sound.mp3",
        },
        {"type": "reference_video", "url": "oss://dashscope-instant/d/clip.mp4"},
    ]


@pytest.mark.parametrize(
    ("replies", "failure"),
    [
        ([(503, {})], FailureClass.TRANSIENT),
        ([(401, {"code": "InvalidApiKey"})], FailureClass.AUTH),
        ([(200, GRANT), (403, {})], FailureClass.AUTH),
        ([(200, GRANT), (500, {})], FailureClass.TRANSIENT),
    ],
)
def test_a_failed_upload_creates_nothing(replies: list[tuple[int, Any]], failure: FailureClass) -> None:
    """So another attempt may follow."""
    wanted = order(native_model="wan3.0-video", references=(clip(),))
    assert _refused(wanted, *(_reply(body, status) for status, body in replies)).failure is failure


@pytest.mark.parametrize(
    ("wanted", "named"),
    [
        (order(native_model="wan2.6-i2v", first_frame=picture(), last_frame=picture("b")), "last_frame"),
        (order(native_model="wan2.7-i2v", last_frame=picture()), "last_frame without first_frame"),
        (order(native_model="wan2.6-r2v", references=(sound(),)), "audio"),
        (order(native_model="wan2.6-r2v", references=tuple(picture(str(n)) for n in range(6))), "more than 5"),
        (order(native_model="wan2.7-r2v", references=(sound(),)), "audio without an image"),
        (order(native_model="happyhorse-1.1-r2v", references=(clip(),)), "video"),
        (order(native_model="wan3.0-video", previous_video=clip()), "previous job"),
        (order(native_model="wan2.6-t2v", audio=False), "generate_audio = false"),
        (order(native_model="wan2.6-t2v", options={"size": "1*1"}), "option size"),
    ],
)
def test_what_a_model_lacks_is_refused_before_any_call(wanted: Order, named: str) -> None:
    """By its name, as the caller's mistake."""
    failed = _refused(wanted)
    assert failed.failure is FailureClass.USER_ERROR
    assert failed.vendor_text is not None
    assert f"takes no {named}" in failed.vendor_text


def test_a_model_without_a_dialect_is_our_own_mistake() -> None:
    """Nothing is guessed about the body of a model that nobody has described."""
    assert _refused(order(native_model="wan9.9-t2v")).failure is FailureClass.INTERNAL


CODES = {
    (401, "InvalidApiKey"): FailureClass.AUTH,
    (403, "AccessDenied"): FailureClass.AUTH,
    (403, "Workspace.AccessDenied"): FailureClass.AUTH,
    (403, "Model.AccessDenied"): FailureClass.AUTH,
    (404, "ModelNotFound"): FailureClass.AUTH,
    (400, "Arrearage"): FailureClass.QUOTA_BILLING,
    (403, "AccessDenied.Unpurchased"): FailureClass.QUOTA_BILLING,
    (403, "AllocationQuota.FreeTierOnly"): FailureClass.QUOTA_BILLING,
    (429, "Throttling.AllocationQuota"): FailureClass.QUOTA_BILLING,
    (429, "PrepaidBillOverdue"): FailureClass.QUOTA_BILLING,
    (429, "PostpaidBillOverdue"): FailureClass.QUOTA_BILLING,
    (429, "CommodityNotPurchased"): FailureClass.QUOTA_BILLING,
    (429, "Throttling"): FailureClass.RATE_LIMITED,
    (429, "Throttling.RateQuota"): FailureClass.RATE_LIMITED,
    (429, "Throttling.BurstRate"): FailureClass.RATE_LIMITED,
    (429, "LimitRequests"): FailureClass.RATE_LIMITED,
    (429, "SomethingNew"): FailureClass.RATE_LIMITED,
    (429, "Throttling.ServiceOverloaded"): FailureClass.TRANSIENT,
    (400, "InvalidParameter"): FailureClass.USER_ERROR,
    (400, "InvalidParameter.DataInspection"): FailureClass.USER_ERROR,
    (400, "InvalidURL"): FailureClass.USER_ERROR,
    (400, "SomethingNew"): FailureClass.USER_ERROR,
    (400, "DataInspectionFailed"): FailureClass.POLICY_INPUT,
    (400, "IPInfringementSuspect"): FailureClass.POLICY_INPUT,
}


@pytest.mark.parametrize(("answer", "failure"), CODES.items(), ids=str)
def test_a_refusal_is_classed_by_the_vendors_code(answer: tuple[int, str], failure: FailureClass) -> None:
    """By its status where the code is new; the code itself stays."""
    status, code = answer
    failed = _refused(order(native_model="wan2.7-t2v"), _reply({"code": code, "message": "no"}, status))
    assert (failed.failure, failed.vendor_code, failed.vendor_text) == (failure, code, "no")


def test_a_submit_may_be_refused_with_200() -> None:
    """Where the code proves it; else a task may exist, and nobody may conclude that there is none."""
    wanted = order(native_model="wan2.7-t2v")
    assert _refused(wanted, _reply({"code": "Arrearage"})).failure is FailureClass.QUOTA_BILLING
    assert _refused(wanted, _reply({"code": "New"})).failure is FailureClass.DRIFT
    unclear: tuple[dict[str, Any], ...] = ({"code": "InternalError.Timeout"}, {"output": {}}, {})
    for body in unclear:
        with pytest.raises(ProviderDrift):
            _submitted(wanted, _reply(body))


@pytest.mark.parametrize("status", ["PENDING", "RUNNING", "SUSPENDED"])
def test_what_goes_on_is_running(status: str) -> None:
    """The vendor tells no progress."""
    assert _polled({"task_status": status}) == Running()


def test_a_success_names_the_video() -> None:
    """An address that is signed by itself, for a day."""
    url = "https://store.test/v.mp4?Expires=1"
    assert _polled({"task_status": "SUCCEEDED", "video_url": url}) == Finished(outputs=(Fetch(url=url),))


@pytest.mark.parametrize("output", [{}, {"video_url": ""}, {"video_url": None}])
def test_a_success_without_a_video_is_none(output: dict[str, Any]) -> None:
    """It is told as a failure of the output."""
    outcome = _polled({"task_status": "SUCCEEDED", **output})
    assert isinstance(outcome, Failed)
    assert outcome.failure is FailureClass.OUTPUT_INVALID


def test_a_task_that_the_vendor_cancelled() -> None:
    """With one L."""
    assert _polled({"task_status": "CANCELED"}) == Failed(failure=FailureClass.CANCELLED)


def test_a_task_that_is_unknown_is_lost() -> None:
    """With HTTP 200; just after a submit that may be untrue."""
    with pytest.raises(JobLost):
        _polled({"task_status": "UNKNOWN"})


def test_an_unknown_word_is_unclear() -> None:
    """And so is none."""
    for output in ({"task_status": "ARCHIVED"}, {"task_status": None}, {"task_status": 2}, {}):
        outcome = _polled({**output, "video_url": "https://a.test/v.mp4"})
        assert isinstance(outcome, Unclear)
        assert outcome.outputs == (Fetch(url="https://a.test/v.mp4"),)


@pytest.mark.parametrize(
    ("code", "said", "failure"),
    [
        ("InvalidParameter", "The size does not match.", FailureClass.USER_ERROR),
        ("InvalidURL", "", FailureClass.USER_ERROR),
        ("DataInspectionFailed", "Input data may contain inappropriate content.", FailureClass.POLICY_INPUT),
        ("DataInspectionFailed", "Input or output data may contain …", FailureClass.POLICY_INPUT),
        ("DataInspectionFailed", "Output data may contain inappropriate content.", FailureClass.POLICY_OUTPUT),
        ("IPInfringementSuspect", "Output data is suspected of …", FailureClass.POLICY_OUTPUT),
        ("InternalError.Timeout", "", FailureClass.TRANSIENT),
        ("InternalError.Algo", "", FailureClass.TRANSIENT),
        ("Arrearage", "", FailureClass.QUOTA_BILLING),
        ("Throttling.RateQuota", "", FailureClass.RATE_LIMITED),
        ("SomethingNew", "", FailureClass.TRANSIENT),
        (None, None, FailureClass.TRANSIENT),
    ],
)
def test_a_failure_is_classed_by_its_code(code: str | None, said: str | None, failure: FailureClass) -> None:
    """The side that a policy speaks of stands in its text alone."""
    outcome = _polled({"task_status": "FAILED", "code": code, "message": said})
    assert outcome == Failed(failure=failure, vendor_code=code, vendor_text=said or None)


def test_a_poll_that_is_refused_says_nothing_about_the_job() -> None:
    """Neither by its status nor, with 200, by a code in the place of a task."""
    for reply in (_reply({"code": "Throttling"}, 429), _reply({"code": "InternalError"}, 500)):
        with pytest.raises(NotAnswered):
            _end(ALIBABA.poll(HANDLE, ACCOUNT), reply)
    with pytest.raises(NotAnswered, match="Throttling"):
        _end(ALIBABA.poll(HANDLE, ACCOUNT), _reply({"code": "Throttling", "message": "slow"}))


def test_only_what_queues_is_cancelled() -> None:
    """The vendor says so itself."""
    (call,), answer = _end(ALIBABA.cancel(HANDLE, ACCOUNT), _reply({"request_id": "r"}))
    assert (call.method, call.url, answer) == ("POST", "tasks/t-1/cancel", "cancelled")
    for reply in (_reply({"code": "UnsupportedOperation"}, 400), _reply({"code": "UnsupportedOperation"})):
        assert _end(ALIBABA.cancel(HANDLE, ACCOUNT), reply)[1] == "not_cancellable"
    with pytest.raises(NotAnswered):
        _end(ALIBABA.cancel(HANDLE, ACCOUNT), _reply({}, 503))


def test_a_workspace_goes_along_where_the_account_has_one() -> None:
    """Keys of sub-accounts need it."""
    _, plain = _end(ALIBABA.sign_in(ACCOUNT, 0.0))
    assert plain.headers == {"Authorization": "Bearer k"}
    member = Account(
        provider="alibaba", name="b", root="", values={"api_key": "k", "workspace_id": "w"}, concurrency=1
    )
    _, grant = _end(ALIBABA.sign_in(member, 0.0))
    assert grant.headers == {"Authorization": "Bearer k", "X-DashScope-WorkSpace": "w"}


def _end(flow: Flow[T], *replies: Reply) -> tuple[tuple[Call, ...], T]:
    """The calls that a flow makes, given these replies, and what it returns."""
    calls: list[Call] = []
    given = iter(replies)
    generator: Generator[Call, Reply, T] = flow
    try:
        calls.append(next(generator))
        while True:
            calls.append(generator.send(next(given)))
    except StopIteration as done:
        value: T = done.value
        return tuple(calls), value


def _submitted(wanted: Order, *replies: Reply) -> tuple[tuple[Call, ...], Any]:
    return _end(ALIBABA.submit(wanted, ACCOUNT), *(replies or (_reply(TAKEN),)))


def _body(wanted: Order) -> dict[str, Any]:
    body: dict[str, Any] = _submitted(wanted)[0][-1].json
    return body


def _refused(wanted: Order, *replies: Reply) -> Failed:
    with pytest.raises(SubmitRefused) as refused:
        _end(ALIBABA.submit(wanted, ACCOUNT), *replies)
    return refused.value.failed


def _polled(output: dict[str, Any]) -> Outcome | Unclear:
    (call,), outcome = _end(
        ALIBABA.poll(HANDLE, ACCOUNT), _reply({"request_id": "r", "output": {"task_id": "t-1", **output}})
    )
    assert (call.method, call.url, call.creates) == ("GET", "tasks/t-1", False)
    return outcome


def _reply(body: object, status: int = 200) -> Reply:
    return Reply(status=status, headers={}, body=json.dumps(body).encode())
