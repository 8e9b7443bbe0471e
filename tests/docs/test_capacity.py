"""The sums of the page on capacity are what follows from the costs that it names."""

import re
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "src" / "reelrouter" / "docs" / "capacity.md").read_text()
VIDEO_SECONDS, VIDEO_MB, KEPT_HOURS = 100, 10, 7 * 24
VENDOR_EVERY, CLIENT_EVERY = 10, 5


def cost(what: str) -> float:
    """In the unit that the page gives."""
    (found,) = re.findall(rf"^\| {re.escape(what)} \| ([\d.]+) ", PAGE, flags=re.MULTILINE)
    return float(found)


def row(what: str) -> list[float]:
    (found,) = re.findall(rf"^\| {re.escape(what)} \| (.*) \|$", PAGE, flags=re.MULTILINE)
    return [float(value.replace(",", "")) for value in found.split(" | ")]


API_MS = cost("a submit, checked, priced, held and flushed") + VIDEO_SECONDS / CLIENT_EVERY * cost(
    "a status poll by a client"
)
ENGINE_MS = cost("the same on PostgreSQL") + VIDEO_SECONDS / VENDOR_EVERY * cost("a poll of a vendor")
SUMS = {
    "jobs at vendors at one time": VIDEO_SECONDS / 3600,
    "cores of APIs": API_MS / 1000 / 3600,
    "cores of engines": ENGINE_MS / 1000 / 3600,
    "cores of PostgreSQL": cost("its transactions") / 1000 / 3600,
    "in from vendors, and out to clients, MB/s each": VIDEO_MB / 3600,
    "stored for 7 days, GB": VIDEO_MB * KEPT_HOURS / 1000,
    "rows, GB a day": 24 * cost("rows of a job, its attempts, money and webhook") / 1e6,
}
"""Of one video an hour."""


@pytest.mark.parametrize("what", SUMS)
def test_the_sums_are_right(what: str) -> None:
    """To the two digits that are shown."""
    for shown, an_hour in zip(row(what), (10, 1000, 100_000), strict=True):
        assert shown == pytest.approx(SUMS[what] * an_hour, rel=0.06), f"{what} at {an_hour}"


def test_the_costs_of_one_video_are_right() -> None:
    """As they are spelled out above the table."""
    assert f"= {API_MS:g} ms," in PAGE
    assert f"= {ENGINE_MS:g} ms on PostgreSQL" in PAGE
