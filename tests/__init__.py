"""Tests mirror the packages; `tests/tidy` is about the code itself, `tests/bench` its speed."""
