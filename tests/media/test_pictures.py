import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from reelrouter.media.pictures import MAX_SIDE, MIMES, inspect, load_picture
from reelrouter.work import TaskFailed
from tests.media.samples import noise, picture_bytes

Inspect = Callable[..., dict[str, Any]]
ORIENTATION = 0x0112


def nobody(progress: float) -> None:
    """Pictures are inspected too fast for reports."""


@pytest.fixture
def look(tmp_path: Path) -> Inspect:
    def inspect_bytes(data: bytes, **arguments: Any) -> dict[str, Any]:
        path = tmp_path / "picture"
        path.write_bytes(data)
        return inspect({"path": str(path), **arguments}, nobody)

    return inspect_bytes


def refusal(look: Inspect, data: bytes, **arguments: Any) -> tuple[str, str]:
    with pytest.raises(TaskFailed) as caught:
        look(data, **arguments)
    return caught.value.code, caught.value.message


def turned(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    return exif


def empty_png(width: int, height: int, *, extra: bytes = b"") -> bytes:
    """A PNG whose header promises much and which holds nothing."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


@pytest.mark.parametrize("name", MIMES)
def test_five_formats_come_in(look: Inspect, name: str) -> None:
    """Each is named with its type and size, whatever the file is called."""
    assert look(picture_bytes(noise(48, 32), name)) == {
        "mime": MIMES[name],
        "width": 48,
        "height": 32,
        "format": name,
        "animated": False,
        "alpha": False,
    }


def test_a_phones_jpeg_with_a_second_picture_behind_it_is_a_jpeg(look: Inspect) -> None:
    """Pillow calls it MPO and finds two frames in it; nobody else does."""
    found = look(picture_bytes(noise(48, 32), "MPO", save_all=True, append_images=[noise(24, 16)]))
    assert (found["mime"], found["animated"]) == ("image/jpeg", False)


@pytest.mark.parametrize("name", ["GIF", "WEBP", "AVIF", "PNG"])
def test_an_animation_is_told_apart(look: Inspect, name: str) -> None:
    """Only its first frame counts, so whoever sends one should hear of it."""
    first, second = noise(48, 32), Image.new("RGB", (48, 32), "red")
    assert look(picture_bytes(first, name, save_all=True, append_images=[second]))["animated"]


def test_an_animation_that_is_torn_after_its_first_frame_comes_in(look: Inspect) -> None:
    """What is damaged there would not have been used."""
    whole = picture_bytes(noise(48, 32), "GIF", save_all=True, append_images=[Image.new("RGB", (48, 32), "red")])
    torn = whole[: whole.rindex(b",") + 1]
    assert look(torn)["animated"]


@pytest.mark.parametrize("name", ["PNG", "WEBP", "AVIF"])
def test_alpha_means_that_something_shines_through(look: Inspect, name: str) -> None:
    """A channel that is opaque everywhere makes no cut-out."""
    clear = Image.new("RGBA", (32, 32), (255, 0, 0, 0))
    opaque = Image.new("RGBA", (32, 32), (255, 0, 0, 255))
    assert look(picture_bytes(clear, name))["alpha"]
    assert not look(picture_bytes(opaque, name))["alpha"]


def test_a_gif_with_a_transparent_colour_has_alpha(look: Inspect) -> None:
    """Where there is no alpha channel, a colour of the palette may stand for it."""
    image = Image.new("P", (32, 32), 1)
    image.putpalette([0, 0, 0, 255, 255, 255])
    assert look(picture_bytes(image, "GIF", transparency=1))["alpha"]


@pytest.mark.parametrize("name", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize(("orientation", "size"), [(1, (48, 32)), (3, (48, 32)), (6, (32, 48)), (8, (32, 48))])
def test_the_size_is_that_of_the_upright_picture(
    look: Inspect, name: str, orientation: int, size: tuple[int, int]
) -> None:
    """Phones store what the sensor saw, and beside it how the phone was held."""
    found = look(picture_bytes(noise(48, 32), name, exif=turned(orientation)))
    assert (found["width"], found["height"]) == size


def test_metadata_that_cannot_be_read_says_nothing(look: Inspect) -> None:
    """A torn EXIF block is no reason to refuse a picture."""
    found = look(picture_bytes(noise(48, 32), "JPEG", exif=b"Exif\0\0MM\0*\xff\xff\xff\xff"))
    assert (found["width"], found["height"]) == (48, 32)


@pytest.mark.parametrize("name", MIMES)
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_file_that_was_cut_short_is_refused(look: Inspect, name: str, share: float) -> None:
    """The picture is decoded whole, so that half of one cannot pass."""
    data = picture_bytes(noise(64, 64), name)
    code, message = refusal(look, data[: int(len(data) * share)])
    assert code == "invalid_image"
    assert message == "The image is damaged or cut short, and cannot be decoded."


@pytest.mark.parametrize(
    ("data", "code", "says"),
    [
        (b"", "invalid_image", "empty"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "unsupported_image_format", "HEIC"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", "unsupported_image_format", "HEIC"),
        (b"\0\0\0\x18ftypisom\0\0\0\0isomavc1", "unsupported_image_format", "a video"),
        (b'<?xml version="1.0"?>\n<svg xmlns="x"/>', "unsupported_image_format", "SVG"),
        (b"\xef\xbb\xbf <SVG/>", "unsupported_image_format", "SVG"),
        (b"\n<!DOCTYPE html><title>Sign in</title>", "invalid_image", "web page"),
        (b"%PDF-1.7", "unsupported_image_format", "PDF"),
        (picture_bytes(noise(32, 32), "TIFF"), "unsupported_image_format", "TIFF"),
        (picture_bytes(noise(32, 32), "BMP"), "unsupported_image_format", "BMP"),
        (picture_bytes(noise(32, 32), "ICO"), "unsupported_image_format", "icon"),
        (picture_bytes(noise(32, 32), "JPEG2000"), "unsupported_image_format", "JPEG 2000"),
        (b'{"error": "no such picture"}', "invalid_image", "not an image"),
        (bytes(range(256)) * 8, "invalid_image", "not an image"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_what_is_no_picture_of_ours_is_refused_by_name(look: Inspect, data: bytes, code: str, says: str) -> None:
    """The sender hears what the file is and, where it helps, what would do."""
    found, message = refusal(look, data)
    assert found == code
    assert says in message
    assert "PNG, JPEG, WebP, GIF or AVIF" in message or says == "empty"


@pytest.mark.parametrize(
    ("size", "code"),
    [
        ((12_000, 12_000), "image_too_large"),
        ((20_000, 20_000), "image_too_large"),
        ((2_000_000_000, 2_000_000_000), "image_too_large"),
        ((MAX_SIDE + 1, 4000), "image_too_large"),
        ((15, 64), "image_too_small"),
        ((1, 1), "image_too_small"),
        ((1601, 200), "invalid_image"),
    ],
)
def test_sizes_are_checked_before_anything_is_decoded(look: Inspect, size: tuple[int, int], code: str) -> None:
    """The header alone decides: these files hold no pixels at all."""
    assert refusal(look, empty_png(*size))[0] == code


@pytest.mark.parametrize("size", [(16, 16), (128, 16), (MAX_SIDE, 1024)])
def test_the_limits_themselves_are_allowed(look: Inspect, size: tuple[int, int]) -> None:
    """The smallest side, the longest ratio and the longest side."""
    found = look(picture_bytes(Image.new("L", size), "PNG"))
    assert (found["width"], found["height"]) == size


def test_a_caller_may_allow_fewer_pixels(look: Inspect) -> None:
    """The limit that was passed is the limit that is named."""
    data = picture_bytes(noise(100, 100), "PNG")
    assert look(data, max_pixels=10_000)["width"] == 100
    code, message = refusal(look, data, max_pixels=9_999)
    assert code == "image_too_large"
    assert "0.009999 megapixels" in message


def test_a_text_that_unfolds_to_two_hundred_megabytes_is_refused(look: Inspect) -> None:
    """A picture's comments may be bombs as well as its pixels."""
    bomb = b"Comment\0\0" + zlib.compress(bytes(200_000_000), 9)
    assert refusal(look, empty_png(64, 64, extra=chunk(b"zTXt", bomb)))[0] == "invalid_image"


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from(sorted(MIMES)), data=st.data())
def test_damage_is_refused_or_survived_but_never_a_crash(look: Inspect, name: str, data: st.DataObject) -> None:
    """Whatever bytes are changed, the answer is a picture's facts or a refusal."""
    picture = bytearray(picture_bytes(noise(24, 24), name))
    places = st.tuples(st.integers(0, len(picture) - 1), st.integers(0, 255))
    for place, value in data.draw(st.lists(places, min_size=1, max_size=8)):
        picture[place] = value
    try:
        answer = look(bytes(picture))["format"]
    except TaskFailed as failed:
        answer = failed.code
    assert answer in {*MIMES, "invalid_image", "unsupported_image_format", "image_too_large", "image_too_small"}


def load(tmp_path: Path, data: bytes) -> Image.Image:
    path = tmp_path / "picture"
    path.write_bytes(data)
    return load_picture(path)


def corner(image: Image.Image) -> tuple[int, ...]:
    found = image.getpixel((0, 0))
    assert isinstance(found, tuple)
    return tuple(int(value) for value in found)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_loaded_picture_is_upright(tmp_path: Path, orientation: int) -> None:
    """A red corner, stored in any of the eight ways, is at the upper left again."""
    upright = Image.new("RGB", (48, 32), "blue")
    upright.paste("red", (0, 0, 8, 8))
    ways: dict[int, list[Image.Transpose]] = {
        1: [],
        2: [Image.Transpose.FLIP_LEFT_RIGHT],
        3: [Image.Transpose.ROTATE_180],
        4: [Image.Transpose.FLIP_TOP_BOTTOM],
        5: [Image.Transpose.TRANSPOSE],
        6: [Image.Transpose.ROTATE_90],
        7: [Image.Transpose.TRANSVERSE],
        8: [Image.Transpose.ROTATE_270],
    }
    stored = upright
    for way in ways[orientation]:
        stored = stored.transpose(way)
    loaded = load(tmp_path, picture_bytes(stored, "PNG", exif=turned(orientation)))
    assert loaded.size == (48, 32)
    assert corner(loaded) == (255, 0, 0)


def test_sixteen_bits_are_scaled_and_not_cut_off(tmp_path: Path) -> None:
    """A grey of half the range stays half, from black to white."""
    ramp = np.linspace(0, 65535, 32 * 32).astype(np.uint16).reshape(32, 32)
    loaded = np.asarray(load(tmp_path, picture_bytes(Image.fromarray(ramp), "PNG")))
    assert loaded.shape == (32, 32, 3)
    assert np.abs(loaded[:, :, 0] - ramp / 257.0).max() <= 1


def test_colours_are_brought_to_srgb_by_their_profile(tmp_path: Path) -> None:
    """The same numbers under another profile are another colour."""
    lab = ImageCms.createProfile("sRGB")
    profile = bytearray(ImageCms.ImageCmsProfile(lab).tobytes())
    red, blue = profile.index(b"rXYZ"), profile.index(b"bXYZ")
    profile[red : red + 4], profile[blue : blue + 4] = b"bXYZ", b"rXYZ"
    plain = picture_bytes(Image.new("RGB", (32, 32), (220, 40, 40)), "PNG")
    swapped = picture_bytes(Image.new("RGB", (32, 32), (220, 40, 40)), "PNG", icc_profile=bytes(profile))
    assert corner(load(tmp_path, plain)) == (220, 40, 40)
    assert corner(load(tmp_path, swapped))[2] > 180


def test_a_profile_that_does_not_fit_is_passed_over(tmp_path: Path) -> None:
    """Viewers do the same; the picture is shown as if it had none."""
    data = picture_bytes(Image.new("RGB", (32, 32), (220, 40, 40)), "PNG", icc_profile=b"no profile at all")
    assert corner(load(tmp_path, data)) == (220, 40, 40)


@pytest.mark.parametrize("mode", ["1", "L", "P", "CMYK", "RGB"])
def test_every_opaque_kind_of_picture_loads_as_rgb(tmp_path: Path, mode: str) -> None:
    """White stays white in all of them."""
    white = Image.new("RGB", (32, 32), "white").convert(mode)
    loaded = load(tmp_path, picture_bytes(white, "JPEG" if mode == "CMYK" else "PNG"))
    assert (loaded.mode, corner(loaded)) == ("RGB", (255, 255, 255))


@pytest.mark.parametrize("mode", ["LA", "RGBA", "P"])
def test_transparency_loads_as_rgba(tmp_path: Path, mode: str) -> None:
    """A cut-out keeps its outline, also where a list of clear colours stands for the channel."""
    if mode == "P":
        clear = Image.new("P", (32, 32), 1)
        clear.putpalette([0, 0, 0, 255, 255, 255])
        data = picture_bytes(clear, "PNG", transparency=b"\xff\0")
    else:
        data = picture_bytes(Image.new("LA", (32, 32), (255, 0)).convert(mode), "PNG")
    loaded = load(tmp_path, data)
    assert (loaded.mode, corner(loaded)[3]) == ("RGBA", 0)


def test_of_an_animation_the_first_frame_is_loaded(tmp_path: Path) -> None:
    """What comes after it is not looked at."""
    first, second = Image.new("RGB", (32, 32), "red"), Image.new("RGB", (32, 32), "blue")
    data = picture_bytes(first, "GIF", save_all=True, append_images=[second])
    assert corner(load(tmp_path, data)) == (255, 0, 0)
