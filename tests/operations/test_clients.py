"""Programs that may send statements: made, recognised, revoked; their guesses counted like people's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import func, select

from tracker.models import ApiClient, AuditEntry, SignInFailure, db, writing
from tracker.operations.accounts import FAILURES_PER_ACCOUNT, FAILURES_PER_ADDRESS, FAILURES_WINDOW
from tracker.operations.actor import OPERATOR, Actor
from tracker.operations.clients import (
    NewClient,
    add_client,
    client_of_credentials,
    note_failure,
    open_client,
    revoke_client,
)
from tracker.operations.refused import Refused

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOME = "198.51.100.7"


def add(app: Flask, name: str = "LinkedIn Learning", actor: Actor = OPERATOR) -> NewClient:
    with app.app_context(), writing() as session:
        return add_client(session, name, actor, now=NOW)


def recognised(app: Flask, client_id: str, secret: str, address: str = HOME, now: datetime = NOW) -> str | None:
    """The name of the client, or the refusal's code."""
    with app.app_context():
        try:
            found = client_of_credentials(db.session(), client_id, secret, address, now=now)
        except Refused as refused:
            return refused.code
        return found.name if found else None


def fail(app: Flask, client_id: str, address: str = HOME, now: datetime = NOW) -> None:
    with app.app_context(), writing() as session:
        note_failure(session, client_id, address, now=now)


def test_a_client_is_recognised_by_its_secret_of_which_only_the_hash_is_kept(app: Flask) -> None:
    made = add(app, "  LinkedIn   Learning ", Actor(7, "admin", "ada@example.org"))
    assert recognised(app, made.client.client_id, made.secret) == "LinkedIn Learning"
    with app.app_context():
        kept = db.session.scalars(select(ApiClient)).one()
        assert len(made.secret) == 43
        assert made.secret not in f"{kept.secret_hash}{kept.client_id}{kept.name}"
        assert (kept.created_at, kept.created_by, kept.revoked_at) == (NOW, 7, None)
        (entry,) = db.session.scalars(select(AuditEntry))
        assert (entry.action, entry.actor_role, entry.object_kind, entry.object_id) == (
            "add_client",
            "admin",
            "client",
            kept.id,
        )
        assert entry.detail == {"client": "LinkedIn Learning", "client_id": kept.client_id, "scopes": "xapi:write"}


def test_secrets_and_ids_never_repeat(app: Flask) -> None:
    made = [add(app, f"Client {each}") for each in range(20)]
    assert len({each.secret for each in made} | {each.client.client_id for each in made}) == 40


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("", "no_name"),
        (" \t", "no_name"),
        ("x" * 81, "long_name"),
        ("a\u202eb", "long_name"),
        ("LINKEDIN learning", "name_taken"),
    ],
)
def test_a_name_that_tells_nothing_is_refused(app: Flask, name: str, code: str) -> None:
    add(app)
    with pytest.raises(Refused) as caught:
        add(app, name)
    assert (caught.value.code, caught.value.field) == (code, "name")
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(ApiClient)) == 1


def test_a_revoked_client_is_nobody_and_its_name_is_free(app: Flask) -> None:
    made = add(app)
    with app.app_context(), writing() as session:
        assert open_client(session, made.client.id) is not None
        revoke_client(session, session.get_one(ApiClient, made.client.id), OPERATOR, now=NOW)
    assert recognised(app, made.client.client_id, made.secret) is None
    with app.app_context(), writing() as session:
        assert open_client(session, made.client.id) is None
        with pytest.raises(Refused, match="already"):
            revoke_client(session, session.get_one(ApiClient, made.client.id), OPERATOR, now=NOW)
    assert add(app).client.id != made.client.id


@pytest.mark.parametrize("secret", ["", "wrong", "\0", "\ud800", "x" * 100_000])
@pytest.mark.parametrize("known", [True, False])
def test_no_other_secret_fits(sqlite_app: Flask, secret: str, known: bool) -> None:
    made = add(sqlite_app)
    assert recognised(sqlite_app, made.client.client_id if known else secret, secret) is None


def test_guesses_are_counted_by_client_at_an_address_and_by_address(app: Flask) -> None:
    made = add(app)
    client_id = made.client.client_id
    for _ in range(FAILURES_PER_ACCOUNT):
        fail(app, client_id)
    assert recognised(app, client_id, made.secret) == "too_many_attempts"
    assert recognised(app, client_id, made.secret, "203.0.113.9") == made.client.name
    assert recognised(app, "f" * 32, "other") is None, "another client may still try from there"
    with pytest.raises(Refused, match="Too many attempts"):
        fail(app, client_id)
    for each in range(FAILURES_PER_ADDRESS - FAILURES_PER_ACCOUNT):
        fail(app, f"{each:032x}")
    assert recognised(app, "f" * 32, "other") == "too_many_attempts"
    almost = NOW + FAILURES_WINDOW - timedelta(seconds=1)
    assert recognised(app, client_id, made.secret, now=almost) == "too_many_attempts"
    assert recognised(app, client_id, made.secret, now=NOW + FAILURES_WINDOW) == made.client.name


def test_what_is_counted_names_nobodys_secret(app: Flask) -> None:
    fail(app, "a secret in the wrong field")
    with app.app_context():
        assert not any("secret" in each for each in db.session.scalars(select(SignInFailure.key)))
        (entry,) = db.session.scalars(select(AuditEntry))
        assert (entry.action, entry.detail) == ("client_sign_in_failed", {"address": HOME})


def test_the_operator_makes_lists_and_revokes(tracker: Callable[..., Result]) -> None:
    assert "tracker client add" in tracker("client", "list").output
    said = tracker("client", "add", "LinkedIn Learning").output
    client_id = said.split("Client id: ")[1].split()[0]
    secret = said.split("shown this once: ")[1].split()[0]
    listed = tracker("client", "list").output
    assert f"{client_id}  LinkedIn Learning  xapi:write  since" in listed
    assert "no statements yet" in listed
    assert secret not in listed
    assert "Refused: There is a client" in tracker("client", "add", "linkedin learning", exit_code=1).output
    assert "can send nothing more" in tracker("client", "revoke", client_id).output
    assert ", revoked " in tracker("client", "list").output
    assert "revoked on" in tracker("client", "revoke", client_id, exit_code=1).output
    assert "There is no client 'nobody'" in tracker("client", "revoke", "nobody", exit_code=1).output
