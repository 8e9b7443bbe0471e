"""Stands in for an account that jobs remember and the gateway has no more: sends nothing, and loses no job."""

from reelrouter.jobs.lanes import Lane
from reelrouter.jobs.pace import ladder
from reelrouter.work import (
    Accepted,
    Blob,
    Cancelled,
    Failed,
    FailureClass,
    Handle,
    NotAnswered,
    Order,
    Outcome,
    Output,
    SubmitRefused,
)


class Unconfigured:
    """A `Backend`. What was paid for waits, until its deadline, for the operator to bring the account back."""

    def __init__(self, queue: str) -> None:
        self._reason = f"{queue} is not configured in this gateway any more"

    async def submit(self, order: Order) -> Accepted:
        raise SubmitRefused(Failed(failure=FailureClass.AUTH, vendor_text=self._reason))

    async def poll(self, handle: Handle) -> Outcome:
        raise NotAnswered(self._reason)

    async def cancel(self, handle: Handle) -> Cancelled:
        raise NotAnswered(self._reason)

    async def find(self, order: Order) -> Handle | None:
        raise NotAnswered(self._reason)

    async def collect(self, handle: Handle, output: Output) -> Blob:
        raise NotAnswered(self._reason)


def unconfigured(queue: str) -> Lane:
    return Lane(backend=Unconfigured(queue), limit=0, pace=ladder(15.0, 60.0), outlives=True)
