"""Preparing a job: every model that a request names is looked at once, and each input fetched once."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import pytest

from reelrouter.accounts.keys import Caller, KeyMode
from reelrouter.catalogue.request import ProviderWish, Reference
from reelrouter.errors import InvalidRequest, NoEndpoint, NotFound, Problem, ReelRouterError, TooManyRequests
from reelrouter.gateway.candidates import Survey, estimated, plans_of, routes_of
from reelrouter.gateway.leftovers import Taken
from reelrouter.gateway.preparing import Asking, Preparation
from reelrouter.gateway.stations import Stations, Terms, Visit
from reelrouter.ids import KeyId, WorkspaceId
from reelrouter.media.intake import Own, Wanted
from reelrouter.routing.choose import Credential
from reelrouter.routing.health import Condition, Place
from reelrouter.work import Media
from tests.catalogue.examples import FLUX_3, SEEDANCE, VEO, WAN, ask, catalogue, frames, references

BACKENDS = {
    "alibaba": (Credential(name="main"), Credential(name="second")),
    "byteplus": (Credential(name="main"),),
}
PREVIOUS = f"gen-vid-1-{'a' * 20}"
IMAGE, VIDEO = references("image", "video")


@dataclass
class Fetched:
    """An intake that finds every input good, but for those that it is told of; it counts what it is asked for."""

    bad: Mapping[str, ReelRouterError] = field(default_factory=dict)
    """By the field's beginning."""
    asked: list[str] = field(default_factory=list)

    async def take(self, wanted: Sequence[Wanted], workspace: str, own: Own, scratch: Path) -> tuple[Media, ...]:
        self.asked.extend(one.url for one in wanted)
        for beginning, error in self.bad.items():
            if any(one.field.startswith(beginning) for one in wanted):
                raise error
        return tuple(
            Media(kind=one.kind, key=one.url, sha256="s", mime="m", size=1, width=640, height=360, duration=4.0)
            for one in wanted
        )


class NothingBrought:
    """No workspace has vendor keys of its own."""

    async def of(self, _workspace: WorkspaceId) -> tuple[()]:
        return ()


class Calm:
    async def of(self, places: tuple[Place, ...]) -> Condition:
        return Condition()


class OneJob:
    """Own outputs: the one job that there is was made by Flux."""

    async def previous(self, caller: Caller, job_id: str, model_id: str) -> Media:
        if model_id != FLUX_3:
            raise InvalidRequest([Problem("previous_job_id", "was made by another")])
        return Media(kind="video", key="inputs/ws/previous", sha256="s", mime="m", size=1, duration=4.0)

    async def place_of(self, job_id: str) -> Place:
        return "openrouter", "main"

    async def find(self) -> None: ...


def survey(
    model: str, *models: str, mode: KeyMode = "live", intake: Fetched | None = None, **changes: Any
) -> tuple[Survey, Taken]:
    """What a gateway with two vendors makes of a request, and what it has stored for it."""
    nothing = cast("Any", None)
    terms = Terms(**{**dict.fromkeys(Terms.__slots__, nothing), "test_mode": True, "strict": False})
    parts = {
        **dict.fromkeys(Stations.__slots__, nothing),
        "catalogue": catalogue(),
        "backends": changes.pop("backends", BACKENDS),
        "conditions": Calm(),
        "vendor_keys": NothingBrought(),
        "intake": intake or Fetched(),
        "own_outputs": OneJob(),
        "terms": terms,
    }
    caller = Caller(workspace=WorkspaceId("ws"), key_id=KeyId("key"), mode=mode)
    request = ask(model, models=models, **{"duration": 4, "resolution": "720p", **changes})
    asking = Asking(caller=caller, request=request, visit=Visit(base_url="http://localhost", is_gone=nothing))
    taken = Taken()
    return asyncio.run(Preparation(Stations(**parts), asking, taken, float).survey()), taken


def test_every_model_that_can_serve_has_a_plan_and_routes() -> None:
    """In the order in which they are named; a route says whose it is."""
    found, _ = survey(WAN, SEEDANCE)
    assert [plan.model for plan in plans_of(found)] == [WAN, SEEDANCE]
    assert [(route.endpoint, route.credential, route.plan) for route in routes_of(found)] == [
        ("alibaba", "main", 0),
        ("alibaba", "second", 0),
        ("byteplus", "main", 1),
    ]


def test_a_model_alone_has_no_spares_and_no_warnings() -> None:
    """Naming it twice adds nothing."""
    found, _ = survey(WAN, WAN)
    (plan,) = plans_of(found)
    assert plan.warnings == ()
    assert plan is found.served[0].plan


def test_a_spare_says_whose_place_it_takes() -> None:
    """It is read only once it serves; the plan to begin with says nothing of it."""
    first, second, third = plans_of(survey(WAN, SEEDANCE, "bytedance/seedance-2.0-mini")[0])
    assert first.warnings == ()
    assert second.warnings == (f"models[0]: {SEEDANCE} makes this in place of {WAN}, whose endpoints would not",)
    assert third.warnings[0].startswith("models[1]: bytedance/seedance-2.0-mini makes this in place of alibaba/")


def test_models_that_cannot_serve_are_named_wherever_they_stand() -> None:
    """Before the first that can, and after it: each plan tells of all of them, beside what is its own."""
    found, _ = survey(VEO, WAN, FLUX_3, SEEDANCE, generate_audio=False)
    first, second = plans_of(found, "callback_url: x")
    assert (first.model, second.model) == (WAN, SEEDANCE)
    passed_over = first.warnings[:2]
    assert passed_over[0].startswith(f"model: {VEO} was passed over: No endpoint can serve")
    assert passed_over[1].startswith(f"models[1]: {FLUX_3} was passed over: ")
    assert second.warnings[:2] == passed_over
    assert first.warnings[2].startswith("generate_audio: ")
    assert second.warnings[2:] == (
        f"models[2]: {SEEDANCE} makes this in place of {WAN}, whose endpoints would not",
        "callback_url: x",
    )


def test_where_none_can_serve_the_first_ones_reason_stands() -> None:
    """It is what was asked for in the first place; an estimate prices the first that only lacks an endpoint."""
    found, _ = survey(SEEDANCE, VEO, WAN, duration=8, backends={})
    assert (found.served, routes_of(found)) == ((), ())
    assert isinstance(found.refusal, NoEndpoint)
    assert SEEDANCE in found.refusal.message
    plan = estimated(found)
    assert plan.model == SEEDANCE
    assert [warning.partition(" was passed over")[0] for warning in plan.warnings] == [
        f"models[0]: {VEO}",
        f"models[1]: {WAN}",
    ]


def test_where_no_model_can_do_it_there_is_nothing_to_price() -> None:
    """The same refusal as for the first alone."""
    found, _ = survey(SEEDANCE, VEO, duration=99)
    with pytest.raises(InvalidRequest, match="Duration 99s"):
        found.first()


def test_without_fallbacks_each_model_keeps_its_first_route() -> None:
    """The models still follow each other: that list is the caller's own."""
    found, _ = survey(WAN, SEEDANCE, provider=ProviderWish(allow_fallbacks=False))
    assert [(route.queue, route.plan) for route in routes_of(found)] == [
        ("alibaba/main", 0),
        ("byteplus/main", 1),
    ]


def test_each_models_own_price_is_held_against_the_limit() -> None:
    """A spare that is too dear is no spare."""
    prices = {one.plan.model: one.plan.estimate for one in survey(WAN, SEEDANCE)[0].served}
    assert prices[WAN] > prices[SEEDANCE]
    limit = Decimal(prices[SEEDANCE]) / 10**9
    found, _ = survey(SEEDANCE, WAN, provider=ProviderWish(max_price=limit))
    assert [plan.model for plan in plans_of(found)] == [SEEDANCE]
    assert "provider.max_price" in plans_of(found)[0].warnings[0]


def test_in_test_mode_every_model_has_the_one_route() -> None:
    """The same place for all of them, told apart by the plan."""
    found, _ = survey(WAN, SEEDANCE, mode="test")
    assert [(route.queue, route.native_model, route.plan) for route in routes_of(found)] == [
        ("test/test", WAN, 0),
        ("test/test", SEEDANCE, 1),
    ]


def test_an_input_is_fetched_once_for_all_models() -> None:
    """A hundred megabytes would arrive as often as there are models."""
    intake = Fetched()
    found, taken = survey(WAN, SEEDANCE, intake=intake, frame_images=frames("first_frame", "last_frame"))
    assert len(found.served) == 2
    assert intake.asked == ["https://example.com/first_frame.png", "https://example.com/last_frame.png"]
    assert taken.keys == set(intake.asked)


def test_only_what_the_next_model_wants_beside_is_fetched_for_it() -> None:
    """A model that takes no video references leaves them alone; one that does gets both in their order."""
    intake = Fetched()
    found, taken = survey("google/veo-3.1", WAN, intake=intake, mode="test", references=(VIDEO, IMAGE), duration=8)
    first, second = (one.plan.inputs.references for one in found.served)
    assert [media.kind for media in first] == ["image"]
    assert [media.kind for media in second] == ["video", "image"]
    assert sorted(intake.asked) == sorted({IMAGE.url, VIDEO.url})
    assert taken.keys == {IMAGE.url, VIDEO.url}


@pytest.mark.parametrize(
    "error", [InvalidRequest([Problem("input_references[0]", "It is no picture.")]), NotFound("Job x not found")]
)
def test_a_bad_input_is_fetched_once_to_be_refused_by_every_model(error: ReelRouterError) -> None:
    """It would be as bad for the next one."""
    intake = Fetched(bad={"frame_images[0]": error})
    found, _ = survey(WAN, SEEDANCE, intake=intake, frame_images=frames("first_frame"))
    assert len(intake.asked) == 1
    assert [one.refusal for one in found.skipped] == [error, error]


def test_a_bad_input_rules_out_only_those_who_would_work_with_it() -> None:
    """The one that does not take it serves, and says of both why."""
    bad = {"input_references[1]": InvalidRequest([Problem("input_references[1]", "It is no video.")])}
    wishes = (IMAGE, Reference(kind="video", url="https://example.com/film"))
    found, _ = survey(WAN, "google/veo-3.1", intake=Fetched(bad=bad), mode="test", references=wishes, duration=8)
    (plan,) = plans_of(found)
    assert plan.model == "google/veo-3.1"
    assert plan.warnings[0] == f"model: {WAN} was passed over: It is no video."
    assert "input_references[1]" in plan.warnings[1]


def test_a_gateway_that_is_busy_says_so_and_not_that_a_model_cannot() -> None:
    """The caller comes again, and then every model that can serve is there."""
    intake = Fetched(bad={"frame_images[0]": TooManyRequests("Too many.", retry_after=1)})
    with pytest.raises(TooManyRequests):
        survey(WAN, SEEDANCE, intake=intake, frame_images=frames("first_frame"))


def test_only_the_model_that_made_a_job_can_go_on_with_it() -> None:
    """The others are passed over; its one place is the first's."""
    backends = {**BACKENDS, "openrouter": (Credential(name="main"),)}
    found, taken = survey(WAN, FLUX_3, backends=backends, previous_job_id=PREVIOUS, resolution=None, duration=5)
    (plan,) = plans_of(found)
    assert (plan.model, plan.previous_job_id) == (FLUX_3, PREVIOUS)
    assert [(route.place, route.plan) for route in routes_of(found)] == [(("openrouter", "main"), 0)]
    assert taken.keys == {"inputs/ws/previous"}
