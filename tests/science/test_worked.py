"""The worked examples and published reference values of the design reference, to the digit."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest

from science import histamine, kinetics, limits, spoilage, verdict
from science.histamine import Risk
from science.histogram import EMPTY, Bin, End, Exposure, State
from science.kinetics import Indicator, NoMkt
from science.limits import Export, Found
from science.species import Product
from science.spoilage import ICE_DAY, MICRO, Grade, Score, Side, Spent
from science.verdict import Start, Why
from tests.science.trips import MACKEREL, ON_TWO, TRIP, history, spent

RRS = {
    -2: "0.64", -1: "0.81", 0: "1", 1: "1.21", 2: "1.44", 3: "1.69", 4: "1.96", 5: "2.25",
    7: "2.89", 8: "3.24", 10: "4", 12: "4.84", 15: "6.25", 20: "9", 25: "12.25",
}  # fmt: skip


@pytest.mark.parametrize(("celsius", "rrs"), RRS.items())
def test_the_relative_rate_of_spoilage(celsius: int, rrs: str) -> None:
    assert Fraction(spoilage.rrs_units(celsius * 1000), 10**8) == Fraction(rrs)


def test_no_rate_below_partial_freezing() -> None:
    assert spoilage.rrs_units(-2_001) == spoilage.rrs_units(-30_000) == 64_000_000


def test_ice_days_of_one_trip() -> None:
    units = spoilage.ice_days(TRIP)
    assert units == Spent(units.low, units.low) if units else False
    assert units is not None
    assert Fraction(units.high, ICE_DAY) * 24 == Fraction("31.415")
    assert round(Fraction(units.high, ICE_DAY), 4) == Fraction("1.3090")


def test_the_constant_temperature_and_mkt_of_the_same_trip() -> None:
    assert spoilage.constant_milli_celsius(TRIP) == 1_441
    assert kinetics.mkt(TRIP) == 1_619


def left(micro_days: int | None, digits: int = 3) -> str:
    assert micro_days is not None
    return str(round(Decimal(micro_days) / MICRO, digits))


@pytest.mark.parametrize(
    ("product", "life", "on_ice", "at_five", "share"),
    [(MACKEREL, 6, "2.691", "1.196", "0.551"), (ON_TWO, 9, "5.691", "2.529", "0.368")],
    ids=["L0 6", "L0 9"],
)
def test_remaining_life_after_two_days_on_ice(
    product: Product, life: int, on_ice: str, at_five: str, share: str
) -> None:
    made = history(product)
    found = verdict.judge(made)
    _, ice_days, _ = verdict.counted(made)
    assert ice_days is not None
    assert (found.life_d, found.grade) == (life, Grade.FAIR)
    assert left(found.life_shown) == on_ice
    assert left(spoilage.remaining(ice_days, life, 5_000)[0]) == at_five
    assert round(Fraction(ice_days.high, ICE_DAY * life), 3) == Fraction(share)


@pytest.mark.parametrize(
    ("side", "share", "on_ice"),
    [
        (Side.SELLER, (5, 10), "1.691"),
        (Side.SELLER, (2, 10), "2.691"),
        (Side.BUYER, (2, 10), "2.691"),
        (Side.INDEPENDENT, (2, 10), "3.491"),
    ],
)
def test_a_sellers_score_only_worsens(side: Side, share: tuple[int, int], on_ice: str) -> None:
    found = verdict.judge(history(scores=(Score(side, *share, after=1),)))
    assert left(found.life_shown) == on_ice


def test_an_unknown_time_of_catch() -> None:
    found = verdict.judge(history(days=None))
    assert (found.life_left, found.life_shown, found.grade) == (None, None, None)
    assert (found.start, found.no_life, found.no_grade) == (Start.UNKNOWN, Why.START, Why.START)
    assert found.histamine is Risk.UNDECIDED


def test_an_independent_score_is_a_start_and_a_sellers_is_none() -> None:
    sellers = verdict.judge(history(days=None, scores=(Score(Side.SELLER, 5, 10),)))
    assert (sellers.start, sellers.life_left) == (Start.UNKNOWN, None)
    theirs = verdict.judge(history(days=None, scores=(Score(Side.INDEPENDENT, 2, 10),)))
    assert (theirs.start, left(theirs.life_shown)) == (Start.SCORE, "3.491")
    assert theirs.histamine is Risk.UNDECIDED


def test_never_more_than_seven_days_nor_past_the_use_by_date() -> None:
    half = Spent(ICE_DAY // 2 + ICE_DAY, ICE_DAY // 2 + ICE_DAY)
    formula = spoilage.remaining(half, 9)[0]
    assert left(formula, 1) == "7.5"
    assert spoilage.shown(formula) == 7 * MICRO
    assert spoilage.shown(formula, 2 * spoilage.DAY_MS) == 2 * MICRO
    assert spoilage.shown(formula, -1) == 0


def test_sssp_moves_21_days_at_five_degrees_to_ice() -> None:
    life = 21 * Fraction(spoilage.rrs_units(5_000), 10**8)
    assert life == Fraction("47.25")
    gas, energy = 8.314, Decimal(100_000)
    kelvin = [Decimal("273.15"), Decimal("278.15")]
    arrhenius = 21 * (energy / Decimal(str(gas)) * (1 / kelvin[0] - 1 / kelvin[1])).exp()
    assert round(arrhenius, 2) == Decimal("46.34")


def _cold_smoked(first: int, then: int, life: Decimal) -> Decimal:
    """Days in all: 8.9 at `first`, then the rest at `then`, ln RRS = 0.089 T; life at 5 °C."""
    rate = {at: (Decimal("0.089") * (at - 5)).exp() for at in (first, then)}
    days = Decimal("8.9")
    return days + (life - days * rate[first]) / rate[then]


@pytest.mark.parametrize(("first", "then", "days"), [(5, 15, 20), (15, 5, 24)])
@pytest.mark.parametrize("life", ["36.3", "37.1"])
def test_fssp_step_changes(first: int, then: int, days: int, life: str) -> None:
    assert round(_cold_smoked(first, then, Decimal(life))) == days


WU = {
    Indicator.K_VALUE: ("0.02224", "0.02832", "0.03576", "0.04479"),
    Indicator.TVB_N: ("0.00579", "0.00802", "0.01099", "0.01489"),
    Indicator.TVC: ("0.00332", "0.00480", "0.00687", "0.00969"),
}


@pytest.mark.parametrize(("indicator", "rates"), WU.items())
def test_wus_rates(indicator: Indicator, rates: tuple[str, ...]) -> None:
    found = [round(kinetics.rate(indicator, at), 5) for at in (0, 5_000, 10_000, 15_000)]
    assert found == [Decimal(one) for one in rates]


def test_wus_kinetics_at_zero() -> None:
    assert round(kinetics.hours(Indicator.K_VALUE, 5, 60, 0)) == 112
    assert round(kinetics.hours(Indicator.TVB_N, 8, 30, 0)) == 228


@pytest.mark.parametrize(
    ("parts", "mkt"),
    [
        (((2_000, 12), (8_000, 12)), 5_536),
        (((5_000, 18), (14_000, 6)), 8_285),
        (((0, 20), (10_000, 4)), 2_751),
    ],
)
def test_mean_kinetic_temperature(parts: tuple[tuple[int, int], ...], mkt: int) -> None:
    assert kinetics.mkt(spent(*parts)) == mkt
    assert kinetics.mkt(EMPTY) is None


def test_a_section_is_never_stretched_beyond_the_window_and_says_when_nothing_is_known() -> None:
    day = spent((5_000, 18), (14_000, 6))
    assert kinetics.of_section(day) == 8_285
    longer = day + Exposure({Bin(State.KNOWN, 5_000, 0): 1})
    assert kinetics.of_section(longer) is NoMkt.TOO_LONG
    charged, dark = (
        Exposure({Bin(State.UNKNOWN, at, 0): kinetics.HOUR_MS}) for at in (14_000, None)
    )
    warmer = kinetics.of_section(spent((5_000, 18)) + charged)
    assert isinstance(warmer, int) and warmer > 5_000
    for nothing in (EMPTY, charged, dark, spent((5_000, 18)) + dark):
        assert kinetics.of_section(nothing) is NoMkt.NO_RECORD


@pytest.mark.parametrize(
    ("parts", "found"),
    [
        (((10_000, 3), (22_000, Fraction(3, 2))), Found.BROKEN),
        (((10_000, Fraction(15, 2)),), Found.MET),
        (((10_000, 5), (22_000, Fraction(1, 10))), Found.BROKEN),
        (((25_000, Fraction(39, 10)),), Found.MET),
    ],
)
def test_the_fda_budget(parts: tuple[tuple[int, float], ...], found: Found) -> None:
    assert limits.export(Export.FDA_SCOMBROID, spent(*parts)) is found
    assert limits.export(Export.FDA_SCOMBROID, spent(*reversed(parts))) is found


@pytest.mark.parametrize(
    ("parts", "found"),
    [(((10_000, 11), (22_000, 0.5)), Found.MET), (((10_000, 11), (22_000, 2)), Found.BROKEN)],
)
def test_the_fda_budget_of_fish_that_was_frozen(
    parts: tuple[tuple[int, float], ...], found: Found
) -> None:
    assert limits.export(Export.FDA_SCOMBROID, spent(*parts), was_frozen=True) is found


def test_malta_gives_two_hours() -> None:
    assert limits.export(Export.MALTA, spent((4_100, 2))) is Found.MET
    assert limits.export(Export.MALTA, spent((4_100, 2.1))) is Found.BROKEN


HISTAMINE = {
    0: 245, 2_100: 156, 4_400: 105, 5_000: 96, 7_000: 72, 10_000: 50, 15_000: 31, 20_000: 18,
}  # fmt: skip


@pytest.mark.parametrize(("at", "hours"), HISTAMINE.items())
def test_hours_until_the_clock_shows_200(at: int, hours: int) -> None:
    assert round(histamine.hours_to(9_810, at)) == hours


@pytest.mark.parametrize(("at", "hours"), [(25_000, "10.9"), (30_000, "7.4")])
def test_warm_hours_until_the_clock_shows_200(at: int, hours: str) -> None:
    assert round(float(histamine.hours_to(9_810, at)), 1) == float(hours)


def test_the_clocks_anchors() -> None:
    assert round(histamine.hours_to(9_120, 0)) == 228
    assert round(float(histamine.hours_to(9_120, 2_100)) / 24, 2) == 6.05
    assert histamine.milli_mg_per_kg(9_120) == 100_000
    assert round(histamine.milli_mg_per_kg(9_810) / 1_000) == 199


def test_nothing_grows_in_the_freezer() -> None:
    assert histamine.clock(spent((-18_000, 24 * 365))) == 0


@pytest.mark.parametrize(("at", "percent"), [(0, 10), (2_000, 8.5), (5_000, 7)])
def test_half_a_degree_of_doubt(at: int, percent: float) -> None:
    exposure = spent((at, 24), u=500)
    read, warm = (exposure.weigh(spoilage.rrs_units, end) for end in (End.READ, End.WARM))
    assert abs(100 * (warm / read - 1) - percent) < 0.4


def test_monkfish_rejection_is_thirteen_ice_days() -> None:
    exposure: Exposure = spent((1_500, 240))
    assert Fraction(exposure.weigh(spoilage.rrs_units, End.READ), ICE_DAY) == Fraction("13.225")
