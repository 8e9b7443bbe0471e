"""What is named as an extra, and what is not, on exchanges made by hand."""

from dataclasses import replace

import pytest

from reelrouter.compat.extensions import RULES
from reelrouter.compat.rule import Outcome, Rule
from reelrouter.compat.visit import UNKNOWN_JOB
from tests.compat.exchanges import (
    Case,
    Exchanges,
    absent,
    answer,
    assert_verdict,
    done,
    error,
    one,
    placed,
    poll,
    trials,
    video,
)

_PART = replace(video(100, {"content-range": "bytes 0-99/4000"}), status=206)

CASES = {
    "cancel": Case(
        good=one(error(404, f"Job {UNKNOWN_JOB} not found")),
        bad=absent(error(404, "There is no such route"), error(405, "no"), answer(b"<html>", 404)),
    ),
    "list": Case(good=one(answer({"data": []})), bad=absent(error(405, "no"), answer([]), error(404, "none"))),
    "idempotency-key": Case(
        good=((placed(), placed()),),
        bad=absent(
            (placed(), placed(id="another")),
            (error(400, "no"), error(400, "no")),
            (placed(id=...), placed(id=...)),
        ),
    ),
    "progress": Case(good=((poll(progress=5), done(progress=100)),), bad=absent((poll(), done()), ())),
    "signed-urls": Case(
        good=((poll(), done(urls=["https://gateway.example/x?signature=1"], expires_at=1790990000)),),
        bad=absent((poll(), done()), (done(urls=[]),), (done(urls="x"),), ()),
    ),
    "keyless-unsigned-urls": Case(good=one(video()), bad=absent(error(401, "no key"), answer(b"<html>"))),
    "range": Case(good=one(_PART), bad=absent(video(), replace(_PART, headers={}), error(416, "no"))),
    "content-length": Case(
        good=one(video(headers={"content-length": "4000"})), bad=absent(video(), error(404, "none"))
    ),
    "etag": Case(good=one(video(headers={"etag": '"1"'})), bad=absent(video(), error(404, "none"))),
    "head": Case(good=one(video(0, {"content-length": "4000"})), bad=absent(error(405, "no"), error(404, "none"))),
}
TRIALS = {name: trial for name, *trial in trials(RULES, CASES)}


@pytest.mark.parametrize(("rule", "exchanges", "outcome"), TRIALS.values(), ids=TRIALS)
def test_an_extra_is_found_or_nobody_is_blamed(rule: Rule, exchanges: Exchanges, outcome: Outcome) -> None:
    """Each exchange gets the verdict that stands beside it."""
    assert_verdict(rule.judge(*exchanges), outcome)
