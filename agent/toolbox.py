"""The command lines of what an installer or a technician does at the truck.

Beside cli.py, which knows the rest: doctor, calibrate, identify, swap.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from agent.arguments import Parser, certificate, config, language, milli, moment, whole

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[Parser]


def add(commands: Commands) -> None:
    """Put them on the program's command line."""
    for one in (_doctor, _calibrate):
        one(commands)


def _doctor(commands: Commands) -> None:
    doctor = commands.add_parser(
        "doctor", help="the commissioning test: a verdict a line, and what mends it / 점검"
    )
    config(doctor)
    language(doctor)
    doctor.add_argument("--json", action="store_true", help="for programs")


def _calibrate(commands: Commands) -> None:
    calibrate = commands.add_parser(
        "calibrate", help="two minutes in melting ice, or a certificate, kept for good / 교정"
    )
    config(calibrate)
    language(calibrate)
    calibrate.add_argument("--sensor", type=whole(0, 255), required=True, metavar="N")
    calibrate.add_argument(
        "--certificate",
        type=certificate,
        default=None,
        metavar="ID",
        help="the certificate's number (default: ICE, the date and the sensor)",
    )
    calibrate.add_argument(
        "--correction",
        type=milli(-20_000, 20_000),
        default=None,
        metavar="DEGREES",
        help="from a certificate, instead of ice: what is added to every value",
    )
    calibrate.add_argument(
        "--uncertainty",
        type=milli(0, 20_000),
        default=None,
        metavar="DEGREES",
        help="with --correction: by how much the sum may still be wrong",
    )
    calibrate.add_argument(
        "--date", type=moment, default=None, metavar="DATE", help="of the calibration: 2026-11-26"
    )
