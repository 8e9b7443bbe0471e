"""What a prompt was understood to ask for: closed words, no pixels."""

from dataclasses import dataclass
from typing import Literal

Environment = Literal[
    "ocean", "beach", "forest", "mountains", "desert", "city", "village", "meadow", "arctic",
    "underwater", "space", "moon", "mars", "room", "lake", "sky", "volcano",
]  # fmt: skip
TimeOfDay = Literal["dawn", "morning", "noon", "golden", "sunset", "dusk", "night"]
Weather = Literal[
    "clear", "clouds", "rain", "storm", "snow", "fog", "wind", "leaves", "petals", "stars", "aurora",
    "fireflies", "embers",
]  # fmt: skip
Camera = Literal["push", "pull", "left", "right", "up", "down", "orbit", "static", "track"]
Motion = Literal["still", "run", "walk", "fly", "float", "swim", "dance", "drive", "fall", "rise", "sail", "sway"]
Mood = Literal["calm", "joyful", "tense", "melancholy", "epic"]
Colour = tuple[int, int, int]
"""Red, green, blue, 0 to 255."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Something that the prompt names and the stage shows."""

    glyph: str
    """The emoji whose outline is cut out of paper."""
    name: str
    """What the prompt calls it."""
    count: int = 1
    motion: Motion = "still"
    mount: int | None = None
    """Index of the subject that this one rides, in `Scene.subjects`."""
    colour: Colour | None = None
    """A colour that the prompt gives it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    environment: Environment
    time_of_day: TimeOfDay
    weather: tuple[Weather, ...] = ("clear",)
    camera: Camera = "push"
    subjects: tuple[Subject, ...] = ()
    mood: Mood = "calm"
    colours: tuple[Colour, ...] = ()
    """Colours that the prompt names and that belong to no subject: accents of the whole picture."""
    wonders: frozenset[str] = frozenset()
    """Details that the prompt names: `coral`, `neon`, `rays`, `cliff`, `rainbow`, `autumn`, `snowy`."""
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Palette:
    """Colours that pictures handed over with the prompt bring along, the most frequent first."""

    colours: tuple[Colour, ...]
    """One at least; the stage grades its sky with the lightest, its ground with the darkest, accents with
    the most vivid."""
