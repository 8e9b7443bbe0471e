"""`reelrouter record`: one real job at a vendor, kept as a fixture that proves what its adapter believes."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer

from reelrouter.cli.groups import grouped
from reelrouter.cli.loading import loaded_from
from reelrouter.cli.options import Json

_JOB, _RECORDING = "The job", "The recording"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderOptions:
    """What the vendor is to make. Nothing is looked up: a model's own limits are the vendor's to enforce."""

    model: Annotated[
        str,
        typer.Option(
            "--model", "-m", help="The vendor's own id of the model.", rich_help_panel=_JOB, show_default=False
        ),
    ]
    prompt: Annotated[
        str,
        typer.Option("--prompt", "-p", help="What to show.", rich_help_panel=_JOB, show_default=False),
    ]
    duration: Annotated[
        int, typer.Option("--duration", "-d", min=1, metavar="SECONDS", rich_help_panel=_JOB, help="Its length.")
    ] = 5
    resolution: Annotated[str, typer.Option("--resolution", "-r", help="By its name.", rich_help_panel=_JOB)] = (
        "720p"
    )
    aspect_ratio: Annotated[
        str, typer.Option("--aspect-ratio", "-a", help="Width to height.", rich_help_panel=_JOB)
    ] = "16:9"
    audio: Annotated[
        bool, typer.Option("--audio/--no-audio", help="With or without sound.", rich_help_panel=_JOB)
    ] = False
    seed: Annotated[
        int | None, typer.Option(help="For the same video again.", rich_help_panel=_JOB, show_default=False)
    ] = None
    first_frame: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The image to begin with.", rich_help_panel=_JOB)
    ] = None
    last_frame: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The image to end with.", rich_help_panel=_JOB)
    ] = None
    reference: Annotated[
        list[Path],
        typer.Option(
            metavar="FILE",
            help="An image to be guided by; repeatable.",
            rich_help_panel=_JOB,
            show_default=False,
        ),
    ] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingOptions:
    """Where it goes, and how long it takes."""

    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            help="The file to write; it must be new.",
            rich_help_panel=_RECORDING,
            show_default=False,
        ),
    ]
    video: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Keep the video as well.", rich_help_panel=_RECORDING)
    ] = None
    interval: Annotated[
        float | None,
        typer.Option(
            min=0,
            metavar="SECONDS",
            help="Time between two polls; else the adapter's own pace.",
            rich_help_panel=_RECORDING,
        ),
    ] = None
    patience: Annotated[
        float,
        typer.Option(min=0.1, metavar="SECONDS", help="The longest wait.", rich_help_panel=_RECORDING),
    ] = 1800.0


@grouped
def record(
    provider: Annotated[str, typer.Argument(help="The vendor, as doctor names it.", show_default=False)],
    order: OrderOptions,
    recording: RecordingOptions,
    account: Annotated[
        str | None, typer.Option(help="Which of the accounts with it pays; else the first.", show_default=False)
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask first.")] = False,
    as_json: Json = False,
) -> None:
    """Run one real job at a vendor, which bills it, and keep every call and reply as a test fixture.

    Keys, sign-ins, signatures in addresses, e-mail addresses and whatever looks
    like a token are replaced before anything is written, and files by digests.
    Look through the recording and put it into tests/providers/recorded as
    <provider>-<date>.json: from then on the tests hold the adapter against it.

    Example: reelrouter record byteplus -m dreamina-seedance-2-0-mini-260615 -p "a boat" -o seedance.json --yes
    """
    loaded_from("recording:run")(provider, account, order, recording, yes=yes, as_json=as_json)
