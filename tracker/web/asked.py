"""What every report may be asked for in its address: ``?as_of=``, ``?known=``, ``?floor=``. Read here and nowhere else.

A value that cannot be taken is answered in words: a report that quietly took another day would be wrong, and look right.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NoReturn

from flask import abort, request

from tracker.curriculum.days import FOREVER
from tracker.curriculum.words import Assurance
from tracker.language import _
from tracker.web import gate

_DEFAULT_FLOOR = Assurance.REVIEWED
_LAST = FOREVER - timedelta(days=1)  # no span holds the calendar's last day: that is how one without an end is written
_LONGEST = 100


@dataclass(frozen=True)
class Asked:
    """The day, what was known, and the floor that a report is asked for."""

    as_of: date
    known: date | None  # None: all that is known
    floor: Assurance
    today: date

    @property
    def query(self) -> dict[str, str]:
        """What the address of another report needs, to be asked the same. Nothing where it is the usual question."""
        query = {}
        if self.as_of != self.today:
            query["as_of"] = self.as_of.isoformat()
        if self.known is not None:
            query["known"] = self.known.isoformat()
        if self.floor is not _DEFAULT_FLOOR:
            query["floor"] = self.floor.word
        return query


def asked() -> Asked:
    """What this request's address asks for; answers 400, in words, where it makes no sense."""
    today = gate.today()
    known = day_of("known")
    if known is not None and known > today + timedelta(days=1):
        known = None  # nothing is known of later days: all there is
    return Asked(day_of("as_of") or today, known, _floor(), today)


def text_of(name: str) -> str:
    """Words to look for: what was written, without outer spaces, characters that cannot be printed, and unending tails."""
    written = request.args.get(name, "")[:_LONGEST]
    return "".join(each for each in written if each.isprintable()).strip()


def one_of(name: str, known: tuple[str, ...]) -> str:
    """One word of several, or "" where none is asked for."""
    written = request.args.get(name, "").strip()
    if written and written not in known:
        refuse(name, written, _("Use one of these: %(words)s.", words=", ".join(known)) if known else _("There is none."))
    return written


def refuse(name: str, written: str, advice: str) -> NoReturn:
    """Answer 400: what was written where, and what to write instead."""
    shown = written if len(written) <= _LONGEST else written[: _LONGEST - 1] + "…"
    abort(
        400,
        _(
            "“%(written)s” makes no sense as “%(name)s” in this page’s address. %(advice)s",
            written=shown,
            name=name,
            advice=advice,
        ),
    )


def day_of(name: str) -> date | None:
    """A day, or None where none is asked for."""
    written = request.args.get(name, "").strip()
    if not written:
        return None
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", written, re.ASCII):
            return min(date.fromisoformat(written), _LAST)
    except ValueError:
        pass
    refuse(name, written, _("Write a day like this: 2026-03-31."))


def _floor() -> Assurance:
    written = request.args.get("floor", "").strip()
    try:
        return Assurance.from_word(written) if written else _DEFAULT_FLOOR
    except ValueError:
        refuse("floor", written, _("Use one of these: %(words)s.", words=", ".join(each.word for each in Assurance)))
