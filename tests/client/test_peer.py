"""Whom a client talks to, and to whom its key goes."""

from collections.abc import Mapping

import pytest

from reelrouter.client.errors import Unreadable, Unusable
from reelrouter.client.peer import Peer, api_base, find_peer

OPENROUTER = "https://openrouter.ai/api/v1"
MODELGATES = "https://modelgates.ai/api/v1"
OURS = "http://127.0.0.1:8088/api/v1"
ELSEWHERE = "https://gateway.example"


@pytest.mark.parametrize(
    ("environment", "api", "key"),
    [
        ({}, OURS, None),
        ({"REELROUTER_API_KEY": "rr"}, OURS, "rr"),
        ({"OPENROUTER_API_KEY": "or"}, OPENROUTER, "or"),
        ({"MODELGATES_API_KEY": "mg"}, MODELGATES, "mg"),
        ({"OPENROUTER_API_KEY": "or", "OPENROUTER_BASE_URL": ELSEWHERE}, f"{ELSEWHERE}/api/v1", "or"),
        ({"REELROUTER_API_KEY": "rr", "OPENROUTER_API_KEY": "or", "MODELGATES_API_KEY": "mg"}, OURS, "rr"),
        ({"OPENROUTER_API_KEY": "or", "MODELGATES_API_KEY": "mg"}, OPENROUTER, "or"),
        ({"REELROUTER_BASE_URL": ELSEWHERE, "OPENROUTER_API_KEY": "or"}, OPENROUTER, "or"),
        ({"MODELGATES_BASE_URL": ELSEWHERE}, f"{ELSEWHERE}/api/v1", None),
        ({"REELROUTER_API_KEY": "", "OPENROUTER_API_KEY": "or"}, OPENROUTER, "or"),
    ],
)
def test_the_environment_names_a_server_and_its_own_key(
    environment: Mapping[str, str], api: str, key: str | None
) -> None:
    """A key is paired with the address of its own family alone, and the first family that has a key is taken."""
    peer = find_peer(environment=environment)
    assert (peer.api, peer.key) == (api, key)


@pytest.mark.parametrize(
    ("environment", "base_url", "key"),
    [
        ({"OPENROUTER_API_KEY": "or", "REELROUTER_API_KEY": "rr"}, "https://openrouter.ai", "or"),
        ({"OPENROUTER_API_KEY": "or", "REELROUTER_API_KEY": "rr"}, "https://modelgates.ai/api/v1", None),
        ({"OPENROUTER_API_KEY": "or", "REELROUTER_API_KEY": "rr"}, ELSEWHERE, "rr"),
        ({"OPENROUTER_API_KEY": "or"}, ELSEWHERE, None),
        ({"REELROUTER_API_KEY": "rr", "REELROUTER_BASE_URL": "https://other.example"}, ELSEWHERE, None),
        ({"OPENROUTER_API_KEY": "or", "OPENROUTER_BASE_URL": ELSEWHERE}, ELSEWHERE, "or"),
    ],
)
def test_an_address_of_your_own_gets_no_key_of_another_service(
    environment: Mapping[str, str], base_url: str, key: str | None
) -> None:
    """What was meant for OpenRouter does not go to whatever address is tried next."""
    assert find_peer(base_url=base_url, environment=environment).key == key


@pytest.mark.parametrize(
    ("key", "environment", "api"),
    [
        ("sk-or-v1-x", {}, OPENROUTER),
        ("rr-test-x", {}, OURS),
        ("rr-live-x", {"REELROUTER_BASE_URL": ELSEWHERE}, f"{ELSEWHERE}/api/v1"),
        ("x", {"MODELGATES_BASE_URL": ELSEWHERE}, f"{ELSEWHERE}/api/v1"),
    ],
)
def test_a_key_alone_tells_its_server(key: str, environment: Mapping[str, str], api: str) -> None:
    """By how it begins, else by the one address that is set."""
    assert find_peer(key, environment=environment) == Peer(api=api, key=key)


@pytest.mark.parametrize(
    "environment", [{}, {"OPENROUTER_BASE_URL": "http://a", "MODELGATES_BASE_URL": "http://b"}]
)
def test_a_key_that_could_be_anybodys_is_sent_to_nobody(environment: Mapping[str, str]) -> None:
    """Guessing wrong would give it away."""
    with pytest.raises(Unusable, match="which server"):
        find_peer("x", environment=environment)


@pytest.mark.parametrize("key", ["", "a b", "a\nX-Evil: 1", "schlüssel"])
def test_a_key_that_no_header_can_carry_is_refused(key: str) -> None:
    """It would never have worked, or would have said more than was meant."""
    with pytest.raises(Unusable, match="API key"):
        find_peer(key, "https://openrouter.ai")


@pytest.mark.parametrize(
    "address", ["https://a.example", "https://a.example/", "https://a.example/api/v1", "https://a.example/api/v1/"]
)
def test_an_address_may_have_the_path_or_not(address: str) -> None:
    """Both are written in guides."""
    assert api_base(address) == "https://a.example/api/v1"


def test_an_address_may_lie_below_another_path() -> None:
    """As behind a proxy."""
    assert api_base("https://a.example/video/") == "https://a.example/video/api/v1"


@pytest.mark.parametrize(
    "address", ["", "a.example", "ftp://a.example", "https://", "https://me:pw@a.example", "https://a.example?x=1"]
)
def test_what_is_no_address_is_refused(address: str) -> None:
    """With the form that it should have."""
    with pytest.raises(Unusable) as caught:
        api_base(address)
    assert caught.value.next_step
    assert "pw" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "goes"),
    [
        ("https://a.example/api/v1/videos", True),
        ("https://A.example:443/elsewhere", True),
        ("http://a.example/api/v1/videos", False),
        ("https://a.example:8443/api/v1/videos", False),
        ("https://a.example.evil.example/api/v1", False),
        ("https://a.example@evil.example/api/v1", False),
    ],
)
def test_the_key_goes_to_the_apis_own_origin_alone(url: str, goes: bool) -> None:
    """Scheme, host and port decide, and not how an address begins."""
    headers = Peer(api="https://a.example/api/v1", key="k").headers(url)
    assert ("Authorization" in headers) is goes


def test_ids_are_quoted() -> None:
    """An id cannot lead anywhere else."""
    peer = Peer(api=OURS)
    assert peer.url("videos", "../keys?x=1") == f"{OURS}/videos/..%2Fkeys%3Fx%3D1"
    assert peer.resolved("/api/v1/videos/x") == f"{OURS}/videos/x"
    with pytest.raises(Unreadable):
        peer.resolved("javascript:alert(1)")


def test_the_key_is_not_shown_by_accident() -> None:
    """Neither in a traceback's values, nor in what a server repeats."""
    peer = Peer(api=OURS, key="rr-live-secret")
    assert "secret" not in repr(peer)
    assert peer.without_key("no such key: rr-live-secret") == "no such key: [the key]"
