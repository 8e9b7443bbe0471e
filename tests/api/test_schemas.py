"""From a body to a wish: exact types, every problem at once, and nothing dropped without a word."""

from contextlib import suppress
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelrouter.api import schemas
from reelrouter.brand import BRANDS
from reelrouter.errors import InvalidRequest

FRAME = {"type": "image_url", "image_url": {"url": "https://x/a.png"}, "frame_type": "first_frame"}
REFERENCE = {"type": "video_url", "video_url": {"url": "https://x/a.mp4"}}


parse = partial(schemas.parse, brand=BRANDS["openrouter"])


def problems(body: Any) -> dict[str, str]:
    with pytest.raises(InvalidRequest) as refused:
        parse(body, {})
    return {problem.field: problem.message for problem in refused.value.problems}


def test_a_full_body_becomes_a_wish() -> None:
    """Every field of the contract arrives."""
    wish = parse(
        {
            "model": "m",
            "prompt": "p",
            "duration": 8.0,
            "frame_images": [FRAME],
            "input_references": [REFERENCE],
            "seed": 5,
            "generate_audio": False,
            "provider": {"options": {"google-vertex": {"negativePrompt": "n"}}, "max_price": 0.5},
            "user": "u",
            "trace": {"trace_id": "t"},
        },
        {"x-session-id": "s", "http-referer": "https://app"},
    )
    assert wish.duration == 8
    assert wish.frame_images[0].frame_type == "first_frame"
    assert wish.references[0].kind == "video"
    assert wish.provider.options == {"google-vertex": {"negativePrompt": "n"}}
    assert (wish.attribution.session_id, wish.attribution.user) == ("s", "u")
    assert wish.unknown == ()


def test_null_is_absence() -> None:
    """A client that writes null for what it does not set is understood."""
    wish = parse({"model": "m", "prompt": "p", "duration": None, "frame_images": None, "provider": None}, {})
    assert (wish.duration, wish.frame_images) == (None, ())


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("duration", "8"),
        ("duration", 4.5),
        ("duration", True),
        ("duration", 0),
        ("duration", -3),
        ("prompt", 7),
        ("model", ""),
        ("model", None),
        ("generate_audio", "yes"),
        ("generate_audio", 1),
        ("seed", 1.5),
        ("seed", 2**70),
        ("frame_images", {}),
        ("input_references", "x"),
        ("session_id", "s" * 257),
        ("user", "u" * 129),
        ("upscale_factor", "2"),
        ("trace", []),
    ],
)
def test_a_wrong_type_names_its_field(field: str, value: object) -> None:
    """No value is bent into another type."""
    found = problems({"model": "m", "prompt": "p", field: value})
    assert list(found) == [field]
    assert found[field].startswith(field)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("model", "m" * 257, "at most 256 characters"),
        ("prompt", "p" * (schemas.MOST_PROMPT + 1), f"at most {schemas.MOST_PROMPT} characters"),
        ("models", ["m"] * 201, "at most 200 items"),
        ("frame_images", [FRAME] * 17, "at most 16 items"),
        ("input_references", [REFERENCE] * 65, "at most 64 items"),
        ("trace", {"note": "x" * schemas.MOST_KEPT}, f"at most {schemas.MOST_KEPT} are kept"),
        ("duration", 2**63, "must be less than"),
        ("seed", -(2**63) - 1, "must be at least"),
        ("upscale_factor", float("inf"), "must be a finite number"),
    ],
)
def test_every_field_has_an_end(field: str, value: object, words: str) -> None:
    """Nothing that a caller sends is kept, compared or repeated at any length."""
    assert words in problems({"model": "m", "prompt": "p", field: value})[field]


@pytest.mark.parametrize(
    ("name", "value", "field", "words"),
    [
        ("max_price", "1", "provider.max_price", "must be a number"),
        ("max_price", True, "provider.max_price", "must be a number"),
        ("max_price", -1, "provider.max_price", "must be at least 0"),
        ("max_price", float("inf"), "provider.max_price", "must be a finite number"),
        ("sort", "speed", "provider.sort", "price, latency"),
        ("only", [""], "provider.only[0]", "must not be empty"),
        ("options", {f"p{number}": {} for number in range(101)}, "provider.options", "at most 100 keys"),
        ("options", {"p" * 257: {}}, "provider.options", "at most 256 characters"),
        ("options", {"p": {f"o{number}": 1 for number in range(101)}}, "provider.options.p", "at most 100 keys"),
    ],
)
def test_a_wrong_wish_for_a_provider_names_its_field(name: str, value: object, field: str, words: str) -> None:
    """Money is a number and not a text, and lists of names end somewhere."""
    assert words in problems({"model": "m", "provider": {name: value}})[field]


def test_a_list_that_is_too_long_is_one_problem() -> None:
    """Its items are not even looked at."""
    assert list(problems({"model": "m", "models": [0] * 100_000})) == ["models"]


def test_an_amount_of_money_keeps_its_digits() -> None:
    """A price is never a float."""
    assert str(parse({"model": "m", "provider": {"max_price": 0.1}}, {}).provider.max_price) == "0.1"


def test_every_problem_is_told_at_once() -> None:
    """Nobody corrects a request one error at a time."""
    found = problems(
        {
            "duration": "8",
            "frame_images": [FRAME, {**FRAME, "frame_type": "middle"}, {"type": "image_url"}],
            "input_references": [{"type": "text"}, {"type": "audio_url", "audio_url": {}}],
        }
    )
    assert set(found) == {
        "model",
        "duration",
        "frame_images[1].frame_type",
        "frame_images[2].image_url",
        "frame_images[2].frame_type",
        "input_references[0].type",
        "input_references[1].audio_url.url",
    }
    assert "first_frame, last_frame" in found["frame_images[1].frame_type"]


def test_unknown_keys_are_named_wherever_they_stand() -> None:
    """What nobody knows is not refused here, and not lost either."""
    wish = parse(
        {
            "model": "m",
            "n": 2,
            "frame_images": [{**FRAME, "weight": 1}],
            "provider": {"options": {"x": {"anything": 1}}, "colour": "red"},
        },
        {},
    )
    assert sorted(wish.unknown) == ["frame_images[0].weight", "n", "provider.colour"]


def test_a_body_of_hundreds_of_unknown_keys_is_refused() -> None:
    """A few are named in warnings; so many were meant for somebody else."""
    known = {"model": "m"}
    few = {f"k{number}": 0 for number in range(schemas.MOST_UNKNOWN)}
    assert len(parse({**known, **few}, {}).unknown) == schemas.MOST_UNKNOWN
    assert "more than 100 keys" in problems({**known, **few, "last": 0})["last"]


def test_an_unknown_key_is_named_in_part() -> None:
    """However long it is, and without its line breaks."""
    (name,) = parse({"model": "m", "a\n" + "b" * 500: 1}, {}).unknown
    assert name.startswith("a\\nbbb")
    assert len(name) < 120


@pytest.mark.parametrize("body", [[], "text", 7, None, True])
def test_a_body_that_is_no_object_is_refused(body: object) -> None:
    """JSON alone is not a request."""
    assert list(problems(body)) == [""]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.dictionaries(
        st.sampled_from(
            ["model", "prompt", "duration", "seed", "frame_images", "input_references", "provider", "x"]
        ),
        JSON,
    )
)
def test_any_body_is_either_understood_or_refused(body: dict[str, Any]) -> None:
    """No JSON object makes the edge fail in another way."""
    with suppress(InvalidRequest):
        assert parse(body, {}).model
