"""The rows of evidence, and who read it that may not do so without saying why."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tracker.language import _, number
from tracker.models import Evidence, Review, new_ids
from tracker.models.base import lock_member
from tracker.models.loading import load, stored_moment
from tracker.operations.actor import Actor
from tracker.operations.audit import audit
from tracker.operations.evidence.keeping import StoredFile
from tracker.operations.refused import Refused

LONGEST_REASON = 200
MOST_OF_ONE = 10  # files and links behind one completion
_COLUMNS = (
    *("member_id", "id", "completion_id", "url", "sha256", "media_type", "size", "file_name"),
    *("recorded_at", "recorded_by", "review"),
)


def attach_evidence(
    session: Session,
    member_id: int,
    completion_ids: Collection[int],
    *,
    file: StoredFile | None = None,
    url: str = "",
    review: Review,
    actor: Actor,
    now: datetime,
) -> None:
    """Put a file or a link behind some of a member's completions, as one act.

    Args:
        review: ``WAITING`` behind a claim, else ``ACCEPTED``.

    Raises:
        Refused: ``evidence_missing``: neither a file nor a link; ``too_much_evidence``.
    """
    if file is None and not url:
        raise Refused("evidence_missing", _("Choose a photo or a file, or give a link."), field="file")
    lock_member(session, member_id)
    mine = (Evidence.member_id == member_id, Evidence.completion_id.in_(completion_ids))
    counted = session.execute(select(Evidence.completion_id, func.count()).where(*mine).group_by(Evidence.completion_id))
    if any(count >= MOST_OF_ONE for _id, count in counted):
        said = _("There are %(most)s proofs of it already, which is as many as can be kept.", most=number(MOST_OF_ONE))
        raise Refused("too_much_evidence", said, field="file")
    write_evidence(session, [(member_id, each) for each in completion_ids], file, url, review, actor, now)
    for completion_id in completion_ids:
        audit(
            session,
            actor,
            "attach_evidence",
            object_kind="completion",
            object_id=completion_id,
            member_id=member_id,
            detail=told(file, url),
            at=now,
        )


def write_evidence(
    session: Session,
    completions: Collection[tuple[int, int]],
    file: StoredFile | None,
    url: str,
    review: Review,
    actor: Actor,
    now: datetime,
) -> None:
    """The rows alone, inside an act with an audit entry of its own: for each (member, completion), of any members."""
    what = (file.sha256, file.media_type, file.size, file.file_name) if file else (None, None, None, None)
    recorded_at = stored_moment(session, now)
    load(
        session,
        "evidence",
        _COLUMNS,
        (
            (member_id, its_id, completion_id, url or None, *what, recorded_at, actor.user_id, review.value)
            for (member_id, completion_id), its_id in zip(completions, new_ids(len(completions)), strict=True)
        ),
    )


def told(file: StoredFile | None, url: str) -> dict[str, str]:
    """What an audit entry says of evidence: which, never what is in it."""
    found = {"sha256": file.sha256} if file else {}
    return found | ({"url": url} if url else {})


def open_with_reason(session: Session, evidence: Evidence, reason: str, actor: Actor, *, now: datetime) -> None:
    """Note that an administrator opens a member's evidence, and why, before they are given it. The member can read it.

    Raises:
        Refused: ``no_reason``, ``reason_too_long``.
    """
    reason = reason.strip()
    if not reason:
        raise Refused("no_reason", _("Say why you need to see it: the member can read it."), field="reason")
    if len(reason) > LONGEST_REASON:
        raise Refused("reason_too_long", _("Say it in %(most)s characters.", most=LONGEST_REASON), field="reason")
    audit(
        session,
        actor,
        "open_evidence",
        object_kind="evidence",
        object_id=evidence.id,
        member_id=evidence.member_id,
        detail={"reason": reason},
        at=now,
    )
