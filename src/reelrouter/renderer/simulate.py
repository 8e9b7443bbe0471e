"""How a test order's script ends it, where the script says so; pure."""

from collections.abc import Mapping

from reelrouter.work import Failed, FailureClass, Script

SIMULATED: Mapping[str, FailureClass] = {
    "authentication": FailureClass.AUTH,
    "permission_denied": FailureClass.AUTH,
    "payment_required": FailureClass.QUOTA_BILLING,
    "rate_limit_exceeded": FailureClass.RATE_LIMITED,
    "provider_overloaded": FailureClass.CONCURRENCY,
    "provider_unavailable": FailureClass.TRANSIENT,
    "invalid_request": FailureClass.USER_ERROR,
    "invalid_prompt": FailureClass.USER_ERROR,
    "not_found": FailureClass.USER_ERROR,
    "precondition_failed": FailureClass.USER_ERROR,
    "payload_too_large": FailureClass.USER_ERROR,
    "unprocessable": FailureClass.USER_ERROR,
    "content_policy_violation": FailureClass.POLICY_INPUT,
    "refusal": FailureClass.POLICY_OUTPUT,
    "invalid_image": FailureClass.USER_ERROR,
    "image_too_large": FailureClass.USER_ERROR,
    "image_too_small": FailureClass.USER_ERROR,
    "unsupported_image_format": FailureClass.USER_ERROR,
    "image_not_found": FailureClass.USER_ERROR,
    "image_download_failed": FailureClass.USER_ERROR,
    "server": FailureClass.INTERNAL,
    "timeout": FailureClass.EXPIRED,
    "unmapped": FailureClass.INTERNAL,
}
"""The kind of failure that comes with each error type that a test prompt may ask for."""


def scripted_end(script: Script) -> Failed | None:
    """None if the order is to be worked on."""
    text = "the prompt's script asked for it"
    if script.status == "cancelled":
        return Failed(failure=FailureClass.CANCELLED, vendor_text=text)
    if script.status == "expired":
        return Failed(failure=FailureClass.EXPIRED, vendor_text=text)
    if script.fail is not None:
        failure = SIMULATED.get(script.fail, FailureClass.INTERNAL)
        return Failed(failure=failure, error_type=script.fail, vendor_code=script.fail, vendor_text=text)
    return None
