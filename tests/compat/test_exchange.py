"""What is read out of a recorded answer, and how it is shown."""

import pytest

from reelrouter.compat.exchange import bare, clipped, is_web_address, origin, shown
from tests.compat.exchanges import answer, error


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"NaN", b'{"a": Infinity}', b"[" * 99_999, b"<html>"])
def test_what_is_no_json_is_no_document(body: bytes) -> None:
    """NaN is none either, whatever Python's parser thinks."""
    assert answer(body).document() is None
    assert answer(body).fields() is None


def test_an_array_is_a_document_without_fields() -> None:
    """So that a rule can tell it from nothing."""
    assert answer([1]).document() == [1]
    assert answer([1]).fields() is None


def test_an_error_is_shown_by_its_message_and_a_page_by_its_beginning() -> None:
    """A report has one line for each."""
    assert shown(error(404, "Job x not found")) == '404 "Job x not found"'
    assert shown(answer(b"<html>\n\n  <title>Oh", 502)) == "502 text/html: <html> <title>Oh"
    assert shown(answer(b"\x00" * 99, headers={"content-type": "video/mp4"})) == "200 video/mp4"
    assert len(shown(answer(b"x" * 10_000))) < 200


@pytest.mark.parametrize("said", ["\x1b[2Jgone", "a\rb", "\ud800", "\u202eevil"])
def test_nothing_that_a_server_says_acts_on_the_terminal(said: str) -> None:
    """Escapes, half characters and marks that turn the line around are replaced."""
    assert clipped(said).isprintable()
    assert "�" in clipped(said)


def test_an_address_is_shown_without_its_query() -> None:
    """A signature opens the file."""
    assert bare("https://host/content?index=0&signature=abc") == "https://host/content"


def test_a_key_belongs_to_scheme_host_and_port() -> None:
    """Default ports included; nothing else of a URL counts."""
    assert origin("https://Host/a?b") == origin("https://host:443/c")
    assert len({origin(url) for url in ("https://a", "http://a", "https://b", "https://a:8443")}) == 4


@pytest.mark.parametrize(
    "url", ["/api/v1", "ftp://a", "https://", "https://[", "https://a:b", None, 7, ["https://a"]]
)
def test_what_is_no_web_address_is_none(url: object) -> None:
    """Of any type."""
    assert not is_web_address(url)
