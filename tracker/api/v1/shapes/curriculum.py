"""Paths with their versions, courses, crafts."""

from __future__ import annotations

from tracker.api.v1.shapes.base import Day, Id, Listed, Shape, said
from tracker.models import Course as CourseRow
from tracker.models import LearningPath, PathVersion


class CourseName(Shape):
    """A course, as other things name it."""

    code: str = said("The course's code.", "ai-basics")
    title: str = said("Its title.", "AI Basics")

    @classmethod
    def of(cls, course: CourseRow) -> CourseName:
        return cls(code=course.code, title=course.title)


class Course(Shape):
    """Something a provider teaches."""

    code: str = said("Its code, which reports and addresses use.", "ai-basics")
    title: str = said("Its title.", "AI Basics")
    provider: str = said("Who teaches it.", "LinkedIn Learning")
    url: str = said("Where it is; often empty.", "https://www.linkedin.com/learning/ai-basics")
    minutes: int | None = said("How long it takes; null where that is not stated.", None)
    language: str = said("In which language; often empty.", "en")
    valid_months: int | None = said("For how many months a completion holds; null: for ever, or as the calendar says.", None)
    credits: float | None = said("How many credits it brings; null: none.", None)
    retired_on: Day | None = said("From which day its provider offers it no more; null while it is offered.", None)

    @classmethod
    def of(cls, course: CourseRow) -> Course:
        return cls(
            code=course.code,
            title=course.title,
            provider=course.provider,
            url=course.url,
            minutes=course.minutes,
            language=course.language,
            valid_months=course.valid_months,
            credits=None if course.credit_hundredths is None else course.credit_hundredths / 100,
            retired_on=course.retired_on,
        )


class Courses(Listed):
    """Courses, by code."""

    items: list[Course] = said("The courses of this page.", [])


class Section(Shape):
    """Courses of a version, and how many of them it needs."""

    title: str = said("What it is called.", "Foundations")
    need: str = said("What it asks: all, any (so many courses), minutes, credits.", "any")
    number: int = said("How many of them; 0 with `all`.", 2)
    within_months: int | None = said("Within how many months, of credits; else null.", None)
    courses: list[CourseName] = said("Its courses, in order.", [{"code": "ai-basics", "title": "AI Basics"}])


class Version(Shape):
    """What a path asks, once and for ever."""

    number: int = said("Its number.", 2)
    from_on: Day | None = said("The first day on which it is in force; null for the first version.", None)
    change: str = said("What it meant for those asked before: keep, grace or require.", "keep")
    grace_on: Day | None = said("Until when the one before still counts, with `grace`.", None)
    lookback_months: int | None = said("How many months before being asked still count; null: all.", None)
    sections: list[Section] = said("Its sections, in order.", [])

    @classmethod
    def of(cls, version: PathVersion) -> Version:
        return cls(
            number=version.number,
            from_on=version.from_on,
            change=version.change.value,
            grace_on=version.grace_on,
            lookback_months=version.lookback_months,
            sections=[
                Section(
                    title=each.title,
                    need=each.need.value,
                    number=each.number,
                    within_months=each.within_months,
                    courses=[CourseName.of(one.course) for one in each.courses],
                )
                for each in version.sections
            ],
        )


class PathName(Shape):
    """A learning path, as other things name it."""

    code: str = said("The path's code.", "ai-fundamentals")
    title: str = said("Its title.", "AI Fundamentals")

    @classmethod
    def of(cls, path: LearningPath) -> PathName:
        return cls(code=path.code, title=path.title)


class Path(Shape):
    """A learning path."""

    code: str = said("Its code, which addresses use.", "ai-fundamentals")
    title: str = said("Its title.", "AI Fundamentals")
    description: str = said("What it is for; often empty.", "What everyone should know of AI at work.")
    url: str = said("Where more is said of it; often empty.", "https://www.iatse.net/training")
    target: float | None = said("The share of those asked that is aimed at, 0 to 1; null: none.", None)
    retired_on: Day | None = said("From which day it asks nobody any more; null while it asks.", None)


class Paths(Listed):
    """Learning paths, by code."""

    items: list[Path] = said("The paths of this page.", [])


class PathWhole(Path):
    """A learning path with every version of what it asks."""

    versions: list[Version] = said("Its versions, the first first.", [])


class Craft(Shape):
    """An occupation."""

    id: Id = said("Its id.", "731204859102834688")
    name: str = said("What it is called.", "grip")


class Crafts(Listed):
    """Crafts, by name."""

    items: list[Craft] = said("The crafts of this page.", [])
