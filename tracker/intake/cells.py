"""What one cell may hold, for every reader alike."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from functools import lru_cache

from tracker.curriculum.faults import Fault
from tracker.language import _, lazy, number

LONGEST_TEXT = 200
LONGEST_LINK = 2_000
NOT_A_DAY = lazy("is no day: write it YYYY-MM-DD, as in 2026-03-09")

# C0 and C1 controls, the separators that some programs take for line ends, and half a surrogate pair.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def listed(text: str) -> list[str]:
    """The items of a list of ours, which stand apart by | and by lines."""
    return [item for line in text.splitlines() for each in line.split("|") if (item := each.strip())]


def shown(value: str) -> str:
    """The value as a fault shows it: enough to find it by, however long it is."""
    return value if len(value) <= 80 else value[:79] + "…"


@lru_cache(maxsize=50_000)  # more than the days of a century: a file repeats its days
def iso_day(text: str) -> date | None:
    """The day that YYYY-MM-DD names, or None. Python's other ISO forms (week dates, no hyphens) are not read."""
    if len(text) != 10 or text[4] != "-" or text[7] != "-":
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def is_address(text: str) -> bool:
    """Whether the text could be an e-mail address: enough to tell it from a name or a number in the wrong column."""
    before, at, after = text.partition("@")
    return bool(before and at and after) and "@" not in after and not any(map(str.isspace, text))


def is_link(text: str) -> bool:
    """Whether the text is a web address that a browser would follow to another page."""
    scheme, mark, rest = text.partition("://")
    return scheme.lower() in ("http", "https") and bool(mark and rest) and " " not in rest


def is_plain(values: Sequence[str]) -> bool:
    """Whether the values are so short and clean that ``text_faults`` can find nothing: the usual row, told fast."""
    whole = "".join(values)
    return len(whole) <= LONGEST_TEXT and whole.isprintable()


def text_faults(
    line: int, columns: Sequence[str], values: Sequence[str], long_columns: Sequence[str] = ()
) -> Iterator[Fault]:
    """Values that no honest table holds: invisible characters, and texts too long to be what they should be."""
    for column, value in zip(columns, values, strict=True):
        if found := _CONTROL.search(value):
            reason = (
                _("holds a line break: take it out")
                if found[0] in "\r\n"
                else _("holds the invisible character %(code)s: take it out", code=f"U+{ord(found[0]):04X}")
            )
            yield Fault(line, column, shown(value), reason)
        longest = LONGEST_LINK if column in long_columns else LONGEST_TEXT
        if len(value) > longest:
            yield Fault(
                line,
                column,
                shown(value),
                _(
                    "is %(count)s characters long; at most %(longest)s are kept",
                    count=number(len(value)),
                    longest=number(longest),
                ),
            )
