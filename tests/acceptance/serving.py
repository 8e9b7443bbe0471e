"""A real ReelRouter: the `reelrouter serve` command as a process, and what is seen of it from outside."""

import json
import os
import signal
import subprocess
import sysconfig
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from tests.acceptance.processes import children_of, descendants_of
from tests.acceptance.waiting import until

LIVE_KEY = "rr-live-acceptance-0123456789abcdef"
TEST_KEY = "rr-test-acceptance-0123456789abcdef"
MANAGEMENT_KEY = "rr-mgmt-acceptance-0123456789abcdef"
STATED_STOP_SECONDS = 30.0
"""The default of `stop_wait`, and the five seconds in which an engine closes what it has open."""
PROGRAM = str(Path(sysconfig.get_path("scripts")) / "reelrouter")
_GREETING = "ReelRouter answers at "


class Server:
    """One installation. It can be ended and started again, on the same data and at the same address."""

    def __init__(
        self,
        folder: Path,
        settings: Mapping[str, str],
        environment: Mapping[str, str] | None = None,
        port: int = 0,
        command: str = "serve",
    ) -> None:
        """`environment` is what the vendors' own tools read; without a `port` it takes a free one.

        `command` is `serve`, or `api` for one whose engines run elsewhere.
        """
        self._command = (PROGRAM, command)
        self.data_dir = folder / "data"
        self._log = folder / "serve.log"
        self._settings = {
            "data_dir": str(self.data_dir),
            "live_key": LIVE_KEY,
            "test_key": TEST_KEY,
            "management_key": MANAGEMENT_KEY,
            "log_format": "json",
            **settings,
        }
        self.environment = dict(environment or {})
        self._process: subprocess.Popen[bytes] | None = None
        self._port = port
        self.base_url = ""

    @property
    def pid(self) -> int:
        assert self._process is not None, "the server was not started"
        return self._process.pid

    def start(self) -> None:
        """Returns when the API answers that it is ready."""
        read_before = self._log.stat().st_size if self._log.exists() else 0
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command, env=self._environment(), stdout=log, stderr=log)
        try:
            self.base_url = until(lambda: self._greeting(read_before), "the server's greeting", 30.0)
            self._port = int(self.base_url.rpartition(":")[2])
            until(self._is_ready, "the server to be ready", 30.0)
        except AssertionError as error:
            error.add_note(self._log.read_text())
            raise

    def terminate(self) -> int:
        """Asks it to stop, as an operator's supervisor does; returns its exit status."""
        return self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Ends the API process alone, at once."""
        self._end(signal.SIGKILL)

    def close(self) -> None:
        """Ends it however it fares."""
        if self._process is not None and self._process.poll() is None:
            try:
                self.terminate()
            finally:
                self._process.kill()
                self._process.wait()

    def client(self, key: str | None = TEST_KEY) -> httpx.Client:
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        return httpx.Client(base_url=self.base_url, headers=headers, timeout=30.0, trust_env=False)

    def engine_pid(self) -> int:
        """The engine's process, once there is one."""
        return until(self._find_engine, "an engine process", 30.0)

    def family(self) -> set[int]:
        """Every process that belongs to it."""
        return {self.pid, *descendants_of(self.pid)}

    def events(self, *names: str) -> list[dict[str, Any]]:
        """What it has logged of these kinds, in the order in which it happened, over all its starts."""
        lines = self._log.read_text().splitlines()
        # A process that is killed in the middle of a line leaves half of it.
        whole = [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]
        return [event for event in whole if event["event"] in names]

    def _find_engine(self) -> int | None:
        found = [pid for pid in children_of(self.pid) if b"reelrouter.engine" in _command_line(pid)]
        return found[0] if found else None

    def _end(self, number: signal.Signals) -> int:
        assert self._process is not None, "the server was not started"
        os.kill(self._process.pid, number)
        return self._process.wait(timeout=STATED_STOP_SECONDS + 5)

    def _environment(self) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("REELROUTER_")}
        settings = {**self._settings, "port": str(self._port)}
        return (
            inherited
            | self.environment
            | {f"REELROUTER_{name.upper()}": value for name, value in settings.items()}
        )

    def _greeting(self, read_before: int) -> str | None:
        assert self._process is not None
        assert self._process.poll() is None, "the server ended at its start"
        told = self._log.read_bytes()[read_before:].decode()
        lines = [line for line in told.splitlines(keepends=True) if line.startswith(_GREETING)]
        return lines[0].removeprefix(_GREETING).strip() if lines and lines[0].endswith("\n") else None

    def _is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.base_url}/readyz", trust_env=False).status_code == 200
        except httpx.TransportError:
            return False


class Engine:
    """An engine as a process of its own."""

    def __init__(self, log: Path, settings: Mapping[str, str], environment: Mapping[str, str]) -> None:
        self._log = log
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("REELROUTER_")}
        told = {f"REELROUTER_{name.upper()}": value for name, value in settings.items()}
        with log.open("ab") as out:
            self._process = subprocess.Popen(
                (PROGRAM, "engine"), env={**inherited, **environment, **told}, stdout=out, stderr=out
            )

    def status(self) -> int | None:
        """With which it has ended; None while it runs."""
        return self._process.poll()

    def kill(self) -> None:
        """At once, as a machine that fails."""
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        """Ends it however it fares."""
        self._process.terminate()
        try:
            self._process.wait(timeout=STATED_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()

    def events(self, name: str) -> list[dict[str, Any]]:
        lines = self._log.read_text().splitlines() if self._log.exists() else []
        told = [json.loads(line) for line in lines if line.startswith("{")]
        return [one for one in told if one["event"] == name]


def command(*words: str, data_dir: Path | None = None, database: str | None = None) -> str:
    """What one of our commands prints on stdout; it works on that installation, and ends well."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("REELROUTER_")}
    told = {"REELROUTER_DATA_DIR": data_dir, "REELROUTER_DATABASE_URL": database}
    given = {name: str(value) for name, value in told.items() if value is not None}
    done = subprocess.run(
        (PROGRAM, *words), env={**inherited, **given}, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _command_line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""
