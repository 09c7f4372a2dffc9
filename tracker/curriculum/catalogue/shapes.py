"""How the curriculum is written in YAML, and what one entry alone can get wrong.

References are checked here as well, against the codes the whole file defines (:class:`Known`), so that an entry with
another fault still has its references looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from tracker.curriculum.paths import ChangePolicy, NeedKind
from tracker.curriculum.strict_yaml import (
    Code,
    Count,
    Day,
    Line,
    Months,
    Prose,
    Shape,
    close_to,
    no_repeats,
    not_empty,
    wrong,
)


@dataclass(frozen=True, slots=True)
class Known:
    """The codes a file defines. A course's minutes are 0 where it states none and None where they cannot be read."""

    principles: frozenset[str]
    minutes: Mapping[str, int | None]


def _reference(value: str, noun: str, known: Iterable[str]) -> str:
    if value not in known:
        wrong(f"no {noun} in this file has the code `{value}`{close_to(value, known)}")
    return value


def _known(info: ValidationInfo) -> Known:
    known = (info.context or {})["known"]
    assert isinstance(known, Known)
    return known


def _known_course(value: str, info: ValidationInfo) -> str:
    return _reference(value, "course", _known(info).minutes)


def _known_principle(value: str, info: ValidationInfo) -> str:
    return _reference(value, "principle", _known(info).principles)


def _web_address(value: str) -> str:
    try:
        parts = urlsplit(value)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and not any(map(str.isspace, value))
    except ValueError:  # brackets that never close
        valid = False
    if not valid:
        wrong("`url` must be a web address that begins with https:// or http://")
    return value


CourseCode = Annotated[Code, AfterValidator(_known_course)]
PrincipleCode = Annotated[Code, AfterValidator(_known_principle)]
Url = Annotated[Line, AfterValidator(_web_address)]
Names = Annotated[tuple[Line, ...], AfterValidator(no_repeats)]


class PrincipleShape(Shape):
    noun: ClassVar[str] = "principle"
    code: Code
    number: Count
    title: Line
    text: Prose = ""


class SatisfiesShape(Shape):
    noun: ClassVar[str] = "`satisfies` entry"
    course: CourseCode
    from_on: Day | None = Field(default=None, alias="from")
    until_on: Day | None = Field(default=None, alias="until")

    @field_validator("until_on")
    @classmethod
    def _ends_after_it_begins(cls, until_on: Day | None, info: ValidationInfo) -> Day | None:
        from_on = info.data.get("from_on")
        if from_on and until_on and until_on <= from_on:
            wrong(f"`until` must be a day after `from` ({from_on}): it is the first day that no longer counts")
        return until_on


class CourseShape(Shape):
    noun: ClassVar[str] = "course"
    code: Code
    title: Line
    provider: Line
    url: Url = ""
    minutes: Count | None = None
    language: Line = ""
    valid_months: Months | None = None
    ids: Names = ()
    slugs: Names = ()
    titles: Names = ()
    retired_on: Day | None = None
    replaced_by: CourseCode | None = None
    satisfies: tuple[SatisfiesShape, ...] = ()
    source: Prose = ""

    @field_validator("replaced_by")
    @classmethod
    def _is_another(cls, replaced_by: str | None, info: ValidationInfo) -> str | None:
        if replaced_by and replaced_by == info.data.get("code"):
            wrong("a course cannot be replaced by itself")
        return replaced_by


class NeedShape(Shape):
    """``all``, ``{any: n}`` or ``{minutes: n}``."""

    noun: ClassVar[str] = "need"
    all: Literal[True] | None = None
    any: Count | None = None
    minutes: Count | None = None

    @property
    def stated(self) -> list[NeedKind]:
        return [kind for kind in NeedKind if getattr(self, kind.value) is not None]

    @property
    def number(self) -> int:
        return self.any or self.minutes or 0


class SectionShape(Shape):
    noun: ClassVar[str] = "section"
    title: Line
    courses: Annotated[tuple[CourseCode, ...], AfterValidator(not_empty), AfterValidator(no_repeats)]
    need: NeedShape

    @field_validator("need", mode="before")
    @classmethod
    def _word(cls, need: Any) -> Any:
        if isinstance(need, dict) and need:
            return need
        if need != "all":
            wrong("`need` must be `all`, or `{any: 2}` for a number of courses, or `{minutes: 120}`")
        return {"all": True}

    @field_validator("need")
    @classmethod
    def _can_be_met(cls, need: NeedShape, info: ValidationInfo) -> NeedShape:
        if len(need.stated) != 1:
            wrong("`need` must say one thing: `all`, `{any: 2}`, or `{minutes: 120}`")
        courses = info.data.get("courses")
        if courses is None:
            return need  # its own fault is reported
        if need.any and need.any > len(courses):
            wrong(f"asks for {need.any} courses and lists {len(courses)}", "any")
        minutes = [_known(info).minutes[course] for course in courses]
        if need.minutes and None not in minutes:
            listed = sum(each or 0 for each in minutes)
            if need.minutes > listed:
                wrong(f"asks for {need.minutes} minutes and lists courses of {listed} in all", "minutes")
        return need


class ChangeShape(Shape):
    """``keep``, ``require`` or ``{grace: DATE}``, with the version's first day in the same mapping or not."""

    noun: ClassVar[str] = "change"
    keep: Literal[True] | None = None
    require: Literal[True] | None = None
    grace: Day | None = None
    from_on: Day | None = Field(default=None, alias="from")

    @property
    def stated(self) -> list[ChangePolicy]:
        return [policy for policy in ChangePolicy if getattr(self, policy.value) is not None]


class PathShape(Shape):
    noun: ClassVar[str] = "path"
    code: Code
    title: Line
    principle: PrincipleCode
    version: Count
    sections: Annotated[tuple[SectionShape, ...], AfterValidator(not_empty)]
    target: Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)] | None = None
    lookback_months: Months | None = None
    from_on: Day | None = Field(default=None, alias="from")
    change: ChangeShape | None = None
    description: Prose = ""
    url: Url = ""

    @field_validator("change", mode="before")
    @classmethod
    def _word(cls, change: Any) -> Any:
        if isinstance(change, dict):
            return change
        if change not in ("keep", "require"):
            wrong("`change` must be `keep`, `require`, or `{grace: 2026-06-01}`")
        return {change: True}

    @field_validator("change")
    @classmethod
    def _is_one_change(cls, change: ChangeShape | None, info: ValidationInfo) -> ChangeShape | None:
        if change is None:
            return None
        if len(change.stated) != 1:
            wrong("`change` must say one thing: `keep`, `require`, or `{grace: 2026-06-01}`")
        from_on = info.data.get("from_on")
        if from_on and change.from_on:
            wrong("`from` stands in the path already: take one out", "from")
        from_on = from_on or change.from_on
        if from_on and change.grace and change.grace < from_on:
            wrong(f"grace ends before the version begins ({from_on})", "grace")
        return change


class CatalogueShape(Shape):
    noun: ClassVar[str] = "curriculum"
    principles: tuple[PrincipleShape, ...] = ()
    courses: tuple[CourseShape, ...] = ()
    paths: tuple[PathShape, ...] = ()
