"""Asking members for a path: by rule, by name; ending it; excusing from it."""

from tracker.operations.assignments.assigning import Assigned, Plan, assign_path
from tracker.operations.assignments.ending import end_assignment
from tracker.operations.assignments.exempting import exempt_member
from tracker.operations.assignments.reaching import match_rules_anew, reach

__all__ = ["Assigned", "Plan", "assign_path", "end_assignment", "exempt_member", "match_rules_anew", "reach"]
