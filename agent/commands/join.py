"""`join FILE`: enrol from a file that whoever wrote the card put on it; systemd starts this.

Doing it twice is harmless, since a power cut may come before the file is taken away: a device that
is enrolled stays as it is. The token in the file serves once and for a day, so the file is no key.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from agent import exits
from agent.commands import enrol
from agent.edges import enrolment
from agent.settings_file import is_server_url, load
from agent.toml_table import REQUIRED, SettingsError, Table, read_toml

MAX_URL = 256


def execute(options: argparse.Namespace) -> int:
    """Enrol, or say that there is nothing to do."""
    settings = load(options.config)
    url, token = order(options.file)
    if settings.enrolment_path.exists():
        known = enrolment.load(settings).answer
        print(f"enrolled already, as {known.device} at {known.origin}: nothing to do")
        return exits.OK
    return enrol.introduce(settings, url, token)


def order(path: Path) -> tuple[str, str]:
    """The server's address and the token. Raises SettingsError with every problem of the file."""
    top = Table(path, "", read_toml(path), [])
    table = top.table("enrol") or Table(path, "enrol", {}, top.problems)
    url, token = table.text("url", REQUIRED, MAX_URL), table.text("token", REQUIRED, MAX_URL)
    if not is_server_url(url):
        table.refuse("url", "https://NAME")
    if not enrolment.is_token(token):
        table.refuse("token", "the token exactly as the server shows it")
    table.finish()
    top.finish()
    if top.problems:
        raise SettingsError(sorted(set(top.problems), key=top.problems.index))
    return url.rstrip("/"), token
