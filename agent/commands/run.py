"""`run`: the daemon. systemd starts this; a technician may, with another --config."""

from __future__ import annotations

import argparse
import os

from agent.calibration_file import calibrated
from agent.daemon import Orders, run
from agent.settings_file import load


def execute(options: argparse.Namespace) -> int:
    """Record until stopped."""
    orders = Orders(
        speed=options.speed,
        span_ms=options.span * 60_000,
        drain_ms=options.drain * 1_000,
    )
    return run(calibrated(load(options.config)), orders, os.environ)
