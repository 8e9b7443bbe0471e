"""A backend that does what it is told, for tests and benchmarks, and the suite that every backend passes."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from reelrouter.work import (
    Accepted,
    Backend,
    Blob,
    Cancelled,
    Failed,
    Finished,
    Handle,
    Order,
    Outcome,
    Output,
    OutputInvalid,
    Running,
    SubmitRefused,
)


@dataclass(slots=True)
class Scripted:
    """Answers submits from `submits`, then accepts; answers polls from `polls`, then repeats the last one.

    It remembers every order it was sent, so that a test can count them.
    """

    polls: Sequence[Outcome | Exception] = ()
    submits: Sequence[Failed | Exception] = ()
    finds: bool = False
    """Whether it can look an order up by our key."""
    cancels: Cancelled = "cancelled"
    endpoint: str = "scripted"
    orders: list[Order] = field(default_factory=list)
    asked: dict[str, int] = field(default_factory=dict)
    """Polls by native id."""
    collects: Sequence[Exception] = ()
    """What the first tries to collect an output meet, before one succeeds."""
    collected: list[Output] = field(default_factory=list)
    """Every output that was asked for."""
    cancelled: list[str] = field(default_factory=list)
    on_submit: Callable[[Order], None] = lambda _order: None

    async def submit(self, order: Order) -> Accepted:
        self.orders.append(order)
        self.on_submit(order)
        await asyncio.sleep(0)
        if len(self.orders) <= len(self.submits):
            answer = self.submits[len(self.orders) - 1]
            if isinstance(answer, Failed):
                raise SubmitRefused(answer)
            raise answer
        return Accepted(handle=self._handle(order))

    async def poll(self, handle: Handle) -> Outcome:
        count = self.asked.get(handle.native_id, 0)
        self.asked[handle.native_id] = count + 1
        answer = self.polls[min(count, len(self.polls) - 1)] if self.polls else Running()
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def cancel(self, handle: Handle) -> Cancelled:
        self.cancelled.append(handle.native_id)
        return self.cancels

    async def find(self, order: Order) -> Handle | None:
        known = any(order.attempt_key == sent.attempt_key for sent in self.orders)
        return self._handle(order) if self.finds and known else None

    async def collect(self, handle: Handle, output: Output) -> Blob:
        self.collected.append(output)
        if len(self.collected) <= len(self.collects):
            raise self.collects[len(self.collected) - 1]
        if not isinstance(output, Blob):
            raise OutputInvalid(f"{handle.native_id} has no file")
        return output

    def _handle(self, order: Order) -> Handle:
        return Handle(endpoint=self.endpoint, credential="scripted", native_id=order.attempt_key)


async def exercise_backend(backend: Backend, order: Order, patience: float = 60.0) -> Finished:
    """Takes one order through a backend's whole life, and holds it to the seam's promises.

    Raises `AssertionError` where one is broken. The order must be one that succeeds.
    """
    accepted = await backend.submit(order)
    assert accepted.handle.native_id, "an accepted order has an id"
    outcome = await _until_over(backend, accepted.handle, patience)
    assert isinstance(outcome, Finished), f"the order ended as {outcome}"
    assert outcome.outputs, "a finished order has an output"
    for output in outcome.outputs:
        blob = await backend.collect(accepted.handle, output)
        assert blob.path.is_file(), "a collected output is a file on this machine"
    again = await backend.poll(accepted.handle)
    assert again == outcome, "a finished order stays finished"
    assert await backend.cancel(accepted.handle) == "not_cancellable", "what is finished cannot be cancelled"
    return outcome


async def _until_over(backend: Backend, handle: Handle, patience: float) -> Outcome:
    progress = 0.0
    async with asyncio.timeout(patience):
        while isinstance(outcome := await backend.poll(handle), Running):
            if outcome.progress is not None:
                assert progress <= outcome.progress <= 1, "progress rises, from 0 to 1"
                progress = outcome.progress
            await asyncio.sleep(0.02)
    return outcome


def finished_with(path: Path) -> Finished:
    """An outcome with one file."""
    return Finished(outputs=(Blob(path=path),))
