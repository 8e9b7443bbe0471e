"""What an emulator is told to do with its next jobs: every way in which a vendor can end, refuse or break."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, get_args

Refusal = Literal["auth", "quota", "rate", "rate_after", "concurrency", "policy", "user"]
"""A submit that the vendor answers with no: nothing was created."""
Breakage = Literal["html", "truncated", "empty", "error_500", "error_503", "hang", "reset", "dropped"]
"""An answer that is none. `reset` cuts the connection before the request was acted on, `dropped` after."""
End = Literal[
    "done", "user", "policy_input", "policy_output", "transient", "expired", "cancelled",
    "drift", "no_video", "gone", "too_large", "not_video",
]  # fmt: skip
"""How a job ends. `drift` is a status word that nobody knows; the last four succeed without a usable video."""

REFUSALS: tuple[Refusal, ...] = get_args(Refusal)
BREAKAGES: tuple[Breakage, ...] = get_args(Breakage)
ENDS: tuple[End, ...] = get_args(End)


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """One job's fate."""

    refuse: Refusal | None = None
    break_submit: Breakage | None = None
    break_polls: Breakage | None = None
    broken_polls: int = 1
    """How many polls break, from the first."""
    end: End = "done"
    seconds: float = 0.0
    """From the acceptance to the end."""
    latency: float = 0.0
    """Seconds before each answer."""
    retry_after: int = 1
    """What `rate_after` names."""

    @property
    def creates(self) -> bool:
        """Whether the vendor has a job afterwards, whatever it said."""
        return self.refuse is None and self.break_submit in (None, "html", "truncated", "empty", "hang", "dropped")


def read_script(given: Mapping[str, Any]) -> Script:
    """A script as JSON has it. Raises `ValueError` for a name or a word that is none of these."""
    for name, value in given.items():
        if name not in _NAMES:
            raise ValueError(f"{name} is none of {', '.join(_NAMES)}")
        words = _WORDS.get(name)
        if words is None and (isinstance(value, bool) or not isinstance(value, int | float) or value < 0):
            raise ValueError(f"{name} is {value!r}, and should be a number from 0")
        if words is not None and value not in words:
            raise ValueError(f"{name} is {value!r}, and should be one of {', '.join(map(str, words))}")
    return Script(**given)


_NAMES = tuple(field.name for field in fields(Script))
_WORDS: Mapping[str, tuple[str | None, ...]] = {
    "refuse": (None, *REFUSALS),
    "break_submit": (None, *BREAKAGES),
    "break_polls": (None, *BREAKAGES),
    "end": ENDS,
}
"""What a script's texts may be; its other values are numbers."""
