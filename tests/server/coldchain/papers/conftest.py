"""A stall for each test that wants one, and a harbour of today for those with links."""

from __future__ import annotations

import pytest
from django.test import Client

from server.coldchain.models import Place
from tests.server.coldchain.rig import Chain
from tests.server.coldchain.shopper.stall import Stall, stall
from tests.server.coldchain.work.harbour import harbour as made


@pytest.fixture
def harbour(installation: object) -> Chain:
    """Everybody of one chain, now."""
    return made()


@pytest.fixture
def shop(chain: Chain) -> Stall:
    """A stall in Seoul; the market is in Busan."""
    Place.objects.filter(kind="shop").update(region="서울 송파구", region_en="Songpa, Seoul")
    Place.objects.filter(kind="market").update(region="부산 서구", region_en="Seo-gu, Busan")
    return stall(chain, Client())
