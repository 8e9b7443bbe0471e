"""`reelrouter demo`: three videos through the API of a gateway started for it, and what is in them."""

import asyncio
import base64
import os
import socket
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import httpx
import typer

from reelrouter.accounts.keys import new_key
from reelrouter.cli.ending import fail, reported
from reelrouter.cli.output import err, out
from reelrouter.cli.progress import Shown
from reelrouter.client.asynchronous import AsyncClient
from reelrouter.renderer.pool import Pool

_DRAW = "reelrouter.renderer.animatic.still:draw"
_PROBE = "reelrouter.media.clips:probe"
_COMPARE = "reelrouter.media.compare:compare"
_TASK_SECONDS = 120.0
_START_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture to draw before anything is asked of the gateway."""

    name: str
    prompt: str
    size: tuple[int, int] = (1280, 720)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """One video of the demo."""

    name: str
    title: str
    prompt: str
    frames: Mapping[str, str]
    """`first_frame` and `last_frame`, by the names of pictures."""
    references: Sequence[str] = ()
    audio: bool = False
    seed: int = 7


PICTURES = (
    Picture(name="harbour-day", prompt="a sailboat on a calm ocean, golden hour"),
    Picture(name="harbour-night", prompt="a sailboat on a calm ocean, starry night"),
    Picture(name="balloon", prompt="a hot-air balloon over hills at noon", size=(720, 720)),
    Picture(name="lighthouse", prompt="a lighthouse on a cliff at dusk, waves", size=(720, 720)),
)
SHOTS = (
    Shot(
        name="1-from-text",
        title="from text, with sound",
        prompt="a red fox in falling snow at dawn, slow push in",
        frames={},
        audio=True,
    ),
    Shot(
        name="2-from-frames",
        title="from exact first and last frames",
        prompt="day turns into night",
        frames={"first_frame": "harbour-day", "last_frame": "harbour-night"},
    ),
    Shot(
        name="3-from-references",
        title="from two reference images, with sound",
        prompt="a journey along the coast in summer, pan right",
        frames={},
        references=("balloon", "lighthouse"),
        audio=True,
    ),
)


def demo(
    output: Annotated[Path, typer.Option("--output", "-o", help="The folder to write to.")] = Path("demo"),
    duration: Annotated[int, typer.Option(min=1, max=30, help="Seconds of each video.")] = 4,
) -> None:
    """Make three videos through the API of a gateway of their own, and say what is in them.

    Needs no account, no key and no network.

    Example: reelrouter demo -o ./demo
    """
    output.mkdir(parents=True, exist_ok=True)
    with reported():
        asyncio.run(_demo(output, duration))


async def _demo(output: Path, duration: int) -> None:
    pool = Pool(size=1, preload=("reelrouter.renderer.animatic.still",))
    try:
        err.print("Starting a gateway and drawing the pictures that two of the videos are made from …")
        async with _gateway() as client:
            await _draw_pictures(pool, output)
            for shot in SHOTS:
                await _make(client, shot, output, duration)
        await _describe(pool, output)
    finally:
        await pool.close()


async def _make(client: AsyncClient, shot: Shot, output: Path, duration: int) -> None:
    err.print(f"[bold]{shot.name}[/bold]: {shot.title}")
    with Shown() as shown:
        await client.generate(
            _body(shot, output, duration),
            output / f"{shot.name}.mp4",
            on_change=shown.job,
            on_bytes=shown.bytes,
        )


@asynccontextmanager
async def _gateway() -> AsyncIterator[AsyncClient]:
    """A client for a gateway with nothing in it, which ends with this command."""
    port, key = _free_port(), new_key("live")
    with TemporaryDirectory(prefix="reelrouter-demo-") as folder:
        log = Path(folder) / "log"
        settings = {"DATA_DIR": folder, "HOST": "127.0.0.1", "PORT": str(port), "LIVE_KEY": key}
        process = await _started(settings, log)
        try:
            address = f"http://127.0.0.1:{port}"
            await _until_ready(address, process, log)
            async with AsyncClient(key, address) as client:
                yield client
        finally:
            if process.returncode is None:
                process.terminate()
                await process.wait()


async def _started(settings: Mapping[str, str], log: Path) -> asyncio.subprocess.Process:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("REELROUTER_")}
    environment |= {f"REELROUTER_{name}": value for name, value in settings.items()}
    with log.open("wb") as file:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "reelrouter", "serve", env=environment, stdout=file, stderr=file
        )


async def _until_ready(address: str, process: asyncio.subprocess.Process, log: Path) -> None:
    try:
        async with asyncio.timeout(_START_SECONDS):
            is_ready = await _becomes_ready(address, process)
    except TimeoutError:
        fail(f"the gateway was not ready within {_START_SECONDS:g} s:\n{log.read_text()}")
    if not is_ready:
        fail(f"the gateway did not start:\n{log.read_text()}")


async def _becomes_ready(address: str, process: asyncio.subprocess.Process) -> bool:
    """False if it ended before."""
    async with httpx.AsyncClient(trust_env=False) as http:
        while not await _is_ready(http, address):
            if process.returncode is not None:
                return False
            await asyncio.sleep(0.05)
    return True


async def _is_ready(http: httpx.AsyncClient, address: str) -> bool:
    try:
        return (await http.get(f"{address}/readyz")).status_code == 200
    except httpx.ConnectError:
        return False


async def _draw_pictures(pool: Pool, output: Path) -> None:
    for picture in PICTURES:
        width, height = picture.size
        arguments = {
            "prompt": picture.prompt,
            "width": width,
            "height": height,
            "seed": 3,
            "output": str(_picture_path(output, picture.name).absolute()),
        }
        await pool.run(_DRAW, arguments, timeout=_TASK_SECONDS)


def _body(shot: Shot, output: Path, duration: int) -> dict[str, Any]:
    body: dict[str, Any] = {
        "model": "reelrouter/animatic",
        "prompt": shot.prompt,
        "duration": duration,
        "resolution": "720p",
        "aspect_ratio": "16:9",
        "generate_audio": shot.audio,
        "seed": shot.seed,
    }
    if shot.frames:
        body["frame_images"] = [_image(output, name) | {"frame_type": kind} for kind, name in shot.frames.items()]
    if shot.references:
        body["input_references"] = [_image(output, name) for name in shot.references]
    return body


def _image(output: Path, name: str) -> dict[str, Any]:
    encoded = base64.b64encode(_picture_path(output, name).read_bytes()).decode()
    return {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{encoded}"}}


def _picture_path(output: Path, name: str) -> Path:
    return output / f"{name}.png"


async def _describe(pool: Pool, output: Path) -> None:
    """Says of each file what is in it, as a probe finds it."""
    for shot in SHOTS:
        path = output / f"{shot.name}.mp4"
        found = await pool.run(_PROBE, {"path": str(path.absolute())}, timeout=_TASK_SECONDS)
        sound = f"{found['audio_codec']} sound" if found["audio_codec"] else "no sound"
        out.print(f"\n[bold]{path}[/bold]  {shot.title}", soft_wrap=True)
        out.print(
            f"  {found['codec']} {found['width']}x{found['height']}, {found['frames']} frames "
            f"at {found['fps']:g} a second, {found['duration']:.3f} s, {sound}",
            soft_wrap=True,
        )
        for line in await _likeness(pool, shot, output):
            out.print(f"  {line}", soft_wrap=True)


async def _likeness(pool: Pool, shot: Shot, output: Path) -> list[str]:
    """How near the video's ends are to the pictures that it was given."""
    lines = []
    for which, name in shot.frames.items():
        picture = _picture_path(output, name)
        arguments = {
            "path": str((output / f"{shot.name}.mp4").absolute()),
            "which": which,
            "picture": str(picture.absolute()),
        }
        found = await pool.run(_COMPARE, arguments, timeout=_TASK_SECONDS)
        lines.append(f"{which.replace('_', ' ')} against {picture.name}: {found['psnr']} dB PSNR")
    if shot.references:
        lines.append(f"references: {', '.join(_picture_path(output, name).name for name in shot.references)}")
    return lines


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
