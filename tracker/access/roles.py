"""From a user's role rows to what they may see and do on a day (docs/design.md section 6)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from tracker.curriculum.words import Role
from tracker.models import ApiClient, RoleGrant, UnitClosure, User

_OFFICERS = frozenset({Role.LOCAL_VIEWER, Role.LOCAL_LEAD, Role.DISTRICT_VIEWER})


@dataclass(frozen=True)
class Reach:
    """What one person may see and do on one day. It never grows during a request, and nothing a request says widens it.

    The sets of units say what officers see; staff and auditors see all units, so ask the methods, not the sets.
    """

    day: date = date.min  # by whose cards it is judged whom they reach; before every card, where nobody is reached
    user_id: int | None = None
    roles: frozenset[Role] = frozenset()
    member_id: int | None = None  # whose own record this is
    own_units: frozenset[int] = frozenset()  # the units an officer's roles are held in
    units_with_figures: frozenset[int] = frozenset()
    locals_with_names: frozenset[int] = frozenset()
    locals_led: frozenset[int] = frozenset()
    units_with_totals: frozenset[int] = frozenset()  # above the own units: totals only, if five locals contribute

    @property
    def is_staff(self) -> bool:
        return Role.STAFF in self.roles

    @property
    def is_auditor(self) -> bool:
        return Role.AUDITOR in self.roles

    @property
    def is_admin(self) -> bool:
        return Role.ADMIN in self.roles

    @property
    def is_officer(self) -> bool:
        """Whether they look after a local or a district."""
        return bool(self.roles & _OFFICERS)

    @property
    def sees_all_units(self) -> bool:
        """Whether everything about learning, in every unit, is open to them."""
        return self.is_staff or self.is_auditor

    @property
    def sees_reports(self) -> bool:
        """Whether there is any unit whose figures they may see."""
        return self.sees_all_units or bool(self.units_with_figures)

    @property
    def sees_audit(self) -> bool:
        return self.is_admin or self.is_auditor

    def may_see_figures(self, unit_id: int) -> bool:
        """All figures of a unit."""
        return self.sees_all_units or unit_id in self.units_with_figures

    def totals_of(self, unit_id: int) -> bool:
        """Whether a unit's totals are all they may see of it, and those only if at least five locals contribute."""
        return not self.may_see_figures(unit_id) and unit_id in self.units_with_totals

    def may_see_names(self, unit_id: int) -> bool:
        """The members of a local by name, with their states."""
        return self.sees_all_units or unit_id in self.locals_with_names

    def may_see_evidence(self, unit_id: int) -> bool:
        """The evidence of a local's members."""
        return self.sees_all_units or unit_id in self.locals_led

    def may_lead(self, unit_id: int) -> bool:
        """Record a class, confirm eligibility, ask for corrections in a local."""
        return self.is_staff or unit_id in self.locals_led

    def is_own_record(self, member_id: int) -> bool:
        return self.member_id is not None and member_id == self.member_id

    def sees_all_of(self, member_id: int) -> bool:
        """Everything of one member: what every local asks, and the words of exemptions, reviews and voidings.

        Officers see their own locals' part of a record, and none of these words (docs/privacy.md).
        """
        return self.sees_all_units or self.is_own_record(member_id)


NOBODY = Reach()


def reach_of(session: Session, user: User, day: date) -> Reach:
    """What a user may see and do on a day: one query over the union's tree, and none for who is no officer."""
    if not user.is_active:
        return NOBODY
    grants = [grant for grant in user.grants if grant.holds_on(day)]
    is_member = any(grant.role is Role.MEMBER for grant in grants)
    return _reach_through(session, grants, day, user.id, user.member_id if is_member else None)


def reach_of_client(session: Session, client: ApiClient, day: date) -> Reach:
    """What a program may see and do: as its one role does, and nothing where it has none or is revoked. It is no member."""
    if client.revoked_at is not None or client.role is None:
        return NOBODY
    return _reach_through(session, [RoleGrant(role=client.role, unit_id=client.unit_id)], day, None, None)


def _reach_through(
    session: Session, grants: Collection[RoleGrant], day: date, user_id: int | None, member_id: int | None
) -> Reach:
    locals_led = _units(grants, Role.LOCAL_LEAD)
    locals_with_names = locals_led | _units(grants, Role.LOCAL_VIEWER)
    districts = _units(grants, Role.DISTRICT_VIEWER)
    own_units = locals_with_names | districts
    below, above = _relatives(session, districts, own_units)
    with_figures = own_units | below
    return Reach(
        day=day,
        user_id=user_id,
        roles=frozenset(grant.role for grant in grants),
        member_id=member_id,
        own_units=own_units,
        units_with_figures=with_figures,
        locals_with_names=locals_with_names,
        locals_led=locals_led,
        units_with_totals=above - with_figures,
    )


def _units(grants: Iterable[RoleGrant], role: Role) -> frozenset[int]:
    return frozenset(grant.unit_id for grant in grants if grant.role is role and grant.unit_id is not None)


def _relatives(
    session: Session, districts: frozenset[int], own_units: frozenset[int]
) -> tuple[frozenset[int], frozenset[int]]:
    """The units under the districts, and those above any unit of one's own."""
    if not own_units:
        return frozenset(), frozenset()
    pairs = session.execute(
        select(UnitClosure.ancestor_id, UnitClosure.descendant_id).where(
            or_(UnitClosure.ancestor_id.in_(districts), UnitClosure.descendant_id.in_(own_units))
        )
    ).all()
    below = frozenset(descendant for ancestor, descendant in pairs if ancestor in districts)
    above = frozenset(ancestor for ancestor, descendant in pairs if descendant in own_units)
    return below, above - own_units
