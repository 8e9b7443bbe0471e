"""Long base64 texts leave a reply as files, wherever the network cuts it."""

import base64
import json
import re
from collections.abc import Iterable, Mapping
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reelrouter.providers.spill import LONGEST, Spill

SHORT = 40
"""Characters that stay, in these tests."""


def spilled(pieces: Iterable[bytes], directory: Path, longest: int = SHORT) -> tuple[bytes, list[bytes]]:
    """What is left, and the files."""
    spill = Spill(lambda n: directory / str(n), longest)
    try:
        for piece in pieces:
            spill.feed(piece)
    finally:
        spill.close()
    return bytes(spill.rest), [path.read_bytes() for path in spill.files]


# JSON as vendors write it: a value, and the ways of writing its texts -------------------------------------------


class Video:
    """A text of base64, in one of the ways in which it is written."""

    def __init__(self, content: bytes, writing: str) -> None:
        self.content = content
        self.writing = writing

    def text(self) -> str:
        """What is between the quotes."""
        text = base64.b64encode(self.content).decode()
        match self.writing:
            case "url-safe":
                return base64.urlsafe_b64encode(self.content).decode()
            case "unpadded":
                return text.rstrip("=")
            case "escaped":
                return text.replace("/", "\\/").replace("+", "\\u002b").replace("=", "\\u003D")
            case "lines":
                return "\\r\\n".join(re.findall(".{1,76}", text)) + "\\n"
            case _:
                return text

    def __repr__(self) -> str:
        return f"Video({self.content!r}, {self.writing!r})"


videos = st.builds(
    Video,
    st.binary(min_size=SHORT, max_size=300),
    st.sampled_from(["plain", "url-safe", "unpadded", "escaped", "lines"]),
)
short_texts = st.text(max_size=SHORT).filter(lambda text: len(json.dumps(text)) - 2 <= SHORT)
documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | short_texts | videos,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(short_texts, inner, max_size=4),
    max_leaves=12,
)


def written(value: Any, *, ascii_only: bool) -> str:
    """The document as JSON."""
    match value:
        case Video():
            return f'"{value.text()}"'
        case dict():
            pairs = (
                f"{json.dumps(name, ensure_ascii=ascii_only)}: {written(one, ascii_only=ascii_only)}"
                for name, one in value.items()
            )
            return "{" + ", ".join(pairs) + "}"
        case list():
            return "[" + ",".join(written(one, ascii_only=ascii_only) for one in value) + "]"
        case _:
            return json.dumps(value, ensure_ascii=ascii_only)


def filed(value: Any, files: list[bytes]) -> Any:
    """The document with its videos as files, in the order in which they are written."""
    if isinstance(value, Video):
        files.append(value.content)
        return f"file:{len(files) - 1}"
    if isinstance(value, Mapping):
        return {name: filed(one, files) for name, one in value.items()}
    if isinstance(value, list):
        return [filed(one, files) for one in value]
    return value


def cut(text: bytes, cuts: Iterable[int]) -> list[bytes]:
    places = sorted({min(place, len(text)) for place in cuts} | {0, len(text)})
    return [text[start:end] for start, end in pairwise(places)]


@given(
    document=documents,
    cuts=st.lists(st.integers(0, 3000), max_size=40),
    ascii_only=st.booleans(),
)
@example(document=Video(b"\xfb\xff" * 30, "escaped"), cuts=range(400), ascii_only=True)
@example(document=[Video(b"\xfb\xff" * 30, "lines"), '\\"'], cuts=range(400), ascii_only=True)
def test_any_document_in_any_pieces_is_what_it_is_as_a_whole(
    document: Any, cuts: Iterable[int], ascii_only: bool
) -> None:
    """Long texts are files with the right bytes; everything else is as it was."""
    files: list[bytes] = []
    expected = filed(document, files)
    text = written(document, ascii_only=ascii_only).encode(errors="surrogatepass")
    with TemporaryDirectory() as directory:
        rest, found = spilled(cut(text, cuts), Path(directory))
    assert json.loads(rest.decode(errors="surrogatepass")) == expected
    assert found == files


@given(text=st.text(), cuts=st.lists(st.integers(0, 500)), ascii_only=st.booleans())
def test_texts_that_stay_are_untouched(text: str, cuts: list[int], ascii_only: bool) -> None:
    """To the byte."""
    whole = json.dumps({text: [text, 1]}, ensure_ascii=ascii_only).encode(errors="surrogatepass")
    with TemporaryDirectory() as directory:
        assert spilled(cut(whole, cuts), Path(directory), len(whole)) == (whole, [])


@pytest.mark.parametrize(("length", "files"), [(LONGEST, 0), (LONGEST + 4, 1)])
def test_the_longest_text_that_stays(length: int, files: int, tmp_path: Path) -> None:
    """64 kB of it."""
    _, found = spilled([b'"' + b"A" * length + b'"'], tmp_path, LONGEST)
    assert found == [bytes((LONGEST + 4) // 4 * 3)] * files


@pytest.mark.parametrize(
    "text",
    [
        b"no base64 " * 10,
        b"A" * 61,
        b"A" * 58 + b"==" + b"AAAA",
        b"A" * 59 + b"=" + b"A" * 40,
        b"A" * 60 + b"====",
        b"=" * 60,
        b"A" * 56 + b"A=AA",
        b"data:video/mp4;base64," + b"A" * 60,
        b"A" * 60 + b"\\u00e9",
        b"A" * 60 + b"\\q",
        b"A" * 60 + b"\\u12",
        b"A" * 60 + "é".encode(),
        b"A" * 60 + b"\\\\AAA",
        b"A" * 60 + b'\\"AAA',
    ],
)  # fmt: skip
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_of_a_long_text_that_is_no_base64_the_beginning_stays(text: bytes, size: int, tmp_path: Path) -> None:
    """However it is cut: it is no file, and a mark keeps it from being taken for base64."""
    whole = b'["' + text + b'", "' + text + b'", 1]'
    rest, files = spilled([whole[at : at + size] for at in range(0, len(whole), size)], tmp_path)
    *both, number = json.loads(rest)
    assert number == 1
    assert all(one.endswith("…") and text.decode().startswith(one[:SHORT]) for one in both)
    assert not files
    assert not list(tmp_path.iterdir())


@given(text=st.text(min_size=1, max_size=3000), cuts=st.lists(st.integers(0, 9000)), ascii_only=st.booleans())
def test_without_files_a_long_text_only_becomes_shorter(text: str, cuts: list[int], ascii_only: bool) -> None:
    """And is JSON as before, wherever an escape is cut."""
    whole = json.dumps([text * 9, 7], ensure_ascii=ascii_only).encode(errors="surrogatepass")
    spill = Spill(None, SHORT)
    for piece in cut(whole, cuts):
        spill.feed(piece)
    shorter, number = json.loads(bytes(spill.rest).decode(errors="replace"))
    assert number == 7
    assert len(shorter) <= 1001


def test_a_text_without_an_end_is_closed(tmp_path: Path) -> None:
    """What was there is in its file, and the rest is no JSON any more."""
    rest, files = spilled([b'{"video": "' + base64.b64encode(b"video" * 30)], tmp_path)
    assert rest == b'{"video": "'
    assert files == [b"video" * 30]


def test_a_short_text_that_looks_like_a_file_is_no_file(tmp_path: Path) -> None:
    """The files that there are, are told apart by their number."""
    assert spilled([b'["file:0"]'], tmp_path) == (b'["file:0"]', [])
