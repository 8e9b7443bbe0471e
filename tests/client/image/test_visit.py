"""The way to an image: its beginning alone, hop by hop, with nothing that a provider would not have."""

import pytest

from reelrouter.client.exchange import Answer, Ask
from tests.client.image.web import PNG, URL, Page, Web, onward, page, seen, texts, written

COOKIE = "seen=1"


def ranged(body: bytes) -> Page:
    """A server that sends the range that it is asked for."""

    def answer(ask: Ask) -> Answer:
        first, last = (int(part) for part in ask.headers["Range"].removeprefix("bytes=").split("-"))
        sent = body[first : last + 1]
        span = {"content-range": f"bytes {first}-{first + len(sent) - 1}/{len(body)}"}
        return Answer(url=ask.url, status=206, headers={"content-type": "image/png", **span}, body=sent)

    return lambda ask: answer(ask) if "Range" in ask.headers else page(body)(ask)


def behind_a_cookie(otherwise: Page) -> Page:
    return lambda ask: page()(ask) if ask.headers.get("Cookie") == COOKIE else otherwise(ask)


def test_no_more_than_the_beginning_is_read_and_no_key_goes_along() -> None:
    """Neither a key nor a cookie: a provider has none."""
    web = Web({URL: page()})
    web.look(URL)
    assert [ask.method for ask in web.asked] == ["GET", "HEAD"]
    assert web.asked[0].headers["Range"] == "bytes=0-65535"
    assert web.asked[0].limit == 65536
    assert not {"authorization", "cookie"} & {name.lower() for ask in web.asked for name in ask.headers}


def test_a_range_is_read_as_the_whole() -> None:
    """Only the beginning is asked for, and the size of the whole is known all the same."""
    large = written(size=(3000, 2000)) + b"\0" * 200_000
    check = seen(a=ranged(large))
    assert (check.status, check.size, check.width, check.height) == (200, len(large), 3000, 2000)
    assert check.ok


def test_an_empty_file_may_refuse_its_first_bytes() -> None:
    """A range of nothing is answered with 416; the whole is asked for then."""
    refusing = page(b"", status=416)
    check = seen(a=lambda ask: refusing(ask) if "Range" in ask.headers else page(b"")(ask))
    assert texts(check.problems) == ["the file is empty"]


def test_a_size_that_nobody_tells_is_not_made_up() -> None:
    """An answer in chunks, longer than what is read of it."""
    endless = Answer(url=URL, status=200, headers={"content-type": "image/png"}, body=PNG, cut=True)
    assert seen(a=lambda _: endless).size is None


def test_each_hop_of_a_redirect_is_told() -> None:
    """Some providers follow none, and so the last address is offered in place of the first."""
    check = seen(a=onward("/b.png"), b=onward("https://example.com/c.png"), c=page())
    assert check.ok
    assert check.hops == (URL, "https://example.com/b.png", "https://example.com/c.png")
    (warning,) = check.warnings
    assert warning.text == "the address redirects 2 times; some providers follow none"
    assert warning.next_step == "use https://example.com/c.png"


@pytest.mark.parametrize(
    ("pages", "problem"),
    [
        ({"a": onward("/b.png"), "b": onward("/a.png")}, "the address redirects in a circle"),
        (
            {one: onward(f"/{other}.png") for one, other in zip("abcdefg", "bcdefgh", strict=True)},
            "the address redirects more than 5 times",
        ),
        ({"a": onward("http://example.com/b.png")}, f"{URL} redirects to an address that is not fetched"),
        ({"a": page(b"", status=302)}, f"{URL} redirects to an address that is not fetched"),
        ({"a": onward("/b.png"), "b": page(status=404)}, "the server answers with status 404, not 200"),
        ({"a": onward("/b.png")}, "GET https://example.com/b.png: nobody is there"),
    ],
)
def test_a_redirect_that_leads_nowhere_is_a_problem(pages: dict[str, Page], problem: str) -> None:
    """Whether it goes round, goes on for ever, or ends somewhere else than at an image."""
    assert texts(seen(**pages).problems) == [problem]


@pytest.mark.parametrize(
    "wall",
    [
        onward("/a.png", set_cookie=f"{COOKIE}; Expires=Wed, 21 Oct 2037 07:28:00 GMT; Path=/"),
        page(b"<html>", "text/html", set_cookie=f"{COOKIE}; HttpOnly"),
        page(status=403, body=b"no", set_cookie=COOKIE),
    ],
)
def test_an_image_behind_a_cookie_is_found_out(wall: Page) -> None:
    """A browser would show it, and so a person would never guess why a provider does not get it."""
    check = seen(a=behind_a_cookie(wall))
    assert check.wants_cookies
    assert texts(check.problems) == ["the image comes only to those who send back a cookie, and providers do not"]


def test_cookies_that_change_nothing_are_not_blamed() -> None:
    """The answer is as bad with them."""
    check = seen(a=page(b"<html>", "text/html", set_cookie=COOKIE))
    assert not check.wants_cookies
    assert check.is_web_page
