"""The forms in which two spellings of one thing are the same text."""

from __future__ import annotations

import re
import unicodedata

from tracker.curriculum.local_numbers import spelled_local

_LOCAL_WORDS = re.compile(r"\b(?:local|union|number|no|num)\b\.?", re.IGNORECASE)
_MARKS = re.compile(r"(?<![0-9])[\s#.\-–—_]+|[\s#.\-–—_]+(?![\s#.\-–—_0-9])")  # but between two digits: "80-44" is not 8044

_COURSE_URN = re.compile(r"^urn:(?:li:)?lyndacourse:(?=[0-9]+$)")


def member_key(number: str) -> str:
    """A member number without regard to outer spaces, case and leading zeros; all zeros is ``0``."""
    text = number.strip().casefold()
    return text.lstrip("0") or ("0" if text else "")


def email_key(email: str) -> str:
    """An e-mail address without regard to outer spaces and case."""
    return email.strip().casefold()


def unit_key(number: str) -> str:
    """A unit's number however it is written: "Local 600", "local no. 0600" and "#600" are one, so are "B-173" and "b173"."""
    spelled = spelled_local(number)
    if spelled is not None:
        return spelled
    text = _MARKS.sub("", _LOCAL_WORDS.sub(" ", number.casefold()).strip())
    return text.lstrip("0") or ("0" if text else "")


def craft_key(name: str) -> str:
    """A craft's name without regard to case and to the number of spaces."""
    return " ".join(name.split()).casefold()


def course_key(text: str) -> str:
    """A course's code, id, slug or title without regard to case and outer spaces."""
    return text.strip().casefold()


def provider_course_key(text: str) -> str:
    """A provider's id of a course however a feed writes it: LinkedIn's "urn:li:lyndaCourse:1", "urn:lyndaCourse:1",
    "0000001" and "1" are one."""
    key = _COURSE_URN.sub("", course_key(text))
    return key.lstrip("0") or "0" if key.isascii() and key.isdigit() else key


def slug_of(url: str) -> str:
    """The slug in a provider's address of a course, "" where there is none: the part after ``/learning/``."""
    _, mark, rest = url.partition("/learning/")
    return re.split(r"[?#/]", rest, maxsplit=1)[0] if mark else ""


# Letters that Unicode does not take apart into a plain one and a mark.
_PLAIN_LETTERS = str.maketrans({"ø": "o", "đ": "d", "ð": "d", "ł": "l", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"})


def name_key(first: str, last: str) -> str:
    """How a person is ordered, searched and compared by name: last name first, without case and accents."""
    return plain_text(f"{last} {first}")


def plain_text(text: str) -> str:
    """A text without regard to case, accents and the number of spaces: "Zoë" is "zoe"."""
    if text.isascii():
        return " ".join(text.split()).casefold()
    apart = unicodedata.normalize("NFKD", text.casefold()).translate(_PLAIN_LETTERS)
    return " ".join("".join(each for each in apart if not unicodedata.combining(each)).split())
