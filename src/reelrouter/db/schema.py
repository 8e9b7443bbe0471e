"""Which program may use which database: each revision of the schema says which older programs it still bears."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import version

HEAD = "0013"
"""The newest revision in `migrations/versions`; a test holds the two together."""
_NAMED = re.compile(r"reelrouter(?:-[a-z]+)?(?:/(\d+))?")
_UNNUMBERED = "0006"
"""Of programs that did not say yet."""


class SchemaRefused(Exception):
    """This program may not use the database as it is, or may not upgrade it now; the message says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a database says of itself."""

    revision: str | None
    """None where there are no tables yet."""
    works_with: str | None = None
    """The oldest revision whose program may use it; None where it is too old to say so."""
    upgraded_by: str | None = None
    """The version of the program that brought it to where it is."""


def needs_upgrade(found: Found, head: str) -> bool:
    """Whether a program of that revision has to upgrade it before use. Raises `SchemaRefused`."""
    if found.revision is None or found.revision < head:
        return True
    if found.revision == head or (found.works_with is not None and found.works_with <= head):
        return False
    by = found.upgraded_by
    raise SchemaRefused(
        f"the database was upgraded by {f'ReelRouter {by}' if by else 'a later version'} and does not bear this "
        f"version ({version('reelrouter')}) any more: it is at revision {found.revision}, which works with "
        f"programs from {found.works_with or found.revision} on, and this one is of {head}. "
        f"Install ReelRouter {by or 'as new as that'} or newer, or restore the backup from before the upgrade"
    )


def name_for_server(role: str = "") -> str:
    """What a connection of ours calls itself on a server, so that an upgrade can tell who is still there."""
    return f"reelrouter{role and '-'}{role}/{HEAD}"


def too_old(names: Iterable[str], works_with: str) -> list[str]:
    """Those among the connections' names that are of a program which may not use the database any more."""
    found = ((name, _NAMED.fullmatch(name)) for name in names)
    return sorted({name for name, ours in found if ours and (ours[1] or _UNNUMBERED) < works_with})
