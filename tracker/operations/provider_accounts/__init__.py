"""Accounts at a provider: who has one, whether it may be used, since when it is activated.

- `stage`      the rows of a provider's list, laid out by member in a private store
- `pairing`    which of a member's accounts a row is of
- `teaching`   the provider's own ids, by which reports find their member from then on
- `writing`    the changes into the tables
- `recording`  a whole list: preview it, record it
"""

from tracker.operations.provider_accounts.recorded import AccountsRecorded
from tracker.operations.provider_accounts.recording import AccountList

__all__ = ["AccountList", "AccountsRecorded"]
