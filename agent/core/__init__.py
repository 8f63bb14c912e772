"""The pure heart of the agent: no IO, no clock, no dice; everything it needs is passed in."""
