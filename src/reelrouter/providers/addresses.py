"""Which addresses are asked at all, and which of them may see an account's credentials; pure."""

from yarl import URL

from reelrouter.providers.base import Account, Provider


def web_address(given: str) -> URL:
    """Raises `ValueError` for what cannot be asked over HTTP without more ado."""
    url = URL(given, encoded=True)
    if url.scheme not in ("http", "https") or not url.host:
        raise ValueError("it is no web address")
    if url.user or url.password:
        raise ValueError("it has a user in it")
    return url


def is_own(url: URL, provider: Provider, account: Account) -> bool:
    """Whether the account's credentials may be shown there."""
    origins = (account.root, *provider.access.own_origins)
    return any(url.origin() == URL(origin).origin() for origin in origins)
