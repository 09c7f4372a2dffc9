"""What becomes of every table where a member is erased: a new table must be put into one of these lists, and a test asks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Table, Text, case, cast, literal, null

from tracker.language import mark
from tracker.operations.statements.keeping import NO_LONGER

PSEUDONYM = "Erased"  # the name of everyone who was erased
_ERASED = "erased"

Becomes = str | None | Callable[[Table], ColumnElement[Any]]


def _opaque(table: Table) -> ColumnElement[Any]:
    """A text of its own for each row, where a key demands one: it says only which row it is."""
    return literal("erased-") + cast(list(table.primary_key.columns)[-1], Text)


def _address(table: Table) -> ColumnElement[Any]:
    return _opaque(table) + literal("@erased.invalid")


def _if_any(column: str) -> Callable[[Table], ColumnElement[Any]]:
    """That there was something, where there was."""
    return lambda table: case((table.c[column].is_(None), null()), else_=literal(_ERASED))


@dataclass(frozen=True)
class Erased:
    """A table that says who a member is: how the rows about them are found, as in an archive, and what becomes of them."""

    words: str  # what goes, to be translated
    by_member: tuple[str, ...] = ("member_id",)
    by_user: tuple[str, ...] = ()
    by_address: tuple[str, ...] = ()
    becomes: Mapping[str, Becomes] | None = None  # what each column holds afterwards; None: the rows are removed
    sets: Mapping[str, Any] = field(default_factory=dict)  # what is no text, and changes too
    but: str = ""  # of their rows only these: that two members are one is told by opaque ids, and stays


_REASON = {"void_reason": _if_any("void_reason")}

# In an order in which a row goes before what it points at.
ERASED: dict[str, Erased] = {
    "member": Erased(
        mark("Their name and member number"),
        becomes={"number": _opaque, "first_name": "", "last_name": PSEUDONYM, "name_key": PSEUDONYM.casefold()},
    ),
    "identifier": Erased(mark("What they are found by: numbers, addresses, a provider’s ids")),
    "membership": Erased(mark("Reasons why a card was taken back"), becomes=_REASON),
    "assignment": Erased(mark("Reasons why what was asked was taken back"), becomes=_REASON),
    "due_decision": Erased(mark("Reasons of decided due days"), becomes=_REASON | {"reason": _ERASED}),
    "exemption": Erased(mark("Reasons of exemptions"), becomes=_REASON | {"reason": _ERASED}),
    "evidence": Erased(mark("Files and links behind courses")),
    "completion": Erased(
        mark("Reasons why a course was voided, and the report’s own ids"), becomes=_REASON | {"external_id": None}
    ),
    "claim_review": Erased(mark("The words of reviewers"), becomes={"words": ""}),
    "eligibility": Erased(mark("A local’s notes on accounts"), becomes=_REASON | {"note": ""}),
    "provider_account": Erased(mark("Their ids at providers"), becomes=_REASON | {"provider_id": _opaque}),
    "correction": Erased(mark("What they asked to be corrected, and the answers")),
    "proof": Erased(mark("The statements they made for others: they answer no more")),
    "second_factor": Erased(mark("Their second factor"), by_member=(), by_user=("user_id",)),
    "recovery_code": Erased(mark("Their recovery codes"), by_member=(), by_user=("user_id",)),
    "outside_identity": Erased(mark("The sign-in providers that know them"), by_member=(), by_user=("user_id",)),
    "api_token": Erased(mark("The tokens of their programs"), by_member=(), by_user=("user_id",)),
    "sign_in_link": Erased(
        mark("The links to sign in that they asked for"),
        by_member=("member_id",),
        by_user=("user_id",),
        by_address=("address_key",),
    ),
    "user_account": Erased(
        mark("Their sign-in: address and password"),
        by_user=("id",),
        becomes={"email": _address, "email_key": _address, "password_hash": None, "language": None},
        sets={"is_active": False},
    ),
    "notice": Erased(mark("The mails that were written to them, or about them"), by_address=("address",)),
    "notice_told": Erased(mark("Of what they were told")),
    "notice_stop": Erased(mark("Which mails they stopped"), by_member=(), by_address=("address_key",)),
    "held_change": Erased(mark("Changes of a roster that waited for a person")),
    "batch_change": Erased(mark("What imports changed of their name and addresses"), but="what <> 'merged'"),
    "waiting_completion": Erased(
        mark("Reported rows that waited until they were recognised"),
        by_member=("settled_member_id",),
        by_address=("email",),
    ),
    "xapi_statement": Erased(
        mark("What learning systems sent about them"),
        becomes={"raw": NO_LONGER, "reason": _ERASED},
        sets={"waiting_id": None},
    ),
    "row_fault": Erased(
        mark("Rows of files that could not be read and named them"), by_member=(), becomes={"value": "", "reason": _ERASED}
    ),
    "stranger": Erased(mark("That they were once taken for somebody else’s learner"), by_member=()),
    "sign_in_failure": Erased(mark("Failed sign-ins with their address"), by_member=()),
    "role_grant": Erased(mark("Their roles: they end"), by_member=(), by_user=("user_id",), becomes={}),
    "batch": Erased(mark("Their name in the name of a merge"), by_member=(), becomes={"file_name": "Merge"}),
    "import_job": Erased(mark("Previews of files that name them: they are dropped"), by_member=()),
    "audit_entry": Erased(mark("The details of what was done to their record"), becomes={}),
}

# Texts in those tables that stay, and why.
KEPT_COLUMNS: dict[str, str] = {
    "membership.status": "a word of the policy",
    "completion.source": "which feed reported it: the figures by provider count it",
    "eligibility.provider": "which provider: the figures of access count it",
    "provider_account.provider": "which provider: the figures of access count it",
    "claim_review.reason": "the code of a stock reason",
    "row_fault.column": "a heading of the file",
    "xapi_statement.statement_id": "an opaque id of its sender, by which the same statement is known when it comes again",
    "batch.kind": "a word of the program",
    "batch.profile": "the name of a way of reading",
    "batch.sha256": "the hash of a file",
    "audit_entry.actor_role": "a word of the program",
    "audit_entry.action": "a word of the program",
    "audit_entry.object_kind": "a word of the program",
}

_WORKED_OUT = "It is worked out from the facts and holds days, levels and opaque ids: the figures stand on it."
_NOBODY = "It says nothing about a person."
_FIGURES = "It holds counts of whole units."
_WORK = "It tells of work for the union, by whose sign-in's opaque id; what a person typed there names no member."

KEPT: dict[str, str] = {
    **dict.fromkeys(("scope", "standing"), _WORKED_OUT),
    **dict.fromkeys(
        (
            *("unit", "unit_closure", "craft", "principle", "course", "course_reference", "equivalent", "learning_path"),
            *("path_version", "section", "section_course", "balance_day", "sync_window", "batch_outcome", "errand"),
        ),
        _NOBODY,
    ),
    **dict.fromkeys(("coverage_balance", "coverage_entry", "coverage_ledger", "frozen_report"), _FIGURES),
    **dict.fromkeys(
        ("applied_text", "assignment_rule", "batch_undone", "course_alias", "import_profile", "api_client", "proposal"),
        _WORK,
    ),
    "batch_rows": "It holds how each row of a file ended, by its line; what it said is in the file, kept for a time.",
    "export_job": "It holds the address of a report; its file is removed after some days.",
    "review_lock": "For some minutes it says which reviewer looks at a course, by opaque ids.",
    "audit_seal": "It holds hashes: with them the trail proves that nothing but the details is gone.",
    "erasure": "It says that they were erased, when and why, under an opaque id.",
}
