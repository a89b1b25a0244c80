import datetime as dt
import math

import pytest

import plaudit

DAY = dt.datetime(2026, 3, 1)
HOURS = [DAY + dt.timedelta(hours=hours) for hours in (1, 20, 26, 100)]


def test_scores_are_gathered_by_day():
    series = plaudit.sentiment_series([1, 0, -1, 0.5], HOURS, "day")
    assert list(series.counts) == [2, 1, 0, 0, 1] and len(series) == 5
    assert list(series.means)[:2] == [0.5, -1] and math.isnan(series.means[2])
    assert str(series.starts[1])[:10] == "2026-03-02"
    assert series.to_dict()["count"] is series.counts
    assert "5 buckets of 1 day" in repr(series)


def test_a_kpi_lies_beside_it():
    series = plaudit.sentiment_series([1, 0, -1, 0.5], HOURS)
    revenue = series.gather([DAY, DAY, DAY + dt.timedelta(days=4), DAY - dt.timedelta(days=9)],
                            [10, 5, 7, 99])
    assert list(revenue)[0] == 15 and list(revenue)[4] == 7 and math.isnan(revenue[1])
    assert plaudit.correlation(series.means, revenue).count == 2
    assert list(series.gather([DAY], [3], how="mean"))[0] == 3


def test_times_of_any_kind():
    seconds = [(time - dt.datetime(1970, 1, 1)).total_seconds() for time in HOURS]
    zone = dt.timezone(dt.timedelta(hours=2))
    for times in (
            seconds, [int(second) for second in seconds], [time.isoformat() for time in HOURS],
            [time.replace(tzinfo=dt.timezone.utc).astimezone(zone) for time in HOURS]):
        series = plaudit.sentiment_series([1, 0, -1, 0.5], times, "day")
        assert list(series.counts) == [2, 1, 0, 0, 1]
    numpy = pytest.importorskip("numpy")
    for unit in ("s", "ms", "ns"):
        times = numpy.array(HOURS, f"datetime64[{unit}]")
        assert list(plaudit.sentiment_series([1, 0, -1, 0.5], times).counts) == [2, 1, 0, 0, 1]
    times[3] = "NaT"
    assert plaudit.sentiment_series([1, 0, -1, 0.5], times).rows_missing == 1
    assert list(plaudit.sentiment_series(
        [1, 1], numpy.array([0, 90_000])).counts) == [1, 1]


def test_buckets():
    hours = plaudit.sentiment_series([1, 0, -1, 0.5], HOURS, "hour")
    assert len(hours) == 100
    assert len(plaudit.sentiment_series([1, 0], HOURS[:2], dt.timedelta(hours=12))) == 2
    # The first of March 2026 is a Sunday.
    weeks = plaudit.sentiment_series([1, 0, -1, 0.5], HOURS, "week")
    assert list(weeks.counts) == [2, 2] and str(weeks.starts[0])[:10] == "2026-02-23"
    local = plaudit.sentiment_series([1, 0], HOURS[:2], "day", utc_offset=dt.timedelta(hours=5))
    assert list(local.counts) == [1, 1]
    fixed = plaudit.sentiment_series(
        [1, 0, -1, 0.5], HOURS, start=dt.date(2026, 3, 2), end=dt.date(2026, 3, 4))
    assert list(fixed.counts) == [1, 0] and fixed.rows_outside == 3


def test_predictions_become_means_and_shares(classifier):
    predictions = classifier.predict(["love it", "hate it", None])
    series = plaudit.sentiment_series(predictions, HOURS[:3], "week")
    scores = predictions.scores.tolist()
    names = predictions.label_names
    worth = {"negative": -1, "neutral": 0, "positive": 1}
    expected = sum(
        worth[name] * score for row in scores[:2] for name, score in zip(names, row)) / 2
    assert series.means[0] == pytest.approx(expected) and series.rows_missing == 1
    assert sum(share[0] for share in series.shares.values()) == pytest.approx(1)
    with pytest.raises(plaudit.OutOfRangeError, match="label_values lacks"):
        plaudit.sentiment_series(predictions, HOURS[:3], label_values={"negative": -1})


def test_correlation_is_scipys():
    x = [0.12, 0.35, 0.28, 0.51, 0.44, 0.63, 0.58, 0.71, 0.66, 0.8]
    y = [1.9, 2.1, 2.4, 2.2, 2.9, 2.7, 3.3, 3.1, 3.6, 3.4]
    found = plaudit.correlation(x, y, resamples=200)
    assert found.pearson.value == pytest.approx(0.8201261934643932, rel=1e-12)
    assert found.pearson.p_value == pytest.approx(0.0036634690752366606, rel=1e-10)
    assert found.kendall.p_value == pytest.approx(0.009148478835978836, rel=1e-10)
    assert found.median_slope == pytest.approx(2.857142857142857)
    assert found.block_length == 3
    assert found.pearson.block_interval.lower < 0.82 < found.pearson.block_interval.upper
    lags = plaudit.lagged_correlation(x, y, 2)
    assert [row.lag for row in lags] == [-2, -1, 0, 1, 2]
    assert lags[3].value == pytest.approx(0.9796670286304288, rel=1e-12)
    assert plaudit.lagged_correlation(x, y, 0, method="kendall")[0].value == pytest.approx(
        found.kendall.value)


def test_granger():
    y = [1.9, 1.8, 2.1, 2.4, 2.2, 2.9, 2.7, 3.3, 3.1, 3.6, 3.4, 3.0, 2.8, 3.2, 3.5, 3.2, 2.9, 2.6,
         3.0, 3.4]
    x = [0.12, 0.35, 0.28, 0.51, 0.44, 0.63, 0.58, 0.71, 0.66, 0.8, 0.62, 0.55, 0.7, 0.77, 0.69,
         0.58, 0.49, 0.61, 0.73, 0.84]
    found = plaudit.granger_test(y, x)
    assert found.f == pytest.approx(12.838056164987563, rel=1e-9)
    assert (found.numerator_freedom, found.denominator_freedom, found.rows) == (1, 16, 19)


def test_mistakes_are_named():
    with pytest.raises(plaudit.ShapeError, match="times has 4 rows"):
        plaudit.sentiment_series([1, 2], HOURS)
    with pytest.raises(plaudit.OutOfRangeError, match="no ISO date"):
        plaudit.sentiment_series([1], ["yesterday"])
    with pytest.raises(plaudit.OutOfRangeError, match="bucket is 'fortnight'"):
        plaudit.sentiment_series([1], [0], "fortnight")
    with pytest.raises(plaudit.OutOfRangeError, match="go together"):
        plaudit.sentiment_series([1], [0], start=0)
    with pytest.raises(plaudit.UndefinedError, match="two rows"):
        plaudit.correlation([1, None], [1, 2])
    with pytest.raises(plaudit.NotFiniteError):
        plaudit.correlation([1, None, 2], [1, 2, 3], refuse_gaps=True)
    with pytest.raises(plaudit.OutOfRangeError, match="max_lag"):
        plaudit.lagged_correlation([1, 2], [1, 2], 2)
