"""The rules for the video, on downloads made by hand."""

from dataclasses import replace

import pytest

from reelrouter.compat.content import RULES
from reelrouter.compat.exchange import Exchange
from reelrouter.compat.rule import Outcome, Rule
from reelrouter.compat.visit import UNKNOWN_JOB
from tests.compat.exchanges import (
    Case,
    Exchanges,
    answer,
    assert_verdict,
    done,
    error,
    fail,
    one,
    poll,
    skip,
    trials,
    video,
    warn,
)

_NO_VIDEO = skip(error(404, "none"))


def part(size: int, content_range: str) -> Exchanges:
    headers = {"content-type": "video/mp4", "content-range": content_range}
    return (replace(video(size), status=206, headers=headers),)


def of_type(name: str) -> Exchange:
    return replace(video(), headers={"content-type": name})


CASES = {
    "needs-key": Case(good=one(error(401, "no key")), bad=fail(video(), error(404, "none"))),
    "unknown-job": Case(
        good=one(error(404, f"Job {UNKNOWN_JOB} not found")),
        bad=fail(error(404, "Not found"), error(400, "bad"), video()),
    ),
    "too-early": Case(
        good=((error(409, "not ready"), poll()),),
        bad=(
            *fail((video(), poll()), (answer(b""), poll())),
            *warn((error(404, "none"), poll())),
            *skip((video(), done())),
        ),
    ),
    "status": Case(
        good=one(video()),
        bad=(*fail(replace(video(), status=206), error(500, "oh")), *warn(replace(video(), redirects=1))),
    ),
    "type": Case(
        good=one(video(), of_type("video/mp4; codecs=avc1")),
        bad=(
            *fail(of_type("video/webm"), of_type("application/octet-stream")),
            *_NO_VIDEO,
        ),
    ),
    "mp4": Case(good=one(video()), bad=(*fail(answer(b"GIF89a..."), answer(b"")), *_NO_VIDEO)),
    "default-index": Case(
        good=((video(), video()),),
        bad=(*fail((video(), error(400, "no index")), (video(), video(10))), *skip((error(404, "none"), video()))),
    ),
    "unsigned-url": Case(
        good=one(video()),
        bad=fail(error(401, "no key"), of_type("text/html"), error(404, "none")),
    ),
    "index": Case(
        good=one(error(400, "Video index 5 out of range (1 videos available)")),
        bad=fail(
            video(),
            error(404, "Video index 5 out of range (1 videos available)"),
            error(400, "Video index 5 out of range"),
            error(400, "bad index"),
        ),
    ),
    "range": Case(
        good=(*one(video()), part(100, "bytes 0-99/4000"), part(60, "bytes 0-59/60")),
        bad=fail(
            part(100, "bytes 100-199/4000"),
            part(4000, "bytes 0-99/4000"),
            part(200, "bytes 0-199/4000"),
            part(100, ""),
            error(416, "no"),
        ),
    ),
}
TRIALS = {name: trial for name, *trial in trials(RULES, CASES)}


@pytest.mark.parametrize(("rule", "exchanges", "outcome"), TRIALS.values(), ids=TRIALS)
def test_a_rule_tells_good_downloads_from_bad(rule: Rule, exchanges: Exchanges, outcome: Outcome) -> None:
    """Each download gets the verdict that stands beside it."""
    assert_verdict(rule.judge(*exchanges), outcome)


def test_a_report_never_shows_a_signature() -> None:
    """An address is shown without its query: what stands there may open the file to anybody."""
    rule = next(rule for rule in RULES if rule.name == "unsigned-url")
    refused = replace(error(401, "no key"), url="https://gateway.example/content?index=0&signature=abcdef")
    seen = rule.judge(refused).seen
    assert "https://gateway.example/content" in seen
    assert "abcdef" not in seen
