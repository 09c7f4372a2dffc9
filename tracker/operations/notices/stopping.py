"""Who wants no mails of a kind, and the signed address by which they say so without signing in."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tracker.curriculum.keys import email_key
from tracker.language import _, mark
from tracker.models import NoticeStop
from tracker.operations.actor import Actor
from tracker.operations.audit import audit
from tracker.operations.notices.keeping import DIGEST, ROLL_UP
from tracker.operations.refused import Refused

# What can be stopped, and what it is called. All else is about the safety of an account, or waits for its reader.
STOPPABLE = {
    DIGEST: mark("the weekly mail about your courses"),
    ROLL_UP: mark("the weekly mail about your local or district"),
}
_SALT = "notices-stop"


class Stop(NamedTuple):
    """What a stop address says: whose mails, of which kind."""

    address: str
    kind: str


def stop_token(secret: str, address: str, kind: str) -> str:
    """What stands at the end of a stop address. It holds for ever, and does nothing but end and begin mails of one kind."""
    return str(URLSafeSerializer(secret, salt=_SALT).dumps([email_key(address), kind]))


def read_stop_token(secret: str, token: str) -> Stop | None:
    """What a token says; None for one that we did not make."""
    try:
        address, kind = URLSafeSerializer(secret, salt=_SALT).loads(token)
    except (BadSignature, ValueError, TypeError):
        return None
    return Stop(address, kind) if kind in STOPPABLE else None


def stopped_kinds(session: Session, address: str) -> frozenset[str]:
    """The kinds of mail that an address wants no more."""
    return frozenset(session.scalars(select(NoticeStop.kind).where(NoticeStop.address_key == email_key(address))))


def stopped_addresses(session: Session, kind: str) -> frozenset[str]:
    """The addresses, as `curriculum.keys.email_key` writes them, that want no mails of a kind."""
    return frozenset(session.scalars(select(NoticeStop.address_key).where(NoticeStop.kind == kind)))


def stop_notices(session: Session, address: str, kind: str, actor: Actor, now: datetime) -> bool:
    """Send an address no more mails of a kind. Whether that is new.

    Raises:
        Refused: ``no_such_kind``.
    """
    _known(kind)
    key = email_key(address)
    if session.get(NoticeStop, (key, kind), with_for_update=True) is not None:
        return False
    try:
        with session.begin_nested():
            session.add(NoticeStop(address_key=key, kind=kind, stopped_at=now))
    except IntegrityError:  # by another request of this very moment
        return False
    audit(session, actor, "stop_notices", object_kind="notice_stop", detail={"address": key, "kind": kind}, at=now)
    return True


def resume_notices(session: Session, address: str, kind: str, actor: Actor, now: datetime) -> bool:
    """Send an address mails of a kind again. Whether that is new.

    Raises:
        Refused: ``no_such_kind``.
    """
    _known(kind)
    key = email_key(address)
    found = session.get(NoticeStop, (key, kind), with_for_update=True)
    if found is None:
        return False
    session.delete(found)
    session.flush()
    audit(session, actor, "resume_notices", object_kind="notice_stop", detail={"address": key, "kind": kind}, at=now)
    return True


def _known(kind: str) -> None:
    if kind not in STOPPABLE:
        raise Refused("no_such_kind", _("Mails of this kind cannot be stopped."), field="kind")
