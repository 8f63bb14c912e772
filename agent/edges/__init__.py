"""The doors of the agent: each module wraps exactly one way to the outside world."""
