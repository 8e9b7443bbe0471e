"""The command line: one command per file, each parse, one call, print."""

from reelrouter.cli.commands import app


def main() -> None:
    """The `reelrouter` command."""
    app()
