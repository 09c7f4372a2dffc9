"""What could give a sign-in or a record away: only its owner's own address opens it, and whoever is concerned is told."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from flask import Flask
from little_union import Browser, World
from sqlalchemy import select

from tracker.models import Identifier, IdentifierKind, Member, Notice, User, db, new_id, writing
from tracker.operations.accounts import change_address
from tracker.operations.actor import OPERATOR
from tracker.operations.sign_in_links import ask_for_link, make_link
from tracker.operations.tokens import Scope, make_token

SignIn = Callable[[str], Browser]


def now() -> datetime:
    return datetime.now(UTC)


def told(app: Flask) -> list[tuple[str, str]]:
    """To which address which mail was kept, by its subject."""
    with app.app_context():
        return [(each.address, each.subject) for each in db.session.scalars(select(Notice).order_by(Notice.id))]


def without_password(app: Flask, user_id: int) -> None:
    with app.app_context(), writing() as session:
        session.get_one(User, user_id).password_hash = None


def token_of(app: Flask, user_id: int) -> str:
    with app.app_context(), writing() as session:
        return make_token(session, session.get_one(User, user_id), "figures", [Scope.READ], 30, now=now()).shown


def answered(app: Flask, token: str) -> int:
    return app.test_client().get("/api/v1/me", headers={"Authorization": f"Bearer {token}"}).status_code


def known_by(app: Flask, number: str, email: str) -> None:
    """A member of the roster, known by an address and without a sign-in."""
    with app.app_context(), writing() as session:
        member = Member(member_id=new_id(), number=number, first_name="Zoe", last_name="New", created_at=now())
        session.add(member)
        session.flush()
        for kind, value in ((IdentifierKind.NUMBER, number), (IdentifierKind.EMAIL, email)):
            session.add(
                Identifier(kind=kind, value=value, member_id=member.member_id, shown=value, recorded_at=now()),
            )


@pytest.mark.parametrize("name", ["ana", "sam"])
def test_a_password_made_for_whoever_came_by_links_is_told_and_ends_their_tokens(
    app: Flask, world: World, signed_in: SignIn, name: str
) -> None:
    without_password(app, world.users[name])
    token = token_of(app, world.users[name])
    page = signed_in("ada").send(f"/admin/users/{world.users[name]}/password", page="/admin/")
    assert page.status_code == 200
    assert (f"{name}@example.org", "You have a password now") in told(app)
    assert answered(app, token) == 401


def test_an_administrators_own_password_takes_the_present_one(app: Flask, world: World, signed_in: SignIn) -> None:
    ada = signed_in("ada")
    answer = ada.send(f"/admin/users/{world.users['ada']}/password", page="/admin/")
    assert "Change your own password on your account page" in answer.text
    assert Browser(app.test_client()).sign_in("ada").status_code == 303, "with the old one"


def test_a_member_is_told_whose_sign_in_opens_their_record(app: Flask, signed_in: SignIn) -> None:
    known_by(app, "77", "zoe@example.org")
    form = {"email": "somebody@else.example", "role": "member", "member": "77", "unit": ""}
    assert signed_in("ada").send("/admin/users/new", form, page="/admin/users/new").status_code == 200
    assert told(app) == [("zoe@example.org", "Your training record has a sign-in now")]


def test_a_member_who_gets_a_sign_in_by_their_own_address_is_told_nothing_more(app: Flask, signed_in: SignIn) -> None:
    known_by(app, "77", "zoe@example.org")
    form = {"email": "Zoe@example.org", "role": "member", "member": "77", "unit": ""}
    assert signed_in("ada").send("/admin/users/new", form, page="/admin/users/new").status_code == 200
    assert told(app) == []


def test_no_administrator_takes_a_members_record_for_their_own(app: Flask, signed_in: SignIn) -> None:
    known_by(app, "77", "zoe@example.org")
    ada = signed_in("ada")
    form = {"email": "ada@example.org", "role": "member", "member": "77", "unit": ""}
    answer = ada.send("/admin/users/new", form, page="/admin/users/new")
    assert "Nobody gives themselves a role" in answer.text
    assert "Zoe" not in ada.get("/my/").text
    assert told(app) == []


def test_a_new_address_ends_the_old_ones_links_and_every_token(app: Flask, world: World) -> None:
    token = token_of(app, world.users["ana"])
    with app.app_context(), writing() as session:
        link = make_link(session, ask_for_link(session, "ana@example.org", "192.0.2.1", "en", "", now()), now())
    assert link is not None
    path = f"/login/link/{link.token}"
    with app.app_context(), writing() as session:
        session.add(
            Identifier(
                kind=IdentifierKind.EMAIL,
                value="ana@example.org",
                member_id=world.ana,
                shown="ana@example.org",
                recorded_at=now(),
            )
        )
        change_address(session, session.get_one(User, world.users["ana"]), "ana@new.example", OPERATOR, now())
    browser = Browser(app.test_client())
    assert "signs nobody in" in browser.get(path).text
    assert browser.send(path).location != "/my/"
    assert "ana@new.example" not in browser.get("/account/").text
    assert answered(app, token) == 401


def test_who_makes_a_token_is_told_by_mail(app: Flask, signed_in: SignIn) -> None:
    form = {"name": "figures", "scopes": "read", "days": "30"}
    page = signed_in("ana").send("/account/tokens/new", form, page="/account/tokens/new").text
    assert re.search(r"trk_[\w-]{43}", page)
    assert told(app) == [("ana@example.org", "A token was made for your sign-in")]
    with app.app_context():
        body = db.session.scalars(select(Notice.body)).one()
    assert "“figures”" in body
    assert "trk_" not in body
