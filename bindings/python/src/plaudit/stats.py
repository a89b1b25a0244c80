"""KPIs, intervals, tests, lift and classification metrics; formulas in docs/stats.md.

Rates are fractions, money is in the caller's currency. A KPI of two numbers is a float and raises
where there is none: UndefinedError (no denominator), NotFiniteError, InvalidDataError. Of columns
(sequences, arrays, Series; a number beside a column is repeated) it is a column, NaN where there
is no value; `flags=True` returns a KPIColumn that says why, `refuse=True` raises at the first row
that a call with its numbers would refuse. Rows go by position.
"""

from __future__ import annotations

from ctypes import byref, c_double
from dataclasses import dataclass
from enum import IntFlag
from typing import Any, NamedTuple, Sequence

from . import _abi, _arrays
from ._arguments import choice, real, whole
from .errors import OutOfRangeError, UndefinedError, call

_lib = _abi.load()


class KPIFlag(IntFlag):
    """Why a value of a column is missing or wants a second look."""

    NO_DENOMINATOR = _abi.KPI_FLAG_NO_DENOMINATOR
    NUMERATOR_WITHOUT_DENOMINATOR = _abi.KPI_FLAG_NUMERATOR_WITHOUT_DENOMINATOR
    NON_POSITIVE_DENOMINATOR = _abi.KPI_FLAG_NON_POSITIVE_DENOMINATOR
    NEGATIVE_REVENUE = _abi.KPI_FLAG_NEGATIVE_REVENUE
    RATE_ABOVE_ONE = _abi.KPI_FLAG_RATE_ABOVE_ONE
    NAN_INPUT = _abi.KPI_FLAG_NAN_INPUT
    INFINITE_INPUT = _abi.KPI_FLAG_INFINITE_INPUT
    NEGATIVE_COUNT = _abi.KPI_FLAG_NEGATIVE_COUNT
    FRACTIONAL_COUNT = _abi.KPI_FLAG_FRACTIONAL_COUNT
    ROWS_DROPPED = _abi.KPI_FLAG_ROWS_DROPPED
    INVALID_BINOMIAL = _abi.KPI_FLAG_INVALID_BINOMIAL
    INVALID_SCORE = _abi.KPI_FLAG_INVALID_SCORE
    LOW_BASELINE = _abi.KPI_FLAG_LOW_BASELINE


class LiftFlag(IntFlag):
    """What to keep in mind about a lift."""

    ZERO_BASELINE = _abi.LIFT_FLAG_ZERO_BASELINE
    UNBOUNDED_INTERVAL = _abi.LIFT_FLAG_UNBOUNDED_INTERVAL
    LOW_BASELINE = _abi.LIFT_FLAG_LOW_BASELINE
    ZERO_VARIANCE = _abi.LIFT_FLAG_ZERO_VARIANCE
    NO_USERS = _abi.LIFT_FLAG_NO_USERS
    FEW_USERS = _abi.LIFT_FLAG_FEW_USERS
    IMPOSSIBLE_SUMS = _abi.LIFT_FLAG_IMPOSSIBLE_SUMS
    NOT_FINITE = _abi.LIFT_FLAG_NOT_FINITE
    NEGATIVE_COUNT = _abi.LIFT_FLAG_NEGATIVE_COUNT
    INVALID_BINOMIAL = _abi.LIFT_FLAG_INVALID_BINOMIAL
    FRACTIONAL_COUNT = _abi.LIFT_FLAG_FRACTIONAL_COUNT
    NO_DENOMINATOR = _abi.LIFT_FLAG_NO_DENOMINATOR
    NO_LOGARITHM = _abi.LIFT_FLAG_NO_LOGARITHM
    COVARIATE_LEFT_OUT = _abi.LIFT_FLAG_COVARIATE_LEFT_OUT
    SAMPLE_RATIO_MISMATCH = _abi.LIFT_FLAG_SAMPLE_RATIO_MISMATCH
    UNEXPECTED_USERS = _abi.LIFT_FLAG_UNEXPECTED_USERS
    NEGATIVE_BASELINE = _abi.LIFT_FLAG_NEGATIVE_BASELINE


# The numbers of KPIs by the names of their columns.
KPI_NUMBERS = {
    _lib.plaudit_kpi_name(_number).decode(): _number for _name, _number in vars(_abi).items()
    if _name.startswith("KPI_") and not _name.startswith("KPI_FLAG_")}


class KPIColumn(NamedTuple):
    """values: float64, NaN where there is none. flags: int32, bits of KPIFlag."""

    values: Any
    flags: Any


def _kpi(
    function: Any, number: int, names: tuple[str, str], numerator: Any, denominator: Any,
    flags: bool, refuse: bool,
) -> Any:
    if not _arrays.is_column(numerator) and not _arrays.is_column(denominator):
        if flags or refuse:
            raise TypeError("flags and refuse are for columns; single numbers raise")
        value = c_double()
        call(function, real(numerator, names[0]), real(denominator, names[1]), byref(value))
        return value.value
    above, below = _arrays.columns(numerator, denominator, names, "d")
    values = _arrays.Output("d", above.count)
    bits = _arrays.Output("i", above.count) if flags else None
    call(
        _lib.plaudit_kpi_column, number, above.address, below.address, above.count, int(refuse),
        values.address, None if bits is None else bits.address)
    return values.value() if bits is None else KPIColumn(values.value(), bits.value())


def click_through_rate(
    clicks: Any, impressions: Any, *, flags: bool = False, refuse: bool = False
) -> Any:
    """clicks / impressions, 0 to 1; more clicks than impressions are InvalidDataError."""
    return _kpi(
        _lib.plaudit_kpi_click_through_rate, _abi.KPI_CLICK_THROUGH_RATE,
        ("clicks", "impressions"), clicks, impressions, flags, refuse)


def engagement_rate(
    engagements: Any, *, impressions: Any = None, reach: Any = None, followers: Any = None,
    flags: bool = False, refuse: bool = False,
) -> Any:
    """engagements / impressions, reach or followers: name exactly one. May exceed 1."""
    given = [
        (name, column) for name, column in
        (("impressions", impressions), ("reach", reach), ("followers", followers))
        if column is not None]
    if len(given) != 1:
        raise TypeError("engagement_rate needs exactly one of impressions=, reach=, followers=")
    (name, column), = given
    function, number = {
        "impressions": (
            _lib.plaudit_kpi_engagement_rate_by_impressions,
            _abi.KPI_ENGAGEMENT_RATE_BY_IMPRESSIONS),
        "reach": (
            _lib.plaudit_kpi_engagement_rate_by_reach, _abi.KPI_ENGAGEMENT_RATE_BY_REACH),
        "followers": (
            _lib.plaudit_kpi_engagement_rate_by_followers, _abi.KPI_ENGAGEMENT_RATE_BY_FOLLOWERS),
    }[name]
    return _kpi(function, number, ("engagements", name), engagements, column, flags, refuse)


def conversion_rate(
    conversions: Any, visitors: Any, *, flags: bool = False, refuse: bool = False
) -> Any:
    """conversions / visitors (or clicks); may exceed 1 where one visitor converts repeatedly."""
    return _kpi(
        _lib.plaudit_kpi_conversion_rate, _abi.KPI_CONVERSION_RATE, ("conversions", "visitors"),
        conversions, visitors, flags, refuse)


def cost_per_click(cost: Any, clicks: Any, *, flags: bool = False, refuse: bool = False) -> Any:
    """cost / clicks, in the currency of the cost."""
    return _kpi(
        _lib.plaudit_kpi_cost_per_click, _abi.KPI_COST_PER_CLICK, ("cost", "clicks"), cost, clicks,
        flags, refuse)


def cost_per_mille(
    cost: Any, impressions: Any, *, flags: bool = False, refuse: bool = False
) -> Any:
    """1000 * cost / impressions, in the currency of the cost."""
    return _kpi(
        _lib.plaudit_kpi_cost_per_mille, _abi.KPI_COST_PER_MILLE, ("cost", "impressions"), cost,
        impressions, flags, refuse)


def cost_per_action(cost: Any, actions: Any, *, flags: bool = False, refuse: bool = False) -> Any:
    """cost / actions (conversions, sign-ups, orders), in the currency of the cost."""
    return _kpi(
        _lib.plaudit_kpi_cost_per_action, _abi.KPI_COST_PER_ACTION, ("cost", "actions"), cost,
        actions, flags, refuse)


def return_on_ad_spend(
    revenue: Any, cost: Any, *, flags: bool = False, refuse: bool = False
) -> Any:
    """revenue / cost; a cost of zero or less is UndefinedError."""
    return _kpi(
        _lib.plaudit_kpi_return_on_ad_spend, _abi.KPI_RETURN_ON_AD_SPEND, ("revenue", "cost"),
        revenue, cost, flags, refuse)


def return_on_investment(
    revenue: Any, cost: Any, *, flags: bool = False, refuse: bool = False
) -> Any:
    """(revenue - cost) / cost; a cost of zero or less is UndefinedError."""
    return _kpi(
        _lib.plaudit_kpi_return_on_investment, _abi.KPI_RETURN_ON_INVESTMENT, ("revenue", "cost"),
        revenue, cost, flags, refuse)


def average_order_value(
    revenue: Any, orders: Any, *, flags: bool = False, refuse: bool = False
) -> Any:
    """revenue / orders, in the currency of the revenue."""
    return _kpi(
        _lib.plaudit_kpi_average_order_value, _abi.KPI_AVERAGE_ORDER_VALUE, ("revenue", "orders"),
        revenue, orders, flags, refuse)


def revenue_per_visitor(
    revenue: Any, visitors: Any, *, flags: bool = False, refuse: bool = False
) -> Any:
    """revenue / visitors, in the currency of the revenue."""
    return _kpi(
        _lib.plaudit_kpi_revenue_per_visitor, _abi.KPI_REVENUE_PER_VISITOR,
        ("revenue", "visitors"), revenue, visitors, flags, refuse)


def kpi(
    name: str, numerator: Any, denominator: Any, *, flags: bool = False, refuse: bool = False
) -> Any:
    """Any KPI by the name of its column in tables, such as "cac", "bounce_rate" or "nps"."""
    number = choice(name, "name", KPI_NUMBERS)

    def function(above: float, below: float, value: Any, error: Any) -> int:
        return _lib.plaudit_kpi_value(number, above, below, value, error)

    return _kpi(
        function, number, ("numerator", "denominator"), numerator, denominator, flags, refuse)


ctr = click_through_rate
cpc = cost_per_click
cpm = cost_per_mille
cpa = cost_per_action
roas = return_on_ad_spend
roi = return_on_investment
aov = average_order_value
rpv = revenue_per_visitor


# ---- How sure ---------------------------------------------------------------------------------


class Interval(NamedTuple):
    """A closed interval."""

    lower: float
    upper: float


class IntervalColumn(NamedTuple):
    """lower, upper: float64, NaN where there is none. flags: int32 bits of KPIFlag, or None."""

    lower: Any
    upper: Any
    flags: Any


def wilson_interval(
    successes: Any, trials: Any, confidence: float = 0.95, *, flags: bool = False,
    refuse: bool = False,
) -> Any:
    """Wilson's score interval of a rate: an Interval, or an IntervalColumn for columns.

    Counts are whole. 0 trials are UndefinedError, successes outside 0..trials InvalidDataError;
    in columns NaN, with KPIFlag bits when `flags`, or raised when `refuse`.
    """
    level = real(confidence, "confidence")
    if not _arrays.is_column(successes) and not _arrays.is_column(trials):
        if flags or refuse:
            raise TypeError("flags and refuse are for columns; single numbers raise")
        interval = _abi.plaudit_interval()
        call(
            _lib.plaudit_stats_wilson_interval, whole(successes, "successes"),
            whole(trials, "trials"), level, byref(interval))
        return Interval(interval.lower, interval.upper)
    hits, tries = _arrays.columns(successes, trials, ("successes", "trials"), "q")
    lower, upper = _arrays.Output("d", hits.count), _arrays.Output("d", hits.count)
    bits = _arrays.Output("i", hits.count) if flags else None
    call(
        _lib.plaudit_stats_wilson_column, hits.address, tries.address, hits.count, level,
        int(refuse), lower.address, upper.address, None if bits is None else bits.address)
    return IntervalColumn(lower.value(), upper.value(), None if bits is None else bits.value())


@dataclass(frozen=True)
class ProportionTest:
    """Two-proportion z test.

    difference: treatment - control. difference_interval: Newcombe 1998, two-sided. p_value:
    precise in the tails.
    """

    treatment_rate: float
    control_rate: float
    difference: float
    difference_interval: Interval
    z: float
    p_value: float


_ALTERNATIVES = {
    "two-sided": _abi.ALTERNATIVE_TWO_SIDED, "greater": _abi.ALTERNATIVE_GREATER,
    "less": _abi.ALTERNATIVE_LESS}


def _proportions(
    treatment_successes: Any, treatment_trials: Any, control_successes: Any, control_trials: Any
) -> _abi.plaudit_two_proportions:
    counts = _abi.plaudit_two_proportions()
    counts.treatment_successes = whole(treatment_successes, "treatment_successes")
    counts.treatment_trials = whole(treatment_trials, "treatment_trials")
    counts.control_successes = whole(control_successes, "control_successes")
    counts.control_trials = whole(control_trials, "control_trials")
    return counts


def two_proportion_test(
    treatment_successes: int, treatment_trials: int, control_successes: int, control_trials: int,
    *, confidence: float = 0.95, alternative: str = "two-sided", pooled: bool = True,
) -> ProportionTest:
    """Whether two rates differ.

    alternative: "two-sided", "greater" (treatment above control), "less". pooled: one variance
    for both groups. UndefinedError without trials or when nothing varies.
    """
    counts = _proportions(
        treatment_successes, treatment_trials, control_successes, control_trials)
    options = _abi.plaudit_test_options()
    options.confidence = real(confidence, "confidence")
    if options.confidence == 0:
        raise OutOfRangeError("confidence is 0, allowed is what lies between 0 and 1")
    options.alternative = choice(alternative, "alternative", _ALTERNATIVES)
    options.unpooled = 0 if pooled else 1
    result = _abi.plaudit_test_result()
    call(_lib.plaudit_stats_two_proportion_test, byref(counts), byref(options), byref(result))
    return ProportionTest(
        result.treatment_rate, result.control_rate, result.difference,
        _interval(result.difference_interval), result.z, result.p_value)


def _interval(interval: _abi.plaudit_interval) -> Interval:
    return Interval(interval.lower, interval.upper)


@dataclass(frozen=True)
class Lift:
    """Lift of a treatment over a control.

    absolute: treatment - control, its interval by Newcombe 1998. relative: (treatment - control) /
    control, its interval by Fieller 1954, which excludes 0 exactly when p_value does. z is
    unpooled, p_value two-sided. Numbers that do not exist are NaN, and flags say why.
    """

    treatment_rate: float
    control_rate: float
    absolute: float
    absolute_interval: Interval
    relative: float
    relative_interval: Interval
    z: float
    p_value: float
    flags: LiftFlag


def proportion_lift(
    treatment_successes: int, treatment_trials: int, control_successes: int, control_trials: int,
    *, confidence: float = 0.95,
) -> Lift:
    """How much one rate lies above another: 18.2 % against 13.4 % is +35.8 %."""
    counts = _proportions(
        treatment_successes, treatment_trials, control_successes, control_trials)
    lift = _abi.plaudit_lift()
    call(
        _lib.plaudit_stats_proportion_lift, byref(counts), real(confidence, "confidence"),
        byref(lift))
    return Lift(
        lift.treatment_rate, lift.control_rate, lift.absolute, _interval(lift.absolute_interval),
        lift.relative, _interval(lift.relative_interval), lift.z, lift.p_value,
        LiftFlag(lift.flags))


class RelativeLiftColumn(NamedTuple):
    """relative, absolute: float64, relative NaN where the control is 0. flags: bits of LiftFlag."""

    relative: Any
    absolute: Any
    flags: Any


def relative_lift(treatment: Any, control: Any) -> Any:
    """(treatment - control) / |control| of rates or means without counts.

    A control of 0 is UndefinedError; of columns, a RelativeLiftColumn, it is NaN with a flag.
    """
    if _arrays.is_column(treatment) or _arrays.is_column(control):
        above, below = _arrays.columns(treatment, control, ("treatment", "control"), "d")
        relative, absolute = (_arrays.Output("d", above.count) for _ in range(2))
        flags = _arrays.Output("i", above.count)
        call(
            _lib.plaudit_stats_relative_lift_column, above.address, below.address, above.count,
            relative.address, absolute.address, flags.address)
        return RelativeLiftColumn(relative.value(), absolute.value(), flags.value())
    value = c_double()
    call(
        _lib.plaudit_stats_relative_lift, real(treatment, "treatment"), real(control, "control"),
        byref(value))
    return value.value


# ---- Classification ---------------------------------------------------------------------------


@dataclass(frozen=True)
class ClassScores:
    """Scores of one class; support is its number of true rows."""

    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True)
class ClassificationReport:
    """Predicted against true classes; values are scikit-learn's with zero_division 0.

    undefined_classes: classes never predicted or never true, whose 0/0 counts as 0.
    classes: ClassScores by label. confusion: [true, predicted] int64 in the order of `labels`,
    None unless asked for.
    """

    labels: tuple[Any, ...]
    accuracy: float
    macro_precision: float
    macro_recall: float
    macro_f1: float
    weighted_f1: float
    undefined_classes: int
    classes: dict[Any, ClassScores]
    confusion: Any


def classification_report(
    truth: Any, predicted: Any, *, labels: Sequence[Any] | None = None, confusion: bool = True
) -> ClassificationReport:
    """Compares predicted with true classes, given as names or numbers, one a row.

    labels: all classes in the wanted order; None takes those that occur, sorted. Macro averages
    run over all of them. UndefinedError without rows.
    """
    true_values = _arrays.listed(truth, "truth")
    predictions = _arrays.listed(predicted, "predicted")
    if len(true_values) != len(predictions):
        raise _arrays.ShapeError(
            f"truth has {len(true_values)} rows, predicted has {len(predictions)}")
    if labels is None:
        if not true_values:
            raise UndefinedError("there are no rows to compare")
        names = sorted(set(true_values) | set(predictions))
    else:
        names = _arrays.listed(labels, "labels")
    positions = {name: index for index, name in enumerate(names)}
    if len(positions) != len(names):
        raise _arrays.ShapeError("labels names a class twice")
    classes = len(names)
    actual = _arrays.indices(true_values, positions, "truth")
    guessed = _arrays.indices(predictions, positions, "predicted")
    report = _abi.plaudit_classification_report()
    precision, recall, f1 = (_arrays.Output("d", classes) for _ in range(3))
    support = _arrays.Output("q", classes)
    matrix = _arrays.Output("q", classes, classes) if confusion else None
    call(
        _lib.plaudit_stats_classification, actual.buffer_info()[0], guessed.buffer_info()[0],
        len(actual), classes, byref(report), precision.address, recall.address, f1.address,
        support.address, None if matrix is None else matrix.address)
    rows = zip(*(column.value().tolist() for column in (precision, recall, f1, support)))
    return ClassificationReport(
        tuple(names), report.accuracy, report.macro_precision, report.macro_recall,
        report.macro_f1, report.weighted_f1, report.undefined_classes,
        {name: ClassScores(*row) for name, row in zip(names, rows)},
        None if matrix is None else matrix.value())
