"""The light of a stage: what the hour, the weather and handed-over colours do to every sheet of paper."""

import colorsys
from dataclasses import dataclass, replace

import numpy as np

from reelrouter.renderer.animatic.scene import Colour, Palette, Scene, TimeOfDay


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


_EVENING: Colour = (158, 118, 170)
"""What a low sun makes of every paper's own colour, so that greens and blues do not turn grey in it."""


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


def light_of(scene: Scene, palette: Palette | None = None) -> Light:
    """The stage's light: the hour's, then the place's, the weather's, the seed's, and the palette's."""
    light = _PLACES.get(scene.environment, {}).get(scene.time_of_day) or _HOURS[scene.time_of_day]
    if scene.environment in _LIGHTS:
        light = _LIGHTS[scene.environment]
    for weather in scene.weather:
        light = _weathered(light, weather)
    turn = float(np.random.default_rng([scene.seed, 11]).uniform(-0.018, 0.018))
    light = _turned(light, turn)
    if scene.colours:
        light = _accented(light, scene.colours[0])
    return light if palette is None else _graded(light, palette)


def _ramp(stops: tuple[Colour, ...], at: float) -> Colour:
    place = min(max(at, 0.0), 1.0) * (len(stops) - 1)
    low = min(int(place), len(stops) - 2)
    return mix(stops[low], stops[low + 1], place - low)


def _turned(light: Light, hue: float) -> Light:
    a, b, c, d = (shifted(colour, hue=hue) for colour in light.sky)
    e, f, g, h = (shifted(colour, hue=hue) for colour in light.ramp)
    return replace(light, sky=(a, b, c, d), ramp=(e, f, g, h))


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


def _colour(text: str) -> Colour:
    return int(text[0:2], 16), int(text[2:4], 16), int(text[4:6], 16)


def _light(sky: str, ramp: str, disc: str, glow: str, numbers: tuple[float, ...]) -> Light:
    """`numbers`: the key's three factors, lamps, stars, warmth."""
    a, b, c, d = (_colour(text) for text in sky.split())
    e, f, g, h = (_colour(text) for text in ramp.split())
    red, green, blue, lamps, stars, warmth = numbers
    return Light(
        sky=(a, b, c, d),
        ramp=(e, f, g, h),
        disc=_colour(disc),
        glow=_colour(glow),
        key=(red, green, blue),
        lamps=lamps,
        stars=stars,
        warmth=warmth,
    )


_HOURS: dict[TimeOfDay, Light] = {
    "dawn": _light(
        "6f86c2 a9a3d0 f3bdb6 ffe3bf",
        "f0c8c6 b58eb6 685e9e 2e2a60",
        "fff4d6", "6a4630", (1.0, 0.86, 0.88, 0.3, 0.08, 0.5),
    ),
    "morning": _light(
        "4fa3dc 8cc9ec c9e8ee fdf3d6",
        "bfdde0 83b8b2 3f8680 1b4f57",
        "fffbe6", "4a4028", (1.0, 0.99, 0.94, 0.0, 0.0, 0.0),
    ),
    "noon": _light(
        "2388d6 5cb4ea a5d9f2 e6f5f2",
        "aed5e8 6eaac0 2d7b8c 104a60",
        "fffdf0", "40402c", (1.0, 1.0, 1.0, 0.0, 0.0, 0.0),
    ),
    "golden": _light(
        "6c9cc0 e4bf98 ffca78 fff0b4",
        "f8c592 dc7c68 8f4668 3a2450",
        "fffbe0", "6e4a1c", (1.0, 0.86, 0.64, 0.1, 0.0, 0.6),
    ),
    "sunset": _light(
        "40296b a53f78 f2774f ffd07e",
        "e98f6c a84f6a 592e5d 23163c",
        "fff0b4", "7a3c1c", (0.98, 0.7, 0.62, 0.55, 0.1, 1.0),
    ),
    "dusk": _light(
        "1b2150 43427f a56d9b f3b0a0",
        "9a83ae 5d5189 303161 141a3a",
        "fdf0dc", "4c3040", (0.68, 0.62, 0.82, 0.85, 0.45, 0.6),
    ),
    "night": _light(
        "060c25 10214c 23427a 4a70a6",
        "4666a0 294775 15294e 081329",
        "f6f2dc", "2c3644", (0.42, 0.52, 0.82, 1.0, 1.0, 0.35),
    ),
}  # fmt: skip

_LIGHTS: dict[str, Light] = {
    "space": _light(
        "05061a 141038 2b1b58 43297a",
        "5a4a96 3b3274 211d50 0d0d2a",
        "fff6dc", "3c2c5c", (0.86, 0.84, 1.0, 0.9, 1.0, 0.2),
    ),
    "moon": _light(
        "03040e 0a0d22 151b3a 232c54",
        "8d93ac 676d88 3f4560 181c30",
        "ffffff", "303448", (0.9, 0.92, 1.0, 0.8, 1.0, 0.2),
    ),
}  # fmt: skip

_LAMPLIT = ((232, 190, 138), (182, 126, 86), (116, 72, 54), (50, 30, 32))
_DAYLIT = ((240, 224, 196), (206, 170, 134), (146, 104, 82), (72, 50, 48))

_SEA = {
    "day": _light(
        "8fe3e6 3fb4cf 1a7fb0 0d5a93",
        "3f9fc0 237aa6 124f80 08284f",
        "f2fff2", "2c5a50", (0.86, 0.98, 1.0, 0.2, 0.0, 0.2),
    ),
    "late": _light(
        "f2b98a 7a8fb8 2f5f9a 1a3f78",
        "5a7cae 345a92 1d3a70 0c1c48",
        "fff0d0", "5a4428", (0.95, 0.86, 0.95, 0.5, 0.0, 0.2),
    ),
    "night": _light(
        "2f6a9c 174a80 0c2f60 071c42",
        "23588c 143f6e 0a264c 040f28",
        "e4f4ff", "183848", (0.5, 0.72, 0.95, 0.9, 0.0, 0.2),
    ),
}  # fmt: skip
_RED = {
    "day": _light(
        "c07a52 d99a6a ecbc8a f9dcb0",
        "e2a578 bd6f48 8a4430 45201f",
        "fff6e0", "50382c", (1.0, 0.84, 0.74, 0.1, 0.0, 0.2),
    ),
    "late": _light(
        "3a2a4c 7a4058 c4664e f0a878",
        "c47a5c 8f4a48 552a3a 25142a",
        "e8f0ff", "3c3440", (0.95, 0.66, 0.6, 0.6, 0.25, 0.2),
    ),
    "night": _light(
        "0c0a1e 24163a 4a2848 7c4650",
        "7a4650 522e44 301c34 140c1e",
        "f2e6dc", "30242c", (0.66, 0.5, 0.6, 1.0, 1.0, 0.2),
    ),
}  # fmt: skip


def _by_hour(lights: dict[str, Light]) -> dict[TimeOfDay, Light]:
    day, late, night = lights["day"], lights["late"], lights["night"]
    return {
        "dawn": late, "morning": day, "noon": day, "golden": day, "sunset": late, "dusk": late, "night": night,
    }  # fmt: skip


_PLACES: dict[str, dict[TimeOfDay, Light]] = {"underwater": _by_hour(_SEA), "mars": _by_hour(_RED)}
