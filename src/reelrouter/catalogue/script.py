"""The words that script a test job, as `[[delay:3]]` in its prompt; live prompts never come here."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from reelrouter.errors import SCRIPTED_STATUSES, InvalidRequest, Problem
from reelrouter.work import Script

ERROR_TYPES = (
    "authentication",
    "permission_denied",
    "payment_required",
    "rate_limit_exceeded",
    "provider_overloaded",
    "provider_unavailable",
    "invalid_request",
    "invalid_prompt",
    "not_found",
    "precondition_failed",
    "payload_too_large",
    "unprocessable",
    "content_policy_violation",
    "refusal",
    "invalid_image",
    "image_too_large",
    "image_too_small",
    "unsupported_image_format",
    "image_not_found",
    "image_download_failed",
    "server",
    "timeout",
    "unmapped",
)
"""The contract's vocabulary, as far as it can concern a video."""

_STATUSES = "|".join(str(status) for status in SCRIPTED_STATUSES)

WORDS = (
    "[[fail:<error_type>]]",
    f"[[submit:<{_STATUSES}>]]",
    "[[status:cancelled|expired]]",
    "[[delay:<seconds, 0 to 3600>]]",
    "[[stuck]]",
    "[[outputs:<1 to 10>]]",
    f"[[content:<{_STATUSES}>]]",
    "[[webhook:fail]]",
)

_MARK = re.compile(r"[ \t]*\[\[([^\[\]]*)\]\]")
_ENDINGS = ("fail", "status", "stuck")


class ScriptReading(NamedTuple):
    """A prompt taken apart: what is left of it, what its words ask for, and what is wrong with them."""

    prompt: str
    script: Script
    problems: tuple[Problem, ...]


_NOTHING = Script()


def read_script(prompt: str) -> tuple[str, Script]:
    """The prompt without its words, and what they ask for; raises `InvalidRequest` with every bad word."""
    reading = take_apart(prompt)
    if reading.problems:
        raise InvalidRequest(reading.problems)
    return reading.prompt, reading.script


def take_apart(prompt: str) -> ScriptReading:
    """The same without raising, for a caller that collects problems."""
    if "[[" not in prompt:
        return ScriptReading(prompt, _NOTHING, ())
    marks = _MARK.findall(prompt)
    rest = _MARK.sub("", prompt)
    values: dict[str, Any] = {}
    complaints = [complaint for mark in marks if (complaint := _read_word(mark, values))]
    if "[[" in rest:
        complaints.append("a script word begins with [[ and does not end with ]]")
    endings = [name for name in _ENDINGS if name in values]
    if len(endings) > 1:
        complaints.append(f"{' and '.join(endings)} each end the job in their own way: keep one of them")
    problems = tuple(_problem(complaint) for complaint in complaints)
    script = Script() if problems else replace(Script(), **values)
    return ScriptReading(rest.strip() if marks else prompt, script, problems)


def _read_word(mark: str, values: dict[str, Any]) -> str | None:
    """Puts the word's value in place, or says what is wrong with it."""
    name, separator, text = (part.strip() for part in mark.partition(":"))
    reader = _READERS.get(name)
    if reader is None:
        return f"[[{mark}]] is not a script word"
    if name in values:
        return f"{name} is scripted twice"
    value = reader(text if separator else None)
    if value is None:
        return f"[[{mark}]] is not how {name} is scripted"
    values[name] = value
    return None


def _one_of(allowed: Sequence[str]) -> Callable[[str | None], str | None]:
    return lambda text: text if text in allowed else None


def _whole_number(lowest: int, highest: int) -> Callable[[str | None], int | None]:
    def read(text: str | None) -> int | None:
        if text is None or not re.fullmatch(r"[0-9]{1,3}", text):
            return None
        return int(text) if lowest <= int(text) <= highest else None

    return read


def _status(text: str | None) -> int | None:
    return next((status for status in SCRIPTED_STATUSES if text == str(status)), None)


def _seconds(text: str | None) -> float | None:
    if text is None or not re.fullmatch(r"[0-9]{1,4}(\.[0-9]{1,3})?", text):
        return None
    return float(text) if float(text) <= 3600 else None


def _flag(text: str | None) -> bool | None:
    return True if text is None else None


_READERS: dict[str, Callable[[str | None], Any]] = {
    "fail": _one_of(ERROR_TYPES),
    "submit": _status,
    "status": _one_of(("cancelled", "expired")),
    "delay": _seconds,
    "stuck": _flag,
    "outputs": _whole_number(1, 10),
    "content": _status,
    "webhook": _one_of(("fail",)),
}


def _problem(complaint: str) -> Problem:
    return Problem(
        field="prompt",
        message=f"Test prompt: {complaint}. Script words are {', '.join(WORDS)}, "
        f"where error_type is one of {', '.join(ERROR_TYPES)}",
        allowed=WORDS,
        error_type="invalid_prompt",
    )
