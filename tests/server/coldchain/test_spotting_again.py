"""Signs of sensors are derived: what a restore lost is found again, as people had left it."""

from __future__ import annotations

import pytest

from server.accounts.models import Deed
from server.coldchain import again, spotting
from server.coldchain.models import DueSign, SensorSign
from server.coldchain.signs import Look, SignState
from server.ledger import log
from tests.reliability import note
from tests.server.coldchain.rig import MINUTE, Chain, undone
from tests.server.coldchain.test_spotting import (
    carried,
    catch_up,
    deaf,
    drive,
    looked,
    recorder,
    signs,
    stuck,
    tick,
    told,
)

pytestmark = pytest.mark.django_db


def test_S17_what_a_restore_lost_of_signs_is_found_again_as_people_left_it(chain: Chain) -> None:
    carried(chain)
    by = recorder(chain)
    drive(chain, by, 8, stuck)
    tick(chain)
    looked(chain, Look.REPLACED)
    drive(chain, by, 7, deaf)
    tick(chain)
    chain.later(spotting.REST_MS // MINUTE)
    tick(chain)
    before, messages = said(), told()
    assert {state for _, state, *_ in before} == {"believed", "seen"}
    with undone():
        forget()
        catch_up(chain)
        right = said() == before
    with undone():
        SensorSign.objects.filter(state="seen").delete()
        catch_up(chain)
        right &= said() == before
    result = f"{0 if right else 1} differing"
    note("S17", "signs of sensors lost with the tables, found again from the log", 2, result)
    assert right and messages == told()


def forget() -> None:
    """What only the tables have of signs is gone; the acts are in the log."""
    SensorSign.objects.all().delete()
    DueSign.objects.all().delete()


def said() -> set[tuple[str, str, int, int, int | None]]:
    """The signs, without when we saw them."""
    columns = ("sign", "state", "from_ms", "until_ms", "looked_ms")
    return set(SensorSign.objects.values_list(*columns))


def test_S17_an_act_that_came_after_the_backup_ends_what_the_backup_knew(chain: Chain) -> None:
    carried(chain)
    drive(chain, recorder(chain), 8, stuck)
    tick(chain)
    size = log.newest().size
    with undone():
        looked(chain, Look.MENDED)
        (act,) = Deed.objects.filter(act=spotting.ACT)
    assert signs() == {"flat", "door-unfelt"}
    act.save(force_insert=True)  # as the log's deeds are put back before the cold chain's tables
    again.rebuild(0, size)
    assert (signs(), signs(SignState.BELIEVED)) == (set(), {"flat", "door-unfelt"})
