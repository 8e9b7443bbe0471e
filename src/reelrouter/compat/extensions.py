"""Good things that the contract does not ask for: found, they are named; absent, nobody is blamed."""

import secrets

from reelrouter.compat.content import RANGED, WHOLE, about_the_job, is_video, of_the_job
from reelrouter.compat.exchange import Ask, Exchange, error_message, is_web_address, post
from reelrouter.compat.life import placed_id
from reelrouter.compat.rule import ABSENT, Judge, Rule, Verdict, asking, found
from reelrouter.compat.visit import UNKNOWN_JOB, Skip, Visit

_CANCEL = Ask(path=f"videos/{UNKNOWN_JOB}/cancel", method="POST")
_LIST = Ask(path="videos")


async def _polls(visit: Visit) -> tuple[Exchange, ...]:
    return (await visit.life()).polls


async def _without_key(visit: Visit) -> tuple[Exchange, ...]:
    state = await visit.completed()
    urls = state.get("unsigned_urls")
    if not isinstance(urls, list) or not urls or not is_web_address(urls[0]):
        raise Skip("there is no address in unsigned_urls")
    return (await visit.ask(Ask(path=urls[0], key="none", whole=False, follow=True)),)


async def _submitted_twice(visit: Visit) -> tuple[Exchange, ...]:
    """Two submits that a server without the extension makes two jobs of, which are then called off."""
    if not visit.jobs_cost_nothing:
        raise Skip("finding out means to submit twice, which only a test key does for nothing")
    headers = {"Idempotency-Key": secrets.token_hex(16)}
    ask = post("videos", (await visit.choice()).body, headers=headers)
    answers = (await visit.ask_again(ask), await visit.ask_again(ask))
    for job_id in {placed_id(answer) for answer in answers} - {None}:
        await visit.ask_again(Ask(path=f"videos/{job_id}/cancel", method="POST"))
    return answers


async def _head(visit: Visit) -> tuple[Exchange, ...]:
    ask = Ask(path=WHOLE.path, method="HEAD")
    return (await visit.ask(await about_the_job(visit, ask)),)


def _judge_header(name: str) -> Judge:
    def judge(answer: Exchange) -> Verdict:
        value = answer.headers.get(name)
        return found(value) if is_video(answer) and value else ABSENT

    return judge


def _judge_range(part: Exchange) -> Verdict:
    given = part.headers.get("content-range")
    return found(given) if part.status == 206 and given else ABSENT


def _judge_head(answer: Exchange) -> Verdict:
    return found(f"{answer.headers.get('content-length', 'no')} bytes") if is_video(answer) else ABSENT


def _judge_cancel(answer: Exchange) -> Verdict:
    """A server that has the route misses the job, and not the route."""
    return found("POST …/cancel") if f"Job {UNKNOWN_JOB} not found" in error_message(answer) else ABSENT


def _judge_list(answer: Exchange) -> Verdict:
    data = (answer.fields() or {}).get("data")
    return found("GET …/videos") if answer.status == 200 and isinstance(data, list) else ABSENT


def _judge_idempotency(first: Exchange, second: Exchange) -> Verdict:
    job_id = placed_id(first)
    same = job_id is not None and first.status < 300 and placed_id(second) == job_id
    return found("the second submit was answered with the first one's job") if same else ABSENT


def _judge_without_key(answer: Exchange) -> Verdict:
    return found("the AI SDK's own download works") if is_video(answer) else ABSENT


def _judge_signed(*polls: Exchange) -> Verdict:
    state = (polls[-1].fields() or {}) if polls else {}
    urls = state.get("urls")
    return (
        found(f"until {state.get('expires_at', 'a time unsaid')}") if isinstance(urls, list) and urls else ABSENT
    )


def _judge_progress(*polls: Exchange) -> Verdict:
    shown = [state["progress"] for poll in polls if "progress" in (state := poll.fields() or {})]
    return found(f"up to {shown[-1]}") if shown else ABSENT


RULES = (
    Rule(
        area="extensions",
        name="cancel",
        title="A job can be cancelled",
        protects="users who change their mind",
        fetch=asking(_CANCEL),
        judge=_judge_cancel,
    ),
    Rule(
        area="extensions",
        name="list",
        title="Jobs can be listed",
        protects="clients that have lost an id",
        fetch=asking(_LIST),
        judge=_judge_list,
    ),
    Rule(
        area="extensions",
        name="idempotency-key",
        title="An Idempotency-Key makes two submits one job",
        protects="budgets: the official SDKs submit again after a 503",
        fetch=_submitted_twice,
        judge=_judge_idempotency,
        cost="spends",
    ),
    Rule(
        area="extensions",
        name="progress",
        title="Polls say how far the job is",
        protects="whoever watches a progress bar",
        fetch=_polls,
        judge=_judge_progress,
        cost="spends",
    ),
    Rule(
        area="extensions",
        name="signed-urls",
        title="urls has addresses that open without a key",
        protects="pages and people who hold no key",
        fetch=_polls,
        judge=_judge_signed,
        cost="spends",
    ),
    Rule(
        area="extensions",
        name="keyless-unsigned-urls",
        title="unsigned_urls opens without a key too",
        protects="clients that download without their key",
        fetch=_without_key,
        judge=_judge_without_key,
        cost="spends",
    ),
    Rule(
        area="extensions",
        name="range",
        title="Parts of a video can be asked for by Range",
        protects="players that seek, and downloads that broke off",
        fetch=of_the_job(RANGED),
        judge=_judge_range,
        cost="spends",
    ),
    Rule(
        area="extensions",
        name="content-length",
        title="A video says its length",
        protects="download bars",
        fetch=of_the_job(WHOLE),
        judge=_judge_header("content-length"),
        cost="spends",
    ),
    Rule(
        area="extensions",
        name="etag",
        title="A video has an ETag",
        protects="caches",
        fetch=of_the_job(WHOLE),
        judge=_judge_header("etag"),
        cost="spends",
    ),
    Rule(
        area="extensions",
        name="head",
        title="HEAD tells of a video without sending it",
        protects="download managers",
        fetch=_head,
        judge=_judge_head,
        cost="spends",
    ),
)
