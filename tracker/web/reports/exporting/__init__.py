"""Files that are too long to be answered at once: asked for, made by a process of their own, fetched by whoever asked.

- `naming`   what a file is called
- `writing`  a document on its way into a file of the instance folder
- `making`   the job: the report's own view once more, as the reader who asked for it, into a file
- `pages`    asking for it, how far it is, the file itself; and the list of one's own
"""
