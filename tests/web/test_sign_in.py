"""Signing in and out."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from little_union import PASSWORD, Browser, World, settings
from sqlalchemy import func, select

from tracker import create_app
from tracker.models import AuditEntry, SignInFailure, User, db, writing
from tracker.operations.accounts import FAILURES_PER_ACCOUNT, FAILURES_PER_ADDRESS


@pytest.mark.parametrize(
    ("who", "home"),
    [
        ("ana", "/my/"),
        ("ben", "/reports/locals/80"),
        ("dora", "/reports/"),
        ("sam", "/start"),  # for nothing is loaded yet
        ("otto", "/reports/"),
        ("ada", "/admin/"),
    ],
)
def test_everyone_starts_where_their_work_is(signed_in: Callable[[str], Browser], who: str, home: str) -> None:
    assert signed_in(who).get("/").location == home


def test_whoever_holds_no_role_today_is_told_so(signed_in: Callable[[str], Browser]) -> None:
    assert "You hold no role today" in signed_in("noor").get("/").text


def test_a_sign_in_goes_on_to_where_the_person_was_going(stranger: Browser) -> None:
    assert stranger.sign_in("ada", path="/login?next=/admin/audit").location == "/admin/audit"


@pytest.mark.parametrize("trick", ["//evil.example", "https://evil.example", "/%5Cevil.example", "/%09/evil.example"])
def test_a_sign_in_never_goes_on_to_another_site(stranger: Browser, trick: str) -> None:
    assert stranger.sign_in("ada", path=f"/login?next={trick}").location == "/"


def test_wrong_unknown_and_suspended_read_alike(app: Flask, world: World, stranger: Browser) -> None:
    with app.app_context(), writing() as session:
        session.get_one(User, world.users["sam"]).is_active = False

    def answer(name: str, password: str) -> tuple[int, str]:
        got = stranger.sign_in(name, password)
        return got.status_code, re.sub(r'value="[^"]*"', "", got.text)

    wrong = answer("ana", "wrong-password")
    assert wrong[0] == 401
    assert "The e-mail address or the password is not right." in wrong[1]
    assert answer("nobody-at-all", "wrong-password") == wrong
    assert answer("sam", PASSWORD) == wrong


def test_what_was_typed_is_kept_except_the_password(stranger: Browser) -> None:
    page = stranger.sign_in("ana", "wrong-password").text
    assert 'value="ana@example.org"' in page
    assert "wrong-password" not in page


def test_an_empty_form_says_what_is_missing_beside_the_field(stranger: Browser) -> None:
    answer = stranger.send("/login", {"email": "", "password": ""})
    assert answer.status_code == 422
    assert '<p class="form-fault" id="email-error">Enter your e-mail address.</p>' in answer.text
    assert re.search(r'<input[^>]*aria-describedby="email-error"[^>]*aria-invalid="true"', answer.text)
    assert '<div class="notice notice-error" role="alert" tabindex="-1" autofocus>' in answer.text
    assert "<title>Error: Sign in" in answer.text


@pytest.mark.parametrize("name", ["ana", "nobody-at-all"])
def test_an_account_is_shut_for_a_while_after_too_many_failures(stranger: Browser, name: str) -> None:
    for _ in range(FAILURES_PER_ACCOUNT):
        assert stranger.sign_in(name, "wrong-password").status_code == 401
    shut = stranger.sign_in(name)
    assert (shut.status_code, shut.headers["Retry-After"]) == (429, "900")
    assert "Too many attempts" in shut.text
    assert stranger.sign_in("ben").status_code == 303, "others at the same address still get in"


def test_an_address_is_shut_after_many_failures_over_any_accounts(app: Flask, stranger: Browser) -> None:
    for each in range(FAILURES_PER_ADDRESS):
        assert stranger.sign_in(f"guess-{each}", "wrong-password").status_code == 401
    assert stranger.sign_in("ben").status_code == 429
    elsewhere = app.test_client()
    elsewhere.environ_base["REMOTE_ADDR"] = "192.0.2.7"
    assert Browser(elsewhere).sign_in("ben").status_code == 303


def test_a_failure_is_kept_though_the_sign_in_was_refused(app: Flask, world: World, stranger: Browser) -> None:
    stranger.sign_in("ana", "wrong-password")
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(SignInFailure)) == 3
        entry = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
        assert entry is not None
        assert (entry.action, entry.object_id, entry.actor_id) == ("sign_in_failed", world.users["ana"], None)
        assert "wrong-password" not in str(entry.detail)


def test_a_sign_in_begins_a_new_session(stranger: Browser) -> None:
    stranger.get("/login")
    with stranger.client.session_transaction() as session:
        session["planted"] = "by someone else"
    stranger.sign_in("ana")
    with stranger.client.session_transaction() as session:
        assert "planted" not in session
        assert "_user_id" in session


def test_signing_out_ends_every_session_and_leaves_nothing_behind(
    app: Flask, world: World, signed_in: Callable[[str], Browser]
) -> None:
    here, elsewhere = signed_in("ada"), signed_in("ada")
    answer = here.send("/logout", page="/admin/")
    assert answer.status_code == 303
    assert '"cookies"' in answer.headers["Clear-Site-Data"]
    assert here.get("/admin/").status_code == 303
    assert elsewhere.get("/admin/").status_code == 303
    assert "You are signed out" in here.get(answer.location).text


def test_signing_out_is_no_link(signed_in: Callable[[str], Browser]) -> None:
    ada = signed_in("ada")
    assert ada.get("/logout").status_code == 405
    assert ada.client.post("/logout").status_code == 400, "and needs its token"
    assert ada.get("/admin/").status_code == 200


@pytest.mark.parametrize("change", ["epoch", "suspended", "gone"])
def test_a_session_ends_when_it_must(app: Flask, world: World, signed_in: Callable[[str], Browser], change: str) -> None:
    ada = signed_in("ada")
    assert ada.get("/admin/").status_code == 200
    with app.app_context(), writing() as session:
        user = session.get_one(User, world.users["ada"])
        if change == "epoch":
            user.session_epoch += 1
        elif change == "suspended":
            user.is_active = False
        else:
            for grant in user.grants:
                session.delete(grant)
            session.flush()
            session.delete(user)
    assert ada.get("/admin/").location.startswith("/login")


@pytest.mark.parametrize("cookie", ["", "1", "x:0", "1:1", "-1:0", "99999999999999999999999:0", "١:0"])
def test_a_session_that_names_nobody_is_a_strangers(app: Flask, world: World, cookie: str) -> None:
    client = app.test_client()
    with client.session_transaction() as session:
        session["_user_id"] = cookie
    assert client.get("/admin/").status_code == 303


def test_a_person_changes_their_own_password(app: Flask, world: World, signed_in: Callable[[str], Browser]) -> None:
    ana, elsewhere = signed_in("ana"), signed_in("ana")
    page = "/account/password"
    new = {"password": "three plain words", "again": "three plain words"}
    wrong = ana.send(page, {"current": "guess", **new}, page=page)
    assert "That is not your present password." in wrong.text
    short = ana.send(page, {"current": PASSWORD, "password": "short", "again": "short"}, page=page)
    assert "Use at least 8 characters." in short.text
    assert ana.send(page, {"current": PASSWORD, **new}, page=page).status_code == 303
    assert ana.get(page).status_code == 200, "this session goes on"
    assert elsewhere.get(page).status_code == 303, "the others end"
    assert Browser(app.test_client()).sign_in("ana").status_code == 401
    assert Browser(app.test_client()).sign_in("ana", "three plain words").status_code == 303


def test_only_the_demonstration_shows_its_sign_ins(stranger: Browser, tmp_path: Path) -> None:
    assert "backstage-demo" not in stranger.get("/login").text
    assert "Demonstration" not in stranger.get("/login").text
    demo = create_app(settings(tmp_path / "demo", TRACKER_DEMO="1"))
    page = demo.test_client().get("/login").text
    assert "backstage-demo" in page
    assert all(f"{who}@example.org" in page for who in ("member", "officer", "staff", "admin"))
    assert "Demonstration." in demo.test_client().get("/no-such-page").text
