"""Secrets that have to be used again are kept encrypted: AES-256-GCM, each bound to the row that it belongs to."""

import base64
import binascii
import hashlib
import secrets
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from reelrouter.accounts.secrets import Secrets

_PURPOSE = "vault"
_VERSION = "1"
_NONCE_BYTES = 12
_NAME_BYTES = 6


class SealBroken(Exception):
    """A sealed text cannot be opened: its root secret is not configured any more, or the text was changed."""


class Vault:
    """Seals under the present root secret, and opens what was sealed under it or an earlier one."""

    def __init__(self, present: Secrets, earlier: Sequence[Secrets] = ()) -> None:
        keys = [one.derive(_PURPOSE) for one in (present, *earlier)]
        self._ciphers = {_name_of(key): AESGCM(key) for key in keys}
        self._present = _name_of(keys[0])

    def seal(self, plain: str, row: str) -> str:
        """`row` is the id of the row that it will stand in: in any other it does not open."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = nonce + self._ciphers[self._present].encrypt(nonce, plain.encode(), row.encode())
        return f"{_VERSION}.{self._present}.{base64.urlsafe_b64encode(sealed).decode()}"

    def open(self, sealed: str, row: str) -> str:
        """Raises `SealBroken`."""
        version, _, rest = sealed.partition(".")
        name, _, text = rest.partition(".")
        cipher = self._ciphers.get(name)
        if version != _VERSION or cipher is None:
            raise SealBroken(
                "it was sealed under a secret that is not configured: set REELROUTER_SECRET_KEY_PREVIOUS"
            )
        try:
            blob = base64.urlsafe_b64decode(text)
            return cipher.decrypt(blob[:_NONCE_BYTES], blob[_NONCE_BYTES:], row.encode()).decode()
        except (InvalidTag, binascii.Error, ValueError) as error:
            raise SealBroken("it was changed since, or copied from another row") from error

    def is_present(self, sealed: str) -> bool:
        """Whether it was sealed under the present root; else it should be sealed anew."""
        return sealed.split(".")[1:2] == [self._present]


def _name_of(key: bytes) -> str:
    return hashlib.sha256(key).hexdigest()[: 2 * _NAME_BYTES]
