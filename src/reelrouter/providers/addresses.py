"""Which addresses are asked at all, and which of them may see an account's credentials; pure."""

import re
from urllib.parse import quote

from yarl import URL

from reelrouter.providers.base import Account, Provider

_AUTHORITY = re.compile(r"[A-Za-z]+://[^/?#]*")
_NOT_AS_IT_IS = re.compile(r"[^\x21-\x7e]+")


def web_address(given: str) -> URL:
    """What may not stand in an address is quoted, and all else left as it is, since it may be signed.

    Raises `ValueError` for what cannot be asked over HTTP without more ado.
    """
    url = URL(_quoted(given.strip()), encoded=True)
    if url.scheme not in ("http", "https") or not url.host:
        raise ValueError("it is no web address")
    if url.user or url.password:
        raise ValueError("it has a user in it")
    return url


def is_own(url: URL, provider: Provider, account: Account) -> bool:
    """Whether the account's credentials may be shown there."""
    origins = (account.root, *provider.access.own_origins)
    return any(url.origin() == URL(origin).origin() for origin in origins)


def same_root(one: str, other: str) -> bool:
    """Whether two base URLs are the same place, however they are spelled."""
    try:
        return _spelled(one) == _spelled(other)
    except ValueError:
        return one == other


def _spelled(root: str) -> tuple[object, ...]:
    url = URL(root)
    return url.scheme, url.host, url.port, url.path.rstrip("/"), url.query_string


def _quoted(given: str) -> str:
    authority = _AUTHORITY.match(given)
    at = authority.end() if authority else 0
    rest = _NOT_AS_IT_IS.sub(lambda found: quote(found[0].encode("utf-8", "surrogateescape")), given[at:])
    return given[:at] + rest
