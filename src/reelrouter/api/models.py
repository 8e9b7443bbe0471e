"""The models as clients see them. No key is needed; a bad one is ignored."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from reelrouter.accounts.keys import Caller
from reelrouter.api import model_views, views
from reelrouter.api.auth import caller_of, optional_caller
from reelrouter.api.queries import ModelsQuery, OutputQuery, PagedQuery, VideoModelsQuery, read_query
from reelrouter.api.rendering import Json, mode_headers
from reelrouter.api.videos import Edge
from reelrouter.errors import Forbidden, Unauthorized
from reelrouter.gateway.search import Search
from reelrouter.gateway.shelf import Found, Offered, Shelf

PUBLIC: Mapping[str, str] = {"Cache-Control": "public, max-age=120"}
PRIVATE: Mapping[str, str] = {"Cache-Control": "private, no-store", "Vary": "Authorization"}


class Models:
    def __init__(self, edge: Edge) -> None:
        self._edge = edge

    @property
    def _shelf(self) -> Shelf:
        return self._edge.gateway.shelf

    async def list_video_models(self, request: Request) -> Response:
        """With a live key: what can be routed now. Without one, or with a test key: the whole catalogue."""
        wants_all = read_query(VideoModelsQuery, request).all
        caller = await self._known_caller(request)
        offered = await self._shelf.models(caller, everything=wants_all)
        rows = [_video_row(offer, with_missing=wants_all) for offer in offered]
        return Json({"data": rows}, headers={**PUBLIC, "Vary": "Authorization"} if caller is None else PRIVATE)

    async def list_all(self, request: Request) -> Response:
        """The list that was made for text: without a filter that says otherwise it has no video models."""
        query = read_query(ModelsQuery, request)
        return _page(request, self._shelf.search(_search(query)), PUBLIC)

    async def list_usable(self, request: Request) -> Response:
        caller = await caller_of(request, self._edge.keys)
        query = read_query(PagedQuery, request)
        found = await self._shelf.search_usable(Search(**_paging(query)), caller)
        return _page(request, found, {**PRIVATE, **mode_headers(caller)})

    async def count(self, request: Request) -> Response:
        query = read_query(OutputQuery, request)
        found = self._shelf.search(Search(output_modalities=query.output_modalities))
        return Json({"data": {"count": found.total}}, headers=PUBLIC)

    async def show(self, request: Request) -> Response:
        model = self._shelf.find(_name(request))
        return Json({"data": model_views.model_view(model)}, headers=PUBLIC)

    async def list_endpoints(self, request: Request) -> Response:
        model = self._shelf.find(_name(request))
        return Json({"data": model_views.endpoints_view(model, self._shelf.endpoints(model))}, headers=PUBLIC)

    async def _known_caller(self, request: Request) -> Caller | None:
        try:
            return await optional_caller(request, self._edge.keys)
        except (Unauthorized, Forbidden):
            return None


def _name(request: Request) -> str:
    return f"{request.path_params['author']}/{request.path_params['slug']}"


def _video_row(offer: Offered, *, with_missing: bool) -> dict[str, object]:
    row = views.model_view(offer.model, offer.available)
    if with_missing:
        row["missing"] = [{"endpoint": one.endpoint, "reason": one.reason} for one in offer.missing]
    return row


def _page(request: Request, found: Found, headers: Mapping[str, str]) -> Response:
    next_page = None
    if found.next_offset is not None:
        query = {**request.query_params, "offset": str(found.next_offset)}
        next_page = f"{request.url.path}?{urlencode(query)}"
    return Json(model_views.models_view(found, next_page), headers=headers)


_OF_TEXT_ALONE = (
    "category",
    "context",
    "arch",
    "region",
    "min_intelligence_index",
    "max_intelligence_index",
    "min_coding_index",
    "max_coding_index",
    "min_agentic_index",
    "max_agentic_index",
    "min_tool_success_rate",
    "max_tool_success_rate",
)
_LEAST_PRICES = ("min_price", "min_output_price")


def _search(query: ModelsQuery) -> Search:
    beyond = (
        any(getattr(query, name) is not None for name in _OF_TEXT_ALONE)
        or any(getattr(query, name) for name in _LEAST_PRICES)
        or bool(query.distillable)
    )
    return Search(
        **_paging(query),
        input_modalities=query.input_modalities or (),
        parameters=_words(query.supported_parameters),
        text=query.q or "",
        authors=_words(query.model_authors),
        providers=_words(query.providers),
        zdr=query.zdr is not None,
        least_days=query.min_age_days,
        most_days=query.max_age_days,
        beyond_video=beyond,
    )


def _paging(query: PagedQuery) -> dict[str, Any]:
    return {"output_modalities": query.output_modalities, "offset": query.offset, "limit": query.limit}


def _words(words: Sequence[str] | None) -> tuple[str, ...]:
    return tuple(word.strip() for word in words or ())
