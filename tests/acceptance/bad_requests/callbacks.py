"""Callback addresses: those of inputs apply, but for a test key's own machine."""

import json
from collections.abc import Iterator
from typing import Literal

from tests.acceptance.bad_requests.case import Case
from tests.acceptance.bad_requests.hosts import MALFORMED, OTHER_SCHEMES, PRIVATE_HOSTS
from tests.acceptance.orders import small

_NOT_LOOPBACK = ("10.0.0.1", "169.254.169.254", "[fe80::1]", "192.168.1.1", "2852039166", "[::]")


def cases() -> Iterator[Case]:
    for host in PRIVATE_HOSTS:
        yield _case(f"https://{host}/hook", "not a public one", "live")
    for host in _NOT_LOOPBACK:
        yield _case(f"https://{host}/hook", "not a public one", "test")
    for url in OTHER_SCHEMES:
        yield _case(url, "Only HTTPS URLs are allowed", "live")
    yield _case("http://example.com/hook", "Only HTTPS URLs are allowed", "test")
    yield _case("ftp://127.0.0.1/hook", "Only HTTPS URLs are allowed", "test")
    yield _case("http://127.0.0.1.example.com/hook", "Only HTTPS URLs are allowed", "test")
    yield _case("http://user:secret@127.0.0.1/hook", "user name or a password", "test")
    for url, words in MALFORMED:
        if words != "no address":  # names are looked up when there is something to deliver
            yield _case(url, words, "live")
    yield _case("", "", "test")


def _case(url: str, words: str, key: Literal["test", "live"]) -> Case:
    body = json.dumps(small(callback_url=url)).encode()
    return Case(name=f"a callback to {url[:40]!r}, {key}", field="callback_url", words=words, body=body, key=key)
