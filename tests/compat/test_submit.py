"""The rules for submits, on answers made by hand."""

import json

import pytest

from reelrouter.compat.rule import Outcome, Rule
from reelrouter.compat.submit import RULES
from reelrouter.compat.visit import UNKNOWN_JOB, UNKNOWN_MODEL
from tests.compat.exchanges import (
    BASE,
    JOB,
    Case,
    Exchanges,
    answer,
    assert_verdict,
    error,
    fail,
    models,
    one,
    placed,
    row,
    skip,
    trials,
    warn,
)

_401 = Case(
    good=one(error(401, "No cookie auth credentials found")),
    bad=fail(error(403, "no"), error(404, "no"), placed(), answer(b"<html>", 302)),
)
_400 = Case(
    good=one(error(400, "that will not do")),
    bad=fail(placed(), error(422, "that will not do"), error(500, "oh"), error(404, "none")),
)
_UNREADABLE = skip(answer(b"<html>"), answer([]), placed(id=7, polling_url=7, status=7))


def refused(status: int, message: str, **asked: object) -> Exchanges:
    """The answer to a body with these fields, beside the list of models."""
    sent = json.dumps({"model": row()["id"], **asked}).encode()
    return error(status, message, sent=sent), models()


def of_duration(status: int, message: str) -> Exchanges:
    return refused(status, message, duration=99)


def of_resolution(status: int, message: str) -> Exchanges:
    return refused(status, message, resolution="4K")


_DURATION = "Duration 99s is not supported for this model."
_RESOLUTION = "Resolution 4K is not supported for this model."

CASES = {
    "needs-key": _401,
    "wrong-key": _401,
    "unknown-model": Case(
        good=one(error(400, f"{UNKNOWN_MODEL} is not a valid model ID")),
        bad=(
            *fail(error(404, f"{UNKNOWN_MODEL} is not a valid model ID"), error(400, "Bad request"), placed()),
            *warn(error(400, f"Nobody offers {UNKNOWN_MODEL}")),
        ),
    ),
    "model-required": _400,
    "model-type": _400,
    "prompt-type": _400,
    "duration-whole": _400,
    "duration": Case(
        good=(
            of_duration(400, f"{_DURATION} Supported durations: 1, 2, 3, 15s"),
            of_duration(400, f"{_DURATION} Supported durations: 1, 2, ... 15s"),
        ),
        bad=fail(
            of_duration(202, ""),
            of_duration(422, f"{_DURATION} Supported durations: 1, 2, 3, 15s"),
            of_duration(400, _DURATION),
            of_duration(400, f"{_DURATION} Supported durations: 1, 2, 3s"),
            of_duration(400, "duration must be one of 1, 2, 3, 15"),
        ),
    ),
    "resolution": Case(
        good=(of_resolution(400, f"{_RESOLUTION} Supported resolutions: 480p, 720p"),),
        bad=fail(
            of_resolution(202, ""),
            of_resolution(400, _RESOLUTION),
            of_resolution(400, f"{_RESOLUTION} Supported resolutions: 720p"),
            of_resolution(400, "resolution must be one of 480p, 720p"),
        ),
    ),
    "prompt-or-input": _400,
    "data-video": Case(
        good=one(
            error(
                400,
                "Invalid reference URL: input_references[0].video_url.url: Only HTTPS URLs are allowed",
            )
        ),
        bad=(
            *fail(placed(), error(400, "Bad request"), error(413, "Only HTTPS URLs are allowed")),
            *warn(error(400, "this model does not take video references")),
        ),
    ),
    "previous-job": Case(
        good=one(
            error(400, "x-ai/grok-imagine-video-20260512 does not support previous_job_id"),
            error(404, f"Job {UNKNOWN_JOB} not found"),
        ),
        bad=fail(placed(), error(400, "Bad request"), error(404, "Not found"), error(500, "previous_job_id")),
    ),
    "accepted": Case(
        good=one(placed()),
        bad=(
            *fail(answer({"id": JOB}, 200), answer({"id": JOB}, 201), answer(b"<html>", 202), error(400, "no")),
            *skip(error(402, "Insufficient credits"), error(429, "slowly"), error(503, "later")),
        ),
    ),
    "keys": Case(
        good=one(placed(), placed(generation_id=JOB), placed(warnings=["one"])),
        bad=fail(
            placed(id=...),
            placed(polling_url=...),
            placed(status=...),
            placed(id=7),
            placed(generation_id=None),
            placed(generation_id=7),
            placed(error=None),
            answer([], 202),
            answer(b"<html>", 202),
        )
        + skip(error(402, "Insufficient credits")),
    ),
    "id": Case(
        good=one(placed()),
        bad=(
            *fail(
                placed(id="AbCdEfGhIjKlMnOpQrSt"),
                placed(id=f"{JOB}x"),
                placed(id="gen-vid-x-AbCdEfGhIjKlMnOpQrSt"),
            ),
            *_UNREADABLE,
        ),
    ),
    "polling-url": Case(
        good=one(placed()),
        bad=(
            *fail(
                placed(polling_url=f"/api/v1/videos/{JOB}"),
                placed(polling_url=f"https://elsewhere.example/api/v1/videos/{JOB}"),
                placed(polling_url=f"{BASE}/videos/another"),
                placed(polling_url=f"{BASE}/videos/{JOB}".replace("https", "http")),
                placed(polling_url="https://[/"),
            ),
            *_UNREADABLE,
        ),
    ),
    "status": Case(
        good=one(placed()),
        bad=(
            *fail(placed(status="queued"), placed(status="Pending")),
            *warn(placed(status="in_progress")),
            *_UNREADABLE,
        ),
    ),
}
TRIALS = {name: trial for name, *trial in trials(RULES, CASES)}


@pytest.mark.parametrize(("rule", "exchanges", "outcome"), TRIALS.values(), ids=TRIALS)
def test_a_rule_tells_good_answers_from_bad(rule: Rule, exchanges: Exchanges, outcome: Outcome) -> None:
    """Each exchange gets the verdict that stands beside it."""
    assert_verdict(rule.judge(*exchanges), outcome)


def test_keys_beyond_the_contract_are_named_and_forgiven() -> None:
    """No client breaks over them, and whoever reads the report may want to know."""
    rule = next(rule for rule in RULES if rule.name == "keys")
    assert "warnings" in rule.judge(placed(warnings=["one"])).seen
