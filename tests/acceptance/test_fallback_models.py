"""Models to fall back to, while a job runs: a vendor that refuses the first, and another that makes the second."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from reelrouter.api.responses import Estimate
from reelrouter.cli.emulating import environment_of
from reelrouter.emulators.frame import Emulator, in_thread
from reelrouter.emulators.registry import SITES
from reelrouter.emulators.script import Script
from tests.acceptance.books import Books
from tests.acceptance.orders import placed
from tests.acceptance.serving import LIVE_KEY, Server
from tests.acceptance.waiting import ended

SEEDANCE, MINI, WAN = "bytedance/seedance-2.0-fast", "bytedance/seedance-2.0-mini", "alibaba/wan-2.7"
BODY = {"prompt": "a boat", "duration": 4, "resolution": "720p"}
WITH_SPARE = {**BODY, "model": SEEDANCE, "models": [WAN]}
"""Each of the two models has one endpoint here, and that one account."""
TOOK_OVER = f"models[0]: {WAN} makes this in place of {SEEDANCE}, whose endpoints would not"


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A gateway, and the two vendors that it has keys for."""

    client: httpx.Client
    books: Books
    byteplus: Emulator
    alibaba: Emulator

    def made(self, **changes: Any) -> dict[str, Any]:
        """The job of a request with a spare model, as it ended."""
        return ended(self.client, placed(self.client, {**WITH_SPARE, **changes}))

    def generation(self, job: Mapping[str, Any]) -> dict[str, Any]:
        data: dict[str, Any] = self.client.get("/api/v1/generation", params={"id": job["id"]}).json()["data"]
        return data


def accepted(vendor: Emulator) -> list[str]:
    """The vendor's own names of the models for which it has taken a job."""
    tasks = [vendor.tasks[one.task] for one in vendor.journal if one.verb == "submit" and one.task in vendor.tasks]
    return [task.body["model"] for task in tasks]


def submits(vendor: Emulator) -> int:
    return sum(one.verb == "submit" for one in vendor.journal)


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    byteplus, alibaba = SITES["byteplus"].make(), SITES["alibaba"].make()
    with in_thread(byteplus) as one, in_thread(alibaba) as other:
        environment = environment_of("byteplus", one.url) | environment_of("alibaba", other.url)
        terms = json.dumps({name: {"poll_every": 0.1} for name in ("byteplus", "alibaba")})
        server = Server(
            tmp_path_factory.mktemp("fallback"), {"providers": terms, "max_job_age": "60"}, environment
        )
        try:
            server.start()
            with server.client(LIVE_KEY) as client:
                yield World(client=client, books=Books(server.data_dir), byteplus=byteplus, alibaba=alibaba)
        finally:
            server.close()


@pytest.fixture
def world(gateway: World) -> World:
    """With nothing planned, and a clean slate."""
    for vendor in (gateway.byteplus, gateway.alibaba):
        vendor.script = Script()
        vendor.scripts.clear()
        vendor.journal.clear()
    return gateway


@pytest.mark.parametrize("refusal", ["auth", "quota"])
def test_a_model_that_its_vendor_refuses_gives_way_to_the_next(refusal: Any, world: World) -> None:
    """What is told, recorded and charged is the second's alone; the first vendor has nothing."""
    alone = world.made(model=WAN, models=[])
    world.byteplus.script = Script(refuse=refusal)
    job = world.made()
    assert (job["status"], job["model"], job["provider"]) == ("completed", WAN, "alibaba")
    assert job["warnings"] == [TOOK_OVER]
    assert job["resolved"] == alone["resolved"]
    assert (submits(world.byteplus), accepted(world.byteplus)) == (1, [])
    assert accepted(world.alibaba) == ["wan2.7-t2v"] * 2
    charges = dict(world.books.charges())
    assert charges[job["id"]] == charges[alone["id"]]
    assert job["usage"] == alone["usage"]
    assert world.books.holds()[job["id"]] == "settled"


def test_the_record_names_each_attempts_model(world: World) -> None:
    """Who was asked for what, and what came of it."""
    world.byteplus.script = Script(refuse="quota")
    told = world.generation(world.made())
    assert told["model"].startswith(f"{WAN}-")
    assert (told["provider_name"], told["models"]) == ("alibaba", [SEEDANCE, WAN])
    assert [(one["model"], one["endpoint"], one["outcome"]) for one in told["attempts"]] == [
        (SEEDANCE, "byteplus", "refused"),
        (WAN, "alibaba", "finished"),
    ]
    assert [one["model_permaslug"].rpartition("-")[0] for one in told["provider_responses"]] == [SEEDANCE, WAN]


def test_a_failure_that_costs_nothing_gives_way_after_the_acceptance_too(world: World) -> None:
    """The vendor had taken the job, and broke off."""
    world.byteplus.script = Script(end="transient")
    job = world.made()
    assert (job["status"], job["model"], job["warnings"]) == ("completed", WAN, [TOOK_OVER])
    assert (len(accepted(world.byteplus)), len(accepted(world.alibaba))) == (1, 1)
    assert [one["outcome"] for one in world.generation(job)["attempts"]] == ["failed", "finished"]


@pytest.mark.parametrize("script", [Script(refuse="policy"), Script(end="policy_output")])
def test_a_policy_refusal_reaches_no_other_model(script: Script, world: World) -> None:
    """What one vendor's rules forbid is not carried to the next; the job shows whom it was for."""
    world.byteplus.script = script
    job = world.made()
    assert (job["status"], job["error_type"], job["model"]) == ("failed", "content_policy_violation", SEEDANCE)
    assert "warnings" not in job
    assert submits(world.alibaba) == 0


def test_a_submit_without_an_answer_reaches_no_other_model(world: World) -> None:
    """Somebody may be making it."""
    world.byteplus.script = Script(break_submit="dropped")
    job = world.made()
    assert job["status"] == "failed"
    assert job["error"].startswith("submission_outcome_unknown")
    assert submits(world.alibaba) == 0


def test_a_busy_model_is_passed_over(world: World) -> None:
    """As a busy endpoint is for another of the same model: the free one has the job at once."""
    world.byteplus.script = Script(refuse="rate_after", retry_after=50)
    job = world.made()
    assert (job["status"], job["model"]) == ("completed", WAN)
    assert submits(world.byteplus) == 1


def test_two_models_of_one_account_are_told_apart(world: World) -> None:
    """The vendor is asked for the one, then for the other; and the bill is the other's."""
    world.byteplus.scripts.append(Script(refuse="quota"))
    job = world.made(models=[MINI])
    assert (job["status"], job["model"], job["provider"]) == ("completed", MINI, "byteplus")
    assert (submits(world.byteplus), accepted(world.byteplus)) == (2, ["dreamina-seedance-2-0-mini-260615"])
    alone = world.made(model=MINI, models=[])
    assert job["usage"]["cost"] == alone["usage"]["cost"] > 0


def test_where_no_model_can_be_had_the_job_fails_and_costs_nothing(world: World) -> None:
    """With the first one's name, which nobody has taken it from, and the last one's reason."""
    world.byteplus.script = Script(refuse="auth")
    world.alibaba.script = Script(refuse="quota")
    job = world.made()
    assert (job["status"], job["model"], job["error_type"]) == ("failed", SEEDANCE, "provider_unavailable")
    assert world.generation(job)["attempts"][1]["failure"] == "quota_billing"
    assert job["id"] not in dict(world.books.charges())
    assert world.books.holds()[job["id"]] == "released"


def test_a_repeated_submit_is_told_what_it_was_told_first(world: World) -> None:
    """To the byte, although another model makes it by now."""
    world.byteplus.script = Script(refuse="auth")
    headers = {"Idempotency-Key": "fallback-replay"}
    body = {**WITH_SPARE, "fps": 30}
    first = world.client.post("/api/v1/videos", json=body, headers=headers)
    job = ended(world.client, first.json()["id"])
    assert (job["model"], len(job["warnings"])) == (WAN, 2)
    again = world.client.post("/api/v1/videos", json=body, headers=headers)
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again.headers["X-ReelRouter-Warnings"] == first.headers["X-ReelRouter-Warnings"]
    assert again.headers["Idempotent-Replayed"] == "true"


def test_an_estimate_tells_what_the_fallbacks_would_cost(world: World) -> None:
    """As the document describes it; what is held covers the dearest."""
    told = world.client.post("/api/v1/videos/estimate", json=WITH_SPARE).json()
    Estimate.model_validate(told)
    alone = world.client.post("/api/v1/videos/estimate", json={**BODY, "model": WAN}).json()
    assert "fallbacks" not in alone
    assert (told["model"], told["fallbacks"]) == (SEEDANCE, [{"model": WAN, "cost": alone["cost"]}])
    assert told["cost"] < alone["cost"]
    assert told["warnings"] == []
    job = world.made()
    assert world.generation(job)["estimate"] == alone["cost"]
