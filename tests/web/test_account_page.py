"""One's own account: who one is here, which mails come, and the way out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from little_union import Browser, World
from sqlalchemy import select

from tracker.curriculum.words import Role
from tracker.models import AuditEntry, NoticeStop, Unit, User, db, writing
from tracker.operations.accounts import add_user
from tracker.operations.actor import OPERATOR

PAGE = "/account/"


def test_the_page_says_who_one_is_and_what_one_may_do(app: Flask, world: World, signed_in: Callable[[str], Browser]) -> None:
    soon = datetime.now(UTC).date() + timedelta(days=9)
    with app.app_context(), writing() as session:
        unit = session.get(Unit, world.units["80"])
        add_user(session, "ana@example.org", Role.LOCAL_VIEWER, unit, None, OPERATOR, date(2020, 1, 1), from_on=soon)
    page = signed_in("ana").get(PAGE).text
    assert "Ana Example" in page
    assert "ana@example.org" in page
    assert "member: since 1\u00a0January\u00a02020" in page
    assert f"local viewer in Local 80 · 80: from {soon.day}\u00a0{soon:%B}\u00a0{soon.year} on" in page


@pytest.mark.parametrize("who", ["ana", "ben", "dora", "sam", "ada", "otto", "noor"])
def test_everyone_finds_their_account_in_the_head_of_each_page(signed_in: Callable[[str], Browser], who: str) -> None:
    page = signed_in(who).get(PAGE)
    assert page.status_code == 200
    assert '<a class="breakable" href="/account/">' in page.text


def test_mails_of_a_kind_stop_and_come_again(app: Flask, world: World, signed_in: Callable[[str], Browser]) -> None:
    ana = signed_in("ana")
    page = ana.get(PAGE).text
    assert "about your courses" in page
    assert "about your local or district" not in page, "that one is an officer's"
    assert "always comes, and at once" in page

    def stopped() -> list[tuple[str, str]]:
        with app.app_context():
            return [(row.address_key, row.kind) for row in db.session.scalars(select(NoticeStop))]

    def send(**fields: str) -> str:
        ana.send("/account/notices", {"kind": "digest", **fields}, page=PAGE)
        return ana.get(PAGE).text

    assert "These mails stop." in send(stop="1")
    assert stopped() == [("ana@example.org", "digest")]
    assert "had stopped already" in send(stop="1")
    assert "These mails come again." in send(start="1")
    assert "come already" in send(start="1")
    assert stopped() == []


@pytest.mark.parametrize("kind", ["security", "returned", "", "nothing"])
def test_what_always_comes_cannot_be_stopped(app: Flask, signed_in: Callable[[str], Browser], kind: str) -> None:
    answer = signed_in("ana").send("/account/notices", {"kind": kind, "stop": "1"}, page=PAGE)
    assert answer.status_code == 409
    with app.app_context():
        assert db.session.scalars(select(NoticeStop)).all() == []


def test_an_officer_chooses_about_the_mail_of_their_local(signed_in: Callable[[str], Browser]) -> None:
    page = signed_in("ben").get(PAGE).text
    assert "about your local or district" in page
    assert "about your courses" not in page


def test_the_language_is_chosen_and_said_in_itself(app: Flask, world: World, signed_in: Callable[[str], Browser]) -> None:
    ana = signed_in("ana")
    assert ana.send("/language", {"language": "fr_CA", "next": PAGE, "told": "1"}, page=PAGE).location == PAGE
    page = ana.get(PAGE).text
    assert '<html lang="fr-CA"' in page
    assert '<option value="fr_CA" lang="fr-CA" selected>' in page
    with app.app_context():
        assert db.session.get_one(User, world.users["ana"]).language == "fr_CA"


def test_signing_out_from_the_page_ends_every_session(signed_in: Callable[[str], Browser]) -> None:
    here, elsewhere = signed_in("ana"), signed_in("ana")
    assert "Sign out everywhere" in here.get(PAGE).text
    here.send("/logout", page=PAGE)
    assert elsewhere.get(PAGE).status_code == 303


def test_who_holds_no_role_yet_is_told_from_when_they_will(
    app: Flask, world: World, signed_in: Callable[[str], Browser]
) -> None:
    soon = datetime.now(UTC).date() + timedelta(days=3)
    with app.app_context(), writing() as session:
        add_user(session, "noor@example.org", Role.STAFF, None, None, OPERATOR, date(2020, 7, 1), from_on=soon)
    page = signed_in("noor").get("/").text
    assert "You hold no role today" in page
    assert f"training staff: from {soon.day}\u00a0{soon:%B}\u00a0{soon.year} on" in page


def test_a_role_that_ends_ends_the_sign_in_and_one_that_goes_on_takes_effect_at_once(
    app: Flask, world: World, signed_in: Callable[[str], Browser]
) -> None:
    otto = signed_in("otto")
    assert otto.get("/admin/audit").status_code == 200
    today = datetime.now(UTC).date()
    with app.app_context(), writing() as session:
        session.get_one(User, world.users["otto"]).grants[0].until_on = today
    assert otto.get("/admin/audit").status_code == 303  # to sign in anew
    with app.app_context(), writing() as session:
        session.get_one(User, world.users["otto"]).grants[0].until_on = today + timedelta(days=1)
    assert signed_in("otto").get("/admin/audit").status_code == 200


def test_a_first_password_cannot_be_set_over_a_present_one(app: Flask, signed_in: Callable[[str], Browser]) -> None:
    page = "/account/password"
    new = {"password": "three plain words", "again": "three plain words"}
    answer = signed_in("ana").send(page, new, page=page)
    assert answer.status_code == 422
    assert "Enter the password you have now." in answer.text
    with app.app_context():
        assert "set_password" not in set(db.session.scalars(select(AuditEntry.action)))
