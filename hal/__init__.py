"""The hardware, and nothing of ours: one door to sensors, receiver, contacts, light and link.

`open_bench(config)` opens everything a truck or a site has. A part is chosen by its name in the
configuration, from one explicit table (`hal/catalog.py`) or from a third party's entry point in
the group "jagalchi.hal". There is no fallback to a mock: what is simulated is called `mock-...`
or `replay`, says so, and cannot hide behind another name.
"""

from __future__ import annotations

from hal.api import (
    KEEPS_VALUE,
    SLOT_MS,
    Contact,
    Fault,
    Fix,
    HalError,
    Light,
    Link,
    Measurement,
    Moment,
    Part,
    Positioner,
    PositionFix,
    Quantity,
    Role,
    Sensor,
    blinks,
)
from hal.bench import (
    Bench,
    FittedContact,
    open_bench,
    open_contact,
    open_light,
    open_link,
    open_positioner,
    open_sensor,
)
from hal.catalog import is_simulated, names

__all__ = [
    "KEEPS_VALUE",
    "SLOT_MS",
    "Bench",
    "Contact",
    "Fault",
    "FittedContact",
    "Fix",
    "HalError",
    "Light",
    "Link",
    "Measurement",
    "Moment",
    "Part",
    "PositionFix",
    "Positioner",
    "Quantity",
    "Role",
    "Sensor",
    "blinks",
    "is_simulated",
    "names",
    "open_bench",
    "open_contact",
    "open_light",
    "open_link",
    "open_positioner",
    "open_sensor",
]
