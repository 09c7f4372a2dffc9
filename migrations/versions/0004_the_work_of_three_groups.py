"""the work of three groups: sign-in links, reviews, corrections, proofs, due days decided, eligibility, notices."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "notice_stop",
        sa.Column("address_key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("stopped_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("address_key", "kind", name=op.f("pk_notice_stop")),
    )
    op.create_table(
        "proposal",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("question", sa.JSON(), nullable=False),
        sa.Column("found", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("proposed_at", _MOMENT, nullable=False),
        sa.Column("proposed_by", sa.BigInteger(), nullable=False),
        sa.Column("decided_at", _MOMENT, nullable=True),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("done", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposal")),
    )
    op.create_index("ix_proposal_open", "proposal", ["decided_at", "id"])
    op.create_table(
        "review_lock",
        sa.Column("completion_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("until_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("completion_id", name=op.f("pk_review_lock")),
    )
    op.create_table(
        "sign_in_link",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("address_key", sa.Text(), nullable=False),
        sa.Column("asked_from", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("next_path", sa.Text(), nullable=False),
        sa.Column("asked_at", _MOMENT, nullable=False),
        sa.Column("next_try_at", _MOMENT, nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("failure", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.Text(), nullable=True),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("member_id", sa.BigInteger(), nullable=True),
        sa.Column("expires_at", _MOMENT, nullable=True),
        sa.Column("used_at", _MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_link")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_sign_in_link_token_hash")),
    )
    op.create_index("ix_sign_in_link_address", "sign_in_link", ["address_key", "asked_at"])
    op.create_index("ix_sign_in_link_from", "sign_in_link", ["asked_from", "asked_at"])
    op.create_index("ix_sign_in_link_next", "sign_in_link", ["next_try_at"])
    op.create_table(
        "correction",
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("about", sa.String(20), nullable=False),
        sa.Column("object_id", sa.BigInteger(), nullable=True),
        sa.Column("shown", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("asked_at", _MOMENT, nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("answered_at", _MOMENT, nullable=True),
        sa.Column("answered_by", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["member_id"], ["member.member_id"], name="fk_correction_member"),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_correction_unit_id")),
        sa.PrimaryKeyConstraint("member_id", "id", name=op.f("pk_correction")),
    )
    op.create_index("ix_correction_state", "correction", ["state", "id"])
    op.create_index("ix_correction_unit", "correction", ["unit_id", "state", "id"])
    op.create_table(
        "eligibility",
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("is_eligible", sa.Boolean(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("recorded_at", _MOMENT, nullable=False),
        sa.Column("recorded_by", sa.BigInteger(), nullable=True),
        sa.Column("batch_id", sa.BigInteger(), nullable=True),
        sa.Column("voided_at", _MOMENT, nullable=True),
        sa.Column("voided_by", sa.BigInteger(), nullable=True),
        sa.Column("void_reason", sa.Text(), nullable=True),
        sa.Column("voided_batch_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_eligibility_batch_id")),
        sa.ForeignKeyConstraint(["member_id"], ["member.member_id"], name="fk_eligibility_member"),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_eligibility_unit_id")),
        sa.PrimaryKeyConstraint("member_id", "id", name=op.f("pk_eligibility")),
    )
    op.create_index(op.f("ix_eligibility_batch_id"), "eligibility", ["batch_id"])
    op.create_index(
        "uq_eligibility_key",
        "eligibility",
        ["member_id", "provider", "unit_id"],
        unique=True,
        sqlite_where=sa.text("voided_at IS NULL"),
        postgresql_where=sa.text("voided_at IS NULL"),
    )
    op.create_table(
        "notice_told",
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("notice_id", sa.BigInteger(), nullable=False),
        sa.Column("told_at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["member.member_id"], name="fk_notice_told_member"),
        sa.PrimaryKeyConstraint("member_id", "id", name=op.f("pk_notice_told")),
        sa.UniqueConstraint("member_id", "what", name="uq_notice_told_what"),
    )
    op.create_table(
        "claim_review",
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("completion_id", sa.BigInteger(), nullable=False),
        sa.Column("decision", sa.String(20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("decided_at", _MOMENT, nullable=False),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["member_id", "completion_id"], ["completion.member_id", "completion.id"], name="fk_claim_review_completion"
        ),
        sa.PrimaryKeyConstraint("member_id", "id", name=op.f("pk_claim_review")),
    )
    op.create_index("ix_claim_review_completion", "claim_review", ["member_id", "completion_id"])
    op.create_table(
        "proof",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("path_id", sa.BigInteger(), nullable=True),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("made_at", _MOMENT, nullable=False),
        sa.Column("until_on", sa.Date(), nullable=False),
        sa.Column("revoked_at", _MOMENT, nullable=True),
        sa.Column("opened_at", _MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["path_id"], ["learning_path.id"], name=op.f("fk_proof_path_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proof")),
        sa.UniqueConstraint("code", name=op.f("uq_proof_code")),
    )
    op.create_index(op.f("ix_proof_member_id"), "proof", ["member_id"])
    op.create_table(
        "due_decision",
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("rule_id", sa.BigInteger(), nullable=False),
        sa.Column("membership_id", sa.BigInteger(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("recorded_at", _MOMENT, nullable=False),
        sa.Column("recorded_by", sa.BigInteger(), nullable=True),
        sa.Column("batch_id", sa.BigInteger(), nullable=True),
        sa.Column("voided_at", _MOMENT, nullable=True),
        sa.Column("voided_by", sa.BigInteger(), nullable=True),
        sa.Column("void_reason", sa.Text(), nullable=True),
        sa.Column("voided_batch_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_due_decision_batch_id")),
        sa.ForeignKeyConstraint(["member_id"], ["member.member_id"], name="fk_due_decision_member"),
        sa.ForeignKeyConstraint(["rule_id"], ["assignment_rule.id"], name=op.f("fk_due_decision_rule_id")),
        sa.PrimaryKeyConstraint("member_id", "id", name=op.f("pk_due_decision")),
    )
    op.create_index(op.f("ix_due_decision_batch_id"), "due_decision", ["batch_id"])
    op.create_index(
        "uq_due_decision_key",
        "due_decision",
        ["member_id", "rule_id", "membership_id"],
        unique=True,
        sqlite_where=sa.text("voided_at IS NULL"),
        postgresql_where=sa.text("voided_at IS NULL"),
    )
    op.add_column("assignment_rule", sa.Column("leaving", sa.String(20), nullable=True))
    op.add_column("assignment_rule", sa.Column("undone_at", _MOMENT, nullable=True))
    op.add_column("assignment_rule", sa.Column("undone_by", sa.BigInteger(), nullable=True))
    op.add_column("evidence", sa.Column("file_name", sa.Text(), nullable=True))
    op.create_index("ix_evidence_sha256", "evidence", ["sha256"])
    op.add_column("notice", sa.Column("kind", sa.Text(), server_default="held", nullable=False))
    op.add_column("notice", sa.Column("language", sa.Text(), nullable=True))
    op.add_column("notice", sa.Column("attempts", sa.Integer(), server_default="0", nullable=False))
    op.add_column("notice", sa.Column("next_try_at", _MOMENT, nullable=True))
    op.create_index("ix_notice_address", "notice", ["address", "kind", "recorded_at"])
    with op.batch_alter_table("notice") as notice:  # the defaults were for the rows that were there
        notice.alter_column("kind", server_default=None)
        notice.alter_column("attempts", server_default=None)
    claims = sa.text("assurance = 1 AND voided_at IS NULL")
    op.create_index("ix_completion_claims", "completion", ["id"], sqlite_where=claims, postgresql_where=claims)
    lists = sa.text("action = 'download_list'")
    op.create_index("ix_audit_entry_list", "audit_entry", ["unit_id", "id"], sqlite_where=lists, postgresql_where=lists)
    op.add_column("user_account", sa.Column("language", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_index("ix_completion_claims", table_name="completion")
    op.drop_index("ix_audit_entry_list", table_name="audit_entry")
    op.drop_column("user_account", "language")
    op.drop_index("ix_notice_address", table_name="notice")
    for name in ("next_try_at", "attempts", "language", "kind"):
        op.drop_column("notice", name)
    op.drop_index("ix_evidence_sha256", table_name="evidence")
    op.drop_column("evidence", "file_name")
    for name in ("undone_by", "undone_at", "leaving"):
        op.drop_column("assignment_rule", name)
    op.drop_table("due_decision")
    op.drop_table("proof")
    op.drop_table("claim_review")
    op.drop_table("notice_told")
    op.drop_table("eligibility")
    op.drop_table("correction")
    op.drop_table("sign_in_link")
    op.drop_table("review_lock")
    op.drop_table("proposal")
    op.drop_table("notice_stop")
