"""What a statement says, in sentences: the same on its page and in its file."""

from __future__ import annotations

from datetime import date, timedelta

from tracker.coverage.proofs.stating import StatedCourse, Statement
from tracker.curriculum.days import FOREVER
from tracker.language import _, day, in_list, number
from tracker.models import ProofKind

_DAY = timedelta(days=1)


def heading(statement: Statement) -> str:
    """What the statement is, in a few words."""
    if statement.kind is ProofKind.TRANSCRIPT:
        return _("Transcript of training")
    return _("Statement of a learning path: %(path)s", path=statement.path)


def about(statement: Statement, label: str) -> list[str]:
    """Of whom it is besides the name, and for whom."""
    told = [in_list(list(statement.locals))] if statement.locals else []
    return [*told, _("Made for: %(label)s", label=label)] if label else told


def finding(statement: Statement) -> str:
    """What it comes to, as one sentence."""
    if statement.kind is ProofKind.TRANSCRIPT:
        count = len(statement.courses)
        if count == 0:
            return _("No completed course is on record.")
        if count == 1:
            return _("One completed course is on record.")
        return _("%(count)s completed courses are on record.", count=number(count))
    if not statement.is_complete or statement.since_on is None:
        return _("%(path)s is not complete on %(day)s.", path=statement.path, day=day(statement.day))
    if statement.until_on == FOREVER:
        return _(
            "%(path)s is complete, without a break since %(since)s.", path=statement.path, since=day(statement.since_on)
        )
    return _(
        "%(path)s is complete, without a break since %(since)s. It holds through %(last)s.",
        path=statement.path,
        since=day(statement.since_on),
        last=day(statement.until_on - _DAY),
    )


def right_in_words() -> str:
    """What a statement is not for."""
    return _(
        "A path is a right that the union offers its members. Nobody’s work may depend on it, and that somebody "
        "has no such statement says nothing about them."
    )


def notes(course: StatedCourse, on: date) -> list[str]:
    """What else is to be said of a course: its provider, how long it is, through what, and until when it holds."""
    told = [course.provider]
    if course.minutes:
        told.append(_("%(count)s minutes", count=number(course.minutes)))
    lines = [" · ".join(told)]
    if course.through:
        lines.append(_("through %(course)s, which counts as it", course=course.through))
    if course.lapses:
        last = day(course.until_on - _DAY)
        lines.append(_("holds through %(day)s", day=last) if on < course.until_on else _("lapsed after %(day)s", day=last))
    return lines


def day_line(course: StatedCourse) -> list[str]:
    """Each day it was completed, and how that is known."""
    return [_("%(day)s, %(how)s", day=day(each.on), how=each.how) for each in course.days]
