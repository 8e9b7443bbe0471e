"""`Client` and `AsyncClient` against an OpenRouter of this machine: from the list of models to the file."""

import inspect
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from reelrouter.client.asynchronous import AsyncClient
from reelrouter.client.errors import (
    BadRequest,
    NotFound,
    ServerFailed,
    Unauthorized,
    Unreachable,
    Unreadable,
    Unusable,
)
from reelrouter.client.results import Job
from reelrouter.client.sync import Client
from tests.client.conftest import Opener
from tests.client.drivers import Clock
from tests.client.fake_openrouter import FILM, JOB, KEY, MODELS, FakeOpenRouter, fails, hangs_up, says, sends

MODEL = "google/veo-3.1-lite"
WANTED: dict[str, Any] = {"model": MODEL, "prompt": "a fox", "duration": 4, "resolution": "720p"}


def test_both_clients_have_the_same_methods() -> None:
    """What can be asked of the one can be asked of the other, with the same arguments and the same results."""

    def signatures(kind: type) -> dict[str, str]:
        public = {name: member for name, member in vars(kind).items() if not name.startswith("_")}
        return {name: str(inspect.signature(member)) for name, member in public.items() if callable(member)}

    assert signatures(Client) == signatures(AsyncClient)
    assert len(signatures(Client)) == 14


def test_a_video_is_made_by_one_call(client: Client, fake: FakeOpenRouter, tmp_path: Path) -> None:
    """Submitted once as it was written, polled until it is completed, and saved under its name alone."""
    states: list[str] = []
    sizes: list[tuple[int, int | None]] = []
    job, saved = client.generate(
        WANTED,
        tmp_path / "fox.mp4",
        on_change=lambda job: states.append(job.status),
        on_bytes=lambda have, total: sizes.append((have, total)),
    )
    assert [one.json() for one in fake.asked("submit")] == [WANTED]
    assert (job.id, job.status, job.generation_id, job.polls) == (JOB, "completed", JOB, 3)
    assert job.usage is not None
    assert (job.usage.cost, job.usage.is_byok) == (Decimal("0.4"), False)
    assert (saved.bytes, saved.resumed) == (len(FILM), False)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"fox.mp4": FILM}
    assert states == ["pending", "completed"]
    assert sizes[-1] == (len(FILM), None)


@pytest.mark.parametrize("terms", [{"attempts": 0}, {"interval": -1.0}, {"idempotency_key": " "}])
def test_terms_that_make_no_sense_cost_nothing(
    terms: Any, client: Client, fake: FakeOpenRouter, tmp_path: Path
) -> None:
    """They are found out before anything is sent."""
    with pytest.raises(Unusable):
        client.generate(WANTED, tmp_path / "fox.mp4", **terms)
    assert fake.seen == []


def test_a_term_that_there_is_not_is_an_error(client: Client, fake: FakeOpenRouter, tmp_path: Path) -> None:
    """A misspelt argument is not passed over."""
    misspelt: Any = {"atempts": 3}
    with pytest.raises(TypeError, match="atempts"):
        client.generate(WANTED, tmp_path / "fox.mp4", **misspelt)
    assert fake.seen == []


@pytest.mark.parametrize("place", ["", "nowhere/fox.mp4"])
def test_a_place_that_cannot_be_written_to_costs_nothing(
    place: str, client: Client, fake: FakeOpenRouter, tmp_path: Path
) -> None:
    """A folder, or a file in a folder that there is not."""
    with pytest.raises(Unusable):
        client.generate(WANTED, tmp_path / place)
    assert fake.seen == []


def test_the_models_are_read_without_a_key(open_client: Opener, fake: FakeOpenRouter) -> None:
    """Every row; what upstream does not say is None, and nothing is made up."""
    with open_client(base_url=fake.base_url) as keyless:
        models = keyless.models()
    assert [model.id for model in models] == [row["id"] for row in MODELS]
    veo = next(model for model in models if model.id == MODEL)
    assert veo.supported_durations == (8, 4, 6)
    assert (veo.supported_references, veo.available) == (None, None)
    assert "authorization" not in fake.seen[0].headers


def test_one_model_goes_by_both_its_names(client: Client) -> None:
    """The id, and the dated one."""
    row = next(row for row in MODELS if row["id"] == MODEL)
    assert client.model(MODEL) == client.model(row["canonical_slug"])


def test_a_model_that_there_is_not_names_those_that_were_meant(client: Client) -> None:
    """A typing error is put right by the next step."""
    with pytest.raises(Unusable, match=r"google/veo-3\.1-lit") as caught:
        client.model("google/veo-3.1-lit")
    assert MODEL in str(caught.value.next_step)


def test_a_price_is_worked_out_where_the_server_has_none(client: Client) -> None:
    """And it is said that it comes from the price list: four seconds at three cents."""
    estimate = client.estimate({**WANTED, "generate_audio": False})
    assert (estimate.source, estimate.model) == ("catalogue", MODEL)
    assert estimate.cost == sum(line.cost for line in estimate.lines)
    assert estimate.cost > 0


def test_models_are_chosen_by_the_list_of_any_server(client: Client) -> None:
    """Those that fit, best first; the others each with a reason."""
    choice = client.choose({"prompt": "a fox", "duration": 4, "resolution": "720p"}, profile="fast-and-cheap")
    assert choice.best is not None
    assert MODEL in {ranked.model.id for ranked in choice.ranked}
    assert all(ruled.reasons for ruled in choice.ruled_out)
    assert len(choice.ranked) + len(choice.ruled_out) == len(MODELS)


def test_an_image_is_checked_even_where_the_models_cannot_be_read(client: Client, fake: FakeOpenRouter) -> None:
    """What is wrong with it does not depend on them."""
    fake.plan("models", *[fails(500)] * 3)
    check = client.check_image("data:image/png;base64,AAAA")
    assert not check.ok


def test_an_address_that_is_not_of_the_contract_is_told_from_a_list_of_models(
    client: Client, fake: FakeOpenRouter
) -> None:
    """A page with 200 is no list; what was seen is said."""
    fake.plan("models", sends(200, b"<!doctype html><title>Welcome</title>", content_type="text/html"))
    with pytest.raises(Unreadable, match=r"text/html.*Welcome"):
        client.models()


def test_what_upstream_does_not_have_is_a_404_of_its_own(client: Client) -> None:
    """No list, no cancelling, no deleting."""
    for call in (client.list, lambda: client.cancel(JOB), lambda: client.delete(JOB)):
        with pytest.raises(NotFound):
            call()


def test_a_refusal_says_what_the_server_said(client: Client) -> None:
    """Upstream's words, status and code."""
    with pytest.raises(BadRequest, match="Duration 99s is not supported") as caught:
        client.submit({**WANTED, "duration": 99})
    assert (caught.value.status, caught.value.code) == (400, 400)


def test_a_refusal_in_upstreams_second_shape_names_the_field(client: Client) -> None:
    """The validator's list, which hides in a text."""
    with pytest.raises(BadRequest, match="duration: Invalid input") as caught:
        client.submit({**WANTED, "duration": 4.5})
    assert [problem["field"] for problem in caught.value.problems] == ["duration"]


def test_a_key_that_the_server_does_not_know_is_refused(open_client: Opener, fake: FakeOpenRouter) -> None:
    """And never shown, should the server repeat it."""
    fake.plan("poll", fails(401, f"User with key {KEY}2 not found."))
    with open_client(f"{KEY}2", fake.base_url) as client, pytest.raises(Unauthorized) as caught:
        client.get(JOB)
    assert KEY not in str(caught.value) + caught.value.body


def test_without_a_key_nothing_is_asked_that_needs_one(open_client: Opener, fake: FakeOpenRouter) -> None:
    """The next step names where to put it."""
    with open_client(base_url=fake.base_url) as keyless, pytest.raises(Unusable) as caught:
        keyless.get(JOB)
    assert "REELROUTER_API_KEY" in str(caught.value.next_step)
    assert fake.seen == []


@pytest.mark.parametrize("job", [JOB, Job(id=JOB, status="pending", polling_url=f"/api/v1/videos/{JOB}")])
def test_a_job_is_asked_for_by_its_id_or_by_what_the_submit_gave(
    job: Any, client: Client, fake: FakeOpenRouter
) -> None:
    """The polling address may be a path."""
    assert client.get(job).status == "pending"
    assert [seen.path for seen in fake.seen] == [f"/api/v1/videos/{JOB}"]


def test_a_question_is_asked_again_where_that_costs_nothing(
    client: Client, fake: FakeOpenRouter, clock: Clock
) -> None:
    """After a lost answer, and after as long as a busy server asks for."""
    fake.plan("poll", hangs_up, fails(429, retry_after="4"))
    assert client.get(JOB).status == "pending"
    assert clock.pauses == [0.5, 4.0]


def test_a_question_is_not_asked_for_ever(client: Client, fake: FakeOpenRouter) -> None:
    """Three times, and then it is an error with the server's words."""
    fake.plan("models", *[fails(503, "all is down")] * 4)
    with pytest.raises(ServerFailed, match="all is down"):
        client.models()
    assert len(fake.asked("models")) == 3


def test_a_server_that_is_not_there_is_named(open_client: Opener, fake: FakeOpenRouter) -> None:
    """Nothing was sent, and that is known."""
    with open_client(KEY, "http://127.0.0.1:9") as client, pytest.raises(Unreachable) as caught:
        client.submit(WANTED)
    assert caught.value.sent is False
    assert "127.0.0.1:9" in str(caught.value)


def test_a_row_without_a_name_is_not_of_the_contract(client: Client, fake: FakeOpenRouter) -> None:
    """Rows are what everything else is decided by."""
    fake.plan("models", says(200, {"data": [{"name": "nobody"}]}))
    with pytest.raises(Unreadable, match="without an id"):
        client.models()


def test_filters_are_sent_as_they_are_meant(client: Client, fake: FakeOpenRouter) -> None:
    """States with commas between, times with their zone; a time without one is refused before anything is sent."""
    fake.plan("else", says(200, {"data": [], "has_more": False}))
    made = datetime(2026, 11, 21, 12, tzinfo=UTC)
    client.list(status=("failed", "expired"), user="ann", created_after=made, created_before=1_800_000_000)
    assert parse_qs(urlsplit(fake.seen[-1].path).query) == {
        "limit": ["20"],
        "status": ["failed,expired"],
        "user": ["ann"],
        "created_after": ["2026-11-21T12:00:00+00:00"],
        "created_before": ["1800000000"],
    }
    with pytest.raises(Unusable, match="created_after has no time zone"):
        client.list(created_after=made.replace(tzinfo=None))
    assert len(fake.seen) == 1
