"""How the curriculum is written in YAML, and what one entry alone can get wrong.

References are checked here as well, against the codes the whole file defines (:class:`Known`), so that an entry with
another fault still has its references looked at. Courses stand in `course_shapes`.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from tracker.curriculum.catalogue.course_shapes import (
    CourseCode,
    CourseShape,
    Credits,
    PrincipleCode,
    Taught,
    Url,
    hundredths,
    known,
)
from tracker.curriculum.paths import ChangePolicy, NeedKind
from tracker.curriculum.strict_yaml import Code, Count, Day, Line, Months, Prose, Shape, no_repeats, not_empty, wrong

_NEEDS = "`all`, `{any: 2}`, `{minutes: 120}` or `{credits: 40, within_months: 60}`"


class PrincipleShape(Shape):
    noun: ClassVar[str] = "principle"
    code: Code
    number: Count
    title: Line
    text: Prose = ""


class NeedShape(Shape):
    """``all``, ``{any: n}``, ``{minutes: n}`` or ``{credits: n, within_months: m}``, which may say how many of a kind."""

    noun: ClassVar[str] = "need"
    all: Literal[True] | None = None
    any: Count | None = None
    minutes: Count | None = None
    credits: Credits | None = None
    within_months: Months | None = None
    of_kind: dict[Code, Credits] | None = None

    @property
    def stated(self) -> list[NeedKind]:
        return [kind for kind in NeedKind if getattr(self, kind.value) is not None]

    @property
    def number(self) -> int:
        return self.any or self.minutes or hundredths(self.credits or 0)


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
            wrong(f"`need` must be {_NEEDS}")
        return {"all": True}

    @field_validator("need")
    @classmethod
    def _can_be_met(cls, need: NeedShape, info: ValidationInfo) -> NeedShape:
        if len(need.stated) != 1:
            wrong(f"`need` must say one thing: {_NEEDS}")
        for key in ("within_months", "of_kind"):
            if getattr(need, key) is not None and need.credits is None:
                wrong(f"`{key}` belongs to `credits`: add them, or take it out", key)
        if need.credits is not None and need.within_months is None:
            wrong("`credits` must say within how many months they count, such as `{credits: 40, within_months: 60}`")
        courses = info.data.get("courses")
        if courses is None:
            return need  # its own fault is reported
        if need.any and need.any > len(courses):
            wrong(f"asks for {need.any} courses and lists {len(courses)}", "any")
        taught = [known(info).courses[course] for course in courses]
        minutes = [each.minutes for each in taught]
        if need.minutes and None not in minutes:
            listed = sum(each or 0 for each in minutes)
            if need.minutes > listed:
                wrong(f"asks for {need.minutes} minutes and lists courses of {listed} in all", "minutes")
        _enough_credits(need, taught)
        return need


def _enough_credits(need: NeedShape, taught: list[Taught]) -> None:
    """Refuse a need of credits that no one could ever meet: each course counts once."""
    if need.credits is None or any(each.credit_hundredths is None for each in taught):
        return
    kinds = need.of_kind or {}
    if sum(map(hundredths, kinds.values())) > hundredths(need.credits):
        wrong(f"asks for more credits by kind than the {need.credits:g} in all", "of_kind")
    for kind, asked in kinds.items():
        listed = sum(each.credit_hundredths or 0 for each in taught if each.credit_kind == kind)
        if hundredths(asked) > listed:
            wrong(f"asks for {asked:g} credits of {kind} and lists courses of {listed / 100:g} in all", "of_kind", kind)
    listed = sum(each.credit_hundredths or 0 for each in taught)
    if hundredths(need.credits) > listed:
        wrong(f"asks for {need.credits:g} credits and lists courses of {listed / 100:g} in all", "credits")


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
