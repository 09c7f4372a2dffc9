"""Signing in with an OpenID Connect provider: a real one on this machine, right and wrong in every way it can be."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests
from flask import Flask
from little_union import Browser, World, settings
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from tests.sign_in_provider import CLIENT_ID, CLIENT_SECRET, Provider, sign_in_provider
from tracker import create_app
from tracker.intake.openid import Limits
from tracker.intake.openid.asking import Session
from tracker.models import (
    AuditEntry,
    Identifier,
    IdentifierKind,
    Member,
    Notice,
    OutsideIdentity,
    User,
    db,
    new_id,
    writing,
)
from tracker.operations.accounts import change_address
from tracker.operations.actor import OPERATOR

URL = "https://training.example.org"
BACK = "/login/provider/back"
NOT_HERE = "leads to no sign-in here"
NOT_BY_IT = "did not sign you in"


@pytest.fixture
def provider() -> Iterator[Provider]:
    with sign_in_provider(f"{URL}{BACK}") as found:
        yield found


@pytest.fixture
def app(tmp_path: Path, provider: Provider) -> Flask:
    app = create_app(
        settings(
            tmp_path,
            TRACKER_URL=URL,
            TRACKER_OIDC_ISSUER=provider.issuer,
            TRACKER_OIDC_CLIENT_ID=CLIENT_ID,
            TRACKER_OIDC_CLIENT_SECRET=CLIENT_SECRET,
            TRACKER_OIDC_NAME="Union Sign-In",
        )
    )
    with app.app_context():
        db.create_all()
    return app


def there(browser: Browser, path: str = "/login/provider") -> str:
    """Go to the provider and sign in there.

    Returns:
        The path, on our pages, that it sends the browser back to.
    """
    answer = browser.get(path)
    assert answer.status_code == 303, answer.text
    sent = requests.get(answer.location, allow_redirects=False, timeout=20)
    assert sent.status_code == 302
    assert sent.headers["Location"].startswith(f"{URL}{BACK}?")
    return sent.headers["Location"].removeprefix(URL)


def sign_in(browser: Browser) -> TestResponse:
    return browser.get(there(browser))


def who(browser: Browser) -> str:
    page = browser.get("/account/").text
    return next(name for name in ("ana@", "sam@", "zoe@", "ada@", "Redirecting") if name in page)


def count(app: Flask, table: type) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(table)) or 0


def test_the_button_is_there_where_the_settings_name_a_provider(stranger: Browser, tmp_path: Path) -> None:
    assert 'href="/login/provider">Sign in with Union Sign-In</a>' in stranger.get("/login").text
    without = create_app(settings(tmp_path / "without"))
    with without.app_context():
        db.create_all()
    other = Browser(without.test_client())
    assert "/login/provider" not in other.get("/login").text
    assert other.get("/login/provider").status_code == 404
    assert other.get(BACK).status_code == 404


def test_a_person_whose_address_is_confirmed_signs_in_and_goes_on(app: Flask, stranger: Browser) -> None:
    answer = stranger.get(there(stranger, "/login/provider?next=/my/completions/new"))
    assert (answer.status_code, answer.location) == (303, "/my/completions/new")
    assert who(stranger) == "ana@"
    with app.app_context():
        linked = db.session.scalars(select(OutsideIdentity)).one()
        assert linked.subject == "ana-1"
        trail = list(db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))
        assert trail[-2:] == ["link_provider", "sign_in"]
        assert [each.kind for each in db.session.scalars(select(Notice))] == ["security"]


@pytest.mark.parametrize("trick", ["//evil.example", "https://evil.example", "/%5Cevil.example"])
def test_the_way_back_never_leads_to_another_site(stranger: Browser, trick: str) -> None:
    assert stranger.get(there(stranger, f"/login/provider?next={trick}")).location == "/"


def test_what_is_asked_is_bound_to_this_browser_and_says_nothing_of_the_request(
    provider: Provider, stranger: Browser
) -> None:
    """Abuse 15: the address to come back to is the setting's, whatever host a request or a proxy names."""
    answer = stranger.client.get("/login/provider", headers={"X-Forwarded-Host": "evil.example"})
    asked = {name: values[0] for name, values in parse_qs(urlsplit(answer.location).query).items()}
    assert answer.location.startswith(f"{provider.issuer}/authorize?")
    assert asked["redirect_uri"] == f"{URL}{BACK}"
    assert len(asked["state"]) >= 40
    assert len(asked["nonce"]) >= 40
    assert asked["state"] != asked["nonce"]
    again = parse_qs(urlsplit(stranger.get("/login/provider").location).query)
    assert again["state"][0] != asked["state"], "each time anew"


def test_a_member_of_the_roster_gets_their_first_sign_in(app: Flask, provider: Provider, stranger: Browser) -> None:
    with app.app_context(), writing() as session:
        now = datetime.now(UTC)
        member = Member(member_id=new_id(), number="77", first_name="Zoë", last_name="New", created_at=now)
        session.add(member)
        session.flush()
        known = {"kind": IdentifierKind.EMAIL, "value": "zoe@example.org", "member_id": member.member_id}
        session.add(Identifier(**known, shown="Zoe@example.org", recorded_at=now))
    provider.person = {"sub": "zoe-1", "email": "zoe@Example.org"}
    assert sign_in(stranger).status_code == 303
    assert stranger.get("/").location == "/my/"
    assert "Zoë New" in stranger.get("/account/").text


UNKNOWN: list[tuple[dict[str, Any], object]] = [
    ({"sub": "x", "email": "nobody@example.org"}, True),
    ({"sub": "x", "email": "ana@example.org"}, False),
    ({"sub": "x", "email": "ana@example.org"}, "true"),
    ({"sub": "x", "email": "ana@example.org"}, None),
    ({"sub": "x", "email": ["ana@example.org"]}, True),
    ({"sub": "x"}, True),
    ({"sub": "x", "email": "noor@example.org"}, True),  # suspended below
    ({"sub": "x", "email": "s\u0430m@example.org"}, True),  # its second letter is Cyrillic
    ({"sub": "x", "email": "ana@example.org" + " " * 300}, True),
]


def test_whoever_is_not_let_in_reads_one_page(app: Flask, world: World, provider: Provider, stranger: Browser) -> None:
    """Abuse 14: unknown, suspended and unconfirmed are told alike."""
    with app.app_context(), writing() as session:
        session.get_one(User, world.users["noor"]).is_active = False
    pages = set()
    for person, is_confirmed in UNKNOWN:
        with provider.turned(person=person, is_confirmed=is_confirmed):
            answer = sign_in(stranger)
        assert answer.status_code == 403, person
        assert NOT_HERE in answer.text
        assert 'href="/login"' in answer.text, "the way back"
        assert who(stranger) == "Redirecting"
        pages.add(re.sub(r'value="[^"]*"', "", answer.text))
    assert len(pages) == 1
    assert count(app, OutsideIdentity) == 0


def test_an_address_that_only_looks_alike_where_case_is_ignored_is_another(
    app: Flask, world: World, provider: Provider, stranger: Browser
) -> None:
    """Abuse 15: the Kelvin sign is a k to whoever ignores case, and another mailbox at the provider."""
    with app.app_context(), writing() as session:
        sam = session.get_one(User, world.users["sam"])
        sam.email, sam.email_key = "mike@example.org", "mike@example.org"
    provider.person = {"sub": "x", "email": "mi\u212ae@example.org"}
    assert NOT_HERE in sign_in(stranger).text


def test_who_was_linked_stays_themselves_whatever_becomes_of_their_address(
    app: Flask, provider: Provider, stranger: Browser
) -> None:
    """Abuse 20: taking over an address at the provider takes over nobody's account."""
    assert sign_in(stranger).status_code == 303
    provider.person = {"sub": "ana-1", "email": "sam@example.org"}
    changed = Browser(app.test_client())
    assert sign_in(changed).status_code == 303
    assert who(changed) == "ana@", "what the provider calls them counts, not an address"
    provider.person = {"sub": "ana-2", "email": "ana@example.org"}
    heir = Browser(app.test_client())
    assert NOT_HERE in sign_in(heir).text, "another person has Ana's address now"
    provider.person, provider.is_confirmed = {"sub": "ana-1"}, None
    assert sign_in(Browser(app.test_client())).status_code == 303, "whom it knows needs no address"


def test_a_new_address_here_must_be_found_at_the_provider_anew(app: Flask, provider: Provider, stranger: Browser) -> None:
    """Abuse 16: who lost an old mailbox may have lost the account at the provider with it."""
    assert sign_in(stranger).status_code == 303
    with app.app_context(), writing() as session:
        ana = session.scalars(select(User).where(User.email_key == "ana@example.org")).one()
        change_address(session, ana, "ana@new.example", OPERATOR, datetime.now(UTC))
    assert NOT_HERE in sign_in(Browser(app.test_client())).text
    provider.person = {"sub": "ana-9", "email": "ana@new.example"}
    assert sign_in(Browser(app.test_client())).status_code == 303


def known_by(app: Flask, world: World, email: str) -> None:
    """Ana is known by one more address, as a roster or a report gave it."""
    with app.app_context(), writing() as session:
        known = {"kind": IdentifierKind.EMAIL, "value": email, "member_id": world.ana, "shown": email}
        session.add(Identifier(**known, recorded_at=datetime.now(UTC)))


def test_another_address_that_a_member_is_known_by_signs_nobody_in(
    app: Flask, world: World, provider: Provider, stranger: Browser
) -> None:
    """Abuse 20: whoever brings a report in can have any address recognised as a member's; a link asked for by it goes to the
    address that signs in, so the provider's word for it opens nothing either."""
    known_by(app, world, "mallory@evil.example")
    provider.person = {"sub": "mallory-1", "email": "mallory@evil.example"}
    assert NOT_HERE in sign_in(stranger).text
    assert who(stranger) == "Redirecting"
    assert count(app, OutsideIdentity) == 0


def test_an_old_address_that_the_roster_still_gives_leads_in_no_more(app: Flask, world: World, stranger: Browser) -> None:
    known_by(app, world, "ana@example.org")
    assert sign_in(stranger).status_code == 303
    with app.app_context(), writing() as session:
        change_address(session, session.get_one(User, world.users["ana"]), "ana@new.example", OPERATOR, datetime.now(UTC))
    assert NOT_HERE in sign_in(Browser(app.test_client())).text


def test_a_suspended_person_who_was_linked_is_let_in_no_more(app: Flask, world: World, stranger: Browser) -> None:
    assert sign_in(stranger).status_code == 303
    with app.app_context(), writing() as session:
        session.get_one(User, world.users["ana"]).is_active = False
    assert NOT_HERE in sign_in(Browser(app.test_client())).text


NOT_GOOD: list[dict[str, Any]] = [
    {"claims": {"nonce": "another"}},
    {"claims": {"nonce": None}},
    {"claims": {"nonce": ["x"]}},
    {"claims": {"aud": "another"}},
    {"claims": {"aud": None}},
    {"claims": {"aud": [CLIENT_ID, "another"]}},
    {"claims": {"aud": [CLIENT_ID, "another"], "azp": "another"}},
    {"claims": {"aud": CLIENT_ID, "azp": "another"}},
    {"claims": {"iss": "https://evil.example"}},
    {"claims": {"exp": 1_000_000_000}},
    {"claims": {"exp": None}},
    {"claims": {"iat": 9_000_000_000}},
    {"claims": {"sub": None}},
    {"claims": {"sub": ""}},
    {"claims": {"sub": 7}},
    {"claims": {"sub": "x" * 256}},
    {"alg": "none"},
    {"alg": "HS256"},
    {"alg": "HS256", "signs_with": "its public key"},
    {"signs_with": "another key"},
]


def test_what_the_provider_did_not_sign_for_us_now_signs_nobody_in(provider: Provider, stranger: Browser) -> None:
    for switches in NOT_GOOD:
        with provider.turned(**switches):
            answer = sign_in(stranger)
        assert answer.status_code == 403, switches
        assert f"Union Sign-In {NOT_BY_IT}" in answer.text
        assert who(stranger) == "Redirecting", switches
    assert sign_in(stranger).status_code == 303, "nothing else kept them out"


def test_several_audiences_are_fine_where_the_token_was_made_for_us(provider: Provider, stranger: Browser) -> None:
    provider.claims = {"aud": [CLIENT_ID, "another"], "azp": CLIENT_ID}
    assert sign_in(stranger).status_code == 303


def test_login_csrf_a_way_back_that_another_browser_began_signs_nobody_in(app: Flask, stranger: Browser) -> None:
    """Abuse 12: an attacker cannot sign a victim's browser in as themselves."""
    attackers = there(Browser(app.test_client()))
    assert stranger.get(attackers).status_code == 403, "nothing was begun here"
    own = there(stranger)
    assert stranger.get(attackers).status_code == 403, "nor is another's state ours"
    assert stranger.get(own).status_code == 403, "which ends what was begun"
    assert who(stranger) == "Redirecting"


def test_a_way_back_leads_in_once(stranger: Browser) -> None:
    path = there(stranger)
    assert stranger.get(path).status_code == 303
    stranger.client.delete_cookie("tracker")
    assert stranger.get(path).status_code == 403


def test_a_refusal_of_the_provider_is_told_with_the_way_back(stranger: Browser) -> None:
    for said in ({"error": "access_denied"}, {}, {"code": "made up"}, {"code": "x", "iss": "https://evil.example"}):
        state = parse_qs(urlsplit(there(stranger)).query)["state"][0]
        answer = stranger.get(f"{BACK}?{urlencode({'state': state, **said})}")
        assert answer.status_code == 403
        assert NOT_BY_IT in answer.text
        assert 'href="/login"' in answer.text


def test_a_session_begins_with_nothing_of_the_old_one(stranger: Browser) -> None:
    with stranger.client.session_transaction() as session:
        session["planted"] = "by someone else"
    sign_in(stranger)
    with stranger.client.session_transaction() as session:
        assert "planted" not in session
        assert "_user_id" in session


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Session, "limits", Limits(connecting=0.3, silence=0.3, answer=0.6))


SILENT: list[dict[str, Any]] = [
    {"broken": "/.well-known/openid-configuration"},
    {"moved": "/.well-known/openid-configuration"},
    {"slow": "/.well-known/openid-configuration"},
    {"discovery": {"issuer": "https://evil.example"}},
    {"discovery": {"issuer": None}},
    {"discovery": {"token_endpoint": "file:///etc/passwd"}},
    {"discovery": {"jwks_uri": None}},
    {"discovery": {"padding": "x" * Limits().size}},
]


@pytest.mark.usefixtures("impatient")
def test_a_provider_that_does_not_answer_is_told_in_words(provider: Provider, stranger: Browser) -> None:
    for switches in SILENT:
        with provider.turned(**switches):
            answer = stranger.get("/login/provider")
        assert answer.status_code == 503, switches
        assert "Union Sign-In does not answer at this moment." in answer.text
        assert 'href="/login"' in answer.text
    assert sign_in(stranger).status_code == 303, "once it answers, all is well"


@pytest.mark.usefixtures("impatient")
def test_a_provider_that_stops_answering_on_the_way_back_signs_nobody_in(provider: Provider, stranger: Browser) -> None:
    for how in ("broken", "moved", "slow"):
        for path in ("/token", "/keys"):
            back = there(stranger)
            with provider.turned(**{how: path}):
                answer = stranger.get(back)
            assert answer.status_code == 503, (how, path)
            assert 'href="/login"' in answer.text
            assert who(stranger) == "Redirecting"
    assert "/elsewhere" not in provider.asked, "no redirect is followed"


def test_what_the_provider_says_of_itself_is_not_asked_for_each_visitor(
    app: Flask, provider: Provider, stranger: Browser
) -> None:
    for _ in range(3):
        stranger.get("/login/provider")
    assert provider.asked == ["/.well-known/openid-configuration"]
