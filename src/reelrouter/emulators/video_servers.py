"""Fakes of the servers that speak OpenAI's Videos API on an operator's own GPUs: vLLM-Omni and SGLang."""

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from aiohttp import web

from reelrouter.emulators.forms import Form, Upload, form_of
from reelrouter.emulators.frame import Refused, Task
from reelrouter.emulators.openai_videos import OpenAIVideos
from reelrouter.emulators.script import Refusal

_COUNT = re.compile(r"[1-9]\d*")
_WHOLE = re.compile(r"-?\d+")
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_SIZE = re.compile(r"[1-9]\d*x[1-9]\d*")
_TEN = re.compile(r"[1-9]|10")
_SGLANG_FIELDS: Mapping[str, re.Pattern[str]] = {
    "seconds": _WHOLE,
    "size": _SIZE,
    "fps": _COUNT,
    "num_frames": _COUNT,
    "width": _COUNT,
    "height": _COUNT,
    "n": _COUNT,
    "num_outputs_per_prompt": _COUNT,
    "seed": _WHOLE,
    "num_inference_steps": _COUNT,
    "guidance_scale": _NUMBER,
    "flow_shift": _NUMBER,
}
_SGLANG_FILES = ("input_reference", "video_reference")
_VLLM_FIELDS: Mapping[str, re.Pattern[str]] = {
    **_SGLANG_FIELDS,
    "seconds": _COUNT,
    "num_outputs_per_prompt": _TEN,
    "fps": _NUMBER,
    "short_edge": _COUNT,
    "generate_sound": re.compile(r"(?i)true|false|1|0|on|off|yes|no|t|f|y|n"),
}


class VllmOmni(OpenAIVideos):
    """A server that was started with `--api-key`."""

    name = "vllm-omni"
    based_on = "the server's own source (vllm-omni 0.30.0, vllm 0.30.0)"
    lacks = frozenset(
        {
            "quota", "rate", "rate_after", "concurrency", "policy",
            "policy_input", "policy_output", "expired", "cancelled", "no_video",
        }
    )  # fmt: skip

    def __init__(self, now: Callable[[], float] = time.time, *, served: str | None = None) -> None:
        """`served` is the one model that it knows; without it, whichever is asked for."""
        super().__init__(now)
        self.served = served

    def refusal(self, refusal: Refusal) -> web.Response:
        if refusal == "auth":
            return web.json_response({"error": "Unauthorized"}, status=401)
        return _vllm_error(400, "The request was refused.")

    def trouble(self, status: int) -> web.Response:
        return _vllm_error(status, "The engine is in trouble.")

    def missing(self) -> web.Response:
        return _vllm_error(404, "Video not found")

    def new_id(self, number: int) -> str:
        return f"video_gen_{number:032x}"

    async def read(self, request: web.Request) -> Mapping[str, Any]:
        form = await form_of(request)
        for complaint in _server_complaints(form, _VLLM_FIELDS):
            raise Refused(_vllm_error(400, complaint))
        single, several = "input_reference" in form, "input_references" in form
        if several and (single or {"image_reference", "video_reference"} & form.keys()):
            raise Refused(_vllm_error(400, "input_references stand alone"))
        if single and {"image_reference", "video_reference"} & form.keys():
            raise Refused(_vllm_error(400, "input_reference excludes the other references"))
        body = {name: values if name == "input_references" else values[0] for name, values in form.items()}
        if self.served and body.get("model", self.served) != self.served:
            raise Refused(_vllm_error(400, f"Model mismatch: the server is running {self.served!r}."))
        return {"model": self.served or "unknown", "seconds": "4", "size": None} | body

    def view(self, task: Task) -> dict[str, Any]:
        done = self.status(task) == "completed"
        view = super().view(task)
        return view | {
            "progress": 100 if done else 0,
            "expires_at": None,
            "media_type": "video/mp4",
            "file_name": f"{task.id}.mp4" if done else None,
            "fps": float(task.body.get("fps", 24)),
            "inference_time_s": task.script.seconds if done else None,
        }

    def error(self, task: Task) -> dict[str, Any]:
        return {"code": 400 if task.told == "user" else 500, "message": "The video could not be made."}

    async def _get(self, request: web.Request) -> web.Response:
        view = self.view(self._task(request))
        return web.json_response(view, status=view["error"]["code"] if view["error"] else 200)

    async def _delete(self, request: web.Request) -> web.Response:
        task = self._task(request)
        if task.state(self.now()) == "ended":
            del self.tasks[task.id]
        else:
            task.cancelled = True
        return web.json_response({"id": task.id, "object": "video.deleted", "deleted": True})

    async def _content(self, request: web.Request) -> web.StreamResponse:
        match self.status(self._task(request)):
            case "completed":
                return await self._send_file(request)
            case "failed":
                return _vllm_error(422, "Video generation failed.")
            case _:
                return _vllm_error(404, "Generation is still in-progress")


class SGLang(OpenAIVideos):
    """A server that asks for no key, with or without a bucket that outputs go to."""

    name = "sglang"
    based_on = "the server's own source (sglang 0.5.23)"
    lacks = VllmOmni.lacks | {"auth", "user"}
    shape = replace(
        OpenAIVideos.shape,
        refusal=("detail",),
        outputs=("urls",),
        address=("url",),
        elsewhere=(("urls", 0), ("video_url",)),
        decorations={**OpenAIVideos.shape.decorations, "count": ("num_outputs",)},
    )

    def __init__(self, now: Callable[[], float] = time.time, *, bucket: bool = False) -> None:
        super().__init__(now)
        self.bucket = bucket

    def refusal(self, refusal: Refusal) -> web.Response:
        return web.json_response({"detail": "The request was refused."}, status=400)

    def trouble(self, status: int) -> web.Response:
        return web.Response(status=status, text="Internal Server Error")

    def missing(self) -> web.Response:
        return web.json_response({"detail": "Video not found"}, status=404)

    def new_id(self, number: int) -> str:
        return str(UUID(int=number))

    def check_key(self, request: web.Request) -> None:
        """It has no keys."""

    async def read(self, request: web.Request) -> Mapping[str, Any]:
        form = await form_of(request)
        body = {name: values[0] for name, values in form.items()} if form else json.loads(await request.read())
        told: Form = {name: [str(value)] for name, value in body.items() if not isinstance(value, Upload)}
        for complaint in _server_complaints(told, _SGLANG_FIELDS):
            status = 400 if complaint.startswith("prompt") else 422
            raise Refused(web.json_response({"detail": complaint}, status=status))
        if form and any(
            not isinstance(form.get(name, [Upload("", "", b"")])[0], Upload) for name in _SGLANG_FILES
        ):
            raise Refused(web.json_response({"detail": "an input is no file"}, status=422))
        return {"model": "served", "seconds": "4", "size": ""} | body

    def view(self, task: Task) -> dict[str, Any]:
        done = self.status(task) == "completed"
        count = int(task.body.get("num_outputs_per_prompt") or task.body.get("n") or 1)
        links: list[str | None] = [self.video_url(task) if self.bucket else None] * count
        paths = [f"/outputs/{task.id}_{index}.mp4" for index in range(count)]
        return super().view(task) | {
            "progress": min(99, int(task.progress(self.now()) * 100)) if not done else 100,
            "expires_at": None,
            "url": links[0] if done else None,
            "urls": links if done else None,
            "num_outputs": count if done else None,
            "file_path": paths[0] if done and not self.bucket else None,
            "file_paths": paths if done and not self.bucket else None,
        }

    def error(self, task: Task) -> dict[str, Any]:
        return {"message": "The video could not be made."}

    async def _delete(self, request: web.Request) -> web.Response:
        task = self._task(request)
        del self.tasks[task.id]
        return web.json_response(self.view(task) | {"status": "deleted"})

    async def _content(self, request: web.Request) -> web.StreamResponse:
        view = self.view(self._task(request))
        variant = request.query.get("variant", "0")
        if view["url"]:
            return web.json_response({"detail": f"Please use the cloud URL: {view['url']}"}, status=400)
        if view["status"] != "completed" or not variant.isdecimal() or int(variant) >= view["num_outputs"]:
            return web.json_response({"detail": "Generation is still in-progress"}, status=404)
        return await self._send_file(request)


def _server_complaints(form: Form, fields: Mapping[str, re.Pattern[str]]) -> Iterator[str]:
    if not _first(form, "prompt"):
        yield "prompt is required"
    for name, pattern in fields.items():
        value = _first(form, name)
        if value is not None and not (isinstance(value, str) and pattern.fullmatch(value)):
            yield f"{name} is not as it should be"
    for name in ("image_reference", "video_reference", "audio_reference", "lora", "extra_params"):
        value = _first(form, name)
        if isinstance(value, str) and not value.startswith(("{", "[")):
            yield f"{name} is no JSON"


def _first(form: Form, name: str) -> str | Upload | None:
    return form[name][0] if name in form else None


def _vllm_error(status: int, said: str) -> web.Response:
    kind = web.Response(status=status).reason
    return web.json_response(
        {"error": {"message": said, "type": kind, "param": None, "code": status}}, status=status
    )
