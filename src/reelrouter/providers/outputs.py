"""Files that outputs are put into: new ones, written, looked at, and removed again where nothing came of them."""

import asyncio
import base64
import gzip
import zlib
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, ParamSpec, TypeVar

from reelrouter.errors import StorageFailed, cause_of_os_error
from reelrouter.providers.base import Unclear
from reelrouter.providers.first_bytes import LOOKED_AT, is_packed, is_page
from reelrouter.work import Blob, Finished, OutputInvalid

_CHUNK = 256 * 1024
_TO_STANDARD = str.maketrans("-_", "+/", "\r\n")
"""From base64's other alphabet, and without its line breaks."""

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


def check_file(path: Path, most: int) -> None:
    """Raises `OutputInvalid` for what is said in the place of a file. Whether it plays is not asked here."""
    if is_packed(first_bytes_of(path)):
        _unpack(path, most)
    first = first_bytes_of(path)
    if not first:
        raise OutputInvalid("the output is empty")
    if is_page(first):
        raise OutputInvalid("a page or JSON is in the place of the output")


def decoded(url: str, most: int) -> bytes:
    """An output that stands in its own address, as small ones of a reply that spills do."""
    given = url.partition(",")[2].translate(_TO_STANDARD).rstrip("=")
    try:
        content = base64.b64decode(given + "=" * (-len(given) % 4), validate=True)
    except ValueError as error:
        raise OutputInvalid(f"the output is no base64: {error}") from None
    if len(content) > most:
        raise too_large(most)
    return content


def too_large(most: int) -> OutputInvalid:
    return OutputInvalid(f"the output has more than {most} bytes", final=True)


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


def _unpack(path: Path, most: int) -> None:
    packed = path.rename(path.with_suffix(".gz"))
    try:
        with gzip.open(packed) as file, path.open("wb") as plain:
            size = 0
            while chunk := file.read(_CHUNK):
                size += len(chunk)
                if size > most:
                    raise too_large(most)
                plain.write(chunk)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise OutputInvalid(f"the output cannot be unpacked: {error}") from None
    finally:
        packed.unlink()
