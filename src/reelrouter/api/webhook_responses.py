"""The shapes of answers about webhooks. `webhook_views` makes them."""

from typing import Literal

from pydantic import AwareDatetime, Field

from reelrouter.api.responses import Answer


class WebhookAttempt(Answer):
    number: int = Field(description="From 1; one whose answer was never heard has a number too.")
    sent_at: AwareDatetime
    latency_ms: int | None = Field(description="Milliseconds until the answer, or until there was none.")
    status: int | None = Field(description="Of HTTP; null if there was no answer, or is none yet.")
    response: str | None = Field(description="How the answer's body begins.")
    error: str | None = Field(description="Why there was no answer.")


class WebhookDelivery(Answer):
    id: str
    event: str = Field(description="The `type` in the body.")
    job_id: str | None = Field(description="null for a test of the receiver.")
    idempotency_key: str = Field(description="The same on every attempt: what a receiver knows the event by.")
    mode: Literal["live", "test"]
    url: str
    status: Literal["waiting", "delivered", "failed"]
    tries: int = Field(description="Attempts that have ended.")
    created_at: AwareDatetime
    next_attempt_at: AwareDatetime | None = Field(
        description="null once it is delivered or given up; a few seconds away while an attempt is under way."
    )
    ended_at: AwareDatetime | None


class WebhookDeliveryDetails(WebhookDelivery):
    headers: dict[str, str] = Field(description="Those of every attempt, without the signature made for each.")
    body: str = Field(description="What is sent, to the byte.")
    attempts: list[WebhookAttempt]


class WebhookDeliveryList(Answer):
    data: list[WebhookDelivery]
    has_more: bool
    next_cursor: str | None = None


class WebhookSecret(Answer):
    id: str
    created_at: AwareDatetime
    expires_at: AwareDatetime | None = Field(description="null for the newest one.")


class NewWebhookSecret(WebhookSecret):
    secret: str = Field(description="Shown now, and never again.")
    replaced: WebhookSecret | None = Field(description="The one that goes on beside it until it expires.")


class WebhookSecretList(Answer):
    data: list[WebhookSecret] = Field(description="Those that are signed with now, the older one first.")
