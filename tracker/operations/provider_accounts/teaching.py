"""What a list of accounts teaches: the provider's own id, by which reports find their member even with another address.

Taught is an id that nobody has, of a member's only account there. A member number vouches for it, unless the row's address,
or the id itself, is another member's address; an address does where the list's name is the member's as well, for two people
may share an address of which the roster knows one. A batch's undoing takes it back.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from sqlalchemy.orm import Session

from tracker.curriculum.keys import plain_text
from tracker.curriculum.likeness import names_alike
from tracker.models import IdentifierKind, new_ids
from tracker.models.loading import load, read_rows
from tracker.operations.provider_accounts.pairing import Account
from tracker.operations.provider_accounts.stage import FoundBy, Listed


def lessons(
    session: Session, accounts: Mapping[int, Sequence[Account]], only_one: Collection[int], never: Collection[str]
) -> Iterator[tuple[int, Listed]]:
    """The rows that teach an id, with their members.

    Args:
        accounts: by member, as the list names them.
        only_one: the members who have one account there, and no other.
        never: ids that are not to be taught.
    """
    teaching: dict[int, list[Listed]] = {}
    for member in only_one:
        for account in accounts[member]:
            rows = [row for row in account.rows if row.found_by is not FoundBy.KNOWN_ID and row.id_key not in never]
            if rows and not account.is_doubtful:
                teaching[member] = rows
    named = {member for member, rows in teaching.items() if all(row.found_by is FoundBy.EMAIL for row in rows)}
    names = _names(session, named)
    for member, rows in teaching.items():
        sure = [row for row in rows if row.found_by is FoundBy.NUMBER]
        sure = sure or [row for row in rows if _is_called(row.name, names.get(member, ""))]
        if sure:
            yield member, sure[0]


def teach(session: Session, taught: Sequence[tuple[int, Listed]], batch_id: int | None, moment: object) -> None:
    """Write down what was taught, and for undoing that this batch did."""
    kind = IdentifierKind.PROVIDER_ID.value
    load(
        session,
        "identifier",
        ("kind", "value", "member_id", "shown", "recorded_at"),
        ((kind, row.id_key, member, row.provider_id.strip(), moment) for member, row in taught),
    )
    if batch_id is not None:
        load(
            session,
            "batch_change",
            ("id", "batch_id", "member_id", "line", "what", "before", "after"),
            (
                (its_id, batch_id, member, row.line, kind, "", row.provider_id.strip())
                for its_id, (member, row) in zip(new_ids(len(taught)), taught, strict=True)
            ),
        )


def _names(session: Session, member_ids: Collection[int]) -> dict[int, str]:
    if not member_ids:
        return {}
    listed = ", ".join(map(str, sorted(member_ids)))
    rows = read_rows(session, f"SELECT member_id, first_name, last_name FROM member WHERE member_id IN ({listed})")
    return {member: f"{first} {last}" for member, first, last in rows}


def _is_called(listed: str, name: str) -> bool:
    if not listed.strip() or not name.strip():
        return False
    return plain_text(listed) == plain_text(name) or names_alike(listed, name)
