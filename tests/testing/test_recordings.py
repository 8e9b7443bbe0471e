"""Replays: they agree with the adapter that was recorded, and with no other."""

import json
from dataclasses import replace
from typing import Any

import pytest

from reelrouter.providers.base import Account, Call, Flow, Provider, Ticket, Unclear
from reelrouter.providers.byteplus import BYTEPLUS, VOLCENGINE, ModelArk
from reelrouter.providers.recording import Exchange, Recording, Scene, order_view
from reelrouter.testing.recordings import MoreAsked, check, replay
from reelrouter.work import Handle, Order, Outcome, Running
from tests.providers.orders import order

_TASKS = "contents/generations/tasks"
_BODY = {
    "model": "b-1",
    "content": [{"type": "text", "text": "a boat"}],
    "resolution": "720p",
    "ratio": "16:9",
    "duration": 5,
    "generate_audio": True,
    "seed": 7,
}


def _poll(outcome: dict[str, Any], **task: Any) -> Scene:
    call = {"method": "GET", "url": f"{_TASKS}/cgt-1"}
    return Scene(
        verb="poll",
        exchanges=(Exchange(call=call, reply={"status": 200, "json": {"id": "cgt-1", **task}}),),
        outcome=outcome,
    )


_SUBMIT = Scene(
    verb="submit",
    exchanges=(
        Exchange(
            call={"method": "POST", "url": _TASKS, "json": _BODY}, reply={"status": 200, "json": {"id": "cgt-1"}}
        ),
    ),
    outcome={"accepted": {"native_id": "cgt-1", "extra": {}}},
)
_RUNS = _poll({"running": {"progress": None, "queue_position": None, "poll_after": None}}, status="running")
_ENDS = _poll(
    {"finished": {"outputs": [{"url": "https://a/v.mp4", "headers": []}], "vendor_cost": None, "seed": 7}},
    status="succeeded",
    content={"video_url": "https://a/v.mp4"},
    seed=7,
)
RECORDING = Recording(
    provider="byteplus",
    package="reelrouter 0",
    recorded_at="2026-11-21T12:00:00+00:00",
    evidence="a test",
    root="https://a.example.com",
    values={"api_key": "REDACTED-api_key"},
    order=order_view(order()),
    scenes=(Scene(verb="sign_in", exchanges=()), _SUBMIT, _RUNS, _ENDS),
)


def test_the_adapter_that_was_recorded_agrees() -> None:
    """Each submit and poll is played, a sign-in is not."""
    check(RECORDING, BYTEPLUS)
    played = list(replay(RECORDING, BYTEPLUS))
    assert [one.scene.verb for one in played] == ["submit", "poll", "poll"]
    assert all(one.agrees for one in played)
    assert json.loads(json.dumps(played[0].calls)) == [_SUBMIT.exchanges[0].call]


def test_an_adapter_that_asks_something_else_is_found_out() -> None:
    """Both calls are shown."""

    class Silent(ModelArk):
        def submit(self, order: Order, account: Account) -> Flow[Ticket]:
            return (yield from super().submit(replace(order, audio=False), account))

    with pytest.raises(
        AssertionError, match=r'(?s)submit: it was.*"generate_audio": true.*"generate_audio": false'
    ):
        check(RECORDING, Silent("byteplus", BYTEPLUS.access))


def test_an_adapter_that_reads_an_answer_in_another_way_is_found_out() -> None:
    """Both outcomes are shown."""

    class Patient(ModelArk):
        def poll(self, handle: Handle, account: Account) -> Flow[Outcome]:
            yield Call(method="GET", url=f"{_TASKS}/{handle.native_id}")
            return Running()

    with pytest.raises(AssertionError, match=r'(?s)poll: it was.*"finished".*and is.*"running"'):
        check(RECORDING, Patient("byteplus", BYTEPLUS.access))


def test_an_adapter_that_asks_once_more_or_once_less_is_found_out() -> None:
    """The call without a reply is shown."""

    class Curious(ModelArk):
        def poll(self, handle: Handle, account: Account) -> Flow[Outcome | Unclear]:
            yield Call(method="GET", url="who-am-i")
            return (yield from super().poll(handle, account))

    class Careless(ModelArk):
        def poll(self, handle: Handle, account: Account) -> Flow[Outcome]:
            yield from ()
            return Running()

    with pytest.raises(MoreAsked, match=f"no reply to .*\n.*\n.*{_TASKS}/cgt-1"):
        check(RECORDING, Curious("byteplus", BYTEPLUS.access))
    with pytest.raises(AssertionError, match="poll: it was"):
        check(RECORDING, Careless("byteplus", BYTEPLUS.access))


@pytest.mark.parametrize("provider", [VOLCENGINE])
def test_another_vendors_adapter_is_none_of_its_business(provider: Provider) -> None:
    """Even if it speaks the same."""
    with pytest.raises(AssertionError, match="recording of byteplus"):
        check(RECORDING, provider)
