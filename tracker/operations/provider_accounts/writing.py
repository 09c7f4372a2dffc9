"""What a list of accounts changes, into the tables."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from tracker.models import ProviderAccount, new_ids
from tracker.models.loading import load
from tracker.operations.actor import Actor
from tracker.operations.provider_accounts.pairing import Known

_COLUMNS = (
    *("member_id", "id", "provider", "provider_id", "is_open", "invited_on", "activated_on"),
    *("recorded_at", "recorded_by", "batch_id"),
)


def write_accounts(
    session: Session,
    changes: Sequence[tuple[int, Known]],
    *,
    provider: str,
    actor: Actor,
    batch_id: int | None,
    now: datetime,
    moment: object,
) -> None:
    """Record these members' accounts as they are now. ``id`` is that of the fact which is void by it, or 0.

    Args:
        moment: ``now`` as the engine keeps it.
    """
    void = {
        "voided_at": now,
        "voided_by": actor.user_id,
        "void_reason": "the provider's list says otherwise by now",
        "voided_batch_id": batch_id,
    }
    members = [member for member, account in changes if account.id]
    if members:
        session.execute(
            update(ProviderAccount)
            .where(
                ProviderAccount.member_id.in_(members),
                ProviderAccount.id.in_([account.id for _, account in changes if account.id]),
            )
            .values(**void)
            .execution_options(synchronize_session=False)
        )
    load(
        session,
        "provider_account",
        _COLUMNS,
        (
            (
                *(member, its_id, provider, account.name, account.is_open, account.invited_on, account.activated_on),
                *(moment, actor.user_id, batch_id),
            )
            for its_id, (member, account) in zip(new_ids(len(changes)), changes, strict=True)
        ),
    )
