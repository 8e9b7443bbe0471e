"""What `reelrouter record` does: asks, runs one job through a vendor's adapter, and writes down what was said."""

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

import typer

from reelrouter.cli.ending import Exit, fail
from reelrouter.cli.output import err, print_json, print_line
from reelrouter.cli.real_job import Job, account_of, ask, check_place, job_of, provider_of
from reelrouter.cli.record import OrderOptions, RecordingOptions
from reelrouter.clock import SystemClock
from reelrouter.providers.base import ProviderDrift, Ticket, Unclear
from reelrouter.providers.drive import Lost, NotSent
from reelrouter.providers.recorder import Pace, Recorder, Tape
from reelrouter.providers.recording import Told, outcome_view
from reelrouter.providers.redaction import StillSecret
from reelrouter.work import (
    Failed,
    FailureClass,
    Finished,
    JobLost,
    Media,
    NotAnswered,
    Running,
    SubmitRefused,
)


def run(
    provider: str,
    account: str | None,
    wanted: OrderOptions,
    recording: RecordingOptions,
    *,
    yes: bool,
    as_json: bool,
) -> None:
    """Exit code 3: the job is over without a video, 4: it goes on; either way what was said is recorded."""
    found = provider_of(provider)
    job = job_of(found, account_of(found, account), wanted)
    check_place(recording.output)
    if recording.video is not None:
        check_place(recording.video)
    ask(job, recording.output, yes=yes)
    tape = Tape(job.provider, job.account, job.order)
    told = _run(job, tape, recording)
    if tape.is_empty and isinstance(told, SubmitRefused):
        fail(f"nothing was sent: {_why(told.failed)}")
    _write(tape, recording.output)
    if as_json:
        id_ = tape.ticket.native_id if tape.ticket else None
        ended = "interrupted" if told is None else next(iter(outcome_view(told)))
        print_json({"output_path": recording.output, "job": id_, "ended": ended}, in_one_line=True)
    else:
        print_line(f"Saved {recording.output}")
    _end(told, tape, found.name)


def _run(job: Job, tape: Tape, recording: RecordingOptions) -> Told | None:
    """What it ended with; None if it was interrupted."""
    try:
        return asyncio.run(_record(job, tape, recording))
    except NotSent as error:
        fail(f"nothing was sent: {tape.redactor.text(str(error))}")
    except Lost as error:
        said = tape.redactor.text(str(error))
        fail(
            f"the submit was not answered: {said}",
            Exit.FAILED,
            f"see at {job.provider.name} whether there is a job",
        )
    except KeyboardInterrupt:
        return None


def _write(tape: Tape, output: Path) -> None:
    try:
        output.write_text(tape.text(), encoding="utf-8")
    except StillSecret as left:
        fail(f"nothing is written: a secret would be left in the recording, which should read {left}")


async def _record(job: Job, tape: Tape, recording: RecordingOptions) -> Told:
    """Says on the way what is new."""

    async def fetch(media: Media) -> Path:
        return job.files[media.key]

    pace = Pace(interval=recording.interval, patience=recording.patience)
    with TemporaryDirectory(prefix="reelrouter-record-") as folder:
        recorder = Recorder(fetch, Path(folder), SystemClock(), tape.redactor)
        try:
            told = await tape.run(recorder, pace, _Shown().news)
            if isinstance(told, Finished):
                await tape.collect(told, recorder, recording.video)
            return told
        finally:
            await recorder.close()


def _end(told: Told | None, tape: Tape, vendor: str) -> None:
    """The exit code tells how it went, and the last line whether there may be a job that costs money."""
    goes_on = f"job {tape.ticket.native_id} goes on at {vendor}" if tape.ticket else None
    look = None if tape.ticket else f"see at {vendor} whether there is a job"
    match told:
        case Finished() | Failed():
            raise typer.Exit(Exit.DONE if isinstance(told, Finished) else Exit.NO_VIDEO)
        case SubmitRefused():
            if told.failed.failure is FailureClass.TRANSIENT:
                fail("that is no clear refusal", Exit.NO_VIDEO, look)
            raise typer.Exit(Exit.NO_VIDEO)
        case None:
            fail("; ".join(filter(None, ("interrupted", goes_on))), Exit.INTERRUPTED, look)
        case Running():
            fail(goes_on or "", Exit.NOT_COMPLETED)
        case _:
            fail("; ".join(filter(None, (_news(told), goes_on))), Exit.FAILED, look)


# Meanwhile -------------------------------------------------------------------------------------------------------


class _Shown:
    """A line on stderr whenever there is something new."""

    def __init__(self) -> None:
        self._said = ""

    def news(self, told: Told) -> None:
        word = _news(told)
        if word != self._said:
            err.print(word, markup=False, soft_wrap=True)
        self._said = word


def _news(told: Told) -> str:
    match told:
        case Ticket():
            return f"accepted as {told.native_id}"
        case Running():
            return "running" if told.progress is None else f"running, {told.progress:.0%}"
        case Finished():
            return "finished"
        case Failed():
            return f"failed: {_why(told)}"
        case SubmitRefused():
            return f"refused: {_why(told.failed)}"
        case Unclear():
            return f"the adapter has no word for it: {told.reason}"
        case ProviderDrift():
            return f"the adapter has no word for it: {told}"
        case JobLost():
            return f"the vendor knows no such job: {told}"
        case NotAnswered():
            return f"not answered: {told}"
        case _:
            raise told


def _why(failed: Failed) -> str:
    return ", ".join(part for part in (failed.failure, failed.vendor_code, failed.vendor_text) if part)
