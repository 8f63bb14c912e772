"""Record one run of a subject, cut the current at many places, judge what each card would hold.

`python -m tests.power SUBJECT PHASE CUTS SEED CARD...` prints one JSON object: by card, how many of
CUTS came to which verdict, with the first few reasons. PHASE is `whole`, or `start`: only until the
subject first acknowledged something. Run it in a mount namespace of its own (`device.alone`).
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from tests.power import config_files, device, key_files, server_disk, truck_card, upgrade
from tests.power.forks import forked
from tests.power.subject import Fact, Finding, Notary, Subject, Verdict, facts
from tests.power.tape import Card, Entry, read, states

SUBJECTS = {
    "outbox": truck_card.OUTBOX,
    "watched-outbox": truck_card.WATCHED_OUTBOX,
    "lax-outbox": truck_card.LAX_OUTBOX,
    "keys": key_files.KEY_FILES,
    "configurations": config_files.CONFIG_FILES,
    "server": server_disk.SERVER,
    "unsynced-server": server_disk.UNSYNCED_SERVER,
    "upgrade": upgrade.UPGRADE,
}
REASONS = 8
BOOTS = 2
"""What the first one finds out about its file system, the second one repairs."""
Found = tuple[str, str, str, int]
"""Card, verdict, reason, place of the cut."""


def record(subject: Subject, folder: Path) -> None:
    """Let the subject write onto a recorded device until it has finished."""
    with device.recorded(folder, subject.megabytes) as file:
        device.make(file)
        with device.mounted(file, folder / "mnt") as mounted:
            os.sync()
            notary = Notary(folder / "counter", folder / "facts")
            (folder / "begin").write_text(str(notary.length()))

            def work() -> int:
                subject.write(mounted, notary.tell)
                return notary.length()

            end = forked(work)()
            if end is None:
                raise SystemExit("the subject failed although nothing was broken")
            (folder / "end").write_text(str(end))


class Examiner:
    """One recording, examined in a folder of one's own."""

    def __init__(self, subject: Subject, recording: Path, folder: Path) -> None:
        self._subject, self._folder = subject, folder
        self.tape: list[Entry] = read(recording / "tape")
        self.facts = facts(recording / "facts")
        self.span = tuple(int((recording / name).read_text()) for name in ("begin", "end"))

    def examine(self, cuts: list[int], card: Card, seed: int) -> list[Found]:
        """The verdict on each of these cuts."""
        found = []
        size = self._subject.megabytes << 20
        for cut, state in states(self.tape, cuts, card, seed, size):
            image = self._folder / "image"
            image.write_bytes(state)
            finding = self._judge(image, cut, card)
            found.append((card.value, finding.verdict.value, finding.why, cut))
        return found

    def _judge(self, image: Path, cut: int, card: Card) -> Finding:
        if card is not Card.LYING:
            return self._boot(image, cut)
        # A card that lies may need what every boot does first; an honest one never may.
        for _ in range(BOOTS):
            if not device.repair(image):
                break
            finding = self._boot(image, cut)
            if finding.verdict is not Verdict.UNSOUND:
                return finding
        return Finding(Verdict.UNMOUNTABLE, "a person has to repair it")

    def _boot(self, image: Path, cut: int) -> Finding:
        fact = self._acknowledged(cut)
        try:
            with device.mounted(image, self._folder / "mnt") as mounted:
                said = forked(lambda: self._said(mounted, fact))()
        except device.Unmountable as error:
            return Finding(Verdict.UNMOUNTABLE, str(error))
        return Finding(Verdict(said[0]), said[1]) if said else Finding(Verdict.CRASHED)

    def _said(self, mounted: Path, fact: Fact | None) -> tuple[str, str]:
        finding = self._subject.judge(mounted, fact)
        return finding.verdict.value, finding.why

    def _acknowledged(self, cut: int) -> Fact | None:
        known = [fact for at, fact in self.facts if at <= cut]
        return known[-1] if known else None


@dataclass(frozen=True, slots=True)
class Plan:
    """Which cuts to make: in which phase, how many for each card, from which seed."""

    phase: str
    cuts: int
    seed: int
    cards: tuple[Card, ...]


def campaign(name: str, plan: Plan) -> dict[str, Any]:
    """Record once, then examine, two processes to a core: mounting waits a lot."""
    subject = SUBJECTS[name]
    subject.prepare()
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as root:
        recording = Path(root) / "recording"
        recording.mkdir()
        record(subject, recording)
        lots = 2 * (os.cpu_count() or 1)
        waiting = []
        for lot in range(lots):
            folder = Path(root) / str(lot)
            folder.mkdir()
            examiner = Examiner(subject, recording, folder)
            waiting.append(forked(partial(_lot, examiner, lot, lots, plan)))
        found: list[Found] = [tuple(one) for outcome in waiting for one in outcome()]
    return report(found, len(examiner.tape))


def _lot(examiner: Examiner, number: int, lots: int, plan: Plan) -> list[Found]:
    """Every `lots`-th of the cuts; what a cut does depends on the seed, not on the dealing."""
    begin, end = examiner.span
    if plan.phase == "start":
        end = examiner.facts[0][0]
    found = []
    for card in plan.cards:
        places = Random(f"{plan.seed} {card}")
        chosen = sorted(places.randint(begin, end) for _ in range(plan.cuts))
        found += examiner.examine(chosen[number::lots], card, plan.seed)
    return found


def report(found: list[Found], entries: int) -> dict[str, Any]:
    """Counts by card and verdict, and the first reasons of what was not kept."""
    cards = {card: Counter(v for c, v, _, _ in found if c == card) for card, _, _, _ in found}
    reasons = [one for one in found if one[1] != Verdict.KEPT and one[1] != Verdict.TOLD]
    told = Counter(why.partition("\n")[0][:160] for _, v, why, _ in found if v == Verdict.TOLD)
    return {"entries": entries, "cards": cards, "reasons": reasons[:REASONS], "told": told}


if __name__ == "__main__":
    subject, phase, cuts, seed, *cards = sys.argv[1:]
    print(json.dumps(campaign(subject, Plan(phase, int(cuts), int(seed), tuple(map(Card, cards))))))
