"""Which language a person reads: what they asked for, or what their terminal is set to."""

from __future__ import annotations

import argparse
from collections.abc import Mapping

VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")


def chosen(
    options: argparse.Namespace, environment: Mapping[str, str], configured: object = ""
) -> str:
    """Return "ko" or "en": `--lang`, else what the device was told, else the terminal's."""
    if options.lang is not None:
        return str(options.lang)
    if configured in ("ko", "en"):
        return str(configured)
    locale = next((environment[name] for name in VARIABLES if environment.get(name)), "")
    return "ko" if locale.startswith("ko") else "en"
