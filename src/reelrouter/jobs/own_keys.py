"""Backends for the vendor keys that workspaces bring: each call is made with the key as it is by then.

A key may be replaced, disabled or removed while jobs wait for it, or while a vendor works on them. A disabled one
gets no new jobs, and those that it has go on; with a removed one nothing can be asked any more.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from reelrouter.accounts import vendor_keys
from reelrouter.accounts.vault import SealBroken, Vault
from reelrouter.clock import Clock
from reelrouter.db.engine import Database
from reelrouter.providers.brought import KeyRefused
from reelrouter.routing.choose import BYOK, is_byok
from reelrouter.work import (
    Accepted,
    Backend,
    Blob,
    Cancelled,
    Failed,
    FailureClass,
    Handle,
    NotAnswered,
    Order,
    Outcome,
    Output,
    OutputInvalid,
    SubmitRefused,
)

_CACHE_SECONDS = 1.0
_CACHE_SIZE = 10_000
_TOLD = {FailureClass.AUTH: "permission_denied", FailureClass.QUOTA_BILLING: "payment_required"}
"""What the workspace is told of troubles that are its own to mend, and not the operator's."""

BackendOf = Callable[[str, str, Mapping[str, str]], Backend]
"""From a provider, the account's name and a key's values. Raises `KeyRefused`."""


class Removed(Exception):
    """There is no such key any more."""


class Unusable(Exception):
    """The key is there, and this installation cannot make anything of it; the operator can."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    backend: Backend
    is_enabled: bool


class OwnKeys:
    """Opens keys when they are needed; what it knows of one is a second old at most."""

    def __init__(self, db: Database, vault: Vault, clock: Clock, backend_of: BackendOf) -> None:
        self._db = db
        self._vault = vault
        self._clock = clock
        self._backend_of = backend_of
        self._known: dict[str, tuple[float, str, Opened]] = {}

    async def open(self, key_id: str) -> Opened:
        """Raises `Removed` and `Unusable`."""
        known, now = self._known.get(key_id), self._clock.now()
        if known is not None and 0 <= now - known[0] < _CACHE_SECONDS:
            return known[2]
        row = await vendor_keys.sealed_key(self._db, key_id)
        if row is None:
            self._known.pop(key_id, None)
            raise Removed("the vendor key was removed")
        # What was sealed is the same, so is what it opens: the vendor's sign-in goes on being used.
        same = known is not None and known[1] == row.sealed
        backend = known[2].backend if known is not None and same else self._opened(row)
        if len(self._known) >= _CACHE_SIZE:
            self._known.clear()
        opened = Opened(backend=backend, is_enabled=row.is_enabled)
        self._known[key_id] = (now, row.sealed, opened)
        return opened

    def _opened(self, row: vendor_keys.SealedKey) -> Backend:
        try:
            values = json.loads(self._vault.open(row.sealed, row.id))
            return self._backend_of(row.provider, BYOK + row.id, values)
        except (SealBroken, KeyRefused) as error:
            raise Unusable(f"the vendor key {row.id} cannot be used: {error}") from error


def key_of(queue: str) -> tuple[str, str] | None:
    """The provider and the key's id that a queue is of; None for one of an operator's account."""
    provider, _, credential = queue.partition("/")
    return (provider, credential.removeprefix(BYOK)) if is_byok(credential) else None


class OwnKey:
    """A `Backend`: the vendor, asked with one key of a workspace's own."""

    def __init__(self, keys: OwnKeys, key_id: str) -> None:
        self._keys = keys
        self._key_id = key_id

    async def submit(self, order: Order) -> Accepted:
        try:
            opened = await self._keys.open(self._key_id)
        except (Removed, Unusable) as error:
            raise _refused(str(error)) from error
        if not opened.is_enabled:
            raise _refused("the vendor key is disabled")
        try:
            return await opened.backend.submit(order)
        except SubmitRefused as refused:
            raise SubmitRefused(_told(refused.failed)) from refused

    async def poll(self, handle: Handle) -> Outcome:
        try:
            backend = await self._backend()
        except Removed as error:
            # No failure after which another route is tried: the vendor has the job, and may be making it.
            return Failed(failure=FailureClass.USER_ERROR, error_type="permission_denied", vendor_text=str(error))
        outcome = await backend.poll(handle)
        return _told(outcome) if isinstance(outcome, Failed) else outcome

    async def cancel(self, handle: Handle) -> Cancelled:
        try:
            return await (await self._backend()).cancel(handle)
        except Removed:
            return "not_cancellable"  # the poll that follows ends the job

    async def find(self, order: Order) -> Handle | None:
        try:
            return await (await self._backend()).find(order)
        except Removed:
            return None

    async def collect(self, handle: Handle, output: Output) -> Blob:
        try:
            return await (await self._backend()).collect(handle, output)
        except Removed as error:
            raise OutputInvalid(str(error)) from error

    async def _backend(self) -> Backend:
        """For jobs that the vendor has: they go on also with a key that is disabled. Raises `Removed`."""
        try:
            return (await self._keys.open(self._key_id)).backend
        except Unusable as error:
            raise NotAnswered(str(error)) from error


def _refused(reason: str) -> SubmitRefused:
    return SubmitRefused(_told(Failed(failure=FailureClass.AUTH, vendor_text=reason)))


def _told(failed: Failed) -> Failed:
    word = _TOLD.get(failed.failure)
    return failed if word is None or failed.error_type is not None else replace(failed, error_type=word)
