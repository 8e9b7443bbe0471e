"""A vendor that costs next to nothing: OpenAI's Videos API, for gateways to be measured in front of it.

`python -m bench.fake_vendor [file]` listens on a free port of this machine and prints its address. A job whose
prompt says `without end` is never done; every other one is done at once, and `file` is its video.
"""

import asyncio
import socket
import sys
from itertools import count
from pathlib import Path
from typing import Any

import uvicorn
import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

ENDLESS = "without end"
KEY = "bench-vendor-key"
_WAITS, _DONE = "video_waits", "video_done"
_CHUNK = 256 * 1024


def command(film: Path | None = None) -> tuple[str, ...]:
    """The command line of one."""
    return (sys.executable, "-m", "bench.fake_vendor", *([str(film)] if film else []))


class _Film(FileResponse):
    chunk_size = _CHUNK


class _Vendor:
    """What a job is stands in its id, so that nothing has to be kept."""

    def __init__(self, file: str | None) -> None:
        self._file = file
        self._numbers = count(1)
        self._submits = 0

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/v1/videos", self._create, methods=["POST"]),
                Route("/v1/videos/{job}", self._show),
                Route("/v1/videos/{job}/content", self._content),
                Route("/submits", self._count),
            ]
        )

    async def _create(self, request: Request) -> Response:
        kind = _WAITS if ENDLESS.encode() in await request.body() else _DONE
        self._submits += 1
        return JSONResponse(_view(f"{kind}_{next(self._numbers):024x}"))

    async def _show(self, request: Request) -> Response:
        return JSONResponse(_view(request.path_params["job"]))

    async def _content(self, request: Request) -> Response:
        if self._file is None or not request.path_params["job"].startswith(_DONE):
            return Response(status_code=404)
        return _Film(self._file, media_type="video/mp4")

    async def _count(self, _request: Request) -> Response:
        return JSONResponse(self._submits)


def _view(job: str) -> dict[str, Any]:
    done = job.startswith(_DONE)
    return {
        "id": job,
        "object": "video",
        "model": "sora-2-pro",
        "status": "completed" if done else "in_progress",
        "progress": 100 if done else 40,
        "created_at": 1800000000,
        "completed_at": 1800000001 if done else None,
        "seconds": "4",
        "size": "1280x720",
        "error": None,
    }


async def _serve(app: Starlette) -> None:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(app, lifespan="off", log_config=None, access_log=False, proxy_headers=False)
    serving = asyncio.ensure_future(uvicorn.Server(config).serve(sockets=[listener]))
    print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    await serving


if __name__ == "__main__":
    uvloop.run(_serve(_Vendor(sys.argv[1] if len(sys.argv) > 1 else None).app()))
