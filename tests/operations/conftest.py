"""A desk in a little union: the writes as a door does them, one transaction each, on a day that stands still."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.test_worked_example import EXAMPLE
from tracker.config import shipped
from tracker.coverage.catalogue import find_course, find_path
from tracker.coverage.checks import examine
from tracker.coverage.figures import coverage_report
from tracker.coverage.finding import find_member, find_unit
from tracker.curriculum.catalogue import read_catalogue
from tracker.curriculum.words import AssignmentKind, Assurance
from tracker.intake.imports import Imported, import_completions, import_roster
from tracker.intake.units import read_units
from tracker.models import (
    Assignment,
    AuditEntry,
    Completion,
    Evidence,
    LedgerDelta,
    LedgerEntry,
    Membership,
    StandingSpan,
    Unit,
    db,
    writing,
)
from tracker.operations.actor import OPERATOR, Actor
from tracker.operations.assignments import Assigned, Plan, assign_path, end_assignment, exempt_member
from tracker.operations.catalogue import CatalogueApplied, apply_catalogue
from tracker.operations.completions import log_completion, settle_waiting, void_completion
from tracker.operations.union import UnitsApplied, apply_units

TODAY = date(2026, 3, 2)
ROSTER = "member_number,first_name,last_name,email,local,craft,status,kind,from_on,until_on,home\n"
COMPLETIONS = "member_number,email,course,completed_on,assurance,evidence_url,external_id\n"


def counts(imported: Imported) -> dict[str, int]:
    return {outcome.value: count for outcome, count in imported.outcomes.items() if count}


@dataclass
class Desk:
    """Locals 80, 700 and 15, the paths ai-fundamentals, ai-hours and set-safety, and whoever is put on the roster."""

    app: Flask
    today: date = TODAY

    @property
    def now(self) -> datetime:
        return datetime.combine(self.today, time(12), UTC)

    @contextmanager
    def session(self) -> Iterator[Session]:
        """To look at what is committed."""
        with self.app.app_context():
            yield db.session()

    @contextmanager
    def write(self) -> Iterator[Session]:
        with self.app.app_context(), writing(alone=True) as session:
            yield session

    # -- what is done -----------------------------------------------------------------------------------------------------

    def units(self, text: str | None = None) -> UnitsApplied:
        content = (text or (EXAMPLE / "union.csv").read_text()).encode()
        with self.write() as session:
            rows = read_units(content, "union.csv", session.scalars(select(Unit.number)).all())
            policy = shipped("policy.yaml").read_text()
            return apply_units(session, rows, content.decode(), policy, OPERATOR, today=self.today, now=self.now)

    def catalogue(self, text: str | None = None) -> CatalogueApplied:
        text = text or (EXAMPLE / "courses.yaml").read_text()
        with self.write() as session:
            policy = shipped("policy.yaml").read_text()
            found = read_catalogue(text)
            applied = apply_catalogue(session, found, text, policy, OPERATOR, today=self.today, now=self.now)
            settle_waiting(session, today=self.today, now=self.now)
            return applied

    def roster(self, rows: str, **said: Any) -> Imported:
        with self.write() as session:
            content = (ROSTER + rows).encode()
            return import_roster(session, content, "roster.csv", OPERATOR, today=self.today, now=self.now, **said)

    def completions(self, rows: str, **said: Any) -> Imported:
        with self.write() as session:
            content = (COMPLETIONS + rows).encode()
            return import_completions(session, content, "completions.csv", OPERATOR, today=self.today, now=self.now, **said)

    def assign(self, path: str, **said: Any) -> Assigned:
        with self.write() as session:
            return self.assign_in(session, path, **said)

    def assign_in(self, session: Session, path: str, **said: Any) -> Assigned:
        units = [find_unit(session, each) for each in said.pop("units", ())]
        members = [find_member(session, each) for each in said.pop("members", ())]
        kind = AssignmentKind(said.pop("kind", "required"))
        plan = Plan(
            path=find_path(session, path), kind=kind, on=said.pop("on", self.today), units=units, members=members, **said
        )
        return assign_path(session, plan, OPERATOR, today=self.today, now=self.now)

    def unassign(self, chosen: int, on: date) -> int:
        with self.write() as session:
            return end_assignment(session, chosen, on, "a mistake", OPERATOR, today=self.today, now=self.now)

    def exempt(self, member: str, path: str, from_on: date, until_on: date | None = None, unit: str | None = None) -> None:
        with self.write() as session:
            exempt_member(
                session,
                find_member(session, member),
                find_path(session, path),
                reason="leave",
                from_on=from_on,
                until_on=until_on,
                unit=find_unit(session, unit) if unit else None,
                actor=OPERATOR,
                now=self.now,
            )

    def log(self, member: str, course: str, on: date, assurance: Assurance = Assurance.CLAIMED, **said: Any) -> None:
        with self.write() as session:
            log_completion(
                session,
                member=find_member(session, member),
                course=find_course(session, course),
                completed_on=on,
                assurance=assurance,
                today=self.today,
                now=self.now,
                **{"actor": Actor(None, "member", "Ana")} | said,
            )

    def void(self, member: str, course: str, reason: str = "not theirs") -> None:
        with self.write() as session:
            found = session.scalars(
                select(Completion).where(
                    Completion.member_id == find_member(session, member).member_id,
                    Completion.course_id == find_course(session, course).id,
                    Completion.voided_at.is_(None),
                )
            ).one()
            void_completion(session, found, reason, OPERATOR, now=self.now)

    # -- what came of it --------------------------------------------------------------------------------------------------

    def figure(self, path: str, unit: str, on: date | None = None, known: date | None = None) -> tuple[int, int, int, int]:
        """In scope, and covered at each floor."""
        with self.session() as session:
            report = coverage_report(session, as_of=on or self.today, known=known)
            return next(tuple(row.figure) for row in report.rows if (row.path, row.unit) == (path, unit))

    def figures(self, *days: date) -> list[object]:
        with self.session() as session:
            return [coverage_report(session, as_of=day).rows for day in days or (self.today,)]

    def cards(self, member: str) -> list[tuple[object, ...]]:
        """The member's valid cards: local, status, first day, first day no more."""
        with self.session() as session:
            rows = session.execute(
                select(Unit.number, Membership.status, Membership.from_on, Membership.until_on)
                .join(Unit, Unit.id == Membership.unit_id)
                .where(Membership.member_id == find_member(session, member).member_id, Membership.voided_at.is_(None))
                .order_by(Membership.from_on, Unit.number)
            )
            return [tuple(row) for row in rows]

    def assignments(self, member: str) -> list[tuple[object, ...]]:
        """The member's valid assignments: first day, first day no more, due day."""
        with self.session() as session:
            rows = session.execute(
                select(Assignment.assigned_on, Assignment.until_on, Assignment.due_on)
                .where(Assignment.member_id == find_member(session, member).member_id, Assignment.voided_at.is_(None))
                .order_by(Assignment.assigned_on)
            )
            return [tuple(row) for row in rows]

    def written(self) -> dict[str, int]:
        """How many rows each table of facts holds, and those that follow from them."""
        with self.session() as session:
            tables = (Completion, Evidence, Membership, Assignment, StandingSpan, LedgerDelta, LedgerEntry, AuditEntry)
            return {table.__tablename__: session.scalar(select(func.count()).select_from(table)) or 0 for table in tables}

    def changes(self) -> dict[tuple[object, ...], list[int]]:
        """By how much each figure changes on each day: the ledger and the entries beside it."""
        with self.session() as session:
            found: dict[tuple[object, ...], list[int]] = {}
            for table in (LedgerDelta, LedgerEntry):
                for row in session.scalars(select(table)):
                    numbers = found.setdefault((row.unit_id, row.craft_id, row.path_id, row.day), [0, 0, 0, 0])
                    for place, number in enumerate((row.in_scope, row.claimed, row.reviewed, row.provider)):
                        numbers[place] += number
        return {key: numbers for key, numbers in found.items() if any(numbers)}

    def wrong(self) -> list[str]:
        """What `tracker doctor` would call wrong."""
        with self.app.app_context(), writing(alone=True) as session:
            return [finding.sentence for finding in examine(session, self.today) if finding.is_wrong]


@pytest.fixture
def desk(app: Flask) -> Desk:
    """A union with its units and its curriculum, on both engines in turn, and nobody in it yet."""
    desk = Desk(app)
    desk.units()
    desk.catalogue()
    return desk


ANA = "0001,Ana,Example,ana@example.org,80,grip,active,member,2019-03-01,,yes\n"
BEN = "0002,Ben,Example,ben@example.org,700,editing,active,member,2022-01-01,,yes\n"


@pytest.fixture
def with_ana(desk: Desk) -> Desk:
    """Ana alone on the roster of Local 80, asked for ai-hours since the new year."""
    desk.roster(ANA)
    desk.assign("ai-hours", everyone=True, on=date(2026, 1, 5))
    return desk
