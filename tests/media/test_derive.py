from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from reelrouter.media.derive import frame, poster, spritesheet
from reelrouter.work import TaskFailed
from tests.media.samples import Film, write_film

FILM = Film(frames=24, size=(96, 64), audio="aac", movflags="+faststart")
NEAR = 4
"""Of 255: what H.264 may change in a flat grey."""


def nobody(progress: float) -> None:
    """For tasks whose progress is of no interest."""


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_film(tmp_path_factory.mktemp("films") / "film.mp4", FILM)


def pixels(path: Path) -> NDArray[np.int16]:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB")).astype(np.int16)


def grey_of(picture: NDArray[np.int16]) -> float:
    """Of the lower right quarter, which is plain."""
    height, width = picture.shape[:2]
    return float(picture[height * 5 // 8 :, width * 5 // 8 :].mean())


@pytest.mark.parametrize(("which", "index"), [("first_frame", 0), ("last_frame", 23)])
def test_an_end_frame_is_the_decoded_frame(film: Path, tmp_path: Path, which: str, index: int) -> None:
    """It can begin the next shot: same size, same colours, within what the codec lost."""
    output = tmp_path / "frame.png"
    answer = frame({"path": str(film), "output": str(output), "which": which}, nobody)
    assert answer == {"mime": "image/png", "width": 96, "height": 64}
    found = pixels(output)
    assert grey_of(found) == pytest.approx(FILM.grey(index), abs=NEAR)
    assert found[10, 10] == pytest.approx((200, 30, 30), abs=8)


@pytest.mark.parametrize("name", ["film.webm", "film.mov"])
def test_an_end_frame_is_exact_in_other_containers(tmp_path: Path, name: str) -> None:
    """Also where frames have to be found without an index."""
    sample = Film(frames=31, codec="libvpx-vp9" if name == "film.webm" else "libx264", key_every=50)
    path = write_film(tmp_path / name, sample)
    output = tmp_path / "frame.png"
    frame({"path": str(path), "output": str(output), "which": "last_frame"}, nobody)
    assert grey_of(pixels(output)) == pytest.approx(sample.grey(30), abs=NEAR)


def test_a_poster_comes_from_within(film: Path, tmp_path: Path) -> None:
    """One third in, in the size of the video; the name says that it is a JPEG."""
    output = tmp_path / "poster.jpg"
    answer = poster({"path": str(film), "output": str(output)}, nobody)
    assert answer == {"mime": "image/jpeg", "width": 96, "height": 64}
    assert grey_of(pixels(output)) == pytest.approx(FILM.grey(8), abs=NEAR)


def test_a_poster_may_be_scaled_and_a_png(film: Path, tmp_path: Path) -> None:
    """The height follows from the width."""
    output = tmp_path / "poster.png"
    answer = poster({"path": str(film), "output": str(output), "width": 48}, nobody)
    assert answer == {"mime": "image/png", "width": 48, "height": 32}
    assert pixels(output).shape == (32, 48, 3)


def test_a_mark_is_written_into_the_lower_left_corner(film: Path, tmp_path: Path) -> None:
    """And nowhere else: test videos are known by it at a glance."""
    plain, marked = tmp_path / "plain.png", tmp_path / "marked.png"
    poster({"path": str(film), "output": str(plain), "width": 320}, nobody)
    poster({"path": str(film), "output": str(marked), "width": 320, "mark": "TEST"}, nobody)
    changed = np.abs(pixels(plain) - pixels(marked)).max(axis=2) > 0
    rows, columns = np.nonzero(changed)
    assert changed.mean() > 0.01
    assert rows.min() > 160
    assert columns.max() < 120


@pytest.mark.parametrize(
    ("rotation", "corner"), [(90, (80, 10)), (180, (50, 80)), (-90, (10, 50))], ids=["left", "over", "right"]
)
def test_pictures_are_upright(tmp_path: Path, rotation: int, corner: tuple[int, int]) -> None:
    """The red square in the stored picture's upper left corner is where the turn puts it."""
    path = write_film(tmp_path / "film.mp4", Film(rotation=rotation))
    output = tmp_path / "frame.png"
    frame({"path": str(path), "output": str(output), "which": "first_frame"}, nobody)
    assert pixels(output)[corner] == pytest.approx((200, 30, 30), abs=12)


def test_a_sheet_shows_frames_at_even_distances(film: Path, tmp_path: Path) -> None:
    """Left to right and downwards; the answer says where each tile lies and how far apart they are in time."""
    output = tmp_path / "sheet.jpg"
    heard: list[float] = []
    answer = spritesheet(
        {"path": str(film), "output": str(output), "columns": 4, "rows": 2, "tile_width": 48}, heard.append
    )
    assert answer == {
        "mime": "image/jpeg",
        "width": 192,
        "height": 64,
        "columns": 4,
        "rows": 2,
        "tiles": 8,
        "tile_width": 48,
        "tile_height": 32,
        "interval": 0.125,
    }
    sheet = pixels(output)
    tiles = [sheet[row : row + 32, column : column + 48] for row in (0, 32) for column in range(0, 192, 48)]
    assert [grey_of(tile) for tile in tiles] == pytest.approx([FILM.grey(3 * n) for n in range(8)], abs=NEAR)
    assert heard == sorted(heard)


def test_a_sheet_has_no_more_tiles_than_the_film_has_frames(tmp_path: Path) -> None:
    """Three frames fill three places of one row."""
    path = write_film(tmp_path / "film.mp4", Film(frames=3))
    answer = spritesheet({"path": str(path), "output": str(tmp_path / "sheet.png")}, nobody)
    assert (answer["columns"], answer["rows"], answer["tiles"]) == (3, 1, 3)


@pytest.mark.parametrize(
    ("task", "arguments", "names"),
    [
        (frame, {"which": "middle"}, "which is 'middle'"),
        (poster, {"width": 8}, "width is 8; it may be 16 to 8192"),
        (poster, {"width": "48"}, "width is '48'"),
        (spritesheet, {"columns": 0}, "columns is 0; it may be 1 to 32"),
        (poster, {"output": "poster.bmp"}, r"output ends in '\.bmp'"),
    ],
)
def test_arguments_that_make_no_sense_are_named(
    film: Path, tmp_path: Path, task: Callable[..., Any], arguments: dict[str, Any], names: str
) -> None:
    """With what would do, and without a file left behind."""
    output = tmp_path / arguments.get("output", "picture.png")
    with pytest.raises(TaskFailed, match=names) as caught:
        task({"path": str(film), **arguments, "output": str(output)}, nobody)
    assert caught.value.code == "invalid_arguments"
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_derived_from_what_is_no_video(tmp_path: Path) -> None:
    """The refusal is the probe's."""
    path = tmp_path / "film.mp4"
    path.write_text("no film")
    for task in (poster, spritesheet):
        with pytest.raises(TaskFailed) as caught:
            task({"path": str(path), "output": str(tmp_path / "out.png")}, nobody)
        assert caught.value.code == "not_a_video"
