"""Orders as jobs hand them to adapters."""

from dataclasses import replace
from typing import Any

from reelrouter.work import Media, Order

PLAIN = Order(
    job_id="gen-vid-1-a",
    attempt_key="gen-vid-1-a-0",
    credential="a",
    model="a/b",
    native_model="b-1",
    mode="text",
    prompt="a boat",
    duration=5,
    length=5.0,
    width=1280,
    height=720,
    resolution="720p",
    aspect_ratio="16:9",
    fps=24,
    seed=7,
    audio=True,
)


def order(**changes: Any) -> Order:
    return replace(PLAIN, **changes)


def picture(name: str = "first") -> Media:
    return Media(kind="image", key=f"inputs/w/{name}", sha256=name, mime="image/png", size=4, width=8, height=8)


def clip(name: str = "clip") -> Media:
    return Media(kind="video", key=f"inputs/w/{name}", sha256=name, mime="video/mp4", size=4, duration=2.0)


def sound(name: str = "sound") -> Media:
    return Media(kind="audio", key=f"inputs/w/{name}", sha256=name, mime="audio/mpeg", size=4, duration=2.0)
