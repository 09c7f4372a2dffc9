"""Learning paths and their versions."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from tracker.curriculum.catalogue import Catalogue, CataloguePath
from tracker.curriculum.paths import ChangePolicy
from tracker.language import _
from tracker.models import (
    LearningPath,
    PathVersion,
    Section,
    SectionCourse,
    new_id,
)
from tracker.operations.actor import Actor
from tracker.operations.catalogue.outcome import CatalogueApplied, shown
from tracker.operations.refused import Refused


def refuse_impossible_versions(session: Session, catalogue: Catalogue, today: date) -> None:
    newest = _newest_versions(session)
    faults: list[str] = []
    codes: set[str] = set()
    for each in catalogue.paths:
        last = newest.get(each.code)
        where = f"line {each.line}: path {each.code}"
        if last is None:
            continue
        if each.version == last.number and each.rules == last.rules:
            if _is_published_otherwise(each, last):
                faults.append(
                    _(
                        "%(where)s: version %(number)s is published, %(last)s; what happens to the assigned "
                        "cannot be changed any more. Publish version %(number2)s instead",
                        where=where,
                        number=last.number,
                        last=_published(last),
                        number2=last.number + 1,
                    )
                )
                codes.add("change_published")
        elif each.version == last.number:
            faults.append(
                _(
                    "%(where)s asks something else than version %(number)s did: give it version %(number2)s "
                    "and say what happens to those already assigned with `change: keep`, `change: {grace: "
                    "DATE}` or `change: require`",
                    where=where,
                    number=last.number,
                    number2=last.number + 1,
                )
            )
            codes.add("version_unchanged")
        elif each.version < last.number:
            faults.append(
                _(
                    "%(where)s is version %(version)s, but version %(number)s is published: a version is "
                    "never taken back; publish the older rules as version %(number2)s",
                    where=where,
                    version=each.version,
                    number=last.number,
                    number2=last.number + 1,
                )
            )
            codes.add("version_goes_back")
        elif each.change is None:
            faults.append(
                _(
                    "%(where)s has a new version %(version)s and does not say what happens to those already "
                    "assigned: add `change: keep`, `change: {grace: DATE}` or `change: require`",
                    where=where,
                    version=each.version,
                )
            )
            codes.add("change_missing")
        elif each.grace_on is not None and each.grace_on < (each.from_on or today):
            faults.append(
                _(
                    "%(where)s: its grace ends on %(grace_on)s, before version %(version)s begins on "
                    "%(value)s: give a later day, or say `change: require`",
                    where=where,
                    grace_on=each.grace_on,
                    version=each.version,
                    value=each.from_on or today,
                )
            )
            codes.add("grace_before_start")
    if faults:
        raise Refused(min(codes), _("The catalogue cannot be applied; nothing was changed."), faults=faults)


def _is_published_otherwise(each: CataloguePath, last: PathVersion) -> bool:
    """Whether the file says other terms of a published version than it was published with. A path's first has none."""
    if last.from_on is None or each.change is None:
        return False
    return (each.change, each.grace_on) != (last.change, last.grace_on) or each.from_on not in (None, last.from_on)


def _published(last: PathVersion) -> str:
    terms = f"grace until {last.grace_on}" if last.grace_on else str(last.change.value)
    return f"from {last.from_on} with {terms}"


def _newest_versions(session: Session) -> dict[str, PathVersion]:
    newest: dict[str, PathVersion] = {}
    for version in session.scalars(select(PathVersion).order_by(PathVersion.number)):
        newest[session.get_one(LearningPath, version.path_id).code] = version
    return newest


def apply_paths(
    session: Session,
    catalogue: Catalogue,
    principles: dict[str, int],
    courses: dict[str, int],
    applied: CatalogueApplied,
    actor: Actor,
    *,
    today: date,
    now: datetime,
) -> dict[int, date]:
    """Mirror the paths and publish their new versions.

    Returns:
        For each path with a new version, the day on which it tells: its first day, or its day of grace.
    """
    known = {row.code: row for row in session.scalars(select(LearningPath))}
    newest = _newest_versions(session)
    judged: dict[int, date] = {}
    for each in catalogue.paths:
        row = known.get(each.code)
        if row is None:
            row = known[each.code] = LearningPath(id=new_id(), code=each.code)
            session.add(row)
            applied.changes.append(_("path %(code)s: added, version %(version)s", code=each.code, version=each.version))
        wording: dict[str, Any] = {
            "title": each.title,
            "description": each.description,
            "url": each.url,
            "principle_id": principles[each.principle],
            "target": each.target,
            "retired_on": None,
        }
        last = newest.get(each.code)
        for name, value in wording.items():
            if last is not None and getattr(row, name) != value and name != "principle_id":
                applied.changes.append(
                    _(
                        "path %(code)s: %(name)s %(row)s → %(value)s",
                        code=each.code,
                        name=name,
                        row=shown(getattr(row, name)),
                        value=shown(value),
                    )
                )
            setattr(row, name, value)
        session.flush()
        if last is None:
            _publish(session, row, each, courses, actor, now, from_on=None)
        elif each.version > last.number:
            from_on = each.from_on or today
            _publish(session, row, each, courses, actor, now, from_on=from_on)
            judged[row.id] = max(each.grace_on or from_on, from_on)
            applied.changes.append(
                _(
                    "path %(code)s: version %(number)s → %(version)s from %(from_on)s, %(each)s",
                    code=each.code,
                    number=last.number,
                    version=each.version,
                    from_on=from_on,
                    each=_policy_words(each),
                )
            )
        else:
            _reword_sections(session, last, each, applied)
    named = {each.code for each in catalogue.paths}
    for code, row in known.items():
        if code not in named and row.retired_on is None:
            row.retired_on = today
            applied.changes.append(_("path %(code)s: no longer in the file, retired on %(today)s", code=code, today=today))
    session.flush()
    return judged


def _policy_words(each: CataloguePath) -> str:
    if each.change is ChangePolicy.GRACE:
        return f"all move on {each.grace_on}"
    return "all move" if each.change is ChangePolicy.REQUIRE else "who has begun stays on theirs"


def _publish(
    session: Session,
    path: LearningPath,
    each: CataloguePath,
    courses: dict[str, int],
    actor: Actor,
    now: datetime,
    *,
    from_on: date | None,
) -> None:
    version = PathVersion(
        id=new_id(),
        path_id=path.id,
        number=each.version,
        lookback_months=each.lookback_months,
        from_on=from_on,
        change=each.change or ChangePolicy.KEEP,
        grace_on=each.grace_on,
        rules=each.rules,
        applied_at=now,
        applied_by=actor.user_id,
    )
    session.add(version)
    session.flush()
    for position, part in enumerate(each.sections):
        section = Section(
            id=new_id(),
            version_id=version.id,
            position=position,
            title=part.title,
            need=part.need,
            number=part.number,
            within_months=part.within_months,
            of_kinds=dict(part.of_kinds) or None,
        )
        session.add(section)
        session.flush()
        session.execute(
            insert(SectionCourse),
            [
                {"section_id": section.id, "course_id": courses[code], "position": place}
                for place, code in enumerate(part.courses)
            ],
        )


def _reword_sections(session: Session, version: PathVersion, each: CataloguePath, applied: CatalogueApplied) -> None:
    """Section titles are wording: they may change without a new version."""
    for section, part in zip(version.sections, each.sections, strict=True):
        if section.title != part.title:
            applied.changes.append(
                _(
                    "path %(code)s: section “%(title)s” → “%(title2)s”",
                    code=each.code,
                    title=section.title,
                    title2=part.title,
                )
            )
            section.title = part.title
