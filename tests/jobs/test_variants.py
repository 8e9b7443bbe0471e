"""Pictures of videos: made once, and none of a video that is gone."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from reelrouter.errors import StorageFailed
from reelrouter.jobs.variants import Variants, keys_of
from reelrouter.storage.objects import Objects
from reelrouter.work import Report, StoredFile

VIDEO = StoredFile(
    key="outputs/j/0.mp4",
    sha256="0",
    size=5,
    mime="video/mp4",
    width=2,
    height=2,
    duration=1.0,
    fps=1.0,
    frames=1,
    codec="h264",
    audio_codec=None,
)


class Painters:
    """Each picture says how many were made; the video may be deleted while one is at work."""

    def __init__(self, objects: Objects, *, deletes: bool = False) -> None:
        self.made = 0
        self._objects = objects
        self._deletes = deletes

    async def run(
        self, task: str, arguments: Mapping[str, Any], *, timeout: float, report: Report | None = None
    ) -> dict[str, Any]:
        self.made += 1
        Path(arguments["output"]).write_text(str(self.made))
        if self._deletes:
            await self._objects.delete_below("outputs/j")
        return {}


async def painted(folder: Path, *, deletes: bool) -> tuple[int, list[bool]]:
    """How often a picture was made that three asked for, and which of the video's pictures are there."""
    objects = Objects.from_url((folder / "objects").as_uri())
    await objects.put_bytes(VIDEO.key, b"video")
    painters = Painters(objects, deletes=deletes)
    variants = Variants(objects, painters, folder)
    asked = [variants.key_of(VIDEO, "poster", test=False) for _ in range(1 if deletes else 3)]
    try:
        await asyncio.gather(*asked)
    finally:
        there = [await objects.exists(key) for key in keys_of(VIDEO.key)]
        objects.close()
    return painters.made, there


def test_a_picture_is_made_once_for_all_who_ask(tmp_path: Path) -> None:
    """And is found where it is looked for when the video is deleted."""
    assert asyncio.run(painted(tmp_path, deletes=False)) == (1, [True, False])


def test_no_picture_outlives_a_video_that_is_deleted_meanwhile(tmp_path: Path) -> None:
    """Nobody would ever look for it again."""
    with pytest.raises(StorageFailed, match="deleted"):
        asyncio.run(painted(tmp_path, deletes=True))
    assert not list((tmp_path / "objects").rglob("*.jpg"))
