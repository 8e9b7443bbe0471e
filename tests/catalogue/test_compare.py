"""Our rows against another server's list."""

import json
from pathlib import Path
from typing import Any

import pytest

from reelrouter.catalogue.compare import FIELDS, Difference, compare
from tests.catalogue.examples import catalogue, model

RECORDED: list[dict[str, Any]] = json.loads((Path(__file__).parent / "recorded.json").read_text())
_NAME = "google/veo-3.1"


def row(**changes: Any) -> dict[str, Any]:
    """A recorded row, with something else in it."""
    return next(one for one in RECORDED if one["id"] == _NAME) | changes


def differences(**changes: Any) -> tuple[Difference, ...]:
    return compare(catalogue(), [row(**changes)]).differences


def test_the_recorded_list_does_not_differ() -> None:
    """What we have beyond it is named, and is no fault."""
    found = compare(catalogue(), RECORDED)
    assert found.agrees
    assert found.differences == ()
    assert found.lacking == ()
    assert len(found.shared) == len(RECORDED)
    assert "reelrouter/animatic" in found.extra
    assert set(found.extra) | set(found.shared) == {one.id for one in catalogue()}


def test_a_model_that_we_lack_is_named() -> None:
    """Once; the other rows are compared all the same."""
    found = compare(catalogue(), [row(id="google/veo-5", canonical_slug="google/veo-5-2027"), row(seed=None)])
    assert found.lacking == ("google/veo-5",)
    assert [one.field for one in found.differences] == ["seed"]
    assert not found.agrees


def test_a_model_is_found_by_its_dated_name() -> None:
    """Under an id that is new to us."""
    found = compare(catalogue(), [row(id="google/veo-3.1-renamed")])
    assert found.shared == (_NAME,)
    assert found.agrees


@pytest.mark.parametrize("field", [name for name in FIELDS if name != "pricing_skus"])
def test_every_field_that_differs_is_told(field: str) -> None:
    """With both values."""
    ours = getattr(model(_NAME), field)
    (found,) = differences(**{field: "something else"})
    assert (found.model, found.field) == (_NAME, field)
    assert found.theirs == "something else"
    assert found.ours == (list(ours) if isinstance(ours, tuple) else ours)


def test_prices_are_compared_key_by_key_as_numbers() -> None:
    """A key that one side lacks differs; how a number is written does not."""
    skus = dict(model(_NAME).pricing_skus)
    first, second, *_ = skus
    theirs = {**skus, first: f"{skus[first]}000", second: "9.99", "generate": "1"}
    assert differences(pricing_skus=theirs) == (
        Difference(model=_NAME, field=f"pricing_skus.{second}", ours=skus[second], theirs="9.99"),
        Difference(model=_NAME, field="pricing_skus.generate", ours=None, theirs="1"),
    )


def test_what_does_not_count_is_no_difference() -> None:
    """Order, an empty list for none, and what a server does not state at all."""
    same = row()
    assert differences(supported_durations=list(reversed(same["supported_durations"]))) == ()
    assert differences(creativity=[]) == ()
    bare = compare(catalogue(), [{"id": _NAME, "supported_durations": same["supported_durations"]}])
    assert bare.agrees


def test_nothing_is_not_false() -> None:
    """A server that does not know differs from one that says no."""
    assert model(_NAME).seed is True
    assert [one.theirs for one in differences(seed=None)] == [None]
    assert [one.theirs for one in differences(seed=False)] == [False]
