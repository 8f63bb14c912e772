"""`jagalchi-agent`: what a technician types, and the one place where endings become exit codes.

Parses, imports the one command that was asked for, and turns every expected trouble into a
sentence. A traceback means a bug of ours, and exit 70.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import overload

from agent import __version__, exits, toolbox
from agent.arguments import Parser, config, language, minutes, moment, token, url, whole

MAX_SPEED = 10_000
MAX_HOURS = 24 * 366
MAX_DRAIN_S = 86_400
MAX_SPAN_MIN = 7 * 1_440
MAX_SEED = 2**32 - 1

ABOUT = """\
Reads the sensors of a refrigerated truck or a cold store, signs every reading, keeps it through
power cuts and dead zones, and delivers it to the server, which proves that it has it.
냉동 탑차와 저온 창고의 센서를 읽어 서명하고, 정전과 음영 구역에도 보관하며, 서버로 전달합니다."""

ENDINGS = """\
exit codes: 0 done · 1 the answer is no · 64 wrong command line · 70 a bug of ours ·
            78 settings, key or enrolment need mending (the message says how)"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code."""
    _never_fail_to_print()
    try:
        options = parser().parse_args(argv)
        return int(import_module(f"agent.commands.{options.command}").execute(options))
    except exits.RefusedError as refusal:
        exits.tell(refusal)
        return exits.CONFIGURATION
    except KeyboardInterrupt:
        return exits.INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has left; point it elsewhere or the interpreter complains too.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return exits.NO
    except Exception:
        traceback.print_exc()
        return exits.BUG


def parser() -> Parser:
    """Every command with its options."""
    top = Parser(
        prog="jagalchi-agent",
        description=ABOUT,
        epilog=ENDINGS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"jagalchi-agent {__version__}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for add in (_run, _status, toolbox.add, _enrol, _join, _rotate, _verify, _export, _simulate):
        add(commands)
    return top


def _run(commands: argparse._SubParsersAction[Parser]) -> None:
    run = commands.add_parser(
        "run", help="record, sign and deliver until stopped (systemd starts this) / 기록 시작"
    )
    config(run)
    run.add_argument(
        "--speed",
        type=whole(1, MAX_SPEED),
        default=1,
        metavar="N",
        help="simulated parts only: let time pass N times faster, from the past up to now",
    )
    run.add_argument(
        "--span",
        type=minutes(MAX_SPAN_MIN),
        default="60",
        metavar="MINUTES",
        help="with --speed: real minutes (or 24s) until the fast clock has caught up (default: 60)",
    )
    run.add_argument(
        "--drain",
        type=whole(0, MAX_DRAIN_S),
        default=0,
        metavar="SECONDS",
        help="when stopped, go on delivering this long, or until everything is proved",
    )


def _status(commands: argparse._SubParsersAction[Parser]) -> None:
    status = commands.add_parser(
        "status", help="how the agent is doing; works when it is stopped / 상태 보기"
    )
    config(status)
    language(status)
    status.add_argument("--json", action="store_true", help="for programs")
    status.add_argument(
        "--watch", action="store_true", help="again every two seconds, until Ctrl-C"
    )


def _enrol(commands: argparse._SubParsersAction[Parser]) -> None:
    enrol = commands.add_parser(
        "enrol", help="make this device's key and introduce it to a server, once / 기기 등록"
    )
    enrol.add_argument("url", type=url, metavar="URL", help="the server, https://...")
    enrol.add_argument("token", type=token, metavar="TOKEN", help="as shown by the server")
    config(enrol)


def _join(commands: argparse._SubParsersAction[Parser]) -> None:
    join = commands.add_parser(
        "join", help="enrol from a file, unless enrolled already / 파일로 기기 등록"
    )
    join.add_argument("file", type=Path, metavar="FILE", help="TOML: [enrol], url and token")
    config(join)


def _rotate(commands: argparse._SubParsersAction[Parser]) -> None:
    rotate = commands.add_parser(
        "rotate", help="give this device a new key, which the old one introduces / 키 교체"
    )
    config(rotate)


def _verify(commands: argparse._SubParsersAction[Parser]) -> None:
    verify = commands.add_parser(
        "verify", help="check an evidence file or a saved receipt, offline / 증거 파일 검증"
    )
    verify.add_argument("file", type=Path, metavar="FILE")
    verify.add_argument(
        "--log-key",
        type=_log_key,
        default=None,
        metavar="KEY",
        help="the log's public key as its operator publishes it (NAME+HASH+BASE64); without it,"
        " the key of this device's enrolment, if there is one",
    )
    config(verify)
    verify.add_argument("--json", action="store_true", help="for programs")


def _export(commands: argparse._SubParsersAction[Parser]) -> None:
    export = commands.add_parser(
        "export", help="write what is on the card as evidence that `verify` accepts / 내보내기"
    )
    config(export)
    export.add_argument(
        "--since",
        type=moment,
        default=None,
        metavar="TIME",
        help="leave out older records: 2026-11-23 or 2026-11-23T14:00+09:00 (no zone: UTC)",
    )
    export.add_argument(
        "--to",
        type=Path,
        default=Path(),
        metavar="PATH",
        help="a file, or a folder such as a USB stick (default: this folder)",
    )


def _simulate(commands: argparse._SubParsersAction[Parser]) -> None:
    simulate = commands.add_parser(
        "simulate", help="hours of a made-up truck in seconds: no hardware, no network / 모의 실행"
    )
    simulate.add_argument(
        "--scenario",
        choices=_Scenarios(),
        default="steady",
        metavar="NAME",
        help="what goes wrong: %(choices)s (default: steady)",
    )
    simulate.add_argument("--seed", type=whole(0, MAX_SEED), default=1, metavar="N")
    simulate.add_argument("--hours", type=whole(1, MAX_HOURS), default=6, metavar="N")
    simulate.add_argument("--json", action="store_true", help="for programs")


class _Scenarios(Sequence[str]):
    """The plays of the simulated truck; looked up only when somebody simulates."""

    def __len__(self) -> int:
        return len(self._names())

    @overload
    def __getitem__(self, index: int) -> str: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...

    def __getitem__(self, index: int | slice) -> str | Sequence[str]:
        return self._names()[index]

    def _names(self) -> Sequence[str]:
        from hal.mock.scenarios import TRUCK

        return sorted(TRUCK)


def _log_key(text: str) -> str:
    from protocol.checkpoint import LogKey
    from protocol.errors import ProtocolError

    try:
        return LogKey.parse(text).vkey
    except ProtocolError:
        raise argparse.ArgumentTypeError("expected NAME+HASH+BASE64, all of it") from None


def _never_fail_to_print() -> None:
    """A terminal without Korean letters shows question marks; it must not stop the agent."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
