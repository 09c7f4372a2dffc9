"""How counts, shares, days and moments are written for people: the filters every template uses."""

from __future__ import annotations

from datetime import date, datetime

from flask import Flask

from tracker.curriculum.coverage import whole_percent
from tracker.web import gate

_NOTHING = "\u2013"  # the dash that stands where there is nothing to say


def teach(app: Flask) -> None:
    """Make the filters known to the templates."""
    app.jinja_env.filters.update(count=count, percent=whole_percent, share=share, day=day, moment=moment, plural=plural)
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True


def count(number: int) -> str:
    """1240 → ``1,240``."""
    return f"{number:,}"


def share(covered: int, in_scope: int) -> str:
    """``312 of 512 · 61 %``; with nobody in scope that is its own answer."""
    if in_scope == 0:
        return "no one in scope"
    return f"{count(covered)} of {count(in_scope)} · {whole_percent(covered, in_scope)}\u00a0%"


def day(on: date | None, otherwise: str = _NOTHING) -> str:
    """31 March 2026."""
    return f"{on.day}\u00a0{on:%B}\u00a0{on.year}" if on else otherwise


def moment(at: datetime | None, otherwise: str = _NOTHING) -> str:
    """31 Mar 2026, 14:05, in the zone of the settings."""
    if at is None:
        return otherwise
    local = at.astimezone(gate.settings().time_zone)
    return f"{local.day}\u00a0{local:%b}\u00a0{local.year}, {local:%H:%M}"


def plural(number: int, one: str, many: str | None = None) -> str:
    """``1 course``, ``3 courses``."""
    return f"{count(number)} {one if number == 1 else many or one + 's'}"
