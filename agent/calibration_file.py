"""What calibration found, one table a sensor: written by `calibrate`, read before the agent starts.

It lies in the state directory, so that it outlives upgrades and moves with the device. It is no
setting: nobody has to edit it. A correction is said in one place only, here or in the settings.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from agent.edges import files
from agent.exits import RefusedError
from agent.settings import Calibration, LimitSettings, SensorSettings, Settings
from agent.toml_table import REQUIRED, SettingsError, Table, read_toml
from protocol.registry import Quantity

MOST_MILLI = 20_000
LONGEST_CERTIFICATE = 64


def calibrated(settings: Settings) -> Settings:
    """The settings with all that calibration found. Raises SettingsError with every problem."""
    found = read(settings)
    return replace(
        settings,
        sensors=tuple(_corrected(sensor, found) for sensor in settings.sensors),
        limits=tuple(_widened(limit, found) for limit in settings.limits),
        calibrations=tuple(found.values()),
    )


def read(settings: Settings) -> dict[int, Calibration]:
    """By sensor; empty where nothing was ever calibrated. Raises SettingsError."""
    path = settings.calibration_path
    try:
        path.stat()
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise SettingsError([f"{path}: cannot be read: {error.strerror}; try sudo"]) from None
    top = Table(path, "", read_toml(path), [])
    tables = top.tables("calibration")
    found = [_calibration(table) for table in tables]
    for table, one in zip(tables, found, strict=True):
        _insist(table, one, settings.sensors)
    top.finish()
    if top.problems:
        raise SettingsError(top.problems)
    return {one.sensor: one for one in found}


def write(settings: Settings, kept: Iterable[Calibration]) -> None:
    """Replace the file, all or nothing. Raises RefusedError."""
    head = "# Written by jagalchi-agent calibrate; docs/technician.md.\n"
    text = head + "".join(map(_table, kept))
    try:
        files.replace(settings.calibration_path, text.encode())
    except OSError as error:
        where = settings.calibration_path
        raise RefusedError(f"{where}: cannot be written: {error.strerror}; try sudo") from None


def _calibration(table: Table) -> Calibration:
    one = Calibration(
        sensor=table.integer("sensor", REQUIRED, 0, 255),
        certificate=table.text("certificate", REQUIRED, LONGEST_CERTIFICATE),
        at_ms=table.integer("at_ms", REQUIRED, 0, 2**53 - 1),
        correction_milli=table.integer("correction_milli", REQUIRED, -MOST_MILLI, MOST_MILLI),
        uncertainty_milli=table.integer("uncertainty_milli", REQUIRED, 0, MOST_MILLI),
    )
    table.finish()
    return one


def _insist(table: Table, one: Calibration, sensors: Iterable[SensorSettings]) -> None:
    fitted = {sensor.number: sensor for sensor in sensors}
    if one.sensor not in fitted:
        table.refuse("sensor", "the number of a [[sensor]] in the settings")
    elif fitted[one.sensor].corrections.get(Quantity.TEMPERATURE):
        table.refuse("correction_milli", "none, as the settings have one for this sensor too")


def _corrected(sensor: SensorSettings, found: dict[int, Calibration]) -> SensorSettings:
    one = found.get(sensor.number)
    if one is None or not one.correction_milli:
        return sensor
    corrections = {**sensor.corrections, Quantity.TEMPERATURE: one.correction_milli}
    return replace(sensor, corrections=corrections)


def _widened(limit: LimitSettings, found: dict[int, Calibration]) -> LimitSettings:
    """A limit is never surer than its sensor."""
    one = found.get(limit.sensor)
    if one is None or limit.quantity is not Quantity.TEMPERATURE:
        return limit
    widest = max(limit.uncertainty_milli, one.uncertainty_milli)
    return replace(limit, uncertainty_milli=widest)


def _table(one: Calibration) -> str:
    certificate = one.certificate.replace("\\", "\\\\").replace('"', '\\"')
    return (
        "\n[[calibration]]\n"
        f"sensor = {one.sensor}\n"
        f'certificate = "{certificate}"\n'
        f"at_ms = {one.at_ms}\n"
        f"correction_milli = {one.correction_milli}\n"
        f"uncertainty_milli = {one.uncertainty_milli}\n"
    )
