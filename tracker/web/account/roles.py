"""A person's roles as pages tell them: on the account page, and to administrators."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from tracker.language import mark
from tracker.models import RoleGrant, Unit, User
from tracker.operations.accounts import days_in_words, role_in_words, roles_now_and_later

HELD, COMING, ENDED = mark("held"), mark("to come"), mark("ended")


class RoleLine(NamedTuple):
    """A role: what it is called with its unit, on which days it is held, and whether that is now."""

    grant: RoleGrant
    name: str
    days: str
    state: str  # a marked word: held, to come, ended


def role_lines(user: User, units: Mapping[int, Unit], today: date, *, ended: bool = False) -> list[RoleLine]:
    """A user's roles of today and later, with ``ended`` those of the past too; the earliest first."""
    grants = (
        sorted(user.grants, key=lambda each: (each.from_on, each.id)) if ended else roles_now_and_later(user.grants, today)
    )
    return [
        RoleLine(
            each,
            role_in_words(each.role, units.get(each.unit_id) if each.unit_id is not None else None),
            days_in_words(each.from_on, each.until_on, today),
            HELD if each.holds_on(today) else COMING if each.from_on > today else ENDED,
        )
        for each in grants
    ]
