"""Addresses of images: which can be fetched at all, and how they are shown to people."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from reelrouter.client.results import Remark
from reelrouter.networks import is_public, spelled_address

LONGEST_URL = 8192
"""Characters; most servers refuse longer ones."""
_SHOWN = 72


def address_problems(url: str) -> Iterator[Remark]:
    """What is wrong with an address before anybody is asked."""
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError:
        host, parts = None, urlsplit("")
    if not host or parts.scheme not in ("https", "http"):
        yield Remark(text="this is not a web address", next_step="give one that begins with https://")
    elif parts.username is not None:
        yield Remark(
            text="the address has a user name in it, which providers do not send on",
            next_step="use an address that needs no sign-in",
        )
    elif parts.scheme == "http" and not is_private(host):
        yield Remark(text="the address is http, and only https is fetched", next_step="use its https:// address")
    elif len(url) > LONGEST_URL:
        yield Remark(text=f"the address has {len(url)} characters", next_step="shorten it, or send a data URL")


def is_private(host: str) -> bool:
    address = spelled_address(host)
    return address is not None and not is_public(address)


def shown(source: str) -> str:
    """An address as people want to see it: a data URL may be megabytes."""
    long = source.startswith("data:") or len(source) > LONGEST_URL
    return f"{source[:_SHOWN]}…" if long and len(source) > _SHOWN else source
