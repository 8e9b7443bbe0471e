"""Serves emulators in this process until it is asked to end."""

import asyncio
import json
import shlex
import signal
from collections.abc import Mapping, Sequence
from dataclasses import fields

from pydantic import TypeAdapter, ValidationError

from reelrouter.cli.ending import Exit, fail
from reelrouter.cli.output import note, print_json, print_line
from reelrouter.emulators.frame import Running, start, stop
from reelrouter.emulators.registry import SITES
from reelrouter.emulators.script import Script
from reelrouter.providers.registry import PROVIDERS


def run(vendors: Sequence[str] | None, port: int, script: Script, *, as_json: bool) -> None:
    """Ends with SIGINT or SIGTERM."""
    wanted = tuple(dict.fromkeys(vendors or SITES))
    if unknown := [name for name in wanted if name not in SITES]:
        fail(f"there is no emulator of {', '.join(unknown)}", Exit.USAGE, f"there are: {', '.join(SITES)}")
    asyncio.run(_serve(wanted, port, script, as_json=as_json))


def script_of(text: str | None, seconds: float) -> Script:
    """Ends the command for a script with a word in it that there is not."""
    try:
        given = json.loads(text) if text else {}
        if not isinstance(given, dict):
            fail("--script must be a JSON object", Exit.USAGE)
        words = [one.name for one in fields(Script)]
        if unknown := [name for name in given if name not in words]:
            fail(f"--script has no {', '.join(unknown)}", Exit.USAGE, f"there are: {', '.join(words)}")
        return TypeAdapter(Script).validate_python({"seconds": seconds, **given})
    except ValidationError as error:
        wrong = [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()]
        fail(f"--script cannot be used: {'; '.join(wrong)}", Exit.USAGE)
    except ValueError as error:
        fail(f"--script is no JSON: {error}", Exit.USAGE)


def environment_of(vendor: str, address: str) -> dict[str, str]:
    """What leads a gateway to a vendor's emulator at an address, by the vendor's own names."""
    access = PROVIDERS[vendor].access
    keys = {**access.needed, **{name: one for name, one in access.optional.items() if name == "api_key"}}
    needed = [variables[0] for variables in keys.values()]
    return SITES[vendor].environment(access.root_variables[0], needed, address)


async def _serve(wanted: Sequence[str], port: int, script: Script, *, as_json: bool) -> None:
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    running: dict[str, Running] = {}
    try:
        for at, name in enumerate(wanted):
            emulator = SITES[name].make()
            emulator.script = script
            running[name] = await start(emulator, port=port + at if port else 0)
        _print({name: one.url for name, one in running.items()}, as_json=as_json)
        await ended.wait()
    except (OSError, OverflowError) as error:
        fail(f"cannot listen: {error}", Exit.USAGE, "choose another --port, or 0 for any that are free")
    finally:
        for one in running.values():
            await stop(one)


def _print(addresses: Mapping[str, str], *, as_json: bool) -> None:
    found = {name: environment_of(name, address) for name, address in addresses.items()}
    if as_json:
        environment = {name: value for one in found.values() for name, value in one.items()}
        print_json({"emulators": addresses, "environment": environment}, in_one_line=True)
        return
    for vendor, environment in found.items():
        print_line(f"# {vendor}: {addresses[vendor]}", "dim")
        for name, value in environment.items():
            print_line(f"export {name}={shlex.quote(value)}")
    note("set these where the gateway is started; Ctrl-C here ends the emulators")
