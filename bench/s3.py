"""Downloads of a file that lies in a bucket, through the gateway, beside obstore alone reading the same object.

The bucket is moto's, a server in Python, which is slower than either: so this shows what the gateway adds.
"""

import json
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from bench import gateway, processes, readers
from bench.clip import make
from bench.download import completed
from bench.figures import Figure, Pairs, Plan, at_least_of_floor, at_most
from bench.gateway import HEADERS, Gateway
from bench.readers import Read, Reading
from reelrouter.testing.instant_engine import Behaviour, command

_SIZE, _QUICK_SIZE = 200_000_000, 20_000_000
_BUCKET = "videos"
_STORAGE = f"s3://{_BUCKET}/gateway"
_FLOOR = (sys.executable, "-m", "bench.floor_s3", _STORAGE)


def measure(plan: Plan) -> list[Figure]:
    size = _QUICK_SIZE if plan.quick else _SIZE
    film = make(plan.directory / "film.mp4", size)
    engine = command(Behaviour(output=film))
    with _bucket(plan.directory) as bucket:
        settings = {**bucket, "REELROUTER_STORAGE_URL": _STORAGE}
        with gateway.served(plan.directory / "s3", engine, settings) as ours:
            path, key = completed(ours), _key(ours)
            ours.until_calm()
            figures: list[Figure] = []
            for count in (1, 4):
                title = f"download of {size // 1_000_000} MB from S3, {count} readers"
                reading = Reading(address=ours.address, path=path, headers=HEADERS, readers=count)
                figures += _downloads(plan, (ours, reading), (bucket, key), title)
            return figures


def _downloads(
    plan: Plan, ours: tuple[Gateway, Reading], theirs: tuple[Mapping[str, str], str], title: str
) -> list[Figure]:
    (server, reading), (bucket, key) = ours, theirs
    readers.apply(reading)  # a server's first request is nobody's every day
    rates, first, growth = Pairs(beside="obstore"), Pairs(beside="obstore"), 0.0
    for _ in range(plan.few_rounds):
        with processes.PeakMemory(server.api) as memory:
            mine = readers.apply(reading)
        growth = max(growth, memory.growth)
        its = _floor(plan, bucket, key, reading.readers)
        rates.add(mine.mb_per_second, its.mb_per_second)
        first.add(mine.first_byte_ms, its.first_byte_ms)
    return [
        rates.figure(title, "MB/s", at_least_of_floor(0.6), "obstore alone reads the same object"),
        first.figure(f"{title}: first byte of the slowest", "ms", note="a bucket's own time is in both"),
        Figure(what=f"{title}: growth of the API's memory", unit="MB", ours=growth, target=at_most(20)),
    ]


def _floor(plan: Plan, bucket: Mapping[str, str], key: str, count: int) -> Read:
    words = (*_FLOOR, key, str(count))
    with processes.started(words, bucket, plan.directory / "floor.log") as process:
        return Read(**json.loads(processes.first_line(process)))


def _key(ours: Gateway) -> str:
    """Of the only video that is stored."""
    outputs = json.loads(ours.value("SELECT outputs FROM jobs WHERE outputs IS NOT NULL"))
    return str(outputs[0]["key"])


@contextmanager
def _bucket(directory: Path) -> Iterator[Mapping[str, str]]:
    """A server that speaks S3 with an empty bucket, and the environment that leads there."""
    port = processes.free_port()
    url = f"http://127.0.0.1:{port}"
    words = (str(Path(sys.executable).with_name("moto_server")), "-H", "127.0.0.1", "-p", str(port))
    with processes.started(words, {}, directory / "moto.log", quiet=True):
        processes.until(lambda: _made(f"{url}/{_BUCKET}"), "a bucket")
        yield {
            "AWS_ACCESS_KEY_ID": "bench",
            "AWS_SECRET_ACCESS_KEY": "bench",
            "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": url,
            "AWS_ALLOW_HTTP": "true",
        }


def _made(url: str) -> bool:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, method="PUT"), timeout=5) as answer:  # noqa: S310
            return bool(answer.status == 200)
    except OSError:
        return False
