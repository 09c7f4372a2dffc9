"""What each version of a path asks, and what it changed, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from tracker.coverage.derivation import section_rule
from tracker.coverage.exports import Column, Kind, Table
from tracker.coverage.records.cycles import needs_in_words
from tracker.curriculum.paths import ChangePolicy
from tracker.language import _, day, ngettext
from tracker.models import LearningPath, PathVersion, Section, SectionCourse


@dataclass(frozen=True)
class VersionTold:
    """One version of a path."""

    number: int
    from_on: date | None  # None: for all days
    applied_at: datetime
    asks: Sequence[str]  # a sentence a section
    changed: Sequence[str]  # against the version before; empty for the first
    who: str  # what became of those who were asked before


def versions_told(session: Session, path: LearningPath) -> list[VersionTold]:
    """The path's versions, the newest first."""
    found = session.scalars(
        select(PathVersion)
        .where(PathVersion.path_id == path.id)
        .options(selectinload(PathVersion.sections).selectinload(Section.courses).selectinload(SectionCourse.course))
        .order_by(PathVersion.number)
    )
    told: list[VersionTold] = []
    before: PathVersion | None = None
    for version in found:
        told.append(
            VersionTold(
                version.number,
                version.from_on,
                version.applied_at,
                [_("%(section)s: %(asks)s", section=section.title, asks=_need(section)) for section in version.sections],
                [] if before is None else _changes(before, version),
                "" if before is None else _who(version),
            )
        )
        before = version
    return told[::-1]


def versions_table(versions: Sequence[VersionTold]) -> Table:
    """The versions as a table of a document."""
    columns = (
        Column("version", Kind.COUNT),
        Column("from", Kind.DAY),
        Column("asks"),
        Column("changed"),
        Column("who_was_asked_before"),
    )
    rows = [(each.number, each.from_on, "; ".join(each.asks), "; ".join(each.changed), each.who) for each in versions]
    return Table(columns, rows, _("Versions"))


def _need(section: Section) -> str:
    return needs_in_words(section_rule(section))


def _titles(version: PathVersion) -> dict[int, str]:
    return {each.course_id: each.course.title for section in version.sections for each in section.courses}


def _changes(before: PathVersion, after: PathVersion) -> list[str]:
    """What is asked otherwise, a sentence each."""
    was, now = _titles(before), _titles(after)
    changes = []
    if added := [title for course, title in now.items() if course not in was]:
        changes.append(_("Added: %(courses)s.", courses=", ".join(added)))
    if gone := [title for course, title in was.items() if course not in now]:
        changes.append(_("Taken out: %(courses)s.", courses=", ".join(gone)))
    old = {section.title: section for section in before.sections}
    new = {section.title: section for section in after.sections}
    for title, section in new.items():
        if title not in old:
            changes.append(_("New section “%(title)s”: %(asks)s.", title=title, asks=_need(section)))
        elif _need(old[title]) != _need(section):
            changes.append(
                _(
                    "“%(title)s” asks %(now)s; before, %(before)s.",
                    title=title,
                    now=_need(section),
                    before=_need(old[title]),
                )
            )
    changes += [_("Section “%(title)s” is gone.", title=title) for title in old if title not in new]
    if before.lookback_months != after.lookback_months:
        months = after.lookback_months
        changes.append(
            ngettext(
                "Completions up to %(n)s month before the ask count.",
                "Completions up to %(n)s months before the ask count.",
                months,
            )
            if months
            else _("Completions of any age count.")
        )
    return changes or [_("The order or the sections’ courses changed.")]


def _who(version: PathVersion) -> str:
    if version.change is ChangePolicy.KEEP:
        return _("Whoever had begun stays with the version before.")
    if version.change is ChangePolicy.GRACE:
        until = version.grace_on
        if until is None:
            return _("Whoever was asked before has time.")
        return _("Whoever was asked before has until %(day)s.", day=day(until))
    return _("Everyone asked before moves to this version.")
