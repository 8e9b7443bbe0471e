"""The files of jobs: which bytes an address stands for, and the bytes."""

from collections.abc import AsyncIterator
from pathlib import Path

from reelrouter.gateway.stations import Stations
from reelrouter.jobs.content import ContentFile, ContentRequest

_ADDRESS_SECONDS = 3600.0
"""Players come back to an address for every part that they want; downloads only have to begin in time."""


class Files:
    def __init__(self, stations: Stations) -> None:
        self._at = stations

    async def find(self, asked: ContentRequest) -> ContentFile:
        """The file behind an address, for a key of its workspace or a signature that is still alive."""
        return await self._at.contents.find(asked)

    async def address_of(self, file: ContentFile) -> str | None:
        """Where the client may fetch a file from the storage itself; None if it is to be sent from here.

        One that goes once it was sent whole is sent from here: nobody would tell us of the last byte.
        """
        if not self._at.terms.redirects or file.once is not None:
            return None
        return await self._at.objects.signed_address(file.key, _ADDRESS_SECONDS)

    def local_path(self, file: ContentFile) -> Path | None:
        """Where a file lies on this machine, if the storage is a disk."""
        return self._at.objects.local_path(file.key)

    def read_range(self, file: ContentFile, start: int, end: int) -> AsyncIterator[bytes]:
        """The bytes from `start` up to, not including, `end`, in bounded pieces."""
        return self._at.objects.open_range(file.key, start, end, size=file.size)

    async def sent(self, file: ContentFile) -> None:
        """To be told when a file was sent whole: some are kept only until then."""
        await self._at.contents.forget(file)
