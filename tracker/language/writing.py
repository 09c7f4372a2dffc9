"""How the language that is spoken now writes numbers, days and lists."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, tzinfo
from decimal import Decimal

from babel.dates import format_date, format_datetime
from babel.lists import format_list
from babel.numbers import format_decimal

from tracker.language import spoken

_NBSP = "\u00a0"
_MONTH = {"es": "MMMM 'de' y"}


def number(value: float) -> str:
    """1240 → ``1,240``, or ``1 240`` in French; 2.5 → ``2.5``, or ``2,5``, with no more than six places."""
    if isinstance(value, int):
        return f"{value:,}" if spoken.code() == "en" else format_decimal(value, locale=spoken.locale())  # much quicker
    plain = Decimal(repr(round(value, 6))).normalize()
    return format_decimal(plain, locale=spoken.locale(), decimal_quantization=False)


def percent(whole: int) -> str:
    """61 → ``61 %``: in whole percent, as every figure is shown."""
    return f"{number(whole)}{_NBSP}%"


def day(on: date) -> str:
    """31 March 2026 · 31 mars 2026 · 31 de marzo de 2026."""
    if spoken.code() == "en":
        return f"{on.day}{_NBSP}{on:%B}{_NBSP}{on.year}"  # the same, and much quicker
    return format_date(on, "long", locale=spoken.locale()).replace(" ", _NBSP)


def short_day(on: date) -> str:
    """31 Mar 2026 · 31 mars 2026 · 31 mar 2026."""
    if spoken.code() == "en":
        return f"{on.day}{_NBSP}{on:%b}{_NBSP}{on.year}"
    return format_date(on, "medium", locale=spoken.locale()).replace(" ", _NBSP)


def month(on: date) -> str:
    """March 2026 · mars 2026 · marzo de 2026."""
    return format_date(on, _MONTH.get(spoken.code(), "MMMM y"), locale=spoken.locale()).replace(" ", _NBSP)


def moment(at: datetime, zone: tzinfo) -> str:
    """31 Mar 2026, 14:05, in a zone: by the clock of 24 hours everywhere."""
    local = at.astimezone(zone)
    return f"{short_day(local.date())}, {format_datetime(local, 'HH:mm', locale=spoken.locale())}"


def in_list(items: Sequence[str], *, of: str = "standard") -> str:
    """``a, b and c``; with ``of="or"``, ``a, b or c``."""
    if spoken.code() == "en":
        last = "or" if of == "or" else "and"
        return f" {last} ".join([part for part in (", ".join(items[:-1]), *items[-1:]) if part])
    return format_list(list(items), style="or" if of == "or" else "standard", locale=spoken.locale())
