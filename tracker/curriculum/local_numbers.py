"""A local's number, however people write it: "Local One", "I.A.T.S.E. Local No. 52", "Local 28 – Stagehand's Union"."""

from __future__ import annotations

import re
import unicodedata

_ONES = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_TEENS = ("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen")
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_VALUES = {word: value for value, word in enumerate((*_ONES, *_TEENS), start=1)}
_VALUES |= {word: value for value, word in zip(range(20, 100, 10), _TENS, strict=True)}

_DASH = r"[-‐‑‒–—]"
_OURS = r"(?:the\s+)?(?:i\.?\s?a\.?\s?t\.?\s?s\.?\s?e\b\.?|ia\b|aqtis\b)"
_WORDS = rf"(?:{'|'.join(_TENS)})(?:{_DASH}|\s)(?:{'|'.join(_ONES)})|{'|'.join(sorted(_VALUES, key=len, reverse=True))}"

# Whose it is, the word for a local, the word for a number, the number itself (a spreadsheet may say "80.0"), and after a
# mark what else it is called. What else must say no other number, or the text means two locals.
_SPELLED = re.compile(
    rf"""
    (?:{_OURS}[\s.,:/]*{_DASH}?\s*)?
    (?:(?:section\s+locale|local|loc)\b\.?(?:\s+union\b)?[\s,:]*{_DASH}?\s*)?
    (?:(?:number|num|nr|no)(?![a-z])[\s.:]*)?
    [\#\s]*
    (?:
        (?P<letters>[a-z]{{0,4}})(?:\s|[._]|{_DASH})*(?P<digits>[0-9]+)(?:\.0|(?:\s|[._]|{_DASH})*(?P<suffix>[a-z]))?
      | (?P<word>{_WORDS})
    )
    (?:
        \s+{_OURS}
      | \s*(?:[,;:(/]|\s{_DASH}+\s)\s*(?P<rest>[^0-9]*)
    )?
    """,
    re.VERBOSE,
)
_ANOTHER = re.compile(rf"\b(?:{_WORDS}|local)\b")


def spelled_local(text: str) -> str | None:
    """The number a text means, lower case, its letters and digits alone ("b173", "80"); None where it is not such a text."""
    plain = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    found = _SPELLED.fullmatch(plain)
    if found is None or (found["rest"] and _ANOTHER.search(found["rest"])):
        return None
    if found["word"]:
        return str(sum(_VALUES[word] for word in re.split(rf"{_DASH}|\s", found["word"])))
    number = f"{found['letters']}{found['digits']}{found['suffix'] or ''}"
    return number.lstrip("0") or "0"


def other_spelling(key: str) -> str:
    """The key under which the same local may be kept: United Scenic Artists, Local 829, is also written USA829."""
    if key.startswith("usa") and key[3:].isdigit():
        return key[3:]
    return f"usa{key}" if key.isdigit() else key


def natural(number: str) -> list[tuple[int, int, str]]:
    """The order in which people read numbers: 2, 15, 600, 600A, B18, B173."""
    parts = re.findall(r"[0-9]+|[^0-9]+", number)
    return [(0, int(part), part) if part.isascii() and part.isdigit() else (1, 0, part.casefold()) for part in parts]
