"""Every write of the house leaves its entry in the audit trail, and every action has words for people.

Each public function of `operations/` that writes reaches `audit(…)` in its own file, or is listed here with the reason why
the entry is another's.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tracker.access.acts import ACTS

TRACKER = Path(__file__).parent.parent.parent / "tracker"
OPERATIONS = TRACKER / "operations"

_ITS_ACT = "a step of an act whose own verb writes the entry"
_DERIVED = "derived anew from facts that have their entries"
_TIMES = "counts attempts, or forgets that it counted them: the attempt itself has its entry"
_MAIL = "the way of a mail: the act that wrote it, and the round that sends, have entries"
_JOB = "a step of a file on its way: nothing of the union is changed until it is recorded, which has its entry"
_OWN_FILE = "a person's own file on its way, whose making and asking have entries"
_TRAIL = "the trail itself"

WITHOUT = {
    **dict.fromkeys(
        (
            "accounts/owners.py:user_of",
            "accounts/sessions.py:end_sessions",
            "assignments/leaving.py:carry_what_was_left",
            "assignments/leaving.py:let_go_of_moved_cards",
            "assignments/leaving.py:void",
            "assignments/planning.py:craft_named",
            "assignments/reaching.py:match_rules_anew",
            "assignments/reaching.py:reach",
            "catalogue/applying.py:apply_catalogue",
            "catalogue/courses.py:apply_courses",
            "catalogue/courses.py:apply_principles",
            "catalogue/paths.py:apply_paths",
            "completions/sheets.py:put_sheets_behind",
            "completions/waiting.py:let_wait",
            "completions/waiting.py:settle_rows",
            "completions/waiting.py:settle_waiting",
            "completions/waiting.py:take_out_waiting",
            "completions/writing.py:write_completions",
            "evidence/attaching.py:write_evidence",
            "held.py:hold_changes",
            "merging/acting.py:let_wait_unmerged",
            "merging/facts.py:move_facts",
            "provider_accounts/teaching.py:teach",
            "provider_accounts/writing.py:write_accounts",
            "recognising/taking_back.py:let_wait_again",
            "reviewing/deciding.py:note_review",
            "reviewing/granting.py:grant_course",
            "roster/writing.py:write_people",
            "second_factor/recovery.py:forget_all",
            "second_factor/recovery.py:make_codes",
            "second_factor/recovery.py:use_recovery_code",
            "statements/settling.py:settle_rows",
            "statements/voiding.py:void_statements",
            "sync.py:record_window",
            "union.py:apply_units",
        ),
        _ITS_ACT,
    ),
    **dict.fromkeys(
        (
            "ledger.py:add_deltas",
            "ledger.py:append_deltas",
            "ledger.py:clear_ledger",
            "ledger.py:fold_entries",
            "ledger.py:settle_balances",
            "standings.py:rebuild",
        ),
        _DERIVED,
    ),
    **dict.fromkeys(
        (
            "accounts/limits.py:count_failures",
            "accounts/limits.py:drop_old_failures",
            "accounts/limits.py:forget_codes",
            "accounts/limits.py:forget_failures",
        ),
        _TIMES,
    ),
    **dict.fromkeys(
        (
            "notices/keeping.py:notify",
            "notices/keeping.py:tell_member",
            "notices/sending.py:claim_notices",
            "notices/sending.py:mark_failed",
            "notices/sending.py:drop_notice",
            "notices/sending.py:mark_sent",
            "notices/sending.py:note_trouble",
            "notices/sending.py:release_notices",
            "notices/weekly.py:keep_digests",
            "sign_in_links.py:mark_link_failed",
            "sign_in_links.py:mark_link_sent",
            "sign_in_links.py:note_link_trouble",
        ),
        _MAIL,
    ),
    **dict.fromkeys(
        (
            "jobs.py:ask",
            "jobs.py:confirm",
            "jobs.py:drop_job",
            "jobs.py:drop_jobs_before",
            "jobs.py:finish",
            "jobs.py:open_job",
            "jobs.py:open_undo",
            "jobs.py:read_again",
            "jobs.py:refuse",
            "jobs.py:show",
            "jobs.py:stop",
            "jobs.py:undo_again",
        ),
        _JOB,
    ),
    **dict.fromkeys(
        (
            "exporting.py:drop_export",
            "exporting.py:drop_exports_before",
            "exporting.py:refuse_export",
            "exporting.py:stop_export",
        ),
        _OWN_FILE,
    ),
    "audit.py:audit": _TRAIL,
    "sealing.py:seal_entries": _TRAIL,
    "proofs.py:note_proof_opened": "who looked is not known and not asked; its member reads when",
    "purging.py:purge_rows": "what was purged, and how much, is one entry of the whole round",
    "reviewing/locks.py:give_back": "for some minutes it says who looks at a claim",
    "reviewing/locks.py:take_claim": "for some minutes it says who looks at a claim",
    "simulating.py:tried_catalogue": "writes into a copy that is thrown away",
    "tokens.py:note_used": "on which day a token was last used: what it was used for has its entries",
}

_ADDING = {"add", "add_all", "delete", "merge", "flush"}  # of a session
_BULK = {"load", "replace_rows", "add_up", "insert", "update", "delete"}  # by themselves

Functions = dict[str, ast.FunctionDef]


def called_in(function: ast.FunctionDef) -> Iterator[str]:
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield node.func.id


def writes(function: ast.FunctionDef) -> bool:
    """Whether it adds to a session, or makes a statement that writes. An attribute that is set is followed by a flush."""
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name):
            if node.func.value.id == "session" and node.func.attr in _ADDING:
                return True
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _BULK:
            return True
    return False


def audits(function: ast.FunctionDef) -> bool:
    return "audit" in called_in(function)


def reaches(functions: Functions, name: str, test: Callable[[ast.FunctionDef], bool]) -> bool:
    """Whether a function, or one of its file that it calls, is like that."""
    seen, waiting = {name}, [name]
    while waiting:
        function = functions[waiting.pop()]
        if test(function):
            return True
        more = {each for each in called_in(function) if each in functions} - seen
        seen |= more
        waiting += more
    return False


def writing_without_audit(source: str) -> list[str]:
    functions: Functions = {each.name: each for each in ast.parse(source).body if isinstance(each, ast.FunctionDef)}
    public = [name for name in functions if not name.startswith("_")]
    return [name for name in public if reaches(functions, name, writes) and not reaches(functions, name, audits)]


def found() -> set[str]:
    return {
        f"{file.relative_to(OPERATIONS)}:{name}"
        for file in sorted(OPERATIONS.rglob("*.py"))
        for name in writing_without_audit(file.read_text())
    }


def test_every_function_that_writes_is_audited_or_says_why_not() -> None:
    """ASVS 16.2.1, 16.3.3."""
    missing = found() - set(WITHOUT)
    assert not missing, f"Let these write an entry (operations/audit.py), or list them with the reason: {sorted(missing)}"


def test_nothing_is_listed_that_is_audited_or_gone() -> None:
    assert set(WITHOUT) - found() == set()


def test_a_write_without_an_entry_is_seen() -> None:
    assert writing_without_audit("def give(session):\n    session.add(1)\n") == ["give"]
    assert writing_without_audit("def give(session):\n    _put(session)\ndef _put(session):\n    load(session)\n") == [
        "give"
    ]
    assert writing_without_audit("def give(session):\n    session.add(1)\n    _say()\ndef _say():\n    audit()\n") == []


def actions() -> set[str]:
    """The codes that the program writes into the trail, wherever they stand as they are."""
    spelled: set[str] = set()
    for file in sorted(TRACKER.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            name = (
                (node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", ""))
                if isinstance(node, ast.Call)
                else ""
            )
            if not isinstance(node, ast.Call) or name not in ("audit", "_audit", "write_down", "_note"):
                continue
            for place in node.args:
                spelled |= {
                    each.value
                    for each in ast.walk(place)
                    if isinstance(each, ast.Constant)
                    and isinstance(each.value, str)
                    and re.fullmatch(r"[a-z]+(_[a-z]+)+", each.value)
                }
    return spelled


@pytest.mark.parametrize("action", sorted(actions() - {"apply_", "import_"}))
def test_every_action_has_words_for_people(action: str) -> None:
    assert action in ACTS, "say in `tracker/access/acts.py` what it is called"
