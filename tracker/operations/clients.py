"""Clients: programs that may send statements, or read and record as one role allows. An administrator says which."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from tracker.curriculum.keys import plain_text
from tracker.curriculum.words import Role, UnitKind
from tracker.language import _
from tracker.models import ApiClient, SignInFailure, Unit, new_id
from tracker.operations.accounts import FAILURES_WINDOW, UNIT_OF_ROLE, address_key, is_over_limit
from tracker.operations.actor import ANYONE, Actor
from tracker.operations.audit import audit
from tracker.operations.refused import Refused
from tracker.operations.tokens import Scope, scope_text

# The roles a program may hold: never a member's own, nor an administrator's.
ROLES = (Role.STAFF, Role.AUDITOR, Role.LOCAL_VIEWER, Role.LOCAL_LEAD, Role.DISTRICT_VIEWER)

_LONGEST_NAME = 80
_CLIENT_ID = re.compile(r"[0-9a-f]{32}")
_NOBODY = hashlib.sha256(secrets.token_bytes(32)).hexdigest()  # what no secret fits: an unknown client takes as long


@dataclass(frozen=True)
class NewClient:
    """A client with its secret, which is shown this once."""

    client: ApiClient
    secret: str


def add_client(
    session: Session,
    name: str,
    actor: Actor,
    *,
    now: datetime,
    scopes: Collection[Scope] = (Scope.STATEMENTS,),
    role: Role | None = None,
    unit: Unit | None = None,
) -> NewClient:
    """Let a program send statements; or, with a role, read and record through the API what that role may.

    The secret is 32 random bytes, kept as its plain SHA-256: nobody can try 2²⁵⁶ of them, so it needs none of the slow
    hashing that a person's password does.

    Args:
        scopes: what it may ask tokens for.
        role: what it may see and do with them; None where it only sends statements.
        unit: where an officer's role is held.

    Raises:
        Refused: ``no_name``, ``long_name``, or ``name_taken`` by a client that is not revoked; ``no_scope``, ``no_role``,
            ``role_unused``, ``bad_role``, ``bad_unit``, ``cannot_record``.
    """
    name = " ".join(name.split())
    if not name:
        raise Refused("no_name", _("Give the client a name, such as LinkedIn Learning."), field="name")
    if len(name) > _LONGEST_NAME or not name.isprintable():
        raise Refused(
            "long_name",
            _("A name has at most %(longest_name)s characters, all of them visible.", longest_name=_LONGEST_NAME),
            field="name",
        )
    in_use = session.scalars(select(ApiClient.name).where(ApiClient.revoked_at.is_(None)))
    if plain_text(name) in {plain_text(each) for each in in_use}:
        raise Refused(
            "name_taken",
            _("There is a client %(name)s already: revoke it first, or choose another name.", name=name),
            field="name",
        )
    _check_rights(scopes, role, unit)
    secret = secrets.token_urlsafe(32)
    client = ApiClient(
        id=new_id(),
        name=name,
        client_id=secrets.token_hex(16),
        secret_hash=_hash(secret),
        scopes=scope_text(scopes),
        role=role,
        unit_id=unit.id if unit else None,
        created_at=now,
        created_by=actor.user_id,
    )
    session.add(client)
    session.flush()
    _audit(session, client, "add_client", actor, now)
    return NewClient(client, secret)


def _check_rights(scopes: Collection[Scope], role: Role | None, unit: Unit | None) -> None:
    """Whether a program can be given these scopes with that role."""
    if not scopes:
        raise Refused("no_scope", _("Choose what the program may do."), field="scopes")
    needs_role = bool({*scopes} & {Scope.READ, Scope.COMPLETIONS})
    if needs_role and role is None:
        raise Refused("no_role", _("Choose the role through which it reads or records."), field="role")
    if role is None:
        if unit is not None:
            raise Refused("bad_unit", _("Without a role there is no unit: leave it empty."), field="unit")
        return
    if not needs_role:
        message = _("A program that only sends statements needs no role: leave it out.")
        raise Refused("role_unused", message, field="role")
    if role not in ROLES:
        raise Refused("bad_role", _("A program cannot hold that role."), field="role")
    kind = UNIT_OF_ROLE.get(role)
    if kind is None and unit is not None:
        raise Refused("bad_unit", _("This role is held in the whole union: leave the unit empty."), field="unit")
    if kind is not None and (unit is None or unit.kind is not kind):
        what = {UnitKind.LOCAL: _("Choose the local of this role.")}.get(kind, _("Choose the district of this role."))
        raise Refused("bad_unit", what, field="unit")
    if Scope.COMPLETIONS in scopes and role is not Role.STAFF:
        message = _("Only with the role of training staff can a program record completions.")
        raise Refused("cannot_record", message, field="scopes")


def revoke_client(session: Session, client: ApiClient, actor: Actor, *, now: datetime) -> None:
    """Let a client send nothing more, from this moment: its tokens end too. What it sent stays.

    Raises:
        Refused: ``already_revoked``.
    """
    if client.revoked_at is not None:
        raise Refused(
            "already_revoked",
            _(
                "%(name)s was revoked on %(revoked_at)s already.",
                name=client.name,
                revoked_at=f"{client.revoked_at:%Y-%m-%d}",
            ),
        )
    client.revoked_at, client.revoked_by = now, actor.user_id
    session.flush()
    _audit(session, client, "revoke_client", actor, now)


def open_client(session: Session, its_id: int) -> ApiClient | None:
    """The client of that row id, unless it is revoked."""
    client = session.get(ApiClient, its_id)
    return client if client is not None and client.revoked_at is None else None


def client_of_credentials(session: Session, client_id: str, secret: str, address: str, *, now: datetime) -> ApiClient | None:
    """The client that these credentials name; None where they fit none. Only reads.

    An unknown client, a wrong secret and a revoked client are the same answer after the same work.

    Raises:
        Refused: ``too_many_attempts``.
    """
    _refuse_guessing(session, _keys(client_id, address), now)
    wanted = select(ApiClient).where(ApiClient.client_id == client_id, ApiClient.revoked_at.is_(None))
    client = session.scalar(wanted) if _CLIENT_ID.fullmatch(client_id) else None
    fits = hmac.compare_digest(client.secret_hash if client else _NOBODY, _hash(secret))
    return client if fits else None


def note_failure(session: Session, client_id: str, address: str, *, now: datetime) -> None:
    """Count credentials that fitted no client, as a failed sign-in is counted: for every process alike.

    They are counted by address, and by client at that address: nobody can lock a provider out by guessing from elsewhere,
    nor can people who mistype their passwords.

    Raises:
        Refused: ``too_many_attempts``.
    """
    keys = _keys(client_id, address)
    session.execute(delete(SignInFailure).where(SignInFailure.at <= now - FAILURES_WINDOW))
    _refuse_guessing(session, keys, now)
    session.add_all(SignInFailure(id=new_id(), key=key, at=now) for key in keys)
    audit(session, ANYONE, "client_sign_in_failed", object_kind="client", detail={"address": address}, at=now)


def _refuse_guessing(session: Session, keys: list[str], now: datetime) -> None:
    if is_over_limit(session, keys, now):
        minutes = int(FAILURES_WINDOW.total_seconds() // 60)
        raise Refused(
            "too_many_attempts", _("Too many attempts. Wait %(minutes)s minutes, then try again.", minutes=minutes)
        )


def _keys(client_id: str, address: str) -> list[str]:
    """Hashed: a secret may come in the place of the id."""
    where = f"client {address_key(address)}"
    return [f"client:{_hash(f'{client_id} {where}')}", where]


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def _audit(session: Session, client: ApiClient, action: str, actor: Actor, now: datetime) -> None:
    detail = {"client": client.name, "client_id": client.client_id, "scopes": client.scopes}
    detail |= {"role": client.role.value} if client.role else {}
    audit(
        *(session, actor, action),
        object_kind="client",
        object_id=client.id,
        unit_id=client.unit_id,
        detail=detail,
        at=now,
    )
