"""What a workspace pays for a job: the list price, or a share of it where its own vendor key made it; pure."""

from dataclasses import replace
from decimal import Decimal

from reelrouter.catalogue.check import Plan
from reelrouter.catalogue.price import Made, price, total
from reelrouter.jobs.model import Job
from reelrouter.money import Nanos, nanos, usd
from reelrouter.work import StoredFile

_HUNDRED = Decimal(100)


def list_price(plan: Plan, file: StoredFile) -> Nanos:
    """What the catalogue says that the video costs, as long and as large as it came out."""
    seconds = Decimal(file.frames) / Decimal(str(file.fps))
    made = Made(duration=seconds, width=file.width, height=file.height, audio=file.audio_codec is not None)
    return total(price(plan.skus, plan.asked, made))


def charge_of(listed: Nanos, fee: Decimal, *, is_byok: bool) -> Nanos:
    """What a job of that list price is charged; `fee` is per cent, for one on a key of the workspace's own."""
    return nanos(usd(listed) * fee / _HUNDRED) if is_byok else listed


def dearest(job: Job, fee: Decimal) -> Nanos:
    """What a job is estimated at, at most, whichever of its routes makes it."""
    return max(charge_of(job.plan_of(route).estimate, fee, is_byok=route.is_byok) for route in job.routes)


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
