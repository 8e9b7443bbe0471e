"""Values as people read them in a table's cell."""

from collections.abc import Sequence
from decimal import Decimal

from rich.text import Text

from reelrouter.client.results import Job, Model, References

NOTHING = "-"
UNSTATED = "?"
_STYLES = {
    "completed": "green",
    "failed": "bold red",
    "cancelled": "yellow",
    "expired": "yellow",
    "in_progress": "cyan",
    "pending": "dim",
}
_UNITS = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))
_KINDS = (("image", "img"), ("video", "vid"), ("audio", "aud"))


def seconds(model: Model) -> str:
    """`4-15`, `4 6 8`, `4…20`; nothing where the length follows the input."""
    listed = sorted(set(model.supported_durations or ()))
    if not listed:
        return NOTHING
    first, last = listed[0], listed[-1]
    if len(listed) > 2 and last - first == len(listed) - 1:
        return f"{first}-{last}"
    return " ".join(map(str, listed)) if len(listed) <= 3 else f"{first}…{last}"


def resolutions(model: Model, most: int) -> str:
    """`480 720 1080p 4K`; with fewer to show, the first and the last."""
    listed = sorted(model.supported_resolutions or (), key=_size)
    if not listed:
        return NOTHING
    if len(listed) > most:
        return f"{listed[0].removesuffix('p')}…{listed[-1]}"
    pairs = zip(listed, (*listed[1:], ""), strict=True)
    return " ".join(one.removesuffix("p") if after.endswith("p") else one for one, after in pairs)


def frames(model: Model) -> str:
    """`first last`."""
    return " ".join(one.removesuffix("_frame") for one in model.supported_frame_images or ()) or NOTHING


def references(model: Model) -> str:
    """`9 img 3 vid 3 aud`."""
    limits = model.supported_references
    if limits is None:
        return UNSTATED
    return " ".join(f"{count} {word}" for count, word in _counts(limits)) or NOTHING


def letters(model: Model) -> str:
    """Frames and references in the least room: `FL 9i 3v 3a`."""
    limits = model.supported_references
    first = "".join(one[0].upper() for one in model.supported_frame_images or ())
    counts = [f"{UNSTATED}i"] if limits is None else [f"{count}{word[0]}" for count, word in _counts(limits)]
    return " ".join(part for part in (first, *counts) if part) or NOTHING


def known(flag: bool | None) -> str:  # noqa: FBT001  # a value, and not a switch
    return UNSTATED if flag is None else "yes" if flag else "no"


def dollars(amount: Decimal | None) -> str:
    """At least cents, and further places only as far as they say something: `$0.40`, `$0.0988`, `$0.000112`."""
    if amount is None:
        return NOTHING
    places = 2
    while places < 9 and abs(amount - round(amount, places)) > abs(amount) / 2000:
        places += 1
    return f"${amount:.{places}f}"


def size(count: int) -> str:
    """Bytes: `812 bytes`, `1.4 MB`."""
    if count < 1000:
        return f"{count} bytes"
    amount, unit = count / 1000, "kB"
    for bigger in ("MB", "GB"):
        if amount < 1000:
            break
        amount, unit = amount / 1000, bigger
    return f"{amount:.1f} {unit}"


def duration(length: float) -> str:
    """The largest unit that fits: `12 s`, `3 min`, `2 h`, `5 d`."""
    for unit, name in _UNITS:
        if length >= unit:
            return f"{int(length // unit)} {name}"
    return "0 s"


def status(job: Job) -> Text:
    """The word, in its colour, and how far it is."""
    word = job.status.replace("_", " ")
    if job.status == "in_progress" and job.progress is not None:
        word = f"{job.progress:>3} %"
    return Text(word, style=_STYLES.get(job.status, "magenta"))


def model_name(name: str) -> Text:
    """An id whose author stands back, so that the names can be read down a column."""
    author, slash, rest = name.rpartition("/")
    return Text.assemble((author + slash, "dim"), rest)


def either(words: Sequence[str], joint: str = "or") -> str:
    """`a, b or c`."""
    return f" {joint} ".join(part for part in (", ".join(words[:-1]), *words[-1:]) if part)


def _counts(limits: References) -> list[tuple[int, str]]:
    return [(count, word) for name, word in _KINDS if (count := getattr(limits, name))]


def _size(resolution: str) -> int:
    """`1K` is below `720p`, and `2K` above `1080p`."""
    digits = int("".join(letter for letter in resolution if letter.isdigit()) or 0)
    return digits * 600 if resolution.endswith("K") else digits
