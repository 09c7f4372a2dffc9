"""Making the weekly mails: one process at a time, a few thousand members in each transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import NamedTuple

from tracker.access.roll_ups import RollUp, Weeks, officers_on, roll_up_for
from tracker.cli.running import now
from tracker.config import Settings
from tracker.coverage.derivation import NothingApplied
from tracker.coverage.roll_up import roll_up_in_words
from tracker.curriculum.keys import email_key
from tracker.language import speaking
from tracker.models import db, writing
from tracker.operations.actor import OPERATOR
from tracker.operations.notices import notify, recipient_of
from tracker.operations.notices.keeping import ROLL_UP
from tracker.operations.notices.stopping import stopped_addresses
from tracker.operations.notices.weekly import (
    DIGESTS,
    ROLL_UPS,
    close_making,
    digests_to_make,
    is_time,
    keep_digests,
    rested,
)
from tracker.operations.sync import only_one

RECORD_PATH = "/"  # where a member's record opens, and everyone else's work


class Written(NamedTuple):
    """A roll-up as it is sent."""

    address: str
    language: str
    subject: str
    body: str
    member_id: int | None


def here_and_now(settings: Settings) -> datetime:
    """This moment, in the zone whose days and mornings count."""
    return now().astimezone(settings.time_zone)


def make_weekly(settings: Settings, moment: datetime, goes_on: Callable[[], bool] = lambda: True) -> tuple[int, int]:
    """Make this week's digests and roll-ups if it is time and nobody has; how many of each.

    ``moment`` is now, in the zone of the settings.

    Without an address of the pages none are made: a mail must say how to stop it, and where its figures are.

    Raises:
        Refused: ``sync_running``: another process is making them.
    """
    if not settings.url:
        return 0, 0
    session = db.session()
    due = [what for what in (DIGESTS, ROLL_UPS) if is_time(session, what, moment)]
    session.rollback()
    if not due:
        return 0, 0
    digests = roll_ups = 0
    with only_one(db.engine, "notices", settings.instance):
        if DIGESTS in due and is_time(db.session(), DIGESTS, moment):
            digests = _make_digests(settings, moment, goes_on)
        if goes_on() and ROLL_UPS in due and is_time(db.session(), ROLL_UPS, moment):
            roll_ups = _make_roll_ups(settings, moment)
    return digests, roll_ups


def _make_digests(settings: Settings, moment: datetime, goes_on: Callable[[], bool]) -> int:
    count = 0
    for some, _looked_at in digests_to_make(db.session(), moment):
        db.session.rollback()
        if some:
            with writing() as session:
                count += keep_digests(session, some, moment, moment.date(), settings.url + RECORD_PATH)
        if not goes_on():
            return count  # the rest are made by whoever comes next
    db.session.rollback()
    with writing() as session:
        close_making(session, DIGESTS, count, OPERATOR, moment)
    return count


def _make_roll_ups(settings: Settings, moment: datetime) -> int:
    written = list(roll_ups_now(settings, moment))
    db.session.rollback()
    with writing() as session:
        for each in written:
            notify(
                *(session, each.address, each.member_id, each.subject, each.body, moment),
                kind=ROLL_UP,
                language=each.language,
            )
        close_making(session, ROLL_UPS, len(written), OPERATOR, moment)
    return len(written)


def roll_ups_now(settings: Settings, moment: datetime) -> Iterator[Written]:
    """Who would get which roll-up, each computed with what its reader may see at this moment."""
    session = db.session()
    stopped = stopped_addresses(session, ROLL_UP)
    read: Weeks = {}
    for user in officers_on(session, moment.date()):
        if email_key(user.email) in stopped or not rested(session, user.email, ROLL_UP, moment):
            continue
        if user.member_id is not None and recipient_of(session, user.member_id, moment) is None:
            continue
        try:
            roll_up = roll_up_for(session, user, moment.date(), read)
        except NothingApplied:
            return
        if roll_up is not None:
            yield _written(roll_up, settings)


def _written(roll_up: RollUp, settings: Settings) -> Written:
    user = roll_up.user
    language = user.language or settings.language
    with speaking(language):
        return Written(user.email, language, *roll_up_in_words(roll_up.weeks, settings.url), user.member_id)
