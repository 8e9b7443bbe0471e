"""What an adapter promises while its vendor is rude: each play is one job under one rudeness, given by name."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from reelrouter.emulators.frame import sample
from reelrouter.emulators.rude import group_of
from reelrouter.emulators.rudeness import PAUSE
from reelrouter.emulators.script import Script
from reelrouter.providers.base import ProviderDrift
from reelrouter.testing.stage import LONG, Stage, submit, submits
from reelrouter.testing.storable import check_accepted, check_failed, check_notes, check_text
from reelrouter.work import (
    Accepted,
    Blob,
    Failed,
    FailureClass,
    Fetch,
    Finished,
    JobLost,
    MadeElsewhere,
    NotAnswered,
    OutputInvalid,
    Running,
    SubmitRefused,
)

Play = Callable[[Stage, str], Awaitable[None]]

_FOR_EVER = 1_000_000
"""Answers that are altered until the vendor relents."""
_MOST_OUTPUTS = 8
_MOST_COST = 10**6 * 10**9
"""Nano-dollars."""
_LONGEST_PAUSE = 7 * 86_400
_COSTS = {
    "text": 400_000_000, "with a sign": 400_000_000, "object": 400_000_000, "with an exponent": 400_000_000,
    "fine": 123_456_789,
}  # fmt: skip
_SEEDS = {"text": 7, "float": 7}
"""What can be read; all else is dropped, and noted."""
_SAYS_NOTHING = frozenset({"empty", "list"})
_LOST = frozenset({"404 html", "404 json", "410 html", "no such task at 200"})
_UNANSWERED = frozenset(
    {
        "200 html", "401 html", "403 html", "500 html", "502 html", "503 html", "empty 200", "truncated 200",
        "200 with a pause", "429 with a pause", "503 with a pause",
    }
)  # fmt: skip
"""Polls that tell of no job, by the exception that says so; the others may be drift as well."""
_NO_ANSWER = frozenset({"reset", "cut"})
_HALF = frozenset({"half"})
"""A file of which only whoever reads the video can know that it is not whole."""


# States ----------------------------------------------------------------------------------------------------------


async def is_done(stage: Stage, name: str) -> None:
    await _delivered(stage, Script(rude=name))


def fails_as(*classes: FailureClass) -> Play:
    """In one poll. Of any class, where none is given."""

    async def play(stage: Stage, name: str) -> None:
        accepted = await _accepted(stage, Script(end="transient", rude=name))
        failed = await _told(stage.remote.poll(accepted.handle))
        assert isinstance(failed, Failed), f"it is told as {_shown(failed)}"
        assert not classes or failed.failure in classes, f"it is told as {failed.failure}"
        check_failed(failed)

    return play


async def still_runs(stage: Stage, name: str) -> None:
    await _running(stage, name)


async def drifts(stage: Stage, name: str) -> None:
    """While the vendor works, and there is no video yet."""
    await _says_drift(stage, Script(seconds=LONG, rude=name))


async def drifts_without_a_video(stage: Stage, name: str) -> None:
    """The address is named, and what lies there is none."""
    strange = group_of("strange", stage.emulator.shape)[0].name
    await _says_drift(stage, Script(rude=(strange, name), rude_times=_FOR_EVER))


async def _says_drift(stage: Stage, script: Script) -> None:
    accepted = await _accepted(stage, script)
    drift = await _told(stage.remote.poll(accepted.handle))
    assert isinstance(drift, ProviderDrift), f"it is told as {_shown(drift)}"
    check_text(str(drift))


# Submits ---------------------------------------------------------------------------------------------------------


def is_refused(*classes: FailureClass, refused_by: Callable[[str], Script]) -> Play:
    """Of any class, where none is given."""

    async def play(stage: Stage, name: str) -> None:
        stage.emulator.scripts.append(refused_by(name))
        refused = await _told(submit(stage))
        assert isinstance(refused, SubmitRefused), f"it is told as {_shown(refused)}"
        assert not classes or refused.failed.failure in classes, f"it is told as {refused.failed.failure}"
        check_failed(refused.failed)
        assert submits(stage.emulator) == 1, "it was sent more than once"
        assert not stage.emulator.tasks

    return play


async def stays_open(stage: Stage, name: str) -> None:
    """Nobody can know whether there is a job: any exception but a refusal says so."""
    stage.emulator.scripts.append(Script(rude=name))
    open_end = await _told(submit(stage))
    assert isinstance(open_end, Exception), f"it was taken for an acceptance: {_shown(open_end)}"
    assert not isinstance(open_end, SubmitRefused), f"it proves nothing, and is told as {_shown(open_end)}"
    check_text(str(open_end))
    assert submits(stage.emulator) == 1, "it was sent more than once"


# Polls and files -------------------------------------------------------------------------------------------------


async def is_asked_again(stage: Stage, name: str) -> None:
    """Nothing is concluded of the job, whose answer counts as soon as the vendor gives one."""
    accepted = await _accepted(stage, Script(rude=name, rude_times=_FOR_EVER))
    told, kind = await _told(stage.remote.poll(accepted.handle)), _kind(name)
    if kind == "error at 200":  # what it means is open: whoever looks for a video finds one
        assert isinstance(told, Finished | NotAnswered | ProviderDrift), f"it is told as {_shown(told)}"
    else:
        wanted = JobLost if kind in _LOST else NotAnswered if kind in _UNANSWERED else NotAnswered | ProviderDrift
        assert isinstance(told, wanted), f"it is told as {_shown(told)}"
    if kind.endswith("with a pause"):
        assert isinstance(told, NotAnswered)
        assert told.retry_after == PAUSE, "the pause that the vendor asks for is lost"
    _relent(stage)
    assert isinstance(await _told(stage.remote.poll(accepted.handle)), Finished), "the job is not as it was"


async def comes_late(stage: Stage, name: str) -> None:
    accepted = await _accepted(stage, Script(rude=name, rude_times=_FOR_EVER))
    finished, kind = await _finished(stage, accepted), _kind(name)
    told = await _told(stage.remote.collect(accepted.handle, finished.outputs[0]))
    if isinstance(told, Blob):
        assert kind in _HALF, f"it was taken for a file of {told.path.stat().st_size} bytes"
        told.path.unlink()
    elif isinstance(told, NotAnswered):
        assert kind in _NO_ANSWER, "an answer came, and is told as none"
    else:
        assert isinstance(told, OutputInvalid), f"it is told as {_shown(told)}"
        assert not told.final, f"it is told as if no later try could find it: {told.reason}"
        check_text(told.reason)
        paused = told.retry_after == PAUSE
        assert paused or not kind.endswith("with a pause"), "the pause that the vendor asks for is lost"
    assert not list(stage.directory.iterdir()), "something was left behind"
    _relent(stage)
    await _collects(stage, accepted, finished)


async def is_final(stage: Stage, _name: str) -> None:
    """What is too large stays so: it would else be loaded again and again."""
    accepted = await _accepted(stage, Script(end="too_large"))
    finished = await _finished(stage, accepted)
    told = await _told(stage.remote.collect(accepted.handle, finished.outputs[0]))
    assert isinstance(told, OutputInvalid), f"it is told as {_shown(told)}"
    assert told.final, "it is told as if it might still come"


async def is_addressed(stage: Stage, name: str) -> None:
    """Where there is nothing at all to go by, the job has failed for want of a video, or is not understood."""
    if not name.startswith("address: no text") or stage.emulator.shape.has_content:
        await is_done(stage, name)
        return
    accepted = await _accepted(stage, Script(rude=name))
    told = await _told(stage.remote.poll(accepted.handle))
    assert isinstance(told, Failed | ProviderDrift), f"it is told as {_shown(told)}"
    if isinstance(told, Failed):
        assert told.failure is FailureClass.OUTPUT_INVALID, f"it is told as {told.failure}"


# Decorations -----------------------------------------------------------------------------------------------------


async def costs(stage: Stage, name: str) -> None:
    finished, kind = await _delivered(stage, Script(rude=name)), _kind(name)
    cost = finished.vendor_cost
    assert cost is None or 0 <= cost <= _MOST_COST, f"it is told to cost {cost}"
    assert cost == _COSTS.get(kind), f"it is told to cost {cost}"
    assert finished.notes or kind in _COSTS or kind in _SAYS_NOTHING, "what could not be read is not noted"
    await fails_as()(stage, name)


async def is_seeded(stage: Stage, name: str) -> None:
    finished, kind = await _delivered(stage, Script(rude=name)), _kind(name)
    assert type(finished.seed) in (int, type(None)), f"its seed is {finished.seed!r}"
    assert finished.seed == _SEEDS.get(kind), f"its seed is {finished.seed!r}"
    assert finished.notes or kind in _SEEDS or kind in _SAYS_NOTHING, "what could not be read is not noted"


async def progresses(stage: Stage, name: str) -> None:
    """While the vendor works, and when it is done."""
    progress = (await _running(stage, name)).progress
    assert progress is None or (type(progress) in (int, float) and 0 <= progress <= 1), f"it is at {progress!r}"
    await is_done(stage, name)


# The account's address -------------------------------------------------------------------------------------------


async def is_made_elsewhere(stage: Stage, _name: str) -> None:
    """An id means nothing at another address; one address has several spellings."""
    accepted = await _accepted(stage, Script())
    handle, finished = accepted.handle, await _finished(stage, accepted)
    assert handle.origin is not None, "nobody remembers where the job was made"
    respelled = handle.origin.replace("http://", "HTTP://") + "/"
    for known in (respelled, None):
        told = await _told(stage.remote.poll(replace(handle, origin=known)))
        assert isinstance(told, Finished), f"made at {known}, it is told as {_shown(told)}"
    asked, strange = len(stage.emulator.journal), replace(handle, origin="http://127.0.0.1:1/elsewhere")
    questions: list[Callable[[], Awaitable[object]]] = [
        lambda: stage.remote.poll(strange),
        lambda: stage.remote.cancel(strange),
    ]
    if isinstance(finished.outputs[0], Fetch):
        questions.append(lambda: stage.remote.collect(strange, finished.outputs[0]))
    for question in questions:
        told = await _told(question())
        assert isinstance(told, MadeElsewhere), f"made elsewhere, it is told as {_shown(told)}"
    assert len(stage.emulator.journal) == asked, "this address was asked for a job of another"


# What plays have in common ---------------------------------------------------------------------------------------


async def _accepted(stage: Stage, script: Script) -> Accepted:
    stage.emulator.scripts.append(script)
    accepted = await _told(submit(stage))
    assert isinstance(accepted, Accepted), f"the submit is told as {_shown(accepted)}"
    check_accepted(accepted)
    return accepted


async def _finished(stage: Stage, accepted: Accepted) -> Finished:
    finished = await _told(stage.remote.poll(accepted.handle))
    assert isinstance(finished, Finished), f"it is told as {_shown(finished)}"
    assert 1 <= len(finished.outputs) <= _MOST_OUTPUTS, f"it has {len(finished.outputs)} outputs"
    check_notes(finished.notes)
    return finished


async def _delivered(stage: Stage, script: Script) -> Finished:
    accepted = await _accepted(stage, script)
    finished = await _finished(stage, accepted)
    await _collects(stage, accepted, finished)
    return finished


async def _collects(stage: Stage, accepted: Accepted, finished: Finished) -> None:
    blob = await _told(stage.remote.collect(accepted.handle, finished.outputs[0]))
    assert isinstance(blob, Blob), f"its file is told as {_shown(blob)}"
    assert blob.path.read_bytes() == sample(), "the file is not what the vendor made"
    blob.path.unlink()


async def _running(stage: Stage, name: str) -> Running:
    accepted = await _accepted(stage, Script(seconds=LONG, rude=name))
    running = await _told(stage.remote.poll(accepted.handle))
    assert isinstance(running, Running), f"it is told as {_shown(running)}"
    pause = running.poll_after
    assert pause is None or 0 <= pause <= _LONGEST_PAUSE, f"it is to be asked again after {pause} seconds"
    return running


async def _told(asking: Awaitable[object]) -> object:
    """What is answered, or raised."""
    try:
        return await asking
    except Exception as error:  # noqa: BLE001 - whatever an adapter raises is what is judged here
        return error


def _relent(stage: Stage) -> None:
    """From now on the vendor answers as it documents."""
    for task in stage.emulator.tasks.values():
        task.script = replace(task.script, rude=())


def _kind(name: str) -> str:
    return name.partition(": ")[2]


def _shown(told: object) -> str:
    """In ASCII, and not at its whole length."""
    named = f"{told.failed.failure}: {told.failed.vendor_text}" if isinstance(told, SubmitRefused) else f"{told!r}"
    return ascii(named)[1:300]
