"""`models`, `choose`, `estimate` and `check-image`, against a server that lists the recorded models."""

import json
from pathlib import Path

import pytest

from reelrouter.cli.ending import Exit
from tests.cli.running import run, run_json, run_well
from tests.client.fake_openrouter import MODELS, FakeOpenRouter, says


@pytest.mark.parametrize("columns", [80, 120])
def test_the_table_of_models_fits(
    columns: int, openrouter: FakeOpenRouter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line for each model, with its whole name, in narrow and in wide terminals."""
    monkeypatch.setenv("COLUMNS", str(columns))
    lines = run_well("models").splitlines()
    assert all(len(line) <= columns for line in lines)
    for row in MODELS:
        assert sum(line.startswith(f"{row['id']} ") for line in lines) == 1, row["id"]


def test_filters_keep_the_models_that_could_serve(openrouter: FakeOpenRouter) -> None:
    """By what a row says, and with --json as the server said it; --rank puts the best first."""
    shape = ("--duration", "8", "--takes", "first-frame", "--takes", "last-frame", "--search", "google")
    names = [row["id"] for row in run_json("models", *shape)["data"]]
    assert names == ["google/veo-3.1", "google/veo-3.1-fast", "google/veo-3.1-lite"]
    ranked = [row["id"] for row in run_json("models", *shape, "--rank", "quality-and-cost")["data"]]
    assert sorted(ranked) == names
    best = run_json("choose", "-d", "8", "--profile", "quality-and-cost", "--among", names[0], "--among", names[2])
    assert [one["model"] for one in best["ranked"]] == [one for one in ranked if one != names[1]]


def test_one_model_is_shown_with_its_prices(openrouter: FakeOpenRouter) -> None:
    """A name that is not listed is answered with the nearest ones."""
    shown = run_well("models", "show", "google/veo-3.1-lite")
    assert "4, 6, 8" in shown
    assert "duration_seconds_with_audio" in shown
    result = run("models", "show", "google/veo-3.1-light")
    assert result.exit_code == Exit.USAGE
    assert "google/veo-3.1-lite" in result.stderr


def test_choosing_says_why_and_why_not(openrouter: FakeOpenRouter) -> None:
    """The best with its scores, every other with its reasons, and what the scores stand on."""
    arguments = ("choose", "-d", "8", "--among", "google/veo-3.1", "--among", "kwaivgi/kling-video-o1")
    shown = run_well(*arguments)
    assert "1  google/veo-3.1 " in shown
    assert "it makes 5 or 10 s, not 8 s" in shown
    assert "balanced weighs" in shown
    found = run_json(*arguments)
    assert found["ranked"][0]["price"] == 3.2
    assert found["ruled_out"] == [{"model": "kwaivgi/kling-video-o1", "reasons": ["it makes 5 or 10 s, not 8 s"]}]


def test_measured_times_count_as_speed(openrouter: FakeOpenRouter) -> None:
    """Where they cannot be read, the line says how to write them."""
    among = ("--among", "google/veo-3.1", "--among", "google/veo-3.1-lite")
    found = run_json("choose", *among, "--measured", "google/veo-3.1=60", "--measured", "google/veo-3.1-lite=90")
    assert {one["model"]: one["speed"] for one in found["ranked"]} == {
        "google/veo-3.1": 1,
        "google/veo-3.1-lite": 0,
    }
    result = run("choose", "--measured", "fast")
    assert result.exit_code == Exit.USAGE
    assert "MODEL=SECONDS" in result.stderr


def test_nothing_to_choose_ends_with_1(openrouter: FakeOpenRouter) -> None:
    """The reasons are printed all the same."""
    result = run("choose", "-d", "8", "--among", "kwaivgi/kling-video-o1")
    assert result.exit_code == Exit.FAILED
    assert "it makes 5 or 10 s" in result.stdout


def test_an_estimate_says_where_it_comes_from(openrouter: FakeOpenRouter) -> None:
    """By the price list where the server gives none, as upstream does not."""
    shown = run_well("estimate", "a fox", "-m", "google/veo-3.1-lite", "-d", "8", "-r", "720p")
    assert shown.startswith("$0.40  google/veo-3.1-lite")
    assert "price list" in shown
    served = {"cost": 0.5, "lines": [], "resolved": {}, "warnings": ["it is dear"], "routes": []}
    openrouter.plan("else", says(200, served))
    result = run("estimate", "a fox", "-m", "google/veo-3.1-lite")
    assert "$0.50" in result.stdout
    assert "the server's own estimate" in result.stdout
    assert "note: it is dear" in result.stderr


def test_a_checked_image_says_what_it_is_and_who_takes_it(openrouter: FakeOpenRouter, folder: Path) -> None:
    """Ends with 1 where a provider would refuse it."""
    head = "89504e470d0a1a0a0000000d494844520000014000000140080200000061d8bd0f0000000049454e44ae426082"
    (folder / "a.png").write_bytes(bytes.fromhex(head))
    shown = run_well("check-image", "a.png")
    assert shown.startswith("usable a.png")
    assert "320x320" in shown
    assert "first frame for" in shown
    result = run("check-image", "b.png")
    assert result.exit_code == Exit.FAILED
    assert "problem: there is no such file" in result.stdout
    refused = run("check-image", "b.png", "--json")
    assert json.loads(refused.stdout)["ok"] is False
