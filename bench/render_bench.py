"""Times the embedded renderer against x264 alone, case by case, each in a process that is already warm.

Usage: `uv run python bench/render_bench.py [--json] [--sheet SHEET.png] [CASE …]`

For every case the same frames are encoded twice: once drawn and encoded as a job does it, once already drawn and
only encoded. CPU seconds compare on a busy machine; wall seconds only on an idle one.
"""

import argparse
import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from fractions import Fraction
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from PIL import Image

from reelrouter.renderer.animatic.encode import Encoding, encode
from reelrouter.renderer.animatic.film import Frame
from reelrouter.renderer.animatic.photo import fitted, load_picture
from reelrouter.renderer.animatic.render import render

PROMPT = "a red fox in falling snow at dawn, slow push in"
SIZES = {
    "480p": (854, 480),
    "720p": (1280, 720),
    "1080p": (1920, 1080),
    "2160p": (3840, 2160),
    "tall": (720, 1280),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    name: str
    size: str = "720p"
    seconds: int = 4
    audio: bool = False
    first: str | None = None
    """Names of the pictures below."""
    last: str | None = None
    references: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What was measured: seconds, kilobytes, decibels, megabytes."""

    case: str
    wall: float
    cpu: float
    x264_cpu: float
    ratio: float
    """CPU of the whole job over that of x264 alone."""
    first_psnr: float | None
    last_psnr: float | None
    kilobytes: int
    peak_megabytes: int


CASES = (
    Case(name="text"),
    Case(name="text with audio", audio=True),
    Case(name="text 480p", size="480p"),
    Case(name="text tall with audio", size="tall", audio=True),
    Case(name="text 1080p", size="1080p"),
    Case(name="text 1080p 8 s with audio", size="1080p", seconds=8, audio=True),
    Case(name="text 2160p 2 s", size="2160p", seconds=2),
    Case(name="first frame", first="hills"),
    Case(name="last frame", last="hills"),
    Case(name="first and last, near", first="hills", last="hills moved"),
    Case(name="first and last, unrelated", first="hills", last="bands"),
    Case(name="first frame 2160p 2 s", size="2160p", seconds=2, first="hills"),
    Case(name="3 references with audio", references=("hills", "bands", "disc"), audio=True),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cases", nargs="*", help="names of cases; all if none is given")
    parser.add_argument("--json", action="store_true", help="print JSON in place of a table")
    parser.add_argument("--sheet", type=Path, help="also save a contact sheet of all the films here")
    chosen = parser.parse_args()
    unknown = set(chosen.cases) - {case.name for case in CASES}
    if unknown:
        sys.exit(
            f"no case is called {', '.join(sorted(unknown))}; there are: {', '.join(case.name for case in CASES)}"
        )
    with tempfile.TemporaryDirectory() as folder:
        draw_pictures(Path(folder))
        cases = [case for case in CASES if case.name in chosen.cases or not chosen.cases]
        rows = [_in_fresh_process(case, Path(folder)) for case in cases]
        if chosen.sheet:
            save_sheet([film_of(case, Path(folder)) for case in cases], chosen.sheet)
    print(json.dumps([asdict(row) for row in rows], indent=2) if chosen.json else table(rows))


def _in_fresh_process(case: Case, folder: Path) -> Row:
    """Each case has a process of its own, so that its peak of memory is its own."""
    with get_context("spawn").Pool(1) as pool:
        return pool.apply(measure, (case, folder))


def measure(case: Case, folder: Path) -> Row:
    render(arguments(Case(name="warm up", seconds=1, audio=True), folder), _unheard)
    order = arguments(case, folder)
    wall, cpu = _timed(partial(render, order, _unheard))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    output = Path(order["output"])
    first, last, x264_cpu = _encoding_alone(output, order)
    return Row(
        case=case.name,
        wall=round(wall, 2),
        cpu=round(cpu, 2),
        x264_cpu=round(x264_cpu, 2),
        ratio=round(cpu / x264_cpu, 2),
        first_psnr=_likeness(first, order["first_frame"]),
        last_psnr=_likeness(last, order["last_frame"]),
        kilobytes=output.stat().st_size // 1024,
        peak_megabytes=peak,
    )


def arguments(case: Case, folder: Path) -> dict[str, Any]:
    width, height = SIZES[case.size]
    mode = "references" if case.references else "frames" if case.first or case.last else "text"
    return {
        "prompt": PROMPT,
        "mode": mode,
        "width": width,
        "height": height,
        "fps": 24,
        "duration": case.seconds,
        "seed": 7,
        "audio": case.audio,
        "first_frame": case.first and str(folder / f"{case.first}.png"),
        "last_frame": case.last and str(folder / f"{case.last}.png"),
        "references": [{"path": str(folder / f"{name}.png"), "kind": "image"} for name in case.references],
        "output": str(film_of(case, folder)),
        "comment": "bench",
    }


def film_of(case: Case, folder: Path) -> Path:
    return folder / f"{case.name}.mp4"


def _encoding_alone(film: Path, order: dict[str, Any]) -> tuple[Frame, Frame, float]:
    """The film's first and last frame, and the CPU seconds of encoding its frames once more, second by second."""
    cpu = 0.0
    ends: list[Frame] = []
    for frames in _seconds_of(film, order["fps"]):
        cpu += _timed(partial(_encode_only, frames, film.with_suffix(".alone.mp4")))[1]
        ends = [(ends or frames)[0], frames[-1]]
    return ends[0], ends[1], cpu


def _seconds_of(film: Path, fps: int) -> Iterator[list[Frame]]:
    frames: list[Frame] = []
    with av.open(str(film)) as container:
        for decoded in container.decode(video=0):
            frames.append(np.asarray(decoded.to_ndarray(format="rgb24"), dtype=np.uint8))
            if len(frames) == fps:
                yield frames
                frames = []


def _encode_only(frames: list[Frame], path: Path) -> None:
    height, width = frames[0].shape[:2]
    encoding = Encoding(
        path=path, width=width, height=height, fps=Fraction(24), frames=len(frames), comment="bench"
    )
    encode((partial(_as_it_is, frame) for frame in frames), None, encoding, _unheard)


def _as_it_is(frame: Frame) -> Frame:
    return frame


def _timed(work: Callable[[], object]) -> tuple[float, float]:
    """Wall and CPU seconds, those of all threads."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def _likeness(frame: Frame, picture: str | None) -> float | None:
    """Decibels between a frame and the picture it was made from."""
    if picture is None:
        return None
    given = fitted(load_picture(Path(picture)), frame.shape[1], frame.shape[0])
    error = float(np.mean((frame.astype(np.float32) - given) ** 2))
    return round(float(10 * np.log10(255**2 / max(error, 1e-9))), 1)


def _unheard(_: float) -> None:
    pass


def table(rows: list[Row]) -> str:
    lines = [
        f"{'case':28}{'wall s':>8}{'cpu s':>8}{'x264 s':>8}{'ratio':>7}{'dB first/last':>15}{'kB':>7}{'RSS MB':>8}"
    ]
    for row in rows:
        likeness = f"{row.first_psnr or '-'}/{row.last_psnr or '-'}"
        lines.append(
            f"{row.case:28}{row.wall:8.2f}{row.cpu:8.2f}{row.x264_cpu:8.2f}{row.ratio:7.2f}{likeness:>15}"
            f"{row.kilobytes:7}{row.peak_megabytes:8}"
        )
    return "\n".join(lines)


def draw_pictures(folder: Path) -> None:
    """Something like a photograph of hills, the same from a step aside, an unlike one, and a cut-out."""
    hills = _hills(1920, 1080)
    step = np.array([[1.02, 0, -34], [0, 1.02, -12]], dtype=np.float32)
    moved = cv2.warpAffine(hills, step, (1920, 1080), borderMode=cv2.BORDER_REFLECT)
    x, y = np.meshgrid(np.arange(1920), np.arange(1080))
    colours = np.random.default_rng(4).integers(30, 226, (12, 3)).astype(np.uint8)
    bands = cv2.GaussianBlur(colours[(x + 2 * y) // 341 % 12], (0, 0), 3)
    disc = np.zeros((600, 600, 4), dtype=np.uint8)
    cv2.circle(disc, (300, 300), 260, (220, 80, 50, 255), -1, cv2.LINE_AA)
    for name, picture in (("hills", hills), ("hills moved", moved), ("bands", bands), ("disc", disc)):
        Image.fromarray(np.asarray(picture, dtype=np.uint8)).save(folder / f"{name}.png", compress_level=1)


def _hills(width: int, height: int) -> Frame:
    random = np.random.default_rng(1)
    down = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
    picture = np.array([80, 130, 200]) * (1 - down) + np.array([250, 210, 160]) * down
    picture = np.broadcast_to(picture, (height, width, 3)).copy()
    for base, colour in ((0.42, (130, 145, 165)), (0.58, (90, 120, 95)), (0.76, (55, 80, 40))):
        knots = random.uniform(-1, 1, (1, 12)).astype(np.float32)
        ridge = cv2.resize(knots, (width, 1), interpolation=cv2.INTER_CUBIC)[0]
        coarse = random.normal(1, 0.12, (height // 12, width // 12)).astype(np.float32)
        grown = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)[..., None]
        ground = np.arange(height)[:, None] > (base + 0.07 * ridge[None, :]) * height
        picture[ground] = (np.array(colour) * grown)[ground]
    grain = cv2.GaussianBlur(random.normal(0, 8, (height, width)).astype(np.float32), (0, 0), 1.0)
    return np.asarray(np.clip(picture + grain[..., None], 0, 255), dtype=np.uint8)


def save_sheet(films: list[Path], path: Path) -> None:
    """Five frames of each film, one film a row."""
    rows: list[Frame] = []
    for film in films:
        with av.open(str(film)) as container:
            count = container.streams.video[0].frames
            wanted = {round(share * (count - 1)) for share in (0, 0.25, 0.5, 0.75, 1)}
            frames = [frame for index, frame in enumerate(container.decode(video=0)) if index in wanted]
            small = [_small(np.asarray(frame.to_ndarray(format="rgb24"), dtype=np.uint8)) for frame in frames]
            rows.append(np.concatenate(small, axis=1))
    Image.fromarray(np.concatenate(rows)).save(path)


def _small(frame: Frame) -> Frame:
    """Within 300 by 170 pixels, in the middle of white."""
    scale = min(300 / frame.shape[1], 170 / frame.shape[0])
    size = (round(frame.shape[1] * scale), round(frame.shape[0] * scale))
    cell = np.full((176, 306, 3), 255, dtype=np.uint8)
    top, left = (176 - size[1]) // 2, (306 - size[0]) // 2
    cell[top : top + size[1], left : left + size[0]] = cv2.resize(frame, size, interpolation=cv2.INTER_AREA)
    return cell


if __name__ == "__main__":
    main()
