"""The engine for load and crash tests: a backend that keeps the seam's promises, and witnesses that do not lie."""

import asyncio
import json
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from reelrouter.testing.backends import exercise_backend
from reelrouter.testing.instant_engine import Behaviour, Gauge, Instant, Journal, command, parse, read_journal
from reelrouter.work import Blob, Finished, Handle, Order, Running

ORDER = Order(
    job_id="gen-vid-1-a",
    attempt_key="gen-vid-1-a-0",
    credential="test",
    model="reelrouter/animatic",
    native_model="animatic",
    mode="text",
    prompt="A red kite",
    duration=1,
    length=1.0,
    width=320,
    height=180,
    resolution="360p",
    aspect_ratio="16:9",
    fps=24,
    seed=None,
    audio=False,
)


@pytest.fixture
def video(tmp_path: Path) -> Path:
    path = tmp_path / "ready.mp4"
    path.write_bytes(b"as good as a video")
    return path


def test_it_keeps_the_promises_of_a_backend(tmp_path: Path, video: Path) -> None:
    """One order goes through its whole life."""
    backend = Instant(Behaviour(output=video, duration=0.02), tmp_path)
    asyncio.run(exercise_backend(backend, ORDER))


def test_each_job_has_a_file_of_its_own(tmp_path: Path, video: Path) -> None:
    """The gateway moves outputs into its storage; the ready video stays for the next job."""

    async def scenario() -> None:
        backend = Instant(Behaviour(output=video), tmp_path)
        accepted = await backend.submit(ORDER)
        outcome = await backend.poll(accepted.handle)
        assert isinstance(outcome, Finished)
        (output,) = outcome.outputs
        assert isinstance(output, Blob)
        assert output.path != video
        assert output.path.read_bytes() == video.read_bytes()

    asyncio.run(scenario())


def test_a_handle_is_all_that_another_process_needs(tmp_path: Path, video: Path) -> None:
    """What one backend accepted, another one that began later can finish."""

    async def scenario() -> None:
        accepted = await Instant(Behaviour(output=video), tmp_path).submit(ORDER)
        stored = json.loads(json.dumps(dict(accepted.handle.extra)))
        handle = Handle(endpoint="test", credential="test", native_id=accepted.handle.native_id, extra=stored)
        assert isinstance(await Instant(Behaviour(output=video), tmp_path).poll(handle), Finished)

    asyncio.run(scenario())


def test_a_job_without_an_end_only_waits(tmp_path: Path, video: Path) -> None:
    """It asks to be polled at the pace that was wanted, and its handle is JSON all the same."""

    async def scenario() -> None:
        backend = Instant(Behaviour(output=video, duration=float("inf"), poll_every=10.0), tmp_path)
        accepted = await backend.submit(ORDER)
        json.dumps(dict(accepted.handle.extra), allow_nan=False)
        assert await backend.poll(accepted.handle) == Running(poll_after=10.0)
        assert await backend.cancel(accepted.handle) == "cancelled"

    asyncio.run(scenario())


def test_it_does_not_know_orders_again(tmp_path: Path, video: Path) -> None:
    """After a crash between sending and noting, the outcome stays unknown: the worst that a vendor can be."""

    async def scenario() -> None:
        backend = Instant(Behaviour(output=video), tmp_path)
        await backend.submit(ORDER)
        assert await backend.find(ORDER) is None

    asyncio.run(scenario())


def test_the_journal_tells_what_reached_the_backend(tmp_path: Path, video: Path) -> None:
    """Every submit and poll is a line, in order, also across two processes that write one after the other."""

    async def scenario(journal: Path) -> None:
        for _ in range(2):
            backend = Instant(Behaviour(output=video, journal=journal), tmp_path)
            accepted = await backend.submit(ORDER)
            await backend.poll(accepted.handle)
            backend.close()

    asyncio.run(scenario(tmp_path / "journal"))
    noted = read_journal(tmp_path / "journal")
    assert [(line.verb, line.native_id) for line in noted] == [
        ("submit", "gen-vid-1-a-0"),
        ("poll", "gen-vid-1-a-0"),
    ] * 2
    assert [line.at for line in noted] == sorted(line.at for line in noted)


def test_a_line_that_a_kill_cut_short_is_not_believed(tmp_path: Path) -> None:
    """Only whole lines count; a journal that nobody began is empty."""
    path = tmp_path / "journal"
    assert read_journal(path) == []
    journal = Journal(path)
    journal.note("submit", "a")
    journal.close()
    with path.open("a") as file:
        file.write("1800000000.0 submi")
    assert [line.native_id for line in read_journal(path)] == ["a"]


def test_the_gauge_counts_polls_and_the_jobs_they_were_of(tmp_path: Path) -> None:
    """Three polls of two jobs are told as such, with the loop's lag beside them."""

    async def scenario() -> None:
        gauge = Gauge(tmp_path / "gauge.json")
        for native_id in ("a", "b", "a"):
            gauge.count(native_id)
        watching = asyncio.ensure_future(gauge.run())
        while not (tmp_path / "gauge.json").exists():
            await asyncio.sleep(0)
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching

    asyncio.run(scenario())
    told = json.loads((tmp_path / "gauge.json").read_text())
    assert (told["polls"], told["jobs"]) == (3, 2)
    assert told["lag_p99_ms"] >= 0


@pytest.mark.parametrize(
    "behaviour",
    [
        Behaviour(output=Path("a.mp4")),
        Behaviour(output=Path("a.mp4"), capacity=0),
        Behaviour(
            output=Path("a b.mp4"),
            latency=0.1,
            duration=float("inf"),
            poll_every=10.0,
            journal=Path("journal"),
            gauge=Path("gauge.json"),
        ),
    ],
)
def test_a_command_line_says_all_of_a_behaviour(behaviour: Behaviour) -> None:
    """What `command` writes, `parse` reads back, and it names this interpreter and this module."""
    words = command(behaviour)
    assert words[:3] == (sys.executable, "-m", "reelrouter.testing.instant_engine")
    assert parse(words[3:]) == behaviour
