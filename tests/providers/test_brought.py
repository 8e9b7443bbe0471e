"""Keys that workspaces bring: what they may say, where they may be shown, and that nothing of them is repeated."""

import json
from typing import Any

import pytest

from reelrouter.providers.brought import Brought, KeyRefused, label_of
from reelrouter.providers.registry import PROVIDERS
from reelrouter.settings import VendorSettings

SECRET = "canary-0123456789-abcdef"
ALLOWED = "https://proxy.example/v1"
FILE = {
    "type": "service_account",
    "project_id": "film-lab",
    "client_email": "films@film-lab.example",
    "private_key": f"-----BEGIN\n{SECRET}\n",
    "token_uri": "https://oauth2.googleapis.com/token",
}


def brought(*addresses: str, **parts: Any) -> Brought:
    environment = parts.pop("environment", {})
    return Brought(providers=PROVIDERS, vendors=parts, environment=environment, addresses=addresses)


@pytest.mark.parametrize(
    ("provider", "text", "values"),
    [
        ("byteplus", f" {SECRET}\n", {"api_key": SECRET}),
        ("byteplus", json.dumps({"api_key": SECRET}), {"api_key": SECRET}),
        (
            "alibaba",
            json.dumps({"workspace_id": "w", "api_key": SECRET}),
            {"api_key": SECRET, "workspace_id": "w"},
        ),
        ("google-vertex", json.dumps(FILE), {"credentials": json.dumps(FILE), "project": "film-lab"}),
        (
            "google-vertex",
            json.dumps({"credentials": SECRET, "project": "p", "location": "europe-west4"}),
            {"credentials": SECRET, "project": "p", "location": "europe-west4"},
        ),
        (
            "google-vertex",
            json.dumps({"credentials": FILE, "project": "other"}),
            {"credentials": json.dumps(FILE), "project": "other"},
        ),
    ],
)
def test_a_key_is_a_text_a_key_file_or_an_object(provider: str, text: str, values: dict[str, str]) -> None:
    """Whichever the vendor's own tools take; a key file tells its project itself."""
    read = brought().read(provider, text)
    assert read == values
    assert next(iter(read.values())) == next(iter(values.values()))


@pytest.mark.parametrize(
    ("provider", "text"),
    [
        ("byteplus", ""),
        ("byteplus", f"{SECRET} {SECRET}"),
        ("byteplus", f"{SECRET}\r\nX-Other: 1"),
        ("byteplus", f"{SECRET}é"),
        ("byteplus", SECRET * 5000),
        ("byteplus", json.dumps({"apikey": SECRET})),
        ("byteplus", json.dumps({"api_key": [SECRET]})),
        ("byteplus", json.dumps({"api_key": f"{SECRET}\n\n{SECRET}"})),
        ("byteplus", json.dumps({"api_key": SECRET, "base_url": "http://169.254.169.254"})),
        ("byteplus", "{" + SECRET),
        ("openrouter", json.dumps({"api_key": SECRET, "webhook_secret": SECRET})),
        ("google-vertex", SECRET),
        ("google-vertex", json.dumps({**FILE, "token_uri": "http://10.0.0.1/token"})),
        ("google-vertex", json.dumps({"credentials": SECRET, "project": "p", "location": "evil.example/"})),
        ("google-vertex", json.dumps({"credentials": SECRET, "project": "p", "storage": "http://10.0.0.1"})),
        ("google-vertex", json.dumps({"credentials": SECRET, "project": "p q"})),
        ("openai", SECRET),
        ("vllm-omni", SECRET),
    ],
)
def test_what_cannot_be_a_key_or_would_send_it_astray_is_refused(provider: str, text: str) -> None:
    """In words that repeat nothing of it."""
    with pytest.raises(KeyRefused) as refused:
        brought().read(provider, text)
    assert SECRET not in str(refused.value)
    assert refused.value.__cause__ is None


def test_a_key_goes_where_the_operator_says_or_to_the_vendor_itself() -> None:
    """Its own address, the operator's for that vendor, or one that the operator has allowed to keys."""

    def root(made: Brought, **values: str) -> str:
        return made.account("byteplus", "byok:x", {"api_key": SECRET, **values}).root

    own = root(brought())
    assert own == PROVIDERS["byteplus"].access.root
    assert root(brought(byteplus=VendorSettings(base_url="https://mine.example/v3"))) == "https://mine.example/v3"
    assert root(brought(environment={"BYTEPLUS_BASE_URL": "https://env.example"})) == "https://env.example"
    named = json.dumps({"api_key": SECRET, "base_url": f"{ALLOWED}/"})
    read = brought(ALLOWED).read("byteplus", named)
    assert root(brought(ALLOWED), **read) == ALLOWED
    with pytest.raises(KeyRefused, match=ALLOWED):
        brought(ALLOWED).read("byteplus", json.dumps({"api_key": SECRET, "base_url": f"{ALLOWED}.evil.example"}))
    assert brought(ALLOWED).read("vllm-omni", json.dumps({"base_url": ALLOWED})) == {"base_url": ALLOWED}


def test_the_operators_own_key_is_never_mixed_in() -> None:
    """What the environment has is the operator's, but for the address."""
    environment = {"DASHSCOPE_API_KEY": "the operator's", "DASHSCOPE_WORKSPACE_ID": "the operator's"}
    made = brought(environment=environment).account("alibaba", "byok:x", {"api_key": SECRET})
    assert made.values == {"api_key": SECRET}
    assert (made.name, SECRET in repr(made)) == ("byok:x", False)


def test_the_operators_limits_hold_for_each_key() -> None:
    """So many jobs at a time as one account of that vendor may have."""
    terms = VendorSettings(concurrency=3, rate=7.0)
    made = brought(byteplus=terms).account("byteplus", "byok:x", {"api_key": SECRET})
    assert (made.concurrency, made.rate) == (3, 7.0)


def test_only_vendors_that_have_an_address_take_keys() -> None:
    """A server of the operator's own does where workspaces may name addresses."""
    assert {"byteplus", "google-vertex"} <= set(brought().names())
    assert {"openai", "vllm-omni"}.isdisjoint(brought().names())
    assert "openai" in brought(environment={"OPENAI_BASE_URL": "https://x.example/v1"}).names()
    assert set(brought(ALLOWED).names()) == set(PROVIDERS)


@pytest.mark.parametrize(
    ("values", "label"),
    [
        ({"api_key": "sk-or-v1-0123456789abcdef0123456789abcdef"}, "sk-o…cdef"),
        ({"api_key": "0123456789abcdef"}, "01…ef"),
        ({"api_key": "short"}, "…"),
        ({"credentials": json.dumps(FILE)}, "films@film-lab.example"),
        ({"credentials": json.dumps({"private_key": SECRET})}, "key file"),
    ],
)
def test_a_label_shows_little(values: dict[str, str], label: str) -> None:
    """At most an eighth at either end; of a key file, whose it is."""
    assert label_of(values) == label
