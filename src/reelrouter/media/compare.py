"""Child task: how near a video's end frame is to the picture that it was made from."""

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from reelrouter.media.footage import first_frame, last_frame
from reelrouter.media.pictures import load_picture
from reelrouter.work import Report

_ENDS = {"first_frame": first_frame, "last_frame": last_frame}
_PEAK = 255.0
_IDENTICAL = 100.0
"""Decibels that stand for no difference at all."""


def compare(arguments: dict[str, Any], report: Report) -> dict[str, Any]:
    """`{"path", "which", "picture"}` in, `{"psnr"}` out: decibels, with the picture cut to the video's shape."""
    shown = _ENDS[arguments["which"]](Path(arguments["path"])).to_ndarray(format="rgb24")
    height, width = shown.shape[:2]
    wanted = ImageOps.fit(
        load_picture(Path(arguments["picture"])).convert("RGB"), (width, height), Image.Resampling.LANCZOS
    )
    error = float(np.mean((shown.astype(np.float64) - np.asarray(wanted, dtype=np.float64)) ** 2))
    psnr = _IDENTICAL if error == 0 else 10 * np.log10(_PEAK**2 / error)
    return {"psnr": round(float(psnr), 1)}
