"""Command lines, run by a shell in a folder of their own, with a server and a key in the environment."""

import os
import subprocess
import sys
from pathlib import Path

from tests.acceptance.serving import TEST_KEY, Server


def environment(server: Server, family: str = "REELROUTER") -> dict[str, str]:
    """Server and key under the names of one family, and of no other."""
    plain = {
        name: value
        for name, value in os.environ.items()
        if not name.endswith(("ROUTER_API_KEY", "ROUTER_BASE_URL"))
    }
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return plain | {f"{family}_BASE_URL": server.base_url, f"{family}_API_KEY": TEST_KEY, "PATH": path}


def shell(script: str, folder: Path, known: dict[str, str]) -> str:
    """What it prints on stdout; each of its lines must end with 0."""
    done = subprocess.run(
        ["/bin/bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env=known,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
