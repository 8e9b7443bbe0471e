"""What calls carry: inputs in every form that vendors take, streamed where they are files."""

import base64
import json
from email import message_from_bytes
from pathlib import Path

import pytest
from aiohttp import web

from reelrouter.providers.base import Call, Inline, Part
from tests.providers.orders import clip, picture, sound
from tests.providers.wire import Plain, account, driving, saying, serving

pytestmark = pytest.mark.anyio

PLAIN = Plain()


async def test_inline_inputs_are_filled_in_wherever_they_stand(tmp_path: Path) -> None:
    """In objects, in lists, and in tuples; as data URLs or as they are."""
    (tmp_path / "p").write_bytes(b"\x89PNG")
    given = {
        "image": Inline(media=picture("p")),
        "images": [{"bytes": Inline(media=picture("p"), form="base64")}, (Inline(media=picture("p")), 1, None)],
        "plain": "text",
    }
    async with serving(saying()) as vendor, driving(tmp_path, p=tmp_path / "p") as drive:
        await drive.send(Call(method="POST", url="x", json=given), PLAIN, account(vendor.url))
    assert json.loads(vendor.bodies[0]) == {
        "image": "data:image/png;base64,iVBORw==",
        "images": [{"bytes": "iVBORw=="}, ["data:image/png;base64,iVBORw==", 1, None]],
        "plain": "text",
    }


async def test_json_is_sent_as_utf8(tmp_path: Path) -> None:
    """As the vendors' own packages send it."""
    async with serving(saying()) as vendor, driving(tmp_path) as drive:
        await drive.send(
            Call(method="POST", url="x", json={"prompt": "ein Böötchen 🚤"}), PLAIN, account(vendor.url)
        )
    assert vendor.bodies == ['{"prompt": "ein Böötchen 🚤"}'.encode()]
    assert vendor.requests[0].headers["Content-Type"] == "application/json"


async def test_a_form_is_sent_as_browsers_do(tmp_path: Path) -> None:
    """Sign-ins ask for it."""
    async with serving(saying()) as vendor, driving(tmp_path) as drive:
        await drive.send(Call(method="POST", url="x", form={"a": "1 &", "b": "ü"}), PLAIN, account(vendor.url))
    assert vendor.bodies == [b"a=1+%26&b=%C3%BC"]
    assert vendor.requests[0].headers["Content-Type"] == "application/x-www-form-urlencoded"


async def test_a_call_without_a_body_has_none(tmp_path: Path) -> None:
    """Nor a type for one."""
    async with serving(saying()) as vendor, driving(tmp_path) as drive:
        await drive.send(Call(method="DELETE", url="x"), PLAIN, account(vendor.url))
    assert vendor.bodies == [b""]
    assert "json" not in vendor.requests[0].headers.get("Content-Type", "")


async def test_a_multipart_form_has_texts_and_files_under_their_names(tmp_path: Path) -> None:
    """Files with a type, and a name that ends as their type does; the length of it all is known beforehand."""
    files = {"p": tmp_path / "p", "c": tmp_path / "c", "s": tmp_path / "s"}
    for name, path in files.items():
        path.write_bytes(name.encode() * 300_000)
    parts = (
        Part(name="prompt", value="ein Böötchen"),
        Part(name="seconds", value="5"),
        Part(name="image", value=picture("p")),
        Part(name="video[]", value=clip("c")),
        Part(name="audio", value=sound("s")),
    )
    async with serving(saying()) as vendor, driving(tmp_path, None, 30.0, **files) as drive:
        await drive.send(Call(method="POST", url="x", parts=parts), PLAIN, account(vendor.url))
    assert _parts(vendor.requests[0], vendor.bodies[0]) == [
        ("prompt", None, "ein Böötchen".encode()),
        ("seconds", None, b"5"),
        ("image", ("p.png", "image/png"), b"p" * 300_000),
        ("video[]", ("c.mp4", "video/mp4"), b"c" * 300_000),
        ("audio", ("s.mp3", "audio/mpeg"), b"s" * 300_000),
    ]
    assert vendor.requests[0].content_length == len(vendor.bodies[0])


def _parts(request: web.Request, body: bytes) -> list[tuple[object, tuple[str, str] | None, object]]:
    """Name, file and bytes of each part."""
    message = message_from_bytes(f"Content-Type: {request.headers['Content-Type']}\r\n\r\n".encode() + body)
    return [
        (
            part.get_param("name", header="Content-Disposition"),
            (name, part.get_content_type()) if (name := part.get_filename()) else None,
            part.get_payload(decode=True),
        )
        for part in message.walk()
        if not part.is_multipart()
    ]


async def test_a_large_picture_is_whole(tmp_path: Path) -> None:
    """Base64 has no line breaks in it."""
    (tmp_path / "p").write_bytes(bytes(range(256)) * 4096)
    call = Call(method="POST", url="x", json=[Inline(media=picture("p"), form="base64")])
    async with serving(saying()) as vendor, driving(tmp_path, p=tmp_path / "p") as drive:
        await drive.send(call, PLAIN, account(vendor.url))
    (text,) = json.loads(vendor.bodies[0])
    assert base64.b64decode(text, validate=True) == (tmp_path / "p").read_bytes()
