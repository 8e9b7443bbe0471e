"""Posters and sprite sheets of finished videos: made when they are first asked for, and kept beside the video."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from weakref import WeakValueDictionary

from reelrouter.errors import StorageFailed
from reelrouter.storage.links import Variant
from reelrouter.storage.objects import Objects
from reelrouter.work import Children, StoredFile

TASKS: Mapping[Variant, str] = {
    "poster": "reelrouter.media.derive:poster",
    "spritesheet": "reelrouter.media.derive:spritesheet",
}
MIME = "image/jpeg"
_SECONDS = 60.0


class Variants:
    def __init__(self, objects: Objects, children: Children, scratch: Path) -> None:
        self._objects = objects
        self._children = children
        self._scratch = scratch
        self._making: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def key_of(self, file: StoredFile, variant: Variant, *, test: bool) -> str:
        """The storage key of the variant, which is there when this returns; `test` marks a picture as such."""
        key = _key(file.key, variant)
        lock = self._making.setdefault(key, asyncio.Lock())
        async with lock:  # a page of many thumbnails must not make the same one many times
            if not await self._objects.exists(key):
                await self._make(file, variant, key, {"mark": "test"} if test else {})
        return key

    async def _make(self, file: StoredFile, variant: Variant, key: str, extra: Mapping[str, Any]) -> None:
        with TemporaryDirectory(dir=self._scratch) as directory:
            source = await self._objects.fetch_local(file.key, Path(directory))
            picture = Path(directory) / "variant.jpg"
            arguments = {"path": str(source), "output": str(picture), **(extra if variant == "poster" else {})}
            await self._children.run(TASKS[variant], arguments, timeout=_SECONDS)
            await self._objects.move_file(key, picture)
        if not await self._objects.exists(file.key):
            # The video was deleted meanwhile, and nobody would ever look for its pictures.
            await self._objects.delete([key])
            raise StorageFailed("The video was deleted while a picture was made of it.")


def keys_of(video: str) -> list[str]:
    """Where the variants of a video lie, if they were made; `video` is its own storage key."""
    return [_key(video, variant) for variant in TASKS]


def _key(video: str, variant: Variant) -> str:
    return f"{video.removesuffix('.mp4')}.{variant}.jpg"
