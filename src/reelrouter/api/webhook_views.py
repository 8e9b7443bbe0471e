"""Deliveries and signing secrets as JSON-able dicts: every key is there, null where there is nothing to say."""

from datetime import UTC, datetime
from typing import Any

from reelrouter.accounts.signing import MadeSecret, SecretRecord
from reelrouter.gateway.deliveries import DeliveryStory
from reelrouter.webhooks.send import letter_of
from reelrouter.webhooks.sign import plain_headers
from reelrouter.webhooks.store import AttemptRecord, DeliveryRecord


def delivery_view(record: DeliveryRecord) -> dict[str, Any]:
    delivery = record.delivery
    return {
        "id": record.id,
        "event": delivery.event,
        "job_id": delivery.job_id,
        "idempotency_key": delivery.key,
        "mode": delivery.mode,
        "url": delivery.url,
        "status": record.state,
        "tries": record.tries,
        "created_at": _moment(record.created_at),
        "next_attempt_at": _moment(record.due_at),
        "ended_at": _moment(record.ended_at),
    }


def story_view(story: DeliveryStory, brand: str) -> dict[str, Any]:
    """With what is sent, and every attempt. `brand` is the title that stands in headers."""
    delivery = story.record.delivery
    return delivery_view(story.record) | {
        "headers": plain_headers(letter_of(delivery), brand),
        "body": delivery.body,
        "attempts": [_attempt_view(one) for one in story.attempts],
    }


def secret_view(record: SecretRecord) -> dict[str, Any]:
    return {"id": record.id, "created_at": _moment(record.created_at), "expires_at": _moment(record.expires_at)}


def made_view(made: MadeSecret) -> dict[str, Any]:
    """The only answer that has the secret itself."""
    return secret_view(made.record) | {
        "secret": made.secret,
        "replaced": secret_view(made.replaced) if made.replaced else None,
    }


def _attempt_view(one: AttemptRecord) -> dict[str, Any]:
    return {
        "number": one.n,
        "sent_at": _moment(one.sent_at),
        "latency_ms": one.latency,
        "status": one.status,
        "response": one.response,
        "error": one.error,
    }


def _moment(at_ms: int | None) -> str | None:
    if at_ms is None:
        return None
    moment = datetime.fromtimestamp(at_ms // 1000, UTC).replace(microsecond=at_ms % 1000 * 1000)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
