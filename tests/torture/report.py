"""What a run did and found, as a value that people and programs can be shown."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from reelrouter.emulators.script import Script
from tests.torture.plan import Plan
from tests.torture.run import Outcome
from tests.torture.verdict import Violation, violations


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    plan: Plan
    faults: Mapping[str, int]
    """How often each really befell somebody."""
    missed: Mapping[str, int]
    fates: Mapping[str, int]
    """What befell submits at vendors."""
    jobs: Mapping[str, int]
    """By state."""
    answers: Mapping[str, int]
    """Of submits, by their status; None for a connection that broke."""
    webhooks: Mapping[str, int]
    downloads: int
    impatient: bool
    violations: tuple[Violation, ...]

    @property
    def is_good(self) -> bool:
        return not self.violations and not self.impatient

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def report_of(plan: Plan, outcome: Outcome) -> Report:
    evidence, watching = outcome.evidence, outcome.watching
    sends = Counter(str(send.status) for told in evidence.told for send in told.sends)
    scripts = [one.entry.script or Script() for submits in evidence.submits.values() for one in submits]
    got = evidence.got
    return Report(
        plan=plan,
        faults=dict(watching.faults),
        missed=dict(watching.missed),
        fates=dict(Counter(map(fate_of, scripts))),
        jobs=dict(Counter(row.status for row in evidence.jobs.values())),
        answers=dict(sends),
        webhooks={
            "events": len({one.key for one in got}),
            "attempts": len(got),
            "refused": sum(one.answer != 204 for one in got),
        },
        downloads=sum(told.downloads for told in evidence.told),
        impatient=outcome.impatient,
        violations=violations(evidence),
    )


def fate_of(script: Script) -> str:
    """In a word."""
    if script.rude:
        return "rude"
    if script.refuse is not None:
        return "refused"
    if script.break_submit is not None:
        return "answer lost"
    if script.break_polls is not None:
        return "polls broken"
    return "made" if script.end == "done" else "ended badly"
