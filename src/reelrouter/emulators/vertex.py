"""A fake Vertex AI: Veo's operations, key files exchanged for tokens, and the buckets that outputs may go to.

Unknown names inside an instance or the parameters are refused, where the vendor may overlook them.
"""

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from aiohttp import web
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from reelrouter.emulators.answers import Shape
from reelrouter.emulators.frame import KEY, Emulator, Refused, Route, Task
from reelrouter.emulators.script import End, Refusal

_MODELS = "/{version:v1|v1beta1}/projects/{project}/locations/{location}/publishers/google/models/{model}"
_ACCOUNT = "veo@emulated.iam.gserviceaccount.com"
_REFRESH = "emulated-refresh"
_AUDIENCE = "https://oauth2.googleapis.com/token"
_TOP = frozenset({"instances", "parameters", "labels"})
_INSTANCE = frozenset({"prompt", "image", "lastFrame", "video", "mask", "referenceImages"})
_VALUES: Mapping[str, type | tuple[Any, ...] | range] = {
    "sampleCount": range(1, 5),
    "durationSeconds": (4, 6, 8),
    "aspectRatio": ("16:9", "9:16"),
    "resolution": ("720p", "1080p", "4k"),
    "seed": range(2**32),
    "generateAudio": bool,
    "negativePrompt": str,
    "personGeneration": ("dont_allow", "allow_adult", "allow_all"),
    "enhancePrompt": bool,
    "storageUri": str,
    "fps": int,
    "compressionQuality": ("optimized", "lossless"),
    "resizeMode": ("crop", "pad"),
    "pubsubTopic": str,
    "conditioningScale": float,
}
"""What each parameter may be. Words are compared without regard to case, as the SDK writes them both ways."""
_IMAGES = frozenset({"image/jpeg", "image/png", "image/webp"})
_UNSAFE = "is against the usage guidelines of Vertex AI. Support codes: 58061214"
_REFUSALS: Mapping[Refusal, tuple[int, str, str]] = {
    "auth": (401, "UNAUTHENTICATED", "Request had invalid authentication credentials."),
    "quota": (403, "PERMISSION_DENIED", "This API method requires billing to be enabled."),
    "rate": (429, "RESOURCE_EXHAUSTED", "Quota exceeded for long running prediction requests per minute."),
    "rate_after": (429, "RESOURCE_EXHAUSTED", "Quota exceeded for long running prediction requests per minute."),
    "concurrency": (429, "RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota)."),
    "policy": (400, "INVALID_ARGUMENT", f"The prompt could not be submitted: it {_UNSAFE}"),
    "user": (400, "INVALID_ARGUMENT", "The request is not one that this model takes."),
}
_FAILURES: Mapping[End, tuple[int, str]] = {
    "cancelled": (1, "The operation was cancelled."),
    "user": (3, "The image could not be decoded."),
    "policy_input": (3, f"Veo could not generate videos because the input image {_UNSAFE}"),
    "expired": (4, "The operation ran out of time."),
    "transient": (13, "Video generation failed due to an internal server issue."),
}
_RESPONSE = {"@type": "type.googleapis.com/cloud.ai.large_models.vision.GenerateVideoResponse"}


class Vertex(Emulator):
    name = "google-vertex"
    based_on = "official SDKs (google-genai 3.4.0, google-auth 2.62.2) and documents"
    shape = Shape(
        id=("name",),
        status=("done",),
        is_flag=True,
        code=("error", "code"),
        message=("error", "message"),
        refusal=("error", "message"),
        outputs=("response", "videos"),
        address=("response", "videos", 0, "uri"),
        elsewhere=(("response", "generateVideoResponse", "generatedSamples", 0, "video", "uri"),),
        names_resources=True,
        is_inline=True,
    )
    lacks = frozenset({"gone"})  # an output inside an answer is always there; in a bucket it may be gone

    def routes(self) -> Sequence[Route]:
        return (
            Route("submit", "POST", f"{_MODELS}:predictLongRunning", self._predict),
            Route("poll", "POST", f"{_MODELS}:fetchPredictOperation", self._fetch),
            Route("other", "POST", "/token", self._exchange),
            Route("other", "GET", "/storage/{bucket}/{object:.+}", self._send_object),
        )

    def refusal(self, refusal: Refusal) -> web.Response:
        status, word, said = _REFUSALS[refusal]
        details = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "BILLING_DISABLED"}]
        return _error(status, word, said, details if refusal == "quota" else ())

    def trouble(self, status: int) -> web.Response:
        word = "INTERNAL" if status == 500 else "UNAVAILABLE"
        return web.json_response([_problem(status, word, "The service is in trouble.")], status=status)

    def key_file(self, url: str, kind: str = "service_account") -> str:
        """What an operator would download for this emulator, which lies at `url`."""
        if kind == "authorized_user":
            secrets = {"client_id": "c", "client_secret": "s", "refresh_token": _REFRESH}
            return json.dumps({"type": kind, "token_uri": f"{url}/token", "quota_project_id": "payer", **secrets})
        private = _private_key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return json.dumps(
            {
                "type": kind,
                "project_id": "emulated",
                "private_key_id": "1",
                "private_key": private.decode(),
                "client_email": _ACCOUNT,
                "token_uri": f"{url}/token",
            }
        )

    # Signing in --------------------------------------------------------------------------------------------------

    async def _exchange(self, request: web.Request) -> web.Response:
        form = await request.post()
        match form.get("grant_type"):
            case "urn:ietf:params:oauth:grant-type:jwt-bearer":
                problem = self._check_assertion(str(form.get("assertion")), str(request.url))
            case "refresh_token":
                problem = None if form.get("refresh_token") == _REFRESH else "Bad Request"
            case _:
                return web.json_response({"error": "unsupported_grant_type"}, status=400)
        if problem is not None:
            return web.json_response({"error": "invalid_grant", "error_description": problem}, status=400)
        return web.json_response({"access_token": KEY, "expires_in": 3599, "token_type": "Bearer"})

    def _check_assertion(self, assertion: str, url: str) -> str | None:
        """What is wrong with it."""
        try:
            signed, _, signature = assertion.rpartition(".")
            header, claims = (json.loads(_decoded(part)) for part in signed.split("."))
            _private_key().public_key().verify(_decoded(signature), signed.encode(), PKCS1v15(), SHA256())
        except (ValueError, InvalidSignature):
            return "Invalid JWT Signature."
        if header.get("alg") != "RS256" or claims.get("aud") not in (_AUDIENCE, url):
            return "Invalid JWT: algorithm or audience."
        if claims.get("iss") != _ACCOUNT or "cloud-platform" not in claims.get("scope", ""):
            return "Invalid grant: account or scope not found"
        if not claims["iat"] - 60 <= self.now() < claims["exp"] <= claims["iat"] + 3600:
            return "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe."
        return None

    # Operations --------------------------------------------------------------------------------------------------

    async def _predict(self, request: web.Request) -> web.Response:
        self._check_key(request)
        model = request.match_info["model"]
        if not model.startswith("veo-"):
            raise Refused(_error(404, "NOT_FOUND", f"Publisher Model `{model}` was not found."))
        body = await _read(request)
        _check(body, model)
        task = self.accept(request, body)
        del self.tasks[task.id]
        task.id = f"{_resource(request)}/operations/{task.id}"
        self.tasks[task.id] = task
        self.find(request, task.id)  # so that the journal has its whole name too
        return web.json_response({"name": task.id})

    def new_id(self, number: int) -> str:
        return f"00000000-0000-0000-0000-{number:012d}"

    async def _fetch(self, request: web.Request) -> web.Response:
        self._check_key(request)
        name = str((await _read(request)).get("operationName"))
        if not name.startswith(f"{_resource(request)}/operations/"):
            raise _refused("operationName belongs to another model")
        task = self.find(request, name)
        if task is None:
            raise Refused(_error(404, "NOT_FOUND", "The operation does not exist."))
        return web.json_response(self._view(task))

    def _view(self, task: Task) -> Mapping[str, Any]:
        state = task.state(self.now())
        if state != "ended":
            return {"name": task.id} if state == "queued" else {"name": task.id, "done": False}
        if task.told == "drift":
            return {"name": task.id, "done": "archived"}
        if task.told in _FAILURES:
            code, said = _FAILURES[task.told]
            return {"name": task.id, "done": True, "error": {"code": code, "message": said}}
        return {"name": task.id, "done": True, "response": {**_RESPONSE, **self._response(task)}}

    def _response(self, task: Task) -> Mapping[str, Any]:
        if task.told == "policy_output":
            said = f"The video that was made {_UNSAFE}"
            return {"raiMediaFilteredCount": 1, "raiMediaFilteredReasons": [said]}
        if task.told == "no_video":
            return {"raiMediaFilteredCount": 0}
        parameters = task.body.get("parameters", {})
        return {
            "raiMediaFilteredCount": 0,
            "videos": [self._video(task, n) for n in range(parameters.get("sampleCount", 1))],
        }

    def _video(self, task: Task, n: int) -> Mapping[str, str]:
        bucket = task.body.get("parameters", {}).get("storageUri", "").rstrip("/")
        if bucket:
            return {"gcsUri": f"{bucket}/{task.id}/sample {n}.mp4", "mimeType": "video/mp4"}
        return {
            "bytesBase64Encoded": base64.b64encode(self.video_bytes(task)).decode(),
            "mimeType": "video/mp4",
        }

    async def _send_object(self, request: web.Request) -> web.Response:
        self._check_key(request)
        bucket, name = request.match_info["bucket"], request.match_info["object"]
        task = self.find(request, "projects/" + name.rpartition("/")[0].partition("projects/")[2])
        known = task is not None and f"gs://{bucket}/{name}" == self._video(task, 0).get("gcsUri")
        if task is None or not known or task.script.end == "gone":
            return web.Response(status=404, text="<Error><Code>NoSuchKey</Code></Error>")
        return web.Response(body=self.video_bytes(task), content_type="video/mp4")

    def _check_key(self, request: web.Request) -> None:
        if self.key_of(request) not in self.keys:
            raise Refused(self.refusal("auth"))


@cache
def _private_key() -> RSAPrivateKey:
    return generate_private_key(public_exponent=65537, key_size=2048)


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


async def _read(request: web.Request) -> Mapping[str, Any]:
    try:
        body = json.loads(await request.read() or b"{}")
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise _refused("Invalid JSON payload received.")
    return body


def _resource(request: web.Request) -> str:
    found = request.match_info
    return f"projects/{found['project']}/locations/{found['location']}/publishers/google/models/{found['model']}"


def _check(body: Mapping[str, Any], model: str) -> None:
    if unknown := set(body) - _TOP:
        raise _refused(f'Invalid JSON payload received. Unknown name "{min(unknown)}": Cannot find field.')
    instances, parameters = body.get("instances"), body.get("parameters") or {}
    if not isinstance(instances, list) or len(instances) != 1 or not isinstance(instances[0], dict):
        raise _refused("Exactly one instance is needed.")
    _check_instance(instances[0])
    for name, value in parameters.items():
        _check_parameter(name, value)
    if "lite" in model and str(parameters.get("resolution")).lower() == "4k":
        raise _refused(f"{model} does not support the resolution 4k.")
    if instances[0].get("referenceImages") and parameters.get("durationSeconds", 8) != 8:
        raise _refused("With reference images the duration is 8 seconds.")


def _check_instance(instance: Mapping[str, Any]) -> None:
    if unknown := set(instance) - _INSTANCE:
        raise _refused(f"An instance has no {min(unknown)}.")
    references = instance.get("referenceImages", [])
    if not instance.get("prompt") and not instance.get("image") and not instance.get("video"):
        raise _refused("A prompt or an image is needed.")
    if "lastFrame" in instance and "image" not in instance:
        raise _refused("A last frame needs an image.")
    if references and ({"image", "video", "lastFrame"} & set(instance) or not instance.get("prompt")):
        raise _refused("Reference images need a prompt, and exclude image, video and lastFrame.")
    if len(references) > 3 or any(str(one.get("referenceType")).lower() != "asset" for one in references):
        raise _refused("Up to 3 reference images of type asset are supported.")
    for image in (instance.get("image"), instance.get("lastFrame"), *(one.get("image") for one in references)):
        if image is not None:
            _check_image(image)


def _check_image(image: Mapping[str, Any]) -> None:
    if image.get("mimeType") not in _IMAGES:
        raise _refused("An image needs a mimeType of the list.")
    if ("bytesBase64Encoded" in image) == ("gcsUri" in image):
        raise _refused("An image is either bytesBase64Encoded or a gcsUri.")
    try:
        # The SDK writes the alphabet of addresses, others the common one: both are taken.
        given = image.get("bytesBase64Encoded", "").replace("-", "+").replace("_", "/")
        base64.b64decode(given, validate=True)
    except binascii.Error:
        raise _refused("An image's bytesBase64Encoded is no base64.") from None


def _check_parameter(name: str, value: Any) -> None:
    if name not in _VALUES:
        raise _refused(f"There is no parameter {name}.")
    match _VALUES[name]:
        case type() as kind:
            fits = isinstance(value, kind) or (kind is float and isinstance(value, int))
        case range() as allowed:
            fits = isinstance(value, int) and value in allowed
        case words:
            fits = (value.lower() if isinstance(value, str) else value) in words
    if not fits or (name == "storageUri" and not value.startswith("gs://")):
        raise _refused(f"{name} cannot be {value!r}.")


def _refused(said: str) -> Refused:
    return Refused(_error(400, "INVALID_ARGUMENT", said))


def _error(status: int, word: str, said: str, details: Sequence[Mapping[str, str]] = ()) -> web.Response:
    return web.json_response(_problem(status, word, said, details), status=status)


def _problem(status: int, word: str, said: str, details: Sequence[Mapping[str, str]] = ()) -> dict[str, Any]:
    return {"error": {"code": status, "message": said, "status": word, "details": list(details)}}
