"""Webhooks of a real gateway: what arrives is what the contract says, and what goes wrong is tried again."""

import json
import os
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from standardwebhooks import Webhook, WebhookVerificationError
from typer.testing import CliRunner

from reelrouter.cli.commands import app
from reelrouter.client.webhooks import sign
from tests.acceptance.node.runs import FOLDER, node
from tests.acceptance.orders import placed, small
from tests.acceptance.receivers import Answer, Receivers, receivers
from tests.acceptance.serving import LIVE_KEY, TEST_KEY, Server
from tests.acceptance.waiting import ended, until

REFUSED = {"model": "alibaba/wan-2.7", "duration": 2, "resolution": "720p", "prompt": "[[fail:refusal]]"}
"""A job that ends at once."""
_SETTINGS = {"webhook_schedule": "0,0.2,0.3,0.5", "webhook_timeout": "1"}
_RUNNER = CliRunner()
_ASKED_FOR = 2
"""Seconds that a receiver asks to be left alone for: more than any pause of the schedule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    server: Server
    client: httpx.Client
    receivers: Receivers

    def refused(self, callback_url: str, **given: Any) -> str:
        """The id of a job that ends at once."""
        return placed(self.client, {**REFUSED, "callback_url": callback_url, **given})

    def delivery(self, job_id: str) -> dict[str, Any]:
        """The one delivery of a job, once there is one."""

        def look() -> dict[str, Any] | None:
            answer = self.client.get("/api/v1/webhooks/deliveries", params={"job_id": job_id})
            found: list[dict[str, Any]] = answer.json()["data"]
            assert len(found) <= 1
            return self.details(found[0]["id"]) if found else None

        return until(look, "a delivery")

    def over(self, job_id: str) -> dict[str, Any]:
        """The same when nothing more is to come."""

        def look() -> dict[str, Any] | None:
            found = self.delivery(job_id)
            return found if found["status"] != "waiting" else None

        return until(look, "the end of a delivery")

    def details(self, delivery_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.client.get(f"/api/v1/webhooks/deliveries/{delivery_id}").json()
        return found

    def command(self, *words: str) -> Any:
        """What `reelrouter webhooks` says on the machine itself."""
        environment = {"REELROUTER_DATA_DIR": str(self.server.data_dir)}
        ran = _RUNNER.invoke(app, ["webhooks", *words, "--json"], env=environment)
        assert ran.exit_code == 0, ran.output
        return json.loads(ran.stdout)


def decide(path: str, key: str, seen: int) -> Answer | None:
    match path:
        case "/dead":
            return None
        case "/redirect":
            return Answer(status=307, headers={"Location": "/elsewhere"})
        case "/gone":
            return Answer(status=410)
        case "/later":
            return Answer(status=503, headers={"Retry-After": str(_ASKED_FOR)}) if seen == 0 else Answer()
        case "/third":
            return Answer() if seen == 2 else Answer(status=500)
        case _:
            return Answer()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with receivers(decide) as listening:
        server = Server(tmp_path_factory.mktemp("webhooks"), _SETTINGS)
        try:
            server.start()
            with server.client() as client:
                yield World(server=server, client=client, receivers=listening)
        finally:
            server.close()


def test_a_completed_job_is_told_as_a_poll_tells_it(world: World) -> None:
    """The same addresses, which open the file without a key, and the same price; the warning of old is gone."""
    job_id = placed(world.client, small(callback_url=f"{world.receivers.url}/completed"))
    job = ended(world.client, job_id)
    assert world.over(job_id)["status"] == "delivered"
    (got,) = world.receivers.at("/completed")
    event = json.loads(got.body)
    assert event["type"] == "video.generation.completed"
    assert event["data"] == {
        "id": job_id,
        "status": "completed",
        "generation_id": job_id,
        "model": job["model"],
        "unsigned_urls": job["unsigned_urls"],
        "usage": job["usage"],
    }
    assert "callback_url" not in json.dumps(job.get("warnings", []))
    assert got.headers["X-ReelRouter-Mode"] == "test"
    assert got.key == f"{job_id}-completed"
    assert httpx.get(event["data"]["unsigned_urls"][0], trust_env=False).content[4:8] == b"ftyp"


def test_the_workspaces_own_address_is_told_where_a_request_names_none(world: World) -> None:
    """As it was when the request came in; an address in the request goes before it."""
    default = f"{world.receivers.url}/default"
    set_default(world.server, default)
    # Keys are remembered for a second, and what their workspaces have decided with them.
    until(lambda: world.client.post("/api/v1/webhooks/test").status_code == 202, "the address to be known")
    told, elsewhere = placed(world.client, REFUSED), world.refused(f"{world.receivers.url}/elsewhere-told")
    set_default(world.server, None)
    assert (world.over(told)["url"], world.over(told)["status"]) == (default, "delivered")
    assert world.over(elsewhere)["url"] == f"{world.receivers.url}/elsewhere-told"
    until(lambda: world.client.post("/api/v1/webhooks/test").status_code == 400, "the address to be forgotten")
    quiet = placed(world.client, REFUSED)
    assert ended(world.client, quiet)["status"] == "failed"
    listed = world.client.get("/api/v1/webhooks/deliveries", params={"job_id": quiet}).json()
    assert listed["data"] == []


def set_default(server: Server, url: str | None) -> None:
    """What a manager decides for a workspace."""
    with closing(sqlite3.connect(server.data_dir / "app.db", timeout=30)) as connection, connection:
        connection.execute("UPDATE workspaces SET callback_url = ? WHERE slug = 'default'", (url,))


def test_a_refusal_is_tried_again_with_the_same_words(world: World) -> None:
    """Byte for byte and under one key; every attempt is on record."""
    job_id = world.refused(f"{world.receivers.url}/third")
    delivery = world.over(job_id)
    assert (delivery["status"], delivery["tries"]) == ("delivered", 3)
    assert [one["status"] for one in delivery["attempts"]] == [500, 500, 204]
    got = world.receivers.at("/third")
    assert {(one.key, one.body) for one in got} == {(f"{job_id}-failed", delivery["body"].encode())}


def test_what_cannot_be_delivered_is_given_up_and_can_be_replayed(world: World) -> None:
    """At the end of the schedule; a replay is one more attempt under the same key."""
    job_id = world.refused(f"{world.receivers.url}/redirect")
    delivery = world.over(job_id)
    assert (delivery["status"], delivery["tries"]) == ("failed", 4)
    assert {one["status"] for one in delivery["attempts"]} == {307}
    assert world.receivers.at("/elsewhere") == []
    asked = world.client.post(f"/api/v1/webhooks/deliveries/{delivery['id']}/replay")
    assert asked.status_code == 202
    until(lambda: len(world.receivers.at("/redirect")) == 5, "the replay")
    assert {one.key for one in world.receivers.at("/redirect")} == {f"{job_id}-failed"}


def test_a_receiver_that_is_gone_is_left_alone(world: World) -> None:
    """After one 410."""
    delivery = world.over(world.refused(f"{world.receivers.url}/gone"))
    assert (delivery["status"], delivery["tries"]) == ("failed", 1)


def test_a_receiver_that_asks_for_time_gets_it(world: World) -> None:
    """More than the schedule's next pause, since it says so."""
    assert world.over(world.refused(f"{world.receivers.url}/later"))["status"] == "delivered"
    first, second = world.receivers.at("/later")
    assert second.at - first.at >= _ASKED_FOR


def test_a_test_prompt_shows_a_repeated_delivery(world: World) -> None:
    """Two attempts fail without being sent; the third arrives."""
    prompt = f"{REFUSED['prompt']} [[webhook:fail]]"
    delivery = world.over(world.refused(f"{world.receivers.url}/pretended", prompt=prompt))
    assert [one["status"] for one in delivery["attempts"]] == [500, 500, 204]
    assert len(world.receivers.at("/pretended")) == 1


def test_a_job_that_is_cancelled_before_its_start_is_told(world: World) -> None:
    """Or just after it: whoever ends it, says so."""
    job_id = placed(world.client, small(prompt="[[stuck]]", callback_url=f"{world.receivers.url}/cancelled"))
    assert world.client.post(f"/api/v1/videos/{job_id}/cancel").status_code == 200
    assert world.over(job_id)["event"] == "video.generation.cancelled"


def test_a_dead_receiver_delays_nobody(world: World) -> None:
    """Though it takes every connection and never answers, with many deliveries waiting for it."""
    with receivers(decide) as dead:
        for _ in range(12):
            world.client.post("/api/v1/webhooks/test", json={"url": f"{dead.url}/dead"})
        until(lambda: dead.at("/dead"), "the dead receiver's first")
        job_id = world.refused(f"{world.receivers.url}/alive")
        delivery = world.over(job_id)
        assert delivery["status"] == "delivered"
        waiting = world.client.get("/api/v1/webhooks/deliveries", params={"status": "waiting"}).json()["data"]
        assert any(one["url"] == f"{dead.url}/dead" for one in waiting)
        failed = until(lambda: _silent(world, f"{dead.url}/dead"), "an attempt without an answer")
        assert failed["error"] == "the server did not finish within 1 s"


def _silent(world: World, url: str) -> dict[str, Any] | None:
    listed = world.client.get("/api/v1/webhooks/deliveries", params={"limit": 100}).json()["data"]
    stories = [world.details(one["id"]) for one in listed if one["url"] == url and one["tries"]]
    return stories[0]["attempts"][0] if stories else None


# Signatures ------------------------------------------------------------------------------------------------------


class Express:
    """The receiver in Node: what it was sent, and how it answered."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self.url = f"http://127.0.0.1:{self.next()['port']}"

    def next(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        told: dict[str, Any] = json.loads(self._process.stdout.readline())
        return told

    def answer_to(self, path: str, body: bytes, headers: dict[str, str]) -> int:
        """How it answers what we send it ourselves."""
        sent = {"Content-Type": "application/json", **headers}
        status = httpx.post(f"{self.url}{path}", content=body, headers=sent, trust_env=False).status_code
        assert self.next()["status"] == status
        return status


@contextmanager
def express(secret: str) -> Iterator[Express]:
    environment = {**os.environ, "WEBHOOK_SECRET": secret}
    with subprocess.Popen(
        (node(), "receiver.mjs"), cwd=FOLDER, env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield Express(process)
        finally:
            process.terminate()


_KEPT = {
    "/openrouter": ("x-openrouter-signature",),
    "/standard": ("webhook-id", "webhook-timestamp", "webhook-signature"),
}


def test_receivers_of_others_take_ours_and_no_forgery(world: World) -> None:
    """In Node with Express, and with the published library for Standard Webhooks; by both signatures."""
    secret = world.command("rotate-secret", "--keep-for", "0")["secret"]
    with express(secret) as receiver:
        for path, names in _KEPT.items():
            job_id = world.refused(f"{receiver.url}{path}")
            told = receiver.next()
            assert (told["path"], told["status"]) == (path[1:], 204)
            assert world.over(job_id)["status"] == "delivered"
            body, headers = told["body"].encode(), {name: told["headers"][name] for name in names}
            for name, (forged_body, forged) in forgeries(body, headers, job_id).items():
                assert receiver.answer_to(path, forged_body, forged) == 401, f"{path}: {name}"
            assert receiver.answer_to(path, body, headers) == 204
            if path == "/standard":
                assert is_taken(secret, body, headers)
                forged_ones = forgeries(body, headers, job_id).items()
                assert [name for name, forged in forged_ones if is_taken(secret, *forged)] == []


def is_taken(secret: str, body: bytes, headers: dict[str, str]) -> bool:
    """What the published library for Standard Webhooks makes of it."""
    try:
        Webhook(secret).verify(body, headers)
    except WebhookVerificationError:
        return False
    return True


def forgeries(body: bytes, headers: dict[str, str], job_id: str) -> dict[str, tuple[bytes, dict[str, str]]]:
    """By what is wrong with them."""
    stamp = headers.get("webhook-timestamp") or headers["x-openrouter-signature"][2:].partition(",")[0]

    def stamped(at: int) -> dict[str, str]:
        return {name: value.replace(stamp, str(at)) for name, value in headers.items()}

    def signed(secret: str, at: int) -> dict[str, str]:
        made = sign(body, secret, event_id=f"{job_id}-failed", timestamp=at)
        return {name.lower(): value for name, value in made.items() if name.lower() in headers}

    found = {
        "another status": (body.replace(b'"failed"', b'"completed"'), headers),
        "a longer body": (body + b" ", headers),
        "another stamp": (body, stamped(int(stamp) + 1)),
        "another secret": (body, signed("whsec_YW5vdGhlcg==", int(stamp))),
        "an early stamp": (body, stamped(int(stamp) - 301)),
        "no signature": (body, {name: value for name, value in headers.items() if "signature" not in name}),
        "half a signature": (body, {name: value[:-4] for name, value in headers.items()}),
    }
    if "webhook-id" in headers:
        found["another id"] = (body, {**headers, "webhook-id": "gen-vid-1-x-failed"})
        found["no id"] = (body, {name: value for name, value in headers.items() if name != "webhook-id"})
    return found


def test_a_stale_webhook_is_refused_though_it_is_genuine(world: World) -> None:
    """Recorded and sent again later: the stamp is under the signature."""
    secret = "whsec_c2VjcmV0"
    with express(secret) as receiver:
        # Half a minute from the limit of five: a slow machine may take seconds to hand one over.
        for age, status in ((0, 204), (270, 204), (330, 401), (-330, 401)):
            headers = sign(b"{}", secret, event_id="k", timestamp=int(time.time()) - age)
            assert receiver.answer_to("/openrouter", b"{}", headers) == status
            assert receiver.answer_to("/standard", b"{}", headers) == status


def test_a_secret_changes_without_a_gap(world: World) -> None:
    """Receivers that know of several signatures, with either secret; others with the older one, until it ends."""
    older = world.command("rotate-secret", "--keep-for", "0")["secret"]
    made = world.command("rotate-secret")
    assert made["replaced"] is not None
    with express(older) as before, express(made["secret"]) as after:
        for receiver, path, status in (
            (before, "/openrouter", 204),
            (before, "/standard", 204),
            (before, "/firstOnly", 204),
            (after, "/openrouter", 204),
            (after, "/standard", 204),
        ):
            world.client.post("/api/v1/webhooks/test", json={"url": f"{receiver.url}{path}"})
            assert receiver.next()["status"] == status
        world.command("revoke-secret", made["replaced"]["id"])
        world.client.post("/api/v1/webhooks/test", json={"url": f"{before.url}/openrouter"})
        assert before.next()["status"] == 401
        world.client.post("/api/v1/webhooks/test", json={"url": f"{after.url}/firstOnly"})
        assert after.next()["status"] == 204


def test_secrets_are_nowhere_in_the_log(world: World) -> None:
    """Nor is the address of a receiver, which may have a secret in it."""
    made = world.command("rotate-secret", "--keep-for", "0")
    world.over(world.refused(f"{world.receivers.url}/logged?token=canary"))
    log = (world.server.data_dir.parent / "serve.log").read_text()
    assert "canary" not in log
    assert made["secret"] not in log


def test_an_owner_sees_no_delivery_of_another_mode(world: World) -> None:
    """What is a test's is unknown to a live key."""
    job_id = world.refused(f"{world.receivers.url}/own")
    delivery = world.over(job_id)
    with world.server.client(LIVE_KEY) as live:
        assert live.get(f"/api/v1/webhooks/deliveries/{delivery['id']}").status_code == 404
        assert live.get("/api/v1/webhooks/deliveries").json()["data"] == []
    assert TEST_KEY not in json.dumps(delivery)
