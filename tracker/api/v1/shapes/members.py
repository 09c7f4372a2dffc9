"""Members and their records."""

from __future__ import annotations

from tracker.api.v1.shapes.base import Day, Floor, Id, Listed, Moment, Shape, UnitName, said
from tracker.api.v1.shapes.curriculum import CourseName, PathName
from tracker.curriculum.words import AssignmentKind


class MemberName(Shape):
    """A member, as lists name them."""

    id: Id = said("The member's id, which addresses use.", "731204859102834688")
    number: str = said("The member number, as the roster spells it.", "0012")
    first_name: str = said("First name.", "Ana")
    last_name: str = said("Last name.", "Example")


class MemberFound(MemberName):
    """A member that a search found."""

    cards: list[str] = said("The cards they hold today, in words.", ["Local 600, camera operator"])


class MembersFound(Listed):
    """Members, by last name."""

    items: list[MemberFound] = said("The members of this page.", [])


class MemberOnPath(MemberName):
    """A member of a local, and where they stand on a path."""

    crafts: list[str] = said("The crafts of their cards here.", ["grip"])
    statuses: list[str] = said("The statuses of their cards here.", ["active"])
    state: str = said("Where they stand.", "in progress")
    courses_to_go: int | None = said("How many courses finish the path; null where none on offer do.", 2)
    minutes_to_go: int | None = said("How many minutes these take.", 90)
    due_on: Day | None = said("By when; null: no day is set.", None)


class MembersOnPath(Listed):
    """The members of a local in scope of a path, by name: whom to call."""

    unit: UnitName = said("The local.", {"number": "600", "kind": "local", "name": "International Cinematographers Guild"})
    path: PathName = said("The path.", {"code": "ai-fundamentals", "title": "AI Fundamentals"})
    as_of: Day = said("The day this tells of.", "2026-07-31")
    known: Day | None = said("As known on that day; null: all that is known.", None)
    floor: Floor = said("What counts: completions of at least this assurance.", "reviewed")
    items: list[MemberOnPath] = said("The members of this page.", [])


class Card(Shape):
    """A card held on the day."""

    unit: UnitName = said("The local.", {"number": "600", "kind": "local", "name": "International Cinematographers Guild"})
    craft: str = said("The craft.", "grip")
    status: str = said("Its status.", "active")


class Reason(Shape):
    """Why a path is asked: an assignment."""

    words: str = said("Who asks.", "required by Local 600")
    kind: AssignmentKind = said("How it is asked.", "required")
    assigned_on: Day = said("Since when.", "2026-01-01")
    due_on: Day | None = said("By when; null: no day is set.", None)
    asks: bool = said("Whether it asks today: not excused by an exemption, and the card's status counts.", True)


class CourseStanding(Shape):
    """A course of a path, and what the member holds of it."""

    course: CourseName = said("The course.", {"code": "ai-basics", "title": "AI Basics"})
    state: str = said("Where they stand.", "complete")
    until_on: Day | None = said("The first day on which it holds no more; null: for ever, or not held.", None)
    completed_on: list[Day] = said("The days of the completions that count.", ["2026-02-18"])


class SectionStanding(Shape):
    """A section of a path, and whether it is met."""

    title: str = said("What it is called.", "Foundations")
    needs: str = said("What it needs, in words.", "any 2 of 5 courses")
    is_met: bool = said("Whether it is met.", False)
    courses: list[CourseStanding] = said("Its courses.", [])


class PathStanding(Shape):
    """A path that is asked of a member, and where they stand on it."""

    path: PathName = said("The path.", {"code": "ai-fundamentals", "title": "AI Fundamentals"})
    version: int = said("The version that binds them.", 1)
    state: str = said("Where they stand.", "in progress")
    kind: AssignmentKind | None = said("How it is asked; null: not at present.", None)
    due_on: Day | None = said("By when; null: no day is set.", None)
    until_on: Day | None = said("The first day on which it is complete no more; null: for ever, or not complete.", None)
    needed: int = said("How many courses are needed.", 3)
    claimed: int = said("How many count if claims and surer do.", 2)
    reviewed: int = said("How many count if what was reviewed and surer does.", 2)
    provider: int = said("How many count if only what the provider reported does.", 1)
    minutes_to_go: int | None = said("How many minutes finish it; null where nothing on offer does.", 45)
    is_exempt: bool = said("Whether an exemption holds.", False)
    exemptions: list[str] = said("The exemptions, in words; empty where the reader is not told the reason.", [])
    reasons: list[Reason] = said("What asks it, as far as this token may see.", [])
    sections: list[SectionStanding] = said("Section by section.", [])


class MemberRecord(Shape):
    """A member's record on a day: cards, and where they stand on each path that is asked of them."""

    member: MemberName = said(
        "The member.", {"id": "731204859102834688", "number": "0012", "first_name": "Ana", "last_name": "Example"}
    )
    day: Day = said("The day this tells of.", "2026-07-31")
    known: Day | None = said("As known on that day; null: all that is known.", None)
    cards: list[Card] = said("The cards they hold, as far as this token may see.", [])
    paths: list[PathStanding] = said("The paths, the most urgent first.", [])


class Completion(Shape):
    """A completion as it was recorded; a voided one stays on record."""

    id: Id = said("Its id.", "731204859102834688")
    course: CourseName = said("The course.", {"code": "ai-basics", "title": "AI Basics"})
    completed_on: Day = said("The day of the completion.", "2026-02-18")
    assurance: Floor = said("How sure it is.", "provider")
    source: str = said("Who reported it.", "linkedin")
    recorded_at: Moment = said("When it was recorded.", "2026-02-19T09:30:00Z")
    batch_id: Id | None = said("The import that brought it; null: none did.", None)
    voided_at: Moment | None = said("When it was voided; null: it holds.", None)
    void_reason: str | None = said("Why it was voided, where this token may see that.", None)


class Completions(Listed):
    """A member's completions, the newest record first."""

    items: list[Completion] = said("The completions of this page.", [])
