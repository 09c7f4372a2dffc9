"""The second factor: a code that an authenticator shows, or failing that a recovery code.

- `secrets`   the secret behind the codes: how it is sealed, and which code fits
- `recovery`  the words that stand in for a code once
- `checking`  a code that somebody shows, and signing in by it
- `setting`   set up, taken away, reset by others

Whether someone has one, and who must: `operations.accounts.factors`.
"""

from tracker.operations.second_factor.checking import sign_in_by_code, use_code
from tracker.operations.second_factor.recovery import codes_left, renew_codes
from tracker.operations.second_factor.secrets import FactorKey, new_secret, setup_address
from tracker.operations.second_factor.setting import factor_of, remove_factor, reset_factor, set_factor

__all__ = [
    "FactorKey",
    "codes_left",
    "factor_of",
    "new_secret",
    "remove_factor",
    "renew_codes",
    "reset_factor",
    "set_factor",
    "setup_address",
    "sign_in_by_code",
    "use_code",
]
