"""The composition root: from settings to a running loop, and from a signal to an orderly end.

Opens every door, hands them to the loop as one `Edge`, and closes them again whatever happens.
Whatever a technician can mend (settings, key, enrolment, a second agent, a part that does not
exist) is a RefusedError and exit 78; nothing is swallowed, and a bug ends the process.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, MutableMapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from hashlib import sha256

from agent import __version__, exits, loop
from agent.account import Account
from agent.conductor import Conductor
from agent.core.chain import Identity
from agent.core.judgement import Pair
from agent.core.plan import Calibrated, Plan, Watch
from agent.edge import Edge
from agent.edges import enrolment
from agent.edges.beacon import Beacon
from agent.edges.clock import Clock, SystemClock, VirtualClock, open_virtual
from agent.edges.config_files import ConfigFiles
from agent.edges.control import Control
from agent.edges.courier import Courier, RequestsTransport
from agent.edges.enrolment import Enrolment
from agent.edges.keys import KeyFiles
from agent.edges.notify import Notifier
from agent.edges.outbox import Caps, ForeignOutbox, LockedOutbox, Outbox, Owner
from agent.edges.sealer import Sealer
from agent.edges.signals import StopSignals
from agent.edges.signer import verify_ed25519
from agent.edges.tuner import Tuner
from agent.exits import RefusedError, TakenError
from agent.settings import Calibration, LimitSettings, PairSettings, Settings
from hal import Bench, HalError, open_bench
from protocol import wire
from protocol.errors import ProtocolError
from protocol.excursion import Limit
from protocol.opening import SensorLabel

SOFTWARE = f"jagalchi-agent {__version__}"
VIRTUAL_FILE = "virtual-clock.json"
OWNER_ONLY = 0o077


@dataclass(frozen=True, slots=True)
class Orders:
    """What the command line adds to the settings; times in real ms.

    `speed` and `span_ms` are for simulated parts only: see `VirtualOrigin`. `drain_ms`: how long to
    go on delivering after a wish to stop.
    """

    speed: int = 1
    span_ms: int = 3_600_000
    drain_ms: int = 0


def run(settings: Settings, orders: Orders, environment: MutableMapping[str, str]) -> int:
    """Record until stopped; return the exit code. Raises RefusedError for what can be mended."""
    os.umask(OWNER_ONLY)
    enrolled = enrolment.load(settings)
    keys = KeyFiles.of(settings, enrolled.answer.device)
    signer = keys.load()
    with ExitStack() as doors:
        stop = doors.enter_context(StopSignals())
        clock = _clock(settings, orders)
        bench = open_parts(settings, clock)
        doors.callback(bench.close)
        beacon = Beacon(bench.light)
        bench = replace(bench, light=beacon)
        outbox = _outbox(settings, enrolled)
        doors.callback(outbox.close)
        courier = _courier(settings, enrolled)
        doors.callback(courier.close)
        notifier = Notifier.from_environment(environment)
        doors.callback(notifier.close)
        control = _control(settings, doors)
        sealer = Sealer(outbox, signer, identity(settings, enrolled, bench), os.urandom)
        base = plan(settings, enrolled, keys.first())
        tuner = tuned(settings, enrolled, base)
        if tuner is not None:
            tuner.begin()
        account = Account(sealer, base, bench, caps(settings), settings.outbox_path, tuner)
        conductor = Conductor(
            stop,
            control,
            notifier,
            _say,
            orders.drain_ms,
            settings.sample_period_ms,
            settings.stop_unpowered_ms,
            {
                "status": account.status,
                "chain": account.chain,
                "blink": lambda state: beacon.blink(state.now.boot_ms),
            },
        )
        _say(f"{enrolled.answer.device} ({settings.name}) for {enrolled.answer.origin}")
        _run(
            Edge(
                clock=clock,
                bench=bench,
                sealer=sealer,
                courier=courier,
                plan=tuner.plan if tuner else base,
                verify=verify_ed25519,
                entropy=os.urandom,
                mode=conductor.mode,
                report=conductor.report,
                descriptors=conductor.descriptors,
                serve=conductor.serve,
                keys=keys,
                tuner=tuner,
            )
        )
    return exits.UNPOWERED if conductor.unpowered else exits.OK


def _run(edge: Edge) -> None:
    """The loop, anew for each plan. A card that could not be read at first may be another's."""
    try:
        state = loop.run(edge)
        while state.retuned and edge.tuner is not None:
            edge = replace(edge, plan=edge.tuner.plan)
            state = loop.run(edge, state)
        if edge.tuner is not None:
            edge.tuner.rest()
    except LockedOutbox as error:
        raise TakenError(str(error)) from None
    except ForeignOutbox as error:
        raise RefusedError(str(error)) from None


def open_parts(settings: Settings, clock: Clock) -> Bench:
    """Open the hardware. Raises RefusedError naming the part, and what exists."""
    start_ms = clock.origin.start_ms if isinstance(clock, VirtualClock) else None
    try:
        return open_bench(bench_config(settings, start_ms))
    except HalError as error:
        raise RefusedError(f"settings: {error}") from None


def bench_config(settings: Settings, start_utc_ms: int | None) -> dict[str, object]:
    """The settings of the hardware as the plain mapping that `hal` understands."""
    config: dict[str, object] = {
        "sensors": [
            {**s.options, "number": s.number, "name": s.name, "part": s.part}
            for s in settings.sensors
        ],
        "contacts": [
            {**c.options, "number": c.number, "name": c.name, "role": c.role, "part": c.part}
            for c in settings.contacts
        ],
        "scenario": settings.mock.scenario,
        "seed": settings.mock.seed,
        "run_dir": str(settings.socket.parent),
    }
    for key, part in settings.parts.items():
        config[key] = {**part.options, "part": part.part}
    return config if start_utc_ms is None else config | {"start_utc_ms": start_utc_ms}


def identity(settings: Settings, enrolled: Enrolment, bench: Bench) -> Identity:
    """Who signs: one simulated part is enough to make every record say so."""
    return Identity(
        device=enrolled.answer.device,
        genesis=wire.first_prev(enrolled.raw),
        software=SOFTWARE,
        sensors=tuple(SensorLabel(s.number, s.name) for s in settings.sensors),
        simulated=bench.simulated,
    )


def plan(settings: Settings, enrolled: Enrolment, first_key: bytes) -> Plan:
    """The pure part of the settings."""
    return Plan(
        name=settings.name,
        enrolled=enrolled.raw,
        first_key=first_key,
        sample_period_ms=settings.sample_period_ms,
        position_period_ms=settings.position_period_ms if "position" in settings.parts else 0,
        corrections={
            (sensor.number, quantity): milli
            for sensor in settings.sensors
            for quantity, milli in sensor.corrections.items()
        },
        watches=tuple(_watch(limit) for limit in settings.limits),
        pairs=tuple(_pair(pair) for pair in settings.pairs),
        calibrated=tuple(_calibrated(one) for one in settings.calibrations),
        door_open_ms=settings.door_open_ms,
    )


def tuned(settings: Settings, enrolled: Enrolment, base: Plan) -> Tuner | None:
    """Who chooses the configuration; None where the pinned key is none, and nobody can set any."""
    try:
        key = enrolled.answer.config_key()
    except ProtocolError:
        return None
    files = ConfigFiles(settings.state_dir, enrolled.answer.device, key, verify_ed25519)
    return Tuner(files, base, {sensor.number for sensor in settings.sensors})


def resting(settings: Settings, enrolled: Enrolment) -> Mapping[str, object]:
    """What the files say of the configuration while no agent runs; nothing is begun or written."""
    tuner = tuned(settings, enrolled, plan(settings, enrolled, b""))
    return {} if tuner is None else tuner.facts(asleep=True)


def _watch(limit: LimitSettings) -> Watch:
    return Watch(
        limit.id,
        limit.sensor,
        limit.quantity,
        Limit(
            id=str(limit.id),
            threshold=limit.threshold_milli,
            above=limit.above,
            hysteresis=limit.hysteresis_milli,
            delay_ms=limit.delay_ms,
            budget_ms=limit.budget_ms,
            gap_ms=limit.gap_ms,
            uncertainty=limit.uncertainty_milli,
        ),
    )


def _calibrated(one: Calibration) -> Calibrated:
    """The certificate's name is text, and events hold numbers: 52 bits of its hash stand for it."""
    mark = int.from_bytes(sha256(one.certificate.encode()).digest()[:7], "big") >> 4
    return Calibrated(one.sensor, one.at_ms, one.correction_milli, mark)


def _pair(pair: PairSettings) -> Pair:
    limit = Limit(
        id=str(pair.id),
        threshold=pair.apart_milli,
        hysteresis=pair.hysteresis_milli,
        delay_ms=pair.delay_ms,
        gap_ms=pair.gap_ms,
    )
    return Pair(pair.id, pair.first, pair.second, pair.quantity, limit)


def _clock(settings: Settings, orders: Orders) -> Clock:
    if orders.speed == 1:
        return SystemClock()
    real = sorted(name for name in _part_names(settings) if not _is_made_up(name))
    if real:
        raise RefusedError(f"--speed is for simulated parts only, and this one is real: {real[0]}")
    path = settings.state_dir / VIRTUAL_FILE
    try:
        return open_virtual(path, orders.speed, orders.span_ms)
    except OSError as error:
        raise RefusedError(f"{path}: cannot be written: {error.strerror}") from None


def _part_names(settings: Settings) -> set[str]:
    fitted = {part.part for part in settings.parts.values()}
    return fitted | {s.part for s in settings.sensors} | {c.part for c in settings.contacts}


def _is_made_up(part: str) -> bool:
    """By the names that `hal` insists on."""
    return part.startswith("mock-") or part in ("replay", "none")


def _outbox(settings: Settings, enrolled: Enrolment) -> Outbox:
    agreed = enrolled.answer
    owner = Owner(agreed.device, agreed.log_key(), agreed.recovery_key())
    try:
        return Outbox.open(settings.outbox_path, owner, caps(settings))
    except LockedOutbox as error:
        raise TakenError(str(error)) from None
    except ForeignOutbox as error:
        raise RefusedError(str(error)) from None


def caps(settings: Settings) -> Caps:
    """The bounds of the outbox."""
    return Caps(settings.outbox.cap_rows, settings.outbox.cap_bytes)


def _courier(settings: Settings, enrolled: Enrolment) -> Courier:
    transport = RequestsTransport(enrolled.url, settings.server.ca_file)
    return Courier(transport, settings.server.deadline_ms / 1_000)


def _control(settings: Settings, doors: ExitStack) -> Control | None:
    """Without a socket nobody can ask; recording matters more."""
    try:
        control = Control.open(settings.socket)
    except OSError as error:
        _say(f"{settings.socket}: nobody can ask for the status here: {error.strerror}")
        return None
    doors.callback(control.close)
    return control


def _say(sentence: str) -> None:
    """One line for the journal."""
    print(sentence, file=sys.stderr, flush=True)
