"""Rules for the video itself: who gets it, in which form, and what is answered when there is none."""

import re

from reelrouter.compat.exchange import Ask, Exchange, bare, is_web_address, shown
from reelrouter.compat.life import has_ended
from reelrouter.compat.reading import judge_refusal, refusal
from reelrouter.compat.rule import Fetch, Rule, Verdict, asking, failed, passed, skipped, warned
from reelrouter.compat.visit import UNKNOWN_JOB, Skip, Visit

UNKNOWN_CONTENT = Ask(path=f"videos/{UNKNOWN_JOB}/content?index=0")
_BEYOND = 5
_CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")
PART = 100
"""Bytes that are asked for by Range."""


def of_the_job(ask: Ask) -> Fetch:
    """Fetches the ask of a completed job; its path begins after the job's own."""

    async def fetch(visit: Visit) -> tuple[Exchange, ...]:
        return (await visit.ask(await about_the_job(visit, ask)),)

    return fetch


async def about_the_job(visit: Visit, ask: Ask) -> Ask:
    """The same ask, of the job that this visit has made."""
    state = await visit.completed()
    return Ask(
        path=f"videos/{state.get('id')}/{ask.path}",
        method=ask.method,
        key=ask.key,
        headers=ask.headers,
        whole=ask.whole,
        follow=ask.follow,
    )


WHOLE = Ask(path="content?index=0", follow=True)
RANGED = Ask(path="content?index=0", headers=(("Range", f"bytes=0-{PART - 1}"),), whole=False, follow=True)
BEYOND = Ask(path=f"content?index={_BEYOND}")


async def _too_early(visit: Visit) -> tuple[Exchange, ...]:
    life = await visit.life()
    if life.early is None or len(life.polls) < 2:
        raise Skip("the job was over before its video could be asked for too early")
    return life.early, life.polls[1]


async def _whole_and_default(visit: Visit) -> tuple[Exchange, ...]:
    whole = await visit.ask(await about_the_job(visit, WHOLE))
    return whole, await visit.ask(await about_the_job(visit, Ask(path="content", follow=True)))


async def _by_unsigned_url(visit: Visit) -> tuple[Exchange, ...]:
    state = await visit.completed()
    urls = state.get("unsigned_urls")
    if not isinstance(urls, list) or not urls or not is_web_address(urls[0]):
        raise Skip("there is no address in unsigned_urls")
    return (await visit.ask(Ask(path=urls[0], whole=False, follow=True)),)


def is_video(answer: Exchange) -> bool:
    return answer.status == 200 and answer.media_type == "video/mp4"


def _judge_early(early: Exchange, after: Exchange) -> Verdict:
    if has_ended(after):
        return skipped("the job was over at that moment")
    if early.status == 409:
        return passed()
    if early.status < 400:
        return failed(f"expected 409; {shown(early)}")
    return warned(f"409 says it best; {shown(early)}")


def _judge_status(answer: Exchange) -> Verdict:
    if answer.status != 200:
        return failed(f"expected 200; {shown(answer)}")
    if answer.redirects:
        return warned(f"{answer.redirects} redirects, to {bare(answer.url)}: not every client follows")
    return passed()


def _judge_type(answer: Exchange) -> Verdict:
    if answer.status != 200:
        return skipped("there is no video")
    given = answer.headers.get("content-type", "nothing")
    return passed() if answer.media_type == "video/mp4" else failed(f"{given}, and should be video/mp4")


def _judge_mp4(answer: Exchange) -> Verdict:
    if answer.status != 200:
        return skipped("there is no video")
    if answer.body[4:8] != b"ftyp":
        return failed(f"{answer.size} bytes that do not begin as an MP4 does")
    return passed(f"{answer.size} bytes")


def _judge_default(whole: Exchange, default: Exchange) -> Verdict:
    if not is_video(whole):
        return skipped("there is no video")
    if not is_video(default):
        return failed(f"expected the video; {shown(default)}")
    same = (default.size, default.body) == (whole.size, whole.body)
    return passed() if same else failed("it is another file than that of index=0")


def _judge_unsigned(answer: Exchange) -> Verdict:
    return (
        passed() if is_video(answer) else failed(f"expected 200 video/mp4 for {bare(answer.url)}; {shown(answer)}")
    )


def _judge_beyond(answer: Exchange) -> Verdict:
    verdict = judge_refusal(answer, f"Video index {_BEYOND} out of range")
    if verdict.outcome == "pass" and b"videos available" not in answer.body:
        return failed("the message does not say how many videos there are")
    return verdict


def _judge_part(answer: Exchange) -> Verdict:
    """Ignoring a Range is allowed; serving another part than the one that was asked for is not."""
    if answer.status == 200:
        return passed("ignored, as by OpenRouter")
    match = _CONTENT_RANGE.fullmatch(answer.headers.get("content-range", ""))
    if answer.status != 206 or match is None:
        return failed(f"expected 200, or 206 with Content-Range; {shown(answer)}")
    first, last = int(match[1]), int(match[2])
    if first != 0 or last >= PART or answer.size != last + 1:
        return failed(f"asked for bytes 0-{PART - 1}, and got {answer.size} bytes, said to be {match[0]}")
    return passed()


RULES = (
    Rule(
        area="content",
        name="needs-key",
        title="Without a key the plain address of a video is refused with 401",
        protects="everybody's videos, and clients that ask for a key on 401",
        fetch=asking(Ask(path=UNKNOWN_CONTENT.path, key="none")),
        judge=refusal(status=401),
    ),
    Rule(
        area="content",
        name="unknown-job",
        title='The video of a job that nobody knows is a 404, "Job <id> not found"',
        protects="clients that tell a wrong id from a video that is gone",
        fetch=asking(UNKNOWN_CONTENT),
        judge=refusal(f"Job {UNKNOWN_JOB} not found", status=404),
    ),
    Rule(
        area="content",
        name="too-early",
        title="The video of a job that is not done is a 409",
        protects="clients that download in place of polling, and wait on 409",
        fetch=_too_early,
        judge=_judge_early,
        cost="spends",
    ),
    Rule(
        area="content",
        name="status",
        title="The video is sent with exactly 200, from the API itself",
        protects="the official SDKs, which take no other success",
        fetch=of_the_job(WHOLE),
        judge=_judge_status,
        cost="spends",
    ),
    Rule(
        area="content",
        name="type",
        title="The video's type is video/mp4",
        protects="the official SDKs, which raise on any other type",
        fetch=of_the_job(WHOLE),
        judge=_judge_type,
        cost="spends",
    ),
    Rule(
        area="content",
        name="mp4",
        title="The video begins as an MP4 file does",
        protects="players, and whoever saved it under that name",
        fetch=of_the_job(WHOLE),
        judge=_judge_mp4,
        cost="spends",
    ),
    Rule(
        area="content",
        name="default-index",
        title="Without an index it is the first video",
        protects="clients that know of one video only",
        fetch=_whole_and_default,
        judge=_judge_default,
        cost="spends",
    ),
    Rule(
        area="content",
        name="unsigned-url",
        title="unsigned_urls leads to the video, with the key",
        protects="every client that does not build the address itself",
        fetch=_by_unsigned_url,
        judge=_judge_unsigned,
        cost="spends",
    ),
    Rule(
        area="content",
        name="index",
        title="An index beyond the last video is a 400 that says how many there are",
        protects="clients that count the videos by trying",
        fetch=of_the_job(BEYOND),
        judge=_judge_beyond,
        cost="spends",
    ),
    Rule(
        area="content",
        name="range",
        title="A Range is served rightly, or not at all",
        protects="players, which would put the wrong bytes in the wrong place",
        fetch=of_the_job(RANGED),
        judge=_judge_part,
        cost="spends",
    ),
)
