"""A terminal of a known width without any keys, in a folder of its own, and a fake server to talk to."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from reelrouter.client.peer import FAMILIES
from tests.client.fake_openrouter import KEY, FakeOpenRouter, fake_openrouter


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for family in FAMILIES:
        monkeypatch.delenv(family.key_name, raising=False)
        monkeypatch.delenv(family.address_name, raising=False)
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
