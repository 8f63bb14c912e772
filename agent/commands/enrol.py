"""`enrol URL TOKEN`: make the key, prove it, keep what the server pins. Run once, on the device."""

from __future__ import annotations

import argparse
import sys

from agent import exits
from agent.edges import enrolment
from agent.edges.courier import RequestsTransport
from agent.settings import Settings
from agent.settings_file import load


def execute(options: argparse.Namespace) -> int:
    """Enrol, and say what was agreed."""
    return introduce(load(options.config), options.url, options.token)


def introduce(settings: Settings, url: str, token: str) -> int:
    """Make this device known at `url`, and say what was agreed or what is in the way."""
    transport = RequestsTransport(url, settings.server.ca_file)
    try:
        agreed = enrolment.enrol(settings, token, url, transport).answer
    except enrolment.EnrolmentError as error:
        print(f"jagalchi-agent: {error}", file=sys.stderr)
        print("nothing is lost: mend this and run the same command again", file=sys.stderr)
        return exits.NO
    print(f"enrolled / 등록 완료: {agreed.asset}")
    print(f"device   {agreed.device}")
    print(f"log      {agreed.origin}")
    if agreed.demo:
        print("this server is a demonstration: it accepts simulated readings")
    return exits.OK
