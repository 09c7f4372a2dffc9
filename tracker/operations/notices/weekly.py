"""The weekly mails: when they are made, and keeping them. One a person at most; what they tell is told once.

They are made on the first morning of the week, or as soon after it as anyone is there to make them. Who makes them holds
off every other (`operations.sync.only_one`), and keeps them some people at a time: whoever was told rests for the week, so
what one leaves undone another takes up.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tracker.coverage.derivation import NothingApplied
from tracker.coverage.digests import Digest, Reading, digest_in_words, digests_of
from tracker.curriculum.keys import email_key
from tracker.language import speaking
from tracker.models import AuditEntry, Notice, Review, new_ids
from tracker.models.loading import in_chunks, load, many_rows, read_rows, stored_moment
from tracker.operations.actor import Actor
from tracker.operations.audit import audit
from tracker.operations.notices.keeping import DIGEST, RETURNED
from tracker.operations.notices.recipients import Recipient, recipients_among
from tracker.operations.notices.stopping import stopped_addresses

DIGESTS, ROLL_UPS = "make_digests", "make_roll_ups"  # as the audit trail calls them
MORNING = time(7)  # nobody is written to at night
_LOOKS_BACK = timedelta(days=35)
_WEEK = timedelta(days=7)
_AT_ONCE = 5_000  # members


class Addressed(NamedTuple):
    """A digest, and whom it goes to."""

    recipient: Recipient
    digest: Digest


def is_time(session: Session, what: str, now: datetime) -> bool:
    """Whether this week's digests or roll-ups are still to be made. ``now`` is in the zone whose mornings count."""
    began = _morning_of_week(now)
    if now < began:
        return False
    made = select(AuditEntry.id).where(AuditEntry.at >= began, AuditEntry.action == what)
    return session.scalar(made.limit(1)) is None


def last_made(session: Session, what: str) -> datetime | None:
    """When the last were made."""
    return session.scalar(select(func.max(AuditEntry.at)).where(AuditEntry.action == what))


def next_time(session: Session, what: str, now: datetime) -> datetime:
    """When the next are made, at the earliest."""
    if is_time(session, what, now):
        return now
    began = _morning_of_week(now)
    return began if now < began else began + _WEEK


def told_since(session: Session, now: datetime) -> datetime:
    """From when on things are told: some weeks back, but nothing from long before the first digests."""
    first = session.scalar(select(func.min(AuditEntry.at)).where(AuditEntry.action == DIGESTS))
    return max(now - _LOOKS_BACK, (first or now) - _WEEK)


def ranges_of_members(session: Session) -> list[tuple[int, int, int]]:
    """All members, some thousand at a time: each range by its first and last id, and how many it holds."""
    ids = (row[0] for row in read_rows(session, "SELECT member_id FROM member ORDER BY member_id"))
    return [(chunk[0], chunk[-1], len(chunk)) for chunk in in_chunks(ids, _AT_ONCE)]


def addressed_digests(session: Session, first: int, last: int, reading: Reading) -> Iterator[Addressed]:
    """What the members from ``first`` to ``last`` are to be told this week, and where: only those who can be written to and
    did not stop it."""
    digests = list(digests_of(session, first, last, reading))
    if not digests:
        return
    recipients = recipients_among(session, first, last, reading.now)
    stopped = stopped_addresses(session, DIGEST)
    reached = [(recipients[each.member_id], each) for each in digests if each.member_id in recipients]
    at_once = _told_at_once(session, reached, reading.since)
    for recipient, digest in reached:
        digest.decided = [
            line
            for line in digest.decided
            if line.decision is Review.ACCEPTED or (digest.member_id, line.decided_at) not in at_once
        ]
        if digest and email_key(recipient.address) not in stopped:
            yield Addressed(recipient, digest)


def digests_to_make(session: Session, now: datetime) -> Iterator[tuple[list[Addressed], int]]:
    """Everyone who would get a digest now, some thousand members at a time, and how many members that was looked through.

    ``now`` is in the zone whose days count. Nobody gets one before there is a curriculum.
    """
    try:
        reading = Reading.of(session, now.date(), now, told_since(session, now))
    except NothingApplied:
        return
    for first, last, count in ranges_of_members(session):
        with many_rows():
            some = list(addressed_digests(session, first, last, reading))
        yield some, count


def keep_digests(session: Session, some: Iterable[Addressed], now: datetime, today: date, record_url: str) -> int:
    """Keep these digests, to be sent, and that each of their lines was told; how many."""
    some = list(some)
    at = stored_moment(session, now)
    ids = new_ids(len(some))
    notices, told = [], []
    for its_id, (recipient, digest) in zip(ids, some, strict=True):
        with speaking(recipient.language):
            subject, body = digest_in_words(digest, today, record_url)
        subject = " ".join(subject.split())
        notices.append((its_id, recipient.address, digest.member_id, subject, body, at, "", DIGEST, recipient.language, 0))
        told += [(digest.member_id, key, its_id, at) for key in dict.fromkeys(digest.keys)]
    load(session, "notice", _NOTICE, notices)
    told_ids = new_ids(len(told))
    load(
        session,
        "notice_told",
        ("member_id", "what", "notice_id", "told_at", "id"),
        ((*row, its_id) for row, its_id in zip(told, told_ids, strict=True)),
    )
    return len(notices)


def rested(session: Session, address: str, kind: str, now: datetime) -> bool:
    """Whether an address had no mail of this kind this week."""
    since = datetime.combine(now.date() - _WEEK + timedelta(days=1), time.min, now.tzinfo)
    had = select(Notice.id).where(Notice.address == address, Notice.kind == kind, Notice.recorded_at >= since)
    return session.scalar(had.limit(1)) is None


def close_making(session: Session, what: str, count: int, actor: Actor, now: datetime) -> None:
    """Put on record that this week's digests or roll-ups were made."""
    audit(session, actor, what, object_kind="notice", detail={"made": count}, at=now)


_NOTICE = (*("id", "address", "member_id", "subject", "body", "recorded_at", "failure", "kind", "language", "attempts"),)


def _morning_of_week(now: datetime) -> datetime:
    """The morning of this week's first day, in the zone of ``now``."""
    monday = now.date() - timedelta(days=now.weekday())
    return datetime.combine(monday, MORNING, now.tzinfo)


def _told_at_once(
    session: Session, reached: Sequence[tuple[Recipient, Digest]], since: datetime
) -> set[tuple[int, datetime]]:
    """Of which decisions these members had a mail at once: by member and moment."""
    addresses = [
        recipient.address
        for recipient, digest in reached
        if any(line.decision is not Review.ACCEPTED for line in digest.decided)
    ]
    found: set[tuple[int, datetime]] = set()
    for some in in_chunks(addresses, 500):
        found.update(
            (int(member_id or 0), at)
            for member_id, at in session.execute(
                select(Notice.member_id, Notice.recorded_at).where(
                    Notice.address.in_(some), Notice.kind == RETURNED, Notice.recorded_at >= since
                )
            )
        )
    return found
