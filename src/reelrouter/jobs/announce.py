"""A job's end as the webhook that tells of it: pure, and exactly the contract's shape.

It is written in the transaction that ends the job, and sent by `webhooks`, which knows nothing of jobs.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from reelrouter.jobs.model import Job
from reelrouter.jobs.store import End, state_after
from reelrouter.money import Nanos, json_usd
from reelrouter.storage import links
from reelrouter.webhooks.store import Delivery

_PRETENDED_FAILURES = 2
"""Attempts that fail for `[[webhook:fail]]`: enough to see a repeated delivery, and that it arrives."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkTerms:
    """How a webhook's addresses of files look, which is how a poll's do."""

    life: float
    """Seconds."""
    plain: bool = False
    """Whether they need the key, in place of carrying a signature."""


def announce(job: Job, last: End, urls: Sequence[str] = ()) -> Delivery | None:
    """None if nobody wants to be told. `urls` are those of a completed job's files; see `urls_of`."""
    if job.remarks.callback_url is None:
        return None
    status = state_after(job, last)
    script = job.plan.script
    return Delivery(
        workspace=job.workspace,
        mode=job.mode,
        job_id=job.id,
        event=event_of(status),
        key=key_of(job.id, status),
        url=job.remarks.callback_url,
        body=body_of(status, last.at, _data(job, last, urls)),
        pretend=_PRETENDED_FAILURES if script is not None and script.webhook == "fail" else 0,
    )


def urls_of(job: Job, last: End, terms: LinkTerms, secret: bytes) -> list[str]:
    """As a poll at the job's end would show them. `secret` is the workspace's own, for links."""
    if terms.plain or last.expires_at is None:
        return [links.plain_url(job.base_url, job.id, index) for index in range(len(last.files))]
    until = links.expiry(last.at / 1000, terms.life, last.expires_at / 1000)
    return [links.signed_url(job.base_url, job.id, index, until, secret) for index in range(len(last.files))]


def event_of(status: str) -> str:
    return f"video.generation.{status}"


def key_of(job_id: str, status: str) -> str:
    """What receivers know the event by."""
    return f"{job_id}-{status}"


def body_of(status: str, at_ms: int, data: dict[str, Any]) -> str:
    """The whole of what is sent, written once: every repetition is the same to the byte."""
    moment = datetime.fromtimestamp(at_ms // 1000, UTC).replace(microsecond=at_ms % 1000 * 1000)
    event = {
        "type": event_of(status),
        "created_at": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "data": data,
    }
    return json.dumps(event, ensure_ascii=False, separators=(",", ":"))


def completed_data(
    job_id: str, model: str, urls: Sequence[str], cost: Nanos, *, is_byok: bool = False
) -> dict[str, Any]:
    """What a completed job's event says of it."""
    return {
        "id": job_id,
        "status": "completed",
        "generation_id": job_id,
        "model": model,
        "unsigned_urls": list(urls),
        "usage": {"cost": json_usd(cost), "is_byok": is_byok},
    }


def failed_data(job_id: str, model: str, status: str, error: str) -> dict[str, Any]:
    """What the event of any other end says of a job."""
    return {"id": job_id, "status": status, "generation_id": job_id, "model": model, "error": error}


def _data(job: Job, last: End, urls: Sequence[str]) -> dict[str, Any]:
    if last.failure is None:
        return completed_data(job.id, job.model, urls, Nanos(last.price or 0), is_byok=job.is_byok)
    return failed_data(job.id, job.model, state_after(job, last), last.failure.message)
