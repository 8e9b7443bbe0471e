"""A fake Model Studio: the tasks of Wan and HappyHorse, as the SDK's source and the documents describe them.

Like the real one it answers a submit with a task as soon as key, header and model are right; what is wrong with
the input or the parameters shows only when the task is asked for.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from reelrouter.emulators.answers import Shape
from reelrouter.emulators.frame import Emulator, Refused, Route, Task
from reelrouter.emulators.script import End, Refusal

_ROOT = "/api/v1"
_SYNTHESIS = f"{_ROOT}/services/aigc/video-generation/video-synthesis"
_REFUSALS: Mapping[Refusal, tuple[int, str, str]] = {
    "auth": (401, "InvalidApiKey", "Invalid API-key provided."),
    "quota": (429, "Throttling.AllocationQuota", "Allocated quota exceeded."),
    "rate": (429, "Throttling.RateQuota", "Requests rate limit exceeded."),
    "rate_after": (429, "Throttling.RateQuota", "Requests rate limit exceeded."),
    "policy": (400, "DataInspectionFailed", "Input data may contain inappropriate content."),
    "user": (400, "InvalidParameter", "A required parameter is missing or invalid."),
}
_FAILURES: Mapping[End, tuple[str, str]] = {
    "user": ("InvalidParameter", "The size does not match."),
    "policy_input": ("DataInspectionFailed", "Input data may contain inappropriate content."),
    "policy_output": ("DataInspectionFailed", "Output data may contain inappropriate content."),
    "transient": ("InternalError.Algo", "An internal error has occurred during execution."),
}
_SIZES = frozenset(
    {
        "1280*720", "720*1280", "960*960", "1088*832", "832*1088",
        "1920*1080", "1080*1920", "1440*1440", "1632*1248", "1248*1632",
    }
)  # fmt: skip
_RATIOS = frozenset({"16:9", "9:16", "1:1", "4:3", "3:4"})
_WIDE = _RATIOS | {"4:5", "5:4", "21:9", "9:21"}
_FRAMES = frozenset({"first_frame", "last_frame"})
_SHAPES = frozenset({"size", "resolution", "ratio"})
_STORE = {"oss_access_key_id": "emulated-access", "signature": "emulated-signature", "policy": "emulated-policy"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rules:
    """What one model takes."""

    shape: frozenset[str]
    """Of size, resolution and ratio, those that it knows."""
    seconds: range
    resolutions: frozenset[str] = frozenset({"720P", "1080P"})
    ratios: frozenset[str] = _RATIOS
    place: str | None = None
    """Where its inputs are; None if it works from the prompt alone."""
    kinds: Mapping[str, int] = field(default_factory=dict)
    """How many of each type its media may have."""
    most: int = 20
    """Inputs in all, frames aside."""
    exclusive: bool = False
    """Whether frames and references exclude each other."""
    needs_prompt: bool = True
    needs_input: bool = True


_SIZED, _PLAIN = frozenset({"size"}), frozenset({"resolution"})
_BOTH = frozenset({"resolution", "ratio"})
_REFERENCES = {"reference_image": 10, "reference_video": 5, "reference_audio": 5, "file": 1, "link": 1}
_WAN_30 = _Rules(
    shape=_BOTH,
    seconds=range(2, 31),
    resolutions=frozenset({"480P", "720P", "1080P"}),
    ratios=_RATIOS | {"adaptive"},
    place="media",
    kinds={"first_frame": 1, "last_frame": 1, **_REFERENCES},
    exclusive=True,
    needs_prompt=False,
    needs_input=False,
)
_HORSES = {
    "t2v": _Rules(shape=_BOTH, seconds=range(3, 16), ratios=_WIDE),
    "i2v": _Rules(shape=_PLAIN, seconds=range(3, 16), place="media", kinds={"first_frame": 1}, needs_prompt=False),
    "r2v": _Rules(shape=_BOTH, seconds=range(3, 16), ratios=_WIDE, place="media", kinds={"reference_image": 9}),
}
_MODELS = {
    "wan2.6-t2v": _Rules(shape=_SIZED, seconds=range(2, 16)),
    "wan2.6-i2v": _Rules(shape=_PLAIN, seconds=range(2, 16), place="img_url", needs_prompt=False),
    "wan2.6-r2v": _Rules(shape=_SIZED, seconds=range(2, 11), place="reference_urls", most=5),
    "wan2.7-t2v": _Rules(shape=_BOTH, seconds=range(2, 16)),
    "wan2.7-i2v": _Rules(
        shape=_PLAIN,
        seconds=range(2, 16),
        place="media",
        kinds={"first_frame": 1, "last_frame": 1, "driving_audio": 1, "first_clip": 1},
        needs_prompt=False,
    ),
    "wan2.7-r2v": _Rules(
        shape=_BOTH,
        seconds=range(2, 16),
        place="media",
        kinds={"first_frame": 1, "reference_image": 5, "reference_video": 5},
        most=5,
    ),
    "wan3.0-video": _WAN_30,
    "wan3.0-video-prime": _WAN_30,
    **{f"happyhorse-{version}-{kind}": rules for version in ("1.0", "1.1") for kind, rules in _HORSES.items()},
}


class ModelStudio(Emulator):
    name = "alibaba"
    based_on = "official SDK (dashscope) and documents"
    shape = Shape(
        id=("output", "task_id"),
        status=("output", "task_status"),
        code=("output", "code"),
        message=("output", "message"),
        refusal=("message",),
        outputs=("output", "video_url"),
        address=("output", "video_url"),
        elsewhere=(
            ("output", "url"),
            ("output", "video", "url"),
            ("output", "results", 0, "url"),
            ("output", "results", "video_url"),
            ("video_url",),
        ),
        decorations={"stamp": ("output", "end_time"), "usage": ("usage",)},
    )
    lacks = frozenset({"concurrency", "expired"})

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.faults: dict[str, str] = {}
        """What is wrong with a task's input or parameters."""
        self.stored: dict[str, bytes] = {}
        """Uploaded inputs, by their `oss://` addresses."""

    def routes(self) -> Sequence[Route]:
        return (
            Route("submit", "POST", _SYNTHESIS, self._create),
            Route("poll", "GET", f"{_ROOT}/tasks/{{id}}", self._get),
            Route("cancel", "POST", f"{_ROOT}/tasks/{{id}}/cancel", self._cancel),
            Route("other", "GET", f"{_ROOT}/tasks", self._list),
            Route("other", "GET", f"{_ROOT}/uploads", self._grant),
            Route("other", "POST", "/store", self._store),
        )

    def refusal(self, refusal: Refusal) -> web.Response:
        return _error(*_REFUSALS[refusal])

    def trouble(self, status: int) -> web.Response:
        return _error(status, "InternalError", "An internal error has occurred, please try again later.")

    def new_id(self, number: int) -> str:
        return f"00000000-0000-4000-8000-{number:012d}"

    async def _create(self, request: web.Request) -> web.Response:
        self._check_key(request)
        if request.headers.get("X-DashScope-Async") != "enable":
            raise Refused(_error(403, "AccessDenied", "current user api does not support synchronous calls."))
        body = await request.json()
        if body.get("model") not in _MODELS:
            raise Refused(_error(404, "ModelNotFound", "Model not exist."))
        task = self.accept(request, body)
        resolves = request.headers.get("X-DashScope-OssResourceResolve") == "enable"
        fault = next(faults(body, self.stored if resolves else {}), None)
        if fault is not None:
            self.faults[task.id] = fault
        return _answer({"output": {"task_id": task.id, "task_status": "PENDING"}})

    async def _get(self, request: web.Request) -> web.Response:
        self._check_key(request)
        task = self.find(request, request.match_info["id"])
        if task is None:
            return _answer({"output": {"task_id": request.match_info["id"], "task_status": "UNKNOWN"}})
        return _answer(self._view(task))

    async def _cancel(self, request: web.Request) -> web.Response:
        self._check_key(request)
        task = self.find(request, request.match_info["id"])
        if task is None or self._status(task) != "PENDING":
            return _error(400, "UnsupportedOperation", "Failed to cancel the task: it is not PENDING.")
        task.cancelled = True
        return _answer({})

    async def _list(self, request: web.Request) -> web.Response:
        self._check_key(request)
        query = request.query
        wanted = [
            {"task_id": task.id, "model_name": task.body["model"], "status": self._status(task)}
            for task in self.tasks.values()
            if query.get("status", self._status(task)) == self._status(task)
            and query.get("model_name", task.body["model"]) == task.body["model"]
        ]
        page, size = int(query.get("page_no", 1)), int(query.get("page_size", 10))
        shown = wanted[(page - 1) * size : page * size]
        pages = -(-len(wanted) // size)
        return _answer(
            {"total": len(wanted), "data": shown, "total_page": pages, "page_no": page, "page_size": size}
        )

    async def _grant(self, request: web.Request) -> web.Response:
        """Leave to put one model's inputs into the vendor's store."""
        self._check_key(request)
        if request.query.get("action") != "getPolicy" or request.query.get("model") not in _MODELS:
            return _error(400, "InvalidParameter", "action or model is not known.")
        place = {
            "upload_dir": f"dashscope-instant/emulated/{len(self.stored)}",
            "upload_host": f"{request.scheme}://{request.host}/store",
            "expire_in_seconds": 300,
            "max_file_size_mb": 100,
            "x_oss_object_acl": "private",
            "x_oss_forbid_overwrite": "true",
        }
        return _answer({"data": _STORE | place})

    async def _store(self, request: web.Request) -> web.Response:
        """Object storage knows no API key: the form itself carries the leave."""
        form = await request.post()
        sent = {
            "oss_access_key_id": form.get("OSSAccessKeyId"),
            "signature": form.get("Signature"),
            "policy": form.get("policy"),
        }
        key, file = form.get("key"), form.get("file")
        if sent != _STORE or "Authorization" in request.headers or not isinstance(key, str):
            return _denied("AccessDenied")
        if not isinstance(file, web.FileField) or list(form)[-1] != "file":
            return _denied("InvalidArgument")
        self.stored[f"oss://{key}"] = file.file.read()
        return web.Response(status=int(str(form.get("success_action_status", "204"))))

    def _view(self, task: Task) -> dict[str, Any]:
        status = self._status(task)
        output = {"task_id": task.id, "task_status": status, "submit_time": _time(task.created_at)}
        if status == "FAILED":
            code, said = _FAILURES.get(task.told) or ("InvalidParameter", self.faults[task.id])
            return {"output": output | {"code": code, "message": said}}
        if status != "SUCCEEDED":
            return {"output": output}
        if task.told != "no_video":
            output |= {"video_url": f"{self.video_url(task)}?Expires=1", "end_time": _time(self.now())}
        parameters = task.body.get("parameters") or {}
        seconds = parameters.get("duration", 5)
        return {
            "output": output | {"orig_prompt": task.body["input"].get("prompt")},
            "usage": {"video_count": 1, "duration": seconds, "output_video_duration": seconds, "SR": 720},
        }

    def _status(self, task: Task) -> str:
        if task.cancelled:
            return "CANCELED"
        if task.id in self.faults:
            return "FAILED"
        match task.state(self.now()):
            case "queued":
                return "PENDING"
            case "running":
                return "RUNNING"
            case _:
                return _status_of(task.told)

    def _check_key(self, request: web.Request) -> None:
        if self.key_of(request) not in self.keys:
            raise Refused(self.refusal("auth"))


def _status_of(end: End) -> str:
    match end:
        case "drift":
            return "ARCHIVED"
        case "cancelled":
            return "CANCELED"
        case "done" | "no_video":
            return "SUCCEEDED"
        case _:
            return "FAILED"


def faults(body: Mapping[str, Any], stored: Mapping[str, bytes]) -> Iterator[str]:
    """What is wrong with a body; `stored` are the uploads that it may name."""
    rules = _MODELS[body["model"]]
    given = body.get("input")
    if not isinstance(given, dict):
        yield "Field required: input"
        return
    prompt, inputs = given.get("prompt"), given.get(rules.place or "")
    if not prompt and (rules.needs_prompt or not inputs):
        yield "Field required: input.prompt"
    if rules.place and rules.needs_input and not inputs:
        yield f"Field required: input.{rules.place}"
    yield from _faulty_parameters(body.get("parameters") or {}, rules)
    if rules.place == "media":
        yield from _faulty_media(inputs or [], rules, stored)
    elif inputs is not None:
        addresses = inputs if isinstance(inputs, list) else [inputs]
        if len(addresses) > rules.most:
            yield f"{rules.place} has more than {rules.most} files"
        for address in addresses:
            if not _readable(address, stored, picture=rules.place == "img_url"):
                yield f"url error, please check url: {rules.place}"


def _faulty_parameters(given: Mapping[str, Any], rules: _Rules) -> Iterator[str]:
    """Names that no model knows are let pass, as the real one does; names of another generation are not."""
    for name in sorted((_SHAPES & set(given)) - rules.shape):
        yield f"parameters.{name} is not supported by this model"
    if given.get("size", "1280*720") not in _SIZES:
        yield "The size does not match."
    if given.get("resolution", "720P") not in rules.resolutions:
        yield "resolution is not one of the list"
    if given.get("ratio", "16:9") not in rules.ratios:
        yield "ratio is not one of the list"
    if given.get("duration", 5) not in rules.seconds or isinstance(given.get("duration"), bool | float):
        yield f"duration must be an integer of [{rules.seconds.start}, {rules.seconds.stop - 1}]"
    if not isinstance(seed := given.get("seed", 0), int) or not 0 <= seed < 2**31:
        yield "seed must be an integer of [0, 2147483647]"
    for name in ("audio", "watermark", "prompt_extend"):
        if not isinstance(given.get(name, True), bool):
            yield f"{name} must be a boolean"


def _faulty_media(media: Sequence[Mapping[str, Any]], rules: _Rules, stored: Mapping[str, bytes]) -> Iterator[str]:
    types = [str(item.get("type")) for item in media]
    for kind in sorted(set(types)):
        if types.count(kind) > rules.kinds.get(kind, 0):
            yield f"media has {types.count(kind)} of type {kind}, and {rules.kinds.get(kind, 0)} are the most"
    if rules.exclusive and _FRAMES & set(types) and set(types) - _FRAMES:
        yield "The two modes are mutually exclusive: reference_xx and first_frame/last_frame."
    if len([kind for kind in types if kind not in _FRAMES]) > rules.most:
        yield f"media has more than {rules.most} references"
    if "last_frame" in types and not {"first_frame", "first_clip"} & set(types):
        yield "last_frame needs first_frame"
    for item in media:
        picture = str(item.get("type")).endswith(("frame", "image"))
        if not _readable(item.get("url"), stored, picture=picture):
            yield f"url error, please check url: {item.get('type')}"
        if "reference_voice" in item and not _readable(item["reference_voice"], stored, picture=False):
            yield "url error, please check url: reference_voice"


def _readable(address: object, stored: Mapping[str, bytes], *, picture: bool) -> bool:
    """Pictures may come as data; everything else by an address, the vendor's own store's among them."""
    if not isinstance(address, str):
        return False
    if address.startswith("oss://"):
        return address in stored
    if address.startswith("data:"):
        return picture and address.startswith("data:image/") and ";base64," in address
    return address.startswith(("https://", "http://"))


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]


def _answer(body: Mapping[str, Any]) -> web.Response:
    return web.json_response({"request_id": "emulated-request", **body})


def _error(status: int, code: str, said: str) -> web.Response:
    return web.json_response({"code": code, "message": said, "request_id": "emulated-request"}, status=status)


def _denied(code: str) -> web.Response:
    """As object storage says it."""
    text = f'<?xml version="1.0" encoding="UTF-8"?><Error><Code>{code}</Code></Error>'
    return web.Response(status=403, text=text, content_type="application/xml")
