"""Whom the token speaks for, and their own record."""

from __future__ import annotations

from flask import abort
from sqlalchemy import select

from tracker.api.v1.callers import Caller
from tracker.api.v1.door import operation, today
from tracker.api.v1.shapes.base import UnitName
from tracker.api.v1.shapes.members import MemberRecord
from tracker.api.v1.shapes.own import HeldRole, Me
from tracker.api.v1.views.members import record_shape
from tracker.models import Member, Unit, db
from tracker.operations.tokens import Scope


@operation("/me", Me, about="Yourself")
def me(caller: Caller) -> Me:
    """Whom this token speaks for, and what it may do."""
    if caller.client is not None:
        role = caller.client.role
        held = [(role, caller.client.unit_id)] if role else []
    else:
        grants = caller.user.grants if caller.user else []
        held = [(grant.role, grant.unit_id) for grant in grants if grant.holds_on(today())]
    units = {
        unit.id: unit for unit in db.session().scalars(select(Unit).where(Unit.id.in_([each for _, each in held if each])))
    }
    member_id = caller.reach.member_id
    return Me(
        kind="program" if caller.client else "person",
        name=caller.name,
        scopes=[scope.value for scope in Scope if scope in caller.scopes],
        roles=[
            HeldRole(role=role.value, unit=UnitName.of(units[unit_id]) if unit_id in units else None)
            for role, unit_id in held
        ],
        member_id=str(member_id) if member_id is not None else None,
        expires_at=caller.token.expires_at if caller.token else None,
    )


@operation(
    "/me/record",
    MemberRecord,
    about="Yourself",
    opened_to=lambda reach: reach.member_id is not None,
    who="a member’s own token",
)
def own_record(caller: Caller) -> MemberRecord:
    """The record of the member whose token this is, as of today."""
    session = db.session()
    member = session.scalar(select(Member).where(Member.member_id == caller.reach.member_id))
    if member is None:
        abort(404)
    return record_shape(session, caller, member, today())
