from collections.abc import Iterator
from fractions import Fraction
from functools import partial
from pathlib import Path
from threading import Event

import av
import numpy as np
import pytest

from reelrouter.renderer.animatic.encode import LOOK_AHEAD, Encoding, Picture, encode, pictures_of
from reelrouter.renderer.animatic.film import Frame
from reelrouter.renderer.animatic.samples import SAMPLE_RATE, Sound
from tests.renderer.animatic.pictures import decoded, landscape, psnr

pytestmark = pytest.mark.film


class PanningFilm:
    """A window that moves over a wider picture."""

    def __init__(self, width: int, height: int) -> None:
        self._wide = landscape(width + 200, height)
        self._width = width

    def frame(self, index: int) -> Frame:
        return np.ascontiguousarray(self._wide[:, 2 * index : 2 * index + self._width])


def hiss(seconds: float) -> Sound:
    random = np.random.default_rng(1)
    return (0.05 * random.standard_normal((2, round(seconds * SAMPLE_RATE)))).astype(np.float32)


def ordered(path: Path, *, size: tuple[int, int] = (320, 180), fps: int = 24, frames: int = 24) -> Encoding:
    return Encoding(
        path=path, width=size[0], height=size[1], fps=Fraction(fps), frames=frames, comment="reelrouter job-1"
    )


def filmed(encoding: Encoding, sound: Sound | None = None) -> Path:
    film = PanningFilm(encoding.width, encoding.height)
    encode(pictures_of(film, encoding.frames), sound, encoding, lambda _: None)
    return encoding.path


@pytest.mark.parametrize(
    ("size", "fps", "frames"),
    [((320, 180), 24, 48), ((180, 320), 16, 16), ((240, 240), 30, 45), ((420, 180), 25, 25), ((854, 480), 24, 7)],
)
def test_size_count_and_length_are_exact(tmp_path: Path, size: tuple[int, int], fps: int, frames: int) -> None:
    """Whatever the shape and the rate, the file is what was promised, in each of its streams."""
    seconds = Fraction(frames, fps)
    path = filmed(ordered(tmp_path / "film.mp4", size=size, fps=fps, frames=frames), hiss(float(seconds)))
    with av.open(str(path)) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        assert (video.width, video.height) == size
        assert video.average_rate == fps
        assert video.duration is not None
        assert video.time_base is not None
        assert video.duration * video.time_base == seconds
        assert audio.duration is not None
        assert audio.time_base is not None
        assert abs(float(audio.duration * audio.time_base - seconds)) < 0.001
        assert container.duration is not None
        assert abs(container.duration / 1e6 - float(seconds)) < 0.001
    assert len(decoded(path)) == frames


def test_plays_everywhere(tmp_path: Path) -> None:
    """H.264 High in 4:2:0 with BT.709 named, AAC in stereo at 48 kHz, and the comment."""
    path = filmed(ordered(tmp_path / "film.mp4"), hiss(1.0))
    with av.open(str(path)) as container:
        video, audio = container.streams.video[0].codec_context, container.streams.audio[0].codec_context
        assert (video.name, video.profile, video.pix_fmt) == ("h264", "High", "yuv420p")
        assert (video.colorspace, video.color_primaries, video.color_trc, video.color_range) == (1, 1, 1, 1)
        assert (audio.name, audio.profile, audio.sample_rate, audio.layout.name) == ("aac", "LC", 48_000, "stereo")
        assert container.metadata["comment"] == "reelrouter job-1"


def test_index_stands_in_front(tmp_path: Path) -> None:
    """A player can begin before the file has arrived whole."""
    content = filmed(ordered(tmp_path / "film.mp4"), hiss(1.0)).read_bytes()
    assert 0 < content.index(b"moov") < content.index(b"mdat")


def test_without_sound_there_is_no_sound_track(tmp_path: Path) -> None:
    """A film that was asked to be silent has one stream."""
    with av.open(str(filmed(ordered(tmp_path / "film.mp4")))) as container:
        assert [stream.type for stream in container.streams] == ["video"]


def test_sound_arrives(tmp_path: Path) -> None:
    """What is heard is as loud as what was handed over."""
    path = filmed(ordered(tmp_path / "film.mp4"), hiss(1.0))
    with av.open(str(path)) as container:
        heard = np.concatenate([frame.to_ndarray() for frame in container.decode(audio=0)], axis=1)
    assert 0.035 < float(np.sqrt(np.mean(heard**2))) < 0.065


def test_colours_arrive(tmp_path: Path) -> None:
    """Every frame is found again, the given ones best."""
    film = PanningFilm(320, 180)
    encoding = Encoding(
        path=tmp_path / "film.mp4",
        width=320,
        height=180,
        fps=Fraction(24),
        frames=24,
        comment="",
        exact=frozenset({0, 23}),
    )
    frames = decoded(filmed(encoding))
    assert min(psnr(frame, film.frame(index)) for index, frame in enumerate(frames)) > 34
    assert min(psnr(frames[index], film.frame(index)) for index in (0, 23)) > 38


def test_both_ends_are_coded_alone(tmp_path: Path) -> None:
    """The first and the last frame are I-frames."""
    with av.open(str(filmed(ordered(tmp_path / "film.mp4")))) as container:
        kinds = [frame.pict_type for frame in container.decode(video=0)]
    assert kinds[0] == kinds[-1] == av.video.frame.PictureType.I


def test_same_film_is_the_same_file(tmp_path: Path) -> None:
    """No time stamp, no version, no race between threads is in the bytes."""
    first, second = (filmed(ordered(tmp_path / name), hiss(1.0)).read_bytes() for name in ("a.mp4", "b.mp4"))
    assert first == second


def test_progress_rises_to_one(tmp_path: Path) -> None:
    """One report for each frame, the last one 1."""
    reports: list[float] = []
    encoding = ordered(tmp_path / "film.mp4")
    encode(pictures_of(PanningFilm(320, 180), 24), None, encoding, reports.append)
    assert reports == sorted(reports)
    assert len(reports) == 24
    assert reports[-1] == 1.0


def test_drawing_keeps_a_bounded_lead(tmp_path: Path) -> None:
    """Frames are drawn only a few ahead of the encoder, so that memory does not grow with the film."""
    drawn: list[int] = []
    written: list[int] = []

    def draw(index: int) -> Frame:
        drawn.append(index)
        return PanningFilm(64, 64).frame(index)

    def report(progress: float) -> None:
        written.append(len(drawn))

    encoding = ordered(tmp_path / "film.mp4", size=(64, 64))
    encode((partial(draw, index) for index in range(24)), None, encoding, report)
    assert max(lead - position for position, lead in enumerate(written)) <= LOOK_AHEAD


def test_failure_leaves_nothing_behind(tmp_path: Path) -> None:
    """A frame that cannot be drawn ends the film: no file under its name, no unfinished one, no waiting thread."""
    reached = Event()

    def draw(index: int) -> Frame:
        if index == 5:
            reached.set()
            raise ArithmeticError
        return PanningFilm(64, 64).frame(index)

    encoding = ordered(tmp_path / "film.mp4", size=(64, 64))
    with pytest.raises(ArithmeticError):
        encode((partial(draw, index) for index in range(24)), None, encoding, lambda _: None)
    assert reached.is_set()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("count", "size"), [(23, (320, 180)), (24, (320, 182))], ids=["too few", "wrong size"])
def test_broken_promise_is_an_error(tmp_path: Path, count: int, size: tuple[int, int]) -> None:
    """Fewer frames or another size than promised never become a file."""

    def pictures() -> Iterator[Picture]:
        return pictures_of(PanningFilm(*size), count)

    with pytest.raises(ValueError, match="promised"):
        encode(pictures(), None, ordered(tmp_path / "film.mp4"), lambda _: None)
    assert list(tmp_path.iterdir()) == []
