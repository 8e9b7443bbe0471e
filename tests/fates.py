"""What befalls jobs at emulated vendors, by a mark in each prompt: pure, so that a seed repeats it."""

import random
import re
from collections.abc import Mapping, Sequence
from typing import Any

from reelrouter.emulators.frame import Entry
from reelrouter.emulators.script import BREAKAGES, ENDS, REFUSALS, Script

MODELS: Mapping[str, Mapping[str, Any]] = {
    "google/veo-3.1-lite": {"duration": 4, "resolution": "720p"},
    "bytedance/seedance-2.0-fast": {"duration": 4, "resolution": "480p"},
    "alibaba/wan-2.7": {"duration": 2, "resolution": "720p"},
    "alibaba/wan-2.6": {"duration": 5, "resolution": "720p"},
    "openai/sora-2-pro": {"duration": 4, "resolution": "720p"},
    "minimax/hailuo-2.3": {"duration": 6, "resolution": "1080p"},
}
"""Each with a body that it takes; between them they lead to every emulator."""
HARSH = (45, 15, 12, 16, 12)
"""How often a submit fares well, is refused, gets no usable answer, ends badly, and is badly told of."""
_KINDS = ("fine", "refused", "broken", "ends badly", "polls badly")
_MARK = re.compile(rb"mark-(\d{6})")
_RETRYABLE = frozenset({"transient"})
"""Ends after which a vendor has billed nothing, so that another may be tried."""
_QUICK = [one for one in BREAKAGES if one != "hang"]


def prompt_of(mark: int) -> str:
    return f"a boat, mark-{mark:06d}"


def mark_of(text: bytes) -> int | None:
    """The mark in a body, or in whatever else a prompt has found its way to."""
    found = _MARK.search(text)
    return int(found[1]) if found else None


def fate(dice: random.Random, weights: Sequence[int] = HARSH) -> Script:
    """What befalls one submit."""
    kind = dice.choices(_KINDS, weights)[0]
    seconds = dice.uniform(0.0, 2.0)
    match kind:
        case "refused":
            return Script(refuse=dice.choice(REFUSALS))
        case "broken":
            return Script(break_submit=dice.choice(_QUICK))
        case "ends badly":
            return Script(seconds=seconds, end=dice.choice([one for one in ENDS if one not in ("done", "drift")]))
        case "polls badly":
            return Script(seconds=seconds, break_polls=dice.choice(_QUICK), broken_polls=dice.randint(1, 4))
        case _:
            return Script(seconds=seconds)


def within(script: Script, lacks: frozenset[str]) -> Script:
    """What a vendor has no words for does not befall it."""
    return Script(seconds=script.seconds) if {script.refuse, script.end} & lacks else script


def was_accepted(entry: Entry) -> bool:
    """Whether the vendor has a job of this submit, whatever it said."""
    script = entry.script or Script()
    return script.creates and (script.break_submit is not None or (entry.answered or 500) < 400)


def forbids_another(entry: Entry) -> bool:
    """Whether nothing may be submitted after this: it was accepted and may be billed, or nobody could know."""
    script = entry.script or Script()
    unheard = script.break_submit is not None or entry.answered is None
    return unheard or (was_accepted(entry) and script.end not in _RETRYABLE)
