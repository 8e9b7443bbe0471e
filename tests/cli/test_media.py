"""Inputs as a command line names them."""

from pathlib import Path

import pytest
import typer

from reelrouter.cli.ending import Exit
from reelrouter.cli.media import Source, source_of, url_of


@pytest.mark.parametrize(
    ("text", "kind", "place"),
    [
        ("cat.PNG", "image", "cat.PNG"),
        ("https://a.example/v.mp4?sig=1", "video", "https://a.example/v.mp4?sig=1"),
        ("https://a.example/download", "image", "https://a.example/download"),
        ("video:https://a.example/download", "video", "https://a.example/download"),
        ("audio:voice", "audio", "voice"),
        ("data:audio/mpeg;base64,AA==", "audio", "data:audio/mpeg;base64,AA=="),
        ("reelrouter://job/gen-1", "video", "reelrouter://job/gen-1"),
        ("reelrouter://job/gen-1/last_frame", "image", "reelrouter://job/gen-1/last_frame"),
    ],
)
def test_the_kind_is_told_by_prefix_name_or_type(text: str, kind: str, place: str) -> None:
    """An address that shows none counts as an image."""
    assert source_of(text) == (kind, place)


def test_a_file_whose_kind_does_not_show_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is guessed from what a machine happens to know."""
    (folder / "voice").write_bytes(b"sound")
    with pytest.raises(typer.Exit) as ended:
        url_of(Source("audio", "voice"))
    assert ended.value.exit_code == Exit.USAGE
    assert ".mp3" in capsys.readouterr().err
