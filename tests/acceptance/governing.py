"""Workspaces and keys for tests, made as an operator makes them."""

from typing import Any

import httpx

from reelrouter.ids import random_text

BASE = "/api/v1"


def new_slug() -> str:
    return f"team-{random_text(10).lower()}"


def made_workspace(manager: httpx.Client, **rules: Any) -> dict[str, Any]:
    slug = new_slug()
    response = manager.post(f"{BASE}/workspaces", json={"name": slug, "slug": slug, **rules})
    assert response.status_code == 201, response.text
    found: dict[str, Any] = response.json()["data"]
    return found


def made_key(manager: httpx.Client, **fields: Any) -> dict[str, Any]:
    """The whole answer, the key itself included."""
    response = manager.post(f"{BASE}/keys", json={"name": "made by a test", **fields})
    assert response.status_code == 201, response.text
    found: dict[str, Any] = response.json()
    return found
