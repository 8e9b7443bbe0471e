"""Workspaces' own vendor keys over HTTP, for management keys alone. Parse, one call, render."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from reelrouter.accounts.vendor_keys import VendorKey
from reelrouter.accounts.workspaces import DEFAULT_SLUG
from reelrouter.api.auth import manager_of
from reelrouter.api.body import read_json
from reelrouter.api.complaints import not_a_request, shown
from reelrouter.api.queries import Count, read_query
from reelrouter.api.rendering import Json
from reelrouter.api.schemas import Flag, Name, Names, Text, Whole
from reelrouter.api.videos import Edge
from reelrouter.errors import InvalidRequest, Problem
from reelrouter.gateway.byok import Byok, NewVendorKey, Terms

B = TypeVar("B", bound="UpdateBody")

_MOST_KEY = 32_000
_KEY = (
    "What opens the vendor; it is never shown again. The key as it is, the text of a key file, or a JSON object "
    "with each value that the vendor wants by its name."
)
_PRIVATE: Mapping[str, str] = {"Cache-Control": "private, no-store"}
_TERMS = {
    "name": "name",
    "allowed_models": "models",
    "allowed_api_key_hashes": "keys",
    "sort_order": "position",
    "is_fallback": "is_fallback",
    "is_required": "is_required",
    "is_byok_only": "is_byok_only",
}
"""What a body calls the terms of a key, and what we do."""
_NULLABLE = frozenset({"name", "allowed_models", "allowed_api_key_hashes"})
"""Those for which null is a value; for all others it is absence."""


class UpdateBody(BaseModel):
    """What is left out stays as it is."""

    model_config = ConfigDict(extra="allow", frozen=True)

    key: Text | None = Field(
        None,
        min_length=1,
        max_length=_MOST_KEY,
        repr=False,
        description=f"{_KEY} It takes the former key's place.",
    )
    name: Name | None = Field(None, description="What people call it.")
    disabled: Flag | None = Field(None, description="A disabled key gets no new jobs; those it has go on.")
    allowed_models: Names | None = Field(None, description="The models that it is for; null is all.")
    allowed_api_key_hashes: Names | None = Field(None, description="The API keys that may use it; null is all.")
    allowed_user_ids: Names | None = Field(None, description="There are no users here: only null is taken.")
    is_fallback: Flag | None = Field(None, description="Try it after the gateway's accounts, and not before them.")
    is_required: Flag | None = Field(None, description="Never use the gateway's accounts for its models.")
    is_byok_only: Flag | None = Field(None, description="Never use the gateway's accounts with the provider.")
    declared_region: Name | None = Field(None, description="Kept nowhere: no endpoint here promises a region.")
    declared_zdr: Flag | None = Field(None, description="Kept nowhere: retention goes by the endpoint.")
    sort_order: Whole | None = Field(None, ge=0, le=10**6, description="The lower, the earlier it is tried.")


class CreateBody(UpdateBody):
    """A new key; it is tried after those that the workspace has for the provider."""

    key: Text = Field(
        min_length=1,
        max_length=_MOST_KEY,
        repr=False,
        description=_KEY,
    )
    provider: Name = Field(min_length=1, description="Whose key it is: a provider's name.")
    workspace_id: Name | None = Field(None, description="The workspace's id or slug; the default one if left out.")


class ByokQuery(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    workspace_id: str | None = Field(None, description="The workspace's id or slug; the default one if left out.")
    provider: str | None = Field(None, description="The name of a provider.")
    offset: Count = Field(0, description="How many keys to leave out.")
    limit: Annotated[Count, Field(ge=1, le=100)] = Field(50, description="How many keys to list at most.")


class VendorKeys:
    def __init__(self, edge: Edge) -> None:
        self._edge = edge

    @property
    def _byok(self) -> Byok:
        return self._edge.gateway.byok

    async def list_all(self, request: Request) -> Response:
        await manager_of(request, self._edge.keys)
        query = read_query(ByokQuery, request)
        page = await self._byok.list_keys(
            workspace=query.workspace_id or DEFAULT_SLUG,
            provider=query.provider,
            most=query.limit,
            left_out=query.offset,
        )
        return _answer({"data": [key_view(key) for key in page.keys], "total_count": page.total})

    async def create(self, request: Request) -> Response:
        await manager_of(request, self._edge.keys)
        body = await self._read(request, CreateBody)
        new = NewVendorKey(provider=body.provider, key=body.key, workspace=body.workspace_id, terms=_terms(body))
        return _changed(await self._byok.add(new), body, 201)

    async def show(self, request: Request) -> Response:
        await manager_of(request, self._edge.keys)
        return _answer({"data": key_view(await self._byok.get(request.path_params["vendor_key_id"]))})

    async def update(self, request: Request) -> Response:
        await manager_of(request, self._edge.keys)
        body = await self._read(request, UpdateBody)
        changed = await self._byok.update(request.path_params["vendor_key_id"], _terms(body), body.key)
        return _changed(changed, body, 200)

    async def delete(self, request: Request) -> Response:
        await manager_of(request, self._edge.keys)
        await self._byok.remove(request.path_params["vendor_key_id"])
        return _answer({"deleted": True})

    async def _read(self, request: Request, shape: type[B]) -> B:
        given = await read_json(request, self._edge.max_body)
        if not isinstance(given, dict):
            raise InvalidRequest([Problem("", "The body must be a JSON object.")])
        try:
            body = shape.model_validate(given)
        except ValidationError as error:
            raise not_a_request(error) from None
        if body.allowed_user_ids is not None:  # a restriction that had no effect would be a hole
            raise InvalidRequest(
                [Problem("allowed_user_ids", "allowed_user_ids must be null: nobody here has one")]
            )
        return body


def key_view(key: VendorKey) -> dict[str, Any]:
    return {
        "id": key.id,
        "workspace_id": key.workspace,
        "provider": key.provider,
        "name": key.name or None,
        "label": key.label,
        "sort_order": key.position,
        "disabled": key.disabled_at is not None,
        "is_fallback": key.is_fallback,
        "is_required": key.is_required,
        "is_byok_only": key.is_byok_only,
        "allowed_models": None if key.models is None else list(key.models),
        "allowed_api_key_hashes": None if key.keys is None else list(key.keys),
        "allowed_user_ids": None,
        "declared_region": None,
        "declared_zdr": None,
        "created_at": datetime.fromtimestamp(key.created_at / 1000, UTC).isoformat(timespec="milliseconds"),
    }


def _terms(body: UpdateBody) -> Terms:
    given: dict[str, Any] = {}
    for theirs, ours in _TERMS.items():
        value = getattr(body, theirs)
        if value is not None or (theirs in body.model_fields_set and theirs in _NULLABLE):
            given[ours] = "" if theirs == "name" and value is None else value
    return Terms(given=given, disabled=body.disabled)


def _warnings(body: UpdateBody) -> Iterator[str]:
    yield from (f"{shown(name)}: not a parameter of this route" for name in body.model_extra or {})
    if body.declared_region is not None:
        yield "declared_region: without effect, since no endpoint here promises a region"
    if body.declared_zdr is not None:
        yield "declared_zdr: without effect, since what an endpoint keeps is for the operator to say"


def _changed(key: VendorKey, body: UpdateBody, status: int) -> Response:
    warnings = list(_warnings(body))
    return _answer({"data": key_view(key), **({"warnings": warnings} if warnings else {})}, status)


def _answer(value: dict[str, Any], status: int = 200) -> Response:
    return Json(value, status, headers=_PRIVATE)
