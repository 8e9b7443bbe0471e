"""`reelrouter generate`: a prompt becomes a file."""

import asyncio
import base64
import json
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from reelrouter.cli.output import err, fail, out
from reelrouter.client.session import ClientError, Job, JobFailed, Session

_INTERVAL = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where to send, with which key."""

    base_url: str
    key: str


def generate(
    prompt: Annotated[str, typer.Argument(help="What the video should show.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The file to write.")] = Path("video.mp4"),
    model: Annotated[str, typer.Option(help="A model's id.")] = "reelrouter/animatic",
    duration: Annotated[int | None, typer.Option(help="Seconds.")] = None,
    resolution: Annotated[str | None, typer.Option(help="For example 720p.")] = None,
    aspect_ratio: Annotated[str | None, typer.Option(help="For example 16:9.")] = None,
    size: Annotated[str | None, typer.Option(help="Pixels, for example 1280x720.")] = None,
    audio: Annotated[bool | None, typer.Option(help="With or without sound.")] = None,
    seed: Annotated[int | None, typer.Option(help="The same seed gives the same video.")] = None,
    first_frame: Annotated[str | None, typer.Option(help="An image's file or URL.")] = None,
    last_frame: Annotated[str | None, typer.Option(help="An image's file or URL.")] = None,
    reference: Annotated[list[str] | None, typer.Option(help="An image's file or URL; repeatable.")] = None,
    base_url: Annotated[
        str, typer.Option(envvar="REELROUTER_BASE_URL", help="The server.")
    ] = "http://127.0.0.1:8088",
    api_key: Annotated[str | None, typer.Option(envvar="REELROUTER_API_KEY", help="Your key.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="End with one line of JSON.")] = False,
) -> None:
    """Make a video and save it.

    Example: reelrouter generate "a red fox in falling snow at dawn" --duration 4 -o fox.mp4
    """
    if api_key is None:
        fail("no key: set REELROUTER_API_KEY, or give --api-key", 2)
    wanted = {
        "model": model,
        "prompt": prompt,
        "duration": duration,
        "resolution": resolution,
        "aspect_ratio": aspect_ratio,
        "size": size,
        "generate_audio": audio,
        "seed": seed,
        "frame_images": [_frame(kind, source) for kind, source in _frames(first_frame, last_frame)] or None,
        "input_references": [_image(source) for source in reference or ()] or None,
    }
    body = {name: value for name, value in wanted.items() if value is not None}
    job = asyncio.run(make(Server(base_url=base_url, key=api_key), body, output))
    if as_json:
        fields = ("id", "status", "generation_id", "usage")
        out.print(
            json.dumps({**{name: job.get(name) for name in fields}, "output_path": str(output)}), soft_wrap=True
        )
    out.print(f"Saved {output}", soft_wrap=True) if not as_json else None


async def make(server: Server, body: Mapping[str, Any], output: Path) -> Job:
    """Submits, shows progress, saves; ends the command with one clear line if that fails."""
    output.parent.mkdir(parents=True, exist_ok=True)
    async with Session(server.base_url, server.key) as session:
        try:
            with _bar() as bar:
                return await _make(session, body, output, _Shown(bar, bar.add_task("submitting", total=100)))
        except JobFailed as failed:
            fail(str(failed))
        except ClientError as error:
            fail("; ".join(str(one["message"]) for one in error.problems) or str(error))


async def _make(session: Session, body: Mapping[str, Any], output: Path, shown: "_Shown") -> Job:
    placed = await session.submit(body)
    for warning in placed.get("warnings", ()):
        err.print(f"[yellow]note:[/yellow] {warning}", soft_wrap=True)
    try:
        job = await session.wait(placed, _INTERVAL, shown.job)
    except asyncio.CancelledError:
        await session.cancel(placed)
        raise
    await session.download(job["unsigned_urls"][0], output, shown.bytes)
    return job


class _Shown:
    """One line of progress for a job, from its submit to its file."""

    def __init__(self, bar: Progress, task: TaskID) -> None:
        self._bar = bar
        self._task = task

    def job(self, job: Job) -> None:
        self._bar.update(self._task, description=job["status"].replace("_", " "), completed=job.get("progress", 0))

    def bytes(self, done: int, total: int | None) -> None:
        self._bar.update(self._task, description="downloading", completed=done, total=total)


def _bar() -> Progress:
    share = TextColumn("{task.percentage:>3.0f}%")
    name = TextColumn("{task.description:<12}")
    shown = err.is_terminal
    return Progress(name, BarColumn(), share, TimeElapsedColumn(), console=err, transient=True, disable=not shown)


def _frames(first: str | None, last: str | None) -> list[tuple[str, str]]:
    named = (("first_frame", first), ("last_frame", last))
    return [(kind, source) for kind, source in named if source is not None]


def _frame(kind: str, source: str) -> dict[str, Any]:
    return {**_image(source), "frame_type": kind}


def _image(source: str) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": _url(source)}}


def _url(source: str) -> str:
    """A URL as it is; a file as a data URL."""
    if source.startswith(("http://", "https://", "data:", "reelrouter://")):
        return source
    path = Path(source)
    if not path.is_file():
        fail(f"{source} is neither a file nor a URL", 2)
    mime = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return f"data:{mime};base64,{base64.b64encode(path.read_bytes()).decode()}"
