"""The table of commands. It says what each is for; a command's code is loaded when it is called."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command, get_group

from reelrouter.cli.ending import TOLD
from reelrouter.cli.loading import loaded_from

_VIDEOS, _CHOOSING, _HOOKS, _OWN = "Make videos", "Choose and check", "Webhooks", "This installation"


class Entry(NamedTuple):
    """A line of the table."""

    place: str
    """`module:name`, the name of a function or of a Typer app."""
    summary: str
    panel: str


COMMANDS: Mapping[str, Entry] = {
    "generate": Entry("generate:generate", "Make a video and save it.", _VIDEOS),
    "jobs": Entry("jobs:app", "List, follow, cancel, delete and download jobs.", _VIDEOS),
    "demo": Entry("demo:demo", "Make three videos without key or account, and look into them.", _VIDEOS),
    "models": Entry("models:app", "List the models, with what each takes and costs.", _CHOOSING),
    "choose": Entry("choose:choose", "Rank the models that can serve a request.", _CHOOSING),
    "estimate": Entry("estimate:estimate", "Say what a request would cost, line by line.", _CHOOSING),
    "check-image": Entry("check_image:check_image", "Look at an image as a provider would.", _CHOOSING),
    "webhooks": Entry("webhooks:app", "See, replay and try out what is delivered; change what signs it.", _HOOKS),
    "verify-webhook": Entry("verify_webhook:verify_webhook", "Check a webhook's signature.", _HOOKS),
    "send-test-webhook": Entry("send_test_webhook:send_test_webhook", "Send a signed webhook to a URL.", _HOOKS),
    "serve": Entry("serve:serve", "Run the gateway.", _OWN),
    "api": Entry("api:api", "Run the API alone.", _OWN),
    "engine": Entry("engine:engine", "Run an engine alone.", _OWN),
    "workspaces": Entry("workspaces:app", "Make, list and change workspaces.", _OWN),
    "keys": Entry("keys:app", "Make, list, change and disable API keys.", _OWN),
    "credits": Entry("credits:app", "Grant workspaces credits, and show them.", _OWN),
    "budgets": Entry("budgets:app", "Limit what workspaces may spend in a time.", _OWN),
    "usage": Entry("usage:usage", "Sum up what jobs have cost.", _OWN),
    "byok": Entry("byok:app", "Keep the vendor keys that workspaces bring.", _OWN),
    "backup": Entry("backup:backup", "Copy this installation into a folder, while it runs.", _OWN),
    "restore": Entry("restore:restore", "Make an installation of a backup.", _OWN),
    "doctor": Entry("doctor:doctor", "Look for what keeps videos from being made.", _OWN),
    "emulate": Entry("emulate:emulate", "Run fake vendors, to try a gateway out.", _OWN),
    "record": Entry("record:record", "Run one real job and keep the vendor's replies.", _OWN),
    "check-compat": Entry("check_compat:check_compat", "Check whether a server keeps the contract.", _OWN),
    "completion": Entry("completion:completion", "Print the completion script of a shell.", _OWN),
}


class Table(TyperGroup):
    """Shows the table, and loads what is called."""

    def __init__(self, **given: Any) -> None:
        shown = {
            name: TyperCommand(name, help=entry.summary, rich_help_panel=entry.panel)
            for name, entry in COMMANDS.items()
        }
        super().__init__(**{**given, "commands": shown})

    def get_params(self, ctx: Any) -> list[Any]:
        """Without Typer's options for completion, which has a command of its own."""
        return [one for one in super().get_params(ctx) if "completion" not in (one.name or "")]

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name, shown, rest = super().resolve_command(ctx, args)
        return name, shown and loaded(args[0]), rest


def loaded(name: str) -> Any:
    """The command itself."""
    found = loaded_from(COMMANDS[name].place)
    if isinstance(found, typer.Typer):
        return get_group(found)
    alone = typer.Typer(add_completion=False)
    alone.command(name)(found)
    return get_command(alone)


app = typer.Typer(
    name="reelrouter",
    cls=Table,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(epilog=TOLD)
def reelrouter() -> None:
    """One video API in front of every video model: ReelRouter, OpenRouter, ModelGates, or any server like them.

    Server and key come from REELROUTER_API_KEY and REELROUTER_BASE_URL, or those of OPENROUTER or MODELGATES.

    Example: reelrouter generate "a red fox in falling snow" --output fox.mp4
    """
