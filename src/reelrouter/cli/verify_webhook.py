"""`reelrouter verify-webhook`: whether a webhook that came in is from whom it says."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from reelrouter.cli.ending import Exit, fail, reported
from reelrouter.cli.options import Json, WebhookSecret
from reelrouter.cli.output import out, print_json, print_line
from reelrouter.cli.tables import pairs
from reelrouter.client.webhooks import TOLERANCE
from reelrouter.client.webhooks import verify_webhook as verify


def verify_webhook(
    body: Annotated[str, typer.Argument(metavar="FILE", help="The body; - for stdin.", show_default=False)],
    header: Annotated[
        list[str] | None,
        typer.Option(
            "--header",
            "-H",
            metavar="NAME:VALUE|@FILE",
            help="A header that came with it, or a file of them, one a line; repeatable.",
            show_default=False,
        ),
    ] = None,
    webhook_secret: WebhookSecret = None,
    tolerance: Annotated[float, typer.Option(min=0, help="Seconds that the clocks may be apart.")] = TOLERANCE,
    as_json: Json = False,
) -> None:
    """Check a webhook's signature: OpenRouter's, ModelGates', ReelRouter's, or that of Standard Webhooks.

    Ends with 0 if one holds, and with 1 if not. The bytes must be those that came: JSON written anew does not do.

    Example: reelrouter verify-webhook body.json -H @headers.txt --webhook-secret "$SECRET"
    """
    if webhook_secret is None:
        fail("there is no secret to check with", Exit.USAGE, "give it as --webhook-secret")
    headers = dict(_header(line) for text in header or () for line in _lines(text))
    with reported(as_json=as_json):
        event = verify(headers, _bytes(body), webhook_secret, tolerance=tolerance)
    if as_json:
        print_json(event.raw)
        return
    print_line("The signature holds.", "bold green")
    facts = {"event": event.type, "made at": event.created_at, "job": event.job.id, "status": event.job.status}
    out.print(pairs((name, value) for name, value in facts.items() if value))


def _bytes(place: str) -> bytes:
    if place == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(place).read_bytes()
    except OSError as error:
        fail(f"{place} cannot be read: {error.strerror}", Exit.USAGE)


def _lines(text: str) -> Iterator[str]:
    lines = _bytes(text[1:]).decode(errors="replace").splitlines() if text.startswith("@") else [text]
    yield from (line for line in lines if line.strip())


def _header(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    if not colon or not name.strip():
        fail(f"{line} is no header; it has the form name: value", Exit.USAGE)
    return name.strip(), value.strip()
