"""What a check of an image comes to for data URLs and files, and which models would take it."""

import base64
from pathlib import Path

import pytest

from reelrouter.client.results import Model
from tests.client.image.web import PNG, URL, Web, page, texts, written
from tests.client.rows import ours, row, upstream


def data_url(body: bytes = PNG, mime: str = "image/png") -> str:
    return f"data:{mime};base64,{base64.b64encode(body).decode()}"


def test_a_data_url_is_measured_and_not_repeated() -> None:
    """It may be megabytes long."""
    check = Web({}).look(data_url())
    assert check.ok
    assert (check.kind, check.content_type, check.format, check.width) == ("data", "image/png", "png", 640)
    assert len(check.source) < 80


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("data:image/png,plain", "this is not a data URL with base64"),
        ("data:nothing", "this is not a data URL with base64"),
        (data_url(mime="text/plain"), "its type is text/plain"),
        ("data:;base64,AAAA", "its type is not named"),
        (data_url()[:-3], "its base64 is cut off or damaged"),
        (data_url(b"prose"), "the file is no picture that is known here"),
        ("data:image/png;base64,", "the file is empty"),
    ],
)
def test_a_data_url_that_cannot_work_says_why(url: str, problem: str) -> None:
    """It is read whole, since a torn one would be refused."""
    assert texts(Web({}).look(url).problems) == [problem]


def test_a_data_url_may_call_its_picture_something_else() -> None:
    """That is forgiven, with a warning."""
    check = Web({}).look(data_url(mime="image/webp"))
    assert check.ok
    assert texts(check.warnings) == ["the type says image/webp, and the bytes are a PNG image"]


def test_a_file_is_measured(tmp_path: Path) -> None:
    """By its path, or by its address as a file."""
    file = tmp_path / "a photo.jpg"
    file.write_bytes(written("JPEG"))
    for source in (str(file), file.as_uri()):
        check = Web({}).look(source)
        assert check.ok
        assert (check.kind, check.format, check.size, check.width) == ("file", "jpeg", file.stat().st_size, 640)


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("absent.png", "there is no such file"),
        (".", "this is a folder"),
        ("notes.txt", "the file is no picture that is known here"),
        ("empty.png", "the file is empty"),
        ("x" * 5000, None),
    ],
)
def test_a_file_that_is_no_image_is_a_problem(tmp_path: Path, name: str, problem: str | None) -> None:
    """Whatever the system says to it."""
    (tmp_path / "notes.txt").write_text("milk, bread")
    (tmp_path / "empty.png").touch()
    (said,) = texts(Web({}).look(str(tmp_path / name)).problems)
    assert problem in (said, None)


def test_who_would_take_it_is_told_by_the_rows() -> None:
    """As a first frame, as a last one, and as a reference; nobody is named for an image that does not pass."""
    models = (row("google/veo-3.1"), row("runway/gen-4.5"), row("black-forest-labs/flux-video-upscale"))
    web = Web({URL: page()})
    check = web.look(URL, models)
    assert check.first_frame_models == ("google/veo-3.1", "runway/gen-4.5")
    assert check.last_frame_models == ("google/veo-3.1",)
    assert check.reference_models == ("google/veo-3.1",)
    assert check.unstated_models == ()
    assert web.look("https://example.com/absent.png", models).first_frame_models == ()


def test_where_a_server_is_silent_on_references_its_models_are_set_apart() -> None:
    """Upstream's rows say nothing of them."""
    check = Web({URL: page()}).look(URL, upstream())
    assert check.reference_models == ()
    assert len(check.unstated_models) == len(upstream())


@pytest.mark.parametrize(
    ("source", "models", "taken"),
    [
        ("https://api.example.com/api/v1/videos/gen-vid-1-a/content?index=0", ours(), True),
        ("https://elsewhere.example.com/api/v1/videos/gen-vid-1-a/content", ours(), False),
        ("https://api.example.com/api/v1/videos/gen-vid-1-a/content?index=0", upstream(), False),
        ("https://api.example.com/photo.png", ours(), False),
    ],
)
def test_an_output_of_the_server_itself_is_not_asked_for(
    source: str, models: tuple[Model, ...], taken: bool
) -> None:
    """ReelRouter takes it from its storage; other servers would have to fetch it, and need a key."""
    web = Web({})
    check = web.look(source, models, api="https://api.example.com/api/v1")
    assert check.ok is taken
    assert bool(web.asked) is not taken
