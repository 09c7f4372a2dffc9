"""The members' door, and whose record is opened by it."""

from __future__ import annotations

from flask import Blueprint

from tracker.access.finding import member_for
from tracker.models import Member, db
from tracker.web import gate

members = Blueprint("members", __name__)


def own_record() -> Member:
    """The member whose record is this person's own."""
    return member_for(db.session(), gate.reach(), gate.reach().member_id or 0, gate.today())
