"""The workspaces of a run, made as an operator makes them: some rich, one poor, one with a limit on its key."""

from collections.abc import Sequence
from typing import Any

import httpx

from tests.acceptance.governing import BASE, made_key, made_workspace
from tests.acceptance.serving import MANAGEMENT_KEY
from tests.torture.load import Support, Team

_POOR = 2
"""Which of them runs out of money, and is given more."""
_DOLE = 1.0
"""Dollars that it is given each time."""
_PURSES: Sequence[tuple[float | None, float | None]] = (
    (None, None),
    (100_000.0, None),
    (_DOLE, None),
    (None, 40.0),
)
"""Of each: credits, without which there is no bound, and the limit of its key."""


def made_teams(address: str) -> list[Team]:
    headers = {"Authorization": f"Bearer {MANAGEMENT_KEY}"}
    with httpx.Client(base_url=address, headers=headers, timeout=30.0, trust_env=False) as manager:
        return [_made(manager, credit, limit) for credit, limit in _PURSES]


def support_of(teams: Sequence[Team]) -> Support:
    return Support(path=f"/workspaces/{teams[_POOR].workspace}/credits", key=MANAGEMENT_KEY, dollars=_DOLE)


def _made(manager: httpx.Client, credit: float | None, limit: float | None) -> Team:
    workspace = made_workspace(manager)["id"]
    terms: dict[str, Any] = {} if limit is None else {"limit": limit}
    key = made_key(manager, workspace_id=workspace, mode="live", **terms)["key"]
    path = f"{BASE}/workspaces/{workspace}"
    if credit is not None:
        assert manager.post(f"{path}/credits", json={"amount": credit}).status_code == 201
    secret = manager.post(f"{path}/webhook-secrets")
    assert secret.status_code == 201, secret.text
    return Team(workspace=workspace, key=key, secret=secret.json()["secret"])
