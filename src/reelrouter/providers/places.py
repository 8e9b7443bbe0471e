"""Where answers keep the id of a job and the addresses of its videos, which vendors put in many places; pure."""

import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from itertools import islice
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

from reelrouter.providers.decoration import MOST_OUTPUTS

_IDS = (
    "id", "task_id", "taskId", "job_id", "jobId", "video_id", "videoId", "generation_id", "generationId",
    "prediction_id", "operation_id", "uuid", "task_uuid", "taskUUID",
)  # fmt: skip
_HOLDERS = ("data", "output", "task", "job", "video", "result", "response")
_STATUSES = ("status", "task_status", "taskStatus", "state", "job_status", "jobStatus", "phase")
_MOST_ID = 2000
"""Characters; no address takes more."""
_ADDRESSES = (
    "video_url", "videoUrl", "videoURL", "video_uri", "videoUri", "url", "uri", "gcsUri", "gcs_uri",
    "download_url", "downloadUrl", "file_url", "fileUrl", "FileUrl", "sample", "href", "src",
)  # fmt: skip
_INLINE = ("bytesBase64Encoded", "videoBytes", "encodedVideo", "b64_json", "video_base64")
_HOLD_ADDRESSES = (
    "unsigned_urls", "urls", "video_urls", "video", "videos", "output", "outputs", "result", "results", "content",
    "generateVideoResponse", "generatedSamples", "generated_videos", "generatedVideos", "response", "data", "task",
    "assets", "file", "files", "FileInfos", "works", "predictions",
)  # fmt: skip
_DEEPEST = 8
BUCKETS = "gs://"
_SCHEMES = ("http://", "https://", BUCKETS)
_WITH_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_PATHS = ("/", "./", "../")
_VIDEOS = (".mp4", ".mov", ".m4v", ".webm", ".mkv")
"""By which a path is known to be one, where it begins with its first name."""
_PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".gif")
"""What lies beside a video: its first frame, or a thumbnail."""


def id_in(said: Any, *first: str) -> str | None:
    """The id of what was created; `first` are the places where this vendor is known to put it."""
    if not isinstance(said, Mapping):
        return None
    ids = (_id_here(holder, (*first, *_IDS)) for holder in _holders(said))
    return next((one for one in ids if one is not None), None)


def word_in(said: Mapping[str, Any]) -> object:
    """The word for how a job stands: the first text where such words stand, else whatever stands there."""
    found = (holder.get(name) for holder in _holders(said) for name in _STATUSES)
    told = [one for one in found if one is not None]
    return next((one for one in told if isinstance(one, str)), told[0] if told else None)


def in_path(native_id: str) -> str:
    """The id as one step of a path, whatever is in it."""
    step = quote(native_id, safe="")
    return step.replace(".", "%2E") if step in (".", "..") else step


def videos_in(said: Any, root: str) -> tuple[str, ...]:
    """The addresses of a job's videos: relative ones below `root`, `data:` ones for what the answer holds."""
    return tuple(one for one in places_in(said, root) if not one.startswith(BUCKETS))


def places_in(said: Any, root: str) -> tuple[str, ...]:
    """The same, and what lies in buckets, for the vendors who have a way to read them."""
    return tuple(islice(dict.fromkeys(_found(said, root, 0)), MOST_OUTPUTS))


def _holders(said: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """An answer, and what it may have wrapped its job into, be that a list of one."""
    yield said
    for name in _HOLDERS:
        held = said.get(name)
        held = held[0] if isinstance(held, list) and len(held) == 1 else held
        if isinstance(held, Mapping):
            yield held


def _id_here(said: Mapping[str, Any], names: Iterable[str]) -> str | None:
    return next((found for name in names if (found := _id(said.get(name))) is not None), None)


def _id(value: object) -> str | None:
    """A text or a whole number: vendors that count their jobs hand out numbers."""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        return None
    if isinstance(value, Decimal) and value != int(value):
        return None
    text = str(int(value) if isinstance(value, Decimal) else value).strip()
    return text if 0 < len(text) <= _MOST_ID else None


def _found(said: Any, root: str, depth: int) -> Iterator[str]:
    """Addresses at the first place that has any; those of a list are all of them."""
    if isinstance(said, str):
        if (address := _absolute(said, root)) is not None:
            yield address
    elif isinstance(said, list) and depth < _DEEPEST:
        for one in said:
            yield from _found(one, root, depth + 1)
    elif isinstance(said, Mapping) and depth < _DEEPEST:
        yield from _found_in(said, root, depth)


def _found_in(said: Mapping[str, Any], root: str, depth: int) -> Iterator[str]:
    inline = next((said[name] for name in _INLINE if isinstance(said.get(name), str) and said[name]), None)
    if inline is not None:
        yield f"data:video/mp4;base64,{inline}"
        return
    places = (list(_found(said.get(name), root, depth + 1)) for name in (*_ADDRESSES, *_HOLD_ADDRESSES))
    yield from next((addresses for addresses in places if addresses), ())


def _absolute(text: str, root: str) -> str | None:
    """None for a text that leads to no video."""
    given = text.strip()
    if given.startswith("data:video/"):
        return given
    try:
        address = urljoin(f"{root}/", given)
        path = urlsplit(address).path.lower()
    except ValueError:
        return None
    is_path = (given.startswith(_PATHS) or path.endswith(_VIDEOS)) and len(given.split()) == 1
    is_fit = address.lower().startswith(_SCHEMES) and not path.endswith(_PICTURES)
    return address if is_fit and (is_path or _WITH_SCHEME.match(given)) else None
