"""A member says what is wrong, and a person answers."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.operations.conftest import TODAY, Desk
from tracker.coverage.catalogue import find_path
from tracker.coverage.corrections import Subject, corrections_of, corrections_page, corrections_waiting, subject_of
from tracker.coverage.finding import find_member, find_unit
from tracker.curriculum.words import Role
from tracker.models import About, AuditEntry, Completion, Correction, CorrectionState, Course, Member, Membership
from tracker.operations.accounts import add_user
from tracker.operations.actor import OPERATOR, Actor
from tracker.operations.corrections import LONGEST, MOST_OPEN, answer_correction, ask_correction, pass_on_correction
from tracker.operations.refused import Refused

ANA_TOO = "0001,Ana,Example,ana@example.org,700,editing,active,member,2024-01-01,,no\n"
MEMBER = Actor(None, Role.MEMBER.value, "ana@example.org")
LEAD = Actor(77, Role.LOCAL_LEAD.value, "lead@example.org")


@pytest.fixture
def dual(with_ana: Desk) -> Desk:
    """Ana holds a home card in Local 80, and a second one in Local 700."""
    with_ana.roster(ANA_TOO)
    return with_ana


def ana(session: Session) -> Member:
    found = find_member(session, "0001")
    assert found is not None
    return found


def subject(session: Session, about: About, object_id: int | None = None, on: date = TODAY) -> Subject | None:
    return subject_of(session, ana(session), about, object_id, on)


def card_in(session: Session, number: str) -> int:
    unit = find_unit(session, number)
    assert unit is not None
    return session.scalars(select(Membership.id).where(Membership.unit_id == unit.id, Membership.voided_at.is_(None))).one()


def ask(desk: Desk, about: About, object_id: int | None = None, words: str = "It is otherwise.") -> int:
    with desk.write() as session:
        found = subject(session, about, object_id)
        assert found is not None
        return ask_correction(session, ana(session), found, words, MEMBER, now=desk.now).id


def test_a_card_goes_to_the_local_of_that_card_and_the_rest_to_the_home_local(dual: Desk) -> None:
    with dual.session() as session:
        found = {
            "name": subject(session, About.NAME),
            "card 80": subject(session, About.CARD, card_in(session, "80")),
            "card 700": subject(session, About.CARD, card_in(session, "700")),
            "missing": subject(session, About.MISSING),
            "path": subject(session, About.PATH, find_path(session, "ai-hours").id),
        }
        assert {what: each and each.unit and each.unit.number for what, each in found.items()} == {
            "name": "80",
            "card 80": "80",
            "card 700": "700",
            "missing": "80",
            "path": "80",
        }
        assert "editing" in found["card 700"].shown


def test_who_holds_no_card_asks_the_training_staff(dual: Desk) -> None:
    dual.roster("0009,Old,Hand,old@example.org,80,grip,active,member,2010-01-01,2020-01-01,yes\n")
    with dual.session() as session:
        old = find_member(session, "0009")
        found = subject_of(session, old, About.NAME, None, TODAY)
        assert found is not None
        assert found.unit is None


def test_what_is_not_theirs_is_not_there(dual: Desk) -> None:
    dual.roster("0002,Ben,Example,ben@example.org,700,editing,active,member,2022-01-01,,yes\n")
    with dual.session() as session:
        ben = find_member(session, "0002")
        bens = session.scalars(select(Membership.id).where(Membership.member_id == ben.member_id)).one()
        never = find_path(session, "set-safety").id
        for about, object_id in (
            (About.CARD, bens), (About.CARD, None), (About.CARD, 1), (About.COURSE, 1), (About.PATH, never),
            (About.PATH, 1), (About.REVIEW, 1), (About.NAME, bens),
        ):  # fmt: skip
            assert subject(session, about, object_id) is None, (about, object_id)


def test_of_one_thing_one_correction_is_open_at_a_time(dual: Desk) -> None:
    first = ask(dual, About.NAME)
    with pytest.raises(Refused) as caught:
        ask(dual, About.NAME, words="Another way of saying it.")
    assert caught.value.code == "already_asked"
    with dual.write() as session:
        correction = session.scalars(select(Correction).where(Correction.id == first)).one()
        answer_correction(session, correction, CorrectionState.DONE, "Spelled anew.", LEAD, now=dual.now)
    assert ask(dual, About.NAME) != first


def test_several_missing_courses_can_be_asked_for_but_not_one_twice_nor_without_end(dual: Desk) -> None:
    ask(dual, About.MISSING, words="Rigging, in May")
    with pytest.raises(Refused) as caught:
        ask(dual, About.MISSING, words="Rigging, in May")
    assert caught.value.code == "already_asked"
    for each in range(MOST_OPEN - 1):
        ask(dual, About.MISSING, words=f"Another, {each}")
    with pytest.raises(Refused) as caught:
        ask(dual, About.MISSING, words="One too many")
    assert caught.value.code == "too_many_open"


@pytest.mark.parametrize(("words", "code"), [("", "no_words"), (" \r\n ", "no_words"), ("x" * (LONGEST + 1), "too_long")])
def test_words_that_say_nothing_or_too_much_are_refused(dual: Desk, words: str, code: str) -> None:
    with pytest.raises(Refused) as caught:
        ask(dual, About.NAME, words=words)
    assert (caught.value.code, caught.value.field) == (code, "words")


def test_member_in_two_locals_each_sees_only_its_own_correction(dual: Desk) -> None:
    """Member in two locals: each local sees only its membership, not the other's notes."""
    with dual.session() as session:
        cards = {number: card_in(session, number) for number in ("80", "700")}
    ask(dual, About.CARD, cards["80"], "My craft is rigging.")
    ask(dual, About.CARD, cards["700"], "I left in May.")
    with dual.session() as session:
        for number, words in (("80", "My craft is rigging."), ("700", "I left in May.")):
            unit = find_unit(session, number)
            page = corrections_page(session, [unit.id])
            assert [each.correction.words for each in page.rows] == [words]
            assert corrections_waiting(session, [unit.id])[0] == 1
        assert corrections_waiting(session, None) == (2, dual.now)
        assert len(corrections_of(session, ana(session).member_id)) == 2


def test_what_is_passed_on_is_with_the_staff_and_no_more_with_the_local(dual: Desk) -> None:
    its_id = ask(dual, About.NAME)
    with dual.write() as session:
        correction = session.scalars(select(Correction).where(Correction.id == its_id)).one()
        pass_on_correction(session, correction, "The roster has it so.", LEAD, now=dual.now)
    with dual.session() as session:
        local = find_unit(session, "80")
        assert corrections_page(session, [local.id]).rows == []
        line = corrections_page(session, None, with_staff=True).rows[0]
        assert line.correction.state is CorrectionState.OPEN
        assert line.correction.answer.endswith("The roster has it so.")
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "pass_on_correction")).one()
        assert entry.unit_id == local.id
    with dual.write() as session, pytest.raises(Refused) as caught:
        pass_on_correction(session, session.scalars(select(Correction)).one(), "", LEAD, now=dual.now)
    assert caught.value.code == "already_passed_on"


def test_an_answer_is_given_once_in_words_and_by_somebody_else(dual: Desk) -> None:
    its_id = ask(dual, About.NAME)
    with dual.write() as session:
        user = add_user(session, "ana@example.org", Role.LOCAL_LEAD, find_unit(session, "80"), None, OPERATOR, TODAY)
        user.member_id = ana(session).member_id
        herself = Actor(user.id, Role.LOCAL_LEAD.value, "ana@example.org")

    def answer(actor: Actor, state: CorrectionState, words: str) -> str:
        try:
            with dual.write() as session:
                correction = session.scalars(select(Correction).where(Correction.id == its_id)).one()
                answer_correction(session, correction, state, words, actor, now=dual.now)
        except Refused as refusal:
            return refusal.code
        return ""

    assert answer(herself, CorrectionState.DONE, "Done.") == "own_correction"
    assert answer(LEAD, CorrectionState.DECLINED, " ") == "no_words"
    assert answer(LEAD, CorrectionState.DECLINED, "The card says so.") == ""
    assert answer(LEAD, CorrectionState.DONE, "Done after all.") == "already_answered"
    with dual.session() as session:
        line = corrections_of(session, ana(session).member_id)[0]
        assert (line.correction.state, line.correction.answer) == (CorrectionState.DECLINED, "The card says so.")


def test_a_completed_course_can_be_said_to_be_wrong_until_it_is_void(dual: Desk) -> None:
    with dual.session() as session:
        code = session.scalars(select(Course.code).order_by(Course.code)).first()
    dual.log("0001", str(code), date(2026, 1, 10))
    with dual.session() as session:
        done = session.scalars(select(Completion.id)).one()
        found = subject(session, About.COURSE, done)
        assert found is not None
        assert "10" in found.shown
        assert subject(session, About.REVIEW, done) is None  # nothing was decided of it
    dual.void("0001", str(code))
    with dual.session() as session:
        assert subject(session, About.COURSE, done) is None
