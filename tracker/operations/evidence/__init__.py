"""Evidence behind completions: files that are checked before they are kept, and who read them.

- `checking`   what a file is, whatever it is called; photos are drawn anew, so that nothing else is in them
- `keeping`    files by their content's hash, on disk before any row names them; what no row names is swept
- `attaching`  the rows, and an administrator's reading with its reason
"""

from tracker.operations.evidence.attaching import attach_evidence, open_with_reason
from tracker.operations.evidence.checking import LARGEST_FILE
from tracker.operations.evidence.keeping import StoredFile, evidence_folder, file_of, keep_file, sweep_evidence

__all__ = [
    "LARGEST_FILE",
    "StoredFile",
    "attach_evidence",
    "evidence_folder",
    "file_of",
    "keep_file",
    "open_with_reason",
    "sweep_evidence",
]
