"""Each abuse case of the threat model has tests that reproduce it: which they are, and that they are there."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

TESTS = Path(__file__).parent.parent

# By the number of the case: file, then the functions in it.
ROWS: dict[int, dict[str, tuple[str, ...]]] = {
    1: {
        "access/test_routes.py": (
            "test_everyone_is_answered_as_the_table_says",
            "test_no_byte_of_another_local_s_members_is_in_any_answer",
            "test_what_is_another_s_answers_like_what_is_not_there",
        )
    },
    2: {
        "abuse/test_fields.py": (
            "test_abuse_2_a_class_of_one_s_own_local_takes_nobody_of_another",
            "test_abuse_2_a_lead_confirms_nobody_of_another_local",
        ),
        "web/test_abuse_people.py": ("test_nobody_merges_somebody_else_s_record_into_their_own",),
    },
    3: {
        "abuse/test_fields.py": ("test_abuse_3_a_background_file_holds_what_its_asker_may_see",),
        "web/test_reports_files.py": (
            "test_every_form_of_every_file_opens_to_the_same_readers",
            "test_every_form_holds_the_same_rows",
        ),
    },
    4: {"abuse/test_texts.py": ("test_abuse_4_a_roster_gives_nobody_an_account_a_role_or_an_assurance",)},
    5: {"abuse/test_texts.py": ("test_abuse_5_markup_stays_text_wherever_it_was_written",)},
    6: {
        "coverage/test_exports.py": (
            "test_no_text_begins_a_formula",
            "test_a_formula_is_text_in_every_cell_of_both_spreadsheets",
        ),
        "web/test_reports_access.py": ("test_a_name_is_no_formula_and_no_markup",),
        "web/test_staff_imports_batches.py": ("test_nothing_in_it_is_taken_for_a_formula",),
    },
    7: {
        "web/test_evidence.py": ("test_a_file_is_given_to_be_kept_and_never_to_be_run",),
        "operations/test_evidence.py": ("test_what_is_not_what_it_seems_is_refused_in_words",),
    },
    8: {
        "web/test_evidence.py": (
            "test_who_reads_a_file_of_anas",
            "test_a_lead_reads_no_more_once_the_card_or_the_role_has_ended",
            "test_what_is_not_theirs_reads_like_what_is_not_there",
        )
    },
    9: {"operations/test_evidence.py": ("test_a_name_that_tricks_names_nothing", "test_only_a_hash_names_a_file")},
    10: {
        "operations/test_evidence.py": ("test_bombs_are_known_before_they_are_unpacked",),
        "intake/test_tables_hostile.py": ("test_a_hostile_or_damaged_xlsx_is_refused",),
    },
    11: {
        "abuse/test_requests.py": (
            "test_abuse_11_a_filter_is_never_sql",
            "test_abuse_11_a_search_for_everything_finds_nothing",
        )
    },
    12: {
        "abuse/test_requests.py": (
            "test_abuse_12_nothing_is_changed_without_the_token_of_its_page",
            "test_abuse_12_nobody_is_signed_in_by_another_site",
            "test_abuse_12_json_needs_the_token_too",
        ),
        "access/test_routes.py": ("test_abuse_12_nothing_is_written_by_looking",),
    },
    13: {
        "abuse/test_requests.py": ("test_abuse_13_no_page_leads_to_another_site",),
        "web/test_gate.py": ("test_a_trick_is_no_path",),
        "web/test_sign_in.py": ("test_a_sign_in_never_goes_on_to_another_site",),
    },
    14: {
        "web/test_sign_in.py": (
            "test_wrong_unknown_and_suspended_read_alike",
            "test_an_account_is_shut_for_a_while_after_too_many_failures",
            "test_an_address_is_shut_after_many_failures_over_any_accounts",
        )
    },
    15: {
        "operations/test_sign_in_links.py": (
            "test_a_user_gets_a_link_that_signs_them_in_once",
            "test_only_the_hash_of_a_link_is_kept",
            "test_a_link_ends_thirty_minutes_after_it_was_made",
            "test_the_mail_goes_to_the_address_on_record_and_not_to_one_that_only_looks_alike",
            "test_guessing_links_is_limited",
        ),
        "web/test_sign_in_by_link.py": ("test_no_link_is_made_of_the_host_a_request_names",),
    },
    16: {
        "abuse/test_sessions.py": (
            "test_abuse_16_a_session_ends_in_every_process",
            "test_abuse_16_a_session_ends_on_the_last_day_of_one_of_its_roles",
            "test_abuse_16_a_session_ends_after_twelve_hours_however_much_it_is_used",
            "test_abuse_16_a_session_ends_after_two_hours_without_a_request",
        )
    },
    17: {
        "abuse/test_fields.py": (
            "test_abuse_17_a_field_that_no_form_asks_for_changes_nothing",
            "test_abuse_17_a_logged_course_is_a_claim_of_ones_own",
        )
    },
    18: {
        "faults/test_equal_posts.py": ("test_abuse_18_eight_equal_posts_at_once_are_one_completion",),
        "operations/test_abuse_together.py": ("test_a_class_sent_by_several_at_once_is_one_class",),
    },
    19: {"faults/test_all_or_nothing.py": ("test_two_imports_at_once_give_the_facts_of_one_after_the_other",)},
    20: {
        "operations/test_held.py": (
            "test_another_e_mail_for_an_account_is_held_and_the_rest_is_recorded",
            "test_an_e_mail_of_someone_who_signs_in_is_not_given_to_another",
            "test_an_accepted_e_mail_is_added_and_the_sign_in_stays",
        )
    },
    21: {
        "coverage/test_chain.py": (
            "test_a_changed_value_of_an_entry_is_found",
            "test_a_removed_entry_is_found",
            "test_two_swapped_entries_are_found",
        )
    },
    22: {
        "abuse/test_hosts.py": (
            "test_abuse_22_a_name_that_is_not_ours_is_refused_at_every_door",
            "test_abuse_22_only_our_own_proxies_say_who_calls",
        )
    },
    23: {
        "access/test_routes.py": ("test_abuse_23_no_page_is_kept_for_the_next_person",),
        "web/test_sign_in.py": ("test_signing_out_ends_every_session_and_leaves_nothing_behind",),
    },
    24: {
        "abuse/test_outside.py": ("test_abuse_24_an_address_that_somebody_writes_is_never_asked",),
        "coverage/test_rendering.py": ("test_nothing_is_fetched_from_outside",),
    },
    25: {
        "web/test_gate.py": (
            "test_a_broken_page_answers_in_words_and_asks_the_database_nothing",
            "test_no_page_reaches_outside_or_carries_its_own_style_or_script",
        )
    },
}


def test_every_case_is_listed() -> None:
    assert list(ROWS) == list(range(1, 26))


@pytest.mark.parametrize("number", ROWS)
def test_the_tests_of_a_case_are_there(number: int) -> None:
    for file, names in ROWS[number].items():
        tree = ast.parse((TESTS / file).read_text())
        defined = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        assert set(names) <= defined, f"case {number}, {file}: {sorted(set(names) - defined)}"


def test_a_test_that_names_a_case_names_one_that_is_listed() -> None:
    for file in TESTS.rglob("test_*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if (
                isinstance(node, ast.FunctionDef)
                and node.name.startswith("test_abuse_")
                and node.name.split("_")[2].isdecimal()
            ):
                assert int(node.name.split("_")[2]) in ROWS, f"{file.name}: {node.name}"
