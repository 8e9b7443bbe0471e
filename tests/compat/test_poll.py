"""The rules for polls, on polls made by hand."""

import pytest

from reelrouter.compat.poll import RULES
from reelrouter.compat.rule import Outcome, Rule
from reelrouter.compat.visit import UNKNOWN_JOB
from tests.compat.exchanges import (
    BASE,
    JOB,
    Case,
    Exchanges,
    answer,
    assert_verdict,
    done,
    error,
    fail,
    one,
    placed,
    poll,
    skip,
    trials,
    video,
    warn,
)

_FAILED = poll("failed", error="The provider gave up")
_UNDONE = skip((poll(),), (poll(), _FAILED), (answer(b"<html>"),), ())
_NEVER = skip((error(404, "none"),), ())

CASES = {
    "needs-key": Case(
        good=one(error(401, "Missing Authentication header")),
        bad=fail(error(404, "none"), poll(), error(403, "no")),
    ),
    "unknown-job": Case(
        good=one(error(404, f"Job {UNKNOWN_JOB} not found")),
        bad=fail(
            error(404, "Not found"), error(400, f"Job {UNKNOWN_JOB} not found"), poll(), answer(b"<html>", 404)
        ),
    ),
    "readable": Case(
        good=((poll(), poll("in_progress"), done()),),
        bad=fail((poll(), error(500, "oh")), (answer(b"<html>"),), (answer([]),), ()),
    ),
    "polling-url": Case(
        good=((placed(), poll()),),
        bad=fail((placed(), error(404, "none")), (placed(), poll(id="another")), (placed(), answer([]))),
    ),
    "same-job": Case(
        good=((placed(), poll(), done()),),
        bad=(
            *fail((placed(), poll(id="another")), (placed(), poll(), done(polling_url=f"/videos/{JOB}"))),
            *skip((placed(),), (placed(), error(404, "none"))),
        ),
    ),
    "status": Case(
        good=((poll(), poll("in_progress"), done()), (poll("expired"),), (poll("cancelled"),), (_FAILED,)),
        bad=(*fail((poll("queued"),), (poll(), poll("succeeded")), (poll(None),), (poll(["pending"]),)), *_NEVER),
    ),
    "forward": Case(
        good=((poll(), poll(), poll("in_progress"), done(), done()), (poll(), done(), done())),
        bad=(
            *fail((poll("in_progress"), poll()), (done(), poll()), (done(), _FAILED)),
            *skip((poll(["pending"]),), (answer(b""),), ()),
        ),
    ),
    "end": Case(
        good=((poll(), done(), done()),),
        bad=(*fail((poll(), poll("in_progress")), (poll("finished"),)), *warn((poll(), _FAILED)), *skip(())),
    ),
    "no-nulls": Case(
        good=((poll(), done(), done(progress=None)),),
        bad=(
            *fail(
                (poll(error=None), done()),
                (poll(), done(error=None)),
                (poll(generation_id=None),),
                (poll(unsigned_urls=None),),
                (poll(usage=None),),
                (done(expires_at=None),),
                (done(urls=None),),
            ),
            *_NEVER,
        ),
    ),
    "generation-id": Case(
        good=((poll(), done()), (poll(generation_id=...),)),
        bad=(*fail((poll(generation_id=7),)), *warn((poll(generation_id="gen-1"),)), *_NEVER),
    ),
    "error": Case(
        good=((_FAILED,), (poll(), poll("expired", error="Job exceeded maximum time to live"))),
        bad=(
            *fail(
                (poll("failed", error={"code": 500, "message": "oh"}),),
                (poll("failed", error=None),),
                (poll("failed"),),
                (poll("cancelled", error=""),),
            ),
            *skip((poll(), done()), ()),
        ),
    ),
    "unsigned-urls": Case(
        good=((poll(), done()),),
        bad=(
            *fail(
                (done(unsigned_urls=...),),
                (done(unsigned_urls=[]),),
                (done(unsigned_urls=f"{BASE}/videos/{JOB}/content"),),
                (done(unsigned_urls=[f"/api/v1/videos/{JOB}/content?index=0"]),),
                (done(unsigned_urls=[{"url": "https://gateway.example"}]),),
            ),
            *_UNDONE,
        ),
    ),
    "cost": Case(
        good=((done(),), (done(usage={"cost": 0}),)),
        bad=(
            *fail(
                (done(usage=...),),
                (done(usage={}),),
                (done(usage={"cost": "0.05"}),),
                (done(usage={"cost": True}),),
                (done(usage={"cost": -1}),),
            ),
            *warn((done(usage={"cost": None}),)),
            *_UNDONE,
        ),
    ),
    "is-byok": Case(
        good=((done(),), (done(usage={"cost": 1}),)),
        bad=(*fail((done(usage={"is_byok": "no"}),), (done(usage={"is_byok": None}),)), *skip((done(usage=...),))),
    ),
    "expires-at": Case(
        good=((done(),), (done(expires_at=1790990000),)),
        bad=(*fail((done(expires_at=1790990000.5),), (done(expires_at="2026-10-02T12:00:00Z"),)), *_NEVER),
    ),
    "urls": Case(
        good=((), (video(),), (video(), video())),
        bad=fail((error(401, "no key"),), (video(), answer(b"<html>"))),
    ),
}
TRIALS = {name: trial for name, *trial in trials(RULES, CASES)}


@pytest.mark.parametrize(("rule", "exchanges", "outcome"), TRIALS.values(), ids=TRIALS)
def test_a_rule_tells_good_polls_from_bad(rule: Rule, exchanges: Exchanges, outcome: Outcome) -> None:
    """Each life of a job gets the verdict that stands beside it."""
    assert_verdict(rule.judge(*exchanges), outcome)
