"""Takes long texts out of a JSON text while it arrives, so that no video or stack trace fills the memory.

Where base64 of more than `LONGEST` characters stood, `"file:<n>"` stands in what is left, and its bytes lie in the
n-th file. A vendor that puts a whole video into a poll's answer is read in pieces of a network buffer that way. Of
any other text of that length the beginning is left, and a mark by which it is no base64.
"""

import binascii
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

LONGEST = 64 * 1024
"""Characters of a text that stays where it is."""
_TO_STANDARD = bytes.maketrans(b"-_", b"+/")
_BREAKS = b"\r\n"
"""What some writers of base64 put between its lines."""
_MOST_PADDING = 2
_KEPT = 1000
"""Characters that are left of a long text that is no file."""
_MARK = "…".encode()
_LAST_ESCAPE = re.compile(rb"\\[^\\]{0,5}\Z")
_BEGUN_ESCAPE = re.compile(rb"\\(?:u[0-9a-fA-F]{0,3})?\Z")
"""An escape whose end has not come yet. After a second backslash it is none, but then it is no base64 either."""


class NotBase64(ValueError):
    """A long text is none that can be a file."""


class Spill:
    """Fed with the pieces of a body; `rest` is what is left of it."""

    def __init__(self, new_file: Callable[[int], Path] | None, longest: int = LONGEST) -> None:
        """Without `new_file` no text becomes a file."""
        self._new_file = new_file
        self._longest = longest
        self.rest = bytearray()
        self.files: list[Path] = []
        self._in_text = False
        self._escaped = False
        self._start = 0
        """Where the present text begins in `rest`."""
        self._file: _Base64File | None = None
        self._beginning = b""
        """Of the present text, once it is too long."""
        self._skips = False
        """Whether the present text is too long, and no file."""

    def feed(self, piece: bytes) -> None:
        at = 0
        while at < len(piece):
            at = self._read_text(piece, at) if self._in_text else self._read_outside(piece, at)

    def close(self) -> None:
        """Files of a text that never ended are closed as they are."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _read_outside(self, piece: bytes, at: int) -> int:
        quote = piece.find(b'"', at)
        end = len(piece) if quote < 0 else quote + 1
        self.rest += piece[at:end]
        if quote >= 0:
            self._in_text, self._start = True, len(self.rest)
        return end

    def _read_text(self, piece: bytes, at: int) -> int:
        end = self._end_of_text(piece, at)
        self._keep(piece[at:end])
        if end == len(piece):
            return end
        self._end_text()
        return end + 1

    def _end_of_text(self, piece: bytes, at: int) -> int:
        """Where the closing quote is; the piece's length if it is not in it."""
        while at < len(piece):
            if self._escaped:
                self._escaped = False
                at += 1
                continue
            quote, backslash = piece.find(b'"', at), piece.find(b"\\", at)
            if backslash < 0 or 0 <= quote < backslash:
                return quote if quote >= 0 else len(piece)
            self._escaped = True
            at = backslash + 1
        return at

    def _keep(self, characters: bytes) -> None:
        if self._file is not None:
            self._write(characters)
        elif not self._skips:
            self.rest += characters
            if len(self.rest) - self._start > self._longest:
                self._begin_file()

    def _begin_file(self) -> None:
        begun = bytes(self.rest[self._start :])
        self._beginning = begun[:_KEPT]
        del self.rest[self._start :]
        if self._new_file is None:
            self._skip()
            return
        path = self._new_file(len(self.files))
        self.files.append(path)
        self._file = _Base64File(path.open("wb"))
        self._write(begun)

    def _write(self, characters: bytes) -> None:
        if self._file is None:
            return
        try:
            self._file.write(characters)
        except NotBase64:
            self._skip()

    def _skip(self) -> None:
        """What is left of the text ends before any escape that may be cut."""
        if self._file is not None:
            self.close()
            self.files.pop().unlink()
        self._skips = True
        escape = _LAST_ESCAPE.search(self._beginning)
        whole = self._beginning if escape is None else self._beginning[: escape.start()].rstrip(b"\\")
        self.rest += whole + _MARK

    def _end_text(self) -> None:
        self._in_text = False
        if self._file is not None:
            self._end_file()
        self._skips = False
        self.rest += b'"'

    def _end_file(self) -> None:
        try:
            if self._file is not None:
                self._file.end()
        except NotBase64:
            self._skip()
            return
        self.close()
        self.rest += b"file:%d" % (len(self.files) - 1)


class _Base64File:
    """Decodes the inside of a JSON text, piece by piece, into a file."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._unread = b""
        """An escape that has only begun."""
        self._group = b""
        """Characters that do not fill a group of four yet."""
        self._padded = False
        """Whether its last group was there."""

    def write(self, characters: bytes) -> None:
        given = self._unread + characters
        begun = _BEGUN_ESCAPE.search(given)
        end = begun.start() if begun is not None else len(given)
        self._unread = given[end:]
        self._group += _unescaped(given[:end]).translate(_TO_STANDARD, _BREAKS)
        whole = len(self._group) - len(self._group) % 4
        group, self._group = self._group[:whole], self._group[whole:]
        self._decode(group)

    def end(self) -> None:
        """Writers may leave the padding out."""
        if self._unread:
            raise NotBase64("it ends within an escape")
        self._decode(self._group + b"=" * (-len(self._group) % 4))

    def close(self) -> None:
        self._file.close()

    def _decode(self, groups: bytes) -> None:
        if not groups:
            return
        padding = len(groups) - len(groups.rstrip(b"="))
        if self._padded or padding > _MOST_PADDING:
            raise NotBase64("it goes on after its end")
        self._padded = padding > 0
        try:
            self._file.write(binascii.a2b_base64(groups, strict_mode=True))
        except binascii.Error as error:
            raise NotBase64(str(error)) from None


def _unescaped(characters: bytes) -> bytes:
    """The inside of a JSON text as what it stands for: some writers escape `/`, `+` and `=`."""
    if b"\\" not in characters:
        return characters
    try:
        text: str = json.loads(b'"%s"' % characters)
        return text.encode("ascii")
    except ValueError:
        raise NotBase64("it has escapes that base64 has no use for") from None
