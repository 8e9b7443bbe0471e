"""Inputs as a command line names them: a file or a URL, and whether it is an image, a video or a sound."""

import base64
from pathlib import Path, PurePosixPath
from typing import Literal, NamedTuple, get_args
from urllib.parse import urlsplit

from reelrouter.cli.ending import Exit, fail

Kind = Literal["image", "video", "audio"]

MIMES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".webp": "image/webp",
    ".gif": "image/gif",
    ".avif": "image/avif",
    ".mp4": "video/mp4",
    ".m4v": "video/mp4",
    ".mov": "video/quicktime",
    ".webm": "video/webm",
    ".mp3": "audio/mpeg",
    ".wav": "audio/wav",
    ".m4a": "audio/mp4",
    ".aac": "audio/aac",
    ".flac": "audio/flac",
    ".ogg": "audio/ogg",
}
"""By suffix. A table of our own, since Python's depends on its version and on the machine."""

_KINDS: tuple[Kind, ...] = get_args(Kind)
_SCHEMES = ("http://", "https://", "data:", "reelrouter://")
_STILLS = ("/first_frame", "/last_frame")


class Source(NamedTuple):
    """What stands behind one `--reference`, `--first-frame` or `--last-frame`."""

    kind: Kind
    place: str
    """A URL, or a file's path."""

    @property
    def is_file(self) -> bool:
        return not self.place.startswith(_SCHEMES)


def source_of(text: str) -> Source:
    """Which kind it is, by its prefix, its name or its type; a URL that does not show it counts as an image."""
    prefix, colon, rest = text.partition(":")
    if colon and prefix in _KINDS:
        kind: Kind = prefix
        return Source(kind, rest)
    return Source(_kind(text), text)


def url_of(source: Source) -> str:
    """A URL as it is; a file as a data URL."""
    if not source.is_file:
        return source.place
    path = Path(source.place)
    if not path.is_file():
        fail(f"{source.place} is neither a file nor a URL", Exit.USAGE)
    mime = _mime(path.name)
    if mime is None:
        fail(
            f"what kind of file {source.place} is does not show in its name",
            Exit.USAGE,
            f"name it with one of these endings: {', '.join(MIMES)}",
        )
    return f"data:{mime};base64,{base64.b64encode(path.read_bytes()).decode()}"


def _kind(text: str) -> Kind:
    if text.startswith("data:"):
        return _kind_of_mime(text.removeprefix("data:"))
    if text.startswith("reelrouter://"):
        return "image" if text.endswith(_STILLS) else "video"
    name = urlsplit(text).path if text.startswith(_SCHEMES) else text
    return _kind_of_mime(_mime(name) or "image")


def _mime(name: str) -> str | None:
    return MIMES.get(PurePosixPath(name).suffix.lower())


def _kind_of_mime(mime: str) -> Kind:
    return next((kind for kind in _KINDS if mime.startswith(kind)), "image")
