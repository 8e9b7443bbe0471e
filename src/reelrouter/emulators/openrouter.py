"""A fake OpenRouter, as recordings of the real one, its OpenAPI document and its SDK's source describe it.

`openrouter_models.json` holds its rows: those recorded on 2 October 2026, and three that were sighted later.
"""

import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from importlib import resources
from typing import Any
from urllib.parse import quote

from aiohttp import web

from reelrouter.emulators.answers import Shape
from reelrouter.emulators.frame import Emulator, Refused, Route, Task
from reelrouter.emulators.script import End, Refusal

Row = Mapping[str, Any]
COST = "0.161406"
"""US dollars that every video costs here: a number that no float holds."""
_CONTINUED = frozenset({"black-forest-labs/flux-3-video"})
"""The one model whose prices speak of going on from an earlier job."""
_STORED_SECONDS = 86_400
_JOB_ID = re.compile(r"gen-vid-\d+-[0-9A-Za-z]{20}")
_REFUSALS: Mapping[Refusal, tuple[int, str, Mapping[str, Any] | None]] = {
    "auth": (401, "User not found.", None),
    "quota": (
        402,
        "This account has too little credit for the video.",
        {"error_type": "payment_required", "limit_source": "openrouter_credits"},
    ),
    "rate": (429, "Too many requests.", {"error_type": "rate_limit_exceeded"}),
    "rate_after": (429, "Too many requests.", {"error_type": "rate_limit_exceeded"}),
    "concurrency": (
        402,
        "The jobs under way use up the credit.",
        {"error_type": "payment_required", "limit_source": "openrouter_in_flight_budget"},
    ),
    "policy": (400, "InputImageSensitiveContentDetected.PrivacyInformation: a real person is in the image.", None),
    "user": (400, "Duration 99s is not supported for this model. Supported durations: 4, 6, 8s", None),
}
_SENTENCES: Mapping[End, str] = {
    "policy_input": "Content policy violation",
    "policy_output": "OutputVideoSensitiveContentDetected: the video was withheld.",
    "transient": "Provider returned error",
    "cancelled": "Job was cancelled",
    "expired": "Job exceeded maximum time to live",
}
_STATUSES: Mapping[End, str] = {
    "done": "completed", "no_video": "completed", "drift": "archived",
    "cancelled": "cancelled", "expired": "expired",
}  # fmt: skip
"""Every other end is `failed`."""
_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "model": str, "prompt": str, "resolution": str, "aspect_ratio": str, "size": str, "callback_url": str,
    "previous_job_id": str, "session_id": str, "user": str, "duration": int, "seed": int, "creativity": int,
    "generate_audio": bool, "upscale_factor": (int, float), "provider": dict, "trace": dict,
    "frame_images": list, "input_references": list,
}  # fmt: skip


class OpenRouter(Emulator):
    name = "openrouter"
    based_on = "official SDK (openrouter 1.3.84), OpenAPI document and recordings of the real service"
    shape = Shape(
        id=("id",),
        status=("status",),
        code=None,
        message=("error",),
        refusal=("error", "message"),
        outputs=("unsigned_urls",),
        address=("unsigned_urls", 0),
        elsewhere=(("video_url",), ("url",), ("output",)),
        has_content=True,
        decorations={
            "cost": ("usage", "cost"), "usage": ("usage",), "progress": ("progress",), "stamp": ("expires_at",),
        },
    )  # fmt: skip
    lacks = frozenset({"user"})
    """A failed job has a sentence only, and none is known that blames the caller's parameters."""

    def __init__(self, now: Callable[[], float] = time.time, *, relative: bool = False) -> None:
        """`relative` polling addresses are those of the document, whole ones those of the recordings."""
        super().__init__(now)
        self.relative = relative

    def routes(self) -> Sequence[Route]:
        root = "/api/v1"
        return (
            Route("other", "GET", f"{root}/videos/models", self._models),
            Route("submit", "POST", f"{root}/videos", self._create),
            Route("poll", "GET", f"{root}/videos/{{id}}", self._get),
            Route("other", "GET", f"{root}/videos/{{id}}/content", self._content),
            Route("other", "*", f"{root}/{{rest:.*}}", self._nothing),
        )

    def refusal(self, refusal: Refusal) -> web.Response:
        return _error(*_REFUSALS[refusal])

    def trouble(self, status: int) -> web.Response:
        return _error(status, "Internal Server Error" if status == 500 else "No provider is available.")

    def new_id(self, number: int) -> str:
        return f"gen-vid-{int(self.now())}-{number:020d}"

    async def _create(self, request: web.Request) -> web.Response:
        self._check_key(request)
        body = await _read(request)
        self._check(body)
        task = self.accept(request, body)
        if "callback_url" in body:
            self.call_when_over(task, body["callback_url"], self._news)
        return web.json_response(self._placed(task, request), status=202)

    async def _get(self, request: web.Request) -> web.Response:
        task = self._task(request)
        shown = self._placed(task, request) | {"generation_id": task.id, "status": self._status(task)}
        if shown["status"] in ("pending", "in_progress", "archived"):
            return web.json_response(shown)
        if shown["status"] != "completed":
            return web.json_response(shown | {"error": _SENTENCES[task.told]})
        if task.told == "no_video":
            return web.json_response(shown | {"unsigned_urls": []})
        shown["unsigned_urls"] = [f"{_origin(request)}/api/v1/videos/{quote(task.id, safe='')}/content?index=0"]
        shown["urls"] = [self.video_url(task)]
        shown["expires_at"] = int(task.created_at + task.script.seconds) + _STORED_SECONDS
        shown["usage"] = {"cost": float(COST), "is_byok": False}
        return web.json_response(shown)

    async def _content(self, request: web.Request) -> web.StreamResponse:
        task = self._task(request)
        index = request.query.get("index", "0")
        if self._status(task) != "completed":
            raise _refused(409, f"Job {task.id} is {self._status(task)}")
        if index != "0" or task.told == "no_video":
            raise _refused(400, f"Video index {index} out of range (1 videos available)")
        if task.script.end == "gone":
            raise _refused(410, "The output is no longer available")
        return await self._send_file(request)

    async def _models(self, _request: web.Request) -> web.Response:
        return web.json_response({"data": [row for name, row in models().items() if name == row["id"]]})

    async def _nothing(self, _request: web.Request) -> web.Response:
        return _error(404, "Not Found")

    # Jobs --------------------------------------------------------------------------------------------------------

    def _placed(self, task: Task, request: web.Request) -> dict[str, Any]:
        path = f"/api/v1/videos/{quote(task.id, safe='')}"
        return {
            "id": task.id,
            "polling_url": path if self.relative else _origin(request) + path,
            "status": "pending",
        }

    def _news(self, task: Task) -> tuple[Mapping[str, Any], Mapping[str, str]]:
        """A webhook; what a completed job's has in it beside this is to be had from a poll alone."""
        status = self._status(task)
        data = {"id": task.id, "status": status, "generation_id": task.id, "model": task.body["model"]}
        if status not in ("completed", "archived"):
            data["error"] = _SENTENCES[task.told]
        at = datetime.fromtimestamp(self.now(), UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        body = {"type": f"video.generation.{status}", "created_at": at, "data": data}
        return body, {"X-OpenRouter-Idempotency-Key": f"{task.id}-{status}"}

    def _status(self, task: Task) -> str:
        match task.state(self.now()):
            case "ended":
                return _STATUSES.get(task.told, "failed")
            case "running":
                return "in_progress"
            case _:
                return "pending"

    def _task(self, request: web.Request) -> Task:
        self._check_key(request)
        task = self.find(request, request.match_info["id"])
        if task is None:
            raise _refused(404, f"Job {request.match_info['id']} not found")
        return task

    def _check_key(self, request: web.Request) -> None:
        key = self.key_of(request)
        if key not in self.keys:
            raise _refused(401, "User not found." if key else "No cookie auth credentials found")

    # Requests ----------------------------------------------------------------------------------------------------

    def _check(self, body: Mapping[str, Any]) -> None:
        model = models().get(body["model"])
        if model is None:
            raise _refused(400, f"{body['model']} is not a valid model ID")
        _check_numbers(body, model)
        _check_inputs(body, model)
        self._check_previous(body, model)
        if not str(body.get("callback_url", "https://")).startswith("https://"):
            raise _refused(400, "callback_url: Only HTTPS URLs are allowed")

    def _check_previous(self, body: Mapping[str, Any], model: Row) -> None:
        previous = body.get("previous_job_id")
        if previous is None:
            return
        if not _JOB_ID.fullmatch(previous):
            raise _misshaped("previous_job_id")
        if model["id"] not in _CONTINUED:
            raise _refused(400, f"{model['canonical_slug']} does not support previous_job_id")
        task = self.tasks.get(previous)
        if task is None or self._status(task) != "completed" or task.body["model"] != body["model"]:
            raise _refused(400, f"Job {previous} cannot be continued")


@cache
def models() -> Mapping[str, Row]:
    """Its rows, by the ids and by the dated slugs."""
    rows = json.loads(resources.files("reelrouter.emulators").joinpath("openrouter_models.json").read_text())
    return {row[name]: row for row in rows for name in ("canonical_slug", "id")}


async def _read(request: web.Request) -> Mapping[str, Any]:
    """The body without nulls. What has a wrong type is answered in the validator's own shape."""
    try:
        body = await request.json()
    except ValueError:
        raise _refused(400, "The body is no JSON") from None
    if not isinstance(body, dict) or not isinstance(body.get("model"), str):
        raise _misshaped("model")
    given = {name: value for name, value in body.items() if value is not None}
    for name, kind in _TYPES.items():
        value = given.get(name)
        if value is not None and (not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool)):
            raise _misshaped(name)
    return given


def _check_numbers(body: Mapping[str, Any], model: Row) -> None:
    _check_listed("Duration", "s", body.get("duration"), model["supported_durations"])
    _check_listed("Resolution", "", body.get("resolution"), model["supported_resolutions"])
    _check_listed("Aspect ratio", "", body.get("aspect_ratio"), model["supported_aspect_ratios"])
    _check_listed("Size", "", body.get("size"), model["supported_sizes"])
    factor, creativity = body.get("upscale_factor"), body.get("creativity")
    limits = model["upscale_factor"]
    if factor is not None and (limits is None or not limits["min"] <= factor <= limits["max"]):
        raise _refused(400, f"upscale_factor {factor} is not supported for this model")
    if creativity is not None and creativity not in (model["creativity"] or ()):
        raise _refused(400, f"creativity {creativity} is not supported for this model")


def _check_listed(what: str, unit: str, value: object, listed: Sequence[object] | None) -> None:
    if value is None or listed is None or value in listed:
        return
    values = ", ".join(map(str, listed))
    plural = f"{what.lower()}s"
    said = f"{what} {value}{unit} is not supported for this model. Supported {plural}: {values}{unit}"
    funnel = {
        "routing_funnel": [{"step": "Initial Endpoints", "endpoint_count": 1}],
        "failed_routing_step": "Validate Video Parameters",
    }
    raise _refused(400, said, funnel)


def _check_inputs(body: Mapping[str, Any], model: Row) -> None:
    frames, references = body.get("frame_images", []), body.get("input_references", [])
    for at, frame in enumerate(frames):
        _check_address(f"frame_images[{at}]", frame, ("image_url",))
        if frame.get("frame_type") not in ("first_frame", "last_frame"):
            raise _misshaped(f"frame_images[{at}].frame_type")
        if frame["frame_type"] not in (model["supported_frame_images"] or ()):
            raise _refused(400, f"{frame['frame_type']} is not supported for this model")
    for at, reference in enumerate(references):
        _check_address(f"input_references[{at}]", reference, ("image_url", "audio_url", "video_url"))
    has_input = frames or references or "previous_job_id" in body
    if not body.get("prompt") and not has_input:
        raise _refused(400, f"{model['name']} requires a prompt when no image input is provided")
    options = dict(body.get("provider", {})).get("options") or {}
    if not isinstance(options, dict) or not all(isinstance(one, dict) for one in options.values()):
        raise _misshaped("provider.options")


def _check_address(field: str, item: object, kinds: Sequence[str]) -> None:
    kind = item.get("type") if isinstance(item, dict) else None
    value = item.get(kind) if isinstance(item, dict) and kind in kinds else None
    url = value.get("url") if isinstance(value, dict) else None
    if not isinstance(url, str):
        raise _misshaped(field)
    if not url.startswith(("https://", "data:image/") if kind == "image_url" else "https://"):
        raise _refused(400, f"Invalid reference URL: {field}.{kind}.url: Only HTTPS URLs are allowed")


# Answers ---------------------------------------------------------------------------------------------------------


def _origin(request: web.Request) -> str:
    return f"{request.scheme}://{request.host}"


def _misshaped(field: str) -> Refused:
    """The second shape of errors, which the official Python SDK cannot read."""
    issues = f'[{{"code": "invalid_type", "path": ["{field}"], "message": "Invalid input"}}]'
    value = {"success": False, "error": {"name": "ZodError", "message": issues}}
    return Refused(web.json_response(value, status=400))


def _refused(status: int, said: str, metadata: Mapping[str, Any] | None = None) -> Refused:
    return Refused(_error(status, said, metadata))


def _error(status: int, said: str, metadata: Mapping[str, Any] | None = None) -> web.Response:
    error = {"code": status, "message": said} | ({"metadata": dict(metadata)} if metadata else {})
    return web.json_response({"error": error}, status=status)
