"""What a film is asked to be: the arguments of the render task, read once and refused if they make no sense."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from reelrouter.renderer.animatic.film import Canvas
from reelrouter.work import MediaKind, Mode, TaskFailed

LONGEST = 30
"""Seconds."""
RATES = (8, 60)
"""Frames a second."""
SIDES = (16, 8192)
"""Pixels."""
SEEDS = 2**63
"""Random generators take no negative seeds, so each one is counted from 0 around this circle."""
DRAWN_PIXELS = 1920 * 1088
"""A larger film is drawn at half its size: paper has no detail that would show the difference."""

TAKES: Mapping[Mode, frozenset[str]] = {
    "text": frozenset(),
    "frames": frozenset({"first_frame", "last_frame"}),
    "references": frozenset({"references"}),
    "edit": frozenset({"references"}),
    "upscale": frozenset({"references"}),
    "continue": frozenset({"first_frame", "references"}),
}
"""The inputs that each mode has a use for; with any other the job is refused."""
FOLLOWS_ITS_INPUT = frozenset({"edit", "upscale"})
"""Modes whose film is as long and as fast as the video it is made from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    path: Path
    kind: MediaKind


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderJob:
    prompt: str
    mode: Mode
    width: int
    """Pixels, even."""
    height: int
    fps: int
    duration: float
    """Seconds; 0 where the film follows its input."""
    seed: int
    audio: bool
    first_frame: Path | None
    last_frame: Path | None
    references: tuple[Reference, ...]
    output: Path
    comment: str

    @property
    def frames(self) -> int:
        """At least one: a sound may be shorter than a picture is shown."""
        return max(1, round(self.duration * self.fps))

    def of_kind(self, kind: MediaKind) -> tuple[Path, ...]:
        return tuple(reference.path for reference in self.references if reference.kind == kind)

    def canvas(self) -> Canvas:
        """What the film is drawn on."""
        width, height = self.width, self.height
        if width * height > DRAWN_PIXELS:
            width, height = round(width / 4) * 2, round(height / 4) * 2
        return Canvas(width=width, height=height, fps=self.fps, frames=self.frames, seed=self.seed)


def read_job(arguments: Mapping[str, Any]) -> RenderJob:
    """Raises TaskFailed: `invalid_mode`, `invalid_size`, `invalid_duration`, `invalid_fps` or `invalid_input`."""
    mode = arguments["mode"]
    if mode not in get_args(Mode):
        raise TaskFailed("invalid_mode", f"mode is {mode!r}; one of {', '.join(get_args(Mode))} would do")
    for side in ("width", "height"):
        _refuse_odd(side, arguments[side])
    job = RenderJob(
        prompt=arguments["prompt"],
        mode=mode,
        width=arguments["width"],
        height=arguments["height"],
        fps=_within("fps", arguments["fps"], RATES),
        duration=0 if mode in FOLLOWS_ITS_INPUT else _seconds(arguments["duration"]),
        seed=arguments["seed"] % SEEDS,
        audio=arguments["audio"],
        first_frame=_path(arguments.get("first_frame")),
        last_frame=_path(arguments.get("last_frame")),
        references=tuple(_reference(given) for given in arguments.get("references") or ()),
        output=Path(arguments["output"]),
        comment=arguments["comment"],
    )
    _refuse_wrong_inputs(job)
    return job


def _refuse_odd(name: str, pixels: int) -> None:
    low, high = SIDES
    if pixels % 2 or not low <= pixels <= high:
        raise TaskFailed("invalid_size", f"{name} is {pixels}; an even number from {low} to {high} would do")


def _seconds(value: float | None) -> float:
    if value is None or not 0 < value <= LONGEST:
        raise TaskFailed("invalid_duration", f"duration is {value}; more than 0 and up to {LONGEST} would do")
    return value


def _within(name: str, value: int, limits: tuple[int, int]) -> int:
    low, high = limits
    if not low <= value <= high:
        raise TaskFailed(f"invalid_{name}", f"{name} is {value}; a whole number from {low} to {high} would do")
    return value


def _path(given: str | None) -> Path | None:
    return None if given is None else Path(given)


def _reference(given: Mapping[str, Any]) -> Reference:
    kind = given["kind"]
    if kind not in get_args(MediaKind):
        raise TaskFailed(
            "invalid_input", f"a reference's kind is {kind!r}; one of {', '.join(get_args(MediaKind))} would do"
        )
    return Reference(path=Path(given["path"]), kind=kind)


def _refuse_wrong_inputs(job: RenderJob) -> None:
    given = {name for name in ("first_frame", "last_frame", "references") if getattr(job, name)}
    useless = sorted(given - TAKES[job.mode])
    if useless:
        raise TaskFailed("invalid_input", f"mode {job.mode} has no use for {' and '.join(useless)}; leave it out")
    if TAKES[job.mode] and not given:
        raise TaskFailed("invalid_input", f"mode {job.mode} needs {' or '.join(sorted(TAKES[job.mode]))}")
    if job.mode in FOLLOWS_ITS_INPUT and not job.of_kind("video"):
        raise TaskFailed("invalid_input", f"mode {job.mode} needs a reference of the kind video")
