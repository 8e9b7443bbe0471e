"""The table of routes as an application: what it does with methods and paths, before any handler is asked."""

import asyncio

import httpx
import pytest

from reelrouter.api.routes import build_app
from tests.api.test_openapi import EDGE


def answer(method: str, path: str) -> httpx.Response:
    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(build_app(EDGE, {}, "1"))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.request(method, path)

    return asyncio.run(ask())


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/api/v1/videos", {"GET", "HEAD", "POST"}),
        ("/api/v1/videos/gen-vid-1", {"GET", "HEAD", "DELETE"}),
        ("/api/v1/videos/gen-vid-1/content", {"GET", "HEAD"}),
        ("/api/v1/videos/gen-vid-1/cancel", {"POST"}),
        ("/api/v1/generation", {"GET", "HEAD"}),
    ],
)
def test_a_wrong_method_is_told_of_all_the_right_ones(path: str, methods: set[str]) -> None:
    """Though each of them is a row of its own."""
    refused = answer("PATCH", path)
    assert refused.status_code == 405
    assert set(refused.headers["Allow"].split(", ")) == methods


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE"])
def test_each_method_of_a_path_has_its_handler(method: str) -> None:
    """Each gets as far as to ask for a key."""
    assert answer(method, "/api/v1/videos/gen-vid-1").status_code == 401
