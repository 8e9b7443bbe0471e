"""The network itself: servers that are silent or break off, and what a server could leave behind with a client."""

import socket
from collections.abc import Iterator

import pytest

from reelrouter.client.errors import Unreachable, Unusable
from tests.client.conftest import Opener
from tests.client.fake_openrouter import KEY, FakeOpenRouter, breaks_off, says


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of a server that takes connections, and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_a_silent_server_is_given_up_on(silent: str, open_client: Opener) -> None:
    """After `timeout` seconds, and three tries at a question that costs nothing."""
    with open_client(KEY, silent, timeout=0.05) as client, pytest.raises(Unreachable) as caught:
        client.models()
    assert caught.value.sent is True
    assert "no answer in time" in str(caught.value)


@pytest.mark.parametrize("timeout", [0, -1, float("inf"), float("nan")])
def test_a_timeout_is_a_time(timeout: float, open_client: Opener) -> None:
    """For ever is no timeout."""
    with pytest.raises(Unusable, match="timeout"), open_client(KEY, "http://127.0.0.1:9", timeout=timeout):
        pass


def test_cookies_are_not_kept(open_client: Opener, fake: FakeOpenRouter) -> None:
    """A server cannot mark who asks."""
    fake.plan("models", says(200, {"data": []}, set_cookie="who=you"))
    with open_client(KEY, fake.base_url) as client:
        client.models()
        client.models()
    assert "cookie" not in fake.seen[1].headers


def test_half_an_answer_is_none(open_client: Opener, fake: FakeOpenRouter) -> None:
    """A list of models that breaks off is not a shorter list."""
    fake.plan("models", *[breaks_off] * 3)
    with open_client(KEY, fake.base_url) as client, pytest.raises(Unreachable):
        client.models()
    assert len(fake.seen) == 3
