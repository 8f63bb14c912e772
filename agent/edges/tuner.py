"""Which configuration the agent goes by: takes documents, keeps the files, gives the plan.

It never ends an epoch and never signs: `agent.retune` does, on the sampling beat, when `due` says
that another plan is to be used. Whatever fails here, the agent records: by the document on trial,
by the last good one, or by the device's own settings. It knows nothing of the outbox.
Spec: docs/protocol.md, section "Configuration".
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from agent.core import fitting, trial
from agent.core.plan import Plan
from agent.core.trial import READINGS, Book, Place, Standing
from agent.edges.config_files import ConfigFiles
from protocol import configuration
from protocol.bodies import EventBody
from protocol.configuration import Signed
from protocol.errors import Problem, ProtocolError
from protocol.settable import Stage, Why

MAX_TOLD = 16
"""Different refusals that one run of the agent puts into the chain."""
NOT_TOLD = frozenset({Why.OLDER, Why.OTHER_DEVICE})
"""A proxy that replays what it saw once is no news for the chain; `status` shows it."""


@dataclass(slots=True)
class Running:
    """How the trial goes in this run; boot time in ms. `made_ms`: of a reading that may not be
    durable yet."""

    since_ms: int
    readings: int = 0
    made_ms: int | None = None


class Tuner:
    """One run of the agent. `base` is the plan by the device's own settings.

    `active`: the document that the plan of this epoch was made under; None: the base alone.
    `refused`: the newest refusal, for people. `unstored`: a document could not be written down.
    """

    def __init__(self, files: ConfigFiles, base: Plan, sensors: Collection[int]) -> None:
        self._files, self._base, self._sensors = files, base, frozenset(sensors)
        found = files.read()
        self.book, self.damaged = found.book, found.damaged
        self.active: Signed | None = None
        self.running: Running | None = None
        self.refused: Standing | None = None
        self.unstored = False
        self._told: set[tuple[bytes, Why]] = set()
        self._news: list[Standing] = []

    def begin(self) -> None:
        """Choose what this start goes by. A trial counts as begun before anything else is tried."""
        if self.book.trial is not None and not self._is_fit(self.book.trial):
            self._keep(trial.reverted(self.book, Why.UNFIT))
        self.active = self._good()
        self.advance()

    def advance(self) -> bool:
        """Go over to the document that is wanted; False: the card does not take the note of it.

        Without that note a document that ends the agent at once would do so for ever.
        """
        if self.begins_trial:
            before = self.book
            self._keep(trial.started(before))
            if self.unstored:
                self.book = before
                return False
        self.active, self.running = self._wanted(), None
        return True

    @property
    def due(self) -> bool:
        """Whether another document than the active one is to be gone by."""
        wanted = self._wanted()
        return (self.active and self.active.raw) != (wanted and wanted.raw)

    @property
    def begins_trial(self) -> bool:
        """Whether the document that is wanted is one on trial that is not gone by yet."""
        return self.book.trial is not None and not self.on_trial

    def _wanted(self) -> Signed | None:
        return self.book.trial or self._good()

    @property
    def on_trial(self) -> bool:
        """Whether the active document is the one on trial."""
        active, tried = self.active, self.book.trial
        return active is not None and tried is not None and active.raw == tried.raw

    @property
    def plan(self) -> Plan:
        """What the loop shall do."""
        active = self.active
        return self._base if active is None else fitting.fitted(self._base, active.content)

    @property
    def standing(self) -> tuple[EventBody, ...]:
        """What every epoch says: the document that it goes by, and the newest that it does not."""
        told = []
        if self.active is not None:
            stage = Stage.ON_TRIAL if self.on_trial else Stage.CONFIRMED
            told.append(trial.standing(self.active, stage))
        newest = self.book.newest
        if newest is not None and newest.stage in (Stage.REVERTED, Stage.REFUSED):
            told.append(newest)
        return tuple(one.body() for one in told)

    def offer(self, data: bytes, origin: str, size: int) -> None:
        """Take what the server publishes, or not. Never raises for anything that it may be."""
        digest = hashlib.sha256(data).digest()
        if any(one is not None and one.raw == data for one in (self.book.good, self.book.trial)):
            self.refused = None
            return
        try:
            configuration.vouched(data, self._files.key, self._files.verify)
        except ProtocolError as error:
            # Of a stranger, or of nobody: never a reason to sign anything.
            self.refused = Standing(Stage.REFUSED, digest, None, _why(error))
            return
        try:
            got = configuration.decode(data)
        except ProtocolError as error:
            self._refuse(Standing(Stage.REFUSED, digest, None, _why(error)))
            return
        self._decide(got, origin, size)

    def _decide(self, got: Signed, origin: str, size: int) -> None:
        place = Place(self._files.device, origin, size, self._is_fit(got))
        book, why = trial.offered(self.book, got, place)
        if why is not None:
            self._refuse(trial.standing(got, Stage.REFUSED, why))
        if book == self.book:
            return
        before = self.book
        self._keep(book)
        if why is None and self.unstored:
            self.book = before  # asked for again; till then nothing has happened
        elif why is None:
            self.refused = None

    def _refuse(self, said: Standing) -> None:
        self.refused = said
        known = (said.digest, said.why or Why.UNREADABLE)
        if said.why in NOT_TOLD or known in self._told or len(self._told) >= MAX_TOLD:
            return
        self._told.add(known)
        self._news.append(said)

    def confirm(self) -> bool:
        """The trial has lasted. False: the card did not take it, so it goes on."""
        before = self.book
        self._keep(trial.confirmed(before))
        if self.unstored:
            self.book = before
            return False
        if self.active is not None:
            self._news.append(trial.standing(self.active, Stage.CONFIRMED))
        self.running = None
        return True

    def revert(self, why: Why) -> None:
        """Give the document up, also where that cannot be written yet: see `retry`."""
        if self.active is not None:
            self._news.append(trial.standing(self.active, Stage.REVERTED, why))
        self._keep(trial.reverted(self.book, why))
        self.running = None

    def retry(self) -> None:
        """Write down what the card did not take; until then a start would count on."""
        if self.unstored:
            self._keep(self.book)

    def rest(self) -> None:
        """The agent ends in order: a trial that goes on was not what ended it."""
        if self.on_trial:
            self._keep(trial.rested(self.book))

    def take_news(self) -> tuple[Standing, ...]:
        """What is to be said in the chain, once."""
        news, self._news = tuple(self._news), []
        return news

    def facts(self, *, asleep: bool = False) -> Mapping[str, object]:
        """What `status` says; `asleep`: of what an agent would go by that does not run."""
        active = self._wanted() if asleep else self.active
        return facts(self.book, active, self.running, self.refused) | {
            "damaged": self.damaged,
            "unstored": self.unstored,
        }

    def _good(self) -> Signed | None:
        good = self.book.good
        return good if good is not None and self._is_fit(good) else None

    def _is_fit(self, one: Signed) -> bool:
        return fitting.fits(self._base, self._sensors, one.content)

    def _keep(self, book: Book) -> None:
        """Remember, and write it down if the card lets us."""
        self.unstored = True
        self.book = book
        with suppress(OSError):
            self._files.write(book)
            self.unstored = False


WHYS: Final[Mapping[Problem, Why]] = {
    Problem.BAD_SIGNATURE: Why.UNSIGNED,
    Problem.OUT_OF_RANGE: Why.OUT_OF_RANGE,
}


def _why(error: ProtocolError) -> Why:
    return WHYS.get(error.problem, Why.UNREADABLE)


def facts(
    book: Book, active: Signed | None, running: Running | None, refused: Standing | None
) -> dict[str, object]:
    """Plain values: what is gone by, how far the trial is, and what became of the newest."""
    tried = book.trial is not None and active is not None and active.raw == book.trial.raw
    last = refused or book.newest
    return {
        "version": active.content.version if active else None,
        "on_trial": tried,
        "readings": running.readings if running else 0,
        "wanted": READINGS,
        "newest": None
        if last is None
        else {
            "version": last.version,
            "stage": last.stage.name.lower(),
            "why": last.why.name.lower() if last.why else None,
        },
    }
