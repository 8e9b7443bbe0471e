"""Where vendors call when there is news of a job. What they say is not believed: they are asked instead."""

from starlette.requests import Request
from starlette.responses import Response

from reelrouter.api.body import read_bytes
from reelrouter.api.videos import Edge

_MOST_BODY = 256 * 1024


class Hooks:
    def __init__(self, edge: Edge) -> None:
        self._edge = edge

    async def receive(self, request: Request) -> Response:
        nudges, attempt_key = self._edge.gateway.nudges, request.path_params["attempt_key"]
        nudges.require_genuine(attempt_key, request.path_params["token"])
        body = await read_bytes(request, _MOST_BODY)
        await nudges.nudge(attempt_key, request.headers, body)
        return Response(status_code=204)
