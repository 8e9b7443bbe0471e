"""The rules for errors, on errors made by hand."""

import pytest

from reelrouter.compat.errors import RULES
from reelrouter.compat.rule import Outcome, Rule
from tests.compat.exchanges import Case, Exchanges, answer, assert_verdict, error, fail, one, trials, warn


def shaped(status: int) -> Case:
    """The one shape, and what is near it, under a status."""

    def bare(error: object, **more: object) -> tuple[object, int]:
        return {"error": error, **more}, status

    return Case(
        good=one(
            error(status, "why"),
            answer(*bare({"code": status, "message": "why", "metadata": {"error_type": "x"}}, user_id=None)),
            answer(*bare({"code": status, "message": "why", "metadata": None})),
        ),
        bad=(
            *fail(
                error(418, "why"),
                answer(b"<html>", status),
                answer(
                    {"error": {"code": status, "message": "why"}}, status, headers={"content-type": "text/plain"}
                ),
                answer(["why"], status),
                answer({"detail": "why"}, status),
                answer(*bare("why")),
                answer(*bare({"code": str(status), "message": "why"})),
                answer(*bare({"code": "invalid_request", "message": "why"})),
                answer(*bare({"code": float(status) + 0.5, "message": "why"})),
                answer(*bare({"code": 500, "message": "why"})),
                answer(*bare({"message": "why"})),
                answer(*bare({"code": status})),
                answer(*bare({"code": status, "message": " "})),
                answer(*bare({"code": status, "message": {"text": "why"}})),
                answer(*bare({"code": status, "message": "why", "metadata": "x"})),
            ),
            *warn(answer({"success": False, "error": {"name": "ZodError", "message": "[]"}}, status)),
        ),
    )


CASES = {
    "unknown-route": shaped(404),
    "malformed-json": shaped(400),
    "not-an-object": shaped(400),
    "no-key": shaped(401),
    "wrong-key": shaped(401),
    "unknown-job": shaped(404),
    "unknown-content": shaped(404),
    "refused-value": shaped(400),
    "refused-type": shaped(400),
    "index": shaped(400),
}
TRIALS = {name: trial for name, *trial in trials(RULES, CASES)}


@pytest.mark.parametrize(("rule", "exchanges", "outcome"), TRIALS.values(), ids=TRIALS)
def test_a_rule_tells_the_shape_from_others(rule: Rule, exchanges: Exchanges, outcome: Outcome) -> None:
    """Each error gets the verdict that stands beside it."""
    assert_verdict(rule.judge(*exchanges), outcome)
