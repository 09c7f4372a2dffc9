"""Where each table lives once the union outgrows one machine (docs/design.md, "Growth").

``reference``: a copy on every node. ``member_id``, ``unit_id``, ``value``: spread by that column. ``local``: on the
coordinator alone. A test holds every table to this list and to the rules that follow from it.
"""

from __future__ import annotations

PLACEMENT: dict[str, str] = {
    "unit": "reference",
    "unit_closure": "reference",
    "craft": "reference",
    "principle": "reference",
    "course": "reference",
    "course_reference": "reference",
    "equivalent": "reference",
    "learning_path": "reference",
    "path_version": "reference",
    "section": "reference",
    "section_course": "reference",
    "applied_text": "reference",
    "assignment_rule": "reference",
    "batch": "reference",
    "balance_day": "reference",
    "member": "member_id",
    "membership": "member_id",
    "assignment": "member_id",
    "exemption": "member_id",
    "completion": "member_id",
    "evidence": "member_id",
    "standing": "member_id",
    "scope": "member_id",
    "coverage_ledger": "unit_id",
    "coverage_balance": "unit_id",
    "identifier": "value",
    "batch_outcome": "local",
    "row_fault": "local",
    "waiting_completion": "local",
    "user_account": "local",
    "role_grant": "local",
    "sign_in_failure": "local",
    "audit_entry": "local",
}
