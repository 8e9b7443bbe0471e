"""What an emulator is told to do with its next jobs: every way in which a vendor can end, refuse or break."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, get_args

from reelrouter.emulators.rude import RUDE, named_like
from reelrouter.emulators.rudeness import Rudeness

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
    rude: str | tuple[str, ...] = ()
    """A name of `rude.RUDE`, or several, which all befall the job."""
    rude_times: int | None = None
    """How many answers each of them alters, from the first; None leaves it to what is usual for it."""

    def __post_init__(self) -> None:
        for name in self._rude:
            if name not in RUDE:
                raise ValueError(f"rude has {name!r}; {named_like(name)}")

    @property
    def rudenesses(self) -> tuple[Rudeness, ...]:
        return tuple(RUDE[name] for name in self._rude)

    @property
    def creates(self) -> bool:
        """Whether the vendor has a job afterwards, whatever it said."""
        if self.refuse is not None or self.is_rudely_refused:
            return False
        return self.break_submit in (None, "html", "truncated", "empty", "hang", "dropped")

    @property
    def is_rudely_refused(self) -> bool:
        """Whether the vendor refuses in a way that it does not document."""
        return any(one.submit == "refused" for one in self.rudenesses)

    @property
    def is_open(self) -> bool:
        """Whether the answer to the submit leaves open what became of it."""
        return self.break_submit is not None or any(one.submit == "open" for one in self.rudenesses)

    @property
    def _rude(self) -> tuple[str, ...]:
        return (self.rude,) if isinstance(self.rude, str) else self.rude


def read_script(given: Mapping[str, Any]) -> Script:
    """A script as JSON has it. Raises `ValueError` for a name or a word that is none of these."""
    for name, value in given.items():
        if name not in _NAMES:
            raise ValueError(f"{name} is none of {', '.join(_NAMES)}")
        words = _WORDS.get(name)
        if name == "rude":
            continue
        if words is None and (isinstance(value, bool) or not isinstance(value, int | float) or value < 0):
            raise ValueError(f"{name} is {value!r}, and should be a number from 0")
        if words is not None and value not in words:
            raise ValueError(f"{name} is {value!r}, and should be one of {', '.join(map(str, words))}")
    return Script(**{**given, "rude": _rude_of(given.get("rude", ()))})


def _rude_of(given: Any) -> str | tuple[str, ...]:
    names = [given] if isinstance(given, str) else given
    if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names):
        raise ValueError(f"rude is {given!r}, and should be a name, or a list of names")
    return tuple(names)


_NAMES = tuple(field.name for field in fields(Script))
_WORDS: Mapping[str, tuple[str | None, ...]] = {
    "refuse": (None, *REFUSALS),
    "break_submit": (None, *BREAKAGES),
    "break_polls": (None, *BREAKAGES),
    "end": ENDS,
}
"""What a script's texts may be; its other values are numbers."""
