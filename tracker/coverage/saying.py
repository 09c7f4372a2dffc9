"""How reports say figures, units and days: the sentences that pages, pictures and files share.

What is said in the middle of a sentence begins small ("the whole union"); what begins one is a message of its own.
"""

from __future__ import annotations

from datetime import date

from babel.numbers import format_decimal

from tracker.curriculum.coverage import Figure, whole_percent
from tracker.curriculum.words import Assurance, UnitKind
from tracker.language import _, day, locale, ngettext, number, percent
from tracker.models import Unit


def share_words(figure: Figure, floor: Assurance) -> str:
    """``312 of 512 · 61 %``; ``no one in scope`` where there is nobody to share among."""
    return counted_share(figure.covered(floor), figure.in_scope)


def counted_share(some: int, whole: int) -> str:
    """``312 of 512 · 61 %`` of any count."""
    if not whole:
        return _("no one in scope")
    share = percent(whole_percent(some, whole))
    return _("%(covered)s of %(in_scope)s · %(share)s", covered=number(some), in_scope=number(whole), share=share)


def of_them(some: int, whole: int) -> str:
    """``312 of 512``."""
    return _("%(some)s of %(whole)s", some=number(some), whole=number(whole))


def people(count: int) -> str:
    """``1 person``, ``41 people``."""
    return ngettext("%(n)s person", "%(n)s people", count)


def local_called(its_number: str) -> str:
    """``Local 80``."""
    return _("Local %(number)s", number=its_number)


def called(unit: Unit) -> str:
    """What a unit is called in the middle of a sentence."""
    if unit.kind is UnitKind.INTERNATIONAL:
        return _("the whole union")
    return local_called(unit.number) if unit.kind is UnitKind.LOCAL else unit.title


def as_of_words(as_of: date, today: date) -> str:
    """``today``, or ``on 28 February 2026``."""
    return _("today") if as_of == today else _("on %(day)s", day=day(as_of))


def file_size(size: int) -> str:
    """``13 Bytes``, ``12.5 kB``, ``1.2 MB``."""
    if size < 1_000:
        return ngettext("%(n)s Byte", "%(n)s Bytes", size)
    if size < 1_000_000:
        return _("%(size)s kB", size=one_place(size / 1_000))
    return _("%(size)s MB", size=one_place(size / 1_000_000))


def plain_percent(whole: int) -> str:
    """``61 %``, with a space as people type it: for files that are searched and compared."""
    return percent(whole).replace("\u00a0", " ")


def one_place(value: float) -> str:
    """``61.0``, or ``61,0``."""
    return format_decimal(value, format="0.0", locale=locale())


def plain_day(on: date) -> str:
    """``28 February 2026``, likewise."""
    return day(on).replace("\u00a0", " ")


def capital(text: str) -> str:
    """A text as a sentence begins."""
    return text[:1].upper() + text[1:]
