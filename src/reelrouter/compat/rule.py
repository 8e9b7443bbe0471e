"""A rule of the contract: what is asked, what the answer must be, and who is hurt where it is not.

`fetch` gets exchanges and judges nothing; `judge` is pure, takes what `fetch` got, and never raises.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from reelrouter.compat.exchange import Ask, Exchange
from reelrouter.compat.visit import Visit

Area = Literal["models", "submit", "poll", "content", "errors", "headers", "extensions"]
Cost = Literal["free", "spends"]
"""`spends`: finding out takes a job, which costs money unless the key is a test key."""


class Outcome(StrEnum):
    PASS = "pass"  # noqa: S105 - a word of the report
    FAIL = "fail"
    WARNING = "warning"
    """Clients can live with it, some of them badly."""
    SKIPPED = "skipped"
    EXTRA = "extra"
    """Something good that the contract does not ask for."""
    ABSENT = "absent"
    """An extra that is not there, which is nobody's fault."""


@dataclass(frozen=True, slots=True)
class Verdict:
    outcome: Outcome
    seen: str = ""
    """What the verdict rests on; empty where there is nothing to say."""


Fetch = Callable[[Visit], Awaitable[tuple[Exchange, ...]]]
Judge = Callable[..., Verdict]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    area: Area
    name: str
    title: str
    protects: str
    """Which client breaks where the rule does not hold."""
    fetch: Fetch
    judge: Judge
    cost: Cost = "free"

    @property
    def id(self) -> str:
        return f"{self.area}.{self.name}"


def passed(seen: str = "") -> Verdict:
    return Verdict(Outcome.PASS, seen)


def failed(seen: str) -> Verdict:
    return Verdict(Outcome.FAIL, seen)


def warned(seen: str) -> Verdict:
    return Verdict(Outcome.WARNING, seen)


def skipped(why: str) -> Verdict:
    return Verdict(Outcome.SKIPPED, why)


def found(extra: str) -> Verdict:
    return Verdict(Outcome.EXTRA, extra)


ABSENT = Verdict(Outcome.ABSENT)


def asking(*asks: Ask) -> Fetch:
    """The fetch that sends these."""

    async def fetch(visit: Visit) -> tuple[Exchange, ...]:
        return tuple([await visit.ask(ask) for ask in asks])

    return fetch
