"""A vendor as a backend: an adapter's flows, driven, and what a broken call means for money."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from reelrouter.providers.base import Account, Call, Flow, Provider, ProviderDrift, Reply, Ticket
from reelrouter.providers.drive import Drive, Gone, Lost, NotSent
from reelrouter.providers.reading import retry_after
from reelrouter.work import (
    Accepted,
    Blob,
    Cancelled,
    Drift,
    Failed,
    FailureClass,
    Fetch,
    Finished,
    Handle,
    JobLost,
    NotAnswered,
    Order,
    Outcome,
    Output,
    OutputInvalid,
    SubmitRefused,
)

T = TypeVar("T")

_PAUSES = (1.0, 3.0, 9.0)
"""Seconds between tries at an output."""
_UNSAID = frozenset({408, 409, 425, 499})
"""Answers below 500 that leave open whether anything was created."""
_PASSING = frozenset({408, 425, 429})
"""Answers below 500 to a download that another try may better."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remote:
    """One endpoint of one vendor, with all its accounts."""

    endpoint: str
    provider: Provider
    accounts: Mapping[str, Account]
    drive: Drive
    max_output: int
    """Bytes."""
    pauses: tuple[float, ...] = _PAUSES
    """Seconds between tries at an output."""

    async def submit(self, order: Order) -> Accepted:
        account = self.accounts.get(order.credential)
        if account is None:
            raise _refused(FailureClass.AUTH, self._not_configured(order.credential))
        ticket = await self._submit(self.provider.submit(order, account), account)
        return Accepted(handle=self._handle(ticket, account), poll_after=ticket.poll_after)

    async def poll(self, handle: Handle) -> Outcome:
        """Raises `NotAnswered`, `JobLost` and `ProviderDrift`."""
        account = self._account(handle.credential)
        return await self._ask(self.provider.poll(handle, account), account)

    async def cancel(self, handle: Handle) -> Cancelled:
        account = self._account(handle.credential)
        return await self._ask(self.provider.cancel(handle, account), account)

    async def find(self, order: Order) -> Handle | None:
        account = self._account(order.credential)
        ticket = await self._ask(self.provider.find(order, account), account)
        return None if ticket is None else self._handle(ticket, account)

    async def collect(self, handle: Handle, output: Output) -> Blob:
        """A passing trouble is waited out, and an address that is no more is asked for anew, once."""
        if isinstance(output, Blob):
            await asyncio.to_thread(_check_size, output, self.max_output)
            return output
        renewed, trouble = False, ""
        for pause in (*self.pauses, None):
            try:
                return Blob(path=await self._download(handle, output))
            except Gone as gone:
                trouble = f"the vendor's file is not there: {gone}"
                passing = gone.status >= 500 or gone.status in _PASSING
                if renewed and not passing:
                    break
                renewed, output = (renewed, output) if passing else (True, await self._renewed(handle, output))
            except (NotSent, Lost, NotAnswered) as lost:
                trouble = f"the vendor's file could not be loaded: {lost}"
            if pause is not None:
                await asyncio.sleep(pause)
        raise OutputInvalid(trouble)

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

    # Outputs -----------------------------------------------------------------------------------------------------

    async def _download(self, handle: Handle, output: Fetch) -> Path:
        return await self.drive.download(output, self.provider, self._account(handle.credential), self.max_output)

    async def _renewed(self, handle: Handle, output: Fetch) -> Fetch:
        """The same output at the address that the vendor gives now, if it gives one."""
        try:
            again = await self.poll(handle)
        except (NotAnswered, JobLost, Drift):
            return output
        if isinstance(again, Finished):
            fresh = [one for one in again.outputs if isinstance(one, Fetch)]
            if len(fresh) == 1:
                return fresh[0]
        return output

    def _account(self, name: str) -> Account:
        account = self.accounts.get(name)
        if account is None:
            raise NotAnswered(self._not_configured(name))
        return account

    def _not_configured(self, name: str) -> str:
        return f"the account {name} of {self.endpoint} is not configured any more"

    def _handle(self, ticket: Ticket, account: Account) -> Handle:
        return Handle(
            endpoint=self.endpoint, credential=account.name, native_id=ticket.native_id, extra=ticket.extra
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
        raise OutputInvalid(f"the output has more than {most} bytes")


def _refused(failure: FailureClass, reason: Exception | str) -> SubmitRefused:
    return SubmitRefused(Failed(failure=failure, vendor_text=str(reason)))
