"""Which part each glyph can play: walker or flyer, tall or small, and the colour of its paper."""

import tomllib
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Literal, get_args

from reelrouter.renderer.animatic.light import shifted
from reelrouter.renderer.animatic.scene import Colour, Motion

Kind = Literal[
    "walker", "flyer", "aircraft", "floater", "swimmer", "boat", "vehicle", "building", "plant", "thing"
]


@dataclass(frozen=True, slots=True)
class Part:
    kind: Kind
    size: float
    """How tall it stands, as a share of the picture's height, when it is alone."""
    colour: Colour


def part_of(glyph: str) -> Part:
    """What `figures.toml` says of a glyph; an unlisted one is a thing in a colour drawn from its name."""
    plain = glyph.replace("\ufe0f", "")
    listed = _parts().get(plain)
    if listed:
        return listed
    hue = (zlib.crc32(plain.encode()) % 1000) / 1000
    return Part("thing", 0.3, shifted((214, 120, 96), hue=hue))


def usual_motion(kind: Kind) -> Motion:
    """What such a figure does when nobody says."""
    return _USUAL.get(kind, "still")


_USUAL: Mapping[Kind, Motion] = {
    "flyer": "fly",
    "aircraft": "fly",
    "floater": "float",
    "swimmer": "swim",
    "boat": "sail",
    "vehicle": "drive",
    "plant": "sway",
}


def listed_glyphs() -> frozenset[str]:
    """The glyphs, and names of hand-made figures, that `figures.toml` knows."""
    return frozenset(_parts())


@lru_cache(maxsize=1)
def _parts() -> dict[str, Part]:
    table = tomllib.loads(files("reelrouter.renderer.animatic").joinpath("figures.toml").read_text("utf-8"))
    parts = {}
    for kind in get_args(Kind):
        for glyph, (size, colour) in table.get(kind, {}).items():
            red, green, blue = (int(colour[at : at + 2], 16) for at in (0, 2, 4))
            parts[glyph.replace("\ufe0f", "")] = Part(kind, size, (red, green, blue))
    return parts
