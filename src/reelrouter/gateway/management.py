"""What those who govern workspaces and keys work with."""

from dataclasses import dataclass, field

from reelrouter import net
from reelrouter.catalogue.model import Catalogue
from reelrouter.clock import Clock
from reelrouter.db.engine import Database
from reelrouter.observe.events import Emit


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How far the operator lets a workspace's own rules go."""

    longest_retention: int
    """Seconds: no workspace keeps its videos for longer than the gateway does."""
    callbacks: net.Rules
    """Which addresses may be told of a job's end."""
    loopback_callbacks: bool
    """Whether test jobs may tell this machine as well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """Less than the other use cases need, so that a command can open it beside a running gateway."""

    db: Database
    catalogue: Catalogue
    pepper: bytes = field(repr=False)
    """Keys are stored as hashes under it."""
    clock: Clock
    emit: Emit
    bounds: Bounds
