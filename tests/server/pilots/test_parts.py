"""P9: who may do what in a pilot, by part and role; and that no duty hangs on one person."""

from __future__ import annotations

from datetime import date
from itertools import product

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from server.accounts.models import Deed, Duty
from server.accounts.rules import Actor, Refused, Role, Who
from server.pilots import duties
from server.pilots.acting import Desk, organisation_of
from server.pilots.actions import board, joining, papers, phases, switch
from server.pilots.days import DAY_MS, Period, begins_ms
from server.pilots.duties import Held, uncovered
from server.pilots.rules import CHECKLIST, DUTIES, PARTS, Part, Reason, Right
from tests.server.pilots.rig import INTERNAL, Rig, client_of, done, live, no, organisation
from tests.server.pilots.tally import Tally

pytestmark = pytest.mark.django_db

MODULES = (board, joining, papers, phases, switch)
ACTIONS = [
    function
    for module in MODULES
    for function in vars(module).values()
    if getattr(function, "right", None) is Right.RUN and function.__module__ == module.__name__
]
"""Every action that needs the right to run a pilot."""

ROLES = {
    Right.SEE: set(Role),
    Right.SIGN: {Role.OPERATOR, Role.ADMINISTRATOR},
    Right.RUN: {Role.OPERATOR, Role.ADMINISTRATOR},
}
"""Which roles have a right where their organisation's part gives it, written down once more."""

GIVEN = {
    Part.OPERATOR: {Right.SEE, Right.SIGN, Right.RUN},
    Part.PARTNER: {Right.SEE},
    Part.CITY: {Right.SEE},
    Part.OFFICE: {Right.SEE, Right.SIGN},
}


def test_P9_a_right_is_had_by_part_and_role_and_by_nothing_else(rig: Rig) -> None:
    tally = Tally("P9", "every part, role, right and tenant", "wrong")
    abroad = organisation("elsewhere")

    def holds() -> None:
        for part, role, right in product(Part, Role, Right):
            who = Who("x" * 16, Actor.PERSON, {rig.organisations[part]: role})
            has = not isinstance(organisation_of(who, rig.service, right), Refused)
            tally.expect(has == (right in GIVEN[part] and role in ROLES[right]))
            other = organisation_of(who, "vouchers", right)
            tally.expect(other == Refused(Reason.NOT_FOUND))
        stranger = Who("y" * 16, Actor.PERSON, {abroad: Role.ADMINISTRATOR})
        for right in Right:
            found = organisation_of(stranger, rig.service, right)
            tally.expect(found == Refused(Reason.NOT_FOUND))

    tally.during(holds)
    assert {part: set(rights) for part, rights in PARTS.items()} == GIVEN


def test_P9_the_office_of_the_zone_signs_and_is_refused_every_other_action(rig: Rig) -> None:
    office, city = rig.people[Part.OFFICE], rig.people[Part.CITY]
    tally = Tally("P9", "every action, tried by the office and by the city", "done")
    assert len(ACTIONS) > 20
    before = Deed.objects.count()

    def holds() -> None:
        for action, who in product(ACTIONS, (office, city)):
            refused = action(Desk(who, rig.service, rig.now_ms))
            tally.expect(refused == Refused(Reason.ROLE))

    tally.during(holds)
    assert Deed.objects.count() == before + 2 * len(ACTIONS)
    rig.announce(1, INTERNAL)
    done(phases.open_phase(rig.desk(), 1))
    done(phases.prepare_sign_off(rig.desk(), 1, CHECKLIST, ()))
    assert no(phases.sign_off(rig.desk(city), 1)) is Reason.ROLE
    done(phases.sign_off(rig.desk(office), 1))


def test_P9_the_office_sees_every_page_and_no_form_but_its_signature() -> None:
    rig = live()
    done(phases.prepare_sign_off(rig.desk(), 2, CHECKLIST, ()))
    client = client_of(rig.people[Part.OFFICE])
    for tab in ("desk", "plan", "board", "people"):
        html = client.get(f"/pilots/tours/{tab}").content.decode()
        forms = [line for line in html.split("action=")[1:] if line.startswith('"/pilots/')]
        expected = ["/pilots/tours/plan/sign"] if tab == "plan" else []
        assert [form.split('"')[1] for form in forms] == expected
    answer = client.post("/pilots/tours/plan/sign", {"phase": "2"})
    assert answer.status_code == 303
    assert client.post("/pilots/tours/plan/close", {"phase": "2"}).status_code == 403


def test_another_pilots_operator_is_told_that_there_is_no_such_page(rig: Rig) -> None:
    other = live("vouchers")
    client = client_of(other.people[Part.OPERATOR])
    assert client.get("/pilots/tours/desk").status_code == 404
    answer = client.post("/pilots/tours/desk/flip", {"mode": "halt", "reason": "drill"})
    assert answer.status_code == 404
    refused = Deed.objects.filter(act="turned-away").latest("id")
    assert refused.reason == Reason.NOT_FOUND


DAYS = [date(2020, 6, day) for day in range(1, 6)]
PERIOD = Period(DAYS[0], DAYS[-1])


@given(
    st.lists(
        st.tuples(st.sampled_from(DUTIES), st.integers(-10, 130), st.integers(1, 140)), max_size=6
    )
)
def test_P9_the_days_on_which_a_duty_is_held_by_nobody_are_the_ones_that_are_told(
    spans: list[tuple[str, int, int]],
) -> None:
    start, hour = begins_ms(DAYS[0]), 3_600_000
    held = [Held(n, start + a * hour, start + (a + long) * hour) for n, a, long in spans]
    bare = {
        (name, day)
        for name, (number, day) in product(DUTIES, enumerate(DAYS))
        if not all(
            any(n == name and a <= number * 24 + h < a + long for n, a, long in spans)
            for h in range(24)
        )
    }
    assert set(uncovered(held, PERIOD)) == bare


def test_P9_a_duty_has_a_deputy_who_is_another(rig: Rig) -> None:
    rows = duties.of(rig.service)
    assert uncovered(duties.as_held(rows), PERIOD) == []
    with pytest.raises(IntegrityError, match="deputy"), transaction.atomic():
        Duty.objects.filter(id=rows[0].id).update(deputy=rows[0].holder_id)
    Duty.objects.filter(id=rows[0].id).update(until_ms=begins_ms(DAYS[2]) + DAY_MS // 2)
    gaps = uncovered(duties.as_held(duties.of(rig.service)), PERIOD)
    assert gaps == [(rows[0].name, day) for day in DAYS[2:]]
