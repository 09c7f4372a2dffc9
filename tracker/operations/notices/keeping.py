"""Keeping a mail with the act that it tells of."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from tracker.language import _, mark, speaking
from tracker.models import Notice, new_id
from tracker.operations.notices.recipients import recipient_of

HELD, SECURITY, RETURNED, DIGEST, ROLL_UP = "held", "security", "returned", "digest", "roll-up"

# What is told at once, and cannot be stopped: what could give an account away, and evidence that waits for its member.
AT_ONCE = frozenset({HELD, SECURITY, RETURNED})

KIND_WORDS = {
    HELD: mark("a change of a sign-in"),
    SECURITY: mark("security"),
    RETURNED: mark("a course sent back"),
    DIGEST: mark("weekly digest"),
    ROLL_UP: mark("weekly roll-up"),
}


def notify(
    session: Session,
    address: str,
    member_id: int | None,
    subject: str,
    body: str,
    now: datetime,
    *,
    kind: str = HELD,
    language: str | None = None,
) -> int:
    """Keep a mail to one address, to be sent.

    Args:
        member_id: whom it is about.
        kind: one of this file's.
        language: in which it is written, by its code; None: in English.

    Returns:
        The notice's id.
    """
    its_id = new_id()
    session.add(
        Notice(
            id=its_id,
            address=address,
            member_id=member_id,
            subject=" ".join(subject.split()),
            body=body,
            recorded_at=now,
            sent_at=None,
            failure="",
            kind=kind,
            language=language,
            attempts=0,
            next_try_at=None,
        )
    )
    return its_id


def tell_member(session: Session, member_id: int, kind: str, write: Callable[[], tuple[str, str]], now: datetime) -> bool:
    """Tell a member something at once, in their language, if it is of a kind that is told at once.

    All else is told by the weekly digest, which reads it from the facts themselves: nothing is kept for it here.

    Args:
        write: gives subject and body, called while the member's language is spoken.

    Returns:
        Whether a mail was kept: not where it is of another kind, or nobody can be told (see :func:`recipient_of`).
    """
    if kind not in AT_ONCE:
        return False
    recipient = recipient_of(session, member_id, now)
    if recipient is None:
        return False
    with speaking(recipient.language):
        subject, body = write()
    notify(session, recipient.address, member_id, subject, body, now, kind=kind, language=recipient.language)
    return True


def letter(*paragraphs: str) -> str:
    """A mail's body."""
    return "\n\n".join((_("Hello,"), *paragraphs)) + "\n"


def sign_in_stays() -> str:
    """What the mail about another address or number of a member closes with."""
    return _(
        "Your sign-in address and your password stay as they are. If this is wrong, answer this mail or tell your local."
    )
