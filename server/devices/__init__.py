"""Devices: who may write to the log, what of theirs is held, and what that shows."""
