"""The suite that every vendor's adapter passes, on the vendor's emulator, over real HTTP.

Each case is one fate of one order, and what the jobs must be told of it. A contributor's test is one line:
`@pytest.mark.parametrize("case", cases_for(VENDOR))` and `asyncio.run(conform(VENDOR, case, tmp_path))`.
`rude_cases_for` has the fates that no document speaks of.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from reelrouter.clock import SystemClock
from reelrouter.emulators import frame
from reelrouter.emulators.frame import sample
from reelrouter.emulators.script import BREAKAGES, ENDS, REFUSALS, Breakage, End, Refusal, Script
from reelrouter.providers.base import Account, ProviderDrift
from reelrouter.providers.drive import Drive
from reelrouter.providers.remote import Remote
from reelrouter.testing.rude_cases import rude_cases_for
from reelrouter.testing.stage import BRIEF, LONG, PATIENCE, Case, Hour, Stage, Vendor, check_keys, submit, submits
from reelrouter.work import (
    Accepted,
    Failed,
    FailureClass,
    Finished,
    JobLost,
    Media,
    NotAnswered,
    Outcome,
    OutputInvalid,
    Running,
    SubmitRefused,
)

__all__ = ["Case", "Hour", "Stage", "Vendor", "cases_for", "conform", "rude_cases_for"]

_MOST_OUTPUT = 1024 * 1024
"""Bytes; what is too large has more."""
_OF_REFUSALS: Mapping[Refusal, frozenset[FailureClass]] = {
    "auth": frozenset({FailureClass.AUTH}),
    "quota": frozenset({FailureClass.QUOTA_BILLING}),
    "rate": frozenset({FailureClass.RATE_LIMITED}),
    "rate_after": frozenset({FailureClass.RATE_LIMITED}),
    "concurrency": frozenset({FailureClass.CONCURRENCY, FailureClass.RATE_LIMITED}),
    "policy": frozenset({FailureClass.POLICY_INPUT}),
    "user": frozenset({FailureClass.USER_ERROR}),
}
_OF_ENDS: Mapping[End, frozenset[FailureClass]] = {
    "user": frozenset({FailureClass.USER_ERROR}),
    "policy_input": frozenset({FailureClass.POLICY_INPUT}),
    "policy_output": frozenset({FailureClass.POLICY_OUTPUT}),
    "transient": frozenset({FailureClass.TRANSIENT}),
    "expired": frozenset({FailureClass.EXPIRED}),
    "cancelled": frozenset({FailureClass.CANCELLED}),
    "no_video": frozenset({FailureClass.OUTPUT_INVALID, FailureClass.POLICY_OUTPUT}),
}


def cases_for(vendor: Vendor) -> tuple[Case, ...]:
    """Every case but those for which the vendor has no words."""
    lacks = vendor.emulator(lambda: 0.0).lacks
    return (
        Case(name="finished", script=Script(), play=_finishes),
        Case(name="running", script=Script(seconds=LONG), play=_runs),
        Case(name="cancel while it queues", script=Script(seconds=LONG), play=_cancels),
        Case(name="cancel after its end", script=Script(), play=_cancels_too_late),
        Case(name="a job that is not there", script=Script(), play=_is_lost),
        Case(name="nobody listens", script=Script(), play=_cannot_connect),
        *(_refusal(one) for one in REFUSALS if one not in lacks),
        *(_broken_submit(one) for one in BREAKAGES),
        *(_broken_poll(one) for one in BREAKAGES),
        *(_end(one) for one in ENDS if one not in lacks and one != "done"),
    )


async def conform(vendor: Vendor, case: Case, directory: Path) -> None:
    """Plays one case. Raises `AssertionError` where a promise of the seam is broken."""
    hour = Hour()
    emulator = vendor.emulator(lambda: hour.now)
    emulator.script = case.script
    running = await frame.start(emulator)
    drive = Drive(vendor.fetch or _no_inputs, directory, SystemClock(), patience=case.patience)
    account = Account(
        provider=vendor.provider.name,
        name="a",
        root=running.url + vendor.path,
        values=vendor.values,
        concurrency=1,
    )
    remote = Remote(
        endpoint=vendor.provider.name,
        provider=vendor.provider,
        accounts={"a": account},
        drive=drive,
        max_output=_MOST_OUTPUT,
    )
    try:
        await case.play(Stage(emulator=emulator, remote=remote, vendor=vendor, hour=hour, directory=directory))
        check_keys(emulator)
    finally:
        await drive.close()
        await frame.stop(running)


# The cases ----------------------------------------------------------------------------------------------------


async def _finishes(stage: Stage) -> None:
    accepted = await submit(stage)
    assert submits(stage.emulator) == 1, "it was sent once"
    assert accepted.handle.native_id in stage.emulator.tasks, "the handle names the vendor's job"
    finished = await stage.remote.poll(accepted.handle)
    assert isinstance(finished, Finished), f"it ended as {finished}"
    assert len(finished.outputs) == 1
    blob = await stage.remote.collect(accepted.handle, finished.outputs[0])
    assert blob.path.read_bytes() == sample(), "the output is what the vendor made"
    assert await stage.remote.poll(accepted.handle) == finished, "an ended job can be asked for again"


async def _runs(stage: Stage) -> None:
    accepted = await submit(stage)
    seen: list[float] = []
    for at in (0.0, 0.1, 0.5, 0.9):
        stage.hour.now = 1_800_000_000.0 + at * LONG
        outcome = await stage.remote.poll(accepted.handle)
        assert isinstance(outcome, Running), f"it ended as {outcome}"
        if outcome.progress is not None:
            seen.append(outcome.progress)
    assert seen == sorted(seen)
    assert all(0 <= one <= 1 for one in seen), "progress is a share"
    assert bool(seen) == stage.vendor.reports_progress, f"progress was {seen}"
    stage.hour.now += LONG
    assert isinstance(await stage.remote.poll(accepted.handle), Finished)


async def _cancels(stage: Stage) -> None:
    accepted = await submit(stage)
    answer = await stage.remote.cancel(accepted.handle)
    task = stage.emulator.tasks.get(accepted.handle.native_id)
    assert (answer != "not_cancellable") == (task is None or task.cancelled), f"the vendor disagrees with {answer}"
    if answer == "cancelled":
        assert await _is_over(stage, accepted), "a cancelled job does not go on"


async def _cancels_too_late(stage: Stage) -> None:
    accepted = await submit(stage)
    assert isinstance(await stage.remote.poll(accepted.handle), Finished)
    assert await stage.remote.cancel(accepted.handle) == "not_cancellable", "what has ended cannot be cancelled"
    assert isinstance(await stage.remote.poll(accepted.handle), Finished), "its result is still there"


async def _is_lost(stage: Stage) -> None:
    accepted = await submit(stage)
    stage.emulator.tasks.clear()
    answered: object
    try:
        answered = await stage.remote.poll(accepted.handle)
    except (JobLost, NotAnswered) as error:
        answered = error
    assert isinstance(answered, JobLost | Failed), f"a job that is gone is told as {answered!r}"


async def _cannot_connect(stage: Stage) -> None:
    account = replace(stage.remote.accounts["a"], root="http://127.0.0.1:1")
    remote = replace(stage.remote, accounts={"a": account})
    try:
        await remote.submit(stage.vendor.order)
    except SubmitRefused as refused:
        failure = refused.failed.failure
    else:
        raise AssertionError("nobody can have accepted it")
    assert failure is FailureClass.TRANSIENT
    assert not submits(stage.emulator)


def _refusal(refusal: Refusal) -> Case:
    async def play(stage: Stage) -> None:
        try:
            await submit(stage)
        except SubmitRefused as refused:
            failed = refused.failed
        else:
            raise AssertionError(f"{refusal} was taken for an acceptance")
        assert failed.failure in _OF_REFUSALS[refusal], f"{refusal} is told as {failed}"
        assert failed.retry_after == (1 if refusal == "rate_after" else None)
        assert submits(stage.emulator) == 1, "a refusal is told at once: whether to try again is decided elsewhere"
        assert not stage.emulator.tasks

    return Case(name=f"submit: {refusal}", script=Script(refuse=refusal), play=play)


def _broken_submit(breakage: Breakage) -> Case:
    async def play(stage: Stage) -> None:
        try:
            await submit(stage)
        except SubmitRefused as refused:
            raise AssertionError(f"{breakage} proves nothing, and is told as {refused.failed}") from refused
        except Exception:  # noqa: BLE001 - any other one leaves the outcome open, which is what it is
            assert submits(stage.emulator) == 1, "it was sent once"
        else:
            raise AssertionError(f"{breakage} was taken for an acceptance")

    script, patience = Script(break_submit=breakage), BRIEF if breakage == "hang" else PATIENCE
    return Case(name=f"submit breaks: {breakage}", script=script, play=play, patience=patience)


def _broken_poll(breakage: Breakage) -> Case:
    async def play(stage: Stage) -> None:
        accepted = await submit(stage)
        try:
            outcome: Outcome | None = await stage.remote.poll(accepted.handle)
        except (NotAnswered, ProviderDrift):
            outcome = None
        # A GET whose connection was cut may have been sent again at once: that is nobody's loss.
        if breakage not in ("reset", "dropped"):
            assert outcome is None, f"{breakage} was taken for {outcome}"
        assert isinstance(await stage.remote.poll(accepted.handle), Finished), "the job is as it was"

    script, patience = Script(break_polls=breakage), BRIEF if breakage == "hang" else PATIENCE
    return Case(name=f"poll breaks: {breakage}", script=script, play=play, patience=patience)


def _end(end: End) -> Case:
    async def play(stage: Stage) -> None:
        accepted = await submit(stage)
        if end == "drift":
            await _drifts(stage, accepted)
        elif end in _OF_ENDS:
            outcome = await stage.remote.poll(accepted.handle)
            assert isinstance(outcome, Failed), f"{end} is told as {outcome}"
            assert outcome.failure in _OF_ENDS[end], f"{end} is told as {outcome}"
        else:
            await _delivers_nothing(stage, accepted, end)

    return Case(name=f"ends: {end}", script=Script(end=end), play=play)


async def _drifts(stage: Stage, accepted: Accepted) -> None:
    try:
        outcome = await stage.remote.poll(accepted.handle)
    except ProviderDrift:
        return
    raise AssertionError(f"an unknown word was taken for {outcome}")


async def _delivers_nothing(stage: Stage, accepted: Accepted, end: End) -> None:
    try:
        outcome = await stage.remote.poll(accepted.handle)
        assert isinstance(outcome, Finished), f"it ended as {outcome}"
        blob = await stage.remote.collect(accepted.handle, outcome.outputs[0])
    except OutputInvalid:
        left = [path.name for path in stage.directory.rglob("*")]
        assert not left, f"{left} were left behind"
        return
    # Whether a file is a video is for storage to find out.
    assert end == "not_video", f"{end} was taken for a file of {blob.path.stat().st_size} bytes"


# What they have in common -------------------------------------------------------------------------------------


async def _submit(stage: Stage) -> Accepted:
    return await stage.remote.submit(stage.vendor.order)


async def _is_over(stage: Stage, accepted: Accepted) -> bool:
    try:
        outcome = await stage.remote.poll(accepted.handle)
    except JobLost:
        return True
    return isinstance(outcome, Failed) and outcome.failure is FailureClass.CANCELLED


async def _no_inputs(media: Media) -> Path:
    raise AssertionError(f"the order has no inputs, and {media.key} is asked for")
