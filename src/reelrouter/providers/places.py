"""Where answers keep the id of a job and the addresses of its videos, which vendors put in many places; pure."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from typing import Any
from urllib.parse import quote, unquote, urljoin, urlsplit

from reelrouter.providers.decoration import MOST_OUTPUTS
from reelrouter.providers.words import meaning_of

_IDS = (
    "id", "task_id", "taskId", "job_id", "jobId", "video_id", "videoId", "generation_id", "generationId",
    "prediction_id", "operation_id", "uuid", "task_uuid", "taskUUID",
)  # fmt: skip
_DEEPEST_HOLDER = 4
_HOLDERS = ("data", "output", "task", "job", "video", "result", "response")
_STATUSES = ("status", "task_status", "taskStatus", "state", "job_status", "jobStatus", "phase")
_ENVELOPES = frozenset({"done", "failed", None})
"""Meanings that a word outside may have without speaking of the job."""
_MOST_ID = 2000
"""Characters; no address takes more."""
_ADDRESSES = (
    "video_url", "videoUrl", "videoURL", "video_uri", "videoUri", "url", "uri", "gcsUri", "gcs_uri",
    "download_url", "downloadUrl", "file_url", "fileUrl", "FileUrl", "sample", "href", "src",
)  # fmt: skip
_INLINE = ("bytesBase64Encoded", "videoBytes", "encodedVideo", "b64_json", "video_base64")
_RESULTS = (
    "unsigned_urls", "output", "outputs", "result", "results", "generateVideoResponse", "generatedSamples",
    "generated_videos", "generatedVideos", "works",
)  # fmt: skip
"""What nothing but results lies in: they come before addresses beside them, which may be those of inputs."""
_HOLD_ADDRESSES = (
    "urls", "video_urls", "video", "videos", "content", "response", "data", "task", "assets", "file", "files",
    "FileInfos", "predictions",
)  # fmt: skip
_KINDS = (
    "type", "kind", "role", "name", "label", "asset_type", "media_type", "mediaType", "file_type", "fileType",
    "mime_type", "mimeType", "content_type", "contentType",
)  # fmt: skip
_BESIDE = re.compile(
    r"(?:image|audio|text)/.*"
    r"|(?:(?:first|last|start|end|cover|preview|poster|video|input|source|reference|output)[ _-])?"
    r"(?:image|picture|photo|thumb|thumbnail|cover|poster|preview|frame|gif|audio|subtitle|caption)s?"
    r"(?:[ _-](?:image|url|uri))?"
    r"|(?:input|source|reference|original)s?(?:[ _-]video)?(?:[ _-]ur[li])?",
    re.IGNORECASE,
)
"""What an object is called that lies beside the video, or came with the request."""
_JOBS = frozenset({
    "task", "tasks", "job", "jobs", "operations", "predictions", "generations", "requests", "result", "results",
})  # fmt: skip
_JOBS_OR_FILES = frozenset({"video", "videos"})
_VERSION = re.compile(r"v\d\w*|api", re.IGNORECASE)
_DEEPEST = 8
_MOST_LOOKED_AT = 4 * MOST_OUTPUTS
"""Members of one list: an answer of a hundred thousand would hold everybody up at each poll."""
BUCKETS = "gs://"
_SCHEMES = ("http://", "https://", BUCKETS)
_WITH_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_PATHS = ("/", "./", "../")
_VIDEOS = (".mp4", ".mov", ".m4v", ".webm", ".mkv")
"""By which a path is known to be one, where it begins with its first name."""
_PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".gif")
"""What lies beside a video: its first frame, or a thumbnail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    """Whose videos are looked for."""

    root: str
    native_id: str


def id_in(said: Any, *first: str) -> str | None:
    """The id of what was created; `first` are the names under which this vendor is known to put it."""
    return next(ids_in(said, *first), None)


def ids_in(said: Any, *first: str) -> Iterator[str]:
    """All of them, likeliest first: a known name counts at any depth before all others.

    What stands outside may be the id of the request, and polls for that find nothing.
    """
    holders = list(_holders(said)) if isinstance(said, Mapping) else []
    for names in (first, _IDS):
        for holder in holders:
            yield from _ids_here(holder, names)


def is_unset(native_id: str) -> bool:
    """Whether it is what stands in a field that has no value: zero, an id of zeros, or -1."""
    return native_id == "-1" or not native_id.strip("0-")


def word_in(said: Mapping[str, Any], native_id: str) -> object:
    """The word for how a job stands: the first text where such words stand, else whatever stands there.

    Beside the job's own id it is the job's. Without one, an envelope's word for how the question went, such as
    `success`, counts only where nothing inside has a word of its own.
    """
    told = [(holder, word) for holder in _holders(said) if (word := _word_here(holder)) is not None]
    texts = [(holder, word) for holder, word in told if isinstance(word, str)] or told
    own = [word for holder, word in texts if native_id in _ids_here(holder, _IDS)]
    if own:
        return own[-1]
    words = [word for _, word in texts]
    if len(words) > 1 and meaning_of(words[0]) in _ENVELOPES:
        return words[1]
    return words[0] if words else None


def in_path(native_id: str) -> str:
    """The id as one step of a path, whatever is in it."""
    step = quote(native_id, safe="")
    return step.replace(".", "%2E") if step in (".", "..") else step


def videos_in(said: Any, root: str, native_id: str = "") -> tuple[str, ...]:
    """The addresses of a job's videos: relative ones below `root`, `data:` ones for what the answer holds.

    By `native_id` the job's link to itself is known, which is none.
    """
    return tuple(one for one in places_in(said, root, native_id) if not one.startswith(BUCKETS))


def places_in(said: Any, root: str, native_id: str = "") -> tuple[str, ...]:
    """The same, and what lies in buckets, for the vendors who have a way to read them."""
    found = _found(said, _Job(root=root, native_id=native_id), 0)
    return tuple(islice(dict.fromkeys(found), MOST_OUTPUTS))


def _holders(said: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """An answer, and what it may have wrapped its job into, be that a list of one; from the outside in."""
    level = [said]
    for _ in range(_DEEPEST_HOLDER):
        yield from level
        level = [held for one in level for name in _HOLDERS if isinstance(held := _alone(one.get(name)), Mapping)]


def _alone(held: Any) -> Any:
    return held[0] if isinstance(held, list) and len(held) == 1 else held


def _word_here(holder: Mapping[str, Any]) -> object:
    told = [holder[name] for name in _STATUSES if holder.get(name) is not None]
    return next((one for one in told if isinstance(one, str)), told[0] if told else None)


def _ids_here(said: Mapping[str, Any], names: Iterable[str]) -> Iterator[str]:
    return (found for name in names if (found := _id(said.get(name))) is not None)


def _id(value: object) -> str | None:
    """A text or a whole number: vendors that count their jobs hand out numbers."""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        return None
    if isinstance(value, Decimal) and value != int(value):
        return None
    text = str(int(value) if isinstance(value, Decimal) else value).strip()
    return text if 0 < len(text) <= _MOST_ID else None


def _found(said: Any, job: _Job, depth: int) -> Iterator[str]:
    """Addresses at the first place that has any; those of a list are all of them."""
    if isinstance(said, str):
        if (address := _absolute(said, job)) is not None:
            yield address
    elif isinstance(said, list) and depth < _DEEPEST:
        for one in said[:_MOST_LOOKED_AT]:
            yield from _found(one, job, depth + 1)
    elif isinstance(said, Mapping) and depth < _DEEPEST and not (depth and _is_beside(said)):
        yield from _found_in(said, job, depth)


def _found_in(said: Mapping[str, Any], job: _Job, depth: int) -> Iterator[str]:
    inline = next((said[name] for name in _INLINE if isinstance(said.get(name), str) and said[name]), None)
    if inline is not None:
        yield f"data:video/mp4;base64,{inline}"
        return
    # Beside the prompt, an address may be that of an input, which the vendor repeats.
    names = (*_HOLD_ADDRESSES, *_ADDRESSES) if "prompt" in said else (*_ADDRESSES, *_HOLD_ADDRESSES)
    places = (list(_found(said.get(name), job, depth + 1)) for name in (*_RESULTS, *names))
    yield from next((addresses for addresses in places if addresses), ())


def _is_beside(said: Mapping[str, Any]) -> bool:
    """Whether an object says of itself that it is a picture, a sound or an input, and not the video."""
    return any(isinstance(said.get(name), str) and _BESIDE.fullmatch(said[name].strip()) for name in _KINDS)


def _absolute(text: str, job: _Job) -> str | None:
    """None for a text that leads to no video."""
    given = text.strip()
    if given.startswith("data:video/"):
        return given
    try:
        address = urljoin(f"{job.root}/", given)
        path = urlsplit(address).path.lower()
        leads_back = _leads_to(job, address)
    except ValueError:
        return None
    is_path = (given.startswith(_PATHS) or path.endswith(_VIDEOS)) and len(given.split()) == 1
    is_fit = address.lower().startswith(_SCHEMES) and not path.endswith(_PICTURES) and not leads_back
    return address if is_fit and (is_path or _WITH_SCHEME.match(given)) else None


def _leads_to(job: _Job, address: str) -> bool:
    """Whether an address is the job's own, as polls have it, and not that of a file."""
    parts = urlsplit(address)
    steps = [unquote(step) for step in parts.path.split("/") if step]
    if steps[-1:] in (["status"], ["cancel"]):
        steps.pop()
    if len(steps) < 2 or steps[-1] != job.native_id:
        return False
    is_api = parts.netloc == urlsplit(job.root).netloc or any(_VERSION.fullmatch(step) for step in steps[:-2])
    return steps[-2] in _JOBS or (is_api and steps[-2] in _JOBS_OR_FILES)
