"""What a benchmark reports: a figure, its floor, what it should reach, and whether it did. It measures nothing."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a figure is held against: its ratio to the floor, or its own value."""

    of: Literal["ratio", "value"]
    bound: Literal["at least", "at most"]
    limit: float

    def is_met(self, figure: "Figure") -> bool:
        """Raises `ValueError` where a ratio is asked for and there is no floor."""
        measured = figure.ratio if self.of == "ratio" else figure.ours
        if measured is None:
            raise ValueError(f"{figure.what} has no floor, and so no ratio")
        return measured >= self.limit if self.bound == "at least" else measured <= self.limit


def at_least_of_floor(ratio: float) -> Target:
    return Target(of="ratio", bound="at least", limit=ratio)


def at_most_of_floor(ratio: float) -> Target:
    return Target(of="ratio", bound="at most", limit=ratio)


def at_least(value: float) -> Target:
    return Target(of="value", bound="at least", limit=value)


def at_most(value: float) -> Target:
    return Target(of="value", bound="at most", limit=value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One row of the report."""

    what: str
    unit: str
    ours: float
    floor: float | None = None
    beside: str = "floor"
    """What the second column is of this figure, where it is no floor."""
    target: Target | None = None
    note: str = ""
    samples: Sequence[float] = ()
    """Our values round by round, where there were rounds."""

    @property
    def ratio(self) -> float | None:
        return self.ours / self.floor if self.floor else None

    @property
    def met(self) -> bool | None:
        """None where nothing was promised."""
        return self.target.is_met(self) if self.target else None

    def with_note(self, note: str) -> "Figure":
        """The same with something more to say."""
        return replace(self, note="; ".join(part for part in (self.note, note) if part))

    def as_json(self) -> dict[str, Any]:
        target = self.target
        return {
            "what": self.what,
            "unit": self.unit,
            "ours": self.ours,
            "floor": self.floor,
            "beside": self.beside,
            "ratio": self.ratio,
            "to_reach": {"of": target.of, "bound": target.bound, "limit": target.limit} if target else None,
            "met": self.met,
            "note": self.note,
            "samples": list(self.samples),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How thoroughly to measure, and where."""

    directory: Path
    """Empty, and removed afterwards."""
    clip: Path
    """The video that jobs end with."""
    quick: bool = False
    large: bool = False
    """Whether files of 2 GB are worth their time."""

    @property
    def rounds(self) -> int:
        return 1 if self.quick else 5

    @property
    def few_rounds(self) -> int:
        """For what takes long, or differs by more than noise does."""
        return 1 if self.quick else 3

    @property
    def seconds(self) -> float:
        """How long one round of load lasts."""
        return 2.0 if self.quick else 3.0


@dataclass(slots=True)
class Pairs:
    """Rounds of two things that took turns, so that whatever else the machine did met both alike."""

    ours: list[float] = field(default_factory=list)
    floor: list[float] = field(default_factory=list)
    beside: str = "floor"

    def add(self, ours: float, floor: float) -> None:
        self.ours.append(ours)
        self.floor.append(floor)

    def figure(self, what: str, unit: str, target: Target | None = None, note: str = "") -> Figure:
        """The medians of both sides."""
        return Figure(
            what=what,
            unit=unit,
            ours=statistics.median(self.ours),
            floor=statistics.median(self.floor),
            beside=self.beside,
            target=target,
            note=note,
            samples=tuple(self.ours),
        )
