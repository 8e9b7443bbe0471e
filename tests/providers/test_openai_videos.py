"""The adapter of OpenAI's Videos API, in each of its profiles."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from reelrouter.providers.accounts import Incomplete, read_accounts
from reelrouter.providers.base import Account, Call, Flow, Provider, ProviderDrift, Reply, Ticket, Unclear
from reelrouter.providers.openai_videos import OPENAI, SGLANG, VLLM_OMNI
from reelrouter.work import (
    Failed,
    FailureClass,
    Fetch,
    Finished,
    Handle,
    JobLost,
    Media,
    NotAnswered,
    Order,
    Outcome,
    Running,
    SubmitRefused,
)
from tests.providers.orders import clip, order, picture, sound

ROOTS = {"openai": "https://reseller.example/v1", "vllm-omni": "http://gpu:8000", "sglang": "http://gpu:30000/v1"}
HANDLE = Handle(endpoint="e", credential="a", native_id="video_1")


def account(provider: Provider, **values: str) -> Account:
    return Account(provider=provider.name, name="a", root=ROOTS[provider.name], values=values, concurrency=1)


def parts_of(call: Call) -> list[tuple[str, str | Media]]:
    return [(part.name, part.value) for part in call.parts]


def answer(body: object, status: int = 200, **headers: str) -> Reply:
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Reply(
        status=status, headers={name.replace("_", "-"): value for name, value in headers.items()}, body=text
    )


def returned(flow: Flow[Any], *replies: Reply) -> Any:
    """What a flow makes of replies."""
    next(flow)
    try:
        for reply in replies:
            flow.send(reply)
    except StopIteration as done:
        return done.value
    raise AssertionError("the flow wants more replies")


def polled(provider: Provider, body: object, status: int = 200, **headers: str) -> Outcome | Unclear:
    outcome: Outcome | Unclear = returned(
        provider.poll(HANDLE, account(provider)), answer(body, status, **headers)
    )
    return outcome


def refusal(provider: Provider, body: object, status: int) -> Failed:
    with pytest.raises(SubmitRefused) as caught:
        returned(provider.submit(plain(provider), account(provider)), answer(body, status))
    return caught.value.failed


def plain(provider: Provider, **changes: Any) -> Order:
    """An order that nothing is wrong with, changed."""
    return order(**{**({"seed": None} if provider is OPENAI else {}), **changes})


def test_a_reseller_is_told_what_the_maker_knew() -> None:
    """Four texts: what more an order says, no such service has words for."""
    call = next(OPENAI.submit(plain(OPENAI, duration=8, options={"quality": "high"}), account(OPENAI)))
    assert (call.method, call.url, call.creates) == ("POST", "videos", True)
    assert parts_of(call) == [
        ("prompt", "a boat"),
        ("model", "b-1"),
        ("size", "1280x720"),
        ("seconds", "8"),
        ("quality", "high"),
    ]


def test_a_server_of_ones_own_is_told_all_that_makes_length_and_sound() -> None:
    """Frames are counted from seconds and frame rate: a default of its own would change the length."""
    options = {"negative_prompt": "fog", "guidance_scale": 3.5, "lora": {"name": "ink"}, "unset": None}
    call = next(VLLM_OMNI.submit(order(fps=16, options=options), account(VLLM_OMNI)))
    assert call.url == "v1/videos"
    assert parts_of(call)[3:] == [
        ("seconds", "5"),
        ("fps", "16"),
        ("seed", "7"),
        ("generate_sound", "true"),
        ("aspect_ratio", "16:9"),
        ("negative_prompt", "fog"),
        ("guidance_scale", "3.5"),
        ("lora", '{"name": "ink"}'),
    ]
    call = next(SGLANG.submit(order(audio=False), account(SGLANG)))
    assert call.url == "videos", "the address has the version in it already"
    assert parts_of(call)[3:] == [("seconds", "5"), ("fps", "24"), ("seed", "7"), ("generate_sound", "false")]


def test_a_length_that_follows_the_input_is_told_in_frames() -> None:
    """Seconds are whole; the length of a video need not be."""
    follows = order(mode="edit", duration=None, length=2.5, references=(clip(),))
    for provider in (VLLM_OMNI, SGLANG):
        told = dict(parts_of(next(provider.submit(follows, account(provider)))))
        assert told["num_frames"] == "60"
        assert "seconds" not in told


@pytest.mark.parametrize(
    ("provider", "changes", "files"),
    [
        (OPENAI, {"references": (picture(),)}, [("input_reference", picture())]),
        (OPENAI, {"first_frame": picture()}, [("input_reference", picture())]),
        (VLLM_OMNI, {"first_frame": picture()}, [("input_reference", picture())]),
        (VLLM_OMNI, {"references": (clip(),)}, [("input_reference", clip())]),
        (VLLM_OMNI, {"references": (sound(),)}, [("input_references", sound())]),
        (
            VLLM_OMNI,
            {"first_frame": picture(), "last_frame": picture("last")},
            [("input_references", picture()), ("input_references", picture("last"))],
        ),
        (
            VLLM_OMNI,
            {"references": (picture(), clip(), sound())},
            [("input_references", picture()), ("input_references", clip()), ("input_references", sound())],
        ),
        (SGLANG, {"first_frame": picture()}, [("input_reference", picture())]),
        (
            SGLANG,
            {"references": (picture(), clip())},
            [("input_reference", picture()), ("video_reference", clip())],
        ),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_inputs_go_where_each_server_looks_for_them(
    provider: Provider, changes: Mapping[str, Any], files: list[tuple[str, Media]]
) -> None:
    """One input, two frames, and a mix of references."""
    call = next(provider.submit(plain(provider, **changes), account(provider)))
    assert [(name, value) for name, value in parts_of(call) if isinstance(value, Media)] == files


def test_with_a_first_frame_the_picture_gives_the_ratio() -> None:
    """A server that reads the ratio at all takes it from there."""
    call = next(VLLM_OMNI.submit(order(first_frame=picture()), account(VLLM_OMNI)))
    assert "aspect_ratio" not in dict(parts_of(call))


@pytest.mark.parametrize(
    ("provider", "changes", "named"),
    [
        (OPENAI, {"seed": 7}, "a seed"),
        (OPENAI, {"first_frame": picture(), "last_frame": picture("b")}, "last frame"),
        (OPENAI, {"references": (picture(), picture("b"))}, "2 inputs"),
        (OPENAI, {"references": (clip(),)}, "of the kind video"),
        (OPENAI, {"duration": None}, "length that follows"),
        (OPENAI, {"options": {"n": 2}}, "the option n"),
        (VLLM_OMNI, {"last_frame": picture()}, "last frame"),
        (VLLM_OMNI, {"mode": "upscale"}, "mode upscale"),
        (VLLM_OMNI, {"mode": "continue"}, "mode continue"),
        (VLLM_OMNI, {"options": {"num_outputs_per_prompt": 2}}, "num_outputs_per_prompt"),
        (VLLM_OMNI, {"options": {"extra_params": {"num_frames": 999}}}, "the option num_frames"),
        (SGLANG, {"first_frame": picture(), "last_frame": picture("b")}, "last frame"),
        (SGLANG, {"references": (picture(), picture("b"))}, "2 inputs"),
        (SGLANG, {"references": (sound(),)}, "of the kind audio"),
        (SGLANG, {"options": {"seconds": 60}}, "the option seconds"),
    ],
    ids=lambda value: getattr(value, "name", None) or (value if isinstance(value, str) else None),
)
def test_what_cannot_be_said_is_refused_before_any_call(
    provider: Provider, changes: Mapping[str, Any], named: str
) -> None:
    """Nothing is left out in silence, and no option overrides what has a price."""
    with pytest.raises(SubmitRefused) as caught:
        next(provider.submit(plain(provider, **changes), account(provider)))
    assert caught.value.failed.failure is FailureClass.USER_ERROR
    assert named in str(caught.value.failed.vendor_text)


def test_an_acceptance_is_the_id() -> None:
    """Whatever more the answer says, polls will say again."""
    made = returned(OPENAI.submit(plain(OPENAI), account(OPENAI)), answer({"id": "video_1", "status": "queued"}))
    assert made == Ticket(native_id="video_1")
    with pytest.raises(ProviderDrift):
        returned(OPENAI.submit(plain(OPENAI), account(OPENAI)), answer({"video": "video_1"}))


@pytest.mark.parametrize(
    ("status", "code", "kind", "failure"),
    [
        (401, "invalid_api_key", "invalid_request_error", FailureClass.AUTH),
        (403, "account_deactivated", None, FailureClass.AUTH),
        (404, "model_not_found", "invalid_request_error", FailureClass.AUTH),
        (429, "insufficient_quota", "insufficient_quota", FailureClass.QUOTA_BILLING),
        (429, "project_spend_limit_exceeded", "insufficient_quota", FailureClass.QUOTA_BILLING),
        (400, "billing_hard_limit_reached", None, FailureClass.QUOTA_BILLING),
        (429, "billing_not_active", None, FailureClass.QUOTA_BILLING),
        (429, "rate_limit_exceeded", "tokens", FailureClass.RATE_LIMITED),
        (503, "slow_down", None, FailureClass.RATE_LIMITED),
        (503, "server_is_overloaded", None, FailureClass.CONCURRENCY),
        (400, "moderation_blocked", "image_generation_user_error", FailureClass.POLICY_INPUT),
        (400, "content_policy_violation", None, FailureClass.POLICY_INPUT),
        (400, "sentinel_block", "invalid_request_error", FailureClass.POLICY_INPUT),
        (500, "server_error", None, FailureClass.TRANSIENT),
        (400, "a_new_code", "invalid_request_error", FailureClass.USER_ERROR),
        (429, "a_new_code", None, FailureClass.RATE_LIMITED),
        (400, 400, "Bad Request", FailureClass.USER_ERROR),
        (400, None, None, FailureClass.USER_ERROR),
    ],
)
def test_refusals_are_classed_by_code_and_else_by_status(
    status: int, code: object, kind: str | None, failure: FailureClass
) -> None:
    """The code is kept for the operator."""
    failed = refusal(OPENAI, {"error": {"message": "No.", "type": kind, "param": None, "code": code}}, status)
    assert (failed.failure, failed.vendor_text) == (failure, "No.")
    assert failed.vendor_code == (None if code is None else str(code))


@pytest.mark.parametrize(
    ("provider", "body", "status", "failure", "said"),
    [
        (VLLM_OMNI, {"error": "Unauthorized"}, 401, FailureClass.AUTH, "Unauthorized"),
        (SGLANG, {"detail": "prompt is required"}, 400, FailureClass.USER_ERROR, "prompt is required"),
        (SGLANG, {"detail": [{"loc": ["body", "fps"]}]}, 422, FailureClass.USER_ERROR, "fps"),
        (SGLANG, {"detail": "Not Found"}, 404, FailureClass.AUTH, "Not Found"),
        (OPENAI, b"<html>Forbidden</html>", 403, FailureClass.AUTH, "Forbidden"),
    ],
)
def test_refusals_in_other_words_are_read_too(
    provider: Provider, body: object, status: int, failure: FailureClass, said: str
) -> None:
    """FastAPI, a key's guard and a proxy each have their own; an address without the API is the operator's."""
    failed = refusal(provider, body, status)
    assert failed.failure is failure
    assert said in str(failed.vendor_text)


@pytest.mark.parametrize("word", ["queued", "in_progress", "processing"])
def test_a_job_under_way_tells_its_share(word: str) -> None:
    """The last word is LiteLLM's; a wish for the next poll is heeded."""
    job = {"id": "video_1", "status": word, "progress": 40}
    assert polled(OPENAI, job) == Running(progress=0.4)
    assert polled(OPENAI, job, openai_poll_after_ms="2500") == Running(progress=0.4, poll_after=2.5)
    assert polled(OPENAI, {**job, "progress": "40%"}, openai_poll_after_ms="soon") == Running(progress=0.4)


@pytest.mark.parametrize("progress", [None, "lots", "400%", 400, -1, True])
def test_a_progress_that_is_no_percentage_is_none(progress: object) -> None:
    """It is a comfort, and no reason to distrust the answer."""
    assert polled(OPENAI, {"id": "video_1", "status": "queued", "progress": progress}) == Running()


def test_the_output_lies_behind_the_job() -> None:
    """The dialect names no address: it follows from the id, whatever letters that has."""
    done = {"id": "video_1", "status": "completed", "progress": 100}
    content = "http://gpu:8000/v1/videos/video_1/content"
    assert polled(VLLM_OMNI, done) == Finished(outputs=(Fetch(url=content),))
    strange = Handle(endpoint="e", credential="a", native_id="video_a/b==")
    assert next(OPENAI.poll(strange, account(OPENAI))).url == "videos/video_a%2Fb%3D%3D"


@pytest.mark.parametrize(
    ("said", "urls"),
    [
        ({}, ["{}?variant=0"]),
        ({"num_outputs": 2, "urls": [None, None], "url": None}, ["{}?variant=0", "{}?variant=1"]),
        ({"num_outputs": 2, "urls": ["https://b/0", "https://b/1"]}, ["https://b/0", "https://b/1"]),
        ({"num_outputs": 2, "urls": ["https://b/0", None]}, ["https://b/0", "{}?variant=1"]),
        ({"url": "https://b/0"}, ["https://b/0"]),
    ],
)
def test_sglang_hands_out_each_output_where_it_lies(said: Mapping[str, Any], urls: list[str]) -> None:
    """On the server by number, or in a bucket by the address that the job names."""
    content = "http://gpu:30000/v1/videos/video_1/content"
    outcome = polled(SGLANG, {"id": "video_1", "status": "completed", **said})
    assert outcome == Finished(outputs=tuple(Fetch(url=url.format(content)) for url in urls))


@pytest.mark.parametrize(
    ("said", "urls"),
    [
        ({"urls": "https://b/0"}, ["https://b/0"]),
        ({"urls": [7]}, ["{}?variant=0"]),
        ({"urls": [7, "https://b/1"]}, ["https://b/1"]),
        ({"urls": {"a": "https://b/0"}}, ["{}?variant=0"]),
        ({"urls": [], "url": "/file/0.mp4"}, ["http://gpu:30000/file/0.mp4"]),
        ({"num_outputs": 1000}, ["{}?variant=0"]),
        ({"num_outputs": 1000, "url": "https://b/0"}, ["https://b/0"]),
        ({"num_outputs": "2", "urls": [None, None]}, ["{}?variant=0", "{}?variant=1"]),
        ({"num_outputs": -1}, ["{}?variant=0"]),
        ({"num_outputs": True}, ["{}?variant=0"]),
        ({"num_outputs": 0, "url": "https://b/0"}, ["https://b/0"]),
    ],
)
def test_outputs_in_odd_shapes_are_found(said: Mapping[str, Any], urls: list[str]) -> None:
    """And none is looked for of which there is no sign: it would cost those that are there."""
    content = "http://gpu:30000/v1/videos/video_1/content"
    outcome = polled(SGLANG, {"id": "video_1", "status": "completed", **said})
    assert outcome == Finished(outputs=tuple(Fetch(url=url.format(content)) for url in urls))


@pytest.mark.parametrize("options", [{"n": 3}, {"extra_params": {"num_outputs_per_prompt": "3"}}])
def test_as_many_outputs_are_looked_for_as_were_asked_for(options: Mapping[str, Any]) -> None:
    """If the server says that there are so many."""
    ticket = returned(SGLANG.submit(order(options=options), account(SGLANG)), answer({"id": "video_1"}))
    handle = replace(HANDLE, extra=ticket.extra)
    for told, found in ((3, 3), (2, 2), (1000, 3)):
        done = answer({"id": "video_1", "status": "completed", "num_outputs": told})
        outcome = returned(SGLANG.poll(handle, account(SGLANG)), done)
        assert isinstance(outcome, Finished)
        assert len(outcome.outputs) == found


def test_a_completed_job_without_outputs_has_failed() -> None:
    """There is nothing to deliver."""
    outcome = polled(SGLANG, {"id": "video_1", "status": "completed", "num_outputs": 0})
    assert isinstance(outcome, Failed)
    assert outcome.failure is FailureClass.OUTPUT_INVALID


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        ({"code": "moderation_blocked", "message": "No."}, FailureClass.POLICY_INPUT),
        ({"code": "insufficient_quota", "message": "No."}, FailureClass.QUOTA_BILLING),
        ({"code": "server_error", "message": "No."}, FailureClass.TRANSIENT),
        ({"code": "odd", "message": "No.", "type": "invalid_request_error"}, FailureClass.USER_ERROR),
        ({"code": "odd", "message": "No."}, FailureClass.TRANSIENT),
        ({"code": 400, "message": "No."}, FailureClass.USER_ERROR),
        ({"code": "429", "message": "No."}, FailureClass.RATE_LIMITED),
        ({"code": 500, "message": "No."}, FailureClass.TRANSIENT),
        ({"message": "No."}, FailureClass.TRANSIENT),
        (None, FailureClass.TRANSIENT),
    ],
)
def test_a_failed_job_is_classed_by_what_it_says(error: Mapping[str, Any] | None, failure: FailureClass) -> None:
    """By a code, by an HTTP status in its place, by a type, and else as something that may pass."""
    outcome = polled(OPENAI, {"id": "video_1", "status": "failed", "error": error})
    assert isinstance(outcome, Failed)
    assert outcome.failure is failure
    assert outcome.vendor_text == (None if error is None else "No.")


def test_a_failure_may_come_with_the_status_of_an_error() -> None:
    """vLLM-Omni answers a poll so; taken for a server in trouble, it would be asked until the deadline."""
    job = {"id": "video_1", "status": "failed", "error": {"code": 500, "message": "CUDA out of memory"}}
    outcome = polled(VLLM_OMNI, job, status=500)
    assert isinstance(outcome, Failed)
    assert (outcome.failure, outcome.vendor_text) == (FailureClass.TRANSIENT, "CUDA out of memory")
    with pytest.raises(NotAnswered):
        polled(VLLM_OMNI, {"error": {"message": "engine", "code": 500}}, status=500)
    with pytest.raises(JobLost):
        polled(VLLM_OMNI, {"error": {"message": "Video not found", "code": 404}}, status=404)


@pytest.mark.parametrize("said", [{"status": "archived"}, {"status": 2}, {}])
def test_an_unknown_word_is_unclear(said: Mapping[str, Any]) -> None:
    """Nobody guesses what has become of a job: its video is looked for where it would be."""
    outcome = polled(OPENAI, {"id": "video_1", **said})
    assert isinstance(outcome, Unclear)
    assert [output.url for output in outcome.outputs if isinstance(output, Fetch)] == [
        f"{account(OPENAI).root}/videos/video_1/content"
    ]


def test_an_answer_that_is_no_job_is_told() -> None:
    """A list is drift; a page says nothing."""
    with pytest.raises(ProviderDrift):
        polled(OPENAI, [])
    with pytest.raises(NotAnswered):
        polled(OPENAI, b"<html>")


def test_only_a_deletion_that_ends_work_is_a_cancel() -> None:
    """Elsewhere it would lose the result and save nothing, so no call is made."""
    for provider in (OPENAI, SGLANG):
        with pytest.raises(StopIteration) as stop:
            next(provider.cancel(HANDLE, account(provider)))
        assert stop.value.value == "not_cancellable"


@pytest.mark.parametrize(
    ("status", "body", "cancelled"),
    [
        (200, {"id": "video_1", "object": "video.deleted", "deleted": True}, "cancelled"),
        (409, {"error": {"message": "Cancellation in progress", "code": 409}}, "requested"),
    ],
)
def test_vllm_omni_aborts_what_is_under_way(status: int, body: object, cancelled: str) -> None:
    """Asked first, since deleting an ended job would delete its video."""
    running = answer({"id": "video_1", "status": "in_progress"})
    assert returned(VLLM_OMNI.cancel(HANDLE, account(VLLM_OMNI)), running, answer(body, status)) == cancelled
    done = answer({"id": "video_1", "status": "completed"})
    assert returned(VLLM_OMNI.cancel(HANDLE, account(VLLM_OMNI)), done) == "not_cancellable"


def test_without_a_key_none_is_sent() -> None:
    """A server of one's own often has none; an organisation goes along where the maker's tools name one."""
    with pytest.raises(StopIteration) as stop:
        next(VLLM_OMNI.sign_in(account(VLLM_OMNI), 0.0))
    assert stop.value.value.headers == {}
    with pytest.raises(StopIteration) as stop:
        next(OPENAI.sign_in(account(OPENAI, api_key="k", organization="o"), 0.0))
    assert stop.value.value.headers == {"Authorization": "Bearer k", "OpenAI-Organization": "o"}


def test_an_address_makes_an_account_of_a_server_of_ones_own() -> None:
    """Its key is taken from the environment too, and alone it is no account."""
    environment = {"VLLM_OMNI_BASE_URL": "http://gpu:8000/", "VLLM_OMNI_API_KEY": "k"}
    (found,), _ = read_accounts(VLLM_OMNI, (), environment)
    assert (found.root, found.values, found.concurrency) == ("http://gpu:8000", {"api_key": "k"}, 2)
    (keyless,), _ = read_accounts(SGLANG, (), {"SGLANG_BASE_URL": "http://gpu:30000"})
    assert keyless.values == {}
    accounts, incomplete = read_accounts(VLLM_OMNI, (), {"VLLM_OMNI_API_KEY": "k"})
    assert accounts == ()
    assert incomplete == (Incomplete(provider="vllm-omni", account="default", missing=("VLLM_OMNI_BASE_URL",)),)
    assert read_accounts(OPENAI, (), {"OPENAI_BASE_URL": "https://reseller.example/v1"}) == ((), ())
