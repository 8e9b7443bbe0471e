"""LiteLLM's proxy and ours in front of the same fake vendor, in turns: rates, latencies, CPU of a request, memory.

Read with each figure what is done for it. LiteLLM keeps no job: a submit is passed on while the client waits, and
so is every poll. Ours writes the job and its hold to the disk before the 202, and passes it on afterwards; a poll
is answered from that record, while the engine asks the vendor at its own pace.
"""

import statistics
from dataclasses import dataclass, field
from pathlib import Path

from bench import litellm, peer_download, processes, sides, start
from bench.clip import make
from bench.figures import Figure, Pairs, Plan, Target, at_least_of_floor
from bench.load import Load
from bench.sides import Side, Sides, Turn

_POLLED = 100
_PASSED_ON, _QUICK_PASSED_ON = 200, 40
_FILM, _QUICK_FILM = 200_000_000, 20_000_000
_STARTS = 3


def measure(plan: Plan) -> list[Figure]:
    """Raises `CannotInstall` where LiteLLM cannot be had."""
    programs = litellm.install()
    film = make(plan.directory / "film.mp4", _QUICK_FILM if plan.quick else _FILM)
    with sides.opened(programs, plan.directory / "sides", film) as both:
        # The submits come last: what they leave behind is at work from then on.
        figures = [
            *_polls(plan, both),
            *peer_download.measure(plan, both),
            _passed_on(plan, both),
            *_submits(plan, both),
        ]
        first = both.litellm
    return [*figures, *_starts(plan, first, programs)]


@dataclass(slots=True)
class _Rounds:
    """The rounds of one load on both sides."""

    rates: Pairs = field(default_factory=lambda: Pairs(beside=litellm.NAME))
    p99: Pairs = field(default_factory=lambda: Pairs(beside=litellm.NAME))
    cpu: Pairs = field(default_factory=lambda: Pairs(beside=litellm.NAME))
    turns: list[Turn] = field(default_factory=list)

    def add(self, ours: Turn, peers: Turn) -> None:
        self.rates.add(ours.answered.per_second, peers.answered.per_second)
        self.p99.add(ours.answered.p99_ms, peers.answered.p99_ms)
        self.cpu.add(ours.cpu_ms, peers.cpu_ms)
        self.turns += [ours, peers]

    def figures(self, name: str, target: Target, note: str) -> list[Figure]:
        generator = max(turn.answered.generator_cpu for turn in self.turns)
        vendor = max(turn.vendor_cores for turn in self.turns)
        load = f"generator ≤ {generator:.2f} cores, vendor ≤ {vendor:.2f}"
        return [
            self.rates.figure(name, "/s", target, f"{note}; {load}"),
            self.p99.figure(f"{name}: p99", "ms"),
            self.cpu.figure(f"{name}: CPU of one", "ms", note="of all processes of a side"),
        ]


def _polls(plan: Plan, both: Sides) -> list[Figure]:
    jobs = {side.pid: side.place(_POLLED) for side in (both.ours, both.peer)}
    figures: list[Figure] = []
    for connections in (16, 64):
        rounds = _Rounds()
        for _ in range(plan.few_rounds):
            mine, its = (
                both.apply(side, _load(plan, side, side.polls(jobs[side.pid]), connections), 200)
                for side in (both.ours, both.peer)
            )
            rounds.add(mine, its)
        note = "ours answers from its record, LiteLLM asks the vendor"
        figures += rounds.figures(f"poll beside LiteLLM, c={connections}", at_least_of_floor(60), note)
    return figures


def _submits(plan: Plan, both: Sides) -> list[Figure]:
    rounds, reached, answered = _Rounds(), 0, 0
    for _ in range(plan.few_rounds):
        mine, its = (
            both.apply(side, _load(plan, side, [side.submit], 16), side.accepted)
            for side in (both.ours, both.peer)
        )
        rounds.add(mine, its)
        reached, answered = reached + mine.reached, answered + mine.answered.sent
    note = (
        f"ours is on the disk before its 202, and {reached:,} of {answered:,} came to the vendor meanwhile; "
        "LiteLLM keeps nothing, and all came there"
    )
    return rounds.figures("submit beside LiteLLM, c=16", at_least_of_floor(20), note)


def _load(plan: Plan, side: Side, requests: list[str], connections: int) -> Load:
    return Load(address=side.address, requests=requests, connections=connections, seconds=plan.seconds)


def _passed_on(plan: Plan, both: Sides) -> Figure:
    """What a submit costs until the vendor has it, whoever of a side does the work, and when."""
    count = _QUICK_PASSED_ON if plan.quick else _PASSED_ON
    pairs = Pairs(beside=litellm.NAME)
    for _ in range(plan.few_rounds):
        mine, its = (_cpu_until_passed_on(both, side, count) for side in (both.ours, both.peer))
        pairs.add(mine, its)
    note = f"{count} submits; ours is recorded at each step, and recovers from a crash at any of them"
    return pairs.figure("submit beside LiteLLM: CPU until the vendor has it", "ms", note=note)


def _cpu_until_passed_on(both: Sides, side: Side, count: int) -> float:
    """Milliseconds each."""
    if side is both.ours:
        both.gateway.until_calm()
    with both.turn(side):
        before, seen = processes.cpu_of_family(side.pid), both.submits_seen()
        side.place(count)
        processes.until(lambda: both.submits_seen() - seen >= count, "all submits at the vendor", every=0.1)
        return (processes.cpu_of_family(side.pid) - before) * 1000 / count


def _starts(plan: Plan, first: litellm.Peer, programs: Path) -> list[Figure]:
    times = [start.started(plan.directory / "start") for _ in range(2 if plan.quick else _STARTS)][1:]
    # Its very first start of all compiles its modules, and is nobody's every day.
    peers = [first] if plan.quick else [_started_peer(plan, programs) for _ in range(_STARTS - 1)]
    return [
        Figure(
            what="start to first answer beside LiteLLM",
            unit="s",
            ours=statistics.median(times),
            floor=statistics.median([one.started for one in peers]),
            beside=litellm.NAME,
        ),
        Figure(
            what="idle memory beside LiteLLM",
            unit="MB",
            ours=sum(start.idle_memory(plan.directory / "start")),
            floor=statistics.median([one.idle_mb for one in peers]),
            beside=litellm.NAME,
            note="ours: API, engine and the children that it keeps; LiteLLM: one worker, without a database",
        ),
    ]


def _started_peer(plan: Plan, programs: Path) -> litellm.Peer:
    # Nothing is asked of it, so that no vendor has to be there.
    with litellm.running(programs, "http://127.0.0.1:9", plan.directory) as peer:
        return peer
