"""How alike two spellings of one person are. Reasons to show a suggestion to a person, never to match by."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import IntEnum
from itertools import combinations
from typing import NamedTuple

from tracker.curriculum.keys import email_key, member_key, plain_text
from tracker.language import mark, word

# --- Names -----------------------------------------------------------------------------------------------------------


class NameLikeness(IntEnum):
    """How two names are alike, the closest first."""

    SAME = 1  # but for accents, case, hyphens and apostrophes
    SWAPPED = 2  # the same words in another order
    MORE_NAMES = 3  # one has further first names
    NICKNAME = 4
    INITIAL = 5
    SLIP = 6  # one letter wrong, missing, too many, or two exchanged

    @property
    def words(self) -> str:
        return word(_NAME_WORDS[self])


_NAME_WORDS = {
    NameLikeness.SAME: mark("the same name"),
    NameLikeness.SWAPPED: mark("the same names in another order"),
    NameLikeness.MORE_NAMES: mark("the same first and last name, one with a further name"),
    NameLikeness.NICKNAME: mark("the same last name, and a short form of the first"),
    NameLikeness.INITIAL: mark("the same last name, and an initial for the first"),
    NameLikeness.SLIP: mark("a name that differs by one letter"),
}

# Short forms in both directions. Few: a person decides, and a search finds the rest.
_SHORT_FORMS = (
    *("alexander alex sandy", "alexandra alex sandra", "andrew andy drew", "anthony tony", "antonio tony", "barbara barb"),
    *("benjamin ben", "catherine kate cathy cat", "charles charlie chuck", "christine chris tina", "christopher chris"),
    *("daniel dan danny", "david dave", "deborah deb debbie", "donald don", "dorothy dot", "edward ed eddie ted"),
    *("elizabeth liz beth betty eliza", "eugene gene", "francis frank", "francisco paco pancho", "frederick fred"),
    *("gabriel gabe", "gerald gerry jerry", "gregory greg", "guillermo memo", "henry hank harry", "isabella bella"),
    *("jacob jake", "james jim jimmy jamie", "jeffrey jeff", "jennifer jen jenny", "jessica jess", "john jack johnny jon"),
    *("jonathan jon", "jose pepe", "joseph joe joey", "joshua josh", "katherine kate kathy kat", "kenneth ken"),
    *("lawrence larry", "leonard leo len", "margaret maggie meg peggy", "matthew matt", "michael mike mick", "nathan nate"),
    *("nicholas nick", "pamela pam", "patricia pat trish", "patrick pat", "peter pete", "philip phil", "rebecca becky"),
    *("richard rick dick rich", "robert bob rob bobby", "ronald ron", "samantha sam", "samuel sam", "stephanie steph"),
    *("stephen steve", "steven steve", "susan sue", "theodore ted theo", "thomas tom tommy", "timothy tim"),
    *("victoria vicky tori", "vincent vince", "walter walt", "william bill will billy", "zachary zach"),
)
_FORMS: dict[str, frozenset[str]] = {}
for _line in _SHORT_FORMS:
    for _form in _line.split():
        _FORMS[_form] = _FORMS.get(_form, frozenset()) | {_each for _each in _line.split() if _each != _form}

_BETWEEN = re.compile(r"[.,;/()\"_]+")
_WITHIN = re.compile(r"['’‘`´\-‐‑–\s]+")  # what one office writes within a name and another leaves out


def other_forms(first_name: str) -> frozenset[str]:
    """Longer and shorter forms of a first name, folded as :func:`~tracker.curriculum.keys.plain_text` does."""
    return _FORMS.get(first_name, frozenset())


class Reading(NamedTuple):
    """One way to tell the last name from the first in a name that was reported whole. Folded, words joined by spaces."""

    last: str
    first: str
    is_straight: bool  # as the report's writer most likely meant it

    @property
    def key(self) -> str:
        """What ``member.name_key`` holds for such a person."""
        return f"{self.last} {self.first}"


class ReportedName:
    """A name as a report gives it, which does not say where the first name ends."""

    def __init__(self, text: str) -> None:
        self.words = _words(text)
        before, comma, after = text.partition(",")
        turned = [*_words(after), *_words(before)] if comma and _words(after) and _words(before) else None
        self.readings = list(_readings(self.words if turned is None else turned, is_turned=turned is not None))
        self._squeezed = {_squeeze(reading.key): reading.is_straight for reading in reversed(self.readings)}

    def like(self, name_key: str) -> NameLikeness | None:
        """How the name is like a member's, given as ``member.name_key``; None where it is not."""
        squeezed = _squeeze(name_key)
        if squeezed in self._squeezed:
            return NameLikeness.SAME if self._squeezed[squeezed] else NameLikeness.SWAPPED
        found = [kind for reading in self.readings if (kind := _like(reading, name_key))]
        if any(is_one_slip(squeezed, mine) for mine in self._squeezed):
            found.append(NameLikeness.SLIP)
        return min(found, default=None)


def names_alike(one: str, other: str) -> bool:
    """Whether two reported names may be one person's. A blank one says nothing against it."""
    if not one.strip() or not other.strip():
        return True
    reported = ReportedName(one)
    words = _words(other)
    keys = {" ".join(words[split:] + words[:split]) for split in range(len(words))}
    return any(reported.like(key) is not None for key in keys) or _squeeze(" ".join(reported.words)) in map(_squeeze, keys)


def _words(text: str) -> list[str]:
    return _BETWEEN.sub(" ", plain_text(text)).split()


def _squeeze(text: str) -> str:
    return _WITHIN.sub("", _BETWEEN.sub("", text))


def _readings(words: list[str], *, is_turned: bool) -> Iterator[Reading]:
    """Every way to read the words, the likeliest first: first names, then the last name, of one word or of several."""
    for split in range(len(words) - 1, 0, -1):
        yield Reading(" ".join(words[split:]), " ".join(words[:split]), True)
    for split in range(1, len(words)):
        if not is_turned:
            yield Reading(" ".join(words[:split]), " ".join(words[split:]), False)


def _like(reading: Reading, name_key: str) -> NameLikeness | None:
    if not name_key.startswith(f"{reading.last} "):
        return None
    mine, theirs = reading.first.split(), _words(name_key[len(reading.last) :])
    if not theirs:
        return None
    if mine[0] == theirs[0]:
        return NameLikeness.MORE_NAMES
    if mine[0][0] == theirs[0][0] and 1 in (len(mine[0]), len(theirs[0])):
        return NameLikeness.INITIAL
    if theirs[0] in other_forms(mine[0]):
        return NameLikeness.NICKNAME
    return None


_SHORTEST = 5  # letters in which one slip still leaves something to recognise


def is_one_slip(one: str, other: str) -> bool:
    """Whether two texts differ by one letter: wrong, missing, too many, or exchanged with its neighbour."""
    if abs(len(one) - len(other)) > 1 or max(len(one), len(other)) < _SHORTEST or one == other:
        return False
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    end = 0
    while end < min(len(one), len(other)) - start and one[-1 - end] == other[-1 - end]:
        end += 1
    left, right = one[start : len(one) - end], other[start : len(other) - end]
    return max(len(left), len(right)) == 1 or (len(left) == 2 and left == right[::-1])


_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def slips_of(text: str) -> set[str]:
    """Every text of plain letters that is one slip from this one."""
    slips = set()
    for place in range(len(text) + 1):
        before, after = text[:place], text[place:]
        slips |= {f"{before}{letter}{after}" for letter in f"{_LETTERS}' -"}
        if after:
            slips |= {f"{before}{letter}{after[1:]}" for letter in _LETTERS} | {before + after[1:]}
        if len(after) > 1:
            slips.add(before + after[1] + after[0] + after[2:])
    return slips - {text}


# --- Addresses -------------------------------------------------------------------------------------------------------


class EmailLikeness(IntEnum):
    """How two e-mail addresses are alike, the closest first."""

    SAME = 1  # case ignored
    SAME_BOX = 2  # dots or a tag after + make no other mailbox
    DOMAIN_SLIP = 3
    OTHER_DOMAIN = 4  # the same name before the @


_ONE_DOMAIN = {"googlemail.com": "gmail.com"}


def box_of(email: str) -> tuple[str, str]:
    """The mailbox and the domain an address means: without dots and tag before the @, and case ignored."""
    box, _, domain = email_key(email).rpartition("@")
    return box.partition("+")[0].replace(".", ""), _ONE_DOMAIN.get(domain, domain)


def email_likeness(one: str, other: str) -> EmailLikeness | None:
    """How two addresses are alike; None where they are not."""
    if email_key(one) == email_key(other):
        return EmailLikeness.SAME
    (box, domain), (other_box, other_domain) = box_of(one), box_of(other)
    if not box or box != other_box:
        return None
    if domain == other_domain:
        return EmailLikeness.SAME_BOX
    return EmailLikeness.DOMAIN_SLIP if is_one_slip(domain, other_domain) else EmailLikeness.OTHER_DOMAIN


_BOX_START = 6
_MOST_DOTS = 2


def box_beginnings(email: str) -> list[str]:
    """How an address of the same mailbox may begin, its dots elsewhere: what to look for among all addresses."""
    box = box_of(email)[0][:_BOX_START]
    gaps = range(1, len(box))
    places = [each for count in range(_MOST_DOTS + 1) for each in combinations(gaps, count)]
    return ["".join(("." if at in dots else "") + letter for at, letter in enumerate(box)) for dots in places] if box else []


# --- Numbers ---------------------------------------------------------------------------------------------------------

_SPACING = re.compile(r"[\s.#/_\-–—]+")
_PREFIXED = re.compile(r"([a-z]{1,4})0*(\d+)")


def number_forms(text: str) -> set[str]:
    """Every ``member_key`` that a number may have: written with a prefix ("IA-0000123"), zeros, spaces or marks."""
    forms = {member_key(text), member_key(squeezed := _SPACING.sub("", text.casefold()))}
    if prefixed := _PREFIXED.fullmatch(squeezed):
        forms |= {prefixed[2], prefixed[1] + prefixed[2]}
    return forms - {""}


# --- Titles ----------------------------------------------------------------------------------------------------------

_TITLE_WORD = re.compile(r"[^\W_]+")
_SMALL_WORDS = frozenset(("a", "an", "and", "for", "in", "of", "on", "the", "to", "with", "your"))


def title_likeness(one: str, other: str) -> float:
    """The share of their words that two titles have in common, 0 to 1. Small words count for nothing."""
    words, others = (set(_TITLE_WORD.findall(plain_text(title))) - _SMALL_WORDS for title in (one, other))
    return len(words & others) / len(words | others) if words and others else 0.0
