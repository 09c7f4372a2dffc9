"""A person's name from one cell, taken apart."""

from __future__ import annotations

# Words that begin a family name, as in Vincent van Gogh and Juana de la Cruz; and those that stand after one.
_JOINING = "af al am auf aus ben bin da das de del della den der des di do dos du e el la las le lo los ter van vom von y zu"
_BEGINS = frozenset(_JOINING.split())
_AFTER = frozenset(("jr", "jr.", "sr", "sr.", "ii", "iii", "iv", "jnr", "snr"))


def first_and_last(name: str) -> tuple[str, str]:
    """``Last, First`` or ``First Last`` as (first, last). A lone word is the last name."""
    last, comma, first = (part.strip() for part in name.partition(","))
    if comma and first and first.casefold() not in _AFTER:
        return first, last
    words = name.replace(",", " ").split()
    end = len(words)
    while end > 1 and words[end - 1].casefold() in _AFTER:
        end -= 1
    start = max(end - 1, 0)
    while start > 1 and words[start - 1] in _BEGINS:  # as written: "Van" may be a middle name
        start -= 1
    return " ".join(words[:start]), " ".join(words[start:])


def first_name_first(name: str) -> str:
    """A name as people say it, also where the file sorts by the last."""
    return " ".join(each for each in first_and_last(name) if each)
