"""What this gateway adds: waiting, idempotency, estimates, fallbacks, headers that stand for keys."""

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from PIL import Image

from tests.acceptance.books import Books
from tests.acceptance.conftest import Starter
from tests.acceptance.orders import frame, placed, small, submit
from tests.acceptance.pictures import png
from tests.acceptance.serving import LIVE_KEY, Server
from tests.acceptance.waiting import ended

VEO = "google/veo-3.1-lite"
NO_SUCH_PLACE = {"X-ReelRouter-Provider": '{"only": ["nobody"]}'}


def refused(response: httpx.Response, status: int) -> dict[str, Any]:
    assert response.status_code == status, response.text
    error: dict[str, Any] = response.json()["error"]
    return error


# Waiting ---------------------------------------------------------------------------------------------------------


def test_a_submit_can_wait_for_the_video(client: httpx.Client) -> None:
    """One call in place of a loop: the 202 shows the job as it is when it has ended."""
    response = client.post("/api/v1/videos", json=small(), headers={"Prefer": "wait=60"})
    assert response.status_code == 202
    assert response.headers["Preference-Applied"] == "wait=60"
    job = response.json()
    assert job["status"] == "completed"
    assert response.headers["X-ReelRouter-Progress"] == "100"
    assert client.get(job["unsigned_urls"][0], headers={"Authorization": ""}).status_code == 200


def test_a_wait_that_is_too_short_shows_the_job_as_it_is(client: httpx.Client) -> None:
    """Nothing is lost: the job goes on, and its address is there."""
    body = small(prompt="a fox [[stuck]]")
    job = client.post("/api/v1/videos", json=body, headers={"Prefer": "wait=1"}).json()
    assert job["status"] in {"pending", "in_progress"}
    assert client.post(f"/api/v1/videos/{job['id']}/cancel").status_code == 200


def test_a_wait_ends_with_a_failure_too(client: httpx.Client) -> None:
    """Terminal is terminal, whatever became of it."""
    body = small(prompt="a fox [[fail:content_policy_violation]]")
    job = client.post("/api/v1/videos", json=body, headers={"Prefer": "wait=60"}).json()
    assert (job["status"], job["error_type"]) == ("failed", "content_policy_violation")


# Idempotency -----------------------------------------------------------------------------------------------------


def test_a_repeated_submit_answers_with_the_same_job(client: httpx.Client, server: Server) -> None:
    """What a client that lost the first answer needs: the second one is the first again, and says so."""
    headers = {"Idempotency-Key": "test-a-repeated-submit"}
    first = client.post("/api/v1/videos", json=small(seed=11, unknown=1), headers=headers)
    jobs = len(Books(server.data_dir).statuses())
    ended(client, first.json()["id"])
    second = client.post("/api/v1/videos", json=small(seed=11, unknown=1), headers=headers)
    assert second.status_code == first.status_code == 202
    assert second.json() == first.json()
    assert "Idempotent-Replayed" not in first.headers
    assert second.headers["Idempotent-Replayed"] == "true"
    assert len(Books(server.data_dir).statuses()) == jobs


def test_a_storm_of_the_same_submit_makes_one_job(client: httpx.Client) -> None:
    """Those that come while the first is under way wait for it."""
    headers = {"Idempotency-Key": "test-a-storm"}
    with ThreadPoolExecutor(16) as threads:
        answers = list(
            threads.map(lambda _: client.post("/api/v1/videos", json=small(seed=12), headers=headers), range(32))
        )
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert sum("Idempotent-Replayed" not in answer.headers for answer in answers) == 1


def test_a_key_used_for_another_body_is_a_conflict(client: httpx.Client) -> None:
    """Nobody gets a video that they did not ask for."""
    headers = {"Idempotency-Key": "test-another-body"}
    first = client.post("/api/v1/videos", json=small(seed=13), headers=headers).json()["id"]
    error = refused(client.post("/api/v1/videos", json=small(seed=14), headers=headers), 409)
    assert "Idempotency-Key" in error["message"]
    assert error["metadata"]["job_id"] == first


def test_a_refused_submit_leaves_its_key_free(client: httpx.Client) -> None:
    """The corrected request may come under the same key."""
    headers = {"Idempotency-Key": "test-refused"}
    refused(client.post("/api/v1/videos", json=small(duration=99), headers=headers), 400)
    assert client.post("/api/v1/videos", json=small(), headers=headers).status_code == 202


def test_somebody_else_s_key_is_not_known(client: httpx.Client, stranger: httpx.Client) -> None:
    """Keys belong to a workspace."""
    headers = {"Idempotency-Key": "test-somebody-else"}
    mine = client.post("/api/v1/videos", json=small(), headers=headers).json()["id"]
    theirs = stranger.post("/api/v1/videos", json=small(), headers=headers)
    assert "Idempotent-Replayed" not in theirs.headers
    assert theirs.json()["id"] != mine


# Headers that stand for keys -------------------------------------------------------------------------------------


def test_a_wish_for_a_provider_may_come_by_header(client: httpx.Client, live_client: httpx.Client) -> None:
    """The official clients delete such keys from a body, and pass headers on."""
    headers = {"X-ReelRouter-Provider": '{"max_price": 0.0000001}'}
    body = {"model": VEO, "prompt": "a fox"}
    assert "max_price" in refused(client.post("/api/v1/videos", json=body, headers=headers), 404)["message"]
    error = refused(live_client.post("/api/v1/videos", json=small(), headers=NO_SUCH_PLACE), 404)
    assert "provider.only" in error["message"]


def test_answers_repeat_in_headers_what_clients_drop(client: httpx.Client) -> None:
    """Warnings, provider and progress are unknown fields to the official clients."""
    response = submit(client, small(fps=30, größe=1))
    assert json.loads(response.headers["X-ReelRouter-Warnings"]) == response.json()["warnings"]
    assert response.headers["X-ReelRouter-Mode"] == "test"
    job_id = response.json()["id"]
    ended(client, job_id)
    polled = client.get(f"/api/v1/videos/{job_id}")
    assert polled.headers["X-ReelRouter-Provider"] == "test"
    assert polled.headers["X-ReelRouter-Progress"] == "100"


def test_want_of_money_shows_at_the_submit(client: httpx.Client, server: Server) -> None:
    """The test ledger has no limit; a prompt can ask to meet one all the same."""
    jobs = len(Books(server.data_dir).statuses())
    error = refused(submit(client, small(prompt="a fox [[fail:payment_required]]")), 402)
    assert error["metadata"] == {"error_type": "payment_required", "limit_source": "openrouter_credits"}
    assert len(Books(server.data_dir).statuses()) == jobs


# Fallback models -------------------------------------------------------------------------------------------------


def test_a_model_that_nothing_serves_gives_way_to_the_next(live_client: httpx.Client) -> None:
    """The answer says who was passed over, and the job who makes it."""
    response = submit(live_client, small(model=VEO, duration=8, resolution=None, models=["reelrouter/animatic"]))
    assert response.status_code == 202, response.text
    assert any(VEO in warning and "not configured" in warning for warning in response.json()["warnings"])
    job_id = response.json()["id"]
    assert live_client.get(f"/api/v1/videos/{job_id}").json()["model"] == "reelrouter/animatic"
    live_client.post(f"/api/v1/videos/{job_id}/cancel")


def test_a_model_that_cannot_do_it_gives_way_to_the_next(client: httpx.Client) -> None:
    """By header as by body."""
    body = small(model=VEO, duration=30)
    response = client.post("/api/v1/videos", json=body, headers={"X-ReelRouter-Models": "reelrouter/animatic"})
    assert response.status_code == 202
    (warning,) = response.json()["warnings"]
    assert warning.startswith(f"model: {VEO} was passed over: Duration 30s")
    client.post(f"/api/v1/videos/{response.json()['id']}/cancel")


def test_where_no_model_will_do_the_first_one_s_reason_is_given(client: httpx.Client) -> None:
    """It is what the caller asked for in the first place."""
    error = refused(
        submit(client, {"model": VEO, "models": ["alibaba/wan-2.7"], "prompt": "x", "duration": 99}), 400
    )
    assert error["message"].startswith(
        "Duration 99s is not supported for this model. Supported durations: 4, 6, 8s"
    )


def test_an_unknown_fallback_is_refused(client: httpx.Client) -> None:
    """A name that is spelled wrong would never serve anybody."""
    error = refused(submit(client, small(models=["reelrouter/nimatic"])), 400)
    assert error["metadata"]["problems"][0]["field"] == "models[0]"


# Estimates -------------------------------------------------------------------------------------------------------


def test_an_estimate_is_the_price_that_the_job_comes_to(client: httpx.Client, server: Server) -> None:
    """Asked before, and settled after: the same amount, and the lines add up to it."""
    body = {"model": VEO, "prompt": "a fox", "duration": 4, "generate_audio": True}
    jobs = len(Books(server.data_dir).statuses())
    estimate = client.post("/api/v1/videos/estimate", json=body).json()
    assert len(Books(server.data_dir).statuses()) == jobs
    assert estimate["cost"] == 0.2
    assert sum(line["cost"] for line in estimate["lines"]) == estimate["cost"]
    assert estimate["lines"][0]["quantity"] * estimate["lines"][0]["rate"] == estimate["cost"]
    assert estimate["routes"] == [{"endpoint": "test"}]
    job_id = placed(client, body)
    assert client.get(f"/api/v1/videos/{job_id}").json()["resolved"] == estimate["resolved"]
    assert ended(client, job_id)["usage"]["cost"] == estimate["cost"]


def test_an_estimate_names_every_endpoint_that_is_left_out(live_client: httpx.Client) -> None:
    """What an operator has to set stands in the reason; the price is there all the same."""
    estimate = live_client.post("/api/v1/videos/estimate", json={"model": VEO, "prompt": "a fox"}).json()
    assert {route["endpoint"] for route in estimate["routes"]} == {"google-vertex", "openrouter"}
    assert all("not configured" in route["reason"] for route in estimate["routes"])
    assert estimate["cost"] > 0


def test_an_estimate_keeps_no_inputs(client: httpx.Client, server: Server) -> None:
    """A picture may decide the shape and so the price; it is looked at, and not kept."""
    inputs = server.data_dir / "objects" / "inputs"
    before = sorted(inputs.rglob("*"))
    portrait = base64.b64encode(png(Image.new("RGB", (240, 480), "teal"))).decode()
    body = small(frame_images=[frame(f"data:image/png;base64,{portrait}", "first_frame")])
    estimate = client.post("/api/v1/videos/estimate", json=body).json()
    assert estimate["resolved"]["width"] < estimate["resolved"]["height"]
    assert sorted(inputs.rglob("*")) == before


def test_a_request_that_would_be_refused_has_no_estimate(client: httpx.Client) -> None:
    """For the same reasons, in the same words."""
    body = small(duration=99)
    estimate = client.post("/api/v1/videos/estimate", json=body)
    assert refused(estimate, 400) == refused(submit(client, body), 400)


# Browsers --------------------------------------------------------------------------------------------------------


def test_a_page_of_any_origin_may_ask(keyless_client: httpx.Client) -> None:
    """As recorded upstream: 204 to a preflight, every origin, and the headers that scripts want to read."""
    headers = {
        "Origin": "https://app.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type,idempotency-key",
    }
    preflight = keyless_client.options("/api/v1/videos", headers=headers)
    assert (preflight.status_code, preflight.content) == (204, b"")
    assert preflight.headers["Access-Control-Allow-Origin"] == "*"
    assert "idempotency-key" in preflight.headers["Access-Control-Allow-Headers"].lower()
    answer = keyless_client.get("/api/v1/videos/nothing", headers={"Origin": "https://app.example"})
    assert answer.status_code == 401
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "X-ReelRouter-Warnings" in answer.headers["Access-Control-Expose-Headers"]


# Brand and settings ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def other_brand(tmp_path_factory: pytest.TempPathFactory) -> Any:
    one = Server(
        tmp_path_factory.mktemp("brand"),
        {"brand": "modelgates", "aliases": '{"quick": "reelrouter/animatic"}', "plain_unsigned_urls": "true"},
    )
    try:
        one.start()
        yield one
    finally:
        one.close()


def test_the_other_brand_has_its_own_headers(other_brand: Server) -> None:
    """The same API under the other name: attribution is read from that name's headers."""
    with other_brand.client() as client:
        headers = {"X-ModelGates-Title": "Their app", "X-OpenRouter-Title": "Not theirs"}
        job_id = client.post("/api/v1/videos", json=small(model="quick"), headers=headers).json()["id"]
        job = ended(client, job_id)
        record = client.get("/api/v1/generation", params={"id": job_id}).json()["data"]
        refusal = submit(client, small(prompt="x [[submit:402]]"))
        document = client.get("/openapi.json").text
    assert record["attribution"]["title"] == "Their app"
    assert job["model"] == "reelrouter/animatic"
    assert refusal.json()["error"]["metadata"]["limit_source"] == "modelgates_credits"
    assert "X-ModelGates-Title" in document
    assert "X-OpenRouter" not in document


def test_plain_addresses_need_the_key(other_brand: Server) -> None:
    """By setting, `unsigned_urls` are upstream's strict form, and `urls` stay signed."""
    with other_brand.client() as client, other_brand.client(None) as keyless:
        job = ended(client, placed(client, small()))
        assert client.get(job["unsigned_urls"][0]).status_code == 200
        assert keyless.get(job["unsigned_urls"][0]).status_code == 401
        assert keyless.get(job["urls"][0]).status_code == 200


def test_an_alias_that_names_nothing_stops_the_start(start_server: Starter) -> None:
    """With the setting's name, before anything is served."""
    with pytest.raises(AssertionError) as caught:
        start_server(aliases='{"quick": "reelrouter/nimatic"}')
    told = " ".join(caught.value.__notes__)
    assert "aliases.quick" in told
    assert "Traceback" not in told


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"providers": '{"nobody": {}}'}, "providers.nobody: there is no such provider"),
        ({"catalogue": "/nowhere.toml"}, "settings: catalogue: /nowhere.toml is neither a file nor a folder"),
    ],
)
def test_settings_that_cannot_be_used_stop_the_start(
    start_server: Starter, settings: dict[str, str], told: str
) -> None:
    """In one line, before anything is served."""
    with pytest.raises(AssertionError) as caught:
        start_server(**settings)
    notes = " ".join(" ".join(caught.value.__notes__).split())
    assert told in notes
    assert "Traceback" not in notes


def test_a_live_key_is_told_of_a_live_gateway(other_brand: Server) -> None:
    """No mark of test mode on live answers."""
    with other_brand.client(LIVE_KEY) as client:
        response = client.get("/api/v1/videos")
        assert "X-ReelRouter-Mode" not in response.headers
