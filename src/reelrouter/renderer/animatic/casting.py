"""Who stands where: a scene's subjects become roles with a place, a size and a path. It draws nothing."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from reelrouter.renderer.animatic.brush import Brush, Setting
from reelrouter.renderer.animatic.figures import Part, part_of, usual_motion
from reelrouter.renderer.animatic.puppets import Pose, figure
from reelrouter.renderer.animatic.scene import Motion, Subject

Spot = Literal["floor", "air", "water", "deep", "perch", "shore", "back"]

MOST_FIGURES = 14
"""Figures on one stage, copies included; more would hide each other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """One figure of the film."""

    glyph: str
    pose: Pose
    part: Part
    motion: Motion
    spot: Spot
    x: float
    """Share of the width at the middle of the film."""
    y: float
    """Pixels: of its feet on the floor, of its middle in the air or the deep."""
    height: int
    """Pixels."""
    depth: float
    heading: int
    """1 to the right, -1 to the left."""
    phase: float
    """0 to 1: so that copies do not move as one."""
    colour: tuple[int, int, int]
    room: float
    """Share of the width that it can go to either side without leaving the picture."""
    rider: "Role | None" = None


def cast(brush: Brush, setting: Setting) -> list[Role]:
    """The roles of a scene, from back to front."""
    rng = brush.random("cast")
    roles: list[Role] = []
    leads = [subject for subject in brush.scene.subjects if subject.mount is None]
    shares = _shares(brush, setting, leads)
    for subject, share in zip(leads, shares, strict=True):
        riders = [rider for rider in brush.scene.subjects if _rides(brush, rider, subject)]
        role = _role(brush, setting, subject, share=share, crowd=_crowd(leads))
        if riders:
            role = _mounted(brush, role, riders[0])
        roles.extend(_copies(brush, setting, role, subject.count, rng))
    return sorted(roles[:MOST_FIGURES], key=lambda role: (_ORDER[role.spot], role.depth, role.y))


_ORDER: dict[Spot, int] = {"back": 0, "perch": 1, "air": 2, "deep": 3, "water": 3, "floor": 3, "shore": 4}


def _rides(brush: Brush, rider: Subject, mount: Subject) -> bool:
    return rider.mount is not None and brush.scene.subjects[rider.mount] is mount


def _crowd(leads: list[Subject]) -> float:
    """How much smaller each figure is where several share the stage."""
    grounded = sum(1 for subject in leads if part_of(subject.glyph).kind not in ("building", "plant"))
    return {0: 1.0, 1: 1.0, 2: 0.86, 3: 0.74}.get(grounded, 0.64)


def _shares(brush: Brush, setting: Setting, leads: list[Subject]) -> list[float]:
    """The first figure at the hero's place, the others beside it, what is built on the other side."""
    hero, side = brush.hero, 1 if brush.hero <= 0.5 else -1
    step = min(0.25, 0.56 / max(1, len(leads) - 1))
    shares, beside = [], 0
    for index, subject in enumerate(leads):
        kind = part_of(subject.glyph).kind
        if index == 0:
            shares.append(_first_share(brush, setting, kind, alone=len(leads) == 1))
        elif kind in ("building", "plant") and part_of(leads[0].glyph).kind not in ("building", "plant"):
            perched = setting.perch is not None and not setting.perch.settles
            shares.append(setting.perch.x if perched and setting.perch else hero + side * 0.3)
        else:
            beside += 1
            shares.append(hero + side * step * beside)
    return [float(np.clip(share, 0.12, 0.88)) for share in shares]


def _first_share(brush: Brush, setting: Setting, kind: str, *, alone: bool) -> float:
    if kind == "building" and setting.perch is not None and not setting.perch.settles:
        return setting.perch.x
    return brush.hero


def _role(brush: Brush, setting: Setting, subject: Subject, *, share: float, crowd: float) -> Role:
    part = part_of(subject.glyph)
    motion = _motion(subject, part, setting)
    pose: Pose = "stride" if motion in ("run", "walk") else "rest"
    spot = _spot(part, motion, setting)
    aspect = figure(subject.glyph, pose).aspect
    height = _height(brush, aspect, part, crowd)
    y, depth = _stand(brush, setting, spot, share, height)
    if spot == "perch":
        height = round(height * 0.72)
    if motion == "rise":
        y = max(y, 0.56 * brush.canvas.height)
    return Role(
        glyph=subject.glyph, pose=pose, part=part, motion=motion, spot=spot, x=share, y=y, height=height,
        depth=depth, heading=brush.heading, phase=0.0, colour=subject.colour or part.colour,
        room=_room(brush, share, height * aspect),
    )  # fmt: skip


def _room(brush: Brush, share: float, width: float) -> float:
    return max(0.03, min(share, 1 - share) - 0.03 - 0.56 * width / brush.canvas.width)


def _motion(subject: Subject, part: Part, setting: Setting) -> Motion:
    """What the prompt asks, or what such a figure does of itself in such a place."""
    if subject.motion != "still":
        return subject.motion
    if setting.surface == "void" and part.kind not in ("aircraft", "flyer"):
        return "float"
    if setting.surface == "deep" and part.kind not in ("building", "plant"):
        return "swim" if part.kind == "swimmer" else "float"
    return usual_motion(part.kind)


def _spot(part: Part, motion: Motion, setting: Setting) -> Spot:
    if setting.surface in ("void", "deep") and part.kind not in ("building", "plant"):
        return "deep"
    if setting.perch is not None and (part.kind == "building" or (setting.perch.settles and _small(part, motion))):
        return "perch"
    if part.kind in ("flyer", "aircraft", "floater") or motion in ("fly", "fall", "rise"):
        return "air"
    if setting.shore is not None and part.kind not in ("boat", "swimmer"):
        return "shore"
    if setting.surface == "water":
        return "water" if part.kind in ("boat", "swimmer", "walker", "vehicle") else "back"
    return "back" if part.kind == "building" else "floor"


def _small(part: Part, motion: Motion) -> bool:
    """What sits on a windowsill when there is one."""
    return part.kind in ("walker", "thing", "plant", "flyer") and part.size < 0.41 and motion in ("still", "sway")


def _height(brush: Brush, aspect: float, part: Part, crowd: float) -> int:
    """Tall as its part says, but never wider than its share of a narrow picture."""
    wanted = part.size * crowd * brush.tall * 1.02
    widest = 0.66 * crowd * brush.canvas.width * (part.size / 0.44) ** 0.5
    fitting: float = min(wanted, widest / aspect)
    return max(12, round(fitting))


def _stand(brush: Brush, setting: Setting, spot: Spot, share: float, height: int) -> tuple[float, float]:
    """Where feet or middle are, and how deep."""
    x, high = share * brush.canvas.width, brush.canvas.height
    match spot:
        case "perch" | "shore":
            perch = setting.perch if spot == "perch" else setting.shore
            if perch is None:
                raise ValueError(f"a figure was put on a {spot} that the place does not have")
            return perch.floor(x), perch.depth
        case "air":
            return max(0.36 * high, 0.6 * height), 0.42
        case "deep":
            return 0.47 * high, setting.depth
        case "water":
            return setting.floor(x) + 0.04 * height, setting.depth
        case "back":
            return setting.floor(x) - 0.035 * brush.unit, setting.depth - 0.12
        case "floor":
            return setting.floor(x), setting.depth


def _mounted(brush: Brush, role: Role, rider: Subject) -> Role:
    part = part_of(rider.glyph)
    share = 0.78 if rider.glyph == "\N{ADULT}\u200d\N{ROCKET}" else 0.56
    seated = Role(
        glyph=rider.glyph, pose="ride", part=part, motion="still", spot=role.spot, x=role.x, y=role.y,
        height=round(role.height * share), depth=role.depth, heading=role.heading, phase=0.0,
        colour=rider.colour or part.colour, room=role.room,
    )  # fmt: skip
    return Role(**{name: getattr(role, name) for name in Role.__slots__} | {"rider": seated})


def _copies(brush: Brush, setting: Setting, role: Role, count: int, rng: np.random.Generator) -> list[Role]:
    """A group around the first figure: each a little apart, smaller and out of step."""
    if count <= 1:
        return [role]
    base = {name: getattr(role, name) for name in Role.__slots__}
    group = []
    shrink = 0.82 if count <= 3 else 0.7 if count <= 5 else 0.62
    for index in range(count):
        place = (index + 0.5) / count - 0.5
        size = shrink * (1.0 if index == count // 2 else rng.uniform(0.62, 0.95))
        height = max(10, round(role.height * size))
        x = float(np.clip(role.x + place * min(0.92, 0.24 * count) + rng.uniform(-0.03, 0.03), 0.08, 0.92))
        if role.spot in ("air", "deep"):
            spread = 0.3 * brush.canvas.height * (1 if brush.canvas.height <= brush.canvas.width else 0.8)
            y = role.y + rng.uniform(-0.5, 0.5) * spread * (0.6 if role.spot == "air" else 1.0)
            y = max(y, 0.55 * height)
        else:
            y = _stand(brush, setting, role.spot, x, height)[0] - (1 - size / shrink) * 0.06 * brush.unit
        group.append(
            Role(
                **base
                | {
                    "x": x,
                    "y": y,
                    "height": height,
                    "phase": float(rng.random()),
                    "depth": role.depth * (0.86 + 0.14 * size / shrink),
                }
            )
        )
    return group
