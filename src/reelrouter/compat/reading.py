"""What several rules read out of an exchange, and the verdicts that follow from one fault or none."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from reelrouter.compat.exchange import Exchange, clipped, error_message, shown
from reelrouter.compat.rule import Judge, Verdict, failed, passed, skipped

Row = Mapping[str, Any]
_MOST_NAMED = 3


def envelope_fault(exchange: Exchange) -> str | None:
    """What keeps a client from reading this error."""
    fields = exchange.fields()
    if exchange.media_type != "application/json" or fields is None:
        return "the error is not a JSON object"
    error = fields.get("error")
    if not isinstance(error, dict):
        return f"error is {clipped(error)}, and should be an object"
    if type(error.get("code")) is not int:
        return f"error.code is {clipped(error.get('code'))}, and should be an integer"
    if error["code"] != exchange.status:
        return f"error.code is {error['code']} under the status {exchange.status}"
    if not isinstance(error.get("message"), str) or not error["message"].strip():
        return "error.message is not a text"
    if not isinstance(error.get("metadata", {}), dict | None):
        return f"error.metadata is {clipped(error['metadata'])}, and should be an object or null"
    return None


def is_validator_error(exchange: Exchange) -> bool:
    """The second shape of errors that OpenRouter itself has, which its own Python SDK cannot read."""
    fields = exchange.fields() or {}
    error = fields.get("error")
    return fields.get("success") is False and isinstance(error, dict) and error.get("name") == "ZodError"


def refusal(*words: str, status: int = 400) -> Judge:
    """The judge of an answer that must be an error of this status, with all of these words in its message."""

    def judge(answer: Exchange) -> Verdict:
        return judge_refusal(answer, *words, status=status)

    return judge


def judge_refusal(answer: Exchange, *words: str, status: int = 400) -> Verdict:
    if answer.status != status:
        return failed(f"expected {status}; {shown(answer)}")
    message = error_message(answer)
    missing = [word for word in words if word.lower() not in message.lower()]
    if missing:
        return failed(f'the message is "{clipped(message)}", without "{clipped(missing[0])}"')
    return passed()


def every_row(fault: Callable[[Row], str | None]) -> Judge:
    """The judge of a models list in which no row may have this fault."""

    def judge(models: Exchange) -> Verdict:
        data = (models.fields() or {}).get("data")
        if not isinstance(data, list) or not all(isinstance(row, dict) for row in data):
            return skipped("the list could not be read")
        return faultless(f"{row.get('id')}: {why}" for row in data if (why := fault(row)) is not None)

    return judge


def every_state(fault: Callable[[Row], str | None]) -> Judge:
    """The judge of a job's polls, of which none may have this fault."""

    def judge(*polls: Exchange) -> Verdict:
        states = [state for poll in polls if poll.status == 200 and (state := poll.fields()) is not None]
        if not states:
            return skipped("no poll could be read")
        return faultless(f"while {state.get('status')}: {why}" for state in states if (why := fault(state)))

    return judge


def faultless(faults: Iterable[str]) -> Verdict:
    """Passed without faults; failed with the first ones and their number."""
    named = list(dict.fromkeys(faults))
    if not named:
        return passed()
    more = f"; and {len(named) - _MOST_NAMED} more" if len(named) > _MOST_NAMED else ""
    return failed("; ".join(named[:_MOST_NAMED]) + more)
