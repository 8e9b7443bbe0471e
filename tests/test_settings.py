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
