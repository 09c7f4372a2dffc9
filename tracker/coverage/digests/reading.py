"""The digests of some members: what is new to them, without what they were told before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.coverage.derivation import World, current_world
from tracker.coverage.digests.asking import asking_among, expiring_among, standings_among
from tracker.coverage.digests.happened import happened_among, reports_since
from tracker.coverage.digests.shapes import Answered, Asked, Decided, Digest, Due, Recorded, TakenBack
from tracker.coverage.published import Published, published
from tracker.language import mark
from tracker.models import NoticeTold

_REMEMBERED = timedelta(days=120)  # longer than any milestone comes before its day, and than what happened is told after it
KINDS = {
    "asked": mark("paths newly asked"),
    "due": mark("paths due within 60 days"),
    "overdue": mark("paths past their day"),
    "expiring": mark("paths to be renewed"),
    "decided": mark("logged courses decided"),
    "taken_back": mark("completions taken back"),
    "answered": mark("corrections answered"),
    "recorded": mark("reports that brought completions"),
}
A_WEEK = 7  # days from one digest to a member's next


@dataclass(frozen=True)
class Reading:
    """What the digests of one run are read with.

    ``since`` is from when on things are told at all: nobody is written to about the years before there were digests.
    """

    today: date
    now: datetime
    since: datetime
    world: World
    words: Published
    reports: tuple[int, ...]

    @classmethod
    def of(cls, session: Session, today: date, now: datetime, since: datetime) -> Reading:
        """Raises:
        NothingApplied: no curriculum was applied yet.
        """
        reports = tuple(reports_since(session, since))
        return cls(today, now, since, current_world(session), published(session), reports)


def digests_of(session: Session, first: int, last: int, reading: Reading) -> Iterator[Digest]:
    """What the members from ``first`` to ``last``, by id, are to be told; nothing for those who had a digest this week."""
    today = reading.today
    told, resting = _told(session, first, last, reading)
    standings = standings_among(session, first, last, today)
    found: dict[int, Digest] = {}
    for member_id, line in (
        *asking_among(session, first, last, today, reading.since, standings, reading.words),
        *happened_among(session, first, last, reading.since, reading.reports, reading.words),
    ):
        digest = found.setdefault(member_id, Digest(member_id))
        if isinstance(line, Asked):
            digest.asked.append(line)
        elif isinstance(line, Due):
            (digest.overdue if line.due_on < today else digest.due).append(line)
        elif isinstance(line, Decided):
            digest.decided.append(line)
        elif isinstance(line, TakenBack):
            digest.taken_back.append(line)
        elif isinstance(line, Answered):
            digest.answered.append(line)
        elif isinstance(line, Recorded):
            digest.recorded.append(line)
    for member_id, expiring in expiring_among(session, standings, today, reading.world, reading.words):
        found.setdefault(member_id, Digest(member_id)).expiring.append(expiring)
    for member_id in sorted(found):
        digest = _settled(found[member_id].without(told.get(member_id, frozenset())))
        if member_id not in resting and digest:
            yield digest


def counts_of(digests: Iterable[Digest]) -> Counter[str]:
    """How many lines of each kind digests hold."""
    counts: Counter[str] = Counter()
    for each in digests:
        for kind in KINDS:
            counts[kind] += len(getattr(each, kind))
    return counts


def _settled(digest: Digest) -> Digest:
    """In order; a path that is newly asked tells its due day itself, and what several reports brought is one line."""
    new = {line.path: line for line in digest.asked}
    also = {line.path: line.keys for line in digest.due if line.path in new and line.due_on == new[line.path].due_on}
    digest.asked = [line._replace(keys=(*line.keys, *also.get(line.path, ()))) for line in digest.asked]
    digest.due = [line for line in digest.due if line.path not in also]
    for lines in (digest.asked, digest.due, digest.overdue):
        lines.sort(key=lambda line: (line.due_on or date.max, line.path))
    digest.expiring.sort(key=lambda line: (line.last_on, line.path))
    if len(digest.recorded) > 1:
        titles = dict.fromkeys(title for line in digest.recorded for title in line.courses)
        keys = tuple(key for line in digest.recorded for key in line.keys)
        digest.recorded = [Recorded(keys, tuple(titles))]
    return digest


def _told(session: Session, first: int, last: int, reading: Reading) -> tuple[dict[int, set[str]], set[int]]:
    """What each member was told lately, and who was told anything this week."""
    told: dict[int, set[str]] = {}
    resting: set[int] = set()
    zone = reading.now.tzinfo
    for member_id, what, at in session.execute(
        select(NoticeTold.member_id, NoticeTold.what, NoticeTold.told_at).where(
            NoticeTold.member_id.between(first, last), NoticeTold.told_at >= reading.now - _REMEMBERED
        )
    ):
        told.setdefault(member_id, set()).add(what)
        if (reading.now.date() - at.astimezone(zone).date()).days < A_WEEK:
            resting.add(member_id)
    return told, resting
