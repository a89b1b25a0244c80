"""Sentiment beside a KPI: scores gathered by time, and how two series belong together.

    series = plaudit.sentiment_series(model.predict(posts), posted_at, bucket="day")
    revenue = series.gather(ordered_at, amounts)
    plaudit.correlation(series.means, revenue, resamples=2000)
    plaudit.lagged_correlation(series.means, revenue, max_lag=7)

A bucket without rows is NaN, and pairs with one are left out.
"""

from __future__ import annotations

import datetime as dt
from ctypes import byref
from dataclasses import dataclass
from typing import Any, Mapping, NamedTuple, Union

from . import _abi, _arrays
from ._arguments import choice, flag, real, real_setting, whole
from ._run import ProgressOption, Run
from .errors import OutOfRangeError, ShapeError, call
from .library import Cancel
from .neural import Predictions
from .stats import Interval

_lib = _abi.load()

_MICROSECONDS = 1_000_000
_MISSING = -2**63
_EPOCH = dt.datetime(1970, 1, 1)
_WIDTHS = {"minute": 60, "hour": 3600, "day": 86400, "week": 7 * 86400}
# What common names of classes are worth.
_LABEL_VALUES = {"negative": -1.0, "neutral": 0.0, "positive": 1.0}

Bucket = Union[str, int, float, dt.timedelta]


# ---- Times ------------------------------------------------------------------------------------


def _span(value: Any, name: str) -> int:
    """A length of time in microseconds."""
    if isinstance(value, dt.timedelta):
        return value // dt.timedelta(microseconds=1)
    return round(real(value, name) * _MICROSECONDS)


def _moment(value: Any, name: str) -> int:
    """A point in time in microseconds since 1970: a number is seconds, a plain date is UTC."""
    if value is None or type(value).__name__ in ("NaTType", "NAType"):
        return _MISSING
    if isinstance(value, dt.datetime):
        if value.tzinfo is not None:
            value = value.astimezone(dt.timezone.utc).replace(tzinfo=None)
        return (value - _EPOCH) // dt.timedelta(microseconds=1)
    if isinstance(value, dt.date):
        return (dt.datetime(value.year, value.month, value.day) - _EPOCH) // dt.timedelta(
            microseconds=1)
    if isinstance(value, str):
        try:
            return _moment(dt.datetime.fromisoformat(value.replace("Z", "+00:00")), name)
        except ValueError:
            raise OutOfRangeError(f"{name} is {value!r}, which is no ISO date") from None
    if hasattr(value, "astype"):
        return _moment(value.item(), name)
    number = real(value, name)
    if number != number:
        return _MISSING
    if not abs(number) < 9e12:
        raise OutOfRangeError(f"{name} is {number}, which is no time in seconds since 1970")
    return round(number * _MICROSECONDS)


class _Times:
    """Microseconds since 1970 for the library."""

    def __init__(self, times: Any, name: str) -> None:
        module = _arrays.numpy()
        kind = getattr(getattr(times, "dtype", None), "kind", "")
        if module is not None and kind == "M":
            if hasattr(times, "to_numpy"):
                times = times.to_numpy("datetime64[us]")
            times = module.asarray(times).astype("datetime64[us]").astype("int64")
        elif module is not None and kind and kind in "iu":
            times = module.asarray(times).astype("int64") * _MICROSECONDS
        else:
            times = [
                _moment(value, f"{name}[{row}]")
                for row, value in enumerate(_arrays.listed(times, name))]
        self.column = _arrays.Column(times, name, "q")


def _starts(buckets: Any) -> Any:
    module = _arrays.numpy()
    first = buckets.origin + buckets.first * buckets.width
    if module is not None:
        return (first + module.arange(buckets.count) * buckets.width).astype("datetime64[us]")
    return [
        _EPOCH + dt.timedelta(microseconds=first + number * buckets.width)
        for number in range(buckets.count)]


# ---- Series -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Series:
    """Rows gathered by time; every column has one entry a bucket, in order.

    starts: when each bucket begins, in UTC. counts, sums, means: of its rows; the mean of a bucket
    without rows is NaN. shares: the share of each label, by name. rows_outside lie in no bucket,
    rows_missing lack a time, a value or a label.
    """

    starts: Any
    counts: Any
    sums: Any
    means: Any
    shares: Mapping[str, Any]
    rows_outside: int
    rows_missing: int
    _buckets: Any

    def __len__(self) -> int:
        return len(self.counts)

    def __repr__(self) -> str:
        width = dt.timedelta(microseconds=self._buckets.width)
        return f"<Series of {len(self)} buckets of {width}, {int(sum(self.counts))} rows>"

    def gather(self, times: Any, values: Any, *, how: str = "sum") -> Any:
        """Another column of numbers in the same buckets, NaN in those without rows.

        how: "sum" (revenue), "mean" (a rate that is measured), or "count".
        """
        choice(how, "how", {"sum": 0, "mean": 1, "count": 2})
        found = _gather(self._buckets, _Times(times, "times"), values=values)
        if how == "mean":
            return found.means
        column = found.sums if how == "sum" else found.counts
        return _arrays.column_of(
            [value if count else float("nan")
             for value, count in zip(column.tolist(), found.counts.tolist())], "d")

    def to_dict(self) -> dict[str, Any]:
        """The columns by name, shares as share_<label>: what a data frame is made of."""
        return {
            "start": self.starts, "count": self.counts, "sum": self.sums, "mean": self.means,
            **{f"share_{name}": share for name, share in self.shares.items()}}


def _gather(
    buckets: Any, times: _Times, *, values: Any = None, predictions: Predictions | None = None,
    label_values: list[float] | None = None,
) -> Series:
    rows = _abi.plaudit_timed_rows()
    rows.count, rows.times = times.column.count, times.column.address
    names: tuple[str, ...] = ()
    kept: list[Any] = [times]
    if predictions is not None:
        names = predictions.label_names
        labels = _arrays.Column(predictions.label_indices, "labels", "i")
        address, count, scores = _arrays.matrix(predictions.scores, len(names), "scores")
        worth = _arrays.Column(label_values or [], "label_values", "d")
        kept += [labels, scores, worth]
        rows.labels, rows.scores, rows.label_values = labels.address, address, worth.address
        rows.label_count = len(names)
    elif values is not None:
        column = _arrays.Column(values, "values", "d")
        kept.append(column)
        rows.values, count = column.address, column.count
    if count != rows.count:
        raise ShapeError(f"times has {rows.count} rows, the values {count}")
    counts, sums, means = (_arrays.Output(kind, buckets.count) for kind in "qdd")
    shares = _arrays.Output("d", buckets.count * len(names))
    totals = _abi.plaudit_series_totals()
    call(
        _lib.plaudit_series_gather, byref(rows), byref(buckets), counts.address, sums.address,
        means.address, shares.address, byref(totals))
    del kept
    table = shares.value()
    return Series(
        _starts(buckets), counts.value(), sums.value(), means.value(),
        {name: table[label::len(names)] for label, name in enumerate(names)},
        totals.rows_outside, totals.rows_missing, buckets)


def sentiment_series(
    scores: Any, times: Any, bucket: Bucket = "day", *,
    label_values: Mapping[str, float] | None = None, start: Any = None, end: Any = None,
    utc_offset: Any = 0,
) -> Series:
    """Sentiment by time: the mean score and the share of each label in each bucket.

    scores: what `Model.predict` gives, or a column of numbers. times: one a row; datetimes,
    datetime64, pandas columns, ISO strings, or seconds since 1970 (UTC). bucket: "minute", "hour",
    "day", "week" (from Monday), seconds or a timedelta. label_values: what each label is worth;
    negative, neutral and positive are -1, 0 and 1. start, end: buckets from one time to before
    another; else from the earliest to the latest row. utc_offset: seconds or a timedelta by which
    local days begin before those of UTC.
    """
    moments = _Times(times, "times")
    width = (
        choice(bucket, "bucket", _WIDTHS) * _MICROSECONDS if isinstance(bucket, str)
        else _span(bucket, "bucket"))
    origin = -_span(utc_offset, "utc_offset")
    if bucket == "week":
        origin += 4 * 86400 * _MICROSECONDS  # 1970 began on a Thursday
    buckets = _abi.plaudit_buckets()
    ends = moments.column
    if start is not None or end is not None:
        if start is None or end is None:
            raise OutOfRangeError("start and end go together")
        first, last = _moment(start, "start"), _moment(end, "end")
        if first >= last:
            raise OutOfRangeError("end must lie after start")
        ends = _arrays.Column([first, last - 1], "start and end", "q")
    call(
        _lib.plaudit_series_span, ends.address, ends.count, origin, width, byref(buckets))
    if not isinstance(scores, Predictions):
        return _gather(buckets, moments, values=scores)
    worth = _LABEL_VALUES if label_values is None else label_values
    known = {name.lower(): value for name, value in worth.items()}
    unknown = [name for name in scores.label_names if name.lower() not in known]
    if unknown:
        raise OutOfRangeError(f"label_values lacks {', '.join(map(repr, unknown))}")
    return _gather(
        buckets, moments, predictions=scores,
        label_values=[
            real(known[name.lower()], f"label_values[{name!r}]") for name in scores.label_names])


# ---- Correlation ------------------------------------------------------------------------------


class Coefficient(NamedTuple):
    """value: -1..1, NaN where a column is constant. p_value and interval take rows as independent;
    block_interval keeps neighbours in time together, and is NaN without resamples."""

    value: float
    p_value: float
    interval: Interval
    block_interval: Interval


@dataclass(frozen=True)
class Correlation:
    """count: rows with both numbers. slope, intercept: of least squares, y by x; median_slope,
    median_intercept: of Theil and Sen, which a few wild rows do not move."""

    count: int
    pearson: Coefficient
    spearman: Coefficient
    kendall: Coefficient
    slope: float
    intercept: float
    slope_standard_error: float
    r2: float
    median_slope: float
    median_intercept: float
    block_length: int


class LaggedCorrelation(NamedTuple):
    """x at t beside y at t + lag: above 0, x comes first. count: pairs with both numbers."""

    lag: int
    count: int
    value: float
    p_value: float
    interval: Interval
    block_interval: Interval


class GrangerTest(NamedTuple):
    """f with its degrees of freedom; rows: times with all of their past."""

    f: float
    p_value: float
    numerator_freedom: int
    denominator_freedom: int
    rows: int


_METHODS = {
    "pearson": _abi.CORRELATION_PEARSON, "spearman": _abi.CORRELATION_SPEARMAN,
    "kendall": _abi.CORRELATION_KENDALL}


def _pair(interval: Any) -> Interval:
    return Interval(interval.lower, interval.upper)


def _coefficient(found: Any) -> Coefficient:
    return Coefficient(
        found.value, found.p_value, _pair(found.interval), _pair(found.block_interval))


def _options(
    confidence: float, resamples: int, block_length: int | None, seed: int, refuse_gaps: bool
) -> Any:
    options = _abi.plaudit_correlation_options()
    options.confidence = real_setting(confidence, "confidence")
    options.resamples = whole(resamples, "resamples", 0, 10_000_000)
    if block_length is not None:
        options.block_length = whole(block_length, "block_length", 1)
    options.seed = whole(seed, "seed", 0, 2**64 - 1)
    options.refuse_gaps = flag(refuse_gaps, "refuse_gaps")
    return options


def correlation(
    x: Any, y: Any, *, confidence: float = 0.95, resamples: int = 0,
    block_length: int | None = None, seed: int = 0, refuse_gaps: bool = False, threads: int = 0,
    progress: ProgressOption = None, cancel: Cancel | None = None, timeout: float | None = None,
) -> Correlation:
    """How two columns belong together: Pearson, Spearman, Kendall's tau-b, and two lines.

    resamples: of blocks of `block_length` rows (default: the cube root of their number), for
    block_interval: series whose neighbours are alike need it. Rows with NaN on either side are left
    out, or refused.
    """
    one, two = _arrays.columns(x, y, ("x", "y"), "d")
    options = _options(confidence, resamples, block_length, seed, refuse_gaps)
    found = _abi.plaudit_correlation()
    with Run(threads=threads, progress=progress, cancel=cancel, timeout=timeout) as run:
        run(
            _lib.plaudit_stats_correlation, one.address, two.address, one.count, byref(options),
            Run.OPTIONS, byref(found))
    return Correlation(
        found.count, _coefficient(found.pearson), _coefficient(found.spearman),
        _coefficient(found.kendall), found.slope, found.intercept, found.slope_standard_error,
        found.r2, found.median_slope, found.median_intercept, found.block_length)


def lagged_correlation(
    x: Any, y: Any, max_lag: int, *, method: str = "pearson", confidence: float = 0.95,
    resamples: int = 0, block_length: int | None = None, seed: int = 0, refuse_gaps: bool = False,
    threads: int = 0, progress: ProgressOption = None, cancel: Cancel | None = None,
    timeout: float | None = None,
) -> list[LaggedCorrelation]:
    """The correlation of x with a later y at each lag from -max_lag to max_lag; else as
    `correlation`. method: "pearson", "spearman" or "kendall"."""
    number = choice(method, "method", _METHODS)
    one, two = _arrays.columns(x, y, ("x", "y"), "d")
    reach = whole(max_lag, "max_lag", 0, max(0, one.count - 1))
    options = _options(confidence, resamples, block_length, seed, refuse_gaps)
    found = (_abi.plaudit_lagged_correlation * (2 * reach + 1))()
    with Run(threads=threads, progress=progress, cancel=cancel, timeout=timeout) as run:
        run(
            _lib.plaudit_stats_lagged_correlation, number, one.address, two.address, one.count,
            reach, byref(options), Run.OPTIONS, byref(found))
    return [
        LaggedCorrelation(row.lag, row.count, *_coefficient(row.coefficient)) for row in found]


def granger_test(y: Any, x: Any, lags: int = 1) -> GrangerTest:
    """Whether the last `lags` values of x help to foretell y beyond y's own past."""
    one, two = _arrays.columns(y, x, ("y", "x"), "d")
    found = _abi.plaudit_granger()
    call(
        _lib.plaudit_stats_granger, one.address, two.address, one.count,
        whole(lags, "lags", 1, 100), byref(found))
    return GrangerTest(
        found.f, found.p_value, found.numerator_freedom, found.denominator_freedom, found.rows)
