"""Abuse at the same moment: the same act twice at once, on both engines; and whom a mail that waited may still reach."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from tests.mail_server import mail_server
from tests.operations.conftest import TODAY, Desk, desk
from tracker.cli.posting.sending import Sent, send_notices
from tracker.config import MailServer
from tracker.coverage.catalogue import find_course
from tracker.coverage.corrections import subject_of
from tracker.coverage.finding import find_member, find_unit
from tracker.coverage.voiding import VoidQuestion, count_of
from tracker.curriculum.words import Assurance, Role
from tracker.models import (
    About,
    Batch,
    Completion,
    Correction,
    Notice,
    NoticeStop,
    Proposal,
    User,
    WaitingCompletion,
    writing,
)
from tracker.operations.accounts import add_user, end_role, suspend
from tracker.operations.accounts.limits import address_key
from tracker.operations.actor import ANYONE, OPERATOR, Actor
from tracker.operations.classes import HeldClass, record_class
from tracker.operations.corrections import ask_correction
from tracker.operations.notices import notify
from tracker.operations.notices.stopping import stop_notices
from tracker.operations.refused import Refused
from tracker.operations.sign_in_links import ask_for_link, make_link, use_link
from tracker.operations.voiding import confirm_void, propose_void, record_anew

__all__ = ["desk"]

URL = "https://training.example.org"
ROSTER = (
    "0001,Ana,Example,ana@example.org,80,grip,active,member,2019-03-01,,yes\n"
    "0002,Ben,Example,ben@example.org,80,grip,active,member,2019-03-01,,yes\n"
)


@pytest.fixture
def hall(desk: Desk) -> Desk:
    desk.roster(ROSTER)
    return desk


def at_once(app: Flask, act: Callable[[], object], times: int = 4) -> list[object]:
    """What came of the same act, begun by several at the same moment: its answer, or the code of its refusal."""
    barrier, ends, faults = threading.Barrier(times), list[object](), list[BaseException]()

    def run() -> None:
        barrier.wait(10)
        try:
            with app.app_context():
                ends.append(act())
        except Refused as refusal:
            ends.append(refusal.code)
        except BaseException as fault:  # handed to the test below
            faults.append(fault)

    threads = [threading.Thread(target=run) for _ in range(times)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(60)
    assert faults == []
    assert len(ends) == times
    return ends


def staff(hall: Desk, name: str, role: Role = Role.STAFF, unit: str | None = None) -> Actor:
    with hall.write() as session:
        where = find_unit(session, unit) if unit else None
        user = add_user(session, f"{name}@example.org", role, where, None, OPERATOR, date(2020, 1, 1))
        return Actor(user.id, role.value, user.email)


def test_a_stop_address_opened_twice_at_once_stops_once_and_answers_both(hall: Desk) -> None:
    def stop() -> bool:
        with writing() as session:
            return stop_notices(session, "ana@example.org", "digest", ANYONE, hall.now)

    assert sorted(map(str, at_once(hall.app, stop))) == ["False", "False", "False", "True"]
    with hall.session() as session:
        assert session.scalar(select(func.count()).select_from(NoticeStop)) == 1


def test_a_link_used_by_several_at_once_signs_one_in(hall: Desk) -> None:
    with hall.write() as session:
        made = make_link(session, ask_for_link(session, "ana@example.org", "10.0.0.1", "en", "", hall.now), hall.now)
    assert made is not None

    def use() -> bool:
        with writing() as session:
            return use_link(session, made.token, "10.0.0.2", today=TODAY, now=hall.now).user is not None

    assert sorted(map(str, at_once(hall.app, use))) == ["False", "False", "False", "True"]
    with hall.session() as session:
        assert session.scalar(select(func.count()).select_from(User)) == 1


@pytest.mark.parametrize("lines", [["0001", "0002"], ["Illegible"]])
def test_a_class_sent_by_several_at_once_is_one_class(hall: Desk, lines: list[str]) -> None:
    lead = staff(hall, "lead", Role.LOCAL_LEAD, "80")

    def record() -> str:
        with writing() as session:
            held = HeldClass(find_unit(session, "80"), find_course(session, "osha-10"), TODAY, "Hall B", (), lines, None)
            record_class(session, held, lead, today=TODAY, now=hall.now)
        return "recorded"

    ends = at_once(hall.app, record)
    assert sorted(map(str, ends)) == ["already_recorded"] * 3 + ["recorded"]
    with hall.session() as session:
        assert session.scalar(select(func.count()).where(Batch.kind == "class")) == 1
        counted = session.scalar(select(func.count()).select_from(Completion)) or 0
        waiting = session.scalar(select(func.count()).select_from(WaitingCompletion)) or 0
    assert counted + waiting == len(lines)
    assert hall.wrong() == []


def test_nobody_records_their_own_anew_that_two_others_voided(hall: Desk) -> None:
    hall.log("0001", "osha-10", TODAY - timedelta(days=9), Assurance.REVIEWED, actor=OPERATOR)
    hall.log("0002", "osha-10", TODAY - timedelta(days=9), Assurance.REVIEWED, actor=OPERATOR)
    one, other, ana = staff(hall, "one"), staff(hall, "other"), staff(hall, "ana")
    with hall.write() as session:
        course = find_course(session, "osha-10")
        assert course is not None
        question = VoidQuestion(course.id, None, None, None, None, None, None)
        proposal = propose_void(session, question, "It never took place", one, hall.now + timedelta(seconds=1))
        its_id, found = proposal.id, count_of(session, question, hall.now + timedelta(seconds=1))
    with hall.write() as session:
        confirm_void(
            session, session.get_one(Proposal, its_id), found, other, today=TODAY, now=hall.now + timedelta(minutes=1)
        )
    with hall.write() as session, pytest.raises(Refused) as refusal:  # Ana is known by the address she signs in with
        record_anew(session, session.get_one(Proposal, its_id), ana, today=TODAY, now=hall.now + timedelta(minutes=2))
    assert refusal.value.code == "own_record"
    with hall.write() as session:
        again = record_anew(
            session, session.get_one(Proposal, its_id), other, today=TODAY, now=hall.now + timedelta(minutes=3)
        )
    assert again == 2


@pytest.mark.parametrize("ends", ["", "role", "day", "suspended", "gone"])
def test_a_roll_up_that_waited_is_not_sent_to_whose_role_has_ended(hall: Desk, ends: str) -> None:
    now, today = datetime.now(UTC), datetime.now(UTC).date()
    lead = staff(hall, "lead", Role.LOCAL_LEAD, "80")
    with hall.write() as session:
        user = session.get_one(User, lead.user_id)
        made = now - timedelta(days=2)
        notify(session, user.email, None, "This week in Local 80", "Figures.", made, kind="roll-up", language="en")
        notify(session, user.email, None, "Your password was changed", "Safety.", made, kind="security", language="en")
        if ends == "role":
            end_role(session, user.grants[0], OPERATOR, today)
        elif ends == "day":
            user.grants[0].until_on = today
        elif ends == "suspended":
            suspend(session, user, OPERATOR)
        elif ends == "gone":
            user.email, user.email_key = "other@example.org", "other@example.org"
    with mail_server() as (_post, port):
        server = MailServer("127.0.0.1", port, "", "", is_encrypted=False)
        settings = replace(hall.app.config["SETTINGS"], mail_server=server, mail_from="training@example.org", url=URL)
        with hall.app.app_context():
            sent = send_notices(settings)
    kinds = {"roll-up", "security"} if not ends else {"security"}
    expected = len(kinds) + (1 if ends == "role" else 0)  # who is told that their role ends
    assert sent == Sent(expected, 0)
    with hall.session() as session:
        left = session.scalars(select(Notice)).all()
        assert {each.kind for each in left} == kinds
        assert all(each.sent_at is not None for each in left)


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("::ffff:192.0.2.7", "address:192.0.2.7"),
        ("::ffff:198.51.100.9", "address:198.51.100.9"),
        ("192.0.2.7", "address:192.0.2.7"),
        ("2001:db8:0:1::7", "address:2001:db8:0:1::/64"),
    ],
)
def test_nobody_uses_up_everyone_s_attempts_through_a_socket_for_both_kinds(address: str, key: str) -> None:
    assert address_key(address) == key


def test_the_same_correction_sent_by_several_at_once_is_asked_once(hall: Desk) -> None:

    def ask() -> str:
        with writing() as session:
            ana = find_member(session, "0001")
            assert ana is not None
            subject = subject_of(session, ana, About.OTHER, None, TODAY)
            assert subject is not None
            ask_correction(session, ana, subject, "My name is Anna.", OPERATOR, now=hall.now)
        return "asked"

    assert sorted(map(str, at_once(hall.app, ask))) == ["already_asked"] * 3 + ["asked"]
    with hall.session() as session:
        assert session.scalar(select(func.count()).select_from(Correction)) == 1
