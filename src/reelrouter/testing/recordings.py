"""Plays a vendor's recorded replies to its adapter: does it still ask the same, and make the same of the answers?

A contributor's fixture is a file that `reelrouter record` wrote; `check(read_recording(text), provider)` runs it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from json import dumps, loads
from pathlib import Path
from typing import Any

from reelrouter.providers.base import Call, Flow, Provider, ProviderDrift, Reply
from reelrouter.providers.recording import (
    Exchange,
    Recording,
    Scene,
    Told,
    View,
    call_view,
    handle_of,
    order_of,
    outcome_view,
)
from reelrouter.work import Handle, JobLost, NotAnswered, SubmitRefused


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What an adapter does today, beside what it did when the scene was recorded."""

    scene: Scene
    calls: tuple[View, ...]
    outcome: View

    @property
    def agrees(self) -> bool:
        return self.outcome == self.scene.outcome and self.calls == tuple(one.call for one in self.scene.exchanges)


class MoreAsked(AssertionError):
    """An adapter makes a call for which the recording has no reply."""


def replay(recording: Recording, provider: Provider) -> Iterator[Played]:
    """Every submit and every poll, in their order. Raises `MoreAsked`."""
    account, order = recording.account(provider), order_of(recording.order)
    handle: Handle | None = None
    for scene in recording.scenes:
        match scene.verb:
            case "submit":
                played = _play(scene, provider.submit(order, account))
                if "accepted" in played.outcome:
                    handle = handle_of(played.outcome, provider)
                yield played
            case "poll":
                assert handle is not None, "the recording polls a job that was not accepted"
                yield _play(scene, provider.poll(handle, account))
            case "sign_in":
                pass  # nothing of it is kept


def check(recording: Recording, provider: Provider) -> None:
    """Raises `AssertionError` for the first difference."""
    assert recording.provider == provider.name, f"it is a recording of {recording.provider}"
    for played in replay(recording, provider):
        before = {"calls": [one.call for one in played.scene.exchanges], "outcome": played.scene.outcome}
        now = {"calls": list(played.calls), "outcome": played.outcome}
        assert played.agrees, f"{played.scene.verb}: it was\n{_shown(before)}\nand is\n{_shown(now)}"


def _play(scene: Scene, flow: Flow[Any]) -> Played:
    calls: list[View] = []
    told: Told
    try:
        call: Call = next(flow)
        while True:
            calls.append(_as_read(call_view(call)))
            if len(calls) > len(scene.exchanges):
                raise MoreAsked(f"{scene.verb}: the recording has no reply to {_shown(calls[-1])}")
            call = flow.send(_reply(scene.exchanges[len(calls) - 1]))
    except StopIteration as done:
        told = done.value
    except (SubmitRefused, NotAnswered, JobLost, ProviderDrift) as said:
        told = said
    return Played(scene=scene, calls=tuple(calls), outcome=_as_read(outcome_view(told)))


def _reply(exchange: Exchange) -> Reply:
    given = exchange.reply
    body = dumps(given["json"]) if "json" in given else given.get("text", "")
    return Reply(
        status=given["status"],
        headers=given.get("headers", {}),
        body=body.encode(),
        files=tuple(Path(one["name"]) for one in given.get("files", ())),
    )


def _as_read(view: View) -> View:
    """As it would come back from a file."""
    read: View = loads(dumps(view))
    return read


_shown = partial(dumps, indent=2, ensure_ascii=False)
