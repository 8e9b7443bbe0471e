"""Video and sound references that are none, are broken, or are each other."""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.acceptance.bad_requests.case import IMAGES, Case, refused_body
from tests.acceptance.orders import video
from tests.media.samples import Film, write_film, write_sound

_FILM = "/good.mp4"
_SOUND = "/good.mp3"


def cases() -> Iterator[Case]:
    for path, words in (
        ("/half.mp4", "ends too early"),
        ("/headless.mp4", "ends too early"),
        ("/scrambled.mp4", "damaged"),
        ("/empty.mp4", "not a video"),
        ("/prose.mp4", "not a video"),
        ("/page.mp4", "not a video"),
        ("/good.mp3", "not a video"),
        ("/good.wav", "not a video"),
        ("/playlist.m3u8", "not a video"),
        ("/sound-only.mp4", "no moving picture"),
        ("/boxes.mp4", "video"),
        ("/film.mkv", "is not taken"),
    ):
        yield _refused(f"a video that is {path}", "video_url", words, path)
    for path, words in (
        ("/good.mp4", "is a video"),
        ("/half.wav", "ends too early"),
        ("/scrambled.mp3", "damaged"),
        ("/prose.mp4", "not a sound"),
        ("/empty.mp4", "not a sound"),
        ("/page.mp4", "not a sound"),
    ):
        yield _refused(f"a sound that is {path}", "audio_url", words, path)
    for path, words in (("/good.mp4", "is a video"), ("/good.mp3", "not an image"), ("/good.wav", "WAV sound")):
        yield _refused(f"an image that is {path}", "image_url", words, path)


@cache
def files() -> Mapping[str, bytes]:
    """What the server of files must have."""
    with TemporaryDirectory() as folder:
        made = {path: write(Path(folder)) for path, write in _MADE.items()}
    film, sound, wave = made[_FILM], made[_SOUND], made["/good.wav"]
    return {
        **made,
        "/half.mp4": film[: len(film) // 2],
        "/headless.mp4": film[: film.index(b"moov") - 4],
        "/scrambled.mp4": _scrambled(film, film.index(b"mdat") + 8, film.index(b"moov")),
        "/boxes.mp4": b"\0\0\0\x10ftypisom\0\0\0\0\0\0\0\x08moov",
        "/half.wav": wave[: len(wave) // 2],
        "/scrambled.mp3": sound[:100] + bytes(len(sound)),
        "/empty.mp4": b"",
        "/prose.mp4": b"this is prose, and nobody can play it",
        "/page.mp4": b"<!DOCTYPE html><html>Sign in</html>",
        "/playlist.m3u8": b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n",
    }


def _film(folder: Path, name: str = "film.mp4") -> bytes:
    return write_film(folder / name, Film(frames=12)).read_bytes()


def _matroska(folder: Path) -> bytes:
    return _film(folder, "film.mkv")


def _sound(folder: Path) -> bytes:
    return write_sound(folder / "sound.mp3", "libmp3lame").read_bytes()


def _wave(folder: Path) -> bytes:
    return write_sound(folder / "sound.wav", "pcm_s16le").read_bytes()


def _sound_only(folder: Path) -> bytes:
    return write_sound(folder / "sound.mp4", "aac").read_bytes()


_MADE = {
    _FILM: _film,
    "/film.mkv": _matroska,
    _SOUND: _sound,
    "/good.wav": _wave,
    "/sound-only.mp4": _sound_only,
}


def _scrambled(data: bytes, start: int, end: int) -> bytes:
    return data[:start] + bytes(end - start) + data[end:]


def _refused(name: str, kind: str, words: str, path: str) -> Case:
    reference: dict[str, Any] = {"type": kind, kind: {"url": f"{IMAGES}{path}"}}
    references = [reference]
    field = f"input_references[0].{kind}.url"
    if kind == "audio_url":  # a sound is taken only beside a picture
        references = [reference, dict(video(f"{IMAGES}{_FILM}"))]
    body = {
        "model": "bytedance/seedance-2.0-fast",
        "prompt": "a lake",
        "duration": 4,
        "input_references": references,
    }
    return refused_body(name, field, words, json.dumps(body).encode(), gateway="open")
