"""The table of commands."""

import typer

from reelrouter.cli import check_compat, demo, generate, keys, serve

app = typer.Typer(
    name="reelrouter",
    help="One video API in front of every video model.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("serve")(serve.serve)
app.command("demo")(demo.demo)
app.command("generate")(generate.generate)
app.command("check-compat")(check_compat.check_compat)
app.add_typer(keys.app, name="keys")
