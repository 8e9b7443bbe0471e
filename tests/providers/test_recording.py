"""Recordings as values: what an order, a call, a reply and an outcome look like in a file, and back."""

import json
from pathlib import Path
from typing import Any

import pytest

from reelrouter.providers.base import Call, Inline, Part, ProviderDrift, Reply, Ticket, Unclear
from reelrouter.providers.recording import (
    ACCOUNT,
    Exchange,
    NoRecording,
    Recording,
    Scene,
    call_view,
    order_of,
    order_view,
    outcome_view,
    read_recording,
    reply_view,
)
from reelrouter.work import (
    Blob,
    Failed,
    FailureClass,
    Fetch,
    Finished,
    JobLost,
    NotAnswered,
    Order,
    Running,
    SubmitRefused,
)
from tests.providers.orders import clip, order, picture

RECORDING = Recording(
    provider="a",
    package="reelrouter 0",
    recorded_at="2026-11-21T12:00:00+00:00",
    evidence="a test",
    root="https://a.example.com",
    values={"api_key": "REDACTED-api_key"},
    order=order_view(order()),
    scenes=(
        Scene(
            verb="submit",
            exchanges=(Exchange(call={"method": "GET", "url": "a"}, reply={"status": 200}),),
            outcome={"accepted": {"native_id": "1", "extra": {}}},
        ),
    ),
    outputs=({"size": 1, "sha256": "0"},),
)


def test_a_recording_comes_back_from_its_file() -> None:
    assert read_recording(json.dumps(RECORDING.view())) == RECORDING


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"format": 2}', json.dumps({**RECORDING.view(), "provider2": 1})]
)
def test_what_is_no_recording_is_refused(text: str) -> None:
    """A file of another time too."""
    with pytest.raises(NoRecording):
        read_recording(text)


@pytest.mark.parametrize(
    "given",
    [
        order(),
        order(seed=None, resolution=None, audio=False, options={"watermark": False}),
        order(mode="frames", first_frame=picture(), last_frame=picture("last")),
        order(mode="references", references=(picture(), clip())),
    ],
)
def test_an_order_comes_back_as_its_adapter_sees_it(given: Order) -> None:
    """Only the names that the gateway has for itself are others."""
    back = order_of(json.loads(json.dumps(order_view(given))))
    ours = {"credential", "model", "first_frame", "last_frame", "references"}
    for name in set(Order.__dataclass_fields__) - ours:
        assert getattr(back, name) == getattr(given, name), name
    assert back.credential == ACCOUNT
    assert [media.sha256 for media in back.references] == [media.sha256 for media in given.references]
    assert [media.kind for media in back.references] == [media.kind for media in given.references]
    assert (back.first_frame is None) == (given.first_frame is None)


def test_inputs_stand_in_a_call_by_their_digests() -> None:
    """In JSON and in forms, and a sign-in's form by the names of its fields."""
    image = picture()
    assert call_view(Call(method="POST", url="a", json={"images": [Inline(media=image, form="base64")]})) == {
        "method": "POST",
        "url": "a",
        "json": {"images": [f"input:base64:{image.sha256}"]},
    }
    parts = (Part(name="prompt", value="a boat"), Part(name="image", value=image))
    assert call_view(Call(method="POST", url="a", parts=parts))["parts"] == [
        {"name": "prompt", "text": "a boat"},
        {"name": "image", "input": image.sha256},
    ]
    assert call_view(Call(method="POST", url="a", form={"secret": "x"}))["form"] == ["secret"]


def test_headers_are_kept_that_an_adapter_may_read() -> None:
    """And a body as JSON, or as text."""
    headers = {"content-type": "text/html", "retry-after": "3", "set-cookie": "a=b", "x-account": "c"}
    assert reply_view(Reply(status=503, headers=headers, body=b"later"), ()) == {
        "status": 503,
        "headers": {"content-type": "text/html", "retry-after": "3"},
        "text": "later",
    }
    assert reply_view(Reply(status=204, headers={}, body=b""), ()) == {"status": 204}
    assert reply_view(Reply(status=200, headers={}, body=b"[1]"), ()) == {"status": 200, "json": [1]}


@pytest.mark.parametrize(
    "body", [rb'{"a": "cut \ud83d \u0000"}', b"<html>\xff\x00", b"[" * 5000, b"[" * 300 + b"]" * 300]
)
def test_whatever_a_vendor_said_can_be_written_down(body: bytes) -> None:
    """As UTF-8, and read back."""
    shown = reply_view(Reply(status=200, headers={}, body=body), ())
    assert json.loads(json.dumps(shown, ensure_ascii=False).encode()) == shown


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        (Ticket(native_id="1", extra={"a": 1}), {"accepted": {"native_id": "1", "extra": {"a": 1}}}),
        (Running(progress=0.5), {"running": {"progress": 0.5, "queue_position": None, "poll_after": None}}),
        (
            Finished(outputs=(Fetch(url="https://a"), Blob(path=Path("/tmp/0.mp4"))), vendor_cost=3),  # noqa: S108
            {"finished": {"outputs": [{"url": "https://a", "headers": []}, {"file": "0.mp4"}], "vendor_cost": 3}},
        ),
        (
            Unclear(reason="what?", outputs=(Fetch(url="https://a"),)),
            {"unclear": {"outputs": [{"url": "https://a", "headers": []}]}},
        ),
        (Failed(failure=FailureClass.EXPIRED, vendor_code="x"), {"failed": {"failure": "expired"}}),
        (SubmitRefused(Failed(failure=FailureClass.AUTH)), {"refused": {"failure": "auth"}}),
        (NotAnswered("no", 3.0), {"not_answered": {"retry_after": 3.0}}),
        (JobLost("gone"), {"lost": {}}),
        (ProviderDrift("what?"), {"drift": {}}),
    ],
)
def test_every_way_to_end_has_its_word(told: Any, shown: dict[str, dict[str, Any]]) -> None:
    """With what the jobs go by."""
    ((word, facts),) = outcome_view(told).items()
    ((expected, some),) = shown.items()
    assert word == expected
    assert facts.items() >= some.items() if all(map(str, some.values())) else facts == some


def test_another_error_is_no_way_to_end() -> None:
    """It is the adapter's fault, and goes on."""
    with pytest.raises(ZeroDivisionError):
        outcome_view(ZeroDivisionError())
