"""What people type about a lot stands in the log only where it cannot name or reach anybody."""

from __future__ import annotations

import pytest

from server.coldchain.actions import landing
from server.coldchain.facts import TEXTS
from server.ledger import rows
from tests.server.coldchain.rig import Chain, done, mackerel

NAMED = ("kim010-1234-5678", "KIM010-1234-5678", "010-1234-5678", "01012345678", "821012345678")
RESIDENT = ("8001011234567", "800101-1234567", "KIM-7", "1234567")


@pytest.mark.parametrize("name", ["code", "trace_no"])
def test_a_number_of_a_lot_in_the_log_is_no_number_of_a_person(name: str) -> None:
    assert [one for one in (*NAMED, *RESIDENT) if TEXTS[name](one)] == []


@pytest.mark.parametrize("text", [*NAMED, *RESIDENT, "01 01 23 45 67", "82 10 12 34 56", "61 김"])
def test_an_area_in_the_log_is_one_of_the_sea_and_no_phone(text: str) -> None:
    assert not TEXTS["area"](text)


def test_areas_of_the_sea_stand_in_the_log() -> None:
    areas = ("", "61", "61 71", "61.K.1", "27.3.d.24", "27.4.a", "37.1.1", "58.4.4a")
    assert [one for one in areas if not TEXTS["area"](one)] == []


def test_numbers_as_they_are_given_to_lots_stand_in_the_log() -> None:
    codes = ("", "200602ABCDEFG2", "L-1", "123456")
    traces = ("", "2020060200123", "302006020012")
    assert [one for one in codes if not TEXTS["code"](one)] == []
    assert [one for one in traces if not TEXTS["trace_no"](one)] == []


@pytest.mark.django_db
def test_a_name_and_a_phone_typed_as_a_number_stay_in_the_table(chain: Chain) -> None:
    typed = mackerel(chain, code="kim010-1234-5678", trace_no="kim010-1234-5678")
    done(landing.land(chain.desk("cooperative"), (typed,), chain.market.id))
    bodies = [bytes(body) for (body,) in rows.fetch("SELECT body FROM ledger_staged")]
    assert bodies and not any(b"1234-5678" in body for body in bodies)
