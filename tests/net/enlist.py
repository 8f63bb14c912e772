"""Let devices into a server before it starts: `python -m tests.net.enlist PREFIX COUNT`.

The installation is that of JAGALCHI_HOME, made if it is new. Device n has the key of the name
"PREFIX n". Written out: the enrolment answer of each, in hexadecimal, one a line.
"""

from __future__ import annotations

import sys

from server import cli
from tests.protocol import build


def main(prefix: str, count: int) -> None:
    """Admit them as the endpoint does, all in one transaction."""
    cli._set_up()
    cli._ready()
    from server.devices import enrolment
    from server.devices.commands import issue_token
    from server.ledger import log
    from server.ledger.tick import now_ms

    now = now_ms()
    names = [f"{prefix} {number}" for number in range(count)]
    with log.writing():
        for name in names:
            token = issue_token(name, now_ms=now, entropy=build.digest(name))
            print(enrolment._answered(token, build.key(name).cose_key, now).hex())
    log.sequence(now)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
