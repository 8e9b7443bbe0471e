"""A contact sheet of the embedded renderer: for each prompt the first, a middle and the last frame.

uv run python bench/contact_sheet.py sheet.png "a red fox in falling snow at dawn" "a sailboat at sunset"
"""

import argparse
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from reelrouter.renderer.animatic.film import Canvas, Frame
from reelrouter.renderer.animatic.stage import stage
from reelrouter.renderer.animatic.words import read_prompt


def main() -> None:
    options = _options()
    cv2.setNumThreads(1)
    rows = [
        _row(prompt, options.size, options.seed + number, options.frames)
        for number, prompt in enumerate(options.prompts)
    ]
    across = options.across
    lines = [np.hstack(rows[at : at + across]) for at in range(0, len(rows), across)]
    widest = max(line.shape[1] for line in lines)
    whole = np.vstack([np.pad(line, ((0, 4), (0, widest - line.shape[1]), (0, 0))) for line in lines])
    picture = Image.fromarray(whole)
    picture.thumbnail((options.width, 100_000))
    picture.save(options.output)
    print(f"{options.output}: {picture.width} x {picture.height}, {len(rows)} prompts")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output", type=Path)
    parser.add_argument("prompts", nargs="+")
    parser.add_argument("--size", type=_size, default=(1280, 720), help="width and height, e.g. 720x1280")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--frames", type=int, default=96)
    parser.add_argument("--across", type=int, default=1, help="prompts side by side")
    parser.add_argument("--width", type=int, default=1600, help="most pixels that the sheet is wide")
    return parser.parse_args()


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.partition("x")
    return int(width), int(height)


def _row(prompt: str, size: tuple[int, int], seed: int, frames: int) -> Frame:
    canvas = Canvas(width=size[0], height=size[1], fps=24, frames=frames, seed=seed)
    film = stage(read_prompt(prompt, seed), canvas)
    return np.hstack([film.frame(index) for index in (0, frames // 2, frames - 1)])


if __name__ == "__main__":
    main()
