"""Statements as the writes see them: voided in words, undone by people, and what no door can bring about."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import partial
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from tests.api.conftest import CATALOGUE, PROGRESS, statement
from tests.operations.conftest import ANA, TODAY, Desk
from tracker.coverage.finding import find_member
from tracker.intake.strict_json import written
from tracker.intake.xapi import meaning_of
from tracker.models import Completion, Member, StatementState, WaitingCompletion, XapiStatement, writing
from tracker.operations.actor import OPERATOR
from tracker.operations.clients import add_client
from tracker.operations.refused import Refused
from tracker.operations.statements import Sender, Statement
from tracker.operations.statements.receiving import keep_for_later, receive_statements, settle_statements

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
READ = partial(meaning_of, zone=ZoneInfo("America/New_York"))


class Inbox:
    """Takes statements in one write each, as a door does."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        with desk.write() as session:
            made = add_client(session, "LinkedIn Learning", OPERATOR, now=NOW)
        self.sender = Sender(made.client.id, made.client.name)

    def take(self, *said: dict[str, object], now: datetime = NOW) -> None:
        statements = [Statement(str(each["id"]), written(each)) for each in said]
        with self.desk.app.app_context(), writing() as session:
            receive_statements(session, statements, self.sender, READ, today=self.desk.today, now=now)

    def row(self, its_id: str) -> XapiStatement:
        with self.desk.session() as session:
            return session.scalars(select(XapiStatement).where(XapiStatement.statement_id == its_id)).one()

    def valid(self) -> list[Completion]:
        with self.desk.session() as session:
            return list(session.scalars(select(Completion).where(Completion.voided_at.is_(None))))


@pytest.fixture
def inbox(desk: Desk) -> Inbox:
    desk.catalogue(CATALOGUE)
    desk.roster(ANA)
    desk.assign("ai-hours", everyone=True)
    return Inbox(desk)


def test_a_statement_points_at_its_completion(inbox: Inbox) -> None:
    inbox.take(statement(id="a"))
    (fact,) = inbox.valid()
    row = inbox.row("a")
    assert (row.member_id, row.completion_id, row.waiting_id) == (fact.member_id, fact.id, None)
    assert (fact.completed_on, fact.source, fact.external_id, fact.batch_id) == (date(2026, 2, 28), "linkedin", None, None)
    assert (row.received_at, row.client_id) == (NOW, inbox.sender.id)


def test_a_voiding_says_what_it_voided_and_the_completion_why(inbox: Inbox) -> None:
    inbox.take(statement(id="a"))
    inbox.take(statement("voided", id="v", of="a"))
    assert (inbox.row("a").state, inbox.row("a").reason) == (StatementState.VOIDED, "by v")
    assert (inbox.row("v").state, inbox.row("v").reason) == (StatementState.NO_COMPLETION, "voids a")
    with inbox.desk.session() as session:
        fact = session.scalars(select(Completion)).one()
        assert (fact.voided_at, fact.voided_by, fact.void_reason) == (NOW, None, "voided by the provider's statement v")
    assert inbox.desk.figure("ai-hours", "80") == (1, 0, 0, 0)
    assert inbox.desk.wrong() == []


def test_a_voiding_cannot_be_voided(inbox: Inbox) -> None:
    inbox.take(statement("voided", id="w", of="v"))
    inbox.take(statement("voided", id="v", of="a"))
    inbox.take(statement("voided", id="w2", of="v"), statement("voided", id="self", of="self"))
    inbox.take(statement(id="a"))
    assert inbox.valid() == []
    assert {each: inbox.row(each).state for each in ("v", "w", "w2", "self")} == dict.fromkeys(
        ("v", "w", "w2", "self"), StatementState.NO_COMPLETION
    )
    assert "nothing can void" in inbox.row("w2").reason
    assert "nothing can void" in inbox.row("self").reason


def test_what_is_voided_before_it_comes_is_kept_when_it_comes(inbox: Inbox) -> None:
    inbox.take(statement("voided", id="v", of="a"))
    assert (inbox.row("a").raw, inbox.row("a").state) == ("", StatementState.VOIDED)
    later = datetime(2026, 3, 2, 13, tzinfo=UTC)
    inbox.take(statement(id="a"), now=later)
    assert (inbox.row("a").state, inbox.row("a").received_at) == (StatementState.VOIDED, later)
    assert '"urn:lyndaCourse:252"' in inbox.row("a").raw
    assert inbox.valid() == []


def test_a_waiting_statement_that_is_voided_waits_no_more(inbox: Inbox) -> None:
    stranger = {"mbox": "mailto:who@example.org"}
    inbox.take(statement(id="a", actor=stranger), statement(id="b", actor=stranger))
    inbox.take(statement("voided", id="v", of="a"))
    with inbox.desk.session() as session:
        assert session.scalars(select(WaitingCompletion.settled_at)).all() == [None], "b still says so"
    inbox.take(statement("voided", id="v2", of="b"))
    with inbox.desk.session() as session:
        row = session.scalars(select(WaitingCompletion)).one()
        assert (row.settled_at, row.settled_member_id) == (NOW, None)
    inbox.take(statement(id="c", actor=stranger))
    assert inbox.row("c").state is StatementState.WAITING


def test_a_claim_counts_once_what_the_provider_reported_is_taken_back(inbox: Inbox) -> None:
    inbox.take(statement(id="a"))
    inbox.take(statement("progressed", id="seen", timestamp="2026-03-02T01:00:00Z", result={"extensions": {PROGRESS: 100}}))
    row = inbox.row("seen")
    assert (row.state, row.reason) == (StatementState.KNOWN, "the provider has reported the course as completed")
    assert [each.assurance.word for each in inbox.valid()] == ["provider"]
    inbox.take(statement("voided", id="v", of="a"))
    assert inbox.row("seen").state is StatementState.RECORDED
    assert [(each.assurance.word, each.completed_on) for each in inbox.valid()] == [("claimed", date(2026, 3, 1))]
    assert inbox.desk.wrong() == []


def test_what_a_person_voided_no_statement_brings_back(inbox: Inbox) -> None:
    inbox.take(statement(id="a"))
    inbox.desk.void("0001", "firefly")
    inbox.take(statement(id="b"))
    assert (inbox.row("b").state, inbox.row("b").reason) == (StatementState.KNOWN, "voided by a person")
    inbox.take(statement("voided", id="v", of="b"))
    inbox.take(statement(id="c"))
    assert inbox.valid() == []


def test_a_statement_takes_nothing_from_a_report_in_a_file(inbox: Inbox) -> None:
    inbox.desk.completions("0001,,firefly,2026-02-28,provider,,\n")
    inbox.take(statement(id="a"))
    inbox.take(statement("voided", id="v", of="a"))
    (fact,) = inbox.valid()
    assert fact.batch_id is not None


def test_a_statement_follows_a_member_who_turned_out_to_be_another(inbox: Inbox) -> None:
    """Merging records the facts anew for who remains; a voiding that comes later finds them there."""
    inbox.desk.roster("0002,Anna,Example,anna@example.org,80,grip,active,member,2019-03-01,,yes\n")
    inbox.take(statement(id="a"))
    with inbox.desk.write() as session:
        ana, anna = (find_member(session, number) for number in ("0001", "0002"))
        assert ana and anna
        fact = session.scalars(select(Completion)).one()
        fact.voided_at, fact.void_reason = NOW, "merged"
        session.flush()
        said = {each.name: getattr(fact, each.name) for each in Completion.__table__.columns if "void" not in each.name}
        session.add(Completion(**said | {"member_id": anna.member_id, "id": fact.id + 1}))
        session.execute(update(Member).where(Member.member_id == ana.member_id).values(merged_into_id=anna.member_id))
    assert len(inbox.valid()) == 1
    inbox.take(statement("voided", id="v", of="a"))
    assert inbox.valid() == []


def test_what_was_only_kept_is_settled_once(inbox: Inbox) -> None:
    statements = [Statement(each, written(statement(id=each))) for each in ("a", "b")]
    with inbox.desk.app.app_context(), writing() as session:
        keep_for_later(session, statements, inbox.sender.id, READ, received_at=NOW)
    assert inbox.row("a").state is StatementState.NEW
    counts = []
    for _ in range(3):
        with inbox.desk.app.app_context(), writing() as session:
            counts.append(settle_statements(session, [], READ, today=TODAY, now=NOW, most=1))
    assert counts == [1, 1, 0]
    assert {inbox.row("a").state, inbox.row("b").state} == {StatementState.RECORDED, StatementState.KNOWN}
    assert len(inbox.valid()) == 1


def test_a_conflict_refuses_the_whole_write(inbox: Inbox) -> None:
    inbox.take(statement(id="a"))
    with pytest.raises(Refused) as caught:
        inbox.take(statement(id="b", timestamp="2026-02-01T20:00:00Z"), statement("launched", id="a"))
    assert caught.value.code == "statement_conflict"
    assert len(inbox.valid()) == 1
