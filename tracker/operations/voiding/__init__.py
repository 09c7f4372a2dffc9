"""Taking many completions out of every figure at once, which takes two people.

- `proposing`  one prepares it, with the reason
- `deciding`   another confirms or declines it; what was voided can be recorded anew
- `together`   one completion, with what else says the same of that day
"""

from tracker.operations.voiding.deciding import confirm_void, decline_void, record_anew
from tracker.operations.voiding.proposing import propose_void
from tracker.operations.voiding.together import void_together

__all__ = ["confirm_void", "decline_void", "propose_void", "record_anew", "void_together"]
