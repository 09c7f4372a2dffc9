"""What `tracker doctor` says of rows that point nowhere, and of members who were erased."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, insert, select, update

from tests.operations.conftest import ANA, TODAY, Desk
from tests.operations.test_erasing import LATER, planted_row
from tracker.models import Base, DueDecision, Identifier, Member, Proof, User
from tracker.operations.actor import OPERATOR
from tracker.operations.erasing import erase_member

NOBODY = 77


@pytest.fixture
def desk(sqlite_app: Flask) -> Desk:
    desk = Desk(sqlite_app)
    desk.units()
    desk.catalogue()
    desk.roster(ANA)
    desk.assign("ai-hours", everyone=True, on=TODAY)
    assert desk.wrong() == []
    return desk


def put(desk: Desk, name: str, **said: Any) -> None:
    table = Base.metadata.tables[name]
    with desk.write() as session:
        session.execute(insert(table), [planted_row(session, table, said)])


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("proof", "a statement for others of no member"),
        ("notice", "a mail of no member"),
        ("held_change", "a held change of no member"),
        ("batch_change", "a change by an import of no member"),
        ("erasure", "an erasure of no member"),
        ("user_account", "a sign-in of no member"),
    ],
)
def test_a_row_that_points_at_no_member_is_found(desk: Desk, table: str, words: str) -> None:
    put(desk, table, member_id=NOBODY)
    (said,) = desk.wrong()
    assert said.startswith(f"{words}: ")
    assert said.endswith(f" of {NOBODY}")


def test_a_due_day_that_was_decided_for_no_card_of_theirs_is_found(desk: Desk) -> None:
    member_id = member(desk)
    put(desk, "due_decision", member_id=member_id, membership_id=NOBODY, voided_at=None)
    (said,) = desk.wrong()
    assert said.startswith("a due day decided for no card of that member: ")
    with desk.write() as session:
        session.execute(update(DueDecision).values(voided_at=LATER))
    assert desk.wrong() == []


def member(desk: Desk) -> int:
    with desk.session() as session:
        return session.scalars(select(Member.member_id)).one()


def test_whatever_is_left_of_someone_who_was_erased_is_found(desk: Desk) -> None:
    member_id = member(desk)
    put(desk, "user_account", member_id=member_id, is_active=True)
    with desk.write() as session:
        erase_member(session, member_id, "asked for it", OPERATOR, today=TODAY, now=LATER)
    assert desk.wrong() == []
    with desk.write() as session:
        session.execute(update(Member).values(name_key="example ana"))
        session.execute(update(User).values(is_active=True))
    put(desk, "identifier", member_id=member_id, value="ana@example.org")
    put(desk, "proof", member_id=member_id)
    wrong = desk.wrong()
    assert [each.partition(":")[0] for each in wrong] == [
        "an identifier of a member who was erased",
        "a statement for others of a member who was erased",
        "a name of a member who was erased",
        "a sign-in that is open, of a member who was erased",
    ]
    assert "ana" not in " ".join(wrong), "the doctor's words go into logs"
    with desk.write() as session:
        session.execute(delete(Identifier))
        session.execute(delete(Proof))
