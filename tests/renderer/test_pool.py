import asyncio
import importlib
import io
import json
import os
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import uvloop

from reelrouter.renderer import child
from reelrouter.renderer.pool import Pool
from reelrouter.work import TaskFailed, TaskLost

ROOT = Path(__file__).parents[2]
TASKS = "tests.renderer.tasks"
PACKAGES = ("reelrouter", "tests")
SMALL_MEMORY = 512 * 1024**2
PATIENCE = 30.0
"""Seconds after which a test is taken to hang."""


@pytest.fixture(autouse=True)
def _tasks_can_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


@asynccontextmanager
async def pool_of(size: int, **options: Any) -> AsyncIterator[Pool]:
    pool = Pool(size, **({"packages": PACKAGES} | options))
    try:
        yield pool
    finally:
        await pool.close()


async def do(pool: Pool, task: str, timeout: float = PATIENCE, **arguments: Any) -> dict[str, Any]:
    return await pool.run(f"{TASKS}:{task}", arguments, timeout=timeout)


async def begin_to_hang(pool: Pool) -> "asyncio.Task[dict[str, Any]]":
    """A task that will not end; returns once it runs."""
    runs = asyncio.Event()
    task = asyncio.create_task(pool.run(f"{TASKS}:hang", {}, timeout=PATIENCE, report=lambda _: runs.set()))
    await asyncio.wait_for(runs.wait(), PATIENCE)
    return task


def processes() -> set[int]:
    """The processes that this one has started, less those that it has buried."""
    found = Path("/proc/self/task").glob("*/children")
    return {int(pid) for path in found for pid in path.read_text().split()}


def run(test: Callable[[], Awaitable[None]]) -> None:
    async def whole() -> None:
        await asyncio.wait_for(test(), PATIENCE)

    asyncio.run(whole())


def test_a_task_runs_in_a_process_of_its_own_and_its_answer_comes_back() -> None:
    """What the function returns arrives, and it was not this process that computed it."""

    async def test() -> None:
        async with pool_of(1) as pool:
            answer = await do(pool, "echo", words=["ä", "\n", None], number=1.5)
            assert answer == {"pid": answer["pid"], "words": ["ä", "\n", None], "number": 1.5}
            assert answer["pid"] != os.getpid()

    run(test)


def test_no_process_starts_before_it_is_needed_and_none_is_left_after_close() -> None:
    """A pool that was only made has no children; one that was closed has none any more."""

    async def test() -> None:
        before = processes()
        async with pool_of(2) as pool:
            assert processes() == before
            await pool.warm()
            assert len(processes() - before) == 1
        assert processes() == before

    run(test)


def test_a_warm_child_takes_the_next_task_and_the_one_after() -> None:
    """Tasks that follow each other share one process, so that what it loaded is loaded once."""

    async def test() -> None:
        async with pool_of(2) as pool:
            await pool.warm()
            assert {(await do(pool, "echo"))["pid"] for _ in range(5)} == processes()

    run(test)


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def test_twenty_tasks_at_once_on_two_children_all_finish(loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
    """More tasks than children wait for their turn; each gets its own answer and none a third process."""

    async def test() -> None:
        async with pool_of(2) as pool:
            answers = await asyncio.gather(*(do(pool, "echo", number=n) for n in range(20)))
            assert [answer["number"] for answer in answers] == list(range(20))
            assert len({answer["pid"] for answer in answers}) == 2

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(asyncio.wait_for(test(), PATIENCE))


def test_tasks_get_their_turn_in_the_order_in_which_they_came() -> None:
    """With one child, the first to ask is the first to be served."""

    async def test() -> None:
        served: list[int] = []

        async def ask(number: int) -> None:
            await do(pool, "echo")
            served.append(number)

        async with pool_of(1) as pool:
            await asyncio.gather(*(ask(number) for number in range(8)))
        assert served == list(range(8))

    run(test)


def test_a_refusal_arrives_with_its_code_and_message_and_the_child_lives_on() -> None:
    """`TaskFailed` crosses the border between processes whole."""

    async def test() -> None:
        async with pool_of(1) as pool:
            before = (await do(pool, "echo"))["pid"]
            with pytest.raises(TaskFailed) as caught:
                await do(pool, "refuse")
            assert caught.value.code == "too_blue"
            assert caught.value.message == "The picture is too blue; a red one would do."
            assert (await do(pool, "echo"))["pid"] == before

    run(test)


@pytest.mark.parametrize(("task", "trace"), [("blunder", "KeyError: 'colour'"), ("unspeakable", "TypeError: ")])
def test_a_mistake_in_a_task_is_an_internal_failure_with_its_name(task: str, trace: str) -> None:
    """An exception nobody foresaw, and an answer that is not JSON, end the task and not the child."""

    async def test() -> None:
        async with pool_of(1) as pool:
            before = (await do(pool, "echo"))["pid"]
            with pytest.raises(TaskFailed, match=trace) as caught:
                await do(pool, task)
            assert caught.value.code == "internal"
            assert (await do(pool, "echo"))["pid"] == before

    run(test)


@pytest.mark.parametrize(
    "address", ["os:getcwd", "reelrouterish.work:x", "reelrouter.no_such_module:x", "reelrouter.work:no_such_name"]
)
def test_only_functions_of_our_own_packages_can_be_tasks(address: str) -> None:
    """What lies elsewhere, or nowhere, is an unknown task."""

    async def test() -> None:
        async with pool_of(1, packages=("reelrouter",)) as pool:
            with pytest.raises(TaskFailed) as caught:
                await pool.run(address, {}, timeout=PATIENCE)
            assert caught.value.code == "unknown_task"

    run(test)


def test_a_task_that_wants_too_much_memory_is_refused_and_its_child_replaced() -> None:
    """The limit is met inside the child, as a failure with a name; the next task has a fresh process."""

    async def test() -> None:
        async with pool_of(1, memory_limit=SMALL_MEMORY) as pool:
            before = (await do(pool, "echo"))["pid"]
            with pytest.raises(TaskFailed) as caught:
                await do(pool, "devour")
            assert caught.value.code == "out_of_memory"
            assert (await do(pool, "echo"))["pid"] != before

    run(test)


@pytest.mark.parametrize(("task", "end"), [("die", "was ended by SIGKILL"), ("leave", "left with exit code 3")])
def test_a_child_that_dies_loses_its_task_and_the_next_task_works(task: str, end: str) -> None:
    """`TaskLost` says how the process ended."""

    async def test() -> None:
        async with pool_of(1) as pool:
            with pytest.raises(TaskLost, match=end):
                await do(pool, task)
            assert (await do(pool, "echo", number=1))["number"] == 1

    run(test)


def test_a_child_killed_from_outside_loses_its_task_and_the_next_task_works() -> None:
    """As when the system runs out of memory and chooses a victim."""

    async def test() -> None:
        async with pool_of(1) as pool:
            victim = (await do(pool, "echo"))["pid"]
            hanging = await begin_to_hang(pool)
            os.kill(victim, signal.SIGKILL)
            with pytest.raises(TaskLost, match="SIGKILL"):
                await hanging
            assert (await do(pool, "echo"))["pid"] != victim

    run(test)


def test_a_child_that_dies_while_idle_is_replaced() -> None:
    """The pool notices by itself, before a task does."""

    async def test() -> None:
        async with pool_of(1) as pool:
            victim = (await do(pool, "echo"))["pid"]
            life = next(iter(pool._living)).life
            os.kill(victim, signal.SIGKILL)
            await life
            assert (await do(pool, "echo"))["pid"] != victim

    run(test)


def test_a_task_over_its_time_is_lost_and_its_child_is_gone() -> None:
    """The process is dead when the caller hears of it."""

    async def test() -> None:
        async with pool_of(1) as pool:
            slow = (await do(pool, "echo"))["pid"]
            with pytest.raises(TaskLost, match=r"hang ran past its limit of 0\.05 s"):
                await do(pool, "hang", timeout=0.05)
            assert slow not in processes()
            assert (await do(pool, "echo"))["pid"] != slow

    run(test)


def test_the_time_limit_leaves_out_the_wait_for_a_free_child() -> None:
    """A task in a queue is not late yet: its clock starts when it does."""

    async def test() -> None:
        async with pool_of(1) as pool:
            hanging = await begin_to_hang(pool)
            waiting = asyncio.create_task(do(pool, "echo", timeout=5.0, number=1))
            late = asyncio.create_task(do(pool, "hang", timeout=0.01))
            await asyncio.sleep(0)
            hanging.cancel()
            assert (await waiting)["number"] == 1
            with pytest.raises(TaskLost):
                await late

    run(test)


def test_cancelling_a_run_kills_its_child_and_warms_another() -> None:
    """When the cancelled call returns, the work has stopped; a new process is already there or on its way."""

    async def test() -> None:
        async with pool_of(1) as pool:
            busy = (await do(pool, "echo"))["pid"]
            hanging = await begin_to_hang(pool)
            hanging.cancel()
            with pytest.raises(asyncio.CancelledError):
                await hanging
            assert busy not in processes()
            assert len(pool._spares) == 1
            assert (await do(pool, "echo"))["pid"] != busy

    run(test)


def test_cancelling_a_run_that_waits_disturbs_nobody() -> None:
    """A task that had no child yet has none to kill."""

    async def test() -> None:
        async with pool_of(1) as pool:
            busy = (await do(pool, "echo"))["pid"]
            hanging = await begin_to_hang(pool)
            waiting = asyncio.create_task(do(pool, "echo"))
            await asyncio.sleep(0)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            assert not hanging.done()
            assert processes() == {busy}
            hanging.cancel()
            await asyncio.wait({hanging})

    run(test)


def test_a_child_whose_task_was_cancelled_before_it_was_ready_serves_the_next() -> None:
    """It has done nothing yet, so there is no reason to kill it."""

    async def test() -> None:
        async with pool_of(1) as pool:
            impatient = asyncio.create_task(do(pool, "echo"))
            await asyncio.sleep(0)
            impatient.cancel()
            await asyncio.wait({impatient})
            assert {(await do(pool, "echo"))["pid"]} == processes()

    run(test)


def test_closing_ends_what_runs_and_refuses_what_waits_and_what_comes() -> None:
    """All three are lost tasks, and closing twice is no mistake."""

    async def test() -> None:
        async with pool_of(1) as pool:
            hanging = await begin_to_hang(pool)
            waiting = asyncio.create_task(do(pool, "echo"))
            await asyncio.sleep(0)
            await pool.close()
            for task in (hanging, waiting, asyncio.create_task(do(pool, "echo"))):
                with pytest.raises(TaskLost):
                    await task
            assert not processes()

    run(test)


def test_closing_while_a_child_starts_leaves_no_process() -> None:
    """Not even one whose start had only just begun."""

    async def test() -> None:
        async with pool_of(2) as pool:
            warming = asyncio.create_task(pool.warm())
            await asyncio.sleep(0)
            await pool.close()
            with pytest.raises(TaskLost):
                await warming
            assert not processes()

    run(test)


def test_a_library_that_prints_or_reads_does_not_disturb_the_protocol(capfd: pytest.CaptureFixture[str]) -> None:
    """What it prints goes to the log, and it finds nothing to read."""

    async def test() -> None:
        async with pool_of(1) as pool:
            assert await do(pool, "chatter") == {"read": ""}
            assert (await do(pool, "echo", number=1))["number"] == 1

    run(test)
    assert capfd.readouterr().err.count("forged") == 2


def test_children_get_limits_a_low_priority_and_none_of_our_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """They open files of strangers, so they know nothing that is worth stealing."""
    monkeypatch.setenv("REELROUTER_SECRET_KEY", "geheim")
    monkeypatch.setenv("SOME_VENDOR_API_KEY", "geheim")

    async def test() -> None:
        async with pool_of(1, memory_limit=SMALL_MEMORY, preload=("wave", "colorsys")) as pool:
            found = await do(pool, "circumstances")
        assert "geheim" not in found["environment"].values()
        assert found["environment"]["PATH"] == os.environ["PATH"]
        assert found["memory"] == SMALL_MEMORY
        assert found["core"] == 0
        assert found["nice"] == os.nice(0) + child.NICENESS
        assert found["session"] == found["pid"]
        assert {"wave", "colorsys"} <= set(found["modules"])

    run(test)


def test_a_preload_that_cannot_be_imported_is_told_to_whoever_needs_the_child() -> None:
    """No loop of starts follows: each task, and each warming, tries once."""

    async def test() -> None:
        async with pool_of(1, preload=("no_such_module",)) as pool:
            with pytest.raises(TaskLost, match="did not become ready: the child process left with exit code 1"):
                await pool.warm()
            with pytest.raises(TaskLost, match="did not become ready"):
                await do(pool, "echo")

    run(test)


def test_children_die_with_their_parent() -> None:
    """A parent that is killed in the middle of a task takes the child along, through the kernel."""
    program = f"""
import asyncio, os
from reelrouter.renderer.pool import Pool

async def main():
    pool = Pool(1, packages={PACKAGES!r})
    print((await pool.run("{TASKS}:echo", {{}}, timeout=30))["pid"], flush=True)
    await pool.run("{TASKS}:hang", {{}}, timeout=600, report=lambda _: print("hangs", flush=True))

asyncio.run(main())
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        descriptor = os.pidfd_open(int(parent.stdout.readline()))
        try:
            assert parent.stdout.readline() == "hangs\n"
            parent.kill()
            assert select.select([descriptor], [], [], PATIENCE)[0], "the child outlived its parent"
        finally:
            os.close(descriptor)


def test_a_child_that_is_not_its_parents_leaves_at_once() -> None:
    """The parent may die before the kernel knows that somebody wants to hear of it."""
    command = [sys.executable, "-m", "reelrouter.renderer.child", "--parent", "1", "--memory", str(SMALL_MEMORY)]
    ended = subprocess.run(
        [*command, "--packages", "reelrouter"], input="", capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1
    assert "the parent process is gone" in ended.stderr


def test_progress_is_passed_on_twenty_times_a_second_and_its_ends_always(monkeypatch: pytest.MonkeyPatch) -> None:
    """A renderer reports every frame; the parent hears of the first, of one in some, and of the last."""
    clock = iter([0.0, 0.01, 0.04, 0.06, 0.07, 0.08, 0.09])
    monkeypatch.setattr(time, "monotonic", lambda: 100 + next(clock))
    replies = io.BytesIO()
    channel = child.Channel(replies)
    first, second = child.Progress(channel), child.Progress(channel)
    for progress in (0.1, 0.2, 0.3, 0.4, 0.5, 1.0):
        first(progress)
    second(0.05)
    sent = [json.loads(line)["progress"] for line in replies.getvalue().splitlines()]
    assert sent == [0.1, 0.4, 1.0, 0.05]


def test_progress_reaches_the_caller() -> None:
    """In order, and up to the end."""

    async def test() -> None:
        heard: list[float] = []
        async with pool_of(1) as pool:
            await pool.run(f"{TASKS}:count", {"steps": 1000}, timeout=PATIENCE, report=heard.append)
        assert heard == sorted(heard)
        assert heard[-1] == 1.0

    run(test)


def test_a_pool_needs_room_for_a_child() -> None:
    """A pool of none would make everybody wait for ever."""
    with pytest.raises(ValueError, match="size must be 1 or more, not 0"):
        Pool(0)


def test_the_parents_side_imports_nothing_heavy() -> None:
    """The API and the engine stay small: decoding and drawing libraries are loaded in children only."""
    heavy = {"av", "cv2", "numpy", "PIL", "torch"}
    program = "import sys, reelrouter.renderer.local, reelrouter.renderer.pool; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert heavy.isdisjoint(loaded.split())


def test_every_task_address_in_the_source_names_a_function() -> None:
    """Addresses are strings, so nothing but this would notice a function that was renamed."""
    sources = (ROOT / "src" / "reelrouter").rglob("*.py")
    addresses = {
        address
        for source in sources
        for address in re.findall(r'"(reelrouter(?:\.\w+)+:\w+)"', source.read_text())
    }
    assert "reelrouter.media.pictures:inspect" in addresses
    for address in addresses:
        module, _, name = address.partition(":")
        assert callable(getattr(importlib.import_module(module), name)), address
