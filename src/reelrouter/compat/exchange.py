"""One request and what came back, as plain values: all that a rule ever judges."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

KeyUse = Literal["given", "none", "wrong"]
"""Which key a request carries: the caller's, none at all, or one that nobody was ever given."""

_CLIPPED = 160


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A request to be sent. Equal asks are one exchange, however many rules look at it."""

    path: str
    """Below the API's base, or an absolute URL."""
    method: str = "GET"
    key: KeyUse = "given"
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    whole: bool = True
    """False: the beginning of the answer will do, and the rest is left where it is."""
    follow: bool = False
    """Whether a redirect is gone after; the key stays behind where it leads to another origin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    method: str
    url: str
    base: str
    """The API's base, as the caller gave it."""
    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    """Of a long answer the beginning."""
    size: int
    """Bytes of the body that arrived."""
    sent: bytes = b""
    redirects: int = 0

    @property
    def media_type(self) -> str:
        """Without parameters, in lower case."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def document(self) -> Any:
        """The body as JSON; None where it is none."""
        return _parsed(self.body)

    def fields(self) -> Mapping[str, Any] | None:
        """The body as a JSON object; None where it is none."""
        return _object(self.document())

    def wished(self) -> Mapping[str, Any]:
        """The JSON object that was sent; empty where none was."""
        return _object(_parsed(self.sent)) or {}


def post(path: str, body: object, key: KeyUse = "given", headers: Mapping[str, str] | None = None) -> Ask:
    """A POST of JSON."""
    sent = {"Content-Type": "application/json", **(headers or {})}
    return Ask(
        path=path,
        method="POST",
        key=key,
        headers=tuple(sent.items()),
        body=json.dumps(body, sort_keys=True).encode(),
    )


def shown(exchange: Exchange) -> str:
    """What came back, in one line for people."""
    message = error_message(exchange)
    if message:
        return f'{exchange.status} "{clipped(message)}"'
    text = " ".join(exchange.body[:4096].decode(errors="replace").split()) if _is_text(exchange) else ""
    return f"{exchange.status} {exchange.media_type or 'without a type'}" + (f": {clipped(text)}" if text else "")


def error_message(exchange: Exchange) -> str:
    """`error.message`, empty where there is none."""
    error = (exchange.fields() or {}).get("error")
    message = error.get("message") if isinstance(error, dict) else None
    return message if isinstance(message, str) else ""


def clipped(value: object) -> str:
    """What a server said, short, and without characters that would act on the terminal that shows it."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    text = "".join(letter if letter.isprintable() else "�" for letter in text[: _CLIPPED + 1])
    return text if len(text) <= _CLIPPED else f"{text[:_CLIPPED]}…"


def bare(url: str) -> str:
    """A URL without its query: a signature in it opens the file to whoever reads the report."""
    return url.partition("?")[0]


def origin(url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port: what a key belongs to. Raises `ValueError` for a URL that is none."""
    parts = urlsplit(url)
    scheme = parts.scheme.lower()
    return scheme, (parts.hostname or "").lower(), parts.port or {"http": 80, "https": 443}.get(scheme)


def is_web_address(url: object) -> bool:
    """Whether it is an absolute http or https URL."""
    if not isinstance(url, str):
        return False
    try:
        scheme, host, _port = origin(url)
    except ValueError:
        return False
    return scheme in ("http", "https") and bool(host)


def _is_text(exchange: Exchange) -> bool:
    return exchange.media_type.startswith("text/") or "json" in exchange.media_type


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _object(value: object) -> Mapping[str, Any] | None:
    return value if isinstance(value, dict) else None
