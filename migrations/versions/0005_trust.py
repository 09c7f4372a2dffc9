"""trust: the audit trail's chain and guards, second factors, sign-in providers, tokens, erasures, errands."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)

# Of an entry, all but what erasing a member may take from it.
_KEPT = ("id", "at", "actor_id", "actor_role", "action", "object_kind", "object_id", "member_id", "unit_id")
_REFUSED = "the audit trail is only ever added to"


def upgrade() -> None:
    op.create_table(
        "audit_seal",
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("entry_id", sa.BigInteger(), nullable=False),
        sa.Column("detail_hash", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("sealed_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_audit_seal")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_audit_seal_entry_id")),
    )
    op.create_table(
        "erasure",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("erased_at", _MOMENT, nullable=False),
        sa.Column("erased_by", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasure")),
        sa.UniqueConstraint("member_id", name=op.f("uq_erasure_member_id")),
    )
    op.create_table(
        "errand",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("next_at", _MOMENT, nullable=False),
        sa.Column("begun_at", _MOMENT, nullable=True),
        sa.Column("ended_at", _MOMENT, nullable=True),
        sa.Column("outcome", sa.JSON(), nullable=False),
        sa.Column("failure", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_errand")),
    )
    op.create_table(
        "second_factor",
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.Column("begun_at", _MOMENT, nullable=False),
        sa.Column("set_at", _MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_second_factor_user_id")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_second_factor")),
    )
    op.create_table(
        "recovery_code",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("code_hash", sa.Text(), nullable=False),
        sa.Column("used_at", _MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_recovery_code_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_code")),
    )
    op.create_index(op.f("ix_recovery_code_user_id"), "recovery_code", ["user_id"])
    op.create_table(
        "outside_identity",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("linked_at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_outside_identity_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outside_identity")),
        sa.UniqueConstraint("issuer", "subject", name=op.f("uq_outside_identity_subject")),
    )
    op.create_index(op.f("ix_outside_identity_user_id"), "outside_identity", ["user_id"])
    op.create_table(
        "api_token",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.Column("last_used_on", sa.Date(), nullable=True),
        sa.Column("revoked_at", _MOMENT, nullable=True),
        sa.Column("revoked_by", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_api_token_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_api_token_token_hash")),
    )
    op.create_index(op.f("ix_api_token_user_id"), "api_token", ["user_id"])
    with op.batch_alter_table("api_client") as client:
        client.add_column(sa.Column("scopes", sa.Text(), server_default="xapi:write", nullable=False))
        client.add_column(sa.Column("role", sa.String(20), nullable=True))
        client.add_column(sa.Column("unit_id", sa.BigInteger(), nullable=True))
        client.create_foreign_key(op.f("fk_api_client_unit_id"), "unit", ["unit_id"], ["id"])
    with op.batch_alter_table("api_client") as client:  # the default was for the rows that were there
        client.alter_column("scopes", server_default=None)
    _guard_sqlite() if op.get_bind().dialect.name == "sqlite" else _guard_postgresql()


def _guard_sqlite() -> None:
    """Nothing of an entry can change or go, save that its details may become the note that they were erased."""
    same = " AND ".join(f"NEW.{column} IS OLD.{column}" for column in _KEPT)
    erased = "json_type(NEW.detail, '$.erased') IS NOT NULL AND (SELECT count(*) FROM json_each(NEW.detail)) = 1"
    refuse = f"BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END"
    op.execute(
        f"CREATE TRIGGER audit_entry_stays BEFORE UPDATE ON audit_entry WHEN NOT coalesce({same} AND {erased}, 0) {refuse}"
    )
    op.execute(f"CREATE TRIGGER audit_entry_lasts BEFORE DELETE ON audit_entry {refuse}")
    op.execute(f"CREATE TRIGGER audit_seal_stays BEFORE UPDATE ON audit_seal {refuse}")
    op.execute(f"CREATE TRIGGER audit_seal_lasts BEFORE DELETE ON audit_seal {refuse}")


def _guard_postgresql() -> None:
    same = " AND ".join(f"NEW.{column} IS NOT DISTINCT FROM OLD.{column}" for column in _KEPT)
    erased = "(SELECT count(*) = 1 AND bool_and(key = 'erased') FROM json_object_keys(NEW.detail) AS key)"
    op.execute(
        f"""
        CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'UPDATE' AND TG_TABLE_NAME = 'audit_entry' THEN
                IF {same} AND json_typeof(NEW.detail) = 'object' AND {erased} THEN
                    RETURN NEW;
                END IF;
            END IF;
            RAISE EXCEPTION '{_REFUSED}' USING ERRCODE = 'insufficient_privilege';
        END $$
        """
    )
    for table in ("audit_entry", "audit_seal"):
        op.execute(
            f"CREATE TRIGGER {table}_stays BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION audit_refuse()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_lasts BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()"
        )


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for name in ("audit_entry_stays", "audit_entry_lasts", "audit_seal_stays", "audit_seal_lasts"):
            op.execute(f"DROP TRIGGER {name}")
    else:
        for table in ("audit_entry", "audit_seal"):
            op.execute(f"DROP TRIGGER {table}_stays ON {table}")
            op.execute(f"DROP TRIGGER {table}_lasts ON {table}")
        op.execute("DROP FUNCTION audit_refuse()")
    with op.batch_alter_table("api_client") as client:
        client.drop_constraint(op.f("fk_api_client_unit_id"), type_="foreignkey")
        for name in ("unit_id", "role", "scopes"):
            client.drop_column(name)
    for table in (*("api_token", "outside_identity", "recovery_code", "second_factor", "errand", "erasure", "audit_seal"),):
        op.drop_table(table)
