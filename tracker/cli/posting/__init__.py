"""Sending mail: by `tracker notices send`, by `tracker worker`, and beside the pages by `tracker serve`.

- `smtp`     the mail server, over one connection
- `sending`  what waits: notices, and links to sign in by
- `weekly`   making the digests and the roll-ups

Several may send at once: no mail goes out twice for it.
"""
