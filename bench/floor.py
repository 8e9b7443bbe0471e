"""The floor: a bare FastAPI app under the gateway's own server settings, without a key, a check or a database.

`python -m bench.floor [file]` listens on a free port of this machine and prints its address.
"""

import asyncio
import gc
import socket
import sys

import uvicorn
import uvloop
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response

CHUNK = 256 * 1024

_PLACED = {
    "id": "gen-vid-1800000000-aaaaaaaaaaaaaaaaaaaa",
    "polling_url": "http://127.0.0.1:80000/api/v1/videos/gen-vid-1800000000-aaaaaaaaaaaaaaaaaaaa",
    "status": "pending",
    "generation_id": "gen-vid-1800000000-aaaaaaaaaaaaaaaaaaaa",
}
_SHOWN = {
    **_PLACED,
    "created_at": 1800000000,
    "model": "google/veo-3.1-lite",
    "resolved": {
        "duration": 4,
        "width": 1280,
        "height": 720,
        "resolution": "720p",
        "aspect_ratio": "16:9",
        "fps": 24,
        "audio": True,
    },
}


class _Chunked(FileResponse):
    chunk_size = CHUNK


def build(file: str | None) -> FastAPI:
    """The same three addresses as the gateway's, each answered with as many bytes."""
    app = FastAPI(docs_url=None, redoc_url=None)

    async def create(request: Request) -> Response:
        await request.json()
        return JSONResponse(_PLACED, 202)

    async def show(request: Request) -> Response:
        return JSONResponse(_SHOWN)

    async def download(request: Request) -> Response:
        return _Chunked(file, media_type="video/mp4") if file else Response(status_code=404)

    app.add_api_route("/api/v1/videos", create, methods=["POST"], response_model=None)
    app.add_api_route("/api/v1/videos/{job_id}", show, methods=["GET"], response_model=None)
    app.add_api_route("/api/v1/videos/{job_id}/content", download, methods=["GET"], response_model=None)
    return app


async def _serve(app: FastAPI) -> None:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(
        app, lifespan="off", log_config=None, access_log=False, proxy_headers=False, server_header=False
    )
    server = uvicorn.Server(config)
    gc.collect()
    gc.freeze()
    serving = asyncio.ensure_future(server.serve(sockets=[listener]))
    print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    await serving


if __name__ == "__main__":
    uvloop.run(_serve(build(sys.argv[1] if len(sys.argv) > 1 else None)))
