"""Rules for submits: what is refused, which is free, and what the one that is taken is answered with."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from reelrouter.compat.choice import PROMPT, Choice, choose, integers, rows_of, texts
from reelrouter.compat.exchange import Exchange, clipped, error_message, is_web_address, post, shown
from reelrouter.compat.reading import judge_refusal, refusal
from reelrouter.compat.rule import Fetch, Rule, Verdict, asking, failed, passed, skipped, warned
from reelrouter.compat.visit import OFFERED, UNKNOWN_JOB, UNKNOWN_MODEL, Skip, Visit

_HARMLESS: Mapping[str, Any] = {"model": UNKNOWN_MODEL, "prompt": PROMPT}
"""A body that no server can make a video of, for refusals that are not about the body."""
_KNOWN_RESOLUTIONS = ("4K", "2K", "1080p", "1K", "768p", "720p", "480p", "360p")
_INVENTED_RESOLUTION = "144p"
_JOB_ID = re.compile(r"gen-vid-\d+-[0-9A-Za-z]{20}")
_STATUSES = frozenset({"pending", "in_progress", "completed", "failed", "cancelled", "expired"})
_PLACED_KEYS = frozenset({"id", "polling_url", "status", "generation_id"})
_NOT_NOW = frozenset({402, 403, 429, 503})
"""Refusals that say nothing of the contract: of money, rights, pace and load."""
_VIDEO = "data:video/mp4;base64,AAAAGGZ0eXBtcDQyAAAAAG1wNDJpc29t"


def _refused(change: Callable[[Choice], Mapping[str, Any]]) -> Fetch:
    """Fetches the answer to the least request with something wrong in it; a None takes a field away."""

    async def fetch(visit: Visit) -> tuple[Exchange, ...]:
        choice = await visit.choice()
        changed = {**choice.body, **change(choice)}
        return (await visit.refused({name: value for name, value in changed.items() if value is not None}),)

    return fetch


def _refused_beside_list(change: Callable[[Choice], Mapping[str, Any]]) -> Fetch:
    """The same, and the list of models, which says what would have been taken."""
    inner = _refused(change)

    async def fetch(visit: Visit) -> tuple[Exchange, ...]:
        (answer,) = await inner(visit)
        return answer, await visit.ask(OFFERED)

    return fetch


async def _without_model(visit: Visit) -> tuple[Exchange, ...]:
    return (await visit.refused({"prompt": PROMPT}),)


async def unknown_model(visit: Visit) -> tuple[Exchange, ...]:
    return (await visit.refused(_HARMLESS),)


async def number_for_model(visit: Visit) -> tuple[Exchange, ...]:
    return (await visit.refused({"model": 7, "prompt": PROMPT}),)


async def _placed(visit: Visit) -> tuple[Exchange, ...]:
    return (await visit.placed(),)


def _unlisted_duration(choice: Choice) -> Mapping[str, Any]:
    listed = integers(choice.row.get("supported_durations"))
    if not listed:
        raise Skip(f"{choice.body['model']} lists no durations")
    return {"duration": 99 if 99 not in listed else max(listed) + 1}


def _unlisted_resolution(choice: Choice) -> Mapping[str, Any]:
    listed = texts(choice.row.get("supported_resolutions"))
    if not listed:
        raise Skip(f"{choice.body['model']} lists no resolutions")
    return {"resolution": next((one for one in _KNOWN_RESOLUTIONS if one not in listed), _INVENTED_RESOLUTION)}


def _video_in_the_body(choice: Choice) -> Mapping[str, Any]:
    """To the cheapest model that takes videos, where the list says which those are."""
    body = choice.body
    if "supported_references" in choice.row:
        try:
            body = choose([row for row in choice.rows if _takes_videos(row)], None).body
        except LookupError:
            raise Skip("no model of the list takes videos") from None
    return {**body, "input_references": [{"type": "video_url", "video_url": {"url": _VIDEO}}]}


def _takes_videos(row: Mapping[str, Any]) -> bool:
    taken = row.get("supported_references")
    return isinstance(taken, dict) and bool(taken.get("video"))


def _judge_unknown_model(answer: Exchange) -> Verdict:
    verdict = judge_refusal(answer, UNKNOWN_MODEL)
    if verdict.outcome != "pass":
        return verdict
    wording = f"{UNKNOWN_MODEL} is not a valid model ID"
    return passed() if wording in error_message(answer) else warned(f'worded "{clipped(error_message(answer))}"')


def _judge_duration(answer: Exchange, models: Exchange) -> Verdict:
    listed = integers(_row(answer, models).get("supported_durations"))
    verdict = judge_refusal(answer, f"Duration {answer.wished().get('duration')}s is not supported for this model")
    if verdict.outcome != "pass":
        return verdict
    numbers = {int(number) for number in re.findall(r"\d+", error_message(answer))}
    missing = sorted({min(listed), max(listed)} - numbers) if listed else []
    return (
        failed(f"the message does not name {missing[0]}: {clipped(error_message(answer))}")
        if missing
        else passed()
    )


def _judge_resolution(answer: Exchange, models: Exchange) -> Verdict:
    listed = texts(_row(answer, models).get("supported_resolutions"))
    asked = answer.wished().get("resolution")
    return judge_refusal(answer, f"Resolution {asked} is not supported for this model", *listed)


def _row(answer: Exchange, models: Exchange) -> Mapping[str, Any]:
    wanted = answer.wished().get("model")
    return next((row for row in rows_of(models.document()) if row.get("id") == wanted), {})


def _judge_data_video(answer: Exchange) -> Verdict:
    verdict = judge_refusal(answer)
    message = error_message(answer)
    if verdict.outcome != "pass" or "Only HTTPS URLs are allowed" in message:
        return verdict
    if re.search(r"video|reference|https", message, re.IGNORECASE):
        return warned(f'refused, but not for its address: "{clipped(message)}"')
    return failed(f'the message is "{clipped(message)}", without "Only HTTPS URLs are allowed"')


def _judge_previous_job(answer: Exchange) -> Verdict:
    """A model that can continue a job cannot continue one that nobody knows."""
    if answer.status not in (400, 404):
        return failed(f"expected 400 or 404; {shown(answer)}")
    message = error_message(answer)
    named = "previous_job_id" in message or UNKNOWN_JOB in message
    return passed() if named else failed(f'the message is "{clipped(message)}", without "previous_job_id"')


def _judge_202(placed: Exchange) -> Verdict:
    if placed.status in _NOT_NOW:
        return skipped(f"the server takes no job from this caller now: {shown(placed)}")
    if placed.status != 202:
        return failed(f"expected 202; {shown(placed)}")
    if placed.media_type != "application/json":
        return failed(f"the answer is sent as {placed.media_type or 'nothing'}, and should be application/json")
    return passed()


def _judge_keys(placed: Exchange) -> Verdict:
    if placed.status >= 300:
        return skipped("there is no job")
    fields = placed.fields()
    if fields is None:
        return failed(f"expected a JSON object; {shown(placed)}")
    wrong = [key for key in ("id", "polling_url", "status") if not isinstance(fields.get(key), str)]
    if wrong:
        return failed(f"{', '.join(wrong)} should be text")
    nulls = [key for key, value in fields.items() if value is None]
    if nulls:
        return failed(f"{', '.join(nulls)} should be left out, and not be null")
    if not isinstance(fields.get("generation_id", ""), str):
        return failed(f"generation_id is {clipped(fields['generation_id'])}, and should be text")
    more = sorted(fields.keys() - _PLACED_KEYS)
    return passed(f"beyond the contract: {', '.join(more)}" if more else "")


def _judge_id(placed: Exchange) -> Verdict:
    job_id = (placed.fields() or {}).get("id")
    if not isinstance(job_id, str):
        return skipped("there is no id")
    if _JOB_ID.fullmatch(job_id):
        return passed()
    return failed(f"{clipped(job_id)} is not gen-vid-<seconds>-<20 letters and digits>")


def _judge_polling_url(placed: Exchange) -> Verdict:
    fields = placed.fields() or {}
    url, job_id = fields.get("polling_url"), fields.get("id")
    if not isinstance(url, str):
        return skipped("there is no polling_url")
    if not is_web_address(url):
        return failed(f"{clipped(url)} is not absolute")
    expected = f"{placed.base}/videos/{job_id}"
    return passed() if url == expected else failed(f"{clipped(url)} should be {clipped(expected)}")


def _judge_status(placed: Exchange) -> Verdict:
    status = (placed.fields() or {}).get("status")
    if not isinstance(status, str):
        return skipped("there is no status")
    if status not in _STATUSES:
        return failed(f"{clipped(status)} is none of the six states")
    return passed() if status == "pending" else warned(f"{status}, where clients are used to pending")


RULES = (
    Rule(
        area="submit",
        name="needs-key",
        title="Without a key a submit is refused with 401",
        protects="the operator's money, and clients that ask for a key on 401",
        fetch=asking(post("videos", _HARMLESS, key="none")),
        judge=refusal(status=401),
    ),
    Rule(
        area="submit",
        name="wrong-key",
        title="With a wrong key a submit is refused with 401",
        protects="clients that tell a wrong key from a missing right",
        fetch=asking(post("videos", _HARMLESS, key="wrong")),
        judge=refusal(status=401),
    ),
    Rule(
        area="submit",
        name="unknown-model",
        title="A model that nobody knows is a 400 that names it",
        protects="clients that fall back to another model on these words",
        fetch=unknown_model,
        judge=_judge_unknown_model,
    ),
    Rule(
        area="submit",
        name="model-required",
        title="A body without a model is a 400",
        protects="developers, who else wait for a job that cannot be",
        fetch=_without_model,
        judge=refusal(),
    ),
    Rule(
        area="submit",
        name="model-type",
        title="A number where the model should be is a 400",
        protects="developers in languages without types",
        fetch=number_for_model,
        judge=refusal(),
    ),
    Rule(
        area="submit",
        name="prompt-type",
        title="An array where the prompt should be is a 400",
        protects="callers used to chat messages, whose words would be lost",
        fetch=_refused(lambda _choice: {"prompt": [PROMPT]}),
        judge=refusal(),
    ),
    Rule(
        area="submit",
        name="duration-whole",
        title="Half a second in the duration is a 400, and is not rounded",
        protects="budgets: seconds are what is paid for",
        fetch=_refused(lambda _choice: {"duration": 4.5}),
        judge=refusal(),
    ),
    Rule(
        area="submit",
        name="duration",
        title="A duration that the model lacks is a 400 that names those it has",
        protects="clients that read the allowed durations out of the message and try again",
        fetch=_refused_beside_list(_unlisted_duration),
        judge=_judge_duration,
    ),
    Rule(
        area="submit",
        name="resolution",
        title="A resolution that the model lacks is a 400 that names those it has",
        protects="clients that read the allowed resolutions out of the message and try again",
        fetch=_refused_beside_list(_unlisted_resolution),
        judge=_judge_resolution,
    ),
    Rule(
        area="submit",
        name="prompt-or-input",
        title="Neither a prompt nor an input is a 400",
        protects="users, who would pay for a video of nothing",
        fetch=_refused(lambda _choice: {"prompt": None}),
        judge=refusal(),
    ),
    Rule(
        area="submit",
        name="data-video",
        title="A video in the body itself is refused: only HTTPS addresses are allowed",
        protects="clients that upload on these words and send the address instead",
        fetch=_refused(_video_in_the_body),
        judge=_judge_data_video,
    ),
    Rule(
        area="submit",
        name="previous-job",
        title="To continue a job that is unknown, or with a model that cannot, is refused by name",
        protects="editors, which would get an unrelated video and its bill",
        fetch=_refused(lambda _choice: {"previous_job_id": UNKNOWN_JOB}),
        judge=_judge_previous_job,
    ),
    Rule(
        area="submit",
        name="accepted",
        title="A submit that is taken is answered with exactly 202 and JSON",
        protects="the official SDKs, which take every other success for a failure and submit again",
        fetch=_placed,
        judge=_judge_202,
        cost="spends",
    ),
    Rule(
        area="submit",
        name="keys",
        title="The answer has id, polling_url and status, and nothing in it is null",
        protects="the TypeScript SDK and the AI SDK, which refuse null where a key may be missing",
        fetch=_placed,
        judge=_judge_keys,
        cost="spends",
    ),
    Rule(
        area="submit",
        name="id",
        title="The id reads gen-vid-<seconds>-<20 letters and digits>",
        protects="clients that check previous_job_id against this form before they send it",
        fetch=_placed,
        judge=_judge_id,
        cost="spends",
    ),
    Rule(
        area="submit",
        name="polling-url",
        title="polling_url is absolute, and lies under the address that was asked",
        protects="scripts that hand it to curl as it is, and clients that send their key nowhere else",
        fetch=_placed,
        judge=_judge_polling_url,
        cost="spends",
    ),
    Rule(
        area="submit",
        name="status",
        title="The status is pending",
        protects="clients that go by the six words of the contract",
        fetch=_placed,
        judge=_judge_status,
        cost="spends",
    ),
)
