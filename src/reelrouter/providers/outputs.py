"""Files that outputs are put into: new ones, written, and removed again where nothing came of them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, ParamSpec, TypeVar

from reelrouter.errors import StorageFailed, cause_of_os_error
from reelrouter.providers.base import Unclear
from reelrouter.providers.first_bytes import LOOKED_AT
from reelrouter.work import Blob, Finished

P = ParamSpec("P")
T = TypeVar("T")


def new_file(directory: Path) -> Path:
    """An empty one, whose name nobody else has. Raises `StorageFailed`."""

    def make() -> Path:
        with NamedTemporaryFile(dir=directory, suffix=".mp4", delete=False) as file:
            return Path(file.name)

    return stored(make)


def first_bytes_of(path: Path) -> bytes:
    """Enough of a file to tell what it is."""
    with path.open("rb") as file:
        return file.read(LOOKED_AT)


def paths_in(value: Any) -> set[Path]:
    """The files that are outputs."""
    outputs = value.outputs if isinstance(value, Finished | Unclear) else ()
    return {one.path for one in outputs if isinstance(one, Blob)}


def stored(write: Callable[P, T], *given: P.args, **named: P.kwargs) -> T:
    """Our own disk's trouble is never taken for the vendor's: nothing is thrown away that is paid."""
    try:
        return write(*given, **named)
    except OSError as error:
        raise StorageFailed(f"an output cannot be written: {error.strerror}", cause_of_os_error(error)) from error


@asynccontextmanager
async def removed_on_failure(paths: Collection[Path]) -> AsyncIterator[None]:
    try:
        yield
    except BaseException:
        await remove(paths)
        raise


async def remove(paths: Collection[Path]) -> None:
    for path in paths:
        await asyncio.to_thread(path.unlink, missing_ok=True)
