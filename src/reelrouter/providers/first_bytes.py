"""What a file is, by its first bytes; pure. Names and types that vendors give to files say little."""

LOOKED_AT = 64
"""Bytes that are enough to tell."""
_BOXES = frozenset({b"ftyp", b"moov", b"moof", b"mdat", b"free", b"skip", b"wide", b"pnot", b"styp", b"sidx"})
"""With which a file of the MP4 and QuickTime family begins."""
_NO_VIDEOS = frozenset({b"avif", b"avis", b"heic", b"heix", b"heim", b"mif1", b"msf1", b"M4A ", b"M4B "})
"""Pictures and sounds of that family."""
_MATROSKA = b"\x1aE\xdf\xa3"
"""WebM too."""
_GZIP = b"\x1f\x8b\x08"
_PAGES = (b"<", b"{", b"[", b'"')
"""What HTML, XML and JSON begin with."""
_BEFORE_TEXT = b"\xef\xbb\xbf \t\r\n"


def is_video(first: bytes) -> bool:
    if first[4:8] == b"ftyp":
        return first[8:12] not in _NO_VIDEOS
    return first[4:8] in _BOXES or first.startswith(_MATROSKA)


def is_page(first: bytes) -> bool:
    """Whether it is something said in the place of a file."""
    return first.lstrip(_BEFORE_TEXT).startswith(_PAGES)


def is_packed(first: bytes) -> bool:
    """Whether it is compressed once more, though the request asked for none of that."""
    return first.startswith(_GZIP)
