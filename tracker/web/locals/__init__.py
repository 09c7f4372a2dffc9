"""What a local does for its members: corrects what is wrong, records classes, says who may have an account.

- `door`         the blueprint, and who acts through which role
- `corrections`  what members say is wrong
- `classes`      classes that were held
- `sheets`       the form of a class, from its sign-in sheet to what was recorded: for a local and for the training staff
- `eligibility`  who may have an account at a provider
"""

from tracker.web.locals import classes, corrections, eligibility
from tracker.web.locals.door import locals_

__all__ = ["classes", "corrections", "eligibility", "locals_"]
