"""Tests, intervals, quantiles and power; values of the Swift tests' references."""

import json
import math

import numpy
import pytest
from conftest import CHECKOUT, Series

import plaudit
from plaudit import HypothesisFlag, Moments

A = [12.1, 9.8, 14.2, 11.5, 10.9, 13.3, 8.7, 12.8, 11.1, 10.2]
B = [10.1, 9.2, 11.7, 8.8, 10.4, 9.9, 12.0, 8.1]
C = [9.9, 10.5, 12.2, 13.9, 9.1]


def golden(name):
    path = CHECKOUT / "Tests/PlauditStatsTests/Reference/stats_tests_golden.json"
    cases = json.loads(path.read_text())["cases"]
    return next(case["expected"] for case in cases if case["id"] == name)


def near(one, other, rtol=1e-9):
    return numpy.allclose(one, other, rtol=rtol, atol=1e-12)


def test_intervals_of_a_rate():
    expected = golden("propci_182_1000")
    for method, key in (
        ("wilson", "wilson"), ("agresti-coull", "agresti_coull"), ("clopper-pearson", "beta"),
        ("jeffreys", "jeffreys"), ("wald", "normal"),
    ):
        assert near(plaudit.rate_interval(182, 1000, method=method), expected[key])
        column = plaudit.rate_interval([182, 5], [1000, 4], method=method, flags=True)
        assert near([column.lower[0], column.upper[0]], expected[key])
        assert math.isnan(column.lower[1])
        assert plaudit.KPIFlag(int(column.flags[1])) == plaudit.KPIFlag.RATE_ABOVE_ONE
    assert plaudit.rate_interval(182, 1000) == plaudit.wilson_interval(182, 1000)
    with pytest.raises(plaudit.UndefinedError):
        plaudit.rate_interval(0, 0, method="jeffreys")
    with pytest.raises(plaudit.InvalidDataError) as caught:
        plaudit.rate_interval([1, 5], [4, 4], refuse=True)
    assert caught.value.index == 1
    with pytest.raises(plaudit.OutOfRangeError, match="method"):
        plaudit.rate_interval(1, 2, method="exact")
    with pytest.raises(TypeError, match="whole"):
        plaudit.rate_interval(0.5, 2)


def test_two_rates():
    expected = golden("twoprop_seed_ctr")
    counts = (182, 1000, 134, 1000)
    test = plaudit.compare_rates(*counts)
    assert near([test.statistic, test.p_value], [expected["z_pooled"], expected["p_pooled"]])
    assert near(test.interval, expected["diff_newcomb"])
    for key, measure, interval in (
        ("diff_wald", "difference", "wald"), ("diff_agresti_caffo", "difference", "agresti-caffo"),
        ("diff_score", "difference", "statsmodels-score"),
        ("diff_likeliest", "difference", "miettinen-nurminen"), ("ratio_log", "ratio", "wald"),
        ("ratio_score", "ratio", None), ("odds_logit", "odds-ratio", "wald"),
        ("odds_logit_adjusted", "odds-ratio", None),
    ):
        test = plaudit.compare_rates(*counts, measure=measure, interval=interval)
        assert near(test.interval, expected[key], 1e-6), key
    larger = plaudit.compare_rates(*counts, alternative="greater")
    assert near(larger.p_value, expected["p_larger"])
    assert plaudit.compare_rates(*counts, margins=(-0.1, 0.1)).p_value < 0.01
    with pytest.raises(plaudit.InvalidDataError):
        plaudit.compare_rates(5, 4, 1, 10)
    with pytest.raises(plaudit.UndefinedError):
        plaudit.compare_rates(0, 0, 0, 10)
    for counts in ((0, 2800, 0, 1445), (2800, 2800, 1445, 1445)):
        for options in ({}, {"variance": "unpooled"}, {"margins": (-0.1, 0.1)}):
            still = plaudit.compare_rates(*counts, **options)
            assert math.isnan(still.p_value) and HypothesisFlag.ZERO_VARIANCE in still.flags
            assert still.estimate == 0 and -0.01 < still.interval[0] < 0 < still.interval[1] < 0.01
    counts = (182, 1000, 134, 1000)
    with pytest.raises(plaudit.OutOfRangeError, match="margins"):
        plaudit.compare_rates(*counts, margins=(0.1, -0.1))


@pytest.mark.parametrize("kind", [list, numpy.array, Series])
def test_two_rates_row_by_row(kind):
    tests = plaudit.compare_rates(
        kind([182, 5, 0]), 1000, kind([134, 1, 0]), kind([1000, 0, 10]), threads=2)
    assert len(tests) == 3 and "3 rows" in repr(tests)
    assert near(tests.p_value[0], golden("twoprop_seed_ctr")["p_pooled"])
    # Fields without a value are NaN, which equals nothing.
    assert repr(tests[0]) == repr(plaudit.compare_rates(182, 1000, 134, 1000))
    assert tests[1].flags == HypothesisFlag.INVALID_COUNTS and math.isnan(tests.estimate[1])
    assert HypothesisFlag.ZERO_VARIANCE in tests[-1].flags
    assert [test.estimate for test in tests][0] == tests.estimate[0]
    frame = tests.columns()
    assert near([frame["lower"][0], frame["upper"][0]], golden("twoprop_seed_ctr")["diff_newcomb"])
    with pytest.raises(IndexError):
        tests[3]
    with pytest.raises(plaudit.InvalidDataError) as caught:
        plaudit.compare_rates(kind([182, 5]), 1000, kind([134, 1]), kind([1000, 0]), refuse=True)
    assert caught.value.index == 1
    with pytest.raises(plaudit.ShapeError):
        plaudit.compare_rates(kind([1, 2]), 1000, kind([134]), 1000)


def test_means():
    expected = golden("welch_t")
    test = plaudit.t_test(A, B)
    assert near(
        [test.statistic, test.degrees_of_freedom, test.p_value, test.estimate, *test.interval],
        [expected["t"], expected["df"], expected["p"], expected["diff"], *expected["ci"]])
    sizes = golden("cohen_d_hedges_g")
    assert near([test.effect_size, test.corrected_effect_size],
                [sizes["cohen_d"], sizes["hedges_g"]])
    assert repr(plaudit.t_test(plaudit.moments(A), plaudit.moments(B))) == repr(test)
    paired = plaudit.t_test(A[:8], B, paired=True)
    assert near(paired.p_value, golden("paired_t")["p"])
    assert repr(plaudit.t_test(plaudit.moments(A[:8], B))) == repr(paired)
    assert plaudit.t_test(A, null=11).estimate == numpy.mean(A)
    assert plaudit.t_test(A, B, margins=(-5, 5)).p_value < 0.01
    batch = plaudit.t_test(
        Moments([10, 1], [1.0, 2.0], [1.0, float("nan")]), Moments([8, 8], [0, 0], [2, 2]))
    assert batch[0].p_value == plaudit.t_test(Moments(10, 1, 1), Moments(8, 0, 2)).p_value
    assert batch[1].flags == HypothesisFlag.TOO_FEW_ROWS
    for samples in (([1], [2, 3]), ([1, 1], [1, 1])):
        with pytest.raises(plaudit.UndefinedError):
            plaudit.t_test(*samples)
    with pytest.raises(plaudit.NotFiniteError) as caught:
        plaudit.t_test([1, None, 2], B)
    assert caught.value.index == 1
    with pytest.raises(TypeError):
        plaudit.t_test(plaudit.moments(A), B, paired=True)


def test_groups():
    expected = golden("anova_kruskal")
    test = plaudit.anova(A, B, plaudit.moments(C))
    assert near([test.statistic, test.p_value], [expected["F"], expected["p"]])
    welch = plaudit.anova(A, B, C, equal_variances=False)
    assert near(welch.p_value, expected["welch_p"])
    ranks = plaudit.kruskal_wallis(A, B, numpy.array(C))
    assert near([ranks.statistic, ranks.p_value], [expected["H"], expected["H_p"]])
    with pytest.raises(plaudit.OutOfRangeError):
        plaudit.anova(A)
    with pytest.raises(plaudit.UndefinedError):
        plaudit.kruskal_wallis(A, [])


def test_tables():
    expected = golden("twoprop_seed_ctr")
    table = [[182, 818], [134, 866]]
    test = plaudit.chi_square(table)
    assert near([test.statistic, test.p_value], [expected["chi2_yates"], expected["chi2_yates_p"]])
    assert test.expected.tolist() == [[158, 842], [158, 842]]
    plain = plaudit.chi_square(numpy.array(table), correction=False)
    assert near(plain.p_value, expected["chi2_p"])
    assert near(plaudit.fisher_exact(numpy.array(table)).p_value, expected["fisher_p"])
    assert plaudit.fisher_exact([[4, 0], [0, 4]]).interval.upper == math.inf
    with pytest.raises(plaudit.ShapeError):
        plaudit.chi_square([[1, 2], [3]])
    with pytest.raises(plaudit.InvalidDataError) as caught:
        plaudit.fisher_exact([[1, 2], [-3, 4]])
    assert caught.value.index == 2


def test_distributions():
    expected = golden("mann_whitney")
    test = plaudit.mann_whitney(A, B, exact=True)
    assert test.exact and near([test.statistic, test.p_value], [expected["U"], expected["p_exact"]])
    limit = plaudit.mann_whitney(A, B, exact=False)
    assert near(limit.p_value, expected["p_asymptotic"])
    distance = plaudit.kolmogorov_smirnov(A, B)
    assert near([distance.statistic, distance.p_value],
                [golden("ks_two_sample")["D"], golden("ks_two_sample")["p"]])
    with pytest.raises(plaudit.InvalidArgumentError, match="tied"):
        plaudit.mann_whitney([1, 1], [1, 2], exact=True)


def test_many_values_of_two_samples_are_scipys():
    # scipy 1.17.1, ks_2samp(method="asymp").
    first = [k * 0.01 for k in range(60)]
    second = [0.1 + k * 0.01 for k in range(45)]
    found = plaudit.kolmogorov_smirnov(first, second, exact=False)
    assert near([found.statistic, found.p_value], [0.17222222222222222, 0.3799492695101677])


def test_quantiles():
    values = [1, 2, 2, 3, 3, 3, 4, 4, 5, 6, 7, 8, 9, 12, 250.0]
    expected = golden("quantile_types")
    found = plaudit.quantiles(values, [0.5, 0.9, 0.99])
    assert near([one.value for one in found], expected["type7"])
    davis = plaudit.quantiles(values, [0.5, 0.9, 0.99], method="harrell-davis")
    assert near([one.value for one in davis], expected["harrell_davis"])
    users = list("aaabbbcccdddeee")
    assert plaudit.quantiles(values, 0.5, clusters=users).clusters == 5
    assert plaudit.quantile_test(A, B, 0.5).estimate == pytest.approx(
        numpy.median(A) - numpy.median(B))
    with pytest.raises(plaudit.ShapeError):
        plaudit.quantiles(values, 0.5, clusters=users[:3])


def test_power():
    expected = golden("power_sample_size")
    rates = {"baseline": 0.05, "effect": 0.005}
    for method, key in (
        ("fleiss", "n_fleiss"), ("cohen-h", "n_prop_h"), ("evan-miller", "n_eppo_evan_miller")
    ):
        plan = plaudit.sample_size(**rates, method=method)
        assert near(plan.control_count, expected[key], 1e-7)
    assert near(plaudit.sample_size(effect=0.2, method="t").control_count, expected["n_t_d02"], 1e-7)
    assert near(
        plaudit.sample_size(effect=0.2, method="z", ratio=2).control_count, expected["n_ratio2"])
    assert near(plaudit.achieved_power(400, effect=0.2, method="t").power, expected["power_t"])
    assert near(
        plaudit.achieved_power(20_000, **rates).power, expected["power_prop_2indep"], 1e-7)
    plan = plaudit.detectable_effect(1000, baseline=0.134)
    assert near(plan.effect, golden("mde_table_seed_ctr")["mde_abs"][1])
    assert plan.relative_effect == pytest.approx(plan.effect / 0.134)
    lifted = plaudit.sample_size(baseline=0.05, lift=0.1)
    assert near(lifted.control_count, expected["n_fleiss"])
    more = plaudit.sample_size(**rates, arms=4)
    assert more.level == pytest.approx(0.05 / 3) and more.total_count == 4 * more.control_count
    with pytest.raises(plaudit.UndefinedError):
        plaudit.sample_size(baseline=0.05, effect=0)
    with pytest.raises(plaudit.OutOfRangeError, match="baseline"):
        plaudit.sample_size(baseline=0, effect=0.01)
    with pytest.raises(TypeError):
        plaudit.sample_size(baseline=0.05)


def test_long_columns_can_be_cancelled():
    cancel = plaudit.Cancel()
    cancel.request()
    with pytest.raises(plaudit.CancelledError):
        plaudit.rate_interval([1] * 10_000, [2] * 10_000, method="jeffreys", cancel=cancel)
    seen = []
    plaudit.compare_rates([1] * 10_000, 20, 2, 30, progress=seen.append)
    assert seen[-1].phase == "comparing" and seen[-1].done == 10_000
