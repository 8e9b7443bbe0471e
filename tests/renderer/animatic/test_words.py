"""Reading prompts: place, hour, weather, camera and figures."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reelrouter.renderer.animatic.scene import Scene, Subject
from reelrouter.renderer.animatic.words import read_prompt

SEED = 7
ASTRONAUT = "\N{ADULT}\u200d\N{ROCKET}"

PLACES = [
    ("a red fox in falling snow at dawn", "forest", "dawn", "🦊"),
    ("a sailboat on a calm ocean at sunset, slow push in", "ocean", "sunset", "⛵"),
    ("a dragon over a castle in a storm at night", "mountains", "night", "🐉🏰"),
    ("rainy neon city street at night, a taxi passes", "city", "night", "🚕"),
    ("whales under water with sun rays", "underwater", None, "🐋"),
    ("a school of fish in a coral reef", "underwater", None, "🐠"),
    ("a cat on a windowsill, cosy room, rain outside", "room", None, "🐈"),
    ("a cyclist in a spring meadow with petals", "meadow", "morning", "🚴"),
    ("a rocket rising into a starry sky", "sky", "night", "🚀"),
    ("dunes on Mars", "mars", None, ""),
    ("falling leaves in autumn", "forest", "golden", ""),
    ("a yellow school bus driving through the village", "village", None, "🚌"),
    ("two white swans on a misty lake at dawn", "lake", "dawn", "🦢"),
    ("polar bear on an iceberg, northern lights", "arctic", "night", "🐻"),
    ("a T-Rex in a jungle", "forest", None, "🦖"),
    ("a robot dancing in the desert", "desert", None, "🤖"),
    ("lava flows down a volcano at dusk", "volcano", "dusk", ""),
    ("an astronaut on the moon", "moon", "night", ASTRONAUT),
    ("a spaceship near saturn in deep space", "space", "night", "🚀"),
    ("an eagle soaring above the clouds", "sky", None, "🦅"),
    ("a woman walking by the sea", "beach", None, "🚶"),
    ("a family of ducks on a pond", "lake", None, "🦆"),
    ("a crab on a tropical beach at noon", "beach", "noon", "🦀"),
    ("a street without cars in the rain", "city", None, ""),
    ("a cup of coffee on a wooden table by the window", "room", None, "☕"),
    ("snow, sun, stars and the moon over mountains", "mountains", None, ""),
]

TONGUES = [
    ("un zorro en la nieve al amanecer", "dawn", "🦊"),
    ("ein Fuchs im verschneiten Wald bei Sonnenaufgang", "dawn", "🦊"),
    ("un renard roux dans la forêt enneigée à l'aube", "dawn", "🦊"),
    ("una volpe nella neve all'alba", "dawn", "🦊"),
    ("uma raposa na neve ao amanhecer", "dawn", "🦊"),
    ("лиса в снегу на рассвете", "dawn", "🦊"),
    ("雪中的狐狸 黎明", "dawn", "🦊"),
    ("夜明けの雪の中の狐", "dawn", "🦊"),
    ("눈 속의 여우, 새벽", "dawn", "🦊"),
    ("ثعلب في الثلج عند الفجر", "dawn", "🦊"),
    ("روباهی در برف هنگام سپیده‌دم", "dawn", "🦊"),
    ("seekor rubah di salju saat fajar", "dawn", "🦊"),
    ("şafakta karda bir tilki", "dawn", "🦊"),
]


def glyphs(scene: Scene) -> str:
    return "".join(subject.glyph for subject in scene.subjects)


def only(scene: Scene) -> Subject:
    assert len(scene.subjects) == 1, scene.subjects
    return scene.subjects[0]


@pytest.mark.parametrize(("prompt", "environment", "hour", "figures"), PLACES)
def test_english_prompts_name_place_hour_and_figures(
    prompt: str, environment: str, hour: str | None, figures: str
) -> None:
    """Words vote for a place and an hour, and nouns that set the scene are no figures."""
    scene = read_prompt(prompt, SEED)

    assert scene.environment == environment
    assert hour is None or scene.time_of_day == hour
    assert glyphs(scene) == figures


@pytest.mark.parametrize(("prompt", "hour", "figure"), TONGUES)
def test_the_same_scene_is_read_in_thirteen_other_languages(prompt: str, hour: str, figure: str) -> None:
    """A fox in the snow at dawn is one in every language that the emoji names cover."""
    scene = read_prompt(prompt, SEED)

    assert (scene.time_of_day, scene.weather, glyphs(scene)) == (hour, ("snow",), figure)
    assert scene.environment == "forest"


@pytest.mark.parametrize(
    ("prompt", "weather"),
    [
        ("a meadow in the rain", ("rain",)),
        ("thunderstorm over fields", ("storm",)),
        ("cherry blossoms in a garden", ("petals",)),
        ("northern lights over a village", ("aurora",)),
        ("fireflies by a pond", ("fireflies",)),
        ("a foggy harbour by the sea", ("fog",)),
        ("autumn leaves in the snow", ("snow",)),
        ("rain under water", ("clear",)),
        ("a volcano", ("embers",)),
    ],
)
def test_weather(prompt: str, weather: tuple[str, ...]) -> None:
    """Weather that cannot be together, or not in that place, does not come."""
    assert read_prompt(prompt, SEED).weather == weather


@pytest.mark.parametrize(
    ("prompt", "camera"),
    [
        ("a forest, slow dolly in", "push"),
        ("a forest, the camera pulls back", "pull"),
        ("pan left across a lake", "left"),
        ("panning right over the beach", "right"),
        ("crane up over the city", "up"),
        ("an orbit shot of a castle", "orbit"),
        ("static shot of a room", "static"),
        ("a tracking shot of a runner", "track"),
        ("tilt down to the village", "down"),
    ],
)
def test_camera_words(prompt: str, camera: str) -> None:
    """A named camera move is the one that is made; the bird called crane does not come with it."""
    scene = read_prompt(prompt, SEED)

    assert scene.camera == camera
    assert "🦩" not in glyphs(scene)


@pytest.mark.parametrize(
    ("prompt", "count"),
    [
        ("three red balloons", 3),
        ("two horses", 2),
        ("a flock of birds", 7),
        ("a horse", 1),
        ("horses", 3),
        ("9 whales", 9),
    ],
)
def test_counts(prompt: str, count: int) -> None:
    """Number words, groups and plurals say how many; one word asks for one."""
    assert only(read_prompt(prompt, SEED)).count == count


def test_a_rider_sits_on_its_mount() -> None:
    """An astronaut riding a horse is two figures, one on the other, and the horse runs."""
    rider, mount = read_prompt("an astronaut riding a horse on Mars", SEED).subjects

    assert (rider.glyph, rider.mount) == (ASTRONAUT, 1)
    assert (mount.glyph, mount.mount, mount.motion) == ("🐎", None, "run")


@pytest.mark.parametrize(
    ("prompt", "glyph"),
    [("a girl riding a bicycle", "🚴"), ("a man rides a horse", "🏇"), ("a black cat", "🐈‍⬛")],
)
def test_figures_that_the_font_draws_whole_are_one(prompt: str, glyph: str) -> None:
    """The longest phrase wins, and rider and mount are one figure where the font has it."""
    assert only(read_prompt(prompt, SEED)).glyph == glyph


@pytest.mark.parametrize(
    ("prompt", "glyph", "motion"),
    [
        ("a woman running along the beach", "🏃", "run"),
        ("an old man walks home", "🚶", "walk"),
        ("a boy swimming in a lake", "🏊", "swim"),
        ("a horse galloping", "🐎", "run"),
        ("a dog sleeping", "🐕", "still"),
        ("a train crossing a valley", "🚂", "drive"),
        ("an eagle", "🦅", "fly"),
        ("a castle in falling rain", "🏰", "still"),
    ],
)
def test_motions(prompt: str, glyph: str, motion: str) -> None:
    """Verbs go to the figure they belong to; figures without a verb do what is usual for them."""
    first = read_prompt(prompt, SEED).subjects[0]

    assert (first.glyph, first.motion) == (glyph, motion)


def test_a_verb_between_two_figures_is_both_of_theirs() -> None:
    """Who walks a dog walks with it."""
    woman, dog = read_prompt("a woman walking her dog in the park", SEED).subjects

    assert (woman.motion, dog.motion) == ("walk", "walk")


def test_colours_go_to_the_figure_they_stand_before() -> None:
    """A blue taxi is blue, a red fox is a kind of fox, and a colour of nothing belongs to the picture."""
    assert only(read_prompt("a blue taxi", SEED)).colour == (70, 128, 208)
    assert only(read_prompt("a red fox", SEED)).colour is None
    assert read_prompt("a blue taxi", SEED).colours == ()
    purple = read_prompt("a forest in purple, a deer", SEED)
    assert (purple.colours, only(purple).colour) == (((140, 92, 190),), None)


def test_what_the_prompt_excludes_does_not_come() -> None:
    """`without cars` shows none."""
    assert glyphs(read_prompt("a city without cars, a bus", SEED)) == "🚌"


def test_at_most_five_figures_in_the_order_of_the_prompt() -> None:
    """More names than fit on a stage keep the first five."""
    scene = read_prompt("a fox, a wolf, a bear, a deer, an owl, a rabbit and a snake", SEED)

    assert glyphs(scene) == "🦊🐺🐻🦌🦉"


@pytest.mark.parametrize("prompt", ["", "!!!", "asdf qwer zxcv", "[[delay:3]]"])
def test_a_prompt_that_says_nothing_still_gives_a_pleasant_place(prompt: str) -> None:
    """The seed decides what the words leave open, and different seeds decide differently."""
    places = {read_prompt(prompt, seed).environment for seed in range(12)}

    assert len(places) > 2
    assert "volcano" not in places


def test_words_of_test_mode_are_not_read() -> None:
    """`[[fail:server]]` describes no picture."""
    assert read_prompt("a fox [[content:404]] in a forest", SEED) == read_prompt("a fox in a forest", SEED)


def test_reading_is_a_pure_function() -> None:
    """The same prompt and seed give the same scene."""
    assert read_prompt("a fox in a storm", 3) == read_prompt("a fox in a storm", 3)


@settings(max_examples=120, deadline=None)
@given(st.text(max_size=80), st.integers(min_value=0, max_value=2**31 - 1))
def test_no_text_breaks_it(prompt: str, seed: int) -> None:
    """Whatever a client sends, a scene with at most five figures comes back."""
    scene = read_prompt(prompt, seed)

    assert len(scene.subjects) <= 5
    assert scene.weather
