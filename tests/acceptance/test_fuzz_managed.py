"""What a management key may ask of workspaces and money, held against the OpenAPI document as in `test_fuzz`."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.serving import Server
from tests.acceptance.test_fuzz import _FUZZER
from tests.acceptance.treasury import Treasury

_ROUTES = "/(budgets|credits|ledger|activity|usage)"
_CONFIG = """
continue-on-failure = true

[generation]
deterministic = true
database = "none"
no-shrink = true

[checks]
positive_data_acceptance.enabled = false  # no schema says which cursor a page gave, or which days are over

[parameters]
ref = "red"
interval = "daily"
"""


@pytest.fixture(scope="module")
def treasury(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Treasury]:
    one = Server(tmp_path_factory.mktemp("governed"), {})
    try:
        one.start()
        yield Treasury(one)
    finally:
        one.close()


def test_nothing_is_found_by_a_fuzzer_that_governs(treasury: Treasury, tmp_path: Path) -> None:
    """Status, type, headers and shape of every answer; nothing invalid is taken, and no key is ignored."""
    treasury.team("red")
    config = tmp_path / "schemathesis.toml"
    config.write_text(_CONFIG)
    document = f"{treasury.server.base_url}/openapi.json"
    key = f"Authorization: Bearer {treasury.key}"
    options = ("--max-examples", "5", "--no-color", "--include-path-regex", _ROUTES, "--header", key)
    run = subprocess.run(
        (_FUZZER, "--config-file", str(config), "run", document, *options),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert treasury.ask("GET", "/workspaces/red/ledger").json()["data"] != []
    assert "Traceback" not in (treasury.server.data_dir.parent / "serve.log").read_text()
