"""The address in our answers: the operator's word, never a stranger's header."""

import pytest
from starlette.requests import Request

from reelrouter.api.addresses import Addresses
from reelrouter.errors import InvalidRequest

OURS = Addresses(public_url=None, trusted_hosts=frozenset({"video.lan"}), trusted_proxies=frozenset({"10.0.0.1"}))


def request(client: str = "10.0.0.9", **headers: str) -> Request:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request(
        {
            "type": "http",
            "method": "GET",
            "scheme": "http",
            "path": "/",
            "query_string": b"",
            "server": ("127.0.0.1", 80),
            "client": (client, 1),
            "headers": raw,
        }
    )


def test_the_public_url_wins_over_every_header() -> None:
    """An operator who says where the gateway is, is believed."""
    public = Addresses(public_url="https://v.example", trusted_hosts=frozenset(), trusted_proxies=frozenset())
    assert public.base(request(host="evil.example")) == "https://v.example"


@pytest.mark.parametrize("host", ["localhost:8088", "127.0.0.1:1", "[::1]:8088", "video.lan", "VIDEO.LAN:99"])
def test_a_trusted_host_is_used_as_it_was_named(host: str) -> None:
    """Loopback names and the operator's own are fine."""
    assert OURS.base(request(host=host)) == f"http://{host}"


@pytest.mark.parametrize("host", ["evil.example", "", "localhost.evil.example", "127.0.0.1.nip.io"])
def test_a_strange_host_is_refused_with_what_to_do(host: str) -> None:
    """Nobody can make us hand out links to their own server."""
    with pytest.raises(InvalidRequest, match="REELROUTER_PUBLIC_URL"):
        OURS.base(request(host=host))


def test_forwarded_headers_count_from_trusted_proxies_alone() -> None:
    """A client cannot claim to come by https, or by another name."""
    forwarded = {"host": "localhost", "x_forwarded_proto": "https", "x_forwarded_host": "video.lan"}
    assert OURS.base(request("10.0.0.1", **forwarded)) == "https://video.lan"
    assert OURS.base(request("10.0.0.9", **forwarded)) == "http://localhost"
