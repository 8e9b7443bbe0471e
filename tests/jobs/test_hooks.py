"""Addresses for vendors: each is good for one attempt, and cannot be made without the installation's secret."""

import pytest

from reelrouter.jobs.hooks import address_of, is_genuine, job_of, mark_of

KEY, OTHER = b"k" * 32, b"o" * 32


def token_of(attempt_key: str, key: bytes = KEY) -> str:
    return address_of(key, "https://video.example.com", attempt_key).rpartition("/")[2]


def test_an_address_lies_below_ours_and_names_the_attempt() -> None:
    """Its token cannot be guessed, and needs no escaping in an address."""
    address = address_of(KEY, "https://video.example.com/gate", "gen-vid-1-a-0")
    begin, _, token = address.rpartition("/")
    assert begin == "https://video.example.com/gate/api/v1/hooks/gen-vid-1-a-0"
    assert len(token) >= 32
    assert token.replace("-", "").replace("_", "").isalnum()


def test_every_process_makes_the_same_one() -> None:
    """The engine hands it out, and the API knows it again."""
    assert token_of("gen-vid-1-a-0") == token_of("gen-vid-1-a-0")
    assert is_genuine(KEY, "gen-vid-1-a-0", token_of("gen-vid-1-a-0"))


@pytest.mark.parametrize(
    "token",
    ["", "x", "ü", "\udcff", token_of("gen-vid-1-a-1"), token_of("gen-vid-1-a-0", OTHER),
     token_of("gen-vid-1-a-0")[1:]],
    ids=["none", "short", "not ASCII", "no text", "another attempt's", "another installation's", "cut off"],
)  # fmt: skip
def test_another_token_is_not_taken(token: str) -> None:
    """Whatever it looks like."""
    assert not is_genuine(KEY, "gen-vid-1-a-0", token)


def test_a_job_that_comes_back_is_known_by_its_mark() -> None:
    """Which nobody else can make: an id alone, another's mark, or an attempt's token tell nothing."""
    mark = mark_of(KEY, "gen-vid-1-a")
    assert job_of(KEY, mark) == "gen-vid-1-a"
    assert job_of(OTHER, mark) is None
    assert job_of(KEY, "gen-vid-1-a") is None
    assert job_of(KEY, f"gen-vid-1-b.{mark.rpartition('.')[2]}") is None
    assert job_of(KEY, f"gen-vid-1-a.{token_of('gen-vid-1-a')}") is None
