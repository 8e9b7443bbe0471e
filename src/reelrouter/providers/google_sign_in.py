"""How Google is signed in to: a key file is exchanged for an access token that lives an hour (OAuth 2)."""

import base64
import json
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from reelrouter.providers.base import Call, Flow, Grant, ProviderDrift, Reply
from reelrouter.providers.decoration import count_of
from reelrouter.providers.reading import class_of_status, dig, json_object, refused, shown, text
from reelrouter.work import FailureClass

_TOKENS = "https://oauth2.googleapis.com/token"
TOKEN_ADDRESSES = (
    _TOKENS,
    "https://accounts.google.com/o/oauth2/token",
    "https://www.googleapis.com/oauth2/v4/token",
)
"""Where Google exchanges keys; older key files name the older ones."""
_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_TOKEN_SECONDS = 3600


def sign_in(credentials: str, now: float) -> Flow[Grant]:
    """`credentials` are an access token, or the JSON of a key file: a service account's, or a person's."""
    given = credentials.strip()
    if not given.startswith("{"):
        return Grant(headers={"Authorization": f"Bearer {given}"})
    try:
        key = json.loads(given)
        form = _exchange(key, int(now))
    except (ValueError, LookupError, TypeError, AttributeError, UnsupportedAlgorithm) as error:
        raise refused(FailureClass.AUTH, "credentials", f"the key file cannot be used: {error!r}") from None
    reply = yield Call(method="POST", url=key.get("token_uri", _TOKENS), form=form, signed=False)
    if reply.status != 200:
        raise _no_token(reply)
    return _grant(json_object(reply), key, now)


def token_address(credentials: str) -> str | None:
    """Where a key file wants to be exchanged; None for an access token, and for a file that does not say."""
    try:
        given = json.loads(credentials)
    except ValueError:
        return None
    address = given.get("token_uri") if isinstance(given, dict) else None
    return None if address is None else str(address)


def _error_object(reply: Reply) -> Mapping[str, Any]:
    """An error's JSON object; empty for anything else."""
    try:
        return json_object(reply)
    except ProviderDrift:
        return {}


def _exchange(key: Mapping[str, Any], now: int) -> Mapping[str, str]:
    """What is exchanged for a token. Raises any of several errors for a key file that is not in order."""
    match key["type"]:
        case "service_account":
            return {"grant_type": _JWT_GRANT, "assertion": _assertion(key, now)}
        case "authorized_user":
            names = ("client_id", "client_secret", "refresh_token")
            return {"grant_type": "refresh_token", **{name: key[name] for name in names}}
        case kind:
            raise ValueError(f"its type is {kind}, and can be service_account or authorized_user")


def _assertion(key: Mapping[str, Any], now: int) -> str:
    """The JSON web token by which a service account asks for itself (RFC 7523)."""
    private = load_pem_private_key(key["private_key"].encode(), password=None)
    if not isinstance(private, RSAPrivateKey):
        raise TypeError("its private key is no RSA key")
    header = {"alg": "RS256", "typ": "JWT", "kid": key.get("private_key_id")}
    claims = {
        "iss": key["client_email"],
        "scope": _SCOPE,
        "aud": key.get("token_uri", _TOKENS),
        "iat": now,
        "exp": now + _TOKEN_SECONDS,
    }
    signed = f"{_segment(header)}.{_segment(claims)}"
    return f"{signed}.{_base64url(private.sign(signed.encode(), PKCS1v15(), SHA256()))}"


def _segment(value: Mapping[str, Any]) -> str:
    return _base64url(json.dumps(value).encode())


def _base64url(given: bytes) -> str:
    return base64.urlsafe_b64encode(given).rstrip(b"=").decode()


def _no_token(reply: Reply) -> Exception:
    error = _error_object(reply)
    wrong = 400 <= reply.status < 500 and reply.status != 429
    failure = FailureClass.AUTH if wrong else class_of_status(reply.status)
    return refused(failure, error.get("error", reply.status), error.get("error_description", shown(reply.body)))


def _grant(token: Mapping[str, Any], key: Mapping[str, Any], now: float) -> Grant:
    seconds = dig(token, "expires_in")
    if (lifetime := count_of(seconds)) is None:
        raise ProviderDrift(f"a token's expires_in is {shown(seconds)}")
    headers = {"Authorization": f"Bearer {text(token, 'access_token')}"}
    if key.get("quota_project_id"):
        headers["x-goog-user-project"] = key["quota_project_id"]
    return Grant(headers=headers, expires_at=now + lifetime)
