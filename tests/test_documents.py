"""What the documents say is what the code does."""

import inspect
import re
from pathlib import Path

from reelrouter import errors
from reelrouter.api.problems import STATUS
from reelrouter.catalogue.script import WORDS
from reelrouter.cli.commands import COMMANDS
from reelrouter.settings import Settings

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
OPERATING = (ROOT / "src/reelrouter/docs/operating.md").read_text()


def error_classes() -> set[str]:
    return {
        name
        for name, value in inspect.getmembers(errors, inspect.isclass)
        if issubclass(value, errors.ReelRouterError) and value is not errors.ReelRouterError
    }


def test_the_error_tree_in_the_docstring_is_the_tree() -> None:
    """Whoever reads the drawing knows every error there is."""
    drawn = set(re.findall(r"[├└]── (\w+)", errors.__doc__ or ""))
    assert drawn == error_classes()


def test_every_error_has_a_status() -> None:
    """No error of ours reaches a client as something else."""
    assert {error.__name__ for error in STATUS} == error_classes() | {"ReelRouterError"}


def test_the_readme_names_settings_that_exist() -> None:
    """Every name in the table of settings can be set."""
    table = README.split("| setting | default |")[1].split("\n\n")[0]
    named = {name.lower() for name in re.findall(r"`([A-Z_]+)`", table)}
    assert named
    assert named <= set(Settings.model_fields)


def test_the_readme_names_commands_that_exist() -> None:
    """Each `reelrouter <command>` that is shown can be run."""
    shown = r"(?:^|`|uv run |uvx --from \S+ )reelrouter ([a-z][a-z-]+)"
    names = set(re.findall(shown, README, flags=re.MULTILINE))
    assert {"serve", "demo", "generate"} <= names <= COMMANDS.keys()


def test_the_readme_names_script_words_that_exist() -> None:
    """Each word that a test prompt may hold is one that the reader knows."""
    assert set(re.findall(r"`\[\[([a-z]+)", README)) <= set(re.findall(r"\[\[([a-z]+)", " ".join(WORDS)))


def test_operators_find_every_cause_of_an_outage() -> None:
    """The table has a row for each word that `/readyz` and the log may say, and no other."""
    table = OPERATING.split("| cause | what it means |")[1].split("\n\n")[0]
    assert re.findall(r"^\| `(\w+)` \|", table, flags=re.MULTILINE) == [
        cause.value for cause in errors.OutageCause
    ]


def test_every_folder_and_file_that_documents_name_is_there() -> None:
    """Nobody is sent to a place that has moved."""
    for document in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"):
        text = (ROOT / document).read_text()
        for path in re.findall(r"`((?:src|tests|bench)/[\w/.<>-]*)`", text):
            assert (ROOT / path.split("<")[0]).exists(), f"{document} names {path}"
        for path in re.findall(
            r"`((?:api|media|catalogue|routing|jobs|renderer|storage|db|observe)/[\w/]+\.py)`", text
        ):
            assert (ROOT / "src/reelrouter" / path).exists(), f"{document} names {path}"


def test_the_lock_names_only_the_public_registries() -> None:
    """A lock that was made behind a mirror would not install anywhere else."""
    hosts = set(re.findall(r"https?://([^/\"]+)", (ROOT / "uv.lock").read_text()))
    assert hosts == {"pypi.org", "files.pythonhosted.org"}
