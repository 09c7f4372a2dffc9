"""What a member is told by the weekly digest: what came since, and what comes.

- `shapes`    what a digest is made of
- `asking`    paths newly asked, due, overdue and expiring
- `happened`  claims decided, courses recorded by a report, records taken back, corrections answered
- `reading`   the digests of some members, from both, without what they were told before
- `wording`   a digest as subject and text, in the language that is spoken

Each is read for a range of members by a handful of queries, whatever the number of members in it.
"""

from tracker.coverage.digests.reading import KINDS, Reading, counts_of, digests_of
from tracker.coverage.digests.shapes import Digest
from tracker.coverage.digests.wording import digest_in_words, lines_in_words

__all__ = ["KINDS", "Digest", "Reading", "counts_of", "digest_in_words", "digests_of", "lines_in_words"]
