"""One frame of the theatre as a picture: storyboards, and pictures to begin or to end a film with."""

from pathlib import Path
from typing import Any

import cv2
from PIL import Image

from reelrouter.renderer.animatic.film import Canvas
from reelrouter.renderer.animatic.stage import stage
from reelrouter.renderer.animatic.words import read_prompt
from reelrouter.work import Report

_FPS = 24
_FRAMES = 2 * _FPS


def draw(arguments: dict[str, Any], report: Report) -> dict[str, Any]:
    """The child task: `{"prompt", "width", "height", "seed", "output"}` in, a PNG at `output`.

    It is the middle of a two-second film, where the subjects stand well.
    """
    cv2.setNumThreads(1)
    canvas = Canvas(
        width=arguments["width"], height=arguments["height"], fps=_FPS, frames=_FRAMES, seed=arguments["seed"]
    )
    film = stage(read_prompt(arguments["prompt"], canvas.seed), canvas)
    Image.fromarray(film.frame(_FRAMES // 2)).save(Path(arguments["output"]))
    return {"width": canvas.width, "height": canvas.height}
