"""Who is to be asked for a path, and how: said before anything is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from tracker.curriculum.keys import craft_key
from tracker.curriculum.words import AssignmentKind, Leaving
from tracker.language import _, day, in_list, number
from tracker.models import Craft, LearningPath, Member, Membership, PathVersion, Unit, new_id
from tracker.operations.refused import Refused, refuse_impossible_day

MOST_DAYS = 3_660  # ten years


@dataclass(frozen=True)
class Plan:
    """Who is to be asked for a path, and how.

    Everyone; or the cards of units, of crafts, or, where both are given, of each of the crafts under each of the units: a
    rule for each. Or people by name.
    """

    path: LearningPath
    kind: AssignmentKind = AssignmentKind.REQUIRED
    on: date = date.min
    everyone: bool = False
    units: Sequence[Unit] = ()
    crafts: Sequence[str] = ()
    members: Sequence[Member] = ()
    due_on: date | None = None
    within_days: int | None = None
    leaving: Leaving = Leaving.END


def check_plan(plan: Plan) -> None:
    """Say no to a plan that makes no sense.

    Raises:
        Refused: ``nobody``, ``two_targets``, ``impossible_day``, ``two_due_dates``, ``due_before_start``,
            ``too_many_days``, ``path_retired``.
    """
    targets = sum(1 for each in (plan.everyone, plan.units or plan.crafts, plan.members) if each)
    if targets == 0:
        raise Refused("nobody", _("Say who is asked: everyone, a unit, a craft or a member."))
    if targets > 1:
        raise Refused("two_targets", _("Name one kind of target: everyone, units and crafts, or members."))
    refuse_impossible_day(plan.on, "on")
    if plan.due_on:
        refuse_impossible_day(plan.due_on, "due")
    if plan.due_on and plan.within_days:
        raise Refused("two_due_dates", _("Give a due date or a number of days, not both."), field="due")
    if plan.within_days is not None and plan.within_days < 1:
        raise Refused("due_before_start", _("The number of days must be 1 or more."), field="within_days")
    if plan.within_days is not None and plan.within_days > MOST_DAYS:
        raise Refused("too_many_days", _("Give %(most)s days at most.", most=number(MOST_DAYS)), field="within_days")
    if plan.due_on and plan.due_on < plan.on:
        words = _("It would be due on %(due)s, before it begins on %(on)s.", due=day(plan.due_on), on=day(plan.on))
        raise Refused("due_before_start", words, field="due")
    if plan.path.retired_on is not None:
        words = _("%(path)s was retired on %(day)s.", path=plan.path.title, day=day(plan.path.retired_on))
        raise Refused("path_retired", words, field="path")


def version_on(session: Session, path_id: int, on: date) -> PathVersion:
    """The version in force on a day: the one a new assignment is pinned to.

    Raises:
        Refused: ``no_version``.
    """
    version = session.scalar(
        select(PathVersion)
        .where(PathVersion.path_id == path_id, or_(PathVersion.from_on.is_(None), PathVersion.from_on <= on))
        .order_by(PathVersion.number.desc())
        .limit(1)
    )
    if version is None:
        raise Refused("no_version", _("This path has no published version."), field="path")
    return version


def craft_named(session: Session, name: str) -> Craft:
    """The craft of that name, made by its first mention."""
    key = craft_key(name)
    craft = session.scalar(select(Craft).where(Craft.key == key))
    if craft is None:
        craft = Craft(id=new_id(), name=" ".join(name.split()), key=key)
        session.add(craft)
        session.flush()
    return craft


def nearest_crafts(session: Session, name: str) -> list[str] | None:
    """The crafts that are spelled nearest to one that no card has; None where some card has it."""
    key = craft_key(name)
    has_card = select(Membership.craft_id).where(Membership.craft_id == Craft.id, Membership.voided_at.is_(None)).exists()
    if session.scalar(select(Craft.id).where(Craft.key == key, has_card)) is not None:
        return None
    known = {craft_key(each): each for each in session.scalars(select(Craft.name).where(has_card))}
    return [known[each] for each in get_close_matches(key, known, n=3, cutoff=0.6)]


def refuse_unknown_craft(session: Session, name: str) -> None:
    """Say no to a craft that no card has: a slip of the finger would make a new one.

    Raises:
        Refused: ``unknown_craft``.
    """
    close = nearest_crafts(session, name)
    if close is None:
        return
    said = " ".join(name.split())
    if close:
        words = _(
            "No card has the craft “%(craft)s”. Make it anyway? The nearest that cards have: %(crafts)s.",
            craft=said,
            crafts=in_list(close),
        )
    else:
        words = _("No card has the craft “%(craft)s”. Make it anyway?", craft=said)
    raise Refused("unknown_craft", words, field="craft")
