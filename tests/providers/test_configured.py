"""What settings and environment come to, for all vendors together."""

from typing import Any

import pytest

from reelrouter.providers.accounts import AccountsRefused
from reelrouter.providers.base import Account
from reelrouter.providers.byteplus import BYTEPLUS
from reelrouter.providers.configured import Configured, read_configured
from reelrouter.providers.openai_videos import VLLM_OMNI
from reelrouter.settings import Settings

PROVIDERS = {one.name: one for one in (BYTEPLUS, VLLM_OMNI)}
KEY = {"ARK_API_KEY": "of-the-environment"}


def configured(environment: dict[str, str] | None = None, **providers: Any) -> Configured:
    given = {name.replace("_", "-"): one for name, one in providers.items()}
    return read_configured(PROVIDERS, Settings(providers=given).providers, environment or {})


def accounts(environment: dict[str, str] | None = None, **providers: Any) -> dict[str, Account]:
    return {one.name: one for one in configured(environment, **providers).accounts["byteplus"]}


def test_a_key_in_the_environment_is_an_account() -> None:
    """Without it there is none, and it is told what to set."""
    assert list(accounts(KEY)) == ["default"]
    assert accounts() == {}
    assert configured().missing(BYTEPLUS) == "set BYTEPLUS_API_KEY or ARK_API_KEY"
    assert configured(KEY).missing(BYTEPLUS) is None


def test_terms_hold_for_every_account_that_has_none_of_its_own() -> None:
    """The one of the environment as well."""
    own = [
        {"name": "team", "api_key_env": "TEAM", "weight": 3},
        {"name": "small", "api_key": "k", "concurrency": 1},
    ]
    made = accounts({**KEY, "TEAM": "t"}, byteplus={"concurrency": 5, "rate": 30, "accounts": own})
    assert {name: (one.weight, one.concurrency, one.rate) for name, one in made.items()} == {
        "default": (1, 5, 30.0),
        "team": (3, 5, 30.0),
        "small": (1, 1, 30.0),
    }
    assert made["team"].values["api_key"] == "t"


def test_a_server_of_ones_own_is_an_account_by_its_address_alone() -> None:
    """From the settings or from the environment."""
    by_settings = configured(vllm_omni={"base_url": "http://gpu:8000"}).accounts["vllm-omni"]
    by_environment = configured({"VLLM_OMNI_BASE_URL": "http://gpu:8000/v1"}).accounts["vllm-omni"]
    assert [one.root for one in (*by_settings, *by_environment)] == ["http://gpu:8000", "http://gpu:8000/v1"]


@pytest.mark.parametrize(
    ("providers", "told"),
    [
        ({"nobody": {}}, "providers.nobody: there is no such provider"),
        ({"byteplus": {"accounts": [{"name": "a", "api_keys": "k"}]}}, "api_keys is none of api_key"),
        ({"byteplus": {"accounts": [{"name": "a", "api_key_env": "sk-pasted-by-mistake"}]}}, "is not set"),
        ({"byteplus": {"base_url": "https://{region}.example"}}, "providers.byteplus: base_url"),
        ({"byteplus": {"accounts": [{"name": "a", "api_key": "k"}, {"name": "a", "api_key": "k"}]}}, "same name"),
    ],
)
def test_contradictions_stop_the_start(providers: dict[str, Any], told: str) -> None:
    """With what is wrong, and never with what may be a secret."""
    with pytest.raises(AccountsRefused, match=told) as refused:
        configured(KEY, **providers)
    assert "pasted" not in str(refused.value)


def test_no_secret_is_in_what_settings_show() -> None:
    """They are printed when something goes wrong."""
    settings = Settings(providers={"byteplus": {"accounts": [{"name": "a", "api_key": "s3cret"}]}})  # type: ignore[dict-item]
    assert "s3cret" not in repr(settings)
    assert "s3cret" not in repr(read_configured(PROVIDERS, settings.providers, {}))
