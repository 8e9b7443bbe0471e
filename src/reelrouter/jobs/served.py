"""What an engine works on: each queue belongs to one kind of work, and some kinds may be left to other engines."""

from dataclasses import dataclass

from reelrouter.routing.choose import TEST, queue_of
from reelrouter.settings import WORK, Work

RENDERER_QUEUE = queue_of("renderer", "local")
TEST_QUEUE = queue_of(TEST, TEST)
RENDER_QUEUES = (RENDERER_QUEUE, TEST_QUEUE)
"""What is made in child processes of an engine's own; every other queue is an account with a vendor."""


def kind_of(queue: str) -> Work:
    return "render" if queue in RENDER_QUEUES else "remote"


@dataclass(frozen=True, slots=True)
class Served:
    """The kinds of work of one engine."""

    kinds: frozenset[Work] = frozenset(WORK)

    def has(self, queue: str) -> bool:
        return kind_of(queue) in self.kinds
