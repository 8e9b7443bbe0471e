"""The options that commands share: the server, the fields of a request, and how results are printed."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated

import typer

_SERVER = "Server"
_INPUTS = "Images, videos and sounds"
_SHAPE = "The video"
_MORE = "More fields of a request"
_WAIT = "Waiting"

Json = Annotated[bool, typer.Option("--json", help="Print JSON on stdout, and nothing else there.")]
JobId = Annotated[str, typer.Argument(help="The job's id, as generate and jobs list show it.", show_default=False)]
Prompt = Annotated[str | None, typer.Argument(help="What the video should show.", show_default=False)]
ModelName = Annotated[str, typer.Option("--model", "-m", help="A model's id, as models lists them.")]
WebhookSecret = Annotated[
    str | None,
    typer.Option(
        envvar="REELROUTER_WEBHOOK_SECRET",
        help="The secret that webhooks are signed with.",
        rich_help_panel="Webhook",
        show_default=False,
    ),
]


class Profile(StrEnum):
    """What to weigh when a model is chosen."""

    FAST_AND_CHEAP = "fast-and-cheap"
    BALANCED = "balanced"
    QUALITY_AND_COST = "quality-and-cost"


ProfileName = Annotated[
    Profile,
    typer.Option(
        metavar="PROFILE", help=f"What counts when models are ranked: {', '.join(Profile)}.", case_sensitive=False
    ),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerOptions:
    """Which server, with which key."""

    base_url: Annotated[
        str | None,
        typer.Option(
            help="The server, with or without /api/v1; else REELROUTER_BASE_URL, or that of the key's own family.",
            rich_help_panel=_SERVER,
            show_default=False,
        ),
    ] = None
    api_key: Annotated[
        str | None,
        typer.Option(
            help="Your key; else REELROUTER_API_KEY, OPENROUTER_API_KEY or MODELGATES_API_KEY.",
            rich_help_panel=_SERVER,
            show_default=False,
        ),
    ] = None
    timeout: Annotated[
        float,
        typer.Option(min=0.1, metavar="SECONDS", help="How long to wait for an answer.", rich_help_panel=_SERVER),
    ] = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ShapeOptions:
    """What the video should be like, whoever makes it."""

    duration: Annotated[
        int | None,
        typer.Option("--duration", "-d", min=1, metavar="SECONDS", help="Its length.", rich_help_panel=_SHAPE),
    ] = None
    resolution: Annotated[
        str | None, typer.Option("--resolution", "-r", help="For example 720p.", rich_help_panel=_SHAPE)
    ] = None
    aspect_ratio: Annotated[
        str | None, typer.Option("--aspect-ratio", "-a", help="For example 16:9.", rich_help_panel=_SHAPE)
    ] = None
    size: Annotated[str | None, typer.Option(help="Pixels, for example 1280x720.", rich_help_panel=_SHAPE)] = None
    audio: Annotated[
        bool | None, typer.Option("--audio/--no-audio", help="With or without sound.", rich_help_panel=_SHAPE)
    ] = None
    max_price: Annotated[
        float | None,
        typer.Option(min=0, metavar="DOLLARS", help="What the video may cost at most.", rich_help_panel=_SHAPE),
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestOptions(ShapeOptions):
    """Every field of a request but the model and the prompt."""

    first_frame: Annotated[
        str | None,
        typer.Option(
            metavar="FILE|URL", help="The image that the video begins with, exactly.", rich_help_panel=_INPUTS
        ),
    ] = None
    last_frame: Annotated[
        str | None,
        typer.Option(
            metavar="FILE|URL", help="The image that the video ends with, exactly.", rich_help_panel=_INPUTS
        ),
    ] = None
    reference: Annotated[
        list[str],
        typer.Option(
            metavar="FILE|URL",
            help="An image, a video or a sound to be guided by; repeatable. The kind is told from the name; "
            "where it does not show, write it in front, as in video:https://…; else it is taken for an image.",
            rich_help_panel=_INPUTS,
            show_default=False,
        ),
    ] = field(default_factory=list)
    seed: Annotated[
        int | None,
        typer.Option(help="The same seed gives the same video, where a model can.", rich_help_panel=_MORE),
    ] = None
    option: Annotated[
        list[str],
        typer.Option(
            metavar="SLUG.KEY=VALUE",
            help="A provider's own option; repeatable. The value is JSON, or else text.",
            rich_help_panel=_MORE,
            show_default=False,
        ),
    ] = field(default_factory=list)
    provider: Annotated[
        list[str],
        typer.Option(
            metavar="KEY=VALUE",
            help="How a provider is chosen, where the server has that; repeatable: sort=price, zdr=true.",
            rich_help_panel=_MORE,
            show_default=False,
        ),
    ] = field(default_factory=list)
    fallback: Annotated[
        list[str],
        typer.Option(
            metavar="MODEL",
            help="A model to fall back to, where the server has that; repeatable.",
            rich_help_panel=_MORE,
            show_default=False,
        ),
    ] = field(default_factory=list)
    previous_job: Annotated[
        str | None,
        typer.Option(metavar="ID", help="A completed job to edit or to continue.", rich_help_panel=_MORE),
    ] = None
    upscale_factor: Annotated[
        float | None, typer.Option(help="For models that enlarge.", rich_help_panel=_MORE)
    ] = None
    creativity: Annotated[
        int | None, typer.Option(help="For models that enlarge: 0 is precise.", rich_help_panel=_MORE)
    ] = None
    user: Annotated[
        str | None, typer.Option(help="On whose behalf; kept with the job.", rich_help_panel=_MORE)
    ] = None
    session_id: Annotated[
        str | None, typer.Option(help="Groups jobs; kept with the job.", rich_help_panel=_MORE)
    ] = None
    trace: Annotated[
        list[str],
        typer.Option(
            metavar="KEY=VALUE",
            help="A field of trace; repeatable; kept with the job.",
            rich_help_panel=_MORE,
            show_default=False,
        ),
    ] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class PaceOptions:
    """How long to wait for a job."""

    attempts: Annotated[
        int, typer.Option(min=1, metavar="N", help="How often to ask before giving up.", rich_help_panel=_WAIT)
    ] = 60
    interval: Annotated[
        float,
        typer.Option(
            min=0,
            metavar="SECONDS",
            help="Time between two polls, where the server cannot stream.",
            rich_help_panel=_WAIT,
        ),
    ] = 30.0
