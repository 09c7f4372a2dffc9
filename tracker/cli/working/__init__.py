"""What is done beside the pages: by `tracker worker`, or by a thread of `tracker serve`.

- `rounds`   doing one thing again and again, until told to end
- `mail`     what waits to be sent
- `errands`  what the site does once in a while: one of all its processes does it
- `jobs`     what pages have put into the queue (`tracker worker` alone)
- `worker`   all of them together

Any number may run, on any number of servers of one site.
"""
