"""What is kept for a time and then goes: one table of kinds, and the rows of each, removed in small rounds.

docs/privacy.md repeats the table, and a test holds the two equal. What lies in files is removed by `tracker/cli/purging.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, case, delete, func, or_, select, update
from sqlalchemy.orm import Session

from tracker.models import (
    ApiToken,
    HeldChange,
    Notice,
    NoticeTold,
    Proof,
    ReviewLock,
    RowFault,
    SignInFailure,
    SignInLink,
    StatementState,
    Stranger,
    WaitingCompletion,
    XapiStatement,
)
from tracker.models.intake import Batch
from tracker.operations.actor import Actor
from tracker.operations.audit import audit
from tracker.operations.statements.keeping import NO_LONGER

PURGE = "purge"
_AT_ONCE = 1_000  # rows of a round: writers wait for none that is longer


@dataclass(frozen=True)
class Retention:
    """How long a kind is kept. ``setting`` names the days of the settings, which are never taken as fewer than ``days``."""

    kind: str
    what: str
    days: int
    why: str
    setting: str = ""  # the field of the settings; "" where the program alone decides

    def days_kept(self, settings: Mapping[str, int]) -> int:
        """For how many days, as these settings say."""
        return max(self.days, settings.get(self.setting, 0)) if self.setting else self.days


# The day counts of what a setting decides are the fewest that the program can do with.
RETENTION: tuple[Retention, ...] = (
    Retention(
        *("import-files", "Files of imports, as they came", 1),
        *("To see what a file really said, and each row's outcome, while somebody may still ask.", "keep_imports_days"),
    ),
    Retention(
        *("row-faults", "What was wrong in rows of files, with their values", 1),
        *("They explain the file, and go with it.", "keep_imports_days"),
    ),
    Retention(
        *("held-changes", "A roster's changes that a person decided on", 1),
        *("The audit trail keeps the decision.", "keep_imports_days"),
    ),
    Retention(
        *("strangers", "Reported rows of learners who are not the union's", 1),
        *("They are nobody's record here; that they are not ours stays known.", "keep_imports_days"),
    ),
    Retention("previews", "Imports that nobody confirmed, and what their previews showed", 1, "A preview is no fact."),
    Retention("trials", "Catalogues on trial", 1, "A trial is no fact."),
    Retention(
        *("exports", "Long files of reports", 1),
        *("They name members, and can be made again.", "keep_exports_days"),
    ),
    Retention(
        *("notices", "Mails, sent or given up", 150),
        *("To answer “I was told nothing”; the next digests look some weeks back.", "keep_notices_days"),
    ),
    Retention(
        *("told", "Of what a member was told", 150),
        *("So that nothing is told twice: a digest looks at four months.", "keep_notices_days"),
    ),
    Retention(
        *("sign-in-failures", "Failed sign-ins, by account and network address", 1),
        *("To stop guessing, which takes minutes; and to see an attack afterwards.", "keep_sign_ins_days"),
    ),
    Retention(
        *("sign-in-links", "Links to sign in that were asked for", 1),
        *("A link holds half an hour; its row says whether a mail went out.", "keep_sign_ins_days"),
    ),
    Retention("review-locks", "Who looks at a claim just now", 1, "It holds for minutes."),
    Retention("tokens", "Tokens of programs that have ended", 365, "To find who a program acted for."),
    Retention("proofs", "Statements for others that have ended", 365, "So that a member sees what they had shown."),
    Retention(
        *("statements", "What learning systems sent, word for word, once it is settled", 365),
        "To find out why one counted or not; that it came, and what became of it, stays.",
    ),
    Retention("evidence", "Files of evidence that no record names", 1, "They came with a form that was never sent."),
    Retention(
        *("leftovers", "What a process that died had left in files, and what lies beside jobs that are done", 30),
        "A person may look at it before it goes.",
    ),
)
BY_KIND = {each.kind: each for each in RETENTION}


@dataclass(frozen=True)
class Purged:
    """How many of a kind went, or would go, and from when the oldest was; None where there was none."""

    kind: str
    count: int
    oldest: datetime | None


class _Rows(NamedTuple):
    """The rows of a kind: their ids, the moment that counts, which of them, and what they lose (None: they go whole)."""

    model: Any
    id: Any
    at: Any
    where: Callable[[datetime], Sequence[ColumnElement[bool]]]
    loses: Mapping[str, Any] | None = None


_SETTLED = or_(
    XapiStatement.state.in_(
        [StatementState.RECORDED, StatementState.NO_COMPLETION, StatementState.FAULTY, StatementState.VOIDED]
    ),
    and_(XapiStatement.state == StatementState.KNOWN, XapiStatement.completion_id.is_not(None)),
)
_TOKEN_ENDED = case(
    (ApiToken.revoked_at.is_(None), ApiToken.expires_at),
    (ApiToken.revoked_at < ApiToken.expires_at, ApiToken.revoked_at),
    else_=ApiToken.expires_at,
)

_ROWS: dict[str, _Rows] = {
    "row-faults": _Rows(
        *(RowFault, RowFault.id, select(Batch.recorded_at).where(Batch.id == RowFault.batch_id).scalar_subquery()),
        lambda before: [RowFault.batch_id.in_(select(Batch.id).where(Batch.recorded_at < before))],
    ),
    "held-changes": _Rows(HeldChange, HeldChange.id, HeldChange.decided_at, lambda before: [HeldChange.decided_at < before]),
    "strangers": _Rows(
        *(WaitingCompletion, WaitingCompletion.id, WaitingCompletion.recorded_at),
        lambda before: [
            WaitingCompletion.is_set_aside.is_(True),
            WaitingCompletion.settled_at.is_(None),
            WaitingCompletion.recorded_at < before,
            WaitingCompletion.learner_key.in_(select(Stranger.value)),
        ],
    ),
    "notices": _Rows(Notice, Notice.id, Notice.recorded_at, lambda before: [Notice.recorded_at < before]),
    "told": _Rows(NoticeTold, NoticeTold.id, NoticeTold.told_at, lambda before: [NoticeTold.told_at < before]),
    "sign-in-failures": _Rows(SignInFailure, SignInFailure.id, SignInFailure.at, lambda before: [SignInFailure.at < before]),
    "sign-in-links": _Rows(SignInLink, SignInLink.id, SignInLink.asked_at, lambda before: [SignInLink.asked_at < before]),
    "review-locks": _Rows(
        ReviewLock, ReviewLock.completion_id, ReviewLock.until_at, lambda before: [ReviewLock.until_at < before]
    ),
    "tokens": _Rows(ApiToken, ApiToken.id, _TOKEN_ENDED, lambda before: [before > _TOKEN_ENDED]),
    "proofs": _Rows(
        *(Proof, Proof.id, Proof.made_at),
        lambda before: [or_(Proof.revoked_at < before, Proof.until_on < before.date())],
    ),
    "statements": _Rows(
        *(XapiStatement, XapiStatement.id, XapiStatement.received_at),
        lambda before: [XapiStatement.received_at < before, XapiStatement.raw.not_in(["", NO_LONGER]), _SETTLED],
        {"raw": NO_LONGER},
    ),
}
KINDS_OF_ROWS = tuple(_ROWS)


def purgeable(session: Session, kind: str, before: datetime) -> Purged:
    """How many rows of a kind have had their time. Only reads.

    Args:
        kind: one of :data:`KINDS_OF_ROWS`.
    """
    rows = _ROWS[kind]
    count, oldest = session.execute(
        select(func.count(), func.min(rows.at)).select_from(rows.model).where(*rows.where(before))
    ).one()
    return Purged(kind, count, _moment(oldest))


def purge_rows(session: Session, kind: str, before: datetime, most: int = _AT_ONCE) -> int:
    """Let some rows of a kind go that have had their time: call it again, each time in a write of its own, until none goes.

    Returns:
        How many went.
    """
    rows = _ROWS[kind]
    found = list(session.scalars(select(rows.id).where(*rows.where(before)).order_by(rows.id).limit(most)))
    if not found:
        return 0
    if kind == "strangers":  # a statement must not point at a row that is gone
        waited = update(XapiStatement).where(XapiStatement.waiting_id.in_(found)).values(waiting_id=None)
        session.execute(waited.execution_options(synchronize_session=False))
    these = rows.id.in_(found)
    gone = delete(rows.model).where(these) if rows.loses is None else update(rows.model).where(these).values(**rows.loses)
    session.execute(gone.execution_options(synchronize_session=False))
    return len(found)


def note_purge(session: Session, purged: Sequence[Purged], actor: Actor, *, now: datetime) -> None:
    """One entry in the audit trail with the counts of what went; none where nothing did."""
    counts = {each.kind: each.count for each in purged if each.count}
    if counts:
        audit(session, actor, PURGE, object_kind="site", detail=counts, at=now)


def _moment(found: datetime | date | None) -> datetime | None:
    if found is None or isinstance(found, datetime):
        return found
    return datetime.combine(found, time(), UTC)
