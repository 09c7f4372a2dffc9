"""What changed from one reviewed text to the next, in sentences for people."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import fields
from datetime import date
from typing import Any

from tracker.curriculum.catalogue.nouns import Catalogue, CatalogueCourse, CataloguePath, CatalogueSection, Satisfies
from tracker.curriculum.exposure import Exposure
from tracker.curriculum.keys import craft_key
from tracker.curriculum.paths import ChangePolicy, NeedKind
from tracker.curriculum.policy import Policy
from tracker.language import _, lazy, ngettext, number, word
from tracker.language import day as said_day

_HUNDREDTHS = "credit_hundredths"
_APART = frozenset({"code", "line", "satisfies", "sections", "version", "change", "grace_on", "from_on"})
_NAMES = {
    "title": lazy("title"),
    "description": lazy("description"),
    "provider": lazy("provider"),
    "minutes": lazy("minutes"),
    "language": lazy("language"),
    "url": lazy("address"),
    "slugs": lazy("slugs"),
    "ids": lazy("ids"),
    "titles": lazy("titles"),
    "principle": lazy("principle"),
    "target": lazy("target"),
    "lookback_months": lazy("lookback months"),
    "valid_months": lazy("months it holds"),
    "lapses_each": lazy("lapses each year on"),
    "renewal_days": lazy("renewal days"),
    "grace_days": lazy("grace days"),
    "retired_on": lazy("retired on"),
    "replaced_by": lazy("replaced by"),
    "source": lazy("source"),
    "credit_kind": lazy("credit kind"),
    _HUNDREDTHS: lazy("credits"),
}


def catalogue_changes(before: Catalogue, after: Catalogue) -> list[str]:
    """What the later file says otherwise: courses, then paths, each in the order of the file."""
    titles = {course.code: course.title for course in (*before.courses, *after.courses)}
    return [
        *_principles(before, after),
        *_courses(before, after, titles),
        *_paths(before, after, titles),
    ]


def _principles(before: Catalogue, after: Catalogue) -> Iterator[str]:
    known = {each.code: each for each in before.principles}
    for each in after.principles:
        was = known.pop(each.code, None)
        if was is None:
            yield _("Principle “%(title)s” is new.", title=each.title)
        elif was != each:
            yield _("Principle “%(title)s” is worded otherwise.", title=each.title)
    yield from (_("Principle “%(title)s” is no longer in the file.", title=each.title) for each in known.values())


def _courses(before: Catalogue, after: Catalogue, titles: Mapping[str, str]) -> Iterator[str]:
    known = {each.code: each for each in before.courses}
    for each in after.courses:
        was = known.pop(each.code, None)
        if was is None:
            yield _("Course “%(title)s” is new.", title=each.title)
            yield from _stands_for(each, (), titles)
            continue
        yield from (_("Course “%(title)s”: %(change)s.", title=each.title, change=change) for change in _fields(was, each))
        yield from _stands_for(each, was.satisfies, titles)
    yield from (
        _("Course “%(title)s” is no longer in the file: it is retired.", title=each.title) for each in known.values()
    )


def _stands_for(course: CatalogueCourse, before: Collection[Satisfies], titles: Mapping[str, str]) -> Iterator[str]:
    for rule in course.satisfies:
        if rule not in before:
            yield _("Course “%(title)s” now stands for %(other)s.", title=course.title, other=_bounded(rule, titles))
    for rule in before:
        if rule not in course.satisfies:
            yield _("Course “%(title)s” no longer stands for %(other)s.", title=course.title, other=_bounded(rule, titles))


def _bounded(rule: Satisfies, titles: Mapping[str, str]) -> str:
    """The course that another stands for, and when that must have been completed."""
    values = {"course": titles.get(rule.course, rule.course)}
    if rule.from_on and rule.until_on:
        days = {"first": _shown(rule.from_on), "day": _shown(rule.until_on)}
        return _("“%(course)s”, completed from %(first)s, completed before %(day)s", **values, **days)
    if rule.from_on:
        return _("“%(course)s”, completed from %(day)s", **values, day=_shown(rule.from_on))
    if rule.until_on:
        return _("“%(course)s”, completed before %(day)s", **values, day=_shown(rule.until_on))
    return _("“%(course)s”", **values)


def _paths(before: Catalogue, after: Catalogue, titles: Mapping[str, str]) -> Iterator[str]:
    known = {each.code: each for each in before.paths}
    for each in after.paths:
        was = known.pop(each.code, None)
        if was is None:
            yield _("Path “%(title)s” is new: %(asks)s.", title=each.title, asks=sections_words(each.sections, titles))
            continue
        if was.version != each.version:
            yield _(
                "Path “%(title)s” has version %(now)s after %(before)s: %(change)s.",
                title=each.title,
                now=each.version,
                before=was.version,
                change=change_words(each),
            )
        if _asks(was) != _asks(each):
            yield _(
                "Path “%(title)s” asked for %(before)s; now for %(now)s.",
                title=each.title,
                before=sections_words(was.sections, titles),
                now=sections_words(each.sections, titles),
            )
        elif [part.title for part in was.sections] != [part.title for part in each.sections]:
            yield _("Path “%(title)s”: its sections are called otherwise.", title=each.title)
        yield from (_("Path “%(title)s”: %(change)s.", title=each.title, change=change) for change in _fields(was, each))
    yield from (_("Path “%(title)s” is no longer in the file: it is retired.", title=each.title) for each in known.values())


def _asks(path: CataloguePath) -> dict[str, Any]:
    return {name: rule for name, rule in path.rules.items() if name != "lookback_months"}  # which is told by itself


def change_words(path: CataloguePath) -> str:
    """What a path's newest version means for those already asked for it."""
    since = _shown(path.from_on) if path.from_on else ""
    if path.change is ChangePolicy.KEEP:
        if since:
            return _("from %(day)s whoever has begun stays on theirs", day=since)
        return _("whoever has begun stays on theirs")
    if path.change is ChangePolicy.GRACE:
        moves = _shown(path.grace_on)
        return (
            _("from %(since)s all move on %(day)s", since=since, day=moves) if since else _("all move on %(day)s", day=moves)
        )
    if path.change:
        return _("from %(day)s all move", day=since) if since else _("all move")
    return _("from %(day)s for everyone", day=since) if since else _("for everyone")


def sections_words(sections: Collection[CatalogueSection], titles: Mapping[str, str]) -> str:
    """What a path asks for, in words: "all of A and B; 1 of C, D"."""
    return "; ".join(_section(section, titles) for section in sections)


def _section(section: CatalogueSection, titles: Mapping[str, str]) -> str:
    courses = ", ".join(_("“%(course)s”", course=titles.get(code, code)) for code in section.courses)
    if section.need is NeedKind.ALL:
        return _("all of %(courses)s", courses=courses) if len(section.courses) > 1 else courses
    if section.need is NeedKind.ANY:
        return _("%(number)s of %(courses)s", number=number(section.number), courses=courses)
    if section.need is NeedKind.CREDITS:
        kinds = [
            _("%(credits)s of them in %(kind)s", credits=number(least / 100), kind=kind) for kind, least in section.of_kinds
        ]
        return (
            ngettext(
                "%(credits)s within %(n)s month, from %(courses)s",
                "%(credits)s within %(n)s months, from %(courses)s",
                section.within_months or 0,
                credits=_("%(credits)s credits", credits=number(section.number / 100)),
                courses=courses,
            )
            if not kinds
            else ngettext(
                "%(credits)s within %(n)s month, %(kinds)s, from %(courses)s",
                "%(credits)s within %(n)s months, %(kinds)s, from %(courses)s",
                section.within_months or 0,
                credits=_("%(credits)s credits", credits=number(section.number / 100)),
                kinds=", ".join(kinds),
                courses=courses,
            )
        )
    return ngettext("%(n)s minute of %(courses)s", "%(n)s minutes of %(courses)s", section.number, courses=courses)


def _fields(before: Any, after: Any) -> Iterator[str]:
    """Each plain field that is another: "minutes 60 → 45"."""
    for each in fields(after):
        was, now = getattr(before, each.name), getattr(after, each.name)
        if each.name not in _APART and was != now:
            if each.name == _HUNDREDTHS:
                was, now = (None if value is None else number(value / 100) for value in (was, now))
            name = str(_NAMES.get(each.name) or each.name.replace("_", " "))
            yield _("%(field)s %(before)s → %(now)s", field=name, before=_shown(was), now=_shown(now))


def _shown(value: object) -> str:
    if value is None or value == "" or value == ():
        return _("none")
    if isinstance(value, date):
        return said_day(value).replace("\u00a0", " ")
    if isinstance(value, (tuple, frozenset)):
        return ", ".join(_shown(each) for each in (value if isinstance(value, tuple) else sorted(value)))
    return str(value)


# --- The policy --------------------------------------------------------------------------------------------------------


def policy_changes(before: Policy, after: Policy) -> list[str]:
    """What the later policy says otherwise, and what that does."""
    changes = []
    if before.counts != after.counts:
        changes.append(
            _(
                "Coverage counts cards that are %(now)s, and before %(before)s.",
                now=_statuses(after.counts),
                before=_statuses(before.counts),
            )
        )
    if before.covered_workers != after.covered_workers:
        changes.append(
            _(
                "Covered workers are %(now)s, and before %(before)s.",
                now=_statuses(after.covered_workers),
                before=_statuses(before.covered_workers),
            )
        )
    if before.statuses != after.statuses:
        changes.append(
            _(
                "A card’s status is one of %(now)s; before: %(before)s.",
                now=_statuses(after.statuses),
                before=_statuses(before.statuses),
            )
        )
    if before.expiring_within_days != after.expiring_within_days:
        changes.append(
            _(
                "“Expiring” is said %(now)s days before a completed path lapses; before %(before)s.",
                now=after.expiring_within_days,
                before=before.expiring_within_days,
            )
        )
    if before.due_soon_within_days != after.due_soon_within_days:
        changes.append(
            _(
                "“Due soon” is said %(now)s days before the due date; before %(before)s.",
                now=after.due_soon_within_days,
                before=before.due_soon_within_days,
            )
        )
    if before.small_group != after.small_group:
        changes.append(
            _(
                "A group of fewer than %(now)s is hidden from outsiders; before %(before)s.",
                now=after.small_group,
                before=before.small_group,
            )
        )
    return changes + _exposure_changes(before, after)


def _statuses(statuses: Collection[str]) -> str:
    return ", ".join(map(word, statuses if isinstance(statuses, tuple) else sorted(statuses))) or _("none")


def _exposure_changes(before: Policy, after: Policy) -> list[str]:
    changes = []
    if before.exposure.steps != after.exposure.steps:
        changes.append(
            _("Exposure goes up to %(now)s; before to %(before)s.", now=after.exposure.steps, before=before.exposure.steps)
        )
    was, now = before.exposure.exposures(), after.exposure.exposures()
    names = {craft_key(name): name for name in (*before.exposure.named_crafts, *after.exposure.named_crafts)}
    for key in sorted(was.keys() | now.keys()):
        if was.get(key) != now.get(key):
            changes.append(
                _(
                    "Exposure of %(craft)s: %(before)s → %(now)s.",
                    craft=names[key],
                    before=_stated(was.get(key)),
                    now=_stated(now.get(key)),
                )
            )
    return changes


def _stated(exposure: Exposure | None) -> str:
    if exposure is None:
        return _("not stated")
    return _("step %(step)s (%(source)s, %(day)s)", step=exposure.step, source=exposure.source, day=_shown(exposure.on))
