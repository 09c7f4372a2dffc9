"""The desk at which people settle what reports name and nobody here knows.

- `learners`    who was reported and is not found: one line a learner, with everything a report said of them
- `candidates`  which members they may be, and the reason for each
- `courses`     courses that the catalogue does not have under their reported name
- `decided`     what people said, by whom and when
- `doubles`     members that may be one person
"""
