"""How commands end: the exit codes, and one clear line for every error.

code   meaning
   0   done
   1   refused or failed: by the server, on the way, or by a check
   2   the command cannot be used like that; nothing was sent
   3   the job is over, and there is no video
   4   the job was not over when patience was; it goes on
 130   interrupted with Ctrl-C
"""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from typing import Any, NoReturn

import typer
from rich.markup import escape

from reelrouter.cli.output import err, print_json
from reelrouter.client.errors import ClientError, JobFailed, NotCompleted, Refused, Unusable


class Exit(IntEnum):
    DONE = 0
    FAILED = 1
    USAGE = 2
    NO_VIDEO = 3
    NOT_COMPLETED = 4
    INTERRUPTED = 130


TOLD = (
    "Exit codes: 0 done; 1 refused or failed; 2 wrong usage, nothing was sent; 3 the job ended without a video; "
    "4 the job was not over in time, and goes on; 130 interrupted."
)
"""For the help text of the whole."""


def fail(message: str, code: Exit = Exit.FAILED, next_step: str | None = None) -> NoReturn:
    """Prints one line and ends the command."""
    err.print(f"[bold red]error:[/bold red] {escape(_line(message, next_step))}", soft_wrap=True)
    raise typer.Exit(code)


@contextmanager
def reported(*, as_json: bool = False) -> Iterator[None]:
    """Ends the command for every error of the client, with its line, its code and, if asked for, its JSON."""
    try:
        yield
    except ClientError as error:
        if as_json:
            print_json(error_view(error), in_one_line=True)
        fail(_message(error), code_of(error), error.next_step)
    except KeyboardInterrupt:
        fail("interrupted", Exit.INTERRUPTED)


def code_of(error: ClientError) -> Exit:
    match error:
        case Unusable():
            return Exit.USAGE
        case JobFailed():
            return Exit.NO_VIDEO
        case NotCompleted():
            return Exit.NOT_COMPLETED
        case _:
            return Exit.FAILED


def error_view(error: ClientError) -> dict[str, Any]:
    """An error for programs."""
    shown: dict[str, Any] = {"message": error.message, "exit_code": int(code_of(error))}
    if error.next_step is not None:
        shown["next_step"] = error.next_step
    if isinstance(error, Refused):
        shown |= {"status": error.status, "error_type": error.error_type, "problems": list(error.problems)}
    if isinstance(error, JobFailed | NotCompleted):
        shown |= {"id": error.job.id, "job_status": error.job.status, "error_type": error.job.error_type}
    return {"error": {name: value for name, value in shown.items() if value is not None}}


def _message(error: ClientError) -> str:
    """A refusal names every problem, and not the first alone."""
    if isinstance(error, Refused) and len(error.problems) > 1:
        return "; ".join(str(one.get("message", one)) for one in error.problems)
    return error.message


def _line(message: str, next_step: str | None) -> str:
    text = " ".join(message.split()).rstrip(".;: ")
    if next_step is None:
        return text
    # What to type next stands last on the line, where nothing follows that could be taken for a part of it.
    return f"{text}. {next_step[:1].upper()}{next_step[1:]}"
