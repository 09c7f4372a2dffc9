"""How counts, shares, days and moments are written for people: the filters every template uses."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from flask import Flask

from tracker import language
from tracker.coverage.saying import file_size, one_place
from tracker.curriculum.coverage import whole_percent
from tracker.language import _, percent
from tracker.web import gate

_NOTHING = "\u2013"  # the dash that stands where there is nothing to say


def teach(app: Flask) -> None:
    """Make the filters known to the templates."""
    app.jinja_env.filters.update(count=count, percent=whole_percent, share=share, day=day, moment=moment)
    app.jinja_env.filters.update(percentage=percent, in_list=language.in_list, either=either, clock=clock)
    app.jinja_env.filters.update(one_place=one_place, file_size=file_size)
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True


def either(items: Iterable[str]) -> str:
    """ "a, b or c"."""
    return language.in_list(list(items), of="or")


def count(number: int) -> str:
    """1240 → ``1,240``, as the reader's language writes it."""
    return language.number(number)


def share(covered: int, in_scope: int) -> str:
    """``312 of 512 · 61 %``; with nobody in scope that is its own answer."""
    if in_scope == 0:
        return _("no one in scope")
    whole = whole_percent(covered, in_scope)
    return _(
        "%(covered)s of %(in_scope)s · %(share)s", covered=count(covered), in_scope=count(in_scope), share=percent(whole)
    )


def day(on: date | None, otherwise: str = _NOTHING) -> str:
    """31 March 2026."""
    return language.day(on) if on else otherwise


def moment(at: datetime | None, otherwise: str = _NOTHING) -> str:
    """31 Mar 2026, 14:05, in the zone of the settings."""
    return otherwise if at is None else language.moment(at, gate.settings().time_zone)


def clock(at: datetime) -> str:
    """14:05, in the zone of the settings."""
    return f"{at.astimezone(gate.settings().time_zone):%H:%M}"
