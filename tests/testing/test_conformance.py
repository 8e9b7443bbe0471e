"""The suite is only worth something if a wrong adapter fails it: each of these is wrong in one way."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reelrouter.emulators.byteplus import ModelArk as Emulated
from reelrouter.emulators.frame import KEY
from reelrouter.emulators.script import BREAKAGES, ENDS, REFUSALS
from reelrouter.providers.base import Account, Call, Flow, Provider, ProviderDrift, Reply, Ticket, Unclear
from reelrouter.providers.byteplus import BYTEPLUS
from reelrouter.testing.conformance import Case, cases_for, conform
from reelrouter.work import Cancelled, Fetch, Finished, Handle, Order, Running
from tests.testing.wrong import RIGHT, Wrong, changed, replayed

CASES: Mapping[str, Case] = {case.name: case for case in cases_for(RIGHT)}


class TakesAnyWordForRunning(Wrong):
    def poll(self, handle: Handle, account: Account) -> Flow[Any]:
        try:
            outcome: Any = yield from super().poll(handle, account)
        except ProviderDrift:
            return Running()
        return Running() if isinstance(outcome, Unclear) else outcome


class SaysRefusedOnATrouble(Wrong):
    """By not saying that its call creates something: then nobody can know better."""

    def submit(self, order: Order, account: Account) -> Flow[Ticket]:
        return (yield from changed(super().submit(order, account), creates=False))


class IgnoresWhyThereIsNoVideo(Wrong):
    def poll(self, handle: Handle, account: Account) -> Flow[Any]:
        reply: Reply = yield Call(method="GET", url=f"contents/generations/tasks/{handle.native_id}")
        if b'"succeeded"' in reply.body and b'"video_url": null' in reply.body:
            return Finished(outputs=())
        return (yield from replayed(super().poll(handle, account), reply))


class SendsItsKeyToFiles(Wrong):
    def poll(self, handle: Handle, account: Account) -> Flow[Any]:
        outcome = yield from super().poll(handle, account)
        if not isinstance(outcome, Finished):
            return outcome
        shown = {"X-Api-Key": account.values["api_key"]}
        return replace(outcome, outputs=tuple(self._shown(output, shown) for output in outcome.outputs))

    def _shown(self, output: object, headers: Mapping[str, str]) -> Fetch:
        assert isinstance(output, Fetch)
        return replace(output, headers=headers)


class SubmitsAgain(Wrong):
    """When the vendor is in trouble or too busy."""

    def submit(self, order: Order, account: Account) -> Flow[Ticket]:
        first: Reply = yield next(super().submit(order, account))
        if first.status in (429, 500):
            return (yield from super().submit(order, account))
        return (yield from replayed(super().submit(order, account), first))


class SubmitsTwice(Wrong):
    def submit(self, order: Order, account: Account) -> Flow[Ticket]:
        yield next(super().submit(order, account))
        return (yield from super().submit(order, account))


class CancelsWhatHasEnded(Wrong):
    def cancel(self, handle: Handle, account: Account) -> Flow[Cancelled]:
        yield Call(method="DELETE", url=f"contents/generations/tasks/{handle.native_id}")
        return "cancelled"


def _play(provider: Provider, name: str, directory: Path) -> None:
    directory.mkdir()
    asyncio.run(conform(replace(RIGHT, provider=provider), CASES[name], directory))


@pytest.mark.parametrize(
    ("wrong", "case", "said"),
    [
        (TakesAnyWordForRunning(), "ends: drift", "an unknown word was taken for Running"),
        (SaysRefusedOnATrouble(), "submit breaks: error_500", "error_500 proves nothing"),
        (SaysRefusedOnATrouble(), "submit breaks: dropped", "dropped proves nothing"),
        (SaysRefusedOnATrouble(), "submit breaks: html", "html proves nothing"),
        (IgnoresWhyThereIsNoVideo(), "ends: no_video", "no_video is told as Finished"),
        (SendsItsKeyToFiles(), "finished", "credentials went to where files lie"),
        (SubmitsAgain(), "submit breaks: error_500", "it was sent once"),
        (SubmitsAgain(), "submit: rate", "a refusal is told at once"),
        (SubmitsTwice(), "finished", "it was sent once"),
        (CancelsWhatHasEnded(), "cancel after its end", "what has ended cannot be cancelled"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_a_wrong_adapter_fails_a_case(wrong: Provider, case: str, said: str, tmp_path: Path) -> None:
    """Which says what is wrong."""
    _play(BYTEPLUS, case, tmp_path / "right")
    with pytest.raises(AssertionError, match=said):
        _play(wrong, case, tmp_path / "wrong")


def test_every_fate_has_its_case() -> None:
    """All that an emulator can be told to do."""
    told = {f"submit: {one}" for one in REFUSALS} | {f"ends: {one}" for one in ENDS if one != "done"}
    told |= {f"{verb} breaks: {one}" for verb in ("submit", "poll") for one in BREAKAGES}
    assert told <= set(CASES)


def test_what_a_vendor_has_no_words_for_has_no_case() -> None:
    """And everything else stays."""

    class Silent(Emulated):
        lacks = frozenset({"quota", "expired"})

    names = {case.name for case in cases_for(replace(RIGHT, emulator=Silent))}
    assert set(CASES) - names == {"submit: quota", "ends: expired"}


def test_an_adapter_must_say_whether_it_tells_progress(tmp_path: Path) -> None:
    """Else a progress that never moves would pass."""
    with pytest.raises(AssertionError, match="progress was"):
        asyncio.run(conform(replace(RIGHT, reports_progress=True), CASES["running"], tmp_path))


def test_a_wrong_key_is_no_conformance(tmp_path: Path) -> None:
    """The emulator takes one key alone."""
    assert RIGHT.values == {"api_key": KEY}
    with pytest.raises(Exception, match="auth"):
        asyncio.run(conform(replace(RIGHT, values={"api_key": "wrong"}), CASES["finished"], tmp_path))
