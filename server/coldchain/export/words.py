"""Words of the inspector's workbook alone, which is Korean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from server.coldchain.rules import Judge, SampleState

JUDGES: Final[Mapping[Judge, str]] = {
    Judge.SELLER: "검수(판매자)",
    Judge.BUYER: "검수(구매자)",
    Judge.INDEPENDENT: "점검(독립)",
}
SAMPLES: Final[Mapping[SampleState, str]] = {
    SampleState.TAKEN: "수거함",
    SampleState.PASSED: "적합",
    SampleState.FAILED: "부적합",
}
