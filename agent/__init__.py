"""The daemon in the truck: reads, signs, keeps and delivers; it never waits for a network."""

__version__ = "0.1.0"
