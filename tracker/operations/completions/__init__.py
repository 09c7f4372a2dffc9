"""Recording completed courses: one at a time from any door, or a whole report at once."""

from tracker.operations.completions.report import record_completions
from tracker.operations.completions.single import SELF_LOGGED, STAFF_RECORDED, log_completion, void_completion
from tracker.operations.completions.staging import CompletionsRecorded
from tracker.operations.completions.waiting import settle_waiting

__all__ = [
    "SELF_LOGGED",
    "STAFF_RECORDED",
    "CompletionsRecorded",
    "log_completion",
    "record_completions",
    "settle_waiting",
    "void_completion",
]
