"""How far those in scope of a path have got: have they an account, is it activated, have they begun, are they complete?

Whoever cannot get in needs the training staff; whoever can and has not done it is their local's to call. So each person in
scope stands at exactly one step, the furthest they reached: complete is complete, also by a class in the hall that needed no
account, and the counts nest.

Accounts are known from the provider's lists. They tell on which day an account was activated, and not on which day it was
closed: one that is closed by now is closed on every day. "As known" goes by when the lists were recorded.

- `accounts`  what the lists say of whose accounts
- `steps`     where someone stands, and how many stand where
- `report`    one unit, and every local
- `hiding`    what a reader from outside may see of a unit
- `files`     the same as CSV and XLSX
"""

from tracker.coverage.access_funnel.accounts import Access, AccountsKnown, accounts_known
from tracker.coverage.access_funnel.hiding import without_small_steps
from tracker.coverage.access_funnel.report import (
    AccessReport,
    AccessRow,
    PathChoice,
    PersonsAccess,
    UnitAccess,
    locals_access,
    paths_in,
    unit_access,
)
from tracker.coverage.access_funnel.steps import Funnel, Step, Who

__all__ = [
    "Access",
    "AccessReport",
    "AccessRow",
    "AccountsKnown",
    "Funnel",
    "PathChoice",
    "PersonsAccess",
    "Step",
    "UnitAccess",
    "Who",
    "accounts_known",
    "locals_access",
    "paths_in",
    "unit_access",
    "without_small_steps",
]
