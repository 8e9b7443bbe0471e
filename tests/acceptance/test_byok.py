"""Vendor keys that workspaces bring: whose key the vendor sees, who pays, and what nobody ever sees."""

import asyncio
import json
import os
import sqlite3
import subprocess
import sysconfig
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
from openrouter import OpenRouter
from sqlalchemy import bindparam, update

from reelrouter.accounts import keys, workspaces
from reelrouter.accounts.keys import KeyKind, NewKey
from reelrouter.accounts.secrets import load_secrets
from reelrouter.db.engine import Unit
from reelrouter.db.sqlite import SqliteDatabase
from reelrouter.db.tables import budgets
from reelrouter.emulators.frame import KEY, Emulator, in_thread
from reelrouter.emulators.registry import SITES
from reelrouter.emulators.script import Script
from tests.acceptance.orders import placed, submit
from tests.acceptance.serving import LIVE_KEY, Server
from tests.acceptance.waiting import ended, in_progress, until

T = TypeVar("T")

SEEDANCE: Mapping[str, Any] = {
    "model": "bytedance/seedance-2.0-fast",
    "prompt": "a boat",
    "duration": 4,
    "resolution": "480p",
}
FLUX = {"model": "black-forest-labs/flux-3-video", "prompt": "a boat", "duration": 5}
"""Made by a provider with which the operator has no account."""
CANARY = "canary-that-nobody-may-see"
OURS, THEIRS, REVOKED, RESOLD = (f"{CANARY}-{name}" for name in ("ours", "theirs", "revoked", "resold"))
ROOTS = tuple(f"a-root-secret-that-nobody-can-guess-{n}" for n in (1, 2))


@dataclass(frozen=True, slots=True)
class Team:
    """A workspace, and HTTP with its live key."""

    workspace: str
    client: httpx.Client

    def settled(self, data_dir: Path) -> tuple[int, int]:
        """What it has been charged, and what is held."""
        with closing(sqlite3.connect(data_dir / "app.db", timeout=30)) as connection:
            query = "SELECT settled, held FROM budgets WHERE workspace = ? AND mode = 'live'"
            settled, held = connection.execute(query, (self.workspace,)).fetchone()
        return settled, held


@dataclass(slots=True, kw_only=True)
class World:
    server: Server
    vendors: Mapping[str, Emulator]
    manager: httpx.Client
    number: Iterator[int] = field(default_factory=count)
    opened: list[httpx.Client] = field(default_factory=list)

    def team(self, budget: int | None = None) -> Team:
        """A new workspace; `budget` is in nano-dollars."""
        workspace, secret = asyncio.run(_add_team(self.server.data_dir, f"team-{next(self.number)}", budget))
        client = self.server.client(secret)
        self.opened.append(client)
        return Team(workspace, client)

    def bring(self, team: Team, key: str, provider: str = "byteplus", **terms: Any) -> str:
        """The id of a vendor key that the team has brought."""
        body = {"provider": provider, "key": key, "workspace_id": team.workspace, **terms}
        made = self.manager.post("/api/v1/byok", json=body)
        assert made.status_code == 201, made.text
        key_id: str = made.json()["data"]["id"]
        return key_id

    def shown(self, name: str, verb: str = "submit") -> list[str | None]:
        """The keys that the vendor was shown, in the order of the calls."""
        return [entry.key for entry in self.vendors[name].journal if entry.verb == verb]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    vendors = {name: SITES[name].make() for name in ("byteplus", "openrouter")}
    vendors["byteplus"].keys |= {OURS, THEIRS}
    vendors["openrouter"].keys = {RESOLD}
    with in_thread(vendors["byteplus"]) as one, in_thread(vendors["openrouter"]) as other:
        environment = {
            "BYTEPLUS_API_KEY": KEY,
            "BYTEPLUS_BASE_URL": f"{one.url}/api/v3",
            "OPENROUTER_BASE_URL": f"{other.url}/api/v1",
        }
        terms = json.dumps({name: {"poll_every": 0.1} for name in vendors})
        settings = {"providers": terms, "max_job_age": "60", "byok_fee": "5"}
        server = Server(tmp_path_factory.mktemp("byok"), settings, environment)
        try:
            server.start()
            secret = asyncio.run(_add_key(server.data_dir, "management"))
            with server.client(secret) as manager:
                made = World(server=server, vendors=vendors, manager=manager)
                yield made
                for client in made.opened:
                    client.close()
        finally:
            server.close()


@pytest.fixture
def world(running: World) -> World:
    """With nothing planned, and a clean slate."""
    for vendor in running.vendors.values():
        vendor.scripts.clear()
        vendor.journal.clear()
    return running


def test_each_workspace_is_made_for_with_its_own_key(world: World) -> None:
    """The vendor sees whose it is, at submits and polls; who has brought none goes on the operator's."""
    ours, theirs, plain = world.team(), world.team(), world.team()
    world.bring(ours, OURS)
    world.bring(theirs, THEIRS)
    for team, key in ((ours, OURS), (theirs, THEIRS), (plain, KEY)):
        job = ended(team.client, placed(team.client, SEEDANCE))
        assert (job["status"], job["provider"], job["usage"]["is_byok"]) == ("completed", "byteplus", key != KEY)
        assert set(world.shown("byteplus")) == set(world.shown("byteplus", "poll")) == {key}
        files = [entry.key for entry in world.vendors["byteplus"].journal if entry.path.startswith("/files")]
        assert files == [None], "the file lies at another origin, which sees no key"
        world.vendors["byteplus"].journal.clear()


def test_a_job_on_a_key_of_ones_own_costs_the_fee(world: World) -> None:
    """Five per cent of the list price; what the vendor bills is told beside it."""
    team, plain = world.team(), world.team()
    world.bring(team, OURS)
    job, full = (ended(one.client, placed(one.client, SEEDANCE)) for one in (team, plain))
    assert job["usage"]["cost"] == pytest.approx(full["usage"]["cost"] * 0.05, abs=1e-9)
    assert team.settled(world.server.data_dir) == (round(job["usage"]["cost"] * 10**9), 0)
    told = _generation(team, job["id"])
    assert (told["is_byok"], told["total_cost"], told["upstream_inference_cost"]) == (
        True,
        job["usage"]["cost"],
        full["usage"]["cost"],
    )
    assert [one["is_byok"] for one in told["attempts"]] == [True]
    assert (_generation(plain, full["id"])["is_byok"], full["usage"]["is_byok"]) == (False, False)


@pytest.mark.parametrize("refusal", ["unknown", "quota"])
def test_where_the_key_is_refused_the_operators_account_serves(world: World, refusal: str) -> None:
    """And is charged in full: the vendor has billed the operator."""
    team, plain = world.team(), world.team()
    full = ended(plain.client, placed(plain.client, SEEDANCE))["usage"]["cost"]
    world.vendors["byteplus"].journal.clear()
    world.bring(team, REVOKED if refusal == "unknown" else OURS)
    if refusal == "quota":
        world.vendors["byteplus"].scripts.append(Script(refuse="quota"))
    job = ended(team.client, placed(team.client, SEEDANCE))
    assert (job["status"], job["usage"]["is_byok"]) == ("completed", False)
    assert len(world.shown("byteplus")) == 2
    told = _generation(team, job["id"])
    assert [(one["outcome"], one["is_byok"]) for one in told["attempts"]] == [
        ("refused", True),
        ("finished", False),
    ]
    assert told["total_cost"] == job["usage"]["cost"] == full
    assert told["upstream_inference_cost"] is None


def test_a_provider_of_the_workspaces_own_is_there_for_nobody_else(world: World) -> None:
    """The list of models says so, and so does a submit."""
    team, plain = world.team(), world.team()
    assert FLUX["model"] not in _models(team)
    world.bring(team, RESOLD, "openrouter")
    assert FLUX["model"] in _models(team)
    assert FLUX["model"] not in _models(plain)
    assert submit(plain.client, FLUX).status_code == 404
    job = ended(team.client, placed(team.client, FLUX))
    assert (job["status"], job["usage"]["is_byok"]) == ("completed", True)
    assert set(world.shown("openrouter")) == {RESOLD}


def test_a_budget_that_covers_no_account_leaves_the_keys_of_ones_own(world: World) -> None:
    """The caller is told; and if the key is refused too, nobody is charged and nothing else is tried."""
    team = world.team(budget=10**7)
    world.bring(team, OURS)
    response = submit(team.client, SEEDANCE)
    assert response.status_code == 202
    assert "only the workspace's own vendor keys" in response.json()["warnings"][0]
    job = ended(team.client, response.json()["id"])
    assert (job["status"], job["usage"]["is_byok"]) == ("completed", True)
    refused = world.team(budget=10**7)
    world.bring(refused, REVOKED)
    job = ended(refused.client, placed(refused.client, SEEDANCE))
    assert (job["status"], job["error_type"]) == ("failed", "permission_denied")
    assert refused.settled(world.server.data_dir) == (0, 0)
    assert KEY not in world.shown("byteplus")
    assert submit(world.team(budget=0).client, SEEDANCE).status_code == 402


def test_a_key_that_is_required_is_used_alone(world: World) -> None:
    """For its models; the others go on the operator's account."""
    team = world.team()
    world.bring(team, REVOKED, is_required=True, allowed_models=[SEEDANCE["model"]])
    assert ended(team.client, placed(team.client, SEEDANCE))["status"] == "failed"
    assert set(world.shown("byteplus")) == {REVOKED}
    other = {**SEEDANCE, "model": "bytedance/seedance-2.0"}
    assert ended(team.client, placed(team.client, other))["usage"]["is_byok"] is False


def test_a_removed_key_ends_what_was_made_with_it(world: World) -> None:
    """In clear words and without a charge; nobody else is asked, for the vendor may be making it."""
    team = world.team()
    key_id = world.bring(team, OURS)
    world.vendors["byteplus"].scripts.append(Script(seconds=1000))
    job_id = placed(team.client, SEEDANCE)
    in_progress(team.client, job_id)
    assert world.manager.delete(f"/api/v1/byok/{key_id}").json() == {"deleted": True}
    job = ended(team.client, job_id)
    assert (job["status"], job["error_type"]) == ("failed", "permission_denied")
    assert "removed" in job["error"]
    assert team.settled(world.server.data_dir) == (0, 0)
    assert world.shown("byteplus") == [OURS]


def test_a_disabled_or_replaced_key_carries_on_with_what_it_has(world: World) -> None:
    """New jobs go elsewhere at once; polls are made with the key as it is now."""
    team = world.team()
    key_id = world.bring(team, OURS)
    world.vendors["byteplus"].scripts.append(Script(seconds=2.5))
    job_id = placed(team.client, SEEDANCE)
    in_progress(team.client, job_id)
    changes = {"key": THEIRS, "disabled": True}
    assert world.manager.patch(f"/api/v1/byok/{key_id}", json=changes).json()["data"]["disabled"] is True
    assert ended(team.client, placed(team.client, SEEDANCE))["usage"]["is_byok"] is False
    until(lambda: THEIRS in world.shown("byteplus", "poll"), "a poll with the new key")
    job = ended(team.client, job_id)
    assert (job["status"], job["usage"]["is_byok"]) == ("completed", True)


def test_the_official_client_keeps_keys(world: World) -> None:
    """Add, list, look up, change and remove, in its own types; nothing of a key comes back."""
    team = world.team()
    token = world.manager.headers["Authorization"].removeprefix("Bearer ")
    with httpx.Client(trust_env=False) as http:
        sdk = OpenRouter(api_key=token, server_url=f"{world.server.base_url}/api/v1", client=http)
        made = sdk.byok.create(key=OURS, provider="seed", workspace_id=team.workspace, name="ours").data
        assert (made.provider, made.name, made.disabled, made.sort_order) == ("byteplus", "ours", False, 0)
        assert made.workspace_id == team.workspace
        second = sdk.byok.create(
            key=THEIRS, provider="byteplus", workspace_id=team.workspace, is_fallback=True
        ).data
        listed = sdk.byok.list(workspace_id=team.workspace, provider="byteplus", limit=1)
        assert listed is not None
        assert (listed.result.total_count, [one.id for one in listed.result.data]) == (2, [made.id])
        changed = sdk.byok.update(id=second.id, name=None, allowed_models=[SEEDANCE["model"]], disabled=True).data
        assert (changed.name, changed.allowed_models, changed.disabled) == (None, [SEEDANCE["model"]], True)
        assert sdk.byok.get(id=second.id).data == changed
        assert sdk.byok.delete(id=second.id).DELETED is True
        with pytest.raises(Exception, match="not found"):
            sdk.byok.get(id=second.id)
    answers = world.manager.get("/api/v1/byok", params={"workspace_id": team.workspace}).text
    assert CANARY not in answers


def test_keys_are_for_management_keys_alone(world: World) -> None:
    """An ordinary key learns nothing by an id: its own team's, another's and an unknown one are answered alike."""
    ours, theirs = world.team(), world.team()
    ids = (world.bring(ours, OURS), world.bring(theirs, THEIRS), "vk_none")
    for method in ("GET", "PATCH", "DELETE"):
        answers = [ours.client.request(method, f"/api/v1/byok/{one}", json={}) for one in ids]
        assert {(one.status_code, one.text) for one in answers} == {(403, answers[0].text)}
    assert ours.client.get("/api/v1/byok").status_code == 403
    assert httpx.get(f"{world.server.base_url}/api/v1/byok", trust_env=False).status_code == 401
    unknown = world.manager.get("/api/v1/byok/vk_none")
    assert (unknown.status_code, unknown.json()["error"]["message"]) == (404, "Vendor key vk_none not found")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"provider": "nobody"}, "provider"),
        ({"workspace_id": "nobody"}, "workspace_id"),
        ({"key": json.dumps({"api_key": CANARY, "base_url": "http://127.0.0.1:1/x"})}, "key"),
        ({"key": f"{CANARY}\r\nX-Other: 1"}, "key"),
        ({"key": 7}, "key"),
        ({"allowed_models": ["nobody/nothing"]}, "allowed_models[0]"),
        ({"allowed_api_key_hashes": ["key_none"]}, "allowed_api_key_hashes[0]"),
        ({"allowed_user_ids": ["somebody"]}, "allowed_user_ids"),
        ({"is_fallback": True, "is_byok_only": True}, "is_byok_only"),
    ],
)
def test_what_cannot_be_kept_is_refused_by_its_field(world: World, changes: dict[str, Any], field: str) -> None:
    """And the answer repeats nothing of the key."""
    answer = world.manager.post("/api/v1/byok", json={"provider": "byteplus", "key": f"{CANARY}-x", **changes})
    assert answer.status_code == 400
    assert [one["field"] for one in answer.json()["error"]["metadata"]["problems"]] == [field]
    assert CANARY not in answer.text


def test_what_is_secret_is_nowhere_to_be_read(world: World) -> None:
    """Neither in any file of the installation nor in its log, after all that a key can go through."""
    team = world.team()
    world.bring(team, OURS)
    world.bring(team, REVOKED, sort_order=0)
    ended(team.client, placed(team.client, SEEDANCE))
    folder = world.server.data_dir.parent
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert {"serve.log", "app.db", "dbos.db"} <= {path.name for path in files}
    assert [path.name for path in files if CANARY.encode() in path.read_bytes()] == []


def test_keys_outlive_a_change_of_the_root_secret(tmp_path: Path) -> None:
    """The earlier root opens them once more; with that start they are sealed under the new one. A job costs 0."""
    vendor = SITES["byteplus"].make()
    vendor.keys = {OURS}
    with in_thread(vendor) as one:
        environment = {"BYTEPLUS_BASE_URL": f"{one.url}/api/v3"}
        settings = {"providers": json.dumps({"byteplus": {"poll_every": 0.1}})}
        earlier, present = ({"secret_key": root} for root in ROOTS)
        server = Server(tmp_path, {**settings, **earlier}, environment)
        run = _commands(server, {"KEY": OURS, "REELROUTER_SECRET_KEY": ROOTS[0]})
        run("byok add byteplus --from-env KEY")
        for roots in ({**present, "secret_key_previous": ROOTS[0]}, present):
            server = Server(tmp_path, {**settings, **roots}, environment)
            try:
                server.start()
                with server.client(LIVE_KEY) as client:
                    job = ended(client, placed(client, SEEDANCE))
                    assert (job["status"], job["usage"]) == ("completed", {"cost": 0, "is_byok": True})
            finally:
                server.close()
        assert vendor.journal[-1].key in (OURS, None)
        lost = _commands(server, {"REELROUTER_SECRET_KEY": ROOTS[0]}, fails=True)("byok reseal")
    assert "REELROUTER_SECRET_KEY_PREVIOUS" in lost


def _models(team: Team) -> set[str]:
    return {row["id"] for row in team.client.get("/api/v1/videos/models").json()["data"]}


def _generation(team: Team, job_id: str) -> dict[str, Any]:
    data: dict[str, Any] = team.client.get("/api/v1/generation", params={"id": job_id}).json()["data"]
    return data


def _commands(server: Server, known: Mapping[str, str], *, fails: bool = False) -> Callable[..., str]:
    """Runs commands on a server's own data; what they print, on stderr if they are to fail."""
    environment = {**os.environ, **server.environment, **known, "REELROUTER_DATA_DIR": str(server.data_dir)}

    def run(words: str, stdin: str = "") -> str:
        command = [str(Path(sysconfig.get_path("scripts")) / "reelrouter"), *words.split()]
        done = subprocess.run(
            command, env=environment, input=stdin, capture_output=True, text=True, timeout=60, check=False
        )
        assert (done.returncode != 0) == fails, done.stderr
        return done.stderr if fails else done.stdout

    return run


async def _add_team(data_dir: Path, slug: str, budget: int | None) -> tuple[str, str]:
    """A workspace's id, and a live key of it."""
    secret = keys.new_key("live")
    pepper = load_secrets(None, data_dir).derive("api-keys")

    def add(unit: Unit) -> str:
        workspace = workspaces.create(unit, slug, slug, 0.0)
        keys.add_key(unit, NewKey(workspace=workspace, mode="live", name="key", secret=secret), pepper, 0.0)
        unit.execute(_BUDGET, of=workspace, most=budget)
        return workspace

    return await _written(data_dir, add), secret


async def _add_key(data_dir: Path, kind: KeyKind) -> str:
    secret = keys.new_key(kind)
    pepper = load_secrets(None, data_dir).derive("api-keys")

    def add(unit: Unit) -> None:
        workspace, _ = workspaces.ensure_default(unit, 0.0)
        keys.add_key(unit, NewKey(workspace=workspace, mode=kind, name="key", secret=secret), pepper, 0.0)

    await _written(data_dir, add)
    return secret


_BUDGET = (
    update(budgets)
    .where(budgets.c.workspace == bindparam("of"), budgets.c.mode == "live")
    .values(amount=bindparam("most"))
)


async def _written(data_dir: Path, work: Callable[[Unit], T]) -> T:
    db = SqliteDatabase(data_dir / "app.db")
    try:
        return await db.write(work)
    finally:
        await db.close()
