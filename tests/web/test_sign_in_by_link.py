"""Signing in by a link, as people and programs meet it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from little_union import PASSWORD, Browser, World, settings
from sqlalchemy import func, select

from tracker import create_app
from tracker.models import Identifier, IdentifierKind, Member, SignInFailure, SignInLink, User, db, new_id, writing
from tracker.operations.accounts import FAILURES_PER_ACCOUNT_ANYWHERE, find_user
from tracker.operations.accounts.limits import password_limits
from tracker.operations.sign_in_links import LINKS_PER_ADDRESS, due_links, make_link

MAIL = {"TRACKER_SMTP_URL": "smtp://127.0.0.1:2525", "TRACKER_MAIL_FROM": "training@example.org"}
URL = "https://training.example.org"


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    """An installation that can send mail."""
    app = create_app(settings(tmp_path, TRACKER_URL=URL, **MAIL))
    with app.app_context():
        db.create_all()
    return app


def ask(browser: Browser, address: str, path: str = "/login/link") -> tuple[int, str]:
    answer = browser.send(path, {"address": address})
    return answer.status_code, re.sub(r'value="[^"]*"', "", answer.text)


def token_mailed(app: Flask) -> str:
    """The token of the one mail that waits."""
    now = datetime.now(UTC)
    with app.app_context():
        (link,) = due_links(db.session(), now)
        with writing() as session:
            made = make_link(session, link, now)
    assert made is not None
    return made.token


@pytest.fixture
def token(app: Flask, stranger: Browser) -> str:
    """Of a link for Ana."""
    assert ask(stranger, "ana@example.org")[0] == 200
    return token_mailed(app)


def test_known_unknown_and_suspended_addresses_get_the_same_answer(app: Flask, world: World, stranger: Browser) -> None:
    with app.app_context(), writing() as session:
        session.get_one(User, world.users["sam"]).is_active = False
    known = ask(stranger, "ana@example.org")
    assert known[0] == 200
    assert "If we know this address, a link is on its way; it works once, for 30 minutes." in known[1]
    assert ask(stranger, "nobody@example.org") == known
    assert ask(stranger, "sam@example.org") == known
    assert ask(stranger, "plausible@x") == known
    assert "/login/link/" not in known[1]


@pytest.mark.parametrize("address", ["ana@example.org", "nobody@example.org"])
def test_asking_too_often_is_told_alike(stranger: Browser, address: str) -> None:
    for _ in range(LINKS_PER_ADDRESS):
        assert ask(stranger, address)[0] == 200
    answer = stranger.send("/login/link", {"address": address})
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "900")
    assert "Too many links were asked for. Wait 15 minutes, then try again." in answer.text


def test_what_is_no_address_is_said_beside_its_field_and_kept(stranger: Browser) -> None:
    answer = stranger.send("/login/link", {"address": "ana"})
    assert answer.status_code == 422
    assert re.search(r'id="address-error">Write your e-mail address like name@example.org.<', answer.text)
    assert re.search(r'id="address"[^>]*value="ana"', answer.text)
    assert "autofocus" in answer.text
    assert "Enter your password" not in answer.text, "the other form was not sent"


def test_a_link_is_followed_by_a_button_and_signs_in_once(app: Flask, token: str) -> None:
    path = f"/login/link/{token}"
    phone = Browser(app.test_client())
    page = phone.get(path).text
    assert "You sign in as ana@example.org." in page
    main = page[page.index("<main") : page.index("</main>")]
    assert len(re.findall(r"<button|<a ", main)) == 1, "one thing to do"
    answer = phone.send(path, page=path)
    assert (answer.status_code, answer.location) == (303, "/")
    assert "ana@example.org" in phone.get("/account/").text
    again = phone.get(path)
    assert (again.status_code, "You are signed in as ana@example.org already" in again.text) == (410, True)
    other = Browser(app.test_client())
    assert other.get(path).status_code == 410
    assert other.send(path, page="/login").status_code == 410
    assert other.get("/account/").status_code == 303


def test_a_mail_scanner_that_follows_the_link_uses_nothing_up(app: Flask, token: str) -> None:
    for _ in range(3):
        assert app.test_client().get(f"/login/link/{token}").status_code == 200
        assert app.test_client().head(f"/login/link/{token}").status_code == 200
        assert app.test_client().post(f"/login/link/{token}").status_code == 400, "nor does one that posts without the page"
    phone = Browser(app.test_client())
    assert phone.send(f"/login/link/{token}", page=f"/login/link/{token}").status_code == 303


def test_used_expired_and_unknown_links_are_one_page(app: Flask, stranger: Browser, token: str) -> None:
    phone = Browser(app.test_client())
    phone.send(f"/login/link/{token}", page=f"/login/link/{token}")

    def page(path: str) -> str:
        answer = stranger.get(path)
        assert answer.status_code == 410
        return re.sub(r'value="[^"]*"', "", answer.text)

    used = page(f"/login/link/{token}")
    assert "Ask for a new link" in used
    assert page("/login/link/never-made") == used
    ask(stranger, "ana@example.org")
    newer = token_mailed(app)
    with app.app_context(), writing() as session:
        for link in session.scalars(select(SignInLink).where(SignInLink.used_at.is_(None))):
            link.expires_at = datetime.now(UTC) - timedelta(seconds=1)
    assert page(f"/login/link/{newer}") == used


def test_a_link_begins_a_session_with_nothing_of_the_old_one(
    app: Flask, token: str, signed_in: Callable[[str], Browser]
) -> None:
    shared = signed_in("sam")
    with shared.client.session_transaction() as session:
        session["planted"] = "by someone else"
    shared.send(f"/login/link/{token}", page=f"/login/link/{token}")
    with shared.client.session_transaction() as session:
        assert "planted" not in session
    assert shared.get("/staff/").status_code == 404, "it is Ana now"


def test_a_link_goes_on_to_where_the_person_was_going(app: Flask, stranger: Browser) -> None:
    page = stranger.get("/login?next=/my/completions/new").text
    action = re.search(r'action="(/login/link\?next=[^"]+)"', page)
    assert action
    assert ask(stranger, "ana@example.org", action[1])[0] == 200
    path = f"/login/link/{token_mailed(app)}"
    assert Browser(app.test_client()).send(path, page=path).location == "/my/completions/new"


@pytest.mark.parametrize("trick", ["//evil.example", "https://evil.example", "/%5Cevil.example"])
def test_a_link_never_goes_on_to_another_site(app: Flask, stranger: Browser, trick: str) -> None:
    assert ask(stranger, "ana@example.org", f"/login/link?next={trick}")[0] == 200
    path = f"/login/link/{token_mailed(app)}"
    assert Browser(app.test_client()).send(path, page=path).location == "/"


def test_a_link_gives_a_member_of_the_roster_their_first_sign_in(app: Flask, world: World, stranger: Browser) -> None:
    with app.app_context(), writing() as session:
        now = datetime.now(UTC)
        member = Member(member_id=new_id(), number="77", first_name="Zoë", last_name="New", created_at=now)
        session.add(member)
        session.flush()
        who = {"kind": IdentifierKind.EMAIL, "value": "zoe@example.org", "member_id": member.member_id}
        session.add(Identifier(**who, shown="Zoe@example.org", recorded_at=now))
    ask(stranger, "zoe@example.org")
    path = f"/login/link/{token_mailed(app)}"
    phone = Browser(app.test_client())
    assert phone.send(path, page=path).status_code == 303
    assert phone.get("/").location == "/my/"
    account = phone.get("/account/").text
    assert "Zoë New" in account
    assert "You have no password" in account
    page = "/account/password"
    new = {"password": "three plain words", "again": "three plain words"}
    assert "Present password" not in phone.get(page).text
    assert phone.send(page, new, page=page).status_code == 303
    assert (
        Browser(app.test_client()).send("/login", {"email": "zoe@example.org", "password": new["password"]}).status_code
        == 303
    )


def test_an_account_shut_by_guessing_from_everywhere_still_opens_by_its_link(
    app: Flask, stranger: Browser, token: str
) -> None:
    """Abuse 14: whoever commands many networks may shut a password off for a while, never a person out."""
    with app.app_context(), writing() as session:
        for each in range(FAILURES_PER_ACCOUNT_ANYWHERE):
            keys = password_limits("ana@example.org", f"198.51.{each}.9")
            session.add_all(SignInFailure(id=new_id(), key=key, at=datetime.now(UTC)) for key in keys)
    assert stranger.sign_in("ana").status_code == 429
    phone = Browser(app.test_client())
    assert phone.send(f"/login/link/{token}", page=f"/login/link/{token}").status_code == 303
    assert stranger.sign_in("ana", PASSWORD).status_code == 303, "and its password fits again"


def test_no_link_is_made_of_the_host_a_request_names(app: Flask, stranger: Browser) -> None:
    answer = stranger.client.post(
        "/login/link",
        data={"address": "ana@example.org", "csrf_token": _token(stranger)},
        headers={"X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"},
    )
    assert answer.status_code == 200
    assert "evil.example" not in answer.text
    with app.app_context():
        row = db.session.scalars(select(SignInLink)).one()
        assert not any("evil" in str(value) for value in vars(row).values())
    assert app.config["SETTINGS"].url == URL, "the mail's links begin with the setting, whatever a request says"


def _token(browser: Browser) -> str:
    found = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', browser.get("/login").text)
    assert found
    return found[1]


@pytest.mark.parametrize("missing", ["TRACKER_URL", "TRACKER_SMTP_URL", "TRACKER_MAIL_FROM"])
def test_without_its_settings_no_link_is_offered(tmp_path: Path, missing: str) -> None:
    given = {name: value for name, value in {"TRACKER_URL": URL, **MAIL}.items() if name != missing}
    app = create_app(settings(tmp_path, **given))
    with app.app_context():
        db.create_all()
    browser = Browser(app.test_client())
    page = browser.get("/login").text
    assert "/login/link" not in page
    assert "forgotten password" in page
    assert browser.send("/login/link", {"address": "ana@example.org"}).status_code == 404


def test_the_demonstration_shows_the_link_that_it_does_not_send(tmp_path: Path) -> None:
    app = create_app(settings(tmp_path, TRACKER_DEMO="1"))
    with app.app_context():
        db.create_all()
        with writing() as session:
            user = User(id=new_id(), email="a@example.org", email_key="a@example.org", created_at=datetime.now(UTC))
            session.add(user)
    browser = Browser(app.test_client())
    shown = browser.send("/login/link", {"address": "a@example.org"}).text
    path = re.search(r'href="(/login/link/[^"]+)"', shown)
    assert path, "a path of this site: whatever port it is served on"
    assert browser.send(path[1], page=path[1]).status_code == 303
    unknown = Browser(app.test_client()).send("/login/link", {"address": "b@example.org"}).text
    assert "nobody’s here" in unknown
    with app.app_context():
        assert due_links(db.session(), datetime.now(UTC)) == [], "and none is sent as well"


def test_the_demonstration_with_a_mail_server_shows_nothing(tmp_path: Path) -> None:
    app = create_app(settings(tmp_path, TRACKER_DEMO="1", **MAIL))
    with app.app_context():
        db.create_all()
    assert "Demonstration." in (page := Browser(app.test_client()).send("/login/link", {"address": "a@example.org"}).text)
    assert "No mail server is set" not in page


def test_asking_makes_no_account(app: Flask, world: World, stranger: Browser) -> None:
    with app.app_context():
        before = db.session.scalar(select(func.count()).select_from(User))
    ask(stranger, "nobody@example.org")
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(User)) == before
        assert find_user(db.session(), "nobody@example.org") is None


def test_the_keyboard_meets_the_page_in_the_order_it_is_read(stranger: Browser) -> None:
    page = stranger.get("/login").text
    main = page[page.index("<main") : page.index("</main>")]
    met = re.findall(r'<(?:input|button)[^>]*?(?:id|name)="(email|password|submit|address)"', main)
    assert met == ["email", "password", "submit", "address", "submit"]
    assert re.findall(r'tabindex="([^"]+)"', main) == ["-1"], "only what the skip link leads to"
    assert "autofocus" not in main


def test_the_page_after_reloading_is_the_form_again(stranger: Browser) -> None:
    assert stranger.get("/login/link").location == "/login"
