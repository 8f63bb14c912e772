"""The one question: P5, a switch that every worker obeys, a store out of reach, the trail."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import IntegrityError, OperationalError, connection, connections, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from server.accounts.contacts import Contact
from server.accounts.rules import ALLOWED, Actor, Refused, Role, Who
from server.ledger.tick import now_ms
from server.pilots import policy, replay, snapshot
from server.pilots.actions import joining, papers, phases, switch
from server.pilots.actions.papers import Wording
from server.pilots.decide import Action
from server.pilots.models import Denial, Flip, LifeEntry, PolicyText
from server.pilots.policy import STALE_MS, Decision, Store
from server.pilots.rules import (
    BEGINNINGS,
    MODES,
    ActionKind,
    ConsentKind,
    Dropped,
    FlipReason,
    Mode,
    Part,
    Reason,
)
from tests.server.pilots.rig import BOOK, DATA, LATER, LOOK, REFUND, USE, Rig, done, no, undone
from tests.server.pilots.rig import rig as made
from tests.server.pilots.tally import Tally
from tests.tidy.source import ROOT

pytestmark = pytest.mark.django_db

EVERY_KIND = [Action("act", kind, phase=2) for kind in ActionKind]


def test_out_of_halt_lead_two_people_and_into_it_one(rig: Rig) -> None:
    rig.open()
    name = rig.enrolled()
    done(switch.flip(rig.desk(), Mode.HALT, FlipReason.INCIDENT))
    assert rig.allow(name) is Reason.HALTED
    asked = done(switch.flip(rig.desk(), Mode.NORMAL, FlipReason.RESOLVED))
    assert rig.allow(name) is Reason.HALTED
    assert no(switch.confirm(rig.desk(), asked.id)) is Reason.TWO_PEOPLE
    assert no(switch.confirm(rig.desk(rig.people[Part.OFFICE]), asked.id)) is Reason.ROLE
    done(switch.confirm(rig.desk(rig.second), asked.id))
    assert rig.allow(name) is None
    assert no(switch.confirm(rig.desk(rig.second), asked.id)) is Reason.NOT_FOUND
    assert no(switch.flip(rig.desk(), Mode.NORMAL, FlipReason.DRILL)) is Reason.WRONG_STEP


def test_a_program_may_halt_and_neither_ask_nor_confirm_to_lift_it(rig: Rig) -> None:
    roles = {rig.organisations[Part.OPERATOR]: Role.OPERATOR}
    program = Who("k" * 16, Actor.KEY, roles)
    done(switch.flip(rig.desk(program), Mode.HALT, FlipReason.LOAD))
    assert no(switch.flip(rig.desk(program), Mode.NORMAL, FlipReason.RESOLVED)) is Reason.ROLE
    asked = done(switch.flip(rig.desk(), Mode.NORMAL, FlipReason.RESOLVED))
    assert no(switch.confirm(rig.desk(program), asked.id)) is Reason.ROLE
    # A newer wish takes the place of one that waits.
    newer = done(switch.flip(rig.desk(), Mode.READ_ONLY, FlipReason.RESOLVED))
    assert list(Flip.objects.filter(number=None)) == [newer]


def test_P5_the_database_refuses_a_halt_lifted_by_one_and_a_trail_that_is_changed(rig: Rig) -> None:
    rig.open()
    rig.enrolled()
    rig.flip(Mode.HALT)
    halt = Flip.objects.get()
    alone = {"pilot_id": "tours", "mode": "normal", "reason": "resolved", "by": "a", "asked_ms": 1}
    writes: list[Callable[[], object]] = [
        lambda: Flip.objects.create(**alone, number=2, in_force_ms=1),
        lambda: Flip.objects.create(**alone, number=2, in_force_ms=1, second="a"),
        lambda: Flip.objects.filter(id=halt.id).update(mode="normal"),
        lambda: PolicyText.objects.update(text="{}"),
        lambda: LifeEntry.objects.update(state="enrolled"),
    ]
    tally = Tally("P5", "trail and switch rewritten past the actions", "taken by the database")

    def holds() -> None:
        for write in writes:
            with pytest.raises(IntegrityError), transaction.atomic():
                write()
            tally.expect(True)

    tally.during(holds)


@pytest.mark.django_db(transaction=True)
def test_P5_a_flip_is_obeyed_by_every_worker_at_once(rig: Rig) -> None:
    rig.open()
    name = rig.enrolled()
    database = {**connections.settings["default"], "TEST": {}}
    database["NAME"] = str(connection.settings_dict["NAME"])
    given = {
        "database": database,
        "home": str(django_settings.JAGALCHI.home),
        "subject": name,
        "at_ms": rig.now_ms,
    }
    slowest, flips = 0, 0
    with _watching(given, 2) as workers:
        assert [next(worker)[1] for worker in workers] == ["-", "-"]
        for mode, word in (
            (Mode.HALT, "halted"),
            (Mode.NORMAL, "-"),
            (Mode.READ_ONLY, "read-only"),
            (Mode.HALT, "halted"),
        ):
            flipped = now_ms()
            rig.flip(mode)
            seen = [next(worker) for worker in workers]
            assert [reason for _, reason in seen] == [word, word]
            slowest = max(slowest, *(at - flipped for at, _ in seen))
            flips += 1
    late = f"later than 5 s; slowest {slowest} ms"
    tally = Tally("P5", "switch flipped, seen by two other processes", late)
    tally.during(lambda: tally.expect(slowest < 5_000, flips))


@contextmanager
def _watching(given: dict[str, Any], count: int) -> Iterator[list[Iterator[tuple[int, str]]]]:
    """Worker processes, each as an iterator over (when, which answer)."""
    argv = [sys.executable, "-m", "tests.server.pilots.watcher"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "cwd": ROOT}
    workers = [subprocess.Popen(argv, **pipes) for _ in range(count)]  # type: ignore[call-overload]
    try:
        for worker in workers:
            worker.stdin.write(json.dumps(given, default=str) + "\n")
            worker.stdin.flush()
        yield [_lines(worker) for worker in workers]
    finally:
        for worker in workers:
            worker.stdin.close()
            worker.wait(30)
            worker.stdout.close()


def _lines(worker: subprocess.Popen[str]) -> Iterator[tuple[int, str]]:
    assert worker.stdout is not None
    for line in worker.stdout:
        at, reason = line.split()
        yield int(at), reason
    raise AssertionError("the worker ended")


class Clock:
    """A steady clock that a test moves."""

    def __init__(self) -> None:
        self.ms = 1_000

    def __call__(self) -> int:
        return self.ms


@contextmanager
def unreachable() -> Iterator[None]:
    """The database cannot be asked anything by this thread."""

    def fail(*_: Any) -> Any:
        raise OperationalError("no route to the database")

    with connection.execute_wrapper(fail):
        yield


def test_an_unreachable_store_serves_a_minute_of_what_begins_nothing(rig: Rig) -> None:
    rig.open()
    name, clock = rig.enrolled(), Clock()
    store = Store(clock)
    assert store.weigh(name, "tours", USE, rig.now_ms).verdict == ALLOWED

    def reason(action: Action, who: str = name) -> Reason | None:
        with unreachable():
            verdict = store.weigh(who, "tours", action, rig.now_ms).verdict
        return Reason(verdict.reason) if isinstance(verdict, Refused) else None

    clock.ms += STALE_MS
    assert [reason(action) for action in (USE, LOOK, REFUND)] == [None, None, None]
    for action in EVERY_KIND:
        if action.kind in BEGINNINGS:
            assert reason(action) is Reason.UNREACHABLE
    assert reason(USE, "somebody never seen") is Reason.UNREACHABLE
    clock.ms += 1
    assert [reason(action) for action in EVERY_KIND] == [Reason.UNREACHABLE] * len(EVERY_KIND)
    # The first answer that comes through counts again.
    assert store.weigh(name, "tours", BOOK, rig.now_ms).verdict == ALLOWED


def test_a_halt_that_was_seen_stays_however_long_the_store_is_away(rig: Rig) -> None:
    rig.open()
    name, clock = rig.enrolled(), Clock()
    store = Store(clock)
    rig.flip(Mode.HALT)
    store.weigh(name, "tours", USE, rig.now_ms)
    for age in (0, STALE_MS, 1_000 * STALE_MS):
        clock.ms += age
        with unreachable():
            verdict = store.weigh(name, "tours", USE, rig.now_ms).verdict
            release = store.weigh(name, "tours", REFUND, rig.now_ms).verdict
        assert verdict == Refused(Reason.HALTED)
        assert release == (ALLOWED if age <= STALE_MS else Refused(Reason.UNREACHABLE))


@pytest.mark.django_db(transaction=True)
def test_a_thread_that_was_overtaken_does_not_put_an_old_policy_over_a_halt(rig: Rig) -> None:
    rig.open()
    name, store = rig.enrolled(), Store(Clock())

    def overtaken(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        rows = execute(sql, params, many, context)
        if "pilots_policytext" in sql and "digest" in sql and not passed.is_set():
            passed.set()
            halting.start()
            halting.join(30)
        return rows

    def halt() -> None:
        try:
            rig.flip(Mode.HALT)
            store.weigh(name, "tours", USE, rig.now_ms)
        finally:
            connection.close()

    passed, halting = threading.Event(), threading.Thread(target=halt)
    with connection.execute_wrapper(overtaken):
        store.weigh(name, "tours", USE, rig.now_ms)
    assert passed.is_set()
    with unreachable():
        assert store.weigh(name, "tours", USE, rig.now_ms).verdict == Refused(Reason.HALTED)


def test_what_was_never_published_allows_nothing(rig: Rig) -> None:
    store = Store(Clock())
    decision = store.weigh("x", "vouchers", USE, rig.now_ms)
    assert decision == Decision(Refused(Reason.NO_NOTICE))
    assert policy.allow("", "vouchers", USE, rig.now_ms) == Refused(Reason.NO_NOTICE)
    assert Denial.objects.count() == 0


def test_a_store_remembers_ten_thousand_people_and_no_more(rig: Rig) -> None:
    store = Store(Clock())
    somebody = store._look("tours", "x")[1]
    store._people.update({("tours", str(n)): somebody for n in range(policy.SUBJECTS - 1)})
    store.weigh("y", "tours", USE, rig.now_ms)
    assert len(store._people) == policy.SUBJECTS
    assert ("tours", "x") not in store._people


def test_an_act_of_staff_asks_for_the_phase_and_the_switch_and_for_no_person(rig: Rig) -> None:
    rig.open()
    assert rig.allow("", BOOK) is None
    rig.flip(Mode.STOP_NEW)
    assert rig.allow("", BOOK) is Reason.STOPPED_NEW
    rig.at(date(2020, 7, 1), 0)
    assert rig.allow("", USE) is Reason.PHASE_CLOSED


def test_a_refusal_is_written_down_once_with_all_that_it_was_made_from(rig: Rig) -> None:
    rig.open()
    name = rig.ready()
    for _ in range(3):
        assert rig.allow(name) is Reason.NOT_ENROLLED
    denial = Denial.objects.get()
    told = (denial.subject, denial.reason, denial.name, denial.kind)
    assert told == (name, "not-enrolled", "ride", "use-existing")
    newest = PolicyText.objects.latest("generation").generation
    entries = LifeEntry.objects.filter(participant__subject=name).count()
    assert (denial.generation, denial.entry) == (newest, entries)
    assert rig.allow("") is None
    assert Denial.objects.count() == 1


CHANGES: dict[str, Callable[[Rig, list[str]], object]] = {
    "ready": lambda rig, names: names.extend(_applied(rig)),
    "enrol": lambda rig, names: [joining.enrol(rig.person, name) for name in names[-1:]],
    "leave": lambda rig, names: [joining.withdraw(rig.person, name) for name in names[:1]],
    "take back": lambda rig, names: [joining.take_back(rig.person, n, DATA) for n in names[-1:]],
    "halt": lambda rig, _: switch.flip(rig.desk(), Mode.HALT, FlipReason.DRILL),
    "lift": lambda rig, _: rig.flip(Mode.NORMAL) if _mode(rig) is not Mode.NORMAL else None,
    "read only": lambda rig, _: switch.flip(rig.desk(), Mode.READ_ONLY, FlipReason.DRILL),
    "reword": lambda rig, _: papers.word_consent(
        rig.desk(), Wording(DATA, ConsentKind.REQUIRED, "새 동의", "anew", "x", "y")
    ),
    "postpone": lambda rig, _: phases.reschedule(rig.desk(), 2, Dropped.WEATHER),
    "announce": lambda rig, _: phases.announce(
        rig.desk(), 2, phases.Planned(rig.notice(), LATER, cap=2)
    ),
    "open": lambda rig, _: phases.open_phase(rig.desk(), 2),
    "a week": lambda rig, _: setattr(rig, "now_ms", rig.now_ms + 7 * 86_400_000),
}


def _applied(rig: Rig) -> list[str]:
    """Somebody new who agrees to everything, unless nobody may apply just now."""
    token = joining.address(rig.invite()).rpartition("/")[2]
    joined = joining.apply(rig.person, token, Contact())
    if isinstance(joined, Refused) or joined.participant is None:
        return []
    rig.agree(joined.participant.subject)
    return [joined.participant.subject]


def _mode(rig: Rig) -> Mode:
    return snapshot.mode(rig.service)


def test_P5_the_trail_decides_again_whatever_was_decided_in_a_random_history() -> None:
    tally = Tally("P5", "decisions made again from the trail, random histories", "differ")
    seen: set[object] = set()
    rig = made()
    rig.open(cap=2)

    @settings(max_examples=8)
    @given(st.lists(st.sampled_from(sorted(CHANGES)), min_size=6, max_size=14))
    def holds(script: list[str]) -> None:
        made_then = []
        with undone(rig):
            names = [rig.enrolled()]
            for word in script:
                CHANGES[word](rig, names)
                made_then += _ask(rig, [*names, "", "a stranger"])
            for asked, decision in made_then:
                tally.expect(replay.again(*asked, decision) == decision.verdict)
                seen.add(decision.verdict)
            assert list(replay.disagreeing(rig.service)) == []

    tally.during(holds)
    # The histories were worth deciding about.
    assert ALLOWED in seen and len(seen) > 5


def _ask(rig: Rig, names: list[str]) -> list[tuple[tuple[str, str, Action, int], Decision]]:
    made_now = []
    for name in names:
        for action in EVERY_KIND:
            asked = (rig.service, name, action, rig.now_ms)
            made_now.append((asked, policy.weigh(name, rig.service, action, rig.now_ms)))
            policy.allow(name, rig.service, action, rig.now_ms)
    return made_now


def test_a_refusal_that_the_trail_does_not_bear_out_is_found(rig: Rig) -> None:
    rig.open()
    name = rig.enrolled()
    rig.at(date(2020, 7, 1), 0)
    assert rig.allow(name) is Reason.PHASE_CLOSED
    assert list(replay.disagreeing(rig.service)) == []
    honest = Denial.objects.get()
    lie = Denial(
        **{
            field.attname: getattr(honest, field.attname)
            for field in Denial._meta.concrete_fields
            if field.name not in ("id", "reason")
        },
        reason=Reason.NOT_ENROLLED,
    )
    lie.save()
    assert list(replay.disagreeing(rig.service)) == [lie]


def test_every_mode_that_stops_something_is_a_reason_of_its_own() -> None:
    stopped = [set(table.values()) for table in MODES.values()]
    assert stopped == [set(), {Reason.STOPPED_NEW}, {Reason.READ_ONLY}, {Reason.HALTED}]


