"""What a device does with whatever it is told: damage, a full disk, and hostile documents."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.edges.tuner import MAX_TOLD, Tuner
from protocol import cbor, configuration
from protocol.registry import Param, Quantity
from protocol.settable import Stage, Why
from tests import reliability
from tests.agent.rig import ORIGIN
from tests.agent.told import BASE, KEY, TIGHT, cut_files, document, tuner, version
from tests.independent import configuration as independent
from tests.independent.second import Refused
from tests.protocol.testlog import note_key
from tests.sim.knife import Harm, Knife

THIEF = note_key("config.test", seed="thief")
CASES = 1_000


def offer(one: Tuner, data: bytes, size: int = 10) -> Tuner:
    one.offer(data, ORIGIN, size)
    return one


def confirmed(folder: Path, number: int = 3) -> Tuner:
    """A device that goes by this document."""
    one = tuner(folder)
    one.begin()
    assert offer(one, document(number, TIGHT)).advance() and one.confirm()
    return one


def restarted(folder: Path) -> Tuner:
    one = tuner(folder)
    one.begin()
    return one


def why(one: Tuner) -> Why | None:
    return one.refused.why if one.refused else None


def test_a_document_is_gone_by_only_after_its_beginning_is_on_the_card(tmp_path: Path) -> None:
    one = restarted(tmp_path)
    assert one.plan == BASE
    assert offer(one, document(1, TIGHT)).due
    assert one.plan == BASE
    assert one.advance() and one.on_trial
    assert one.plan.watches[0].limit.threshold == 2_000
    again = restarted(tmp_path)
    assert (version(again), again.on_trial, again.book.starts) == (1, True, 2)


def test_the_last_good_one_stays_while_another_is_tried_and_when_it_is_given_up(
    tmp_path: Path,
) -> None:
    one = confirmed(tmp_path)
    offer(one, document(4, sample_period=60_000)).advance()
    assert one.plan.sample_period_ms == 60_000
    one.revert(Why.NO_READING)
    assert one.due
    assert one.advance()
    for now in (one, restarted(tmp_path)):
        assert (version(now), now.on_trial, now.due) == (3, False, False)
        words = [dict(said.params) for said in now.standing]
        assert [(word[Param.STATUS], word[Param.VERSION]) for word in words] == [(2, 3), (3, 4)]
        assert not offer(now, document(4, sample_period=60_000)).due


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (document(9, TIGHT, key=THIEF), Why.UNSIGNED),
        (document(9, TIGHT, device="a" * 16), Why.OTHER_DEVICE),
        (document(2, TIGHT), Why.OLDER),
        (document(3), Why.OTHER_BYTES),
        (document(9, TIGHT)[:-1], Why.UNREADABLE),
        (b"", Why.UNREADABLE),
        (b"<html>Welcome", Why.UNREADABLE),
    ],
)
def test_what_must_not_be_taken_changes_nothing(tmp_path: Path, data: bytes, reason: Why) -> None:
    one = confirmed(tmp_path)
    before = one.plan.watches
    assert not offer(one, data).due
    assert (why(one), version(one), one.plan.watches) == (reason, 3, before)
    assert version(restarted(tmp_path)) == 3


def signed(content: dict[int, object]) -> bytes:
    body = cbor.encode(content)
    return cbor.encode([1, body, KEY.sign(configuration.DOMAIN + body)])


def body_of(data: bytes) -> dict[int, object]:
    row = cbor.decode(data, max_bytes=8_192)
    assert isinstance(row, list)
    found = cbor.decode(row[1], max_bytes=8_192)
    assert isinstance(found, dict)
    return {int(str(key)): value for key, value in found.items()}


@pytest.mark.parametrize("settings", [{6: 1}, {0: 0}, {1: 1}, {1: 10**9}, {5: 2}])
def test_an_unknown_setting_or_value_is_refused_whoever_signed_it(
    tmp_path: Path, settings: dict[int, int]
) -> None:
    one = confirmed(tmp_path)
    one.take_news()
    offer(one, signed(body_of(document(9)) | {4: settings}))
    assert (why(one), version(one), one.due) == (Why.OUT_OF_RANGE, 3, False)
    (news,) = one.take_news()
    assert (news.stage, news.version, news.why) == (Stage.REFUSED, None, Why.OUT_OF_RANGE)


def test_a_stranger_cannot_make_the_device_sign_and_the_operator_not_without_end(
    tmp_path: Path,
) -> None:
    one = confirmed(tmp_path)
    one.take_news()
    for number in range(5):
        offer(one, document(9 + number, TIGHT, key=THIEF))
        offer(one, document(1, sample_period=60_000 + number))
        offer(one, document(9, device="b" * 16, sample_period=60_000 + number))
    assert one.take_news() == ()
    for number in range(3 * MAX_TOLD):
        offer(one, signed(body_of(document(9)) | {4: {1: number}}))
        offer(one, signed(body_of(document(9)) | {4: {1: number}}))
    assert len(one.take_news()) == MAX_TOLD


@pytest.mark.parametrize("damage", [b"", b"\x00" * 300, b"half"])
@pytest.mark.parametrize("name", ["config.good", "config.state"])
def test_whatever_is_damaged_the_agent_goes_by_what_is_left(
    tmp_path: Path, name: str, damage: bytes
) -> None:
    confirmed(tmp_path)
    (tmp_path / name).write_bytes(damage)
    one = restarted(tmp_path)
    assert one.damaged
    assert version(one) == (None if name == "config.good" else 3)
    if name == "config.good":
        # The server publishes it still: it is taken again, on trial as every other.
        assert offer(one, document(3, TIGHT)).advance() and one.confirm()
        assert version(restarted(tmp_path)) == 3


def test_a_trial_whose_beginning_cannot_be_written_down_does_not_begin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a document that ends the agent at once would do so for ever."""
    one, knife = confirmed(tmp_path), Knife()
    offer(one, document(4, sample_period=60_000))
    for harm in (Harm.FAIL_BEFORE, Harm.FAIL_AFTER):
        knife.arm(1, harm)
        with cut_files(knife, monkeypatch):
            assert not one.advance()
        assert (version(one), one.on_trial, one.unstored) == (3, False, True)
    assert one.advance() and one.on_trial


def test_what_the_card_did_not_take_of_a_reversal_is_written_down_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, knife = confirmed(tmp_path), Knife()
    offer(one, document(4, sample_period=60_000)).advance()
    knife.arm(1, Harm.FAIL_BEFORE)
    with cut_files(knife, monkeypatch):
        one.revert(Why.NO_READING)
        assert one.advance() and version(one) == 3
        assert tuner(tmp_path).book.trial
        one.retry()
    assert version(restarted(tmp_path)) == 3 and tuner(tmp_path).book.trial is None


@pytest.mark.parametrize("name", ["config.good", "config.state"])
def test_the_files_of_another_device_are_no_files_of_this_one(tmp_path: Path, name: str) -> None:
    """A card put together from two: rightly signed, and meant for somebody else."""
    there, here = tmp_path / "there", tmp_path / "here"
    there.mkdir()
    here.mkdir()
    other = Tuner(replace(tuner(there)._files, device="b" * 16), BASE, {1})
    other.begin()
    offer(other, document(1, TIGHT, device="b" * 16)).advance()
    assert other.confirm()
    offer(other, document(2, device="b" * 16)).advance()
    (there / name).rename(here / name)
    one = restarted(here)
    assert (one.active, one.book.trial, one.plan) == (None, None, BASE)


def test_both_damaged_and_a_folder_in_the_way_leave_the_devices_own_settings(
    tmp_path: Path,
) -> None:
    confirmed(tmp_path)
    for name in ("config.good", "config.state"):
        (tmp_path / name).unlink()
        (tmp_path / name).mkdir()
    one = restarted(tmp_path)
    assert one.plan == BASE and one.damaged
    offer(one, document(4, TIGHT))
    assert one.unstored and not one.due and one.plan == BASE


def test_a_good_one_that_no_longer_fits_the_sensors_is_left_and_comes_back_with_them(
    tmp_path: Path,
) -> None:
    confirmed(tmp_path)
    bare = Tuner(tuner(tmp_path)._files, BASE, {7})
    bare.begin()
    assert bare.active is None and bare.plan == BASE
    assert version(restarted(tmp_path)) == 3


@pytest.mark.parametrize("harm", [Harm.FAIL_BEFORE, Harm.FAIL_AFTER], ids=["before", "after"])
def test_a_card_that_takes_nothing_leaves_what_was_and_the_next_try_succeeds(
    tmp_path: Path, harm: Harm, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Disk full at every step of every file, failed before and after it was done."""
    for at in range(1, 40):
        folder = tmp_path / str(at)
        folder.mkdir()
        one, knife = confirmed(folder), Knife()
        knife.arm(at, harm)
        with cut_files(knife, monkeypatch):
            offer(one, document(4, TIGHT, sample_period=60_000))
            one.advance()
            if one.on_trial:
                one.confirm()
        assert version(one) in (3, 4)
        if not knife.struck:
            assert at > 8 and version(restarted(folder)) == 4
            return
        for _ in range(2):
            offer(one, document(4, TIGHT, sample_period=60_000))
            one.advance()
        assert one.confirm() or not one.on_trial
        assert version(restarted(folder)) == 4
    raise AssertionError("it never got through")


def hostile(chance: random.Random) -> bytes:
    """A document that nobody should take: torn, bent, stolen, or signed and impossible."""
    good = document(chance.randint(1, 9), TIGHT, sample_period=60_000)
    match chance.randrange(6):
        case 0:
            return chance.randbytes(chance.randrange(600))
        case 1:
            at = chance.randrange(len(good))
            return good[:at] + bytes([good[at] ^ chance.randint(1, 255)]) + good[at + 1 :]
        case 2:
            return good[: chance.randrange(len(good))] + chance.randbytes(chance.randrange(9))
        case 3:
            return document(chance.randint(4, 99), TIGHT, key=THIEF)
        case 4:
            return document(chance.randint(4, 99), TIGHT, device=chance.choice(["a", "7"]) * 16)
    while _is_possible(bent := signed(body_of(good) | {chance.randrange(8): nonsense(chance, 0)})):
        pass
    return bent


def _is_possible(data: bytes) -> bool:
    """What the second implementation reads may be meant: then it is no nonsense."""
    try:
        return bool(independent.open_document(data, KEY.key().vkey))
    except Refused:
        return False


def nonsense(chance: random.Random, depth: int) -> object:
    """Any value that the encoding has."""
    plain: list[object] = [
        chance.randint(-(2**53) + 1, 2**53 - 1),
        chance.randbytes(chance.randrange(40)),
        "".join(chr(chance.randint(32, 0x9FFF)) for _ in range(chance.randrange(20))),
        None,
        True,
    ]
    if depth > 5 or chance.random() < 0.5:
        return chance.choice(plain)
    some = [nonsense(chance, depth + 1) for _ in range(chance.randrange(5))]
    return some if chance.random() < 0.5 else dict(enumerate(some, chance.randrange(9)))


def test_D23_no_hostile_document_is_ever_gone_by_or_ends_the_agent(tmp_path: Path) -> None:
    one = confirmed(tmp_path)
    before, reasons, applied, tracebacks = one.plan.watches, Counter[str](), 0, 0

    @settings(max_examples=CASES, database=None, suppress_health_check=list(HealthCheck))
    @given(st.randoms(use_true_random=False))
    def told(chance: random.Random) -> None:
        nonlocal applied, tracebacks
        try:
            offer(one, hostile(chance))
        except Exception:
            tracebacks += 1
        applied += one.due or one.plan.watches != before
        reasons[one.refused.why.name if one.refused and one.refused.why else "none"] += 1

    told()
    how = "hostile configuration documents: torn, bent, stolen, impossible ones rightly signed"
    reliability.note("D23", how, reasons.total(), f"{tracebacks} tracebacks, {applied} applied")
    assert (tracebacks, applied) == (0, 0)
    assert version(restarted(tmp_path)) == 3
    assert set(reasons) >= {"UNREADABLE", "UNSIGNED", "OTHER_DEVICE", "OUT_OF_RANGE"}


def test_a_limit_on_a_sensor_that_is_not_fitted_is_refused_and_told(tmp_path: Path) -> None:
    one = restarted(tmp_path)
    bound = configuration.Bound(5, 9, Quantity.TEMPERATURE, True, 0, 0, 0, 0)
    offer(one, document(1, bound))
    assert (why(one), one.due) == (Why.UNFIT, False)
    assert [said.version for said in one.take_news()] == [1]
