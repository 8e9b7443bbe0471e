"""The floor of downloads from a bucket: obstore alone, reading the same object and sending it nowhere.

`python -m bench.floor_s3 <storage address> <key> <readers>` prints a `Read` as JSON.
"""

import asyncio
import sys
import time
from dataclasses import asdict

import obstore
import uvloop
from obstore.store import ObjectStore, from_url

from bench.processes import tell
from bench.readers import Read
from reelrouter.storage.objects import CHUNK


async def _measure(url: str, key: str, count: int) -> Read:
    store = from_url(url)
    began = time.perf_counter()
    read = await asyncio.gather(*(_read(store, key) for _ in range(count)))
    return Read(
        bytes=sum(length for length, _ in read),
        seconds=time.perf_counter() - began,
        first_byte_ms=max(first for _, first in read) * 1000,
    )


async def _read(store: ObjectStore, key: str) -> tuple[int, float]:
    """How many bytes came, and after how long the first of them."""
    began, first, length = time.perf_counter(), 0.0, 0
    found = await obstore.get_async(store, key)
    async for piece in found.stream(min_chunk_size=CHUNK):
        first = first or time.perf_counter() - began
        length += len(piece)
    return length, first


if __name__ == "__main__":
    tell(asdict(uvloop.run(_measure(sys.argv[1], sys.argv[2], int(sys.argv[3])))))
