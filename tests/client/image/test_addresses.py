"""Addresses that cannot work are found out before anybody is asked."""

import pytest

from tests.client.image.web import Web, page, texts


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("http://example.com/a.png", "the address is http, and only https is fetched"),
        ("ftp://example.com/a.png", "this is not a web address"),
        ("https:///a.png", "this is not a web address"),
        ("https://[::1/a.png", "this is not a web address"),
        (
            "https://me:secret@example.com/a.png",
            "the address has a user name in it, which providers do not send on",
        ),
        (f"https://example.com/{'a' * 9000}", "the address has 9020 characters"),
    ],
)
def test_an_address_that_cannot_work_is_not_asked(url: str, problem: str) -> None:
    """Nothing is sent to it."""
    web = Web({})
    check = web.look(url)
    assert texts(check.problems) == [problem]
    assert web.asked == []
    assert len(check.source) < 100


@pytest.mark.parametrize("host", ["127.0.0.1:9000", "192.168.1.4", "localhost", "0x7f.1"])
def test_a_private_address_is_looked_at_and_warned_of(host: str) -> None:
    """A server of one's own may reach it, even by http, and no hosted provider can."""
    check = Web({f"http://{host}/a.png": page()}).look(f"http://{host}/a.png")
    assert check.ok
    assert texts(check.warnings) == [
        f"{host.partition(':')[0]} is a private address, which no hosted provider can reach"
    ]
