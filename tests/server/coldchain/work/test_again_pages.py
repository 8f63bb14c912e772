"""The page of a lot says what was corrected at its parent, and what a restore could not bring
back."""

from __future__ import annotations

import pytest

from server.coldchain import again
from server.coldchain.actions import landing
from server.coldchain.models import Lot
from tests.server.coldchain import older
from tests.server.coldchain.rig import KG, Chain, done
from tests.server.coldchain.work.harbour import Hands

pytestmark = pytest.mark.django_db


def test_a_child_says_that_it_was_corrected_at_its_parent(harbour: Chain) -> None:
    root = harbour.land()
    (child,) = harbour.split(root, 100 * KG)
    hands = Hands(harbour, "cooperative")
    hands.does(f"/lots/{root.ref}/correct", area="71", why="해역")
    assert "원 로트에서 정정" in hands.at(f"/lots/{child.ref}")
    assert "원 로트에서 정정" not in hands.at(f"/lots/{root.ref}")
    done(landing.declare_error(harbour.desk("cooperative"), root.event.ref, "다른 배"))
    assert "원 로트에서 오류 신고" in hands.at(f"/lots/{child.ref}")


def test_a_lot_says_what_a_restore_lost_until_it_is_entered_again(harbour: Chain) -> None:
    size, before = older.logged(), older.kept()
    lot = harbour.land()
    busy_size = older.logged()
    older.put_back(before)
    assert not Lot.objects.exists()
    again.rebuild(size, busy_size)
    hands = Hands(harbour, "cooperative")
    page = f"/lots/{lot.ref}"
    for words in ("복원하지 못한 내용", "선박명", "정정에서 다시 입력하세요."):
        assert words in hands.at(page)
    hands.does(f"{page}/correct", vessel="제3부산호", why="복원 뒤 다시 입력")
    assert "복원하지 못한 내용" not in hands.at(page)
    assert Lot.objects.get().vessel == "제3부산호"
