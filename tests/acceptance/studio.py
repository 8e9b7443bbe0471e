"""The few real videos that many tests look at: placed all at once through the official SDK, and made once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from openrouter import OpenRouter
from openrouter.components import VideoGenerationResponse
from PIL import Image

from tests.acceptance.films import Film, decoded
from tests.acceptance.orders import SMALL, frame, image
from tests.acceptance.pictures import data_url, landscape
from tests.acceptance.waiting import TERMINAL, until

FIRST, LAST = landscape(1), landscape(2, size=(700, 700))
CARDS = landscape(3, size=(400, 400)), landscape(4, size=(300, 500))


@dataclass(frozen=True, slots=True, kw_only=True)
class Take:
    """A finished video: what its owner is told of it, and its bytes."""

    job: VideoGenerationResponse
    mp4: bytes
    film: Film


def shots(images: str) -> Mapping[str, Mapping[str, Any]]:
    """What is made, by name, as arguments of the SDK's `generate`; `images` serves the pictures over HTTP."""
    return {
        "text": {
            "model": "google/veo-3.1-lite",
            "prompt": "a lighthouse on a cliff at dusk, waves",
            "duration": 4,
            "aspect_ratio": "16:9",
            "resolution": "720p",
            "provider": {"options": {"google_vertex": {"parameters": {"negativePrompt": "people"}, "tempo": 3}}},
        },
        "frames": {
            "model": "bytedance/seedance-2.0-fast",
            "prompt": "the light changes",
            "duration": 4,
            "resolution": "480p",
            "aspect_ratio": "16:9",
            "generate_audio": False,
            "frame_images": [frame(data_url(FIRST), "first_frame"), frame(f"{images}/last.png", "last_frame")],
        },
        "references": {
            "model": "alibaba/wan-2.7",
            "prompt": "a journey along the coast",
            "duration": 2,
            "size": "720x720",
            "input_references": [image(data_url(CARDS[0])), image(f"{images}/card.png")],
        },
        "small": {**SMALL, "seed": 5},
    }


@dataclass(slots=True)
class Studio:
    """Places every shot when the first of them is asked for, so that they are made beside each other."""

    sdk: OpenRouter
    images: str
    _jobs: dict[str, VideoGenerationResponse] = field(default_factory=dict)
    _takes: dict[str, Take] = field(default_factory=dict)

    def placed(self, name: str) -> VideoGenerationResponse:
        """What the submit answered."""
        if not self._jobs:
            for shot, wanted in shots(self.images).items():
                self._jobs[shot] = self.sdk.video_generation.generate(**wanted)
        return self._jobs[name]

    def take(self, name: str) -> Take:
        job_id = self.placed(name).id
        if name not in self._takes:
            job = until(self._ended(job_id), f"the end of {name}")
            assert job.status == "completed", job
            response = self.sdk.video_generation.get_video_content(job_id=job_id)
            mp4 = response.read()
            response.close()
            self._takes[name] = Take(job=job, mp4=mp4, film=decoded(mp4))
        return self._takes[name]

    def _ended(self, job_id: str) -> Callable[[], VideoGenerationResponse | None]:
        def look() -> VideoGenerationResponse | None:
            job = self.sdk.video_generation.get_generation(job_id=job_id)
            return job if job.status in TERMINAL else None

        return look


def picture_files() -> dict[str, Image.Image]:
    """What lies on the image server, by path."""
    return {"/last.png": LAST, "/card.png": CARDS[1]}
