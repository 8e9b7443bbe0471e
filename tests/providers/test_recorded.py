"""What vendors really said, played to the adapters of today. `reelrouter record` makes these files."""

import json
from pathlib import Path

import pytest

from reelrouter.providers.recording import read_recording
from reelrouter.providers.redaction import Redactor
from reelrouter.providers.registry import PROVIDERS
from reelrouter.testing.recordings import check

RECORDED = sorted((Path(__file__).parent / "recorded").glob("*.json"))
each = pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)


@each
def test_the_adapter_still_asks_the_same_and_makes_the_same_of_the_answers(path: Path) -> None:
    recording = read_recording(path.read_text(encoding="utf-8"))
    check(recording, PROVIDERS[recording.provider])


@each
def test_its_name_says_whose_and_of_when_it_is(path: Path) -> None:
    """`<provider>-<date>`, and what else is of use."""
    recording = read_recording(path.read_text(encoding="utf-8"))
    assert path.stem.startswith(f"{recording.provider}-{recording.recorded_at[:10]}")


@each
def test_nothing_in_it_looks_like_a_secret(path: Path) -> None:
    """Redacting it once more changes nothing."""
    shown = json.loads(path.read_text(encoding="utf-8"))
    assert Redactor({}).value(shown) == shown
