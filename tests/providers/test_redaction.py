"""What is taken out of a vendor's words, and what is left in."""

import base64
import json
from urllib.parse import quote

import pytest

from reelrouter.providers.redaction import REDACTED, Redactor, StillSecret, unsigned

_KEY = "a/very+plain key"


def redacted(text: str, **values: str) -> str:
    return Redactor(values).text(text)


@pytest.mark.parametrize(
    "form",
    [_KEY, quote(_KEY, safe=""), base64.b64encode(_KEY.encode()).decode()],
    ids=["plain", "quoted", "base64"],
)
def test_an_accounts_values_are_placeholders_with_their_names(form: str) -> None:
    """In every form in which they come back."""
    assert redacted(f"the key ({form}) is wrong", api_key=_KEY).startswith(f"the key ({REDACTED}-api_key")
    assert form.rstrip("=") not in redacted(f"{form} {form}", api_key=_KEY)


def test_a_value_is_found_inside_of_a_longer_one() -> None:
    """The longest first, so that nothing of it is left over."""
    said = redacted(
        "gs://my-project-videos/a.mp4 of my-project", project="my-project", bucket="gs://my-project-videos"
    )
    assert said == f"gs://{REDACTED}-bucket/a.mp4 of {REDACTED}-project"


def test_a_key_file_gives_away_nothing_of_its_owner() -> None:
    """Each of its texts is a secret, but for the addresses that stand in everybody's."""
    key = {
        "type": "service_account",
        "private_key": "-----BEGIN-----\nMIIabc\n",
        "client_email": "robot@a-project.iam.example.com",
        "client_id": "1178901234567",
        "token_uri": "https://oauth2.example.com/token",
    }
    said = redacted(
        json.dumps([key["client_id"], key["private_key"], key["token_uri"]]), credentials=json.dumps(key)
    )
    assert "1178901234567" not in said
    assert "https://oauth2.example.com/token" in said


def test_short_values_are_words_and_stay() -> None:
    """A location is found in every address; a key is a secret however short it is."""
    assert redacted("global", location="global") == "global"
    assert redacted("EMPTY", api_key="EMPTY") == f"{REDACTED}-api_key"


@pytest.mark.parametrize(
    "secret",
    [
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NSJ9.dBjftJeZ4CVPmB92K27uhbUJU1p1r_wW1gFWFOEjXk",
        "sk-or-v1-0123456789abcdef0123",
        "AKIAIOSFODNN7EXAMPLE",
        "AIzaSyA-1234567890abcdefghijklmnopqrstu",
        "ya29.a0AfH6SMBx-1234567890",
        "ghp_0123456789abcdefghij0123",
        "0123456789abcdef0123456789abcdef01234567",
        "Zm9vYmFyYmF6cXV4cXV1eGNvcmdlZ3JhdWx0MDE",
        "somebody+else@mail.example.com",
    ],
)
def test_what_looks_like_a_secret_is_one(secret: str) -> None:
    """Whoever it belongs to; and what stands around it stays."""
    assert secret not in redacted(f"before {secret} after")
    assert redacted(f"before {secret} after").startswith(f"before {REDACTED}-")
    assert redacted(f"before {secret} after").endswith(" after")


@pytest.mark.parametrize(
    "plain",
    [
        "cgt-20261121171111-x7k2p",
        "dreamina-seedance-2-0-mini-260615",
        "0a6b6c2e-1d0f-4a3c-9d9c-2f1f7e0c9b11",
        "projects/p/locations/us-central1/publishers/google/models/veo-3.1-generate-001/operations/5f2c",
        "InputImageSensitiveContentDetected.PrivacyInformation",
        "https://openrouter.ai/api/v1/videos/abc/content?index=0",
        "The parameter `duration` must be one of 4, 6 or 8 seconds.",
    ],
)
def test_what_an_adapter_lives_on_stays(plain: str) -> None:
    """Ids, models, codes, addresses and sentences."""
    assert redacted(plain) == plain


def test_the_same_text_is_always_the_same_placeholder() -> None:
    """So that a later call still names what an earlier reply gave; two texts are two placeholders."""
    redactor = Redactor({})
    first, second = "Ab3" * 12, "Xy9" * 12
    assert redactor.text(first) == redactor.text(first)
    assert redactor.text(f"/jobs/{first}") == f"/jobs/{redactor.text(first)}"
    assert redactor.text(first) != redactor.text(second)


@pytest.mark.parametrize(
    "address",
    [
        "https://b.example.com/v.mp4?X-Amz-Date=now&X-Amz-Signature=abcdef",
        "https://b.example.com/v.mp4?Expires=170000&OSSAccessKeyId=LTAI5t&Signature=abcdef",
        "https://b.example.com/v.mp4?sv=2024&se=2026&sig=abcdef",
        "https://b.example.com/v.mp4?token=abcdef",
        "jobs/1?key=abcdef",
    ],
)
def test_a_signed_address_keeps_its_place_and_the_names_of_its_query(address: str) -> None:
    """Twice as well as once."""
    assert "abcdef" not in unsigned(address)
    assert unsigned(address).startswith(address.partition("?")[0])
    assert unsigned(unsigned(address)) == unsigned(address)
    assert [pair.partition("=")[0] for pair in unsigned(address).partition("?")[2].split("&")] == [
        pair.partition("=")[0] for pair in address.partition("?")[2].split("&")
    ]


def test_who_signs_in_by_an_address_is_not_told() -> None:
    """User and password stand before its host."""
    assert redacted("at https://joe:pass@b.example.com/v.mp4") == f"at https://{REDACTED}@b.example.com/v.mp4"


def test_files_become_digests() -> None:
    """Of base64 texts beyond 200 characters the length is kept, and what they are a digest of is theirs alone."""
    short, long, other = "A1b/" * 50, "A1b/" * 51, "B1b/" * 51
    assert redacted(short) == short
    assert redacted(f"data:video/mp4;base64,{long}").startswith("data:video/mp4;base64,sha256-")
    assert redacted(long).endswith("-of-204")
    assert redacted(long) != redacted(other)


def test_a_name_can_say_that_its_value_is_a_secret() -> None:
    """Then it is one wherever else it stands, and not where the value is a number."""
    redactor = Redactor({})
    said = redactor.value({"access_token": "hunter2", "usage": {"total_tokens": 7}, "again": "it is hunter2"})
    assert said["access_token"].startswith(REDACTED)
    assert said["again"] == f"it is {said['access_token']}"
    assert said["usage"] == {"total_tokens": 7}
    assert redactor.value({"Idempotency-Key": "job-1"}) == {"Idempotency-Key": "job-1"}


def test_redacting_twice_changes_nothing() -> None:
    """What was learned late is taken out by a second run, which leaves the rest as it is."""
    redactor = Redactor({"api_key": "a-plain-key-of-mine"})
    given = {
        "early": "hunter22",
        "key": "hunter22",
        "said": ["a-plain-key-of-mine", "x@y.example", "A1b/" * 51],
        "url": "https://b.example.com/v.mp4?sig=1",
    }
    once = redactor.value(given)
    twice = redactor.value(once)
    assert twice["early"].startswith(REDACTED)
    assert twice == redactor.value(twice) == {**once, "early": twice["early"]}


def test_a_text_with_a_known_secret_in_it_is_not_let_out() -> None:
    """As a last look; the secret itself is not said."""
    redactor = Redactor({"api_key": 'with "quotes" in it'})
    redactor.check(json.dumps(redactor.value('with "quotes" in it')))
    with pytest.raises(StillSecret) as caught:
        redactor.check(json.dumps('with "quotes" in it'))
    assert "quotes" not in str(caught.value)
