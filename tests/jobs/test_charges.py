"""What a job's end costs whom: decided by the operator's terms, and booked with the end itself."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from reelrouter.accounts.charge import Charge
from reelrouter.accounts.spending import spent as spent_of
from reelrouter.db.tables import ledger, spending
from reelrouter.jobs.charging import Bill, Pricing, bill_of, charge_of
from reelrouter.jobs.machine import State
from reelrouter.jobs.model import Job
from reelrouter.money import Nanos
from reelrouter.observe.events import JobEnded
from reelrouter.routing.choose import Route, queue_of
from reelrouter.testing.backends import finished_with
from reelrouter.work import Failed, FailureClass
from tests.jobs.conftest import ESTIMATE, Bench

Scenario = Callable[[Callable[[Bench], Awaitable[None]]], None]

OWN = Route(endpoint="a", provider="a", native_model="m", credential="byok:vk_1")
"""To a vendor key that the workspace has brought."""
CATALOGUE, VENDOR = Pricing(), Pricing(by="vendor")
FEE = Pricing(by="vendor", byok_fee=Decimal("2.5"))


@pytest.mark.parametrize(
    ("pricing", "vendor_cost", "is_byok", "price"),
    [
        (CATALOGUE, 70, False, 100),
        (CATALOGUE, None, False, 100),
        (VENDOR, 70, False, 70),
        (VENDOR, 130, False, 130),
        (VENDOR, 0, False, 0),
        (VENDOR, None, False, 100),
        (CATALOGUE, 70, True, 0),
        (FEE, 70, True, 3),
    ],
)
def test_the_terms_decide_the_price(pricing: Pricing, vendor_cost: int | None, is_byok: bool, price: int) -> None:
    """The catalogue's, or the vendor's where it told; on the workspace's own vendor key our fee, rounded."""
    found = charge_of(Nanos(100), vendor_cost, pricing, is_byok=is_byok)
    assert found == Charge(price=Nanos(price), list_price=Nanos(100), is_byok=is_byok)


@given(listed=st.integers(0, 10**15), fee=st.decimals(0, 100, places=2))
def test_a_fee_is_never_more_than_the_price(listed: int, fee: Decimal) -> None:
    """And what counts with own vendor keys is the whole price, whatever the fee."""
    found = charge_of(Nanos(listed), None, Pricing(byok_fee=fee), is_byok=True)
    assert 0 <= found.price <= listed == found.with_byok


def test_the_vendors_bill_is_whose_key_it_is() -> None:
    """The operator's, or the workspace's own, which is no entry of ours; nothing made is nothing charged."""
    assert bill_of(None, 5, CATALOGUE, is_byok=False) == Bill(charge=None, vendor_cost=5)
    assert bill_of(Nanos(100), 5, CATALOGUE, is_byok=True).vendor_cost is None


async def entries(bench: Bench, job: Job) -> dict[str, int]:
    rows = await bench.db.rows(select(ledger).where(ledger.c.job_id == job.id))
    return {row["kind"]: row["amount"] for row in rows}


def test_what_the_vendor_billed_is_booked_beside_the_charge(scenario: Scenario) -> None:
    """So that operators see what they earn."""

    async def work(bench: Bench) -> None:
        bench.lane("a", polls=[replace(finished_with(bench.file()), vendor_cost=300_000_000)])
        job = await bench.run_to_end(await bench.place("a"))
        assert (job.price, job.list_price, job.vendor_cost) == (ESTIMATE, ESTIMATE, 300_000_000)
        assert await entries(bench, job) == {"charge": ESTIMATE, "vendor_cost": 300_000_000}

    scenario(work)


def test_a_failure_that_its_vendor_bills_costs_the_operator_alone(scenario: Scenario) -> None:
    """The hold goes back."""

    async def work(bench: Bench) -> None:
        bench.lane("a", polls=[Failed(failure=FailureClass.USER_ERROR, vendor_cost=7)])
        job = await bench.run_to_end(await bench.place("a"))
        assert (job.status, job.price, job.list_price) == (State.FAILED, None, None)
        assert await entries(bench, job) == {"vendor_cost": 7}
        assert (await bench.balance(job)).held == 0

    scenario(work)


def test_an_output_that_is_no_video_was_billed_all_the_same(scenario: Scenario) -> None:
    """By the vendor; the workspace does not pay for it."""

    async def work(bench: Bench) -> None:
        bench.lane("a", polls=[replace(finished_with(bench.file(b"text")), vendor_cost=9)])
        job = await bench.run_to_end(await bench.place("a"))
        assert (job.status, job.price, job.vendor_cost) == (State.FAILED, None, 9)
        assert await entries(bench, job) == {"vendor_cost": 9}

    scenario(work)


def test_a_price_above_its_hold_is_booked_in_full_and_told(scenario: Scenario) -> None:
    """Here the vendor's, which nobody knew when the job was placed."""

    async def work(bench: Bench) -> None:
        dear = ESTIMATE + 5
        bench.lane("a", polls=[replace(finished_with(bench.file()), vendor_cost=dear)])
        job = await bench.run_to_end(await bench.place("a"), bench.steps(pricing=VENDOR))
        assert (job.price, job.list_price) == (dear, ESTIMATE)
        assert await entries(bench, job) == {"charge": dear, "vendor_cost": dear}
        balance = await bench.balance(job)
        assert (balance.held, balance.settled) == (0, dear)
        (ended,) = [event for event in bench.events if isinstance(event, JobEnded)]
        assert (ended.price, ended.overrun) == (dear, 5)

    scenario(work)


def test_on_its_own_vendor_key_a_workspace_pays_the_fee(scenario: Scenario) -> None:
    """The vendor bills the workspace itself; what that comes to by the catalogue is kept beside the fee."""

    async def work(bench: Bench) -> None:
        bench.lane("a", polls=[replace(finished_with(bench.file()), vendor_cost=300_000_000)])
        bench.lanes[OWN.queue] = bench.lanes[queue_of("a", "c")]
        placed = await bench.place("a", routes=(OWN,), queue=OWN.queue)
        job = await bench.run_to_end(placed, bench.steps(pricing=FEE))
        assert (job.price, job.list_price, job.vendor_cost) == (10_000_000, ESTIMATE, 300_000_000)
        assert await entries(bench, job) == {"charge": 10_000_000}
        row = await bench.db.row(select(spending))
        assert row is not None
        assert (row["amount"], row["fees"], row["byok"]) == (10_000_000, 10_000_000, ESTIMATE)
        spent = await spent_of(bench.db, job.key_id, bench.clock.now())
        assert (spent.total, spent.byok_total) == (10_000_000, ESTIMATE)

    scenario(work)
