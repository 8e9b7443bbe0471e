"""What the use cases work with: the stations they call, the operator's terms, and how a request came in."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from reelrouter import net
from reelrouter.accounts.vault import Vault
from reelrouter.accounts.vendor_keys import VendorKeys
from reelrouter.accounts.workspaces import Workspaces
from reelrouter.catalogue.model import Catalogue
from reelrouter.clock import Clock
from reelrouter.db.engine import Database
from reelrouter.jobs.conditions import Conditions
from reelrouter.jobs.content import Contents
from reelrouter.jobs.idempotency import Once
from reelrouter.jobs.own_outputs import OwnOutputs
from reelrouter.media.intake import Intake
from reelrouter.observe.events import Emit
from reelrouter.observe.signals import Signals
from reelrouter.routing.choose import Credential
from reelrouter.storage.objects import Objects


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What the operator has decided, as far as use cases care."""

    test_mode: bool
    strict: bool
    hold_margin: Decimal
    byok_fee: Decimal
    """Per cent of the list price, for jobs that are made with a workspace's own vendor key."""
    max_job_age: int
    """Seconds."""
    link_life: int
    """Seconds."""
    callbacks: net.Rules
    """Which addresses may be told of a job's end."""
    loopback_callbacks: bool
    """Whether test jobs may tell this machine as well: where nobody else can reach the gateway."""
    plain_unsigned_urls: bool
    """Whether `unsigned_urls` need the key, as upstream's do, in place of carrying a signature."""
    redirects: bool = False
    """Whether clients are sent to the bucket for a file, in place of getting it through this process."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stations:
    """What the use cases call."""

    db: Database
    catalogue: Catalogue
    workspaces: Workspaces
    intake: Intake
    own_outputs: OwnOutputs
    objects: Objects
    contents: Contents
    signals: Signals
    backends: Mapping[str, tuple[Credential, ...]]
    """Configured providers, each with the operator's accounts."""
    vendor_keys: VendorKeys
    """What workspaces have brought beside them."""
    conditions: Conditions
    setup: Mapping[str, str]
    """What an operator would have to do to configure a provider, for those that have an adapter."""
    hook_key: bytes = field(repr=False)
    """Makes the addresses that vendors may call."""
    webhook_secrets: Mapping[tuple[str, str], str] = field(repr=False)
    """Of those accounts whose vendor signs its calls, by endpoint and account."""
    vault: Vault = field(repr=False)
    """Seals secrets that have to be used again."""
    scratch: Path
    clock: Clock
    emit: Emit
    terms: Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """How a request came in: what it takes to answer it with addresses that work."""

    base_url: str
    is_gone: Callable[[], Awaitable[bool]]
    """Whether the client has hung up."""
    via: str | None = None
    """The mark of a job, of another gateway or of this one, on whose behalf it was sent."""
    traceparent: str | None = None
    """The span of the request, where traces are kept."""
    once: Once | None = None
    """The idempotency key that it came under."""


class ClientGone(Exception):
    """Nobody is left to answer; nothing was written."""
