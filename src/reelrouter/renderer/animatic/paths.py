"""How figures move: for each motion a path, as a pure function of time."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from reelrouter.renderer.animatic.casting import Role
from reelrouter.renderer.animatic.scene import Motion
from reelrouter.renderer.animatic.theatre import View


@dataclass(frozen=True, slots=True)
class Stance:
    """Where a figure is at one instant, relative to its place: pixels, degrees, factors."""

    x: float = 0.0
    y: float = 0.0
    turn: float = 0.0
    wide: float = 1.0
    high: float = 1.0


@dataclass(frozen=True, slots=True)
class _Instant:
    """All that a path may depend on."""

    role: Role
    view: View
    wide: int
    high: int

    @property
    def t(self) -> float:
        return self.view.seconds + 7.0 * self.role.phase

    @property
    def along(self) -> float:
        """-1 at the film's beginning, 1 at its end."""
        return 2.0 * self.view.share - 1.0

    @property
    def unit(self) -> int:
        return min(self.high, self.wide)

    def travelled(self, speed: float, most: float) -> float:
        """Pixels along the way about its middle; `speed` in widths a second, `most` in widths in all."""
        reach = min(self.role.room, 0.5 * most, 0.5 * speed * self.view.length)
        return self.role.heading * self.along * reach * self.wide


def stance_of(role: Role, view: View, size: tuple[int, int]) -> Stance:
    """Where the figure is now; `size` is the picture's width and height."""
    return _PATHS[role.motion](_Instant(role, view, *size))


def _walk(now: _Instant) -> Stance:
    step = math.sin(now.t * 5.2)
    return Stance(x=now.travelled(0.045, 0.3), y=-abs(step) * 0.02 * now.role.height, turn=2.2 * step)


def _run(now: _Instant) -> Stance:
    step = math.sin(now.t * 9.5)
    lean = 3.6 * step + 1.5 * now.role.heading
    return Stance(x=now.travelled(0.1, 0.42), y=-abs(step) * 0.05 * now.role.height, turn=lean)


def _drive(now: _Instant) -> Stance:
    shake = math.sin(now.t * 17.0) * 0.004 * now.role.height
    return Stance(x=now.travelled(0.12, 0.5), y=-abs(shake), turn=0.25 * math.sin(now.t * 6.0))


def _fly(now: _Instant) -> Stance:
    """Beasts beat their wings; machines climb as they go."""
    machine = now.role.part.kind == "aircraft"
    flap = 0.0 if machine or now.role.part.kind != "flyer" else 0.07 * math.sin(now.t * 7.5)
    climb = 0.06 * now.high * now.along if machine else 0.0
    return Stance(
        x=now.travelled(0.09, 0.44),
        y=math.sin(now.t * 1.3) * 0.03 * now.unit - climb,
        turn=2.5 * math.sin(now.t * 1.3 + 0.6),
        high=1.0 + flap,
        wide=1.0 - 0.4 * flap,
    )


def _float(now: _Instant) -> Stance:
    lift = math.sin(now.t * 1.05) * 0.022 * now.unit
    return Stance(x=now.travelled(0.015, 0.1), y=lift, turn=3.2 * math.sin(now.t * 0.8))


def _swim(now: _Instant) -> Stance:
    wave = math.sin(now.t * 2.4)
    if now.role.spot == "water":
        dip = 0.05 * now.role.height * math.sin(now.t * 1.7)
        return Stance(x=now.travelled(0.04, 0.3), y=dip, turn=4.0 * wave)
    dip = math.sin(now.t * 1.2) * 0.03 * now.unit
    return Stance(x=now.travelled(0.06, 0.36), y=dip, turn=3.0 * wave, wide=1.0 + 0.02 * wave)


def _sail(now: _Instant) -> Stance:
    heave = math.sin(now.t * 1.7) * 0.012 * now.unit
    return Stance(x=now.travelled(0.02, 0.14), y=heave, turn=2.4 * math.sin(now.t * 1.35))


def _dance(now: _Instant) -> Stance:
    beat = math.sin(now.t * 6.3)
    side = 0.03 * now.role.height * math.sin(now.t * 3.15)
    return Stance(x=side, y=-abs(beat) * 0.05 * now.role.height, turn=7.0 * beat)


def _fall(now: _Instant) -> Stance:
    side = math.sin(now.t * 1.8) * 0.05 * now.unit
    return Stance(x=side, y=now.along * 0.3 * now.high, turn=14.0 * math.sin(now.t * 1.8 + 0.8))


def _rise(now: _Instant) -> Stance:
    machine = now.role.part.kind == "aircraft"
    lift = 0.5 * min(0.36, 0.12 * now.view.length) * now.high
    shake = 0.002 * now.unit * math.sin(now.t * 40.0) if machine else 0.0
    return Stance(x=shake, y=-now.along * lift, turn=0.0 if machine else 2.5 * math.sin(now.t))


def _sway(now: _Instant) -> Stance:
    return Stance(turn=3.0 * math.sin(now.t * 1.6))


def _still(now: _Instant) -> Stance:
    """Beings breathe; what is built does not."""
    if now.role.part.kind in ("building", "thing"):
        return Stance()
    breath = math.sin(now.t * 2.1)
    return Stance(turn=0.7 * math.sin(now.t * 1.1), high=1.0 + 0.009 * breath, wide=1.0 - 0.005 * breath)


_PATHS: Mapping[Motion, Callable[[_Instant], Stance]] = {
    "still": _still,
    "run": _run,
    "walk": _walk,
    "fly": _fly,
    "float": _float,
    "swim": _swim,
    "dance": _dance,
    "drive": _drive,
    "fall": _fall,
    "rise": _rise,
    "sail": _sail,
    "sway": _sway,
}
