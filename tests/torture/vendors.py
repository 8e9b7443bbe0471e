"""The vendors of a run: emulators that outlive everything, do what the plan says, and keep a whole journal."""

import threading
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial

from reelrouter.cli.emulating import environment_of
from reelrouter.emulators.frame import Emulator, in_thread
from reelrouter.emulators.registry import SITES
from reelrouter.emulators.script import Script
from tests.fates import mark_of, within
from tests.torture.plan import Plan, fates

NAMES = ("alibaba", "byteplus", "google-vertex", "openai", "openrouter")


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendors:
    emulators: Mapping[str, Emulator]
    environment: Mapping[str, str]
    """What leads a gateway to them."""


@contextmanager
def running(plan: Plan) -> Iterator[Vendors]:
    emulators = {name: SITES[name].make() for name in NAMES}
    environment: dict[str, str] = {}
    book = _Fates(plan)
    with ExitStack() as stack:
        for name, emulator in emulators.items():
            emulator.journal = deque()  # whole, however long it gets: what it forgot could not be judged
            emulator.script_of = partial(book.next_for, emulator.lacks)
            environment |= environment_of(name, stack.enter_context(in_thread(emulator)).url)
        yield Vendors(emulators=emulators, environment=environment)


class _Fates:
    """What is still to befall each mark, whichever vendor it comes to."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._left: dict[int, list[Script]] = {}
        self._turn = threading.Lock()

    def next_for(self, lacks: frozenset[str], body: bytes) -> Script:
        mark = mark_of(body)
        if mark is None:
            return Script()
        with self._turn:
            left = self._left.setdefault(mark, fates(self._plan, mark))
            script = left.pop(0) if left else Script()
        return within(script, lacks)
