from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reelrouter.renderer.animatic.depth import guess_nearness
from reelrouter.renderer.animatic.film import Canvas
from reelrouter.renderer.animatic.photo import REACHES, PhotoFilm, fitted, load_picture, plan_move
from reelrouter.renderer.animatic.scene import Camera
from reelrouter.work import TaskFailed
from tests.renderer.animatic.pictures import landscape, psnr, quarters, saved

CANVAS = Canvas(width=320, height=180, fps=12, frames=24, seed=5)
PICTURE = landscape(320, 180)


def test_first_frame_is_the_picture_itself() -> None:
    """A film from a first frame begins with exactly that picture."""
    assert np.array_equal(PhotoFilm(PICTURE, CANVAS, "push").frame(0), PICTURE)


def test_last_frame_is_the_picture_itself() -> None:
    """A film towards a last frame ends with exactly that picture, and moves before."""
    film = PhotoFilm(PICTURE, CANVAS, "push", ends_exact=True)
    assert np.array_equal(film.frame(23), PICTURE)
    assert psnr(film.frame(0), PICTURE) < 30


@pytest.mark.parametrize("camera", sorted(REACHES))
def test_camera_moves_steadily(camera: Camera) -> None:
    """Each frame differs from the one before, and none jumps: the second looks much like the first."""
    film = PhotoFilm(PICTURE, CANVAS, camera)
    frames = [film.frame(index) for index in range(4)]
    assert not np.array_equal(frames[1], frames[2])
    assert psnr(frames[0], frames[1]) > 27


@pytest.mark.parametrize("camera", sorted(set(REACHES) - {"pull"}))
def test_camera_stays_within_the_picture(camera: Camera) -> None:
    """No move but the one that draws back needs more than a sliver of what lies beyond the picture's edge."""
    move = plan_move(guess_nearness(PICTURE), camera, seed=3)
    x = move.along[0] + np.arange(320)[None, :]
    y = move.along[1] + np.arange(180)[:, None]
    outside = (x < -1) | (x > 320) | (y < -1) | (y > 180)
    assert outside.mean() < 0.01


def test_near_things_move_more() -> None:
    """When the camera goes right, the foreground passes faster than the sky."""
    move = plan_move(guess_nearness(PICTURE), "right", seed=3)
    middle = move.along[0][:, 150:170]
    assert middle[170:].mean() > middle[:20].mean() + 1


def test_frames_are_pure_and_belong_to_the_caller() -> None:
    """Drawing a frame again gives the same pixels, whatever the caller did to the first copy."""
    film = PhotoFilm(PICTURE, CANVAS, "orbit")
    copy = film.frame(0)
    copy[:] = 0
    assert np.array_equal(film.frame(0), PICTURE)
    assert np.array_equal(film.frame(9), film.frame(9))


def test_nearness_rises_from_sky_to_ground() -> None:
    """Sky is far, ground is near."""
    nearness = guess_nearness(PICTURE)
    assert nearness.shape == (180, 320)
    assert nearness[:30].mean() < 0.25
    assert nearness[150:].mean() > 0.6


def test_fit_cuts_around_the_centre() -> None:
    """A square picture in a wide frame loses its top and bottom, not its sides."""
    wide = fitted(Image.fromarray(quarters(100, 100)), 100, 50)
    assert wide.shape == (50, 100, 3)
    assert np.array_equal(wide[2, 2], [220, 40, 40])
    assert np.array_equal(wide[-3, -3], [240, 210, 60])


def test_transparent_parts_become_black() -> None:
    """What a frame does not show is black."""
    clear = Image.new("RGBA", (40, 40), (255, 0, 0, 0))
    assert fitted(clear, 20, 20).max() == 0


def test_picture_is_turned_upright(tmp_path: Path) -> None:
    """A camera's note about how it was held is obeyed."""
    path = tmp_path / "turned.jpg"
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(quarters(64, 32)).save(path, exif=exif)
    assert load_picture(path).size == (32, 64)


def test_palette_and_deep_pictures_are_read(tmp_path: Path) -> None:
    """A paletted picture with a clear colour keeps it clear; sixteen bits are scaled, not cut off."""
    paletted = Image.fromarray(quarters(20, 20)).quantize(4)
    paletted.save(tmp_path / "few.png", transparency=0)
    assert load_picture(tmp_path / "few.png").mode == "RGBA"
    Image.fromarray(np.full((20, 20), 32_768, dtype=np.uint16)).save(tmp_path / "deep.png")
    assert load_picture(tmp_path / "deep.png").getpixel((3, 3)) == (128, 128, 128)


def test_unreadable_picture_is_refused_by_name(tmp_path: Path) -> None:
    """The error names the file and what would do."""
    path = tmp_path / "notes.png"
    path.write_text("no picture")
    with pytest.raises(TaskFailed, match=r"notes\.png.*PNG, JPEG, WebP") as refused:
        load_picture(path)
    assert refused.value.code == "invalid_image"


def test_half_a_picture_is_refused(tmp_path: Path) -> None:
    """A file that was cut off is no picture."""
    path = saved(landscape(200, 100), tmp_path / "half.png")
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(TaskFailed):
        load_picture(path)
