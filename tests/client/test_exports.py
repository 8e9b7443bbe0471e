"""What `import reelrouter` offers, and what it costs."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import reelrouter
from reelrouter.client import errors, results


def test_importing_the_package_loads_nothing_else() -> None:
    """Neither the HTTP library nor any part of the server, until a name is used; then only the client."""
    program = """
import sys, reelrouter
assert not {name for name in sys.modules if name.startswith(("reelrouter.", "httpx"))}
reelrouter.Client
print(*{name.split(".")[1] for name in sys.modules if name.startswith("reelrouter.")})
"""
    ran = subprocess.run((sys.executable, "-c", program), capture_output=True, text=True, check=True)
    loaded = set(ran.stdout.split())
    assert "client" in loaded
    assert not loaded & {"api", "gateway", "jobs", "db", "accounts", "renderer", "storage", "media", "cli"}


def test_every_name_is_there() -> None:
    """For programs, and for type checkers, which read the same names elsewhere in the file."""
    tree = ast.parse(Path(reelrouter.__file__).read_text())
    imported = {
        alias.asname for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names
    } - {None}
    assert imported == set(reelrouter.__all__)
    for name in reelrouter.__all__:
        assert getattr(reelrouter, name).__name__ == name


def test_every_error_and_every_result_is_exported() -> None:
    """Whoever catches or annotates one needs it by name."""
    for module in (errors, results):
        own = {name for name, value in vars(module).items() if getattr(value, "__module__", "") == module.__name__}
        public = {name for name in own if not name.startswith("_")} - {"Refusal"}
        assert public <= set(reelrouter.__all__)


def test_a_name_that_there_is_not_is_an_attribute_error() -> None:
    """As of any module."""
    with pytest.raises(AttributeError, match="Klient"):
        _ = reelrouter.Klient  # type: ignore[attr-defined]
