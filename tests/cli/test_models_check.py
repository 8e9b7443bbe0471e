"""`reelrouter models check`: who can serve what here, and where another server's list differs."""

from pathlib import Path
from typing import Any

import pytest

from reelrouter.catalogue.load import load_catalogue
from reelrouter.cli.ending import Exit
from reelrouter.cli.output import out
from reelrouter.providers.registry import PROVIDERS
from tests.cli.running import run, run_json, run_well
from tests.client.fake_openrouter import MODELS, FakeOpenRouter, says


def endpoints(model: str) -> dict[str, str | None]:
    """What each endpoint of a model lacks."""
    (found,) = (one for one in run_json("models", "check")["models"] if one["model"] == model)
    return {one["endpoint"]: one.get("missing") for one in found["endpoints"]}


def test_without_any_account_only_this_machine_serves() -> None:
    """Each endpoint with what to set, or with what this version lacks."""
    report = run_json("models", "check")
    assert len(report["models"]) == len(load_catalogue())
    assert set(report["served_by_nobody"]) == {one["model"] for one in report["models"]} - {"reelrouter/animatic"}
    assert endpoints("bytedance/seedance-2.5") == {
        "byteplus": "set BYTEPLUS_API_KEY or ARK_API_KEY",
        "volcengine": "set VOLCENGINE_API_KEY or VOLC_ARK_API_KEY",
        "openrouter": "set OPENROUTER_API_KEY",
    }
    for one in (each for model in report["models"] for each in model["endpoints"]):
        if one["provider"] not in {*PROVIDERS, "renderer"}:
            assert one["missing"] == "this version has no adapter for it"


def test_an_account_opens_its_vendors_models(monkeypatch: pytest.MonkeyPatch) -> None:
    """And no others."""
    monkeypatch.setenv("BYTEPLUS_API_KEY", "a-key")
    assert endpoints("bytedance/seedance-2.5")["byteplus"] is None
    assert "google/veo-3.1" in run_json("models", "check")["served_by_nobody"]
    monkeypatch.setenv("OPENROUTER_API_KEY", "another")
    assert run_json("models", "check")["served_by_nobody"] == []


def test_endpoints_of_the_operators_own_are_checked_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With the servers that they need."""
    own = tmp_path / "own.toml"
    own.write_text('[[endpoint]]\nmodel = "alibaba/wan-2.6"\nprovider = "vllm-omni"\nnative = "Wan2.2"\n')
    monkeypatch.setenv("REELROUTER_CATALOGUE", str(own))
    assert endpoints("alibaba/wan-2.6")["vllm-omni"] == "set VLLM_OMNI_BASE_URL"
    monkeypatch.setenv("VLLM_OMNI_BASE_URL", "http://127.0.0.1:9")
    assert endpoints("alibaba/wan-2.6")["vllm-omni"] is None


@pytest.mark.parametrize("columns", [80, 120])
def test_on_a_terminal_every_model_has_its_line(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """What to set is said once for each provider."""
    monkeypatch.setattr(out, "_width", columns)
    monkeypatch.setenv("BYTEPLUS_API_KEY", "a-very-secret-key")
    shown = run_well("models", "check")
    lines = [line.split() for line in shown.splitlines()]
    assert ["bytedance/seedance-2.5", "byteplus", "volcengine,", "openrouter"] in lines
    assert ["google/veo-3.1", "nobody", "google-vertex,", "openrouter"] in lines
    assert ["openrouter", "33", "set", "OPENROUTER_API_KEY"] in lines
    assert max(map(len, shown.splitlines())) <= columns
    assert "a-very-secret-key" not in shown
    assert shown.splitlines()[-1] == "34 models: 6 can be served, 28 by nobody."


def test_settings_that_contradict_themselves_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """In one line."""
    monkeypatch.setenv("REELROUTER_PROVIDERS", '{"nobody": {}}')
    result = run("models", "check")
    assert result.exit_code == Exit.USAGE
    assert "there is no such provider" in result.stderr


def test_a_server_with_our_list_differs_in_nothing(openrouter: FakeOpenRouter) -> None:
    """Recorded rows are what ours are made from."""
    shown = run_well("models", "check", "--against", openrouter.base_url)
    assert "Only in our catalogue: " in shown
    assert shown.splitlines()[-1].startswith("Nothing differs: 30 models compared with http://127.0.0.1:")
    report = run_json("models", "check", "--against", openrouter.base_url)
    assert report["agrees"] is True
    assert report["differences"] == report["lacking"] == []


def changed(openrouter: FakeOpenRouter) -> None:
    """The list has a new model, and a row that is different in four ways."""
    rows: list[dict[str, Any]] = [{**MODELS[0], "id": "new/one", "canonical_slug": "new/one-2027"}]
    veo = next(one for one in MODELS if one["id"] == "google/veo-3.1")
    prices = {**veo["pricing_skus"], "duration_seconds_with_audio": "0.55", "generate": "1"}
    rows.append({**veo, "supported_durations": [4, 6, 10], "seed": None, "pricing_skus": prices})
    openrouter.plan("models", says(200, {"data": rows}))


@pytest.mark.parametrize("columns", [80, 120])
def test_what_differs_is_a_table_and_an_exit_code(
    columns: int, openrouter: FakeOpenRouter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ours beside theirs; of lists only what one of them alone has."""
    monkeypatch.setattr(out, "_width", columns)
    changed(openrouter)
    result = run("models", "check", "--against", openrouter.base_url)
    assert result.exit_code == Exit.FAILED
    lines = [line.split() for line in result.stdout.splitlines()]
    prefix = "supported_" if columns > 110 else ""
    assert [f"{prefix}durations", "8", "10"] in lines
    assert ["seed", "yes", "-"] in lines
    assert "Not in our catalogue: new/one" in result.stdout
    assert "4 fields differ, 1 model is lacking" in result.stdout


def test_differences_for_programs(openrouter: FakeOpenRouter) -> None:
    """With whole values, and null where one side lists nothing."""
    changed(openrouter)
    result = run("models", "check", "--against", openrouter.base_url, "--json")
    assert result.exit_code == Exit.FAILED
    assert '"seed"' in result.stdout
    assert '"theirs": null' in result.stdout
    assert '"pricing_skus.generate"' in result.stdout


def test_a_server_that_is_not_there_is_told() -> None:
    """As by every command."""
    result = run("models", "check", "--against", "http://127.0.0.1:9")
    assert result.exit_code == Exit.FAILED
    assert "error:" in result.stderr
