"""A small server that behaves as OpenRouter was recorded to, with faults that can be planted in it.

Its jobs are pending for two polls and then completed, at once or never; a prompt can ask for a failure, as a test
key's can. What it was sent is kept for tests to look at.
"""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from tests.compat.exchanges import row

KEY = "sk-or-v1-of-the-tests"
TEST_KEY = "rr-test-of-the-tests"
API = "/api/v1"
VIDEO = b"\x00\x00\x00\x18ftypmp42" + bytes(range(256)) * 400
_POLLS_TO_THE_END = 2
_CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "X-Generation-Id,X-Provider-Name,request-id,cf-ray",
}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Fake:
    """`faults` are words that the handlers look for; see where each is used."""

    def __init__(self, *faults: str) -> None:
        self.faults = frozenset(faults)
        self.base = ""
        self.elsewhere = ""
        """The address of a second origin, for faults that lead there."""
        self.jobs: dict[str, dict[str, Any]] = {}
        self.requests: list[tuple[str, str, str | None]] = []
        """Method, path and Authorization of each request, in order."""
        self.rows = [
            row(id="google/veo-3.1", supported_durations=[4, 6, 8], pricing_skus={"duration_seconds": "0.4"}),
            row(id="bfl/flux-video-edit", supported_durations=None, supported_resolutions=None),
            row(),
        ]

    def app(self) -> web.Application:
        @web.middleware
        async def around(request: web.Request, handler: Handler) -> web.StreamResponse:
            return await self._around(request, handler)

        app = web.Application(middlewares=[around])
        app.router.add_get(f"{API}/videos/models", self.models)
        app.router.add_post(f"{API}/videos", self.submit)
        app.router.add_get(f"{API}/videos/{{id}}", self.poll)
        app.router.add_get(f"{API}/videos/{{id}}/content", self.content, allow_head=False)
        return app

    async def models(self, request: web.Request) -> web.StreamResponse:
        if "list needs a key" in self.faults and not self._is_known(request):
            return _error(401, "No cookie auth credentials found")
        rows = [dict(one) for one in self.rows]
        if "durations are texts" in self.faults:
            rows[0]["supported_durations"] = ["4", "6"]
        if "keys are left out" in self.faults:
            del rows[1]["creativity"]
        return web.json_response({"data": rows})

    async def submit(self, request: web.Request) -> web.StreamResponse:
        if not self._is_known(request):
            return _error(401, "No cookie auth credentials found")
        try:
            body = await request.json()
        except json.JSONDecodeError as error:
            return (
                web.Response(status=400, text=str(error))
                if "bare text" in self.faults
                else _error(400, str(error))
            )
        refused = None if "takes anything" in self.faults else self._refusal(body)
        if refused is not None:
            if "broken pipe" in self.faults and isinstance(body, dict) and "input_references" in body:
                _drop(request)
            return refused
        return self._place(body)

    async def poll(self, request: web.Request) -> web.StreamResponse:
        if not self._is_known(request):
            said = request.headers.get("Authorization", "no key") if "echo" in self.faults else "No cookie"
            return _error(401, f"{said} auth credentials found")
        job = self._job(request)
        if job is None:
            echoed = f" for {request.headers['Authorization']}" if "echo" in self.faults else ""
            word = "missing" if "echo" in self.faults else "not found"
            return _error(404, f"Job {request.match_info['id']} {word}{echoed}")
        job["polls"] += 1
        return web.json_response(self._state(job))

    async def content(self, request: web.Request) -> web.StreamResponse:
        if not self._is_known(request):
            return _error(401, "No cookie auth credentials found")
        job = self._job(request)
        if job is None:
            return _error(404, f"Job {request.match_info['id']} not found")
        if job["polls"] <= _POLLS_TO_THE_END and "early video" not in self.faults:
            return _error(409, "The video is not ready")
        if "index" not in request.query and "index is required" in self.faults:
            return _error(400, "index is required")
        if request.query.get("index", "0") != "0" and "any index" not in self.faults:
            return _error(400, f"Video index {request.query['index']} out of range (1 videos available)")
        if "redirects away" in self.faults:
            raise web.HTTPFound(f"{self.elsewhere}/file.mp4")
        return await self._stream(request)

    def _job(self, request: web.Request) -> dict[str, Any] | None:
        job_id = request.match_info["id"]
        made_up = {"id": job_id, "polls": 99, "body": {}} if "no 404" in self.faults else None
        return self.jobs.get(job_id, made_up)

    def _refusal(self, body: Any) -> web.Response | None:
        """As recorded; None for a body that is taken."""
        if not isinstance(body, dict) or not isinstance(body.get("model"), str):
            return self._validator("model is not a string")
        known = {one["id"]: one for one in self.rows}
        if body["model"] not in known:
            return _error(400, f"{body['model']} is not a valid model ID")
        model = known[body["model"]]
        durations, resolutions = model["supported_durations"] or [], model["supported_resolutions"] or []
        duration, resolution = body.get("duration"), body.get("resolution")
        if not isinstance(body.get("prompt", ""), str) or not isinstance(duration, int | None):
            return self._validator("prompt or duration has the wrong type")
        if duration is not None and duration not in durations:
            listed = ", ".join(str(one) for one in durations)
            return _error(
                400, f"Duration {duration}s is not supported for this model. Supported durations: {listed}s"
            )
        if resolution is not None and resolution not in resolutions:
            listed = ", ".join(resolutions)
            words = f"Resolution {resolution} is not supported for this model. Supported resolutions: {listed}"
            return _error(400, words)
        if "prompt" not in body:
            return _error(400, "xAI video generations require a prompt when no image input is provided")
        if "previous_job_id" in body:
            return _error(400, f"{model['canonical_slug']} does not support previous_job_id")
        if "input_references" in body:
            where = "input_references[0].video_url.url"
            return _error(400, f"Invalid reference URL: {where}: Only HTTPS URLs are allowed")
        return None

    def _validator(self, message: str) -> web.Response:
        if "validator" in self.faults:
            error = {"name": "ZodError", "message": json.dumps([{"message": message}])}
            return web.json_response({"success": False, "error": error}, status=400)
        return _error(400, message)

    def _place(self, body: Mapping[str, Any]) -> web.Response:
        if "no money" in self.faults:
            return _error(402, "Insufficient credits")
        job_id = f"gen-vid-1790983457-{len(self.jobs):020}"
        if "bare id" in self.faults:
            job_id = f"AbCdEfGhIjKlMnOpQrS{len(self.jobs)}"
        self.jobs[job_id] = {"id": job_id, "polls": 0, "body": body}
        placed: dict[str, str | None] = {
            "id": job_id,
            "polling_url": self._polling_url(job_id),
            "status": "pending",
        }
        if "null in placed" in self.faults:
            placed["generation_id"] = None
        if "polls another" in self.faults:
            placed["polling_url"] = self._polling_url("gen-vid-1-00000000000000000001")
        return web.json_response(placed, status=200 if "submit is 200" in self.faults else 202)

    def _polling_url(self, job_id: str) -> str:
        if "relative polling_url" in self.faults:
            return f"{API}/videos/{job_id}"
        return f"{self.elsewhere if 'polling_url elsewhere' in self.faults else self.base}{API}/videos/{job_id}"

    def _state(self, job: Mapping[str, Any]) -> dict[str, Any]:
        status = "pending" if job["polls"] <= _POLLS_TO_THE_END else self._end(job)
        state = {"id": job["id"], "polling_url": self._polling_url(job["id"]), "status": status}
        if "null" in self.faults:
            state["error"] = None
        state["generation_id"] = job["id"]
        if status == "completed":
            state |= self._completed(job)
        elif status == "failed":
            words = "The provider gave up"
            state["error"] = {"message": words} if "error object" in self.faults else words
        return state

    def _end(self, job: Mapping[str, Any]) -> str:
        if "never ends" in self.faults:
            return "pending"
        if "unknown status" in self.faults and job["polls"] == _POLLS_TO_THE_END + 1:
            return "finalizing"
        if "goes back" in self.faults and job["polls"] > _POLLS_TO_THE_END + 1:
            return "in_progress"
        return "failed" if "[[fail:" in job["body"].get("prompt", "") else "completed"

    def _completed(self, job: Mapping[str, Any]) -> dict[str, Any]:
        path = f"{API}/videos/{job['id']}/content?index=0"
        origin = self.elsewhere if "video elsewhere" in self.faults else self.base
        cost = "0.05" if "cost is text" in self.faults else 0.05
        shown: dict[str, Any] = {"unsigned_urls": [origin + path], "usage": {"cost": cost, "is_byok": False}}
        if "signed without effect" in self.faults:
            shown |= {"urls": [f"{self.base}{path}&signature=abc"], "expires_at": 1790990000.5}
        return shown

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        kind = "video/webm" if "webm" in self.faults else "video/mp4"
        response = web.StreamResponse(headers={"Content-Type": kind, **self._cors()})
        if "wrong part" in self.faults and "Range" in request.headers:
            response.set_status(206)
            response.headers["Content-Range"] = f"bytes 0-99/{len(VIDEO)}"
        response.enable_chunked_encoding()
        await response.prepare(request)
        await response.write(b"GIF89a" if "not an mp4" in self.faults else VIDEO)
        await response.write_eof()
        return response

    async def _around(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self.requests.append((request.method, request.path, request.headers.get("Authorization")))
        if request.method == "OPTIONS" and "no preflight" not in self.faults:
            allowed = {
                "Access-Control-Allow-Methods": "GET,POST",
                "Access-Control-Allow-Headers": "Authorization,Content-Type",
            }
            return web.Response(status=204, headers={**self._cors(), **allowed})
        try:
            response = await handler(request)
        except web.HTTPFound:
            raise
        except web.HTTPException as error:
            page = web.Response(status=error.status, text="<html>", content_type="text/html")
            response = page if "pages" in self.faults else _error(error.status, "Not Found")
        if not response.prepared:
            response.headers.update(self._cors())
        return response

    def _cors(self) -> Mapping[str, str]:
        return {} if "no cors" in self.faults else _CORS

    def _is_known(self, request: web.Request) -> bool:
        given = request.headers.get("Authorization")
        return "open to all" in self.faults or given in (f"Bearer {KEY}", f"Bearer {TEST_KEY}")


@asynccontextmanager
async def serving(fake: Fake) -> AsyncIterator[Fake]:
    """The fake at an address of its own, and a second origin that keeps what it is sent and has one video."""
    async with _listening(fake.app()) as fake.base, _listening(_elsewhere(fake)) as fake.elsewhere:
        yield fake


@asynccontextmanager
async def _listening(app: web.Application) -> AsyncIterator[str]:
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def _elsewhere(fake: Fake) -> web.Application:
    async def show(request: web.Request) -> web.Response:
        fake.requests.append(("elsewhere", request.path, request.headers.get("Authorization")))
        return web.Response(body=VIDEO, content_type="video/mp4", headers=_CORS)

    app = web.Application()
    app.router.add_get("/{path:.*}", show)
    return app


def _error(status: int, message: str) -> web.Response:
    return web.json_response({"error": {"code": status, "message": message}}, status=status)


def _drop(request: web.Request) -> None:
    """Ends the connection without an answer."""
    if request.transport is not None:
        request.transport.close()
