"""A fake ModelArk: Seedance's tasks, as its SDK's source and documents describe them."""

from collections.abc import Mapping, Sequence
from typing import Any

from aiohttp import web

from reelrouter.emulators.answers import Shape
from reelrouter.emulators.frame import Emulator, Refused, Route, Task
from reelrouter.emulators.script import End, Refusal

_TASKS = "/contents/generations/tasks"
_RATIOS = frozenset({"16:9", "9:16", "4:3", "3:4", "1:1", "21:9", "9:21", "adaptive"})
_RESOLUTIONS = frozenset({"480p", "720p", "1080p", "2k", "4k"})
_FRAMES = frozenset({"first_frame", "last_frame"})
_ROLES = (None, *_FRAMES, "reference_image", "reference_video", "reference_audio")
_FILTERS = {"id": "task_ids", "status": "status", "model": "model"}
_REFUSALS: Mapping[Refusal, tuple[int, str]] = {
    "auth": (401, "AuthenticationError"),
    "quota": (429, "QuotaExceeded"),
    "rate": (429, "RateLimitExceeded.EndpointRPMExceeded"),
    "rate_after": (429, "RateLimitExceeded.EndpointRPMExceeded"),
    "concurrency": (429, "ServerOverloaded"),
    "policy": (400, "InputTextSensitiveContentDetected"),
    "user": (400, "InvalidParameter"),
}
_FAILURES: Mapping[End, str] = {
    "user": "InvalidParameter",
    "policy_input": "InputImageSensitiveContentDetected.PrivacyInformation",
    "policy_output": "OutputVideoSensitiveContentDetected",
    "transient": "InternalServiceError",
}


class ModelArk(Emulator):
    name = "byteplus"
    based_on = "official SDKs (byteplus-python-sdk-v2, volcengine-python-sdk) and documents"
    shape = Shape(
        id=("id",),
        status=("status",),
        code=("error", "code"),
        message=("error", "message"),
        refusal=("error", "message"),
        outputs=("content",),
        address=("content", "video_url"),
        elsewhere=(
            ("video_url",),
            ("url",),
            ("output",),
            ("video", "url"),
            ("videos", 0, "url"),
            ("results", 0, "url"),
            ("unsigned_urls", 0),
            ("output", "video_url"),
        ),
        decorations={"seed": ("seed",), "stamp": ("created_at",), "usage": ("usage",)},
    )

    def routes(self) -> Sequence[Route]:
        return (
            Route("submit", "POST", f"/api/v3{_TASKS}", self._create),
            Route("poll", "GET", f"/api/v3{_TASKS}/{{id}}", self._get),
            Route("cancel", "DELETE", f"/api/v3{_TASKS}/{{id}}", self._delete),
            Route("other", "GET", f"/api/v3{_TASKS}", self._list),
        )

    def refusal(self, refusal: Refusal) -> web.Response:
        status, code = _REFUSALS[refusal]
        return _error(status, code, f"The request was refused: {code}.")

    def trouble(self, status: int) -> web.Response:
        return _error(status, "InternalServiceError", "The service encountered an unexpected internal error.")

    def new_id(self, number: int) -> str:
        return f"cgt-{number:08d}"

    async def _create(self, request: web.Request) -> web.Response:
        self._check_key(request)
        body = await _json_of(request)
        _check(body)
        task = self.accept(request, body)
        if "callback_url" in body:
            self.call_when_over(task, body["callback_url"], lambda ended: (self._view(ended), {}))
        return web.json_response({"id": task.id})

    async def _get(self, request: web.Request) -> web.Response:
        return web.json_response(self._view(self._task(request)))

    async def _delete(self, request: web.Request) -> web.Response:
        task = self._task(request)
        match task.state(self.now()):
            case "queued":
                task.cancelled = True
            case "running":
                return _error(409, "InvalidAction.RunningTaskDeletion", "A running task cannot be deleted.")
            case _:
                del self.tasks[task.id]
        return web.json_response({})

    async def _list(self, request: web.Request) -> web.Response:
        self._check_key(request)
        views = [self._view(task) for task in self.tasks.values()]
        found = [view for view in views if _is_wanted(view, request)]
        page, size = int(request.query.get("page_num", 1)), int(request.query.get("page_size", 20))
        return web.json_response({"items": found[(page - 1) * size : page * size], "total": len(found)})

    def _task(self, request: web.Request) -> Task:
        self._check_key(request)
        task = self.find(request, request.match_info["id"])
        if task is None:
            raise Refused(_error(404, "ResourceNotFound", "The task does not exist."))
        return task

    def _view(self, task: Task) -> dict[str, Any]:
        view = {
            "id": task.id,
            "model": task.body["model"],
            "status": self._status(task),
            "created_at": int(task.created_at),
            "updated_at": int(self.now()),
        }
        if view["status"] == "failed":
            return view | {"error": {"code": _FAILURES[task.told], "message": "The task has failed."}}
        if view["status"] != "succeeded":
            return view
        address = None if task.told == "no_video" else self.video_url(task)
        return view | {
            "content": {"video_url": address, "last_frame_url": None},
            "seed": task.body.get("seed", 7),
            "resolution": task.body.get("resolution", "720p"),
            "ratio": task.body.get("ratio", "16:9"),
            "duration": task.body.get("duration", 5),
            "framespersecond": 24,
            "usage": {"completion_tokens": 108900, "total_tokens": 108900},
        }

    def _status(self, task: Task) -> str:
        match task.state(self.now()):
            case "ended":
                return _status_of(task.told)
            case state:
                return state

    def _check_key(self, request: web.Request) -> None:
        if request.headers.get("Authorization") not in {f"Bearer {key}" for key in self.keys}:
            raise Refused(self.refusal("auth"))


def _status_of(end: End) -> str:
    match end:
        case "drift":
            return "archived"
        case "cancelled" | "expired":
            return end
        case "done" | "no_video":
            return "succeeded"
        case _:
            return "failed"


def _is_wanted(view: Mapping[str, Any], request: web.Request) -> bool:
    wanted = {name: request.query.getall(f"filter.{field}", []) for name, field in _FILTERS.items()}
    return all(not values or view[name] in values for name, values in wanted.items())


async def _json_of(request: web.Request) -> Mapping[str, Any]:
    """The body without its nulls, of which the official SDK sends many."""
    try:
        body = await request.json()
    except ValueError:
        raise _refused("InvalidParameter", "the body is no JSON") from None
    if not isinstance(body, dict):
        raise _refused("InvalidParameter", "the body is no JSON object")
    return {name: value for name, value in body.items() if value is not None}


def _check(body: Mapping[str, Any]) -> None:
    content = body.get("content")
    if not body.get("model"):
        raise _refused("MissingParameter", "model is missing")
    if not isinstance(content, list) or not content:
        raise _refused("MissingParameter", "content is missing")
    for item in content:
        _check_item(item)
    roles = [item.get("role") for item in content if item["type"] != "text"]
    if _FRAMES & set(roles) and len(set(roles) - _FRAMES):
        raise _refused("InvalidParameter", "first and last frames exclude references")
    if "last_frame" in roles and "first_frame" not in roles:
        raise _refused("InvalidParameter", "a last frame needs a first one")
    if body.get("ratio", "16:9") not in _RATIOS or body.get("resolution", "720p") not in _RESOLUTIONS:
        raise _refused("InvalidParameter", "ratio or resolution is not one of the list")
    if "first_frame" in roles and "2-5" in body["model"] and "ratio" in body:
        raise _refused("InvalidParameter.TaskTypeConstraint", "ratio follows the first frame")
    if type(body.get("duration", 5)) is not int:
        raise _refused("InvalidParameter", "duration is no integer")
    if not str(body.get("callback_url", "https://")).startswith(("https://", "http://")):
        raise _refused("InvalidParameter", "callback_url is no address")


def _check_item(item: Any) -> None:
    kind = item.get("type") if isinstance(item, dict) else None
    if kind == "text":
        if not isinstance(item.get("text"), str):
            raise _refused("InvalidParameter", "a text has no text")
        return
    if kind not in ("image_url", "video_url", "audio_url"):
        raise _refused("InvalidParameter", f"content of type {kind}")
    if item.get("role") not in _ROLES:
        raise _refused("InvalidParameter", f"{kind} has an unknown role")
    given = item.get(kind)
    address = given.get("url") if isinstance(given, dict) else None
    if not isinstance(address, str) or not address.startswith(("https://", "http://", "data:", "asset://")):
        raise _refused("InvalidParameter", f"{kind} is no address")
    if kind == "video_url" and address.startswith("data:"):
        raise _refused("InvalidParameter", "a video is taken by its address alone")


def _refused(code: str, said: str) -> Refused:
    return Refused(_error(400, code, said))


def _error(status: int, code: str, said: str) -> web.Response:
    return web.json_response({"error": {"code": code, "message": said, "param": "", "type": ""}}, status=status)
