"""An adapter that is right, for tests that plant what is wrong in it."""

from dataclasses import replace

from reelrouter.emulators.byteplus import ModelArk as Emulated
from reelrouter.providers.base import Flow, Reply, T
from reelrouter.providers.byteplus import BYTEPLUS, ModelArk
from reelrouter.testing.conformance import Vendor
from tests.providers.orders import order

RIGHT = Vendor(provider=BYTEPLUS, emulator=Emulated, order=order(native_model="seedance-2-0"), path="/api/v3")


class Wrong(ModelArk):
    """Right but for what a subclass gets wrong."""

    def __init__(self) -> None:
        super().__init__("byteplus", BYTEPLUS.access)


def changed(flow: Flow[T], *, creates: bool) -> Flow[T]:
    try:
        call = next(flow)
        while True:
            call = flow.send((yield replace(call, creates=creates)))
    except StopIteration as done:
        value: T = done.value
        return value


def replayed(flow: Flow[T], first: Reply) -> Flow[T]:
    """The flow, whose first call has been answered already."""
    next(flow)
    try:
        call = flow.send(first)
        while True:
            call = flow.send((yield call))
    except StopIteration as done:
        value: T = done.value
        return value
