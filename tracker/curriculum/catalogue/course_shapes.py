"""How a course is written in YAML, and what the curriculum's other entries may say of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, ClassVar, NamedTuple
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, field_validator

from tracker.curriculum.days import fewest_days
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
    wrong,
)

MOST_CREDITS = 10_000


class Taught(NamedTuple):
    """What a section may add up of a course: 0 where the file states none, None where it cannot be read."""

    minutes: int | None
    credit_hundredths: int | None
    credit_kind: str


@dataclass(frozen=True, slots=True)
class Known:
    """The codes a file defines, and of each course what sections add up."""

    principles: frozenset[str]
    courses: Mapping[str, Taught]


def _reference(value: str, noun: str, codes: Iterable[str]) -> str:
    if value not in codes:
        wrong(f"no {noun} in this file has the code `{value}`{close_to(value, codes)}")
    return value


def known(info: ValidationInfo) -> Known:
    found = (info.context or {})["known"]
    assert isinstance(found, Known)
    return found


def _known_course(value: str, info: ValidationInfo) -> str:
    return _reference(value, "course", known(info).courses)


def _known_principle(value: str, info: ValidationInfo) -> str:
    return _reference(value, "principle", known(info).principles)


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


def _day_of_every_year(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"\d{2}-\d{2}", value, re.ASCII):
        wrong('must be a day of every year, its month first, such as "12-31"')
    if value == "02-29":
        wrong("29 February does not come every year: say 02-28 or 03-01")
    try:
        date.fromisoformat(f"2025-{value}")
    except ValueError:
        wrong(f"there is no day {value} in a year; the month comes first")
    return value


def _in_hundredths(value: float) -> float:
    if abs(value * 100 - hundredths(value)) > 1e-6:
        wrong("has more than two decimals: credits are counted in hundredths")
    return value


def hundredths(credits: float) -> int:
    return round(credits * 100)


YearDay = Annotated[str, BeforeValidator(_day_of_every_year)]
Days = Annotated[int, Field(ge=1, le=36_600)]
Credits = Annotated[float, Field(gt=0, le=MOST_CREDITS, allow_inf_nan=False), AfterValidator(_in_hundredths)]


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
    lapses_each: YearDay | None = None
    renewal_days: Days | None = None
    grace_days: Days | None = None
    credits: Credits | None = None
    credit_kind: Code | None = None
    ids: Names = ()
    slugs: Names = ()
    titles: Names = ()
    retired_on: Day | None = None
    replaced_by: CourseCode | None = None
    satisfies: tuple[SatisfiesShape, ...] = ()
    source: Prose = ""

    @field_validator("lapses_each")
    @classmethod
    def _is_one_validity(cls, lapses_each: str | None, info: ValidationInfo) -> str | None:
        if lapses_each and info.data.get("valid_months"):
            wrong("a course holds for `valid_months` or until `lapses_each`, not both: take one out")
        return lapses_each

    @field_validator("renewal_days", "grace_days")
    @classmethod
    def _is_within_the_validity(cls, days: int | None, info: ValidationInfo) -> int | None:
        if days is None or not {"valid_months", "lapses_each"} <= info.data.keys():
            return days  # the validity's own fault is reported
        months, is_renewal = info.data["valid_months"], info.field_name == "renewal_days"
        if not months and not info.data["lapses_each"]:
            told = "can be renewed before" if is_renewal else "has days of grace after"
            wrong(f"only a course that lapses {told} its end: say `valid_months` or `lapses_each`, or take this out")
        longest = fewest_days(months or 12)
        if days > longest:
            wrong(f"`{info.field_name}` is longer than the course holds: {longest:,} at most")
        return days

    @field_validator("credit_kind")
    @classmethod
    def _has_credits(cls, kind: str | None, info: ValidationInfo) -> str | None:
        if kind and "credits" in info.data and info.data["credits"] is None:
            wrong("says of which kind its credits are, and brings none: add `credits`, or take it out")
        return kind

    @field_validator("replaced_by")
    @classmethod
    def _is_another(cls, replaced_by: str | None, info: ValidationInfo) -> str | None:
        if replaced_by and replaced_by == info.data.get("code"):
            wrong("a course cannot be replaced by itself")
        return replaced_by
