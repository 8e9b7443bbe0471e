"""Deliveries and signing secrets over HTTP: each caller sees its own, and what is shown is what is documented."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from pydantic import BaseModel

from reelrouter.accounts import keys, workspaces
from reelrouter.accounts.keys import KeyRing, NewKey, Peppers
from reelrouter.accounts.secrets import Secrets
from reelrouter.accounts.vault import Vault
from reelrouter.api import webhook_responses
from reelrouter.api.routes import build_app
from reelrouter.clock import FrozenClock, milliseconds
from reelrouter.db.engine import Unit
from reelrouter.db.sqlite import SqliteDatabase
from reelrouter.db.tables import workspaces as workspaces_table
from reelrouter.gateway.deliveries import Deliveries, Reach
from reelrouter.gateway.signing import Signing
from reelrouter.net import Rules
from reelrouter.webhooks import store
from reelrouter.webhooks.schedule import Delivered, Result
from tests.api.test_openapi import EDGE
from tests.webhooks.conftest import delivery_of

PEPPER = b"p" * 32
BASE = "http://localhost"
UNKNOWN = "dlv_00000000000000000000"


@dataclass
class Office:
    """A gateway of two workspaces, `a` and `b`."""

    db: SqliteDatabase
    clock: FrozenClock
    client: httpx.AsyncClient
    ids: dict[str, str]

    async def ask(self, key: str, method: str, path: str, **given: Any) -> httpx.Response:
        """`key` as in `a-live`."""
        headers = {"Authorization": f"Bearer {secret_of(key)}"}
        return await self.client.request(method, f"/api/v1{path}", headers=headers, **given)

    async def add(self, workspace: str, number: int = 0, mode: str = "live", job_id: str = "job-1") -> str:
        delivery = delivery_of(
            workspace=self.ids[workspace], mode=mode, key=f"{workspace}-{mode}-{number}", job_id=job_id
        )
        now_ms = milliseconds(self.clock.now())
        return await self.db.write(partial(store.enqueue, delivery=delivery, now_ms=now_ms))

    async def deliver(self) -> None:
        """Everything that is due."""
        now_ms = milliseconds(self.clock.now())
        claim = partial(store.claim, rooms=[("a.example:443", 100)], now_ms=now_ms, until=now_ms + 1000)
        for one in await self.db.write(claim):
            fine = Result(status=200, latency=3, response="ok")
            settle = partial(store.settle, one=one, result=fine, then=Delivered(), now_ms=now_ms)
            await self.db.write(settle)


def secret_of(key: str) -> str:
    name, _, mode = key.rpartition("-")
    return f"{keys.PREFIXES[cast('Any', mode)]}{name}-of-the-tests"


def run(database: Path, work: Callable[[Office], Awaitable[None]]) -> None:
    async def within() -> None:
        db, clock = SqliteDatabase(database), FrozenClock()
        try:
            ids = await db.write(_found)
            door = {
                "deliveries": Deliveries(db, Reach(rules=Rules(), loopback=True), clock),
                "signing": Signing(db, Vault(Secrets(b"root" * 8)), clock),
            }
            edge = replace(
                EDGE, gateway=cast("Any", type("Door", (), door)()), keys=KeyRing(db, Peppers(PEPPER), clock)
            )
            transport = httpx.ASGITransport(build_app(edge, {}, "1"))
            async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
                await work(Office(db, clock, client, ids))
        finally:
            await db.close()

    asyncio.run(within())


def _found(unit: Unit) -> dict[str, str]:
    ids: dict[str, str] = {}
    for name in ("a", "b"):
        workspace = ids[name] = workspaces.create(unit, name, name, 0.0)
        for mode in ("live", "test"):
            made = NewKey(workspace=workspace, mode=mode, name="k", secret=secret_of(f"{name}-{mode}"))
            keys.add_key(unit, made, PEPPER, 0.0)
    made = NewKey(workspace=workspace, mode=cast("Any", "management"), name="m", secret=secret_of("m-management"))
    keys.add_key(unit, made, PEPPER, 0.0)
    return ids


def valid(shape: type[BaseModel], answer: httpx.Response, status: int = 200) -> dict[str, Any]:
    """The answer, which has the status and the shape that the documents tell of."""
    assert answer.status_code == status, answer.text
    shape.model_validate_json(answer.content)
    return cast("dict[str, Any]", answer.json())


def test_a_list_shows_the_newest_first_page_by_page(database: Path) -> None:
    """Narrowed or not; a cursor leads on to the end."""

    async def work(office: Office) -> None:
        made = []
        for number in range(5):
            made.append(await office.add("a", number, job_id=f"job-{number % 2}"))
            office.clock.advance(number % 2)
        await office.deliver()
        office.clock.advance(1)
        made.append(await office.add("a", 5, job_id="job-1"))
        seen: list[str] = []
        query: dict[str, Any] = {"limit": 2}
        while True:
            answer = await office.ask("a-live", "GET", "/webhooks/deliveries", params=query)
            page = valid(webhook_responses.WebhookDeliveryList, answer)
            seen += [one["id"] for one in page["data"]]
            assert page["has_more"] == ("next_cursor" in page)
            if not page["has_more"]:
                break
            query["cursor"] = page["next_cursor"]
        assert sorted(seen) == sorted(made)
        assert seen[0] == made[5]
        narrow = {"job_id": "job-1", "status": "waiting"}
        answer = await office.ask("a-live", "GET", "/webhooks/deliveries", params=narrow)
        assert [one["id"] for one in answer.json()["data"]] == [made[5]]

    run(database, work)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"cursor": "x"}, "cursor"),
        ({"status": "lost"}, "status"),
        ({"limit": "101"}, "limit"),
        ({"job_id": ""}, "job_id"),
    ],
)
def test_a_wrong_query_is_named(query: dict[str, str], field: str, database: Path) -> None:
    """With the parameter that is wrong."""

    async def work(office: Office) -> None:
        answer = await office.ask("a-live", "GET", "/webhooks/deliveries", params=query)
        assert answer.status_code == 400
        assert [one["field"] for one in answer.json()["error"]["metadata"]["problems"]] == [field]

    run(database, work)


def test_a_delivery_is_shown_with_all_that_came_of_it(database: Path) -> None:
    """What was sent, to whom, and every attempt; no signature is among it."""

    async def work(office: Office) -> None:
        made = await office.add("a")
        await office.deliver()
        answer = await office.ask("a-live", "GET", f"/webhooks/deliveries/{made}")
        shown = valid(webhook_responses.WebhookDeliveryDetails, answer)
        assert (shown["status"], shown["tries"], shown["next_attempt_at"]) == ("delivered", 1, None)
        assert shown["body"] == '{"a":1}'
        assert shown["headers"] == {
            "Content-Type": "application/json",
            "X-OpenRouter-Idempotency-Key": "a-live-0",
        }
        assert shown["attempts"] == [
            {
                "number": 1,
                "sent_at": "2027-01-15T08:00:00.000Z",
                "latency_ms": 3,
                "status": 200,
                "response": "ok",
                "error": None,
            }
        ]

    run(database, work)


@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("POST", "/replay")])
def test_what_is_anothers_is_like_what_never_was(method: str, path: str, database: Path) -> None:
    """Another workspace's, and the same workspace's in the other mode: the same answer to the byte."""

    async def work(office: Office) -> None:
        others = [await office.add("b"), await office.add("a", mode="test")]
        await office.deliver()
        answers = [
            await office.ask("a-live", method, f"/webhooks/deliveries/{one}{path}") for one in (*others, UNKNOWN)
        ]
        assert {answer.status_code for answer in answers} == {404}
        bodies = {
            answer.text.replace(one, UNKNOWN) for answer, one in zip(answers, (*others, UNKNOWN), strict=True)
        }
        assert len(bodies) == 1
        listed = await office.ask("a-live", "GET", "/webhooks/deliveries")
        assert listed.json()["data"] == []
        mine = await office.ask("b-live", "GET", f"/webhooks/deliveries/{others[0]}")
        assert mine.json()["status"] == "delivered"

    run(database, work)


def test_a_delivery_can_be_replayed_but_not_while_it_is_sent(database: Path) -> None:
    """It is due now; an attempt that is under way is waited for."""

    async def work(office: Office) -> None:
        made = await office.add("a")
        await office.deliver()
        office.clock.advance(60)
        answer = await office.ask("a-live", "POST", f"/webhooks/deliveries/{made}/replay")
        shown = valid(webhook_responses.WebhookDeliveryDetails, answer, 202)
        assert (shown["status"], shown["next_attempt_at"]) == ("waiting", "2027-01-15T08:01:00.000Z")
        now_ms = milliseconds(office.clock.now())
        claim = partial(store.claim, rooms=[("a.example:443", 1)], now_ms=now_ms, until=now_ms + 1000)
        assert len(await office.db.write(claim)) == 1
        refused = await office.ask("a-live", "POST", f"/webhooks/deliveries/{made}/replay")
        assert (refused.status_code, refused.json()["error"]["code"]) == (409, 409)

    run(database, work)


def test_a_receiver_can_be_tried_out(database: Path) -> None:
    """With a completed job that never was, marked as a test, in the contract's shape."""

    async def work(office: Office) -> None:
        url = "https://app.example/hook"
        answer = await office.ask("a-live", "POST", "/webhooks/test", json={"url": url})
        shown = valid(webhook_responses.WebhookDeliveryDetails, answer, 202)
        assert (shown["job_id"], shown["mode"], shown["url"]) == (None, "live", url)
        assert shown["headers"]["X-ReelRouter-Mode"] == "test"
        event = json.loads(shown["body"])
        job_id = event["data"]["id"]
        assert shown["idempotency_key"] == f"{job_id}-completed"
        assert event["type"] == "video.generation.completed"
        assert event["data"]["unsigned_urls"] == [f"{BASE}/api/v1/videos/{job_id}/content?index=0"]

    run(database, work)


def test_the_workspaces_own_address_is_tried_if_none_is_given(database: Path) -> None:
    """With no body at all, too; without such an address it is said what is missing."""

    async def work(office: Office) -> None:
        refused = await office.ask("a-live", "POST", "/webhooks/test")
        assert refused.json()["error"]["message"] == "url is required, since the workspace has no callback_url"
        change = (
            workspaces_table.update()
            .where(workspaces_table.c.slug == "a")
            .values(callback_url="https://app.example/all")
        )
        await office.db.write(lambda unit: unit.execute(change))
        office.clock.advance(2)  # keys are remembered for a second
        bodies: list[dict[str, Any]] = [{}, {"json": {}}, {"json": {"url": None}}]
        for body in bodies:
            answer = await office.ask("a-live", "POST", "/webhooks/test", **body)
            assert answer.json()["url"] == "https://app.example/all"

    run(database, work)


@pytest.mark.parametrize(
    ("key", "body", "words"),
    [
        ("a-live", {"url": "http://app.example/"}, "url: Only HTTPS URLs are allowed"),
        ("a-live", {"url": "https://10.0.0.1/"}, "url: the host's address is not a public one"),
        ("a-live", {"url": "http://127.0.0.1:9/"}, "url: Only HTTPS URLs are allowed"),
        ("a-test", {"url": "http://10.0.0.1:9/"}, "url: Only HTTPS URLs are allowed"),
        ("a-live", {"url": 5}, "url must be a string"),
        ("a-live", {"url": ""}, "url must not be empty"),
        ("a-live", {"to": "https://app.example/"}, "to is not known here"),
        ("a-live", [], "The body must be a JSON object."),
    ],
)
def test_an_address_that_may_not_be_told_is_refused(key: str, body: Any, words: str, database: Path) -> None:
    """As it would be in a submit; nothing is written."""

    async def work(office: Office) -> None:
        answer = await office.ask(key, "POST", "/webhooks/test", json=body)
        assert (answer.status_code, answer.json()["error"]["message"]) == (400, words)
        assert (await office.ask(key, "GET", "/webhooks/deliveries")).json()["data"] == []

    run(database, work)


def test_secrets_are_made_shown_once_and_ended(database: Path) -> None:
    """By slug or by id; the list has no secret in it."""

    async def work(office: Office) -> None:
        of_a = f"/workspaces/{office.ids['a']}/webhook-secrets"
        first = valid(
            webhook_responses.NewWebhookSecret,
            await office.ask("m-management", "POST", "/workspaces/a/webhook-secrets"),
            201,
        )
        second = valid(
            webhook_responses.NewWebhookSecret,
            await office.ask("m-management", "POST", of_a, json={"keep_for": 60}),
            201,
        )
        assert second["replaced"]["id"] == first["id"]
        assert second["replaced"]["expires_at"] == "2027-01-15T08:01:00.000Z"
        listed = await office.ask("m-management", "GET", of_a)
        found = valid(webhook_responses.WebhookSecretList, listed)["data"]
        assert [one["id"] for one in found] == [first["id"], second["id"]]
        assert first["secret"] not in listed.text
        ended = await office.ask("m-management", "DELETE", f"{of_a}/{first['id']}")
        assert (ended.status_code, ended.content) == (204, b"")
        again = await office.ask("m-management", "DELETE", f"{of_a}/{first['id']}")
        assert again.status_code == 404
        elsewhere = await office.ask("m-management", "DELETE", f"/workspaces/b/webhook-secrets/{second['id']}")
        assert elsewhere.status_code == 404

    run(database, work)


@pytest.mark.parametrize(
    ("body", "field"), [({"keep_for": -1}, "keep_for"), ({"keep_for": 10**8}, "keep_for"), ({"for": 1}, "for")]
)
def test_a_wrong_overlap_is_named(body: dict[str, int], field: str, database: Path) -> None:
    """And no secret is made."""

    async def work(office: Office) -> None:
        answer = await office.ask("m-management", "POST", "/workspaces/a/webhook-secrets", json=body)
        assert [one["field"] for one in answer.json()["error"]["metadata"]["problems"]] == [field]
        found = await office.ask("m-management", "GET", "/workspaces/a/webhook-secrets")
        assert found.json()["data"] == []

    run(database, work)


def test_each_kind_of_key_has_its_own_part(database: Path) -> None:
    """Ordinary keys govern no secrets, and a management key has no deliveries."""

    async def work(office: Office) -> None:
        for method in ("GET", "POST"):
            answer = await office.ask("a-live", method, "/workspaces/a/webhook-secrets")
            assert answer.status_code == 403
        assert (await office.ask("m-management", "GET", "/webhooks/deliveries")).status_code == 403
        assert (await office.ask("m-management", "GET", "/workspaces/c/webhook-secrets")).status_code == 404
        assert (await office.client.get("/api/v1/webhooks/deliveries")).status_code == 401

    run(database, work)
