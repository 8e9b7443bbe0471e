"""What follows from each failure: the caller's word and sentence, and whether another attempt may help."""

from dataclasses import dataclass

from reelrouter.jobs.model import Failure
from reelrouter.work import Failed, FailureClass


@dataclass(frozen=True, slots=True, kw_only=True)
class Consequence:
    error_type: str
    """A word of the contract's vocabulary."""
    text: str
    """What the job's owner reads."""
    fallback: bool = False
    """Whether the next route may be tried: only where nothing was made and nothing is billed."""


CONSEQUENCES: dict[FailureClass, Consequence] = {
    FailureClass.USER_ERROR: Consequence(
        error_type="invalid_request", text="The provider refused the request's parameters or inputs."
    ),
    FailureClass.POLICY_INPUT: Consequence(
        error_type="content_policy_violation",
        text="The provider's content policy does not allow this prompt or one of its inputs.",
    ),
    FailureClass.POLICY_OUTPUT: Consequence(
        error_type="content_policy_violation",
        text="The provider's content policy withheld the finished video. Another prompt may pass.",
    ),
    FailureClass.AUTH: Consequence(
        error_type="provider_unavailable",
        text="The gateway could not sign in to the provider. The operator has been told.",
        fallback=True,
    ),
    FailureClass.QUOTA_BILLING: Consequence(
        error_type="provider_unavailable",
        text="The gateway's account with the provider has no quota left. The operator has been told.",
        fallback=True,
    ),
    FailureClass.RATE_LIMITED: Consequence(
        error_type="rate_limit_exceeded",
        text="The provider takes no more work at present. Try later.",
        fallback=True,
    ),
    FailureClass.CONCURRENCY: Consequence(
        error_type="provider_overloaded", text="The provider is at its limit at present. Try later.", fallback=True
    ),
    FailureClass.TRANSIENT: Consequence(
        error_type="provider_unavailable",
        text="The provider failed for a passing reason. Try again.",
        fallback=True,
    ),
    FailureClass.EXPIRED: Consequence(
        error_type="timeout", text="The provider gave the job up before it was finished."
    ),
    FailureClass.CANCELLED: Consequence(
        error_type="provider_unavailable", text="The provider cancelled the job of its own accord."
    ),
    FailureClass.UNKNOWN_SUBMIT: Consequence(
        error_type="provider_unavailable",
        text="submission_outcome_unknown: it is not known whether the provider received this job, "
        "and sending it again could cost twice. The gateway does not charge you. Submit again if you want it.",
    ),
    FailureClass.DRIFT: Consequence(
        error_type="provider_unavailable",
        text="The provider answered in a way that the gateway does not know. The operator has been told.",
    ),
    FailureClass.OUTPUT_INVALID: Consequence(
        error_type="provider_unavailable",
        text="The provider's file could not be loaded, or is not a playable video.",
    ),
    FailureClass.INTERNAL: Consequence(
        error_type="server",
        text="The gateway failed while it worked on this job, and does not charge you for it. Try again.",
    ),
}

_TEXTS = {
    "refusal": "The model refused to make this video.",
    "invalid_prompt": "The provider cannot work with this prompt.",
    "invalid_image": "The provider cannot read one of the images.",
    "timeout": "The provider took longer than it allows itself.",
    "rate_limit_exceeded": CONSEQUENCES[FailureClass.RATE_LIMITED].text,
    "provider_overloaded": CONSEQUENCES[FailureClass.CONCURRENCY].text,
    "permission_denied": "The provider does not take the vendor key that this was to be made with: it was refused "
    "there, disabled or removed. The gateway does not charge you.",
    "payment_required": "The account has not enough credit for this video.",
}
"""Sentences for error types that say more than their class."""


def failure_of(failed: Failed) -> Failure:
    """What the job's owner is told of a backend's failure. The vendor's own text stays with the operator."""
    consequence = CONSEQUENCES[failed.failure]
    error_type = failed.error_type or consequence.error_type
    text = consequence.text if error_type == consequence.error_type else _TEXTS.get(error_type, consequence.text)
    return Failure(
        error_type=error_type, message=text, failure=failed.failure.value, vendor_code=failed.vendor_code
    )


def may_fall_back(failed: Failed) -> bool:
    """Whether the next route may be tried after this failure."""
    return CONSEQUENCES[failed.failure].fallback and not failed.vendor_cost
