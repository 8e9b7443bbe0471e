"""Files are known by their first bytes, held against pictures that a library wrote."""

from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from reelrouter.client.image.format import HEAD_BYTES, MIMES, glance

_SIDEWAYS = 6


def written(kind: str, size: tuple[int, int] = (300, 200), **how: Any) -> bytes:
    buffer = BytesIO()
    mode = "RGBA" if how.pop("alpha", False) else "RGB"
    Image.new(mode, size, "teal").save(buffer, kind, **how)
    return buffer.getvalue()


@pytest.mark.parametrize("mime", MIMES)
def test_each_kind_of_picture_is_known_and_measured(mime: str) -> None:
    """Kind and size are those that the picture was written with."""
    seen = glance(written(MIMES[mime]))
    assert (seen.mime, seen.width, seen.height) == (mime, 300, 200)
    assert MIMES[mime] in seen.what


@pytest.mark.parametrize("how", [{"lossless": True}, {"alpha": True}, {"quality": 80}, {"exif": b"Exif\0\0"}])
def test_every_form_of_webp_is_measured(how: dict[str, Any]) -> None:
    """Lossy, lossless and extended files keep their size in different places."""
    seen = glance(written("WEBP", **how))
    assert (seen.width, seen.height) == (300, 200)


@pytest.mark.parametrize("how", [{"progressive": True}, {"comment": b"x" * 900}, {"icc_profile": b"p" * 3000}])
def test_every_form_of_jpeg_is_measured(how: dict[str, Any]) -> None:
    """What stands before the frame is walked over."""
    seen = glance(written("JPEG", **how))
    assert (seen.width, seen.height) == (300, 200)


def test_a_photo_taken_sideways_is_measured_upright() -> None:
    """Width and height are those that a viewer shows."""
    exif = Image.Exif()
    exif[0x0112] = _SIDEWAYS
    seen = glance(written("JPEG", exif=exif))
    assert (seen.width, seen.height) == (200, 300)


def test_a_size_beyond_the_first_bytes_is_not_guessed() -> None:
    """A long preview before the frame leaves the size unknown, and the kind known."""
    seen = glance(written("JPEG", icc_profile=b"p" * HEAD_BYTES)[:HEAD_BYTES])
    assert (seen.mime, seen.width, seen.height) == ("image/jpeg", None, None)


@pytest.mark.parametrize(
    ("head", "what"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf\n<!DOCTYPE html><title>Sign in</title>", "a web page"),
        (b"<HTML>", "a web page"),
        (b"<?xml version='1.0'?><svg/>", "an SVG drawing"),
        (b"\0\0\0\x18ftypheic", "a HEIC image"),
        (b"\0\0\0\x18ftypisom", "a video"),
        (b"BM....", "a BMP image"),
        (b'{"error": {}}', "a JSON document"),
        (b"plain prose", "no picture that is known here"),
    ],
)
def test_what_is_no_picture_is_named(head: bytes, what: str) -> None:
    """A person reads what the file is instead."""
    seen = glance(head)
    assert (seen.mime, seen.what) == (None, what)
    assert seen.is_web_page is (what == "a web page")


@given(kind=st.sampled_from(sorted(MIMES.values())), cut=st.integers(0, 1200), noise=st.binary(max_size=300))
def test_torn_bytes_are_read_without_an_error(kind: str, cut: int, noise: bytes) -> None:
    """Whatever follows a good beginning, a size is whole or not there at all."""
    seen = glance(written(kind)[:cut] + noise)
    assert (seen.width is None) == (seen.height is None)
