"""Evidence behind completions: files that are checked before they are kept, and who read them.

- `checking`   what a file is, whatever it is called; photos are drawn anew, so that nothing else is in them
- `keeping`    files by their content's hash, on disk before any row names them; what no row names is swept
- `tally`      how much a person had kept within a day
- `attaching`  the rows, and an administrator's reading with its reason
"""

from tracker.operations.evidence.attaching import attach_evidence, open_with_reason
from tracker.operations.evidence.checking import LARGEST_FILE
from tracker.operations.evidence.keeping import StoredFile, evidence_folder, file_of, keep_file, sweep_evidence, touched
from tracker.operations.evidence.tally import OF_A_MEMBER, OF_WHO_RECORDS, Quota, Tally, sweep_tallies, tally_folder

__all__ = [
    "LARGEST_FILE",
    "OF_A_MEMBER",
    "OF_WHO_RECORDS",
    "Quota",
    "StoredFile",
    "Tally",
    "attach_evidence",
    "evidence_folder",
    "file_of",
    "keep_file",
    "open_with_reason",
    "sweep_evidence",
    "sweep_tallies",
    "tally_folder",
    "touched",
]
