"""What a job costs whom: what is set aside for it, what its end is charged at, and the booking of that."""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

from reelrouter.accounts import ledger
from reelrouter.accounts.charge import Charge
from reelrouter.catalogue.check import Plan
from reelrouter.catalogue.price import Made, price, total
from reelrouter.db.engine import Unit
from reelrouter.ids import JobId
from reelrouter.jobs.model import Job
from reelrouter.money import Nanos, nanos, usd
from reelrouter.work import StoredFile

_HUNDRED = Decimal(100)


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


def bill_of(listed: Nanos | None, vendor_cost: int | None, pricing: Pricing, *, is_byok: bool) -> Bill:
    """On the workspace's own vendor key the vendor's bill is the workspace's, and no entry of ours."""
    charge = None if listed is None else charge_of(listed, vendor_cost, pricing, is_byok=is_byok)
    return Bill(charge=charge, vendor_cost=None if is_byok else vendor_cost)


def fee_of(list_price: Nanos, per_cent: Decimal) -> Nanos:
    """What is charged of that price for a video that a vendor key of the workspace's own made."""
    return nanos(usd(list_price) * per_cent / _HUNDRED)


def charge_of(list_price: Nanos, vendor_cost: int | None, pricing: Pricing, *, is_byok: bool) -> Charge:
    """`list_price` is the catalogue's for what was made."""
    if is_byok:
        return Charge(price=fee_of(list_price, pricing.byok_fee), list_price=list_price, is_byok=True)
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


def list_price(plan: Plan, file: StoredFile) -> Nanos:
    """What the catalogue says that the video costs, as long and as large as it came out."""
    seconds = Decimal(file.frames) / Decimal(str(file.fps))
    made = Made(duration=seconds, width=file.width, height=file.height, audio=file.audio_codec is not None)
    return total(price(plan.skus, plan.asked, made))


def dearest(job: Job, fee: Decimal) -> Nanos:
    """What a job is estimated at, at most, whichever of its routes makes it."""
    estimates = ((job.plan_of(route).estimate, route.is_byok) for route in job.routes)
    return max(fee_of(estimate, fee) if is_byok else estimate for estimate, is_byok in estimates)


def on_own_keys(job: Job) -> Job | None:
    """The job as the workspace's own keys alone may make it; None where they are all, or none, of its routes."""
    own = tuple(route for route in job.routes if route.is_byok)
    if not own or len(own) == len(job.routes):
        return None
    plan, *spares = (replace(one, warnings=(*one.warnings, _OWN_ALONE)) for one in job.plans)
    return replace(job, plan=plan, spares=tuple(spares), routes=own, queue=own[0].queue)


_OWN_ALONE = (
    "provider: the budget does not cover the gateway's accounts, so only the workspace's own vendor keys may make "
    "this; if they are refused, the job fails"
)
