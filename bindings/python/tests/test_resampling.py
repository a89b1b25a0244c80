import math

import pytest

import plaudit

SPEND = [12.1, 9.8, 14.2, 11.5, 10.9]
CONTROL = [10.1, 9.2, 11.7, 8.8]


def test_a_mean_has_an_interval():
    found = plaudit.bootstrap(SPEND, seed=1)
    assert found.value == pytest.approx(11.7)
    assert found.interval.lower < 11.7 < found.interval.upper
    assert len(found.values) == 1000 and math.isnan(found.bias)


def test_effects_of_arms():
    assert plaudit.bootstrap(SPEND, control=CONTROL).value == pytest.approx(1.75)
    relative = plaudit.bootstrap(SPEND, control=CONTROL, effect="relative", method="bca")
    assert relative.value == pytest.approx(11.7 / 9.95 - 1)
    assert not math.isnan(relative.acceleration)
    paired = plaudit.bootstrap([2, 3, 4], control=[1, 2, 3], paired=True, method="basic")
    assert paired.interval == pytest.approx((1, 1))


def test_statistics():
    assert plaudit.bootstrap(SPEND, statistic="median").value == 11.5
    assert plaudit.bootstrap(SPEND, statistic="quantile", quantile=0.75).value == 12.1
    ratio = plaudit.bootstrap([1, 2, 3], denominators=[10, 20, 30], statistic="ratio")
    assert ratio.value == pytest.approx(0.1)
    assert plaudit.bootstrap([0, 1, 1, 0], statistic="proportion").value == 0.5


def test_users_are_drawn_as_a_whole():
    values = [5, -5] * 20
    users = [f"user {row // 2}" for row in range(40)]
    assert plaudit.bootstrap(values, clusters=users).standard_error == 0
    assert plaudit.bootstrap(values).standard_error > 0.3


@pytest.mark.parametrize("weighting", ["multinomial", "poisson"])
def test_threads_and_the_order_of_rows_are_irrelevant(weighting):
    users = [str(row % 3) for row in range(5)]
    one = plaudit.bootstrap(SPEND, clusters=users, weighting=weighting, seed=3, threads=1)
    two = plaudit.bootstrap(
        SPEND[::-1], clusters=users[::-1], weighting=weighting, seed=3, threads=2)
    # A resample without anyone is NaN.
    assert [str(value) for value in one.values] == [str(value) for value in two.values]


def test_permutation_tests_are_exact_when_few():
    found = plaudit.permutation_test(SPEND, CONTROL)
    assert found.exact and found.arrangements == 126 and len(found.values) == 126
    assert found.p_value == pytest.approx(16 / 126)
    assert "126 all arrangements" in repr(found)
    some = plaudit.permutation_test(SPEND, CONTROL, resamples=100)
    assert not some.exact and some.arrangements == 100
    assert plaudit.permutation_test(SPEND, CONTROL, alternative="greater").p_value < 0.1


def test_permutation_of_columns():
    found = plaudit.permutation_test([1, 2, 3, 4], [2, 4, 6, 8], statistic="pearson")
    assert found.statistic == pytest.approx(1) and found.p_value == pytest.approx(2 / 24)
    assert plaudit.permutation_test(
        [2, 3, 4], [1, 1, 1], paired=True).p_value == pytest.approx(0.25)


def test_columns_of_any_kind():
    numpy = pytest.importorskip("numpy")
    found = plaudit.bootstrap(
        numpy.array(SPEND, "float32"), clusters=numpy.arange(5), control=tuple(CONTROL))
    assert found.value == pytest.approx(1.75, rel=1e-6)


def test_mistakes_are_named():
    with pytest.raises(plaudit.OutOfRangeError, match="statistic is 'mode'"):
        plaudit.bootstrap(SPEND, statistic="mode")
    with pytest.raises(plaudit.OutOfRangeError, match="takes no quantile"):
        plaudit.bootstrap(SPEND, quantile=0.5)
    with pytest.raises(plaudit.ShapeError, match="values has 5 rows"):
        plaudit.bootstrap(SPEND, clusters=[1, 2])
    with pytest.raises(plaudit.NotFiniteError) as caught:
        plaudit.bootstrap([1, None])
    assert caught.value.index == 1
    with pytest.raises(plaudit.UndefinedError, match="control is 0"):
        plaudit.bootstrap(SPEND, control=[0, 0], effect="relative")
    with pytest.raises(plaudit.OutOfRangeError, match="resamples"):
        plaudit.permutation_test(SPEND, CONTROL, resamples=0)
    with pytest.raises(plaudit.UndefinedError, match="constant"):
        plaudit.permutation_test([1, 2], [3, 3], statistic="spearman")
    with pytest.raises(plaudit.TimedOutError):
        plaudit.bootstrap(
            list(range(100_000)), resamples=10_000_000, statistic="median", timeout=0.05)
