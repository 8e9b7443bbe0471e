"""`reelrouter doctor`: what keeps videos from being made, as far as it can be seen from here, free of charge."""

import ipaddress
import json
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime
from typing import Annotated
from urllib.parse import urlsplit

import httpx
import typer
from pydantic import ValidationError
from rich.text import Text

from reelrouter.cli import wording
from reelrouter.cli.doctor_jobs import job_findings
from reelrouter.cli.doctor_vendors import vendor_findings
from reelrouter.cli.ending import Exit
from reelrouter.cli.finding import Finding, Level
from reelrouter.cli.groups import grouped
from reelrouter.cli.options import Json, ServerOptions
from reelrouter.cli.output import out, print_json
from reelrouter.cli.tables import table
from reelrouter.client.errors import ClientError, NotFound, Unusable
from reelrouter.client.peer import FAMILIES, Peer, find_peer
from reelrouter.client.sync import Client
from reelrouter.db.migrate import ServerRefused
from reelrouter.db.opening import is_server, skew_from
from reelrouter.errors import OutageCause
from reelrouter.installation import database_url
from reelrouter.settings import read_settings

_STYLES: Mapping[Level, str] = {"ok": "green", "off": "dim", "warn": "yellow", "fail": "bold red"}
_NO_JOB = "gen-vid-0-00000000000000000000"
"""The id of no job: what is answered to it tells whether the key is known."""
_SEE_THE_LOG = "see the server's log"
_SKEW = 60.0
"""Seconds. From 300 on no webhook's signature is believed."""
_DATABASE_SKEW = 2.0
"""Seconds; what processes warn of in their logs."""
_LITTLE_ROOM, _NO_ROOM = 5_000_000_000, 500_000_000


@grouped
def doctor(
    server: ServerOptions,
    probe: Annotated[bool, typer.Option("--probe", help="Ask too whether the vendors can be reached.")] = False,
    as_json: Json = False,
) -> None:
    """Look for what keeps videos from being made: settings, server, key, models, clock, disk, vendors.

    Nothing is submitted, and nothing costs money. Of a server on this machine
    it says too which vendors it can use, and what to set for the others.
    Ends with 1 if something is broken.

    Example: reelrouter doctor

    Example: reelrouter doctor --probe
    """
    findings = list(_findings(server, probe=probe))
    if as_json:
        print_json({"findings": findings})
    else:
        made = table("", "", "~")
        for one in findings:
            made.add_row(Text(one.level, _STYLES[one.level]), one.about, _told(one))
        out.print(made)
    raise typer.Exit(Exit.FAILED if any(one.level == "fail" for one in findings) else Exit.DONE)


def _told(one: Finding) -> Text:
    step = f"\n{one.next_step[:1].upper()}{one.next_step[1:]}." if one.next_step else ""
    return Text.assemble(one.text, (step, "dim"))


def _findings(server: ServerOptions, *, probe: bool) -> Iterator[Finding]:
    yield _environment()
    try:
        peer = find_peer(server.api_key, server.base_url)
    except Unusable as error:
        yield Finding("fail", "server", error.message, error.next_step)
        return
    try:
        answer = httpx.get(f"{peer.root}/readyz", timeout=server.timeout)
    except httpx.RequestError as error:
        yield Finding("fail", "server", f"{peer.root} does not answer: {error}", _start(peer))
    else:
        yield from _readiness(peer, answer)
        yield _clock(answer.headers.get("Date", ""), time.time())
        with Client(peer.key, peer.api, timeout=server.timeout) as client:
            yield _key(client, peer)
            yield _models(client)
    if _is_local(peer):
        yield _disk()
        yield from job_findings()
        yield from _database_clock()
        yield from vendor_findings(probe=probe)


def _environment() -> Finding:
    names = [
        name for family in FAMILIES for name in (family.key_name, family.address_name) if os.environ.get(name)
    ]
    if not names:
        return Finding("ok", "environment", "names neither a key nor a server")
    keys = [name for name in names if name.endswith("_API_KEY")]
    if len(keys) > 1:
        return Finding("warn", "environment", f"has {wording.either(keys, 'and')}; the first is used")
    return Finding("ok", "environment", f"has {wording.either(names, 'and')}")


def _start(peer: Peer) -> str:
    return "start it: reelrouter serve" if _is_local(peer) else "check the address, and the network between"


def _readiness(peer: Peer, answer: httpx.Response) -> Iterator[Finding]:
    if answer.is_success and answer.headers.get("Content-Type", "").startswith("application/json"):
        yield Finding("ok", "server", f"{peer.root} is ready")
    elif answer.status_code != 503:
        yield Finding("ok", "server", f"{peer.root} answers, and does not say whether it is ready")
    elif parts := _unusable_parts(answer.content):
        for told, step in parts:
            yield Finding("fail", "server", f"{peer.root} is not ready: {told}", step)
    else:
        yield Finding("fail", "server", f"{peer.root} is not ready: {answer.text[:200]}", _SEE_THE_LOG)


def _unusable_parts(content: bytes) -> list[tuple[str, str]]:
    """What `/readyz` says of each part that cannot be used, and what to do; empty if it is no answer of ours."""
    try:
        said = json.loads(content)
        parts, causes = said["parts"].items(), said.get("causes") or {}
        return [(f"{part}: {told}", _step(causes.get(part))) for part, told in parts if told != "ok"]
    except (ValueError, KeyError, TypeError, AttributeError):
        return []


def _step(named: str | None) -> str:
    return next((cause.remedy for cause in OutageCause if cause == named), _SEE_THE_LOG)


def _clock(date: str, now: float) -> Finding:
    try:
        skew = now - parsedate_to_datetime(date).timestamp()
    except ValueError:
        return Finding("warn", "clock", "the server does not say what time it is")
    if abs(skew) <= _SKEW:
        return Finding("ok", "clock", "agrees with the server's")
    text = f"is {abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} the server's"
    return Finding("warn", "clock", text, "set both by the network: signatures are only believed for minutes")


def _database_clock() -> Iterator[Finding]:
    """Only of a gateway on a server: jobs go by that server's clock, and this machine's should agree with it."""
    try:
        url = database_url(read_settings())
        skew = skew_from(url) if is_server(url) else None
    except (ValidationError, FileNotFoundError):
        return  # the data's line says it
    except ServerRefused as refused:
        yield Finding("fail", "database", f"cannot be used: {refused}", "see REELROUTER_DATABASE_URL")
        return
    if skew is None:
        return
    if abs(skew) <= _DATABASE_SKEW:
        yield Finding("ok", "database", "answers, and its clock agrees with this machine's")
        return
    text = f"this machine's clock is {abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} the database's"
    yield Finding("warn", "database", text, "set both by the network; jobs go by the database's")


def _key(client: Client, peer: Peer) -> Finding:
    """A question about no job costs nothing, and is refused in another way to those who have no valid key."""
    try:
        client.get(_NO_JOB)
    except NotFound:
        return Finding("ok", "key", f"is known to the server: {_mode(peer.key or '')}")
    except ClientError as error:
        return Finding("fail", "key", error.message, error.next_step)
    return Finding("warn", "key", "cannot be told: the server answers for jobs that it cannot have")


def _mode(key: str) -> str:
    if key.startswith("rr-test-"):
        return "a test key, every model, free of charge"
    return "a live key" if key.startswith("rr-live-") else "jobs are billed to its account"


def _models(client: Client) -> Finding:
    try:
        count = len(client.models())
    except ClientError as error:
        return Finding("fail", "models", error.message, error.next_step)
    if count == 0:
        return Finding("fail", "models", "this key can use none", "see what is missing: reelrouter models --all")
    return Finding("ok", "models", f"{count} can be used")


def _is_local(peer: Peer) -> bool:
    host = urlsplit(peer.api).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _disk() -> Finding:
    try:
        folder = read_settings().data_dir
    except (ValidationError, FileNotFoundError) as error:
        return Finding("fail", "data", " ".join(str(error).split()), "correct the settings of this machine")
    if not folder.is_dir():
        return Finding("ok", "data", f"{folder} is not there; a server that is started here makes it")
    if not os.access(folder, os.W_OK):
        return Finding("fail", "data", f"{folder} cannot be written to", "correct its owner or its permissions")
    free = shutil.disk_usage(folder).free
    level: Level = "fail" if free < _NO_ROOM else "warn" if free < _LITTLE_ROOM else "ok"
    step = None if level == "ok" else "make room, or shorten REELROUTER_RETENTION"
    return Finding(level, "data", f"{folder} has room for {wording.size(free)}", step)
