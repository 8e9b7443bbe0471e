"""The light of a stage: what the hour, the weather and handed-over colours do to every sheet of paper."""

import colorsys
import tomllib
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.resources import files
from typing import Any

import numpy as np

from reelrouter.renderer.animatic.scene import Colour, Environment, Palette, Scene, TimeOfDay


@dataclass(frozen=True, slots=True, kw_only=True)
class Light:
    sky: tuple[Colour, Colour, Colour, Colour]
    """Zenith to horizon."""
    ramp: tuple[Colour, Colour, Colour, Colour]
    """What plain paper looks like at depth 0, 1/3, 2/3 and 1."""
    disc: Colour
    """Sun or moon."""
    glow: Colour
    """The light around it, added to what lies behind."""
    key: tuple[float, float, float]
    """What the light does to a colour, channel by channel."""
    lamps: float
    """0 by day to 1 at night: how much windows and lanterns shine."""
    stars: float
    """0 to 1: how much of the starry sky is seen."""
    warmth: float = 0.0
    """0 to 1: how much a low sun washes paper's own colours out."""
    haze: float = 0.0
    """0 to 1: how much distance swallows beyond the ordinary."""
    accent: Colour | None = None

    def plain(self, depth: float) -> Colour:
        """Uncoloured paper at `depth`: 0 is the backdrop, 1 the front of the stage."""
        return _ramp(self.ramp, depth)

    def paper(self, colour: Colour, depth: float, keep: float = 0.5) -> Colour:
        """Coloured paper at `depth`; `keep` says how much of its own colour survives the air between."""
        own = times(mix(colour, _EVENING, 0.55 * self.warmth), self.key)
        clear = 0.35 * (1.0 - self.lamps) * (1.0 - self.warmth) - 0.7 * self.warmth
        lit = mix(self.plain(depth), own, min(0.92, keep * (1.0 + clear)))
        return mix(lit, self.sky[3], self.haze * (1.0 - depth) ** 0.8)

    @property
    def backlit(self) -> bool:
        """Whether the light comes from behind, so that figures stand dark before it."""
        return self.lamps >= 0.5

    @property
    def openness(self) -> float:
        """How much the paper rings around the disc let through: a moon shines less than a sun."""
        return 1.0 - 0.55 * max(0.0, self.lamps - 0.6) / 0.4

    @property
    def window(self) -> Colour:
        """Panes: pale by day, lit at night."""
        return mix((238, 226, 190), (255, 206, 110), self.lamps)

    @property
    def shade(self) -> Colour:
        """The colour of cast shadows."""
        return mix(self.ramp[3], (8, 6, 16), 0.55)


def light_of(scene: Scene, palette: Palette | None = None) -> Light:
    """The stage's light: the hour's, then the place's, the weather's, the seed's, and the palette's."""
    light = _light(scene.environment, scene.time_of_day)
    for weather in scene.weather:
        light = _weathered(light, weather)
    turn = float(np.random.default_rng([scene.seed, 11]).uniform(-0.018, 0.018))
    light = _turned(light, turn)
    if scene.colours:
        light = _accented(light, scene.colours[0])
    return light if palette is None else _graded(light, palette)


def indoors(light: Light) -> Light:
    """A room's own light: lamps when it is dark outside, plain day otherwise."""
    if light.lamps > 0.25 or light.haze > 0.1:
        return replace(
            light, key=(1.0, 0.86, 0.68), ramp=_LAMPLIT, warmth=0.0, haze=0.0, lamps=min(light.lamps, 0.45)
        )
    return replace(light, key=(1.0, 0.97, 0.92), ramp=_DAYLIT, warmth=0.0, haze=0.0)


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """`share` 0 is all `first`, 1 all `second`."""
    r, g, b = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return r, g, b


def times(colour: Colour, factors: tuple[float, float, float]) -> Colour:
    r, g, b = (min(255, round(c * f)) for c, f in zip(colour, factors, strict=True))
    return r, g, b


def luminance(colour: Colour) -> float:
    """0 to 1, as the eye weighs the channels."""
    return (0.2126 * colour[0] + 0.7152 * colour[1] + 0.0722 * colour[2]) / 255.0


def shifted(colour: Colour, *, hue: float = 0.0, saturation: float = 1.0, value: float = 1.0) -> Colour:
    """The colour moved on the wheel (`hue` in turns) and scaled in saturation and value."""
    h, s, v = colorsys.rgb_to_hsv(*(c / 255 for c in colour))
    r, g, b = colorsys.hsv_to_rgb((h + hue) % 1.0, min(1.0, s * saturation), min(1.0, v * value))
    return round(r * 255), round(g * 255), round(b * 255)


@lru_cache(maxsize=64)
def _light(environment: Environment, hour: TimeOfDay) -> Light:
    """The place's own light if it has one, and the hour's otherwise."""
    table = _tables()
    own = table["place"].get(environment)
    if own is None:
        own = table["hour"][hour]
    elif "sky" not in own:
        own = own[_THIRDS[hour]]
    a, b, c, d = (_colour(text) for text in own["sky"])
    e, f, g, h = (_colour(text) for text in own["ramp"])
    red, green, blue = own["key"]
    return Light(
        sky=(a, b, c, d), ramp=(e, f, g, h), disc=_colour(own["disc"]), glow=_colour(own["glow"]),
        key=(red, green, blue), lamps=own["lamps"], stars=own["stars"], warmth=own["warmth"],
    )  # fmt: skip


_THIRDS: dict[TimeOfDay, str] = {
    "dawn": "late",
    "morning": "day",
    "noon": "day",
    "golden": "day",
    "sunset": "late",
    "dusk": "late",
    "night": "night",
}
"""Where the hour matters less: under water, on Mars."""


@lru_cache(maxsize=1)
def _tables() -> dict[str, dict[str, Any]]:
    return tomllib.loads(files("reelrouter.renderer.animatic").joinpath("light.toml").read_text("utf-8"))


def _colour(text: str) -> Colour:
    return int(text[0:2], 16), int(text[2:4], 16), int(text[4:6], 16)


def _weathered(light: Light, weather: str) -> Light:
    match weather:
        case "storm":
            return _veiled(light, (38, 44, 62), 0.5, haze=0.12)
        case "rain":
            return _veiled(light, (92, 106, 128), 0.3, haze=0.16)
        case "snow":
            return _veiled(light, (206, 216, 232) if light.lamps < 0.5 else (90, 110, 150), 0.16, haze=0.12)
        case "fog":
            return _veiled(light, (200, 206, 212) if light.lamps < 0.5 else (74, 86, 112), 0.3, haze=0.55)
        case "clouds":
            return _veiled(light, (176, 188, 204) if light.lamps < 0.5 else (46, 56, 84), 0.14, haze=0.05)
        case _:
            return light


def _veiled(light: Light, veil: Colour, share: float, *, haze: float) -> Light:
    """The light seen through `veil`: by night the veil itself lies in the dark."""
    own = mix(veil, light.sky[1], 0.45 * light.lamps)
    a, b, c, d = (mix(colour, own, share) for colour in light.sky)
    e, f, g, h = (mix(colour, own, share * weight) for colour, weight in zip(light.ramp, _NEARER, strict=True))
    return replace(
        light,
        sky=(a, b, c, d),
        ramp=(e, f, g, h),
        glow=mix(light.glow, (0, 0, 0), share),
        stars=light.stars * (1.0 - min(1.0, 2.0 * share)),
        haze=max(light.haze, haze),
    )


def _accented(light: Light, accent: Colour) -> Light:
    """The light with a colour that the prompt names for the whole picture."""
    a, b, c, d = (
        mix(colour, accent, share) for colour, share in zip(light.sky, (0.2, 0.3, 0.3, 0.16), strict=True)
    )
    e, f, g, h = (mix(colour, accent, share) for colour, share in zip(light.ramp, _NEARER, strict=True))
    own = (
        mix(e, light.ramp[0], 0.5),
        mix(f, light.ramp[1], 0.5),
        mix(g, light.ramp[2], 0.5),
        mix(h, light.ramp[3], 0.5),
    )
    return replace(light, sky=(a, b, c, d), ramp=own, accent=accent)


_NEARER = (0.9, 0.7, 0.4, 0.2)


def _graded(light: Light, palette: Palette) -> Light:
    """The light in the picture's own colours: its lightest in the sky, its darkest in the ground."""
    by_light = sorted(palette.colours, key=luminance)
    dark, pale = by_light[0], by_light[-1]
    middle = by_light[len(by_light) // 2]
    vivid = max(palette.colours, key=lambda colour: max(colour) - min(colour))
    a, b, c, d = light.sky
    e, f, g, h = light.ramp
    return replace(
        light,
        sky=(mix(a, middle, 0.5), mix(b, middle, 0.4), mix(c, pale, 0.45), mix(d, pale, 0.5)),
        ramp=(mix(e, pale, 0.4), mix(f, middle, 0.5), mix(g, mix(middle, dark, 0.5), 0.5), mix(h, dark, 0.5)),
        accent=vivid,
    )


def _turned(light: Light, hue: float) -> Light:
    a, b, c, d = (shifted(colour, hue=hue) for colour in light.sky)
    e, f, g, h = (shifted(colour, hue=hue) for colour in light.ramp)
    return replace(light, sky=(a, b, c, d), ramp=(e, f, g, h))


_LAMPLIT = ((232, 190, 138), (182, 126, 86), (116, 72, 54), (50, 30, 32))


_DAYLIT = ((240, 224, 196), (206, 170, 134), (146, 104, 82), (72, 50, 48))


_EVENING: Colour = (158, 118, 170)
"""What a low sun makes of every paper's own colour, so that greens and blues do not turn grey in it."""


def _ramp(stops: tuple[Colour, ...], at: float) -> Colour:
    place = min(max(at, 0.0), 1.0) * (len(stops) - 1)
    low = min(int(place), len(stops) - 2)
    return mix(stops[low], stops[low + 1], place - low)
