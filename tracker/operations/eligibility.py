"""A local says who of its members may have an account at a provider."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.coverage.eligibility import PROVIDER
from tracker.coverage.people_of_local import people_of_local
from tracker.language import _, number
from tracker.models import Eligibility, Unit, new_id
from tracker.models.base import lock_member
from tracker.operations.actor import Actor
from tracker.operations.audit import audit
from tracker.operations.own_record import refuse_own
from tracker.operations.refused import Refused

LONGEST_NOTE = 200


class EligibilitySaid(NamedTuple):
    """Of how many it was said, and of how many it had been said before."""

    said: int
    already: int


def say_eligible(
    session: Session,
    unit: Unit,
    member_ids: Collection[int],
    *,
    is_eligible: bool,
    note: str,
    actor: Actor,
    today: date,
    now: datetime,
    provider: str = PROVIDER,
) -> EligibilitySaid:
    """Say of some members of a local that they may, or may not, have an account. What it said before is replaced.

    Nobody says it of themselves: another lead does, or the training staff.

    Raises:
        Refused: ``nobody``, ``own_record``, ``not_here`` (someone holds no card in this local today; then nothing is said of
            anyone), ``no_note`` (who may not have one is told why), ``too_long``.
    """
    note = " ".join(note.split())
    if not member_ids:
        raise Refused("nobody", _("Tick at least one member."), field="who")
    refuse_own(session, member_ids, actor)
    if not is_eligible and not note:
        raise Refused("no_note", _("Say why not, in a few words: the training staff read it."), field="note")
    if len(note) > LONGEST_NOTE:
        raise Refused(
            "too_long",
            _("Keep it to %(most)s characters: these are %(count)s.", most=number(LONGEST_NOTE), count=number(len(note))),
            field="note",
        )
    here = {each.member_id: each.number for each in people_of_local(session, unit, today)}
    if not here.keys() >= {*member_ids}:
        raise Refused("not_here", _("Somebody among them holds no card in %(local)s today.", local=unit.title), field="who")
    told, already = [], 0
    for member_id in sorted(member_ids):
        lock_member(session, member_id)
        before = session.scalar(
            select(Eligibility).where(
                Eligibility.member_id == member_id,
                Eligibility.provider == provider,
                Eligibility.unit_id == unit.id,
                Eligibility.voided_at.is_(None),
            )
        )
        if before is not None:
            if (before.is_eligible, before.note) == (is_eligible, note):
                already += 1
                continue
            before.voided_at, before.voided_by, before.void_reason = now, actor.user_id, "said otherwise"
            session.flush()
        session.add(
            Eligibility(
                member_id=member_id,
                id=new_id(),
                provider=provider,
                unit_id=unit.id,
                is_eligible=is_eligible,
                note=note,
                recorded_at=now,
                recorded_by=actor.user_id,
            )
        )
        session.flush()
        told.append(here[member_id])
    if told:
        audit(
            session,
            actor,
            "say_eligible" if is_eligible else "say_not_eligible",
            object_kind="unit",
            object_id=unit.id,
            unit_id=unit.id,
            detail={"provider": provider, "members": told, "note": note},
            at=now,
        )
    return EligibilitySaid(len(told), already)
