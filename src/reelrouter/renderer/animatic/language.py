"""Words of a prompt: which language it is in, how it splits, and what endings do not matter."""

import re
import unicodedata
from collections.abc import Mapping
from typing import get_args, Literal

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
_SCRIPTED = re.compile(r"\[\[[^\]]*\]\]")


def plain(text: str) -> str:
    """Lower case, one form for each letter, Latin accents dropped, and no `[[…]]` test words."""
    folded = (
        unicodedata.normalize("NFKC", _SCRIPTED.sub(" ", text)).casefold().replace("\u0307", "").replace("ё", "е")
    )
    return "".join(_unaccented(letter) for letter in folded)


def _unaccented(letter: str) -> str:
    if letter == "ı":
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
    match language:
        case "en":
            return _english(word)
        case "es" | "fr" | "pt":
            return _without(word, ("es", "s", "x"), 4)
        case "it":
            return _without(word, ("hi", "he", "i", "e", "o", "a"), 4)
        case "de":
            return _without(word, ("en", "er", "es", "e", "n", "s"), 4)
        case "ru":
            return _without(word, ("ами", "ями", "ого", "ому", "ых", "ой", "ей", "ую", "ая", "ом", "ем", "ам", "ах", "ов", "а", "я", "у", "ю", "ы", "и", "е", "о", "ь", "й"), 3)  # fmt: skip
        case "ar":
            bare = re.sub(r"^(?:وال|بال|كال|فال|لل|ال|و)(?=..)", "", word)
            return re.sub(r"(?<=..)(?:ات|ون|ين|ة|ه)$", "", bare)
        case "fa":
            return re.sub(r"(?<=..)(?:های|ها|ی)$", "", word)
        case "tr":
            return _without(word, ("lerin", "larin", "lari", "leri", "lar", "ler", "nin", "da", "de", "ta", "te", "in", "i", "u"), 4)  # fmt: skip
        case _:
            return word


def is_plural(word: str, language: Language) -> bool:
    """Whether a noun names several, as far as its ending tells."""
    if language in ("es", "fr", "pt"):
        return len(word) > 3 and word.endswith(("s", "aux"))
    return language == "en" and (word in _SEVERAL or (word != _english(word) and word not in _ONE))


_SEVERAL = frozenset(
    {"people", "men", "women", "children", "mice", "geese", "wolves", "fishes", "cattle", "sheep"}
)
_ONE = frozenset({"horus", "lens", "dress"})


def _english(word: str) -> str:
    if len(word) <= 3 or word.endswith(("ss", "us", "is", "ous")):
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("ches", "shes", "xes", "sses", "zes")):
        return word[:-2]
    return word.removesuffix("s")


def _without(word: str, endings: tuple[str, ...], least: int) -> str:
    """The word less its first matching ending, if `least` letters stay."""
    for ending in endings:
        if word.endswith(ending) and len(word) - len(ending) >= least:
            return word[: -len(ending)]
    return word
