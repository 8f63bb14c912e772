"""Let devices into a server before it starts: `python -m tests.net.enlist PREFIX COUNT`.

The installation is that of JAGALCHI_HOME, made if it is new. Device n has the key of the name
"PREFIX n". Written out: the enrolment answer of each, in hexadecimal, one a line.
"""

from __future__ import annotations

import sys

from protocol import wire
from server import cli
from tests.protocol import build


def main(prefix: str, count: int) -> None:
    """Admit them by the roster, all in one transaction; every one of them is in the log."""
    cli._set_up()
    cli._ready()
    from server.devices import enrolment, roster
    from server.ledger import log
    from server.ledger.tick import now_ms

    now = now_ms()
    keys = (build.key(f"{prefix} {number}") for number in range(count))
    with log.writing():
        for key in keys:
            token = build.digest(key.device)
            answer = wire.encode_enrol_answer(enrolment._answer(key.device, prefix, now))
            roster.add_token(token, prefix, now, now + 1)
            roster.admit(token, key.cose_key, answer, now)
            print(answer.hex())
    log.sequence(now)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
