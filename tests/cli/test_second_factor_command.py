"""`tracker user`: a lost second factor, and whose record a sign-in is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pyotp
from click.testing import Result
from sqlalchemy import select

from tests.conftest import make_settings
from tracker import create_app
from tracker.models import Identifier, IdentifierKind, Member, SecondFactor, User, db, new_id, writing
from tracker.operations.second_factor import FactorKey, set_factor

Tracker = Callable[..., Result]


def test_the_operator_takes_away_what_someone_lost(tracker: Tracker, database_url: str, tmp_path: Path) -> None:
    tracker("user", "add", "bo@example.org", "--role", "staff")
    assert "has no second factor" in tracker("user", "reset-factor", "bo@example.org", exit_code=1).output
    now, secret = datetime.now(UTC), pyotp.random_base32()
    app = create_app(make_settings(tmp_path, database_url))
    with app.app_context():
        with writing() as session:
            user = session.scalars(select(User)).one()
            set_factor(session, user, secret, pyotp.TOTP(secret).at(now), FactorKey("any key"), now)
        said = tracker("user", "reset-factor", "BO@example.org").output
        assert "signs in without a code now" in said
        db.session.rollback()
        assert db.session.scalars(select(SecondFactor)).all() == []
        db.session.remove()
        db.engine.dispose()
    assert "Nobody signs in as" in tracker("user", "reset-factor", "al@example.org", exit_code=1).output


def test_a_member_who_turned_out_to_be_another_gets_no_sign_in(tracker: Tracker, database_url: str, tmp_path: Path) -> None:
    app, now = create_app(make_settings(tmp_path, database_url)), datetime.now(UTC)
    with app.app_context():
        with writing() as session:
            kept = Member(member_id=new_id(), number="0012", first_name="Ana", last_name="Example", created_at=now)
            gone = Member(member_id=new_id(), number="99", created_at=now, merged_into_id=kept.member_id)
            session.add_all([kept, gone])
            session.flush()
            who = {"kind": IdentifierKind.NUMBER, "value": "99", "member_id": gone.member_id}
            session.add(Identifier(**who, shown="99", recorded_at=now))
        db.session.remove()
        db.engine.dispose()
    said = tracker("user", "add", "ana@example.org", "--role", "member", "--member", "99", exit_code=1).output
    assert "Member 99 turned out to be Ana Example, member 0012: name that number." in said
