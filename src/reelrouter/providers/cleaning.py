"""Makes what vendors say fit for a database, a log line and an address; pure.

JSON can hold text that no encoder takes (half of a surrogate pair), that PostgreSQL does not store (NUL), and that
forges or hides lines in a terminal. None of it gets further than this.
"""

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

DEEPEST = 100
"""Levels of lists and objects within each other."""
MOST_TEXT = 300
"""Characters of a vendor's sentence that are kept."""
_UNFIT = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://|/", re.IGNORECASE)
_CODE = re.compile(r"[A-Za-z0-9_.:-]{1,100}")
_REPLACEMENT = "\ufffd"


class TooDeep(ValueError):
    """Lists and objects lie within each other deeper than anybody means it."""


def clean(value: Any, depth: int = 0) -> Any:
    """The JSON value with clean texts, its keys included. Raises `TooDeep`."""
    if isinstance(value, str):
        return clean_text(value)
    if not isinstance(value, dict | list):
        return value
    if depth >= DEEPEST:
        raise TooDeep(f"it is nested deeper than {DEEPEST} levels")
    if isinstance(value, list):
        return [clean(one, depth + 1) for one in value]
    return {clean_text(name): clean(one, depth + 1) for name, one in value.items()}


def clean_text(text: str) -> str:
    """Without what cannot be stored or shown. An address keeps its meaning, since it is still to be fetched."""
    if _UNFIT.search(text) is None:
        return text
    if _ADDRESS.match(text):
        return _UNFIT.sub(lambda found: quote(found[0].encode("utf-8", "surrogatepass")), text)
    return _UNFIT.sub(_REPLACEMENT, text.replace("\r\n", "\n"))


def one_line(value: object, most: int = MOST_TEXT) -> str:
    """The beginning of something as one printable line."""
    text = value if isinstance(value, str) else _as_text(value)
    # A multiple of what is kept: blanks at the beginning of a large text are not worth reading all of it.
    words = " ".join(clean_text(text[: most * 8]).split())
    shown = "".join(letter if letter.isprintable() else _REPLACEMENT for letter in words[: most + 1])
    return shown if len(shown) <= most else shown[:most]


def code_of(value: object) -> str | None:
    """A vendor's code. The job's owner may read it, so that only what looks like a code is one."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    code = str(value).strip()
    return code if _CODE.fullmatch(code) else None


def _as_text(value: object) -> str:
    if isinstance(value, Mapping | list):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)
