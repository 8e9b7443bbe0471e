from pathlib import Path

import pytest

from reelrouter.media.containers import identify
from tests.media.samples import Film, write_film, write_sound


def box(name: bytes, content: bytes = b"") -> bytes:
    return (len(content) + 8).to_bytes(4) + name + content


FTYP = box(b"ftyp", b"isom\0\0\0\0")
MOOV = box(b"moov", bytes(40))
MDAT = box(b"mdat", bytes(400))
LONG_MDAT = b"\0\0\0\1mdat" + (416).to_bytes(8) + bytes(400)
ENDLESS_MDAT = b"\0\0\0\0mdat" + bytes(400)
EBML = b"\x1aE\xdf\xa3\x84webm"


def mp4(tmp_path: Path, *boxes: bytes) -> tuple[bool, bool] | None:
    """Whether it is complete, and whether it begins to play at once."""
    path = tmp_path / "file"
    path.write_bytes(b"".join(boxes))
    found = identify(path)
    return (found.complete, found.faststart) if found else None


@pytest.mark.parametrize(
    ("boxes", "complete", "faststart"),
    [
        ((FTYP, MOOV, MDAT), True, True),
        ((FTYP, MDAT, MOOV), True, False),
        ((FTYP, MOOV, LONG_MDAT), True, True),
        ((FTYP, MOOV, ENDLESS_MDAT), True, True),
        ((FTYP, MOOV, MDAT, b"\0\0\0"), True, True),
        ((FTYP, MOOV, MDAT, bytes(16)), True, True),
        ((FTYP, MOOV, MDAT[:-1]), False, True),
        ((FTYP, MOOV, LONG_MDAT[:-1]), False, True),
        ((FTYP, MDAT), False, False),
        ((FTYP,), False, False),
    ],
)
def test_an_mp4_is_judged_by_its_outermost_boxes(
    tmp_path: Path, boxes: tuple[bytes, ...], complete: bool, faststart: bool
) -> None:
    """Complete if every box ends within the file and the index is there; fast if the index comes first."""
    assert mp4(tmp_path, *boxes) == (complete, faststart)


@pytest.mark.parametrize(
    ("data", "complete"),
    [
        (EBML + b"\x18S\x80g\x84data", True),
        (EBML + b"\x18S\x80g\x40\x04data", True),
        (EBML + b"\x18S\x80g\xffdata", True),
        (EBML + b"\x18S\x80g\x01\xff\xff\xff\xff\xff\xff\xffdata", True),
        (EBML + b"\x18S\x80g\x85data", False),
        (EBML + b"\x18S\x80g\x40\x05data", False),
        (EBML, False),
        (EBML[:5], False),
    ],
)
def test_a_webm_is_judged_by_its_segment(tmp_path: Path, data: bytes, complete: bool) -> None:
    """Its length is a number of one to eight bytes; all ones is a stream of unknown length."""
    path = tmp_path / "file"
    path.write_bytes(data)
    found = identify(path)
    assert found is not None
    assert found.complete == complete


@pytest.mark.parametrize(
    ("name", "film", "demuxer", "mime"),
    [
        ("film.mp4", Film(), "mov", "video/mp4"),
        ("film.mov", Film(), "mov", "video/quicktime"),
        ("film.webm", Film(codec="libvpx-vp9"), "matroska", "video/webm"),
        ("film.mkv", Film(), "matroska", "video/x-matroska"),
    ],
)
def test_real_videos_are_known_by_their_bytes(
    tmp_path: Path, name: str, film: Film, demuxer: str, mime: str
) -> None:
    """A file's name is not asked."""
    found = identify(write_film(tmp_path / name, film).rename(tmp_path / "nameless"))
    assert found is not None
    assert (found.demuxer, found.mime, found.complete) == (demuxer, mime, True)


@pytest.mark.parametrize(
    ("codec", "container", "mime"),
    [
        ("libmp3lame", "mp3", "audio/mpeg"),
        ("pcm_s16le", "wav", "audio/wav"),
        ("aac", "adts", "audio/aac"),
        ("flac", "flac", "audio/flac"),
        ("libopus", "ogg", "audio/ogg"),
    ],
)
def test_real_sounds_are_known_by_their_bytes(tmp_path: Path, codec: str, container: str, mime: str) -> None:
    """An MP3 may begin with a tag or with sound, and an AAC file looks much like it."""
    found = identify(write_sound(tmp_path / "sound", codec, container))
    assert found is not None
    assert (found.demuxer, found.mime, found.complete) == (
        container if container != "adts" else "aac",
        mime,
        True,
    )


def test_a_wav_that_was_cut_short_is_incomplete(tmp_path: Path) -> None:
    """Its header says how long it is, unless it was streamed."""
    path = write_sound(tmp_path / "sound", "pcm_s16le", "wav")
    data = path.read_bytes()
    path.write_bytes(data[:-1])
    found = identify(path)
    assert found is not None
    assert not found.complete
    path.write_bytes(b"RIFF\xff\xff\xff\xff" + data[8:-1])
    streamed = identify(path)
    assert streamed is not None
    assert streamed.complete


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"x",
        b"#EXTM3U\nhttp://10.0.0.1/x.ts\n",
        b"ffconcat version 1.0\nfile /etc/passwd\n",
        b"<html>",
        b"\xff",
    ],
)
def test_anything_else_is_not_known(tmp_path: Path, data: bytes) -> None:
    """Playlists above all: they would make a player read other files and addresses."""
    path = tmp_path / "file"
    path.write_bytes(data)
    assert identify(path) is None
