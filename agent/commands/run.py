"""`run`: the daemon. systemd starts this; a technician may, with another --config."""

from __future__ import annotations

import argparse
import os

from agent import distress, exits
from agent.calibration_file import calibrated
from agent.daemon import Orders, run
from agent.edges.clock import SystemClock
from agent.exits import RefusedError
from agent.settings_file import load


def execute(options: argparse.Namespace) -> int:
    """Record until stopped; where that cannot begin, say why, also by the light."""
    orders = Orders(
        speed=options.speed,
        span_ms=options.span,
        drain_ms=options.drain * 1_000,
    )
    try:
        return run(calibrated(load(options.config)), orders, os.environ)
    except RefusedError as refusal:
        exits.tell(refusal)
        distress.tell(refusal, options.config, SystemClock(), os.environ)
        return exits.CONFIGURATION
