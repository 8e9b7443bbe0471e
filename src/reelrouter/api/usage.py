"""What was spent: credits, activity, and sums over jobs. Parse, one call, render."""

from collections import Counter
from collections.abc import Mapping
from datetime import date

from starlette.requests import Request
from starlette.responses import Response

from reelrouter.accounts.keys import Caller, Manager
from reelrouter.api import usage_views
from reelrouter.api.auth import anyone_of, manager_of
from reelrouter.api.models import PRIVATE
from reelrouter.api.moments import EPOCH
from reelrouter.api.queries import read_query
from reelrouter.api.rendering import Json, mode_headers
from reelrouter.api.usage_queries import ActivityQuery, UsageQuery
from reelrouter.api.videos import Edge
from reelrouter.errors import InvalidRequest, Problem
from reelrouter.gateway.usage import ActivityQuestion, Question


class Usage:
    def __init__(self, edge: Edge) -> None:
        self._edge = edge

    async def credits(self, request: Request) -> Response:
        who = await anyone_of(request, self._edge.keys)
        found = await self._edge.gateway.usage.credits(who)
        return Json({"data": usage_views.credits_view(found)}, headers=_headers(who))

    async def activity(self, request: Request) -> Response:
        await manager_of(request, self._edge.keys)
        query = read_query(ActivityQuery, request)
        asked = ActivityQuestion(
            day=_since_1970(query.date),
            key=query.api_key_hash,
            user=query.user_id,
            workspace=query.workspace_id,
            by_workspace=query.group_by is not None,
        )
        found = await self._edge.gateway.usage.activity(asked)
        look_up = self._edge.gateway.shelf.look_up
        return Json({"data": [usage_views.activity_view(one, look_up) for one in found]}, headers=PRIVATE)

    async def report(self, request: Request) -> Response:
        who = await anyone_of(request, self._edge.keys)
        query = read_query(UsageQuery, request)
        report = await self._edge.gateway.usage.report(who, _question(query))
        of_operator = isinstance(who, Manager)
        if query.format == "json":
            return Json(usage_views.report_view(report, of_operator=of_operator), headers=_headers(who))
        text = usage_views.report_csv(report, of_operator=of_operator)
        told = {"Content-Disposition": 'attachment; filename="usage.csv"', **_headers(who)}
        return Response(text, media_type="text/csv", headers=told)


def _question(query: UsageQuery) -> Question:
    twice = [name for name, times in Counter(query.group_by).items() if times > 1]
    if twice:
        raise InvalidRequest([Problem("group_by", f"group_by names {', '.join(twice)} more than once")])
    return Question(
        by=tuple(query.group_by),
        first_day=_since_1970(query.from_),
        last_day=_since_1970(query.to),
        workspace=query.workspace,
        mode=query.mode,
    )


def _since_1970(day: date | None) -> int | None:
    return None if day is None else (day - EPOCH).days


def _headers(who: Caller | Manager) -> Mapping[str, str]:
    return {**PRIVATE, **mode_headers(who)} if isinstance(who, Caller) else PRIVATE
