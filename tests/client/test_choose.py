"""Which model is chosen, and what is said of the others."""

import random
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reelrouter.client.choose import NEUTRAL, PROFILES, choose
from reelrouter.client.errors import Unusable
from reelrouter.client.results import Choice, Model, Ranked
from tests.client.rows import frame, ours, reference, row, upstream

VEO = "google/veo-3.1"
_DRAWN = st.fixed_dictionaries(
    {"prompt": st.just("a red fox")},
    optional={
        "duration": st.integers(1, 20),
        "resolution": st.sampled_from(["480p", "720p", "1080p", "4K"]),
        "aspect_ratio": st.sampled_from(["16:9", "9:16", "1:1", "21:9"]),
        "generate_audio": st.booleans(),
        "seed": st.just(7),
        "frame_images": st.sampled_from([[frame()], [frame(), frame("last_frame")]]),
        "input_references": st.lists(st.sampled_from([reference(), reference("video"), reference("audio")])),
        "provider": st.fixed_dictionaries({"max_price": st.sampled_from([0.1, 0.5, 1, 5])}),
    },
)
_LISTS = {"ours": ours(), "upstream": upstream()}


def made(name: str, *, rate: str = "0.1", resolutions: tuple[str, ...] = ("720p",), **changes: Any) -> Model:
    """A model of four, six or eight seconds that costs so many dollars a second."""
    prices = {"duration_seconds": rate}
    own = {"pricing_skus": prices, "supported_resolutions": resolutions, "supported_sizes": None, **changes}
    return row(VEO, id=name, **own)


def names(choice: Choice) -> list[str]:
    return [one.model.id for one in choice.ranked]


def only(choice: Choice) -> Ranked:
    (one,) = choice.ranked
    return one


CHEAP = made("a/cheap", rate="0.02")
MIDDLE = made("b/middle", rate="0.1", resolutions=("720p", "1080p"))
DEAR = made("c/dear", rate="0.5", resolutions=("720p", "1080p", "4K"))
THREE = (MIDDLE, DEAR, CHEAP)


def test_the_weights_are_those_agreed_on() -> None:
    """Speed, cost and quality of each profile; each comes to one."""
    parts = {name: (one.speed, one.cost, one.quality) for name, one in PROFILES.items()}
    assert parts == {
        "fast-and-cheap": (0.55, 0.35, 0.10),
        "balanced": (0.33, 0.33, 0.34),
        "quality-and-cost": (0.15, 0.30, 0.55),
    }
    assert all(sum(weights) == pytest.approx(1) for weights in parts.values())


def test_a_profile_decides_between_cheap_and_good() -> None:
    """The same three models, in opposite orders."""
    assert names(choose({}, THREE, profile="fast-and-cheap")) == ["a/cheap", "b/middle", "c/dear"]
    assert names(choose({}, THREE, profile="quality-and-cost")) == ["c/dear", "b/middle", "a/cheap"]


def test_a_score_is_the_weighted_sum_of_its_parts() -> None:
    """The dearest costs most and is taken for the best; nothing tells their speeds apart."""
    best = choose({}, THREE, profile="quality-and-cost").ranked[0]
    assert (best.speed, best.cost, best.quality) == (NEUTRAL, 0.0, 1.0)
    assert best.score == pytest.approx(0.15 * NEUTRAL + 0.55)


def test_the_cost_is_a_real_price_of_this_request() -> None:
    """Eight seconds of a model that costs 10 cents a second."""
    one = only(choose({"duration": 8, "resolution": "720p"}, [MIDDLE]))
    assert one.price == Decimal("0.8")
    assert one.remarks == ()


def test_half_the_price_is_always_the_same_step() -> None:
    """Scores are logarithmic: a model between two others by factors stands in their middle."""
    low, middle, high = (made(f"x/{rate}", rate=rate) for rate in ("0.1", "0.2", "0.4"))
    costs = {one.model.id: one.cost for one in choose({}, [low, middle, high]).ranked}
    assert costs == pytest.approx({"x/0.1": 1.0, "x/0.2": 0.5, "x/0.4": 0.0})


def test_measured_seconds_set_the_speed() -> None:
    """The quickest leads, and a model that nobody measured stands in the middle."""
    choice = choose({}, THREE, profile="fast-and-cheap", latency={"c/dear": 20, "a/cheap": 300, "elsewhere": 1})
    speeds = {one.model.id: one.speed for one in choice.ranked}
    assert speeds == {"c/dear": 1.0, "b/middle": NEUTRAL, "a/cheap": 0.0}
    assert choice.notes[0] == "speed (0.55): measured for 2 of 3 models, 0.5 for the others"


def test_without_a_measurement_the_smaller_video_counts_as_quicker() -> None:
    """Where the request leaves the length to the models, theirs differ."""
    short, long = made("x/short", supported_durations=(4,)), made("y/long", supported_durations=(20,))
    choice = choose({}, [long, short], profile="fast-and-cheap")
    assert [(one.model.id, one.speed) for one in choice.ranked] == [("x/short", 1.0), ("y/long", 0.0)]
    assert "nothing measured" in choice.notes[0]


def test_what_stands_in_for_quality_is_named() -> None:
    """Nobody measures quality, and the output does not pretend."""
    assert "stand-in" in choose({}, THREE).notes[2]


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf")])
def test_a_time_that_cannot_be_is_refused(seconds: float) -> None:
    """A slip in a measurement must not decide anything."""
    with pytest.raises(Unusable, match="the latency of a/cheap is"):
        choose({}, THREE, latency={"a/cheap": seconds})


def test_equals_are_ranked_by_price_and_then_by_name() -> None:
    """The order is the same however the list came."""
    twins = [made("z/twin"), made("m/twin"), made("a/twin")]
    assert names(choose({}, twins)) == ["a/twin", "m/twin", "z/twin"]


def test_a_model_without_a_price_is_kept_and_ranks_last_by_cost() -> None:
    """It says so, and under a ceiling it falls out."""
    blank = made("x/blank", pricing_skus={})
    kept = next(one for one in choose({}, [*THREE, blank]).ranked if one.model is blank)
    assert (kept.price, kept.cost) == (None, 0.0)
    assert kept.remarks == ("it ranks last by cost, since the price list of x/blank does not cover this request",)
    (fallen,) = choose({"provider": {"max_price": 1}}, [blank]).ruled_out
    assert fallen.reasons == (
        "no more than $1 may be spent, and the price list of x/blank does not cover this request",
    )


def test_a_ceiling_is_kept_to_the_cent() -> None:
    """The price itself is allowed, and anything above it is not."""
    request = {"duration": 8, "resolution": "720p", "provider": {"max_price": 0.8}}
    choice = choose(request, THREE, profile="fast-and-cheap")
    assert names(choice) == ["a/cheap", "b/middle"]
    (fallen,) = choice.ruled_out
    assert fallen.reasons == ("it costs $4, and no more than $0.8 may be spent",)


def test_a_price_that_follows_an_unseen_input_keeps_no_ceiling() -> None:
    """However low it looks for an input of usual length."""
    request = {"input_references": [reference("video")], "provider": {"max_price": 100}}
    (fallen,) = choose(request, [row("runway/aleph-2")]).ruled_out
    assert fallen.reasons == ("no more than $100 may be spent, and its price follows an input of unknown length",)


def test_a_model_that_falls_out_is_told_every_reason() -> None:
    """The ceiling among them; the request's own model is one of many."""
    request = {"model": VEO, "duration": 5, "aspect_ratio": "1:1", "provider": {"max_price": 0.01}}
    (fallen,) = choose(request, [row(VEO)]).ruled_out
    assert fallen.model.id == VEO
    assert fallen.reasons == (
        "it makes 4, 6 or 8 s, not 5 s",
        "it makes 16:9 and 9:16, not 1:1",
    )


def test_nothing_fits_is_an_answer() -> None:
    """There is no best then, and each model has its reasons."""
    choice = choose({"duration": 3600}, ours())
    assert choice.best is None
    assert len(choice.ruled_out) == len(ours())


def test_the_request_is_what_counts_on_the_recorded_list_too() -> None:
    """Four seconds upright with sound from a first and a last frame, for at most a dollar."""
    request = {
        "duration": 4,
        "resolution": "720p",
        "aspect_ratio": "9:16",
        "generate_audio": True,
        "frame_images": [frame(), frame("last_frame")],
        "provider": {"max_price": 1},
    }
    choice = choose(request, upstream(), profile="fast-and-cheap")
    assert names(choice)[:2] == ["bytedance/seedance-1-5-pro", "google/veo-3.1-lite"]
    assert [one.price for one in choice.ranked[:2]] == [Decimal("0.20736"), Decimal("0.2")]
    assert len(choice.ranked) + len(choice.ruled_out) == 30
    for one in choice.ranked:
        assert 4 in (one.model.supported_durations or ())
        assert one.price is not None
        assert one.price <= 1


def test_references_are_kept_with_a_remark_where_upstream_is_silent() -> None:
    """On our own list the same request is decided."""
    request = {"input_references": [reference(), reference("audio")]}
    assert all("references" in one.remarks[0] for one in choose(request, upstream()).ranked)
    decided = choose(request, ours())
    assert all(one.model.supported_references and one.model.supported_references.audio for one in decided.ranked)
    assert len(decided.ranked) < len(decided.ruled_out)


@pytest.mark.parametrize("rows", _LISTS)
@settings(max_examples=30, deadline=None)
@given(request_=_DRAWN, seed=st.integers(0, 99), profile=st.sampled_from(sorted(PROFILES)))
def test_every_model_is_either_ranked_or_ruled_out(
    rows: str, request_: dict[str, Any], seed: int, profile: str
) -> None:
    """Scores lie between 0 and 1, fall from one to the next, and do not hang on the order of the list."""
    listed = list(_LISTS[rows])
    choice = choose(request_, listed, profile=profile)
    assert sorted([*names(choice), *(one.model.id for one in choice.ruled_out)]) == sorted(
        model.id for model in listed
    )
    assert all(one.reasons for one in choice.ruled_out)
    assert all(0 <= part <= 1 for one in choice.ranked for part in (one.score, one.speed, one.cost, one.quality))
    assert [one.score for one in choice.ranked] == sorted((one.score for one in choice.ranked), reverse=True)
    random.Random(seed).shuffle(listed)
    assert choose(request_, listed, profile=profile).ranked == choice.ranked


def test_one_more_requirement_never_lets_a_model_in() -> None:
    """What falls out of a request stays out of a stricter one."""
    loose = {one.model.id for one in choose({"resolution": "1080p"}, ours()).ranked}
    strict = {one.model.id for one in choose({"resolution": "1080p", "generate_audio": True}, ours()).ranked}
    assert strict < loose


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"duration": "8"}, "duration must be a number, not '8'"),
        ({"duration": 4.5}, "duration must be a whole number, not '4.5'"),
        ({"duration": True}, "duration must be a number, not 'True'"),
        ({"resolution": 720}, "resolution must be a text such as 720p, not '720'"),
        ({"generate_audio": "yes"}, "generate_audio must be true or false, not 'yes'"),
        ({"frame_images": {}}, "frame_images must be a list, not '{}'"),
        ({"frame_images": [{}]}, "frame_images[0].frame_type must be first_frame or last_frame, not 'None'"),
        (
            {"input_references": [{"type": "text"}]},
            "input_references[0].type must be image_url, video_url or audio_url, not 'text'",
        ),
        ({"provider": {"max_price": "1"}}, "max_price must be a number, not '1'"),
        ({"provider": {"options": {"veo": 1}}}, "provider.options.veo must be an object, not '1'"),
        ({"upscale_factor": float("nan")}, "upscale_factor must be a number, not 'nan'"),
    ],
)
def test_a_field_of_the_wrong_type_is_named(request_: dict[str, Any], message: str) -> None:
    """Nothing is guessed from it."""
    with pytest.raises(Unusable) as caught:
        choose(request_, THREE)
    assert str(caught.value) == message
    assert caught.value.next_step is not None


def test_whole_numbers_may_come_with_a_point() -> None:
    """8.0 is 8, as on the wire."""
    assert names(choose({"duration": 8.0}, [MIDDLE])) == ["b/middle"]


def test_a_profile_that_does_not_exist_is_named() -> None:
    """With those that do."""
    with pytest.raises(Unusable, match="there is no profile 'best'") as caught:
        choose({}, THREE, profile="best")
    assert caught.value.next_step == "choose one of fast-and-cheap, balanced, quality-and-cost"


def test_a_job_that_goes_on_from_another_leaves_no_choice() -> None:
    """It is made by the model that made the first."""
    with pytest.raises(Unusable, match="made by the same model"):
        choose({"previous_job_id": "gen-vid-1-a"}, THREE)


def test_an_odd_row_does_not_break_the_scale() -> None:
    """No lengths, no sizes, a price of nonsense: whatever a server lists, the others are ranked."""
    odd = [
        made("x/none", supported_durations=(), resolutions=(), supported_aspect_ratios=()),
        made("x/zero", supported_durations=(0,)),
        made("x/nonsense", rate="NaN"),
        made("x/endless", rate="Infinity", resolutions=("16K",)),
    ]
    assert names(choose({"duration": 8}, [*THREE, *odd], profile="fast-and-cheap"))[0] == "a/cheap"
    assert len(choose({}, [*THREE, *odd]).ranked) == 6


def test_a_free_model_does_not_break_the_scale() -> None:
    """Nothing at all would be infinitely cheaper than anything; it counts as a cent."""
    free = replace(CHEAP, id="x/free", pricing_skus={"duration_seconds": "0"})
    best = choose({}, [*THREE, free], profile="fast-and-cheap").ranked[0]
    assert (best.model.id, best.price, best.cost) == ("x/free", Decimal(0), 1.0)
