"""What is measured, in groups that can be chosen by name (`--only`).

A group is a function that yields its figures as they are measured, so that the table of a run that
was cut short is still true. What a group needs and does not find here is a line on stderr and no
figure: nothing is ever made up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from tests.bench import (
    coldchain,
    log,
    physics,
    pilots,
    record,
    server,
    server_postgres,
    trace,
    tree,
    truck,
)
from tests.bench.figure import Figure

Group = Callable[[], Iterator[Figure]]

GROUPS: Final[Mapping[str, Group]] = {
    "record": record.figures,
    "tree": tree.figures,
    "physics": physics.figures,
    "log": log.figures,
    "server": server.figures,
    "pilots": pilots.figures,
    "trace": trace.figures,
    "coldchain": coldchain.figures,
    "truck": truck.everything,
    "postgres": server_postgres.figures,
}
"""In the order of the table."""
