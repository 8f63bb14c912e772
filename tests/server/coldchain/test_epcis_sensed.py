"""What an unloading says of the air: least, most and mean of what was recorded, and the rest."""

from __future__ import annotations

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from science.histogram import Bin, Exposure, State
from server.coldchain.exchange import telling
from server.coldchain.exchange.names import Viewer
from server.coldchain.models import Event, Room
from server.coldchain.rules import Kind
from tests.server.coldchain.recorder import row
from tests.server.coldchain.rig import MINUTE, Chain

BEAT = 10_000
VALUES = st.lists(st.one_of(st.none(), st.integers(-30_000, 30_000)), min_size=1, max_size=30)


@given(VALUES)
def test_the_figures_are_those_of_a_naive_loop(values: list[int | None]) -> None:
    bins: dict[Bin, int] = {}
    for value in values:
        state = State.UNKNOWN if value is None else State.KNOWN
        one = Bin(state, value, 0 if value is None else 500)
        bins[one] = bins.get(one, 0) + BEAT
    found = telling.sensed(Exposure(bins), (0, len(values) * BEAT), "https://x.example/proof")
    known = [value for value in values if value is not None]
    least, most = min(known, default=None), max(known, default=None)
    assert (found.min_milli, found.max_milli) == (least, most)
    assert found.mean_milli == (round(sum(known) / len(known)) if known else None)
    assert found.unknown_ms == values.count(None) * BEAT


@pytest.mark.django_db
def test_an_unloading_tells_the_air_of_the_stay_and_where_it_is_proved(chain: Chain) -> None:
    lot = chain.land()
    chain.load("truck 1", lot)
    start, room = chain.now_ms, Room.objects.get(id=chain.rooms["truck 1"])
    seen = [(start + beat * 60_000, 1_000 + 100 * (beat % 3)) for beat in range(30)]
    row(room.asset, seen).save()
    event = chain.later(60).unload("truck 1", lot, name="carrier")
    rows = Event.objects.filter(kind=Kind.UNLOADED)
    (fact,) = telling.facts(list(rows), Viewer(chain.ids["carrier"]))
    (found,) = fact.sensed
    assert (found.from_ms, found.until_ms) == (start, event.at_ms)
    assert (found.min_milli, found.max_milli) == (1_000, 1_200)
    assert found.unknown_ms >= 20 * MINUTE  # half an hour without a record, less what a gap allows
    assert found.proof == f"{settings.JAGALCHI.address}/q/{lot.ref}/evidence"
    (theirs,) = telling.facts(list(rows), Viewer(chain.ids["cooperative"]))
    assert (theirs.sensed, theirs.goods) == (fact.sensed, fact.goods)
