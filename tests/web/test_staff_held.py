"""The page of held changes: seen by staff and auditors, decided by staff, after seeing what it would do."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask
from little_union import Browser, World
from sqlalchemy import select
from training_union import member_id, now, today

from tracker.intake.imports import import_roster
from tracker.models import AuditEntry, HeldChange, Identifier, User, db, writing
from tracker.operations.actor import OPERATOR

HEADER = "member_number,first_name,last_name,email,local,craft,status,kind,from_on,until_on,home\n"
THEFT = "0012,Ana,Example,<b>thief</b>@example.org,80,grip,active,,2020-01-01,,\n"


def bring(app: Flask, rows: str) -> None:
    with app.app_context(), writing(alone=True) as session:
        import_roster(session, (HEADER + rows).encode(), "<i>roster</i>.csv", OPERATOR, today=today(), now=now())


@pytest.fixture
def sam(app: Flask, union: World, signed_in: Callable[[str], Browser]) -> Browser:
    """Staff, and a roster that gives Ana, who signs in, another e-mail."""
    bring(app, THEFT)
    return signed_in("sam")


def held_id(app: Flask) -> int:
    with app.app_context():
        return db.session.scalars(select(HeldChange.id).order_by(HeldChange.id.desc())).first() or 0


def emails(app: Flask) -> set[str]:
    with app.app_context():
        ana = member_id("12")
        return set(
            db.session.scalars(select(Identifier.shown).where(Identifier.member_id == ana, Identifier.kind == "email"))
        )


def test_the_work_list_leads_to_what_is_held(app: Flask, sam: Browser) -> None:
    assert "Decide 1 held change" in sam.get("/staff/").text
    page = sam.get("/staff/held").text
    assert "Ana Example" in page
    assert "&lt;b&gt;thief&lt;/b&gt;@example.org" in page
    assert "&lt;i&gt;roster&lt;/i&gt;.csv" in page
    assert not re.search(r"<(b|i)>", page.partition("<main")[2])
    assert f"/staff/held/{held_id(app)}/accept" in page


def test_accepting_says_first_what_it_would_do_and_then_does_it(app: Flask, sam: Browser) -> None:
    path = f"/staff/held/{held_id(app)}/accept"
    before = emails(app)
    page = sam.get(path).text
    assert "Accept this e-mail?" in page
    assert 'value="Add this e-mail"' in page
    assert "The sign-in address stays as it is" in page
    assert "ana@example.org is told what you decide" in page
    assert emails(app) == before, "looking decides nothing"
    answer = sam.send(path, page=path)
    assert (answer.status_code, answer.location) == (303, "/staff/held")
    assert emails(app) == before | {"<b>thief</b>@example.org"}
    page = sam.get("/staff/held").text
    assert "Nothing is held" in page
    assert "is one of Ana Example’s e-mails now" in page
    assert "Decide" not in sam.get("/staff/").text.partition("What you can do")[0]
    with app.app_context():
        entry = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
        assert entry is not None
        assert (entry.action, entry.actor_role) == ("accept_held_change", "staff")
        assert db.session.scalars(select(User.email).where(User.member_id == entry.member_id)).one() == "ana@example.org"


def test_refusing_takes_nothing(app: Flask, sam: Browser) -> None:
    path = f"/staff/held/{held_id(app)}/refuse"
    before = emails(app)
    assert "Refuse this e-mail?" in sam.get(path).text
    assert sam.send(path, page=path).status_code == 303
    assert emails(app) == before
    assert "No roster asks for it again" in sam.get("/staff/held").text
    bring(app, THEFT)
    assert "Nothing is held" in sam.get("/staff/held").text


def test_a_number_says_what_becomes_of_it(app: Flask, sam: Browser) -> None:
    bring(app, "0099,Ana,Example,ana@example.org,600,sound,active,,2020-01-01,,\n")
    number = held_id(app)
    page = sam.get(f"/staff/held/{number}/accept").text
    assert "Accept this number?" in page
    assert 'value="Add this number"' in page
    assert "import that roster again" in page
    assert "makes them a member of their own" in sam.get(f"/staff/held/{number}/refuse").text
    path = f"/staff/held/{number}/accept"
    assert sam.send(path, page=path).status_code == 303
    with app.app_context():
        assert member_id("99") == member_id("12")


def test_an_e_mail_of_another_is_accepted_with_a_warning(app: Flask, sam: Browser) -> None:
    bring(app, "0034,,,ana@example.org,80,grip,active,,2020-01-01,,\n")
    page = sam.get(f"/staff/held/{held_id(app)}/accept").text
    assert "Ana Example" in page
    assert "An e-mail of two people finds neither" in page


def test_what_was_decided_meanwhile_is_said_and_not_done_twice(app: Flask, sam: Browser) -> None:
    path, other = f"/staff/held/{held_id(app)}/refuse", f"/staff/held/{held_id(app)}/accept"
    sam.send(path, page=path)
    assert "This was refused on" in sam.get(other).text
    again = sam.send(other, page="/staff/imports")
    assert again.status_code == 422
    assert "This was decided already." in again.text
    assert "<b>thief</b>@example.org" not in emails(app)


def test_without_a_token_nothing_is_decided(app: Flask, sam: Browser) -> None:
    answer = sam.client.post(f"/staff/held/{held_id(app)}/accept")
    assert answer.status_code in (400, 422)
    with app.app_context():
        assert db.session.scalars(select(HeldChange.decided_at)).one() is None


@pytest.mark.parametrize("path", ["/staff/held/1/accept", "/staff/held/{id}/steal", "/staff/held/{id}"])
def test_what_is_not_there(app: Flask, sam: Browser, path: str) -> None:
    assert sam.get(path.format(id=held_id(app))).status_code == 404


@pytest.mark.parametrize("who", ["ana", "ben", "dora", "ada", "otto"])
def test_nobody_else_decides(app: Flask, union: World, signed_in: Callable[[str], Browser], who: str) -> None:
    bring(app, THEFT)
    browser, path = signed_in(who), f"/staff/held/{held_id(app)}/accept"
    assert browser.get("/staff/held").status_code == (200 if who == "otto" else 404)
    assert browser.get(path).status_code == 404
    assert browser.send(path, page="/account/password").status_code == 404
    with app.app_context():
        assert db.session.scalars(select(HeldChange.decided_at)).one() is None


def test_an_auditor_is_offered_no_act(app: Flask, union: World, signed_in: Callable[[str], Browser]) -> None:
    bring(app, THEFT)
    assert "/accept" not in signed_in("otto").get("/staff/held").text
