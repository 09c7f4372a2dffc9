"""Recording completed courses: one at a time from any door, some, or a whole report at once."""

from tracker.operations.completions.few import Settled, record_few
from tracker.operations.completions.lines import Line, Lines
from tracker.operations.completions.report import Report, Reported, record_completions
from tracker.operations.completions.single import SELF_LOGGED, STAFF_RECORDED, log_completion, void_completion
from tracker.operations.completions.tally import CompletionsRecorded
from tracker.operations.completions.waiting import settle_rows, settle_waiting

__all__ = [
    "SELF_LOGGED",
    "STAFF_RECORDED",
    "CompletionsRecorded",
    "Line",
    "Lines",
    "Report",
    "Reported",
    "Settled",
    "log_completion",
    "record_completions",
    "record_few",
    "settle_rows",
    "settle_waiting",
    "void_completion",
]
