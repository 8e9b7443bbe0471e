"""Settings: refused if wrong, before anything is opened."""

import pytest
from pydantic import ValidationError

from reelrouter.settings import read_settings


@pytest.mark.parametrize(
    ("name", "prefix"), [("live_key", "rr-live-"), ("test_key", "rr-test-"), ("management_key", "rr-mgmt-")]
)
def test_a_key_of_the_operator_s_choice_says_its_kind(name: str, prefix: str) -> None:
    """By its beginning: a key of one kind does not pass for another."""
    settings = read_settings(**{name: prefix + "0123456789abcdef"})
    assert getattr(settings, name).get_secret_value().startswith(prefix)
    with pytest.raises(ValidationError, match=f"{name} must begin with {prefix}"):
        read_settings(**{name: "rr-other-0123456789abcdef"})


@pytest.mark.parametrize("storage_url", [None, "file:///srv/videos", "memory:///"])
def test_downloads_are_redirected_to_buckets_alone(storage_url: str | None) -> None:
    """What lies on a disk has no address of its own that a client could be sent to."""
    assert read_settings(storage_url="s3://videos/eu", downloads="redirect").downloads == "redirect"
    with pytest.raises(
        ValidationError, match="downloads can be redirect only with a storage_url that is a bucket's"
    ):
        read_settings(storage_url=storage_url, downloads="redirect")


def test_without_a_server_one_engine_does_all_work() -> None:
    with pytest.raises(ValidationError, match="queues must name all work unless database_url is set"):
        read_settings(queues="remote,webhooks")
    assert read_settings(queues="remote", database_url="postgresql://localhost/reelrouter").queues == ("remote",)
