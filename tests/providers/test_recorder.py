"""The recorder, on a vendor that repeats every secret it has seen."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from reelrouter.catalogue.load import load_catalogue
from reelrouter.cli.emulating import environment_of
from reelrouter.clock import SystemClock
from reelrouter.emulators.frame import KEY, sample, start, stop
from reelrouter.emulators.registry import SITES
from reelrouter.providers.accounts import read_accounts
from reelrouter.providers.base import Account, ProviderDrift, Ticket
from reelrouter.providers.drive import NotSent
from reelrouter.providers.recorder import Pace, Recorder, Tape
from reelrouter.providers.recording import Recording, Told, read_recording
from reelrouter.providers.registry import PROVIDERS
from reelrouter.testing.recordings import check
from reelrouter.work import Finished, Media, NotAnswered, Order, Running
from tests.providers.indiscreet import SECRETS, VALUES, Indiscreet, indiscreet
from tests.providers.orders import order, picture

PROVIDER = Indiscreet()
_AT_ONCE = Pace(interval=0.0)


def recorded(
    folder: Path, statuses: tuple[str, ...], wanted: Order, pace: Pace = _AT_ONCE
) -> tuple[Tape, list[Told]]:
    """The tape, and what was told on the way, the end last."""
    told: list[Told] = []

    async def record() -> Tape:
        async with indiscreet(*statuses) as address:
            tape = Tape(PROVIDER, _account(address), wanted)
            recorder = Recorder(_picture_in(folder), folder, SystemClock(), tape.redactor)
            try:
                last = await tape.run(recorder, pace, told.append)
                told.append(last)
                if isinstance(last, Finished):
                    await tape.collect(last, recorder, folder / "kept.mp4")
            finally:
                await recorder.close()
        return tape

    return asyncio.run(record()), told


def recording_of(tape: Tape) -> Recording:
    return read_recording(tape.text())


def test_no_secret_is_left_in_a_recording(tmp_path: Path) -> None:
    """Whatever the vendor repeats, in bodies, names, headers and addresses, errors and sign-ins included."""
    wanted = order(prompt="for owner@studio.example.com", first_frame=picture())
    tape, _told = recorded(tmp_path, ("running", "html", "done"), wanted)
    text = tape.text()
    assert [secret for secret in SECRETS if secret in text or json.dumps(secret)[1:-1] in text] == []
    assert '"project": "REDACTED-project"' in text
    assert '"region": "north"' in text, "what everybody's account says is no secret"


def test_every_call_and_reply_is_kept_in_order(tmp_path: Path) -> None:
    """A sign-in by its address alone, the others whole, with what the adapter made of them."""
    tape, told = recorded(tmp_path, ("running", "html", "done"), order(first_frame=picture()))
    recording = recording_of(tape)
    assert [type(one) for one in told] == [Ticket, Running, NotAnswered, Finished, Finished]
    assert [scene.verb for scene in recording.scenes] == ["sign_in", "submit", "poll", "poll", "poll"]
    (granted,) = recording.scenes[0].exchanges
    assert (granted.call, granted.reply) == ({"method": "POST", "url": "token"}, {"status": 200})
    (created,) = recording.scenes[1].exchanges
    assert created.call["url"] == "REDACTED-project/jobs"
    assert created.call["json"]["image"] == f"input:data_url:{picture().sha256}"
    assert created.reply["headers"].keys() == {"content-type", "location"}
    assert recording.scenes[3].exchanges[0].reply["text"] == "<html>{api_key}</html>", "as the drive has it"
    assert recording.scenes[3].outcome == {"not_answered": {"retry_after": None}}


def test_the_video_is_kept_by_its_digest_and_where_it_is_wanted(tmp_path: Path) -> None:
    """What was loaded on the way is gone."""
    tape, _told = recorded(tmp_path, ("done",), order())
    (output,) = recording_of(tape).outputs
    assert output["size"] == len(sample())
    assert (tmp_path / "kept.mp4").read_bytes() == sample()
    assert [path.name for path in tmp_path.iterdir()] == ["kept.mp4"]


def test_a_recording_plays_on_the_adapter_that_made_it(tmp_path: Path) -> None:
    """Placeholders lead from reply to call as the secrets did."""
    tape, _told = recorded(tmp_path, ("running", "html", "done"), order(first_frame=picture()))
    check(recording_of(tape), PROVIDER)


def test_it_says_whose_words_these_are(tmp_path: Path) -> None:
    """Only an account at the vendor's own address proves anything, and another's address is nobody's business."""
    tape, _told = recorded(tmp_path, ("done",), order())
    recording = recording_of(tape)
    assert recording.evidence == "replies from another address than the vendor's own"
    assert recording.root == "https://redacted.invalid"
    assert "127.0.0.1" not in tape.text()
    assert recording.package.startswith("reelrouter ")
    at_home = Tape(PROVIDER, _account("https://vendor.example.com"), order())
    assert recording_of(at_home).evidence == "the vendor's own replies"
    assert recording_of(at_home).root == "https://vendor.example.com"


def test_a_word_without_meaning_ends_it(tmp_path: Path) -> None:
    """It is what the recording is for: the reply is in it."""
    tape, told = recorded(tmp_path, ("running", "archived"), order())
    assert isinstance(told[-1], ProviderDrift)
    last = recording_of(tape).scenes[-1]
    assert last.outcome == {"drift": {}}
    assert last.exchanges[0].reply["json"]["status"] == "archived"


def test_a_riddle_whose_video_is_there_is_a_finished_job(tmp_path: Path) -> None:
    """What the adapter made of the reply is kept, and the video is loaded."""
    tape, told = recorded(tmp_path, ("running", "riddle"), order())
    assert isinstance(told[-1], Finished)
    assert told[-1].notes == ("it is a riddle; its video was there",)
    assert "unclear" in (recording_of(tape).scenes[-1].outcome or {})
    assert (tmp_path / "kept.mp4").read_bytes() == sample()
    check(recording_of(tape), PROVIDER)


def test_a_vendor_that_says_nothing_any_more_ends_it(tmp_path: Path) -> None:
    """After some polls, each of which is kept."""
    tape, told = recorded(tmp_path, ("html",), order())
    assert isinstance(told[-1], NotAnswered)
    assert len(recording_of(tape).scenes) == 2 + 5


def test_patience_can_run_out(tmp_path: Path) -> None:
    """The job goes on, and its id is known."""
    tape, told = recorded(tmp_path, ("running",), order(), Pace(interval=0.0, patience=0.05))
    assert isinstance(told[-1], Running)
    assert tape.ticket is not None
    check(recording_of(tape), PROVIDER)


def test_a_submit_that_nobody_hears_is_no_recording(tmp_path: Path) -> None:
    """Nothing was said."""
    tape = Tape(PROVIDER, _account("http://127.0.0.1:1"), order())

    async def record() -> None:
        recorder = Recorder(_picture_in(tmp_path), tmp_path, SystemClock(), tape.redactor)
        try:
            await tape.run(recorder, _AT_ONCE, lambda _told: None)
        finally:
            await recorder.close()

    with pytest.raises(NotSent):
        asyncio.run(record())
    assert recording_of(tape).scenes == ()


def test_an_order_that_goes_on_from_another_job_is_not_recorded() -> None:
    """What it goes on from would be lost."""
    tape = Tape(PROVIDER, _account("http://127.0.0.1:1"), replace(order(), previous_video=picture()))
    with pytest.raises(TypeError, match="another job"):
        tape.text()


@pytest.mark.parametrize("name", SITES)
def test_every_vendor_can_be_recorded(name: str, tmp_path: Path) -> None:
    """On its emulator, with an order that one of its models takes; the adapter agrees with what was recorded."""

    async def record() -> tuple[Tape, Told]:
        running = await start(SITES[name].make())
        (account,), _ = read_accounts(PROVIDERS[name], (), environment_of(name, running.url))
        tape = Tape(PROVIDERS[name], account, _order_for(name))
        recorder = Recorder(_picture_in(tmp_path), tmp_path, SystemClock(), tape.redactor)
        try:
            return tape, await tape.run(recorder, _AT_ONCE, lambda _told: None)
        finally:
            await recorder.close()
            await stop(running)

    tape, told = asyncio.run(record())
    assert isinstance(told, Finished), told
    assert KEY not in tape.text()
    check(recording_of(tape), PROVIDERS[name])


def _order_for(name: str) -> Order:
    """The shortest that the vendor's newest model takes; any, for servers whose models are the operator's."""
    for model in load_catalogue():
        for endpoint in model.endpoints:
            if endpoint.provider == name and "text" in endpoint.native:
                return order(
                    native_model=endpoint.native["text"],
                    duration=min(model.supported_durations or (5,)),
                    audio=bool(model.generate_audio),
                    seed=7 if model.seed else None,
                )
    return order()


def _account(root: str) -> Account:
    return Account(provider="indiscreet", name="mine", root=root, values=VALUES, concurrency=1)


def _picture_in(folder: Path) -> Callable[[Media], Awaitable[Path]]:
    async def fetch(media: Media) -> Path:
        path = folder.parent / f"{folder.name}-{media.sha256}"
        path.write_bytes(b"a picture")
        return path

    return fetch
