"""The options that set rules of workspaces and keys, and what they come to as a body of the API."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import typer

from reelrouter.cli.durations import moment_of, seconds_of
from reelrouter.cli.ending import Exit, fail

_RULES = "Rules"
Strict = Annotated[
    bool | None,
    typer.Option(
        "--strict/--no-strict", help="Refuse what would be accepted with a warning.", rich_help_panel=_RULES
    ),
]
Rate = Annotated[int | None, typer.Option(min=1, metavar="N", help="Requests a minute.", rich_help_panel=_RULES)]
Concurrency = Annotated[
    int | None, typer.Option(min=1, metavar="N", help="Unfinished jobs at one time.", rich_help_panel=_RULES)
]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyOptions:
    """What a key may do."""

    limit: Annotated[
        float | None,
        typer.Option(min=0, metavar="DOLLARS", help="What it may spend; live keys only.", rich_help_panel=_RULES),
    ] = None
    per: Annotated[
        Literal["total", "daily", "weekly", "monthly"] | None,
        typer.Option(help="When the limit starts anew, by UTC; total is never.", rich_help_panel=_RULES),
    ] = None
    include_byok: Annotated[
        bool | None,
        typer.Option(
            "--include-byok/--no-include-byok",
            help="Whether jobs on the workspace's own vendor keys count.",
            rich_help_panel=_RULES,
        ),
    ] = None
    expires: Annotated[
        str | None,
        typer.Option(
            metavar="WHEN",
            help="When it stops working: in 30d, on 2027-01-31, or at 2027-01-31T12:00:00Z.",
            rich_help_panel=_RULES,
        ),
    ] = None
    rate: Rate = None
    concurrency: Concurrency = None
    strict: Strict = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceOptions:
    """What a workspace's jobs are made by."""

    name: Annotated[str | None, typer.Option(help="What people call it.")] = None
    description: Annotated[str | None, typer.Option(help="What it is for.")] = None
    callback_url: Annotated[
        str | None,
        typer.Option(
            metavar="URL", help="Who is told of a job's end where a request names nobody.", rich_help_panel=_RULES
        ),
    ] = None
    allow_model: Annotated[
        list[str],
        typer.Option(
            metavar="ID", help="A model that may be used; repeatable. Without, all.", rich_help_panel=_RULES
        ),
    ] = field(default_factory=list)
    allow_provider: Annotated[
        list[str],
        typer.Option(
            metavar="NAME", help="A provider that may be used; repeatable. Without, all.", rich_help_panel=_RULES
        ),
    ] = field(default_factory=list)
    sort: Annotated[
        Literal["price", "latency"] | None,
        typer.Option(help="How providers are ranked where a request does not say.", rich_help_panel=_RULES),
    ] = None
    retention: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="How long videos are kept: 3600, 12h, 7d.", rich_help_panel=_RULES),
    ] = None
    zdr: Annotated[
        bool | None,
        typer.Option("--zdr/--no-zdr", help="Jobs go only where nothing is kept.", rich_help_panel=_RULES),
    ] = None
    rate: Rate = None
    concurrency: Concurrency = None
    strict: Strict = None


KEY_FIELDS = {
    "limit": "limit",
    "expires": "expires_at",
    "rate": "requests_per_minute",
    "concurrency": "concurrency",
}
"""Options of keys that `--clear` knows, and their fields."""
WORKSPACE_FIELDS = {
    "description": "description",
    "callback-url": "callback_url",
    "models": "allowed_models",
    "providers": "allowed_providers",
    "sort": "default_provider_sort",
    "retention": "retention",
    "rate": "requests_per_minute",
    "concurrency": "concurrency",
}


def key_body(options: KeyOptions) -> dict[str, Any]:
    """What was said, and nothing else."""
    body: dict[str, Any] = {
        "limit": options.limit,
        "include_byok_in_limit": options.include_byok,
        "expires_at": None if options.expires is None else moment_of(options.expires, "--expires"),
        "requests_per_minute": options.rate,
        "concurrency": options.concurrency,
        "strict_parameters": options.strict,
    }
    said = {name: value for name, value in body.items() if value is not None}
    if options.per is not None:
        said["limit_reset"] = None if options.per == "total" else options.per
    return said


def workspace_body(options: WorkspaceOptions) -> dict[str, Any]:
    """What was said, and nothing else."""
    body: dict[str, Any] = {
        "name": options.name,
        "description": options.description,
        "callback_url": options.callback_url,
        "allowed_models": options.allow_model or None,
        "allowed_providers": options.allow_provider or None,
        "default_provider_sort": options.sort,
        "retention": None if options.retention is None else seconds_of(options.retention, "--retention"),
        "zdr": options.zdr,
        "requests_per_minute": options.rate,
        "concurrency": options.concurrency,
        "strict_parameters": options.strict,
    }
    return {name: value for name, value in body.items() if value is not None}


def cleared(names: Sequence[str], fields: dict[str, str], body: dict[str, Any]) -> dict[str, Any]:
    """The body with null for each rule that is to go; ends the command for one that it sets at the same time."""
    for name in names:
        if name not in fields:
            fail(f"--clear takes {', '.join(fields)}, and not {name!r}", Exit.USAGE)
        if fields[name] in body:
            fail(f"{name} cannot be set and cleared at once", Exit.USAGE)
    return body | {fields[name]: None for name in names}
