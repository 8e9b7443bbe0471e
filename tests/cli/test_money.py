"""`reelrouter credits`, `budgets` and `usage`, over a data folder of their own."""

import asyncio
import csv
import io
import time
from pathlib import Path

import pytest
from sqlalchemy import update

from reelrouter.accounts import keys, ledger, workspaces
from reelrouter.accounts.charge import Charge
from reelrouter.accounts.keys import NewKey
from reelrouter.cli.ending import Exit
from reelrouter.db.engine import Unit
from reelrouter.db.migrate import migrate
from reelrouter.db.sqlite import SqliteDatabase
from reelrouter.db.tables import jobs
from reelrouter.money import Nanos
from tests.accounts.money import hold_of, place, settle
from tests.cli.running import run, run_json, run_well


@pytest.fixture(autouse=True)
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("REELROUTER_DATA_DIR", str(tmp_path / "data"))
    return tmp_path / "data"


def charge(data_dir: Path, *prices: int, billed: bool = False) -> None:
    """Jobs of the default workspace that have ended now, each at its price in millionths of a dollar.

    `billed` is whether their vendor wants half of it.
    """
    now = time.time()

    def write(unit: Unit) -> None:
        workspace, _ = workspaces.ensure_default(unit, now)
        secret = NewKey(workspace=workspace, mode="live", name="k", secret="rr-live-k")
        key = keys.add_key(unit, secret, b"p" * 32, now)
        for n, price in enumerate(prices):
            hold = hold_of(f"gen-vid-1-{n:020d}", workspace, price * 500)
            place(unit, key, hold, now)
            charged = Nanos(price * 1000)
            settle(unit, hold.job_id, Charge(price=charged, list_price=charged), now)
            unit.execute(update(jobs).where(jobs.c.id == hold.job_id).values(provider="renderer"))
            if billed:
                ledger.note_vendor_cost(unit, hold.job_id, None, Nanos(charged // 2), now)

    async def within() -> None:
        db = SqliteDatabase(data_dir / "app.db")
        try:
            await db.write(write)
        finally:
            await db.close()

    data_dir.mkdir(parents=True, exist_ok=True)
    migrate(data_dir / "app.db")
    asyncio.run(within())


def test_an_installation_without_limits_says_how_to_set_them() -> None:
    """Nothing is limited until somebody limits it, and nothing was charged."""
    assert "reelrouter credits add 20 --workspace default" in run_well("credits", "show")
    assert "reelrouter budgets set 20 --per monthly --workspace default" in run_well("budgets", "list")
    assert run_well("usage").startswith("No live job was charged from ")
    assert run_json("budgets", "list") == {"data": [], "include_byok_in_budgets": False}


def test_credits_are_granted_taken_back_and_ended(data_dir: Path) -> None:
    """Once under a key; the ledger lists them all; what was spent before is covered."""
    charge(data_dir, 300_000)
    assert run_well("credits", "add", "$20", "--note", "June", "--once", "june") == (
        "$20.00 for default; $20.00 is left\n"
    )
    assert "$20.00 is left" in run_well("credits", "add", "20", "--note", "June", "--once", "june")
    assert run("credits", "add", "21", "--note", "June", "--once", "june").exit_code == Exit.FAILED
    assert "-$0.50 for default; $19.50 is left" in run_well("credits", "add", "-0.50")
    shown = run_json("credits", "show")
    assert (shown["total_credits"], shown["total_usage"], shown["remaining"]) == (19.8, 0.3, 19.5)
    assert [one["amount"] for one in shown["entries"]] == [-0.5, 0.3, 20.0, 0.3]
    text = " ".join(run_well("credits", "show").split())
    assert "$19.50" in text
    assert "above its hold" in text
    assert "has no credit limit" in run_well("credits", "unlimit")
    assert run_json("credits", "show", "--entries", "0")["unlimited"]


def test_budgets_are_set_listed_and_removed(data_dir: Path) -> None:
    """With what the period has cost so far."""
    charge(data_dir, 300_000)
    assert (
        run_well("budgets", "set", "20", "--per", "monthly")
        == "default may spend $20.00 a month; $19.70 is left\n"
    )
    assert run_json("budgets", "set", "5", "--per", "daily", "--include-byok")["include_byok_in_budgets"]
    listed = run_well("budgets", "list")
    assert [line.split()[:2] for line in listed.splitlines()[1:]] == [["a", "day"], ["a", "month"]]
    assert "$19.70" in listed
    refused = run("budgets", "set", "25", "--per", "daily")
    assert refused.exit_code == Exit.USAGE
    assert "must be less than $20, the monthly budget" in refused.stderr
    assert run_json("budgets", "remove", "--per", "daily") == {"deleted": True}
    gone = run("budgets", "remove", "--per", "daily")
    assert gone.exit_code == Exit.FAILED
    assert "budgets list" in gone.stderr


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (("credits", "add", "much"), "much is no amount"),
        (("credits", "add", "0"), "0 dollars are nothing to grant"),
        (("credits", "add", "NaN"), "NaN is no amount"),
        (("credits", "add", "0.0000000001"), "more than nine decimal places"),
        (("budgets", "set", "-1", "--per", "daily"), "No such option: -1"),
        (("budgets", "set", "0", "--per", "daily"), "more than 0 dollars"),
        (("usage", "--by", "day,moon"), "and not moon"),
        (("usage", "--by", "day,day"), "more than once"),
        (("usage", "--from", "yesterday"), "yesterday is no day"),
        (("usage", "--from", "2026-11-22", "--to", "2026-11-21"), "from must not be after to"),
        (("usage", "--csv", "--json"), "exclude each other"),
    ],
)
def test_what_cannot_be_meant_is_refused(command: tuple[str, ...], told: str) -> None:
    """In one line, and nothing is changed."""
    refused = run(*command)
    assert refused.exit_code == Exit.USAGE
    assert told in refused.stderr


@pytest.mark.parametrize("command", [("credits", "show"), ("budgets", "list"), ("usage",)])
def test_a_workspace_that_there_is_not_is_named(command: tuple[str, ...]) -> None:
    """As the caller wrote it."""
    refused = run(*command, "--workspace", "nobody")
    assert (refused.exit_code, "Workspace nobody not found" in refused.stderr) == (Exit.FAILED, True)


def test_usage_is_a_table_json_or_csv(data_dir: Path) -> None:
    """The same sums in each, with what vendors billed."""
    charge(data_dir, 300_000, 200_000, billed=True)
    table = run_well("usage", "--by", "model,provider")
    assert table.split()[-5:] == ["google/veo-3.1-lite", "renderer", "2", "$0.50", "$0.25"]
    shown = run_json("usage", "--by", "workspace,model")
    (row,) = shown["data"]
    assert (row["jobs"], row["cost"], row["vendor_cost"]) == (2, 0.5, 0.25)
    assert shown["total"] == {name: row[name] for name in shown["total"]}
    (line,) = csv.DictReader(io.StringIO(run_well("usage", "--by", "model", "--csv")))
    assert (line["model"], line["jobs"], line["cost"]) == ("google/veo-3.1-lite", "2", "0.5")
