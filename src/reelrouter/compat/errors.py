"""Rules for errors: wherever one comes from, it has the one shape that clients can read."""

from reelrouter.compat import submit
from reelrouter.compat.content import BEYOND, UNKNOWN_CONTENT, of_the_job
from reelrouter.compat.exchange import Ask, Exchange, shown
from reelrouter.compat.poll import UNKNOWN
from reelrouter.compat.reading import envelope_fault, is_validator_error
from reelrouter.compat.rule import Cost, Fetch, Judge, Rule, Verdict, asking, failed, passed, warned
from reelrouter.compat.visit import Visit

UNKNOWN_ROUTE = Ask(path="no-such-resource")
_MALFORMED = Ask(path="videos", method="POST", headers=(("Content-Type", "application/json"),), body=b'{"model": ')


async def _refused_array(visit: Visit) -> tuple[Exchange, ...]:
    return (await visit.refused([]),)


def _error(status: int) -> Judge:
    def judge(answer: Exchange) -> Verdict:
        if answer.status != status:
            return failed(f"expected {status}; {shown(answer)}")
        if is_validator_error(answer):
            return warned("a validator's own shape: OpenRouter has it too, and its Python SDK cannot read it")
        fault = envelope_fault(answer)
        return passed() if fault is None else failed(f"{fault}; {shown(answer)}")

    return judge


def _rule(name: str, what: str, status: int, fetch: Fetch, cost: Cost = "free") -> Rule:
    return Rule(
        area="errors",
        name=name,
        title=f"{what} is a {status}, in the one shape of errors",
        protects="the official SDKs, which else raise that they cannot read the answer, and hide the reason",
        fetch=fetch,
        judge=_error(status),
        cost=cost,
    )


RULES = (
    _rule("unknown-route", "An address that nobody serves", 404, asking(UNKNOWN_ROUTE)),
    _rule("malformed-json", "A body that is not JSON", 400, asking(_MALFORMED)),
    _rule("not-an-object", "A body that is not an object", 400, _refused_array),
    _rule("no-key", "A request without a key", 401, asking(Ask(path=UNKNOWN.path, key="none"))),
    _rule("wrong-key", "A request with a wrong key", 401, asking(Ask(path=UNKNOWN.path, key="wrong"))),
    _rule("unknown-job", "An unknown job", 404, asking(UNKNOWN)),
    _rule("unknown-content", "The video of an unknown job", 404, asking(UNKNOWN_CONTENT)),
    _rule("refused-value", "A value that is refused", 400, submit.unknown_model),
    _rule("refused-type", "A value of the wrong type", 400, submit.number_for_model),
    _rule("index", "An index beyond the last video", 400, of_the_job(BEYOND), cost="spends"),
)
