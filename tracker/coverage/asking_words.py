"""What is asked of whom, as a sentence."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from tracker.curriculum.words import AssignmentKind, Leaving
from tracker.language import _, day, ngettext


class RuleWords(NamedTuple):
    """What a rule says, before or after it is made."""

    who: str  # "Everyone", "Members under Local 80"
    path: str
    kind: AssignmentKind
    from_on: date
    due_on: date | None
    within_days: int | None
    leaving: Leaving | None  # None: nobody can leave it, for one person is asked by name


def as_whom(unit: str, craft: str) -> str:
    """Whom a rule asks, as the beginning of its sentence. ``unit`` and ``craft`` are "" where it does not look at them."""
    if unit and craft:
        return _("Members of the craft %(craft)s under %(unit)s", craft=craft, unit=unit)
    if unit:
        return _("Members under %(unit)s", unit=unit)
    if craft:
        return _("Members of the craft %(craft)s", craft=craft)
    return _("Everyone")


def sentence(words: RuleWords) -> str:
    """The whole rule as its readers say it: two sentences, the second telling what becomes of who leaves it."""
    asked = {"who": words.who, "path": words.path, "day": day(words.from_on)}
    by = _until(words)
    match words.kind:
        case AssignmentKind.REQUIRED:
            first = _("%(who)s: asked for %(path)s as required, from %(day)s, %(by)s.", by=by, **asked)
        case AssignmentKind.RECOMMENDED:
            first = _("%(who)s: asked for %(path)s as recommended, from %(day)s, %(by)s.", by=by, **asked)
        case _:
            first = _("%(who)s: offered %(path)s as voluntary, from %(day)s, %(by)s.", by=by, **asked)
    second = after_leaving(words.leaving) if words.leaving is not None else ""
    return f"{first} {second}".strip()


def after_leaving(leaving: Leaving) -> str:
    """What becomes of what someone was asked when they no longer match."""
    match leaving:
        case Leaving.KEEP:
            return _("Who no longer matches keeps it until it is due.")
        case Leaving.VOLUNTARY:
            return _("Who no longer matches keeps it as voluntary.")
        case _:
            return _("It ends for who no longer matches.")


def _until(words: RuleWords) -> str:
    if words.within_days:
        return ngettext("due within %(n)s day", "due within %(n)s days", words.within_days)
    if words.due_on:
        return _("due on %(day)s", day=day(words.due_on))
    return _("with no due date")
