"""Real parts: the only place where hardware libraries are imported, and only when used.

What the bytes mean is decided in `hal.drivers`. Here is who touches what: one owner thread for each
light and receiver, one killable child process for each bus that can hang. A part that is missing,
or whose library is, never keeps the agent from recording: it is retried, and until then it says
what it does not know. `hal.needs` says in words what a machine lacks.
"""
