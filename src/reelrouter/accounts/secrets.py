"""The one secret of an installation, and the keys derived from it, one for each purpose."""

import os
import secrets
import stat
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_LEAST_LENGTH = 32
_PUBLICLY_KNOWN = frozenset({"changeme", "secret", "password", "sk-1234", "reelrouter", "insecure", "development"})


class SecretRefused(Exception):
    """The secret is missing, too weak, or readable by others; the message says which and what to do."""


class Secrets:
    """Keys for purposes (`api-keys`, `links`, …): knowing one tells nothing about another."""

    def __init__(self, root: bytes) -> None:
        self._root = root

    def derive(self, purpose: str) -> bytes:
        """32 bytes, always the same for one root and purpose (HKDF-SHA256)."""
        key = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=f"reelrouter:{purpose}".encode())
        return key.derive(self._root)


def load_secrets(given: str | None, data_dir: Path) -> Secrets:
    """The given secret, else the file `data_dir/secret`, made at the first start. Raises `SecretRefused`."""
    if given is not None:
        return Secrets(_strong(given).encode())
    path = data_dir / "secret"
    if not path.exists():
        _create(path)
    return Secrets(_read_private(path))


def _strong(secret: str) -> str:
    if secret.lower() in _PUBLICLY_KNOWN or len(set(secret)) < 8 or len(secret) < _LEAST_LENGTH:
        raise SecretRefused(
            f"REELROUTER_SECRET_KEY must have at least {_LEAST_LENGTH} characters that nobody can guess; "
            "make one with: openssl rand -base64 32"
        )
    return secret


def _create(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:  # another process of ours was first; its secret is the one
        return
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_urlsafe(48))
        file.flush()
        os.fsync(file.fileno())


def _read_private(path: Path) -> bytes:
    if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise SecretRefused(f"{path} can be read by others; make it private with: chmod 600 {path}")
    content = path.read_bytes().strip()
    if len(content) < _LEAST_LENGTH:
        raise SecretRefused(f"{path} holds no usable secret; restore it from a backup, or remove it to start anew")
    return content
