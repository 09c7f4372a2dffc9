"""Abuse 5: markup in whatever people can write, read by everyone on every page. Abuse 4: what an import brings."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from sqlalchemy import Text, func, select, update

from tests.access.asking import SAFE, Asker, rules_of, where
from tracker.intake.imports import import_roster
from tracker.models import Identifier, RoleGrant, User, db, writing
from tracker.operations.actor import OPERATOR

MARKUP = "<img src=x onerror=alert(1)>'\"--></script>&lt;"

# Columns in which people, or files of others, write as they like.
WRITTEN = {
    "member": ("first_name", "last_name"),
    "unit": ("name", "city", "sector"),
    "craft": ("name",),
    "course": ("title", "provider"),
    "learning_path": ("title",),
    "path_version": ("title",),
    "section": ("title",),
    "batch": ("file_name", "note"),
    "import_job": ("file_name", "message"),
    "evidence": ("file_name", "url", "note"),
    "correction": ("words", "answer", "about_text"),
    "waiting_completion": ("learner_name", "course_name", "message"),
    "held_change": ("before", "after"),
    "proof": ("label",),
    "proposal": ("reason",),
    "api_client": ("name",),
    "export_job": ("file_name", "message"),
    "frozen_report": ("title",),
    "exemption": ("note",),
    "assignment_rule": ("reason",),
    "completion": ("void_reason",),
}


def test_abuse_5_markup_stays_text_wherever_it_was_written(union: Asker) -> None:
    """Abuse 5: stored XSS through names, titles, file names, notes, by import, form, or a provider."""
    changed = _write_markup(union)
    assert changed > 15, "the columns are called otherwise by now"
    shown = 0
    for (endpoint, method), rule in rules_of(union.app).items():
        if method != SAFE:
            continue
        for role in ("staff", "member"):
            answer = union.ask(role, SAFE, where(union.app, rule, union.planted.own))
            if answer.head.get("Content-Type", "").startswith(("text/html", "image/svg")):
                assert b"<img src=x" not in answer.body, f"{endpoint} to {role}"
                assert not re.search(rb"=\"[^\"<>]*'\"--", answer.body), f"{endpoint} to {role}: out of an attribute"
                shown += b"&lt;img src=x" in answer.body
                assert "unsafe" not in answer.head["Content-Security-Policy"]
    assert shown > 30, "it is shown as the text that it is"


def _write_markup(union: Asker) -> int:
    """Put the markup into every such column; how many there are."""
    changed = 0
    with union.app.app_context(), writing(alone=True) as session:
        for name, columns in WRITTEN.items():
            table = db.metadata.tables.get(name)
            for column in columns:
                if table is not None and column in table.c and isinstance(table.c[column].type, Text):
                    session.execute(update(table).where(table.c[column].is_not(None)).values({column: MARKUP}))
                    changed += 1
    return changed


HEAD = "member_number,first_name,last_name,email,local,craft,status,kind,from_on,until_on,home"


def test_abuse_4_a_roster_gives_nobody_an_account_a_role_or_an_assurance(union: Asker) -> None:
    """Abuse 4: columns beside those of a roster, to make accounts and roles through an import."""

    def held() -> tuple[object, ...]:
        with union.app.app_context():
            grants = {tuple(row) for row in db.session.execute(select(RoleGrant.user_id, RoleGrant.role, RoleGrant.unit_id))}
            users = {tuple(row) for row in db.session.execute(select(User.email, User.member_id, User.password_hash))}
            return grants, users

    before, now = held(), datetime.now(UTC)
    row = "0009,Eve,Example,eve@example.net,80,grip,active,member,2024-01-01,,yes"
    more = f"admin,secret,1,{union.planted.users['admin']},1,0"
    text = f"{HEAD},role,password,is_admin,user_id,unit_id,session_epoch\n{row},{more}\n"
    with union.app.app_context(), writing(alone=True) as session:
        import_roster(session, text.encode(), "roster.csv", OPERATOR, today=now.date(), now=now)
    assert held() == before
    with union.app.app_context():
        assert db.session.scalar(select(func.count()).where(Identifier.value == "eve@example.net")) == 1
