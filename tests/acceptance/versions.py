"""The version before this one, taken from the repository's history and run beside it."""

import io
import subprocess
import tarfile
from collections.abc import Mapping
from pathlib import Path

PREVIOUS = "b5ecba27a835c6622ca7687969b5d31c5495d62c"
"""The commit that stands for the version before. Moved to each release when the work on the next one begins, and
to the last commit before a migration that the version named here does not bear."""
_ROOT = Path(__file__).parents[2]


def unpacked(commit: str, folder: Path) -> Mapping[str, str]:
    """Lays the commit's sources into `folder`; the environment under which our programs run from them."""
    found = subprocess.run(
        ("git", "-C", str(_ROOT), "archive", commit, "src"),  # noqa: S607 - whichever git there is
        capture_output=True,
        check=False,
    )
    assert found.returncode == 0, (
        f"the version before this one is commit {commit}, which is not here; in a shallow clone get it with: "
        f"git fetch --unshallow. git says: {found.stderr.decode()}"
    )
    with tarfile.open(fileobj=io.BytesIO(found.stdout)) as sources:
        sources.extractall(folder, filter="data")
    return {"PYTHONPATH": str(folder / "src")}
