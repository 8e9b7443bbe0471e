"""What an adapter is written in: calls and replies as values, and each verb as a generator of calls.

An adapter yields a `Call`, is sent its `Reply`, and returns what it makes of it. It does no I/O, knows no HTTP
library, and never sees a retry: `drive` sends the calls, `remote` decides what a broken one means.
"""

from abc import ABC, abstractmethod
from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar

from reelrouter.work import Cancelled, Drift, Handle, Media, Order, Outcome, Output

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inline:
    """Stands in a call's JSON for the bytes of an input, in the form that the vendor takes."""

    media: Media
    form: Literal["data_url", "base64"] = "data_url"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of a multipart form: a text, or an input as a file."""

    name: str
    value: str | Media


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request to the vendor. `json`, `parts` and `form` exclude each other.

    Prompts and secrets may be in all that it carries, so it shows only where it goes.
    """

    method: Literal["GET", "POST", "PUT", "DELETE"]
    url: str
    """A path below the account's root, or a whole address."""
    json: Any = field(default=None, repr=False)
    """A JSON value that may hold `Inline`s."""
    parts: tuple[Part, ...] = field(default=(), repr=False)
    form: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Texts as a web form sends them, for sign-ins."""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    creates: bool = False
    """Whether paid work may exist once this is on its way."""
    spills: bool = False
    """Whether long base64 texts of the reply become files: the text is then `Reply.files`' index, as `file:0`."""
    signed: bool = True
    """Whether the account's credentials go along. They never leave the account's own origins anyway."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    status: int
    headers: Mapping[str, str] = field(repr=False)
    """By lower-case names."""
    body: bytes = field(repr=False)
    """A sign-in's has a secret in it."""
    files: tuple[Path, ...] = ()


Flow = Generator[Call, Reply, T]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """What a vendor gives for an accepted order."""

    native_id: str
    extra: Mapping[str, Any] = field(default_factory=dict)
    """JSON values that polls need again; never a secret."""
    poll_after: float | None = None
    """Seconds until the first poll is worth its cost, where the vendor says so for this very job."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What a sign-in gives: the headers of signed calls, until an hour."""

    headers: Mapping[str, str] = field(repr=False)
    expires_at: float = float("inf")
    """Unix seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """How an operator gives a gateway access to a vendor: by the names that the vendor's own tools read."""

    root: str
    """Where the API lives, empty where only the operator knows. `{name}` stands for one of the values."""
    needed: Mapping[str, tuple[str, ...]]
    """Each value that an account must have, with the environment variables that may hold it, best first."""
    optional: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    defaults: Mapping[str, str] = field(default_factory=dict)
    """Of optional values."""
    root_variables: tuple[str, ...] = ()
    """Environment variables that may name another root."""
    own_origins: tuple[str, ...] = ()
    """Other origins of the vendor's that may see the credentials, as `https://host`."""
    file_variables: tuple[str, ...] = ()
    """Those of the environment variables that name a file, whose text is the value: see `key_files`."""
    told_by_key: Mapping[str, str] = field(default_factory=dict)
    """Values that stand in a key file too, each with the name that it has there."""
    operators: frozenset[str] = frozenset()
    """Values that are the operator's alone to set: a workspace that brings a key of its own may not name them."""
    local: bool = False
    """Whether it is a server of the operator's own: then a root makes an account, and no value is needed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One credential of one vendor."""

    provider: str
    name: str
    root: str
    """Without a slash at its end."""
    values: Mapping[str, str] = field(repr=False)
    """Secrets among them: they go into a sign-in, and nowhere else."""
    weight: int = 1
    """How often it is chosen, against the vendor's other accounts."""
    concurrency: int
    """Jobs under way at the vendor at one time."""
    rate: float | None = None
    """Submits a minute; None is no limit."""


class ProviderDrift(Drift):
    """The vendor said something that its adapter has no word for. It is never mapped to a default."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unclear:
    """An answered poll in words that nobody here knows.

    If there is a video at one of `outputs`, the job has finished whatever the word means; else it is drift.
    """

    reason: str
    outputs: tuple[Output, ...] = ()
    """Where the job's videos are, or would be if it is done."""
    vendor_cost: int | None = None
    seed: int | None = None
    notes: tuple[str, ...] = ()
    """These three as in `Finished`."""


class Provider(ABC):
    """A vendor's adapter. What has a body here is what most vendors have in common."""

    name: str
    """As endpoints of the catalogue name it."""
    access: Access
    evidence: str
    """What the adapter is based on: the official SDK, documents, or somebody else's adapter."""
    concurrency: int = 8
    """Jobs of one account that the vendor is known to take at a time, unless the operator says otherwise."""
    first_poll: float = 5.0
    """Seconds after which a job is first asked for again; the pace slows from there."""

    def strange_addresses(self, values: Mapping[str, str]) -> Iterable[str]:
        """Addresses that a key itself names, at which it would be signed in, and that are not the vendor's own."""
        return ()

    def sign_in(self, account: Account, now: float) -> Flow[Grant]:
        """Most vendors take the key as it is. Raises `SubmitRefused` where the account is granted nothing."""
        yield from ()
        return Grant(headers={"Authorization": f"Bearer {account.values['api_key']}"})

    @abstractmethod
    def submit(self, order: Order, account: Account) -> Flow[Ticket]:
        """Raises `SubmitRefused` for an answer that proves that nothing was created."""

    @abstractmethod
    def poll(self, handle: Handle, account: Account) -> Flow[Outcome | Unclear]:
        """Raises `NotAnswered` and `JobLost`, and `ProviderDrift` for what has another shape altogether."""

    def cancel(self, handle: Handle, account: Account) -> Flow[Cancelled]:
        yield from ()
        return "not_cancellable"

    def find(self, order: Order, account: Account) -> Flow[Ticket | None]:
        """The ticket of an order that may have been accepted, where the vendor can be asked by our own key."""
        yield from ()
        return None
