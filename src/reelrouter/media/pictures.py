"""Pictures as a child process sees them: what a file is, whether it may come in, and how it is meant to be seen.

It decodes what strangers send, so it runs in children only. Pillow is asked for five formats and no other.
"""

import io
import struct
import warnings
import zlib
from pathlib import Path
from typing import Any

from PIL import Image, ImageCms

from reelrouter.work import Report, TaskFailed

MIMES = {
    "PNG": "image/png",
    "JPEG": "image/jpeg",
    "WEBP": "image/webp",
    "GIF": "image/gif",
    "AVIF": "image/avif",
}
"""The formats that come in, by Pillow's names for them."""
MAX_PIXELS = 40_000_000
MAX_SIDE = 8192
MIN_SIDE = 16
MAX_RATIO = 8
"""The longer side over the shorter one."""

_ORIENTATION_TAG = 0x0112
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What brings a picture upright, by its EXIF orientation; from 5 on, the sides change places."""
_SIXTEEN_BIT = ("I", "I;16", "I;16L", "I;16B", "I;16N")

_BROKEN = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    EOFError,
    LookupError,
    ArithmeticError,
    RuntimeError,
    struct.error,
    zlib.error,
)
"""What Pillow's parsers raise on bytes that are not what they seem."""

_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
_OTHER_FORMATS = (
    (0, b"BM", "a BMP image"),
    (0, b"II*\0", "a TIFF image"),
    (0, b"MM\0*", "a TIFF image"),
    (0, b"\0\0\1\0", "an icon file"),
    (0, b"8BPS", "a Photoshop document"),
    (0, b"%PDF", "a PDF document"),
    (0, b"%!PS", "a PostScript document"),
    (0, b"\xff\x0a", "a JPEG XL image"),
    (0, b"\0\0\0\x0cJXL ", "a JPEG XL image"),
    (0, b"\0\0\0\x0cjP  ", "a JPEG 2000 image"),
    (0, b"\x1aE\xdf\xa3", "a WebM or Matroska video"),
    (8, b"AVI ", "an AVI video"),
    (8, b"WAVE", "a WAV sound"),
    (0, b"\x1f\x8b", "a compressed file"),
    (0, b"PK\3\4", "a ZIP archive"),
)
_OURS = ((0, b"\x89PNG"), (0, b"\xff\xd8\xff"), (0, b"GIF8"), (8, b"WEBP"), (4, b"ftypavif"), (4, b"ftypavis"))
_REMEDY = "Send a PNG, JPEG, WebP, GIF or AVIF image."


def inspect(arguments: dict[str, Any], report: Report) -> dict[str, Any]:
    """The task of intake: `{"path", "max_pixels"?}` in, and what the picture is out.

    The answer is `{"mime", "width", "height", "format", "animated", "alpha"}`. The size is that of the
    upright picture; `alpha` says whether anything shines through. Of an animation only the first frame
    counts, and only that is decoded. Raises `TaskFailed` with `invalid_image`, `unsupported_image_format`,
    `image_too_large` or `image_too_small`.
    """
    image = _decode(Path(arguments["path"]), arguments.get("max_pixels", MAX_PIXELS))
    name = _format(image)
    width, height = image.size if _orientation(image) < 5 else image.size[::-1]
    alpha = _shines_through(image)
    return {
        "mime": MIMES[name],
        "width": width,
        "height": height,
        "format": name,
        "animated": _is_animated(image),
        "alpha": alpha,
    }


def load_picture(path: Path) -> Image.Image:
    """The picture as its maker meant it: upright, sRGB, 8 bit, RGBA if it has transparency, else RGB.

    Of an animation it is the first frame. Raises `TaskFailed` as `inspect` does.
    """
    image = _decode(path, MAX_PIXELS)
    turn = _UPRIGHT.get(_orientation(image))
    profile = image.info.get("icc_profile")
    upright = image if turn is None else image.transpose(turn)
    if not upright.has_transparency_data:
        return _to_srgb(_eight_bit(upright), profile)
    layered = upright.convert("RGBA")
    colours = _to_srgb(layered.convert("RGB"), profile)
    colours.putalpha(layered.getchannel("A"))
    return colours


def _decode(path: Path, max_pixels: int) -> Image.Image:
    """Limits are checked on the header, before a pixel is decoded."""
    data = path.read_bytes()
    if not data:
        raise TaskFailed("invalid_image", "The image is empty: not one byte arrived.")
    try:
        image = _open(data)
        _check_size(image, max_pixels)
        image.load()
    except Image.DecompressionBombError as error:
        raise _too_large(f"The image has far more than {max_pixels / 1e6:g} megapixels") from error
    except _BROKEN as error:
        raise _unreadable(data[:1024]) from error
    return image


def _open(data: bytes) -> Image.Image:
    with warnings.catch_warnings():
        # Pillow warns of large pictures by its own measure, and of torn metadata; our limits stand below.
        warnings.simplefilter("ignore")
        return Image.open(io.BytesIO(data), formats=tuple(MIMES))


def _check_size(image: Image.Image, max_pixels: int) -> None:
    width, height = image.size
    if width * height > max_pixels:
        raise _too_large(f"The image has {width}x{height} pixels, more than {max_pixels / 1e6:g} megapixels")
    if max(width, height) > MAX_SIDE:
        raise _too_large(f"The image has {width}x{height} pixels, more than {MAX_SIDE} on one side")
    if min(width, height) < MIN_SIDE:
        raise TaskFailed(
            "image_too_small",
            f"The image has {width}x{height} pixels; both sides must have at least {MIN_SIDE}.",
        )
    if max(width, height) > MAX_RATIO * min(width, height):
        raise TaskFailed(
            "invalid_image",
            f"The image has {width}x{height} pixels; one side may be at most {MAX_RATIO} times the other.",
        )


def _too_large(finding: str) -> TaskFailed:
    return TaskFailed("image_too_large", f"{finding}. Scale it down.")


def _unreadable(head: bytes) -> TaskFailed:
    """Names what the file is instead, as far as its first bytes tell."""
    if any(head.startswith(mark, offset) for offset, mark in _OURS):
        return TaskFailed("invalid_image", "The image is damaged or cut short, and cannot be decoded.")
    if head.startswith(b"ftyp", 4):
        kind = "a HEIC image" if head[8:12] in _HEIC_BRANDS else "a video"
        return TaskFailed("unsupported_image_format", f"The file is {kind}. {_REMEDY}")
    for offset, mark, kind in _OTHER_FORMATS:
        if head.startswith(mark, offset):
            return TaskFailed("unsupported_image_format", f"The file is {kind}. {_REMEDY}")
    return _not_a_picture(head.lstrip(b"\xef\xbb\xbf \t\r\n").lower())


def _not_a_picture(text: bytes) -> TaskFailed:
    if text.startswith(b"<") and b"<svg" in text:
        return TaskFailed("unsupported_image_format", f"The file is an SVG drawing. {_REMEDY}")
    if text.startswith((b"<!doctype html", b"<html", b"<head", b"<body")):
        return TaskFailed(
            "invalid_image",
            f"The file is a web page and not an image; perhaps its address asks for a sign-in. {_REMEDY}",
        )
    return TaskFailed("invalid_image", f"The file is not an image that can be read. {_REMEDY}")


def _format(image: Image.Image) -> str:
    """MPO is what Pillow calls the JPEG files of phones that carry a second picture behind the first."""
    return "JPEG" if image.format == "MPO" else str(image.format)


def _is_animated(image: Image.Image) -> bool:
    """Pillow reads on to the next frame to know it; if that one is torn, there is one."""
    try:
        return image.format != "MPO" and bool(getattr(image, "is_animated", False))
    except _BROKEN:
        return True


def _orientation(image: Image.Image) -> int:
    """1 to 8; metadata that cannot be read says nothing."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = image.getexif().get(_ORIENTATION_TAG, 1)
    except _BROKEN:
        return 1
    return found if isinstance(found, int) and 1 <= found <= 8 else 1


def _shines_through(image: Image.Image) -> bool:
    if not image.has_transparency_data:
        return False
    lowest = image.convert("RGBA").getchannel("A").getextrema()[0]
    return lowest != 255


def _eight_bit(image: Image.Image) -> Image.Image:
    """Pillow's own conversion cuts 16-bit greys off at 255, which leaves a white page."""
    if image.mode not in _SIXTEEN_BIT:
        return image
    return image.convert("I").point(lambda value: value * (1 / 257) + 0.5).convert("L")


def _to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """A profile that does not fit its picture is common, and passed over as viewers do."""
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
        except (ImageCms.PyCMSError, *_BROKEN):
            converted = None
        if converted is not None:
            return converted
    return image.convert("RGB")
