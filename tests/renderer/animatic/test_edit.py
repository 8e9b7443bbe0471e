from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from reelrouter.renderer.animatic.clip import Clip, frames_of, last_frame_of, measured, scaled
from reelrouter.renderer.animatic.edit import TONES, paper_look
from reelrouter.renderer.animatic.scene import Scene
from reelrouter.work import TaskFailed
from tests.renderer.animatic.pictures import landscape, psnr, quarters, write_video

SUNSET = Scene(environment="ocean", time_of_day="sunset")


def test_video_is_measured(tmp_path: Path) -> None:
    """Size, count and rate are the file's own."""
    path = write_video(tmp_path / "clip.mp4", [quarters(64, 48)] * 10, fps=12)
    assert measured(path) == Clip(path=path, width=64, height=48, frames=10, fps=Fraction(12))


def test_frames_come_in_order(tmp_path: Path) -> None:
    """Each frame is the one that was written, and there are no more."""
    written = [quarters(64, 48, turn) for turn in range(4)]
    clip = measured(write_video(tmp_path / "clip.mp4", written))
    read = list(frames_of(clip))
    assert len(read) == 4
    assert all(psnr(frame, original) > 25 for frame, original in zip(read, written, strict=True))
    assert psnr(last_frame_of(clip.path), written[-1]) > 25


def test_missing_frames_repeat_the_last(tmp_path: Path) -> None:
    """A file that holds fewer frames than it says still gives a film of the length that it says."""
    clip = measured(write_video(tmp_path / "clip.mp4", [quarters(64, 48)] * 3))
    longer = Clip(path=clip.path, width=64, height=48, frames=5, fps=clip.fps)
    read = list(frames_of(longer))
    assert len(read) == 5
    assert np.array_equal(read[4], read[2])


def test_phone_video_is_turned_upright(tmp_path: Path) -> None:
    """The turn that a phone notes beside the picture is obeyed, in the measures and in the frames."""
    clip = measured(write_video(tmp_path / "phone.mp4", [quarters(64, 48)] * 3, turn=90))
    assert (clip.width, clip.height) == (48, 64)
    frame = next(frames_of(clip))
    assert frame.shape == (64, 48, 3)
    assert psnr(frame, np.rot90(quarters(64, 48)).astype(np.uint8)) > 20


def test_what_is_no_video_is_refused_by_name(tmp_path: Path) -> None:
    """The error names the file and what would do."""
    path = tmp_path / "notes.mp4"
    path.write_text("no video")
    with pytest.raises(TaskFailed, match=r"notes\.mp4.*MP4") as refused:
        measured(path)
    assert refused.value.code == "invalid_video"


def test_long_video_is_refused(tmp_path: Path) -> None:
    """More than half a minute is not worked on, and the error says so."""
    path = write_video(tmp_path / "long.mp4", [quarters(32, 32)] * 31, fps=1)
    with pytest.raises(TaskFailed, match=r"31\.0 s; up to 30 s") as refused:
        measured(path)
    assert refused.value.code == "invalid_duration"


def test_scaling_cuts_around_the_centre() -> None:
    """The size is exact, the shapes are not squeezed, and a frame of the right size is left alone."""
    frame = quarters(120, 80)
    wide = scaled(frame, 160, 40)
    assert wide.shape == (40, 160, 3)
    assert np.array_equal(wide[2, 2], frame[0, 0])
    assert scaled(frame, 120, 80) is frame


def test_paper_look_has_few_tones_and_keeps_the_picture() -> None:
    """The picture is plainly another, and still the same: fewer tones, and light where it was light."""
    frame = landscape(320, 180)
    paper = paper_look(SUNSET, (320, 180))(frame)
    assert paper.shape == frame.shape
    assert psnr(paper, frame) < 25
    grey, paper_grey = frame.mean(axis=2), paper.mean(axis=2)
    assert np.corrcoef(grey.ravel(), paper_grey.ravel())[0, 1] > 0.6
    calm = np.abs(np.diff(paper_grey, axis=1)).mean()
    assert calm < np.abs(np.diff(grey, axis=1)).mean()
    assert len(np.unique(paper_look(SUNSET, (64, 64))(np.full((64, 64, 3), 128, np.uint8)) // 24)) <= TONES


def test_paper_takes_the_light_of_the_hour() -> None:
    """By night everything is darker and bluer than at sunset."""
    frame = landscape(320, 180)
    sunset = paper_look(SUNSET, (320, 180))(frame)
    night = paper_look(Scene(environment="ocean", time_of_day="night"), (320, 180))(frame)
    assert night.mean() < sunset.mean() - 20
    assert (night[..., 2].mean() - night[..., 0].mean()) > (sunset[..., 2].mean() - sunset[..., 0].mean()) + 20
