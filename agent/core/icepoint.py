"""The ice point: what two minutes in melting ice say of a probe, and what they cannot. Pure.

Crushed ice of drinking water, just covered with water, is at 0.00 degrees within 0.05. A probe that
has settled there shows its error; what is left is uncertainty: the bath's, the spread of what was
read, and the step of the probe itself. A reading that is far off, still moving, or missing proves
nothing, and then nothing is written. Numbers are milli-degrees and milliseconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isqrt
from typing import Final

from protocol.registry import Text

PROBES: Final = frozenset({"ds18b20", "mock-truck", "mock-site", "replay"})
"""Parts that may get wet; the simulated ones so that this can be learnt on a desk."""
LASTS_MS: Final = 120_000
LEAST_READINGS: Final = 8
BATH_MILLI: Final = 50
STEP_MILLI: Final = 63
"""Of a DS18B20: a sixteenth of a degree."""
SPREAD_MOST: Final = 250
DRIFT_MOST: Final = 125
ERROR_MOST: Final = 2_000


@dataclass(frozen=True, slots=True)
class IcePoint:
    """What was found: to be added to every value, and how wrong the sum may still be."""

    correction_milli: int
    uncertainty_milli: int
    readings: int
    spread_milli: int


def judge(raw: Sequence[int], missed: int) -> IcePoint | Text:
    """The calibration, or why there is none. `raw` are uncorrected values in order of time."""
    if len(raw) < LEAST_READINGS:
        return Text(
            f"only {len(raw)} usable readings and {missed} without a value: check the connector",
            f"쓸 수 있는 측정 {len(raw)}개, 값 없음 {missed}개: 커넥터를 확인하세요",
        )
    spread, mean = max(raw) - min(raw), _rounded(sum(raw), len(raw))
    if spread > SPREAD_MOST or abs(_drift(raw)) > DRIFT_MOST:
        return Text(
            f"still moving ({spread / 1_000:.2f} degrees): stir, wait ten minutes, try again",
            f"아직 변하는 중({spread / 1_000:.2f}도): 저어 주고 10분 뒤 다시 하세요",
        )
    if abs(mean) > ERROR_MOST:
        return Text(
            f"{mean / 1_000:.2f} degrees is not melting ice, or the probe is broken",
            f"{mean / 1_000:.2f}도는 녹는 얼음이 아니거나 센서 고장입니다",
        )
    parts = (BATH_MILLI, STEP_MILLI, spread)
    uncertainty = isqrt(sum(part * part for part in parts)) + 1
    return IcePoint(-mean, uncertainty, len(raw), spread)


def _rounded(total: int, count: int) -> int:
    """To the nearest, half away from zero."""
    half = count // 2
    return (abs(total) + half) // count * (1 if total >= 0 else -1)


def _drift(raw: Sequence[int]) -> int:
    """How far the second half lies from the first."""
    half = len(raw) // 2
    return _rounded(sum(raw[half:]), len(raw) - half) - _rounded(sum(raw[:half]), half)
