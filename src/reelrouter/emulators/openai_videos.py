"""A fake of OpenAI's Videos API as its maker ran it, and what the other speakers of the dialect share with it."""

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from aiohttp import web
from PIL import Image

from reelrouter.emulators.answers import Shape
from reelrouter.emulators.forms import Form, Upload, form_of
from reelrouter.emulators.frame import Emulator, Refused, Route, Task
from reelrouter.emulators.script import End, Refusal

_EXPIRES_AFTER = 3600
_REFUSALS: Mapping[Refusal, tuple[int, str, str]] = {
    "auth": (401, "invalid_request_error", "invalid_api_key"),
    "quota": (429, "insufficient_quota", "credit_balance_exhausted"),
    "rate": (429, "requests", "rate_limit_exceeded"),
    "rate_after": (429, "requests", "rate_limit_exceeded"),
    "policy": (400, "invalid_request_error", "moderation_blocked"),
    "user": (400, "invalid_request_error", "invalid_value"),
}
_FAILURES: Mapping[End, tuple[str, str]] = {
    "user": ("invalid_value", "invalid_request_error"),
    "policy_input": ("moderation_blocked", "invalid_request_error"),
    "transient": ("server_error", "server_error"),
}
_SECONDS = {"sora-2": ("4", "8", "12"), "sora-2-pro": ("4", "8", "12", "16", "20")}
_SIZES = {
    "sora-2": ("720x1280", "1280x720"),
    "sora-2-pro": ("720x1280", "1280x720", "1024x1792", "1792x1024", "1080x1920", "1920x1080"),
}
_KNOWN = frozenset({"prompt", "model", "seconds", "size", "input_reference", "quality", "style"})
_PICTURES = frozenset({"image/jpeg", "image/png", "image/webp"})


class OpenAIVideos(Emulator):
    """The maker's own service, as it was."""

    name = "openai"
    based_on = (
        "official SDK (openai 3.54.0) and documents; the words for a wrong picture or early deletion are guesses"
    )
    shape = Shape(
        id=("id",),
        status=("status",),
        code=("error", "code"),
        message=("error", "message"),
        refusal=("error", "message"),
        has_content=True,
        decorations={"progress": ("progress",), "stamp": ("created_at",)},
        pace="openai-poll-after-ms",
    )
    lacks = frozenset({"concurrency", "policy_output", "expired", "cancelled", "no_video"})

    def routes(self) -> Sequence[Route]:
        return (
            Route("submit", "POST", "/v1/videos", self._create),
            Route("other", "GET", "/v1/videos", self._list),
            Route("poll", "GET", "/v1/videos/{id}", self._get),
            Route("cancel", "DELETE", "/v1/videos/{id}", self._delete),
            Route("other", "GET", "/v1/videos/{id}/content", self._content),
        )

    def refusal(self, refusal: Refusal) -> web.Response:
        status, kind, code = _REFUSALS[refusal]
        return _openai_error(status, kind, code, f"The request was refused: {code}.")

    def trouble(self, status: int) -> web.Response:
        return _openai_error(status, "server_error", "server_error", "The server had an error.")

    def missing(self) -> web.Response:
        return _openai_error(404, "invalid_request_error", "not_found", "There is no such video.")

    def new_id(self, number: int) -> str:
        return f"video_{number:032x}"

    def check_key(self, request: web.Request) -> None:
        if self.key_of(request) not in self.keys:
            raise Refused(self.refusal("auth"))

    async def read(self, request: web.Request) -> Mapping[str, Any]:
        """What a submit asks for, if there is nothing wrong with it."""
        form = await form_of(request)
        body = {name: values[0] for name, values in form.items()} if form else json.loads(await request.read())
        for complaint in _maker_complaints(body, form):
            raise Refused(_openai_error(400, "invalid_request_error", *complaint))
        return {"model": "sora-2", "seconds": "4", "size": "720x1280"} | body

    def view(self, task: Task) -> dict[str, Any]:
        status = self.status(task)
        ended = int(task.created_at + task.script.seconds) if status in ("completed", "failed") else None
        return {
            "id": task.id,
            "object": "video",
            "model": task.body["model"],
            "status": status,
            "progress": int(task.progress(self.now()) * 100),
            "created_at": int(task.created_at),
            "completed_at": ended,
            "expires_at": ended + _EXPIRES_AFTER if ended and status == "completed" else None,
            "seconds": str(task.body["seconds"]),
            "size": task.body["size"],
            "prompt": task.body["prompt"],
            "remixed_from_video_id": None,
            "error": self.error(task) if status == "failed" else None,
        }

    def error(self, task: Task) -> dict[str, Any]:
        code, kind = _FAILURES[task.told]
        return {"code": code, "type": kind, "message": "The video could not be made.", "param": None}

    def status(self, task: Task) -> str:
        match task.state(self.now()):
            case "ended" if task.told == "done":
                return "completed"
            case "ended" if task.told == "drift":
                return "archived"
            case "ended":
                return "failed"
            case "running":
                return "in_progress"
            case state:
                return state

    # Handlers ----------------------------------------------------------------------------------------------------

    async def _create(self, request: web.Request) -> web.Response:
        self.check_key(request)
        return web.json_response(self.view(self.accept(request, await self.read(request))))

    async def _get(self, request: web.Request) -> web.Response:
        return web.json_response(self.view(self._task(request)))

    async def _list(self, request: web.Request) -> web.Response:
        self.check_key(request)
        newest = request.query.get("order", "desc") == "desc"
        jobs = sorted(self.tasks.values(), key=lambda task: task.created_at, reverse=newest)
        ids = [task.id for task in jobs]
        after = ids.index(request.query["after"]) + 1 if request.query.get("after") in ids else 0
        page = jobs[after : after + int(request.query.get("limit", "20"))]
        return web.json_response(
            {
                "object": "list",
                "data": [self.view(task) for task in page],
                "first_id": page[0].id if page else None,
                "last_id": page[-1].id if page else None,
                "has_more": after + len(page) < len(jobs),
            }
        )

    async def _delete(self, request: web.Request) -> web.Response:
        task = self._task(request)
        if task.state(self.now()) != "ended":
            return _openai_error(409, "invalid_request_error", "video_in_progress", "The video is not ready yet.")
        del self.tasks[task.id]
        return web.json_response({"id": task.id, "object": "video.deleted", "deleted": True})

    async def _content(self, request: web.Request) -> web.StreamResponse:
        task = self._task(request)
        if self.status(task) != "completed" or request.query.get("variant", "video") != "video":
            return self.missing()
        return await self._send_file(request)

    def _task(self, request: web.Request) -> Task:
        self.check_key(request)
        task = self.find(request, request.match_info["id"])
        if task is None or task.cancelled:
            raise Refused(self.missing())
        return task


def _maker_complaints(body: Mapping[str, Any], form: Form) -> Iterator[tuple[str, str]]:
    """Codes and sentences."""
    model = body.get("model", "sora-2")
    if not body.get("prompt"):
        yield "missing_required_parameter", "Missing required parameter: 'prompt'."
    for name in sorted(body.keys() - _KNOWN):
        yield "unknown_parameter", f"Unknown parameter: '{name}'."
    for name, values in form.items():
        if len(values) > 1:
            yield "invalid_value", f"'{name}' is given more than once."
    if model not in _SECONDS:
        yield "invalid_value", f"Invalid value: '{model}'."
    elif body.get("seconds", "4") not in _SECONDS[model] or body.get("size", "720x1280") not in _SIZES[model]:
        yield "invalid_value", f"'seconds' or 'size' is none that {model} makes."
    if (picture := body.get("input_reference")) is not None:
        yield from _picture_complaints(picture, body.get("size", "720x1280"))


def _picture_complaints(picture: Any, size: str) -> Iterator[tuple[str, str]]:
    if isinstance(picture, Mapping):
        if len(picture.keys() & {"image_url", "file_id"}) != 1:
            yield "invalid_value", "'input_reference' needs an image_url or a file_id."
    elif not isinstance(picture, Upload) or picture.mime not in _PICTURES:
        yield "invalid_value", "'input_reference' is no picture."
    elif _size_of(picture) != size:
        yield "invalid_value", "'input_reference' must have the video's width and height."


def _size_of(picture: Upload) -> str | None:
    try:
        with Image.open(io.BytesIO(picture.data)) as image:
            return f"{image.width}x{image.height}"
    except OSError:
        return None


def _openai_error(status: int, kind: str, code: str, said: str) -> web.Response:
    return web.json_response(
        {"error": {"message": said, "type": kind, "param": None, "code": code}}, status=status
    )
