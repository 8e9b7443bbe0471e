"""The bodies that are sent to us about webhooks. Each may be left out: every field has a default."""

from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request

from reelrouter.accounts.signing import LONGEST_OVERLAP
from reelrouter.api.body import read_json
from reelrouter.api.complaints import not_a_request
from reelrouter.api.schemas import Text, Whole
from reelrouter.errors import InvalidRequest, Problem
from reelrouter.gateway.signing import DEFAULT_OVERLAP
from reelrouter.net import MAX_URL

B = TypeVar("B", bound=BaseModel)


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class WebhookTestBody(_Body):
    url: Text | None = Field(
        None, min_length=1, max_length=MAX_URL, description="Your receiver; else the workspace's callback_url."
    )


class WebhookSecretBody(_Body):
    keep_for: Whole | None = Field(
        None,
        ge=0,
        le=LONGEST_OVERLAP,
        description=f"Seconds that the present secret goes on beside the new one; {DEFAULT_OVERLAP} if absent.",
    )


async def read_body(shape: type[B], request: Request, max_body: int) -> B:
    """Raises `InvalidRequest` with every wrong field at once."""
    body = {} if _is_absent(request) else await read_json(request, max_body)
    if not isinstance(body, dict):
        raise InvalidRequest([Problem("", "The body must be a JSON object.")])
    try:
        return shape.model_validate(body)
    except ValidationError as error:
        raise not_a_request(error) from None


def _is_absent(request: Request) -> bool:
    return request.headers.get("content-length", "0") == "0" and "transfer-encoding" not in request.headers
