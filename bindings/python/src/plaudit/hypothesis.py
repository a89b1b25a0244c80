"""Is the difference real, and how large must a sample be? Definitions in docs/stats.md.

Every test returns a HypothesisTest, with NaN for what it does not have, and raises where it has no
p value: UndefinedError (too few rows, nothing varies), InvalidDataError (impossible counts),
NotFiniteError. Where columns are given instead of numbers, one call tests every row and returns
HypothesisTests, in which such rows are NaN with HypothesisFlag bits; `refuse=True` raises at the
first of them. Intervals are two-sided whatever the alternative.
"""

from __future__ import annotations

import ctypes
from ctypes import byref
from dataclasses import dataclass, fields
from enum import IntFlag
from typing import Any, Iterator, NamedTuple, Sequence

from . import _abi, _arrays
from ._arguments import choice, flag, real, real_setting, setting, whole
from ._run import ProgressOption, Run
from .errors import OutOfRangeError, ShapeError, call
from .library import Cancel
from .stats import Interval, IntervalColumn

_lib = _abi.load()


class HypothesisFlag(IntFlag):
    """What a test could not say, or what to keep in mind."""

    TOO_FEW_ROWS = _abi.TEST_FLAG_TOO_FEW_ROWS
    ZERO_VARIANCE = _abi.TEST_FLAG_ZERO_VARIANCE
    INVALID_COUNTS = _abi.TEST_FLAG_INVALID_COUNTS
    NOT_FINITE = _abi.TEST_FLAG_NOT_FINITE
    SMALL_EXPECTED = _abi.TEST_FLAG_SMALL_EXPECTED
    UNBOUNDED_INTERVAL = _abi.TEST_FLAG_UNBOUNDED_INTERVAL
    TIES = _abi.TEST_FLAG_TIES
    EMPTY_CELL = _abi.TEST_FLAG_EMPTY_CELL


@dataclass(frozen=True)
class HypothesisTest:
    """The outcome of a test; NaN is what it does not have.

    statistic: z, t, F, chi-square, U, D or H. degrees_of_freedom: infinite for z, of the numerator
    for F. p_value: precise in the tails. interval: of `estimate`. standard_error: of the logarithm
    for ratios. effect_size: Cohen's d or h, Cramer's V, eta squared, rank-biserial r;
    corrected_effect_size: Hedges' g, Bergsma's V, omega squared. exact: p_value is from the exact
    distribution.
    """

    statistic: float
    degrees_of_freedom: float
    denominator_degrees: float
    p_value: float
    estimate: float
    standard_error: float
    interval: Interval
    effect_size: float
    corrected_effect_size: float
    flags: HypothesisFlag
    exact: bool


@dataclass(frozen=True)
class TableTest(HypothesisTest):
    """The same of a table; expected: counts if rows and columns had nothing to do with each other."""

    expected: Any


class HypothesisTests:
    """Tests of many rows: each number of a HypothesisTest is a column, the interval two of them.

    `tests[row]` is one HypothesisTest, `columns()` a dict of arrays, as a DataFrame takes it.
    """

    _NUMBERS = (
        "statistic", "degrees_of_freedom", "denominator_degrees", "p_value", "estimate",
        "standard_error", "lower", "upper", "effect_size", "corrected_effect_size")
    _BITS = ("flags", "exact")

    def __init__(self, count: int) -> None:
        self._count = count
        module = _arrays.numpy()
        if module is None:
            self._rows = (_abi.plaudit_test_row * count)()
            self.address = ctypes.addressof(self._rows)
        else:
            self._rows = module.empty(
                count, [(name, "f8") for name in self._NUMBERS]
                + [(name, "i4") for name in self._BITS])
            self.address = self._rows.ctypes.data

    def __len__(self) -> int:
        return self._count

    def __getattr__(self, name: str) -> Any:
        if name not in self._NUMBERS and name not in self._BITS:
            raise AttributeError(name)
        if not isinstance(self._rows, ctypes.Array):
            return self._rows[name]
        if name in ("lower", "upper"):
            values = [getattr(row.interval, name) for row in self._rows]
        else:
            values = [getattr(row, name) for row in self._rows]
        return _arrays.column_of(values, "i" if name in self._BITS else "d")

    def __getitem__(self, row: int) -> HypothesisTest:
        if not -self._count <= row < self._count:
            raise IndexError(f"row {row} of {self._count}")
        if isinstance(self._rows, ctypes.Array):
            return _test(self._rows[row])
        start = self.address + (row % self._count) * ctypes.sizeof(_abi.plaudit_test_row)
        return _test(_abi.plaudit_test_row.from_address(start))

    def __iter__(self) -> Iterator[HypothesisTest]:
        return (self[row] for row in range(self._count))

    def columns(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self._NUMBERS + self._BITS}

    def __repr__(self) -> str:
        return f"HypothesisTests({self._count} rows: {', '.join(self._NUMBERS + self._BITS)})"


def _test(row: _abi.plaudit_test_row) -> HypothesisTest:
    return HypothesisTest(**_values(row))


def _values(row: _abi.plaudit_test_row) -> dict[str, Any]:
    values = {name: getattr(row, name) for name, _ in row._fields_}
    values["interval"] = Interval(row.interval.lower, row.interval.upper)
    values["flags"] = HypothesisFlag(row.flags)
    values["exact"] = bool(row.exact)
    return values


# ---- Options ----------------------------------------------------------------------------------

_ALTERNATIVES = {
    "two-sided": _abi.ALTERNATIVE_TWO_SIDED, "greater": _abi.ALTERNATIVE_GREATER,
    "less": _abi.ALTERNATIVE_LESS}


def _options(
    confidence: Any = 0.95, alternative: str = "two-sided", null: Any = None,
    margins: Any = None,
) -> _abi.plaudit_hypothesis_options:
    options = _abi.plaudit_hypothesis_options()
    options.confidence = real(confidence, "confidence")
    if options.confidence == 0:
        raise OutOfRangeError("confidence is 0, allowed is what lies between 0 and 1")
    options.alternative = choice(alternative, "alternative", _ALTERNATIVES)
    if null is not None:
        options.has_null_value = 1
        options.null_value = real(null, "null")
    if margins is not None:
        if alternative != "two-sided" or null is not None:
            raise OutOfRangeError("margins ask for equivalence: leave out alternative and null")
        low, high = margins
        options.alternative = _abi.ALTERNATIVE_EQUIVALENT
        options.margin_lower = real(low, "margins[0]")
        options.margin_upper = real(high, "margins[1]")
    return options


def _exactness(exact: bool | None) -> int:
    if exact is None:
        return _abi.EXACTNESS_AUTOMATIC
    return _abi.EXACTNESS_EXACT if flag(exact, "exact") else _abi.EXACTNESS_ASYMPTOTIC


def _integers(values: dict[str, Any]) -> tuple[int, list[_arrays.Column]]:
    """Columns of one length; numbers beside columns are repeated."""
    count = None
    for name, value in values.items():
        if _arrays.is_column(value):
            rows = len(value) if hasattr(value, "__len__") else None
            if rows is None:
                values[name] = list(value)
                rows = len(values[name])
            if count is not None and rows != count:
                raise ShapeError(f"{name} has {rows} rows, others have {count}")
            count = rows
    return count, [
        _arrays.Column(value, name, "q", None if _arrays.is_column(value) else count)
        for name, value in values.items()]


# ---- Rates ------------------------------------------------------------------------------------

_RATES = {
    "wilson": _abi.RATE_WILSON, "agresti-coull": _abi.RATE_AGRESTI_COULL,
    "clopper-pearson": _abi.RATE_CLOPPER_PEARSON, "jeffreys": _abi.RATE_JEFFREYS,
    "wald": _abi.RATE_WALD}
_MEASURES = {
    "difference": _abi.EFFECT_DIFFERENCE, "ratio": _abi.EFFECT_RATIO,
    "odds-ratio": _abi.EFFECT_ODDS_RATIO}
_INTERVALS = {
    None: _abi.EFFECT_INTERVAL_DEFAULT, "newcombe": _abi.EFFECT_INTERVAL_NEWCOMBE,
    "score": _abi.EFFECT_INTERVAL_SCORE, "miettinen-nurminen": _abi.EFFECT_INTERVAL_SCORE,
    "wald": _abi.EFFECT_INTERVAL_WALD, "adjusted": _abi.EFFECT_INTERVAL_ADJUSTED,
    "agresti-caffo": _abi.EFFECT_INTERVAL_ADJUSTED,
    "statsmodels-score": _abi.EFFECT_INTERVAL_STATSMODELS_SCORE}
_VARIANCES = {
    "pooled": _abi.VARIANCE_POOLED, "unpooled": _abi.VARIANCE_UNPOOLED,
    "score": _abi.VARIANCE_SCORE}


def rate_interval(
    successes: Any, trials: Any, confidence: float = 0.95, *, method: str = "wilson",
    flags: bool = False, refuse: bool = False, threads: int = 0, progress: ProgressOption = None,
    cancel: Cancel | None = None, timeout: float | None = None,
) -> Any:
    """An interval of a rate: an Interval, or an IntervalColumn for columns.

    method: "wilson", "agresti-coull", "clopper-pearson", "jeffreys" or "wald". 0 trials are
    UndefinedError, successes outside 0..trials InvalidDataError; in columns NaN, with KPIFlag bits
    when `flags`, or raised when `refuse`.
    """
    number = choice(method, "method", _RATES)
    options = _options(confidence)
    single = not _arrays.is_column(successes) and not _arrays.is_column(trials)
    if single:
        if flags or refuse:
            raise TypeError("flags and refuse are for columns; single numbers raise")
        successes, trials = [whole(successes, "successes")], [whole(trials, "trials")]
    options.refuse = int(single or flag(refuse, "refuse"))
    hits, tries = _arrays.columns(successes, trials, ("successes", "trials"), "q")
    lower, upper = _arrays.Output("d", hits.count), _arrays.Output("d", hits.count)
    bits = _arrays.Output("i", hits.count) if flags else None
    if single:
        call(
            _lib.plaudit_stats_rate_intervals, hits.address, tries.address, 1, number,
            byref(options), None, lower.address, upper.address, None)
        return Interval(float(lower.value()[0]), float(upper.value()[0]))
    with Run(threads=threads, progress=progress, cancel=cancel, timeout=timeout) as run:
        run(
            _lib.plaudit_stats_rate_intervals, hits.address, tries.address, hits.count, number,
            byref(options), Run.OPTIONS, lower.address, upper.address,
            None if bits is None else bits.address)
    return IntervalColumn(lower.value(), upper.value(), None if bits is None else bits.value())


def compare_rates(
    treatment_successes: Any, treatment_trials: Any, control_successes: Any, control_trials: Any,
    *, measure: str = "difference", interval: str | None = None, variance: str | None = None,
    alternative: str = "two-sided", null: float | None = None,
    margins: tuple[float, float] | None = None, confidence: float = 0.95, refuse: bool = False,
    threads: int = 0, progress: ProgressOption = None, cancel: Cancel | None = None,
    timeout: float | None = None,
) -> Any:
    """Whether two rates differ, by a z test, with an interval of the effect.

    measure: "difference" (treatment - control), "ratio", "odds-ratio". interval: None is Newcombe
    for a difference, the score interval for a ratio, the adjusted logit for an odds ratio; by name
    "newcombe", "score" (Miettinen and Nurminen), "wald", "adjusted" (Agresti and Caffo), and
    "statsmodels-score", what statsmodels 0.15.0 prints for the score interval. variance:
    "pooled", "unpooled", "score"; None is pooled, or unpooled with `null` or `margins`. margins:
    (low, high) asks whether the effect lies within them (TOST).

    Without trials UndefinedError. No success in either group, or no failure, leaves statistic and
    p_value NaN with HypothesisFlag.ZERO_VARIANCE; the interval stays.
    """
    options = _options(confidence, alternative, null, margins)
    options.interval = choice(interval, "interval", _INTERVALS)
    if variance is None:
        variance = "pooled" if null is None and margins is None else "unpooled"
    options.variance = choice(variance, "variance", _VARIANCES)
    number = choice(measure, "measure", _MEASURES)
    counts = {
        "treatment_successes": treatment_successes, "treatment_trials": treatment_trials,
        "control_successes": control_successes, "control_trials": control_trials}
    if not any(_arrays.is_column(value) for value in counts.values()):
        row = _abi.plaudit_two_proportions(
            **{name: whole(value, name) for name, value in counts.items()})
        found = _abi.plaudit_test_row()
        # Where nothing varies there is no p value, and still an interval.
        for options.refuse in (0, 1):
            call(
                _lib.plaudit_stats_proportion_tests, byref(row), 1, number, byref(options), None,
                byref(found))
            if not found.flags & (HypothesisFlag.INVALID_COUNTS | HypothesisFlag.TOO_FEW_ROWS):
                break
        return _test(found)
    options.refuse = flag(refuse, "refuse")
    count, columns = _integers(counts)
    rows = _interleaved(columns, count)
    tests = HypothesisTests(count)
    with Run(threads=threads, progress=progress, cancel=cancel, timeout=timeout) as run:
        run(
            _lib.plaudit_stats_proportion_tests, rows.address, count, number, byref(options),
            Run.OPTIONS, tests.address)
    return tests


def _interleaved(columns: Sequence[_arrays.Column], count: int) -> _arrays.Output:
    rows = _arrays.Output("q", count, len(columns))
    module = _arrays.numpy()
    for place, column in enumerate(columns):
        if module is not None:
            rows.value()[:, place] = module.frombuffer(
                (ctypes.c_int64 * count).from_address(column.address), "int64")
        else:
            source = (ctypes.c_int64 * count).from_address(column.address)
            target = (ctypes.c_int64 * rows.count).from_address(rows.address)
            for row in range(count):
                target[row * len(columns) + place] = source[row]
    return rows


# ---- Means ------------------------------------------------------------------------------------


class Moments(NamedTuple):
    """Sufficient statistics of a sample, or columns of them; variance is divided by count - 1."""

    count: Any
    mean: Any
    variance: Any


def moments(values: Any, paired: Any = None) -> Moments:
    """Count, mean and variance of a column, or of the differences `values - paired`."""
    if paired is None:
        column, other = _arrays.Column(values, "values", "d"), None
    else:
        column, other = _arrays.columns(values, paired, ("values", "paired"), "d")
    found = _abi.plaudit_moments()
    call(
        _lib.plaudit_stats_moments, column.address, None if other is None else other.address,
        column.count, byref(found))
    return Moments(found.count, found.mean, found.variance)


def _single(sample: Any, name: str) -> _abi.plaudit_moments:
    if not isinstance(sample, Moments):
        sample = moments(sample)
    return _abi.plaudit_moments(
        count=whole(sample.count, f"{name}.count"), mean=real(sample.mean, f"{name}.mean"),
        variance=real(sample.variance, f"{name}.variance"))


def _many(sample: Moments, name: str) -> Any:
    counts = _arrays.Column(sample.count, f"{name}.count", "q")
    means = _arrays.Column(sample.mean, f"{name}.mean", "d")
    variances = _arrays.Column(sample.variance, f"{name}.variance", "d")
    if not counts.count == means.count == variances.count:
        raise ShapeError(f"{name} has columns of unequal length")
    rows = counts.count
    module = _arrays.numpy()
    sources = [
        (ctypes.c_int64 * rows).from_address(counts.address),
        (ctypes.c_double * rows).from_address(means.address),
        (ctypes.c_double * rows).from_address(variances.address)]
    if module is not None:
        table = module.empty(rows, [("count", "i8"), ("mean", "f8"), ("variance", "f8")])
        for field, source in zip(("count", "mean", "variance"), sources):
            table[field] = module.frombuffer(source, "i8" if field == "count" else "f8")
        return table.ctypes.data, rows, table
    table = (_abi.plaudit_moments * rows)()
    for row, values in zip(table, zip(*sources)):
        row.count, row.mean, row.variance = values
    return ctypes.addressof(table), rows, table


def _is_many(sample: Any) -> bool:
    return isinstance(sample, Moments) and _arrays.is_column(sample.mean)


def t_test(
    first: Any, second: Any = None, *, paired: bool = False, equal_variances: bool = False,
    alternative: str = "two-sided", null: float = 0.0,
    margins: tuple[float, float] | None = None, confidence: float = 0.95, refuse: bool = False,
    threads: int = 0, progress: ProgressOption = None, cancel: Cancel | None = None,
    timeout: float | None = None,
) -> Any:
    """Whether means differ: Welch's t test, or Student's with `equal_variances`.

    first, second: columns of values, or Moments. Without `second` the mean of `first` is tested
    against `null`; paired takes the differences of values row by row. margins: (low, high) asks
    whether the difference lies within them (TOST). Moments of columns are tested row by row.
    """
    options = _options(confidence, alternative, None if margins is not None else null, margins)
    kind = _abi.MEANS_POOLED if flag(equal_variances, "equal_variances") else _abi.MEANS_WELCH
    if flag(paired, "paired"):
        if second is None or isinstance(first, Moments) or isinstance(second, Moments):
            raise TypeError("paired needs two columns of values")
        first, second = moments(first, second), None
    if not _is_many(first):
        options.refuse = 1
        one = _single(first, "first")
        other = None if second is None else _single(second, "second")
        found = _abi.plaudit_test_row()
        call(
            _lib.plaudit_stats_mean_tests, byref(one), None if other is None else byref(other), 1,
            kind, byref(options), None, byref(found))
        return _test(found)
    options.refuse = flag(refuse, "refuse")
    address, count, kept = _many(first, "first")
    other_address = other_kept = None
    if second is not None:
        if not _is_many(second):
            raise TypeError("second must be Moments of columns, as first is")
        other_address, rows, other_kept = _many(second, "second")
        if rows != count:
            raise ShapeError(f"first has {count} rows, second has {rows}")
    tests = HypothesisTests(count)
    with Run(threads=threads, progress=progress, cancel=cancel, timeout=timeout) as run:
        run(
            _lib.plaudit_stats_mean_tests, address, other_address, count, kind, byref(options),
            Run.OPTIONS, tests.address)
    del kept, other_kept
    return tests


def anova(*groups: Any, equal_variances: bool = True) -> HypothesisTest:
    """Whether the means of several groups are equal: Fisher's F, or Welch's.

    groups: columns of values, or Moments.
    """
    rows = (_abi.plaudit_moments * len(groups))(
        *(_single(group, f"groups[{index}]") for index, group in enumerate(groups)))
    found = _abi.plaudit_test_row()
    kind = _abi.ANOVA_FISHER if flag(equal_variances, "equal_variances") else _abi.ANOVA_WELCH
    call(_lib.plaudit_stats_variance_analysis, rows, len(groups), kind, byref(found))
    return _test(found)


# ---- Tables -----------------------------------------------------------------------------------


def _table(table: Any) -> tuple[_arrays.Column, int, int]:
    rows = table.tolist() if hasattr(table, "tolist") else None
    if rows is None:
        rows = table.values.tolist() if hasattr(table, "values") else [list(row) for row in table]
    width = len(rows[0]) if rows and isinstance(rows[0], list) else 0
    for index, row in enumerate(rows):
        if not isinstance(row, list) or len(row) != width:
            raise ShapeError(f"table must be [rows, {width}], row {index} is not", index=index)
    flat = [whole(cell, f"table[{index}]") for index, row in enumerate(rows) for cell in row]
    return _arrays.Column(flat, "table", "q"), len(rows), width


def chi_square(table: Any, *, correction: bool = True) -> TableTest:
    """Pearson's chi-square of a table of counts; correction: Yates', for 2 x 2."""
    options = _options()
    options.no_continuity = 1 - flag(correction, "correction")
    cells, rows, columns = _table(table)
    found = _abi.plaudit_test_row()
    expected = _arrays.Output("d", rows, columns)
    call(
        _lib.plaudit_stats_table_test, cells.address, rows, columns, _abi.TABLE_CHI_SQUARE,
        byref(options), byref(found), expected.address)
    return TableTest(**_values(found), expected=expected.value())


def fisher_exact(
    table: Any, *, alternative: str = "two-sided", confidence: float = 0.95
) -> HypothesisTest:
    """Fisher's exact test of [[a, b], [c, d]]; estimate: the odds ratio a d / (b c)."""
    options = _options(confidence, alternative)
    cells, rows, columns = _table(table)
    found = _abi.plaudit_test_row()
    call(
        _lib.plaudit_stats_table_test, cells.address, rows, columns, _abi.TABLE_FISHER,
        byref(options), byref(found), None)
    return _test(found)


# ---- Distributions ----------------------------------------------------------------------------


def _samples(first: Any, second: Any, kind: int, options: Any) -> HypothesisTest:
    one, other = _arrays.Column(first, "first", "d"), _arrays.Column(second, "second", "d")
    found = _abi.plaudit_test_row()
    call(
        _lib.plaudit_stats_sample_test, one.address, one.count, other.address, other.count, kind,
        byref(options), byref(found))
    return _test(found)


def mann_whitney(
    first: Any, second: Any, *, alternative: str = "two-sided", exact: bool | None = None,
    continuity: bool = True, confidence: float = 0.95,
) -> HypothesisTest:
    """Whether values of one sample tend to be larger; estimate: the chance that one of first is.

    exact: None is exact without ties where a sample has at most 8 values.
    """
    options = _options(confidence, alternative)
    options.exactness = _exactness(exact)
    options.no_continuity = 1 - flag(continuity, "continuity")
    return _samples(first, second, _abi.SAMPLES_MANN_WHITNEY, options)


def kolmogorov_smirnov(
    first: Any, second: Any, *, alternative: str = "two-sided", exact: bool | None = None
) -> HypothesisTest:
    """Whether two samples have one distribution; "greater": first's values are smaller."""
    options = _options(0.95, alternative)
    options.exactness = _exactness(exact)
    return _samples(first, second, _abi.SAMPLES_KOLMOGOROV_SMIRNOV, options)


def kruskal_wallis(*groups: Any) -> HypothesisTest:
    """Whether several samples have one distribution, by their ranks."""
    columns = [
        _arrays.Column(group, f"groups[{index}]", "d") for index, group in enumerate(groups)]
    total = sum(column.count for column in columns)
    values = (ctypes.c_double * total)()
    numbers = (ctypes.c_int32 * total)()
    start = 0
    for index, column in enumerate(columns):
        ctypes.memmove(
            ctypes.addressof(values) + 8 * start, column.address, 8 * column.count)
        for row in range(start, start + column.count):
            numbers[row] = index
        start += column.count
    found = _abi.plaudit_test_row()
    call(
        _lib.plaudit_stats_kruskal_wallis, values, numbers, total, len(groups), byref(found))
    return _test(found)


# ---- Quantiles --------------------------------------------------------------------------------


class Quantile(NamedTuple):
    """A quantile with an interval that assumes no distribution; clusters: independent rows."""

    value: float
    interval: Interval
    standard_error: float
    clusters: int


_QUANTILES = {
    "linear": _abi.QUANTILE_LINEAR, "harrell-davis": _abi.QUANTILE_HARRELL_DAVIS}


def _clusters(clusters: Any, rows: int, name: str) -> Any:
    """Rows of equal names get equal numbers."""
    if clusters is None:
        return None
    column = _arrays.numbers_of(clusters, name)
    if column.count != rows:
        raise ShapeError(f"{name} has {column.count} rows, the values have {rows}")
    return column


def quantiles(
    values: Any, probabilities: Any, *, clusters: Any = None, method: str = "linear",
    confidence: float = 0.95,
) -> Any:
    """Quantiles of a column: a Quantile for one probability, a list of them for several.

    clusters: names of users or sessions, one a row; rows of one name go together. method: "linear"
    (NumPy's) or "harrell-davis".
    """
    options = _options(confidence)
    column = _arrays.Column(values, "values", "d")
    single = not _arrays.is_column(probabilities)
    points = _arrays.Column(
        [probabilities] if single else probabilities, "probabilities", "d")
    groups = _clusters(clusters, column.count, "clusters")
    found = (_abi.plaudit_quantile * points.count)()
    call(
        _lib.plaudit_stats_quantiles, column.address, None if groups is None else groups.address,
        column.count, points.address, points.count, choice(method, "method", _QUANTILES),
        byref(options), found)
    results = [
        Quantile(
            one.value, Interval(one.interval.lower, one.interval.upper), one.standard_error,
            one.clusters)
        for one in found]
    return results[0] if single else results


def quantile_test(
    first: Any, second: Any, probability: float, *, first_clusters: Any = None,
    second_clusters: Any = None, method: str = "linear", alternative: str = "two-sided",
    margins: tuple[float, float] | None = None, confidence: float = 0.95,
) -> HypothesisTest:
    """Whether a quantile differs between two samples; estimate: that of first minus second's."""
    options = _options(confidence, alternative, None, margins)
    one, other = _arrays.Column(first, "first", "d"), _arrays.Column(second, "second", "d")
    groups = _clusters(first_clusters, one.count, "first_clusters")
    others = _clusters(second_clusters, other.count, "second_clusters")
    found = _abi.plaudit_test_row()
    call(
        _lib.plaudit_stats_quantile_test, one.address,
        None if groups is None else groups.address, one.count, other.address,
        None if others is None else others.address, other.count,
        real(probability, "probability"), choice(method, "method", _QUANTILES), byref(options),
        byref(found))
    return _test(found)


# ---- Power ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PowerPlan:
    """A planned experiment; counts are not rounded, round them up.

    treatment_count: of each treatment. standardized_effect: Cohen's h, d or f. level: alpha of each
    comparison after correction.
    """

    control_count: float
    treatment_count: float
    total_count: float
    effect: float
    relative_effect: float
    standardized_effect: float
    power: float
    level: float


_POWERS = {
    "fleiss": _abi.POWER_FLEISS, "cohen-h": _abi.POWER_COHEN_H,
    "baseline-null": _abi.POWER_BASELINE_NULL, "evan-miller": _abi.POWER_BASELINE_NULL,
    "baseline-variance": _abi.POWER_BASELINE_VARIANCE, "t": _abi.POWER_MEANS_T,
    "z": _abi.POWER_MEANS_Z, "anova": _abi.POWER_ANOVA}
_CORRECTIONS = {
    "bonferroni": _abi.COMPARISONS_BONFERRONI, None: _abi.COMPARISONS_UNCORRECTED,
    "sidak": _abi.COMPARISONS_SIDAK}


def _plan(
    unknown: int, method: str, baseline: Any, deviation: Any, effect: Any, lift: Any, alpha: Any,
    power: Any, control_count: Any, ratio: Any, arms: Any, alternative: str,
    correction: str | None,
) -> PowerPlan:
    design = _abi.plaudit_power_design()
    design.test = choice(method, "method", _POWERS)
    design.alternative = choice(alternative, "alternative", _ALTERNATIVES)
    design.correction = choice(correction, "correction", _CORRECTIONS)
    design.baseline = real(baseline, "baseline")
    design.deviation = real_setting(deviation, "deviation")
    if (effect is None) == (lift is None):
        raise TypeError("give one of effect= and lift=")
    design.effect = (
        real(effect, "effect") if lift is None else real(lift, "lift") * abs(design.baseline))
    design.alpha = real_setting(alpha, "alpha")
    design.power = real_setting(power, "power")
    design.control_count = real(control_count, "control_count")
    design.ratio = real_setting(ratio, "ratio")
    design.arms = setting(arms, "arms")
    plan = _abi.plaudit_power_plan()
    call(_lib.plaudit_stats_power, byref(design), unknown, byref(plan))
    return PowerPlan(**{field.name: getattr(plan, field.name) for field in fields(PowerPlan)})


def sample_size(
    *, baseline: float = 0.0, effect: float | None = None, lift: float | None = None,
    deviation: float | None = None, alpha: float | None = None, power: float | None = None,
    ratio: float | None = None, arms: int | None = None, method: str = "fleiss",
    alternative: str = "two-sided", correction: str | None = "bonferroni",
) -> PowerPlan:
    """How many rows show an effect (treatment - control) or a lift (effect / baseline).

    method: for rates "fleiss", "cohen-h", "evan-miller" (the control's variance under the null
    hypothesis, as Eppo), "baseline-variance"; for means "t" and "z", with the deviation of a value;
    "anova", whose effect is Cohen's f. Defaults: alpha 0.05, power 0.8, treatments as large as the
    control, two arms. With more arms, correction shares alpha among the comparisons.
    """
    return _plan(
        _abi.SOLVE_SAMPLE_SIZE, method, baseline, deviation, effect, lift, alpha, power, 0, ratio,
        arms, alternative, correction)


def achieved_power(
    control_count: float, *, baseline: float = 0.0, effect: float | None = None,
    lift: float | None = None, deviation: float | None = None, alpha: float | None = None,
    ratio: float | None = None, arms: int | None = None, method: str = "fleiss",
    alternative: str = "two-sided", correction: str | None = "bonferroni",
) -> PowerPlan:
    """The chance of finding an effect with so many rows in the control; as sample_size."""
    return _plan(
        _abi.SOLVE_POWER, method, baseline, deviation, effect, lift, alpha, None, control_count,
        ratio, arms, alternative, correction)


def detectable_effect(
    control_count: float, *, baseline: float = 0.0, deviation: float | None = None,
    alpha: float | None = None, power: float | None = None, ratio: float | None = None,
    arms: int | None = None, method: str = "fleiss", alternative: str = "two-sided",
    correction: str | None = "bonferroni",
) -> PowerPlan:
    """The smallest effect that so many rows in the control show; as sample_size."""
    return _plan(
        _abi.SOLVE_EFFECT, method, baseline, deviation, 0, None, alpha, power, control_count,
        ratio, arms, alternative, correction)
