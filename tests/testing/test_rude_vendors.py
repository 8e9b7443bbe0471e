"""Every adapter under every rudeness of its vendor; and each of the wrong ones here is wrong in one way."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reelrouter.emulators.rude import RUDE
from reelrouter.providers.base import Account, Call, Flow, Provider, ProviderDrift, Reply, Ticket, Unclear
from reelrouter.providers.byteplus import BYTEPLUS
from reelrouter.providers.remote import Remote
from reelrouter.testing.conformance import Case, Vendor, conform, rude_cases_for
from reelrouter.work import (
    Blob,
    Failed,
    FailureClass,
    Fetch,
    Finished,
    Handle,
    JobLost,
    NotAnswered,
    Order,
    Outcome,
    Output,
    OutputInvalid,
    SubmitRefused,
)
from tests.testing.every_vendor import VENDORS
from tests.testing.wrong import RIGHT, Wrong, changed

ALL = [(vendor, case) for vendor in VENDORS.values() for case in rude_cases_for(vendor)]
CASES: Mapping[str, Case] = {case.name.removeprefix("rude: "): case for case in rude_cases_for(RIGHT)}


@pytest.mark.parametrize(("vendor", "case"), ALL, ids=[f"{v.provider.name}: {c.name}" for v, c in ALL])
def test_it_keeps_every_promise_to_a_rude_vendor(vendor: Vendor, case: Case, tmp_path: Path) -> None:
    """On its emulator, over real HTTP."""
    asyncio.run(conform(vendor, case, tmp_path))


# Wrong adapters --------------------------------------------------------------------------------------------------


class ReadsOneWordAlone(Wrong):
    """As its vendor's document has it."""

    def poll(self, handle: Handle, account: Account) -> Flow[Any]:
        outcome, body = yield from watched(super().poll(handle, account))
        if isinstance(outcome, Finished) and b'"succeeded"' not in body:
            raise ProviderDrift("a word")
        return outcome


class TakesAnUnknownWordForFailed(Wrong):
    def poll(self, handle: Handle, account: Account) -> Flow[Any]:
        outcome: Any = yield from super().poll(handle, account)
        return Failed(failure=FailureClass.DRIFT) if isinstance(outcome, Unclear) else outcome


class TakesAnUnknownWordForDone(Wrong):
    """Without a look at the file."""

    def poll(self, handle: Handle, account: Account) -> Flow[Any]:
        outcome: Any = yield from super().poll(handle, account)
        if isinstance(outcome, Unclear) and outcome.outputs:
            return Finished(outputs=outcome.outputs)
        return outcome


class ShowsItsKeyToStrangeFiles(Wrong):
    """Where it only looks whether there is one."""

    def poll(self, handle: Handle, account: Account) -> Flow[Any]:
        outcome: Any = yield from super().poll(handle, account)
        if not isinstance(outcome, Unclear):
            return outcome
        shown = {"X-Api-Key": account.values["api_key"]}
        outputs = tuple(replace(one, headers=shown) for one in outcome.outputs if isinstance(one, Fetch))
        return replace(outcome, outputs=outputs)


class LosesVideosOverASeed(Wrong):
    def poll(self, handle: Handle, account: Account) -> Flow[Any]:
        outcome, body = yield from watched(super().poll(handle, account))
        if b'"seed": 1180591620717411303424' in body:
            raise ProviderDrift("a seed")
        return outcome


class PassesTextsOnAsTheyAre(Wrong):
    def poll(self, handle: Handle, account: Account) -> Flow[Any]:
        outcome, body = yield from watched(super().poll(handle, account))
        if isinstance(outcome, Failed) and b"\\u0000" in body:
            return replace(outcome, vendor_text="cut \x00 here")
        return outcome


class TellsOwnersWhatOperatorsKnow(Wrong):
    """A code is shown to the job's owner."""

    def poll(self, handle: Handle, account: Account) -> Flow[Any]:
        outcome, body = yield from watched(super().poll(handle, account))
        if isinstance(outcome, Failed) and b"sk-live" in body:
            return replace(outcome, vendor_code="the key sk-live-123 of somebody@example.com")
        return outcome


class TakesAPageForALostJob(Wrong):
    def poll(self, handle: Handle, account: Account) -> Flow[Any]:
        outcome, body = yield from watched(super().poll(handle, account), JobLost)
        assert isinstance(body, bytes)
        return outcome


class WantsTextsForIds(Wrong):
    """A job that was paid for is thrown away."""

    def submit(self, order: Order, account: Account) -> Flow[Ticket]:
        ticket: Ticket
        ticket, body = yield from watched(super().submit(order, account))
        if ticket.native_id.isdecimal():
            raise ProviderDrift(f"an id is no text: {body!r}")
        return ticket


class KeepsRefusalsOpen(Wrong):
    """Nothing else is tried then, and the job has failed."""

    def submit(self, order: Order, account: Account) -> Flow[Ticket]:
        try:
            return (yield from super().submit(order, account))
        except SubmitRefused as refused:
            raise ProviderDrift(str(refused)) from refused


class RefusesWhatIsOpen(Wrong):
    """By not saying that its call creates something."""

    def submit(self, order: Order, account: Account) -> Flow[Ticket]:
        return (yield from changed(super().submit(order, account), creates=False))


class BlamesTheCaller(Wrong):
    """For what a proxy said: then no other endpoint is tried."""

    def submit(self, order: Order, account: Account) -> Flow[Ticket]:
        try:
            return (yield from super().submit(order, account))
        except SubmitRefused as refused:
            raise SubmitRefused(replace(refused.failed, failure=FailureClass.USER_ERROR)) from refused


def watched(flow: Flow[Any], instead: type[Exception] | None = None) -> Flow[tuple[Any, bytes]]:
    """What a flow comes to, and the last body that it was sent; what it raises becomes `instead`."""
    body = b""
    try:
        call: Call = next(flow)
        while True:
            reply: Reply = yield call
            body = reply.body
            call = flow.send(reply)
    except StopIteration as done:
        return done.value, body
    except (NotAnswered, ProviderDrift) as error:
        if instead is None:
            raise
        raise instead(str(error)) from error


def _play(provider: Provider, name: str, directory: Path) -> None:
    directory.mkdir()
    asyncio.run(conform(replace(RIGHT, provider=provider), CASES[name], directory))


@pytest.mark.parametrize(
    ("wrong", "case", "said"),
    [
        (ReadsOneWordAlone(), "other words for done", "done: DONE: it is told as ProviderDrift"),
        (TakesAnUnknownWordForFailed(), "an unknown word, and a video", "strange: word: it is told as Failed"),
        (
            TakesAnUnknownWordForFailed(),
            "an unknown word, and no video yet",
            "strange: word: it is told as Failed",
        ),
        (TakesAnUnknownWordForDone(), "an unknown word, and no video after all", "file: html: it is told as Fin"),
        (ShowsItsKeyToStrangeFiles(), "an unknown word, and a video", "credentials went to where files lie"),
        (LosesVideosOverASeed(), "nonsense for a seed", "seed: huge: it is told as ProviderDrift"),
        (PassesTextsOnAsTheyAre(), "failures in texts that nobody can store", "message: nul: .* cannot be stored"),
        (TellsOwnersWhatOperatorsKnow(), "failures under codes that are none", "code: a sentence: its code is"),
        (TakesAPageForALostJob(), "polls that say nothing of the job", "poll: 200 html: it is told as JobLost"),
        (WantsTextsForIds(), "ids in other forms and places", "id: number: the submit is told as ProviderDrift"),
        (KeepsRefusalsOpen(), "refused in no usual form", "refused: error text: it is told as ProviderDrift"),
        (RefusesWhatIsOpen(), "answers that leave a submit open", "open: 502 html: it proves nothing"),
        (BlamesTheCaller(), "refused in no usual form", "refused: 404 html: it is told as user_error"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_a_wrong_adapter_fails_a_case(wrong: Provider, case: str, said: str, tmp_path: Path) -> None:
    """Which says under what rudeness of the vendor's, and how."""
    _play(BYTEPLUS, case, tmp_path / "right")
    with pytest.raises(AssertionError, match=said):
        _play(wrong, case, tmp_path / "wrong")


# Wrong collecting and polling, whichever the adapter -------------------------------------------------------------


async def _takes_all_for_final(remote: Remote, handle: Handle, output: Output) -> Blob:
    try:
        return await _COLLECT(remote, handle, output)
    except OutputInvalid as invalid:
        raise OutputInvalid(invalid.reason, final=True) from invalid


async def _forgets_pauses(remote: Remote, handle: Handle, output: Output) -> Blob:
    try:
        return await _COLLECT(remote, handle, output)
    except OutputInvalid as invalid:
        raise OutputInvalid(invalid.reason, final=invalid.final) from invalid


async def _takes_all_for_late(remote: Remote, handle: Handle, output: Output) -> Blob:
    try:
        return await _COLLECT(remote, handle, output)
    except OutputInvalid as invalid:
        raise OutputInvalid(invalid.reason) from invalid


async def _takes_anything_for_a_video(remote: Remote, handle: Handle, output: Output) -> Blob:
    try:
        return await _COLLECT(remote, handle, output)
    except OutputInvalid:
        path = remote.drive._directory / "anything"
        path.write_bytes(b"<html>")
        return Blob(path=path)


async def _asks_anywhere(remote: Remote, handle: Handle) -> Outcome:
    return await _POLL(remote, replace(handle, origin=None))


async def _takes_no_origin_for_another(remote: Remote, handle: Handle) -> Outcome:
    if handle.origin is None:
        raise NotAnswered("made who knows where")
    return await _POLL(remote, handle)


_COLLECT, _POLL = Remote.collect, Remote.poll


@pytest.mark.parametrize(
    ("verb", "wrong", "case", "said"),
    [
        ("collect", _takes_all_for_final, "a file that comes late", "file: 404: it is told as if no later try"),
        ("collect", _forgets_pauses, "a file that comes late", "file: 503 with a pause: the pause"),
        ("collect", _takes_anything_for_a_video, "a file that comes late", "file: html: it was taken for a file"),
        ("collect", _takes_all_for_late, "a file that is too large is no late one", "as if it might still come"),
        ("poll", _asks_anywhere, "an address that has moved", "made elsewhere, it is told as Finished"),
        ("poll", _takes_no_origin_for_another, "an address that has moved", "made at None, it is told as Not"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.__name__,
)
def test_a_wrong_backend_fails_a_case(
    verb: str, wrong: Callable[..., Any], case: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What lies in front of every adapter alike."""
    _play(BYTEPLUS, case, tmp_path / "right")
    monkeypatch.setattr(Remote, verb, wrong)
    with pytest.raises(AssertionError, match=said):
        _play(BYTEPLUS, case, tmp_path / "wrong")


def test_every_rudeness_is_played() -> None:
    """At each vendor that it can befall, by the cases together."""
    for vendor in VENDORS.values():
        shape = vendor.emulator(lambda: 0.0).shape
        played = {name for case in rude_cases_for(vendor) for name in case.rude}
        assert {name for name, one in RUDE.items() if one.fits(shape)} <= played, vendor.provider.name
