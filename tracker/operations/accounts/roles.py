"""What people may do: a role, held in a unit or in the whole union, from a day, until a day."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy.orm import Session

from tracker.curriculum.words import Role, UnitKind
from tracker.language import _, day, mark, word
from tracker.models import RoleGrant, Unit, User, new_id
from tracker.operations.accounts.sessions import end_sessions
from tracker.operations.actor import Actor
from tracker.operations.audit import audit
from tracker.operations.refused import Refused, refuse_impossible_day
from tracker.operations.telling import tell_user

# The kind of unit a role is held in. Every other role is held in the whole union.
UNIT_OF_ROLE = {
    Role.LOCAL_VIEWER: UnitKind.LOCAL,
    Role.LOCAL_LEAD: UnitKind.LOCAL,
    Role.DISTRICT_VIEWER: UnitKind.DISTRICT,
}

# What a role is called: draw it with ``word``.
ROLE_NAMES = {
    Role.MEMBER: mark("member"),
    Role.LOCAL_VIEWER: mark("local viewer"),
    Role.LOCAL_LEAD: mark("local training lead"),
    Role.DISTRICT_VIEWER: mark("district viewer"),
    Role.STAFF: mark("training staff"),
    Role.AUDITOR: mark("auditor"),
    Role.ADMIN: mark("administrator"),
}


@dataclass(frozen=True)
class Grant:
    """A role to be given: in which unit (None: the whole union), on which days ``[from_on, until_on)``."""

    role: Role
    unit: Unit | None
    from_on: date
    until_on: date | None

    @property
    def where(self) -> str:
        """The role with its unit, in the language that is spoken now."""
        return role_in_words(self.role, self.unit)


def role_in_words(role: Role, unit: Unit | None) -> str:
    """ "training staff"; "local viewer in Local 80 · Studio Grips"."""
    name = word(ROLE_NAMES[role])
    return _("%(role)s in %(unit)s", role=name, unit=unit.title) if unit is not None else name


def check_grant(grant: Grant, today: date) -> None:
    """Whether a role can be held in that unit on those days.

    Raises:
        Refused: ``unit_wrong``, ``unit_unwanted``, ``impossible_day``, ``day_past``, ``days_swapped``.
    """
    _check_unit(grant.role, grant.unit)
    refuse_impossible_day(grant.from_on, "from_on")
    if grant.from_on < today:
        raise Refused(
            "day_past",
            _("%(day)s is past: a role is held from today on, or from a later day.", day=day(grant.from_on)),
            field="from_on",
        )
    if grant.until_on is None:
        return
    refuse_impossible_day(grant.until_on, "until_on")
    if grant.until_on <= grant.from_on:
        raise Refused(
            "days_swapped",
            _(
                "The role would end on %(end)s, before its first day, %(first)s.",
                end=day(grant.until_on),
                first=day(grant.from_on),
            ),
            field="until_on",
        )


def _check_unit(role: Role, unit: Unit | None) -> None:
    kind = UNIT_OF_ROLE.get(role)
    name = word(ROLE_NAMES[role])
    if kind is None and unit is not None:
        raise Refused(
            "unit_unwanted", _("The role “%(role)s” is held in the whole union: name no unit.", role=name), field="unit"
        )
    if kind is UnitKind.LOCAL and (unit is None or unit.kind is not kind):
        raise Refused("unit_wrong", _("The role “%(role)s” is held in a local: name one.", role=name), field="unit")
    if kind is UnitKind.DISTRICT and (unit is None or unit.kind is not kind):
        raise Refused("unit_wrong", _("The role “%(role)s” is held in a district: name one.", role=name), field="unit")


def refuse_held_already(user: User, grant: Grant, today: date) -> None:
    """Say no to a role that this user holds in that unit on any of those days.

    Raises:
        Refused: ``already_granted``.
    """
    for held in user.grants:
        is_same = held.role is grant.role and held.unit_id == (grant.unit.id if grant.unit else None)
        if is_same and _meet((held.from_on, held.until_on), (grant.from_on, grant.until_on)):
            days = days_in_words(held.from_on, held.until_on, today)
            message = _("%(email)s is %(role)s already: %(days)s.", email=user.email, role=grant.where, days=days)
            raise Refused("already_granted", message, field="role")


def _meet(one: tuple[date, date | None], other: tuple[date, date | None]) -> bool:
    """Whether two spans ``[from, until)`` have a day in common."""
    return (one[1] is None or other[0] < one[1]) and (other[1] is None or one[0] < other[1])


def days_in_words(from_on: date, until_on: date | None, today: date) -> str:
    """ "since 1 March 2026", or "from 1 March 2026 on"; "from 1 March 2026, ending on 1 March 2027"."""
    if until_on is not None:
        return _("from %(first)s, ending on %(end)s", first=day(from_on), end=day(until_on))
    if from_on > today:
        return _("from %(day)s on", day=day(from_on))
    return _("since %(day)s", day=day(from_on))


def give_role(session: Session, user: User, grant: Grant, actor: Actor, today: date) -> RoleGrant:
    """Write a checked role down. Their sessions end if it holds today; one that holds later comes by itself."""
    unit_id = grant.unit.id if grant.unit else None
    given = RoleGrant(id=new_id(), role=grant.role, unit_id=unit_id, from_on=grant.from_on, until_on=grant.until_on)
    user.grants.append(given)
    if grant.from_on <= today:
        end_sessions(session, user)
    session.flush()
    audit(
        session,
        actor,
        "grant_role",
        object_kind="user",
        object_id=user.id,
        member_id=user.member_id,
        unit_id=unit_id,
        detail={
            "email": user.email,
            "role": grant.role.value,
            "unit": grant.unit.number if grant.unit else None,
            "from_on": grant.from_on.isoformat(),
            "until_on": grant.until_on.isoformat() if grant.until_on else None,
        },
    )
    return given


def tell_of_role(session: Session, user: User, grant: Grant, today: date, now: datetime) -> None:
    """Tell someone who signs in already that they were given a role."""

    def write() -> tuple[str, str]:
        days = days_in_words(grant.from_on, grant.until_on, today)
        said = _("You were given a role in the training tracker: %(role)s, %(days)s.", role=grant.where, days=days)
        return _("You were given a role"), said

    tell_user(session, user, write, now)


def end_role(
    session: Session, grant: RoleGrant, actor: Actor, today: date, on: date | None = None, *, now: datetime | None = None
) -> None:
    """End a role: by default at once, and with it every session of its holder; or on a later day, when it ends by itself.

    Args:
        on: the first day on which it is held no more.

    Raises:
        Refused: ``day_past``, ``already_ended``, ``own_account``.
    """
    user, on = grant.user, on or today
    refuse_impossible_day(on, "on")
    if on < today:
        raise Refused("day_past", _("%(day)s is past: a role ends today or on a later day.", day=day(on)), field="on")
    if grant.until_on is not None and grant.until_on <= today:
        raise Refused("already_ended", _("That role has ended already."))
    if grant.until_on is not None and grant.until_on <= on:
        raise Refused(
            "already_ended",
            _("That role ends on %(day)s already: name an earlier day.", day=day(grant.until_on)),
            field="on",
        )
    if grant.role is Role.ADMIN and user.id == actor.user_id:
        raise Refused("own_account", _("Another administrator must end your own administrator’s role."))
    unit = session.get(Unit, grant.unit_id) if grant.unit_id is not None else None
    detail = {
        "email": user.email,
        "role": grant.role.value,
        "unit": unit.number if unit else None,
        "from_on": grant.from_on.isoformat(),
        "until_on": on.isoformat(),
    }
    if grant.from_on < on:
        grant.until_on = on
    else:
        user.grants.remove(grant)
        session.delete(grant)  # it never held for a whole day, and no span of days could say so
    if on <= today:
        end_sessions(session, user)
    session.flush()
    audit(session, actor, "end_role", object_kind="user", object_id=user.id, unit_id=grant.unit_id, detail=detail)

    def write() -> tuple[str, str]:
        said = _(
            "Your role in the training tracker ends: %(role)s, on %(day)s. What you recorded stays.",
            role=role_in_words(grant.role, unit),
            day=day(on),
        )
        return _("A role of yours ends"), said

    tell_user(session, user, write, now or datetime.now(UTC))


def roles_now_and_later(grants: Iterable[RoleGrant], today: date) -> list[RoleGrant]:
    """The roles that are held today or will be, the earliest first."""
    open_ones = [each for each in grants if each.until_on is None or each.until_on > today]
    return sorted(open_ones, key=lambda each: (each.from_on, each.id))
