"""Clients, the statements they sent, and what became of each."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from tracker.coverage.paging import Page
from tracker.language import _, mark
from tracker.models import ApiClient, Member, StatementState, WaitingCompletion, XapiStatement

_PAGE = 50
_TAKEN_OUT = mark("taken out")  # it waited, and was taken back or undone

# What a waiting statement is by now: its row may have found its member since.
_NOW = case(
    (XapiStatement.state != StatementState.WAITING, XapiStatement.state),
    (WaitingCompletion.settled_at.is_(None), XapiStatement.state),
    (WaitingCompletion.settled_member_id.is_(None), _TAKEN_OUT),
    else_=StatementState.RECORDED.value,
)


class ClientLine(NamedTuple):
    """A client in a list, with how many of its statements ended in which way."""

    client: ApiClient
    counts: dict[str, int]
    last_at: datetime | None


class StatementLine(NamedTuple):
    """A statement as people read it. ``raw`` is its JSON, laid out; "" for one that was voided before it came."""

    statement: XapiStatement
    actor: str
    verb: str
    target: str
    became: str
    reason: str
    member: Member | None  # for whom it was recorded
    raw: str


def client_lines(session: Session) -> list[ClientLine]:
    """Every client, those in use first, by name."""
    clients = session.scalars(select(ApiClient)).all()
    return _lines(session, sorted(clients, key=lambda each: (each.revoked_at is not None, each.name.casefold(), each.id)))


def line_of(session: Session, client: ApiClient) -> ClientLine:
    """One client, as in the list."""
    return _lines(session, [client])[0]


def _lines(session: Session, clients: Sequence[ApiClient]) -> list[ClientLine]:
    counts: dict[int, dict[str, int]] = {each.id: {} for each in clients}
    last: dict[int, datetime] = {}
    rows = session.execute(
        select(XapiStatement.client_id, _NOW.label("became"), func.count(), func.max(XapiStatement.received_at))
        .outerjoin(WaitingCompletion, WaitingCompletion.id == XapiStatement.waiting_id)
        .where(XapiStatement.client_id.in_(counts))
        .group_by(XapiStatement.client_id, "became")
    )
    for client_id, became, count, last_at in rows:
        counts[client_id][str(became)] = count
        last[client_id] = max(last_at, last.get(client_id, last_at))
    order = [each.value for each in StatementState] + [_TAKEN_OUT]
    return [
        ClientLine(each, {state: counts[each.id][state] for state in order if state in counts[each.id]}, last.get(each.id))
        for each in clients
    ]


def find_client(session: Session, client_id: str) -> ApiClient | None:
    """The client of that id, as it is shown to people."""
    return session.scalar(select(ApiClient).where(ApiClient.client_id == client_id.strip()))


def statements_page(session: Session, client: ApiClient, before: int | None = None) -> Page[StatementLine]:
    """What a client sent, the newest first, from the one before ``before``."""
    wanted = (
        select(XapiStatement, _NOW, func.coalesce(XapiStatement.member_id, WaitingCompletion.settled_member_id))
        .outerjoin(WaitingCompletion, WaitingCompletion.id == XapiStatement.waiting_id)
        .where(XapiStatement.client_id == client.id)
        .order_by(XapiStatement.id.desc())
        .limit(_PAGE + 1)
    )
    if before is not None:
        wanted = wanted.where(XapiStatement.id < before)
    rows = session.execute(wanted).all()
    shown = rows[:_PAGE]
    ids = {member_id for _, _, member_id in shown if member_id is not None}
    members = {each.member_id: each for each in session.scalars(select(Member).where(Member.member_id.in_(ids)))}
    lines = [_line(statement, str(became), members.get(member_id)) for statement, became, member_id in shown]
    return Page(lines, str(shown[-1][0].id) if len(rows) > _PAGE else None)


def _line(statement: XapiStatement, became: str, member: Member | None) -> StatementLine:
    said: dict[str, Any] = json.loads(statement.raw) if statement.raw else {}
    raw = json.dumps(said, ensure_ascii=False, indent=2) if said else ""
    verb = str((said.get("verb") or {}).get("id", "")).rstrip("/").rpartition("/")[2]
    target = said.get("object") or {}
    is_as_received = became == statement.state.value  # else its reason is of the past
    reason = statement.reason if is_as_received else ""
    return StatementLine(statement, _actor(said), verb, str(target.get("id", "")), became, reason, member, raw)


def _actor(said: dict[str, Any]) -> str:
    """A learner by the clearest of what a statement says of them."""
    actor = said.get("actor") or {}
    account = actor.get("account") or {}
    mbox = str(actor.get("mbox") or "")
    for each in (
        mbox.partition(":")[2],
        account.get("name"),
        actor.get("openid"),
        actor.get("mbox_sha1sum"),
        actor.get("name"),
    ):
        if isinstance(each, str) and each:
            return each
    return _("a group") if actor else ""
