"""Days in Korea: midnight to midnight, the last day inclusive, whatever the second."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from server.pilots.days import DAY_MS, Period, begins_ms, day_of, ends_ms

KOREA = timezone(timedelta(hours=9))
DAYS = st.dates(date(1980, 1, 1), date(2100, 1, 1))
FIRST, LAST = date(2020, 6, 15), date(2020, 6, 30)


@given(DAYS)
def test_a_day_begins_at_midnight_in_korea_as_the_calendar_has_it(day: date) -> None:
    midnight = datetime(day.year, day.month, day.day, tzinfo=KOREA)
    assert begins_ms(day) == midnight.timestamp() * 1000
    assert ends_ms(day) - begins_ms(day) == DAY_MS


@given(st.integers(0, 2**42))
def test_every_moment_lies_in_exactly_its_own_day(at_ms: int) -> None:
    day = day_of(at_ms)
    assert begins_ms(day) <= at_ms < ends_ms(day)
    assert day == datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(KOREA).date()


def test_a_period_holds_from_the_first_midnight_to_the_last() -> None:
    period = Period(FIRST, LAST)
    assert not period.holds(begins_ms(FIRST) - 1)
    assert period.holds(begins_ms(FIRST))
    assert period.holds(ends_ms(LAST) - 1)
    assert not period.holds(ends_ms(LAST))
    assert not period.over(ends_ms(LAST) - 1)
    assert period.over(ends_ms(LAST))
    assert len(list(period.days())) == 16
