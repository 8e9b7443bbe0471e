"""What a file is and how large a picture it holds, read from its first bytes alone.

It decodes nothing: a picture that is damaged further in looks whole from here.
"""

from dataclasses import dataclass

HEAD_BYTES = 64 * 1024
"""As many first bytes are enough for nearly every picture's size; a camera's preview may push it further."""

MIMES = {
    "image/png": "PNG",
    "image/jpeg": "JPEG",
    "image/webp": "WebP",
    "image/gif": "GIF",
    "image/avif": "AVIF",
}
"""The kinds of picture that a submit may carry, and what people call them."""

_PNG = b"\x89PNG\r\n\x1a\n"
_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
_OTHERS = (
    (0, b"BM", "a BMP image"),
    (0, b"II*\0", "a TIFF image"),
    (0, b"MM\0*", "a TIFF image"),
    (0, b"\0\0\1\0", "an icon file"),
    (0, b"8BPS", "a Photoshop document"),
    (0, b"%PDF", "a PDF document"),
    (0, b"\xff\x0a", "a JPEG XL image"),
    (0, b"\0\0\0\x0cJXL ", "a JPEG XL image"),
    (0, b"\x1aE\xdf\xa3", "a WebM or Matroska video"),
    (8, b"AVI ", "an AVI video"),
    (8, b"WAVE", "a WAV sound"),
    (0, b"ID3", "an MP3 sound"),
    (0, b"PK\3\4", "a ZIP archive"),
    (0, b"\x1f\x8b", "a compressed file"),
)
_START_OF_FRAME = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
_WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xD9)})
_ORIENTATION_TAG = 0x0112
_SIDEWAYS = (5, 6, 7, 8)

Pixels = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """What the first bytes of a file show."""

    what: str
    """For people, with its article: `a PNG image`, `a web page`."""
    mime: str | None = None
    """One of `MIMES`; None for everything else."""
    width: int | None = None
    """Pixels of the upright picture; None where the first bytes do not reach that far."""
    height: int | None = None

    @property
    def is_web_page(self) -> bool:
        return self.what == _WEB_PAGE


def glance(head: bytes) -> Glance:
    """Reads the beginning of a file; never raises, whatever the bytes are."""
    mime = _mime(head)
    if mime is None:
        return Glance(what=_other(head))
    width, height = _SIZES[mime](head) or (None, None)
    article = "an" if mime == "image/avif" else "a"
    return Glance(what=f"{article} {MIMES[mime]} image", mime=mime, width=width, height=height)


_WEB_PAGE = "a web page"


def _mime(head: bytes) -> str | None:
    if head.startswith(_PNG):
        return "image/png"
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "image/webp"
    return "image/avif" if head[4:12] in (b"ftypavif", b"ftypavis") else None


def _other(head: bytes) -> str:
    if not head:
        return "empty"
    if head[4:8] == b"ftyp":
        return "a HEIC image" if head[8:12] in _HEIC_BRANDS else "a video"
    for offset, mark, what in _OTHERS:
        if head.startswith(mark, offset):
            return what
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith((b"<svg", b"<?xml")) and b"<svg" in text:
        return "an SVG drawing"
    if text.startswith((b"<!doctype html", b"<html", b"<head", b"<body", b"<!--")):
        return _WEB_PAGE
    return "a JSON document" if text.startswith((b"{", b"[")) else "no picture that is known here"


def _png_size(head: bytes) -> Pixels | None:
    return _checked(_big(head, 16, 4), _big(head, 20, 4)) if head[12:16] == b"IHDR" else None


def _gif_size(head: bytes) -> Pixels | None:
    return _checked(_little(head, 6, 2), _little(head, 8, 2))


def _webp_size(head: bytes) -> Pixels | None:
    match head[12:16]:
        case b"VP8 ":
            return _checked(_little(head, 26, 2) & 0x3FFF, _little(head, 28, 2) & 0x3FFF)
        case b"VP8L":
            bits = _little(head, 21, 4)
            return _checked((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1) if bits else None
        case b"VP8X":
            return _checked(_little(head, 24, 3) + 1, _little(head, 27, 3) + 1) if len(head) >= 30 else None
        case _:
            return None


def _avif_size(head: bytes) -> Pixels | None:
    """The largest of the sizes named: the others are those of a thumbnail, a mask or a tile."""
    found: list[Pixels] = []
    at = head.find(b"ispe")
    while at >= 0:
        if size := _checked(_big(head, at + 8, 4), _big(head, at + 12, 4)):
            found.append(size)
        at = head.find(b"ispe", at + 4)
    return max(found, key=lambda size: size[0] * size[1], default=None)


def _jpeg_size(head: bytes) -> Pixels | None:
    """Walks the segments to the frame; a camera that was held sideways has said so on the way."""
    at, sideways = 2, False
    while at + 4 <= len(head) and head[at] == 0xFF:
        marker = head[at + 1]
        if marker == 0xFF or marker in _WITHOUT_LENGTH:
            at += 1 if marker == 0xFF else 2
            continue
        if marker in _START_OF_FRAME:
            size = _checked(_big(head, at + 7, 2), _big(head, at + 5, 2))
            return size[::-1] if size and sideways else size
        length = _big(head, at + 2, 2)
        if marker == 0xE1 and head[at + 4 : at + 10] == b"Exif\0\0":
            sideways = _orientation(head[at + 10 : at + 2 + length]) in _SIDEWAYS
        at += 2 + max(length, 2)
    return None


def _orientation(exif: bytes) -> int:
    """The orientation in the first directory of Exif data, 1 where it says none."""
    read = _little if exif.startswith(b"II") else _big
    directory = read(exif, 4, 4)
    for index in range(min(read(exif, directory, 2), 64)):
        entry = directory + 2 + 12 * index
        if read(exif, entry, 2) == _ORIENTATION_TAG:
            return read(exif, entry + 8, 2)
    return 1


def _big(data: bytes, at: int, count: int) -> int:
    return int.from_bytes(data[at : at + count], "big") if at + count <= len(data) else 0


def _little(data: bytes, at: int, count: int) -> int:
    return int.from_bytes(data[at : at + count], "little") if at + count <= len(data) else 0


def _checked(width: int, height: int) -> Pixels | None:
    return (width, height) if width and height else None


_SIZES = {
    "image/png": _png_size,
    "image/jpeg": _jpeg_size,
    "image/webp": _webp_size,
    "image/gif": _gif_size,
    "image/avif": _avif_size,
}
