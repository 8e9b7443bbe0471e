"""The transition table is total, and terminal is terminal."""

from typing import get_args

import pytest

from reelrouter.jobs.machine import TRANSITIONS, Event, IllegalTransition, State, advance, is_terminal, sources


def test_the_table_knows_every_state() -> None:
    """No state is forgotten, and every edge leads to a state that is known."""
    assert set(TRANSITIONS) == set(State)
    assert {after for edges in TRANSITIONS.values() for after in edges.values()} <= set(State)


def test_terminal_states_are_the_apis_four() -> None:
    """Nothing ever leaves completed, failed, cancelled and expired."""
    terminal = {state for state in State if is_terminal(state)}
    assert terminal == {State.COMPLETED, State.FAILED, State.CANCELLED, State.EXPIRED}
    for state in terminal:
        for event in get_args(Event):
            with pytest.raises(IllegalTransition):
                advance(state, event)


def test_only_a_job_in_progress_can_complete() -> None:
    """A video exists only after a backend had the job."""
    assert sources("stored") == (State.IN_PROGRESS,)


def test_every_living_job_can_end_in_every_bad_way() -> None:
    """Failure, cancel and deadline reach a job in whatever state it lives."""
    for event, end in (
        ("failed", State.FAILED),
        ("cancelled", State.CANCELLED),
        ("deadline_passed", State.EXPIRED),
    ):
        for state in (State.PENDING, State.IN_PROGRESS):
            assert advance(state, event) is end  # type: ignore[arg-type]
