"""What the page on misbehaving vendors says is what the code does."""

import re
from pathlib import Path
from typing import get_args

import pytest

import reelrouter
from reelrouter.jobs import drifts, trouble
from reelrouter.observe.events import Event
from reelrouter.providers.words import meaning_of
from reelrouter.settings import Settings
from reelrouter.work import TroubleKind
from tests.observe.exported import exported
from tests.observe.test_documents import name_of, rows

PAGE = (Path(reelrouter.__file__).parent / "docs" / "misbehaviour.md").read_text()
MEANINGS = rows(PAGE.replace("` `", "`, `"), "meaning")
WORDS = [(meaning, word) for meaning, words, _ in MEANINGS for word in words.split(", ")]


@pytest.mark.parametrize(("meaning", "word"), WORDS)
def test_each_word_means_what_the_page_says(meaning: str, word: str) -> None:
    """In any letter case."""
    assert meaning_of(word) == meaning_of(word.upper()) == meaning


def test_every_kind_of_trouble_is_told() -> None:
    """And no other."""
    assert {kind for kind, *_ in rows(PAGE, "kind")} == set(get_args(TroubleKind))


def test_the_times_are_those_of_the_code() -> None:
    """Minutes, as the page has them."""
    told = {kind: what for kind, _, what in rows(PAGE, "kind")}
    assert f"for {trouble.UNCLEAR_SECONDS / 60:.0f} minutes" in told["unclear"]
    assert f"for {trouble.MISSING_SECONDS / 60:.0f} minutes" in told["missing"]
    assert f"for {trouble.FILE_SECONDS / 60:.0f} minutes" in told["file"]
    assert f"after {trouble.CANCEL_SECONDS:.0f} seconds" in PAGE
    assert f"for {drifts.MARK_SECONDS / 60:.0f} minutes" in PAGE


def test_what_it_names_exists() -> None:
    """Settings, figures and events."""
    assert {name.lower() for name in re.findall(r"REELROUTER_([A-Z_]+)", PAGE)} <= set(Settings.model_fields)
    assert set(re.findall(r"\breelrouter_[a-z_]+", PAGE)) <= set(exported())
    events = {name_of(one) for one in get_args(Event)}
    assert {"poll_failed", "storing_failed", "endpoint_drifted", "late_outcome"} <= events
