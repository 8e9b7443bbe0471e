"""Takes out of a vendor's words whatever gives access or names a person, so that they can be shown to everybody.

The same text always becomes the same placeholder, so that what one reply hands to the next call still fits.
"""

import base64
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

REDACTED = "REDACTED"
"""Placeholders begin with it, and have no letter that an address would quote."""
_SHORTEST, _SHORTEST_KEY = 8, 4
"""Characters."""
_SECRET_NAMES = re.compile(
    r"(?<!idempotency.)(?<!attempt.)key$|token$|secret|password|credential|authorization|cookie|signature|e-?mail",
    re.IGNORECASE,
)
"""Of values whose texts are never shown; a key against doing a thing twice opens nothing."""
_PUBLIC_NAMES = re.compile(r"(type|uri|url|domain)$")
_SIGNING = re.compile(
    r"^(x-\w+-.*|.*(sign|token|secret|credential|auth|policy|expire).*|.*key(-?pair)?(-?id)?|sig|s[evprkt]|q-.*)$",
    re.IGNORECASE,
)
"""Names in a query that come with a signature."""
_ADDRESS = re.compile(r"https?://[^\s\"'<>\\]+")
_USER = re.compile(r"(?<=://)[^/?#@\s]+@")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{201,}={0,2}")
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_TOKEN = re.compile(
    r"eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]+"  # a JSON web token
    r"|\b(?:sk|pk|rk|ak|rr|ark|key|api|pat|hf|whsec)[-_][A-Za-z0-9][\w-]{15,}"
    r"|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\bAIza[\w-]{30,}|\bya29\.[\w.-]{10,}|\bgh[oprsu]_\w{20,}"
    r"|(?<=Bearer )[\w.~+/-]{8,}=*"
    r"|\b[0-9a-f]{40,}\b"
    r"|\b(?=[\w-]*[a-z])(?=[\w-]*[A-Z])(?=[\w-]*[0-9])[\w-]{32,}",
    re.ASCII,
)


class StillSecret(Exception):
    """A text that was to be shown still holds a secret; which one is not said."""


class Redactor:
    """Knows an account's values, and learns others on the way."""

    def __init__(self, values: Mapping[str, str]) -> None:
        """By name. Those that are too short to be a secret stay as they are."""
        self._known: dict[str, str] = {}
        """Placeholders by text."""
        self._numbers: dict[str, dict[str, int]] = {}
        for name, value in values.items():
            self.learn(name, value)
        for name, value in values.items():
            for text in _texts_within(value):
                self.learn(name, text)

    def learn(self, name: str, value: str) -> None:
        """From now on a value is a placeholder with its name, as is what stands behind a scheme that it has."""
        scheme, mark, rest = value.partition("://")
        placeholder = f"{REDACTED}-{name}"
        texts = {value: f"{scheme}{mark}{placeholder}", rest: placeholder} if mark else {value: placeholder}
        for text, shown in texts.items():
            if is_hidden(name, text):
                self.replace(text, shown)
                self.replace(quote(text, safe=""), placeholder)
                self.replace(base64.b64encode(text.encode()).decode().rstrip("="), placeholder)

    def replace(self, text: str, placeholder: str) -> None:
        """From now on a text is another one, whether or not it is a secret."""
        self._known.setdefault(text, placeholder)

    def value(self, value: Any) -> Any:
        """A JSON value, with every text in it redacted."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.text(name): self._named(name, one) for name, one in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(one) for one in value]
        return value

    def text(self, text: str) -> str:
        for known in sorted(self._known, key=len, reverse=True):
            text = text.replace(known, self._known[known])
        text = _ADDRESS.sub(lambda found: unsigned(found[0]), text)
        text = _BASE64.sub(lambda found: _digest(found[0]), text)
        text = _EMAIL.sub(lambda found: self._numbered("email", found[0]), text)
        return _TOKEN.sub(lambda found: self._numbered("token", found[0]), text)

    def check(self, text: str) -> None:
        """Raises `StillSecret` if any of the known texts stands in it, in whatever way JSON writes it."""
        for known, placeholder in self._known.items():
            if known not in placeholder and (known in text or json.dumps(known)[1:-1] in text):
                raise StillSecret(placeholder)

    def _named(self, name: str, value: Any) -> Any:
        """A text whose name says that it is a secret is one, and is one wherever else it stands."""
        if not isinstance(value, str) or not value or not _SECRET_NAMES.search(name):
            return self.value(value)
        shown = self.text(value)
        if not shown.startswith(REDACTED):
            shown = self._numbered(name, value)
            if is_hidden(name, value):
                self.replace(value, shown)
        return shown

    def _numbered(self, kind: str, text: str) -> str:
        if text.startswith((REDACTED, "sha256-")):
            return text
        numbers = self._numbers.setdefault(kind, {})
        return f"{REDACTED}-{kind}-{numbers.setdefault(text, len(numbers) + 1)}"


def is_hidden(name: str, value: str) -> bool:
    """Whether one of an account's values is taken out: short ones are ordinary words."""
    return len(value) >= (_SHORTEST_KEY if _SECRET_NAMES.search(name) else _SHORTEST)


def names_a_secret(name: str) -> bool:
    """Whether what goes by this name opens something: an Authorization header does, a workspace's id does not."""
    return _SECRET_NAMES.search(name) is not None


def unsigned(address: str) -> str:
    """An address without a user, and without what a signature in its query says."""
    address = _USER.sub(f"{REDACTED}@", address)
    query = urlsplit(address).query
    pairs = parse_qsl(query, keep_blank_values=True)
    if not any(_SIGNING.match(name) for name, _value in pairs):
        return address
    return address.replace(query, urlencode([(name, REDACTED) for name, _value in pairs]))


def _digest(text: str) -> str:
    return f"sha256-{hashlib.sha256(text.encode()).hexdigest()[:16]}-of-{len(text)}"


def _texts_within(value: str) -> Iterator[str]:
    """What a key file says of its owner, without the addresses that everybody's key file names."""
    try:
        parsed = json.loads(value)
    except ValueError:
        return
    if isinstance(parsed, Mapping):
        yield from (one for name, one in parsed.items() if isinstance(one, str) and not _PUBLIC_NAMES.search(name))
