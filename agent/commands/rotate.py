"""`rotate`: make this device's next key, on the device. The agent does the rest, record by record.

It writes two files and asks nobody. The running agent looks for the new key on every sampling beat,
a stopped one at its next start: the old key introduces the new one in a record, and signs until the
log has proved that record. Doing it twice is refused while the first time is under way.
"""

from __future__ import annotations

import argparse

from agent import exits
from agent.edges import enrolment
from agent.edges.keys import KeyFiles
from agent.settings_file import load


def execute(options: argparse.Namespace) -> int:
    """Make the key, and say what happens next."""
    settings = load(options.config)
    agreed = enrolment.load(settings).answer
    keys = KeyFiles.of(settings, agreed.device)
    old, new = keys.load(), keys.make_heir()
    print(f"old key  {old.kid.hex()}: signs until the log has proved that the new one follows it")
    print(f"new key  {new.kid.hex()}: made here, never leaves this device / 새 키가 만들어졌습니다")
    print("`jagalchi-agent status` shows which one is in use; keep the agent running and connected")
    return exits.OK
