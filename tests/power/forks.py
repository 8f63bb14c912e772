"""Work in a process of its own: it may die, and it takes nothing with it.

Only for programs with a single thread, which these instruments are; never inside the test runner.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Callable
from typing import Any


def forked(work: Callable[[], Any]) -> Callable[[], Any]:
    """Do it in a process of its own; call the answer to wait for it. None: the process failed."""
    reader, writer = os.pipe()
    process = os.fork()
    if not process:
        os.close(reader)
        _answer(writer, work)
    os.close(writer)

    def outcome() -> Any:
        with os.fdopen(reader, "rb") as pipe:
            said = pipe.read()
        os.waitpid(process, 0)
        return json.loads(said) if said else None

    return outcome


def _answer(writer: int, work: Callable[[], Any]) -> None:
    status = 1
    try:
        with os.fdopen(writer, "wb") as pipe:
            pipe.write(json.dumps(work()).encode())
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)
