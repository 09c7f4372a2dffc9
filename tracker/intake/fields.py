"""What can be read from a table by mapping: our fields, and which of them must be known."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from tracker.curriculum.refused import Refused
from tracker.intake.reading import DATE_ORDERS, Reading
from tracker.language import _, in_list, mark, word


class Wanted(NamedTuple):
    """Fields of which one at least must be known, and what they are for."""

    fields: tuple[str, ...]
    what: str


class Kind(NamedTuple):
    """What can be read from one kind of table.

    ``first_year`` is the earliest that a year of two digits means: nobody completed an online course before 1990, but
    many a card is older.
    """

    fields: tuple[str, ...]
    wanted: tuple[Wanted, ...]
    days: tuple[str, ...]
    first_year: int


KINDS: Mapping[str, Kind] = {
    "completions": Kind(
        (
            *("member_number", "email", "learner_id", "name", "first_name", "last_name", "local", "course", "course_id"),
            *("completed_on", "percent", "assurance", "evidence_url", "external_id"),
        ),
        (
            Wanted(("member_number", "email", "learner_id", "name", "last_name"), mark("who the learner is")),
            Wanted(("course", "course_id"), mark("which course it was")),
            Wanted(("completed_on",), mark("on which day it was completed")),
        ),
        ("completed_on",),
        1990,
    ),
    "roster": Kind(
        (
            *("member_number", "first_name", "last_name", "name", "email", "local", "craft", "status", "kind"),
            *("from_on", "until_on", "home", "home_local"),
        ),
        (Wanted(("member_number",), mark("the member’s number")), Wanted(("local",), mark("which local the card is in"))),
        ("from_on", "until_on"),
        1940,
    ),
    "accounts": Kind(
        (
            *("member_number", "email", "learner_id", "name", "first_name", "last_name", "status"),
            *("invited_on", "activated_on"),
        ),
        (Wanted(("email", "learner_id", "member_number"), mark("whose account it is")),),
        ("invited_on", "activated_on"),
        1990,
    ),
}


def still_wanted(kind: str, known: Collection[str]) -> list[str]:
    """What nothing says yet, in words: of each, which fields would do."""
    return [
        f"{word(wanted.what)} ({' or '.join(each for each in wanted.fields if each != 'last_name')})"
        for wanted in KINDS[kind].wanted
        if not any(field in known for field in wanted.fields)
    ]


def with_owner(kind: str, reading: Reading) -> Reading:
    """The reading, with ``member`` as the learner of a table that names none."""
    if kind != "completions" or not reading.member:
        return reading
    if any(field in {*reading.columns, *reading.constants} for field in KINDS[kind].wanted[0].fields):
        return reading
    field = "email" if "@" in reading.member else "member_number"
    return replace(reading, constants={**reading.constants, field: reading.member})


def refuse_wrong_reading(kind: str, reading: Reading) -> None:
    """Say no to what cannot be meant, whatever the file.

    Raises:
        Refused: ``unknown_field``, ``unknown_date_order``, ``unknown_zone``.
    """
    known = KINDS[kind].fields
    for attribute in ("columns", "constants", "values"):
        for field in getattr(reading, attribute):
            if field not in known:
                message = _(
                    "There is no field %(field)r to read. There are: %(names)s.", field=field, names=", ".join(known)
                )
                raise Refused("unknown_field", message, field=attribute)
    if reading.date_order and reading.date_order not in DATE_ORDERS:
        message = _(
            "%(date_order)r is no order of a date: use %(names)s.",
            date_order=reading.date_order,
            names=", ".join(DATE_ORDERS),
        )
        raise Refused("unknown_date_order", message, field="date_order")
    _unused = reading.zone


def missing(headings: Sequence[str], what: str) -> str:
    """What is wrong with a row whose columns of these headings are all empty; ``what`` is what it then does not say."""
    if len(headings) > 1:
        return _(
            "is missing, and so is %(others)s: the row does not say %(what)s",
            others=in_list(headings[1:]),
            what=word(what),
        )
    return _("is missing: the row does not say %(what)s", what=word(what))
