"""The floor: a bare FastAPI app under the gateway's own server settings, without a key, a check or a database.

`python -m bench.floor [file]` listens on a free port of this machine and prints its address.
"""

import asyncio
import gc
import json
import socket
import sys
import time
from collections import defaultdict
from collections.abc import AsyncIterator

import uvicorn
import uvloop
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse

CHUNK = 256 * 1024
_COMMENT_SECONDS = 15.0

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


class _Streams:
    """Event streams that somebody else's request brings news to."""

    def __init__(self) -> None:
        self._waiting: defaultdict[str, set[asyncio.Event]] = defaultdict(set)
        self._newest = 0

    async def listen(self, request: Request) -> Response:
        return StreamingResponse(self._events(request.path_params["job_id"]), media_type="text/event-stream")

    async def change(self, request: Request) -> Response:
        self._newest += 1
        at = time.monotonic()
        for changed in self._waiting[request.path_params["job_id"]]:
            changed.set()
        return JSONResponse({"id": self._newest, "at": at})

    async def _events(self, name: str) -> AsyncIterator[bytes]:
        changed = asyncio.Event()
        self._waiting[name].add(changed)
        try:
            while True:
                yield b"event: job\nid: %d\ndata: %s\n\n" % (self._newest, json.dumps(_SHOWN).encode())
                changed.clear()
                while not await _is_set(changed):
                    yield b": still here\n\n"
        finally:
            self._waiting[name].discard(changed)


async def _is_set(changed: asyncio.Event) -> bool:
    try:
        async with asyncio.timeout(_COMMENT_SECONDS):
            return await changed.wait()
    except TimeoutError:
        return False


def build(file: str | None) -> FastAPI:
    """The same addresses as the gateway's, each answered with as many bytes."""
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
    # Past FastAPI: what it does with a request is done once, and the streams go on.
    streams = _Streams()
    app.add_route("/api/v1/videos/{job_id}/events", streams.listen, methods=["GET"])
    app.add_route("/api/v1/videos/{job_id}/change", streams.change, methods=["POST"])
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
