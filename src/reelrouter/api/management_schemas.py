"""The bodies in which workspaces and keys are made and changed. Nothing else reads them.

Absent is unchanged, and `null` is no rule. What upstream has and a gateway for videos has no use for is accepted,
not kept, and told of in warnings; so is what nobody knows.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Annotated, Any, Literal, TypeVar, cast

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
)
from pydantic_core import PydanticCustomError

from reelrouter.api.complaints import not_a_request, shown
from reelrouter.api.schemas import MOST_UNKNOWN, Amount, Flag, Names, Text, Whole
from reelrouter.errors import InvalidRequest, Problem
from reelrouter.gateway.keys import KeyWish
from reelrouter.gateway.workspaces import WorkspaceWish
from reelrouter.money import nanos

B = TypeVar("B", bound=BaseModel)

SLUG = r"^[a-z0-9]+(?:-[a-z0-9]+)*$"
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", re.ASCII)
_MOST_COUNT = 1_000_000
_SECONDS_OF_DECADE = 10 * 366 * 24 * 3600


def _moment(value: object) -> object:
    if isinstance(value, str) and _MOMENT.fullmatch(value):
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            pass  # a day that no month has
    raise PydanticCustomError("not_a_moment", "must be a time with seconds and zone, such as 2027-01-31T00:00:00Z")


def _slug(value: object) -> object:
    if isinstance(value, str) and not re.fullmatch(SLUG, value, re.ASCII):
        raise PydanticCustomError("not_a_slug", "must be small letters and digits, with single hyphens between")
    return value


def _some(value: object) -> object:
    if value == []:
        raise PydanticCustomError("empty_list", "would allow nothing; null allows all")
    return value


Slug = Annotated[Text, StringConstraints(min_length=1, max_length=50, pattern=SLUG), BeforeValidator(_slug)]
Title = Annotated[Text, StringConstraints(min_length=1, max_length=100)]
Ref = Annotated[Text, StringConstraints(min_length=1, max_length=100)]
Count = Annotated[Whole, Field(ge=1, le=_MOST_COUNT)]
Moment = Annotated[AwareDatetime, BeforeValidator(_moment)]
Allowed = Annotated[Names, Field(min_length=1), BeforeValidator(_some)]


def _optional(description: str) -> Any:
    """A field that may be left out, and may not be null: the document shows no default."""
    return Field(None, description=description, json_schema_extra=_without_default)


def _without_default(schema: dict[str, Any]) -> None:
    schema.pop("default")


class _Body(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True)


class _WorkspaceRules(_Body):
    description: Annotated[Text, StringConstraints(max_length=500)] | None = None
    callback_url: Text | None = Field(
        None, max_length=2048, description="HTTPS address that is told of a job's end where a request names none."
    )
    zdr: Flag | None = Field(None, description="Whether jobs go only where nothing is kept.")
    strict_parameters: Flag | None = Field(
        None, description="Whether what would be accepted with a warning is refused."
    )
    retention: Annotated[Whole, Field(ge=60, le=_SECONDS_OF_DECADE)] | None = Field(
        None, description="Seconds that videos are kept, up to the gateway's own, which null stands for."
    )
    allowed_models: Allowed | None = Field(None, description="Ids of models; null allows all.")
    allowed_providers: Allowed | None = Field(None, description="Names of providers; null allows all.")
    default_provider_sort: Literal["price", "latency"] | None = Field(
        None, description="How providers are ranked where a request does not say."
    )
    concurrency: Count | None = Field(None, description="Unfinished jobs at one time; null is no limit.")
    requests_per_minute: Count | None = Field(None, description="null is no limit.")


class CreateWorkspaceBody(_WorkspaceRules):
    name: Title
    slug: Slug = Field(description="What addresses and commands call it.")


class UpdateWorkspaceBody(_WorkspaceRules):
    name: Title = _optional("What people call it.")
    slug: Slug = _optional("What addresses and commands call it.")


class _KeyRules(_Body):
    limit: Amount | None = Field(
        None, description="US dollars that it may spend; null is no limit. Live keys only."
    )
    limit_reset: Literal["daily", "weekly", "monthly"] | None = Field(
        None,
        description="When the limit starts anew: at midnight, on Monday, on the first, by UTC; null is never.",
    )
    include_byok_in_limit: Flag | None = Field(
        None, description="Whether jobs on the workspace's own vendor keys count, at their list price."
    )
    expires_at: Moment | None = Field(None, description="When it stops working; null is never.")
    strict_parameters: Flag | None = Field(
        None, description="Whether what would be accepted with a warning is refused."
    )
    concurrency: Count | None = Field(None, description="Unfinished jobs at one time; null is no limit.")
    requests_per_minute: Count | None = Field(None, description="null is no limit.")
    workspace_id: Ref = _optional("Its workspace, by id or slug; the default one if it is left out.")


class CreateKeyBody(_KeyRules):
    name: Title
    mode: Literal["live", "test", "management"] = Field(
        "live",
        description="Test keys cost nothing; management keys govern workspaces and keys, and make no videos.",
    )


class UpdateKeyBody(_KeyRules):
    workspace_id: Ref = _optional("Where it moves to, by id or slug; its jobs stay where they were placed.")
    name: Title = _optional("What people call it.")
    mode: Literal["live", "test", "management"] = _optional("It stays what it is; any other is refused.")
    disabled: Flag | None = Field(None, description="Whether it is refused, until this is false again.")


def workspace_wish(shape: CreateWorkspaceBody | UpdateWorkspaceBody) -> WorkspaceWish:
    """What was sent, in the words of the use case."""
    wish = _given(shape, {"strict_parameters": "strict", "default_provider_sort": "provider_sort"})
    for name in ("allowed_models", "allowed_providers"):
        if wish.get(name) is not None:
            wish[name] = tuple(wish[name])
    return cast("WorkspaceWish", wish)


def key_wish(shape: CreateKeyBody | UpdateKeyBody) -> KeyWish:
    """What was sent, in the words of the use case."""
    names = {"strict_parameters": "strict", "include_byok_in_limit": "include_byok", "workspace_id": "workspace"}
    wish = _given(shape, names)
    if shape.limit is not None:
        wish["limit"] = nanos(shape.limit)
    if "limit_reset" in wish:
        wish["limit_reset"] = shape.limit_reset or "total"
    if shape.expires_at is not None:
        wish["expires_at"] = int(shape.expires_at.timestamp() * 1000)
    return cast("KeyWish", wish)


def _given(shape: BaseModel, names: Mapping[str, str]) -> dict[str, Any]:
    known = type(shape).model_fields
    names = {"requests_per_minute": "rate", **names}
    given = {name: getattr(shape, name) for name in shape.model_fields_set if name in known}
    flags = {name for name in given if given[name] is None and name in _FLAGS}
    return {names.get(name, name): False if name in flags else value for name, value in given.items()}


_FLAGS = frozenset({"zdr", "strict_parameters", "include_byok_in_limit", "disabled"})
_AS_IT_IS: Mapping[str, object] = {
    "is_observability_io_logging_enabled": False,
    "is_observability_broadcast_enabled": False,
    "is_data_discount_logging_enabled": False,
    "io_logging_sampling_rate": 1,
    "disabled_server_tools": [],
}
"""What answers say of upstream's fields: whoever asks for that has it."""


def read_body(shape: type[B], body: object) -> tuple[B, Sequence[str]]:
    """With a warning for each key that has no effect here. Raises `InvalidRequest` with every wrong field."""
    if not isinstance(body, dict):
        raise InvalidRequest([Problem("", "The body must be a JSON object.")])
    try:
        read = shape.model_validate(body)
    except ValidationError as error:
        raise not_a_request(error) from None
    return read, _unused(read)


def _unused(shape: BaseModel) -> Sequence[str]:
    wished = ((key, value) for key, value in (shape.model_extra or {}).items() if value is not None)
    vain = (shown(key) for key, value in wished if key not in _AS_IT_IS or _AS_IT_IS[key] != value)
    found = tuple(islice(vain, MOST_UNKNOWN + 1))
    if len(found) > MOST_UNKNOWN:
        message = f"{found[-1]}: the body has more than {MOST_UNKNOWN} keys that have no effect"
        raise InvalidRequest([Problem(found[-1], message)])
    return tuple(f"{key}: this gateway has no such setting; it is not kept, and has no effect" for key in found)
