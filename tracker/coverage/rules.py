"""The rules that ask members for paths."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import NamedTuple

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from tracker.coverage.asking_words import RuleWords, as_whom, sentence
from tracker.curriculum.keys import craft_key
from tracker.curriculum.words import AssignmentKind, Leaving
from tracker.models import Assignment, AssignmentRule, Craft, LearningPath, Membership, Unit
from tracker.models.loading import read_rows


class RuleLine(NamedTuple):
    """A rule with what its ids mean."""

    rule: AssignmentRule
    path: LearningPath
    unit: Unit | None
    craft: str | None

    @property
    def who(self) -> str:
        """Whom it asks, in words: "of the craft Sound under Local 80"."""
        return as_whom(self.unit.title if self.unit else "", self.craft or "")

    @property
    def sentence(self) -> str:
        """The whole rule, as people say it."""
        rule = self.rule
        return sentence(
            RuleWords(
                who=self.who,
                path=self.path.title,
                kind=rule.kind,
                from_on=rule.from_on,
                due_on=rule.due_on,
                within_days=rule.within_days,
                leaving=rule.leaving or Leaving.END,
            )
        )

    def has_ended(self, day: date) -> bool:
        """Whether it asks nobody any more on a day."""
        return self.rule.until_on is not None and self.rule.until_on <= day


def open_rules(session: Session, day: date) -> list[RuleLine]:
    """The rules that have not ended, by path and first day."""
    return _lines(session, or_(AssignmentRule.until_on.is_(None), AssignmentRule.until_on > day))


def ended_rules(session: Session, day: date) -> list[RuleLine]:
    """The rules that ask nobody any more, ended or undone, by path and first day."""
    return _lines(session, AssignmentRule.until_on <= day)


def lines_of(session: Session, rule_ids: Collection[int]) -> list[RuleLine]:
    """The rules of these ids."""
    return _lines(session, AssignmentRule.id.in_(rule_ids)) if rule_ids else []


def rule_line(session: Session, rule_id: int) -> RuleLine | None:
    """One rule, ended or not; None where there is none of that id."""
    found = lines_of(session, [rule_id])
    return found[0] if found else None


def matching(lines: Collection[RuleLine], text: str) -> list[RuleLine]:
    """Of the rules those whose sentence, path's code or unit's number has every word of a text."""
    words = text.casefold().split()
    return [line for line in lines if all(word in _searched(line) for word in words)]


def _searched(line: RuleLine) -> str:
    unit = f" {line.unit.number}" if line.unit else ""
    return f"{line.sentence} {line.path.code}{unit}".casefold()


def _lines(session: Session, which: ColumnElement[bool]) -> list[RuleLine]:
    rows = session.execute(
        select(AssignmentRule, LearningPath, Unit, Craft.name)
        .join(LearningPath, LearningPath.id == AssignmentRule.path_id)
        .outerjoin(Unit, Unit.id == AssignmentRule.unit_id)
        .outerjoin(Craft, Craft.id == AssignmentRule.craft_id)
        .where(which)
        .order_by(LearningPath.title, AssignmentRule.from_on, AssignmentRule.id)
    ).all()
    return [RuleLine(rule, path, unit, craft) for rule, path, unit, craft in rows]


class Asked(NamedTuple):
    """How many members a rule asks on a day, and how many it asks no more who may still finish."""

    members: int = 0
    left: int = 0


def asked_by(session: Session, rule_ids: Collection[int], day: date) -> dict[int, Asked]:
    """By rule, whom it asks: those without any have no entry."""
    listed = ", ".join(str(int(each)) for each in rule_ids) or "NULL"
    held = "a.kind = r.kind AND m.from_on <= ? AND (m.until_on IS NULL OR m.until_on > ?)"
    sql = (
        "SELECT rule_id, sum(is_held), sum(1 - is_held) FROM ("
        f"SELECT a.rule_id AS rule_id, a.member_id AS member_id, max(CASE WHEN {held} THEN 1 ELSE 0 END) AS is_held"
        " FROM assignment a JOIN assignment_rule r ON r.id = a.rule_id"
        " JOIN membership m ON m.member_id = a.member_id AND m.id = a.membership_id"
        f" WHERE a.rule_id IN ({listed}) AND a.voided_at IS NULL AND a.assigned_on <= ?"
        " AND (a.until_on IS NULL OR a.until_on > ?) GROUP BY a.rule_id, a.member_id) people GROUP BY rule_id"
    )
    return {rule: Asked(int(members), int(left)) for rule, members, left in read_rows(session, sql, [day, day, day, day])}


def same_rule(
    session: Session,
    path: LearningPath,
    kind: AssignmentKind,
    on: date,
    due_on: date | None,
    within_days: int | None,
    unit: Unit | None,
    craft: str,
    *,
    leaving: Leaving = Leaving.END,
) -> AssignmentRule | None:
    """An open rule that asks exactly this already: what a form sent twice would make again."""
    craft_id = session.scalar(select(Craft.id).where(Craft.key == craft_key(craft))) if craft else None
    if craft and craft_id is None:
        return None
    exactly = {
        "path_id": path.id,
        "kind": kind,
        "unit_id": unit.id if unit else None,
        "craft_id": craft_id,
        "from_on": on,
        "due_on": due_on,
        "within_days": within_days,
        "until_on": None,
        "leaving": None if leaving is Leaving.END else leaving,
        "undone_at": None,
    }
    return session.scalar(select(AssignmentRule).filter_by(**exactly).limit(1))


def same_assignment(
    session: Session, member_id: int, path: LearningPath, kind: AssignmentKind, on: date, due_on: date | None
) -> Assignment | None:
    """An open assignment, made to this person by name, that asks exactly this already."""
    return session.scalar(
        select(Assignment)
        .filter_by(
            member_id=member_id,
            path_id=path.id,
            kind=kind,
            assigned_on=on,
            due_on=due_on,
            rule_id=None,
            until_on=None,
            voided_at=None,
        )
        .limit(1)
    )


def assignment_by_name(session: Session, member_id: int, assignment_id: int) -> tuple[Assignment, LearningPath] | None:
    """A valid assignment made to that very member by name, with its path."""
    row = session.execute(
        select(Assignment, LearningPath)
        .join(LearningPath, LearningPath.id == Assignment.path_id)
        .where(
            Assignment.member_id == member_id,
            Assignment.id == assignment_id,
            Assignment.rule_id.is_(None),
            Assignment.voided_at.is_(None),
        )
    ).first()
    return (row[0], row[1]) if row else None


def craft_names(session: Session) -> list[str]:
    """The crafts that cards have, by name."""
    has_card = select(Membership.craft_id).where(Membership.craft_id == Craft.id, Membership.voided_at.is_(None)).exists()
    return list(session.scalars(select(Craft.name).where(has_card).order_by(Craft.key)))
