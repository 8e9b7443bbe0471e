"""Key files that the environment names."""

from pathlib import Path

import pytest

from reelrouter.providers.accounts import AccountsRefused, read_accounts
from reelrouter.providers.key_files import with_key_files
from reelrouter.providers.vertex import VERTEX


def test_the_environment_of_googles_own_tools_makes_an_account(tmp_path: Path) -> None:
    """The path of a key file counts for its text."""
    (tmp_path / "key.json").write_text('{"type": "service_account"}')
    environment = {"GOOGLE_APPLICATION_CREDENTIALS": str(tmp_path / "key.json"), "GOOGLE_CLOUD_PROJECT": "p"}
    (account,), lacking = read_accounts(VERTEX, [], with_key_files([VERTEX], environment))
    assert account.root == "https://us-central1-aiplatform.googleapis.com"
    assert account.values["credentials"] == '{"type": "service_account"}'
    assert not lacking


def test_a_key_file_that_is_not_there_is_told() -> None:
    """By the variable's name."""
    with pytest.raises(AccountsRefused, match="GOOGLE_APPLICATION_CREDENTIALS"):
        with_key_files([VERTEX], {"GOOGLE_APPLICATION_CREDENTIALS": "/nowhere/key.json"})
