"""Figures, measured here and now; `python -m tests.bench` prints them beside bar and reference."""
