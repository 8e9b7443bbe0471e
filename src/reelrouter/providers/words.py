"""What the words mean with which vendors say how a job stands; pure.

Vendors spell one meaning in many ways. A word counts in any letter case, with any blank, dash, underscore or dot
between its parts, and with a beginning such as `TASK_STATUS_`. A word that is not here has no meaning: it is never
mapped to a default.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Literal

from reelrouter.work import FailureClass

Meaning = Literal["waiting", "running", "done", "failed", "cancelled", "expired", "lost"]
"""`lost` says that the vendor knows no such job."""

_WORDS: Mapping[Meaning, str] = {
    "waiting": """
        pending queued queueing queuing enqueued in_queue on_queue waiting wait waiting_in_queue awaiting submitted
        submitting submit requested not_start not_started unstarted created creating create accepted received
        acknowledged scheduled scheduling throttled rate_limited preparing prepare prepared initializing
        initialising initialized initialised init initiated starting new open todo planned delayed deferred on_hold
        hold held paused backlog retrying retry requeued rescheduled provisioning allocating booting cold_start
        warming warming_up loading validating validated pre_processing reasoning thinking
    """,
    "running": """
        running run in_progress progressing progress processing process generating generate rendering render making
        working active started executing execution busy ongoing on_going doing dreaming suspended uploading upload
        downloading finalizing finalising post_processing encoding transcoding muxing upscaling interpolating
        saving storing publishing streaming handling computing calculating sampling denoising inferencing
        predicting moderating reviewing auditing nearly_done almost_done cancelling canceling cancel_requested
        cancellation_requested stopping aborting
    """,
    "done": """
        succeeded succeed success successful successfully complete completed completion finish finished done ready
        ok okay delivered generated rendered processed fulfilled all_done execution_success
    """,
    "failed": """
        failed failure fail error errored errors err rejected reject dead dead_letter faulted fault crashed crash
        broken unsuccessful not_successful unsuccessfully denied refused refuse declined invalid exception killed
        execution_error execution_failed system_error server_error internal_error internal_server_error
        processing_error processing_failed generation_error generation_failed render_failed upload_failed
        download_failed submit_failed create_failed audit_failed review_failed validation_failed validation_error
        invalid_request bad_request unprocessable budget_exceeded budget_exhausted insufficient_credits
        insufficient_balance permanently_failed failed_permanently fatal fatal_error undeliverable
    """,
    "cancelled": """
        cancelled canceled cancel cancellation aborted abort revoked stopped stop terminated terminate deleted
        delete removed interrupted execution_interrupted user_cancelled user_canceled cancelled_by_user
        canceled_by_user operation_cancelled operation_canceled
    """,
    "expired": """
        expired expire expiration timeout time_out timed_out deadline_exceeded overtime ttl_exceeded task_timeout
    """,
    "lost": """
        not_found not_exist not_exists not_existing no_exist does_not_exist doesnt_exist nonexistent non_existent
        unknown_task unknown_job unknown_id invalid_task_id invalid_job_id
    """,
}
_WITHHELD_INPUTS = """
    moderated blocked request_moderated input_moderated prompt_moderated moderation_blocked request_blocked
    prompt_blocked input_blocked prompt_rejected content_policy_violation policy_violation violation flagged banned
    prohibited prohibited_content refusal safety unsafe sensitive sensitive_content content_filter content_filtered
    filtered moderation_failed moderation_rejected content_rejected ip_infringement
"""
_WITHHELD_OUTPUTS = """
    content_moderated output_moderated result_moderated content_blocked output_blocked output_filtered
    output_rejected video_moderated video_blocked nsfw nsfw_detected censored content_moderation_failed
    output_moderation_failed withheld
"""
_SEPARATORS = re.compile(r"[\s\-_.\u2010-\u2015]+")
_SUBJECTS = r"(?:task|job|video|generation|request|operation|prediction|execution|workflow|render|item|asset)"
_STATUS_PREFIX = re.compile(rf"(?:{_SUBJECTS}*(?:status|state|phase)(?:is)?)+(?=.)")
_SUBJECT_PREFIX = re.compile(rf"{_SUBJECTS}(?:is|was|has|hasbeen)?(?=.)")
_LONGEST = 200
"""Characters of a word that are looked at."""
_TRUE, _FALSE = (
    frozenset({"true", "yes", "y", "t", "1", "on"}),
    frozenset({"", "false", "no", "n", "f", "0", "off"}),
)


def meaning_of(word: object) -> Meaning | None:
    """None for a word that nobody here knows, and for what is no word: a number, a flag, nothing."""
    return next((_MEANINGS[one] for one in _spellings(word) if one in _MEANINGS), None)


def failure_of_word(word: object) -> FailureClass:
    """Why a job failed as far as the word for its end says: some words speak of policy."""
    return next((_POLICIES[one] for one in _spellings(word) if one in _POLICIES), FailureClass.TRANSIENT)


def flag_of(value: object) -> bool | None:
    """What a field such as `done` says, in whatever form; None where nobody can tell."""
    if value is None or isinstance(value, bool):
        return bool(value)
    if isinstance(value, int | Decimal):
        return bool(value) if value in (0, 1) else None
    return _flag_of_text(value) if isinstance(value, str) else None


def _flag_of_text(text: str) -> bool | None:
    word = text.strip().casefold()
    if word in _TRUE or word in _FALSE:
        return word in _TRUE
    meaning = meaning_of(word)
    return None if meaning is None else meaning not in ("waiting", "running")


def _spellings(word: object) -> tuple[str, ...]:
    """The word as it stands in the table, with and without what may stand before it."""
    if not isinstance(word, str):
        return ()
    whole = _joined(word[:_LONGEST])
    bare = _without(_STATUS_PREFIX, whole)
    return whole, bare, _without(_SUBJECT_PREFIX, bare)


def _without(prefix: re.Pattern[str], word: str) -> str:
    found = prefix.match(word)
    return word[found.end() :] if found else word


def _joined(word: str) -> str:
    return _SEPARATORS.sub("", word.casefold())


def _table(words: str) -> frozenset[str]:
    return frozenset(_joined(word) for word in words.split())


_POLICIES = {
    **dict.fromkeys(_table(_WITHHELD_INPUTS), FailureClass.POLICY_INPUT),
    **dict.fromkeys(_table(_WITHHELD_OUTPUTS), FailureClass.POLICY_OUTPUT),
}
_MEANINGS: dict[str, Meaning] = {
    **{word: meaning for meaning, words in _WORDS.items() for word in _table(words)},
    **dict.fromkeys(_POLICIES, "failed"),
}
