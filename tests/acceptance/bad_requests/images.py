"""First frames that are no pictures, pictures that nobody can use, and files that pretend to be one."""

import base64
import json
import struct
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image

from tests.acceptance.bad_requests.case import Case, refused_body, refused_picture
from tests.acceptance.orders import frame, image, small

_TINY = (64, 48)
_PNG_MARK = b"\x89PNG\r\n\x1a\n"


def cases() -> Iterator[Case]:
    yield from _forms()
    yield from _other_files()
    yield from _sizes()
    yield from _bombs()
    yield from _torn()
    yield from _several()


def data_url(data: bytes, mime: str = "image/png") -> str:
    return f"data:{mime};base64,{base64.b64encode(data).decode()}"


def _forms() -> Iterator[Case]:
    must_begin = "must begin with data:image/png;base64,"
    whole = base64.b64encode(_encoded("PNG")).decode()
    for name, url in (
        ("without a comma", "data:image/png;base64"),
        ("with nothing at all", "data:"),
        ("without a type", f"data:;base64,{whole}"),
        ("without base64", "data:image/png,%89PNG"),
        ("of text", "data:text/plain,hello"),
        ("of text in base64", "data:text/plain;base64,aGVsbG8="),
        ("of a page", "data:text/html;base64,PGh0bWw+"),
        ("of an SVG", "data:image/svg+xml;base64,PHN2Zy8+"),
        ("of a percent-encoded SVG", "data:image/svg+xml,%3Csvg/%3E"),
        ("of a BMP", f"data:image/bmp;base64,{whole}"),
        ("of a TIFF", f"data:image/tiff;base64,{whole}"),
        ("of a HEIC", f"data:image/heic;base64,{whole}"),
        ("of a PDF", "data:application/pdf;base64,JVBERi0="),
        ("of octets", f"data:application/octet-stream;base64,{whole}"),
        ("of a video", "data:video/mp4;base64,AAAA"),
        ("of any image", f"data:image/*;base64,{whole}"),
        ("with a parameter", f"data:image/png;name=a.png;base64,{whole}"),
        ("with a semicolon for the comma", f"data:image/png;base64;{whole}"),
        ("with a space before the type", f"data: image/png;base64,{whole}"),
        ("in base32", "data:image/png;base32,AAAA"),
    ):
        yield refused_picture(f"a data URL {name}", must_begin, url)
    for name, payload, words in (
        ("empty", "", "is empty or cut off"),
        ("cut off", whole[:-1], "is empty or cut off"),
        ("cut off by three", whole[:-3], "is empty or cut off"),
        ("with a space", f"{whole[:8]} {whole[9:]}", "not valid base64"),
        ("with a line break", f"{whole[:8]}\n{whole[9:]}", "not valid base64"),
        ("in the alphabet of URLs", f"{whole[:8]}-_{whole[10:]}", "not valid base64"),
        ("percent-encoded", whole[:8] + "%2B%2B" + whole[14:], "not valid base64"),
        ("of padding", "====", "not valid base64"),
        ("with padding in its middle", f"{whole[:6]}=={whole[8:]}", "not valid base64"),
        ("with letters beyond ASCII", f"{whole[:8]}é{whole[9:]}", "not valid base64"),
        ("of one letter", "A", "is empty or cut off"),
    ):
        yield refused_picture(f"base64 {name}", words, f"data:image/png;base64,{payload}")


def _other_files() -> Iterator[Case]:
    """The type says PNG; what it is, only the bytes tell."""
    for name, words, data in (
        ("a text", "not an image that can be read", b"this is prose, and not a picture"),
        ("a page", "is a web page", b"<!DOCTYPE html><html><body>Sign in</body></html>"),
        ("an SVG", "is an SVG drawing", b'<svg xmlns="http://www.w3.org/2000/svg"><rect/></svg>'),
        ("an SVG behind a declaration", "is an SVG drawing", b'<?xml version="1.0"?>\n<svg/>'),
        ("a PDF", "is a PDF document", b"%PDF-1.7\n1 0 obj\n"),
        ("a PostScript file", "is a PostScript document", b"%!PS-Adobe-3.0 EPSF-3.0\n"),
        ("an archive", "is a ZIP archive", b"PK\x03\x04" + bytes(60)),
        ("a packed file", "is a compressed file", b"\x1f\x8b\x08" + bytes(60)),
        ("a video", "is a video", b"\0\0\0\x20ftypisom" + bytes(60)),
        ("a HEIC picture", "is a HEIC image", b"\0\0\0\x20ftypheic" + bytes(60)),
        ("a sound", "is a WAV sound", b"RIFF\x24\0\0\0WAVEfmt " + bytes(60)),
        ("a Photoshop file", "is a Photoshop document", b"8BPS\0\1" + bytes(60)),
        ("an icon", "is an icon file", b"\0\0\1\0\1\0" + bytes(60)),
        ("one byte", "not an image that can be read", b"\0"),
        ("zeros", "not an image that can be read", bytes(4096)),
        ("a program", "not an image that can be read", b"\x7fELF\x02\x01\x01" + bytes(60)),
        ("a playlist", "not an image that can be read", b"#EXTM3U\nfile:///etc/passwd\n"),
        ("JSON", "not an image that can be read", b'{"error": "not found"}'),
    ):
        yield refused_picture(f"{name} that says it is a PNG", words, data_url(data))
    for name, words in (
        ("BMP", "is a BMP image"),
        ("TIFF", "is a TIFF image"),
        ("JPEG2000", "is a JPEG 2000 image"),
    ):
        yield refused_picture(
            f"a {name} that says it is a JPEG", words, partial(_as_url, _encoded, name, "image/jpeg")
        )


def _sizes() -> Iterator[Case]:
    for size, words in (
        ((1, 1), "1x1 pixels; both sides must have at least 16"),
        ((15, 400), "both sides must have at least 16"),
        ((400, 15), "both sides must have at least 16"),
        ((16, 129), "at most 8 times the other"),
        ((1300, 16), "at most 8 times the other"),
        ((9000, 2000), "more than 8192 on one side"),
        ((2000, 9000), "more than 8192 on one side"),
        ((7000, 6000), "more than 40 megapixels"),
    ):
        for name in ("PNG", "JPEG", "WEBP", "GIF", "AVIF"):
            if name == "PNG" or size == (1, 1):
                url = partial(_as_url, _blank, name, size=size)
                yield refused_picture(f"a {name} of {size[0]}x{size[1]}", words, url)


def _bombs() -> Iterator[Case]:
    yield refused_picture(
        "a PNG that claims 2 billion pixels a side",
        "megapixels",
        lambda: data_url(_png_header(2**31 - 1, 2**31 - 1)),
    )
    yield refused_picture(
        "a PNG that claims 20000x20000", "megapixels", lambda: data_url(_png_header(20000, 20000))
    )
    yield refused_picture("a PNG that claims no width", "damaged", lambda: data_url(_png_header(0, 64)))
    yield refused_picture("a real PNG of 20000x20000", "megapixels", lambda: data_url(_one_bit_png(20000, 20000)))
    yield refused_picture("a real PNG of 8192x8192", "megapixels", lambda: data_url(_one_bit_png(8192, 8192)))
    yield refused_picture("a PNG with a text of 200 MB", "damaged", lambda: data_url(_text_bomb(200)))
    yield refused_picture(
        "a WebP of 16383x16383", "megapixels", lambda: data_url(_webp_header(16383, 16383), "image/webp")
    )
    yield refused_picture("an AVIF that claims 65535x65535", "image", lambda: data_url(_avif_bomb(), "image/avif"))
    yield refused_picture(
        "a GIF that claims 65535x65535", "megapixels", lambda: data_url(_gif_header(65535, 65535), "image/gif")
    )
    yield refused_picture(
        "a JPEG that claims 65500x65500",
        "megapixels",
        lambda: data_url(_jpeg_claiming(65500, 65500), "image/jpeg"),
    )


def _torn() -> Iterator[Case]:
    damaged = "damaged or cut short"
    for name in ("PNG", "JPEG", "WEBP", "GIF", "AVIF"):
        for share in (0.5, 0.9):
            url = partial(_as_url, _cut, name, share=share)
            yield refused_picture(f"{share:.0%} of a {name}", damaged, url)
    yield refused_picture("the head of a PNG", damaged, data_url(_PNG_MARK))
    yield refused_picture("the head of a JPEG", damaged, data_url(b"\xff\xd8\xff\xe0\0\x10JFIF", "image/jpeg"))
    yield refused_picture("the head of a GIF", damaged, data_url(b"GIF89a", "image/gif"))
    yield refused_picture("a PNG with wrong checksums", damaged, lambda: data_url(_wrong_checksums()))
    yield refused_picture("a PNG without pixels", damaged, lambda: data_url(_png_header(64, 64)))
    yield refused_picture("a CMYK JPEG cut short", damaged, partial(_as_url, _cut, "JPEG", share=0.5, mode="CMYK"))
    yield refused_picture(
        "an animation cut in its first frame", damaged, lambda: data_url(_torn_animation(), "image/gif")
    )


def _several() -> Iterator[Case]:
    """Whatever the place, and every one of them at once."""
    bad = data_url(b"prose")
    for place, changes in (
        ("frame_images[0].image_url.url", {"frame_images": [frame(bad, "last_frame")]}),
        ("input_references[0].image_url.url", {"input_references": [image(bad)]}),
    ):
        yield refused_body(f"prose at {place}", place, "not an image", json.dumps(small(**changes)).encode())
    body = small(input_references=[image(bad), image("data:,x"), image("data:image/png;base64,AAA")])
    yield refused_body(
        "three bad references",
        "input_references[0].image_url.url",
        "not an image",
        json.dumps(body).encode(),
        others=("input_references[1].image_url.url", "input_references[2].image_url.url"),
    )


def _as_url(make: Callable[..., bytes], name: str, mime: str | None = None, **more: Any) -> str:
    return data_url(make(name, **more), mime or f"image/{name.lower()}")


def _encoded(name: str, mode: str = "RGB", size: tuple[int, int] = _TINY) -> bytes:
    """Noise, so that half of the file is half of the picture."""
    pixels = np.random.default_rng(1).integers(0, 256, (size[1], size[0], 3), np.uint8)
    return _saved(Image.fromarray(pixels).convert(mode), name)


def _blank(name: str, size: tuple[int, int]) -> bytes:
    return _saved(Image.new("L", size, 128), name)


def _saved(picture: Image.Image, name: str, **options: Any) -> bytes:
    buffer = BytesIO()
    picture.save(buffer, name, **options)
    return buffer.getvalue()


def _cut(name: str, share: float, mode: str = "RGB") -> bytes:
    data = _encoded(name, mode, size=(160, 120))
    return data[: round(len(data) * share)]


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _png_header(width: int, height: int, bits: int = 8, colour: int = 2) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    return _PNG_MARK + _chunk(b"IHDR", header) + _chunk(b"IEND", b"")


def _one_bit_png(width: int, height: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    packer = zlib.compressobj(1)
    row = bytes(1 + (width + 7) // 8)
    data = b"".join(packer.compress(row * 100) for _ in range(height // 100)) + packer.flush()
    return _PNG_MARK + _chunk(b"IHDR", header) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def _text_bomb(megabytes: int) -> bytes:
    header = struct.pack(">IIBBBBB", 64, 64, 8, 2, 0, 0, 0)
    packer = zlib.compressobj(9)
    data = b"".join(packer.compress(bytes(1024 * 1024)) for _ in range(megabytes)) + packer.flush()
    return _PNG_MARK + _chunk(b"IHDR", header) + _chunk(b"zTXt", b"Comment\0\0" + data) + _chunk(b"IEND", b"")


def _wrong_checksums() -> bytes:
    data = bytearray(_encoded("PNG"))
    data[29] ^= 0xFF  # in the checksum of the header
    return bytes(data)


def _webp_header(width: int, height: int) -> bytes:
    bits = struct.pack("<I", (width - 1) | (height - 1) << 14)
    data = b"VP8L" + struct.pack("<I", 10) + b"\x2f" + bits + bytes(5)
    return b"RIFF" + struct.pack("<I", 4 + len(data)) + b"WEBP" + data


def _gif_header(width: int, height: int) -> bytes:
    screen = struct.pack("<HHBBB", width, height, 0x80, 0, 0) + bytes(6)
    return b"GIF89a" + screen + b"," + struct.pack("<HHHHB", 0, 0, width, height, 0) + b"\x02\x02\x4c\x01\0;"


def _jpeg_claiming(width: int, height: int) -> bytes:
    data = bytearray(_encoded("JPEG"))
    at = data.index(b"\xff\xc0") + 5
    data[at : at + 4] = struct.pack(">HH", height, width)
    return bytes(data)


def _avif_bomb() -> bytes:
    """The size that the container states is changed; the coded picture stays as it is."""
    data = bytearray(_encoded("AVIF"))
    at = data.index(b"ispe") + 8
    data[at : at + 8] = struct.pack(">II", 65535, 65535)
    return bytes(data)


def _torn_animation() -> bytes:
    first, second = (Image.effect_noise((160, 120), sigma) for sigma in (80, 90))
    data = _saved(first, "GIF", save_all=True, append_images=[second])
    return data[: len(data) // 4]
