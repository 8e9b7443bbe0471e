"""From what a run left behind to what was wrong with it: pure. Each rule says what it found; nothing is weighed.

Rules believe the journals of vendors and receivers, and what clients were told. The rows are held to those.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from reelrouter.client.errors import SignatureInvalid
from reelrouter.client.webhooks import verify_webhook
from reelrouter.emulators.script import Script
from tests.acceptance.receivers import Got
from tests.acceptance.waiting import TERMINAL
from tests.fates import forbids_another, was_accepted
from tests.torture.evidence import Evidence, Hold, Submit, Told
from tests.torture.load import key_of

_FOR_EVER = 1e12
"""Seconds: how old a stamp may be is another test's question, clocks are wrong in this one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    rule: str
    """What was promised."""
    says: str
    """What was found."""


Rule = Callable[[Evidence], Iterator[str]]


def violations(evidence: Evidence) -> tuple[Violation, ...]:
    """Everything that is wrong; nothing, after a good run."""
    return tuple(Violation(rule=name, says=says) for name, rule in RULES.items() for says in rule(evidence))


def _lost(evidence: Evidence) -> Iterator[str]:
    for told in evidence.told:
        row = evidence.jobs.get(told.job) if told.job is not None else None
        if told.job is not None and row is None:
            yield f"{_name(told)} was promised as {told.job}, which is not there"
        elif row is not None and row.status not in TERMINAL:
            yield f"{_name(told)}, {row.id}, is still {row.status}"
    for row in evidence.jobs.values():
        if row.status not in TERMINAL and row.id not in {told.job for told in evidence.told}:
            yield f"{row.id}, whose client heard nothing, is still {row.status}"


def _one_end(evidence: Evidence) -> Iterator[str]:
    for told in evidence.told:
        row = evidence.jobs.get(told.job) if told.job is not None else None
        ends = TERMINAL.intersection(told.words)
        if len(ends) > 1 or (row is not None and told.words[-1:] != (row.status,)):
            is_now = row.status if row is not None else "gone"
            yield f"{_name(told)} was seen as {', '.join(told.words) or 'nothing'}, and is {is_now}"
        yield from (f"{_name(told)}: {what}" for what in told.strange)


def _sent_once(evidence: Evidence) -> Iterator[str]:
    for mark, submits in evidence.submits.items():
        for before, after in pairwise(submits):
            if forbids_another(before.entry):
                yield f"mark {mark} went to {after.vendor} after {before.vendor} had it: {before.entry.script}"


def _sent_for_a_job(evidence: Evidence) -> Iterator[str]:
    marks = {row.mark for row in evidence.jobs.values()}
    for mark, submits in evidence.submits.items():
        if mark not in marks:
            yield f"mark {mark} went to {submits[0].vendor}, and there is no job of it"


def _made_and_delivered(evidence: Evidence) -> Iterator[str]:
    """A cancelled or expired job may have been made as well; a failed one only where nobody could know, or where
    its file came after the job's end, and is its owner's now, or is still asked for."""
    for row in evidence.jobs.values():
        submits = evidence.submits.get(row.mark, ()) if row.mark is not None else ()
        if row.status == "completed" and not any(map(_is_made, submits)):
            yield f"{row.id} (mark {row.mark}) is completed, and no vendor made it"
        is_failed = row.status == "failed" and not row.files and not row.is_looked_for
        if is_failed and any(map(_is_made, submits)) and _is_certain(submits[-1], evidence):
            yield f"{row.id} (mark {row.mark}) has failed, and {submits[-1].vendor} made it"


def _paid_is_delivered(evidence: Evidence) -> Iterator[str]:
    """What a vendor made and the gateway knew of is the owner's, unless he cancelled it, it was late, or it is
    still being asked for; then it may come after the job's end, and has a file all the same."""
    for row in evidence.jobs.values():
        submits = evidence.submits.get(row.mark, ()) if row.mark is not None else ()
        known = [one for one in submits if _is_made(one) and _is_certain(one, evidence)]
        if not known or row.status == "completed" or row.files:
            continue
        excused = {"cancelled": row.was_to_cancel, "expired": row.was_late}.get(row.status, False)
        if row.status in TERMINAL and not excused and not row.is_looked_for:
            yield f"{row.id} (mark {row.mark}) is {row.status}, and {known[-1].vendor} has its video: nobody asks"


def _charged_once(evidence: Evidence) -> Iterator[str]:
    times = Counter(charge.job for charge in evidence.charges)
    completed = {row.id for row in evidence.jobs.values() if row.status == "completed"}
    yield from (f"{job} was charged {count} times" for job, count in times.items() if count > 1)
    yield from (f"{job} was charged, and is not completed" for job in sorted(times.keys() - completed))
    yield from (f"{job} is completed, and was not charged" for job in sorted(completed - times.keys()))


def _charged_its_price(evidence: Evidence) -> Iterator[str]:
    prices: defaultdict[str, set[int | None]] = defaultdict(set)
    for charge in evidence.charges:
        row = evidence.jobs.get(charge.job)
        if row is not None:
            prices[row.model].add(row.list_price)
            if not charge.amount == row.price == row.list_price:
                yield f"{row.id} was charged {charge.amount}, at a price of {row.price}, listed {row.list_price}"
    for model, found in prices.items():
        if len(found) > 1:
            yield f"{model} has several prices for the same video: {found}"


def _webhooks_arrived(evidence: Evidence) -> Iterator[str]:
    taken = {one.key for one in evidence.got if one.answer == 204}
    rows = Counter(one.key for one in evidence.deliveries)
    for row in evidence.jobs.values():
        key = f"{row.id}-{row.status}"
        if row.callback and rows[key] != 1:
            yield f"{key} has {rows[key]} deliveries"
        if row.callback and key not in taken:
            yield f"{key} never arrived"
    wanted = {f"{row.id}-{row.status}" for row in evidence.jobs.values() if row.callback}
    yield from (f"{key} is a delivery that nobody asked for" for key in sorted(rows.keys() - wanted))
    yield from (f"{one.key} is {one.state}" for one in evidence.deliveries if one.state != "delivered")


def _webhooks_were_genuine(evidence: Evidence) -> Iterator[str]:
    by_key: defaultdict[str, list[Got]] = defaultdict(list)
    for one in evidence.got:
        by_key[one.key].append(one)
    jobs = {one.key: one.job for one in evidence.deliveries}
    for key, got in by_key.items():
        row = evidence.jobs.get(jobs.get(key, ""))
        if row is None:
            yield f"{key} arrived, and is in no row"
            continue
        if len({one.body for one in got}) > 1:
            yield f"{key} arrived with {len({one.body for one in got})} different bodies"
        unsigned = [one for one in got if not _is_signed(one, evidence.secrets[row.workspace])]
        if unsigned:
            yield f"{key} arrived {len(unsigned)} times with a signature that does not hold"


def _files_are_known(evidence: Evidence) -> Iterator[str]:
    gone = {told.job for told in evidence.told if told.deleted}
    for key in sorted(evidence.files):
        row = evidence.jobs.get(key.split("/")[1])
        if row is None or key not in row.files:
            yield f"{key} lies there, and its job {'does not know it' if row else 'is not there'}"
        elif row.is_dropped or row.id in gone:
            yield f"{key} lies there, and it was said to be gone"


def _files_are_there(evidence: Evidence) -> Iterator[str]:
    for row in evidence.jobs.values():
        if row.status == "completed" and not row.files:
            yield f"{row.id} is completed without a file"
        if row.is_kept:
            yield from (f"{row.id} lacks its {key}" for key in row.files if key not in evidence.files)


def _nothing_left_over(evidence: Evidence) -> Iterator[str]:
    yield from (f"{name} is still there a day later" for name in evidence.leftovers)


def _holds_are_closed(evidence: Evidence) -> Iterator[str]:
    states = {hold.job: hold.state for hold in evidence.holds}
    for row in evidence.jobs.values():
        wanted = {"completed": "settled"}.get(row.status, "released")
        if row.status in TERMINAL and states.get(row.id) != wanted:
            yield f"{row.id} is {row.status}, and its hold is {states.get(row.id, 'missing')}"
    yield from (f"{job} has a hold and no row" for job in sorted(states.keys() - evidence.jobs.keys()))


def _balances_add_up(evidence: Evidence) -> Iterator[str]:
    for budget in evidence.budgets:
        held = sum(hold.amount for hold in evidence.holds if _is_open_in(hold, budget.workspace))
        charged = sum(one.amount for one in evidence.charges if one.workspace == budget.workspace)
        if (budget.held, budget.settled) != (held, charged):
            yield (
                f"{budget.workspace} has {budget.held} held and {budget.settled} settled,"
                f" for {held} in open holds and {charged} in charges"
            )
        if budget.amount is not None and not budget.settled + budget.held <= budget.amount == budget.credits:
            yield f"{budget.workspace} has {budget}"
    for limit in evidence.limits:
        if (limit.held, limit.settled) != (0, limit.charged):
            yield f"the limit of {limit.subject} is off: {limit}"


def _one_job_a_key(evidence: Evidence) -> Iterator[str]:
    marks = Counter(row.mark for row in evidence.jobs.values())
    yield from (f"mark {mark} has {count} jobs" for mark, count in marks.items() if count > 1)
    for told in evidence.told:
        promised = {send.job for send in told.sends if send.job is not None}
        if len(promised) > 1:
            yield f"{_name(told)} was promised {len(promised)} jobs: {promised}"
        if told.errand.keyed and promised and {evidence.keys.get(key_of(told.errand.mark))} != promised:
            yield f"{_name(told)} has a key for {evidence.keys.get(key_of(told.errand.mark))}, and not {promised}"


def _never_refused_and_placed(evidence: Evidence) -> Iterator[str]:
    """Where every submit was answered, and none with a new job, it was one with an error that placed it."""
    placed = {row.mark: row for row in evidence.jobs.values()}
    for told in evidence.told:
        answers = [send.status for send in told.sends]
        fresh = any(send.status == 202 and not send.replayed for send in told.sends)
        if told.errand.mark in placed and None not in answers and not fresh:
            yield f"{_name(told)} was answered {answers}, and {placed[told.errand.mark].id} is there"


RULES: dict[str, Rule] = {
    "an accepted job comes to an end": _lost,
    "an end is an end, and no answer is out of place": _one_end,
    "nothing is submitted after an acceptance or an unknown outcome": _sent_once,
    "nothing is submitted for no job": _sent_for_a_job,
    "a job is completed if a vendor made it, and only then": _made_and_delivered,
    "no video is lost that a vendor has made": _paid_is_delivered,
    "a job is charged once, if it is completed": _charged_once,
    "a charge is the list price": _charged_its_price,
    "every webhook is delivered": _webhooks_arrived,
    "a webhook has one body, and its signature holds": _webhooks_were_genuine,
    "no file lies about that no job knows": _files_are_known,
    "no file of a job is missing": _files_are_there,
    "nothing is left once the time of everything is over": _nothing_left_over,
    "an ended job holds no money": _holds_are_closed,
    "balances add up": _balances_add_up,
    "one idempotency key places one job": _one_job_a_key,
    "no error is the answer to a submit that placed a job": _never_refused_and_placed,
}


def _name(told: Told) -> str:
    return f"mark {told.errand.mark}{' (keyed)' if told.errand.keyed else ''}"


def _is_made(submit: Submit) -> bool:
    return was_accepted(submit.entry) and (submit.entry.script or Script()).end == "done"


def _is_certain(last: Submit, evidence: Evidence) -> bool:
    """Whether the gateway has heard that the vendor took it."""
    is_open = (last.entry.script or Script()).is_open
    return not is_open and last.entry.task in evidence.handles


def _is_signed(one: Got, secret: str) -> bool:
    try:
        verify_webhook(one.headers, one.body, secret, tolerance=_FOR_EVER)
    except SignatureInvalid:
        return False
    return True


def _is_open_in(hold: Hold, workspace: str) -> bool:
    return (hold.state, hold.workspace) == ("open", workspace)
