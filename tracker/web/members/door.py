"""The members' door, and whose record is opened by it."""

from __future__ import annotations

from collections.abc import Iterable

from flask import Blueprint

from tracker.access.finding import member_for
from tracker.language import in_list
from tracker.models import Member, db
from tracker.web import gate

members = Blueprint("members", __name__)


@members.app_template_filter("either")
def either(items: Iterable[str]) -> str:
    """ "a, b or c"."""
    return in_list(list(items), of="or")


def own_record() -> Member:
    """The member whose record is this person's own."""
    return member_for(db.session(), gate.reach(), gate.reach().member_id or 0, gate.today())
