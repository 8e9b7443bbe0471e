"""`reelrouter emulate`: fake vendors as a process of their own, as an operator runs them."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from reelrouter.cli.emulating import environment_of, script_of
from reelrouter.cli.ending import Exit
from reelrouter.clock import SystemClock
from reelrouter.emulators.frame import KEY, sample
from reelrouter.emulators.registry import SITES
from reelrouter.emulators.script import Script
from reelrouter.providers.accounts import read_accounts
from reelrouter.providers.drive import Drive
from reelrouter.providers.registry import PROVIDERS
from reelrouter.providers.remote import Remote
from reelrouter.work import Failed, FailureClass, Finished, Media, Order, Outcome
from tests.acceptance.processes import descendants_of
from tests.cli.running import run
from tests.providers.orders import order

_ORDER = order(native_model="seedance-2-0", credential="default")


@contextmanager
def emulating(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """The command as a process; it is ended however the test fares."""
    command = [sys.executable, "-m", "reelrouter", "emulate", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def read_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def test_what_is_printed_leads_a_gateway_there() -> None:
    """A backend that is made of this environment alone submits, polls and collects; SIGTERM ends it all well."""
    with emulating("byteplus", "--port", "0", "--seconds", "0", "--json") as process:
        told = json.loads(read_line(process))
        outcome, video = asyncio.run(_played(told["environment"], _ORDER))
        address = told["emulators"]["byteplus"]
        journal = httpx.get(f"{address}/_emulator/journal", trust_env=False).json()["journal"]
        assert descendants_of(process.pid) == set(), "one process serves it"
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == Exit.DONE
        assert process.stdout is not None
        assert process.stdout.read() == "", "JSON stands there alone"
    assert isinstance(outcome, Finished)
    assert video == sample()
    assert [entry["verb"] for entry in journal if entry["verb"] != "other"] == ["submit", "poll"]
    with pytest.raises(httpx.ConnectError):
        httpx.get(address, trust_env=False)


def test_a_script_befalls_every_job() -> None:
    """And the environment can be read by a shell, on a terminal as well."""
    with emulating("byteplus", "--port", "0", "--script", '{"end": "policy_output", "seconds": 0}') as process:
        lines = [read_line(process) for _ in range(3)]
        script = "".join(lines) + "env"
        told = subprocess.run(["/bin/sh", "-c", script], env={}, capture_output=True, text=True, check=True).stdout
        environment = dict(line.split("=", 1) for line in told.splitlines())
        outcome, _video = asyncio.run(_played(environment, _ORDER))
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == Exit.DONE
    assert isinstance(outcome, Failed)
    assert outcome.failure is FailureClass.POLICY_OUTPUT


def test_a_port_that_is_taken_is_told() -> None:
    """Those that listened already are ended."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with emulating("alibaba", "byteplus", "--port", str(port - 1)) as process:
            _out, err = process.communicate(timeout=20)
    assert process.returncode == Exit.USAGE
    assert "cannot listen" in err
    assert "--port" in err


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("nobody",), "there is no emulator of nobody"),
        (("--script", "{"), "no JSON"),
        (("--script", "[]"), "must be a JSON object"),
        (("--script", '{"end": "well"}'), "end: "),
        (("--script", '{"ends": "done"}'), "has no ends. There are: refuse, "),
        (("--port", "70000"), "--port"),
    ],
)
def test_what_cannot_be_emulated_is_refused(arguments: tuple[str, ...], reason: str) -> None:
    """With a word of what would do."""
    result = run("emulate", *arguments)
    assert result.exit_code == Exit.USAGE
    assert reason in " ".join(result.stderr.split())


def test_a_script_without_words_takes_its_time() -> None:
    """`--seconds` counts unless the script says otherwise."""
    assert script_of(None, 2.0) == Script(seconds=2.0)
    assert script_of('{"seconds": 5, "refuse": "rate"}', 2.0) == Script(seconds=5, refuse="rate")


@pytest.mark.parametrize("name", SITES)
def test_every_emulator_answers_to_an_adapter_that_finds_it(name: str) -> None:
    """Its environment alone makes one whole account with its root."""
    provider = PROVIDERS[name]
    environment = environment_of(name, "http://127.0.0.1:1")
    accounts, incomplete = read_accounts(provider, (), environment)
    assert incomplete == ()
    assert [account.root for account in accounts] == [f"http://127.0.0.1:1{SITES[name].path}"]
    assert KEY in accounts[0].values.values()


def test_its_help_loads_neither_servers_nor_the_catalogue() -> None:
    """Nor do those of the commands whose work lies in modules of their own."""
    heavy = {"aiohttp", "pydantic", "reelrouter.catalogue.load", "reelrouter.emulators.frame"}
    code = (
        "import sys\nfrom reelrouter.cli.commands import loaded\n"
        "for name in ('emulate', 'record'):\n    loaded(name)\n"
        "print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert heavy.isdisjoint(done.stdout.split())


async def _played(environment: Mapping[str, str], wanted: Order) -> tuple[Outcome, bytes]:
    """The order's outcome, and its video if there is one, with the account that the environment describes."""
    provider = PROVIDERS["byteplus"]
    (account,), _ = read_accounts(provider, (), environment)
    drive = Drive(_no_inputs, Path(os.curdir), SystemClock())
    remote = Remote(
        endpoint="byteplus",
        provider=provider,
        accounts={account.name: account},
        drive=drive,
        max_output=1024 * 1024,
    )
    try:
        accepted = await remote.submit(wanted)
        outcome = await remote.poll(accepted.handle)
        if not isinstance(outcome, Finished):
            return outcome, b""
        blob = await remote.collect(accepted.handle, outcome.outputs[0])
        return outcome, blob.path.read_bytes()
    finally:
        await drive.close()


async def _no_inputs(media: Media) -> Path:
    raise AssertionError(f"the order has no inputs, and {media.key} is asked for")
