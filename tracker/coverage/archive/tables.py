"""Which tables a member's archive holds, and of every other why it does not: a new table must be put into one of the two."""

from __future__ import annotations

from dataclasses import dataclass

from tracker.language import mark


@dataclass(frozen=True)
class Given:
    """A table of the archive.

    Each column named here finds rows: by the member's ids, by those of their sign-ins, by their addresses.
    """

    words: str  # what it holds, to be translated
    by_member: tuple[str, ...] = ("member_id",)
    by_user: tuple[str, ...] = ()
    by_address: tuple[str, ...] = ()
    without: tuple[str, ...] = ()  # columns that guard something, or only serve to find rows


GIVEN: dict[str, Given] = {
    "member": Given(mark("Your name and member number"), without=("name_key",)),
    "identifier": Given(mark("What you are found by: numbers, addresses, a provider’s ids")),
    "membership": Given(mark("Your cards: local, craft, status and their days")),
    "assignment": Given(mark("What is asked of you, since when and until when")),
    "due_decision": Given(mark("Due days that were decided for you")),
    "exemption": Given(mark("What you are exempt from")),
    "completion": Given(mark("The courses you completed, as each source says")),
    "evidence": Given(mark("What stands behind them: files, links and their review")),
    "claim_review": Given(mark("What was decided of what you logged")),
    "standing": Given(mark("Where you stand on each path, day by day: worked out from the above")),
    "scope": Given(mark("The days on which the figures count you: worked out from the above")),
    "provider_account": Given(mark("Your accounts at providers, as they report them")),
    "eligibility": Given(mark("What your local said about such accounts")),
    "correction": Given(mark("What you asked to be corrected, and the answers")),
    "proof": Given(mark("The statements you made for others")),
    "user_account": Given(mark("Your sign-in"), by_user=("id",), without=("password_hash", "session_epoch", "email_key")),
    "role_grant": Given(mark("The roles you hold"), by_member=(), by_user=("user_id",), without=("user_id",)),
    "second_factor": Given(
        mark("That you sign in with a second factor"),
        by_member=(),
        by_user=("user_id",),
        without=("user_id", "secret", "last_step"),
    ),
    "recovery_code": Given(
        mark("Your recovery codes, and when each was used"),
        by_member=(),
        by_user=("user_id",),
        without=("user_id", "code_hash"),
    ),
    "outside_identity": Given(
        mark("The sign-in providers that know you"), by_member=(), by_user=("user_id",), without=("user_id",)
    ),
    "api_token": Given(
        mark("The tokens you made for programs of your own"),
        by_member=(),
        by_user=("user_id",),
        without=("user_id", "token_hash"),
    ),
    "sign_in_link": Given(
        mark("The links to sign in that you asked for"),
        by_user=("user_id",),
        by_address=("address_key",),
        without=("token_hash", "asked_from", "address_key", "user_id"),
    ),
    "notice": Given(mark("The mails that were written to you")),
    "notice_told": Given(mark("Of what you were told, and when")),
    "notice_stop": Given(mark("Which mails you stopped"), by_member=(), by_address=("address_key",)),
    "held_change": Given(mark("Changes of a roster that waited for a person’s decision")),
    "batch_change": Given(mark("What imports changed of your cards and addresses")),
    "waiting_completion": Given(
        mark("Reported courses that waited until you were recognised"), by_member=("settled_member_id",)
    ),
    "xapi_statement": Given(mark("What learning systems reported about you, as they sent it")),
    "audit_entry": Given(mark("What was done to your record, by whom in which role")),
    "erasure": Given(mark("That your record was erased")),
}

_NOBODY = mark("It says nothing about a person.")
_WORK = mark("It tells of work for the union: what somebody did, and nothing about a member.")
_FIGURES = mark("It holds counts of whole units.")

LEFT_OUT: dict[str, str] = {
    **dict.fromkeys(
        (
            *("unit", "unit_closure", "craft", "principle", "course", "course_reference", "equivalent", "learning_path"),
            *(
                "path_version",
                "section",
                "section_course",
                "balance_day",
                "sync_window",
                "batch_outcome",
                "errand",
                "audit_seal",
            ),
        ),
        _NOBODY,
    ),
    **dict.fromkeys(("coverage_balance", "coverage_entry", "coverage_ledger", "frozen_report"), _FIGURES),
    **dict.fromkeys(
        (
            *("applied_text", "assignment_rule", "batch", "batch_undone", "course_alias", "import_job", "import_profile"),
            *("api_client", "export_job", "proposal"),
        ),
        _WORK,
    ),
    "batch_rows": mark(
        "It holds how each row of a file ended, by its line: what was recorded of you is in the other tables."
    ),
    "row_fault": mark("It holds rows of files that could not be read, which name nobody for certain."),
    "stranger": mark("It holds people of whom it was decided that they are none of the union’s members."),
    "review_lock": mark("For some minutes it says which reviewer looks at a course."),
    "sign_in_failure": mark("For some hours it counts failed sign-ins, so that nobody can guess a password."),
}
