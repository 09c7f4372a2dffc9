"""The blueprint of the locals' own pages, and who acts on them."""

from __future__ import annotations

from flask import Blueprint

from tracker.access.leading import local_led_for, local_named_for
from tracker.access.reporting import printable
from tracker.curriculum.words import Role
from tracker.models import Unit, db
from tracker.operations.actor import Actor
from tracker.web import gate
from tracker.web.gate import opened_to

locals_ = Blueprint("locals", __name__, url_prefix="/locals")

# viewers see how many wait; leads and staff do the work; auditors look
local_people = opened_to(
    lambda reach: reach.sees_all_units or bool(reach.locals_with_names),
    lambda reach: reach.is_staff or bool(reach.locals_led),
)
local_leads = opened_to(
    lambda reach: reach.sees_all_units or bool(reach.locals_led),
    lambda reach: reach.is_staff or bool(reach.locals_led),
)


def led(number: str) -> Unit:
    """The local of that number, if its work is this person's."""
    return local_led_for(db.session(), gate.reach(), printable(number))


def seen(number: str) -> Unit:
    """The local of that number, if its members' names are this person's to see."""
    return local_named_for(db.session(), gate.reach(), printable(number))


def acting(unit: Unit) -> Actor:
    """The person of this request as they may act in a local: as its lead, or else as training staff."""
    return gate.actor(Role.LOCAL_LEAD if unit.id in gate.reach().locals_led else Role.STAFF)
