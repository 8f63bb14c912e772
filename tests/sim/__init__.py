"""A whole fleet, its network and its server under one fake clock, in one process, deterministic.

The agent's code and the server's code are the real ones, on real SQLite files in memory. The fakes
stand at the lowest doors only: the sqlite3 connection, Django's cursor, the journal's system calls,
the request that leaves the truck, the parts of the bench, the clock. A run is its seed:

    python -m tests.sim 17           # the run of seed 17 again, and its final root
"""
