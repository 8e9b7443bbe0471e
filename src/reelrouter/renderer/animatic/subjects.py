"""The figures that a prompt names: how many, in which colour, doing what, and who rides whom."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

from reelrouter.renderer.animatic.figures import listed_glyphs, part_of, usual_motion
from reelrouter.renderer.animatic.glyphs import font_draws
from reelrouter.renderer.animatic.language import is_plural
from reelrouter.renderer.animatic.lexicon import Hit
from reelrouter.renderer.animatic.scene import Colour, Motion, Subject

MOST_SUBJECTS = 5

_PERSON = "\N{STANDING PERSON}"
_PERSONS: Mapping[Motion, str] = {
    "run": "\N{RUNNER}",
    "walk": "\N{PEDESTRIAN}",
    "dance": "\N{DANCER}",
    "swim": "\N{SWIMMER}",
    "sail": "\N{ROWBOAT}",
}
"""How a person without a trade is shown while doing something."""

_MEANT: Mapping[tuple[str, Motion], Motion] = {
    ("vehicle", "walk"): "drive",
    ("vehicle", "run"): "drive",
    ("boat", "walk"): "sail",
    ("boat", "drive"): "sail",
    ("boat", "run"): "sail",
    ("swimmer", "walk"): "swim",
    ("swimmer", "run"): "swim",
    ("aircraft", "drive"): "fly",
    ("aircraft", "walk"): "fly",
    ("aircraft", "run"): "fly",
    ("walker", "drive"): "walk",
    ("walker", "sail"): "float",
}
"""What a verb comes to for a figure that cannot do it literally: a train that crosses a valley drives."""

_BORN_TO: Mapping[str, Motion] = {
    "\N{HORSE RACING}": "run",
    "\N{RUNNER}": "run",
    "\N{PEDESTRIAN}": "walk",
    "\N{DANCER}": "dance",
    "\N{MAN DANCING}": "dance",
    "\N{BICYCLIST}": "drive",
    "\N{MOUNTAIN BICYCLIST}": "drive",
}
"""Figures that are drawn in the middle of something."""

_RIDDEN = {"\N{BICYCLE}": "\N{BICYCLIST}", "\N{HORSE}": "\N{HORSE RACING}"}
"""Where the font draws rider and mount together."""


@dataclass(slots=True)
class _Found:
    """A figure while the prompt is still being read."""

    hit: Hit
    glyph: str
    count: int = 1
    colour: Colour | None = None
    motions: list[tuple[float, Motion]] = field(default_factory=list)
    mount: "_Found | None" = None
    ridden: bool = False


def subjects_of(hits: list[Hit], colours: Mapping[str, Colour]) -> tuple[Subject, ...]:
    """At most five figures, in the prompt's order; the same one named twice counts once."""
    found = _named(hits)
    for figure in found:
        figure.colour = _colour(figure, hits, colours)
        figure.count = _count(figure, hits)
    _give_motions(found, hits)
    _seat_riders(found, hits)
    return _settled(found)


def _named(hits: list[Hit]) -> list[_Found]:
    found: list[_Found] = []
    for place, hit in enumerate(hits):
        glyphs = hit.values("subjects")
        if not glyphs or _excluded(hits, place):
            continue
        glyph = glyphs[0]
        if (glyph in listed_glyphs() or font_draws(glyph)) and all(other.glyph != glyph for other in found):
            found.append(_Found(hit, glyph))
    return found


def _excluded(hits: list[Hit], place: int) -> bool:
    """Whether the words just before say that it is not there."""
    return any(earlier.values("without") and hits[place].start - earlier.end <= 1 for earlier in hits[:place])


def _before(figure: _Found, hits: list[Hit], reach: int) -> list[Hit]:
    """What is said in the last words before a figure, the nearest last."""
    return [hit for hit in hits if 0 <= figure.hit.start - hit.end <= reach and hit.end <= figure.hit.start]


def _colour(figure: _Found, hits: list[Hit], colours: Mapping[str, Colour]) -> Colour | None:
    painted = figure.hit.values("paint")
    before = _before(figure, hits, 1)
    for hit in before if not painted else ():
        parted = any(
            other.start >= hit.end and (other.values("function") or other.values("numbers")) for other in before
        )
        painted += [] if parted else hit.values("colours")
    return colours.get(painted[-1]) if painted else None


def _count(figure: _Found, hits: list[Hit]) -> int:
    said = [int(value) for hit in _before(figure, hits, 2) for value in hit.values("numbers")]
    words = figure.hit.phrase.split()
    if words[:1] and words[0] in ("school", "shoal", "flock") and words[1:2] == ["of"]:
        return 7
    if words and words[-1] == "field":
        return 5
    if said and said[-1] > 1:
        return min(said[-1], 9)
    if words and is_plural(words[-1], figure.hit.language):
        return 2 if part_of(figure.glyph).kind == "building" else 3
    return 1


def _give_motions(found: list[_Found], hits: list[Hit]) -> None:
    """Each verb goes to the nearest figure, rather to one before it than to one after, unless weather is nearer.

    A verb between two figures is both of theirs: who walks a dog walks with it.
    """
    weather = [hit for hit in hits if hit.values("weather") and not hit.values("motion")]
    able = [figure for figure in found if part_of(figure.glyph).kind not in ("building", "plant")]
    for hit in hits:
        reach = min((_distance(other, hit) for other in weather), default=8.0)
        for value in hit.values("motion"):
            for figure in _movers(able, hit, min(7.0, reach), leads=value in ("walk", "run")):
                figure.motions.append((_distance(figure.hit, hit), cast(Motion, value)))


def _movers(able: list[_Found], verb: Hit, reach: float, *, leads: bool) -> list[_Found]:
    nearest = min(able, key=lambda figure: _distance(figure.hit, verb), default=None)
    movers = [nearest] if nearest is not None and _distance(nearest.hit, verb) <= reach else []
    led = (figure for figure in able if figure is not nearest and 0 <= figure.hit.start - verb.end <= 1)
    return [*movers, *led] if leads else movers


def _distance(figure: Hit, verb: Hit) -> float:
    return verb.start - figure.end if verb.start >= figure.end else figure.start - verb.end + 0.6


def _seat_riders(found: list[_Found], hits: list[Hit]) -> None:
    for hit in hits:
        if not hit.values("rides"):
            continue
        riders = [figure for figure in found if figure.hit.end <= hit.start]
        mounts = [figure for figure in found if figure.hit.start >= hit.end and hit.end + 4 >= figure.hit.start]
        if riders and mounts and _can_carry(mounts[0].glyph) and _can_ride(riders[-1].glyph):
            riders[-1].mount = mounts[0]
            mounts[0].ridden = True


def _can_carry(glyph: str) -> bool:
    return part_of(glyph).kind in ("walker", "swimmer", "flyer", "vehicle", "thing", "boat")


def _can_ride(glyph: str) -> bool:
    return part_of(glyph).kind in ("walker", "flyer", "thing")


def _settled(found: list[_Found]) -> tuple[Subject, ...]:
    """Found figures as subjects: a rider that the font draws with its mount is one of them."""
    chosen: list[_Found] = []
    for figure in found:
        joined = figure.mount is not None and figure.glyph == _PERSON and figure.mount.glyph in _RIDDEN
        if joined and figure.mount is not None:
            figure.mount.glyph = _RIDDEN[figure.mount.glyph]
        else:
            chosen.append(figure)
    chosen = chosen[:MOST_SUBJECTS]
    return tuple(_subject(figure, chosen) for figure in chosen)


def _subject(figure: _Found, chosen: list[_Found]) -> Subject:
    said = min(figure.motions)[1] if figure.motions else _usual(figure)
    motion = _MEANT.get((part_of(figure.glyph).kind, said), said)
    glyph = _PERSONS.get(motion, _PERSON) if figure.glyph == _PERSON and figure.mount is None else figure.glyph
    mounted = figure.mount is not None and any(other is figure.mount for other in chosen)
    place = next((index for index, other in enumerate(chosen) if other is figure.mount), None)
    return Subject(
        glyph=glyph, name=figure.hit.phrase, count=figure.count, motion="still" if mounted else motion,
        mount=place, colour=figure.colour,
    )  # fmt: skip


def _usual(figure: _Found) -> Motion:
    """What such a figure does when the prompt does not say."""
    if figure.ridden and part_of(figure.glyph).kind == "walker":
        return "run"
    if figure.glyph in _BORN_TO:
        return _BORN_TO[figure.glyph]
    return usual_motion(part_of(figure.glyph).kind)
