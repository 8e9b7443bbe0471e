"""The adapter for OpenRouter and ModelGates: what an order becomes, and what is made of every answer."""

import asyncio
import base64
import json
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import pytest
from aiohttp import web

from reelrouter.clock import SystemClock
from reelrouter.emulators import frame, openrouter
from reelrouter.emulators.script import Script
from reelrouter.providers.accounts import read_accounts
from reelrouter.providers.base import Account, Call, Flow, Inline, ProviderDrift, Reply, Ticket, Unclear
from reelrouter.providers.drive import Drive, Lost
from reelrouter.providers.openrouter import MODELGATES, OPENROUTER
from reelrouter.providers.remote import Remote
from reelrouter.testing.conformance import Case, Vendor, cases_for, conform
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

T = TypeVar("T")

ROOT = "https://openrouter.ai/api/v1"
JOB = "gen-vid-1790983457-AbCdEfGhIjKlMnOpQrSt"
ACCOUNT = Account(provider="openrouter", name="a", root=ROOT, values={"api_key": "k"}, concurrency=8)
HANDLE = Handle(endpoint="openrouter", credential="a", native_id=JOB)
VEO = order(native_model="google/veo-3.1", duration=8)
PICTURE = b"a picture, for whoever looks"
WHOLE = Vendor(provider=OPENROUTER, emulator=openrouter.OpenRouter, order=VEO, path="/api/v1")
RELATIVE = replace(WHOLE, provider=MODELGATES, emulator=partial(openrouter.OpenRouter, relative=True))


@pytest.mark.parametrize("case", cases_for(WHOLE), ids=lambda case: case.name)
def test_it_keeps_every_promise_of_a_backend(case: Case, tmp_path: Path) -> None:
    """On its emulator, over real HTTP."""
    asyncio.run(conform(WHOLE, case, tmp_path))


@pytest.mark.parametrize("case", cases_for(RELATIVE)[:3], ids=lambda case: case.name)
def test_modelgates_is_the_same_under_another_name(case: Case, tmp_path: Path) -> None:
    """And so is a polling address without a host, as the document has it."""
    asyncio.run(conform(RELATIVE, case, tmp_path))


# What an order becomes -------------------------------------------------------------------------------------------


def test_the_vendor_is_told_where_it_may_call() -> None:
    """At an address that it takes: it would refuse the whole order for one without TLS."""
    told = submitted(replace(VEO, notify="https://us.test/a")).json
    assert told["callback_url"] == "https://us.test/a"
    assert "callback_url" not in submitted(replace(VEO, notify="http://us.test/a")).json


def test_an_order_is_one_post_with_all_that_was_resolved() -> None:
    """Nothing is left to a default of the vendor's, and nobody is to be called who cannot be reached."""
    call = submitted(VEO)
    assert (call.method, call.url, call.creates, call.parts) == ("POST", "videos", True, ())
    assert call.json == {
        "model": "google/veo-3.1",
        "prompt": "a boat",
        "duration": 8,
        "resolution": "720p",
        "aspect_ratio": "16:9",
        "generate_audio": True,
        "seed": 7,
    }


def test_the_submit_carries_whose_job_it_is() -> None:
    """A gateway that meets its own job's mark is its own upstream; the key makes one job of one attempt."""
    headers = submitted(replace(VEO, mark="marked")).headers
    assert headers == {"X-ReelRouter-Via": "marked", "Idempotency-Key": VEO.attempt_key}


def test_a_shape_without_a_name_is_sent_in_pixels() -> None:
    """Names where there are names, else `size`."""
    body = submitted(replace(VEO, resolution=None, aspect_ratio=None)).json
    assert body["size"] == "1280x720"
    assert "resolution" not in body
    assert "aspect_ratio" not in body


def test_no_sound_is_said_and_no_seed_is_not() -> None:
    """False is a wish; None is none."""
    body = submitted(replace(VEO, audio=False, seed=None)).json
    assert body["generate_audio"] is False
    assert "seed" not in body


def test_frames_go_in_as_data_urls_with_their_types() -> None:
    """First and last, each in its own item."""
    first, last = picture("first"), picture("last")
    body = submitted(replace(VEO, mode="frames", prompt="", first_frame=first, last_frame=last)).json
    assert body["frame_images"] == [
        {"type": "image_url", "image_url": {"url": Inline(media=first)}, "frame_type": "first_frame"},
        {"type": "image_url", "image_url": {"url": Inline(media=last)}, "frame_type": "last_frame"},
    ]
    assert "prompt" not in body


def test_image_references_go_in_as_data_urls() -> None:
    """In their order."""
    pictures = (picture("one"), picture("two"))
    body = submitted(replace(VEO, mode="references", references=pictures)).json
    assert body["input_references"] == [
        {"type": "image_url", "image_url": {"url": Inline(media=one)}} for one in pictures
    ]


def test_what_follows_its_input_has_neither_length_nor_sound() -> None:
    """An upscale says its factor and how free it may be; the rest is the video's own."""
    order = replace(VEO, mode="upscale", duration=None, resolution=None, aspect_ratio=None, prompt="", seed=None)
    body = submitted(replace(order, upscale_factor=2.0, creativity=0)).json
    assert body == {"model": "google/veo-3.1", "upscale_factor": 2.0, "creativity": 0}


def test_a_job_goes_on_from_the_vendors_own() -> None:
    """By the vendor's id of it."""
    assert submitted(replace(VEO, mode="continue", previous=HANDLE)).json["previous_job_id"] == JOB


@pytest.mark.parametrize(
    ("model", "sent"),
    [
        ("google/veo-3.1", {"google-vertex": {"parameters": {"x": 1}}, "google-ai-studio": {"x": 1}}),
        ("bytedance/seedance-2.5", {"byteplus": {"x": 1}, "seed": {"x": 1}}),
        ("kwaivgi/kling-v3.0-pro", {"kling": {"x": 1}, "streamlake": {"x": 1}}),
        ("alibaba/wan-2.7", {"alibaba": {"x": 1}, "atlas-cloud": {"x": 1}}),
        ("x-ai/grok-imagine-video", {"xai": {"x": 1}}),
        ("minimax/hailuo-3", {"minimax": {"x": 1}}),
    ],
)
def test_options_go_to_whoever_may_serve_the_model(model: str, sent: Mapping[str, Any]) -> None:
    """Only the one who does reads them, so each gets them under its name."""
    assert submitted(replace(VEO, native_model=model, options={"x": 1})).json["provider"] == {"options": sent}


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"references": (picture(), clip())}, "input_references[1]: video"),
        ({"references": (sound(),)}, "input_references[0]: audio"),
        ({"mode": "continue"}, "previous_job_id"),
        ({"mode": "continue", "previous": replace(HANDLE, credential="b")}, "previous_job_id"),
        ({"options": {"aspectRatio": "9:16"}}, "aspectRatio"),
        ({"options": {"ratio": "9:16"}}, "ratio"),
        ({"options": {"size": "1920*1080"}}, "size"),
    ],
)
def test_what_it_could_only_lose_is_refused_by_name(changes: Mapping[str, Any], named: str) -> None:
    """Before anything is sent."""
    with pytest.raises(SubmitRefused) as refusal:
        submitted(replace(VEO, **changes))
    assert refusal.value.failed.failure is FailureClass.USER_ERROR
    assert named in str(refusal.value.failed.vendor_text)


def test_options_that_agree_with_what_was_resolved_are_sent() -> None:
    """They change nothing."""
    options = {"size": "1280*720", "aspectRatio": "16:9"}
    assert submitted(replace(VEO, native_model="alibaba/wan-2.6", options=options)).json["provider"]["options"]


# Acceptances and refusals ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 202])
def test_an_acceptance_gives_a_ticket(status: int) -> None:
    """Its id, and where to ask."""
    ticket = answered(status, {"id": JOB, "polling_url": f"/api/v1/videos/{JOB}", "status": "pending"})
    assert (ticket.native_id, ticket.extra) == (JOB, {"polling_url": f"/api/v1/videos/{JOB}"})
    assert answered(status, {"id": JOB, "status": "pending"}).extra == {}


@pytest.mark.parametrize(
    "reply",
    [
        Reply(status=202, headers={}, body=b"<html>"),
        Reply(status=202, headers={}, body=b'{"id": "gen-v'),
        Reply(status=202, headers={}, body=b"[]"),
        Reply(status=202, headers={}, body=b'{"id": ""}'),
        Reply(status=204, headers={}, body=b""),
        Reply(status=302, headers={"location": "https://example.com/"}, body=b""),
    ],
    ids=lambda reply: f"{reply.status} {reply.body[:6]!r}",
)
def test_an_answer_that_is_neither_is_drift(reply: Reply) -> None:
    """It proves nothing, so the outcome stays open."""
    with pytest.raises(ProviderDrift):
        finish(OPENROUTER.submit(VEO, ACCOUNT), reply)


REFUSALS = [
    (400, {"message": "Duration 99s is not supported", "metadata": {"failed_routing_step": "x"}}, "user_error"),
    (400, {"message": "bad", "metadata": {"error_type": "invalid_prompt"}}, "user_error"),
    (400, {"message": "no", "metadata": {"error_type": "content_policy_violation"}}, "policy_input"),
    (400, {"message": "no", "metadata": {"error_type": "refusal"}}, "policy_input"),
    (400, {"message": "InputImageSensitiveContentDetected.PrivacyInformation: a face"}, "policy_input"),
    (400, {"message": "contentModeration must be an object; safety_tolerance is unknown"}, "user_error"),
    (400, {"name": "ZodError", "message": "[]"}, "user_error"),
    (401, {"message": "User not found."}, "auth"),
    (402, {"message": "x", "metadata": {"limit_source": "openrouter_credits"}}, "quota_billing"),
    (402, {"message": "x", "metadata": {"limit_source": "openrouter_key_limit"}}, "quota_billing"),
    (402, {"message": "x", "metadata": {"limit_source": "openrouter_in_flight_budget"}}, "concurrency"),
    (402, {"message": "x", "metadata": {"limit_source": "modelgates_in_flight_budget"}}, "concurrency"),
    (403, {"message": "Not in your region"}, "auth"),
    (403, {"message": "The input was flagged"}, "policy_input"),
    (404, {"message": "No endpoints found that match your data policy"}, "transient"),
    (408, {"message": "Request timed out"}, "transient"),
    (413, {"message": "Too large"}, "user_error"),
    (422, {"message": "x", "metadata": {"error_type": "unprocessable"}}, "user_error"),
    (429, {"message": "Slower"}, "rate_limited"),
    (499, {"message": "Client closed the request"}, "cancelled"),
    (500, {"message": "Internal Server Error"}, "transient"),
    (503, {"message": "x", "metadata": {"error_type": "provider_overloaded"}}, "concurrency"),
    (529, {"message": "x", "error_type": "provider_overloaded", "http_status": 529}, "concurrency"),
    (400, {"message": "x", "metadata": {"error_type": "a_word_of_tomorrow"}}, "user_error"),
]


@pytest.mark.parametrize(("status", "error", "failure"), REFUSALS, ids=lambda value: str(value)[:60])
def test_every_refusal_has_its_class(status: int, error: Mapping[str, Any], failure: str) -> None:
    """By the contract's word, else by what is said of policy, else by the status."""
    assert refusal_of(status, {"error": {"code": status, **error}}).failure == failure


def test_a_refusal_keeps_the_vendors_words_and_the_exact_type() -> None:
    """The code and the sentence for the operator, the type for our caller."""
    failed = refusal_of(400, {"error": {"message": "Too small.", "metadata": {"error_type": "image_too_small"}}})
    assert failed == Failed(
        failure=FailureClass.USER_ERROR,
        vendor_code="image_too_small",
        vendor_text="Too small.",
        error_type="image_too_small",
    )
    plain = refusal_of(401, {"error": {"message": "x", "metadata": {"error_type": "authentication"}}})
    assert plain.error_type is None, "the caller is not the one who failed to sign in"


@pytest.mark.parametrize("body", [b"<html>Blocked</html>", b"", b'{"error": "no"}', b"[1]"])
def test_a_refusal_of_a_proxy_is_classed_by_its_status(body: bytes) -> None:
    """What stands before the vendor has no JSON, or another one."""
    with pytest.raises(SubmitRefused) as refusal:
        finish(OPENROUTER.submit(VEO, ACCOUNT), Reply(status=429, headers={}, body=body))
    assert refusal.value.failed.failure is FailureClass.RATE_LIMITED
    assert refusal.value.failed.vendor_code == "429"


@pytest.mark.parametrize(
    ("headers", "metadata", "pause"),
    [({"retry-after": "7"}, {}, 7), ({}, {"retry_after_seconds": 2.5}, 2.5), ({}, {}, None)],
)
def test_a_pause_is_taken_from_header_or_body(
    headers: Mapping[str, str], metadata: Mapping[str, Any], pause: float | None
) -> None:
    """Whichever names it."""
    assert refusal_of(429, {"error": {"message": "x", "metadata": metadata}}, headers).retry_after == pause


@pytest.mark.parametrize("status", [408, 499, 500, 503, 529])
def test_trouble_on_a_submit_leaves_its_outcome_open(status: int, tmp_path: Path) -> None:
    """Only answers that prove that nothing was created allow another attempt."""

    class Troubled(openrouter.OpenRouter):
        def trouble(self, status: int) -> web.Response:
            return web.json_response({"error": {"code": status, "message": "Trouble"}}, status=self.with_status)

        with_status = status

    emulator = Troubled()
    emulator.script = Script(break_submit="error_500")
    with pytest.raises(Lost):
        asyncio.run(submit_to(emulator, VEO, tmp_path))


def test_pictures_and_options_arrive_as_the_vendor_takes_them(tmp_path: Path) -> None:
    """Over real HTTP: the bytes as data URLs, everything within what the vendor allows."""
    emulator = openrouter.OpenRouter()
    first = picture("first")
    frames = replace(
        VEO, mode="frames", first_frame=first, last_frame=picture("last"), options={"negativePrompt": "fog"}
    )
    references = replace(VEO, mode="references", references=(first,))
    for one in (frames, references):
        asyncio.run(submit_to(emulator, one, tmp_path))
    asked, second = (task.body for task in emulator.tasks.values())
    address = f"data:image/png;base64,{base64.b64encode(PICTURE).decode()}"
    assert [frame["image_url"]["url"] for frame in asked["frame_images"]] == [address] * 2
    assert asked["provider"]["options"]["google-vertex"] == {"parameters": {"negativePrompt": "fog"}}
    assert second["input_references"] == [{"type": "image_url", "image_url": {"url": address}}]


# Polls -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        (None, f"videos/{JOB}"),
        (f"/api/v1/videos/{JOB}?x=1", f"{ROOT}/videos/{JOB}?x=1"),
        (f"{ROOT}/videos/{JOB}", f"{ROOT}/videos/{JOB}"),
        (f"https://evil.example/api/v1/videos/{JOB}", f"videos/{JOB}"),
        (f"https://openrouter.ai.evil.example/api/v1/videos/{JOB}", f"videos/{JOB}"),
        (f"//evil.example/api/v1/videos/{JOB}", f"videos/{JOB}"),
        (f"http://openrouter.ai/api/v1/videos/{JOB}", f"videos/{JOB}"),
        ("/elsewhere", f"videos/{JOB}"),
        ("http://[broken", f"videos/{JOB}"),
    ],
)
def test_it_asks_where_it_was_told_to_below_the_root_alone(given: str | None, asked: str) -> None:
    """Another origin, or a path past a proxy's own, gives way to the contract's path."""
    handle = replace(HANDLE, extra={} if given is None else {"polling_url": given})
    call = next(OPENROUTER.poll(handle, ACCOUNT))
    assert (call.method, call.url, call.creates) == ("GET", asked, False)


def test_an_id_is_one_step_of_a_path() -> None:
    """Whatever is in it."""
    assert next(OPENROUTER.poll(replace(HANDLE, native_id="../a?b"), ACCOUNT)).url == "videos/..%2Fa%3Fb"


@pytest.mark.parametrize("status", ["pending", "in_progress"])
def test_a_job_that_runs_is_running(status: str) -> None:
    """With its share where a gateway says it, in percent."""
    assert polled({"status": status}) == Running()
    assert polled({"status": status, "progress": 40}) == Running(progress=0.4)


def test_a_completed_job_names_its_videos_and_its_bill() -> None:
    """The bill is exact to the ninth place of a dollar."""
    links = [f"{ROOT}/videos/{JOB}/content?index={at}" for at in range(2)]
    body = {"status": "completed", "unsigned_urls": links, "usage": {"cost": 0.161406, "is_byok": False}}
    assert polled(body) == Finished(outputs=tuple(Fetch(url=link) for link in links), vendor_cost=161_406_000)


@pytest.mark.parametrize(
    ("usage", "cost"),
    [
        (b'{"cost": 0.1358000005}', 135_800_001),
        (b'{"cost": 345678.123456789}', 345_678_123_456_789),
        (b'{"cost": "0.40"}', 400_000_000),
        (b'{"cost": 0}', 0),
        (b'{"cost": 3}', 3_000_000_000),
        (b'{"cost": 5.2e-2}', 52_000_000),
        (b'{"cost": null}', None),
        (b"{}", None),
        (b"null", None),
        (b'{"cost": 0.02, "is_byok": true}', None),
    ],
)
def test_a_bill_is_read_as_it_is_written(usage: bytes, cost: int | None) -> None:
    """Never by way of a float. What was made with a key of the operator's own is billed elsewhere."""
    finished = read(b'{"status": "completed", "unsigned_urls": ["/a"], "usage": %s}' % usage)
    assert isinstance(finished, Finished)
    assert finished.vendor_cost == cost


@pytest.mark.parametrize("cost", [b'"lots"', b"true", b"-1", b"NaN", b"Infinity", b"[]", b"1e30", b"1e400"])
@pytest.mark.parametrize("status", [b"completed", b"failed", b"cancelled", b"expired"])
def test_a_bill_that_is_no_number_keeps_nothing_back(cost: bytes, status: bytes) -> None:
    """Operators are told of it."""
    ended = read(b'{"status": "%s", "usage": {"cost": %s}}' % (status, cost))
    assert isinstance(ended, Finished | Failed)
    assert ended.vendor_cost is None
    (note,) = ended.notes
    assert note.startswith("the cost cannot be read: ")


@pytest.mark.parametrize(
    ("link", "fetched"),
    [
        (f"{ROOT}/videos/{JOB}/content?index=0&sig=s", f"{ROOT}/videos/{JOB}/content?index=0&sig=s"),
        (f"/api/v1/videos/{JOB}/content?index=0", f"{ROOT}/videos/{JOB}/content?index=0"),
        (f"https://evil.example/{JOB}.mp4", f"{ROOT}/videos/{JOB}/content?index=0"),
        (None, f"{ROOT}/videos/{JOB}/content?index=0"),
    ],
)
def test_a_video_is_fetched_below_the_root_alone(link: str | None, fetched: str) -> None:
    """Its address needs the key, which goes nowhere else; the contract says where the content is."""
    assert polled({"status": "completed", "unsigned_urls": [link]}) == Finished(outputs=(Fetch(url=fetched),))


def test_a_completed_job_without_addresses_is_asked_for_its_content() -> None:
    """It was paid for, and a look costs nothing."""
    fetch = Fetch(url=f"{ROOT}/videos/{JOB}/content?index=0")
    assert polled({"status": "completed"}) == Finished(outputs=(fetch,))


def test_a_completed_job_with_no_video_has_failed() -> None:
    """And cost what it cost."""
    failed = polled({"status": "completed", "unsigned_urls": [], "usage": {"cost": 1}})
    assert isinstance(failed, Failed)
    assert (failed.failure, failed.vendor_cost) == (FailureClass.OUTPUT_INVALID, 1_000_000_000)


@pytest.mark.parametrize(
    ("body", "failure"),
    [
        ({"status": "failed", "error": "Content policy violation"}, "policy_input"),
        ({"status": "failed", "error": "OutputVideoSensitiveContentDetected: x"}, "policy_output"),
        ({"status": "failed", "error": "The output was flagged"}, "policy_output"),
        ({"status": "failed", "error": "Blocked by our safety filters"}, "policy_input"),
        ({"status": "failed", "error": "Provider returned error"}, "transient"),
        ({"status": "failed"}, "transient"),
        ({"status": "dead", "error": "gone"}, "transient"),
        ({"status": "failed", "error": "x", "error_type": "invalid_image"}, "user_error"),
        ({"status": "failed", "error": "x", "error_type": "content_policy_violation"}, "policy_input"),
        ({"status": "failed", "error": "x", "error_type": "a_word_of_tomorrow"}, "transient"),
        ({"status": "cancelled", "error": "Job was cancelled"}, "cancelled"),
        ({"status": "expired", "error": "Job exceeded maximum time to live"}, "expired"),
    ],
    ids=str,
)
def test_every_bad_end_has_its_class(body: Mapping[str, Any], failure: str) -> None:
    """By the type that gateways like this one add, else by what the sentence says of policy."""
    outcome = polled(body)
    assert isinstance(outcome, Failed)
    assert (outcome.failure, outcome.vendor_text, outcome.vendor_cost) == (failure, body.get("error"), None)


@pytest.mark.parametrize("status", ["failed", "dead", "cancelled", "expired"])
def test_a_bad_end_that_is_billed_says_so(status: str) -> None:
    """Then no other attempt may follow it."""
    outcome = polled({"status": status, "error": "x", "usage": {"cost": 0.5}})
    assert isinstance(outcome, Failed)
    assert outcome.vendor_cost == 500_000_000


@pytest.mark.parametrize("body", [{"status": "archived"}, {"status": None}, {"status": 2}, {}], ids=str)
def test_an_unknown_word_is_unclear(body: Mapping[str, Any]) -> None:
    """It is never taken for one that is known; the contract says where to look for a video."""
    outcome = polled({**body, "usage": {"cost": 1}})
    assert isinstance(outcome, Unclear)
    assert outcome.outputs == (Fetch(url=f"{ROOT}/videos/{JOB}/content?index=0"),)
    assert outcome.vendor_cost == 1_000_000_000


CONTENT = f"{ROOT}/videos/{JOB}/content?index="


@pytest.mark.parametrize(
    ("named", "fetched"),
    [
        ({"unsigned_urls": f"{CONTENT}0&a=b"}, [f"{CONTENT}0&a=b"]),
        ({"unsigned_urls": "x"}, [f"{CONTENT}0"]),
        ({"unsigned_urls": 7}, [f"{CONTENT}0"]),
        ({"unsigned_urls": {}}, [f"{CONTENT}0"]),
        ({"unsigned_urls": [7, None]}, [f"{CONTENT}1"]),
        ({"unsigned_urls": [7]}, [f"{CONTENT}0"]),
        ({"unsigned_urls": [{"url": f"{CONTENT}0&a=b"}]}, [f"{CONTENT}0&a=b"]),
        ({"unsigned_urls": [None] * 1000}, [f"{CONTENT}{at}" for at in range(8)]),
        ({"video_url": "https://cdn.test/v.mp4"}, ["https://cdn.test/v.mp4"]),
    ],
    ids=str,
)
def test_videos_in_odd_shapes_are_found(named: Mapping[str, Any], fetched: list[str]) -> None:
    """And nothing is looked for of which there is no sign."""
    assert polled({"status": "completed", **named}) == Finished(outputs=tuple(Fetch(url=url) for url in fetched))


@pytest.mark.parametrize(
    ("status", "raised"), [(404, JobLost), *((status, NotAnswered) for status in (401, 403, 429, 500, 503))]
)
def test_a_poll_that_is_not_answered_says_nothing_of_the_job(status: int, raised: type[Exception]) -> None:
    """But that it is not there."""
    with pytest.raises(raised):
        read(b'{"error": {"code": 1, "message": "x"}}', status)


# The rest --------------------------------------------------------------------------------------------------------


def test_a_job_cannot_be_cancelled() -> None:
    """The contract has no way to."""
    assert finish(OPENROUTER.cancel(HANDLE, ACCOUNT)) == "not_cancellable"
    assert finish(OPENROUTER.find(VEO, ACCOUNT)) is None


@pytest.mark.parametrize(("provider", "name"), [(OPENROUTER, "OPENROUTER"), (MODELGATES, "MODELGATES")])
def test_accounts_come_by_the_usual_names(provider: Any, name: str) -> None:
    """Each brand by its own."""
    accounts, _ = read_accounts(provider, (), {f"{name}_API_KEY": "k"})
    assert accounts[0].root == f"https://{name.lower()}.ai/api/v1"
    accounts, _ = read_accounts(provider, (), {f"{name}_API_KEY": "k", f"{name}_BASE_URL": "http://x/api/v1/"})
    assert accounts[0].root == "http://x/api/v1"


def submitted(order: Order) -> Call:
    return next(OPENROUTER.submit(order, ACCOUNT))


def answered(status: int, body: object) -> Ticket:
    return finish(OPENROUTER.submit(VEO, ACCOUNT), reply_of(body, status))


def refusal_of(status: int, body: object, headers: Mapping[str, str] | None = None) -> Failed:
    with pytest.raises(SubmitRefused) as refusal:
        finish(OPENROUTER.submit(VEO, ACCOUNT), reply_of(body, status, headers))
    return refusal.value.failed


def polled(body: Mapping[str, Any]) -> Outcome | Unclear:
    return read(json.dumps({"id": JOB, "polling_url": f"/api/v1/videos/{JOB}", **body}).encode())


def read(body: bytes, status: int = 200) -> Outcome | Unclear:
    return finish(OPENROUTER.poll(HANDLE, ACCOUNT), Reply(status=status, headers={}, body=body))


def reply_of(body: object, status: int, headers: Mapping[str, str] | None = None) -> Reply:
    return Reply(status=status, headers=headers or {}, body=json.dumps(body).encode())


def finish(flow: Flow[T], *replies: Reply) -> T:
    """What the flow returns after these replies."""
    try:
        next(flow)
        for reply in replies:
            flow.send(reply)
    except StopIteration as done:
        value: T = done.value
        return value
    raise AssertionError("the flow wants more replies")


async def submit_to(emulator: frame.Emulator, order: Order, directory: Path) -> None:
    async def fetch(media: Media) -> Path:
        path = directory / media.sha256
        path.write_bytes(PICTURE)
        return path

    running = await frame.start(emulator)
    drive = Drive(fetch, directory, SystemClock())
    account = replace(ACCOUNT, root=f"{running.url}/api/v1", values={"api_key": frame.KEY})
    remote = Remote(endpoint="openrouter", provider=OPENROUTER, accounts={"a": account}, drive=drive, max_output=1)
    try:
        await remote.submit(order)
    finally:
        await drive.close()
        await frame.stop(running)
