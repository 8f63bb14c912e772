"""The current goes at any moment: what was acknowledged is there, and what is gone is told.

Each test records one run on a real ext4, block by block, rebuilds what a card would hold after a
cut at random places, mounts that and lets the project's own recovery at it. The seed is printed;
`make campaign` cuts ten times as often.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from dataclasses import dataclass

import pytest

from tests import reliability
from tests.power import device

pytestmark = pytest.mark.power

OFTEN = 10 if os.environ.get("JAGALCHI_CAMPAIGN") else 1
SEED = int(os.environ.get("JAGALCHI_SEED", "20261123"))
HONEST = ("ordered", "honest", "torn")
WAY = "blocks recorded under ext4, crash state rebuilt and mounted"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many cuts came to which verdict, and why."""

    verdicts: Counter[str]
    reasons: list[object]
    told: dict[str, int]

    @property
    def cuts(self) -> int:
        return self.verdicts.total()

    @property
    def losses(self) -> str:
        """What an honest card must never do, counted."""
        lost = self.verdicts["told"] + self.verdicts["untold"]
        return f"{lost} cuts with acknowledged data lost, " + self.figures("unmountable", "crashed")

    def figures(self, *verdicts: str) -> str:
        """These verdicts' counts in words."""
        return ", ".join(f"{self.verdicts[name]} {name}" for name in verdicts)


def cut(subject: str, phase: str, cuts: int, *cards: str) -> Outcome:
    """Cut `cuts` times for each card."""
    done = device.alone(["tests.power", subject, phase, str(cuts), str(SEED), *cards])
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    verdicts = sum((Counter(found) for found in said["cards"].values()), Counter())
    outcome = Outcome(verdicts, said["reasons"], said["told"])
    print(f"seed {SEED}, {subject}, {said['entries']} writes and flushes: {said}\n{done.stderr}")
    return outcome


def test_D3_an_honest_card_keeps_every_acknowledged_record() -> None:
    seen = cut("outbox", "whole", 100 * OFTEN, *HONEST)
    reliability.note("D3", f"outbox, honest card: {WAY}", seen.cuts, seen.losses)
    assert seen.verdicts == {"kept": seen.cuts}, (seen.reasons, seen.told)


def test_D3_journal_and_database_keep_every_published_checkpoint() -> None:
    seen = cut("server", "whole", 50 * OFTEN, *HONEST)
    for id in ("D3", "S15"):
        reliability.note(id, f"journal and database, honest card: {WAY}", seen.cuts, seen.losses)
    assert seen.verdicts == {"kept": seen.cuts}, (seen.reasons, seen.told)


def test_D23_an_honest_card_keeps_the_good_configuration_and_what_was_given_up() -> None:
    seen = cut("configurations", "whole", 34 * OFTEN, *HONEST)
    reliability.note("D23", f"configuration files, honest card: {WAY}", seen.cuts, seen.losses)
    assert seen.verdicts == {"kept": seen.cuts}, (seen.reasons, seen.told)


def test_D10_a_cut_while_a_reader_is_left_behind_loses_no_acknowledged_record() -> None:
    seen = cut("watched-outbox", "whole", 34 * OFTEN, *HONEST)
    how = f"outbox that goes on in a copy because somebody else has it open, honest card: {WAY}"
    reliability.note("D10", how, seen.cuts, seen.losses)
    assert seen.verdicts == {"kept": seen.cuts}, (seen.reasons, seen.told)


def test_D4_what_a_lying_card_forgets_is_told_and_the_agent_starts() -> None:
    seen = cut("outbox", "whole", 150 * OFTEN, "lying")
    figures = seen.figures("kept", "told", "untold", "unmountable", "crashed")
    reliability.note("D4", f"outbox, card that skips its last 8 flushes: {WAY}", seen.cuts, figures)
    assert not seen.verdicts["untold"] and not seen.verdicts["crashed"], seen.reasons
    assert seen.verdicts["told"] > 0, "this card did not lie"


def test_D4_a_server_on_a_lying_card_is_refused_or_caught_by_a_device() -> None:
    seen = cut("server", "whole", 60 * OFTEN, "lying")
    figures = seen.figures("kept", "told", "untold", "unmountable", "crashed")
    reliability.note("D4", f"journal and database, lying card: {WAY}", seen.cuts, figures)
    assert not seen.verdicts["untold"] and not seen.verdicts["crashed"], seen.reasons
    assert seen.verdicts["told"] > 0, "this card did not lie"


def test_D5_a_first_start_cut_anywhere_is_finished_by_the_next() -> None:
    seen = cut("server", "start", 34 * OFTEN, *HONEST)
    how = f"first start of the server (keys, tables, journal), honest card: {WAY}"
    reliability.note("D5", how, seen.cuts, seen.losses)
    assert seen.verdicts == {"kept": seen.cuts}, (seen.reasons, seen.told)


@pytest.mark.boot
def test_D5_an_installation_cut_anywhere_leaves_a_version_that_starts() -> None:
    seen = cut("upgrade", "whole", 4 * OFTEN, *HONEST)
    how = f"installation and upgrade of the agent, honest card: {WAY}"
    reliability.note("D5", how, seen.cuts, seen.losses)
    assert seen.verdicts == {"kept": seen.cuts}, (seen.reasons, seen.told)


def test_D5_keys_made_and_rotated_under_cuts_are_the_old_or_the_new() -> None:
    seen = cut("keys", "whole", 34 * OFTEN, *HONEST)
    how = f"device key made, wished for, taken into use, honest card: {WAY}"
    reliability.note("D5", how, seen.cuts, seen.losses)
    assert seen.verdicts == {"kept": seen.cuts}, (seen.reasons, seen.told)


@pytest.mark.parametrize(
    ("subject", "why"),
    [("lax-outbox", "synchronous = NORMAL"), ("unsynced-server", "journal never synced")],
)
def test_the_instrument_finds_what_a_careless_design_loses(subject: str, why: str) -> None:
    seen = cut(subject, "whole", 12, *HONEST)
    lost = seen.cuts - seen.verdicts["kept"]
    how = f"control that must lose on an honest card ({why}): {WAY}"
    reliability.note("D3", how, seen.cuts, f"{lost} losses found")
    assert lost > 0
