import cv2
import numpy as np
from PIL import Image

from reelrouter.renderer.animatic.cards import CardFilm, CardSetting
from reelrouter.renderer.animatic.film import Canvas, Frame
from reelrouter.renderer.animatic.layout import Place
from reelrouter.renderer.animatic.palette import palette_of
from reelrouter.renderer.animatic.prints import cutout, kind_of, photograph, trimmed
from reelrouter.renderer.animatic.scene import Scene, Subject
from reelrouter.renderer.animatic.stage import stage
from reelrouter.renderer.animatic.whereabouts import figures_span
from tests.renderer.animatic.pictures import landscape, quarters

CANVAS = Canvas(width=640, height=360, fps=12, frames=24, seed=5)
GREY = 120


class PlainFilm:
    def frame(self, index: int) -> Frame:
        return np.full((CANVAS.height, CANVAS.width, 3), GREY, dtype=np.uint8)


def pictured(*pictures: Image.Image) -> CardFilm:
    return CardFilm(PlainFilm(), pictures, CardSetting(canvas=CANVAS, camera="static"))


def likeness(frame: Frame, place: Place, picture: Frame) -> float:
    """Correlation of the middle of a card's region with the middle of the picture."""
    half_width, half_height = place.width * 0.35, place.height * 0.35
    region = frame[
        int(place.y - half_height) : int(place.y + half_height),
        int(place.x - half_width) : int(place.x + half_width),
    ]
    height, width = picture.shape[:2]
    middle = picture[int(height * 0.15) : int(height * 0.85), int(width * 0.15) : int(width * 0.85)]
    small = [cv2.resize(part, (24, 24), interpolation=cv2.INTER_AREA).ravel() for part in (region, middle)]
    return float(np.corrcoef(small[0], small[1])[0, 1])


def round_picture() -> Image.Image:
    picture = np.zeros((200, 200, 4), dtype=np.uint8)
    cv2.circle(picture, (100, 100), 80, (200, 60, 40, 255), -1)
    return Image.fromarray(picture)


def test_every_reference_can_be_recognised() -> None:
    """Where a card hangs, the picture is its reference and none of the others."""
    pictures = [quarters(300, 200, turn) for turn in range(3)] + [landscape(200, 300)]
    film = pictured(*map(Image.fromarray, pictures))
    frame = film.frame(0)
    for index, place in enumerate(film.places):
        scores = [likeness(frame, place, picture) for picture in pictures]
        assert scores[index] > 0.65
        assert int(np.argmax(scores)) == index


def test_cards_sway() -> None:
    """A photograph on its line never hangs quite still."""
    film = pictured(Image.fromarray(quarters(300, 200)))
    assert not np.array_equal(film.frame(0), film.frame(8))


def test_scene_stays_where_no_card_is() -> None:
    """Cards and their line cover their own part of the frame and leave the rest alone."""
    frame = pictured(Image.fromarray(quarters(300, 200))).frame(0)
    assert 0.3 < np.all(frame == GREY, axis=2).mean() < 0.95


def test_transparent_picture_is_cut_out() -> None:
    """It has no rectangle around it: its own colour in the middle, paper at its rim, the scene in the corners."""
    film = pictured(round_picture())
    (place,) = film.places
    assert place.kind == "cutout"
    frame = film.frame(0)
    assert np.abs(frame[int(place.y), int(place.x)].astype(int) - (200, 60, 40)).max() < 6
    corner = frame[int(place.y - place.height * 0.46), int(place.x - place.width * 0.46)]
    assert np.abs(corner.astype(int) - GREY).max() < 25


def test_what_counts_as_a_cutout() -> None:
    """Clear parts make a cut-out; an alpha channel without any does not."""
    assert kind_of(round_picture()) == "cutout"
    assert kind_of(Image.new("RGBA", (50, 50), (1, 2, 3, 255))) == "photograph"
    assert kind_of(Image.new("RGBA", (50, 50), (1, 2, 3, 0))) == "photograph"
    assert kind_of(Image.new("RGB", (50, 50))) == "photograph"


def test_extreme_shapes_are_cut_to_usual_ones() -> None:
    """A banner is shown by its middle; a cut-out loses its empty margins."""
    assert trimmed(Image.new("RGB", (800, 100))).size == (190, 100)
    assert trimmed(round_picture()).size == (161, 161)


def test_prints_cast_shadows() -> None:
    """Paper is opaque, and beside it lies a shadow that darkens and does not colour."""
    for sheet in (photograph(Image.new("RGB", (90, 60), "red"), 90, 60), cutout(trimmed(round_picture()), 80, 80)):
        height, width = sheet.pixels.shape[:2]
        assert sheet.pixels[height // 2, width // 2, 3] == 255
        below = sheet.pixels[height - sheet.margin + 2, width // 2]
        assert 0 < below[3] < 255
        assert below[:3].max() == 0


def test_palette_is_the_pictures_own() -> None:
    """The four colours of a plain picture are found, most frequent first, the same each time."""
    picture = Image.fromarray(quarters(100, 100))
    palette = palette_of([picture, Image.new("RGB", (50, 50), (220, 40, 40))])
    assert np.abs(np.array(palette.colours[0]) - (220, 40, 40)).max() <= 3
    for wanted in ((40, 190, 70), (50, 80, 220), (240, 210, 60)):
        assert min(np.abs(np.array(found) - wanted).max() for found in palette.colours) <= 3
    assert palette == palette_of([picture, Image.new("RGB", (50, 50), (220, 40, 40))])


def test_palette_ignores_what_is_clear() -> None:
    """A cut-out brings its own colour, not that of the nothing around it."""
    assert all(colour[0] > 150 for colour in palette_of([round_picture()]).colours)


def test_palette_grades_the_stage() -> None:
    """With a green picture the same scene turns greener."""
    scene = Scene(environment="meadow", time_of_day="sunset")
    canvas = Canvas(width=160, height=90, fps=12, frames=12, seed=1)
    green = palette_of([Image.new("RGB", (30, 30), (40, 200, 60))])
    plain, graded = stage(scene, canvas).frame(0), stage(scene, canvas, green).frame(0)
    assert (
        float(graded[..., 1].mean() - graded[..., 0].mean())
        > float(plain[..., 1].mean() - plain[..., 0].mean()) + 10
    )


def test_figures_are_found_in_a_scene() -> None:
    """A scene with a figure says where it plays; an empty one says nothing."""
    empty = Scene(environment="meadow", time_of_day="noon")
    assert figures_span(empty, CANVAS) is None
    deer = Scene(environment="meadow", time_of_day="noon", subjects=(Subject(glyph="\N{DEER}", name="deer"),))
    span = figures_span(deer, CANVAS)
    assert span is not None
    assert 0.1 < span[1] - span[0] < 0.6
