"""xAPI statements that programs send: kept as they came, then recorded like any report.

- `shapes`     what a statement says, in our words
- `keeping`    into the table, once each
- `settling`   from a kept statement to a completion, or a place among those that wait
- `voiding`    taking statements back
- `receiving`  all of it in one write, or in two
- `spool`      files, where the database cannot take them at once
"""

from tracker.operations.statements.shapes import Meaning, Reader, Reported, Sender, Statement, Voiding

__all__ = ["Meaning", "Reader", "Reported", "Sender", "Statement", "Voiding"]
