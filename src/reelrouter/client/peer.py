"""The server at the other end: its address, the key for it, and what its answers have told about it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, urljoin, urlsplit

from reelrouter.client.errors import Unreadable, Unusable
from reelrouter.compat.exchange import is_web_address, origin

_API = "/api/v1"
_AGENT = "reelrouter-client"


@dataclass(frozen=True, slots=True)
class Family:
    """Names of the environment that belong together: a key, and the address that it is for."""

    prefix: str
    home: str
    """The address where the environment names none."""
    key_begins: tuple[str, ...] = ()

    @property
    def key_name(self) -> str:
        return f"{self.prefix}_API_KEY"

    @property
    def address_name(self) -> str:
        return f"{self.prefix}_BASE_URL"

    def address(self, environment: Mapping[str, str]) -> str:
        return environment.get(self.address_name) or self.home


_OWN = Family("REELROUTER", "http://127.0.0.1:8088", ("rr-live-", "rr-test-"))
FAMILIES = (
    _OWN,
    Family("OPENROUTER", "https://openrouter.ai", ("sk-or-",)),
    Family("MODELGATES", "https://modelgates.ai"),
)
"""In the order in which they are looked for."""


@dataclass(slots=True)
class Peer:
    """What is learned of it is kept as long as the client lives."""

    api: str
    """With `/api/v1`, without a slash at the end."""
    key: str | None = field(default=None, repr=False)
    keeps_keys: bool | None = None
    """Whether it honours `Idempotency-Key`; None until it has been asked."""
    has_events: bool | None = None
    """Whether it streams what becomes of a job; None until it has been asked."""

    @property
    def root(self) -> str:
        """The address without `/api/v1`."""
        return self.api.removesuffix(_API)

    def url(self, *parts: str) -> str:
        """An address of the API, each part quoted: `url("videos", job_id)`."""
        return "/".join((self.api, *(quote(part, safe="") for part in parts)))

    def resolved(self, address: str) -> str:
        """An address that the server wrote, absolute or relative. Raises `Unreadable`."""
        try:
            url = urljoin(f"{self.api}/", address)
        except ValueError:
            url = ""
        if not is_web_address(url):
            raise Unreadable(f"the server gave {address[:100]!r} for an address, which is none")
        return url

    def headers(self, url: str) -> dict[str, str]:
        """What goes with every request. The key goes to the API's own origin, and to nobody whom it names."""
        headers = {"User-Agent": _AGENT}
        if self.key is not None and origin(url) == origin(self.api):
            headers["Authorization"] = f"Bearer {self.key}"
        return headers

    def require_key(self) -> None:
        """Raises `Unusable` where there is no key."""
        if self.key is None:
            raise Unusable(
                f"there is no API key for {self.root}",
                f"set {_family_at(self.root).key_name}, or give api_key (--api-key on the command line)",
            )

    def without_key(self, text: str) -> str:
        """The text as it may be shown, should a server have repeated the key."""
        return text if self.key is None else text.replace(self.key, "[the key]")


def find_peer(
    api_key: str | None = None, base_url: str | None = None, environment: Mapping[str, str] | None = None
) -> Peer:
    """Whom to talk to, from the arguments and then from the environment. Raises `Unusable`.

    A key of the environment is paired with the address of its own family alone. An address that is given as an
    argument gets the key of the family that it belongs to: by its origin, or, for an origin of your own, that of
    REELROUTER_API_KEY, unless REELROUTER_BASE_URL says that this key is for another one.
    """
    known = os.environ if environment is None else environment
    if api_key is not None and not _is_plain(api_key):
        raise Unusable("the API key is empty, or has spaces or characters in it that no header can carry")
    if base_url is not None:
        api = api_base(base_url)
        return Peer(api=api, key=api_key or _key_for(api, known))
    if api_key is not None:
        return Peer(api=api_base(_home_of(api_key, known).address(known)), key=api_key)
    family = _first(known)
    return Peer(api=api_base(family.address(known)), key=_key_of(family, known))


def api_base(address: str) -> str:
    """`https://host/api/v1` from a server's address with or without it. Raises `Unusable`."""
    parts = urlsplit(address) if is_web_address(address) else None
    if parts is None:
        raise Unusable(f"{address!r} is not an address", f"give http(s)://host[:port], with or without {_API}")
    if parts.query or parts.fragment or "@" in parts.netloc:
        raise Unusable(f"{parts.hostname} has more than an address to it", "leave out user, query and fragment")
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/').removesuffix(_API)}{_API}"


def _key_for(api: str, environment: Mapping[str, str]) -> str | None:
    for family in FAMILIES:
        if origin(api_base(family.address(environment))) == origin(api):
            return _key_of(family, environment)
    is_foreign = any(origin(family.home) == origin(api) for family in FAMILIES)
    return None if is_foreign or environment.get(_OWN.address_name) else _key_of(_OWN, environment)


def _home_of(key: str, environment: Mapping[str, str]) -> Family:
    """The family of a key that came without an address: by how it begins, else by the one address that is set."""
    for family in FAMILIES:
        if key.startswith(family.key_begins):
            return family
    named = [family for family in FAMILIES if environment.get(family.address_name)]
    if len(named) == 1:
        return named[0]
    raise Unusable("it cannot be told which server the API key is for", "give base_url (--base-url) with it")


def _first(environment: Mapping[str, str]) -> Family:
    """The first family with a key, else the first with an address, else our own."""
    for name in ("key_name", "address_name"):
        for family in FAMILIES:
            if environment.get(getattr(family, name)):
                return family
    return _OWN


def _key_of(family: Family, environment: Mapping[str, str]) -> str | None:
    key = environment.get(family.key_name) or None
    if key is not None and not _is_plain(key):
        raise Unusable(f"{family.key_name} has spaces or characters in it that no header can carry")
    return key


def _family_at(address: str) -> Family:
    return next((family for family in FAMILIES if origin(family.home) == origin(address)), _OWN)


def _is_plain(key: str) -> bool:
    return bool(key) and all("!" <= letter <= "~" for letter in key)
