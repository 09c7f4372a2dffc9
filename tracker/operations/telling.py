"""The mail about what could give a sign-in away: to the address that signs in, in its holder's language, at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from tracker.language import _, speaking
from tracker.models import User
from tracker.operations.notices import notify
from tracker.operations.notices.recipients import written_to_in


def tell_user(
    session: Session, user: User, write: Callable[[], tuple[str, str]], now: datetime, *, addresses: tuple[str, ...] = ()
) -> None:
    """Keep a mail for whoever signs in so.

    Args:
        write: gives its subject and what it says first, called while their language is spoken.
        addresses: where it goes; by default the address that signs in.
    """
    language = written_to_in(user.language)
    with speaking(language):
        subject, said = write()
        body = "\n\n".join((said, _why_it_came()))
    for address in addresses or (user.email,):
        notify(session, address, user.member_id, subject, f"{body}\n", now, kind="security", language=language)


def _why_it_came() -> str:
    return _(
        "You get this because it is about your sign-in: such mails always come. If this was not expected, tell the "
        "training department at once."
    )
