"""What a run found, as values: counted, and as JSON. How it is printed is the command's affair."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reelrouter.compat.rule import Outcome, Rule, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    rule: Rule
    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    base: str
    """The API's base that was asked."""
    jobs: str
    """Whether jobs were made, and why or why not."""
    notes: tuple[str, ...]
    """What became of them."""
    findings: tuple[Finding, ...]

    @property
    def summary(self) -> Mapping[Outcome, int]:
        """How often each outcome came, those that never came included."""
        return {outcome: sum(one.verdict.outcome == outcome for one in self.findings) for outcome in Outcome}

    @property
    def is_compatible(self) -> bool:
        """Whether no rule was broken."""
        return self.summary[Outcome.FAIL] == 0

    def as_json(self) -> Mapping[str, Any]:
        return {
            "base_url": self.base,
            "compatible": self.is_compatible,
            "jobs": self.jobs,
            "notes": list(self.notes),
            "summary": {outcome.value: count for outcome, count in self.summary.items()},
            "rules": [_row(finding) for finding in self.findings],
        }


def _row(finding: Finding) -> Mapping[str, Any]:
    rule, verdict = finding.rule, finding.verdict
    return {
        "id": rule.id,
        "area": rule.area,
        "title": rule.title,
        "protects": rule.protects,
        "cost": rule.cost,
        "outcome": verdict.outcome.value,
        "seen": verdict.seen,
    }
