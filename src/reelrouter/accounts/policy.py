"""What a workspace and a key allow: the operator's rules for whoever asks, as one value; and how it is read."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from reelrouter.db.engine import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """How much may be asked for; None is no limit."""

    concurrency: int | None = None
    """Unfinished jobs at one time."""
    rate: int | None = None
    """Requests a minute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The default allows everything."""

    strict: bool = False
    """What would be accepted with a warning is refused."""
    zdr: bool = False
    """No job may be routed to where its data is kept."""
    models: frozenset[str] | None = None
    """The ids of the models that may be used; None is all."""
    providers: frozenset[str] | None = None
    """The endpoints that may be used, by name or alias; None is all."""
    sort: Literal["price", "latency"] | None = None
    """How endpoints are ranked where a request does not say."""
    callback_url: str | None = None
    """Who is told of a job's end where a request does not say."""
    retention: int | None = None
    """Seconds that a video is kept; None is the gateway's own."""
    of_key: Caps = field(default_factory=Caps)
    of_workspace: Caps = field(default_factory=Caps)
    limits: tuple[str, ...] = ()
    """The ids of the spending limits on the key and on its workspace; nothing limits a test key."""


def read_policy(key: Row, workspace: Row, limits: Iterable[str]) -> Policy:
    """From the rows of a key and its workspace: of two rules, the stricter one."""
    return Policy(
        strict=bool(key["strict"] or workspace["strict"]),
        zdr=bool(workspace["zdr"]),
        models=_names(workspace["allowed_models"]),
        providers=_names(workspace["allowed_providers"]),
        sort=workspace["provider_sort"],
        callback_url=workspace["callback_url"],
        retention=workspace["retention"],
        of_key=Caps(concurrency=key["concurrency"], rate=key["rate"]),
        of_workspace=Caps(concurrency=workspace["concurrency"], rate=workspace["rate"]),
        limits=tuple(limits) if key["mode"] == "live" else (),
    )


def _names(text: str | None) -> frozenset[str] | None:
    return None if text is None else frozenset(json.loads(text))
