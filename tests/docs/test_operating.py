"""What the page for operators says is what there is, and its examples can be read by what they are written for."""

import configparser
import importlib
import re
from pathlib import Path
from typing import Any

import pytest

import reelrouter
from reelrouter.backups import MANIFEST
from reelrouter.cli.commands import COMMANDS, loaded
from reelrouter.db import migrate, online, postgres
from reelrouter.db.schema import name_for_server
from reelrouter.jobs.decide import UNKNOWN_SUBMIT
from reelrouter.settings import Settings

PAGE = (Path(reelrouter.__file__).parent / "docs" / "operating.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def test_every_setting_that_is_named_can_be_set() -> None:
    """In the text and in the examples."""
    named = {name.lower() for name in re.findall(r"REELROUTER_([A-Z_]+)", PAGE)}
    assert named
    assert named <= set(Settings.model_fields)


def test_every_command_that_is_shown_can_be_called_so() -> None:
    """Its name and its options."""
    shown = re.findall(r"reelrouter ([a-z]+)((?: (?:--[a-z-]+|[./\w%-]+))*)", "\n".join(blocks(r"\w+")))
    called = [(name, rest) for name, rest in shown if name in COMMANDS]
    assert {"api", "engine", "backup", "restore"} <= {name for name, _ in called}
    for name, rest in called:
        known = {option for one in loaded(name).params for option in one.opts}
        assert set(re.findall(r"--[a-z-]+", rest)) <= known


@pytest.mark.parametrize("unit", blocks("ini"), ids=lambda unit: unit.splitlines()[0])
def test_a_systemd_unit_starts_again_what_ends(unit: str) -> None:
    """It is an INI file with what systemd needs, and it gives a stop more time than ours takes."""
    read = configparser.ConfigParser(interpolation=None)
    read.optionxform = str  # type: ignore[method-assign, assignment]
    read.read_string(unit)
    assert read["Service"]["Restart"] == "always"
    command = read["Service"]["ExecStart"].split()[1]
    assert command in ("api", "engine")
    assert command == "api" or read["Unit"]["StartLimitIntervalSec"] == "0"
    assert read["Install"]["WantedBy"] == "multi-user.target"


def test_the_compose_file_names_what_it_uses() -> None:
    """Each service that another depends on, each volume, and commands of ours."""
    (text,) = blocks("yaml")
    read: dict[str, Any] = importlib.import_module("yaml").safe_load(text)
    services = read["services"]
    for name in ("api", "engine"):
        assert services[name]["command"].split()[:2] == ["reelrouter", name]
        assert set(services[name]["depends_on"]) <= set(services)
        assert services[name]["restart"] == "always"
    assert {one.partition(":")[0] for one in services["database"]["volumes"]} == set(read["volumes"])


def test_the_sum_of_the_example_is_right() -> None:
    """As many as the table comes to, with the default of the setting."""
    pool = Settings.model_fields["database_connections"].default
    most = {name: pool + sum(more) for name, more in beside_the_pool().items()}
    said = re.search(r"2 · (\d+) \+ 2 · (\d+) = (\d+)", PAGE)
    assert said is not None
    numbers = tuple(map(int, said.groups()))
    assert numbers == (most["api"], most["engine"], 2 * most["api"] + 2 * most["engine"])
    assert f"`REELROUTER_DATABASE_CONNECTIONS` ({pool})" in PAGE


def beside_the_pool() -> dict[str, tuple[int, ...]]:
    """Listener, slot and workflows of each process, as the page has them."""
    rows = re.findall(r"^\| `(api|engine)` \| `\w+` \(\d+\) \| (\d+) \| (\d+) \| (\d+) \|$", PAGE, re.MULTILINE)
    assert [row[0] for row in rows] == ["api", "engine"]
    return {name: tuple(map(int, counts)) for name, *counts in rows}


def test_names_and_times_are_those_of_the_code() -> None:
    """Of connections, of patience, of the file that makes a backup whole, and of the failure that is told."""
    for role in ("", "listener", "slot"):
        assert f"`{name_for_server(role).partition('/')[0]}/…`" in PAGE
    assert online.BRIEFLY.endswith("'2s'")
    assert "waits two seconds" in PAGE
    assert migrate._PATIENCE == 300
    assert "for five minutes" in PAGE
    assert postgres._PATIENCE == 10
    assert "up to ten seconds" in PAGE
    assert f"`{MANIFEST}`" in PAGE
    assert UNKNOWN_SUBMIT.failure is not None
    assert UNKNOWN_SUBMIT.failure.message.startswith("submission_outcome_unknown")
    assert "`submission_outcome_unknown`" in PAGE
