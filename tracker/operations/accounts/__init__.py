"""Sign-ins: who has one, what they may do, when it ends.

- `users`    who signs in, and by which address
- `owners`   whom an address belongs to, with a sign-in or without
- `roles`    what they may do: held in a unit, from a day, until a day
- `signing_in`  the way in and out
- `passwords`   a sign-in's password
- `sessions`  how every session of theirs ends
- `factors`  whether a second one is set, and who must have it
- `limits`   how often anyone may try
"""

from tracker.operations.accounts.factors import has_factor, must_have_factor
from tracker.operations.accounts.limits import (
    FAILURES_PER_ACCOUNT,
    FAILURES_PER_ACCOUNT_ANYWHERE,
    FAILURES_PER_ADDRESS,
    FAILURES_PER_CODES,
    FAILURES_WINDOW,
    address_key,
    is_over_limit,
)
from tracker.operations.accounts.passwords import give_password, set_first_password, set_password
from tracker.operations.accounts.roles import (
    ROLE_NAMES,
    UNIT_OF_ROLE,
    days_in_words,
    end_role,
    role_in_words,
    roles_now_and_later,
)
from tracker.operations.accounts.sessions import end_sessions, hold_user
from tracker.operations.accounts.signing_in import (
    Attempt,
    SignIn,
    came_in,
    change_password,
    check_password,
    choose_language,
    confirm_password,
    sign_in,
    sign_out,
)
from tracker.operations.accounts.users import add_user, change_address, find_user, reactivate, suspend

__all__ = [
    "FAILURES_PER_ACCOUNT",
    "FAILURES_PER_ACCOUNT_ANYWHERE",
    "FAILURES_PER_ADDRESS",
    "FAILURES_PER_CODES",
    "FAILURES_WINDOW",
    "ROLE_NAMES",
    "UNIT_OF_ROLE",
    "Attempt",
    "SignIn",
    "add_user",
    "address_key",
    "came_in",
    "change_address",
    "change_password",
    "check_password",
    "choose_language",
    "confirm_password",
    "days_in_words",
    "end_role",
    "end_sessions",
    "find_user",
    "give_password",
    "has_factor",
    "hold_user",
    "is_over_limit",
    "must_have_factor",
    "reactivate",
    "role_in_words",
    "roles_now_and_later",
    "set_first_password",
    "set_password",
    "sign_in",
    "sign_out",
    "suspend",
]
