"""The same load on ours and on the floor, in turns: rates, latencies, and what the generator itself used."""

from dataclasses import dataclass, field, replace

from bench import load
from bench.figures import Figure, Pairs, Plan, Target
from bench.load import Load


@dataclass(slots=True)
class Turns:
    """The rounds of one load."""

    rates: Pairs = field(default_factory=Pairs)
    p99: Pairs = field(default_factory=Pairs)
    generator: list[float] = field(default_factory=list)

    def take_one(self, ours: Load, floor_address: str, expect: int) -> None:
        """One round of both. Raises `WrongAnswers` if either side refuses."""
        us, bare = load.apply(ours, expect), load.apply(replace(ours, address=floor_address), expect)
        self.rates.add(us.per_second, bare.per_second)
        self.p99.add(us.p99_ms, bare.p99_ms)
        self.generator += [us.generator_cpu, bare.generator_cpu]

    def rate(self, what: str, target: Target | None) -> Figure:
        note = f"generator ≤ {max(self.generator):.2f} cores"
        return self.rates.figure(what, "/s", target, note)

    def latency(self, what: str, target: Target | None = None) -> Figure:
        return self.p99.figure(what, "ms", target)


def take(plan: Plan, ours: Load, floor_address: str, expect: int) -> Turns:
    """Raises `WrongAnswers` if either side refuses."""
    turns = Turns()
    for _ in range(plan.rounds):
        turns.take_one(ours, floor_address, expect)
    return turns
