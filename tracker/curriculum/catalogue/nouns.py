"""The curriculum as ``courses.yaml`` states it: principles, courses, and one version of each path.

Everything is named by its code. ``line`` is the line of the file on which a course or path begins, for messages; two
that differ only in it are equal.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from tracker.curriculum.paths import ChangePolicy, NeedKind


@dataclass(frozen=True, slots=True)
class Principle:
    """One of the union's Core Principles for Applications of AI, which a path serves."""

    code: str
    number: int
    title: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Satisfies:
    """Stands for ``course`` when completed from ``from_on`` and before ``until_on`` (None: no bound)."""

    course: str
    from_on: date | None = None
    until_on: date | None = None


@dataclass(frozen=True, slots=True)
class CatalogueCourse:
    """Something a provider teaches, with all the names it goes by in the provider's feeds."""

    code: str
    title: str
    provider: str
    url: str = ""
    minutes: int | None = None
    language: str = ""
    valid_months: int | None = None
    lapses_each: str | None = None  # "MM-DD", the last day of every yearly cycle
    renewal_days: int | None = None
    grace_days: int | None = None
    credit_hundredths: int | None = None
    credit_kind: str | None = None
    ids: tuple[str, ...] = ()
    slugs: tuple[str, ...] = ()
    titles: tuple[str, ...] = ()  # further titles, such as former ones
    retired_on: date | None = None
    replaced_by: str | None = None
    satisfies: tuple[Satisfies, ...] = ()
    source: str = ""
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class CatalogueSection:
    """A part of a path: courses, and how many of them (``any``) or how much of them (``minutes``, ``credits``) is needed."""

    title: str
    need: NeedKind
    number: int  # courses for ``any``, minutes for ``minutes``, hundredths of credits for ``credits``, 0 for ``all``
    courses: tuple[str, ...]
    within_months: int | None = None  # of ``credits``
    of_kinds: tuple[tuple[str, int], ...] = ()  # of ``credits``: hundredths by kind, in the order of the kinds

    @property
    def rule(self) -> dict[str, Any]:
        """What it asks, as JSON can hold it: whatever its title and in whichever order."""
        rule: dict[str, Any] = {"need": self.need.value, "number": self.number, "courses": sorted(self.courses)}
        if self.need is NeedKind.CREDITS:
            rule |= {"within_months": self.within_months, "of_kinds": dict(self.of_kinds)}
        return rule


@dataclass(frozen=True, slots=True)
class CataloguePath:
    """One version of a learning path. A changed rule asks for a new ``version``."""

    code: str
    title: str
    principle: str
    version: int
    sections: tuple[CatalogueSection, ...]
    target: float | None = None  # the share of those in scope that the union aims at, above 0 up to 1
    lookback_months: int | None = None
    change: ChangePolicy | None = None
    grace_on: date | None = None
    from_on: date | None = None
    description: str = ""
    url: str = ""
    line: int = field(default=0, compare=False)

    @property
    def rules(self) -> dict[str, Any]:
        """What this version asks, in one canonical form that JSON can hold.

        Two versions with equal rules ask the same, however they are worded: titles, target and the order of courses
        within a section are left out.
        """
        return {
            "sections": [section.rule for section in self.sections],
            "lookback_months": self.lookback_months,
        }


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All that a file states, each kind in the order of the file."""

    principles: tuple[Principle, ...] = ()
    courses: tuple[CatalogueCourse, ...] = ()
    paths: tuple[CataloguePath, ...] = ()
