"""Our own outputs named as inputs: recognises their addresses. It looks nothing up."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, cast
from urllib.parse import SplitResult, parse_qs, urlsplit

Part = Literal["video", "first_frame", "last_frame"]

_SCHEME = "reelrouter"
_JOB_ID = re.compile(r"[A-Za-z0-9_-]{1,100}")
_CONTENT_PATH = re.compile(r"/api/v1/videos/([^/]+)/content")
_SHORT_PATH = re.compile(r"/([^/]+)(?:/(first_frame|last_frame))?")
_INDEX = re.compile(r"[0-9]{1,4}")
_MAX_URL = 2000  # ours are short; the parser would keep a longer one, a data URL say, in its cache
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnOutput:
    job_id: str
    index: int
    """Which of the job's outputs, from 0."""
    part: Part


class OwnUrlInvalid(ValueError):
    """The address is one of ours and names no output; the message says what would do."""


def parse_own(url: str, bases: Sequence[str]) -> OwnOutput | None:
    """What an address of ours names; None if it is somebody else's. A signature in it plays no part.

    `bases` are the addresses under which clients know us, such as the public URL.
    """
    if len(url) > _MAX_URL:
        return None
    try:
        split = urlsplit(url)
        port = split.port
    except ValueError:
        return None
    if split.scheme == _SCHEME:
        return _short(split)
    for base in bases:
        path = _path_under(split, port, base)
        found = _CONTENT_PATH.fullmatch(path) if path is not None else None
        if found:
            return _content(found[1], split.query)
    return None


def _path_under(split: SplitResult, port: int | None, base: str) -> str | None:
    """The path below `base`; None if the address lies elsewhere."""
    ours = urlsplit(base)
    origin = (split.scheme, split.hostname, port or _PORTS.get(split.scheme))
    if origin != (ours.scheme, ours.hostname, ours.port or _PORTS.get(ours.scheme)):
        return None
    prefix = ours.path.rstrip("/")
    return split.path.removeprefix(prefix) if split.path.startswith(f"{prefix}/") else None


def _content(job_id: str, query: str) -> OwnOutput:
    values = parse_qs(query, keep_blank_values=True)
    variant = values.get("variant", ["video"])[-1]
    if variant != "video":
        raise OwnUrlInvalid(
            f"variant {variant!r} cannot be an input; use the video, or "
            f"reelrouter://job/{job_id}/first_frame or /last_frame"
        )
    return OwnOutput(job_id=_checked(job_id), index=_index(values), part="video")


def _short(split: SplitResult) -> OwnOutput:
    found = _SHORT_PATH.fullmatch(split.path)
    if split.netloc != "job" or not found:
        raise OwnUrlInvalid("use reelrouter://job/<job id>, with /first_frame or /last_frame for one image")
    values = parse_qs(split.query, keep_blank_values=True)
    part = cast(Part, found[2] or "video")
    return OwnOutput(job_id=_checked(found[1]), index=_index(values), part=part)


def _checked(job_id: str) -> str:
    if not _JOB_ID.fullmatch(job_id):
        raise OwnUrlInvalid(f"{job_id!r} is not a job id")
    return job_id


def _index(values: dict[str, list[str]]) -> int:
    text = values.get("index", ["0"])[-1]
    if not _INDEX.fullmatch(text):
        raise OwnUrlInvalid("index must be a whole number from 0")
    return int(text)
