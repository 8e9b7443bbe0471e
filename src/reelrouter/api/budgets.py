"""Credits, budgets and ledgers of workspaces, for management keys. Parse, one call, render."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, WithJsonSchema
from pydantic_core import PydanticCustomError
from starlette.requests import Request
from starlette.responses import Response

from reelrouter.api import budget_views, twins
from reelrouter.api.auth import manager_of
from reelrouter.api.body import read_json
from reelrouter.api.complaints import not_a_request
from reelrouter.api.models import PRIVATE
from reelrouter.api.queries import PageQuery, read_query
from reelrouter.api.rendering import Json
from reelrouter.api.schemas import Flag, Text, as_amount
from reelrouter.api.videos import Edge
from reelrouter.errors import InvalidRequest, Problem
from reelrouter.gateway.budgets import Budget, period_of
from reelrouter.gateway.budgets import Budgets as UseCases
from reelrouter.ids import new_id
from reelrouter.money import nanos, usd

B = TypeVar("B", bound=BaseModel)

MOST_LIMIT = 10**9
MOST_GRANT = 10**7
"""Dollars at one time."""
_MOST_NOTE = 500


def _exact(value: Decimal) -> Decimal:
    if usd(nanos(value)) != value:
        raise PydanticCustomError("too_many_places", "must have at most nine decimal places")
    return value


def _something(value: Decimal) -> Decimal:
    if value == 0:
        raise PydanticCustomError("nothing", "must not be 0")
    return value


Dollars = Annotated[
    Decimal,
    Field(gt=0, le=MOST_LIMIT, allow_inf_nan=False),
    AfterValidator(_exact),
    BeforeValidator(as_amount),
    WithJsonSchema({"type": "number", "exclusiveMinimum": 0, "maximum": MOST_LIMIT}),
]
Change = Annotated[
    Decimal,
    Field(ge=-MOST_GRANT, le=MOST_GRANT, allow_inf_nan=False),
    AfterValidator(_something),
    AfterValidator(_exact),
    BeforeValidator(as_amount),
    WithJsonSchema({"type": "number", "minimum": -MOST_GRANT, "maximum": MOST_GRANT}),
]


class _Body(BaseModel):
    """What is not one of its fields is refused: a mistyped word must not change what may be spent."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class BudgetBody(_Body):
    limit_usd: Dollars = Field(description="What may be spent, in US dollars.")
    include_byok_in_budgets: Flag | None = Field(
        None,
        description="Whether jobs on the workspace's own vendor keys count at their list price. It holds for all "
        "budgets of the workspace; left out, it stays as it is.",
    )


class CreditsBody(_Body):
    amount: Change = Field(description="US dollars; less than nothing takes some back.")
    note: Text = Field("", max_length=_MOST_NOTE, description="What it is for, as the ledger shows it.")


class LedgerQuery(PageQuery):
    mode: Literal["live", "test"] = Field("live", description="Whose ledger: that of live jobs, or of test jobs.")


class Budgets:
    def __init__(self, edge: Edge) -> None:
        self._edge = edge

    @property
    def _cases(self) -> UseCases:
        return self._edge.gateway.budgets

    async def list_all(self, request: Request) -> Response:
        await manager_of(request, self._edge.keys)
        return _answer(budget_views.budgets_view(await self._cases.list_budgets(_ref(request))))

    async def show(self, request: Request) -> Response:
        await manager_of(request, self._edge.keys)
        budget, beside = await self._cases.get_budget(_ref(request), period_of(_interval(request)))
        return _answer(budget_views.budget_view(budget, beside))

    async def upsert(self, request: Request) -> Response:
        await manager_of(request, self._edge.keys)
        period = period_of(_interval(request))
        body = await self._read(request, BudgetBody)
        wanted = Budget(period=period, amount=nanos(body.limit_usd), include_byok=body.include_byok_in_budgets)
        budget, beside = await self._cases.set_budget(_ref(request), wanted)
        return _answer(budget_views.budget_view(budget, beside))

    async def delete(self, request: Request) -> Response:
        """As the contract has it, also where there was none."""
        await manager_of(request, self._edge.keys)
        await self._cases.remove_budget(_ref(request), period_of(_interval(request)))
        return _answer({"deleted": True})

    async def show_credits(self, request: Request) -> Response:
        await manager_of(request, self._edge.keys)
        return _answer({"data": budget_views.account_view(await self._cases.account(_ref(request)))})

    async def grant(self, request: Request) -> Response:
        await manager_of(request, self._edge.keys)
        key = twins.idempotency_key(request.headers) or new_id("grant")
        body = await self._read(request, CreditsBody)
        granted = await self._cases.grant(_ref(request), nanos(body.amount), body.note, key)
        return _answer(budget_views.granted_view(granted), 201)

    async def unlimit(self, request: Request) -> Response:
        await manager_of(request, self._edge.keys)
        return _answer({"data": budget_views.account_view(await self._cases.unlimit(_ref(request)))})

    async def ledger(self, request: Request) -> Response:
        await manager_of(request, self._edge.keys)
        query = read_query(LedgerQuery, request)
        page = await self._cases.ledger(_ref(request), query.mode, query.limit, query.cursor)
        return _answer(budget_views.ledger_view(page))

    async def _read(self, request: Request, shape: type[B]) -> B:
        body = await read_json(request, self._edge.max_body)
        if not isinstance(body, dict):
            raise InvalidRequest([Problem("", "The body must be a JSON object.")])
        try:
            return shape.model_validate(body)
        except ValidationError as error:
            raise not_a_request(error) from None


def _ref(request: Request) -> str:
    ref: str = request.path_params["ref"]
    return ref


def _interval(request: Request) -> str:
    interval: str = request.path_params["interval"]
    return interval


def _answer(shown: Mapping[str, Any], status: int = 200) -> Json:
    return Json(shown, status, headers=PRIVATE)
