from itertools import combinations

import pytest

from reelrouter.renderer.animatic.layout import Place, Shape, arrange

SIZES = [(1280, 720), (720, 1280), (960, 960), (1680, 720), (720, 1680)]
MIXED: list[Shape] = [("photograph", 1.78), ("photograph", 0.6), ("cutout", 1.0), ("photograph", 1.0)] * 2


def overlap(first: Place, second: Place) -> float:
    x = min(first.x + first.width / 2, second.x + second.width / 2) - max(
        first.x - first.width / 2, second.x - second.width / 2
    )
    y = min(first.y + first.height / 2, second.y + second.height / 2) - max(
        first.y - first.height / 2, second.y - second.height / 2
    )
    return max(0.0, x) * max(0.0, y)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("count", range(1, 9))
@pytest.mark.parametrize("figures", [None, (0.5, 0.7)], ids=["empty scene", "with figures"])
def test_places_lie_in_the_frame_and_apart(
    size: tuple[int, int], count: int, figures: tuple[float, float] | None
) -> None:
    """One to eight pictures in any shape of frame: none leaves it, none lies on another, none is tiny."""
    for seed in range(4):
        places = arrange(MIXED[:count], size, seed, figures)
        assert len(places) == count
        for place in places:
            assert 0 <= place.x - place.width / 2 < place.x + place.width / 2 <= size[0]
            assert 0 <= place.y - place.height / 2 < place.y + place.height / 2 <= size[1]
            assert place.width * place.height > 0.01 * size[0] * size[1]
        for first, second in combinations(places, 2):
            assert overlap(first, second) < 0.03 * min(first.width * first.height, second.width * second.height)


def test_each_picture_keeps_its_shape_and_its_turn() -> None:
    """Places come in the pictures' order, each as wide over high as its picture."""
    places = arrange(MIXED, (1280, 720), 1)
    assert [(place.kind, round(place.width / place.height, 2)) for place in places] == MIXED


def test_photographs_hang_above_cutouts() -> None:
    """Where both are given, photographs take the upper half and cut-outs the floor."""
    places = arrange(MIXED, (1280, 720), 1)
    lowest = max(place.y for place in places if place.kind == "photograph")
    assert lowest < min(place.y for place in places if place.kind == "cutout")


def test_a_single_picture_leaves_the_figures_in_view() -> None:
    """It goes to the wider side of them."""
    (place,) = arrange([("photograph", 1.5)], (1280, 720), 1, (0.2, 0.5))
    assert place.x - place.width / 2 >= 0.5 * 1280


def test_seed_decides_the_details() -> None:
    """The same seed gives the same places; another gives others."""
    assert arrange(MIXED, (1280, 720), 1) == arrange(MIXED, (1280, 720), 1)
    assert arrange(MIXED, (1280, 720), 1) != arrange(MIXED, (1280, 720), 2)
