"""The providers that models can be had from. No key is needed."""

from starlette.requests import Request
from starlette.responses import Response

from reelrouter.api import model_views
from reelrouter.api.models import PUBLIC
from reelrouter.api.rendering import Json
from reelrouter.api.videos import Edge


class Providers:
    def __init__(self, edge: Edge) -> None:
        self._edge = edge

    async def list_all(self, request: Request) -> Response:
        offered = self._edge.gateway.shelf.providers()
        return Json({"data": [model_views.provider_view(one) for one in offered]}, headers=PUBLIC)
