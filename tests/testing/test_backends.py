"""The scripted backend passes the suite that it ships beside."""

import asyncio
from pathlib import Path

from reelrouter.testing.backends import Scripted, exercise_backend, finished_with
from reelrouter.work import Running
from tests.testing.test_instant_engine import ORDER


def test_the_scripted_backend_keeps_the_promises_of_every_backend(tmp_path: Path) -> None:
    """A stand-in that the real ones' suite does not hold would let tests pass for the wrong reason."""
    film = tmp_path / "film.mp4"
    film.write_bytes(b"film")
    backend = Scripted(polls=[Running(progress=0.5), finished_with(film)], cancels="not_cancellable")
    asyncio.run(exercise_backend(backend, ORDER))
