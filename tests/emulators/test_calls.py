"""Emulators that call whoever asked to be told: at a job's end, in the vendor's words, and nobody elsewhere."""

from pathlib import Path
from typing import Any

import aiohttp
import anyio
import pytest

from reelrouter.emulators.byteplus import ModelArk
from reelrouter.emulators.frame import KEY, Emulator, start, stop
from reelrouter.emulators.openrouter import OpenRouter
from reelrouter.emulators.script import End, Script
from reelrouter.testing.conformance import Hour
from tests.emulators.receiving import Receiver, receiver, self_signed

pytestmark = pytest.mark.anyio
LONG = 10.0
"""Seconds after which a test has failed; none takes so long."""
SEEDANCE = ("/api/v3/contents/generations/tasks", {"model": "m", "content": [{"type": "text", "text": "a boat"}]})
VEO = ("/api/v1/videos", {"model": "google/veo-3.1", "prompt": "a boat", "duration": 8})


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def told(emulator: Emulator, asked: tuple[str, dict[str, Any]], given: Receiver) -> tuple[Any, Any]:
    """The headers and the body of the one call about one job."""
    running = await start(emulator)
    try:
        with anyio.fail_after(LONG):
            await submit(running.url, asked, given.url)
            await given.came.wait()
    finally:
        await stop(running)
    (call,) = given.calls
    return call


async def submit(url: str, asked: tuple[str, dict[str, Any]], address: str) -> None:
    path, body = asked
    headers = {"Authorization": f"Bearer {KEY}"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(url + path, json=body | {"callback_url": address}) as answer,
    ):
        assert answer.status in (200, 202), await answer.text()


@pytest.mark.parametrize(("end", "status"), [("done", "succeeded"), ("user", "failed"), ("expired", "expired")])
async def test_modelark_sends_the_task_as_a_poll_would(end: End, status: str) -> None:
    """However it ended."""
    vendor = ModelArk()
    vendor.script = Script(end=end)
    async with receiver() as given:
        _, body = await told(vendor, SEEDANCE, given)
    assert (body["id"], body["status"]) == ("cgt-00000001", status)


@pytest.mark.parametrize(
    ("end", "status", "error"),
    [
        ("done", "completed", None),
        ("policy_input", "failed", "Content policy violation"),
        ("cancelled", "cancelled", "Job was cancelled"),
    ],
)
async def test_openrouter_sends_an_event(tmp_path: Path, end: End, status: str, error: str | None) -> None:
    """Over TLS, as it takes no other address."""
    vendor = OpenRouter()
    vendor.script = Script(end=end)
    async with receiver(self_signed(tmp_path)) as given:
        headers, body = await told(vendor, VEO, given)
    (task,) = vendor.tasks
    assert (body["type"], body["data"]["id"], body["data"]["status"]) == (
        f"video.generation.{status}",
        task,
        status,
    )
    assert body["data"].get("error") == error
    assert headers["X-OpenRouter-Idempotency-Key"] == f"{task}-{status}"


async def test_nobody_is_called_before_the_end() -> None:
    """The hour of the end is the emulator's own."""
    hour = Hour()
    vendor = ModelArk(lambda: hour.now)
    vendor.scripts.extend([Script(seconds=100), Script()])
    async with receiver() as given:
        running = await start(vendor)
        try:
            with anyio.fail_after(LONG):
                await submit(running.url, SEEDANCE, given.url)
                await submit(running.url, SEEDANCE, given.url)
                await given.came.wait()
        finally:
            await stop(running)
    assert [body["id"] for _, body in given.calls] == ["cgt-00000002"]


@pytest.mark.parametrize("address", ["https://hooks.example.com/a", "http://192.0.2.1/a", "https://"])
async def test_nobody_beyond_this_machine_is_called(address: str) -> None:
    """A fake vendor is no way out of a closed network; the job itself is made."""
    vendor = ModelArk()
    running = await start(vendor)
    try:
        await submit(running.url, SEEDANCE, address)
        assert not vendor._calls
        assert list(vendor.tasks) == ["cgt-00000001"]
    finally:
        await stop(running)
