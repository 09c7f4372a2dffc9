"""Who takes a local to its target, and what each has still to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.coverage.people import MemberLine, PersonHere, facts_told, members_page, people_here
from tracker.coverage.people_told import Officer, people_told
from tracker.coverage.progress import remaining_of, takeable_minutes, ways_to
from tracker.coverage.saying import called
from tracker.curriculum.push import Candidate, Push, Remaining, fewest_people, people_to_go
from tracker.curriculum.words import Assurance
from tracker.language import _, ngettext, percent, pgettext
from tracker.models import Course, LearningPath, Unit


class Need(NamedTuple):
    """The same courses, and how many people lack just these."""

    courses: tuple[Course, ...]
    minutes: int
    people: int


class PushLine(NamedTuple):
    """Someone to call, or whose completions wait."""

    line: MemberLine
    take: tuple[Course, ...]
    minutes: int
    unsure: tuple[Course, ...]  # done, and not as sure yet as the floor asks


@dataclass(frozen=True)
class PushList:
    """The fewest people who take a local to its target: the same object behind the page and its files."""

    unit: Unit
    path: LearningPath
    as_of: date
    known: date | None
    floor: Assurance
    target: float  # a share
    in_scope: int
    covered: int
    push: Push[PersonHere]
    courses: Mapping[int, Course]
    adds_up: bool  # whether the reader is told of everyone what the figure counts

    @property
    def target_percent(self) -> int:
        return round(100 * self.target)

    @property
    def callers(self) -> list[PersonHere]:
        """Whom to call, the nearest to finishing first."""
        return [each.key for each in self.push.calls]

    @property
    def waiters(self) -> list[PersonHere]:
        """Who needs no call: what they have done only waits to be reviewed or confirmed."""
        return [each.key for each in self.push.waiting]

    @property
    def reached(self) -> int:
        """How many would be covered once all of them finish."""
        return self.covered + len(self.push.chosen)

    def within(self, minutes: int) -> int:
        """How many of them need no more than so many minutes, those who only wait among them."""
        return sum(1 for each in self.push.chosen if each.remaining.minutes <= minutes)

    @property
    def needs(self) -> list[Need]:
        """What those to be called lack, the commonest first: where a class in the hall would do most."""
        alike = Counter((each.remaining.courses or (), each.remaining.minutes) for each in self.push.calls)
        return [
            Need(self.named(courses), minutes, number)
            for (courses, minutes), number in sorted(alike.items(), key=lambda each: (-each[1], each[0][1], each[0][0]))
        ]

    def named(self, courses: Collection[int]) -> tuple[Course, ...]:
        return tuple(self.courses[course] for course in courses)

    @property
    def finding(self) -> str:
        """The answer, in a sentence or two."""
        where, aim = called(self.unit), percent(self.target_percent)
        if not self.in_scope:
            return _("No one in %(where)s is in scope of %(path)s on this day.", where=where, path=self.path.title)
        if not self.push.needed:
            return _("%(where)s has reached %(aim)s: there is no one whom it needs to call.", where=where, aim=aim)
        chosen = len(self.push.chosen)
        if self.push.is_enough:
            said = ngettext(
                "%(n)s person takes %(where)s to %(aim)s",
                "%(n)s people take %(where)s to %(aim)s",
                chosen,
                where=where,
                aim=aim,
            )
        elif chosen:
            said = ngettext(
                "Even with the %(n)s person who can finish, %(where)s comes to %(share)s, not to %(aim)s",
                "Even all %(n)s people who can finish take %(where)s to %(share)s, not to %(aim)s",
                chosen,
                where=where,
                share=percent(100 * self.reached // self.in_scope),
                aim=aim,
            )
        else:
            return _(
                "No one who is missing in %(where)s can finish on what is offered now: %(aim)s is out of reach.",
                where=where,
                aim=aim,
            )
        return "; ".join([said, *self._of_them(chosen)]) + "."

    def _of_them(self, chosen: int) -> list[str]:
        parts = []
        one_course = [need for need in self.needs if len(need.courses) == 1]
        if one_course:
            parts.append(_one_course_away(one_course[0].people, chosen, one_course[0].minutes))
        if waiting := len(self.push.waiting):
            parts.append(_only_waiting(waiting, chosen, is_providers=self.floor is Assurance.PROVIDER))
        return parts


def _one_course_away(some: int, chosen: int, minutes: int) -> str:
    """How many of the chosen lack one course alone; minutes are 0 where nobody says how long it takes."""
    length = ngettext("one %(n)s-minute course", "one %(n)s-minute course", minutes) if minutes else _("one course")
    if some < chosen:
        return ngettext("%(n)s of them is %(length)s away", "%(n)s of them are %(length)s away", some, length=length)
    if chosen == 1:
        return _("they are %(length)s away", length=length)
    return _("all of them are %(length)s away", length=length)


def _only_waiting(some: int, chosen: int, *, is_providers: bool) -> str:
    """How many of the chosen have done all it takes."""
    what = _("the provider’s word") if is_providers else pgettext("waits for", "review")
    if some < chosen:
        return ngettext("%(n)s of them only waits for %(what)s", "%(n)s of them only wait for %(what)s", some, what=what)
    if chosen == 1:
        return _("they only wait for %(what)s", what=what)
    return _("all of them only wait for %(what)s", what=what)


def push_list(
    session: Session,
    unit: Unit,
    path: LearningPath,
    *,
    as_of: date,
    known: date | None,
    floor: Assurance,
    target: float,
    officer: Officer | None = None,
) -> PushList:
    """Who takes a unit to a target on a path. A few statements, whatever the number of members.

    Args:
        target: the share to reach, above 0 and up to 1.
        officer: who reads the list; None: someone to whom every unit is open.
    """
    everyone = people_here(session, unit, path.id, as_of, known)
    people = [person for person in everyone if person.is_in_scope]
    covered = sum(_is_covered(person, as_of, floor) for person in people)
    told = people_told(session, everyone, unit, path.id, as_of, known, officer)
    told = [person for person in told if person.is_in_scope]
    missing = {person.member_id: person for person in told if not _is_covered(person, as_of, floor)}
    takeable = takeable_minutes(session, as_of)
    candidates = []
    for world, rows in facts_told(session, missing.values(), known):
        ways = ways_to(path.id, day=as_of, world=world, takeable=takeable)
        listed = world.curriculum.listed(path.id)
        relevant = listed | {rule.course for rule in world.curriculum.equivalents if rule.stands_for in listed}
        alike: dict[Hashable, Remaining] = {}  # many have done what many others have: nothing, to begin with
        for member_id, facts in rows:
            asked, person = facts.asked[path.id], missing[member_id]
            done = tuple(sorted(each for each in facts.completed if each.course in relevant))
            remaining = alike.get((asked, done))
            if remaining is None:
                remaining = remaining_of(asked, done, path.id, day=as_of, floor=floor, world=world, ways=ways)
                alike[asked, done] = remaining
            candidates.append(Candidate(person, remaining, person.due_on, person.name_key))
    adds_up = (len(told), len(told) - len(missing)) == (len(people), covered)
    push = fewest_people(candidates, people_to_go(target, len(people), covered))
    named = {course for each in push.chosen for course in (*(each.remaining.courses or ()), *each.remaining.unsure)}
    courses = {course.id: course for course in session.scalars(select(Course).where(Course.id.in_(named)))}
    return PushList(unit, path, as_of, known, floor, target, len(people), covered, push, courses, adds_up)


def _is_covered(person: PersonHere, day: date, floor: Assurance) -> bool:
    return any(row.level >= floor and row.from_on <= day < row.until_on for row in person.standings)


def push_line_page(
    session: Session, found: PushList, people: Sequence[PersonHere], *, after: int | None = None, size: int | None = 50
) -> tuple[list[PushLine], str | None]:
    """Some of these people of the list with all there is to tell of each, and the key to ask for those after them with."""
    page = members_page(
        session,
        people,
        found.unit,
        found.path,
        day=found.as_of,
        known=found.known,
        floor=found.floor,
        after=after,
        size=size,
    )
    left = {each.key.member_id: each.remaining for each in found.push.chosen}
    lines = []
    for line in page.rows:
        mine = left[line.member.member_id]
        lines.append(PushLine(line, found.named(mine.courses or ()), mine.minutes, found.named(mine.unsure)))
    return lines, page.next_key
