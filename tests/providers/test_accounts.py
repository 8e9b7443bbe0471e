"""Which accounts there are, by the environment and by settings."""

from dataclasses import replace

import pytest

from reelrouter.providers.accounts import (
    AccountSettings,
    AccountsRefused,
    Incomplete,
    read_accounts,
    what_to_set,
)
from reelrouter.providers.base import Access, Account
from tests.providers.wire import Plain

CLOUD = Access(
    root="https://{region}.plain.test/v1/",
    needed={"api_key": ("PLAIN_API_KEY", "PLAIN_KEY"), "project": ("PLAIN_PROJECT",)},
    optional={"region": ("PLAIN_REGION",)},
    defaults={"region": "eu"},
    root_variables=("PLAIN_BASE_URL",),
)
OWN = Access(
    root="",
    needed={},
    optional={"api_key": ("OWN_API_KEY",)},
    root_variables=("OWN_BASE_URL",),
    local=True,
)
BOTH = {"PLAIN_API_KEY": "k-1", "PLAIN_PROJECT": "p-1"}
VALUES = {"api_key": "k-2", "project": "p-2"}


def read(
    access: Access, *settings: AccountSettings, **environment: str
) -> tuple[tuple[Account, ...], tuple[Incomplete, ...]]:
    provider = Plain()
    provider.access = access
    return read_accounts(provider, settings, environment)


# The environment -----------------------------------------------------------------------------------------------


def test_the_vendors_own_names_make_an_account() -> None:
    """With its defaults, and the terms that the vendor is known for."""
    accounts, incomplete = read(CLOUD, **BOTH)
    assert accounts == (
        Account(
            provider="plain",
            name="default",
            root="https://eu.plain.test/v1",
            values={"region": "eu", "api_key": "k-1", "project": "p-1"},
            concurrency=8,
        ),
    )
    assert incomplete == ()


def test_nothing_set_is_no_account() -> None:
    """And nothing to complain of."""
    assert read(CLOUD) == ((), ())
    assert read(CLOUD, PLAIN_REGION="us", PLAIN_BASE_URL="https://x.test") == ((), ())
    assert read(CLOUD, PLAIN_API_KEY="", PLAIN_PROJECT=" \n") == ((), ())


def test_the_best_of_several_names_counts() -> None:
    """The vendors' tools have changed theirs over time."""
    (account,), _ = read(CLOUD, **BOTH, PLAIN_KEY="old")
    assert account.values["api_key"] == "k-1"
    (account,), _ = read(CLOUD, PLAIN_KEY="old", PLAIN_PROJECT="p")
    assert account.values["api_key"] == "old"


def test_an_account_that_lacks_something_is_named_with_it() -> None:
    """In the names that are to be set."""
    assert read(CLOUD, PLAIN_PROJECT="p") == (
        (),
        (Incomplete(provider="plain", account="default", missing=("PLAIN_API_KEY or PLAIN_KEY",)),),
    )


def test_the_environment_may_name_another_root_and_other_values() -> None:
    """A region, or a proxy."""
    (account,), _ = read(CLOUD, **BOTH, PLAIN_REGION="us")
    assert account.root == "https://us.plain.test/v1"
    (account,), _ = read(CLOUD, **BOTH, PLAIN_BASE_URL="http://127.0.0.1:9/x/{project}/")
    assert account.root == "http://127.0.0.1:9/x/p-1"


def test_line_breaks_around_a_key_are_no_part_of_it() -> None:
    """Files that hold keys end with one, and no header may have one."""
    (account,), _ = read(CLOUD, PLAIN_API_KEY=" k-1\n", PLAIN_PROJECT="p-1")
    assert account.values["api_key"] == "k-1"


# Settings ------------------------------------------------------------------------------------------------------


def test_settings_add_accounts_to_the_environments() -> None:
    """In their order, after it."""
    two = AccountSettings(
        name="two", values=VALUES, weight=3, concurrency=2, rate=30.0, base_url="https://x.test/"
    )
    accounts, incomplete = read(CLOUD, two, AccountSettings(name="three", values={"api_key": "k-3"}), **BOTH)
    assert [account.name for account in accounts] == ["default", "two"]
    assert accounts[1] == Account(
        provider="plain",
        name="two",
        root="https://x.test",
        values={"region": "eu", **VALUES},
        weight=3,
        concurrency=2,
        rate=30.0,
    )
    assert incomplete == (Incomplete(provider="plain", account="three", missing=("PLAIN_PROJECT",)),)


def test_the_default_account_may_have_terms_and_take_its_key_from_the_environment() -> None:
    """What it says itself counts first."""
    accounts, incomplete = read(CLOUD, AccountSettings(concurrency=3, values={"project": "p-9"}), **BOTH)
    assert incomplete == ()
    assert [(one.name, one.concurrency, one.values["api_key"], one.values["project"]) for one in accounts] == [
        ("default", 3, "k-1", "p-9")
    ]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"weight": 0}, "weight and concurrency of two must be at least 1"),
        ({"concurrency": 0}, "weight and concurrency of two must be at least 1"),
        ({"rate": 0.0}, "rate of two must be more than 0"),
        ({"base_url": "https://{realm}.plain.test"}, "only region, api_key, project may stand in braces"),
        ({"base_url": "https://{.plain.test"}, "may stand in braces"),
        ({"base_url": "https://{region.x}.plain.test"}, "may stand in braces"),
        ({"base_url": "https://{0}.plain.test"}, "may stand in braces"),
        ({"base_url": "plain.test/v1"}, "base_url of two should begin with https:// or http:// and a host"),
        ({"base_url": "ftp://plain.test"}, "should begin with https:// or http://"),
        ({"base_url": "https:///v1"}, "should begin with https:// or http:// and a host"),
        ({"base_url": "https://u:p@plain.test"}, "have no user in it"),
        ({"base_url": "https://plain.test/v1?key=x"}, "should end with its path"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(changes: dict[str, object], said: str) -> None:
    """With the vendor's name, and what would do."""
    with pytest.raises(AccountsRefused, match=said) as caught:
        read(CLOUD, replace(AccountSettings(name="two", values=VALUES), **changes))  # type: ignore[arg-type]
    assert str(caught.value).startswith("plain: ")


def test_two_accounts_of_one_name_are_refused() -> None:
    """One of them would never be seen."""
    with pytest.raises(AccountsRefused, match="two accounts have the same name"):
        read(CLOUD, AccountSettings(name="x"), AccountSettings(name="x"))


# Servers of one's own ------------------------------------------------------------------------------------------


def test_an_own_server_is_an_account_by_its_address() -> None:
    """A key may be given, and need not."""
    assert read(OWN) == ((), ())
    assert read(OWN, OWN_API_KEY="k") == (
        (),
        (Incomplete(provider="plain", account="default", missing=("OWN_BASE_URL",)),),
    )
    (account,), _ = read(OWN, OWN_BASE_URL="http://gpu:8000/v1/")
    assert (account.root, account.values) == ("http://gpu:8000/v1", {})
    (account,), _ = read(OWN, OWN_BASE_URL="http://gpu:8000/v1", OWN_API_KEY="k")
    assert account.values == {"api_key": "k"}


def test_several_own_servers() -> None:
    """Each with its address; one without is told so."""
    accounts, incomplete = read(
        OWN, AccountSettings(name="two", base_url="http://two:1"), AccountSettings(name="x")
    )
    assert [account.root for account in accounts] == ["http://two:1"]
    assert [one.missing for one in incomplete] == [("OWN_BASE_URL",)]


# In words ------------------------------------------------------------------------------------------------------


def test_what_to_set_in_one_phrase() -> None:
    """For whoever has nothing yet."""
    assert what_to_set(CLOUD) == "set (PLAIN_API_KEY or PLAIN_KEY) and PLAIN_PROJECT"
    assert what_to_set(OWN) == "set OWN_BASE_URL"


def test_no_account_shows_its_values() -> None:
    """Settings and accounts are printed by mistake sooner or later."""
    settings = AccountSettings(name="two", values={"api_key": "k-s3cret", "project": "p"})
    accounts, _ = read(CLOUD, settings)
    assert "k-s3cret" not in f"{settings!r} {accounts!r} {accounts[0]}"
    with pytest.raises(AccountsRefused) as caught:
        read(CLOUD, replace(settings, base_url="{api_key}://x"))
    assert "k-s3cret" not in str(caught.value)
