"""Sending what waits: notices, and the links that people asked for to sign in by."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple

from sqlalchemy.orm import Session

from tracker.access.roll_ups import may_still_read
from tracker.cli.posting.smtp import Post, connected
from tracker.cli.running import now
from tracker.config import Settings
from tracker.language import _, ngettext, speaking
from tracker.models import IMPORTS_PATIENCE, Notice, db, writing
from tracker.operations.actor import OPERATOR
from tracker.operations.notices.keeping import ROLL_UP
from tracker.operations.notices.messages import Letter, letter_of, message_of
from tracker.operations.notices.sending import (
    CLAIM,
    claim_notices,
    close_sending,
    drop_notice,
    has_due,
    mark_failed,
    mark_sent,
    note_trouble,
    readdress,
    release_notices,
)
from tracker.operations.notices.stopping import STOPPABLE, stop_token
from tracker.operations.refused import Refused
from tracker.operations.sign_in_links import (
    LASTS,
    LINK_PATH,
    MadeLink,
    due_links,
    make_link,
    mark_link_failed,
    mark_link_sent,
    note_link_trouble,
)

STOP_PATH = "/notices/stop/"  # then the token: where a mail of a kind is stopped


class Sent(NamedTuple):
    """What came of the notices that were due."""

    sent: int
    failed: int


def _always() -> bool:
    return True


def send_notices(settings: Settings, goes_on: Callable[[], bool] = _always) -> Sent:
    """Send every notice that is due, over one connection.

    Args:
        goes_on: asked before each: whether to go on. What is left is given back.

    Raises:
        Refused: ``no_mail_server``; what was not tried waits as before.
    """
    is_due = has_due(db.session(), now())
    db.session.rollback()  # no read stays open while the mail server answers
    if not is_due:
        return Sent(0, 0)
    counts = [0, 0]
    try:
        with connected(settings) as post:
            while goes_on() and _send_some(post, settings, goes_on, counts):
                pass
    except Refused as refusal:
        with writing() as session:
            note_trouble(session, refusal.message, now())
        raise
    finally:
        if any(counts):
            with writing(patience=IMPORTS_PATIENCE) as session:
                close_sending(session, counts[0], counts[1], OPERATOR, now())
    return Sent(*counts)


def _send_some(post: Post, settings: Settings, goes_on: Callable[[], bool], counts: list[int]) -> bool:
    """Claim some notices and send them, keeping at once what became of each. Whether there may be more."""
    began = now()
    with writing() as session:
        taken = claim_notices(session, began)
        theirs = [each for each in taken if _is_still_theirs(session, settings, each)]
        for each in taken:
            if each not in theirs:
                drop_notice(session, each)
        claimed = [(each.id, letter_of(each, stop_url(settings, each))) for each in theirs]
    db.session.expunge_all()
    left = [its_id for its_id, _letter in claimed]
    try:
        for its_id, letter in claimed:
            if not goes_on() or now() - began > CLAIM / 2:
                break
            failure = _send_one(post, letter)
            left.remove(its_id)
            # however long an import holds writers off: a mail that was taken must not go out again
            with writing(patience=IMPORTS_PATIENCE) as session:
                if failure:
                    mark_failed(session, its_id, failure, now())
                else:
                    mark_sent(session, its_id, now())
            counts[1 if failure else 0] += 1
    finally:
        if left:
            with writing(patience=IMPORTS_PATIENCE) as session:
                release_notices(session, left)
    return bool(taken) and not left


def _is_still_theirs(session: Session, settings: Settings, notice: Notice) -> bool:
    """Whether who waited for a mail may still read it, wherever they are written to by now: a roll-up whose reader's role
    ended meanwhile is sent to nobody, nor a mail about the learning of whom nobody may write to any more."""
    if notice.kind != ROLL_UP:
        return readdress(session, notice, now().astimezone(settings.time_zone))
    made_on = notice.recorded_at.astimezone(settings.time_zone).date()
    return may_still_read(session, notice.address, made_on, settings.today())


def _send_one(post: Post, letter: Letter) -> str:
    """Send one letter; why it was not taken, "" where it was."""
    try:
        message = message_of(letter, post.sender)
    except Refused as refusal:
        return refusal.message
    return post.send(message, letter.address)


def stop_url(settings: Settings, notice: Notice) -> str:
    """Where mails of a notice's kind are stopped; "" where they cannot be."""
    if notice.kind not in STOPPABLE or not settings.url:
        return ""
    return f"{settings.url}{STOP_PATH}{stop_token(settings.secret_key, notice.address, notice.kind)}"


def send_links(settings: Settings, goes_on: Callable[[], bool] = _always) -> Sent:
    """Send the links that people asked for to sign in by. Each is in its mail alone; where the mail is not taken, the next
    try makes another.

    Raises:
        Refused: ``no_mail_server``: nobody's link was made.
    """
    if not settings.url:
        return Sent(0, 0)
    waiting = [link.id for link in due_links(db.session(), now())]
    db.session.rollback()
    if not waiting:
        return Sent(0, 0)
    counts = [0, 0]
    try:
        with connected(settings) as post:
            for link_id in waiting:
                if not goes_on():
                    break
                with writing() as session:
                    link = next((each for each in due_links(session, now()) if each.id == link_id), None)
                    made = make_link(session, link, now()) if link is not None else None
                if made is None:
                    continue
                failure = _send_made(post, settings, made, link_id)
                counts[1 if failure else 0] += 1
    except Refused as refusal:
        with writing() as session:  # notices too: whoever sends both comes no further than here
            note_link_trouble(session, refusal.message, now())
            note_trouble(session, refusal.message, now())
        raise
    return Sent(*counts)


def _send_made(post: Post, settings: Settings, made: MadeLink, link_id: int) -> str:
    try:
        failure = _send_one(post, link_letter(settings, made))
    except Refused as refusal:
        failure = refusal.message
    with writing(patience=IMPORTS_PATIENCE) as session:
        if failure:
            mark_link_failed(session, link_id, failure, now())
        else:
            mark_link_sent(session, link_id)
    return failure


def link_letter(settings: Settings, made: MadeLink) -> Letter:
    """The mail with a link to sign in by."""
    with speaking(made.language):
        minutes = int(LASTS / timedelta(minutes=1))
        opening = (
            _("with this link you sign in to your union’s training tracker for the first time:")
            if made.is_new_account
            else _("with this link you sign in to your union’s training tracker:")
        )
        lasting = ngettext("It works once, within %(n)s minute.", "It works once, within %(n)s minutes.", minutes)
        parts = [
            _("Hello,"),
            opening,
            f"{settings.url}{LINK_PATH}{made.token}",
            lasting,
            _("If you did not ask for it, you need not do anything: without this mail nobody can use it."),
            _("You get this mail because someone gave this address to sign in. No other mail follows from it."),
        ]
        return Letter(made.address, _("Your link to sign in"), "\n\n".join(parts) + "\n", made.language)
