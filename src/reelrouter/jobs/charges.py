"""What the end of a job costs whom, from what was made, who made it and the operator's terms; and its booking."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from reelrouter.accounts import ledger
from reelrouter.accounts.charge import Charge
from reelrouter.db.engine import Unit
from reelrouter.ids import JobId
from reelrouter.money import Nanos, nanos, usd


@dataclass(frozen=True, slots=True, kw_only=True)
class Pricing:
    """The operator's terms."""

    by: Literal["catalogue", "vendor"] = "catalogue"
    """Whose price the workspace pays: the catalogue's, or what the vendor says that it cost, where it says so."""
    byok_fee: Decimal = Decimal(0)
    """Per cent of the catalogue's price, for jobs on the workspace's own vendor keys."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """What is booked at a job's end."""

    charge: Charge | None
    """None where nothing was made that the workspace has to pay for."""
    vendor_cost: int | None
    """What the operator pays, where the vendor told."""


def bill_of(list_price: Nanos | None, vendor_cost: int | None, pricing: Pricing, *, is_byok: bool) -> Bill:
    """On the workspace's own vendor key the vendor's bill is the workspace's, and no entry of ours."""
    charge = None if list_price is None else charge_of(list_price, vendor_cost, pricing, is_byok=is_byok)
    return Bill(charge=charge, vendor_cost=None if is_byok else vendor_cost)


def charge_of(list_price: Nanos, vendor_cost: int | None, pricing: Pricing, *, is_byok: bool) -> Charge:
    """`list_price` is the catalogue's for what was made."""
    if is_byok:
        fee = nanos(usd(list_price) * pricing.byok_fee / 100)
        return Charge(price=fee, list_price=list_price, is_byok=True)
    if pricing.by == "vendor" and vendor_cost is not None:
        return Charge(price=Nanos(vendor_cost), list_price=list_price)
    return Charge(price=list_price, list_price=list_price)


def book(unit: Unit, job_id: JobId, bill: Bill, now: float) -> Nanos:
    """Closes the job's hold; how much of the charge was not held."""
    if bill.vendor_cost:
        ledger.note_vendor_cost(unit, job_id, None, Nanos(bill.vendor_cost), now)
    if bill.charge is None:
        ledger.release(unit, job_id)
        return Nanos(0)
    return ledger.settle(unit, job_id, bill.charge, now)
