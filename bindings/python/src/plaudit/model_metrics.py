"""How good a model is, how sure one can be of that, and calibration and splits around it.

Classes are names or numbers, as the data have them; scores are one column (of the positive class)
or a table with a column a class. Values are scikit-learn's, ties and absent classes included; what
cannot be said is NaN, and `flags` say why. Definitions in docs/stats.md.
"""

from __future__ import annotations

import re
from ctypes import byref, c_double, c_int64
from dataclasses import dataclass
from enum import IntFlag
from typing import Any, Iterable, NamedTuple, Sequence

from . import _abi, _arrays
from ._arguments import CALIBRATIONS, choice, real, real_setting, setting, whole
from ._run import ProgressOption, Run
from .errors import InvalidDataError, OutOfRangeError, ShapeError, UndefinedError, call
from .library import Cancel
from .stats import Interval

_lib = _abi.load()


class MetricFlag(IntFlag):
    """What could not be said, or was said by a convention."""

    ONE_CLASS = _abi.METRIC_FLAG_ONE_CLASS
    ABSENT_CLASS = _abi.METRIC_FLAG_ABSENT_CLASS
    NOT_PROBABILITIES = _abi.METRIC_FLAG_NOT_PROBABILITIES
    CONSTANT_LABELS = _abi.METRIC_FLAG_CONSTANT_LABELS
    NO_KAPPA = _abi.METRIC_FLAG_NO_KAPPA
    NO_VARIANCE = _abi.METRIC_FLAG_NO_VARIANCE
    FEW_ROWS = _abi.METRIC_FLAG_FEW_ROWS
    CONSTANT_TRUTH = _abi.METRIC_FLAG_CONSTANT_TRUTH
    ZERO_TRUTH = _abi.METRIC_FLAG_ZERO_TRUTH
    NO_LOGARITHM = _abi.METRIC_FLAG_NO_LOGARITHM
    ZERO_DIVISION = _abi.METRIC_FLAG_ZERO_DIVISION


# ---- Columns ----------------------------------------------------------------------------------


def _names(labels: Sequence[Any] | None, *columns: Sequence[Any]) -> list[Any]:
    if labels is None:
        names = sorted(set().union(*columns))
        if not names:
            raise UndefinedError("there are no rows to judge")
        return names
    names = _arrays.listed(labels, "labels")
    if len(set(names)) != len(names):
        raise ShapeError("labels names a class twice")
    return names


def _same_length(**columns: Any) -> int:
    (first, count), *others = [
        (name, getattr(column, "rows", None) if hasattr(column, "rows") else len(column))
        for name, column in columns.items()]
    for name, other in others:
        if other != count:
            raise ShapeError(f"{first} has {count} rows, {name} has {other}")
    return count


def _positions(names: Iterable[Any]) -> dict[Any, int]:
    return {name: index for index, name in enumerate(names)}


def _weights(weights: Any, rows: int) -> _arrays.Column | None:
    if weights is None:
        return None
    column = _arrays.Column(weights, "weights", "d")
    if column.count != rows:
        raise ShapeError(f"weights has {column.count} rows, the data {rows}")
    return column


def _address(column: Any) -> int | None:
    return None if column is None else column.address


def _score_classes(truth: list[Any], scores: _arrays.Table, labels: Any) -> list[Any]:
    """The class of each column; for one column the negative class and the positive one."""
    wanted = 2 if scores.columns == 1 else scores.columns
    if labels is not None:
        names = _names(labels)
    else:
        names = sorted(set(truth))
        whole_numbers = range(wanted)
        if len(names) != wanted and all(name in whole_numbers for name in names):
            names = list(whole_numbers)
    if len(names) != wanted:
        raise ShapeError(
            f"scores are of {wanted} classes, there are {len(names)}: name them with labels=")
    return names


def _score_columns(truth: Any, scores: Any, labels: Any) -> tuple[Any, Any, list[Any]]:
    table = _arrays.Table(scores, "scores")
    values = _arrays.listed(truth, "truth")
    _same_length(truth=values, scores=table)
    if not values:
        raise UndefinedError("there are no rows to judge")
    names = _score_classes(values, table, labels)
    return _arrays.indices(values, _positions(names), "truth"), table, names


def _interval(interval: Any) -> Interval:
    return Interval(interval.lower, interval.upper)


# ---- Labels -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class LabelScores:
    """Scores of one class, or an average; support is the weight of its true rows."""

    precision: float
    recall: float
    f1: float
    f_beta: float
    jaccard: float
    support: float


@dataclass(frozen=True)
class LabelMetrics:
    """Predicted against true classes.

    classes: LabelScores by label. confusion: [true, predicted] float64 in the order of `labels`,
    in weight. matthews: 0 with a flag where truth or prediction never varies. kappa,
    linear_kappa, quadratic_kappa: Cohen's, classes in the order of `labels`.
    """

    labels: tuple[Any, ...]
    accuracy: float
    balanced_accuracy: float
    matthews: float
    kappa: float
    linear_kappa: float
    quadratic_kappa: float
    micro: LabelScores
    macro: LabelScores
    weighted: LabelScores
    undefined_classes: int
    flags: MetricFlag
    classes: dict[Any, LabelScores]
    confusion: Any


def _label_scores(scores: _abi.plaudit_label_scores) -> LabelScores:
    return LabelScores(*(getattr(scores, name) for name, _ in scores._fields_))


def f_score(precision: float, recall: float, beta: float = 1) -> float:
    """The F score of a precision and a recall; beta above 1 favours recall."""
    value = c_double()
    call(
        _lib.plaudit_stats_f_score, real(precision, "precision"), real(recall, "recall"),
        real(beta, "beta"), byref(value))
    return value.value


def label_metrics(
    truth: Any, predicted: Any, *, labels: Sequence[Any] | None = None, weights: Any = None,
    beta: float = 1, zero_division: float = 0,
) -> LabelMetrics:
    """Compares predicted with true classes, one a row.

    labels: all classes in the wanted order; None takes those that occur, sorted. zero_division:
    0, 1 or NaN, for a precision, recall or F score of 0/0. UndefinedError without rows or weight.
    """
    actual, guessed = _arrays.listed(truth, "truth"), _arrays.listed(predicted, "predicted")
    rows = _same_length(truth=actual, predicted=guessed)
    names = _names(labels, actual, guessed)
    positions = _positions(names)
    column = _weights(weights, rows)
    options = _abi.plaudit_label_options()
    options.weights = _address(column)
    options.beta = real_setting(beta, "beta")
    division = real(zero_division, "zero_division")
    if division not in (0, 1) and division == division:
        raise OutOfRangeError(f"zero_division is {division}, allowed are 0, 1 and NaN")
    options.zero_division = 2 if division != division else int(division)
    metrics = _abi.plaudit_label_metrics()
    scores = (_abi.plaudit_label_scores * len(names))()
    confusion = _arrays.Output("d", len(names), len(names))
    true_indices = _arrays.indices(actual, positions, "truth")
    guesses = _arrays.indices(guessed, positions, "predicted")
    call(
        _lib.plaudit_stats_label_metrics, true_indices.buffer_info()[0], guesses.buffer_info()[0],
        rows, len(names), byref(options), byref(metrics), scores, confusion.address)
    return LabelMetrics(
        tuple(names), metrics.accuracy, metrics.balanced_accuracy, metrics.matthews, metrics.kappa,
        metrics.linear_kappa, metrics.quadratic_kappa, _label_scores(metrics.micro),
        _label_scores(metrics.macro), _label_scores(metrics.weighted), metrics.undefined_classes,
        MetricFlag(metrics.flags),
        {name: _label_scores(one) for name, one in zip(names, scores)}, confusion.value())


# ---- Scores -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class ScoreMetrics:
    """Scores against true classes; NaN where a number does not exist.

    auc to kolmogorov_smirnov: of one or two columns; auc_interval: DeLong 1988, not cut to 0...1.
    macro_auc, weighted_auc: one-vs-rest; pairwise_auc: one-vs-one (Hand & Till 2001). brier: half
    the sum of squares up to two classes. class_auc, class_average_precision: class against rest,
    by label; of the positive class alone for one column.
    """

    labels: tuple[Any, ...]
    auc: float
    partial_auc: float
    auc_variance: float
    auc_interval: Interval
    average_precision: float
    kolmogorov_smirnov: float
    macro_auc: float
    weighted_auc: float
    pairwise_auc: float
    macro_average_precision: float
    weighted_average_precision: float
    log_loss: float
    brier: float
    brier_skill: float
    top_k_accuracy: float
    flags: MetricFlag
    class_auc: dict[Any, float]
    class_average_precision: dict[Any, float]


def score_metrics(
    truth: Any, scores: Any, *, labels: Sequence[Any] | None = None, weights: Any = None,
    max_fpr: float = 1, confidence: float = 0.95, top_k: int = 1,
) -> ScoreMetrics:
    """Judges scores against true classes.

    scores: one column, of the positive class, or [rows, classes]. labels: the class of each
    column, for one column the negative and the positive class; None takes the classes that occur,
    sorted. max_fpr: where the partial AUC ends.
    """
    actual, table, names = _score_columns(truth, scores, labels)
    column = _weights(weights, table.rows)
    options = _abi.plaudit_score_options()
    options.weights = _address(column)
    options.false_positive_limit = real_setting(max_fpr, "max_fpr")
    options.confidence = real_setting(confidence, "confidence")
    options.top_k = setting(top_k, "top_k")
    metrics = _abi.plaudit_score_metrics()
    areas, precisions = _arrays.Output("d", table.columns), _arrays.Output("d", table.columns)
    call(
        _lib.plaudit_stats_score_metrics, actual.buffer_info()[0], table.address, table.rows,
        table.columns, byref(options), byref(metrics), areas.address, precisions.address)
    judged = names if table.columns > 1 else names[1:]
    values = {name: getattr(metrics, name) for name, _ in metrics._fields_}
    values["auc_interval"] = _interval(metrics.auc_interval)
    values["flags"] = MetricFlag(metrics.flags)
    del values["struct_size"], values["reserved"]
    return ScoreMetrics(
        labels=tuple(names), class_auc=dict(zip(judged, areas.value().tolist())),
        class_average_precision=dict(zip(judged, precisions.value().tolist())), **values)


class ROCCurve(NamedTuple):
    """fpr, tpr: rates at each threshold, from (0, 0) at +infinity to (1, 1)."""

    fpr: Any
    tpr: Any
    thresholds: Any


class PrecisionRecallCurve(NamedTuple):
    """precision, recall by rising threshold; their last point, (1, 0), has no threshold."""

    precision: Any
    recall: Any
    thresholds: Any


def _curve(
    function: Any, truth: Any, scores: Any, positive: Any, weights: Any, *arguments: int
) -> list[Any]:
    column = _arrays.Column(scores, "scores", "d")
    values = _arrays.listed(truth, "truth")
    if len(values) != column.count:
        raise ShapeError(f"truth has {len(values)} rows, scores has {column.count}")
    actual = _arrays.indices([value == positive for value in values], {False: 0, True: 1}, "truth")
    weight = _weights(weights, column.count)
    room = column.count + 1
    outputs = [_arrays.Output("d", room) for _ in range(3)]
    count = c_int64()
    call(
        function, actual.buffer_info()[0], column.address, _address(weight), column.count,
        *arguments, *(output.address for output in outputs), room, byref(count))
    return [output.value()[:count.value] for output in outputs]


def roc_curve(
    truth: Any, scores: Any, *, positive: Any = 1, weights: Any = None, drop: bool = False
) -> ROCCurve:
    """The ROC curve of the scores of the class `positive`.

    drop: leaves out points on the line between their neighbours.
    """
    return ROCCurve(*_curve(
        _lib.plaudit_stats_roc_curve, truth, scores, positive, weights, int(bool(drop))))


def precision_recall_curve(
    truth: Any, scores: Any, *, positive: Any = 1, weights: Any = None
) -> PrecisionRecallCurve:
    """The precision-recall curve of the scores of the class `positive`."""
    precision, recall, thresholds = _curve(
        _lib.plaudit_stats_precision_recall_curve, truth, scores, positive, weights)
    return PrecisionRecallCurve(precision, recall, thresholds[:-1])


# ---- Numbers ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class RegressionMetrics:
    """Predicted against true numbers.

    mean_absolute_percentage_error is a fraction; d2_absolute and d2_pinball are 1 minus the loss
    over that of the best constant.
    """

    mean_absolute_error: float
    mean_squared_error: float
    root_mean_squared_error: float
    median_absolute_error: float
    max_error: float
    mean_absolute_percentage_error: float
    mean_squared_log_error: float
    r2: float
    explained_variance: float
    pinball_loss: float
    d2_absolute: float
    d2_pinball: float
    flags: MetricFlag


def regression_metrics(
    truth: Any, predicted: Any, *, weights: Any = None, quantile: float = 0.5
) -> RegressionMetrics:
    """Judges predicted numbers; quantile is that of the pinball loss."""
    actual, guessed = _arrays.columns(truth, predicted, ("truth", "predicted"), "d")
    column = _weights(weights, actual.count)
    options = _abi.plaudit_regression_options()
    options.weights = _address(column)
    options.quantile = real_setting(quantile, "quantile")
    metrics = _abi.plaudit_regression_metrics()
    call(
        _lib.plaudit_stats_regression, actual.address, guessed.address, actual.count,
        byref(options), byref(metrics))
    values = {name: getattr(metrics, name) for name in RegressionMetrics.__dataclass_fields__}
    values["flags"] = MetricFlag(metrics.flags)
    return RegressionMetrics(**values)


# ---- Calibration ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Reliability:
    """expected_error: ECE, maximum_error: MCE, root_mean_squared_error: RMSCE.

    lower, upper, predicted, observed, counts: a value a bin; NaN in empty ones.
    """

    expected_error: float
    maximum_error: float
    root_mean_squared_error: float
    lower: Any
    upper: Any
    predicted: Any
    observed: Any
    counts: Any


_BINS = {"uniform": _abi.BINS_UNIFORM, "quantile": _abi.BINS_QUANTILE}
_CLOSED = {"right": _abi.CLOSED_RIGHT, "left": _abi.CLOSED_LEFT}


def reliability(
    truth: Any, probabilities: Any, *, labels: Sequence[Any] | None = None, bins: int = 10,
    strategy: str = "uniform", closed: str = "right",
) -> Reliability:
    """How often events happen that were given a probability.

    One column judges the probability of the positive class, a table the highest of each row (top
    label). closed: "right" (scikit-learn) or "left" (netcal): where a probability on an edge
    belongs.
    """
    actual, table, _ = _score_columns(truth, probabilities, labels)
    options = _abi.plaudit_reliability_options()
    options.bin_count = setting(bins, "bins")
    options.bins = choice(strategy, "strategy", _BINS)
    options.closed = choice(closed, "closed", _CLOSED)
    if not 1 <= options.bin_count <= 1 << 20:
        raise OutOfRangeError(f"bins is {bins}, allowed are 1 to {1 << 20}")
    found = _abi.plaudit_reliability()
    rows = (_abi.plaudit_reliability_bin * options.bin_count)()
    call(
        _lib.plaudit_stats_reliability, actual.buffer_info()[0], table.address, table.rows,
        table.columns, byref(options), byref(found), rows)
    columns = [
        _arrays.column_of([getattr(row, name) for row in rows], kind)
        for name, kind in (
            ("lower", "d"), ("upper", "d"), ("predicted", "d"), ("observed", "d"), ("count", "q"))]
    return Reliability(
        found.expected_error, found.maximum_error, found.root_mean_squared_error, *columns)


class Calibration:
    """A map from a model's scores to probabilities that come true as often as they say.

        calibration = plaudit.Calibration.fit("temperature", logits, truth)
        calibration.apply(new_logits)

    It is its method, columns and parameters: keep these, and `Calibration(method, columns,
    parameters)` is the same map.
    """

    def __init__(self, method: str, columns: int, parameters: Any) -> None:
        choice(method, "method", CALIBRATIONS)
        self.method = method
        self.columns = whole(columns, "columns", 1, 65536)
        self.parameters = tuple(_arrays.listed(parameters, "parameters"))
        #: Mean negative log-likelihood of the fitted rows, before and after; None unless fitted.
        self.loss_before: float | None = None
        self.loss_after: float | None = None
        #: What the fit minimised; None unless fitted.
        self.objective: float | None = None
        #: Whether the temperature stopped at 0.01 or 100.
        self.at_bound = False
        self._apply(_arrays.Table([], "logits") if self.columns == 1 else None)

    @classmethod
    def fit(
        cls, method: str, logits: Any, truth: Any, *, labels: Sequence[Any] | None = None
    ) -> "Calibration":
        """Fits to rows that the model was not trained on.

        method: "temperature", "platt" or "isotonic". logits: one column, of the positive class, or
        [rows, classes]. labels: as for score_metrics.
        """
        number = choice(method, "method", CALIBRATIONS)
        actual, table, names = _score_columns(truth, logits, labels)
        room = table.columns * (2 * table.rows + 2)
        parameters, count = _arrays.Output("d", room), c_int64()
        report = _abi.plaudit_calibration_report()
        with _naming(names):
            call(
                _lib.plaudit_stats_calibration_fit, number, table.address, table.rows,
                table.columns, actual.buffer_info()[0], parameters.address, room, byref(count),
                byref(report))
        fitted = cls(method, table.columns, parameters.value()[:count.value].tolist())
        fitted.loss_before, fitted.loss_after = report.loss_before, report.loss_after
        fitted.objective, fitted.at_bound = report.objective, bool(report.at_bound)
        return fitted

    def apply(self, logits: Any) -> Any:
        """Probabilities in the shape of the logits; rows of several columns add up to 1."""
        return self._apply(_arrays.Table(logits, "logits"))

    def _apply(self, table: _arrays.Table | None) -> Any:
        if table is not None and table.columns != self.columns and table.rows:
            raise ShapeError(f"logits must have {self.columns} columns, they have {table.columns}")
        parameters = _arrays.Column(self.parameters, "parameters", "d")
        out = None if table is None else table.output()
        call(
            _lib.plaudit_stats_calibration_apply, CALIBRATIONS[self.method], parameters.address,
            parameters.count, _address(table), 0 if table is None else table.rows, self.columns,
            _address(out))
        return None if out is None else out.value()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Calibration):
            return NotImplemented
        return (self.method, self.columns, self.parameters) == (
            other.method, other.columns, other.parameters)

    def __hash__(self) -> int:
        return hash((self.method, self.columns, self.parameters))

    def __repr__(self) -> str:
        return f"Calibration({self.method!r}, {self.columns}, {list(self.parameters)!r})"


# ---- How sure ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class BootstrapInterval:
    """value: the metric of the rows as they are. values: of each resample, NaN where it does not
    exist; undefined_resamples counts these. bias, acceleration: of BCa, else NaN."""

    value: float
    interval: Interval
    standard_error: float
    bias: float
    acceleration: float
    undefined_resamples: int
    values: Any


_METRICS = {
    name.removeprefix("METRIC_").lower(): number for name, number in vars(_abi).items()
    if name.startswith("METRIC_") and not name.startswith("METRIC_FLAG_")}
_BOOTSTRAPS = {
    "percentile": _abi.BOOTSTRAP_PERCENTILE, "bca": _abi.BOOTSTRAP_BCA,
    "basic": _abi.BOOTSTRAP_BASIC}


def bootstrap_interval(
    metric: str, truth: Any, predicted: Any, *, labels: Sequence[Any] | None = None,
    method: str = "percentile", confidence: float = 0.95, resamples: int = 1000, seed: int = 0,
    threads: int = 0, progress: ProgressOption = None, cancel: Cancel | None = None,
    timeout: float | None = None,
) -> BootstrapInterval:
    """An interval around a metric from resampled rows; the same at any number of threads.

    metric: "accuracy", "balanced_accuracy", "macro_precision", "macro_recall", "macro_f1",
    "weighted_f1", "matthews", "kappa", "linear_kappa", "quadratic_kappa" of predicted classes;
    "auc", "log_loss", "brier" of scores; "mean_absolute_error", "mean_squared_error",
    "root_mean_squared_error", "r2" of numbers. method: "percentile", "bca" or
    "basic".
    """
    number = choice(metric, "metric", _METRICS)
    data = _abi.plaudit_bootstrap_data()
    if number < 30:
        actual, guessed = _arrays.listed(truth, "truth"), _arrays.listed(predicted, "predicted")
        data.count = _same_length(truth=actual, predicted=guessed)
        positions = _positions(_names(labels, actual, guessed))
        data.class_count = len(positions)
        kept = [
            _arrays.indices(actual, positions, "truth"),
            _arrays.indices(guessed, positions, "predicted")]
        data.classes, data.predicted = (column.buffer_info()[0] for column in kept)
    elif number < 50:
        classes, table, _ = _score_columns(truth, predicted, labels)
        kept = [classes, table]
        data.count, data.class_count = table.rows, table.columns
        data.classes, data.scores = classes.buffer_info()[0], table.address
    else:
        kept = list(_arrays.columns(truth, predicted, ("truth", "predicted"), "d"))
        data.count = kept[0].count
        data.numbers, data.predicted_numbers = kept[0].address, kept[1].address
    options = _abi.plaudit_bootstrap_options()
    options.confidence = real_setting(confidence, "confidence")
    options.resamples = setting(whole(resamples, "resamples", 1, 10_000_000), "resamples")
    options.seed = whole(seed, "seed", 0, 2**64 - 1)
    options.method = choice(method, "method", _BOOTSTRAPS)
    result = _abi.plaudit_bootstrap_result()
    values = _arrays.Output("d", options.resamples)
    with Run(threads=threads, progress=progress, cancel=cancel, timeout=timeout) as run:
        run(
            _lib.plaudit_stats_bootstrap, number, byref(data), byref(options), Run.OPTIONS,
            byref(result), values.address)
    del kept
    return BootstrapInterval(
        result.value, _interval(result.interval), result.standard_error, result.bias,
        result.acceleration, result.undefined_resamples, values.value())


@dataclass(frozen=True)
class McNemarTest:
    """Whether two models judged on the same rows differ.

    only_first, only_second: rows that one got right and the other wrong. p_value: exact below 25
    of them, else chi-square with continuity correction. table: [[both, only first], [only second,
    neither]], None from counts.
    """

    only_first: int
    only_second: int
    exact_p_value: float
    corrected_statistic: float
    corrected_p_value: float
    statistic: float
    uncorrected_p_value: float
    p_value: float
    exact: bool
    table: Any


def _mcnemar(test: _abi.plaudit_mcnemar, table: Any) -> McNemarTest:
    values = {name: getattr(test, name) for name, _ in test._fields_[1:-1]}
    values["exact"] = bool(test.exact)
    return McNemarTest(table=table, **values)


def mcnemar_test(truth: Any, first: Any, second: Any) -> McNemarTest:
    """McNemar's test of two models' predicted classes on the same rows."""
    columns = {
        "truth": _arrays.listed(truth, "truth"), "first": _arrays.listed(first, "first"),
        "second": _arrays.listed(second, "second")}
    rows = _same_length(**columns)
    positions = _positions(dict.fromkeys(value for column in columns.values() for value in column))
    kept = [_arrays.indices(column, positions, name) for name, column in columns.items()]
    test = _abi.plaudit_mcnemar()
    table = _arrays.Output("q", 2, 2)
    call(
        _lib.plaudit_stats_mcnemar_labels, *(column.buffer_info()[0] for column in kept), rows,
        byref(test), table.address)
    return _mcnemar(test, table.value())


def mcnemar_counts(only_first: int, only_second: int) -> McNemarTest:
    """The same from the rows that only one of the models got right."""
    test = _abi.plaudit_mcnemar()
    call(
        _lib.plaudit_stats_mcnemar, whole(only_first, "only_first"),
        whole(only_second, "only_second"), byref(test))
    return _mcnemar(test, None)


# ---- Splits -----------------------------------------------------------------------------------


class _naming:
    """Puts the name of a class where an error has its number."""

    def __init__(self, names: Sequence[Any]) -> None:
        self._names = names

    def __enter__(self) -> None:
        pass

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if not isinstance(error, (InvalidDataError, UndefinedError)):
            return
        message = re.sub(
            r"class (\d+)\b", lambda found: f"class {self._names[int(found[1])]}"
            if int(found[1]) < len(self._names) else found[0], str(error))
        if message != str(error):
            raise type(error)(message, index=error.index) from None


def _assign(
    function: Any, rows: int | None, labels: Any, groups: Any, *arguments: Any
) -> Any:
    counts = {}
    label_column = group_column = None
    names: list[Any] = []
    if labels is not None:
        values = _arrays.listed(labels, "labels")
        names = sorted(set(values))
        label_column = _arrays.indices(values, _positions(names), "labels")
        counts["labels"] = len(values)
    if groups is not None:
        values = _arrays.listed(groups, "groups")
        numbers = _positions(dict.fromkeys(values))
        group_column = _arrays.Column([numbers[value] for value in values], "groups", "q")
        counts["groups"] = len(values)
    if rows is not None:
        counts["rows"] = whole(rows, "rows", 0)
    if not counts:
        raise TypeError("split and folds need labels=, groups= or rows=")
    (first, count), *others = counts.items()
    for name, other in others:
        if other != count:
            raise ShapeError(f"{first} has {count} rows, {name} has {other}")
    parts = _arrays.Output("i", count)
    with _naming(names):
        call(
            function, None if label_column is None else label_column.buffer_info()[0], len(names),
            _address(group_column), count, *arguments, parts.address)
    return parts.value()


def split(
    fractions: Sequence[float], *, labels: Any = None, groups: Any = None, rows: int | None = None,
    seed: int = 0,
) -> Any:
    """The part of each row, as int32: 0 for the first fraction, and so on.

        parts = plaudit.split([0.8, 0.1, 0.1], labels=y, groups=users, seed=1)
        train = x[parts == 0]

    labels: classes to be spread over the parts in their ratio. groups: rows of one group never
    fall into two parts. InvalidDataError names a class that cannot be in every part.
    """
    column = _arrays.Column(fractions, "fractions", "d")
    return _assign(
        _lib.plaudit_stats_split, rows, labels, groups, column.address, column.count,
        whole(seed, "seed", 0, 2**64 - 1))


def folds(
    count: int, *, labels: Any = None, groups: Any = None, rows: int | None = None, seed: int = 0
) -> Any:
    """The fold of each row, of `count` equal ones, as int32; else as `split`."""
    return _assign(
        _lib.plaudit_stats_folds, rows, labels, groups, whole(count, "count"),
        whole(seed, "seed", 0, 2**64 - 1))
