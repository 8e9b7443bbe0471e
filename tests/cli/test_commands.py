"""The table of commands, its help, and what starting it costs."""

import inspect
import re
import subprocess
import sys
from collections.abc import Iterator

from reelrouter.cli import ending
from reelrouter.cli.commands import COMMANDS, loaded
from tests.cli.running import run, run_well

_HEAVY = {"aiohttp", "httpx", "pydantic", "starlette", "sqlalchemy", "numpy", "av", "dbos", "reelrouter.catalogue"}


def every_command() -> Iterator[tuple[str, ...]]:
    """All that can be typed, with the commands of groups."""
    for name in COMMANDS:
        yield (name,)
        yield from ((name, inner) for inner in getattr(loaded(name), "commands", ()))


def test_every_command_explains_itself_with_an_example() -> None:
    """The commands of groups too."""
    for command in every_command():
        shown = run_well(*command, "--help")
        assert f"Example: reelrouter {command[0]}" in " ".join(shown.split()), command


def test_the_first_help_lists_every_command_and_every_exit_code() -> None:
    """The codes are those of the one place where they are defined."""
    shown = " ".join(run_well("--help").split())
    for name in COMMANDS:
        assert f"│ {name} " in shown
    for code in ending.Exit:
        assert re.search(rf"\b{code:d} ", shown), code
        assert re.search(rf"^ *{code:d}   ", inspect.getdoc(ending) or "", re.MULTILINE), code


def test_a_start_loads_what_is_called_and_no_more() -> None:
    """Neither server nor renderer nor catalogue, nor even HTTP, for a look at the help."""
    code = (
        "import sys; sys.argv = ['reelrouter', '--help']\n"
        "from reelrouter.cli import main\n"
        "try: main()\n"
        "finally: print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert "Make videos" in done.stdout
    assert _HEAVY.isdisjoint(done.stderr.split())


def test_a_mistyped_command_is_put_right() -> None:
    """The nearest name is given."""
    result = run("genrate")
    assert result.exit_code == ending.Exit.USAGE
    assert "'generate'" in result.stderr


def test_bash_completes_commands_and_options() -> None:
    """With the script that `completion` prints."""
    script = run_well("completion", "bash")
    words = "COMP_WORDS=(reelrouter jobs wa); COMP_CWORD=2"
    ask = f'{words}; _reelrouter_completion "$REELROUTER"; echo "${{COMPREPLY[@]}}"'
    done = subprocess.run(
        ["/bin/bash", "-c", f"{script}\n{ask}"],
        env={"PATH": "/usr/bin:/bin", "REELROUTER": f"{sys.exec_prefix}/bin/reelrouter"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stdout.split() == ["watch"], done.stderr
