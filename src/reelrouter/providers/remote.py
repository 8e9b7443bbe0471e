"""A vendor as a backend: an adapter's flows, driven, and what a broken call means for money."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from reelrouter.providers.addresses import same_root
from reelrouter.providers.base import Account, Call, Flow, Provider, ProviderDrift, Reply, Ticket, Unclear
from reelrouter.providers.drive import Drive, Lost, NotSent
from reelrouter.providers.first_bytes import is_video
from reelrouter.providers.outputs import first_bytes_of, paths_in, remove, too_large
from reelrouter.providers.reading import retry_after
from reelrouter.work import (
    Accepted,
    Blob,
    Cancelled,
    Failed,
    FailureClass,
    Finished,
    Handle,
    MadeElsewhere,
    NotAnswered,
    Order,
    Outcome,
    Output,
    OutputInvalid,
    SubmitRefused,
)

T = TypeVar("T")

_UNSAID = frozenset({408, 409, 425, 499})
"""Answers below 500 that leave open whether anything was created."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remote:
    """One endpoint of one vendor, with all its accounts."""

    endpoint: str
    provider: Provider
    accounts: Mapping[str, Account]
    drive: Drive
    max_output: int
    """Bytes."""

    async def submit(self, order: Order) -> Accepted:
        account = self.accounts.get(order.credential)
        if account is None:
            raise _refused(FailureClass.AUTH, self._not_configured(order.credential))
        ticket = await self._submit(self.provider.submit(order, account), account)
        return Accepted(handle=self._handle(ticket, account), poll_after=ticket.poll_after)

    async def poll(self, handle: Handle) -> Outcome:
        """Raises `NotAnswered`, `JobLost` and `ProviderDrift`."""
        account = self._account_of(handle)
        told = await self._ask(self.provider.poll(handle, account), account)
        return await self.clarified(told, account) if isinstance(told, Unclear) else told

    async def clarified(self, unclear: Unclear, account: Account) -> Finished:
        """No word that nobody knows costs a video that is there. Raises `ProviderDrift` if there is none."""
        unused = paths_in(unclear)
        try:
            found = tuple([one for one in unclear.outputs if await self._holds_video(one, account)])
            if not found:
                raise ProviderDrift(unclear.reason)
            notes = (*unclear.notes, f"{unclear.reason}; its video was there")
            finished = Finished(outputs=found, vendor_cost=unclear.vendor_cost, seed=unclear.seed, notes=notes)
            unused -= paths_in(finished)
            return finished
        finally:
            await remove(unused)

    async def cancel(self, handle: Handle) -> Cancelled:
        account = self._account_of(handle)
        return await self._ask(self.provider.cancel(handle, account), account)

    async def find(self, order: Order) -> Handle | None:
        account = self._account(order.credential)
        ticket = await self._ask(self.provider.find(order, account), account)
        return None if ticket is None else self._handle(ticket, account)

    async def collect(self, handle: Handle, output: Output) -> Blob:
        account = self._account_of(handle)
        if isinstance(output, Blob):
            await asyncio.to_thread(_check_size, output, self.max_output)
            return output
        try:
            return Blob(path=await self.drive.download(output, self.provider, account, self.max_output))
        except (NotSent, Lost) as error:
            raise NotAnswered(f"the vendor's file could not be loaded: {error}") from error

    # Driving -----------------------------------------------------------------------------------------------------

    async def _submit(self, flow: Flow[Ticket], account: Account) -> Ticket:
        """Until the creating call is on its way nothing exists; from there on, only the vendor's word counts."""
        creation: Reply | None = None
        reply: Reply | None = None
        while True:
            step = _next_step(flow, reply, creation)
            if isinstance(step, Ticket):
                return step
            reply = await self._send(step, account, at_risk=creation is not None)
            creation = reply if step.creates else creation

    async def _send(self, call: Call, account: Account, *, at_risk: bool) -> Reply:
        """`at_risk` is whether a call before this one may have created something."""
        try:
            return await self.drive.send(call, self.provider, account)
        except NotSent as error:
            if at_risk:
                raise
            if error.failed is not None:
                raise SubmitRefused(error.failed) from error
            raise _refused(FailureClass.TRANSIENT, error) from error
        except Lost as error:
            if at_risk or call.creates:
                raise
            raise _refused(FailureClass.TRANSIENT, error) from error
        except ProviderDrift as drift:
            if at_risk or call.creates:
                raise
            raise _refused(FailureClass.DRIFT, drift) from drift

    async def _ask(self, flow: Flow[T], account: Account) -> T:
        try:
            return await self.drive.run(flow, self.provider, account)
        except (NotSent, Lost) as error:
            raise NotAnswered(str(error)) from error

    async def _holds_video(self, output: Output, account: Account) -> bool:
        try:
            if isinstance(output, Blob):
                return is_video(await asyncio.to_thread(first_bytes_of, output.path))
            return await self.drive.holds_video(output, self.provider, account)
        except (OutputInvalid, NotSent, Lost):
            return False

    # Accounts ----------------------------------------------------------------------------------------------------

    def _account_of(self, handle: Handle) -> Account:
        """Where the job is. Raises `MadeElsewhere` if its account leads elsewhere by now."""
        account = self._account(handle.credential)
        if handle.origin is not None and not same_root(handle.origin, account.root):
            now = f"the account {account.name} is now at {account.root}"
            raise MadeElsewhere(f"the job was made at {handle.origin}, and {now}")
        return account

    def _account(self, name: str) -> Account:
        account = self.accounts.get(name)
        if account is None:
            raise NotAnswered(self._not_configured(name))
        return account

    def _not_configured(self, name: str) -> str:
        return f"the account {name} of {self.endpoint} is not configured any more"

    def _handle(self, ticket: Ticket, account: Account) -> Handle:
        return Handle(
            endpoint=self.endpoint,
            credential=account.name,
            native_id=ticket.native_id,
            extra=ticket.extra,
            origin=account.root,
        )


async def discard(output: Blob) -> None:
    """Removes what a collected output leaves behind."""
    await asyncio.to_thread(output.path.unlink, missing_ok=True)


def _next_step(flow: Flow[Ticket], reply: Reply | None, creation: Reply | None) -> Call | Ticket:
    """What the flow makes of the newest reply.

    After a creating call its refusal counts where the answer to that call, `creation`, can have been a refusal.
    """
    try:
        return next(flow) if reply is None else flow.send(reply)
    except StopIteration as done:
        ticket: Ticket = done.value
        return ticket
    except SubmitRefused as refused:
        if creation is not None and (creation.status >= 500 or creation.status in _UNSAID):
            raise Lost(f"HTTP {creation.status} on a submit: {refused.failed.vendor_text}") from refused
        if reply is None or refused.failed.retry_after is not None:
            raise
        raise SubmitRefused(replace(refused.failed, retry_after=retry_after(reply))) from refused
    except ProviderDrift as drift:
        if creation is not None:
            raise
        raise _refused(FailureClass.DRIFT, drift) from drift


def _check_size(output: Blob, most: int) -> None:
    if output.path.stat().st_size > most:
        output.path.unlink()
        raise too_large(most)


def _refused(failure: FailureClass, reason: Exception | str) -> SubmitRefused:
    return SubmitRefused(Failed(failure=failure, vendor_text=str(reason)))
