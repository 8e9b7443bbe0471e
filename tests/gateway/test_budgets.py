"""Budgets of workspaces: in an order that makes sense, with one word for jobs on own vendor keys."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from reelrouter.accounts.periods import Period
from reelrouter.clock import FrozenClock
from reelrouter.db.sqlite import SqliteDatabase
from reelrouter.errors import InvalidRequest, NotFound
from reelrouter.gateway.budgets import Budget, Budgets, period_of
from reelrouter.money import Nanos
from tests.accounts.money import new_workspace, run


def over(path: Path, work: Callable[[Budgets], Awaitable[None]]) -> None:
    async def within(db: SqliteDatabase) -> None:
        await new_workspace(db)
        await work(Budgets(db, FrozenClock()))

    run(path / "app.db", within)


def budget(period: Period, amount: int, byok: bool | None = None) -> Budget:
    return Budget(period=period, amount=Nanos(amount), include_byok=byok)


def test_a_narrower_budget_is_the_smaller_one(tmp_path: Path) -> None:
    """Else one of the two would never be felt; the refusal names the other, and its amount."""

    async def work(budgets: Budgets) -> None:
        await budgets.set_budget("team", budget("monthly", 100))
        await budgets.set_budget("team", budget("daily", 10))
        wrong: list[tuple[Budget, str]] = [
            (budget("weekly", 100), "weekly budget must be less than .* the monthly budget"),
            (budget("weekly", 10), "weekly budget must be more than .* the daily budget"),
            (budget("total", 100), "lifetime budget must be more than .* the monthly budget"),
            (budget("monthly", 5), "monthly budget must be more than .* the daily budget"),
        ]
        for wanted, told in wrong:
            with pytest.raises(InvalidRequest, match=told):
                await budgets.set_budget("team", wanted)
        await budgets.set_budget("team", budget("weekly", 50))
        await budgets.set_budget("team", budget("monthly", 200))  # itself it may differ from
        found = await budgets.list_budgets("team")
        assert [(one.period, one.amount) for one in found.budgets] == [
            ("daily", 10),
            ("weekly", 50),
            ("monthly", 200),
        ]

    over(tmp_path, work)


def test_own_vendor_keys_count_for_all_budgets_or_for_none(tmp_path: Path) -> None:
    """Left out, the word stays; said, it holds for those that there are already."""

    async def work(budgets: Budgets) -> None:
        await budgets.set_budget("team", budget("monthly", 100, byok=True))
        _, beside = await budgets.set_budget("team", budget("daily", 10))
        assert [one.include_byok for one in beside.budgets] == [True, True]
        _, beside = await budgets.set_budget("team", budget("daily", 10, byok=False))
        assert [(one.amount, one.include_byok) for one in beside.budgets] == [(10, False), (100, False)]
        assert not beside.include_byok

    over(tmp_path, work)


def test_what_there_is_not_is_told(tmp_path: Path) -> None:
    """A workspace, a budget, a period, a cursor."""

    async def work(budgets: Budgets) -> None:
        asked: list[Awaitable[Any]] = [
            budgets.list_budgets("nobody"),
            budgets.account("nobody"),
            budgets.unlimit("nobody"),
            budgets.ledger("nobody", "live", 1, None),
        ]
        for one in asked:
            with pytest.raises(NotFound, match="Workspace nobody not found"):
                await one
        with pytest.raises(NotFound, match="Workspace team has no lifetime budget"):
            await budgets.get_budget("team", "total")
        with pytest.raises(InvalidRequest, match="next_cursor of a former page"):
            await budgets.ledger("team", "live", 1, "bm9uc2Vuc2U")
        assert not await budgets.remove_budget("team", "daily")

    over(tmp_path, work)


def test_a_lifetime_is_the_contracts_word_for_all_time() -> None:
    """Whatever else is no period is refused with those that there are."""
    assert (period_of("lifetime"), period_of("daily")) == ("total", "daily")
    with pytest.raises(InvalidRequest) as refused:
        period_of("hourly")
    assert refused.value.problems[0].allowed == ["lifetime", "daily", "weekly", "monthly"]


def test_the_ledger_is_read_page_by_page(tmp_path: Path) -> None:
    """By the cursor of the page before."""

    async def work(budgets: Budgets) -> None:
        for n in range(5):
            await budgets.grant("team", Nanos(n), "", f"k{n}")
        seen: list[int] = []
        cursor: str | None = None
        for _ in range(3):
            page = await budgets.ledger("team", "live", 2, cursor)
            seen += [one.amount for one in page.entries]
            cursor = page.next_cursor
        assert (seen, cursor) == ([4, 3, 2, 1, 0], None)

    over(tmp_path, work)
