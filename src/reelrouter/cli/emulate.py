"""`reelrouter emulate`: fake vendors on this machine, to try a gateway out without an account or a bill."""

from typing import Annotated

import typer

from reelrouter.cli.loading import loaded_from
from reelrouter.cli.options import Json


def emulate(
    vendors: Annotated[
        list[str] | None, typer.Argument(help="Which; all of them by default.", show_default=False)
    ] = None,
    port: Annotated[
        int,
        typer.Option(min=0, max=65535, help="The first one's; the others' follow. 0 takes any that are free."),
    ] = 9300,
    seconds: Annotated[float, typer.Option(min=0, help="How long each video takes.")] = 3.0,
    script: Annotated[
        str | None,
        typer.Option(
            metavar="JSON", help='What befalls every job, e.g. {"end": "policy_output"}.', show_default=False
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Run fake vendors until Ctrl-C, and print the environment that leads a gateway to them.

    Each takes the key "emulated-key" and no other, is as strict as the vendor,
    and delivers a short video. POST /_emulator/scripts at any of them says what
    befalls its next jobs; GET /_emulator/journal tells what came in.

    Example: reelrouter emulate byteplus --port 9300

    Example: reelrouter emulate --seconds 20 --script '{"end": "transient"}' --json
    """
    loaded_from("emulating:run")(
        vendors, port, loaded_from("emulating:script_of")(script, seconds), as_json=as_json
    )
