"""Asking members for a path: by rule, by name; ending it, taking it back; excusing from it.

- `planning`   who is to be asked, and how
- `assigning`  asking, and what it did
- `reaching`   which cards a rule reaches
- `leaving`    what stays open when a card ends or matches no more
- `deciding`   due days that could not be met
- `ending`     ending what is asked
- `undoing`    taking back what was asked a short while ago
- `exempting`  excusing a member
"""

from tracker.operations.assignments.assigning import NOT_COUNTED, Assigned, Group, assign_path
from tracker.operations.assignments.deciding import DueChoice, decide_due_days
from tracker.operations.assignments.ending import end_assignment
from tracker.operations.assignments.exempting import exempt_member
from tracker.operations.assignments.planning import Plan, nearest_crafts, refuse_unknown_craft
from tracker.operations.assignments.reaching import match_rules_anew, reach
from tracker.operations.assignments.undoing import UNDO_WITHIN, undo_by_name, undo_rule

__all__ = [
    "NOT_COUNTED",
    "UNDO_WITHIN",
    "Assigned",
    "DueChoice",
    "Group",
    "Plan",
    "assign_path",
    "decide_due_days",
    "end_assignment",
    "exempt_member",
    "match_rules_anew",
    "nearest_crafts",
    "reach",
    "refuse_unknown_craft",
    "undo_by_name",
    "undo_rule",
]
