"""Commands, run in this process as they would be typed."""

import json
from typing import Any

from typer.testing import CliRunner, Result

from reelrouter.cli.commands import app

_RUNNER = CliRunner()


def run(*arguments: str, stdin: str | None = None) -> Result:
    return _RUNNER.invoke(app, arguments, input=stdin)


def run_well(*arguments: str, stdin: str | None = None) -> str:
    """What it prints on stdout."""
    result = run(*arguments, stdin=stdin)
    assert result.exit_code == 0, result.output
    return result.stdout


def run_json(*arguments: str) -> Any:
    """What it says with --json, which stands on stdout alone."""
    return json.loads(run_well(*arguments, "--json"))
