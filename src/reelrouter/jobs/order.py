"""From a job and one of its routes to the order that a backend gets; pure."""

from reelrouter.ids import JobId
from reelrouter.jobs.model import Job
from reelrouter.routing.choose import Route
from reelrouter.work import Handle, Order

_MOST_DIGITS = 6


def attempt_key(job_id: str, n: int) -> str:
    """Unique for each attempt, and the same whoever computes it."""
    return f"{job_id}-{n}"


def attempt_of(key: str) -> tuple[JobId, int] | None:
    """Which attempt has this key; None if none can have it."""
    job_id, _, n = key.rpartition("-")
    return (JobId(job_id), int(n)) if job_id and n.isascii() and n.isdecimal() and len(n) <= _MOST_DIGITS else None


def order_of(job: Job, route: Route, n: int, previous: Handle | None = None) -> Order:
    """`previous` is where the vendor keeps the job that is continued."""
    plan = job.plan_of(route)
    return Order(
        job_id=job.id,
        attempt_key=attempt_key(job.id, n),
        credential=route.credential,
        model=plan.model,
        native_model=route.native_model,
        mode=plan.mode,
        prompt=plan.prompt,
        duration=plan.resolved.duration,
        length=float(plan.asked.duration),
        width=plan.resolved.width,
        height=plan.resolved.height,
        resolution=plan.resolved.resolution,
        aspect_ratio=plan.resolved.aspect_ratio,
        fps=plan.resolved.fps,
        seed=plan.resolved.seed,
        audio=plan.resolved.audio,
        first_frame=plan.inputs.first_frame,
        last_frame=plan.inputs.last_frame,
        references=plan.inputs.references,
        previous=previous,
        previous_video=plan.inputs.previous,
        upscale_factor=plan.upscale_factor,
        creativity=plan.creativity,
        options=plan.options.get(route.endpoint, {}),
        simulate=plan.script,
    )
