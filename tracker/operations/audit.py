"""One entry in the audit trail for every act that changes something."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from tracker.models import new_id
from tracker.models.loading import load
from tracker.operations.actor import Actor


def audit(
    session: Session,
    actor: Actor,
    action: str,
    *,
    object_kind: str,
    object_id: int | None = None,
    member_id: int | None = None,
    unit_id: int | None = None,
    detail: dict[str, Any] | None = None,
    at: datetime | None = None,
    entry_id: int | None = None,
) -> None:
    """Write down that ``actor`` did ``action``, in the transaction of the act itself: both are kept or neither is.

    Args:
        detail: what changed, before and after, as plain JSON. Never a password, a token or a file's contents. Signs that
            are not seen are written out, so that nothing in it can pass for another line wherever it is read.
        at: the moment of the act; by default now.
        entry_id: the entry's own id, where it was chosen before; by default a new one.
    """
    row = (
        *(entry_id or new_id(), at or datetime.now(UTC), actor.user_id, actor.role, action, object_kind, object_id),
        *(member_id, unit_id, _written(detail or {})),
    )
    load(session, "audit_entry", _COLUMNS, [row])


def _written(detail: dict[str, Any]) -> str:
    return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(detail, ensure_ascii=False))


# Beyond what JSON writes out by itself: C1 controls, marks of direction and joining, line ends, and halves of signs.
_UNSEEN = re.compile("[\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb]")

_COLUMNS = (
    *("id", "at", "actor_id", "actor_role", "action", "object_kind", "object_id"),
    *("member_id", "unit_id", "detail"),
)
