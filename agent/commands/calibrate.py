"""`calibrate`: two minutes in melting ice, or what a laboratory's certificate says, kept for good.

Writes certificate, date, correction and uncertainty into the state directory; the agent takes them
up at its next start. The uncorrected value stays in every record beside the corrected one, and the
run's first records say which calibration corrects it. A result that proves nothing writes nothing.
"""

from __future__ import annotations

import argparse
import os
import sys
from functools import partial

from agent import calibration_file, exits
from agent.commands import language
from agent.commands.watching import readings
from agent.core import icepoint
from agent.core.board import Board, moment
from agent.core.finding import Facts
from agent.core.icepoint import IcePoint
from agent.edges.clock import Clock, SystemClock
from agent.exits import RefusedError
from agent.settings import Calibration, SensorSettings, Settings
from agent.settings_file import load
from protocol.registry import Quantity, Text

BEFORE = Text(
    "Put sensor {} into crushed ice just covered with water, ten minutes ago. Two minutes now.",
    "센서 {}을(를) 물을 자작하게 부은 얼음에 10분 전부터 담가 두세요. 지금부터 2분 측정합니다.",
)
DONE = Text(
    "sensor {}: correction {:+.3f}, may still be {:.3f} off; certificate {}, {}",
    "센서 {}: 보정 {:+.3f}, 남은 불확도 {:.3f}; 성적서 {}, {}",
)
AFTERWARDS = Text(
    "The agent takes it up at its next start: sudo systemctl restart jagalchi-agent",
    "에이전트를 다시 시작하면 적용됩니다: sudo systemctl restart jagalchi-agent",
)
NOTHING = Text("Nothing was written: {}", "아무것도 기록하지 않았습니다: {}")


def execute(options: argparse.Namespace) -> int:
    """Measure or take over, write, and say what was written."""
    return calibrate(load(options.config), options, SystemClock())


def calibrate(settings: Settings, options: argparse.Namespace, clock: Clock) -> int:
    """As `execute`, by this clock."""
    board = Board(language.chosen(options, os.environ))
    if (options.correction is None) is not (options.uncertainty is None):
        raise RefusedError("--correction and --uncertainty go together")
    known = calibration_file.read(settings)
    sensor = _sensor(settings, options.sensor)
    if options.correction is None:
        _insist_on_probe(sensor)
    at_ms = _date(options, clock)
    if options.correction is None:
        found = _ice(settings, sensor, clock, board)
        if isinstance(found, Text):
            print(board.say(NOTHING, board.say(found)), file=sys.stderr)
            return exits.NO
        correction, uncertainty = found.correction_milli, found.uncertainty_milli
    else:
        correction, uncertainty = options.correction, options.uncertainty
    certificate = options.certificate or f"ICE-{moment(at_ms)[:10]}-{sensor.number}"
    made = Calibration(sensor.number, certificate, at_ms, correction, uncertainty)
    calibration_file.write(settings, {**known, sensor.number: made}.values())
    milli = (correction / 1_000, uncertainty / 1_000)
    print(board.say(DONE, sensor.number, *milli, certificate, moment(at_ms)[:10]))
    print(board.say(AFTERWARDS))
    return exits.OK


def _sensor(settings: Settings, number: int) -> SensorSettings:
    for sensor in settings.sensors:
        if sensor.number == number:
            if sensor.corrections.get(Quantity.TEMPERATURE):
                raise RefusedError(
                    f"sensor {number} has a correction in the settings: take correction_milli out"
                    " there first, so that it is said in one place only"
                )
            return sensor
    known = ", ".join(str(one.number) for one in settings.sensors)
    raise RefusedError(f"there is no sensor {number} in the settings; there are: {known}")


def _date(options: argparse.Namespace, clock: Clock) -> int:
    """A calibration without a date is worth nothing; a clock that nobody vouches for has none."""
    if options.date is not None:
        return int(options.date)
    now_ms = clock.read().utc_ms
    if now_ms is None:
        raise RefusedError("this machine does not know the date: say it with --date 2026-11-26")
    return now_ms


def _insist_on_probe(sensor: SensorSettings) -> None:
    if sensor.part not in icepoint.PROBES:
        raise RefusedError(
            f"sensor {sensor.number} is a {sensor.part}, which must not get wet: compare it with a"
            " better one and give --correction, --uncertainty and --certificate"
        )


def _ice(
    settings: Settings, sensor: SensorSettings, clock: Clock, board: Board
) -> IcePoint | Text:
    print(board.say(BEFORE, sensor.number), flush=True)
    raw, missed = [], 0
    for found in readings(settings, clock, icepoint.LASTS_MS):
        for one in filter(partial(_is_of, sensor.number), found):
            value = one["value"] if one["raw"] is None else one["raw"]
            if not isinstance(value, int) or one["status"] != "ok":
                missed += 1
                continue
            raw.append(value)
            print(f"  {board.value('temperature', value)}", flush=True)
    return icepoint.judge(raw, missed)


def _is_of(number: int, one: Facts) -> bool:
    return (one["sensor"], one["quantity"]) == (number, "temperature")
