"""What befalls jobs at emulated vendors, by a mark in each prompt: pure, so that a seed repeats it."""

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from reelrouter.emulators.frame import Entry
from reelrouter.emulators.rude import RUDE
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
HARSH = (35, 12, 10, 13, 10, 20)
"""How often a submit fares well, is refused, gets no usable answer, ends badly, is badly told of, and meets a rude
vendor."""
_KINDS = ("fine", "refused", "broken", "ends badly", "polls badly", "rude")
_MARK = re.compile(rb"mark-(\d{6})")
_RETRYABLE = frozenset({"transient"})
"""Ends after which a vendor has billed nothing, so that another may be tried."""
_QUICK = [one for one in BREAKAGES if one != "hang"]
_SLOW = ("a pause", "a minute", "an hour")
"""How rudenesses are named that ask to be left alone."""
_NEVER_COMING = frozenset({"gone", "not_video", "no_video"})
"""Ends after which a gateway tries for many minutes to get the file."""
_RUDE_SUBMITS = (8, 62, 18, 12)
"""How often a rude vendor takes a submit without saying so, takes it, refuses it, and takes what it then fails."""
_DELIVERED: Sequence[tuple[float, Sequence[str]]] = (
    (0.5, ("done",)),
    (0.3, ("waiting", "strange")),
    (0.3, ("id",)),
    (0.3, ("poll",)),
    (0.4, ("file",)),
    (0.2, ("dress",)),
    (0.3, ("address",)),
    (0.5, ("cost", "seed", "progress", "count", "stamp", "usage", "pace")),
)
"""What may befall a job that is delivered: how often, and out of which groups one is chosen."""
_FAILED: Sequence[tuple[float, Sequence[str]]] = (
    (0.6, ("failed", "cancelled", "expired")),
    (0.5, ("message",)),
    (0.5, ("code",)),
)


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
        case "rude":
            return rude(dice, seconds)
        case "polls badly":
            return Script(seconds=seconds, break_polls=dice.choice(_QUICK), broken_polls=dice.randint(1, 4))
        case _:
            return Script(seconds=seconds)


def rude(dice: random.Random, seconds: float) -> Script:
    """What befalls one submit at a vendor that answers otherwise than it documents."""
    match dice.choices(("open", "taken", "refused", "failed"), _RUDE_SUBMITS)[0]:
        case "open":
            return Script(rude=dice.choice(_named("open")), seconds=seconds)
        case "refused":
            if dice.random() < 0.2:
                return Script(refuse="user", rude=dice.choice(_named("refusal")))
            return Script(rude=dice.choice(_named("refused")))
        case "failed":
            return Script(rude=_some(dice, _FAILED), end="transient", seconds=seconds)
        case _:
            return Script(rude=_some(dice, _DELIVERED), seconds=seconds)


def briskly(script: Script) -> Script:
    """The same without what has a gateway wait for minutes, and rightly."""
    rude = tuple(one.name for one in script.rudenesses if not one.name.endswith(_SLOW))
    end = "too_large" if script.end in _NEVER_COMING else script.end
    return replace(script, rude=rude, end=end)


def _some(dice: random.Random, of: Sequence[tuple[float, Sequence[str]]]) -> tuple[str, ...]:
    """One of each kind that comes up; one at least."""
    found = [dice.choice(_named(dice.choice(groups))) for share, groups in of if dice.random() < share]
    return tuple(found) or (dice.choice(_named(of[0][1][0])),)


def _named(group: str) -> list[str]:
    """Without what no gateway could make a video of."""
    return [name for name in RUDE if name.startswith(f"{group}: ") and not name.startswith("address: no text")]


def within(script: Script, lacks: frozenset[str]) -> Script:
    """What a vendor has no words for does not befall it."""
    if script.refuse == "user" and script.rude:
        return script  # the vendor's lack is of such an end
    return Script(seconds=script.seconds) if {script.refuse, script.end} & lacks else script


def was_accepted(entry: Entry) -> bool:
    """Whether the vendor has a job of this submit, whatever it said."""
    script = entry.script or Script()
    return script.creates and (script.is_open or (entry.answered or 500) < 400)


def forbids_another(entry: Entry) -> bool:
    """Whether nothing may be submitted after this: it was accepted and may be billed, or nobody could know."""
    script = entry.script or Script()
    unheard = script.is_open or entry.answered is None
    return unheard or (was_accepted(entry) and script.end not in _RETRYABLE)
