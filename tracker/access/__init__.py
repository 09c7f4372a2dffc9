"""Who may see and do what.

Scope comes from the signed-in user's role rows, never from a request's value. `roles` turns the rows held on a day into
a `Reach`; `finding` looks up what a person asks for and authorises it in the same breath; `listing` is what
administrators and auditors page through. What is somebody else's answers exactly like what does not exist.
"""
