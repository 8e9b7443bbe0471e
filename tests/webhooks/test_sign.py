"""The headers of webhooks: what one reads, every reader of the contract and of Standard Webhooks reads."""

import base64
import hashlib
import hmac
import secrets
import time

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from reelrouter.client.errors import SignatureInvalid
from reelrouter.client.webhooks import verify_webhook
from reelrouter.webhooks.sign import Letter, plain_headers, signed_headers

BODY = b'{"type":"video.generation.completed","data":{"id":"gen-vid-1-x","status":"completed","n":"\xc3\xa4"}}'
LETTER = Letter(key="gen-vid-1-x-completed", body=BODY, is_test=False)
NOW = 1_800_000_000


def made() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


OLDER, NEWER = made(), made()


def branded(secret: str) -> str:
    """The signature as the contract describes it."""
    return hmac.new(secret.encode(), b"%d," % NOW + BODY, hashlib.sha256).hexdigest()


def test_one_secret_signs_as_the_contract_says() -> None:
    """A comma between stamp and body, hexadecimal, the secret's text as the key."""
    headers = signed_headers(LETTER, [NEWER], "OpenRouter", NOW)
    assert headers["X-OpenRouter-Signature"] == f"t={NOW},v1={branded(NEWER)}"
    assert headers["X-OpenRouter-Idempotency-Key"] == "gen-vid-1-x-completed"
    assert headers["Content-Type"] == "application/json"


def test_without_a_secret_it_is_not_signed() -> None:
    """As upstream has it: the key for repeats is there all the same."""
    assert signed_headers(LETTER, [], "OpenRouter", NOW) == {
        "Content-Type": "application/json",
        "X-OpenRouter-Idempotency-Key": "gen-vid-1-x-completed",
    }


def test_two_secrets_sign_under_one_stamp_the_older_first() -> None:
    """A reader that takes the first signature goes on with the secret that it has."""
    headers = signed_headers(LETTER, [OLDER, NEWER], "OpenRouter", NOW)
    assert headers["X-OpenRouter-Signature"] == f"t={NOW},v1={branded(OLDER)},v1={branded(NEWER)}"
    assert len(headers["webhook-signature"].split(" ")) == 2
    assert headers["webhook-timestamp"] == str(NOW)


@pytest.mark.parametrize("secret", [OLDER, NEWER], ids=["older", "newer"])
@pytest.mark.parametrize("brand", ["OpenRouter", "ModelGates"])
def test_either_secret_verifies(secret: str, brand: str) -> None:
    """With our own client, by each of the two headers alone."""
    headers = signed_headers(LETTER, [OLDER, NEWER], brand, NOW)
    ours = {name: value for name, value in headers.items() if not name.startswith("webhook-")}
    standard = {name: value for name, value in headers.items() if name.startswith("webhook-")}
    for one in (ours, standard):
        assert verify_webhook(one, BODY, secret, now=NOW).job.id == "gen-vid-1-x"
        with pytest.raises(SignatureInvalid):
            verify_webhook(one, BODY, made(), now=NOW)


@pytest.mark.parametrize("secret", [OLDER, NEWER], ids=["older", "newer"])
def test_the_standard_library_verifies(secret: str) -> None:
    """The published package for Standard Webhooks, which knows nothing of us, takes what we sign alone."""
    now = int(time.time())  # the package reads the clock itself
    headers = signed_headers(LETTER, [OLDER, NEWER], "OpenRouter", now)
    assert Webhook(secret).verify(BODY, headers)["type"] == "video.generation.completed"
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(BODY + b" ", headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(made()).verify(BODY, headers)


def test_what_is_no_live_jobs_is_marked() -> None:
    """A receiver may leave tests alone."""
    test = Letter(key="k", body=b"{}", is_test=True)
    assert plain_headers(test, "OpenRouter")["X-ReelRouter-Mode"] == "test"
    assert "X-ReelRouter-Mode" not in plain_headers(LETTER, "OpenRouter")
