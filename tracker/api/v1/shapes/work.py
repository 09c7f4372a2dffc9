"""What training staff work on: imports, what waits, rules, reviews; and the audit trail."""

from __future__ import annotations

from typing import Any

from tracker.api.v1.shapes.base import Day, Id, Listed, Moment, Shape, UnitName, said
from tracker.api.v1.shapes.curriculum import CourseName, PathName
from tracker.api.v1.shapes.members import MemberName
from tracker.curriculum.words import AssignmentKind


class Batch(Shape):
    """An import."""

    id: Id = said("Its id.", "731204859102834688")
    kind: str = said("What was imported: roster, completions, accounts, class, merge.", "completions")
    profile: str = said("As what its file was read.", "canonical")
    file_name: str = said("What the file was called.", "completions.csv")
    sha256: str = said("The file's hash.", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    recorded_at: Moment = said("When it was recorded.", "2026-02-19T09:30:00Z")
    recorded_by: str = said("By whom.", "sam@example.org")
    rows: int = said("How many rows it had.", 1200)
    undone_at: Moment | None = said("When it was undone; null: it stands.", None)


class Batches(Listed):
    """Imports, the newest first."""

    items: list[Batch] = said("The imports of this page.", [])


class BatchFault(Shape):
    """What was wrong in a row."""

    line: int = said("The line in the file.", 17)
    column: str = said("The column.", "completed_on")
    value: str = said("What stood there.", "31.2.2026")
    reason: str = said("What is wrong with it.", "is no day: write it YYYY-MM-DD, as in 2026-03-09")


class BatchWhole(Batch):
    """An import, and how its rows ended."""

    outcomes: dict[str, int] = said("How many rows ended in each way.", {"recorded": 1180, "already known": 20})
    faults_in_all: int = said("How many faults there were.", 0)
    faults: list[BatchFault] = said("The first 200 of them.", [])
    waiting_in_all: int = said("How many of its rows still wait for their member or course.", 0)
    settled: int = said("How many rows that had waited it settled.", 0)


class WaitingLearner(Shape):
    """Somebody whom reports name and nobody knows."""

    id: Id = said("The oldest of their rows.", "731204859102834688")
    names: list[str] = said("The names reported.", ["A. Example"])
    emails: list[str] = said("The addresses reported.", ["ana@example.org"])
    provider_ids: list[str] = said("The provider's ids reported.", ["u-100"])
    member_numbers: list[str] = said("The member numbers reported.", ["0012"])
    sources: list[str] = said("Who reported.", ["linkedin"])
    rows: int = said("How many rows wait.", 3)
    oldest: Moment = said("Since when.", "2026-02-19T09:30:00Z")


class WaitingLearners(Listed):
    """Learners who wait to be recognised, who waits longest first."""

    items: list[WaitingLearner] = said("The learners of this page.", [])


class WaitingCourse(Shape):
    """A course that reports name and the catalogue does not have."""

    id: Id = said("The oldest of its rows.", "731204859102834688")
    titles: list[str] = said("The titles reported.", ["AI Basics (2024)"])
    course_ids: list[str] = said("The provider's ids reported.", ["252"])
    sources: list[str] = said("Who reported.", ["linkedin"])
    rows: int = said("How many rows wait.", 12)
    learners: int = said("Of how many learners.", 11)
    oldest: Moment = said("Since when.", "2026-02-19T09:30:00Z")


class WaitingCourses(Listed):
    """Courses that wait to be decided, which waits longest first."""

    items: list[WaitingCourse] = said("The courses of this page.", [])


class Rule(Shape):
    """Who is asked for a path: everyone, or the cards of a unit, of a craft, or of both."""

    id: Id = said("Its id.", "731204859102834688")
    path: PathName = said("The path.", {"code": "ai-fundamentals", "title": "AI Fundamentals"})
    kind: AssignmentKind = said("How it is asked.", "required")
    unit: UnitName | None = said("The cards under this unit; null: everywhere.", None)
    craft: str | None = said("The cards of this craft; null: of each.", None)
    from_on: Day = said("The first day it asks.", "2026-01-01")
    until_on: Day | None = said("The first day it asks no more; null: no end is known.", None)
    due_on: Day | None = said("By when; null: no day is set.", None)
    within_days: int | None = said("Or within so many days of being asked.", None)
    asked: int = said("How many members it asks today.", 512)
    sentence: str = said("The same as a sentence.", "AI Fundamentals is required of Local 600 from 1 January 2026.")


class Rules(Listed):
    """Rules, by path and first day."""

    items: list[Rule] = said("The rules of this page.", [])


class Review(Shape):
    """A course that a member logged and that nobody surer has confirmed."""

    completion_id: Id = said("The claim.", "731204859102834688")
    member: MemberName = said(
        "Who logged it.", {"id": "731204859102834688", "number": "0012", "first_name": "Ana", "last_name": "Example"}
    )
    course: CourseName = said("The course.", {"code": "ai-basics", "title": "AI Basics"})
    completed_on: Day = said("The day they say.", "2026-02-18")
    recorded_at: Moment = said("When they logged it.", "2026-02-19T09:30:00Z")
    evidence: int = said("How many files and links stand behind it.", 1)
    held_until: Moment | None = said("Until when somebody looks at it; null: nobody does.", None)


class Reviews(Listed):
    """Claims that wait for somebody to look at them, the oldest first."""

    items: list[Review] = said("The claims of this page.", [])


class Entry(Shape):
    """An act that changed something, or looked at somebody's record."""

    id: Id = said("Its id.", "731204859102834688")
    at: Moment = said("When.", "2026-02-19T09:30:00Z")
    actor: str | None = said(
        "Who: the address of their sign-in; null: the operator, a program, or someone not signed in.", None
    )
    role: str = said("As what.", "staff")
    action: str = said("What.", "log_completion")
    object_kind: str = said("To what kind of thing.", "completion")
    object_id: Id | None = said("To which; null where it is withheld.", None)
    unit: UnitName | None = said("In which unit; null: in none.", None)
    detail: dict[str, Any] = said("What changed, before and after, as far as this token may see.", {"course": "ai-basics"})
    is_withheld: bool = said(
        "Whether there are details for others to read: an administrator reads nothing of learning.", False
    )


class Entries(Listed):
    """The audit trail, the newest first."""

    items: list[Entry] = said("The entries of this page.", [])
