"""What is wrong, put by hand into the evidence of a run: one for each rule, which has to find it."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from reelrouter.emulators.frame import Entry
from reelrouter.emulators.script import Script
from tests.fates import forbids_another
from tests.torture.evidence import Evidence, JobRow, Told

Plant = Callable[[Evidence], Evidence]


def _forget(evidence: Evidence) -> Evidence:
    gone = _promised(evidence).job
    return replace(evidence, jobs={name: row for name, row in evidence.jobs.items() if name != gone})


def _revive(evidence: Evidence) -> Evidence:
    told = _promised(evidence)
    return _with_told(evidence, replace(told, words=(*told.words, "in_progress")))


def _send_twice(evidence: Evidence) -> Evidence:
    found = evidence.submits.items()
    mark, submits = next((mark, submits) for mark, submits in found if forbids_another(submits[-1].entry))
    return replace(evidence, submits={**evidence.submits, mark: (*submits, submits[-1])})


def _send_for_nobody(evidence: Evidence) -> Evidence:
    submits = next(iter(evidence.submits.values()))
    return replace(evidence, submits={**evidence.submits, 999_999: submits[:1]})


def _make_for_nobody(evidence: Evidence) -> Evidence:
    mark = _completed(evidence).mark
    return replace(evidence, submits={**evidence.submits, mark or 0: ()})


def _cancel_unasked(evidence: Evidence) -> Evidence:
    row = _made(evidence)
    lost = replace(row, status="cancelled", files=(), was_to_cancel=False, is_looked_for=False)
    return _with_row(evidence, lost)


def _expire_early(evidence: Evidence) -> Evidence:
    lost = replace(_made(evidence), status="expired", files=(), was_late=False, is_looked_for=False)
    return _with_row(evidence, lost)


def _stay(evidence: Evidence) -> Evidence:
    return _with_row(evidence, replace(_completed(evidence), status="in_progress"))


def _stay_unheard_of(evidence: Evidence) -> Evidence:
    """Its client never had an answer."""
    row = _completed(evidence)
    told = tuple(one for one in evidence.told if one.job != row.id)
    return replace(_stay(evidence), told=told)


def _hold_for_nobody(evidence: Evidence) -> Evidence:
    first, *others = evidence.holds
    return replace(evidence, holds=(replace(first, job="gen-vid-nobody", state="open"), *others))


def _charge_twice(evidence: Evidence) -> Evidence:
    first = evidence.charges[0]
    return replace(evidence, charges=(*evidence.charges, replace(first, key=f"{first.key} again")))


def _charge_more(evidence: Evidence) -> Evidence:
    first, *others = evidence.charges
    return replace(evidence, charges=(replace(first, amount=first.amount + 1), *others))


def _drop_webhook(evidence: Evidence) -> Evidence:
    key = next(one.key for one in evidence.got if one.answer == 204)
    return replace(evidence, got=tuple(one for one in evidence.got if one.key != key))


def _forge_webhook(evidence: Evidence) -> Evidence:
    first, *others = evidence.got
    return replace(evidence, got=(replace(first, body=first.body + b" "), *others))


def _leave_file(evidence: Evidence) -> Evidence:
    failed = next(row for row in evidence.jobs.values() if row.status == "failed" and not row.files)
    return replace(evidence, files=evidence.files | {f"outputs/{failed.id}/0.mp4"})


def _lose_file(evidence: Evidence) -> Evidence:
    kept = next(row for row in evidence.jobs.values() if row.is_kept)
    return replace(evidence, files=evidence.files - set(kept.files))


def _leave_work(evidence: Evidence) -> Evidence:
    return replace(evidence, leftovers=("data/work/outputs/half-a-video",))


def _open_hold(evidence: Evidence) -> Evidence:
    first, *others = evidence.holds
    return replace(evidence, holds=(replace(first, state="open"), *others))


def _hold_on(evidence: Evidence) -> Evidence:
    first, *others = evidence.budgets
    return replace(evidence, budgets=(replace(first, held=first.held + 1), *others))


def _place_twice(evidence: Evidence) -> Evidence:
    row = _completed(evidence)
    return replace(evidence, jobs={**evidence.jobs, "gen-vid-again": replace(row, id="gen-vid-again")})


def _refuse_and_place(evidence: Evidence) -> Evidence:
    told = _promised(evidence)
    refused = tuple(replace(send, status=500, job=None) for send in told.sends if send.status is not None)
    return _with_told(evidence, replace(told, sends=refused))


PLANTS: Sequence[tuple[str, Plant]] = (
    ("an accepted job comes to an end", _forget),
    ("an accepted job comes to an end", _stay),
    ("an accepted job comes to an end", _stay_unheard_of),
    ("an end is an end, and no answer is out of place", _revive),
    ("nothing is submitted after an acceptance or an unknown outcome", _send_twice),
    ("nothing is submitted for no job", _send_for_nobody),
    ("a job is completed if a vendor made it, and only then", _make_for_nobody),
    ("no video is lost that a vendor has made", _cancel_unasked),
    ("no video is lost that a vendor has made", _expire_early),
    ("a job is charged once, if it is completed", _charge_twice),
    ("a charge is the list price", _charge_more),
    ("every webhook is delivered", _drop_webhook),
    ("a webhook has one body, and its signature holds", _forge_webhook),
    ("no file lies about that no job knows", _leave_file),
    ("no file of a job is missing", _lose_file),
    ("nothing is left once the time of everything is over", _leave_work),
    ("an ended job holds no money", _open_hold),
    ("an ended job holds no money", _hold_for_nobody),
    ("balances add up", _hold_on),
    ("one idempotency key places one job", _place_twice),
    ("no error is the answer to a submit that placed a job", _refuse_and_place),
)
"""Each with the rule that finds it."""


def _promised(evidence: Evidence) -> Told:
    return next(told for told in evidence.told if told.job is not None)


def _completed(evidence: Evidence) -> JobRow:
    return next(row for row in evidence.jobs.values() if row.status == "completed")


def _made(evidence: Evidence) -> JobRow:
    """One whose vendor was heard to have taken it."""
    rows = [row for row in evidence.jobs.values() if row.status == "completed"]
    return next(row for row in rows if _was_heard(evidence.submits[row.mark or 0][-1].entry, evidence))


def _was_heard(entry: Entry, evidence: Evidence) -> bool:
    return entry.task in evidence.handles and not (entry.script or Script()).is_open


def _with_row(evidence: Evidence, row: JobRow) -> Evidence:
    return replace(evidence, jobs={**evidence.jobs, row.id: row})


def _with_told(evidence: Evidence, changed: Told) -> Evidence:
    told = tuple(changed if one.errand == changed.errand else one for one in evidence.told)
    return replace(evidence, told=told)
