"""The API held against its own OpenAPI document: whatever is sent, each answer is one that it announces."""

import json
import subprocess
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.books import Books
from tests.acceptance.orders import placed, small
from tests.acceptance.serving import MANAGEMENT_KEY, TEST_KEY, Server
from tests.acceptance.waiting import ended

_FUZZER = str(Path(sysconfig.get_path("scripts")) / "schemathesis")
_HOOKS = Path(__file__).with_name("fuzz_hooks.py")
_EXAMPLES = "5"
"""For each operation, beside more than a thousand that are derived from the document one by one."""
_ENOUGH = 5
"""Jobs. With fewer, hardly any of the fuzzer's orders would have been understood."""
_CONFIG = """
hooks = {hooks}
continue-on-failure = true

[generation]
deterministic = true
database = "none"
no-shrink = true

[checks]
positive_data_acceptance.enabled = false  # no schema says what a model can do, or which cursor a page gave

[parameters]
job_id = {job}
author = "google"
slug = "veo-3.1-lite"
ref = "fuzzed"
hash = {hash}

[[operations]]
include-name = "DELETE /api/v1/videos/{{job_id}}"
parameters = {{ job_id = "gen-vid-1-00000000000000000000" }}  # the others still need theirs

[[operations]]
include-name = "DELETE /api/v1/workspaces/{{ref}}"
parameters = {{ ref = "nowhere" }}

[[operations]]
include-name = "DELETE /api/v1/keys/{{hash}}"
parameters = {{ hash = "key_00000000000000000000" }}

[[operations]]
include-name = "POST /api/v1/videos/estimate"
phases.coverage.enabled = false  # it takes what a submit takes
"""


_GOVERNING = "/api/v1/(keys|workspaces)"
"""What is for management keys."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of our own: the fuzzer's hundreds of jobs are in nobody's way."""
    one = Server(tmp_path_factory.mktemp("fuzzed"), {"intake_wait": "1"})
    try:
        one.start()
        yield one
    finally:
        one.close()


def test_nothing_is_found_by_a_fuzzer(server: Server, tmp_path: Path) -> None:
    """Status, type, headers and shape of every answer; nothing invalid is taken, and no key is ignored."""
    with server.client() as client:
        job = placed(client, small())
        assert ended(client, job)["status"] == "completed"
    fuzzed(server, tmp_path, TEST_KEY, ("--exclude-path-regex", _GOVERNING), job=job)
    assert len(Books(server.data_dir).statuses()) > _ENOUGH


def test_nothing_is_found_where_workspaces_and_keys_are_governed(server: Server, tmp_path: Path) -> None:
    """With a key that may; the workspace and the key that are changed again and again still answer."""
    with server.client(MANAGEMENT_KEY) as manager:
        manager.post("/api/v1/workspaces", json={"name": "fuzzed", "slug": "fuzzed"}).raise_for_status()
        made = manager.post("/api/v1/keys", json={"name": "fuzzed", "workspace_id": "fuzzed"}).json()
        key = made["data"]["hash"]
        fuzzed(server, tmp_path, MANAGEMENT_KEY, ("--include-path-regex", _GOVERNING), hash=key)
        assert manager.get(f"/api/v1/keys/{key}").status_code == 200
        assert manager.get("/api/v1/workspaces", params={"limit": 100}).status_code == 200


def fuzzed(server: Server, folder: Path, key: str, routes: tuple[str, str], **known: str) -> None:
    """`known` are ids of things that there are."""
    config = folder / "schemathesis.toml"
    ids = {"job": "none", "hash": "none", **known}
    config.write_text(
        _CONFIG.format(hooks=json.dumps(str(_HOOKS)), **{name: json.dumps(one) for name, one in ids.items()})
    )
    document = f"{server.base_url}/openapi.json"
    options = ("--max-examples", _EXAMPLES, "--no-color", "--header", f"Authorization: Bearer {key}", *routes)
    run = subprocess.run(
        (_FUZZER, "--config-file", str(config), "run", document, *options),
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "Traceback" not in (server.data_dir.parent / "serve.log").read_text()
