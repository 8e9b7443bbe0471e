"""Runs a JavaScript client once, and tells what came of each of its scenarios."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
INSTALL = "npm ci --prefix tests/acceptance/node"
_OLDEST = 20
_PATIENCE = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a scenario returned, or how the client's error looked from outside."""

    name: str
    ok: bool
    detail: Any

    def value(self) -> Any:
        """What it returned; an `AssertionError` with the client's own words if it failed."""
        assert self.ok, f"{self.name}: {self.detail['type']}: {self.detail['message']}\n{self.detail['stack']}"
        return self.detail

    def error(self) -> dict[str, Any]:
        """The error that the client raised: type, message, status, body and what else it has."""
        assert not self.ok, f"{self.name} was expected to be refused, and gave {self.detail}"
        error: dict[str, Any] = self.detail
        return error

    def problems(self) -> set[str]:
        """The fields that the gateway named in refusing it."""
        return {problem["field"] for problem in self.error()["body"]["error"]["metadata"]["problems"]}


def run_client(script: str, given: Mapping[str, Any]) -> Mapping[str, Told]:
    """Every scenario of `script` by name; `given` is what the script reads from its standard input."""
    ran = subprocess.run(
        (node(), script),
        cwd=FOLDER,
        input=json.dumps(given),
        env=_environment(),
        capture_output=True,
        text=True,
        timeout=_PATIENCE,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    told = [Told(**json.loads(line)) for line in ran.stdout.splitlines() if line.startswith("{")]
    return {one.name: one for one in told}


def node() -> str:
    """The interpreter, once it is sure that the clients can run in it."""
    node = shutil.which("node")
    wanted = f"Install Node.js {_OLDEST} or newer with npm (https://nodejs.org), then run `{INSTALL}`"
    assert node is not None, f"The official JavaScript clients cannot be tested without Node.js. {wanted}."
    version = subprocess.run((node, "--version"), capture_output=True, text=True, check=True).stdout.strip()
    major = re.match(r"v(\d+)\.", version)
    assert major is not None, f"`node --version` says {version!r}, which is no version of Node.js. {wanted}."
    assert int(major[1]) >= _OLDEST, f"Node.js {version} is too old for the official clients. {wanted}."
    installed = (FOLDER / "node_modules" / ".package-lock.json").is_file()
    assert installed, (
        f"The official JavaScript clients are not installed. Run `{INSTALL}`; npm comes with Node.js."
    )
    return node


def _environment() -> dict[str, str]:
    """Without what would tell a client another address or key than the test does."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OPENROUTER_", "AI_"))}
    return {**kept, "NO_PROXY": "127.0.0.1,localhost"}
