"""Webhooks: which are to be trusted, and why the others are not."""

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest

from reelrouter.client.errors import SignatureInvalid, Unusable
from reelrouter.client.webhooks import BRANDS, sign, verify_webhook

NOW = 1_790_000_000
SECRET = "a secret that both sides know"
STANDARD_SECRET = "whsec_" + base64.b64encode(b"a key of some length").decode()
JOB = {
    "id": "gen-vid-1-x",
    "status": "completed",
    "generation_id": "gen-vid-1-x",
    "model": "google/veo-3.1-lite",
    "unsigned_urls": ["https://example.com/api/v1/videos/gen-vid-1-x/content?index=0"],
    "usage": {"cost": 0.5, "is_byok": False},
}
EVENT = {"type": "video.generation.completed", "created_at": "2026-11-21T12:00:00.000Z", "data": JOB}
BODY = json.dumps(EVENT, indent=1).encode()


def hexed(secret: str = SECRET, stamp: int = NOW, body: bytes = BODY) -> str:
    """The signature as the contract describes it."""
    return hmac.new(secret.encode(), b"%d,%b" % (stamp, body), hashlib.sha256).hexdigest()


def branded(
    brand: str = "OpenRouter", secret: str = SECRET, stamp: int = NOW, body: bytes = BODY
) -> dict[str, str]:
    return {
        f"X-{brand}-Signature": f"t={stamp},v1={hexed(secret, stamp, body)}",
        f"X-{brand}-Idempotency-Key": "gen-vid-1-x-completed",
    }


def standard(key: bytes, stamp: int = NOW, body: bytes = BODY) -> dict[str, str]:
    """The signature as Standard Webhooks describes it."""
    signed = hmac.new(key, b"msg_1.%d.%b" % (stamp, body), hashlib.sha256).digest()
    signature = f"v1,{base64.b64encode(signed).decode()}"
    return {"webhook-id": "msg_1", "webhook-timestamp": str(stamp), "webhook-signature": signature}


def reason(headers: dict[str, str], body: bytes = BODY, secret: str = SECRET, now: float = NOW) -> str:
    with pytest.raises(SignatureInvalid) as caught:
        verify_webhook(headers, body, secret, now=now)
    return caught.value.reason


@pytest.mark.parametrize("brand", BRANDS)
def test_a_signed_event_is_read(brand: str) -> None:
    """Under each of the three names, whatever the case of the headers."""
    headers = {name.upper(): value for name, value in branded(brand).items()}
    event = verify_webhook(headers, BODY, SECRET, now=NOW)
    assert (event.type, event.created_at) == ("video.generation.completed", "2026-11-21T12:00:00.000Z")
    assert (event.job.id, event.job.is_completed) == ("gen-vid-1-x", True)
    assert event.job.unsigned_urls == tuple(JOB["unsigned_urls"])
    assert event.idempotency_key == "gen-vid-1-x-completed"
    assert event.raw == EVENT


@pytest.mark.parametrize(
    ("secret", "key"),
    [
        (STANDARD_SECRET, b"a key of some length"),
        (STANDARD_SECRET.removeprefix("whsec_"), b"a key of some length"),
        (SECRET, SECRET.encode()),
    ],
)
def test_the_signature_of_standard_webhooks_holds_too(secret: str, key: bytes) -> None:
    """With the prefix or without it; a secret that is no base64 signs with its text."""
    event = verify_webhook(standard(key), BODY, secret, now=NOW)
    assert (event.job.id, event.idempotency_key) == ("gen-vid-1-x", "msg_1")


def test_one_signature_that_holds_is_enough() -> None:
    """Of two in a header while a secret is changed, and of two headers of which one is of an older secret."""
    first = f"t={NOW},v1={hexed('the old secret')},v1={hexed()}"
    verify_webhook({"X-OpenRouter-Signature": first}, BODY, SECRET, now=NOW)
    old = standard(b"the old secret")["webhook-signature"]
    new = standard(SECRET.encode())
    verify_webhook({**new, "webhook-signature": f"{old} v2,x {new['webhook-signature']}"}, BODY, SECRET, now=NOW)
    verify_webhook({**standard(b"the old secret"), **branded()}, BODY, SECRET, now=NOW)


@pytest.mark.parametrize("brand", BRANDS)
@pytest.mark.parametrize("secret", [SECRET, STANDARD_SECRET, "c2VjcmV0"])
def test_what_is_signed_here_is_verified_here(brand: str, secret: str) -> None:
    """By either signature alone."""
    headers = sign(BODY, secret, event_id="gen-vid-1-x-completed", timestamp=NOW, brand=brand)
    own = {name: value for name, value in headers.items() if name.startswith("X-")}
    others = {name: value for name, value in headers.items() if not name.startswith("X-")}
    for some in (own, others, headers):
        event = verify_webhook(some, BODY, secret, now=NOW)
        assert event.idempotency_key == "gen-vid-1-x-completed"


@pytest.mark.parametrize(("age", "word"), [(300, None), (301, "too_old"), (-300, None), (-301, "too_new")])
@pytest.mark.parametrize("headers", [branded(), standard(SECRET.encode())])
def test_the_stamp_may_be_five_minutes_off(headers: dict[str, str], age: int, word: str | None) -> None:
    """To either side, for either signature."""
    if word is None:
        assert verify_webhook(headers, BODY, SECRET, now=NOW + age).type
    else:
        assert reason(headers, now=NOW + age) == word


def test_the_tolerance_is_yours_to_set() -> None:
    """And the clock is this machine's where none is given."""
    assert verify_webhook(branded(), BODY, SECRET, now=NOW + 900, tolerance=900).type
    with pytest.raises(SignatureInvalid, match=r"ago|ahead"):
        verify_webhook(branded(), BODY, SECRET)


@pytest.mark.parametrize(
    ("headers", "body", "secret"),
    [
        (branded(), BODY.replace(b"completed", b"completely"), SECRET),
        (branded(), json.dumps(json.loads(BODY)).encode(), SECRET),
        (branded(), BODY, "another secret"),
        ({**branded(), "X-OpenRouter-Signature": f"t={NOW + 1},v1={hexed()}"}, BODY, SECRET),
        ({"X-OpenRouter-Signature": f"t={NOW},v1=ä"}, BODY, SECRET),
        ({**standard(SECRET.encode()), "webhook-id": "msg_2"}, BODY, SECRET),
        (standard(b"another secret"), BODY, SECRET),
    ],
)
def test_a_changed_webhook_is_not_trusted(headers: dict[str, str], body: bytes, secret: str) -> None:
    """Not one byte may differ: not in the body, though it mean the same, nor in what is signed beside it."""
    assert reason(headers, body, secret) == "mismatch"


def test_without_a_signature_nothing_is_trusted() -> None:
    """That the sender has no secret, or that somebody has taken the header away, looks the same."""
    assert reason({"Content-Type": "application/json"}) == "missing"


@pytest.mark.parametrize(
    "header", ["", "v1=abc", f"t={NOW}", "t=today,v1=abc", f"t={NOW},t={NOW},v1=abc", "t=²,v1=abc", "t=-1,v1=abc"]
)
def test_a_header_of_another_form_is_told_from_a_wrong_one(header: str) -> None:
    """The sender is at fault, and not the secret."""
    assert reason({"X-OpenRouter-Signature": header}) == "malformed"


@pytest.mark.parametrize("lost", ["webhook-id", "webhook-timestamp"])
def test_the_standard_signature_needs_what_it_covers(lost: str) -> None:
    """Its three headers belong together."""
    headers = {name: value for name, value in standard(SECRET.encode()).items() if name != lost}
    assert reason(headers) == "malformed"


@pytest.mark.parametrize(
    "event", [[], {"type": "x"}, {"type": "x", "data": {"id": "1"}}, {"type": 1, "data": JOB}, {"data": JOB}]
)
def test_a_trusted_body_may_still_be_no_event(event: Any) -> None:
    """Somebody with the secret has sent something else."""
    body = json.dumps(event).encode()
    assert reason(branded(body=body), body) == "unreadable"


@pytest.mark.parametrize("secret", ["", "whsec_"])
def test_an_empty_secret_is_no_secret(secret: str) -> None:
    """Anybody could sign with it."""
    with pytest.raises(Unusable):
        verify_webhook(branded(secret=secret), BODY, secret, now=NOW)
    with pytest.raises(Unusable):
        sign(BODY, secret, event_id="x", timestamp=NOW)
