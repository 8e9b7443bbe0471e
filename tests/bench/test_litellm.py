"""Which release of the peer may be run, and where it is put."""

from pathlib import Path

import pytest

from bench import litellm


def test_a_compromised_release_is_refused() -> None:
    """Whoever changes the version to it is told why."""
    with pytest.raises(litellm.CannotInstall, match=r"1\.107\.0 was a compromised release"):
        litellm.check_version("1.107.0")
    litellm.check_version(litellm.VERSION)


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine on which uv is in none of the three places."""
    monkeypatch.delenv("UV", raising=False)
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(litellm, "_OWN_UV", tmp_path / "checkout" / "uv")


def program(path: Path) -> str:
    path.parent.mkdir(exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return str(path)


def test_uv_is_found_wherever_it_may_be(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """In the checkout, where `make` brings it by pip; on the PATH; before both, the uv that runs the benchmark."""
    own = program(tmp_path / "checkout" / "uv")
    assert litellm.find_uv() == own
    installed = program(tmp_path / "installed" / "uv")
    monkeypatch.setenv("PATH", str(tmp_path / "installed"))
    assert litellm.find_uv() == installed
    monkeypatch.setenv("UV", own)
    assert litellm.find_uv() == own


def test_without_an_installer_the_reason_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """And nothing is left that a later run would take for an installation."""
    monkeypatch.setenv("REELROUTER_BENCH_CACHE", str(tmp_path))
    with pytest.raises(litellm.CannotInstall, match=r"neither on the PATH nor in \.uv/bin"):
        litellm.install()
    assert not list(tmp_path.rglob("complete"))
