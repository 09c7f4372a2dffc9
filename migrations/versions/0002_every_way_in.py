"""every way in: batches undone and explained, what waits for a person, programs that send, accounts at a provider."""

from __future__ import annotations

import re
import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_VALID = {"sqlite_where": sa.text("voided_at IS NULL"), "postgresql_where": sa.text("voided_at IS NULL")}
_OPEN = {"sqlite_where": sa.text("decided_at IS NULL"), "postgresql_where": sa.text("decided_at IS NULL")}
_FACTS = ("assignment", "completion", "exemption", "membership")
_PLAIN_LETTERS = str.maketrans({"ø": "o", "đ": "d", "ð": "d", "ł": "l", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"})


def upgrade() -> None:
    op.create_table(
        "api_client",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("secret_hash", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_by", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_client")),
        sa.UniqueConstraint("client_id", name=op.f("uq_api_client_client_id")),
    )
    op.create_table(
        "import_job",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("result", sa.JSON(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=True),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("requested_by", sa.BigInteger(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_job")),
    )
    op.create_table(
        "import_profile",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("mapping", sa.JSON(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_profile")),
        sa.UniqueConstraint("name", name=op.f("uq_import_profile_name")),
    )
    op.create_table(
        "notice",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failure", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
    )
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.create_index("ix_notice_sent", ["sent_at", "id"], unique=False)

    op.create_table(
        "stranger",
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("shown", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("value", name=op.f("pk_stranger")),
    )
    op.create_table(
        "batch_change",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("after", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_batch_change_batch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch_change")),
    )
    with op.batch_alter_table("batch_change", schema=None) as batch_op:
        batch_op.create_index("ix_batch_change_batch", ["batch_id", "id"], unique=False)

    op.create_table(
        "batch_rows",
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("packed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_batch_rows_batch_id")),
        sa.PrimaryKeyConstraint("batch_id", name=op.f("pk_batch_rows")),
    )
    op.create_table(
        "batch_undone",
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undone_by", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_batch_undone_batch_id")),
        sa.PrimaryKeyConstraint("batch_id", name=op.f("pk_batch_undone")),
    )
    op.create_table(
        "course_alias",
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("course_id", sa.BigInteger(), nullable=True),
        sa.Column("shown", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name=op.f("fk_course_alias_course_id")),
        sa.PrimaryKeyConstraint("value", name=op.f("pk_course_alias")),
    )
    with op.batch_alter_table("course_alias", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_course_alias_course_id"), ["course_id"], unique=False)

    op.create_table(
        "held_change",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("after", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("is_accepted", sa.Boolean(), nullable=True),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_held_change_batch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_held_change")),
    )
    with op.batch_alter_table("held_change", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_held_change_batch_id"), ["batch_id"], unique=False)
        batch_op.create_index(
            "uq_held_change_open",
            ["member_id", "what", "after"],
            unique=True,
            sqlite_where=sa.text("decided_at IS NULL"),
            postgresql_where=sa.text("decided_at IS NULL"),
        )

    op.create_table(
        "provider_account",
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("provider_id", sa.Text(), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("invited_on", sa.Date(), nullable=True),
        sa.Column("activated_on", sa.Date(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.BigInteger(), nullable=True),
        sa.Column("batch_id", sa.BigInteger(), nullable=True),
        sa.Column("voided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("voided_by", sa.BigInteger(), nullable=True),
        sa.Column("void_reason", sa.Text(), nullable=True),
        sa.Column("voided_batch_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_provider_account_batch_id")),
        sa.ForeignKeyConstraint(["member_id"], ["member.member_id"], name="fk_provider_account_member"),
        sa.PrimaryKeyConstraint("member_id", "id", name=op.f("pk_provider_account")),
    )
    with op.batch_alter_table("provider_account", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_provider_account_batch_id"), ["batch_id"], unique=False)
        batch_op.create_index(
            "uq_provider_account_key",
            ["member_id", "provider", "provider_id"],
            unique=True,
            sqlite_where=sa.text("voided_at IS NULL"),
            postgresql_where=sa.text("voided_at IS NULL"),
        )

    op.create_table(
        "sync_window",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("from_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_sync_window_batch_id")),
        sa.PrimaryKeyConstraint("source", "from_at", name=op.f("pk_sync_window")),
    )
    op.create_table(
        "xapi_statement",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("statement_id", sa.Text(), nullable=False),
        sa.Column("client_id", sa.BigInteger(), nullable=False),
        sa.Column("raw", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("waiting_id", sa.BigInteger(), nullable=True),
        sa.Column("member_id", sa.BigInteger(), nullable=True),
        sa.Column("completion_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["client_id"], ["api_client.id"], name=op.f("fk_xapi_statement_client_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_xapi_statement")),
        sa.UniqueConstraint("statement_id", name=op.f("uq_xapi_statement_statement_id")),
    )
    with op.batch_alter_table("xapi_statement", schema=None) as batch_op:
        batch_op.create_index("ix_xapi_statement_state", ["state", "id"], unique=False)
        batch_op.create_index("ix_xapi_statement_client", ["client_id", "state"], unique=False)
        batch_op.create_index("ix_xapi_statement_completion", ["completion_id"], unique=False)
        batch_op.create_index("ix_xapi_statement_waiting", ["waiting_id"], unique=False)

    for table in _FACTS:
        op.add_column(table, sa.Column("voided_batch_id", sa.BigInteger(), nullable=True))
    op.add_column("member", sa.Column("merged_into_id", sa.BigInteger(), nullable=True))
    _fold_names(accents=False)
    op.add_column("waiting_completion", sa.Column("learner_local", sa.Text(), nullable=True))
    op.add_column("waiting_completion", sa.Column("learner_key", sa.Text(), nullable=True))
    op.add_column("waiting_completion", sa.Column("course_name", sa.Text(), nullable=True))
    op.add_column("waiting_completion", sa.Column("is_set_aside", sa.Boolean(), nullable=True))
    op.add_column("waiting_completion", sa.Column("settled_member_id", sa.BigInteger(), nullable=True))
    _name_what_waits()
    with op.batch_alter_table("waiting_completion", schema=None) as batch_op:
        batch_op.alter_column("learner_local", existing_type=sa.Text(), nullable=False)
        batch_op.alter_column("learner_key", existing_type=sa.Text(), nullable=False)
        batch_op.alter_column("course_name", existing_type=sa.Text(), nullable=False)
        batch_op.alter_column("is_set_aside", existing_type=sa.Boolean(), nullable=False)
        batch_op.alter_column("batch_id", existing_type=sa.BigInteger(), nullable=True)
        batch_op.create_index("ix_waiting_completion_course", ["course_name"], unique=False)
        batch_op.create_index("ix_waiting_completion_learner", ["learner_key"], unique=False)


def _plain(text: str) -> str:
    apart = unicodedata.normalize("NFKD", text.casefold()).translate(_PLAIN_LETTERS)
    return " ".join("".join(each for each in apart if not unicodedata.combining(each)).split())


def _fold_names(*, accents: bool) -> None:
    """Names are searched without accents from here on; before, with them."""
    connection = op.get_bind()
    rows = connection.execute(sa.text("SELECT member_id, first_name, last_name, name_key FROM member")).all()
    changed = []
    for member_id, first, last, before in rows:
        after = f"{last} {first}".strip().casefold() if accents else _plain(f"{last} {first}")
        if after != before:
            changed.append({"member": member_id, "name": after})
    if changed:
        connection.execute(sa.text("UPDATE member SET name_key = :name WHERE member_id = :member"), changed)


def _name_what_waits() -> None:
    connection = op.get_bind()
    named = []
    columns = "id, source, provider_id, member_number, email, learner_name, course_id, course"
    for row in connection.execute(sa.text(f"SELECT {columns} FROM waiting_completion")).all():
        its_id, source, provider_id, number, email, name, course_id, course = row
        if provider_id:
            learner = f"id:{provider_id.strip().casefold()}"
        elif number:
            learner = f"number:{number.strip().casefold().lstrip('0') or '0'}"
        elif email:
            learner = f"email:{email.strip().casefold()}|{_plain(name)}"
        else:
            learner = f"name:{source}:{_plain(name)}"
        its_id_there = re.sub(r"^urn:(?:li:)?lyndacourse:(?=[0-9]+$)", "", course_id.strip().casefold())
        if its_id_there.isascii() and its_id_there.isdigit():
            its_id_there = its_id_there.lstrip("0") or "0"
        its_course = f"id:{its_id_there}" if course_id else f"text:{course.strip().casefold()}"
        named.append({"id": its_id, "learner": learner, "course": its_course, "no": False})
    if named:
        connection.execute(
            sa.text(
                "UPDATE waiting_completion SET learner_local = '', learner_key = :learner, course_name = :course,"
                " is_set_aside = :no WHERE id = :id"
            ),
            named,
        )


def downgrade() -> None:
    op.execute("DELETE FROM waiting_completion WHERE batch_id IS NULL")
    op.execute("DELETE FROM identifier WHERE kind = 'alias'")
    with op.batch_alter_table("waiting_completion", schema=None) as batch_op:
        batch_op.drop_index("ix_waiting_completion_learner")
        batch_op.drop_index("ix_waiting_completion_course")
        batch_op.alter_column("batch_id", existing_type=sa.BigInteger(), nullable=False)
        for column in ("settled_member_id", "is_set_aside", "course_name", "learner_key", "learner_local"):
            batch_op.drop_column(column)
    _fold_names(accents=True)
    # not in batch mode, which makes a table anew: other tables point at these
    op.execute("ALTER TABLE member DROP COLUMN merged_into_id")
    for table in _FACTS:
        op.execute(f"ALTER TABLE {table} DROP COLUMN voided_batch_id")
    with op.batch_alter_table("xapi_statement", schema=None) as batch_op:
        for name in ("state", "client", "completion", "waiting"):
            batch_op.drop_index(f"ix_xapi_statement_{name}")

    op.drop_table("xapi_statement")
    op.drop_table("sync_window")
    with op.batch_alter_table("provider_account", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_provider_account_key",
            sqlite_where=sa.text("voided_at IS NULL"),
            postgresql_where=sa.text("voided_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_provider_account_batch_id"))

    op.drop_table("provider_account")
    with op.batch_alter_table("held_change", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_held_change_open", sqlite_where=sa.text("decided_at IS NULL"), postgresql_where=sa.text("decided_at IS NULL")
        )
        batch_op.drop_index(batch_op.f("ix_held_change_batch_id"))

    op.drop_table("held_change")
    with op.batch_alter_table("course_alias", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_course_alias_course_id"))

    op.drop_table("course_alias")
    op.drop_table("batch_undone")
    op.drop_table("batch_rows")
    with op.batch_alter_table("batch_change", schema=None) as batch_op:
        batch_op.drop_index("ix_batch_change_batch")

    op.drop_table("batch_change")
    op.drop_table("stranger")
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.drop_index("ix_notice_sent")

    op.drop_table("notice")
    op.drop_table("import_profile")
    op.drop_table("import_job")
    op.drop_table("api_client")
