"""Which container a file is by its own bytes, and whether all of it is there. Nothing is decoded here.

FFmpeg is then told which demuxer to use. Left to guess it would also open playlists, which name other files
and addresses to read.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    demuxer: str
    """FFmpeg's name for it."""
    mime: str
    """As a video, where the container can hold one."""
    complete: bool = True
    """False if the file ends before its own tables say that it does."""
    faststart: bool = True
    """Whether playing can begin before all of the file has arrived."""


def identify(path: Path) -> Container | None:
    """None for everything that is not MP4, MOV, WebM, Matroska, WAV, MP3, AAC, FLAC or Ogg."""
    with path.open("rb") as file:
        head = file.read(4096)
        size = file.seek(0, os.SEEK_END)
        if head[4:8] in _FIRST_BOXES and head[4:12] not in _PICTURES:
            return _read_mp4(file, head, size)
        if head.startswith(_EBML):
            return _read_matroska(file, head, size)
    return _read_sound(head, size)


_FIRST_BOXES = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")
"""Old QuickTime files have no `ftyp`."""
_PICTURES = (b"ftypavif", b"ftypavis", b"ftypheic", b"ftypheix", b"ftypmif1", b"ftypmsf1")
"""AVIF and HEIC share the boxes of MP4."""
_EBML = b"\x1aE\xdf\xa3"
_SEGMENT = b"\x18S\x80g"
_RIFF_UNKNOWN = 0xFFFFFFFF


def _read_mp4(file: BinaryIO, head: bytes, size: int) -> Container:
    boxes = list(_boxes(file, size))
    order = [name for name, _ in boxes]
    quicktime = head[4:8] != b"ftyp" or head[8:12] == b"qt  "
    return Container(
        demuxer="mov",
        mime="video/quicktime" if quicktime else "video/mp4",
        complete=b"moov" in order and all(end <= size for _, end in boxes),
        faststart=b"moov" in order and (b"mdat" not in order or order.index(b"moov") < order.index(b"mdat")),
    )


def _boxes(file: BinaryIO, size: int) -> Iterator[tuple[bytes, int]]:
    """Name and end of each outermost box; what follows the last sound one is padding."""
    offset = 0
    while offset + 8 <= size:
        file.seek(offset)
        header = file.read(16)
        length = int.from_bytes(header[:4])
        if length == 1:
            length = int.from_bytes(header[8:16])
        elif length == 0:
            length = size - offset
        if length < 8:
            return
        offset += length
        yield header[4:8], offset


def _read_matroska(file: BinaryIO, head: bytes, size: int) -> Container:
    file.seek(len(_EBML))
    header_length = _read_number(file) or 0
    file.seek(header_length, os.SEEK_CUR)
    is_segment = file.read(len(_SEGMENT)) == _SEGMENT
    length = _read_number(file) if is_segment else 0
    return Container(
        demuxer="matroska",
        mime="video/webm" if b"webm" in head[:64] else "video/x-matroska",
        complete=is_segment and (length is None or file.tell() + length <= size),
    )


def _read_number(file: BinaryIO) -> int | None:
    """EBML's number of one to eight bytes; None if it is the one that stands for an unknown length."""
    first = file.read(1)
    if not first or not first[0]:
        return 0
    count = 8 - first[0].bit_length()
    bits = 7 * (count + 1)
    value = int.from_bytes(first + file.read(count)) & ((1 << bits) - 1)
    return None if value == (1 << bits) - 1 else value


def _read_sound(head: bytes, size: int) -> Container | None:
    if head.startswith(b"RIFF") and head[8:12] == b"WAVE":
        length = int.from_bytes(head[4:8], "little")
        return Container(demuxer="wav", mime="audio/wav", complete=length == _RIFF_UNKNOWN or length + 8 <= size)
    if head.startswith(b"fLaC"):
        return Container(demuxer="flac", mime="audio/flac")
    if head.startswith(b"OggS"):
        return Container(demuxer="ogg", mime="audio/ogg")
    if len(head) > 2 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0:
        return Container(demuxer="aac", mime="audio/aac")
    if head.startswith(b"ID3") or (len(head) > 2 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0):
        return Container(demuxer="mp3", mime="audio/mpeg")
    return None
