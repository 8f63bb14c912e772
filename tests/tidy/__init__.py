"""Tests about the code itself: house rules live here and not in anybody's memory.

Every rule is a pure function from source to a list of complaints, and every rule has a small
sample that breaks it, so that a rule that stopped biting is itself a failing test.
"""
