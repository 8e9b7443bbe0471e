"""Two gateways in front of the same fake vendor, of which one stands still while the other is measured."""

import json
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import fake_vendor, gateway, litellm, load, processes
from bench.fake_vendor import ENDLESS
from bench.gateway import LIVE_KEY, Floor, Gateway
from bench.litellm import Peer
from bench.load import Answered, Load
from reelrouter.app import ENGINE

AT_VENDOR = 1000
"""Jobs that our engine may have at the vendor at one time; what comes above it waits in the queue."""
_HEADERS = {"Authorization": f"Bearer {LIVE_KEY}"}
_MODEL = {"model": "openai/sora-2-pro", "duration": 4, "resolution": "720p", "aspect_ratio": "16:9"}
_WAITS = f"A red kite climbs over a green hill {ENDLESS}."
_ENDS = "A red kite climbs over a green hill."


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of the two, and how it is spoken to."""

    pid: int
    """Of the process whose descendants are all that there is of it."""
    address: str
    headers: dict[str, str]
    path: str
    """Of its videos."""
    submit: str
    """A whole request for a job that never ends."""
    accepted: int
    """The status of its answer to a submit."""

    def polls(self, jobs: Sequence[str]) -> list[str]:
        return [load.get(f"{self.path}/{job}", self.headers) for job in jobs]

    def place(self, count: int) -> list[str]:
        """The ids of so many jobs."""
        wanted = Load(address=self.address, requests=[self.submit], connections=16, count=count, keep_bodies=True)
        return [str(json.loads(body)["id"]) for body in load.apply(wanted, self.accepted).bodies]


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What one side did in its turn."""

    answered: Answered
    cpu_ms: float
    """Of all its processes, for each request."""
    vendor_cores: float
    reached: int
    """Submits that came to the vendor meanwhile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    gateway: Gateway
    litellm: Peer
    vendor: Floor
    ours: Side
    peer: Side

    @contextmanager
    def turn(self, side: Side) -> Iterator[None]:
        """Nobody but this one runs meanwhile."""
        other = self.peer if side is self.ours else self.ours
        with processes.paused(other.pid):
            yield

    def apply(self, side: Side, wanted: Load, expect: int) -> Turn:
        with self.turn(side):
            before, its, vendors = self.submits_seen(), processes.cpu_of_family(side.pid), self._vendor_cpu()
            answered = load.apply(wanted, expect)
            its = processes.cpu_of_family(side.pid) - its
            vendors = self._vendor_cpu() - vendors
            reached = self.submits_seen() - before
        return Turn(
            answered=answered,
            cpu_ms=its * 1000 / answered.sent,
            vendor_cores=vendors / answered.seconds,
            reached=reached,
        )

    def submits_seen(self) -> int:
        """By the vendor, from both."""
        with urllib.request.urlopen(f"{self.vendor.address}/submits", timeout=5) as answer:  # noqa: S310 - loopback
            return int(json.load(answer))

    def _vendor_cpu(self) -> float:
        return processes.cpu_seconds(self.vendor.pid)

    def finished_films(self) -> tuple[str, str]:
        """The addresses of a film of each: ours in our storage, the peer's at the vendor."""
        mine = _post(self.ours, {**_MODEL, "prompt": _ENDS})
        theirs = _post(self.peer, self.litellm.body(_ENDS))
        path = f"{self.ours.path}/{mine}"

        def is_stored() -> bool:
            return bool(gateway.ask(self.ours.address, LIVE_KEY, path)["status"] == "completed")

        processes.until(is_stored, "the film in storage", 120.0, every=0.1)
        return f"{path}/content?index=0", f"{self.peer.path}/{theirs}/content"


@contextmanager
def opened(programs: Path, directory: Path, film: Path) -> Iterator[Sides]:
    """Both, each with nothing to do yet; `directory` is made."""
    directory.mkdir()
    words = fake_vendor.command(film)
    with processes.started(words, {}, directory / "vendor.log") as process:
        vendor = Floor(process.pid, processes.first_line(process))
        with (
            litellm.running(programs, vendor.address, directory) as peer,
            gateway.served(directory / "data", ENGINE, _settings(vendor.address)) as ours,
        ):
            ours.until_calm()
            yield Sides(gateway=ours, litellm=peer, vendor=vendor, ours=_our_side(ours), peer=_peers_side(peer))


def _settings(vendor: str) -> dict[str, str]:
    return {
        "REELROUTER_LIVE_KEY": LIVE_KEY,
        "REELROUTER_PROVIDERS": json.dumps({"openai": {"concurrency": AT_VENDOR}}),
        "OPENAI_BASE_URL": f"{vendor}/v1",
        "OPENAI_API_KEY": fake_vendor.KEY,
    }


def _our_side(ours: Gateway) -> Side:
    path = "/api/v1/videos"
    return Side(
        pid=ours.api,
        address=ours.address,
        headers=_HEADERS,
        path=path,
        submit=load.post(path, _HEADERS, {**_MODEL, "prompt": _WAITS}),
        accepted=202,
    )


def _peers_side(peer: Peer) -> Side:
    path = "/v1/videos"
    return Side(
        pid=peer.pid,
        address=peer.address,
        headers=peer.headers,
        path=path,
        submit=load.post(path, peer.headers, peer.body(_WAITS)),
        accepted=200,
    )


def _post(side: Side, body: object) -> str:
    request = load.post(side.path, side.headers, body)
    wanted = Load(address=side.address, requests=[request], connections=1, count=1, keep_bodies=True)
    return str(json.loads(load.apply(wanted, side.accepted).bodies[0])["id"])
