"""The models as clients see them. No key is needed; a bad one is ignored."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from reelrouter.api import views
from reelrouter.api.auth import optional_caller
from reelrouter.api.videos import Edge
from reelrouter.errors import Unauthorized


class Models:
    def __init__(self, edge: Edge) -> None:
        self._edge = edge

    async def list_all(self, request: Request) -> Response:
        """With a live key: what can be routed now. Without one, or with a test key: the whole catalogue."""
        try:
            caller = await optional_caller(request, self._edge.keys)
        except Unauthorized:
            caller = None
        offered = self._edge.gateway.models(live_only=caller is not None and caller.mode == "live")
        return JSONResponse(
            {"data": [views.model_view(offer.model, list(offer.available)) for offer in offered]},
            headers={"Cache-Control": "public, max-age=120", "Vary": "Authorization"},
        )
