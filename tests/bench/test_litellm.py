"""Which release of the peer may be run, and where it is put."""

from pathlib import Path

import pytest

from bench import litellm


def test_a_compromised_release_is_refused() -> None:
    """Whoever changes the version to it is told why."""
    with pytest.raises(litellm.CannotInstall, match=r"1\.107\.0 was a compromised release"):
        litellm.check_version("1.107.0")
    litellm.check_version(litellm.VERSION)


def test_without_an_installer_the_reason_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """And nothing is left that a later run would take for an installation."""
    monkeypatch.setenv("REELROUTER_BENCH_CACHE", str(tmp_path))
    monkeypatch.setenv("PATH", "")
    with pytest.raises(litellm.CannotInstall, match="uv, which is not on the PATH"):
        litellm.install()
    assert not list(tmp_path.rglob("complete"))
