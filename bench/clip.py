"""The video that scripted jobs end with: tiny, real, and as large as wanted."""

import struct
from pathlib import Path

import av
import numpy as np

_WIDTH, _HEIGHT, _FRAMES, _FPS = 320, 180, 12, 24
_PIECE = 1 << 20
_LARGEST_BOX = 2**32 - 1


def make(path: Path, size: int | None = None) -> Path:
    """Half a second of grey that gets lighter. `size` in bytes is reached by a `free` box, which players skip."""
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as file:
        stream = file.add_stream("libx264", rate=_FPS)
        stream.width, stream.height, stream.pix_fmt = _WIDTH, _HEIGHT, "yuv420p"
        for number in range(_FRAMES):
            picture = np.full((_HEIGHT, _WIDTH, 3), 60 + number * 10, dtype=np.uint8)
            file.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        file.mux(stream.encode())
    if size is not None:
        _pad(path, size)
    return path


def _pad(path: Path, size: int) -> None:
    missing = size - path.stat().st_size
    if not 8 <= missing <= _LARGEST_BOX:
        raise ValueError(f"a clip can be made {_LARGEST_BOX} bytes longer at most, and by 8 at least")
    # Written in full, not left as a hole: a hole would be read without the disk or its cache.
    piece = bytes(range(256)) * (_PIECE // 256)
    with path.open("ab") as file:
        file.write(struct.pack(">I", missing) + b"free")
        for offset in range(8, missing, _PIECE):
            file.write(piece[: min(_PIECE, missing - offset)])
