"""Mail to be sent: a notice is kept with the act that it tells of and sent later, so that no act waits for a mail server."""

from __future__ import annotations

from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from tracker.models import Notice, new_id
from tracker.operations.actor import Actor
from tracker.operations.audit import audit
from tracker.operations.refused import Refused

_LONGEST_FAILURE = 500


def notify(session: Session, address: str, member_id: int | None, subject: str, body: str, now: datetime) -> None:
    """Keep a mail to one address, to be sent. ``member_id`` is whom it is about."""
    session.add(
        Notice(
            id=new_id(),
            address=address,
            member_id=member_id,
            subject=" ".join(subject.split()),
            body=body,
            recorded_at=now,
            sent_at=None,
            failure="",
        )
    )


def unsent_notices(session: Session) -> list[Notice]:
    """What waits to be sent, the oldest first; what failed before too."""
    return list(session.scalars(select(Notice).where(Notice.sent_at.is_(None)).order_by(Notice.id)))


def message_of(notice: Notice, sender: str) -> EmailMessage:
    """A notice as a mail to exactly one address.

    Raises:
        Refused: ``impossible_address``: nothing that a mail could be sent to, or more than one.
    """
    message = EmailMessage()
    try:
        message["From"] = Address(addr_spec=sender) if "<" not in sender else sender
        message["To"] = Address(addr_spec=notice.address)
        message["Subject"] = notice.subject
    except (ValueError, MessageError, IndexError):
        raise Refused("impossible_address", f"{notice.address!r} is no address that a mail can be sent to.") from None
    message["Auto-Submitted"] = "auto-generated"  # no holiday reply, please
    message.set_content(notice.body)
    return message


def mark_sent(session: Session, notice_id: int, now: datetime) -> None:
    """A notice was taken by the mail server."""
    session.execute(update(Notice).where(Notice.id == notice_id).values(sent_at=now, failure=""))


def mark_failed(session: Session, notice_id: int, failure: str) -> None:
    """A notice was not taken: it is tried again with the next."""
    session.execute(update(Notice).where(Notice.id == notice_id).values(failure=failure[:_LONGEST_FAILURE]))


def close_sending(session: Session, sent: int, failed: int, actor: Actor, now: datetime) -> None:
    """Put on record that notices were sent."""
    audit(session, actor, "send_notices", object_kind="notice", detail={"sent": sent, "failed": failed}, at=now)
