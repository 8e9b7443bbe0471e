from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from reelrouter.storage.links import Link, Variant, content_url, expiry, has_expired, sign, verify

SECRET = b"the workspace's link secret, 32 b"
LINK = Link(job_id="gen-vid-1-abc", index=0, variant="video", expires_at=1_800_000_000)

variants: st.SearchStrategy[Variant] = st.sampled_from(["video", "poster", "spritesheet"])
links = st.builds(
    Link,
    job_id=st.text(max_size=40),
    index=st.integers(0, 20),
    variant=variants,
    expires_at=st.integers(0, 2**40),
)


@settings(deadline=None)
@given(st.binary(min_size=1), links)
def test_a_link_of_ours_is_recognised(secret: bytes, link: Link) -> None:
    """What was signed verifies, and signing it again gives the same text."""
    assert verify(secret, link, sign(secret, link))
    assert sign(secret, link) == sign(secret, replace(link))


@settings(deadline=None)
@given(links, links)
def test_a_signature_is_good_for_one_link_only(link: Link, other: Link) -> None:
    """No two links share a signature, however alike their parts are when written side by side."""
    assume(link != other)
    assert not verify(SECRET, other, sign(SECRET, link))


@settings(deadline=None)
@given(link=links, job_id=st.text(max_size=40), variant=variants, step=st.integers(-5, 5))
def test_changing_any_one_part_breaks_the_signature(link: Link, job_id: str, variant: Variant, step: int) -> None:
    """Job, index, variant and expiry are all vouched for."""
    signature = sign(SECRET, link)
    changed = (
        replace(link, job_id=job_id),
        replace(link, index=link.index + step),
        replace(link, variant=variant),
        replace(link, expires_at=link.expires_at + step),
    )
    for other in changed:
        assert verify(SECRET, other, signature) == (other == link)


@settings(deadline=None)
@given(st.binary(), st.binary())
def test_another_secret_does_not_do(secret: bytes, other: bytes) -> None:
    """A rotated secret kills every link made under it."""
    # A short key and the same key with zero bytes behind it are one key to HMAC.
    assume(secret.rstrip(b"\0") != other.rstrip(b"\0"))
    assert not verify(other, LINK, sign(secret, LINK))


@settings(deadline=None)
@given(st.text())
def test_any_other_text_is_no_signature(text: str) -> None:
    """Garbage of every kind is turned down, and never an error."""
    assume(text != sign(SECRET, LINK))
    assert not verify(SECRET, LINK, text)


@settings(deadline=None)
@given(st.integers(0, 31), st.characters())
def test_changing_one_character_breaks_the_signature(position: int, character: str) -> None:
    """Each character counts: a signature has no second spelling."""
    signature = sign(SECRET, LINK)
    assume(signature[position] != character)
    assert not verify(SECRET, LINK, signature[:position] + character + signature[position + 1 :])


def test_lone_surrogates_are_no_signature() -> None:
    """Text that cannot be written as UTF-8 is turned down like any other."""
    assert not verify(SECRET, LINK, "\ud800" * 32)


def test_a_signature_is_fit_for_a_query() -> None:
    """It has 192 bits, and no character that needs escaping."""
    signature = sign(SECRET, LINK)
    assert len(signature) == 32
    assert signature.replace("-", "").replace("_", "").isalnum()


def test_signatures_outlive_releases() -> None:
    """Links handed out before an upgrade work after it: the form is fixed."""
    assert sign(b"secret", LINK) == "Ao86XYWf_dFcxnRSaGtp7a0M54grCECt"


@pytest.mark.parametrize(("now", "expired"), [(1_799_999_999.9, False), (1_800_000_000.0, True)])
def test_a_link_ends_at_its_second(now: float, expired: bool) -> None:
    """Up to the expiry it works, from then on it does not."""
    assert has_expired(LINK, now) is expired


@settings(deadline=None)
@given(
    now=st.floats(0, 2e9),
    life=st.integers(60, 30 * 86400),
    retention=st.floats(0, 2e9),
)
def test_an_expiry_covers_the_life_but_never_exceeds_retention(now: float, life: int, retention: float) -> None:
    """A link lives at least as long as was asked, at most an hour more, and not past its file."""
    end = expiry(now, life, retention)
    assert end <= retention
    if end < int(retention):
        assert now + life <= end < now + life + 3600
        assert end % 3600 == 0


def test_polls_of_the_same_hour_get_the_same_link() -> None:
    """A client that polls every few seconds sees one address, until the hour is over."""
    hour = 1_800_000_000 - 1_800_000_000 % 3600
    ends = [expiry(hour + second, 86_400, 2e9) for second in (1, 2, 1800, 3600)]
    assert ends == [hour + 86_400 + 3600] * 4
    assert expiry(hour + 3601, 86_400, 2e9) == hour + 86_400 + 7200


@pytest.mark.parametrize("base", ["https://video.example.com", "http://127.0.0.1:8088/under"])
def test_an_address_carries_all_that_verifying_it_needs(base: str) -> None:
    """Index, expiry and signature stand in the query, the job in the path."""
    split = urlsplit(content_url(base, LINK, "sig-1"))
    assert f"{split.scheme}://{split.netloc}{split.path}" == f"{base}/api/v1/videos/gen-vid-1-abc/content"
    assert parse_qs(split.query) == {"index": ["0"], "expires": ["1800000000"], "signature": ["sig-1"]}


def test_the_address_of_a_poster_names_it() -> None:
    """Only what is not the video itself names its variant."""
    query = parse_qs(urlsplit(content_url("https://h", replace(LINK, variant="poster"), "s")).query)
    assert query["variant"] == ["poster"]
