"""The installation's secret: made once, private, and refused when it is weak."""

from pathlib import Path

import pytest

from reelrouter.accounts.secrets import SecretRefused, load_secrets


def test_the_first_start_makes_a_private_secret_that_later_starts_find(tmp_path: Path) -> None:
    """Keys derived after a restart are those of before; the file is for its owner alone."""
    first = load_secrets(None, tmp_path).derive("links")
    assert load_secrets(None, tmp_path).derive("links") == first
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600


def test_each_purpose_has_a_key_of_its_own(tmp_path: Path) -> None:
    """Two purposes never share a key."""
    secrets = load_secrets(None, tmp_path)
    assert secrets.derive("links") != secrets.derive("api-keys")


def test_a_secret_that_others_can_read_is_refused(tmp_path: Path) -> None:
    """The message says which file, and how to make it private."""
    load_secrets(None, tmp_path)
    (tmp_path / "secret").chmod(0o644)
    with pytest.raises(SecretRefused, match="chmod 600"):
        load_secrets(None, tmp_path)


@pytest.mark.parametrize("weak", ["changeme", "short", "a" * 64, "sk-1234"])
def test_a_secret_that_can_be_guessed_is_refused(weak: str, tmp_path: Path) -> None:
    """Known words, short ones and repetitions are no secrets."""
    with pytest.raises(SecretRefused, match="openssl rand"):
        load_secrets(weak, tmp_path)


def test_an_emptied_secret_file_is_refused(tmp_path: Path) -> None:
    """A truncated file must not silently become a weak secret."""
    load_secrets(None, tmp_path)
    (tmp_path / "secret").write_text("")
    with pytest.raises(SecretRefused, match="backup"):
        load_secrets(None, tmp_path)
