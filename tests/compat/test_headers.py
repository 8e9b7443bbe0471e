"""The rules for what browsers are told, on answers made by hand."""

import pytest

from reelrouter.compat.exchange import Exchange
from reelrouter.compat.headers import PAGE, RULES
from reelrouter.compat.rule import Outcome, Rule
from tests.compat.exchanges import CORS, Case, Exchanges, answer, assert_verdict, error, fail, one, trials

_READABLE = Case(
    good=one(
        answer({}, headers=CORS),
        answer({}, headers={"access-control-allow-origin": PAGE}),
        error(401, "no", headers=CORS),
    ),
    bad=fail(
        answer({}), error(401, "no"), answer({}, headers={"access-control-allow-origin": "https://other.example"})
    ),
)


def preflight(methods: str, headers: str, status: int = 204, origin: str = "*") -> Exchange:
    allowed = {
        "access-control-allow-origin": origin,
        "access-control-allow-methods": methods,
        "access-control-allow-headers": headers,
    }
    return answer(b"", status, headers={name: value for name, value in allowed.items() if value})


_BEFORE_GET = Case(
    good=one(preflight("GET,POST", "Authorization"), preflight("", "authorization, content-type", 200)),
    bad=fail(
        preflight("GET", "*"),
        preflight("GET", ""),
        preflight("GET", "authorization", origin=""),
        preflight("GET", "authorization", origin="https://other.example"),
        preflight("GET", "authorization", 405),
        error(404, "none", headers=CORS),
    ),
)

CASES = {
    "models": _READABLE,
    "poll": _READABLE,
    "refusal": _READABLE,
    "video": _READABLE,
    "before-submit": Case(
        good=one(preflight("GET, POST", "Authorization, Content-Type"), preflight("*", "authorization, *")),
        bad=fail(
            preflight("GET", "Authorization, Content-Type"),
            preflight("POST", "Authorization"),
            preflight("POST", "*"),
            preflight("POST", "Content-Type"),
            preflight("POST", "Authorization, Content-Type", 401),
            preflight("POST", "Authorization, Content-Type", origin=""),
        ),
    ),
    "before-poll": _BEFORE_GET,
    "before-download": _BEFORE_GET,
}
TRIALS = {name: trial for name, *trial in trials(RULES, CASES)}


@pytest.mark.parametrize(("rule", "exchanges", "outcome"), TRIALS.values(), ids=TRIALS)
def test_a_rule_judges_as_a_browser_does(rule: Rule, exchanges: Exchanges, outcome: Outcome) -> None:
    """Each answer gets the verdict that stands beside it."""
    assert_verdict(rule.judge(*exchanges), outcome)
