"""`jagalchi-server demo` (signatures; being filled in)."""

from __future__ import annotations

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """--for 40s, --json FILE, --port N (default $PORT or 8000), --speed N."""


def run(options: argparse.Namespace) -> int:
    """Run server and three trucks until Ctrl-C or --for; returns the exit status."""
    raise NotImplementedError
