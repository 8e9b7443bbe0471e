"""Waits for what another process does: by looking again and again, since there is no signal to wait on."""

import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

import httpx

T = TypeVar("T")

TERMINAL = frozenset({"completed", "failed", "cancelled", "expired"})
_PATIENCE = 90.0
_PAUSE = 0.05


def until(look: Callable[[], T | None], what: str, patience: float = _PATIENCE) -> T:
    """The first answer of `look` that is true; an `AssertionError` that says `what` failed to come."""
    nobody = threading.Event()
    deadline = time.monotonic() + patience
    while not (seen := look()):
        assert time.monotonic() < deadline, f"waited {patience:g} s in vain: {what}"
        nobody.wait(_PAUSE)
    return seen


def ended(client: httpx.Client, job_id: str, patience: float = _PATIENCE) -> dict[str, Any]:
    """The job as it is polled once it has ended."""

    def look() -> dict[str, Any] | None:
        job = poll(client, job_id)
        return job if job["status"] in TERMINAL else None

    return until(look, f"the end of {job_id}", patience)


def in_progress(client: httpx.Client, job_id: str) -> dict[str, Any]:
    """The job as it is polled once a backend has it."""

    def look() -> dict[str, Any] | None:
        job = poll(client, job_id)
        assert job["status"] not in TERMINAL, f"{job_id} has ended already: {job}"
        return job if job["status"] == "in_progress" else None

    return until(look, f"the start of {job_id}")


def poll(client: httpx.Client, job_id: str) -> dict[str, Any]:
    response = client.get(f"/api/v1/videos/{job_id}")
    assert response.status_code == 200, response.text
    job: dict[str, Any] = response.json()
    return job
