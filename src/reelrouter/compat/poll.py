"""Rules for polls: what an unknown job is answered with, and what a job says of itself until its end."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from reelrouter.compat.exchange import Ask, Exchange, clipped, is_web_address, shown
from reelrouter.compat.life import FRUITLESS, TERMINAL, has_ended, status_of
from reelrouter.compat.reading import Row, every_state, faultless, refusal
from reelrouter.compat.rule import Rule, Verdict, asking, failed, passed, skipped, warned
from reelrouter.compat.visit import UNKNOWN_JOB, Skip, Visit

UNKNOWN = Ask(path=f"videos/{UNKNOWN_JOB}")

_ORDER = {"pending": 0, "in_progress": 1, **dict.fromkeys(TERMINAL, 2)}
_NEVER_NULL = ("generation_id", "error", "unsigned_urls", "urls", "expires_at", "usage")
_MOST_SIGNED = 3


async def _polls(visit: Visit) -> tuple[Exchange, ...]:
    return (await visit.life()).polls


async def _placed_and_polls(visit: Visit) -> tuple[Exchange, ...]:
    life = await visit.life()
    return life.submitted, *life.polls


async def _failed_polls(visit: Visit) -> tuple[Exchange, ...]:
    """Of a job that did fail, if there is one."""
    life = await visit.life()
    if life.last is not None and status_of(life.last) in FRUITLESS:
        return life.polls
    return (await visit.failed_life()).polls


async def _by_polling_url(visit: Visit) -> tuple[Exchange, ...]:
    life = await visit.life()
    url = (life.submitted.fields() or {}).get("polling_url")
    if not isinstance(url, str):
        raise Skip("there is no polling_url")
    return life.submitted, await visit.ask(Ask(path=url))


async def _signed(visit: Visit) -> tuple[Exchange, ...]:
    """The beginning of what the signed addresses lead to, asked for without a key."""
    state = await visit.completed()
    urls = state.get("urls")
    signed = [url for url in urls if is_web_address(url)] if isinstance(urls, list) else []
    asks = (Ask(path=url, key="none", whole=False, follow=True) for url in signed[:_MOST_SIGNED])
    return tuple([await visit.ask(ask) for ask in asks])


def _readable(*polls: Exchange) -> Verdict:
    if not polls:
        return failed("no poll was answered")
    return faultless(
        shown(poll) for poll in polls if poll.status != 200 or poll.fields() is None or not _is_json(poll)
    )


def _is_json(poll: Exchange) -> bool:
    return poll.media_type == "application/json"


def _judge_by_polling_url(submitted: Exchange, poll: Exchange) -> Verdict:
    if poll.status != 200:
        return failed(f"expected 200; {shown(poll)}")
    if (poll.fields() or {}).get("id") != (submitted.fields() or {}).get("id"):
        return failed(f"it is about another job; {shown(poll)}")
    return passed()


def _same_job(submitted: Exchange, *polls: Exchange) -> Verdict:
    placed = submitted.fields() or {}

    def fault(state: Row) -> str | None:
        other = [key for key in ("id", "polling_url") if state.get(key) != placed.get(key)]
        return (
            f"{other[0]} is {clipped(state.get(other[0]))}, and was {clipped(placed.get(other[0]))}"
            if other
            else None
        )

    verdict: Verdict = every_state(fault)(*polls)
    return verdict


def _status_word(state: Row) -> str | None:
    status = state.get("status")
    return None if isinstance(status, str) and status in _ORDER else f"{clipped(status)} is none of the six states"


def _forward(*polls: Exchange) -> Verdict:
    statuses = [status for poll in polls if (status := status_of(poll)) in _ORDER]
    if not statuses:
        return skipped("no status could be read")
    steps = pairwise(statuses)
    return faultless(f"{before} was followed by {after}" for before, after in steps if _is_back(before, after))


def _is_back(before: str, after: str) -> bool:
    return _ORDER[after] < _ORDER[before] or (before in TERMINAL and after != before)


def _ends(*polls: Exchange) -> Verdict:
    if not polls:
        return skipped("no poll was answered")
    last = (polls[-1].fields() or {}).get("status")
    if not has_ended(polls[-1]):
        return failed(f"after {len(polls)} polls it was {clipped(last)}; --timeout waits longer")
    return passed(f"{len(polls)} polls") if last == "completed" else warned(f"{last}: {_error_text(polls[-1])}")


def _error_text(poll: Exchange) -> str:
    return clipped((poll.fields() or {}).get("error", "without a reason"))


def _nulls(state: Row) -> str | None:
    nulls = [key for key in _NEVER_NULL if key in state and state[key] is None]
    return f"{', '.join(nulls)} should be left out, and not be null" if nulls else None


def _generation_id(*polls: Exchange) -> Verdict:
    def fault(state: Row) -> str | None:
        named = state.get("generation_id", "")
        return None if isinstance(named, str | None) else f"generation_id is {clipped(named)}, and should be text"

    verdict: Verdict = every_state(fault)(*polls)
    states = [state for poll in polls if (state := poll.fields()) is not None]
    other = [state for state in states if state.get("generation_id") not in (None, state.get("id"))]
    if verdict.outcome == "pass" and other:
        return warned(f"{clipped(other[0]['generation_id'])} is not the job's id, as it is with OpenRouter")
    return verdict


def _error_is_text(*polls: Exchange) -> Verdict:
    if not polls or status_of(polls[-1]) not in FRUITLESS:
        return skipped("no job was seen to fail")
    error = (polls[-1].fields() or {}).get("error")
    return (
        passed() if isinstance(error, str) and error else failed(f"error is {clipped(error)}, and should be text")
    )


def _completed(polls: tuple[Exchange, ...]) -> Mapping[str, Any] | None:
    state = polls[-1].fields() if polls else None
    return state if state is not None and state.get("status") == "completed" else None


def _unsigned_urls(*polls: Exchange) -> Verdict:
    state = _completed(polls)
    if state is None:
        return skipped("the job did not complete")
    urls = state.get("unsigned_urls")
    if not isinstance(urls, list) or not urls:
        return failed(f"unsigned_urls is {clipped(urls)}, and should be a list of addresses")
    return faultless(f"{clipped(url)} is not an absolute address" for url in urls if not is_web_address(url))


def _cost(*polls: Exchange) -> Verdict:
    state = _completed(polls)
    if state is None:
        return skipped("the job did not complete")
    usage = state.get("usage")
    if not isinstance(usage, dict) or "cost" not in usage:
        return failed(f"usage is {clipped(usage)}, and should have a cost")
    cost = usage["cost"]
    if cost is None:
        return warned("null: the contract allows it, and the AI SDK refuses it")
    if isinstance(cost, bool) or not isinstance(cost, int | float) or cost < 0:
        return failed(f"usage.cost is {clipped(cost)}, and should be a number of US dollars")
    return passed(f"${cost}")


def _byok(*polls: Exchange) -> Verdict:
    state = _completed(polls)
    usage = state.get("usage") if state is not None else None
    if not isinstance(usage, dict):
        return skipped("there is no usage")
    value = usage.get("is_byok", False)
    return passed() if isinstance(value, bool) else failed(f"usage.is_byok is {clipped(value)}")


def _expires_at(state: Row) -> str | None:
    value = state.get("expires_at", 0)
    return (
        None
        if value is None or type(value) is int
        else f"expires_at is {clipped(value)}, and should be an integer"
    )


def _signed_open(*answers: Exchange) -> Verdict:
    if not answers:
        return passed("there are none")
    wrong = [answer for answer in answers if answer.status != 200 or answer.media_type != "video/mp4"]
    return failed(f"expected a video without a key; {shown(wrong[0])}") if wrong else passed()


_ONE_OF_SIX = "clients that wait for one of six words: with any other they wait for ever"

RULES = (
    Rule(
        area="poll",
        name="needs-key",
        title="Without a key a poll is refused with 401",
        protects="everybody's prompts and videos, and clients that ask for a key on 401",
        fetch=asking(Ask(path=UNKNOWN.path, key="none")),
        judge=refusal(status=401),
    ),
    Rule(
        area="poll",
        name="unknown-job",
        title='A job that nobody knows is a 404, "Job <id> not found"',
        protects="clients that stop polling on these words",
        fetch=asking(UNKNOWN),
        judge=refusal(f"Job {UNKNOWN_JOB} not found", status=404),
    ),
    Rule(
        area="poll",
        name="readable",
        title="Every poll is answered with 200 and a JSON object",
        protects="every client",
        fetch=_polls,
        judge=_readable,
        cost="spends",
    ),
    Rule(
        area="poll",
        name="polling-url",
        title="A GET of polling_url, just as it was given, finds the job",
        protects="scripts that know no other address",
        fetch=_by_polling_url,
        judge=_judge_by_polling_url,
        cost="spends",
    ),
    Rule(
        area="poll",
        name="same-job",
        title="id and polling_url stay what the submit said",
        protects="clients that take the address for the next poll from the last one",
        fetch=_placed_and_polls,
        judge=_same_job,
        cost="spends",
    ),
    Rule(
        area="poll",
        name="status",
        title="The status is one of the six words of the contract",
        protects=_ONE_OF_SIX,
        fetch=_polls,
        judge=every_state(_status_word),
        cost="spends",
    ),
    Rule(
        area="poll",
        name="forward",
        title="The status never goes back, and an end is the end",
        protects="clients that act once on completed, and never look again",
        fetch=_polls,
        judge=_forward,
        cost="spends",
    ),
    Rule(
        area="poll",
        name="end",
        title="The job ends within the time of this check",
        protects=_ONE_OF_SIX,
        fetch=_polls,
        judge=_ends,
        cost="spends",
    ),
    Rule(
        area="poll",
        name="no-nulls",
        title="What is not there yet is left out, and not null",
        protects="the TypeScript SDK and the AI SDK, which reject the whole answer",
        fetch=_polls,
        judge=every_state(_nulls),
        cost="spends",
    ),
    Rule(
        area="poll",
        name="generation-id",
        title="generation_id is text, and the job's own id",
        protects="clients that look up the bill by it",
        fetch=_polls,
        judge=_generation_id,
        cost="spends",
    ),
    Rule(
        area="poll",
        name="error",
        title="The error of a job that failed is text, and not an object",
        protects="all three official clients, which reject the whole answer",
        fetch=_failed_polls,
        judge=_error_is_text,
        cost="spends",
    ),
    Rule(
        area="poll",
        name="unsigned-urls",
        title="A completed job has unsigned_urls, a list of absolute addresses",
        protects="every client that downloads",
        fetch=_polls,
        judge=_unsigned_urls,
        cost="spends",
    ),
    Rule(
        area="poll",
        name="cost",
        title="A completed job has usage.cost, a number of US dollars",
        protects="the AI SDK, which takes nothing else, and whoever adds up what was spent",
        fetch=_polls,
        judge=_cost,
        cost="spends",
    ),
    Rule(
        area="poll",
        name="is-byok",
        title="usage.is_byok, if it is there, is true or false",
        protects="the SDKs' types",
        fetch=_polls,
        judge=_byok,
        cost="spends",
    ),
    Rule(
        area="poll",
        name="expires-at",
        title="expires_at, if it is there, is an integer of Unix seconds",
        protects="the Python SDK, which rejects a fraction",
        fetch=_polls,
        judge=every_state(_expires_at),
        cost="spends",
    ),
    Rule(
        area="poll",
        name="urls",
        title="What stands in urls opens without a key",
        protects="browsers and people who are sent such an address",
        fetch=_signed,
        judge=_signed_open,
        cost="spends",
    ),
)
