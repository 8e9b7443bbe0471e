"""A terminal of a known width without any keys, in a folder of its own, and a fake server to talk to."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from reelrouter.client.peer import FAMILIES
from reelrouter.providers.base import Access
from reelrouter.providers.registry import PROVIDERS
from tests.client.fake_openrouter import KEY, FakeOpenRouter, fake_openrouter


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for family in FAMILIES:
        monkeypatch.delenv(family.key_name, raising=False)
        monkeypatch.delenv(family.address_name, raising=False)
    for provider in PROVIDERS.values():
        for variable in vendor_variables(provider.access):
            monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def openrouter(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeOpenRouter]:
    """The environment names it and its key."""
    with fake_openrouter() as fake:
        monkeypatch.setenv("OPENROUTER_API_KEY", KEY)
        monkeypatch.setenv("OPENROUTER_BASE_URL", fake.base_url)
        yield fake


def vendor_variables(access: Access) -> Iterator[str]:
    """Every name of the environment that says something about a vendor."""
    yield from access.root_variables
    for variables in (*access.needed.values(), *access.optional.values()):
        yield from variables
