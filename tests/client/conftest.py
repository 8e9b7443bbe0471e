"""An OpenRouter of this machine, and a client of each kind for it."""

import ssl
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import cache, partial

import pytest

from reelrouter.client.sync import Client
from tests.client.drivers import DRIVERS, Clock, opened
from tests.client.fake_openrouter import KEY, FakeOpenRouter, fake_openrouter

Opener = Callable[..., AbstractContextManager[Client]]

_certificates = cache(ssl.create_default_context)


@pytest.fixture
def fake() -> Iterator[FakeOpenRouter]:
    with fake_openrouter() as server:
        yield server


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """What the clients sleep by."""
    clock = Clock()
    clock.install(monkeypatch)
    return clock


@pytest.fixture
def trust(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reads the machine's certificates once, and not for every client: nothing here uses them."""
    monkeypatch.setattr(ssl, "create_default_context", _certificates)


@pytest.fixture(params=DRIVERS)
def open_client(request: pytest.FixtureRequest, clock: Clock, trust: None) -> Opener:
    """Opens clients of either kind, with the arguments of `Client`."""
    return partial(opened, request.param)


@pytest.fixture
def client(open_client: Opener, fake: FakeOpenRouter) -> Iterator[Client]:
    with open_client(KEY, fake.base_url) as opened_client:
        yield opened_client
