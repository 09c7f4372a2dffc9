"""A member makes a statement that others can check, and takes it back."""

from __future__ import annotations

import secrets
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from tracker.coverage.proofs import CODE_LENGTH, code_of, has_died, proofs_of, provable_paths
from tracker.language import _, ngettext
from tracker.models import LearningPath, Member, Proof, ProofKind, new_id
from tracker.models.base import lock_member
from tracker.operations.actor import Actor
from tracker.operations.audit import audit
from tracker.operations.refused import Refused

DAYS = (30, 90, 365)  # for how long a statement may answer
LONGEST_LABEL = 100
_MOST = 50  # that answer at once
_SIGNS = "0123456789abcdefghjkmnpqrstvwxyz"  # 32 that nobody mistakes for one another
_AGAIN = timedelta(minutes=1)
_SELDOM = timedelta(minutes=1)  # so often at most is written down that it was looked at


def make_proof(
    session: Session,
    member: Member,
    *,
    path: LearningPath | None,
    label: str,
    days: int,
    with_locals: bool,
    language: str,
    actor: Actor,
    today: date,
    now: datetime,
) -> Proof:
    """A statement with an address of its own, at which anyone who has it reads what is so on that day.

    Args:
        path: the one it is about; None: everything that counts.
        label: for whom, in the member's own words. It stands on the statement.
        days: for how long it answers, one of :data:`DAYS`.
        language: the code of the language in which its file is written.

    Raises:
        Refused: ``no_label``, ``long_label``, ``wrong_days``, ``no_name``, ``has_died``, ``not_complete``,
            ``already_made``, ``too_many``.
    """
    words = check_proof(session, member, path, label, days, today)
    lock_member(session, member.member_id)
    kind = ProofKind.TRANSCRIPT if path is None else ProofKind.PATH
    until_on = today + timedelta(days=days)
    live = [each for each in proofs_of(session, member.member_id) if each.revoked_at is None and each.until_on > today]
    for each in live:
        same = (each.kind, each.path_id, each.label, each.until_on) == (kind, path.id if path else None, words, until_on)
        if same and now - each.made_at < _AGAIN:
            raise Refused("already_made", _("You have made this statement already: it is the first in the list."))
    if len(live) >= _MOST:
        raise Refused(
            "too_many",
            ngettext(
                "%(n)s statement of yours answers at this time. Take back one that is no longer needed first.",
                "%(n)s statements of yours answer at this time. Take back one that is no longer needed first.",
                len(live),
            ),
        )
    proof = Proof(
        id=new_id(),
        member_id=member.member_id,
        code=code_of("".join(secrets.choice(_SIGNS) for _each in range(CODE_LENGTH - 1)), with_locals),
        kind=kind,
        path_id=path.id if path else None,
        label=words,
        language=language,
        made_at=now,
        until_on=until_on,
    )
    session.add(proof)
    session.flush()
    detail = {"kind": kind.value, "path": path.code if path else "", "until_on": until_on.isoformat(), "locals": with_locals}
    _audit(session, actor, "make_proof", proof, detail, now)
    return proof


def revoke_proof(session: Session, proof: Proof, actor: Actor, *, now: datetime) -> None:
    """Let a statement answer no more, from this moment.

    Raises:
        Refused: ``already_revoked``.
    """
    lock_member(session, proof.member_id)
    session.refresh(proof)
    if proof.revoked_at is not None:
        raise Refused("already_revoked", _("You have taken this statement back already."))
    proof.revoked_at = now
    session.flush()
    _audit(session, actor, "revoke_proof", proof, {}, now)


def needs_noting(proof: Proof, now: datetime) -> bool:
    """Whether it is time to write down again that a statement was looked at."""
    return proof.opened_at is None or now - proof.opened_at >= _SELDOM


def note_proof_opened(session: Session, proof_id: int, now: datetime) -> None:
    """Write down that a statement was looked at, for its member to see: by whom is not known, and not asked."""
    proof = session.get(Proof, proof_id)
    if proof is not None and needs_noting(proof, now):
        proof.opened_at = now
        session.flush()


def check_proof(
    session: Session, member: Member, path: LearningPath | None, label: str, days: int | None, today: date
) -> str:
    """Whether a statement can be made, asked before a preview as well; the label as it will be kept.

    Raises:
        Refused: as :func:`make_proof`, before it writes.
    """
    words = " ".join(label.split())
    if not words:
        raise Refused("no_label", _("Say for whom it is, in your own words."), field="label")
    if len(words) > LONGEST_LABEL:
        raise Refused(
            "long_label",
            _("Keep it to %(most)s characters: these are %(count)s.", most=LONGEST_LABEL, count=len(words)),
            field="label",
        )
    if days not in DAYS:
        raise Refused("wrong_days", _("Choose until when it answers: 30, 90 or 365 days."), field="days")
    if not f"{member.first_name}{member.last_name}".strip():
        raise Refused("no_name", _("Your record holds no name, so a statement could not say whose it is. Ask your local."))
    if has_died(session, member):
        raise Refused("has_died", _("Nobody can make a statement of this record any more."))
    if path is not None and path.id not in {each.id for each in provable_paths(session, member, today)}:
        raise Refused(
            "not_complete",
            _("%(path)s is not complete today, so a statement would have nothing to say.", path=path.title),
            field="what",
        )
    return words


def _audit(session: Session, actor: Actor, action: str, proof: Proof, detail: dict[str, Any], now: datetime) -> None:
    """Without its code: whoever reads the trail cannot open it."""
    audit(
        session,
        actor,
        action,
        object_kind="proof",
        object_id=proof.id,
        member_id=proof.member_id,
        detail=detail,
        at=now,
    )
