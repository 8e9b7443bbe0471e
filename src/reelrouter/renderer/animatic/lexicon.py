"""The lexicon: what words and phrases say about a scene, and how a prompt is covered by them."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any, Literal

from reelrouter.renderer.animatic.language import (
    LANGUAGES,
    UNSPACED,
    Language,
    language_of,
    plain,
    stem,
    words_of,
)
from reelrouter.renderer.animatic.nouns import names

Kind = Literal[
    "environment", "time_of_day", "weather", "camera", "motion", "mood", "wonders", "colours", "numbers",
    "subjects", "paint", "without", "rides", "ignored", "function",
]  # fmt: skip
Meaning = tuple[Kind, str]

LONGEST = 5
"""Words in a phrase."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A phrase of the prompt that the lexicon knows."""

    start: int
    """Its first word (or character, where words are not parted)."""
    end: int
    phrase: str
    meanings: tuple[Meaning, ...]
    language: Language

    def values(self, kind: Kind) -> list[str]:
        return [value for one, value in self.meanings if one == kind]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """One language's phrases."""

    language: Language
    exact: Mapping[str, tuple[Meaning, ...]]
    stemmed: Mapping[str, tuple[Meaning, ...]]
    prefixes: Mapping[str, tuple[Meaning, ...]]

    def look_up(self, words: tuple[str, ...]) -> tuple[Meaning, ...]:
        phrase = " ".join(words)
        if phrase in self.exact:
            return self.exact[phrase]
        stems = " ".join(stem(word, self.language) for word in words)
        if stems in self.stemmed:
            return self.stemmed[stems]
        return self._beginning(phrase) if self.prefixes else ()

    def _beginning(self, phrase: str) -> tuple[Meaning, ...]:
        for length in range(len(phrase), max(1, phrase.rfind(" ") + 1), -1):
            if phrase[:length] in self.prefixes:
                return self.prefixes[phrase[:length]]
        return ()


def read(prompt: str) -> list[Hit]:
    """The prompt covered from left to right, at each place by the longest phrase that is known."""
    text = plain(prompt)
    language = language_of(text, function_words())
    if language in UNSPACED:
        return list(_covered_text(text, vocabulary(language)))
    words = words_of(text)
    vocabularies = [vocabulary(language)]
    if language != "en":
        vocabularies.append(vocabulary("en"))
    return list(_covered_words(words, vocabularies))


def _covered_words(words: tuple[str, ...], vocabularies: list[Vocabulary]) -> Iterator[Hit]:
    at = 0
    while at < len(words):
        hit = _longest(words, at, vocabularies)
        if hit:
            yield hit
        at = hit.end if hit else at + 1


def _longest(words: tuple[str, ...], at: int, vocabularies: list[Vocabulary]) -> Hit | None:
    for count in range(min(LONGEST, len(words) - at), 0, -1):
        part = words[at : at + count]
        for known in vocabularies:
            meanings = known.look_up(part)
            if meanings:
                return Hit(at, at + count, " ".join(part), meanings, known.language)
    return None


def _covered_text(text: str, known: Vocabulary) -> Iterator[Hit]:
    at, longest = 0, max(map(len, known.exact))
    while at < len(text):
        for count in range(min(longest, len(text) - at), 0, -1):
            part = text[at : at + count]
            if part in known.exact:
                yield Hit(at, at + count, part, known.exact[part], known.language)
                at += count
                break
        else:
            at += 1


@lru_cache(maxsize=1)
def _tables() -> dict[str, dict[str, Any]]:
    return tomllib.loads(files("reelrouter.renderer.animatic").joinpath("lexicon.toml").read_text("utf-8"))


@lru_cache(maxsize=1)
def habitats() -> dict[str, str]:
    """For each glyph the environment that it is at home in."""
    homes: dict[str, str] = {}
    for environment, glyphs in _tables()["habitat"].items():
        for glyph in _split(glyphs):
            homes[glyph] = environment
    return homes


def _split(glyphs: str) -> list[str]:
    """Emoji written one after the other, joined ones kept whole."""
    whole: list[str] = []
    for character in glyphs.replace("\ufe0f", ""):
        if whole and (character == "\u200d" or whole[-1].endswith("\u200d")):
            whole[-1] += character
        else:
            whole.append(character)
    return whole


@lru_cache(maxsize=1)
def function_words() -> dict[Language, frozenset[str]]:
    """For each language the words that give it away: its small words, and those of its lexicon."""
    known: dict[Language, frozenset[str]] = {}
    for language in LANGUAGES:
        table = _tables()[language]
        small = {word for phrase in table["words"].get("function", ()) for word in words_of(plain(phrase))}
        large = {phrase for kind in ("environment", "time_of_day", "weather") for phrases in table[kind].values()
                 for phrase in map(plain, phrases) if " " not in phrase}  # fmt: skip
        known[language] = frozenset(
            small | large | {name for name in names("en") if " " not in name}
            if language == "en"
            else small | large
        )
    return known


@lru_cache(maxsize=14)
def vocabulary(language: Language) -> Vocabulary:
    exact: dict[str, list[Meaning]] = {}
    prefixes: dict[str, tuple[Meaning, ...]] = {}
    for phrase, meaning in _entries(_tables()[language]):
        if phrase.endswith("*"):
            bare = phrase[:-1]
            prefixes[bare] = (*prefixes.get(bare, ()), meaning)
        elif meaning not in exact.setdefault(phrase, []):
            exact[phrase].append(meaning)
    for name, glyph in names(language).items():
        key = name if language in UNSPACED else " ".join(words_of(name))
        if key and not _settles(exact.get(key, [])) and (len(key) > 1 or language in UNSPACED or language == "ko"):
            exact.setdefault(key, []).append(("subjects", glyph))
    stemmed = {
        " ".join(stem(word, language) for word in phrase.split()): tuple(meanings)
        for phrase, meanings in exact.items()
    }
    if language == "ko":
        prefixes |= {
            phrase: tuple(meanings)
            for phrase, meanings in exact.items()
            if len(phrase) > 1 and phrase not in prefixes
        }
        exact |= {
            phrase + ending: meanings
            for phrase, meanings in list(exact.items())
            if len(phrase) == 1
            for ending in _PARTICLES
        }
    return Vocabulary(language, {phrase: tuple(meanings) for phrase, meanings in exact.items()}, stemmed, prefixes)


_PARTICLES = ("가", "이", "를", "을", "는", "은", "와", "과", "의", "에", "도", "들", "로", "들이")
"""What Korean hangs on a noun of one syllable; longer nouns are known by their beginning."""


def _settles(meanings: list[Meaning]) -> bool:
    """Whether a word already says something else, so that it cannot name a figure too."""
    return any(kind not in ("function", "mood") for kind, _ in meanings)


def _entries(table: dict[str, Any]) -> Iterator[tuple[str, Meaning]]:
    kinds: tuple[Kind, ...] = (
        "environment", "time_of_day", "weather", "camera", "motion", "mood", "wonders", "colours", "numbers",
        "subjects", "paint",
    )  # fmt: skip
    for kind in kinds:
        for value, phrases in table.get(kind, {}).items():
            for phrase in phrases:
                yield _key(phrase), (kind, value.replace("\ufe0f", ""))
    roles: tuple[Kind, ...] = ("without", "rides", "ignored", "function")
    for role in roles:
        for phrase in table["words"].get(role, ()):
            yield _key(phrase), (role, phrase)


def _key(phrase: str) -> str:
    """A phrase as the prompt's words will spell it."""
    star = "*" if phrase.endswith("*") else ""
    return " ".join(words_of(plain(phrase))) + star
