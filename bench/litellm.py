"""LiteLLM's proxy as a peer to measure, installed into an environment of its own that is kept between runs."""

import json
import os
import secrets
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import fake_vendor, processes

VERSION = "1.109.1"
NAME = f"LiteLLM {VERSION}"
_COMPROMISED = frozenset({"1.107.0"})
_UNPINNED = ("certifi", "litellm-proxy-extras")
"""It wants one release of each and no other, which not every index has. They are certificates and a database's
migrations: none is used here, where all addresses are plain HTTP and there is no database."""
_OWN_UV = Path(__file__).parents[1] / ".uv" / "bin" / "uv"
_MODEL = "sora"
_PATIENCE = 180.0


class CannotInstall(Exception):
    """It cannot be had on this machine; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """One that answers."""

    pid: int
    address: str
    headers: dict[str, str]
    started: float
    """Seconds from the command to the first answer."""
    idle_mb: float
    """Resident memory at that moment."""

    def body(self, prompt: str) -> dict[str, object]:
        return {"model": _MODEL, "prompt": prompt, "seconds": "4", "size": "1280x720"}

    def submit(self, prompt: str) -> str:
        """The id of a job just placed."""
        headers = {**self.headers, "Content-Type": "application/json"}
        body = json.dumps(self.body(prompt)).encode()
        request = urllib.request.Request(f"{self.address}/v1/videos", body, headers)  # noqa: S310 - loopback
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - loopback
            return str(json.load(answer)["id"])


def install() -> Path:
    """The folder of its programs. Does nothing where an earlier run has installed it. Raises `CannotInstall`."""
    check_version(VERSION)
    home = cache_folder() / f"litellm-{VERSION}"
    programs = home / "bin"
    if not (home / "complete").exists():
        _install_into(home)
        (home / "complete").touch()
    return programs


def check_version(version: str) -> None:
    """Raises `CannotInstall` for a release that must not be run."""
    if version in _COMPROMISED:
        raise CannotInstall(f"litellm {version} was a compromised release, and is not installed here")


def find_uv() -> str:
    """The uv that runs this program, else the one on the PATH, else the one `make` keeps inside the checkout.

    Raises `CannotInstall`.
    """
    found = os.environ.get("UV") or shutil.which("uv") or shutil.which(str(_OWN_UV))
    if found is None:
        raise CannotInstall("LiteLLM is installed by uv, which is neither on the PATH nor in .uv/bin")
    return found


def cache_folder() -> Path:
    """Where peers are kept: `REELROUTER_BENCH_CACHE`, or a folder in the user's cache."""
    given = os.environ.get("REELROUTER_BENCH_CACHE")
    return Path(given) if given else Path.home() / ".cache" / "reelrouter-bench"


@contextmanager
def running(programs: Path, vendor: str, directory: Path) -> Iterator[Peer]:
    """One worker, no database, a master key, no retries, and nothing sent anywhere but to the vendor."""
    key = "sk-" + secrets.token_urlsafe(24)
    config = directory / "litellm.json"
    config.write_text(json.dumps(_config(key, vendor)))
    address = f"http://127.0.0.1:{(port := processes.free_port())}"
    words = (str(programs / "litellm"), "--config", str(config), "--host", "127.0.0.1", "--port", str(port))
    environment = {
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "LITELLM_TELEMETRY": "False",
        "LITELLM_LOG": "ERROR",
        "NUM_WORKERS": "1",
    }
    with processes.started(words, environment, directory / "litellm.log", quiet=True) as process:
        waited = processes.until(lambda: _answers(address, process), "an answer from LiteLLM", _PATIENCE)
        yield Peer(
            pid=process.pid,
            address=address,
            headers={"Authorization": f"Bearer {key}"},
            started=waited,
            idle_mb=processes.rss_of_family(process.pid),
        )


def _config(key: str, vendor: str) -> dict[str, object]:
    upstream = {"model": "openai/sora-2-pro", "api_base": f"{vendor}/v1", "api_key": fake_vendor.KEY}
    return {
        "model_list": [{"model_name": _MODEL, "litellm_params": upstream}],
        "general_settings": {"master_key": key},
        "router_settings": {"num_retries": 0},
        "litellm_settings": {"num_retries": 0, "telemetry": False},
    }


def _answers(address: str, process: subprocess.Popen[str]) -> bool:
    if process.poll() is not None:
        raise processes.NotReady(f"LiteLLM ended with status {process.returncode} before it answered")
    try:
        with urllib.request.urlopen(f"{address}/health/liveliness", timeout=5) as answer:  # noqa: S310 - loopback
            return bool(answer.status == 200)
    except OSError:
        return False


def _install_into(home: Path) -> None:
    uv = find_uv()
    print(f"installing litellm[proxy]=={VERSION} into {home}", file=sys.stderr, flush=True)
    home.parent.mkdir(parents=True, exist_ok=True)
    overrides = home.parent / "overrides.txt"
    overrides.write_text("\n".join(_UNPINNED))
    _run((uv, "venv", "--clear", "--python", sys.executable, str(home)))
    wanted = f"litellm[proxy]=={VERSION}"
    _run((uv, "pip", "install", "--python", str(home / "bin" / "python"), "--overrides", str(overrides), wanted))


def _run(words: tuple[str, ...]) -> None:
    """Its progress goes where ours does."""
    done = subprocess.run(words, stdout=sys.stderr, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise CannotInstall(f"{' '.join(words[:3])} ended with status {done.returncode}:\n{done.stderr}")
