"""Runs rules on a visit, the free ones first, and tells what each of them found."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from reelrouter.compat.exchange import shown
from reelrouter.compat.poll import UNKNOWN
from reelrouter.compat.report import Finding, Report
from reelrouter.compat.rule import Rule, Verdict, failed, skipped
from reelrouter.compat.session import NoAnswer, Session
from reelrouter.compat.visit import MODELS, Skip, Terms, Visit


class Unusable(Exception):
    """There is no server, or it does not know the key; the message is for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """Who hears of the work while it goes on."""

    on_rule: Callable[[Rule], None] = lambda _rule: None
    on_news: Callable[[str], None] = lambda _news: None


async def run(session: Session, terms: Terms, rules: Sequence[Rule], watch: Watch) -> Report:
    """A finding for each rule, in the rules' order. Raises `Unusable` where no rule could be looked into."""
    visit = Visit(session, terms, watch.on_news)
    await _open(session, visit)
    verdicts: dict[str, Verdict] = {}
    for rule in sorted(rules, key=lambda one: one.cost == "spends"):
        watch.on_rule(rule)
        verdict = await look_into(rule, visit)
        verdicts[rule.id] = replace(verdict, seen=session.without_key(verdict.seen))
    return Report(
        base=session.base,
        jobs=_jobs(visit, session),
        notes=tuple(session.without_key(note) for note in visit.notes),
        findings=tuple(Finding(rule=rule, verdict=verdicts[rule.id]) for rule in rules),
    )


async def look_into(rule: Rule, visit: Visit) -> Verdict:
    """The verdict on one rule."""
    if rule.cost == "spends" and not visit.may_make_jobs:
        return skipped("takes a job")
    try:
        exchanges = await rule.fetch(visit)
    except Skip as skip:
        return skipped(str(skip))
    except NoAnswer as silence:
        return failed(str(silence))
    return rule.judge(*exchanges)


async def _open(session: Session, visit: Visit) -> None:
    """Asks what is asked anyway, to tell a missing server and a wrong key from seventy broken rules."""
    try:
        await visit.ask(MODELS)
        answer = await visit.ask(UNKNOWN) if session.has_key else None
    except NoAnswer as silence:
        raise Unusable(f"cannot reach {session.base}: {silence}") from None
    if answer is not None and answer.status == 401:
        raise Unusable(f"{session.base} does not know the key: {session.without_key(shown(answer))}")
    if visit.wants_a_model:
        await _find_model(visit)


async def _find_model(visit: Visit) -> None:
    try:
        await visit.choice()
    except Skip as skip:
        raise Unusable(str(skip)) from None


def _jobs(visit: Visit, session: Session) -> str:
    if visit.jobs_cost_nothing:
        return "jobs were allowed: the key is a test key, with which they cost nothing"
    if visit.may_make_jobs:
        return "jobs were allowed by --spend"
    if session.has_key:
        return "no job was made: --spend allows one, and with a test key (rr-test-…) jobs cost nothing"
    return "no key was given: only what needs none was asked"
