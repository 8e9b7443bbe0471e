"""The nouns that have a picture: the names of emoji in fourteen languages, without signs, faces and skin tones."""

import re
from functools import lru_cache

import emoji
from emoji import config

from reelrouter.renderer.animatic.figures import listed_glyphs
from reelrouter.renderer.animatic.language import Language, plain

_RANGES = (
    (0x1F32D, 0x1F384),
    (0x1F388, 0x1F38B),
    (0x1F38E, 0x1F390),
    (0x1F392, 0x1F393),
    (0x1F399, 0x1F3BB),
    (0x1F3BD, 0x1F3F0),
    (0x1F3F8, 0x1F43E),
    (0x1F451, 0x1F463),
    (0x1F47B, 0x1F47E),
    (0x1F48D, 0x1F490),
    (0x1F4BB, 0x1F4BC),
    (0x1F4D4, 0x1F4DA),
    (0x1F4E1, 0x1F4E1),
    (0x1F4F7, 0x1F4FD),
    (0x1F525, 0x1F52E),
    (0x1F54A, 0x1F54E),
    (0x1F56F, 0x1F570),
    (0x1F577, 0x1F578),
    (0x1F58C, 0x1F58C),
    (0x1F5FC, 0x1F5FF),
    (0x1F680, 0x1F6A4),
    (0x1F6B2, 0x1F6B2),
    (0x1F6B4, 0x1F6B6),
    (0x1F6CB, 0x1F6CB),
    (0x1F6D2, 0x1F6D6),
    (0x1F6E0, 0x1F6E9),
    (0x1F6F0, 0x1F6FC),
    (0x1F916, 0x1F916),
    (0x1F930, 0x1F93E),
    (0x1F941, 0x1F96F),
    (0x1F97E, 0x1F9AE),
    (0x1F9BC, 0x1F9CB),
    (0x1F9D8, 0x1F9DF),
    (0x1F9E0, 0x1F9FF),
    (0x1FA70, 0x1FAD6),
)
"""Blocks of emoji that are things and beings, so that signs, clocks, hands, hearts and flags stay out."""

_SETTINGS = re.compile(
    r"moon|sun|star|cloud|fog|globe|wave|rain|thermometer|night|milky|mountain|beach|desert|park|cityscape|camping"
    r"|snow|volcano|bridge|face|hand|woman_|man_|men_|women_|person_in|person_with|_with_|sign|symbol|fish_cake"
    r"|bubbles|button|medal|cyclone|comet|wind|leaf|water|speaker|chart|restroom|collision|slider|cinema|ticket|label",
)
"""Names that set a scene, or that a prompt means otherwise."""

_FACE = re.compile(
    r"^(?:rosto de|cara de|tete de|visage de|muso di|faccia di|wajah|морда|голова|وجه|صورت)\s+"
    r"|(?:の顔|\s*얼굴|gesicht|\s+yuzu)$"
)
"""What names of animals carry where only the face has an emoji."""


def picturable(glyph: str) -> bool:
    """Whether an emoji is a thing or a being that a stage can show."""
    return glyph.replace("\ufe0f", "") in listed_glyphs() or (
        len(glyph) <= 2
        and any(low <= ord(glyph[0]) <= high for low, high in _RANGES)
        and not _SETTINGS.search(str(emoji.EMOJI_DATA[glyph]["en"]))
    )


@lru_cache(maxsize=14)
def names(language: Language) -> dict[str, str]:
    """Plain names in a language, and the glyph that each stands for."""
    if language != "en":
        config.load_language(language)
    found: dict[str, str] = {}
    for glyph, entry in emoji.EMOJI_DATA.items():
        name = entry.get(language)
        if name and entry["status"] == emoji.STATUS["fully_qualified"] and picturable(glyph):
            found.setdefault(_bare(str(name)), glyph.replace("\ufe0f", ""))
    return found


def _bare(name: str) -> str:
    words = plain(name.strip(":").replace("_", " ").replace("-", " "))
    return _FACE.sub("", words).strip()
