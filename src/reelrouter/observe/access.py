"""Who may read the figures: pure. They tell of money and of what is made, so that not everybody may."""

import hmac
import ipaddress
from collections.abc import Mapping

from reelrouter.errors import Forbidden, Unauthorized

_PROXIED = ("forwarded", "x-forwarded-for", "x-real-ip")
"""Headers of requests that come from elsewhere, whatever address hands them on."""


def check_reader(token: str | None, peer: str | None, headers: Mapping[str, str]) -> None:
    """Raises `Unauthorized` without the operator's token, and `Forbidden` where there is none, to other machines.

    `peer` is the address at the other end of the connection; None for a proxy's. Names of headers are in small
    letters.
    """
    if token is not None:
        _check_token(token, headers.get("authorization", ""))
    elif peer is None or not _is_loopback(peer) or any(name in headers for name in _PROXIED):
        raise Forbidden(
            "Metrics are for this machine alone until they have a token. The operator can set "
            "REELROUTER_METRICS_TOKEN; then send it as: Authorization: Bearer <token>"
        )


def _check_token(token: str, authorization: str) -> None:
    scheme, _, given = authorization.partition(" ")
    if scheme.lower() != "bearer" or not hmac.compare_digest(given.strip().encode(), token.encode()):
        raise Unauthorized("Metrics need their own token. Send it as: Authorization: Bearer <token>")


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
