"""Every label of the work pages, in English and Korean, by the glossary of the interface."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from protocol.registry import Text
from server.coldchain.work.labels.fields import ALIASES as ALIASES
from server.coldchain.work.labels.fields import FIELDS
from server.coldchain.work.labels.keys import KEYS
from server.coldchain.work.labels.moving import MOVING
from server.coldchain.work.labels.papers import PAPERS
from server.coldchain.work.labels.told import TOLD

LABELS: Final[Mapping[str, Text]] = {**FIELDS, **KEYS, **TOLD, **MOVING, **PAPERS}
