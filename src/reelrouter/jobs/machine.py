"""The life of a job as a table. Nothing else may change a state, and terminal is terminal.

             ┌──────────── accepted ───────────┐
    PENDING ─┤                                 ├─▶ IN_PROGRESS ── stored ──▶ COMPLETED
             │                                              │
             └─ failed, cancelled, deadline_passed ◀────────┘──▶ FAILED, CANCELLED, EXPIRED

The SQL that moves a row repeats the states it may come from (`sources`), so that two processes which both
believe that they may move a job cannot both succeed.
"""

from enum import StrEnum
from typing import Literal


class State(StrEnum):
    """The API's six words."""

    PENDING = "pending"
    """Accepted and durable; no backend has it. The dispatcher moves it on; after a crash it does so again."""

    IN_PROGRESS = "in_progress"
    """A backend has accepted it, its handle is stored. The workflow polls it; after a crash it does so again."""

    COMPLETED = "completed"
    """Its files are in our storage and its charge is in the ledger."""

    FAILED = "failed"
    """It ended without a file. Its hold is released; a vendor's bill for it is the operator's alone."""

    CANCELLED = "cancelled"
    """Its owner ended it, and the backend agreed or had not begun. Its hold is released."""

    EXPIRED = "expired"
    """Its deadline passed first. Its hold is released."""


Event = Literal["accepted", "stored", "failed", "cancelled", "deadline_passed"]

_ENDS: dict[Event, State] = {
    "failed": State.FAILED,
    "cancelled": State.CANCELLED,
    "deadline_passed": State.EXPIRED,
}

TRANSITIONS: dict[State, dict[Event, State]] = {
    State.PENDING: {"accepted": State.IN_PROGRESS, **_ENDS},
    State.IN_PROGRESS: {"accepted": State.IN_PROGRESS, "stored": State.COMPLETED, **_ENDS},
    State.COMPLETED: {},
    State.FAILED: {},
    State.CANCELLED: {},
    State.EXPIRED: {},
}
"""`accepted` may repeat: a fallback's acceptance finds the job in progress already."""


class IllegalTransition(Exception):
    """Somebody tried to move a job along an edge that does not exist."""

    def __init__(self, state: State, event: Event) -> None:
        super().__init__(f"a job that is {state} cannot be {event}")
        self.state = state
        self.event = event


def advance(state: State, event: Event) -> State:
    """The state after `event`. Raises `IllegalTransition`."""
    try:
        return TRANSITIONS[state][event]
    except KeyError:
        raise IllegalTransition(state, event) from None


def is_terminal(state: State) -> bool:
    return not TRANSITIONS[state]


def sources(event: Event) -> tuple[State, ...]:
    """The states that `event` may find a job in: the WHERE of the statement that moves it."""
    return tuple(state for state, events in TRANSITIONS.items() if event in events)
