"""The second factor: set up, asked for whichever way one comes, replaced, taken away, and required of some."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyotp
import pytest
from flask import Flask
from little_union import PASSWORD, Browser, World, settings
from sqlalchemy import select

from tracker import create_app
from tracker.models import (
    AuditEntry,
    Notice,
    RecoveryCode,
    SecondFactor,
    SignInFailure,
    User,
    db,
    new_id,
    writing,
)
from tracker.operations.accounts import FAILURES_PER_CODES, set_password
from tracker.operations.accounts.limits import code_key
from tracker.operations.actor import OPERATOR
from tracker.operations.second_factor import FactorKey, set_factor
from tracker.operations.sign_in_links import ask_for_link, make_link
from tracker.operations.tokens import Scope, make_token, open_token

PAGE, NEW = "/account/second-factor", "/account/second-factor/new"
URL = "https://training.example.org"
MAIL = {"TRACKER_SMTP_URL": "smtp://127.0.0.1:2525", "TRACKER_MAIL_FROM": "training@example.org"}
STEP = timedelta(seconds=30)


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    app = create_app(settings(tmp_path, TRACKER_URL=URL, **MAIL))
    with app.app_context():
        db.create_all()
    return app


@pytest.fixture
def secret(app: Flask, world: World) -> str:
    """Of Sam's authenticator, which was set up an hour ago."""
    return give_factor(app, world.users["sam"])[0]


def give_factor(app: Flask, user_id: int, ago: timedelta = timedelta(hours=1)) -> tuple[str, list[str]]:
    secret, then = pyotp.random_base32(), datetime.now(UTC) - ago
    with app.app_context(), writing() as session:
        user, key = session.get_one(User, user_id), FactorKey(app.config["SETTINGS"].secret_key)
        return secret, set_factor(session, user, secret, pyotp.TOTP(secret).at(then), key, then)


def code_of(secret: str, later: timedelta = timedelta(0)) -> str:
    return pyotp.TOTP(secret).at(datetime.now(UTC) + later)


def recovery_codes_on(page: str) -> list[str]:
    return re.findall(r'<span class="secret fs-6">([^<]+)</span>', page)


def secret_on(page: str) -> str:
    found = re.search(r'<p class="secret breakable" translate="no">([A-Z2-7 ]+)</p>', page)
    assert found
    return found[1].replace(" ", "")


def begin(app: Flask, name: str = "sam") -> Browser:
    """A browser in which someone has given their password, and is asked for a code."""
    browser = Browser(app.test_client())
    answer = browser.sign_in(name)
    assert (answer.status_code, answer.location) == (303, "/login/code")
    return browser


def give(browser: Browser, code: str) -> tuple[int, str]:
    answer = browser.send("/login/code", {"code": code}, page="/login/code")
    return answer.status_code, answer.location or answer.text


def is_in(browser: Browser) -> bool:
    return browser.get("/account/").status_code == 200


def actions(app: Flask) -> list[str]:
    with app.app_context():
        return list(db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))


def mails(app: Flask) -> list[tuple[str, str, str]]:
    with app.app_context():
        return [(each.address, each.kind, each.subject) for each in db.session.scalars(select(Notice).order_by(Notice.id))]


def test_setting_it_up_shows_the_secret_and_ten_codes_once(app: Flask, signed_in: Callable[[str], Browser]) -> None:
    ana, elsewhere = signed_in("ana"), signed_in("ana")
    assert "You have none yet" in ana.get(PAGE).text
    page = ana.get(NEW).text
    secret = secret_on(page)
    assert secret_on(ana.get(NEW).text) == secret, "loading the page again shows the same"
    assert 'src="data:image/svg+xml;base64,' in page
    address = re.search(r'href="(otpauth://[^"]+)"', page)
    assert address
    kept = pyotp.parse_uri(html.unescape(address[1]))
    assert (kept.secret, kept.name, kept.issuer) == (secret, "ana@example.org", "Training tracker")
    wrong = ana.send(NEW, {"code": "000000"}, page=NEW)
    assert wrong.status_code == 422
    assert "That code is not of this secret." in wrong.text
    done = ana.send(NEW, {"code": code_of(secret)}, page=NEW)
    codes = recovery_codes_on(done.text)
    assert done.status_code == 200
    assert len(set(codes)) == 10
    assert all(re.fullmatch(r"([a-z2-9]{5}-){4}[a-z2-9]{5}", each) for each in codes)
    assert is_in(ana), "this session goes on"
    assert not is_in(elsewhere), "the others end"
    later = ana.get(PAGE).text
    assert "You have 10 recovery codes left." in later
    assert codes[0] not in later
    assert mails(app)[-1] == ("ana@example.org", "security", "A second factor was set for your sign-in")
    assert actions(app)[-1] == "set_second_factor"


def test_neither_the_secret_nor_the_codes_can_be_read_in_the_database_or_the_cookie(
    app: Flask, signed_in: Callable[[str], Browser]
) -> None:
    ana = signed_in("ana")
    secret = secret_on(ana.get(NEW).text)
    with ana.client.session_transaction() as session:
        assert secret not in str(dict(session))
    codes = recovery_codes_on(ana.send(NEW, {"code": code_of(secret)}, page=NEW).text)
    with app.app_context():
        kept = [each.secret for each in db.session.scalars(select(SecondFactor))]
        kept += [each.code_hash for each in db.session.scalars(select(RecoveryCode))]
        kept += [str(each.detail) for each in db.session.scalars(select(AuditEntry))]
        kept += [each.body for each in db.session.scalars(select(Notice))]
    for each in (secret, *codes, codes[0].replace("-", "")):
        assert not any(each in text for text in kept)


def test_one_users_sealed_secret_is_worth_nothing_in_anothers_row(app: Flask, world: World, secret: str) -> None:
    key = FactorKey(app.config["SETTINGS"].secret_key)
    with app.app_context():
        row = db.session.get_one(SecondFactor, world.users["sam"])
        assert key.opened(row.secret, world.users["sam"]) == secret
        assert key.opened(row.secret, world.users["ada"]) is None


def test_signing_in_asks_for_a_code_and_nothing_opens_before(app: Flask, secret: str) -> None:
    sam = begin(app)
    for path in ("/", "/staff/", "/account/", PAGE, NEW, "/account/password"):
        assert sam.get(path).location.startswith("/login"), path
    assert give(sam, "000000")[0] == 401
    assert not is_in(sam)
    assert give(sam, code_of(secret)) == (303, "/")
    assert is_in(sam)
    assert actions(app)[-3:] == ["sign_in_begun", "code_failed", "sign_in"]


def test_a_code_may_be_typed_with_a_gap_and_goes_on_to_where_one_was_going(app: Flask, secret: str) -> None:
    sam = Browser(app.test_client())
    sam.sign_in("sam", path="/login?next=/staff/members")
    code = code_of(secret)
    assert give(sam, f" {code[:3]} {code[3:]}") == (303, "/staff/members")


def test_a_code_of_the_step_before_or_after_fits_and_an_older_one_does_not(app: Flask, secret: str) -> None:
    assert give(begin(app), code_of(secret, -2 * STEP))[0] == 401
    assert give(begin(app), code_of(secret, -STEP))[0] == 303
    assert give(begin(app), code_of(secret, STEP))[0] == 303
    assert give(begin(app), code_of(secret))[0] == 401, "one that is older than the last used is over"


def test_a_code_signs_in_once(app: Flask, secret: str) -> None:
    """Abuse 14: whoever looks over a shoulder sees a code that was used."""
    code = code_of(secret)
    assert give(begin(app), code)[0] == 303
    status, page = give(begin(app), code)
    assert status == 401
    assert "That code is not right, or it was used already." in page


def test_a_recovery_code_lets_in_once_whatever_its_case_and_gaps(app: Flask, world: World) -> None:
    _secret, codes = give_factor(app, world.users["sam"])
    assert give(begin(app), codes[0].upper().replace("-", " "))[0] == 303
    assert mails(app)[-1] == ("sam@example.org", "security", "A recovery code was used")
    assert give(begin(app), codes[0])[0] == 401
    sam = begin(app)
    assert give(sam, codes[1])[0] == 303
    assert "You have 8 recovery codes left." in sam.get(PAGE).text


def test_nobodys_recovery_code_lets_another_in(app: Flask, world: World, secret: str) -> None:
    _secret, codes = give_factor(app, world.users["ada"])
    assert give(begin(app), codes[0])[0] == 401


def test_wrong_codes_are_counted_and_told_to_their_owner(app: Flask, world: World, secret: str) -> None:
    """Abuse 14: of whoever has the password, six digits are not to be guessed."""
    for _ in range(FAILURES_PER_CODES):
        assert give(begin(app), "000000")[0] == 401
    assert mails(app)[-1][2] == "Wrong codes for your sign-in"
    status, page = give(begin(app), code_of(secret))
    assert status == 429
    assert "Too many attempts. Wait 15 minutes, then try again." in page
    with app.app_context(), writing() as session:
        for failure in session.scalars(select(SignInFailure)):
            failure.at -= timedelta(minutes=15)
    assert give(begin(app), code_of(secret))[0] == 303


def test_a_right_code_forgets_the_wrong_ones(app: Flask, world: World, secret: str) -> None:
    sam = begin(app)
    give(sam, "000000")
    give(sam, code_of(secret))
    with app.app_context():
        assert code_key(world.users["sam"]) not in set(db.session.scalars(select(SignInFailure.key)))


@pytest.mark.parametrize("end", ["time", "password", "suspended", "removed"])
def test_what_was_begun_ends(app: Flask, world: World, secret: str, end: str) -> None:
    """Abuse 16: with five minutes, and with whatever ends a session."""
    sam = begin(app)
    if end == "time":
        with sam.client.session_transaction() as session:
            session["half"] = {**session["half"], "at": session["half"]["at"] - 300}
    with app.app_context(), writing() as transaction:
        user = transaction.get_one(User, world.users["sam"])
        if end == "password":
            set_password(transaction, user, "three plain words", OPERATOR)
        elif end == "suspended":
            user.is_active = False
        elif end == "removed":
            user.session_epoch += 1
    answer = sam.client.post("/login/code", data={"code": code_of(secret), "csrf_token": token(sam)})
    assert answer.location == "/login?over=1"
    assert "That took longer than five minutes" in sam.get(answer.location).text
    assert not is_in(sam)


def token(browser: Browser) -> str:
    found = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', browser.get("/login").text)
    assert found
    return found[1]


def test_the_second_page_is_nobodys_who_has_not_begun(stranger: Browser) -> None:
    assert stranger.get("/login/code").location == "/login?over=1"


def test_login_csrf_the_second_page_needs_its_token_too(app: Flask, secret: str) -> None:
    """Abuse 12: no other site finishes a sign-in, nor begins one."""
    sam = begin(app)
    assert sam.client.post("/login/code", data={"code": code_of(secret)}).status_code == 400
    assert app.test_client().post("/login", data={"email": "sam@example.org", "password": PASSWORD}).status_code == 400


def test_a_link_asks_for_the_code_as_well(app: Flask, secret: str) -> None:
    now = datetime.now(UTC)
    with app.app_context(), writing() as session:
        made = make_link(session, ask_for_link(session, "sam@example.org", "192.0.2.1", "en", "/staff/", now), now)
    assert made
    path = f"/login/link/{made.token}"
    sam = Browser(app.test_client())
    assert sam.send(path, page=path).location == "/login/code"
    assert not is_in(sam)
    assert give(sam, code_of(secret)) == (303, "/staff/")


def test_half_a_sign_in_takes_nothing_of_the_session_before(app: Flask, secret: str) -> None:
    browser = Browser(app.test_client())
    with browser.client.session_transaction() as session:
        session["planted"] = "by someone else"
    browser.sign_in("sam")
    with browser.client.session_transaction() as session:
        assert set(session) <= {"half", "csrf_token", "_fresh", "_flashes"}


def test_another_authenticator_takes_the_place_of_the_first(app: Flask, secret: str) -> None:
    sam = begin(app)
    give(sam, code_of(secret, -STEP))
    fresh = secret_on(sam.get(NEW).text)
    refused = sam.send(NEW, {"old": "000000", "code": code_of(fresh)}, page=NEW)
    assert (refused.status_code, "old-error" in refused.text) == (422, True)
    mistyped = sam.send(NEW, {"old": code_of(secret), "code": "000000"}, page=NEW)
    assert "That code is not of this secret." in mistyped.text
    done = sam.send(NEW, {"old": code_of(secret), "code": code_of(fresh, -STEP)}, page=NEW)
    assert len(recovery_codes_on(done.text)) == 10, "a slip with the new one uses nothing up"
    assert give(begin(app), code_of(secret, STEP))[0] == 401
    assert give(begin(app), code_of(fresh))[0] == 303


def test_new_recovery_codes_take_the_place_of_the_old(app: Flask, world: World) -> None:
    secret, old = give_factor(app, world.users["sam"])
    sam, page = begin(app), "/account/second-factor/codes"
    give(sam, code_of(secret, -STEP))
    assert sam.send(page, {"code": PASSWORD}, page=page).status_code == 422, "a password is no second factor"
    new = recovery_codes_on(sam.send(page, {"code": code_of(secret)}, page=page).text)
    assert len(new) == 10
    assert not set(new) & set(old)
    assert give(begin(app), old[0])[0] == 401
    assert give(begin(app), new[0])[0] == 303


def test_taking_it_away_asks_for_the_password_and_a_code(app: Flask, secret: str) -> None:
    sam, page = begin(app), "/account/second-factor/remove"
    give(sam, code_of(secret, -STEP))
    wrong_password = sam.send(page, {"current": "wrong-password", "code": code_of(secret)}, page=page)
    assert "That is not your present password." in wrong_password.text
    wrong_code = sam.send(page, {"current": PASSWORD, "code": "000000"}, page=page)
    assert "That code is not right" in wrong_code.text
    assert sam.send(page, {"current": PASSWORD, "code": code_of(secret)}, page=page).status_code == 303
    assert is_in(sam)
    assert Browser(app.test_client()).sign_in("sam").location == "/"
    assert mails(app)[-1][2] == "Your second factor was taken away"
    assert actions(app)[-2:] == ["remove_second_factor", "sign_in"]
    with app.app_context():
        assert db.session.scalars(select(RecoveryCode)).all() == []


def test_taking_it_away_ends_ones_tokens(app: Flask, world: World, secret: str) -> None:
    sam, page, now = begin(app), "/account/second-factor/remove", datetime.now(UTC)
    give(sam, code_of(secret, -STEP))
    with app.app_context(), writing() as session:
        made = make_token(session, session.get_one(User, world.users["sam"]), "figures", [Scope.READ], 5, now=now)
    assert sam.send(page, {"current": PASSWORD, "code": code_of(secret)}, page=page).status_code == 303
    with app.app_context():
        assert open_token(db.session(), made.shown, now=now) is None


def test_who_has_no_password_takes_it_away_by_a_code_alone(app: Flask, world: World, secret: str) -> None:
    sam, page = begin(app), "/account/second-factor/remove"
    give(sam, code_of(secret, -STEP))
    with app.app_context(), writing() as session:
        session.get_one(User, world.users["sam"]).password_hash = None
    assert sam.send(page, {"code": code_of(secret)}, page=page).status_code == 303


def test_pages_about_a_factor_that_is_not_there_lead_to_the_one_that_says_so(signed_in: Callable[[str], Browser]) -> None:
    ana = signed_in("ana")
    assert ana.get("/account/second-factor/codes").location == PAGE
    assert ana.get("/account/second-factor/remove").location == PAGE


# --- An administrator's and the operator's part ---------------------------------------------------------------------------


def test_an_administrator_takes_away_what_someone_lost(
    app: Flask, world: World, secret: str, signed_in: Callable[[str], Browser]
) -> None:
    ada = signed_in("ada")
    path = f"/admin/users/{world.users['sam']}/second-factor"
    assert path in ada.get(f"/admin/users/{world.users['sam']}").text
    assert ada.send(path, page=path).status_code == 303
    assert Browser(app.test_client()).sign_in("sam").location == "/"
    assert "reset_second_factor" in actions(app)
    assert ("sam@example.org", "security", "Your second factor was taken away") in mails(app)
    assert ada.send(path, page=path).status_code == 409, "there is none any more"


def test_nobody_takes_away_their_own_as_an_administrator(app: Flask, world: World) -> None:
    """Abuse 14: an open session and a role are not enough."""
    secret, _codes = give_factor(app, world.users["ada"])
    ada = begin(app, "ada")
    give(ada, code_of(secret))
    path = f"/admin/users/{world.users['ada']}/second-factor"
    answer = ada.send(path, page=path)
    assert answer.status_code == 409
    assert "Another administrator" in answer.text


@pytest.mark.parametrize("who", ["ana", "ben", "otto"])
def test_no_one_else_takes_anothers_away(app: Flask, world: World, signed_in: Callable[[str], Browser], who: str) -> None:
    give_factor(app, world.users["sam"])
    assert signed_in(who).send(f"/admin/users/{world.users['sam']}/second-factor", page="/account/").status_code == 404


def test_after_the_secret_key_has_changed_a_recovery_code_leads_to_a_new_factor(app: Flask, world: World) -> None:
    secret, codes = give_factor(app, world.users["sam"])
    with app.app_context(), writing() as session:
        other = FactorKey("another key of the installation, long enough")
        row = session.get_one(SecondFactor, world.users["sam"])
        row.secret = other.seal(world.users["sam"], secret, datetime.now(UTC))
    sam = begin(app)
    status, page = give(sam, code_of(secret))
    assert status == 401
    assert "the secret key of this installation was changed" in page
    assert give(sam, codes[0])[0] == 303
    assert "Set up your second factor anew" in sam.get(PAGE).text
    fresh = secret_on(sam.get(NEW).text)
    sam.send(NEW, {"old": codes[1], "code": code_of(fresh, -STEP)}, page=NEW)
    assert give(begin(app), code_of(fresh))[0] == 303


# --- Where it is required -------------------------------------------------------------------------------------------------


class TestRequired:
    """`TRACKER_REQUIRE_TOTP`: of staff, auditors and administrators."""

    @pytest.fixture
    def app(self, tmp_path: Path) -> Flask:
        app = create_app(settings(tmp_path, TRACKER_URL=URL, TRACKER_REQUIRE_TOTP="1", **MAIL))
        with app.app_context():
            db.create_all()
        return app

    @pytest.mark.parametrize("who", ["sam", "otto", "ada"])
    def test_who_holds_power_reaches_nothing_before_it_is_set(
        self, app: Flask, world: World, signed_in: Callable[[str], Browser], who: str
    ) -> None:
        browser = signed_in(who)
        for path in ("/", "/staff/", "/reports/", "/admin/", "/account/", "/account/password", "/help/", PAGE + "/codes"):
            assert browser.get(path).location == NEW, path
        page = browser.get(NEW).text
        assert "Whoever holds a role like yours needs a second factor here." in page
        done = browser.send(NEW, {"code": code_of(secret_on(page))}, page=NEW)
        assert len(recovery_codes_on(done.text)) == 10
        assert browser.get("/account/").status_code == 200

    def test_what_changes_something_is_closed_as_well(self, signed_in: Callable[[str], Browser]) -> None:
        sam = signed_in("sam")
        assert sam.send("/account/password", {"current": PASSWORD}, page=NEW).location == NEW
        assert sam.send("/logout", page=NEW).location == "/login?out=1"

    @pytest.mark.parametrize("who", ["ana", "ben", "dora", "noor"])
    def test_nobody_else_needs_one(self, signed_in: Callable[[str], Browser], who: str) -> None:
        assert signed_in(who).get("/account/").status_code == 200

    def test_a_token_opens_nothing_before_its_owner_has_one(self, app: Flask, world: World) -> None:
        """One that was made before the role, or before an installation asked for it."""

        def answered(name: str) -> int:
            with app.app_context(), writing() as session:
                user, now = session.get_one(User, world.users[name]), datetime.now(UTC)
                token = make_token(session, user, f"{now}", [Scope.READ], 30, now=now).shown
            return app.test_client().get("/api/v1/me", headers={"Authorization": f"Bearer {token}"}).status_code

        assert [answered(name) for name in ("sam", "otto", "ada", "ana", "ben")] == [401, 401, 401, 200, 200]
        give_factor(app, world.users["sam"])
        assert answered("sam") == 200

    def test_it_cannot_be_taken_away(self, app: Flask, world: World) -> None:
        secret, codes = give_factor(app, world.users["sam"])
        sam = begin(app)
        give(sam, code_of(secret))
        assert "/remove" not in sam.get(PAGE).text
        fields = {"current": PASSWORD, "code": codes[0]}
        assert sam.send(f"{PAGE}/remove", fields, page=PAGE).location == PAGE
        assert begin(app) is not None, "it is asked for still"

    def test_a_role_that_begins_asks_for_it_at_once(
        self, app: Flask, world: World, signed_in: Callable[[str], Browser]
    ) -> None:
        ana = signed_in("ana")
        assert ana.get("/account/").status_code == 200
        with app.app_context(), writing() as session:
            grant = next(iter(session.get_one(User, world.users["sam"]).grants))
            held = type(grant)(
                id=new_id(), user_id=world.users["ana"], role=grant.role, unit_id=None, from_on=grant.from_on, until_on=None
            )
            session.add(held)
        assert ana.get("/account/").location == NEW
