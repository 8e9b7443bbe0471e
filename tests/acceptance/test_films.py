"""The downloaded files, decoded frame by frame: they are what was promised, to the pixel and the sample."""

import httpx
import numpy as np
import pytest

from tests.acceptance.films import psnr
from tests.acceptance.studio import FIRST, LAST, Studio
from tests.acceptance.waiting import poll

SHOTS = {
    # pixels, seconds, sound
    "text": ((1280, 720), 4, True),
    "frames": ((854, 480), 4, False),
    "references": ((720, 720), 2, True),
    "small": ((640, 360), 1, False),
}
FAITHFUL = 38.0
"""Decibels from which a given picture and its frame look the same."""
_AUDIBLE = 0.01
_AAC_PACKET = 1024


@pytest.mark.parametrize("shot", SHOTS)
def test_pixels_and_frames_are_exact(shot: str, studio: Studio, client: httpx.Client) -> None:
    """Width and height as asked for, and duration times frame rate frames, every one of them decodable."""
    (width, height), seconds, _ = SHOTS[shot]
    take = studio.take(shot)
    fps = poll(client, take.job.id)["resolved"]["fps"]
    assert (take.film.width, take.film.height) == (width, height)
    assert take.film.fps == fps
    assert take.film.frames == seconds * fps


@pytest.mark.parametrize("shot", SHOTS)
def test_there_is_sound_where_it_was_promised(shot: str, studio: Studio) -> None:
    """A sound track as long as the picture, with something to hear; or none at all."""
    _, seconds, audio = SHOTS[shot]
    film = studio.take(shot).film
    assert film.codecs == (("h264", "aac") if audio else ("h264",))
    if film.sound is not None:
        assert film.sound_seconds == pytest.approx(seconds, abs=2 * _AAC_PACKET / film.sample_rate)
        assert float(np.abs(film.sound).max()) > _AUDIBLE


def test_the_film_begins_and_ends_with_the_given_frames(studio: Studio) -> None:
    """First and last frame are the given pictures, cut to the film's shape, whichever way they came in."""
    film = studio.take("frames").film
    assert psnr(film.first, FIRST) >= FAITHFUL
    assert psnr(film.last, LAST) >= FAITHFUL
    assert psnr(film.first, LAST) < FAITHFUL / 2


@pytest.mark.parametrize("shot", SHOTS)
def test_a_test_jobs_film_says_so(shot: str, studio: Studio) -> None:
    """Nobody can take it for the work of the model that was named: a tag in the file gives it away."""
    take = studio.take(shot)
    assert take.film.comment == f"reelrouter test job {take.job.id}"
