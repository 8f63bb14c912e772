"""A message is sent if its transaction commits, until it is taken or a day has passed."""

from __future__ import annotations

import pytest
from django.db import transaction

from server.messages import outbox, postman
from server.messages.models import Message, State
from server.messages.postman import WAITS_MS
from server.messages.templates import TEMPLATES
from tests.server.messages.letters import ADDRESS, NOW, Round, queued

pytestmark = pytest.mark.django_db


class Boom(Exception):
    """The caller changed its mind."""


def test_a_message_goes_with_its_transaction() -> None:
    with pytest.raises(Boom), transaction.atomic():
        queued()
        raise Boom
    assert Message.objects.count() == 0


@pytest.mark.parametrize(
    ("template", "values"),
    [("sign-in", {}), ("sign-in", {"link": "x", "name": "Kim"}), ("nothing", {})],
)
def test_a_message_that_fits_no_template_is_a_bug(template: str, values: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="takes"):
        outbox.send("x", template, values, NOW)


def test_a_message_is_carried_once_in_its_readers_language() -> None:
    queued("english")
    queued("somebody")
    there = Round()
    assert there.deliver(NOW) == 2
    assert there.deliver(NOW + 10**9) == 0
    english, korean = there.carried
    assert english.text.startswith("Sign in to Jagalchi") and "https://x/" + "l" * 16 in korean.text
    assert korean.subject == TEMPLATES["sign-in"].subject.ko
    assert set(Message.objects.values_list("state", flat=True)) == {State.SENT}
    assert list(Message.objects.values_list("values", flat=True)) == [{}, {}]


def test_no_row_knows_an_address() -> None:
    queued()
    Round().deliver(NOW)
    assert ADDRESS not in repr(list(Message.objects.values_list()))


def test_what_fails_is_tried_again_later_and_later_and_then_shown_as_dead() -> None:
    queued()
    there = Round(says=lambda _: "not-sent")
    at_ms, tried = NOW, []
    for _ in range(40):
        if there.deliver(at_ms):
            tried.append(at_ms)
        at_ms += 3_600_000
    row = Message.objects.get()
    assert (len(tried), row.tries) == (len(WAITS_MS) + 1, len(WAITS_MS) + 1)
    assert (row.state, row.trouble) == (State.DEAD, "not-sent")
    assert tried[-1] - tried[0] < 48 * 3_600_000


def test_done_but_looked_failed_is_sent_again_under_the_same_number() -> None:
    queued()
    there = Round(says=lambda count: "unreachable" if count == 1 else "")
    there.deliver(NOW)
    there.deliver(NOW + 2 * WAITS_MS[0])
    assert len({letter.number for letter in there.carried}) == 1
    assert Message.objects.get().state == State.SENT


def test_a_crash_after_sending_and_before_writing_it_down_sends_again_not_never() -> None:
    queued()
    there = Round()

    def crash(_count: int) -> str:
        raise Boom

    there.says = crash
    with pytest.raises(Boom):
        there.deliver(NOW)
    assert Message.objects.get().state == State.WAITING
    there.says = lambda _: ""
    assert there.deliver(NOW) == 1
    assert Message.objects.get().state == State.SENT


def test_nobody_to_send_to_is_dropped_and_no_way_out_is_told() -> None:
    queued()
    Round(known=False).deliver(NOW)
    assert Message.objects.get().state == State.DROPPED
    queued("by phone")
    Round().deliver(NOW)
    assert Message.objects.latest("id").trouble == postman.NO_WAY


def test_a_message_of_another_version_is_dead_and_holds_up_nobody() -> None:
    Message.objects.create(to="x", template="gone", values={}, due_ms=NOW, made_ms=NOW)
    Message.objects.create(to="x", template="sign-in", values={"a": 1}, due_ms=NOW, made_ms=NOW)
    queued()
    there = Round()
    assert there.deliver(NOW) == 3
    assert len(there.carried) == 1
    assert Message.objects.filter(state=State.DEAD, trouble=postman.MISFIT).count() == 2


def test_old_messages_are_forgotten() -> None:
    queued()
    Round().deliver(NOW)
    postman.forget(NOW + postman.KEPT_MS - 1)
    assert Message.objects.count() == 1
    postman.forget(NOW + postman.KEPT_MS)
    assert Message.objects.count() == 0
