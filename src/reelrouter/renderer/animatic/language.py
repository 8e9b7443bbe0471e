"""Words of a prompt: which language it is in, how it splits, and what endings do not matter."""

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any, Literal, get_args

Language = Literal["en", "es", "pt", "it", "fr", "de", "id", "tr", "ru", "ar", "fa", "zh", "ja", "ko"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
LATIN: tuple[Language, ...] = ("en", "es", "pt", "it", "fr", "de", "id", "tr")
UNSPACED: frozenset[Language] = frozenset({"zh", "ja"})
"""Written without spaces: matched character by character."""

_WORD = re.compile(r"[^\W_]+")
_SCRIPTS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("latin", re.compile(r"[a-z\u00c0-\u024f]")),
    ("cyrillic", re.compile(r"[\u0400-\u04ff]")),
    ("arabic", re.compile(r"[\u0600-\u06ff]")),
    ("hangul", re.compile(r"[\uac00-\ud7af]")),
    ("kana", re.compile(r"[\u3040-\u30ff]")),
    ("han", re.compile(r"[\u4e00-\u9fff]")),
)
_PERSIAN = re.compile(r"[\u067e\u0686\u0698\u06af\u06a9\u06cc]")
_IO, _IE = "\N{CYRILLIC SMALL LETTER IO}", "\N{CYRILLIC SMALL LETTER IE}"
_DOTLESS = "\N{LATIN SMALL LETTER DOTLESS I}"
_SCRIPTED = re.compile(r"\[\[[^\]]*\]\]")


def plain(text: str) -> str:
    """Lower case, one form for each letter, Latin accents dropped, and no `[[…]]` test words."""
    folded = (
        unicodedata.normalize("NFKC", _SCRIPTED.sub(" ", text)).casefold().replace("\u0307", "").replace(_IO, _IE)
    )
    return "".join(_unaccented(letter) for letter in folded)


def _unaccented(letter: str) -> str:
    if letter == _DOTLESS:
        return "i"
    if "\u00c0" <= letter <= "\u024f":
        return "".join(part for part in unicodedata.normalize("NFKD", letter) if not unicodedata.combining(part))
    return letter


def words_of(text: str) -> tuple[str, ...]:
    """The words of a `plain` text; hyphens and apostrophes part them."""
    return tuple(_WORD.findall(text))


def language_of(text: str, known: Mapping[Language, frozenset[str]]) -> Language:
    """The language of a `plain` text: by its script, and among Latin ones by the words in `known`."""
    counts = {name: len(pattern.findall(text)) for name, pattern in _SCRIPTS}
    if counts["kana"] and counts["kana"] + counts["han"] >= counts["latin"]:
        return "ja"
    script = max(counts, key=lambda name: counts[name] * (3 if name == "han" else 1))
    match script:
        case "cyrillic":
            return "ru"
        case "arabic":
            return "fa" if _PERSIAN.search(text) else "ar"
        case "hangul":
            return "ko"
        case "han":
            return "zh"
        case _:
            return _latin(words_of(text), known)


def _latin(words: tuple[str, ...], known: Mapping[Language, frozenset[str]]) -> Language:
    scores = {language: sum(word in known[language] for word in words) for language in LATIN}
    best = max(LATIN, key=lambda language: scores[language])
    return best if scores[best] > scores["en"] else "en"


def stem(word: str, language: Language) -> str:
    """The word without the endings that number, case and article give it; the same for names and prompts."""
    if language == "en":
        return _english(word)
    rules = _endings().get(language, {})
    least = rules.get("least", 0)
    for beginning in rules.get("beginnings", ()):
        if word.startswith(beginning) and len(word) - len(beginning) >= least:
            word = word[len(beginning) :]
            break
    for ending in rules.get("endings", ()):
        if word.endswith(ending) and len(word) - len(ending) >= least:
            return word[: -len(ending)]
    return word


@lru_cache(maxsize=1)
def _endings() -> dict[str, dict[str, Any]]:
    return tomllib.loads(files("reelrouter.renderer.animatic").joinpath("endings.toml").read_text("utf-8"))


def is_plural(word: str, language: Language) -> bool:
    """Whether a noun names several, as far as its ending tells."""
    if language in ("es", "fr", "pt"):
        return len(word) > 3 and word.endswith(("s", "aux"))
    return language == "en" and (word in _SEVERAL or (word != _english(word) and word not in _ONE))


_SEVERAL = frozenset(
    {"people", "men", "women", "children", "mice", "geese", "wolves", "fishes", "cattle", "sheep"}
)
_ONE = frozenset({"lens", "christmas", "canvas", "gas", "atlas"})


def _english(word: str) -> str:
    if len(word) <= 3 or word.endswith(("ss", "us", "is", "ous")):
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("ches", "shes", "xes", "sses", "zes")):
        return word[:-2]
    return word.removesuffix("s")
