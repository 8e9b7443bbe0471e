"""The stage: a scene becomes a film. Everything that can be drawn once is drawn here, before the first frame."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from reelrouter.renderer.animatic.actors import act
from reelrouter.renderer.animatic.brush import Brush, Setting
from reelrouter.renderer.animatic.casting import Role, cast
from reelrouter.renderer.animatic.film import Canvas, Film
from reelrouter.renderer.animatic.light import light_of
from reelrouter.renderer.animatic.paper import random
from reelrouter.renderer.animatic.places import city, cosmos, interior, land, reef, village, volcano, water, wild
from reelrouter.renderer.animatic.scene import Environment, Palette, Scene
from reelrouter.renderer.animatic.theatre import Layer, Theatre
from reelrouter.renderer.animatic.weather import bubbles, weather_layers

PLACES: Mapping[Environment, Callable[[Brush], Setting]] = {
    "ocean": water.ocean,
    "beach": water.beach,
    "lake": water.lake,
    "underwater": reef.underwater,
    "forest": wild.forest,
    "desert": wild.desert,
    "arctic": wild.arctic,
    "volcano": volcano.volcano,
    "mountains": land.mountains,
    "meadow": land.meadow,
    "city": city.city,
    "village": village.village,
    "space": cosmos.space,
    "moon": cosmos.moon,
    "mars": cosmos.mars,
    "sky": cosmos.open_sky,
    "room": interior.room,
}


def stage(scene: Scene, canvas: Canvas, palette: Palette | None = None) -> Film:
    """The film of a scene. `palette` grades sky, ground and accents with colours that pictures brought along."""
    brush = _brush(scene, canvas, palette)
    setting = PLACES[scene.environment](brush)
    behind, before = weather_layers(scene, canvas, brush.light)
    if scene.environment == "underwater":
        before.append(bubbles(canvas))
    brush = replace(brush, light=setting.light or brush.light)
    roles = cast(brush, setting)
    if scene.environment == "room":
        return _theatre(
            brush, _with_figures(brush, setting, roles, outside=[*behind, *before], behind=[], before=[])
        )
    return _theatre(brush, _with_figures(brush, setting, roles, outside=[], behind=behind, before=before))


def _brush(scene: Scene, canvas: Canvas, palette: Palette | None) -> Brush:
    """The composition: the hero on a third or in the middle, the sun behind it or on the other side."""
    rng = random(canvas.seed, "composition")
    hero = float(rng.choice([0.36, 0.64, 0.5], p=[0.4, 0.4, 0.2]))
    low = scene.time_of_day in ("dawn", "golden", "sunset", "dusk")
    behind = low and rng.random() < 0.45
    across = hero + rng.uniform(-0.05, 0.05) if behind else 1.0 - hero + rng.uniform(-0.06, 0.06)
    if abs(hero - 0.5) < 0.01 and not behind:
        across = float(rng.choice([0.28, 0.72]))
    heading = 1 if hero < 0.47 else -1 if hero > 0.53 else int(rng.choice([-1, 1]))
    height = rng.uniform(0.36, 0.44) if low else rng.uniform(0.17, 0.25)
    light = light_of(scene, palette)
    disc = (float(across), float(height))
    return Brush(scene=scene, canvas=canvas, light=light, hero=hero, disc=disc, heading=heading)


def _with_figures(
    brush: Brush,
    setting: Setting,
    roles: list[Role],
    *,
    outside: list[Layer],
    behind: list[Layer],
    before: list[Layer],
) -> list[Layer]:
    """The setting's layers with the figures and the weather put between them where they belong."""
    perch = setting.perch
    places: dict[int, list[Layer]] = {}
    lead = _lead(roles)
    for role in roles:
        at = setting.stage_at
        if role.spot == "perch" and perch is not None:
            at = perch.stage_at
        elif role.spot == "shore" and setting.shore is not None:
            at = setting.shore.stage_at
        elif role.spot == "air":
            at = setting.air_at
        places.setdefault(at, []).extend(act(brush, setting, role, lead=role is lead))
    layers: list[Layer] = []
    for index, layer in enumerate([*setting.layers, None]):
        if index == setting.air_at:
            layers.extend([*outside, *behind])
        layers.extend(places.get(index, ()))
        if layer is not None:
            layers.append(layer)
    return [*layers, *before]


def _lead(roles: list[Role]) -> Role | None:
    """The figure that the light favours: the tallest one that is not part of the place."""
    chosen = [role for role in roles if role.part.kind not in ("building", "plant")]
    return max(chosen, key=lambda role: role.height, default=None)


def _theatre(brush: Brush, layers: list[Layer]) -> Film:
    pivot = (0.5 + 0.6 * (brush.hero - 0.5), 0.56)
    camera = brush.scene.camera
    if camera == "track":
        camera = "right" if brush.heading > 0 else "left"
    return Theatre(canvas=brush.canvas, camera=camera, layers=tuple(layers), pivot=pivot)
