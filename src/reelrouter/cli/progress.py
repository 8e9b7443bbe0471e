"""One line of progress for a job, on stderr: a bar on a terminal, and elsewhere a line for each new state."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from reelrouter.cli import wording
from reelrouter.cli.output import err
from reelrouter.client.results import Job

_WORD = TextColumn("{task.description:<12}")
_SHARE = "{task.percentage:>3.0f} %"


class Shown:
    """Use as a context manager; its methods are what a client tells of a job and of a download."""

    def __init__(self) -> None:
        columns = (_WORD, BarColumn(bar_width=30), TaskProgressColumn(_SHARE), TimeElapsedColumn())
        self._bar = Progress(*columns, console=err, transient=True, disable=not err.is_terminal)
        self._task = self._bar.add_task("", total=None)
        self._said = ""

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def job(self, job: Job) -> None:
        self._say(job.status.replace("_", " "))
        share = 100 if job.is_completed else job.progress
        self._bar.update(self._task, completed=share or 0, total=None if share is None else 100)

    def bytes(self, done: int, total: int | None) -> None:
        self._say("downloading")
        self._bar.update(self._task, completed=done, total=total)

    def pause(self) -> None:
        """Leaves the terminal to a question."""
        self._bar.stop()

    def _say(self, word: str) -> None:
        self._bar.update(self._task, description=word)
        if word != self._said and not err.is_terminal:
            err.print(word)
        self._said = word


@contextmanager
def copying() -> Iterator[Callable[[int, int], None]]:
    """A bar on a terminal, and nothing elsewhere; to be told the bytes that are done and all that there are."""
    columns = (_WORD, BarColumn(bar_width=30), TaskProgressColumn(_SHARE), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task("copying", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def ended(job: Job) -> str:
    """How a job has ended well: `completed, $0.40`."""
    cost = job.usage.cost if job.usage else None
    return job.status if cost is None else f"{job.status}, {wording.dollars(cost)}"
