"""The sign-in of a member who is merged into another, and what they are found by."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select

from tracker.language import _
from tracker.models import Identifier, IdentifierKind, Member, User
from tracker.operations.accounts import end_sessions
from tracker.operations.merging.merge import Merge
from tracker.operations.refused import Refused


def move_sign_in(merge: Merge) -> None:
    """The sign-in follows, for a member has one. Of two, the one without a role leads nowhere from now on."""
    kept, other = (_sign_in(merge, member) for member in (merge.keep, merge.gone))
    if other is None:
        return
    if kept is not None:
        if _has_role(kept, merge.today) and _has_role(other, merge.today):
            raise Refused(
                "two_sign_ins",
                _(
                    "Both sign in, as %(email)s and %(email2)s. Under Users, end the roles of the one they "
                    "use less, then merge.",
                    email=kept.email,
                    email2=other.email,
                ),
            )
        idle, member = (other, merge.gone) if _has_role(kept, merge.today) else (kept, merge.keep)
        _unlink(merge, idle, member)
    if other.member_id is not None:
        merge.note(merge.gone, "sign-in", str(other.id), "")
        other.member_id = merge.keep.member_id
        end_sessions(merge.session, other)
        merge.merged.sign_ins.append(
            _("%(email)s signs in to the record of %(name)s from now on.", email=other.email, name=merge.keep.name)
        )


def _sign_in(merge: Merge, member: Member) -> User | None:
    return merge.session.scalar(select(User).where(User.member_id == member.member_id))


def _unlink(merge: Merge, user: User, member: Member) -> None:
    merge.note(member, "sign-in", str(user.id), "")
    user.member_id = None
    end_sessions(merge.session, user)
    merge.merged.sign_ins.append(_("%(email)s, which holds no role, leads to no record any more.", email=user.email))


def move_identifiers(merge: Merge) -> list[str]:
    """Let whatever found the one find the other.

    Returns:
        The addresses that may find a member by it: one that the two had shared has one holder now.
    """
    emails = []
    rows = merge.session.scalars(
        select(Identifier).where(Identifier.member_id == merge.gone.member_id).order_by(Identifier.kind, Identifier.value)
    ).all()
    for row in rows:
        said = row.value if row.kind is IdentifierKind.ALIAS else row.shown
        is_held = merge.session.get(Identifier, (row.kind, row.value, merge.keep.member_id)) is not None
        merge.note(merge.gone, row.kind.value, said, "")
        merge.session.delete(row)
        if not is_held:
            merge.note(merge.keep, row.kind.value, "", said)
            moved = {"kind": row.kind, "value": row.value, "member_id": merge.keep.member_id, "shown": row.shown}
            merge.session.add(Identifier(**moved, recorded_at=merge.now))
        if row.kind is IdentifierKind.EMAIL:
            emails.append(row.value)
    merge.session.flush()
    return emails


def _has_role(user: User, today: date) -> bool:
    return user.is_active and any(grant.holds_on(today) for grant in user.grants)
