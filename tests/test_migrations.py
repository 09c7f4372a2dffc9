"""The schema: migrations and models agree, every revision goes down and up, and the database refuses what cannot be."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import flask_migrate
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from click.testing import Result
from flask import Flask
from sqlalchemy import CheckConstraint, Connection, ForeignKeyConstraint, UniqueConstraint, insert, inspect, select, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import IntegrityError

from tests.conftest import ENGINES, empty_database, make_settings
from tests.test_worked_example import COMPLETIONS, EXAMPLE, ROSTER, RULES
from tracker import create_app
from tracker.config import shipped
from tracker.models import LedgerDelta, db, writing
from tracker.models.base import only_one

REVISIONS = list(ScriptDirectory(str(shipped("migrations"))).walk_revisions())  # from the newest down

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module", params=ENGINES)
def lasting_app(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The application on one empty database of each engine, for tests that leave it empty."""
    folder = tmp_path_factory.mktemp("schema")
    with empty_database(request.param, request, folder) as url:
        app = create_app(make_settings(folder, url))
        yield app
        with app.app_context():
            db.engine.dispose()


@pytest.fixture
def connection(lasting_app: Flask) -> Iterator[Connection]:
    """A connection to an empty database at the newest schema, rolled back at the end."""
    with lasting_app.app_context(), db.engine.connect().execution_options(writes=True) as connection:
        yield connection
        connection.rollback()


# --- Migrations and models ------------------------------------------------------------------------------------------------


def test_the_migrations_lead_in_one_line_to_one_head() -> None:
    assert [revision.down_revision for revision in REVISIONS] == [*[revision.revision for revision in REVISIONS[1:]], None]


def differences(connection: Connection) -> list[Any]:
    context = MigrationContext.configure(connection, opts={"compare_type": True, "target_metadata": db.metadata})
    return compare_metadata(context, db.metadata)


def test_the_newest_schema_is_that_of_the_models(connection: Connection) -> None:
    assert differences(connection) == []


def described(connection: Connection) -> dict[str, Any]:
    """Everything a table is, as the database itself tells it: what autogenerate does not look at included."""
    tables: dict[str, Any] = {}
    inspector = inspect(connection)
    for table in inspector.get_table_names():
        if table == "alembic_version":
            continue
        tables[table] = {
            "columns": sorted(
                (c["name"], str(c["type"]), c["nullable"], c["default"]) for c in inspector.get_columns(table)
            ),
            "key": inspector.get_pk_constraint(table)["constrained_columns"],
            "checks": sorted(
                (str(c["name"]), " ".join(c["sqltext"].split())) for c in inspector.get_check_constraints(table)
            ),
            "unique": sorted((str(c["name"]), c["column_names"]) for c in inspector.get_unique_constraints(table)),
            "foreign": sorted(
                (str(c["name"]), c["constrained_columns"], c["referred_table"], c["referred_columns"], str(c["options"]))
                for c in inspector.get_foreign_keys(table)
            ),
            "indexes": sorted(
                (
                    *(str(i["name"]), i["column_names"], i["unique"]),
                    *(f"{name}: {value}" for name, value in sorted(i.get("dialect_options", {}).items())),
                )
                for i in inspector.get_indexes(table)
            ),
        }
        if connection.dialect.name == "sqlite":
            sql = connection.scalar(text("SELECT sql FROM sqlite_master WHERE name = :name"), {"name": table})
            tables[table]["without rowid"] = "WITHOUT ROWID" in sql
    return tables


def test_the_schema_made_at_once_is_the_one_made_step_by_step(connection: Connection) -> None:
    migrated = described(connection)
    for name in migrated:
        for foreign in migrated[name]["foreign"]:
            assert foreign[0] != "None"
    if connection.dialect.name == "postgresql":
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    else:
        for table in reversed(db.metadata.sorted_tables):
            table.drop(connection)
    db.metadata.create_all(connection)
    assert described(connection) == migrated


def test_a_partial_index_is_partial(connection: Connection) -> None:
    """The keys of facts hold among valid facts only; autogenerate would not miss the condition."""
    inspector = inspect(connection)
    dialect = connection.dialect.name
    for table in db.metadata.sorted_tables:
        have = {index["name"]: index.get("dialect_options", {}) for index in inspector.get_indexes(table.name)}
        for index in table.indexes:
            wanted = index.dialect_options[dialect]["where"]
            assert (have[index.name].get(f"{dialect}_where") is not None) == (wanted is not None), index.name


# --- Down and up, with data -----------------------------------------------------------------------------------------------


def figures(tracker: Callable[..., Result]) -> list[str]:
    said = ("--format", "csv", "--as-of")
    days = ("2026-02-04", "2026-03-01", "2026-08-31")
    return [tracker("coverage", *said, day).stdout for day in days] + [
        tracker("coverage", *said, days[0], "--by", "craft").stdout
    ]


@pytest.fixture
def with_data(tracker: Callable[..., Result]) -> Callable[..., Result]:
    for step in (("union", "apply", "union.csv"), ("catalogue", "apply", "courses.yaml"), *ROSTER, *RULES, *COMPLETIONS):
        tracker(*(str(EXAMPLE / each) if each.endswith((".csv", ".yaml")) else each for each in step))
    return tracker


def test_upgrading_a_database_that_is_up_to_date_changes_nothing(with_data: Callable[..., Result]) -> None:
    before = figures(with_data)
    with_data("db", "upgrade")
    assert figures(with_data) == before
    assert "follows from the facts" in with_data("doctor").output


def test_a_migration_and_the_ledgers_fold_keep_out_of_each_others_way(app: Flask) -> None:
    """Each has a lock of its own: whoever folds the ledger while a server is upgraded holds nobody off, and is not held."""

    def upgrade() -> None:
        with app.app_context():
            flask_migrate.upgrade()

    with app.app_context(), writing() as session:
        assert only_one(session)
        if session.get_bind().dialect.name == "sqlite":
            return  # which has one writer
        upgrading = threading.Thread(target=upgrade, daemon=True)
        upgrading.start()
        upgrading.join(60)
        assert not upgrading.is_alive()


def test_every_revision_goes_down_and_up_with_data_in_it(
    with_data: Callable[..., Result], database_url: str, app: Flask
) -> None:
    before = figures(with_data)
    for revision in REVISIONS:
        if revision.down_revision is None:
            continue
        with app.app_context():
            flask_migrate.downgrade(revision=str(revision.down_revision))
            db.engine.dispose()
        with_data("db", "upgrade")
        assert figures(with_data) == before
    with_data("doctor")


def test_the_first_revision_goes_down_to_nothing_and_up_again(with_data: Callable[..., Result], app: Flask) -> None:
    with app.app_context():
        flask_migrate.downgrade(revision="base")
        assert set(inspect(db.engine).get_table_names()) <= {"alembic_version"}
        flask_migrate.upgrade()
        with db.engine.connect() as connection:
            assert differences(connection) == []
            assert connection.scalar(text("SELECT count(*) FROM member")) == 0


# --- What the database refuses -------------------------------------------------------------------------------------------

DAY, LATER = date(2026, 1, 5), date(2026, 2, 1)
FACT = {"recorded_at": NOW}
# One sound row of each table, in an order in which they can be written.
SOUND: dict[str, dict[str, Any]] = {
    "unit": {"id": 1, "number": "80", "number_key": "80", "name": "Grips", "kind": "local", "city": "", "region": "",
             "country": "", "sector": "", "time_zone": ""},
    "unit_closure": {"ancestor_id": 1, "descendant_id": 1, "depth": 0},
    "craft": {"id": 1, "name": "Grip", "key": "grip"},
    "principle": {"id": 1, "code": "education", "number": 4, "title": "Education", "text": ""},
    "course": {"id": 1, "code": "ethics", "title": "Ethics", "provider": "P", "url": "", "language": "", "minutes": 60,
               "valid_months": 12},
    "course_reference": {"kind": "code", "value": "ethics", "course_id": 1},
    "learning_path": {"id": 1, "code": "ai", "title": "AI", "description": "", "url": "", "principle_id": 1},
    "path_version": {"id": 1, "path_id": 1, "number": 1, "change": "keep", "rules": {}, "applied_at": NOW},
    "section": {"id": 1, "version_id": 1, "position": 0, "title": "S", "need": "all", "number": 0},
    "section_course": {"section_id": 1, "course_id": 1, "position": 0},
    "assignment_rule": {"id": 1, "path_id": 1, "kind": "required", "from_on": DAY, "recorded_at": NOW, "within_days": 30},
    "batch": {"id": 1, "kind": "roster", "profile": "canonical", "file_name": "r.csv", "sha256": "0", "recorded_at": NOW},
    "batch_outcome": {"batch_id": 1, "outcome": "recorded", "row_count": 1},
    "row_fault": {"id": 1, "batch_id": 1, "line": 2, "column": "local", "value": "", "reason": "is missing"},
    "member": {"member_id": 1, "number": "0001", "first_name": "", "last_name": "", "name_key": "", "created_at": NOW},
    "identifier": {"kind": "number", "value": "1", "member_id": 1, "shown": "0001", "recorded_at": NOW},
    "membership": {"member_id": 1, "id": 1, "unit_id": 1, "craft_id": 1, "status": "active", "kind": "member",
                   "is_home": True, "from_on": DAY, "until_on": LATER, **FACT},
    "assignment": {"member_id": 1, "id": 1, "path_id": 1, "version_id": 1, "kind": "required", "assigned_on": DAY,
                   "rule_id": 1, "membership_id": 1, **FACT},
    "exemption": {"member_id": 1, "id": 1, "path_id": 1, "reason": "leave", "from_on": DAY, "until_on": LATER, **FACT},
    "completion": {"member_id": 1, "id": 1, "course_id": 1, "completed_on": DAY, "assurance": 2, "source": "table",
                   "external_id": "L1", **FACT},
    "evidence": {"member_id": 1, "id": 1, "completion_id": 1, "url": "https://example.org", "recorded_at": NOW,
                 "review": "waiting"},
    "standing": {"member_id": 1, "path_id": 1, "from_on": DAY, "until_on": LATER, "level": 1},
    "scope": {"member_id": 1, "membership_id": 1, "path_id": 1, "from_on": DAY, "until_on": LATER, "unit_id": 1,
              "craft_id": 1},
    "coverage_ledger": {"day": DAY, "craft_id": 0, "unit_id": 1, "path_id": 1, "in_scope": 1, "claimed": 0, "reviewed": 0,
                        "provider": 0},
    "coverage_balance": {"day": DAY, "craft_id": 0, "unit_id": 1, "path_id": 1, "in_scope": 1, "claimed": 0, "reviewed": 0,
                         "provider": 0},
    "balance_day": {"day": DAY},
    "waiting_completion": {"id": 1, "batch_id": 1, "line": 2, "reason": "unmatched", "fingerprint": "f", "source": "table",
                           "member_number": "9", "provider_id": "", "email": "", "learner_name": "", "course_id": "",
                           "course": "ethics", "completed_on": DAY, "assurance": 1, "evidence_url": "", "external_id": "",
                           "recorded_at": NOW, "learner_local": "", "learner_key": "number:9", "course_name": "text:ethics",
                           "is_set_aside": False},
    "batch_rows": {"batch_id": 1, "packed": b""},
    "batch_undone": {"batch_id": 1, "undone_at": NOW},
    "batch_change": {"id": 1, "batch_id": 1, "member_id": 1, "line": 2, "what": "name", "before": "", "after": "A"},
    "held_change": {"id": 1, "batch_id": 1, "member_id": 1, "line": 2, "what": "email", "before": "", "after": "a@b.org",
                    "recorded_at": NOW},
    "provider_account": {"member_id": 1, "id": 1, "provider": "linkedin", "provider_id": "", "is_open": True, **FACT},
    "stranger": {"value": "id:x", "shown": "x", "recorded_at": NOW},
    "course_alias": {"value": "id:x", "course_id": 1, "shown": "x", "recorded_at": NOW},
    "import_profile": {"id": 1, "name": "p", "kind": "roster", "mapping": {}, "recorded_at": NOW},
    "import_job": {"id": 1, "kind": "roster", "file_name": "r.csv", "sha256": "0", "options": {}, "state": "reading",
                   "result": {}, "message": "", "requested_at": NOW, "changed_at": NOW},
    "frozen_report": {"id": 1, "code": "abc", "title": "", "unit_id": 1, "as_of": DAY, "floor": 2, "manifest": "",
                      "sha256": "0", "frozen_at": NOW},
    "export_job": {"id": 1, "address": "/reports/", "form": "csv", "state": "reading", "file_name": "", "message": "",
                   "result": {}, "requested_at": NOW, "requested_by": 1, "changed_at": NOW},
    "coverage_entry": {"unit_id": 1, "id": 1, "day": DAY, "craft_id": 0, "path_id": 1, "in_scope": 1, "claimed": 0,
                       "reviewed": 0, "provider": 0},
    "sync_window": {"source": "linkedin", "from_at": NOW, "until_at": NOW, "batch_id": 1},
    "api_client": {"id": 1, "name": "LinkedIn", "client_id": "c", "secret_hash": "0", "created_at": NOW,
                   "scopes": "xapi:write"},
    "xapi_statement": {"id": 1, "statement_id": "s", "client_id": 1, "raw": "{}", "received_at": NOW, "state": "new",
                       "reason": ""},
    "notice": {"id": 1, "address": "a@b.org", "subject": "", "body": "", "recorded_at": NOW, "failure": ""},
    "user_account": {"id": 1, "email": "A@example.org", "email_key": "a@example.org", "is_active": True, "session_epoch": 0,
                     "created_at": NOW},
    "role_grant": {"id": 1, "user_id": 1, "role": "staff", "from_on": DAY, "until_on": LATER},
    "second_factor": {"user_id": 1, "secret": "s", "last_step": 0, "begun_at": NOW},
    "recovery_code": {"id": 1, "user_id": 1, "code_hash": "h"},
    "outside_identity": {"id": 1, "issuer": "https://a.org", "subject": "s", "user_id": 1, "linked_at": NOW},
    "api_token": {"id": 1, "user_id": 1, "name": "N", "token_hash": "h", "scopes": "read", "created_at": NOW,
                  "expires_at": NOW},
    "audit_seal": {"position": 1, "entry_id": 1, "detail_hash": "d", "hash": "h", "sealed_at": NOW},
    "erasure": {"id": 1, "member_id": 1, "erased_at": NOW, "reason": "asked"},
    "errand": {"name": "doctor", "next_at": NOW, "outcome": {}, "failure": ""},
    "claim_review": {"member_id": 1, "id": 1, "completion_id": 1, "decision": "accepted", "reason": "", "words": "",
                     "decided_at": NOW},
    "review_lock": {"completion_id": 1, "user_id": 1, "until_at": NOW},
    "due_decision": {"member_id": 1, "id": 1, "rule_id": 1, "membership_id": 1, "reason": "joined late", **FACT},
    "eligibility": {"member_id": 1, "id": 1, "provider": "linkedin", "unit_id": 1, "is_eligible": True, "note": "", **FACT},
    "correction": {"member_id": 1, "id": 1, "about": "name", "shown": "A", "words": "It is B", "state": "open",
                   "asked_at": NOW, "answer": ""},
    "proof": {"id": 1, "member_id": 1, "code": "c", "kind": "transcript", "label": "", "language": "en", "made_at": NOW,
              "until_on": LATER},
    "proposal": {"id": 1, "kind": "void", "question": {}, "found": 2, "reason": "wrong list", "proposed_at": NOW,
                 "proposed_by": 1},
    "notice_told": {"member_id": 1, "id": 1, "what": "due-30", "notice_id": 1, "told_at": NOW},
    "notice_stop": {"address_key": "a@b.org", "kind": "digest", "stopped_at": NOW},
    "sign_in_link": {"id": 1, "address": "a@b.org", "address_key": "a@b.org", "asked_from": "", "language": "en",
                     "next_path": "", "asked_at": NOW, "attempts": 0, "failure": "", "token_hash": "h"},
}  # fmt: skip

REFUSED_CHECK = [
    ("ck_course_minutes", "course", {"id": 2, "code": "b", "minutes": 0}),
    ("ck_course_valid_months", "course", {"id": 2, "code": "b", "valid_months": -1}),
    ("ck_course_renewal_days", "course", {"id": 2, "code": "b", "renewal_days": 0}),
    ("ck_course_grace_days", "course", {"id": 2, "code": "b", "grace_days": 0}),
    ("ck_course_credit_hundredths", "course", {"id": 2, "code": "b", "credit_hundredths": 0}),
    ("ck_equivalent_not_itself", "equivalent", {"id": 1, "course_id": 1, "stands_for_id": 1}),
    ("ck_role_grant_span", "role_grant", {"id": 2, "until_on": DAY}),
    ("ck_membership_span", "membership", {"id": 2, "from_on": LATER, "until_on": LATER}),
    ("ck_assignment_rule_within_days", "assignment_rule", {"id": 2, "within_days": 0}),
    ("ck_assignment_span", "assignment", {"id": 2, "rule_id": None, "membership_id": None, "until_on": date(2026, 1, 4)}),
    ("ck_assignment_reason", "assignment", {"id": 2, "rule_id": None}),
    ("ck_assignment_reason", "assignment", {"id": 2, "membership_id": None}),
    ("ck_exemption_span", "exemption", {"id": 2, "until_on": DAY}),
    ("ck_completion_assurance", "completion", {"id": 2, "assurance": 0, "external_id": None}),
    ("ck_completion_assurance", "completion", {"id": 2, "assurance": 4, "external_id": None}),
    ("ck_evidence_something", "evidence", {"id": 2, "url": None}),
]
REFUSED_UNIQUE = [
    ("uq_unit_number", "unit", {"id": 2}),
    ("uq_craft_key", "craft", {"id": 2}),
    ("uq_principle_code", "principle", {"id": 2}),
    ("uq_course_code", "course", {"id": 2}),
    ("uq_learning_path_code", "learning_path", {"id": 2}),
    ("uq_path_version_number", "path_version", {"id": 2}),
    ("uq_membership_key", "membership", {"id": 2, "status": "retired"}),
    ("uq_assignment_rule", "assignment", {"id": 2, "assigned_on": LATER}),
    ("uq_completion_key", "completion", {"id": 2, "source": "staff", "external_id": None}),
    ("uq_completion_external", "completion", {"id": 2, "completed_on": LATER}),
    ("uq_waiting_completion_row", "waiting_completion", {"id": 2}),
    ("uq_held_change_open", "held_change", {"id": 2}),
    ("uq_provider_account_key", "provider_account", {"id": 2}),
    ("uq_frozen_report_code", "frozen_report", {"id": 2}),
    ("uq_import_profile_name", "import_profile", {"id": 2}),
    ("uq_api_client_client_id", "api_client", {"id": 2}),
    ("uq_xapi_statement_statement_id", "xapi_statement", {"id": 2}),
    ("uq_user_account_email_key", "user_account", {"id": 2, "email": "a@EXAMPLE.org"}),
    ("uq_due_decision_key", "due_decision", {"id": 2}),
    ("uq_eligibility_key", "eligibility", {"id": 2}),
    ("uq_notice_told_what", "notice_told", {"id": 2}),
    ("uq_proof_code", "proof", {"id": 2}),
    ("uq_sign_in_link_token_hash", "sign_in_link", {"id": 2}),
    ("uq_outside_identity_subject", "outside_identity", {"id": 2}),
    ("uq_api_token_token_hash", "api_token", {"id": 2}),
    ("uq_audit_seal_entry_id", "audit_seal", {"position": 2}),
    ("uq_erasure_member_id", "erasure", {"id": 2}),
    *[(f"pk_{table}", table, {}) for table in SOUND],
]
REFUSED_FOREIGN = [
    ("fk_provider_account_member", "provider_account", {"id": 2, "member_id": 9, "provider_id": "x"}),
    ("fk_membership_member", "membership", {"id": 2, "member_id": 9}),
    ("fk_membership_unit_id", "membership", {"id": 2, "from_on": date(2020, 1, 1), "unit_id": 9}),
    ("fk_membership_craft_id", "membership", {"id": 2, "from_on": date(2020, 1, 1), "craft_id": 9}),
    ("fk_completion_member", "completion", {"member_id": 9}),
    ("fk_completion_course_id", "completion", {"id": 2, "course_id": 9, "external_id": None}),
    ("fk_assignment_member", "assignment", {"member_id": 9, "rule_id": None, "membership_id": None}),
    ("fk_assignment_membership", "assignment", {"id": 2, "membership_id": 9}),
    ("fk_exemption_member", "exemption", {"member_id": 9}),
    ("fk_evidence_completion", "evidence", {"id": 2, "completion_id": 9}),
    ("fk_claim_review_completion", "claim_review", {"id": 2, "completion_id": 9}),
    ("fk_due_decision_member", "due_decision", {"id": 2, "member_id": 9}),
    ("fk_eligibility_member", "eligibility", {"id": 2, "member_id": 9}),
    ("fk_correction_member", "correction", {"id": 2, "member_id": 9}),
    ("fk_notice_told_member", "notice_told", {"id": 2, "member_id": 9}),
    ("fk_second_factor_user_id", "second_factor", {"user_id": 9}),
    ("fk_recovery_code_user_id", "recovery_code", {"id": 2, "user_id": 9}),
    ("fk_outside_identity_user_id", "outside_identity", {"id": 2, "subject": "t", "user_id": 9}),
    ("fk_api_token_user_id", "api_token", {"id": 2, "token_hash": "i", "user_id": 9}),
    ("fk_api_client_unit_id", "api_client", {"id": 2, "client_id": "d", "unit_id": 9}),
]  # fmt: skip

# Several rows may be alike where the one before is voided or settled.
ALLOWED = [
    ("membership", {"id": 2}, {"voided_at": NOW, "void_reason": "corrected"}),
    ("completion", {"id": 2}, {"voided_at": NOW, "void_reason": "not theirs"}),
    ("assignment", {"id": 2}, {"voided_at": NOW, "void_reason": "let off"}),
    ("waiting_completion", {"id": 2}, {"settled_at": NOW}),
    ("due_decision", {"id": 2}, {"voided_at": NOW, "void_reason": "another day"}),
    ("eligibility", {"id": 2}, {"voided_at": NOW, "void_reason": "not so"}),
]


def write_sound_rows(connection: Connection, changed: dict[str, dict[str, Any]] | None = None) -> None:
    for table, row in SOUND.items():
        connection.execute(insert(db.metadata.tables[table]).values(row | (changed or {}).get(table, {})))


def refused_as(error: IntegrityError) -> str:
    """The database's own code for what it refused: SQLSTATE, or SQLite's name."""
    if isinstance(error.orig, sqlite3.IntegrityError):
        return error.orig.sqlite_errorname
    return str(getattr(error.orig, "sqlstate", ""))


@pytest.mark.parametrize(("name", "table", "change"), REFUSED_CHECK + REFUSED_UNIQUE + REFUSED_FOREIGN)
def test_the_database_refuses_the_bad_row(connection: Connection, name: str, table: str, change: dict[str, Any]) -> None:
    write_sound_rows(connection)
    bad = SOUND.get(table, {}) | change
    with pytest.raises(IntegrityError) as refused:
        connection.execute(insert(db.metadata.tables[table]).values(bad))
    codes = {
        "ck": ("23514", "SQLITE_CONSTRAINT_CHECK"),
        "uq": ("23505", "SQLITE_CONSTRAINT_UNIQUE"),
        "pk": ("23505", "SQLITE_CONSTRAINT_PRIMARYKEY", "SQLITE_CONSTRAINT_UNIQUE"),
        "fk": ("23503", "SQLITE_CONSTRAINT_FOREIGNKEY"),
    }
    assert refused_as(refused.value) in codes[name[:2]]


@pytest.mark.parametrize(("table", "change", "earlier"), ALLOWED, ids=lambda value: value if isinstance(value, str) else "")
def test_what_was_voided_or_settled_makes_room(
    connection: Connection, table: str, change: dict[str, Any], earlier: dict[str, Any]
) -> None:
    write_sound_rows(connection, {table: earlier})
    connection.execute(insert(db.metadata.tables[table]).values(SOUND[table] | change))


def test_every_check_and_every_unique_key_has_its_bad_row_here() -> None:
    preparer = postgresql.dialect().identifier_preparer
    wanted = set()
    for table in db.metadata.sorted_tables:
        for constraint in table.constraints:
            among_facts = isinstance(constraint, ForeignKeyConstraint) and "member_id" in constraint.columns
            if among_facts or isinstance(constraint, CheckConstraint | UniqueConstraint):
                wanted.add(preparer.format_constraint(constraint))
        wanted |= {preparer.format_index(index) for index in table.indexes if index.unique}
    assert wanted - {name for name, *_ in REFUSED_CHECK + REFUSED_UNIQUE + REFUSED_FOREIGN} == set()


# --- SQLite as it must be opened ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pragma", "value"), [("foreign_keys", 1), ("journal_mode", "wal"), ("synchronous", 2), ("busy_timeout", 10_000)]
)
def test_sqlite_is_opened_so_that_nothing_is_lost(sqlite_app: Flask, pragma: str, value: object) -> None:
    with sqlite_app.app_context(), db.engine.connect() as connection:
        assert connection.scalar(text(f"PRAGMA {pragma}")) == value


def test_a_writer_takes_its_lock_at_the_beginning(sqlite_app: Flask) -> None:
    with sqlite_app.app_context(), writing():
        with db.engine.connect() as other:  # a reader goes on
            assert other.scalar(text("SELECT count(*) FROM member")) == 0
        second = sqlite3.connect(Path(str(db.engine.url.database)), timeout=0)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            second.execute("BEGIN IMMEDIATE")
        second.close()


def test_two_writers_lose_no_update(app: Flask) -> None:
    """Each reads a number and writes the next one, again and again: 2 × 200 must be 400."""
    each = 200
    with app.app_context(), writing() as session:
        session.execute(insert(LedgerDelta).values(SOUND["coverage_ledger"] | {"in_scope": 0}))
    failures: list[BaseException] = []

    def count() -> None:
        try:
            for _ in range(each):
                with app.app_context(), writing(alone=True) as session:
                    row = session.scalars(select(LedgerDelta)).one()
                    row.in_scope = row.in_scope + 1
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=count) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with app.app_context():
        assert db.session.scalars(select(LedgerDelta.in_scope)).one() == 2 * each


def test_a_write_that_fails_leaves_nothing(app: Flask) -> None:
    def fail_half_way() -> None:
        with writing() as session:
            session.execute(insert(LedgerDelta).values(SOUND["coverage_ledger"]))
            raise RuntimeError("half way")

    with app.app_context():
        with pytest.raises(RuntimeError, match="half way"):
            fail_half_way()
        assert db.session.scalars(select(LedgerDelta)).all() == []
