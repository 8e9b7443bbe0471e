"""The README's samples, run as they stand there."""

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.acceptance.serving import LIVE_KEY, Server

README = (Path(__file__).parents[2] / "README.md").read_text()


def sample(language: str, having: str) -> str:
    """The one block of that language that holds a certain word."""
    (found,) = [block for block in re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL) if having in block]
    return str(found)


def run(command: list[str], server: Server, directory: Path) -> None:
    environment = os.environ | {"REELROUTER_BASE_URL": server.base_url, "REELROUTER_API_KEY": LIVE_KEY}
    environment["PATH"] = f"{Path(sys.executable).parent}:{environment['PATH']}"
    done = subprocess.run(
        command, cwd=directory, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr + done.stdout


def test_the_curl_sample_ends_with_a_video(server: Server, tmp_path: Path) -> None:
    """curl and jq are all it takes, and the last address works without a key."""
    run(["bash", "-euo", "pipefail", "-c", sample("sh", "jq -r .polling_url")], server, tmp_path)
    assert (tmp_path / "fox.mp4").read_bytes()[4:8] == b"ftyp"


def test_the_python_sample_ends_with_a_video(server: Server, tmp_path: Path) -> None:
    """The official SDK needs nothing but another address."""
    run([sys.executable, "-c", sample("python", "OpenRouter(")], server, tmp_path)
    assert (tmp_path / "sailboat.mp4").read_bytes()[4:8] == b"ftyp"


def test_the_sample_of_our_own_client_ends_with_a_video(server: Server, tmp_path: Path) -> None:
    """By the names of the environment, as everywhere."""
    run([sys.executable, "-c", sample("python", "from reelrouter import Client")], server, tmp_path)
    assert (tmp_path / "boat.mp4").read_bytes()[4:8] == b"ftyp"


def test_the_javascript_sample_ends_with_a_video(server: Server, tmp_path: Path) -> None:
    """The AI SDK, as its users write it."""
    (tmp_path / "node_modules").symlink_to(Path(__file__).parent / "node" / "node_modules")
    (tmp_path / "sample.mjs").write_text(sample("js", "generateVideo"))
    run(["node", "sample.mjs"], server, tmp_path)
    assert (tmp_path / "cat.mp4").read_bytes()[4:8] == b"ftyp"


def test_the_sample_of_extensions_ends_with_an_address(server: Server, tmp_path: Path) -> None:
    """An estimate, and a submit that waits and may be repeated."""
    run(["bash", "-euo", "pipefail", "-c", sample("sh", "Idempotency-Key")], server, tmp_path)


def test_the_command_line_sample_ends_with_a_video(server: Server, tmp_path: Path) -> None:
    """The first of the two commands, made shorter."""
    command = sample("sh", "reelrouter generate").splitlines()[0].replace("--duration 4", "--duration 1")
    run(["bash", "-euo", "pipefail", "-c", command], server, tmp_path)
    assert (tmp_path / "lighthouse.mp4").read_bytes()[4:8] == b"ftyp"


def test_the_operators_sample_makes_a_team(tmp_path: Path) -> None:
    """On an installation of its own, which no gateway has begun yet."""
    environment = os.environ | {"REELROUTER_DATA_DIR": str(tmp_path / "data")}
    environment["PATH"] = f"{Path(sys.executable).parent}:{environment['PATH']}"
    lines = sample("sh", "workspaces create team-red")
    done = subprocess.run(
        ["/bin/bash", "-euo", "pipefail", "-c", lines],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    assert "rr-live-" in done.stdout
    assert "whsec_" in done.stdout
