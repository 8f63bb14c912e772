"""Vectors of rules: enrolment and the excursion detector."""

from __future__ import annotations

from dataclasses import asdict, replace

from protocol import cbor, cose, excursion, wire
from protocol.excursion import Limit, Sample
from tests.protocol import build
from tests.protocol.testlog import note_key
from tests.vectors.outcome import problem_of

TOKEN = "token-for-one-truck"
MINUTE = 60_000
LIMIT = Limit(
    id="1",
    threshold=5_000,
    hysteresis=500,
    delay_ms=10 * MINUTE,
    budget_ms=30 * MINUTE,
    gap_ms=15 * MINUTE,
    uncertainty=500,
)


def enrolment_file() -> dict[str, object]:
    """Requests that possess their key, and such that do not."""
    key, other = build.key(), build.key("room")
    good = wire.make_enrol(TOKEN, key.cose_key, key.sign)
    answer = wire.EnrolAnswer(
        device=key.device,
        origin=build.ORIGIN,
        log_vkey=note_key().key().vkey,
        recovery_vkey=note_key("recovery.test").key().vkey,
        config_vkey=note_key("config.test").key().vkey,
        utc_ms=build.START_UTC_MS,
        asset="부산 80바 1234",
        demo=False,
    )
    answered = wire.encode_enrol_answer(answer)
    row = cbor.decode(good, max_bytes=4096)
    assert isinstance(row, list)
    payload = cose.parse(row[2]).payload
    as_record = cose.seal(payload, key.kid, cose.RECORD_DOMAIN, key.sign)
    bad = (
        ("signed by another key", wire.make_enrol(TOKEN, key.cose_key, other.sign)),
        ("for another token", cbor.encode([1, "another-token", row[2]])),
        ("signed as a record", cbor.encode([1, TOKEN, as_record])),
        ("version 2", cbor.encode([2, *row[1:]])),
        ("a byte follows", good + b"\x00"),
    )
    return {
        "about": "Enrolment of key 0 with one token; the first opening's prev is the hash of the "
        "answer's bytes.",
        "golden": [
            {
                "token": TOKEN,
                "request": good.hex(),
                "answer": answered.hex(),
                "first_prev": wire.first_prev(answered).hex(),
            }
        ],
        "negative": [
            {"why": why, "request": data.hex(), "problem": problem_of(open_enrol, data)}
            for why, data in bad
        ],
    }


def open_enrol(data: bytes) -> tuple[str, bytes]:
    """What a server does with a request."""
    return wire.open_enrol(data, build.verify_es256)


def excursions_file() -> dict[str, object]:
    """Limits, samples [minute, value], and every notice with its figures."""
    cold = replace(LIMIT, threshold=-1_000, above=False, budget_ms=None)
    stories: tuple[tuple[str, Limit, tuple[tuple[int, int | None], ...]], ...] = (
        ("never beyond", LIMIT, ((0, 2_000), (10, 4_999), (20, 5_000), (30, 3_000))),
        ("shorter than the delay", LIMIT, ((0, 4_000), (5, 6_000), (10, 4_000), (20, 4_000))),
        ("an excursion", LIMIT, ((0, 4_000), (10, 6_000), (20, 8_000), (30, 6_000), (40, 2_000))),
        ("inside the hysteresis", LIMIT, ((0, 6_000), (12, 4_600), (24, 6_000), (36, 4_000))),
        ("silence is not good", LIMIT, ((0, 6_000), (12, None), (24, 6_000), (60, 3_000))),
        ("a gap", LIMIT, ((0, 6_000), (16, 6_000), (28, 6_000), (40, 1_000))),
        (
            "a budget in bits",
            LIMIT,
            ((0, 6_000), (9, 4_000), (18, 6_000), (32, 6_000), (46, 6_000)),
        ),
        ("too cold", cold, ((0, 0), (10, -3_000), (25, -3_000), (35, 2_000))),
    )
    return {
        "about": "The excursion detector; samples are [ms, value in milli-units or null].",
        "golden": [_story(*one) for one in stories],
        "negative": [],
    }


def _story(
    why: str, limit: Limit, minutes: tuple[tuple[int, int | None], ...]
) -> dict[str, object]:
    state, notices = excursion.begin(limit), []
    for minute, value in minutes:
        state, new = excursion.step(limit, state, Sample(minute * MINUTE, value))
        notices += [{**asdict(one), "kind": one.kind.value} for one in new]
    window = state.window
    assert window is not None
    return {
        "why": why,
        "limit": asdict(limit),
        "samples": [[minute * MINUTE, value] for minute, value in minutes],
        "notices": notices,
        "window": {
            "good_ms": window.good_ms,
            "possible_ms": window.possible_ms,
            "confirmed_ms": window.confirmed_ms,
            "unknown_ms": window.unknown_ms,
        },
    }
