"""What an installation is put together from: its roots, and where keys that are brought may go."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from reelrouter.accounts.secrets import SecretRefused
from reelrouter.accounts.vault import SealBroken
from reelrouter.installation import own_brought, own_vault
from reelrouter.settings import Settings

OLD, NEW = "the-root-before-0123456789-abcdefghij", "the-root-of-now-0123456789-abcdefghij"


def test_a_vault_opens_what_the_root_before_had_sealed(tmp_path: Path) -> None:
    """And seals under the present one."""
    sealed = own_vault(Settings(data_dir=tmp_path, secret_key=SecretStr(OLD))).seal("x", "row")
    both = Settings(data_dir=tmp_path, secret_key=SecretStr(NEW), secret_key_previous=SecretStr(OLD))
    assert own_vault(both).open(sealed, "row") == "x"
    assert not own_vault(both).is_present(sealed)
    with pytest.raises(SealBroken):
        own_vault(Settings(data_dir=tmp_path, secret_key=SecretStr(NEW))).open(sealed, "row")


def test_a_root_in_the_data_folder_can_be_the_one_before(tmp_path: Path) -> None:
    """Its text is what is set then."""
    sealed = own_vault(Settings(data_dir=tmp_path)).seal("x", "row")
    before = (tmp_path / "secret").read_text()
    moved = Settings(data_dir=tmp_path, secret_key=SecretStr(NEW), secret_key_previous=SecretStr(before))
    assert own_vault(moved).open(sealed, "row") == "x"
    with pytest.raises(SecretRefused):
        own_vault(Settings(data_dir=tmp_path, secret_key_previous=SecretStr("changeme")))


def test_keys_may_name_the_addresses_that_the_operator_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    """None, unless the setting names some."""
    assert own_brought(Settings()).addresses == ()
    monkeypatch.setenv("REELROUTER_BYOK_BASE_URLS", "https://a.example/v1, https://b.example")
    assert own_brought(Settings()).addresses == ("https://a.example/v1", "https://b.example")
