"""Every rudeness: a way in which vendors answer otherwise than they document, altering one kind of answer; pure.

Names begin with a group, such as `done` or `file`. What a vendor has no place for does not befall it.
"""

from collections.abc import Mapping
from itertools import chain

from reelrouter.emulators import rude_contents, rude_states
from reelrouter.emulators.answers import Shape
from reelrouter.emulators.rudeness import Rudeness

RUDE: Mapping[str, Rudeness] = {
    one.name: one
    for one in chain(
        rude_states.words(),
        rude_states.strange(),
        rude_states.ids(),
        rude_states.refusals(),
        rude_contents.polls(),
        rude_contents.files(),
        rude_contents.dresses(),
        rude_contents.addresses(),
        rude_contents.decorations(),
        rude_contents.texts(),
        rude_contents.paces(),
    )
}
"""By name."""


def group_of(group: str, shape: Shape) -> tuple[Rudeness, ...]:
    """Every rudeness of a group that can befall a vendor of this shape."""
    return tuple(one for one in RUDE.values() if one.name.startswith(f"{group}: ") and one.fits(shape))


def named_like(name: str) -> str:
    """For whoever has asked for one that there is not: those of its group, or the groups."""
    group = name.partition(":")[0]
    near = [one for one in RUDE if one.startswith(f"{group}: ")]
    if near:
        return f"there are {', '.join(map(repr, near))}"
    return f"names begin with a group and a colon, and the groups are {', '.join(groups())}"


def groups() -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.partition(":")[0] for name in RUDE))
