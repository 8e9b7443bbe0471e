"""What is wrong with an image, or could be for some, is said with what to do about it."""

import pytest

from reelrouter.client.results import ImageCheck
from tests.client.image.web import PNG, URL, Page, page, seen, texts, written


def test_a_plain_image_passes_without_a_word() -> None:
    """Status, type, form and measures are told."""
    check = seen(a=page())
    assert check == ImageCheck(
        source=URL,
        kind="web",
        status=200,
        content_type="image/png",
        format="png",
        size=len(PNG),
        width=640,
        height=360,
    )
    assert check.ok


@pytest.mark.parametrize(
    ("found", "problem"),
    [
        (page(status=404), "the server answers with status 404, not 200"),
        (page(status=403), "the server answers with status 403, not 200"),
        (page(status=503), "the server answers with status 503, not 200"),
        (
            page(b"<!doctype html><title>Sign in</title>", "text/html"),
            "a web page comes in place of an image; perhaps it asks for a sign-in or checks for robots",
        ),
        (
            page(b"  not quite a page", "text/html"),
            "a web page comes in place of an image; perhaps it asks for a sign-in or checks for robots",
        ),
        (page(b'{"error": "no"}', "application/json"), "the file is a JSON document"),
        (page(b"\0\0\0\x18ftypheic" + b"\0" * 20, "image/heic"), "the file is a HEIC image"),
        (page(b"", "image/png"), "the file is empty"),
        (page(kind="text/plain"), "the image is served as text/plain, which providers refuse"),
    ],
)
def test_what_is_no_image_is_a_problem(found: Page, problem: str) -> None:
    """One sentence for what is wrong, and one for what to do."""
    check = seen(a=found)
    assert texts(check.problems) == [problem]
    assert not check.ok
    assert check.is_web_page is ("web page" in problem)


def test_nobody_there_is_a_problem() -> None:
    """The reason is the connection's own."""
    check = seen()
    assert texts(check.problems) == [f"GET {URL}: nobody is there"]
    assert check.status is None


@pytest.mark.parametrize(
    ("found", "warning"),
    [
        (page(kind="application/octet-stream"), "the image is sent as application/octet-stream"),
        (page(kind=""), "the image is sent without a type"),
        (page(kind="image/jpeg"), "the type says image/jpeg, and the bytes are a PNG image"),
        (page(written("JPEG"), "image/jpg"), None),
        (page(kind="image/png; charset=utf-8"), None),
        (page(PNG + b"\0" * 21_000_000), "the file has "),
        (page(written(size=(9000, 4000))), "the image has 9000x4000 pixels; ReelRouter takes 8192 a side"),
        (page(written(size=(400, 8))), "the image has 400x8 pixels; ReelRouter wants 16 a side"),
        (
            page(written(size=(1600, 100))),
            "the image has 1600x100 pixels; one side may be at most",
        ),
        (
            lambda ask: page(status=405)(ask) if ask.method == "HEAD" else page()(ask),
            "HEAD is answered with status 405; providers that begin with it would refuse",
        ),
    ],
)
def test_what_some_stumble_over_is_a_warning(found: Page, warning: str | None) -> None:
    """The image passes; the first warning is this one."""
    check = seen(a=found)
    assert check.ok
    assert [text[: len(warning or "")] for text in texts(check.warnings)][:1] == ([warning] if warning else [])


@pytest.mark.parametrize(
    ("status", "step"),
    [
        (401, "use an address that needs no sign-in and lets programs in, or send a data URL"),
        (410, "check the address; the file is not there, or no longer"),
        (429, "try again later"),
        (503, "try again later"),
        (418, "check the address in a browser"),
    ],
)
def test_each_status_has_its_own_next_step(status: int, step: str) -> None:
    """What helps against a sign-in does not help against a busy server."""
    (problem,) = seen(a=page(status=status)).problems
    assert problem.next_step == step
