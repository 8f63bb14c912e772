"""The command lines of what an installer or a technician does at the truck.

Beside cli.py, which knows the rest: doctor, calibrate, identify, swap.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from agent.arguments import Parser, certificate, config, language, milli, moment, token, url, whole

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[Parser]


def add(commands: Commands) -> None:
    """Put them on the program's command line."""
    for one in (_doctor, _identify, _calibrate, _swap):
        one(commands)


def _doctor(commands: Commands) -> None:
    doctor = commands.add_parser(
        "doctor", help="the commissioning test: a verdict a line, and what mends it / 점검"
    )
    config(doctor)
    language(doctor)
    doctor.add_argument("--json", action="store_true", help="for programs")
    doctor.add_argument(
        "--report",
        type=Path,
        default=None,
        metavar="FILE",
        help="write the hand-over sheet: .html, or .pdf with the extra `report`",
    )


def _identify(commands: Commands) -> None:
    identify = commands.add_parser(
        "identify", help="warm a sensor in your hand: which one is it? / 센서 찾기"
    )
    config(identify)
    language(identify)
    identify.add_argument("--sensor", type=whole(0, 255), default=None, metavar="N")
    identify.add_argument(
        "--name", default=None, help="with --sensor: call it so, and print its label"
    )
    identify.add_argument(
        "--label",
        type=Path,
        default=None,
        metavar="FILE",
        help="draw a label with a QR code (.svg, .png): of --sensor, else of this device",
    )
    identify.add_argument(
        "--for",
        dest="seconds",
        type=whole(1, 3_600),
        default=300,
        metavar="SECONDS",
        help="how long to watch (default: 300)",
    )


def _swap(commands: Commands) -> None:
    swap = commands.add_parser(
        "swap", help="a new card in the same truck; what the old one holds comes along / 카드 교체"
    )
    swap.add_argument("url", type=url, metavar="URL", help="the server, https://...")
    swap.add_argument("token", type=token, metavar="TOKEN", help="as shown by the server")
    config(swap)
    language(swap)
    swap.add_argument(
        "--from",
        dest="old",
        type=Path,
        default=None,
        metavar="DIR",
        help="the old card's state directory, or where the old card is mounted",
    )
    swap.add_argument(
        "--to",
        type=Path,
        default=Path(),
        metavar="PATH",
        help="where the evidence of what it holds is written (default: this folder)",
    )


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
