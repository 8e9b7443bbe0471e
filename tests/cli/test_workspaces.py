"""`reelrouter workspaces`, over a data folder of its own."""

from pathlib import Path

import pytest

from tests.cli.running import run, run_json, run_well


@pytest.fixture(autouse=True)
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("REELROUTER_DATA_DIR", str(tmp_path / "data"))
    return tmp_path / "data"


def test_a_workspace_is_made_changed_and_deleted() -> None:
    """Every option reaches its field, and `--clear` takes a rule away."""
    made = run_json(
        "workspaces", "create", "acme", "--name", "Acme", "--description", "films", "--retention", "2d",
        "--callback-url", "https://app.example/hook", "--allow-model", "google/veo-3.1",
        "--allow-model", "reelrouter/animatic", "--allow-provider", "renderer", "--sort", "latency",
        "--zdr", "--strict", "--rate", "60", "--concurrency", "3",
    )  # fmt: skip
    said = {
        "slug": "acme",
        "name": "Acme",
        "description": "films",
        "retention": 172800,
        "callback_url": "https://app.example/hook",
        "allowed_models": ["google/veo-3.1", "reelrouter/animatic"],
        "allowed_providers": ["renderer"],
        "default_provider_sort": "latency",
        "zdr": True,
        "strict_parameters": True,
        "requests_per_minute": 60,
        "concurrency": 3,
    }
    assert said.items() <= made.items()
    cleared = [word for name in ("models", "retention", "sort", "callback-url") for word in ("--clear", name)]
    changed = run_json("workspaces", "update", "acme", "--no-zdr", "--slug", "acme-inc", *cleared)
    gone = dict.fromkeys(("allowed_models", "retention", "default_provider_sort", "callback_url"))
    assert (said | gone | {"zdr": False, "slug": "acme-inc"}).items() <= changed.items()
    assert run_json("workspaces", "show", "acme-inc") == changed
    assert run_json("workspaces", "delete", "acme-inc") == {"workspace": "acme-inc", "deleted": True}
    assert [one["slug"] for one in run_json("workspaces", "list")] == ["default"]


def test_the_list_says_what_rules_there_are() -> None:
    """In few words; and where there is one workspace alone, how to make another."""
    alone = run("workspaces", "list")
    assert "reelrouter workspaces create" in alone.stderr
    run_well("workspaces", "create", "acme", "--concurrency", "5", "--retention", "2d", "--zdr")
    listed = run("workspaces", "list")
    assert "zdr, kept 2 d, 5 at a time" in " ".join(listed.stdout.split())
    assert listed.stderr == ""


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("create", "A B"), "slug must be small letters"),
        (("create", "acme", "--allow-model", "no/no", "--retention", "52w"), "no/no is not a valid model ID"),
        (("create", "acme", "--callback-url", "http://app.example"), "Only HTTPS URLs are allowed"),
        (("create", "default"), "another workspace is called default"),
        (("show", "nowhere"), "reelrouter workspaces list"),
        (("update", "default"), "nothing to change"),
        (("update", "default", "--clear", "zest"), "--clear takes description, callback-url"),
        (("update", "default", "--sort", "price", "--clear", "sort"), "set and cleared at once"),
        (("update", "default", "--slug", "other"), "keeps the slug default"),
        (("rotate-links", "nowhere"), "not found"),
    ],
)
def test_what_cannot_be_is_refused_in_a_line(arguments: tuple[str, ...], told: str) -> None:
    """With every problem in it, and nothing on stdout."""
    result = run("workspaces", *arguments)
    assert result.exit_code in (1, 2)
    assert result.stdout == ""
    assert told in result.stderr
    assert result.stderr.count("\n") == 1


def test_rotating_says_what_it_has_done() -> None:
    """For people; the JSON is the workspace."""
    assert "are dead" in run_well("workspaces", "rotate-links", "default")
    assert run_json("workspaces", "rotate-links", "default")["slug"] == "default"
