from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import pytest

from reelrouter.media.clips import probe, probe_audio
from reelrouter.work import Report, TaskFailed
from tests.media.samples import Film, noise, picture_bytes, write_film, write_sound

Task = Callable[[dict[str, Any], Report], dict[str, Any]]


def nobody(progress: float) -> None:
    """Files are probed too fast for reports."""


def refusal(path: Path, task: Task = probe) -> str:
    with pytest.raises(TaskFailed) as caught:
        task({"path": str(path)}, nobody)
    return caught.value.code


def test_a_videos_facts_are_found(tmp_path: Path) -> None:
    """As the gateway's own films are written: H.264 and AAC, index first."""
    film = Film(frames=50, fps=25, size=(160, 96), audio="aac", movflags="+faststart")
    assert probe({"path": str(write_film(tmp_path / "film.mp4", film))}, nobody) == {
        "mime": "video/mp4",
        "width": 160,
        "height": 96,
        "duration": 2.0,
        "fps": 25.0,
        "frames": 50,
        "codec": "h264",
        "audio_codec": "aac",
        "faststart": True,
    }


@pytest.mark.parametrize(
    ("name", "film", "mime", "codecs"),
    [
        ("film.webm", Film(codec="libvpx-vp9", audio="libopus"), "video/webm", ("vp9", "opus")),
        ("film.webm", Film(codec="libvpx"), "video/webm", ("vp8", None)),
        ("film.mov", Film(codec="mpeg4"), "video/quicktime", ("mpeg4", None)),
        ("film.mp4", Film(codec="libx265"), "video/mp4", ("hevc", None)),
        ("film.mp4", Film(codec="libsvtav1"), "video/mp4", ("av1", None)),
        ("film.mp4", Film(movflags="frag_keyframe+empty_moov"), "video/mp4", ("h264", None)),
    ],
)
def test_other_containers_and_codecs_play_too(
    tmp_path: Path, name: str, film: Film, mime: str, codecs: tuple[str, str | None]
) -> None:
    """Names are those of the standards, and frames are counted where no index tells their number."""
    found = probe({"path": str(write_film(tmp_path / name, film))}, nobody)
    assert (found["mime"], found["codec"], found["audio_codec"]) == (mime, *codecs)
    assert (found["frames"], found["fps"]) == (film.frames, 24.0)
    assert found["duration"] == pytest.approx(1.0, abs=0.002)


def test_an_index_at_the_end_is_told(tmp_path: Path) -> None:
    """Such a file plays only when all of it has arrived."""
    assert not probe({"path": str(write_film(tmp_path / "film.mp4", Film()))}, nobody)["faststart"]


def test_a_film_of_one_frame_is_a_film(tmp_path: Path) -> None:
    """Its first frame is its last."""
    found = probe({"path": str(write_film(tmp_path / "film.mp4", Film(frames=1)))}, nobody)
    assert found["frames"] == 1


@pytest.mark.parametrize(("rotation", "size"), [(90, (64, 96)), (180, (96, 64)), (-90, (64, 96))])
def test_the_size_is_as_it_is_shown(tmp_path: Path, rotation: int, size: tuple[int, int]) -> None:
    """A phone held upright stores a lying picture and a note to turn it."""
    found = probe({"path": str(write_film(tmp_path / "film.mp4", Film(rotation=rotation)))}, nobody)
    assert (found["width"], found["height"]) == size


@pytest.mark.parametrize(
    ("name", "film"),
    [
        ("film.mp4", Film(movflags="+faststart")),
        ("film.mp4", Film()),
        ("film.mp4", Film(movflags="frag_keyframe+empty_moov")),
        ("film.webm", Film(codec="libvpx-vp9")),
    ],
)
@pytest.mark.parametrize("share", [0.3, 0.7, 0.98])
def test_a_video_that_was_cut_short_is_refused(tmp_path: Path, name: str, film: Film, share: float) -> None:
    """Even where the frames that are left would play."""
    path = write_film(tmp_path / name, film)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    assert refusal(path) == "truncated"


@pytest.mark.parametrize("end", ["first", "last"])
def test_a_video_whose_ends_do_not_decode_is_refused(tmp_path: Path, end: str) -> None:
    """The tables are whole, and the pictures behind them are not."""
    path = write_film(tmp_path / "film.mp4", Film(movflags="+faststart", key_every=1))
    data = bytearray(path.read_bytes())
    with av.open(str(path)) as file:
        packets = [(packet.pos, packet.size) for packet in file.demux(video=0) if packet.size]
    start, size = packets[0 if end == "first" else -1]
    assert start is not None
    data[start : start + size] = bytes(size)
    path.write_bytes(data)
    assert refusal(path) in {"damaged_video", "no_frames"}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"What was asked for was not found.",
        b"<!DOCTYPE html><title>Sign in</title>",
        b"#EXTM3U\n#EXT-X-TARGETDURATION:10\nfile:///etc/passwd\n",
        picture_bytes(noise(32, 32), "PNG"),
        picture_bytes(noise(32, 32), "GIF"),
    ],
    ids=["empty", "text", "page", "playlist", "png", "gif"],
)
def test_what_is_no_video_is_refused(tmp_path: Path, data: bytes) -> None:
    """A picture is no video either, although FFmpeg would play it as one."""
    path = tmp_path / "film.mp4"
    path.write_bytes(data)
    assert refusal(path) == "not_a_video"


def test_an_avif_picture_is_no_video(tmp_path: Path) -> None:
    """Its container is a relative of MP4."""
    path = tmp_path / "film.mp4"
    path.write_bytes(picture_bytes(noise(64, 64), "AVIF"))
    assert refusal(path) == "not_a_video"


def test_matroska_is_refused_by_name(tmp_path: Path) -> None:
    """It plays here, and on few of the devices that a video is made for."""
    assert refusal(write_film(tmp_path / "film.mkv", Film())) == "unsupported_video_format"


def test_a_video_without_pictures_is_refused(tmp_path: Path) -> None:
    """An MP4 file may hold sound alone."""
    assert refusal(write_sound(tmp_path / "sound.mp4", "aac")) == "no_video_stream"


def test_a_video_without_frames_is_refused(tmp_path: Path) -> None:
    """A header that promises pictures and holds none."""
    path = write_film(tmp_path / "film.mp4", Film(movflags="frag_keyframe+empty_moov"))
    data = path.read_bytes()
    path.write_bytes(data[: data.index(b"moof") - 4])
    assert refusal(path) == "no_frames"


def test_a_video_with_a_huge_side_is_refused(tmp_path: Path) -> None:
    """Before it is decoded: one such frame would need hundreds of megabytes."""
    path = write_film(tmp_path / "film.mp4", Film(frames=1, size=(8208, 16)))
    assert refusal(path) == "video_too_large"


@pytest.mark.parametrize(
    ("codec", "container", "mime", "name"),
    [
        ("libmp3lame", "mp3", "audio/mpeg", "mp3"),
        ("pcm_s16le", "wav", "audio/wav", "pcm_s16le"),
        ("aac", "mp4", "audio/mp4", "aac"),
        ("aac", "adts", "audio/aac", "aac"),
        ("flac", "flac", "audio/flac", "flac"),
        ("libopus", "ogg", "audio/ogg", "opus"),
        ("libopus", "webm", "audio/webm", "opus"),
    ],
)
def test_a_sounds_facts_are_found(tmp_path: Path, codec: str, container: str, mime: str, name: str) -> None:
    """Its length is measured, since some formats do not state it; encoders add a little at the ends."""
    path = write_sound(tmp_path / "sound", codec, container, seconds=2.0)
    found = probe_audio({"path": str(path)}, nobody)
    assert (found["mime"], found["codec"]) == (mime, name)
    assert found["duration"] == pytest.approx(2.0, abs=0.06)


def test_what_is_no_sound_is_refused(tmp_path: Path) -> None:
    """Neither text nor a film; and not a part of a sound."""
    text = tmp_path / "text"
    text.write_text("la la la")
    assert refusal(text, probe_audio) == "not_audio"
    assert refusal(write_film(tmp_path / "film.mp4", Film(audio="aac")), probe_audio) == "not_audio"
    half = write_sound(tmp_path / "half.m4a", "aac", "mp4")
    half.write_bytes(half.read_bytes()[:-100])
    assert refusal(half, probe_audio) == "truncated"


def test_a_sound_that_does_not_decode_is_refused(tmp_path: Path) -> None:
    """Two bytes that look like MP3, and nothing behind them."""
    path = tmp_path / "sound.mp3"
    path.write_bytes(b"ID3\4\0\0\0\0\0\0" + b"no sound here " * 400)
    assert refusal(path, probe_audio) in {"damaged_audio", "no_audio_stream"}
