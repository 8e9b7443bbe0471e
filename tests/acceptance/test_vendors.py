"""A gateway in front of vendors: a key makes models routable, faults are routed around, nobody is asked twice."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from reelrouter.accounts.secrets import load_secrets
from reelrouter.cli.emulating import environment_of
from reelrouter.emulators.frame import Emulator, in_thread
from reelrouter.emulators.registry import SITES
from reelrouter.emulators.script import Script
from reelrouter.jobs import hooks
from tests.acceptance.orders import placed
from tests.acceptance.pictures import data_url, landscape
from tests.acceptance.serving import LIVE_KEY, Server
from tests.acceptance.waiting import ended, until

SEEDANCE = {"model": "bytedance/seedance-2.0-fast", "prompt": "a boat", "duration": 4, "resolution": "480p"}
FIRST = {**SEEDANCE, "provider": {"order": ["byteplus"]}}
"""Whatever was wrong there a moment ago: health decides only where the caller does not."""
NAMES = ("byteplus", "openrouter")


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A gateway, and the vendors that it has keys for."""

    server: Server
    client: httpx.Client
    vendors: Mapping[str, Emulator]

    def plan(self, name: str, *scripts: Script) -> None:
        """What befalls that vendor's next submits."""
        self.vendors[name].scripts.extend(scripts)

    def generation(self, job_id: str) -> dict[str, Any]:
        data: dict[str, Any] = self.client.get("/api/v1/generation", params={"id": job_id}).json()["data"]
        return data

    def submits(self, name: str) -> int:
        return sum(entry.verb == "submit" for entry in self.vendors[name].journal)


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    vendors = {name: SITES[name].make() for name in NAMES}
    with in_thread(vendors["byteplus"]) as one, in_thread(vendors["openrouter"]) as other:
        environment = environment_of("byteplus", one.url) | environment_of("openrouter", other.url)
        terms = {name: {"poll_every": 0.1, "concurrency": 2} for name in NAMES}
        folder = tmp_path_factory.mktemp("vendors")
        server = Server(folder, {"providers": json.dumps(terms), "max_job_age": "60"}, environment)
        try:
            server.start()
            with server.client(LIVE_KEY) as client:
                yield World(server=server, client=client, vendors=vendors)
        finally:
            server.close()


@pytest.fixture
def world(gateway: World) -> World:
    """With nothing planned, and a clean slate."""
    for vendor in gateway.vendors.values():
        vendor.scripts.clear()
        vendor.journal.clear()
    return gateway


def test_a_key_in_the_environment_makes_models_routable(world: World) -> None:
    """And what is missing for the others is told."""
    rows = {row["id"]: row for row in world.client.get("/api/v1/videos/models?all=true").json()["data"]}
    assert "live" in rows["bytedance/seedance-2.0-fast"]["available"]
    missing = rows["google/veo-3.1"]["missing"]
    assert [one["endpoint"] for one in missing] == ["google-vertex"]
    assert "GOOGLE_CLOUD_PROJECT" in missing[0]["reason"]


def test_a_job_goes_to_the_vendor_and_its_video_comes_from_us(world: World) -> None:
    """With its inputs, under the vendor's own name for the model."""
    frame = {"type": "image_url", "frame_type": "first_frame", "image_url": {"url": data_url(landscape(1))}}
    job = ended(world.client, placed(world.client, {**FIRST, "frame_images": [frame]}))
    assert (job["status"], job["provider"]) == ("completed", "byteplus")
    assert world.client.get(job["unsigned_urls"][0]).content[4:8] == b"ftyp"
    (task,) = [one for one in world.vendors["byteplus"].tasks.values() if len(one.body["content"]) > 1]
    assert task.body["model"] == "dreamina-seedance-2-0-fast-260128"
    assert task.body["content"][1]["image_url"]["url"].startswith("data:image/png;base64,")


def test_a_failure_that_costs_nothing_is_routed_around(world: World) -> None:
    """Every attempt stands in the record, with its class."""
    world.plan("byteplus", Script(refuse="quota"))
    job = ended(world.client, placed(world.client, FIRST))
    assert (job["status"], job["provider"]) == ("completed", "openrouter")
    attempts = world.generation(job["id"])["attempts"]
    assert [(one["endpoint"], one["outcome"]) for one in attempts] == [
        ("byteplus", "refused"),
        ("openrouter", "finished"),
    ]
    assert attempts[0]["failure"] == "quota_billing"


def test_a_policy_refusal_goes_nowhere_else(world: World) -> None:
    """What one vendor's rules forbid is not carried to the next."""
    only = {**SEEDANCE, "provider": {"order": ["byteplus"]}}
    world.plan("byteplus", Script(refuse="policy"))
    job = ended(world.client, placed(world.client, only))
    assert job["status"] == "failed"
    assert world.generation(job["id"])["error_type"] == "content_policy_violation"
    assert world.submits("openrouter") == 0


def test_a_submit_without_an_answer_is_never_sent_again(world: World) -> None:
    """Somebody may be making it; the caller is told, and pays nothing."""
    world.plan("byteplus", Script(break_submit="dropped"))
    job = ended(world.client, placed(world.client, {**SEEDANCE, "provider": {"order": ["byteplus"]}}))
    assert job["status"] == "failed"
    assert job["error"].startswith("submission_outcome_unknown")
    assert (world.submits("byteplus"), world.submits("openrouter")) == (1, 0)


def test_jobs_wait_for_a_place_in_place_of_being_refused(world: World) -> None:
    """An account takes two at a time: the third is submitted when one of them is over."""
    world.plan("byteplus", *[Script(seconds=1.0)] * 3)
    body = {**SEEDANCE, "provider": {"only": ["byteplus"]}}
    jobs = [placed(world.client, body) for _ in range(3)]
    until(lambda: world.submits("byteplus") == 2, "two submits")
    assert [ended(world.client, job)["status"] for job in jobs] == ["completed"] * 3
    assert world.submits("byteplus") == 3


def test_a_busy_vendor_is_asked_again_when_it_said(world: World) -> None:
    """The job stays pending meanwhile, and is not failed."""
    world.plan("byteplus", Script(refuse="rate_after", retry_after=1))
    job = ended(world.client, placed(world.client, {**SEEDANCE, "provider": {"only": ["byteplus"]}}))
    assert job["status"] == "completed"
    first, second = [entry.at for entry in world.vendors["byteplus"].journal if entry.verb == "submit"]
    assert second - first >= 1.0


def test_a_cancel_is_carried_to_the_vendor(world: World) -> None:
    """Where the vendor agrees, the job is cancelled at once."""
    world.plan("byteplus", Script(seconds=1000))
    job_id = placed(world.client, {**SEEDANCE, "provider": {"only": ["byteplus"]}})
    until(lambda: world.client.get(f"/api/v1/videos/{job_id}").json()["status"] == "in_progress", "an acceptance")
    assert world.client.post(f"/api/v1/videos/{job_id}/cancel").status_code == 200
    assert ended(world.client, job_id)["status"] == "cancelled"
    assert any(task.cancelled for task in world.vendors["byteplus"].tasks.values())


def test_a_job_goes_on_where_the_one_before_it_was_made(world: World) -> None:
    """The vendor is told by its own name for that job; no other place is tried."""
    body = {"model": "black-forest-labs/flux-3-video", "prompt": "a boat", "duration": 5}
    first = ended(world.client, placed(world.client, body))
    second = ended(world.client, placed(world.client, {**body, "previous_job_id": first["id"]}))
    assert (first["status"], second["status"]) == ("completed", "completed")
    known = {entry.task for entry in world.vendors["openrouter"].journal if entry.verb == "submit"}
    asked = [task.body for task in world.vendors["openrouter"].tasks.values() if task.id in known]
    assert asked[1]["previous_job_id"] in known


def test_a_gateway_that_is_its_own_upstream_is_told(world: World) -> None:
    """A job that comes back is refused, and makes no second one; an id that was guessed is told nothing."""
    job_id = placed(world.client, SEEDANCE)
    key = load_secrets(None, world.server.data_dir).derive(hooks.PURPOSE)
    mark = hooks.mark_of(key, job_id)
    again = world.client.post("/api/v1/videos", json=SEEDANCE, headers={"X-ReelRouter-Via": mark})
    assert again.status_code == 404
    assert "its own upstream" in again.json()["error"]["message"]
    guessed = world.client.post("/api/v1/videos", json=SEEDANCE, headers={"X-ReelRouter-Via": job_id})
    assert guessed.status_code == 202
    assert ended(world.client, job_id)["status"] == "completed"


def test_credentials_are_nowhere_in_the_log(world: World) -> None:
    """Whatever went wrong above."""
    log = (world.server.data_dir.parent / "serve.log").read_text()
    assert "emulated-key" not in log
