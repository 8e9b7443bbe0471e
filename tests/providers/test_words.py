"""What vendors' words for how a job stands mean, by themselves and at every adapter."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelrouter.providers.base import Unclear
from reelrouter.providers.words import Meaning, failure_of_word, flag_of, meaning_of
from reelrouter.work import Failed, FailureClass, Finished, JobLost, Running
from tests.providers.speakers import Speaker, urls, with_status

WORDS: dict[Meaning, tuple[str, ...]] = {
    "waiting": (
        "pending", "queued", "in_queue", "IN_QUEUE", "Queueing", "waiting", "submitted", "NOT_START",
        "not started", "created", "accepted", "scheduled", "THROTTLED", "Preparing", "starting",
        "initializing", "WAIT", "RETRYING",
    ),
    "running": (
        "running", "RUN", "in_progress", "InProgress", "in-progress", "Processing", "generating", "rendering",
        "dreaming", "SUSPENDED", "uploading", "finalizing", "post_processing", "executing",
        "TASK_STATUS_PROCESSING", "JOB_STATE_RUNNING", "cancelling",
    ),
    "done": (
        "succeeded", "SUCCEEDED", "Success", "succeed", "SUCCESSFUL", "completed", "Complete", "done", "DONE",
        "Finished", "FINISH", "ready", "Ready", "OK", "  completed\n", "TASK_STATUS_SUCCEED",
        "JOB_STATE_SUCCEEDED", "VideoStatus.COMPLETED",
        "task_completed", "generation.completed", "GENERATION_STATE_DONE",
    ),
    "failed": (
        "failed", "FAILED", "failure", "Fail", "error", "Errored", "rejected", "dead", "moderated", "blocked",
        "Content Moderated", "Request Moderated", "content_moderated", "nsfw", "job_failed", "TASK_STATUS_FAIL",
        "JOB_STATE_FAILED", "internal_error", "NSFW_DETECTED", "unsuccessful",
    ),
    "cancelled": (
        "cancelled", "canceled", "CANCELED", "aborted", "revoked", "stopped", "terminated", "deleted", "CANCEL",
        "JOB_STATE_CANCELLED", "execution_interrupted",
    ),
    "expired": ("expired", "EXPIRED", "timeout", "timed_out", "Timed Out", "TIMEOUT", "deadline_exceeded"),
    "lost": ("Task not found", "not_found", "task_not_exist", "does not exist"),
}  # fmt: skip
CASES = [(word, meaning) for meaning, words in WORDS.items() for word in words]
UNKNOWN = [
    "wholly-unknown",
    "archived",
    "",
    "  ",
    "2",
    "200",
    "not done",
    "unfinished",
    "cut \ud83d here",
    "ready?!",
]
NO_WORDS = [2, 0, 1, 3.5, None, True, False, ["succeeded"], {"status": "succeeded"}, Decimal(1)]


@pytest.mark.parametrize(("word", "meaning"), CASES)
def test_every_word_has_one_meaning(word: str, meaning: Meaning) -> None:
    """However it is spelled."""
    for spelled in (
        word,
        word.upper(),
        word.lower(),
        f" {word}\t",
        word.replace(" ", "_"),
        word.replace("_", "-"),
    ):
        assert meaning_of(spelled) == meaning


@pytest.mark.parametrize("word", [*UNKNOWN, *NO_WORDS], ids=repr)
def test_what_nobody_knows_has_no_meaning(word: object) -> None:
    """Neither has what is no word."""
    assert meaning_of(word) is None


@given(st.text() | st.integers() | st.floats() | st.none() | st.lists(st.text()))
def test_no_word_breaks_the_reader(word: object) -> None:
    """It has a meaning, or none."""
    assert meaning_of(word) in (None, *WORDS)
    assert flag_of(word) in (None, True, False)


@pytest.mark.parametrize(
    ("value", "flag"),
    [
        (True, True), (False, False), (None, False), (1, True), (0, False), (Decimal("1.0"), True), ("true", True),
        ("True", True), (" 1 ", True), ("yes", True), ("false", False), ("0", False), ("", False), ("no", False),
        ("completed", True), ("running", False), (2, None), ("perhaps", None), ([], None), ({"a": 1}, None),
    ],
)  # fmt: skip
def test_a_flag_is_read_in_every_form(value: object, flag: bool | None) -> None:
    """Fields such as `done` come as texts and numbers too."""
    assert flag_of(value) is flag


@pytest.mark.parametrize(
    ("word", "failure"),
    [
        ("Request Moderated", FailureClass.POLICY_INPUT), ("BLOCKED", FailureClass.POLICY_INPUT),
        ("Content Moderated", FailureClass.POLICY_OUTPUT), ("nsfw", FailureClass.POLICY_OUTPUT),
        ("failed", FailureClass.TRANSIENT), ("rejected", FailureClass.TRANSIENT), (7, FailureClass.TRANSIENT),
    ],
)  # fmt: skip
def test_some_words_say_why(word: object, failure: FailureClass) -> None:
    """Those that speak of policy: such a job is not made elsewhere."""
    assert failure_of_word(word) is failure


# At every adapter ----------------------------------------------------------------------------------------------


@with_status
@pytest.mark.parametrize(("word", "meaning"), CASES)
def test_every_adapter_knows_every_word(speaker: Speaker, word: str, meaning: Meaning) -> None:
    """One poll tells, whoever's word it is."""
    if meaning == "lost":
        with pytest.raises(JobLost):
            speaker.polled(speaker.job(word))
        return
    outcome = speaker.polled(speaker.job(word))
    if meaning in ("waiting", "running"):
        assert isinstance(outcome, Running)
    elif meaning == "done":
        assert isinstance(outcome, Finished)
        assert len(urls(outcome)) == 1
    else:
        assert isinstance(outcome, Failed)
        expected = failure_of_word(word) if meaning == "failed" else FailureClass(meaning)
        assert outcome.failure is expected


@with_status
@pytest.mark.parametrize("word", [*UNKNOWN, *(one for one in NO_WORDS if not isinstance(one, Decimal))], ids=repr)
def test_no_adapter_guesses(speaker: Speaker, word: object) -> None:
    """Where the video would be is told, so that somebody looks."""
    outcome = speaker.polled(speaker.job(word))
    assert isinstance(outcome, Unclear)
    assert len(urls(outcome)) == 1
    assert outcome.reason.startswith("a job's status is ")


@with_status
def test_a_job_may_be_wrapped_into_something(speaker: Speaker) -> None:
    """With a status of the wrapping beside it."""
    job = {"id": speaker.native_id, "status": "completed", "video_url": "https://files.test/v.mp4"}
    for body in ({"code": 0, "data": job}, {"status": 200, "data": [job]}, {"task": job}):
        assert urls(speaker.polled(body)) == ["https://files.test/v.mp4"]
