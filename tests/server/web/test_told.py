"""The device's page says what it was told from afar, and what became of it, in both languages."""

from __future__ import annotations

import pytest

from agent.core.trial import Standing
from protocol.settable import Stage, Why
from server.devices import tuning
from tests.server.devices.test_tuning import publish, say
from tests.server.devices.trucks import Truck
from tests.server.web.test_pages import page

pytestmark = pytest.mark.django_db(transaction=True)

WISH = """door_open_ms = 600000
[[limit]]
id = 1
sensor = 1
quantity = "temperature"
threshold_milli = -15000
hysteresis_milli = 500
delay_ms = 0
budget_ms = 0
"""


def test_a_device_that_was_told_nothing_shows_no_section(truck: Truck) -> None:
    truck.post(truck.chain(3))
    assert "Settings from afar" not in page(truck)


def test_published_tried_confirmed_and_reverted_are_shown_with_their_reason(truck: Truck) -> None:
    publish(truck.device, tuning.read(WISH))
    chain = truck.chain(3)
    truck.post(chain)
    text = page(truck)
    assert "in use: the device's own settings" in text
    assert "○ version 1 · not told of by the device yet · published" in text
    assert "temperature > · threshold (milli_celsius) -15,000" in text
    chain = say(truck, say(truck, chain, Stage.ON_TRIAL), Stage.CONFIRMED)
    truck.post(chain[3:])
    assert "in use: version 1" in page(truck) and "● version 1 · confirmed" in page(truck)
    publish(truck.device)
    chain = say(truck, chain, Stage.REVERTED, Why.NO_READING)
    truck.post(chain[5:])
    text = page(truck)
    assert "in use: version 1" in text
    assert "▲ version 2 · reverted: no usable readings under it" in text
    korean = page(truck, "ko")
    assert "원격 설정" in korean and "버전 2 · 되돌림: 적용 후 쓸 수 있는 측정이 없음" in korean


def test_a_word_on_a_document_that_nobody_published_counts_for_nothing(truck: Truck) -> None:
    publish(truck.device)
    said = Standing(Stage.CONFIRMED, bytes(32), 9).body()
    truck.post(truck.append(truck.chain(2), said))
    assert "not told of by the device yet" in page(truck) and "in use: –" in page(truck)
