"""The headers of an attempt: what it is about, and signatures under every secret that the receiver may hold."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

from reelrouter.client.webhooks import sign

MODE = "X-ReelRouter-Mode"


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What is the same on every attempt of a delivery."""

    key: str
    body: bytes
    is_test: bool
    """Whether it tells of a test job, or of none at all."""


def plain_headers(letter: Letter, brand: str) -> dict[str, str]:
    """Those without signatures. `brand` is its title, as in `X-OpenRouter-…`."""
    headers = {"Content-Type": "application/json", f"X-{brand}-Idempotency-Key": letter.key}
    return headers | ({MODE: "test"} if letter.is_test else {})


def signed_headers(letter: Letter, secrets: Sequence[str], brand: str, timestamp: int) -> dict[str, str]:
    """All of them; without a secret there is no signature, as upstream has it.

    `secrets` are one, or two while the older one is being replaced, the older one first. Receivers that know of
    several signatures try each. Of the others most take the first `v1=` that they find, which is how the
    contract's own guide reads the header: they go on with the secret that they have, until it ends.
    """
    headers = plain_headers(letter, brand)
    if not secrets:
        return headers
    each = (sign(letter.body, secret, event_id=letter.key, timestamp=timestamp, brand=brand) for secret in secrets)
    return headers | reduce(lambda one, other: _joined(one, other, brand), each)


def _joined(one: dict[str, str], other: dict[str, str], brand: str) -> dict[str, str]:
    """Both signatures under one stamp; what else they say is the same."""
    branded, standard = f"X-{brand}-Signature", "webhook-signature"
    _stamp, _, signature = other[branded].partition(",")
    return {
        **one,
        branded: f"{one[branded]},{signature}",
        standard: f"{one[standard]} {other[standard]}",
    }
