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

_HUNDREDTHS = "credit_hundredths"
_NAMES = {_HUNDREDTHS: "credits", "url": "address", "valid_months": "months it holds", "lapses_each": "lapses each year on"}
_APART = frozenset({"code", "line", "satisfies", "sections", "version", "change", "grace_on", "from_on"})


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
            yield f"Principle “{each.title}” is new."
        elif was != each:
            yield f"Principle “{each.title}” is worded otherwise."
    yield from (f"Principle “{each.title}” is no longer in the file." for each in known.values())


def _courses(before: Catalogue, after: Catalogue, titles: Mapping[str, str]) -> Iterator[str]:
    known = {each.code: each for each in before.courses}
    for each in after.courses:
        was = known.pop(each.code, None)
        if was is None:
            yield f"Course “{each.title}” is new."
            yield from _stands_for(each, (), titles)
            continue
        yield from (f"Course “{each.title}”: {change}." for change in _fields(was, each))
        yield from _stands_for(each, was.satisfies, titles)
    yield from (f"Course “{each.title}” is no longer in the file: it is retired." for each in known.values())


def _stands_for(course: CatalogueCourse, before: Collection[Satisfies], titles: Mapping[str, str]) -> Iterator[str]:
    for rule in course.satisfies:
        if rule not in before:
            yield f"Course “{course.title}” now stands for “{titles.get(rule.course, rule.course)}”{_bounds(rule)}."
    for rule in before:
        if rule not in course.satisfies:
            yield f"Course “{course.title}” no longer stands for “{titles.get(rule.course, rule.course)}”{_bounds(rule)}."


def _bounds(rule: Satisfies) -> str:
    since = f", completed from {_shown(rule.from_on)}" if rule.from_on else ""
    return since + (f", completed before {_shown(rule.until_on)}" if rule.until_on else "")


def _paths(before: Catalogue, after: Catalogue, titles: Mapping[str, str]) -> Iterator[str]:
    known = {each.code: each for each in before.paths}
    for each in after.paths:
        was = known.pop(each.code, None)
        if was is None:
            yield f"Path “{each.title}” is new: {sections_words(each.sections, titles)}."
            continue
        if was.version != each.version:
            yield f"Path “{each.title}” has version {each.version} after {was.version}: {change_words(each)}."
        if _asks(was) != _asks(each):
            yield (
                f"Path “{each.title}” asked for {sections_words(was.sections, titles)}; now for "
                f"{sections_words(each.sections, titles)}."
            )
        elif [part.title for part in was.sections] != [part.title for part in each.sections]:
            yield f"Path “{each.title}”: its sections are called otherwise."
        yield from (f"Path “{each.title}”: {change}." for change in _fields(was, each))
    yield from (f"Path “{each.title}” is no longer in the file: it is retired." for each in known.values())


def _asks(path: CataloguePath) -> dict[str, Any]:
    return {name: rule for name, rule in path.rules.items() if name != "lookback_months"}  # which is told by itself


def change_words(path: CataloguePath) -> str:
    """What a path's newest version means for those already asked for it."""
    since = f"from {_shown(path.from_on)} " if path.from_on else ""
    if path.change is ChangePolicy.KEEP:
        return f"{since}whoever has begun stays on theirs"
    if path.change is ChangePolicy.GRACE:
        return f"{since}all move on {_shown(path.grace_on)}"
    return f"{since}all move" if path.change else f"{since}for everyone"


def sections_words(sections: Collection[CatalogueSection], titles: Mapping[str, str]) -> str:
    """What a path asks for, in words: "all of A and B; 1 of C, D"."""
    return "; ".join(_section(section, titles) for section in sections)


def _section(section: CatalogueSection, titles: Mapping[str, str]) -> str:
    courses = ", ".join(f"“{titles.get(code, code)}”" for code in section.courses)
    if section.need is NeedKind.ALL:
        return f"all of {courses}" if len(section.courses) > 1 else courses
    if section.need is NeedKind.ANY:
        return f"{section.number} of {courses}"
    if section.need is NeedKind.CREDITS:
        kinds = "".join(f", {least / 100:g} of them in {kind}" for kind, least in section.of_kinds)
        return f"{section.number / 100:g} credits within {section.within_months} months{kinds}, from {courses}"
    return f"{section.number:,} minutes of {courses}"


def _fields(before: Any, after: Any) -> Iterator[str]:
    """Each plain field that is another: "minutes 60 → 45"."""
    for each in fields(after):
        was, now = getattr(before, each.name), getattr(after, each.name)
        if each.name not in _APART and was != now:
            if each.name == _HUNDREDTHS:
                was, now = (None if value is None else f"{value / 100:g}" for value in (was, now))
            yield f"{_NAMES.get(each.name, each.name.replace('_', ' '))} {_shown(was)} → {_shown(now)}"


def _shown(value: object) -> str:
    if value is None or value == "" or value == ():
        return "none"
    if isinstance(value, date):
        return f"{value.day} {value:%B} {value.year}"
    if isinstance(value, (tuple, frozenset)):
        return ", ".join(_shown(each) for each in (value if isinstance(value, tuple) else sorted(value)))
    return str(value)


# --- The policy --------------------------------------------------------------------------------------------------------


def policy_changes(before: Policy, after: Policy) -> list[str]:
    """What the later policy says otherwise, and what that does."""
    changes = []
    if before.counts != after.counts:
        changes.append(f"Coverage counts cards that are {_shown(after.counts)}, and before {_shown(before.counts)}.")
    if before.covered_workers != after.covered_workers:
        changes.append(f"Covered workers are {_shown(after.covered_workers)}, and before {_shown(before.covered_workers)}.")
    if before.statuses != after.statuses:
        changes.append(f"A card’s status is one of {_shown(after.statuses)}; before: {_shown(before.statuses)}.")
    for name, words in (
        ("expiring_within_days", "“Expiring” is said {} days before a completed path lapses"),
        ("due_soon_within_days", "“Due soon” is said {} days before the due date"),
        ("small_group", "A group of fewer than {} is hidden from outsiders"),
    ):
        was, now = getattr(before, name), getattr(after, name)
        if was != now:
            changes.append(f"{words.format(now)}; before {was}.")
    return changes + _exposure_changes(before, after)


def _exposure_changes(before: Policy, after: Policy) -> list[str]:
    changes = []
    if before.exposure.steps != after.exposure.steps:
        changes.append(f"Exposure goes up to {after.exposure.steps}; before to {before.exposure.steps}.")
    was, now = before.exposure.exposures(), after.exposure.exposures()
    names = {craft_key(name): name for name in (*before.exposure.named_crafts, *after.exposure.named_crafts)}
    for key in sorted(was.keys() | now.keys()):
        if was.get(key) != now.get(key):
            changes.append(f"Exposure of {names[key]}: {_stated(was.get(key))} → {_stated(now.get(key))}.")
    return changes


def _stated(exposure: Exposure | None) -> str:
    if exposure is None:
        return "not stated"
    return f"step {exposure.step} ({exposure.source}, {_shown(exposure.on)})"
