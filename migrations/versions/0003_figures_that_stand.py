"""figures that stand: validity by the calendar, credits, appended ledger entries, frozen reports, exports as jobs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_POSITIVE = ("renewal_days", "grace_days", "credit_hundredths")


def upgrade() -> None:
    op.add_column("course", sa.Column("lapses_each", sa.Text(), nullable=True))
    for name in _POSITIVE:  # with its check in one statement: SQLite cannot add one later
        op.execute(f"ALTER TABLE course ADD COLUMN {name} INTEGER CONSTRAINT ck_course_{name} CHECK ({name} > 0)")
    op.add_column("course", sa.Column("credit_kind", sa.Text(), nullable=True))
    op.add_column("section", sa.Column("within_months", sa.Integer(), nullable=True))
    op.add_column("section", sa.Column("of_kinds", sa.JSON(), nullable=True))
    op.create_table(
        "coverage_entry",
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("craft_id", sa.BigInteger(), nullable=False),
        sa.Column("path_id", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("in_scope", "claimed", "reviewed", "provider")),
        sa.PrimaryKeyConstraint("unit_id", "id", name=op.f("pk_coverage_entry")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "frozen_report",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("known", sa.Date(), nullable=True),
        sa.Column("floor", sa.SmallInteger(), nullable=False),
        sa.Column("manifest", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("frozen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("frozen_by", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_frozen_report_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_frozen_report")),
        sa.UniqueConstraint("code", name=op.f("uq_frozen_report_code")),
    )
    op.create_index(op.f("ix_frozen_report_unit_id"), "frozen_report", ["unit_id"])
    op.create_table(
        "export_job",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=True),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("result", sa.JSON(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("requested_by", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_export_job")),
    )
    op.create_index("ix_export_job_person", "export_job", ["requested_by", "requested_at"])


def downgrade() -> None:
    for table in ("export_job", "frozen_report", "coverage_entry"):
        op.drop_table(table)
    for name in ("of_kinds", "within_months"):
        op.drop_column("section", name)
    for name in ("credit_kind", *_POSITIVE, "lapses_each"):
        op.drop_column("course", name)
