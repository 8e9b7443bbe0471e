"""Locks and folders that one living process has for itself."""

from pathlib import Path

from reelrouter.lock import own_folder


def test_each_process_has_a_folder_of_its_own_and_finds_it_empty(tmp_path: Path) -> None:
    """The next name is taken while the first is in use; what somebody left behind there is gone."""
    with own_folder(tmp_path / "work", "api") as first:
        (first / "left.mp4").write_bytes(b"half")
        with own_folder(tmp_path / "work", "api") as second:
            assert (first.name, second.name) == ("api-0", "api-1")
            assert (first / "left.mp4").exists()
    with own_folder(tmp_path / "work", "api") as again:
        assert again == first
        assert list(again.iterdir()) == []
