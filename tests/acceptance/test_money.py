"""Money over real HTTP: nobody overspends, whoever is refused is told why, and the books say what happened."""

import csv
import io
import json
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from openrouter import OpenRouter, errors

from reelrouter.cli.emulating import environment_of
from reelrouter.emulators.frame import in_thread
from reelrouter.emulators.openrouter import COST
from reelrouter.emulators.registry import SITES
from reelrouter.emulators.script import Script
from tests.acceptance.books import Books
from tests.acceptance.orders import HOSTED, placed, small, submit
from tests.acceptance.serving import Server
from tests.acceptance.treasury import Team, Treasury
from tests.acceptance.waiting import ended, in_progress

BODY = {**HOSTED, "provider": {"only": ["openrouter"]}}
"""Done at once; a job of `HOSTED` itself goes to a vendor that takes its time, and that lets go of it."""
ROOM, SUBMITS = 50, 200
_THREADS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    server: Server
    treasury: Treasury
    price: float
    """What a video costs, in dollars: the catalogue's price, and by chance the vendor's as well."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A gateway of which workspaces pay what the vendor says, with a quick vendor and a slow one."""
    quick, slow = SITES["openrouter"].make(), SITES["byteplus"].make()
    slow.script = Script(seconds=1000)
    with in_thread(quick) as one, in_thread(slow) as other:
        environment = environment_of("openrouter", one.url) | environment_of("byteplus", other.url)
        terms = {"openrouter": {"poll_every": 0.1}, "byteplus": {"concurrency": 500}}
        settings = {"providers": json.dumps(terms), "hold_margin": "1", "pricing": "vendor"}
        server = Server(tmp_path_factory.mktemp("money"), settings, environment)
        try:
            server.start()
            with server.client() as client:
                price = client.post("/api/v1/videos/estimate", json=BODY).json()["cost"]
            assert price == float(COST)
            yield World(server=server, treasury=Treasury(server), price=price)
        finally:
            server.close()


@pytest.fixture
def new_team(world: World, request: pytest.FixtureRequest) -> Callable[[], Team]:
    made = iter(range(100))
    name = str(abs(hash(request.node.nodeid)))
    return lambda: world.treasury.team(f"team-{name}-{next(made)}")


def limit_credits(world: World, team: Team, dollars: float) -> None:
    assert world.treasury.ask("POST", f"/workspaces/{team.slug}/credits", {"amount": dollars}).status_code == 201


def limit_key(world: World, team: Team, dollars: float) -> None:
    world.treasury.limit_key(team, "daily", dollars)


def limit_workspace(world: World, team: Team, dollars: float) -> None:
    put = world.treasury.ask("PUT", f"/workspaces/{team.slug}/budgets/monthly", {"limit_usd": dollars})
    assert put.status_code == 200, put.text


LIMITS = {"credits": limit_credits, "key_limit": limit_key, "workspace_budget": limit_workspace}


@pytest.mark.parametrize("scope", LIMITS)
def test_submits_that_come_together_cannot_overspend(
    scope: str, world: World, new_team: Callable[[], Team]
) -> None:
    """Two hundred against room for fifty: fifty are taken, the others are told to come back, and left nothing."""
    team = new_team()
    LIMITS[scope](world, team, round(ROOM * world.price, 9))
    with world.server.client(team.key) as client, ThreadPoolExecutor(_THREADS) as threads:
        answers = list(threads.map(lambda _n: submit(client, HOSTED), range(SUBMITS)))
        assert Counter(answer.status_code for answer in answers) == {202: ROOM, 402: SUBMITS - ROOM}
        for refused in (answer for answer in answers if answer.status_code == 402):
            metadata = refused.json()["error"]["metadata"]
            assert metadata["limit_source"] == "openrouter_in_flight_budget"
            assert int(refused.headers["Retry-After"]) == metadata["retry_after_seconds"] > 0
        assert len(client.get("/api/v1/videos?limit=100").json()["data"]) == ROOM
        (budget,) = client.get("/api/v1/key").json()["data"]["budgets"]
        assert (budget["remaining_usd"], budget["spend_usd"]) == (0, round(ROOM * world.price, 9))
        first = in_progress(client, next(answer.json()["id"] for answer in answers if answer.status_code == 202))[
            "id"
        ]
        client.post(f"/api/v1/videos/{first}/cancel")
        assert ended(client, first)["status"] == "cancelled"
        assert submit(client, HOSTED).status_code == 202  # what a job did not need is there again


@pytest.mark.parametrize("scope", LIMITS)
def test_what_is_spent_is_spent(scope: str, world: World, new_team: Callable[[], Team]) -> None:
    """The refusal says whose limit it was, what is needed and left, and when it starts anew, if ever."""
    team = new_team()
    LIMITS[scope](world, team, round(world.price * 1.5, 9))
    with world.server.client(team.key) as client:
        assert ended(client, placed(client, BODY))["status"] == "completed"
        refused = submit(client, BODY)
        error = refused.json()["error"]
        assert (refused.status_code, error["code"], error["metadata"]["error_type"]) == (
            402,
            402,
            "payment_required",
        )
        assert error["metadata"]["limit_source"] == f"openrouter_{scope}"
        assert error["metadata"]["required_usd"] == world.price
        assert error["metadata"]["remaining_usd"] == round(world.price * 0.5, 9)
        assert ("resets_at" in error["metadata"]) == (scope != "credits")
        assert "Retry-After" not in refused.headers
        assert submit(client, small()).status_code == 202  # what costs nothing is not refused
    with world.server.client(team.test_key) as client:
        assert submit(client, HOSTED).status_code == 202  # nothing limits a test key
        shown = client.get("/api/v1/key").json()["data"]
        assert (shown["limit"], shown["budgets"]) == (None, [])


def test_the_official_sdk_understands_a_refusal(world: World, new_team: Callable[[], Team]) -> None:
    """As what it is, with all that is told of it."""
    team = new_team()
    limit_key(world, team, 0.000000001)
    with sdk_of(world, team.key) as sdk, pytest.raises(errors.PaymentRequiredResponseError) as raised:
        sdk.video_generation.generate(model=BODY["model"], prompt="a boat", duration=4, resolution="480p")
    metadata = raised.value.data.error.metadata
    assert isinstance(metadata, dict)
    assert metadata["limit_source"] == "openrouter_key_limit"
    assert "this key's daily limit" in raised.value.data.error.message


def test_budgets_are_managed_by_the_official_sdk(world: World, new_team: Callable[[], Team]) -> None:
    """Set, changed, looked at, listed and removed; a budget that makes no sense beside another is refused."""
    team = new_team()
    ref = team.slug
    with sdk_of(world, world.treasury.key) as sdk:
        budgets = sdk.workspaces
        made = budgets.set_budget(workspace_ref=ref, interval="monthly", limit_usd=20)
        assert (made.data.limit_usd, made.data.reset_interval, made.data.workspace_id) == (20, "monthly", team.id)
        changed = budgets.set_budget(
            workspace_ref=ref, interval="monthly", limit_usd=30, include_byok_in_budgets=True
        )
        assert (changed.data.id, changed.data.limit_usd, changed.include_byok_in_budgets) == (
            made.data.id,
            30,
            True,
        )
        lifetime = budgets.set_budget(workspace_ref=ref, interval="lifetime", limit_usd=100)
        assert (lifetime.data.reset_interval, lifetime.include_byok_in_budgets) == (None, True)
        with pytest.raises(errors.BadRequestResponseError, match="must be less than \\$30, the monthly budget"):
            budgets.set_budget(workspace_ref=ref, interval="daily", limit_usd=31)
        assert budgets.get_budget(workspace_ref=team.id, interval="lifetime").data.limit_usd == 100
        assert [one.limit_usd for one in budgets.list_budgets(workspace_ref=ref).data] == [30, 100]
        for _ in range(2):  # gone is gone
            assert budgets.delete_budget(workspace_ref=ref, interval="lifetime").DELETED
        with pytest.raises(errors.NotFoundResponseError):
            budgets.get_budget(workspace_ref=ref, interval="lifetime")
        with pytest.raises(errors.NotFoundResponseError, match="Workspace nobody not found"):
            budgets.list_budgets(workspace_ref="nobody")
    with sdk_of(world, team.key) as sdk, pytest.raises(errors.ForbiddenResponseError):
        sdk.workspaces.list_budgets(workspace_ref=ref)


def test_credits_are_granted_once_and_shown(world: World, new_team: Callable[[], Team]) -> None:
    """By the workspace's own key, by the management key, and line by line in the ledger."""
    team = new_team()
    path, body = f"/workspaces/{team.slug}/credits", {"amount": 2.5, "note": "for June"}
    before = world.treasury.ask("GET", path).json()["data"]
    assert (before["unlimited"], before["remaining"]) == (True, None)
    for _ in range(2):
        granted = world.treasury.ask("POST", path, body, **{"Idempotency-Key": "june"})
        assert (granted.status_code, granted.json()["credits"]["remaining"]) == (201, 2.5)
    again = world.treasury.ask("POST", path, {**body, "amount": 3}, **{"Idempotency-Key": "june"})
    assert again.status_code == 409
    with world.server.client(team.key) as client:
        job = ended(client, placed(client, BODY))
    with sdk_of(world, team.key) as sdk:
        shown = sdk.credits.get_credits().data
        assert (shown.total_credits, shown.total_usage) == (2.5, world.price)
    with sdk_of(world, world.treasury.key) as sdk:
        everybody = sdk.credits.get_credits().data
        assert everybody.total_credits >= 2.5
        assert everybody.total_usage >= world.price
    first, *more = world.treasury.ask("GET", f"/workspaces/{team.id}/ledger?limit=1").json()["data"]
    assert more == []
    lines = list(pages(world, f"/workspaces/{team.id}/ledger?limit=1"))
    assert lines[0] == first
    told = {(one["kind"], one["amount"], one["job_id"], one["note"]) for one in lines}
    assert told == {
        ("charge", world.price, job["id"], None),
        ("vendor_cost", float(COST), job["id"], None),
        ("credit", 2.5, None, "for June"),
    }
    lifted = world.treasury.ask("DELETE", path).json()["data"]
    assert (lifted["unlimited"], lifted["total_usage"]) == (True, world.price)


def test_usage_is_summed_up_by_whatever_is_asked(world: World, new_team: Callable[[], Team]) -> None:
    """For a key its own workspace in its own mode, for a management key everything, vendors' bills included."""
    team, other = new_team(), new_team()
    for who in (team, team, other):
        with world.server.client(who.key) as client:
            assert ended(client, placed(client, BODY))["status"] == "completed"
    today = datetime.now(UTC).date().isoformat()
    with world.server.client(team.key) as client:
        report = client.get("/api/v1/usage?group_by=day,model,provider,key").json()
        (row,) = report["data"]
        assert row == {
            "day": today,
            "model": BODY["model"],
            "provider": "openrouter",
            "key": team.key_id,
            "jobs": 2,
            "cost": round(2 * world.price, 9),
            "byok_jobs": 0,
            "byok_list_price": 0,
        }
        assert report["total"] == {name: row[name] for name in report["total"]}
        for hidden in (other.slug, "nobody"):
            refused = client.get(f"/api/v1/usage?workspace={hidden}")
            assert (refused.status_code, refused.json()["error"]["message"]) == (
                404,
                f"Workspace {hidden} not found",
            )
        assert client.get("/api/v1/usage?mode=test").status_code == 400
        for wrong in (
            "from=2026-11-22&to=2026-11-21",
            "from=0967-08-24",
            "to=2026-02-30",
            "from=1",
            "group_by=day,day",
        ):
            assert client.get(f"/api/v1/usage?{wrong}").status_code == 400, wrong
        table = client.get("/api/v1/usage?group_by=model&format=csv")
        assert table.headers["content-type"].startswith("text/csv")
        assert list(csv.DictReader(io.StringIO(table.text))) == [
            {
                "model": BODY["model"],
                "jobs": "2",
                "cost": str(round(2 * world.price, 9)),
                "byok_jobs": "0",
                "byok_list_price": "0.0",
            }
        ]
    rows = world.treasury.ask("GET", "/usage?group_by=workspace").json()["data"]
    assert {row["workspace"]: row["jobs"] for row in rows}.items() >= {(team.id, 2), (other.id, 1)}
    (row,) = world.treasury.ask("GET", f"/usage?group_by=user&workspace={team.slug}").json()["data"]
    assert (row["user"], row["vendor_cost"]) == (None, round(2 * float(COST), 9))


def test_the_activity_of_the_last_days_fits_the_sdk(world: World, new_team: Callable[[], Team]) -> None:
    """The days that are over, by model and endpoint; by workspace if asked; nobody else's for one key."""
    team, other = new_team(), new_team()
    jobs = {}
    for who in (team, other):
        with world.server.client(who.key) as client:
            jobs[who.slug] = ended(client, placed(client, BODY))["id"]
    books = Books(world.server.data_dir)
    books.move_back(jobs[team.slug], days=3)
    books.move_back(jobs[other.slug], days=3)
    day = (datetime.now(UTC).date() - timedelta(days=3)).isoformat()
    with sdk_of(world, world.treasury.key) as sdk:
        (row,) = sdk.analytics.get_user_activity(request={"date_": day, "api_key_hash": team.key_id}).data
        assert (row.date_, row.model, row.endpoint_id, row.requests) == (day, BODY["model"], "openrouter", 1)
        assert row.model_permaslug.startswith("bytedance/seedance-2.0-fast-")
        assert (row.usage, row.byok_usage_inference, row.workspace_id) == (world.price, 0, None)
        both = sdk.analytics.get_user_activity(request={"date_": day}).data
        assert [one.requests for one in both] == [2]
        split = sdk.analytics.get_user_activity(request={"date_": day, "group_by": "workspace"}).data
        assert {one.workspace_id for one in split} == {team.id, other.id}
        assert sdk.analytics.get_user_activity(request={"user_id": "nobody"}).data == []
        with pytest.raises(errors.BadRequestResponseError, match="one of the last 30 days"):
            sdk.analytics.get_user_activity(request={"date_": datetime.now(UTC).date().isoformat()})
    with sdk_of(world, team.key) as sdk, pytest.raises(errors.ForbiddenResponseError):
        sdk.analytics.get_user_activity()


@pytest.mark.filterwarnings("ignore:warning. .. DEPRECATED:DeprecationWarning")
def test_a_key_is_told_its_limits(world: World, new_team: Callable[[], Team]) -> None:
    """Its own, those that it shares, and which of them refuses first."""
    team = new_team()
    limit_credits(world, team, 50)
    limit_workspace(world, team, 40)
    limit_key(world, team, 3)
    with sdk_of(world, team.key) as sdk:
        shown = sdk.api_keys.get_current_key_metadata().data
    assert (shown.limit, shown.limit_remaining, shown.limit_reset) == (3, 3, "daily")
    assert [(one.scope, one.limit_usd) for one in shown.budgets] == [
        ("credits", 50),
        ("workspace", 40),
        ("key_limit", 3),
    ]
    assert shown.effective_budget is not None
    assert shown.effective_budget.scope == "key_limit"
    assert shown.effective_budget.resets_at is not None


def test_a_body_that_is_not_understood_changes_nothing(world: World, new_team: Callable[[], Team]) -> None:
    """Each wrong field is named, a mistyped one as well."""
    team = new_team()
    for method, path, body, fields in (
        ("PUT", "budgets/daily", {"limit_usd": 0}, ["limit_usd"]),
        ("PUT", "budgets/daily", {"limit_usd": "5", "include_byok": True}, ["limit_usd", "include_byok"]),
        ("PUT", "budgets/daily", {"limit_usd": 0.0000000001}, ["limit_usd"]),
        ("PUT", "budgets/hourly", {"limit_usd": 1}, ["interval"]),
        ("POST", "credits", {"amount": 0, "note": 5}, ["amount", "note"]),
        ("POST", "credits", {}, ["amount"]),
    ):
        refused = world.treasury.ask(method, f"/workspaces/{team.slug}/{path}", body)
        assert refused.status_code == 400, refused.text
        assert [one["field"] for one in refused.json()["error"]["metadata"]["problems"]] == fields
    assert world.treasury.ask("GET", f"/workspaces/{team.slug}/budgets").json()["data"] == []
    assert world.treasury.ask("GET", f"/workspaces/{team.slug}/ledger").json()["data"] == []
    assert world.treasury.ask("GET", f"/workspaces/{team.slug}/ledger?cursor=x").status_code == 400


def pages(world: World, path: str) -> Iterator[dict[str, Any]]:
    """Every row, page by page."""
    asked = path
    while True:
        page = world.treasury.ask("GET", asked).json()
        yield from page["data"]
        if not page["has_more"]:
            return
        asked = f"{path}&cursor={page['next_cursor']}"


@contextmanager
def sdk_of(world: World, key: str) -> Iterator[OpenRouter]:
    url = f"{world.server.base_url}/api/v1"
    with httpx.Client(follow_redirects=True, trust_env=False) as http:
        yield OpenRouter(api_key=key, server_url=url, client=http)
