"""Bodies of submits, small enough to be made in no time, and a way to place them."""

from collections.abc import Mapping
from typing import Any, Literal

import httpx
from openrouter.components import FrameImageTypedDict, InputReferenceTypedDict

SMALL: Mapping[str, Any] = {
    "model": "reelrouter/animatic",
    "prompt": "a sailboat on a calm lake",
    "duration": 1,
    "resolution": "360p",
    "generate_audio": False,
}
"""The least video that there is: one second of 640x360 without sound."""

HOSTED: Mapping[str, Any] = {
    "model": "bytedance/seedance-2.0-fast",
    "prompt": "a boat",
    "duration": 4,
    "resolution": "480p",
    "provider": {"only": ["byteplus"]},
}
"""One that costs money, and goes to one vendor or nowhere."""
REFUSED: Mapping[str, Any] = {
    "model": "alibaba/wan-2.7",
    "duration": 2,
    "resolution": "720p",
    "prompt": "[[fail:refusal]]",
}
"""Of test mode: over at once, and still a whole job."""


def small(**changes: Any) -> dict[str, Any]:
    return {**SMALL, **changes}


def frame(url: str, frame_type: Literal["first_frame", "last_frame"]) -> FrameImageTypedDict:
    return {"type": "image_url", "image_url": {"url": url}, "frame_type": frame_type}


def image(url: str) -> InputReferenceTypedDict:
    return {"type": "image_url", "image_url": {"url": url}}


def video(url: str) -> InputReferenceTypedDict:
    return {"type": "video_url", "video_url": {"url": url}}


def submit(client: httpx.Client, body: Mapping[str, Any]) -> httpx.Response:
    return client.post("/api/v1/videos", json=body)


def placed(client: httpx.Client, body: Mapping[str, Any]) -> str:
    """The id of the job that this makes."""
    response = submit(client, body)
    assert response.status_code == 202, response.text
    job_id: str = response.json()["id"]
    return job_id
