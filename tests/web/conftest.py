"""The web tests' fixtures. None leaves an app context open: it would lend one client's sign-in to the next."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from flask import Flask
from little_union import LONG_AGO, PASSWORD, Browser, World, settings
from training_union import train

from tracker import create_app
from tracker.curriculum.words import Role, UnitKind
from tracker.models import Identifier, IdentifierKind, Member, Unit, UnitClosure, db, new_id, writing
from tracker.operations.accounts import add_user
from tracker.operations.actor import OPERATOR
from tracker.operations.passwords import password_hash

_HASH = password_hash(PASSWORD, "")  # once, for it is slow on purpose


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    app = create_app(settings(tmp_path))
    with app.app_context():
        db.create_all()
    return app


@pytest.fixture
def world(app: Flask) -> World:
    """Ana is a member; Ben leads Local 80; Dora looks after District 2; Sam is staff, Ada administers, Otto audits;
    Noor can sign in and holds no role any more."""
    with app.app_context(), writing() as session:
        units: dict[str, Unit] = {}
        above: dict[str, list[str]] = {"IATSE": [], "2": ["IATSE"], "80": ["2", "IATSE"], "600": ["2", "IATSE"]}
        for number, ancestors in above.items():
            kind = (UnitKind.INTERNATIONAL, UnitKind.DISTRICT, UnitKind.LOCAL)[len(ancestors)]
            unit = Unit(id=new_id(), number=number, number_key=number.casefold(), name=number, kind=kind)
            unit.parent_id = units[ancestors[0]].id if ancestors else None
            units[number] = unit
            session.add(unit)
            session.flush()
            for depth, ancestor in enumerate([number, *ancestors]):
                session.add(UnitClosure(ancestor_id=units[ancestor].id, descendant_id=unit.id, depth=depth))
        now = datetime.now(UTC)
        ana = Member(
            member_id=new_id(), number="0012", first_name="Ana", last_name="Example", name_key="example ana", created_at=now
        )
        number = Identifier(kind=IdentifierKind.NUMBER, value="12", member_id=ana.member_id, shown="0012", recorded_at=now)
        session.add_all([ana, number])
        session.flush()
        held = {
            "ana": (Role.MEMBER, None),
            "ben": (Role.LOCAL_LEAD, units["80"]),
            "dora": (Role.DISTRICT_VIEWER, units["2"]),
            "sam": (Role.STAFF, None),
            "ada": (Role.ADMIN, None),
            "otto": (Role.AUDITOR, None),
            "noor": (Role.STAFF, None),
        }
        users = {}
        for name, (role, unit_held) in held.items():
            member_id = ana.member_id if role is Role.MEMBER else None
            user = add_user(session, f"{name}@example.org", role, unit_held, member_id, OPERATOR, LONG_AGO)
            if name == "noor":
                user.grants[0].until_on = date(2020, 6, 1)
            user.password_hash = _HASH
            users[name] = user.id
        return World(users, {number: unit.id for number, unit in units.items()}, ana.member_id)


@pytest.fixture
def stranger(app: Flask, world: World) -> Browser:
    return Browser(app.test_client())


@pytest.fixture
def signed_in(app: Flask, world: World) -> Callable[[str], Browser]:
    """A browser in which someone of the world is signed in."""

    def open_browser(name: str) -> Browser:
        browser = Browser(app.test_client())
        assert browser.sign_in(name).status_code == 303
        return browser

    return open_browser


@pytest.fixture
def union(app: Flask, world: World) -> World:
    """The little union with a curriculum, a roster and a path that is asked of Local 80: see `training_union`."""
    with app.app_context():
        train()
    return world
