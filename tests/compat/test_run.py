"""Whole runs, against a server that behaves as OpenRouter was recorded to, and against one with planted faults."""

import asyncio
from dataclasses import dataclass, replace
from typing import Any

import pytest

from reelrouter.compat.life import Pace
from reelrouter.compat.report import Report
from reelrouter.compat.rule import Outcome
from reelrouter.compat.rules import RULES
from reelrouter.compat.run import Unusable, Watch, run
from reelrouter.compat.session import Session, api_base
from reelrouter.compat.visit import UNKNOWN_JOB, Terms
from tests.compat.fake import API, KEY, TEST_KEY, Fake, serving

AT_ONCE = Pace(first_pause=0, longest_pause=0, patience=600)
LITTLE_PATIENCE = Pace(first_pause=0, longest_pause=0, patience=0.05)


ALL = Terms(spend=True, model=None, pace=AT_ONCE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    key: str | None = KEY
    terms: Terms = ALL
    area: str = ""
    """The rules of one area, or all."""


def with_terms(**changes: Any) -> Terms:
    return replace(ALL, **changes)


def checked(fake: Fake, caller: Caller | None = None) -> Report:
    """The report on this server."""
    return asyncio.run(_checked(fake, caller or Caller()))


async def _checked(fake: Fake, caller: Caller) -> Report:
    rules = [rule for rule in RULES if rule.id.startswith(caller.area)]
    async with serving(fake), Session(api_base(fake.base), caller.key) as session:
        return await run(session, caller.terms, rules, Watch())


def of(report: Report, outcome: Outcome) -> set[str]:
    return {finding.rule.id for finding in report.findings if finding.verdict.outcome is outcome}


def seen(report: Report, rule: str) -> str:
    return next(finding.verdict.seen for finding in report.findings if finding.rule.id == rule)


def test_openrouter_as_recorded_keeps_every_rule_and_has_no_extras() -> None:
    """Chunked content without a length, no Range, no cancel, no list: that is the contract, and nothing more."""
    report = checked(Fake())
    assert of(report, Outcome.FAIL) == set()
    assert of(report, Outcome.WARNING) == set()
    assert of(report, Outcome.EXTRA) == set()
    assert of(report, Outcome.SKIPPED) == {"poll.error", "extensions.idempotency-key"}
    assert report.is_compatible


def test_with_a_test_key_nothing_is_left_out() -> None:
    """Jobs cost nothing then, so they run without being allowed, and one of them is made to fail."""
    report = checked(Fake(), Caller(key=TEST_KEY, terms=with_terms(spend=False)))
    assert of(report, Outcome.FAIL) == set()
    assert of(report, Outcome.SKIPPED) == set()
    assert "test key" in report.jobs


@pytest.mark.parametrize(
    ("fault", "broken"),
    [
        ("list needs a key", {"models.open", "models.any-key", "models.data"}),
        ("durations are texts", {"models.durations"}),
        ("keys are left out", {"models.keys"}),
        ("submit is 200", {"submit.accepted"}),
        ("null in placed", {"submit.keys"}),
        ("bare id", {"submit.id"}),
        ("relative polling_url", {"submit.polling-url"}),
        ("null", {"poll.no-nulls"}),
        ("unknown status", {"poll.status"}),
        ("goes back", {"poll.forward", "poll.end"}),
        ("cost is text", {"poll.cost"}),
        ("signed without effect", {"poll.urls", "poll.expires-at"}),
        ("early video", {"content.too-early"}),
        ("webm", {"content.type", "content.unsigned-url"}),
        ("wrong part", {"content.range"}),
        ("any index", {"content.index", "errors.index"}),
        ("index is required", {"content.default-index"}),
        ("not an mp4", {"content.mp4"}),
        ("polls another", {"submit.polling-url", "poll.polling-url", "poll.same-job"}),
        ("no 404", {"poll.unknown-job", "content.unknown-job", "errors.unknown-job", "errors.unknown-content"}),
        ("bare text", {"errors.malformed-json"}),
        ("pages", {"errors.unknown-route"}),
        ("no cors", {rule.id for rule in RULES if rule.area == "headers"}),
        ("no preflight", {"headers.before-submit", "headers.before-poll", "headers.before-download"}),
        (
            "open to all",
            {
                "submit.needs-key", "submit.wrong-key", "poll.needs-key", "content.needs-key",
                "errors.no-key", "errors.wrong-key",
            },
        ),
    ],
)  # fmt: skip
def test_a_planted_fault_breaks_its_rules_and_no_others(fault: str, broken: set[str]) -> None:
    """So that a report points at what is wrong."""
    report = checked(Fake(fault))
    assert of(report, Outcome.FAIL) == broken
    assert not report.is_compatible


def test_a_job_that_never_ends_is_given_up() -> None:
    """The check ends all the same, and what it could not see is skipped."""
    report = checked(Fake("never ends"), Caller(terms=with_terms(pace=LITTLE_PATIENCE)))
    assert of(report, Outcome.FAIL) == {"poll.end"}
    assert "content.type" in of(report, Outcome.SKIPPED)


def test_an_error_that_is_an_object_is_found_where_a_job_fails() -> None:
    """A test key's prompt asks for the failure."""
    report = checked(Fake("error object"), Caller(key=TEST_KEY))
    assert of(report, Outcome.FAIL) == {"poll.error"}


def test_each_refusal_that_is_due_is_asked_for() -> None:
    """A server that takes anything breaks every rule of them; a test key makes that free of risk."""
    report = checked(Fake("takes anything"), Caller(key=TEST_KEY, area="submit"))
    due = {
        "unknown-model", "model-required", "model-type", "prompt-type", "duration-whole", "duration", "resolution",
        "prompt-or-input", "data-video", "previous-job",
    }  # fmt: skip
    assert of(report, Outcome.FAIL) == {f"submit.{name}" for name in due}


def test_the_validators_own_shape_is_a_warning() -> None:
    """OpenRouter itself answers wrong types so, though its SDK cannot read it."""
    report = checked(Fake("validator"))
    assert of(report, Outcome.WARNING) == {"errors.not-an-object", "errors.refused-type"}
    assert report.is_compatible


def test_a_lost_answer_breaks_its_rule_and_ends_nothing() -> None:
    """The reason stands in the report, and the other rules are looked into."""
    report = checked(Fake("broken pipe"), Caller(key=TEST_KEY))
    assert of(report, Outcome.FAIL) == {"submit.data-video"}
    assert "POST" in seen(report, "submit.data-video")


def test_without_leave_no_job_is_made() -> None:
    """What would cost money is skipped, and what is free is not."""
    fake = Fake()
    report = checked(fake, Caller(terms=with_terms(spend=False)))
    assert fake.jobs == {}
    assert "submit.accepted" in of(report, Outcome.SKIPPED)
    assert "submit.duration" in of(report, Outcome.PASS)
    assert report.is_compatible


def test_one_job_is_made_of_the_cheapest_model() -> None:
    """However many rules look at it; its price is said beforehand."""
    fake = Fake()
    report = checked(fake)
    (job,) = fake.jobs.values()
    assert job["body"]["model"] == "x-ai/grok-imagine-video"
    assert (job["body"]["duration"], job["body"]["resolution"]) == (1, "480p")
    assert "$0.05" in report.notes[0]


def test_the_model_can_be_named() -> None:
    """And an unlisted one is told at once, before anything is asked of it."""
    fake = Fake()
    checked(fake, Caller(terms=with_terms(model="google/veo-3.1"), area="submit"))
    assert [job["body"]["model"] for job in fake.jobs.values()] == ["google/veo-3.1"]
    with pytest.raises(Unusable, match="google/veo-9"):
        checked(Fake(), Caller(terms=with_terms(model="google/veo-9")))


def test_a_server_that_takes_what_it_should_refuse_is_asked_no_second_time() -> None:
    """Each such request may cost money: the first one taken is called off, told, and the last."""
    fake = Fake("takes anything")
    report = checked(fake, Caller(terms=with_terms(spend=False)))
    assert len(fake.jobs) == 1
    (job_id,) = fake.jobs
    assert ("POST", f"{API}/videos/{job_id}/cancel", f"Bearer {KEY}") in fake.requests
    assert job_id in report.notes[0]
    assert {"submit.duration", "submit.resolution"} <= of(report, Outcome.SKIPPED)
    assert of(report, Outcome.FAIL) == {"submit.unknown-model", "errors.refused-value"}


def test_a_refusal_for_want_of_money_says_nothing_of_the_contract() -> None:
    """The rules about jobs are skipped, and none is broken."""
    report = checked(Fake("no money"))
    assert of(report, Outcome.FAIL) == set()
    assert "Insufficient credits" in seen(report, "submit.accepted")
    assert "poll.end" in of(report, Outcome.SKIPPED)


@pytest.mark.parametrize("fault", ["video elsewhere", "polling_url elsewhere", "redirects away"])
def test_the_key_goes_to_the_given_origin_alone(fault: str) -> None:
    """Whatever addresses the server names."""
    fake = Fake(fault)
    checked(fake)
    strangers = [key for method, _path, key in fake.requests if method == "elsewhere"]
    assert strangers
    assert set(strangers) == {None}


def test_a_redirected_video_is_a_warning() -> None:
    """The SDKs follow, and other clients do not."""
    assert of(checked(Fake("redirects away")), Outcome.WARNING) == {"content.status"}


def test_without_a_key_only_what_needs_none_is_asked() -> None:
    """And no header is made up for it, but where a wrong key is the question."""
    fake = Fake()
    report = checked(fake, Caller(key=None))
    assert of(report, Outcome.FAIL) == set()
    assert {"models.open", "poll.needs-key", "headers.models"} <= of(report, Outcome.PASS)
    assert seen(report, "poll.unknown-job") == "needs a key"
    assert not any(KEY in (key or "") for _method, _path, key in fake.requests)


def test_a_key_that_the_server_repeats_is_not_shown() -> None:
    """Reports are pasted into issues."""
    report = checked(Fake("echo"))
    assert "Bearer [the key]" in seen(report, "poll.unknown-job")
    assert KEY not in str(report.as_json())


def test_a_wrong_key_is_told_before_any_rule() -> None:
    """In place of seventy broken rules."""
    with pytest.raises(Unusable, match="does not know the key"):
        checked(Fake(), Caller(key="sk-or-v1-mistyped"))


def test_one_area_asks_nothing_for_the_others() -> None:
    """The list of models takes two requests without a key."""
    fake = Fake()
    report = checked(fake, Caller(key=None, area="models"))
    assert {finding.rule.area for finding in report.findings} == {"models"}
    assert {path for _method, path, _key in fake.requests} == {f"{API}/videos/models"}
    assert len(fake.requests) == 2


def test_equal_requests_are_sent_once() -> None:
    """Several rules look at one answer: a check is no load test."""
    fake = Fake()
    checked(fake, Caller(terms=with_terms(spend=False)))
    polls = [key for _method, path, key in fake.requests if path == f"{API}/videos/{UNKNOWN_JOB}"]
    assert polls.count(f"Bearer {KEY}") == 2  # one of them with an Origin


def test_the_report_is_the_rules_in_their_order() -> None:
    """Free ones run first, which does not show."""
    report = checked(Fake())
    assert [finding.rule.id for finding in report.findings] == [rule.id for rule in RULES]
    assert sum(report.summary.values()) == len(RULES)
