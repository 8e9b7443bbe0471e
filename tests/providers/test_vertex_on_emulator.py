"""Veo on Vertex AI, beyond the suite that all vendors pass: tokens, buckets, and every mode, over real HTTP."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from reelrouter.clock import SystemClock
from reelrouter.emulators import frame
from reelrouter.emulators.frame import KEY, sample
from reelrouter.emulators.script import Script
from reelrouter.emulators.vertex import Vertex
from reelrouter.providers.base import Account
from reelrouter.providers.drive import Drive
from reelrouter.providers.remote import Remote
from reelrouter.providers.vertex import VERTEX
from reelrouter.work import FailureClass, Finished, Handle, Media, NotAnswered, OutputInvalid, SubmitRefused
from tests.providers.orders import order, picture

ORDER = order(native_model="veo-3.1-generate-001", duration=8, length=8.0)
VALUES = {"credentials": KEY, "project": "p", "location": "us-central1"}
MODEL = "projects/p/locations/us-central1/publishers/google/models/veo-3.1-generate-001"
HANDLE = Handle(endpoint="google-vertex", credential="a", native_id=f"{MODEL}/operations/1")


@dataclass(frozen=True, slots=True)
class Stage:
    emulator: Vertex
    remote: Remote

    def paths(self) -> list[str]:
        return [entry.path for entry in self.emulator.journal]


@asynccontextmanager
async def stage(directory: Path, kind: str | None = None, **values: str) -> AsyncIterator[Stage]:
    """A backend before the emulator; with a `kind`, its account is a key file of that kind."""
    emulator = Vertex()
    running = await frame.start(emulator)
    if kind is not None:
        values["credentials"] = emulator.key_file(running.url, kind)
    values = {**VALUES, "storage": f"{running.url}/storage", **values}
    drive = Drive(_picture_file(directory), directory, SystemClock())
    account = Account(provider="google-vertex", name="a", root=running.url, values=values, concurrency=1)
    try:
        yield Stage(
            emulator,
            Remote(
                endpoint="google-vertex",
                provider=VERTEX,
                accounts={"a": account},
                drive=drive,
                max_output=1024 * 1024,
            ),
        )
    finally:
        await drive.close()
        await frame.stop(running)


@pytest.mark.parametrize("kind", ["service_account", "authorized_user"])
def test_one_token_serves_every_call(kind: str, tmp_path: Path) -> None:
    """Also where many want it at the same moment."""

    async def play() -> None:
        async with stage(tmp_path, kind) as at:
            accepted = await asyncio.gather(*(at.remote.submit(ORDER) for _ in range(5)))
            assert isinstance(await at.remote.poll(accepted[0].handle), Finished)
            assert at.paths().count("/token") == 1

    asyncio.run(play())


def test_a_token_that_the_vendor_refuses_is_renewed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """By the next call."""

    async def play() -> None:
        async with stage(tmp_path, "service_account") as at:
            accepted = await at.remote.submit(ORDER)
            monkeypatch.setattr(at.emulator, "key_of", lambda _request: None)
            with pytest.raises(NotAnswered):
                await at.remote.poll(accepted.handle)
            monkeypatch.undo()
            await at.remote.poll(accepted.handle)
            assert at.paths().count("/token") == 2

    asyncio.run(play())


def test_without_a_sign_in_nothing_is_sent(tmp_path: Path) -> None:
    """A submit is refused for certain, and a poll says nothing about the job."""

    async def play() -> None:
        async with stage(tmp_path, credentials='{"type": "external_account"}') as at:
            with pytest.raises(SubmitRefused) as refused:
                await at.remote.submit(ORDER)
            assert refused.value.failed.failure is FailureClass.AUTH
            with pytest.raises(NotAnswered):
                await at.remote.poll(HANDLE)
            assert not at.emulator.journal

    asyncio.run(play())


@pytest.mark.parametrize("listens", [False, True])
def test_a_sign_in_that_breaks_off_leaves_nothing_unknown(listens: bool, tmp_path: Path) -> None:
    """The submit that needed it was never sent, so another route may follow."""

    async def play() -> None:
        hanging_up = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0)
        port = hanging_up.sockets[0].getsockname()[1] if listens else 1
        async with hanging_up, stage(tmp_path) as at:
            key = json.loads(at.emulator.key_file(f"http://127.0.0.1:{port}"))
            account = replace(at.remote.accounts["a"], values={**VALUES, "credentials": json.dumps(key)})
            with pytest.raises(SubmitRefused) as refused:
                await replace(at.remote, accounts={"a": account}).submit(ORDER)
            assert refused.value.failed.failure is FailureClass.TRANSIENT
            assert not at.emulator.journal

    asyncio.run(play())


def test_a_video_is_collected_from_the_bucket(tmp_path: Path) -> None:
    """With the account's token, which the bucket asks for."""

    async def play() -> None:
        async with stage(tmp_path, storage_uri="gs://ours/veo") as at:
            accepted = await at.remote.submit(ORDER)
            finished = await at.remote.poll(accepted.handle)
            assert isinstance(finished, Finished)
            blob = await at.remote.collect(accepted.handle, finished.outputs[0])
            assert blob.path.read_bytes() == sample()

    asyncio.run(play())


@pytest.mark.parametrize("end", ["gone", "too_large"])
def test_a_video_that_the_bucket_does_not_give(end: Any, tmp_path: Path) -> None:
    """Fails as an output, and not as a job."""

    async def play() -> None:
        async with stage(tmp_path, storage_uri="gs://ours") as at:
            at.emulator.script = Script(end=end)
            accepted = await at.remote.submit(ORDER)
            finished = await at.remote.poll(accepted.handle)
            assert isinstance(finished, Finished)
            with pytest.raises(OutputInvalid):
                await at.remote.collect(accepted.handle, finished.outputs[0])

    asyncio.run(play())


@pytest.mark.parametrize(
    "changes",
    [
        {"mode": "frames", "first_frame": picture(), "last_frame": picture()},
        {"mode": "frames", "first_frame": picture(), "prompt": ""},
        {"mode": "references", "references": (picture(), picture())},
        {
            "resolution": "4K",
            "options": {"negativePrompt": "rain", "enhancePrompt": True, "conditioningScale": 0.5},
        },
    ],
)
def test_the_vendor_takes_every_mode(changes: dict[str, Any], tmp_path: Path) -> None:
    """With the bytes of the pictures in it."""

    async def play() -> None:
        async with stage(tmp_path) as at:
            accepted = await at.remote.submit(replace(ORDER, **changes))
            (instance,) = at.emulator.tasks[accepted.handle.native_id].body["instances"]
            assert ("image" in instance) == ("first_frame" in changes)
            assert isinstance(await at.remote.poll(accepted.handle), Finished)

    asyncio.run(play())


def _picture_file(directory: Path) -> Any:
    async def fetch(_media: Media) -> Path:
        path = directory / "picture.png"
        path.write_bytes(b"a picture")
        return path

    return fetch
