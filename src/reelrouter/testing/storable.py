"""Whether a vendor's words can be kept and shown, once an adapter has read them; raises `AssertionError`."""

import json
import re
import unicodedata
from collections.abc import Iterable

from reelrouter.work import Accepted, Failed

_MOST_TEXT = 1000
"""Characters that an operator is shown, at most."""
_CODE = re.compile(r"[A-Za-z0-9_.:-]{1,100}")
_UNSEEN = frozenset({"Cc", "Cf", "Cs"})
"""Categories of characters that steer a terminal or turn a line around."""


def check_failed(failed: Failed) -> None:
    code, said = failed.vendor_code, failed.vendor_text
    assert code is None or _CODE.fullmatch(code), f"its code is {code[:200]!a}"
    if said is not None:
        check_text(said)
        assert len(said) <= _MOST_TEXT, f"its text has {len(said)} characters"
        strange = {hex(ord(one)) for one in said if unicodedata.category(one) in _UNSEEN}
        assert not strange, f"its text has {sorted(strange)} in it"
    check_notes(failed.notes)


def check_notes(notes: Iterable[str]) -> None:
    for note in notes:
        check_text(note)
        assert 0 < len(note) <= _MOST_TEXT, f"a note has {len(note)} characters"


def check_accepted(accepted: Accepted) -> None:
    handle = accepted.handle
    assert handle.native_id, "the job has no id"
    check_text(json.dumps([handle.native_id, dict(handle.extra)], ensure_ascii=False))


def check_text(given: str) -> None:
    """Databases take no half characters and no NUL."""
    can_be_encoded = not any(unicodedata.category(one) == "Cs" for one in given)
    assert can_be_encoded, f"{given[:200]!a} cannot be stored"
    has_nul = "\x00" in given or "\\u0000" in given
    assert not has_nul, f"{given[:200]!a} cannot be stored"
