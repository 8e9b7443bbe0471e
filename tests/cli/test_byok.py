"""`reelrouter byok`, over a data folder of its own: a key goes in, and only its ends ever come out."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.running import run, run_json, run_well

KEY = "canary-0123456789-0123456789-abcd"
SEEDANCE = "bytedance/seedance-2.0-fast"


@pytest.fixture(autouse=True)
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("REELROUTER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("TEAM_KEY", KEY)
    return tmp_path / "data"


def added(*options: str) -> dict[str, Any]:
    made: dict[str, Any] = run_json("byok", "add", "byteplus", "--from-env", "TEAM_KEY", *options)
    return made


def test_a_key_is_added_listed_changed_and_removed(data_dir: Path) -> None:
    """From a variable or from stdin; nothing of it is printed but its ends, nor written anywhere."""
    first = added("--name", "team", "--model", SEEDANCE)
    again = json.loads(run_well("byok", "add", "seed", "--fallback", "--json", stdin=f"{KEY}\n"))
    assert (first["position"], again["position"], again["provider"]) == (0, 1, "byteplus")
    assert (first["label"], first["models"], again["fallback"]) == ("cana…abcd", [SEEDANCE], True)
    shown = run_well("byok", "list")
    assert "team: first," in " ".join(shown.split())
    changed = run_json("byok", "update", first["id"], "--disable", "--model", "all", "--required")
    assert (changed["disabled"], changed["models"], changed["required"], changed["name"]) == (
        True,
        None,
        True,
        "team",
    )
    replaced = json.loads(
        run_well("byok", "update", first["id"], "--replace", "--enable", "--json", stdin="another-key-xyz")
    )
    assert (replaced["label"], replaced["disabled"], replaced["required"]) == ("a…z", False, True)
    assert run_json("byok", "remove", first["id"]) == {"id": first["id"], "deleted": True}
    assert [one["id"] for one in run_json("byok", "list", "--workspace", "default")] == [again["id"]]
    assert run_json("byok", "reseal") == {"resealed": 0, "broken": {}}
    written = [path for path in data_dir.rglob("*") if path.is_file() and b"canary" in path.read_bytes()]
    assert written == []


def test_an_empty_list_says_how_one_is_added() -> None:
    """On stderr, so that scripts get an empty answer."""
    result = run("byok", "list")
    assert (result.stdout, result.exit_code) == ("", 0)
    assert "byok add" in result.stderr
    assert run_json("byok", "list") == []


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("add", "nobody"), "provider must be one of: alibaba, byteplus"),
        (("add", "byteplus", "--workspace", "nobody"), "no workspace nobody"),
        (("add", "byteplus", "--model", "nobody/nothing"), "nobody/nothing is not a valid model ID"),
        (("add", "byteplus", "--fallback", "--byok-only"), "is_fallback"),
        (("add", "byteplus", "--name", "n" * 101), "at most 100"),
        (("update", "vk_none", "--disable"), "byok list"),
        (("remove", "vk_none"), "byok list"),
    ],
)
def test_what_is_refused_is_told_in_one_line(arguments: tuple[str, ...], told: str) -> None:
    """Without a word of the key."""
    result = run("byok", *arguments, stdin=KEY)
    assert result.exit_code == (1 if "list" in told else 2)
    assert told in " ".join(result.stderr.split())
    assert KEY not in result.output


def test_a_variable_that_is_not_set_is_named() -> None:
    """A typing error does not store an empty key."""
    result = run("byok", "add", "byteplus", "--from-env", "NOWHERE")
    assert result.exit_code == 2
    assert "NOWHERE" in result.stderr


def test_a_key_whose_root_is_gone_is_told_by_its_id(data_dir: Path) -> None:
    """With what would open it again."""
    made = added()
    (data_dir / "secret").unlink()
    result = run("byok", "reseal")
    assert result.exit_code == 1
    assert made["id"] in result.stderr
    assert "REELROUTER_SECRET_KEY_PREVIOUS" in result.stderr
