"""Abuse: what one person would do with the record or the file of another, or with their own through another role."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable

import pytest
from flask import Flask
from little_union import LONG_AGO, PASSWORD, Browser, World
from sqlalchemy import func, select
from test_locals import PDF, ask, card, people, said, sheet
from training_union import member_id

from tracker.coverage.finding import find_unit
from tracker.curriculum.words import Role
from tracker.models import (
    AuditEntry,
    Completion,
    Evidence,
    Identifier,
    IdentifierKind,
    Member,
    User,
    WaitingCompletion,
    db,
    writing,
)
from tracker.operations.accounts import add_user
from tracker.operations.actor import OPERATOR
from tracker.operations.passwords import password_hash

__all__ = ["people"]

Sign = Callable[[str], Browser]


def known_as(app: Flask, name: str, number: str) -> None:
    """Let a member be known by a sign-in's address, without the two being one on record: a second sign-in."""
    with app.app_context(), writing() as session:
        row = {"kind": IdentifierKind.EMAIL, "value": f"{name}@example.org", "shown": f"{name}@example.org"}
        session.add(Identifier(**row, member_id=member_id(number), recorded_at=session.scalar(select(User.created_at))))


@pytest.fixture
def sheets(app: Flask, people: World, signed_in: Sign) -> dict[str, str]:
    """Ben of Local 80 recorded a class with its sheet for Ana and Bo: where the sheet stands behind each of the two."""
    done = sheet(signed_in("ben"), "record", lines="0012\n0034", sheet=(io.BytesIO(PDF), "sheet.pdf"))
    assert done.status_code == 303
    with app.app_context():
        return {
            number: f"/evidence/{each.member_id}/{each.id}"
            for number in ("0012", "0034")
            for each in db.session.scalars(select(Evidence).where(Evidence.member_id == member_id(number)))
        }


def test_a_sign_in_sheet_is_read_by_its_local_s_leads_and_the_staff_alone(
    app: Flask, sheets: dict[str, str], signed_in: Sign
) -> None:
    for name in ("ben", "sam", "otto"):
        assert reads(signed_in(name), sheets["0012"]), name
    # Ana herself; the lead of her other local; a viewer of the local; the district's viewer
    for name in ("ana", "lea", "viv", "dora"):
        assert not reads(signed_in(name), sheets["0012"]), name
        assert not reads(signed_in(name), sheets["0034"]), name
    asked = signed_in("ada").get(sheets["0012"])
    assert asked.status_code == 200
    assert "Why you need to see it" in asked.text


def test_no_record_and_no_archive_hands_a_member_the_sheet_with_the_others(
    app: Flask, sheets: dict[str, str], signed_in: Sign
) -> None:
    ana = signed_in("ana")
    assert "/evidence/" not in ana.get("/my/").text
    assert sheets["0012"] in signed_in("sam").get(f"/staff/members/{sheets['0012'].split('/')[2]}").text
    archive = ana.send("/my/archive", page="/my/archive")
    assert archive.status_code == 200
    content = archive.data
    archive.close()
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        assert [each for each in packed.namelist() if each.startswith("evidence/")] == []
        assert "sign-in sheets of classes" in packed.read("README.txt").decode("utf-8-sig")


def test_a_lead_records_no_class_for_themselves_through_a_second_sign_in(app: Flask, people: World, signed_in: Sign) -> None:
    known_as(app, "ben", "0034")
    preview = sheet(signed_in("ben"), "preview", who=str(member_id_of(app, "0034")), lines="0012")
    assert "somebody else records what you completed" in preview.text
    assert sheet(signed_in("ben"), "record", lines="0012\n0034").status_code == 303
    with app.app_context():
        mine = select(func.count()).select_from(Completion).where(Completion.member_id == member_id("0034"))
        assert db.session.scalar(mine) == 0


def test_nobody_takes_a_line_of_a_sheet_for_themselves_at_the_desk(app: Flask, people: World, signed_in: Sign) -> None:
    assert sheet(signed_in("ben"), "record", lines="0012\nIllegible").status_code == 303
    known_as(app, "sam", "0056")
    with app.app_context():
        waiting = db.session.scalars(select(WaitingCompletion.id)).one()
        cy = member_id("0056")
    sam = signed_in("sam")
    page = f"/staff/desk/learners/{waiting}"
    answer = sam.client.post(
        f"{page}/confirm", data={"csrf_token": token(sam, page), "member": str(cy)}, follow_redirects=True
    )
    assert "This is your own record" in said(answer.text)
    with app.app_context():
        assert db.session.scalars(select(WaitingCompletion.settled_at)).one() is None


def test_nobody_merges_somebody_else_s_record_into_their_own(app: Flask, people: World, signed_in: Sign) -> None:
    known_as(app, "sam", "0056")
    with app.app_context():
        keep, gone = member_id("0056"), member_id("0034")
    page = f"/staff/merge?keep={keep}&gone={gone}"
    for pair in ({"keep": str(keep), "gone": str(gone)}, {"keep": str(gone), "gone": str(keep)}):
        sam = signed_in("sam")
        answer = sam.send("/staff/merge", pair, page=page)
        assert "This is your own record" in said(sam.get(answer.location).text)
        with app.app_context():
            assert db.session.scalars(select(Member).where(Member.merged_into_id.is_not(None))).all() == []


def test_a_lead_does_not_answer_their_own_correction_through_a_second_sign_in(
    app: Flask, people: World, signed_in: Sign
) -> None:
    ask(signed_in("ana"), f"about=card&object={card(app, '80')}", "My craft is rigging.")
    with app.app_context(), writing() as session:  # by a sign-in that holds the role, and is not the one of her record
        user = session.scalars(select(User).where(User.email_key == "ana@example.org")).one()
        user.email, user.email_key = "ana.private@example.org", "ana.private@example.org"
        session.flush()
        lead = add_user(session, "ana@example.org", Role.LOCAL_LEAD, find_unit(session, "80"), None, OPERATOR, LONG_AGO)
        lead.password_hash = password_hash(PASSWORD, "")
    her = signed_in("ana")
    link = re.search(r'href="(/locals/80/corrections/\d+/\d+)"', her.get("/locals/80/corrections").text)
    assert link
    answer = her.send(link[1], {"outcome": "done", "answer": "Quite right."}, page=link[1])
    assert answer.status_code == 422
    assert "Nobody answers what they asked themselves" in said(answer.text)


def test_a_correction_is_not_read_without_a_trace_by_sending_its_form_empty(
    app: Flask, people: World, signed_in: Sign
) -> None:
    ask(signed_in("ana"), f"about=card&object={card(app, '80')}", "My craft is rigging.")
    ben = signed_in("ben")
    link = re.search(r'href="(/locals/80/corrections/\d+/\d+)"', ben.get("/locals/80/corrections").text)
    assert link
    shown = ben.client.post(link[1], data={"csrf_token": token(ben, "/locals/80/classes/new")})
    assert shown.status_code == 422
    assert "My craft is rigging." in shown.text
    with app.app_context():
        noted = select(AuditEntry.member_id).where(AuditEntry.action == "open_record")
        assert db.session.scalars(noted).all() == [member_id("0012")]


def test_a_shared_address_of_another_local_reads_like_nobody_s(app: Flask, people: World, signed_in: Sign) -> None:
    with app.app_context(), writing() as session:
        for number in ("0056", "0012"):
            row = {"kind": IdentifierKind.EMAIL, "value": "family@example.org", "shown": "family@example.org"}
            when = session.scalar(select(User.created_at))
            session.add(Identifier(**row, member_id=member_id(number), recorded_at=when))
    lea = signed_in("lea")  # Ana and Cy hold cards in her local
    page = "/locals/600/classes/new"
    assert "fits several members" in sheet(lea, "preview", page=page, lines="family@example.org").text
    with app.app_context(), writing() as session:
        its = select(Identifier).where(Identifier.value == "family@example.org", Identifier.member_id == member_id("0056"))
        session.delete(session.scalars(its).one())
        row = {"kind": IdentifierKind.EMAIL, "value": "family@example.org", "shown": "family@example.org"}
        session.add(Identifier(**row, member_id=member_id("0034"), recorded_at=session.scalar(select(User.created_at))))
        ana = session.scalars(
            select(Identifier).where(Identifier.value == "family@example.org", Identifier.member_id == member_id("0012"))
        ).one()
        ana.member_id = member_id("0078")  # now of two in Local 80 alone
    preview = sheet(lea, "preview", page=page, lines="family@example.org").text
    assert "fits several members" not in preview
    assert "no member found" in preview


@pytest.mark.parametrize("again", ["9" * 5000, "9" * 30, "٣", "-1"])
def test_an_impossible_number_in_a_hidden_field_is_answered_in_words(people: World, signed_in: Sign, again: str) -> None:
    sent = {"course": "no such course", "completed_on": "", "again": again}
    answer = signed_in("ana").send("/my/completions", sent, page="/my/completions/new")
    assert answer.status_code == 422
    assert "Give the day it was completed" in answer.text


def reads(browser: Browser, address: str) -> bool:
    """Whether this person is given the file."""
    answer = browser.get(address)
    answer.close()
    assert answer.status_code in (200, 404)
    return answer.status_code == 200


def token(browser: Browser, page: str) -> str:
    found = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', browser.get(page).text)
    assert found
    return found[1]


def member_id_of(app: Flask, number: str) -> int:
    with app.app_context():
        return member_id(number)
