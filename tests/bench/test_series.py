"""Rows of growth, and how they are told."""

import pytest
from bench.figures import Figure, Pairs, at_least_of_floor
from bench.report import as_markdown
from bench.series import Series


def series(**costs: list[float]) -> Series:
    one = Series(what="submit", unit="ms")
    for point, values in costs.items():
        for value in values:
            one.add(point, value)
    return one


def test_growth_is_the_last_median_against_the_first() -> None:
    """Whatever the points between are."""
    figure = series(few=[1.0, 9.0, 1.2], some=[50.0], many=[2.0, 1.8, 1.9]).figure()
    assert (figure.ours, figure.floor) == (1.9, 1.2)
    assert figure.met is True


def test_more_than_twice_the_first_is_not_met() -> None:
    """A cost that falls is."""
    assert series(few=[1.0], many=[2.1]).figure().met is False
    assert series(few=[2.1], many=[1.0]).figure().met is True


def test_where_nothing_is_promised_nothing_is_met() -> None:
    """Nor missed."""
    assert series(few=[1.0], many=[9.0]).figure(most=None).met is None


def test_one_point_shows_no_growth() -> None:
    """It is a mistake of whoever measures."""
    with pytest.raises(ValueError, match="1 points"):
        series(few=[1.0]).figure()


def test_every_point_stands_in_the_row() -> None:
    """So that one sees between which two a cost grew, and what the ratio is of."""
    row = as_markdown([series(few=[1.0], some=[1.5], many=[2.5]).figure("on a quiet machine")])
    assert "few: 1 · some: 1.5 · many: 2.5; on a quiet machine" in row
    assert "≤ 2 x first | no" in row


def test_a_ratio_names_what_it_is_of() -> None:
    """A peer is no floor."""
    pairs = Pairs(beside="LiteLLM")
    pairs.add(300.0, 10.0)
    beside = pairs.figure("submit", "/s", at_least_of_floor(20))
    bare = Figure(what="submit", unit="/s", ours=1.0, floor=2.0, target=at_least_of_floor(0.35))
    assert "30.00 | ≥ 20 x LiteLLM | yes" in as_markdown([beside])
    assert "0.50 | ≥ 0.35 x floor | yes" in as_markdown([bare])
    assert beside.as_json()["beside"] == "LiteLLM"
