"""Google's sign-in: what a key file is exchanged for."""

import json
from collections.abc import Generator
from typing import Any, TypeVar

import pytest

from reelrouter.emulators.vertex import Vertex
from reelrouter.providers.base import Call, ProviderDrift, Reply
from reelrouter.providers.google_sign_in import sign_in
from reelrouter.work import FailureClass, SubmitRefused

T = TypeVar("T")


def test_an_access_token_is_used_as_it_is() -> None:
    """Nobody is asked."""
    grant = _returned(sign_in(" a-token\n", 0.0), None)
    assert (grant.headers, grant.expires_at) == ({"Authorization": "Bearer a-token"}, float("inf"))


def test_a_key_file_is_exchanged_without_credentials() -> None:
    """The token lives as long as the vendor says; a person's calls name the project that pays."""
    key = Vertex().key_file("https://google.test", "authorized_user")
    flow = sign_in(key, 1_000.0)
    call = next(flow)
    assert (call.method, call.url, call.signed) == ("POST", "https://google.test/token", False)
    assert call.form["grant_type"] == "refresh_token"
    grant = _returned(flow, _reply({"access_token": "t", "expires_in": 3599}))
    assert grant.headers == {"Authorization": "Bearer t", "x-goog-user-project": "payer"}
    assert grant.expires_at == 4_599.0


@pytest.mark.parametrize(
    "key",
    [
        "{",
        "{}",
        json.dumps({"type": "external_account"}),
        json.dumps({"type": "authorized_user"}),
        json.dumps({"type": "service_account", "client_email": "a@b", "private_key": "secret-but-broken"}),
        json.dumps({"type": "service_account", "client_email": "a@b", "private_key": 7}),
    ],
)
def test_a_key_file_that_is_not_in_order_is_refused(key: str) -> None:
    """Without a call, and without a word of its secrets."""
    with pytest.raises(SubmitRefused) as refused:
        next(sign_in(key, 0.0))
    assert refused.value.failed.failure is FailureClass.AUTH
    assert "secret" not in str(refused.value.failed)


@pytest.mark.parametrize(
    ("status", "body", "failure"),
    [
        (400, {"error": "invalid_grant", "error_description": "Invalid JWT Signature."}, FailureClass.AUTH),
        (401, {"error": "invalid_client"}, FailureClass.AUTH),
        (429, {}, FailureClass.RATE_LIMITED),
        (503, {}, FailureClass.TRANSIENT),
    ],
)
def test_a_token_that_is_not_given(status: int, body: dict[str, str], failure: FailureClass) -> None:
    """Says why."""
    flow = sign_in(Vertex().key_file("https://google.test"), 0.0)
    next(flow)
    with pytest.raises(SubmitRefused) as refused:
        flow.send(_reply(body, status))
    assert refused.value.failed.failure is failure


@pytest.mark.parametrize("body", [{}, {"access_token": "t"}, {"expires_in": 3599}])
def test_a_token_that_is_none_is_drift(body: dict[str, Any]) -> None:
    """It is never used for want of another."""
    flow = sign_in(Vertex().key_file("https://google.test"), 0.0)
    next(flow)
    with pytest.raises(ProviderDrift):
        flow.send(_reply(body))


def _reply(body: Any, status: int = 200) -> Reply:
    return Reply(status=status, headers={}, body=json.dumps(body).encode())


def _returned(flow: Generator[Call, Reply, T], reply: Reply | None) -> T:
    try:
        next(flow) if reply is None else flow.send(reply)
    except StopIteration as stop:
        value: T = stop.value
        return value
    raise AssertionError("the flow goes on")
