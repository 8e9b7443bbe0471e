"""Reading a prompt: its words vote for a place, an hour, weather and a camera move, and name the figures."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import cast, get_args

from reelrouter.renderer.animatic.figures import part_of
from reelrouter.renderer.animatic.lexicon import Hit, habitats, read
from reelrouter.renderer.animatic.paper import random
from reelrouter.renderer.animatic.scene import (
    Camera,
    Colour,
    Environment,
    Mood,
    Scene,
    Subject,
    TimeOfDay,
    Weather,
)
from reelrouter.renderer.animatic.subjects import subjects_of

_COLOURS: dict[str, Colour] = {
    "red": (222, 62, 50),
    "orange": (240, 138, 48),
    "yellow": (248, 200, 60),
    "green": (92, 170, 92),
    "blue": (70, 128, 208),
    "purple": (140, 92, 190),
    "pink": (242, 138, 176),
    "white": (248, 246, 240),
    "black": (58, 54, 66),
    "brown": (146, 96, 62),
    "grey": (152, 156, 166),
    "turquoise": (64, 184, 184),
    "gold": (232, 182, 72),
}

_PLEASANT: tuple[Environment, ...] = ("mountains", "meadow", "ocean", "lake", "forest", "beach", "sky", "village")
"""Where a prompt plays that names no place and no figure that is at home somewhere."""

_USUAL_HOURS: dict[str, tuple[TimeOfDay, ...]] = {
    "city": ("dusk", "night", "sunset"),
    "space": ("night",),
    "moon": ("night",),
    "volcano": ("dusk", "night"),
    "room": ("dusk", "morning", "golden"),
    "underwater": ("noon", "morning"),
    "arctic": ("dawn", "morning", "dusk"),
    "mars": ("noon", "golden"),
}
_HOURS: tuple[TimeOfDay, ...] = ("golden", "morning", "sunset", "dawn", "noon")

_SPECIFIC = {"mars": 4.0, "moon": 4.0, "underwater": 3.0, "space": 2.5, "volcano": 3.0, "room": 2.4, "arctic": 2.4,
             "city": 2.1, "sky": 1.2, "meadow": 1.8, "mountains": 2.2, "beach": 2.2}  # fmt: skip
"""Weights of environments: those that exclude others weigh more than those that are part of any view."""

_LEANS = {
    "snow": "arctic",
    "leaves": "forest",
    "petals": "meadow",
    "aurora": "arctic",
    "fireflies": "forest",
    "embers": "volcano",
}
"""Where weather is at home, when nothing else says where."""

_HARD: dict[str, tuple[str, ...]] = {"snow": ("leaves", "petals"), "storm": ("clear",), "rain": ("clear",)}
"""Weather that drives other weather away."""


def read_prompt(prompt: str, seed: int) -> Scene:
    """What a prompt asks for. Any text gives a scene: what it leaves open, the seed decides."""
    hits = read(prompt)
    subjects = subjects_of(hits, _COLOURS)
    environment = _environment(hits, subjects, seed)
    weather = _weather(hits, environment)
    return Scene(
        environment=environment,
        time_of_day=_time_of_day(hits, environment, weather, seed),
        weather=weather,
        camera=_camera(hits, subjects, seed),
        subjects=subjects,
        mood=_mood(hits),
        colours=_colours(hits, subjects),
        wonders=_wonders(hits, subjects),
        seed=seed,
    )


def _said(hits: Iterable[Hit], kind: str) -> list[str]:
    return [value for hit in hits for one, value in hit.meanings if one == kind]


def _environment(hits: list[Hit], subjects: tuple[Subject, ...], seed: int) -> Environment:
    votes: defaultdict[str, float] = defaultdict(float)
    for hit in hits:
        for value in hit.values("environment"):
            votes[value] += _SPECIFIC.get(value, 2.0) * (1.0 + 0.15 * hit.phrase.count(" "))
    for value in _said(hits, "weather"):
        if value in _LEANS:
            votes[_LEANS[value]] += 0.8
    for index, subject in enumerate(subjects):
        home = habitats().get(subject.glyph)
        if home:
            votes[home] += 0.9 if index == 0 else 1.0 if home == "ocean" else 0.5
    if not votes:
        rng = random(seed, "environment")
        return _PLEASANT[int(rng.integers(0, len(_PLEASANT)))]
    best = max(votes, key=lambda value: votes[value])
    return "beach" if best == "ocean" and _on_land(subjects) else cast(Environment, best)


def _on_land(subjects: tuple[Subject, ...]) -> bool:
    """Whether all that the prompt names walks or is built: then the sea is looked at from the shore."""
    kinds = {part_of(subject.glyph).kind for subject in subjects if subject.glyph != "lighthouse"}
    return bool(kinds) and kinds <= {"walker", "vehicle", "building", "plant", "thing"}


def _weather(hits: list[Hit], environment: Environment) -> tuple[Weather, ...]:
    said = [value for value in dict.fromkeys(_said(hits, "weather")) if value in get_args(Weather)]
    gone = {loser for winner in said for loser in _HARD.get(winner, ())}
    if environment in ("space", "moon"):
        gone |= {"rain", "storm", "snow", "fog", "wind", "clouds", "leaves", "petals"}
    if environment == "underwater":
        gone |= {"rain", "snow", "fog", "leaves", "petals", "clouds", "wind", "storm"}
    kept = [cast(Weather, value) for value in said if value not in gone]
    if environment == "volcano" and "embers" not in kept:
        kept.append("embers")
    if len(kept) > 1 and "clear" in kept:
        kept.remove("clear")
    return tuple(kept) or ("clear",)


def _time_of_day(hits: list[Hit], environment: Environment, weather: tuple[Weather, ...], seed: int) -> TimeOfDay:
    votes: defaultdict[str, float] = defaultdict(float)
    for hit in hits:
        for value in hit.values("time_of_day"):
            votes[value] += 1 + hit.phrase.count(" ") + (_FAINT_HOURS.get(hit.phrase, 0))
    if votes:
        return cast(TimeOfDay, max(votes, key=lambda value: votes[value]))
    if {"stars", "aurora", "fireflies"} & set(weather):
        return "night"
    if {"storm", "embers"} & set(weather):
        return "dusk"
    hours = _USUAL_HOURS.get(environment, _HOURS)
    return hours[int(random(seed, "hour").integers(0, len(hours)))]


_FAINT_HOURS: dict[str, float] = dict.fromkeys(
    ("spring", "fresh", "summer", "autumn", "bright", "day", "dark", "moon"), -0.5
)
"""Words that hint at an hour without naming it."""


def _camera(hits: list[Hit], subjects: tuple[Subject, ...], seed: int) -> Camera:
    said = _said(hits, "camera")
    if said:
        return cast(Camera, said[0])
    rng = random(seed, "camera")
    if subjects and subjects[0].motion in ("run", "drive") and rng.random() < 0.5:
        return "track"
    if subjects and subjects[0].motion == "rise":
        return "up" if rng.random() < 0.5 else "push"
    moves: tuple[Camera, ...] = ("push", "push", "push", "pull", "left", "right", "orbit")
    return moves[int(rng.integers(0, len(moves)))]


def _mood(hits: list[Hit]) -> Mood:
    said = Counter(value for value in _said(hits, "mood"))
    return cast(Mood, said.most_common(1)[0][0]) if said else "calm"


def _colours(hits: list[Hit], subjects: tuple[Subject, ...]) -> tuple[Colour, ...]:
    """Named colours that no figure wears."""
    named = dict.fromkeys(_COLOURS[value] for value in _said(hits, "colours") if value in _COLOURS)
    worn = {subject.colour for subject in subjects}
    return tuple(colour for colour in named if colour not in worn)[:3]


def _wonders(hits: list[Hit], subjects: tuple[Subject, ...]) -> frozenset[str]:
    found = set(_said(hits, "wonders"))
    if any(subject.glyph == "lighthouse" for subject in subjects):
        found.add("cliff")
    return frozenset(found)
