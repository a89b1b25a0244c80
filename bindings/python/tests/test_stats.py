"""KPIs, intervals, lift and classification metrics; values of the Swift tests' references."""

import json
import math

import numpy
import pytest
from conftest import CHECKOUT

import plaudit
from plaudit import KPIFlag, LiftFlag


def test_kpis_by_hand():
    assert plaudit.ctr(235, 9400) == 0.025
    assert plaudit.engagement_rate(30, impressions=60) == 0.5
    assert plaudit.engagement_rate(30, reach=20) == 1.5
    assert plaudit.engagement_rate(30, followers=300) == 0.1
    assert plaudit.conversion_rate(5, 200) == 0.025
    assert plaudit.cpc(50, 200) == 0.25
    assert plaudit.cpm(50, 10_000) == 5
    assert plaudit.cpa(50, 4) == 12.5
    assert plaudit.roas(300, 200) == 1.5
    assert plaudit.roi(300, 200) == 0.5
    assert plaudit.aov(300, 6) == 50
    assert plaudit.rpv(300, 1000) == 0.3


def test_kpis_of_columns_say_why_there_is_no_number():
    values, flags = plaudit.ctr([1, 5, 1, float("nan")], [4, 4, 0, 4], flags=True)
    assert values[:2].tolist() == [0.25, 1.25] and numpy.isnan(values[2:]).all()
    assert KPIFlag(int(flags[1])) == KPIFlag.RATE_ABOVE_ONE
    assert KPIFlag.NO_DENOMINATOR in KPIFlag(int(flags[2]))
    assert KPIFlag(int(flags[3])) == KPIFlag.NAN_INPUT
    with pytest.raises(plaudit.UndefinedError) as caught:
        plaudit.ctr([1, 1], [4, 0], refuse=True)
    assert caught.value.index == 1
    assert plaudit.ctr([], []).shape == (0,)


def test_impossible_numbers_are_refused():
    with pytest.raises(plaudit.InvalidDataError):
        plaudit.ctr(5, 4)
    with pytest.raises(plaudit.UndefinedError):
        plaudit.cpc(5, 0)
    with pytest.raises(plaudit.NotFiniteError):
        plaudit.roi(float("inf"), 1)
    with pytest.raises(TypeError):
        plaudit.engagement_rate(5)
    with pytest.raises(TypeError):
        plaudit.ctr("5", 4)
    with pytest.raises(plaudit.ShapeError):
        plaudit.ctr([1, 2], [1, 2, 3])


def test_wilson_equals_its_reference():
    reference = json.loads(
        (CHECKOUT / "Tests/PlauditStatsTests/Reference/stats_wilson.json").read_text())
    assert len(reference["cases"]) > 20
    for successes, trials, confidence, *exact in [case[:5] for case in reference["cases"]]:
        # The exact values are of 60 digits; a few roundings are the closed form's own.
        found = plaudit.wilson_interval(successes, trials, confidence)
        assert numpy.allclose(found, exact, rtol=1e-12, atol=1e-300), (successes, trials)
    low, high = plaudit.wilson_interval(50, 100)
    assert math.isclose(low, 0.4038315303659956) and math.isclose(high, 0.5961684696340044)
    column = plaudit.wilson_interval([50, 7], [100, 3], flags=True)
    assert column.lower[0] == low and numpy.isnan(column.lower[1]) and column.flags[1]
    with pytest.raises(plaudit.OutOfRangeError):
        plaudit.wilson_interval(1, 2, confidence=95)


def test_lift_is_relative_to_the_control():
    lift = plaudit.proportion_lift(182, 1000, 134, 1000)
    assert math.isclose(lift.relative, 48 / 134) and math.isclose(lift.absolute, 0.048)
    assert lift.relative_interval.lower > 0 and lift.p_value < 0.05
    assert lift.flags == LiftFlag(0)
    assert plaudit.relative_lift(-5, -10) == 0.5
    none = plaudit.proportion_lift(1, 10, 0, 10)
    assert math.isnan(none.relative) and LiftFlag.ZERO_BASELINE in none.flags
    with pytest.raises(plaudit.UndefinedError):
        plaudit.relative_lift(1, 0)


def test_two_proportions():
    test = plaudit.two_proportion_test(182, 1000, 134, 1000)
    greater = plaudit.two_proportion_test(182, 1000, 134, 1000, alternative="greater")
    assert math.isclose(greater.p_value * 2, test.p_value)
    assert test.difference_interval.lower > 0
    assert math.isclose(test.z, 0.048 / math.sqrt(0.158 * 0.842 * 2 / 1000))
    with pytest.raises(ValueError):
        plaudit.two_proportion_test(1, 2, 3, 4, alternative="other")
    with pytest.raises(plaudit.InvalidDataError):
        plaudit.two_proportion_test(5, 4, 1, 4)
    with pytest.raises((ValueError, TypeError)):
        plaudit.two_proportion_test(2**70, 2**71, 1, 4)


def test_classification():
    report = plaudit.classification_report(
        ["a", "b", "b", "c"], ["a", "b", "c", "c"], labels=["a", "b", "c"])
    assert report.accuracy == 0.75
    assert report.confusion.tolist() == [[1, 0, 0], [0, 1, 1], [0, 0, 1]]
    assert math.isclose(report.macro_f1, (1 + 2 / 3 + 2 / 3) / 3)
    assert report.classes["b"].recall == 0.5 and report.classes["b"].support == 2
    with pytest.raises(plaudit.UndefinedError):
        plaudit.classification_report([], [])
    with pytest.raises(ValueError):
        plaudit.classification_report(["a"], ["b"], labels=["a"])
