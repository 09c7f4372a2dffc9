"""A local says who of its members may have an account."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import func, select

from tests.operations.conftest import ANA, BEN, TODAY, Desk
from tracker.coverage.derivation import current_policy
from tracker.coverage.eligibility import (
    confirmed_among,
    eligibility_waiting,
    eligible_uninvited,
    local_eligibility,
    said_of,
    uninvited_ids,
    uninvited_page,
)
from tracker.coverage.finding import find_member, find_unit
from tracker.coverage.users_file import users_file
from tracker.curriculum.words import Role
from tracker.models import AuditEntry, Eligibility, ProviderAccount, new_id
from tracker.operations.accounts import add_user
from tracker.operations.actor import OPERATOR, Actor
from tracker.operations.eligibility import EligibilitySaid, say_eligible
from tracker.operations.refused import Refused

CAL = "0003,Cal,Example,cal@example.org,80,grip,active,member,2020-01-01,,yes\n"
ANA_TOO = "0001,Ana,Example,ana@example.org,700,editing,active,member,2024-01-01,,no\n"


@pytest.fixture
def asked(desk: Desk) -> Desk:
    """Ana (Locals 80 and 700), Cal (80) and Ben (700) are asked for a path with LinkedIn's courses."""
    desk.roster(ANA + BEN + CAL + ANA_TOO)
    desk.assign("ai-fundamentals", everyone=True, on=date(2026, 1, 5))
    return desk


def ids(desk: Desk, *numbers: str) -> list[int]:
    with desk.session() as session:
        return [find_member(session, each).member_id for each in numbers]


def say(desk: Desk, local: str, *numbers: str, is_eligible: bool = True, note: str = "") -> EligibilitySaid:
    members = ids(desk, *numbers)
    with desk.write() as session:
        return say_eligible(
            session,
            find_unit(session, local),
            members,
            is_eligible=is_eligible,
            note=note,
            actor=OPERATOR,
            today=TODAY,
            now=desk.now,
        )


def waiting(desk: Desk, local: str) -> list[str]:
    with desk.session() as session:
        unit = find_unit(session, local)
        lines = local_eligibility(session, unit, TODAY).waiting
        assert eligibility_waiting(session, unit, TODAY) == len(lines)
        return [each.person.number for each in lines]


def give_account(desk: Desk, number: str, is_open: bool = True) -> None:
    (member,) = ids(desk, number)
    with desk.write() as session:
        session.add(
            ProviderAccount(
                member_id=member, id=new_id(), provider="linkedin", provider_id="x", is_open=is_open, recorded_at=desk.now
            )
        )


def test_a_local_is_asked_about_who_is_asked_and_has_no_account(asked: Desk) -> None:
    assert waiting(asked, "80") == ["0001", "0003"]
    give_account(asked, "0003", is_open=False)
    assert waiting(asked, "80") == ["0001", "0003"]
    give_account(asked, "0001")
    assert waiting(asked, "80") == ["0003"]


def test_who_is_confirmed_is_to_be_invited_until_they_have_an_account(asked: Desk) -> None:
    assert say(asked, "80", "0001", "0003") == EligibilitySaid(2, 0)
    assert waiting(asked, "80") == []
    with asked.session() as session:
        assert eligible_uninvited(session) == eligible_uninvited(session, TODAY) == 2
        assert [each.line.member.number for each in uninvited_page(session, TODAY).rows] == ["0001", "0003"]
    give_account(asked, "0003")
    with asked.session() as session:
        assert eligible_uninvited(session) == 1
        found = users_file(
            session, [find_unit(session, "80")], TODAY, current_policy(session), only=uninvited_ids(session, TODAY)
        )
        assert [each.member_number for each in found.rows] == ["0001"]


def test_who_has_left_the_local_that_confirmed_them_is_not_invited(asked: Desk) -> None:
    say(asked, "80", "0003")
    asked.roster("0003,Cal,Example,cal@example.org,80,grip,withdrawn,member,,,yes\n")
    with asked.session() as session:
        assert eligible_uninvited(session, TODAY) == 0


def test_member_in_two_locals_one_says_yes_and_the_other_no(asked: Desk) -> None:
    """Each local sees what it said itself, and not the other's note; whom one has confirmed is confirmed."""
    say(asked, "80", "0001")
    say(asked, "700", "0001", is_eligible=False, note="left the craft")
    (ana,) = ids(asked, "0001")
    with asked.session() as session:
        eighty, seven = find_unit(session, "80"), find_unit(session, "700")
        assert said_of(session, eighty, [ana]) == {ana: True}
        assert said_of(session, seven, [ana]) == {ana: False}
        notes = [each.said.note for each in local_eligibility(session, eighty, TODAY).lines if each.said]
        assert notes == [""]
        assert confirmed_among(session, {ana}) == (1, 0)
        assert confirmed_among(session, {ana}, [seven.id]) == (0, 1)
        assert uninvited_ids(session, TODAY) == {ana}


def test_nobody_says_it_of_themselves(asked: Desk) -> None:
    """A lead who is one of the members: alone or among others; another lead of the local may."""
    (ana, cal) = ids(asked, "0001", "0003")
    with asked.write() as session:
        lead = add_user(session, "ana@example.org", Role.LOCAL_LEAD, find_unit(session, "80"), ana, OPERATOR, TODAY)
        themselves = Actor(lead.id, "local-lead", lead.email)
    for is_eligible in (True, False):
        with pytest.raises(Refused) as refusal, asked.write() as session:
            say_eligible(
                *(session, find_unit(session, "80"), [ana, cal]),
                is_eligible=is_eligible,
                note="moved",
                actor=themselves,
                today=TODAY,
                now=asked.now,
            )
        assert refusal.value.code == "own_record"
    assert waiting(asked, "80") == ["0001", "0003"]
    assert say(asked, "80", "0001") == EligibilitySaid(1, 0)


def test_what_was_said_is_replaced_and_stays_on_record(asked: Desk) -> None:
    say(asked, "80", "0001", is_eligible=False, note="on leave")
    assert say(asked, "80", "0001", is_eligible=False, note="on leave") == EligibilitySaid(0, 1)
    assert say(asked, "80", "0001", "0003") == EligibilitySaid(2, 0)
    with asked.session() as session:
        assert session.scalar(select(func.count()).select_from(Eligibility)) == 3
        valid = session.scalars(select(Eligibility).where(Eligibility.voided_at.is_(None))).all()
        assert {each.is_eligible for each in valid} == {True}
        actions = session.scalars(select(AuditEntry.action).where(AuditEntry.object_kind == "unit")).all()
        assert [each for each in actions if each.startswith("say_")] == ["say_not_eligible", "say_eligible"]


@pytest.mark.parametrize(
    ("numbers", "is_eligible", "note", "code"),
    [
        ((), True, "", "nobody"),
        (("0001", "0002"), True, "", "not_here"),
        (("0001",), False, "  ", "no_note"),
        (("0001",), False, "x" * 201, "too_long"),
    ],
)
def test_what_cannot_be_said_is_refused_whole(
    asked: Desk, numbers: tuple[str, ...], is_eligible: bool, note: str, code: str
) -> None:
    with pytest.raises(Refused) as caught:
        say(asked, "80", *numbers, is_eligible=is_eligible, note=note)
    assert caught.value.code == code
    with asked.session() as session:
        assert session.scalars(select(Eligibility)).all() == []
