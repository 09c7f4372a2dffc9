"""Judging claims: one person at a time, nobody their own, and nothing half done; on both engines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.operations.conftest import BEN, Desk
from tracker.coverage.catalogue import find_course, find_path
from tracker.coverage.finding import find_member, find_unit
from tracker.coverage.reviewing import Question, claims_page, confirmed_claims, next_claim, taken_together
from tracker.curriculum.words import Assurance, Role
from tracker.models import AuditEntry, ClaimReview, Completion, Evidence, Notice, Review, ReviewLock, User
from tracker.operations.accounts import add_user
from tracker.operations.actor import OPERATOR, Actor
from tracker.operations.own_record import own_members
from tracker.operations.refused import Refused
from tracker.operations.reviewing import (
    accept_confirmed,
    decide_claim,
    give_back,
    grant_course,
    take_back_accepted,
    take_claim,
)

DAY = date(2026, 2, 20)


@dataclass
class Reviewing:
    """Ana and Ben are on the roster; Sam and Kim are staff, and so is Ana, under an address of her own."""

    desk: Desk
    staff: dict[str, Actor]

    def claim(self, course: str = "firefly", on: date = DAY, member: str = "0001", link: str = "https://e.org/1") -> int:
        """The id of a new claim, logged by its member."""
        self.desk.log(member, course, on, evidence_url=link)
        with self.desk.session() as session:
            return session.scalars(select(Completion.id).order_by(Completion.id.desc()).limit(1)).one()

    def act(self, claim_id: int, do: Callable[[Session, Completion], object]) -> object:
        with self.desk.write() as session:
            return do(session, session.scalars(select(Completion).where(Completion.id == claim_id)).one())

    def take(self, claim_id: int, who: str, at: datetime | None = None) -> None:
        self.act(claim_id, lambda session, claim: take_claim(session, claim, self.staff[who], at or self.desk.now))

    def decide(self, claim_id: int, decision: Review, who: str = "sam", **said: str) -> None:
        self.act(
            claim_id,
            lambda session, claim: decide_claim(session, claim, decision, actor=self.staff[who], now=self.desk.now, **said),
        )

    def waiting(self, **asked: object) -> list[int]:
        with self.desk.session() as session:
            question = Question(**asked)  # type: ignore[arg-type]
            return [each.completion.id for each in claims_page(session, question, self.desk.today, self.desk.now).rows]


@pytest.fixture
def room(with_ana: Desk) -> Reviewing:
    with_ana.roster(BEN)
    staff = {}
    with with_ana.write() as session:
        ana = find_member(session, "0001")
        assert ana
        for name, member_id in (("sam", None), ("kim", None), ("ana-at-work", ana.member_id)):
            user = add_user(session, f"{name}@union.example", Role.STAFF, None, None, OPERATOR, date(2020, 1, 1))
            user.member_id = member_id
            staff[name] = Actor(user.id, "staff", user.email)
        # and one who signs in with the address by which the roster knows Ben
        ben = add_user(session, "BEN@example.org", Role.STAFF, None, None, OPERATOR, date(2020, 1, 1))
        staff["ben"] = Actor(ben.id, "staff", ben.email)
    return Reviewing(with_ana, staff)


def refused(code: str, do: Callable[[], object]) -> Refused:
    with pytest.raises(Refused) as caught:
        do()
    assert caught.value.code == code
    return caught.value


def test_an_accepted_claim_counts_as_reviewed_and_stays(room: Reviewing) -> None:
    claim = room.claim()
    assert room.desk.figure("ai-hours", "80") == (1, 1, 0, 0)
    room.decide(claim, Review.ACCEPTED)
    assert room.desk.figure("ai-hours", "80") == (1, 1, 1, 0)
    with room.desk.session() as session:
        both = session.execute(
            select(Completion.assurance, Completion.completed_on, Completion.source, Completion.voided_at).order_by(
                Completion.assurance
            )
        ).all()
        assert [tuple(row) for row in both] == [
            (Assurance.CLAIMED, DAY, "self", None),
            (Assurance.REVIEWED, DAY, "review", None),
        ]
        proof = session.scalars(select(Evidence)).one()
        assert (proof.review, proof.reviewed_by) == (Review.ACCEPTED, room.staff["sam"].user_id)
        assert session.scalars(select(ClaimReview)).one().decision is Review.ACCEPTED
        assert session.scalars(select(AuditEntry.action).order_by(AuditEntry.id.desc()).limit(1)).one() == "accept_claim"
    assert room.waiting() == []
    assert room.desk.wrong() == []


@pytest.mark.parametrize("decision", [Review.RETURNED, Review.REJECTED])
def test_a_claim_sent_back_counts_no_more_and_its_member_is_told_at_once(room: Reviewing, decision: Review) -> None:
    claim = room.claim()
    code = "no-name" if decision is Review.RETURNED else "somebody-else"
    room.decide(claim, decision, reason=code, words="The one of your colleague?")
    assert room.desk.figure("ai-hours", "80") == (1, 0, 0, 0)
    with room.desk.session() as session:
        assert session.scalars(select(Completion)).one().voided_by == room.staff["sam"].user_id
        assert session.scalars(select(Evidence.review)).one() is decision
        mail = session.scalars(select(Notice)).one()
        assert (mail.kind, mail.address) == ("returned", "ana-at-work@union.example")
        assert "Adobe Firefly" in mail.subject
        assert "The one of your colleague?" in mail.body
        assert "log the course" in mail.body
    assert room.waiting() == []
    room.claim()  # the same course and day again
    assert len(room.waiting()) == 1
    assert room.desk.wrong() == []


def test_what_was_known_before_a_return_still_answers(room: Reviewing) -> None:
    claim = room.claim()
    yesterday = room.desk.today
    room.desk.today += timedelta(days=1)
    room.decide(claim, Review.RETURNED, reason="unreadable")
    assert room.desk.figure("ai-hours", "80", DAY, known=yesterday) == (1, 1, 0, 0)
    assert room.desk.figure("ai-hours", "80", DAY) == (1, 0, 0, 0)


@pytest.mark.parametrize(
    ("decision", "said"),
    [
        (Review.RETURNED, {}),
        (Review.RETURNED, {"words": "  "}),
        (Review.RETURNED, {"reason": "somebody-else"}),  # a reason to reject
        (Review.REJECTED, {"reason": "no-such-reason"}),
    ],
)
def test_nothing_is_sent_back_without_a_reason(room: Reviewing, decision: Review, said: dict[str, str]) -> None:
    claim = room.claim()
    before = room.desk.written()
    assert refused("no_reason", lambda: room.decide(claim, decision, **said)).field == "reason"
    assert room.desk.written() == before


def test_nobody_reviews_their_own_through_whichever_role(room: Reviewing) -> None:
    hers, his = room.claim(), room.claim(member="0002")
    refused("own_record", lambda: room.decide(hers, Review.ACCEPTED, "ana-at-work"))
    refused("own_record", lambda: room.take(hers, "ana-at-work"))
    refused("own_record", lambda: room.decide(his, Review.ACCEPTED, "ben"))  # by the address alone
    room.decide(his, Review.ACCEPTED, "ana-at-work")
    room.decide(hers, Review.ACCEPTED, "ben")


def test_nobody_reviews_what_they_logged_for_another(room: Reviewing) -> None:
    room.desk.log("0002", "firefly", DAY, actor=room.staff["sam"])
    with room.desk.session() as session:
        claim = session.scalars(select(Completion.id)).one()
    refused("own_claim", lambda: room.decide(claim, Review.ACCEPTED))
    room.decide(claim, Review.ACCEPTED, "kim")


def test_nobody_grants_themselves_a_course(room: Reviewing) -> None:
    def grant(who: str) -> None:
        with room.desk.write() as session:
            grant_course(
                session,
                find_member(session, "0001"),
                find_course(session, "copilot"),
                completed_on=DAY,
                why="took the hall's own class",
                actor=room.staff[who],
                today=room.desk.today,
                now=room.desk.now,
            )

    refused("own_record", lambda: grant("ana-at-work"))
    grant("sam")


def test_one_person_looks_at_a_claim_until_their_time_ends(room: Reviewing) -> None:
    claim, now = room.claim(), room.desk.now
    room.take(claim, "sam")
    told = refused("being_reviewed", lambda: room.take(claim, "kim"))
    assert "sam@union.example" in told.message
    assert "10 minutes" in told.message
    refused("being_reviewed", lambda: room.decide(claim, Review.ACCEPTED, "kim"))
    room.take(claim, "sam", now + timedelta(minutes=9))  # looks on
    refused("being_reviewed", lambda: room.take(claim, "kim", now + timedelta(minutes=18)))
    room.take(claim, "kim", now + timedelta(minutes=19))  # taken over when it ends
    refused("being_reviewed", lambda: room.take(claim, "sam", now + timedelta(minutes=20)))
    room.act(claim, lambda session, found: give_back(session, found, room.staff["sam"]))  # not theirs to give
    refused("being_reviewed", lambda: room.take(claim, "sam", now + timedelta(minutes=20)))
    room.act(claim, lambda session, found: give_back(session, found, room.staff["kim"]))
    room.take(claim, "sam", now + timedelta(minutes=20))


def test_the_next_claim_is_the_oldest_that_nobody_looks_at_and_is_not_ones_own(room: Reviewing) -> None:
    first, second, third = room.claim(), room.claim("copilot"), room.claim(member="0002")

    def following(who: str, after: int = 0) -> int | None:
        actor = room.staff[who]
        with room.desk.session() as session:
            own = own_members(session, actor)
            today, now = room.desk.today, room.desk.now
            claim = next_claim(session, Question(), today, now, actor.user_id or 0, own, after)
            return claim.id if claim else None

    assert following("sam") == first
    room.take(first, "kim")
    assert following("sam") == second
    assert following("kim") == first, "their own lock does not hide it"
    assert following("ana-at-work") == third
    assert following("sam", after=third) is None


def test_a_claim_decided_twice_says_who_was_first(room: Reviewing) -> None:
    claim = room.claim()
    room.decide(claim, Review.ACCEPTED)
    before = room.desk.written()
    told = refused("already_decided", lambda: room.decide(claim, Review.RETURNED, "kim", reason="unreadable"))
    assert told.message.startswith("sam@union.example has accepted")
    refused("already_decided", lambda: room.decide(claim, Review.ACCEPTED))
    assert room.desk.written() == before
    other = room.claim("copilot")
    room.decide(other, Review.REJECTED, words="not yours")
    assert "has rejected" in refused("already_decided", lambda: room.decide(other, Review.ACCEPTED, "kim")).message


def test_a_claim_that_the_provider_confirmed_meanwhile_needs_no_decision(room: Reviewing) -> None:
    claim = room.claim()
    room.desk.completions("0001,,firefly,2026-02-21,provider,,X1\n")
    refused("already_confirmed", lambda: room.decide(claim, Review.ACCEPTED))


def test_the_queue_is_asked_by_local_age_path_and_evidence(room: Reviewing) -> None:
    old = room.claim(link="")
    room.desk.today += timedelta(days=8)
    new = room.claim("osha-10", member="0002")
    with room.desk.session() as session:
        units = {number: find_unit(session, number) for number in ("80", "700", "D2", "15")}
        paths = {code: find_path(session, code) for code in ("ai-hours", "set-safety")}
    assert room.waiting() == [old, new]
    assert room.waiting(unit=units["80"]) == [old]
    assert room.waiting(unit=units["700"]) == [new]
    assert room.waiting(unit=units["D2"]) == [old, new]
    assert room.waiting(unit=units["15"]) == []
    assert room.waiting(waited_days=7) == [old]
    assert room.waiting(with_evidence=True) == [new]
    assert room.waiting(with_evidence=False) == [old]
    assert room.waiting(path=paths["ai-hours"]) == [old]
    assert room.waiting(path=paths["set-safety"]) == [new]


def test_claims_that_a_report_confirms_of_some_days_earlier_are_accepted_together(room: Reviewing) -> None:
    near, far = room.claim("firefly", DAY), room.claim("copilot", DAY)
    his = room.claim("firefly", DAY, member="0002")
    room.desk.completions(
        "0001,,firefly,2026-02-17,provider,,X1\n"  # three days earlier
        "0001,,copilot,2026-02-16,provider,,X2\n"  # four
        "0002,,firefly,2026-02-19,provider,,X3\n"
    )
    sam, kim, now = room.staff["sam"], room.staff["kim"], room.desk.now
    with room.desk.session() as session:
        assert [each.completion.id for each in confirmed_claims(session, sam.user_id or 0, (), now)] == [near, his]
    room.take(his, "kim")

    def accept(chosen: list[int], who: Actor = sam) -> int:
        with room.desk.write() as session:
            return accept_confirmed(session, chosen, who, now)

    refused("nothing_chosen", lambda: accept([]))
    refused("already_decided", lambda: accept([far]))
    refused("already_decided", lambda: accept([near], room.staff["ana-at-work"]))
    assert accept([near, far, his]) == 1, "one is not confirmed, one is looked at by somebody else"
    refused("already_decided", lambda: accept([near]))
    assert room.waiting() == [far, his]
    assert room.desk.wrong() == []
    with room.desk.session() as session:
        taken = taken_together(session, now)
        assert [(each.member.number, each.reviewed.completed_on) for each in taken] == [("0001", DAY)]
        assert session.scalars(select(Evidence.review).where(Evidence.completion_id == near)).one() is Review.ACCEPTED

    def take_back() -> int:
        with room.desk.write() as session:
            return take_back_accepted(session, now, kim, room.desk.now + timedelta(minutes=5))

    assert take_back() == 1
    assert room.waiting() == [near, far, his]
    refused("already_undone", take_back)
    with room.desk.session() as session:
        assert session.scalars(select(Evidence.review).where(Evidence.completion_id == near)).one() is Review.WAITING
    assert room.desk.wrong() == []


def test_a_lock_does_not_outlive_its_claim(room: Reviewing) -> None:
    claim = room.claim()
    room.take(claim, "sam")
    room.decide(claim, Review.ACCEPTED)
    with room.desk.session() as session:
        assert session.scalars(select(ReviewLock)).all() == []


def test_a_member_without_an_address_is_not_told_and_the_decision_stands(room: Reviewing) -> None:
    with room.desk.write() as session:
        session.scalars(select(User).where(User.email_key == "ben@example.org")).one().is_active = False
    room.desk.roster("0009,No,Address,,80,grip,active,member,2020-01-01,,yes\n")
    claim = room.claim(member="0009")
    room.decide(claim, Review.RETURNED, reason="unreadable")
    with room.desk.session() as session:
        assert session.scalars(select(Notice)).all() == []
        assert session.scalars(select(Completion)).one().voided_at is not None
