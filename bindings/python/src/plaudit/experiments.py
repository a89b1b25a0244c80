"""Experiments: lift tables, adjusted p values, sample ratio, looks at any time, posteriors.

    table = plaudit.lift_table(
        {"metric": ["ctr", "ctr"], "arm": ["A", "B"], "users": [1000, 1000], "sum": [134, 182]},
        control="A")
    print(table)

Effects are treatment minus control, relative ones over |control|; formulas in docs/stats.md.
"""

from __future__ import annotations

import ctypes
import hashlib
import math
from ctypes import byref, c_int64, c_void_p
from typing import Any, Iterator, Mapping, NamedTuple, Sequence

from . import _abi, _arrays
from ._arguments import choice, flag, real, real_setting, setting, whole
from ._handle import Handle
from ._run import ProgressOption, Run
from .errors import InvalidDataError, OutOfRangeError, ShapeError, call
from .library import Cancel
from .stats import Interval, LiftFlag

_lib = _abi.load()

_KINDS = {"proportion": 0, "mean": 1, "ratio": 2}
_RELATIVE = {"fieller": 0, "delta": 1, "log": 2}
_ABSOLUTE = {"automatic": 0, "symmetric": 1}
_DISTRIBUTIONS = {"automatic": 0, "normal": 1, "welch": 2}
_HYPOTHESES = {"absolute": 0, "relative": 1}
_DESIGNS = {"fixed horizon": 0, "confidence sequence": 1, "mixture sprt": 2}
_TUNINGS = {"sample size": 0, "rho": 1, "eppo rho": 2}
_ADJUSTMENTS = {
    None: 0, "none": 0, "bonferroni": 10, "sidak": 11, "holm": 12, "holm-sidak": 13,
    "hochberg": 14, "hommel": 15, "bh": 20, "by": 21, "two-stage": 22}
_SCOPES = {"all": 0, "per metric": 1}
_THETAS = {"pooled": 0, "within arms": 1}
_SPENDINGS = {"obrien-fleming": 0, "pocock": 1, "power": 2}

_REASONS = {
    LiftFlag.ZERO_BASELINE: "control is 0",
    LiftFlag.UNBOUNDED_INTERVAL: "control may be 0",
    LiftFlag.LOW_BASELINE: "low baseline",
    LiftFlag.ZERO_VARIANCE: "nothing varies",
    LiftFlag.NO_USERS: "no users",
    LiftFlag.FEW_USERS: "too few users",
    LiftFlag.IMPOSSIBLE_SUMS: "impossible sums",
    LiftFlag.NOT_FINITE: "not finite",
    LiftFlag.NEGATIVE_COUNT: "negative count",
    LiftFlag.INVALID_BINOMIAL: "successes outside 0..users",
    LiftFlag.FRACTIONAL_COUNT: "fractional count",
    LiftFlag.NO_DENOMINATOR: "no denominator",
    LiftFlag.NO_LOGARITHM: "no logarithm",
    LiftFlag.COVARIATE_LEFT_OUT: "covariate left out",
    LiftFlag.SAMPLE_RATIO_MISMATCH: "sample ratio mismatch",
    LiftFlag.UNEXPECTED_USERS: "users in an arm of weight 0",
}

# ---- Lift tables ------------------------------------------------------------------------------

_COLUMNS = (
    "treatment", "control", "absolute", "absolute_lower", "absolute_upper", "standard_error",
    "statistic", "degrees_of_freedom", "p_value", "adjusted_p_value", "relative", "relative_lower",
    "relative_upper", "relative_standard_error", "power", "minimum_detectable")
_SUMS = (
    ("users", "users"), ("sum", "sums"), ("sum_squares", "squares"),
    ("denominator_sum", "denominator_sums"), ("denominator_sum_squares", "denominator_squares"),
    ("denominator_product", "denominator_products"))


class LiftRow(NamedTuple):
    """One arm of one metric against the control; numbers that do not exist are NaN."""

    metric: Any
    arm: Any
    treatment: float
    control: float
    absolute: float
    absolute_interval: Interval
    relative: float
    relative_interval: Interval
    p_value: float
    adjusted_p_value: float
    power: float
    minimum_detectable: float
    flags: LiftFlag
    reasons: tuple[str, ...]


class LiftTable:
    """A row for each metric and each arm but the control, metric by metric.

    Columns are attributes: treatment, control, absolute, absolute_lower, absolute_upper,
    standard_error, statistic, degrees_of_freedom, p_value, adjusted_p_value, relative,
    relative_lower, relative_upper, relative_standard_error, power, minimum_detectable (absolute),
    flags (bits of LiftFlag), correlation (with the covariates); metric and arm are lists.
    theta: [rows, covariates] slopes, None without covariates. sample_ratio: p by metric, None
    unless `split` was given. design: when the table may be read. `to_dict()` has all columns.
    """

    treatment: Any
    control: Any
    absolute: Any
    absolute_lower: Any
    absolute_upper: Any
    standard_error: Any
    statistic: Any
    degrees_of_freedom: Any
    p_value: Any
    adjusted_p_value: Any
    relative: Any
    relative_lower: Any
    relative_upper: Any
    relative_standard_error: Any
    power: Any
    minimum_detectable: Any

    def __init__(
        self, metric: list[Any], arm: list[Any], control_arm: Any, columns: dict[str, Any],
        theta: Any, sample_ratio: dict[Any, float] | None, design: str, confidence: float,
        adjustment: str,
    ) -> None:
        self.metric = metric
        self.arm = arm
        self.control_arm = control_arm
        self.__dict__.update(columns)
        self.flags: Any = columns["flags"]
        self.theta = theta
        self.sample_ratio = sample_ratio
        self.design = design
        self.confidence = confidence
        self.adjustment = adjustment

    def __len__(self) -> int:
        return len(self.metric)

    def __getitem__(self, row: int) -> LiftRow:
        if not -len(self) <= row < len(self):
            raise IndexError(f"row {row} of {len(self)}")
        flags = LiftFlag(int(self.flags[row]))
        return LiftRow(
            self.metric[row], self.arm[row], float(self.treatment[row]), float(self.control[row]),
            float(self.absolute[row]),
            Interval(float(self.absolute_lower[row]), float(self.absolute_upper[row])),
            float(self.relative[row]),
            Interval(float(self.relative_lower[row]), float(self.relative_upper[row])),
            float(self.p_value[row]), float(self.adjusted_p_value[row]), float(self.power[row]),
            float(self.minimum_detectable[row]), flags,
            tuple(text for bit, text in _REASONS.items() if bit & flags))

    def __iter__(self) -> Iterator[LiftRow]:
        return (self[row] for row in range(len(self)))

    def to_dict(self) -> dict[str, Any]:
        """Columns by name, as pandas.DataFrame or pyarrow.table take them."""
        return {
            "metric": self.metric, "arm": self.arm,
            **{name: getattr(self, name) for name in _COLUMNS}, "flags": self.flags}

    def __repr__(self) -> str:
        shown = min(len(self), 60)
        adjusted = self.adjustment != "none"
        heads = ["metric", "arm", "control", "treatment", "absolute", "interval", "relative",
                 "interval", "p", *(["adjusted p"] if adjusted else []), "notes"]
        lines = [heads]
        for row in (self[index] for index in range(shown)):
            lines.append([
                str(row.metric), str(row.arm), _short(row.control), _short(row.treatment),
                _signed(row.absolute), _range(row.absolute_interval, _signed),
                _percent(row.relative), _range(row.relative_interval, _percent),
                _p(row.p_value), *([_p(row.adjusted_p_value)] if adjusted else []),
                ", ".join(row.reasons)])
        widths = [max(len(line[index]) for line in lines) for index in range(len(heads))]
        text = "\n".join(
            "  ".join(
                cell.ljust(width) if index < 2 or index == len(heads) - 1 else cell.rjust(width)
                for index, (cell, width) in enumerate(zip(line, widths))).rstrip()
            for line in lines)
        if shown < len(self):
            text += f"\n... {len(self) - shown} more rows"
        level = f"{100 * self.confidence:g} % intervals"
        scope = "p not adjusted" if not adjusted else f"p adjusted by {self.adjustment}"
        return f"{text}\n{level}, {self.design}, {scope}; control: {self.control_arm}"


def _short(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.4g}"


def _signed(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:+.3g}"


def _percent(value: float) -> str:
    if math.isnan(value):
        return "-"
    return f"{value:+}" if math.isinf(value) else f"{100 * value:+.1f} %"


def _range(interval: Interval, text: Any) -> str:
    if math.isnan(interval.lower):
        return "-"
    return f"{text(interval.lower)} to {text(interval.upper)}"


def _p(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.2g}"


def _options(
    *, confidence: Any, relative: Any, absolute: Any, distribution: Any, hypothesis: Any,
    design: Any, tuning: Any, tuning_kind: Any, mixing_variance: Any, adjust: Any, scope: Any,
    theta: Any, power: Any, effect_of_interest: Any, interest_is_relative: Any,
    keep_low_baselines: Any,
) -> _abi.plaudit_lift_options:
    options = _abi.plaudit_lift_options()
    options.confidence = real_setting(confidence, "confidence")
    options.power = real_setting(power, "power")
    options.effect_of_interest = real_setting(effect_of_interest, "effect_of_interest")
    options.tuning = real_setting(tuning, "tuning")
    options.mixing_variance = real_setting(mixing_variance, "mixing_variance")
    options.relative = choice(relative, "relative", _RELATIVE)
    options.absolute = choice(absolute, "absolute", _ABSOLUTE)
    options.distribution = choice(distribution, "distribution", _DISTRIBUTIONS)
    options.hypothesis = choice(hypothesis, "hypothesis", _HYPOTHESES)
    options.design = choice(design, "design", _DESIGNS)
    options.tuning_kind = choice(tuning_kind, "tuning_kind", _TUNINGS)
    options.adjustment = choice(adjust, "adjust", _ADJUSTMENTS)
    options.scope = choice(scope, "scope", _SCOPES)
    options.theta = choice(theta, "theta", _THETAS)
    options.interest_is_relative = flag(interest_is_relative, "interest_is_relative")
    options.keep_low_baselines = flag(keep_low_baselines, "keep_low_baselines")
    return options


def _table(
    sums: dict[str, _arrays.Column], metrics: list[Any], arms: list[Any], control: Any,
    kinds: list[int], *, strata: int = 1, covariates: int = 0, centred: bool = False,
    split: Any = None, stratum_weights: Any = None, options: Mapping[str, Any],
    run: Mapping[str, Any],
) -> LiftTable:
    chosen = _options(**options)
    given = _abi.plaudit_lift_input()
    given.metric_count, given.arm_count = len(metrics), len(arms)
    given.stratum_count, given.covariate_count = strata, covariates
    try:
        given.control = arms.index(control)
    except ValueError:
        raise InvalidDataError(f"control {control!r} is no arm; arms are {arms}") from None
    given.centred = int(centred)
    for name, column in sums.items():
        setattr(given, name, column.address)
    number = None
    if len(set(kinds)) > 1:
        number = _arrays.Output("i", len(kinds))
        target = number.value()
        for index, kind in enumerate(kinds):
            target[index] = kind
        given.kinds = number.address
    elif kinds:
        given.kind = kinds[0]
    weights = None
    if split is not None:
        weights = _weights(split, arms)
        given.arm_weights = weights.address
    shares = None
    if stratum_weights is not None:
        shares = _arrays.Column(stratum_weights, "stratum_weights", "d")
        if shares.count != strata:
            raise ShapeError(f"stratum_weights has {shares.count} numbers, there are {strata}")
        given.stratum_weights = shares.address
    rows = len(metrics) * (len(arms) - 1)
    columns = _abi.plaudit_lift_columns()
    outputs = {name: _arrays.Output("d", rows) for name in (*_COLUMNS, "correlation")}
    outputs["flags"] = _arrays.Output("i", rows)
    theta = _arrays.Output("d", rows, covariates) if covariates else None
    ratio = _arrays.Output("d", len(metrics)) if split is not None else None
    for name, output in outputs.items():
        setattr(columns, name, output.address)
    if theta is not None:
        columns.theta = theta.address
    if ratio is not None:
        columns.sample_ratio_p_value = ratio.address
    with Run(**run) as running:
        running(
            _lib.plaudit_stats_lift_table, byref(given), byref(chosen), Run.OPTIONS, byref(columns))
    others = [arm for index, arm in enumerate(arms) if index != given.control]
    adjustment = "none"
    if chosen.adjustment:
        adjustment = f"{options['adjust']} over {'all' if chosen.scope == 0 else 'each metric'}"
    return LiftTable(
        metrics if len(others) == 1 else [metric for metric in metrics for _ in others],
        others * len(metrics), control,
        {name: output.value() for name, output in outputs.items()},
        None if theta is None else theta.value(),
        None if ratio is None else dict(zip(metrics, ratio.value().tolist())),
        str(options["design"]), chosen.confidence or 0.95, adjustment)


def _weights(split: Any, arms: list[Any]) -> _arrays.Column:
    if isinstance(split, str):
        if split != "equal":
            raise OutOfRangeError(f"split is {split!r}, allowed are 'equal' and shares")
        split = [1.0] * len(arms)
    if isinstance(split, Mapping):
        missing = [arm for arm in arms if arm not in split]
        if missing:
            raise InvalidDataError(f"split says nothing of the arms {missing}")
        split = [split[arm] for arm in arms]
    weights = _arrays.Column(split, "split", "d")
    if weights.count != len(arms):
        raise ShapeError(f"split has {weights.count} shares, there are {len(arms)} arms")
    return weights


def _kind_numbers(kind: Any, metrics: list[Any], column: list[Any] | None) -> list[int]:
    if column is not None:
        return [choice(value, "kind", _KINDS) for value in column]
    if isinstance(kind, Mapping):
        return [choice(kind.get(metric, "mean"), f"kind[{metric!r}]", _KINDS)
                for metric in metrics]
    return [choice(kind, "kind", _KINDS)] * len(metrics)


def _get(data: Any, name: str) -> Any:
    """A column of a mapping or a data frame, None where there is none."""
    try:
        return data[name] if name in data else None
    except TypeError:
        raise TypeError(f"data must have named columns, not {type(data).__name__}") from None


def lift_table(
    data: Any, control: Any, *, kind: Any = None, arms: Sequence[Any] | None = None,
    metrics: Sequence[Any] | None = None, covariates: Sequence[str] = (),
    split: Any = None, stratum_weights: Any = None, confidence: float | None = None,
    relative: str = "fieller", absolute: str = "automatic", distribution: str = "automatic",
    hypothesis: str = "absolute", design: str = "fixed horizon", tuning: float | None = None,
    tuning_kind: str = "sample size", mixing_variance: float | None = None,
    adjust: str | None = None, scope: str = "all", theta: str = "pooled",
    power: float | None = None, effect_of_interest: float | None = None,
    interest_is_relative: bool = False, keep_low_baselines: bool = False, threads: int = 0,
    progress: ProgressOption = None, cancel: Cancel | None = None, timeout: float | None = None,
) -> LiftTable:
    """Every arm of every metric against the control, from sums over users.

        plaudit.lift_table(frame, control="A", split="equal", adjust="holm", scope="per metric")

    data: a dict of columns or a data frame, one row an arm and metric (and stratum), with columns
    arm, users, sum; metric where there is more than one, stratum where there are strata;
    sum_squares for means and ratios; denominator_sum, denominator_sum_squares and
    denominator_product (sum of both multiplied) for ratios; kind ("proportion", "mean", "ratio"),
    which may also be an argument, one for all or by metric. Without a kind a metric with
    denominator columns is a ratio, one with sum_squares a mean, else a proportion. Or columns are
    arrays [metrics, arms] (or [metrics, arms, strata]), with arms= and metrics= naming them.
    covariates: names c with columns c_sum, c_sum_squares, c_product (with the metric) and, of two,
    c_d_product.
    control: the arm that the others are compared with. split: planned shares of the arms, or
    "equal", to check the sample ratio. relative: interval by "fieller", "delta" or "log".
    design: "fixed horizon" (look once), "confidence sequence" or "mixture sprt" (look at any time).
    adjust: "bonferroni", "sidak", "holm", "holm-sidak", "hochberg", "hommel", "bh", "by" or
    "two-stage", over scope "all" or "per metric".
    Controls below ten of their standard errors have no relative effect unless keep_low_baselines.
    """
    options = dict(
        confidence=confidence, relative=relative, absolute=absolute, distribution=distribution,
        hypothesis=hypothesis, design=design, tuning=tuning, tuning_kind=tuning_kind,
        mixing_variance=mixing_variance, adjust=adjust, scope=scope, theta=theta, power=power,
        effect_of_interest=effect_of_interest, interest_is_relative=interest_is_relative,
        keep_low_baselines=keep_low_baselines)
    run = dict(threads=threads, progress=progress, cancel=cancel, timeout=timeout)
    names = list(covariates)
    wanted = dict(_SUMS)
    columns = {name: _get(data, name) for name in wanted}
    if columns["users"] is None or columns["sum"] is None:
        raise InvalidDataError("data has no columns users and sum")
    if kind is None and _get(data, "kind") is None:
        kind = "proportion"
        if columns["denominator_sum"] is not None:
            kind = "ratio"
        elif columns["sum_squares"] is not None:
            kind = "mean"
    if getattr(columns["users"], "ndim", 1) > 1:
        if names:
            raise ShapeError("covariates come in columns of rows, not in arrays [metrics, arms]")
        return _dense(columns, control, kind, arms, metrics, split, stratum_weights, options, run)

    labels = _get(data, "arm")
    if labels is None:
        raise InvalidDataError("data has no column arm")
    labels = _arrays.listed(labels, "arm")
    count = len(labels)
    metric_column = _get(data, "metric")
    metric_of = ["metric"] * count if metric_column is None else _arrays.listed(
        metric_column, "metric")
    stratum_column = _get(data, "stratum")
    stratum_of = [0] * count if stratum_column is None else _arrays.listed(
        stratum_column, "stratum")
    arm_names = list(dict.fromkeys(labels)) if arms is None else list(arms)
    metric_names = list(dict.fromkeys(metric_of)) if metrics is None else list(metrics)
    stratum_names = list(dict.fromkeys(stratum_of))
    widths = (len(metric_names), len(arm_names), len(stratum_names))
    positions = [
        {name: index for index, name in enumerate(found)}
        for found in (metric_names, arm_names, stratum_names)]
    places: list[int] = []
    for row in range(count):
        try:
            m, a, s = (
                where[value] for where, value in zip(
                    positions, (metric_of[row], labels[row], stratum_of[row])))
        except KeyError as missing:
            raise InvalidDataError(
                f"row {row} has {missing.args[0]!r}, which is not among the names given",
                index=row) from None
        except IndexError:
            raise ShapeError("columns of data differ in length") from None
        places.append((m * widths[1] + a) * widths[2] + s)
    if len(set(places)) != count:
        raise InvalidDataError("data has two rows of one metric, arm and stratum")
    cells = widths[0] * widths[1] * widths[2]

    def spread(values: Any, name: str) -> _arrays.Column:
        column = _arrays.Column(values, name, "d")
        if column.count != count:
            raise ShapeError(f"{name} has {column.count} rows, arm has {count}")
        # What has no row has no users.
        made = [0.0] * cells
        for place, value in zip(places, column._array.tolist()):
            made[place] = value
        return _arrays.Column(made, name, "d")

    kind_column = _get(data, "kind")
    kinds_by_metric = None
    if kind is None and kind_column is not None:
        kinds_by_metric = [None] * widths[0]
        for row, value in enumerate(_arrays.listed(kind_column, "kind")):
            kinds_by_metric[places[row] // (widths[1] * widths[2])] = value
    kinds = _kind_numbers(kind, metric_names, kinds_by_metric)
    sums = {
        wanted[name]: spread(values, name) for name, values in columns.items()
        if values is not None}
    if names:
        sums.update(_covariate_sums(data, names, spread, cells))
    return _table(
        sums, metric_names, arm_names, control, kinds, strata=widths[2], covariates=len(names),
        split=split, stratum_weights=stratum_weights, options=options, run=run)


def _covariate_sums(
    data: Any, names: list[str], spread: Any, cells: int
) -> dict[str, _arrays.Column]:
    def column(name: str) -> list[float]:
        values = _get(data, name)
        if values is None:
            raise InvalidDataError(f"data has no column {name}")
        return spread(values, name)._array.tolist()

    sums = [column(f"{name}_sum") for name in names]
    products = [column(f"{name}_product") for name in names]
    squares = []
    for index, name in enumerate(names):
        squares.append(column(f"{name}_sum_squares"))
        squares.extend(column(f"{name}_{other}_product") for other in names[index + 1:])

    def interleaved(columns: list[list[float]], name: str) -> _arrays.Column:
        return _arrays.Column(
            [column[cell] for cell in range(cells) for column in columns], name, "d")

    return {
        "covariate_sums": interleaved(sums, "covariate sums"),
        "covariate_products": interleaved(products, "covariate products"),
        "covariate_squares": interleaved(squares, "covariate squares")}


def _dense(
    columns: dict[str, Any], control: Any, kind: Any, arms: Any, metrics: Any, split: Any,
    stratum_weights: Any, options: dict[str, Any], run: dict[str, Any],
) -> LiftTable:
    shape = columns["users"].shape
    if len(shape) not in (2, 3):
        raise ShapeError(f"users is {list(shape)}, must be [metrics, arms] or with strata")
    sums = {}
    for name, target in _SUMS:
        values = columns[name]
        if values is None:
            continue
        if tuple(getattr(values, "shape", ())) != tuple(shape):
            raise ShapeError(f"{name} must be {list(shape)} like users")
        sums[target] = _arrays.Column(values.reshape(-1), name, "d")
    arm_names = list(range(shape[1])) if arms is None else list(arms)
    metric_names = list(range(shape[0])) if metrics is None else list(metrics)
    if len(arm_names) != shape[1] or len(metric_names) != shape[0]:
        raise ShapeError(
            f"{len(metric_names)} metrics and {len(arm_names)} arms are named, users is "
            f"{list(shape)}")
    return _table(
        sums, metric_names, arm_names, control, _kind_numbers(kind, metric_names, None),
        strata=shape[2] if len(shape) == 3 else 1, split=split, stratum_weights=stratum_weights,
        options=options, run=run)


# ---- Rows of users ----------------------------------------------------------------------------


class Experiment(Handle):
    """Rows of an experiment, gathered user by user; what is random is the user, not the row.

        with plaudit.Experiment(["A", "B"], ["clicks", "views", "before"]) as experiment:
            experiment.add(users, arms, {"clicks": clicks, "views": views, "before": before})
            print(experiment.lift_table("A", {"ctr": ("clicks", "views"), "clicks": "clicks"},
                                        covariates=["before"]))

    Rows of one user add up. Users may be integers, strings or bytes; text is remembered by 64 bits
    of its BLAKE2 hash. Users seen in two arms are left out and counted in `crossed_users`.
    """

    _free = "plaudit_experiment_free"

    def __init__(self, arms: Sequence[Any], values: Sequence[str]) -> None:
        self.arms = _arrays.listed(arms, "arms")
        self.values = _arrays.listed(values, "values")
        if len(set(self.arms)) != len(self.arms) or len(set(self.values)) != len(self.values):
            raise ShapeError("arms or values are named twice")
        handle = c_void_p()
        call(
            _lib.plaudit_experiment_create, len(self.arms), len(self.values), byref(handle))
        self._own(handle)

    def add(self, users: Any, arms: Any, values: Mapping[str, Any]) -> "Experiment":
        """Adds rows: the user and the arm of each, and a column for each value."""
        ids = _arrays.Column(_user_numbers(users), "users", "q")
        numbers = {name: index for index, name in enumerate(self.arms)}
        kept = _arrays.indices(_arrays.listed(arms, "arms"), numbers, "arms")
        unknown = [name for name in values if name not in self.values]
        missing = [name for name in self.values if name not in values]
        if unknown or missing:
            raise InvalidDataError(f"values must be {self.values}, given are {list(values)}")
        columns = [_arrays.Column(values[name], name, "d") for name in self.values]
        for name, count in [("arms", len(kept))] + [
                (name, column.count) for name, column in zip(self.values, columns)]:
            if count != ids.count:
                raise ShapeError(f"users has {ids.count} rows, {name} has {count}")
        table = _interleaved([column._array for column in columns], ids.count)
        call(
            _lib.plaudit_experiment_add, self._live, ids.address, kept.buffer_info()[0],
            table.address, ids.count)
        return self

    def merge(self, other: "Experiment") -> "Experiment":
        """Adds the users of another, which stays as it is; a user of both is one user."""
        if not isinstance(other, Experiment):
            raise TypeError(f"other must be an Experiment, not {type(other).__name__}")
        if other.arms != self.arms or other.values != self.values:
            raise ShapeError("experiments of other arms or values cannot be merged")
        call(_lib.plaudit_experiment_merge, self._live, other._live)
        return self

    def _moments(self) -> tuple[list[float], list[float], list[float], int]:
        arms, values = len(self.arms), len(self.values)
        pairs = values * (values + 1) // 2
        users, sums, products = (
            _arrays.Output("d", size) for size in (arms, arms * values, arms * pairs))
        crossed = c_int64()
        call(
            _lib.plaudit_experiment_moments, self._live, users.address, sums.address,
            products.address, byref(crossed))
        return (
            users.value().tolist(), sums.value().tolist(), products.value().tolist(),
            crossed.value)

    @property
    def users(self) -> dict[Any, int]:
        """Users by arm, without those of two arms."""
        return dict(zip(self.arms, map(int, self._moments()[0])))

    @property
    def crossed_users(self) -> int:
        """Users seen in more than one arm; no arm counts them."""
        return self._moments()[3]

    def lift_table(
        self, control: Any, metrics: Mapping[Any, Any], *, proportions: Sequence[Any] = (),
        covariates: Sequence[str] = (), split: Any = None, confidence: float | None = None,
        relative: str = "fieller", absolute: str = "automatic", distribution: str = "automatic",
        hypothesis: str = "absolute", design: str = "fixed horizon", tuning: float | None = None,
        tuning_kind: str = "sample size", mixing_variance: float | None = None,
        adjust: str | None = None, scope: str = "all", theta: str = "pooled",
        power: float | None = None, effect_of_interest: float | None = None,
        interest_is_relative: bool = False, keep_low_baselines: bool = False, threads: int = 0,
        progress: ProgressOption = None, cancel: Cancel | None = None,
        timeout: float | None = None,
    ) -> LiftTable:
        """A lift table of metrics, by name: a value a user, or (numerator, denominator).

        proportions: names of metrics whose value is 0 or 1 a user. covariates: values from before
        the experiment that adjust means and proportions (CUPED). Else as `plaudit.lift_table`.
        """
        users, sums, products, _ = self._moments()
        width = len(self.values)
        pairs = width * (width + 1) // 2
        where = {name: index for index, name in enumerate(self.values)}
        kinds, parts = [], []
        for name, spec in metrics.items():
            above, below = spec if isinstance(spec, tuple) else (spec, None)
            for value in (above, below, *covariates):
                if value is not None and value not in where:
                    raise InvalidDataError(f"{value!r} is no value; values are {self.values}")
            kinds.append(2 if below is not None else 0 if name in proportions else 1)
            parts.append((where[above], None if below is None else where[below]))
        extra = [where[name] for name in covariates]

        def product(arm: int, first: int, second: int) -> float:
            low, high = min(first, second), max(first, second)
            return products[
                arm * pairs + low * width - low * (low - 1) // 2 + high - low]

        columns: dict[str, list[float]] = {
            name: [] for name in (
                "users", "sums", "squares", "denominator_sums", "denominator_squares",
                "denominator_products", "covariate_sums", "covariate_products",
                "covariate_squares")}
        for above, below in parts:
            for arm in range(len(self.arms)):
                total = sums[arm * width:(arm + 1) * width]
                columns["users"].append(users[arm])
                columns["sums"].append(total[above])
                columns["squares"].append(product(arm, above, above))
                other = above if below is None else below
                columns["denominator_sums"].append(total[other])
                columns["denominator_squares"].append(product(arm, other, other))
                columns["denominator_products"].append(product(arm, above, other))
                for index, one in enumerate(extra):
                    columns["covariate_sums"].append(total[one])
                    columns["covariate_products"].append(product(arm, above, one))
                    columns["covariate_squares"].extend(
                        product(arm, one, two) for two in extra[index:])
        options = dict(
            confidence=confidence, relative=relative, absolute=absolute,
            distribution=distribution, hypothesis=hypothesis, design=design, tuning=tuning,
            tuning_kind=tuning_kind, mixing_variance=mixing_variance, adjust=adjust, scope=scope,
            theta=theta, power=power, effect_of_interest=effect_of_interest,
            interest_is_relative=interest_is_relative, keep_low_baselines=keep_low_baselines)
        return _table(
            {name: _arrays.Column(values, name, "d") for name, values in columns.items() if values},
            list(metrics), self.arms, control, kinds, covariates=len(extra), centred=True,
            split=split, options=options,
            run=dict(threads=threads, progress=progress, cancel=cancel, timeout=timeout))

    def __repr__(self) -> str:
        if self.closed:
            return "Experiment(closed)"
        return f"Experiment(users={self.users}, values={self.values})"


def _user_numbers(users: Any) -> Any:
    module = _arrays.numpy()
    if module is not None and getattr(getattr(users, "dtype", None), "kind", "") in ("i", "u"):
        return users
    values = _arrays.listed(users, "users")
    if values and isinstance(values[0], (str, bytes)):
        return [_hashed(value, row) for row, value in enumerate(values)]
    return values


def _hashed(value: Any, row: int) -> int:
    if isinstance(value, str):
        value = value.encode("utf-8", "surrogatepass")
    if not isinstance(value, bytes):
        raise TypeError(f"users[{row}] is {value!r}, where others are text")
    return int.from_bytes(hashlib.blake2b(value, digest_size=8).digest(), "little", signed=True)


def _interleaved(columns: list[Any], count: int) -> _arrays.Column:
    module = _arrays.numpy()
    if module is not None:
        table = module.empty((count, len(columns)))
        for index, column in enumerate(columns):
            table[:, index] = column
        return _arrays.Column(table.reshape(-1), "values", "d")
    return _arrays.Column(
        [column[row] for row in range(count) for column in columns], "values", "d")


class Winsorized(NamedTuple):
    """values: float64, cut at limits. cut_below, cut_above: how many were moved."""

    values: Any
    limits: Interval
    cut_below: int
    cut_above: int


def winsorize(values: Any, lower: float = 0.0, upper: float = 0.95) -> Winsorized:
    """Values of all arms together, cut at quantiles of themselves; 0 and 1 cut nothing."""
    column = _arrays.Column(values, "values", "d")
    output = _arrays.Output("d", column.count)
    result = _abi.plaudit_winsorizing()
    call(
        _lib.plaudit_stats_winsorize, column.address, column.count, real(lower, "lower"),
        real(upper, "upper"), output.address, byref(result))
    return Winsorized(
        output.value(), Interval(result.limits.lower, result.limits.upper), result.cut_below,
        result.cut_above)


# ---- Many tests, sample ratio -----------------------------------------------------------------


def adjust_p_values(p_values: Any, method: str = "bh", level: float = 0.05) -> Any:
    """Adjusted p values of one family; NaN stay NaN and do not count.

    method: "bonferroni", "sidak", "holm", "holm-sidak", "hochberg", "hommel", "bh" (Benjamini and
    Hochberg), "by" (Benjamini and Yekutieli), "two-stage", which reads level.
    """
    column = _arrays.Column(p_values, "p_values", "d")
    output = _arrays.Output("d", column.count)
    call(
        _lib.plaudit_stats_adjust_p_values, choice(method, "method", _ADJUSTMENTS), column.address,
        column.count, real_setting(level, "level"), output.address)
    return output.value()


class SampleRatio(NamedTuple):
    """Pearson's chi-square of the arms' sizes against the plan.

    unexpected_users: in arms of weight 0. mismatch: p below 0.001, or any unexpected user.
    """

    statistic: float
    degrees_of_freedom: int
    p_value: float
    unexpected_users: float
    mismatch: bool


def sample_ratio(users: Any, weights: Any = None) -> SampleRatio:
    """Whether the arms have the sizes that were planned; weights None is an equal split."""
    counts = _arrays.Column(users, "users", "d")
    shares = None if weights is None else _weights(weights, [None] * counts.count)
    result = _abi.plaudit_sample_ratio()
    call(
        _lib.plaudit_stats_sample_ratio, counts.address,
        None if shares is None else shares.address, counts.count, byref(result))
    return SampleRatio(
        result.statistic, result.degrees_of_freedom, result.p_value, result.unexpected_users,
        result.p_value < 0.001 or result.unexpected_users > 0)


class SampleRatioSequence(NamedTuple):
    """By batch: 1 / Bayes factor against the plan, and its least value so far, at most 1."""

    inverse_evidence: Any
    p_value: Any


def sample_ratio_sequence(
    new_users: Any, weights: Any = None, concentration: float | None = None
) -> SampleRatioSequence:
    """The sample ratio after every batch [batches, arms], valid at any time."""
    table = _arrays.Table(new_users, "new_users")
    shares = None if weights is None else _weights(weights, [None] * table.columns)
    inverse, least = _arrays.Output("d", table.rows), _arrays.Output("d", table.rows)
    call(
        _lib.plaudit_stats_sample_ratio_sequence, table.address,
        None if shares is None else shares.address, table.rows, table.columns,
        real_setting(concentration, "concentration"), inverse.address, least.address)
    return SampleRatioSequence(inverse.value(), least.value())


# ---- Looks ------------------------------------------------------------------------------------


class AlwaysValid(NamedTuple):
    """By look: the logarithm of the evidence, p, and the interval; p and interval agree."""

    log_evidence: Any
    p_value: Any
    lower: Any
    upper: Any


def _always_valid(
    effects: Any, standard_errors: Any, users: Any, options: _abi.plaudit_sequence_options
) -> AlwaysValid:
    effect, error = _arrays.columns(effects, standard_errors, ("effects", "standard_errors"), "d")
    sizes = None if users is None else _arrays.Column(users, "users", "d")
    if sizes is not None and sizes.count != effect.count:
        raise ShapeError(f"effects has {effect.count} rows, users has {sizes.count}")
    outputs = [_arrays.Output("d", effect.count) for _ in range(4)]
    call(
        _lib.plaudit_stats_always_valid, effect.address, error.address,
        None if sizes is None else sizes.address, effect.count, byref(options),
        *(output.address for output in outputs))
    return AlwaysValid(*(output.value() for output in outputs))


def confidence_sequence(
    effects: Any, standard_errors: Any, users: Any, *, tuning: float | None = None,
    tuning_kind: str = "sample size", confidence: float | None = None, running: bool = False,
) -> AlwaysValid:
    """Looks of an experiment, at any time: the asymptotic confidence sequence.

    users: of both arms together at each look. tuning: the number of users for which it is narrowest
    (5000), or rho by tuning_kind "rho" (GrowthBook, the paper) or "eppo rho". running: p is the
    least so far, the interval the intersection so far.
    """
    options = _abi.plaudit_sequence_options()
    options.confidence = real_setting(confidence, "confidence")
    options.tuning = real_setting(tuning, "tuning")
    options.tuning_kind = choice(tuning_kind, "tuning_kind", _TUNINGS)
    options.running = flag(running, "running")
    return _always_valid(effects, standard_errors, users, options)


def mixture_sprt(
    effects: Any, standard_errors: Any, mixing_variance: float, *,
    confidence: float | None = None, running: bool = True,
) -> AlwaysValid:
    """The mixture sequential probability ratio test of Johari, Pekelis and Walsh.

    Effects and standard errors are those known at each look. mixing_variance: how far from 0
    effects are expected, squared. running: p is the least so far, as the test has it.
    """
    options = _abi.plaudit_sequence_options()
    options.design = _abi.DESIGN_MIXTURE_SPRT
    options.confidence = real_setting(confidence, "confidence")
    options.mixing_variance = real(mixing_variance, "mixing_variance")
    options.running = flag(running, "running")
    return _always_valid(effects, standard_errors, None, options)


class IntervalSequence(NamedTuple):
    """Limits after each value; all of them hold at once."""

    lower: Any
    upper: Any


def betting_sequence(
    values: Any, *, bounds: tuple[float, float] = (0.0, 1.0), confidence: float | None = None,
    steps: int | None = None, cancel: Cancel | None = None, timeout: float | None = None,
) -> IntervalSequence:
    """A confidence sequence for the mean of values within bounds, by betting."""
    column = _arrays.Column(values, "values", "d")
    options = _abi.plaudit_betting_options()
    options.lower, options.upper = (real(bound, "bounds") for bound in bounds)
    if options.lower == options.upper:
        raise OutOfRangeError(f"bounds are {bounds}, must rise")
    options.confidence = real_setting(confidence, "confidence")
    options.steps = setting(steps, "steps")
    lower, upper = _arrays.Output("d", column.count), _arrays.Output("d", column.count)
    with Run(cancel=cancel, timeout=timeout) as run:
        run(
            _lib.plaudit_stats_betting_sequence, column.address, column.count, byref(options),
            Run.OPTIONS, lower.address, upper.address)
    return IntervalSequence(lower.value(), upper.value())


class GroupSequential(NamedTuple):
    """By look: |z| to be reached, the error spent so far, and the p a fixed design has there."""

    bounds: Any
    spent: Any
    nominal_levels: Any


def group_sequential(
    information: Any, *, alpha: float | None = None, spending: str = "obrien-fleming",
    exponent: float | None = None, sides: int = 2, per_side: bool = False,
) -> GroupSequential:
    """Lan-DeMets bounds for looks at shares of the planned information, such as [0.5, 0.75, 1].

    spending: "obrien-fleming", "pocock", or "power" with its exponent. per_side: the function
    spends alpha / 2 on each side, as gsDesign and ldbounds have it.
    """
    column = _arrays.Column(information, "information", "d")
    options = _abi.plaudit_group_sequential_options()
    options.alpha = real_setting(alpha, "alpha")
    options.exponent = real_setting(exponent, "exponent")
    options.spending = choice(spending, "spending", _SPENDINGS)
    options.sides = whole(sides, "sides", 1, 2)
    options.per_side = flag(per_side, "per_side")
    outputs = [_arrays.Output("d", column.count) for _ in range(3)]
    call(
        _lib.plaudit_stats_group_sequential, column.address, column.count, byref(options),
        *(output.address for output in outputs))
    return GroupSequential(*(output.value() for output in outputs))


# ---- Posteriors -------------------------------------------------------------------------------


class RatePosterior(NamedTuple):
    """One arm's rate after the data, and whether it is the best.

    expected_loss: the gap to the best rate that is expected when this arm is chosen.
    """

    mean: float
    interval: Interval
    chance_to_be_best: float
    expected_loss: float


def rate_posteriors(
    successes: Any, trials: Any, *, prior: tuple[float, float] = (1.0, 1.0),
    confidence: float | None = None,
) -> list[RatePosterior]:
    """Arms as beta distributions, exact: `rate_posteriors([134, 182], [1000, 1000])`."""
    hits, tries = _arrays.columns(successes, trials, ("successes", "trials"), "d")
    options = _abi.plaudit_posterior_options()
    options.confidence = real_setting(confidence, "confidence")
    options.prior_alpha, options.prior_beta = (real_setting(value, "prior") for value in prior)
    found = (_abi.plaudit_rate_posterior * max(1, hits.count))()
    call(
        _lib.plaudit_stats_rate_posteriors, hits.address, tries.address, hits.count,
        byref(options), found)
    return [
        RatePosterior(
            arm.mean, Interval(arm.interval.lower, arm.interval.upper), arm.chance_to_be_best,
            arm.expected_loss)
        for arm in found[:hits.count]]


class EffectPosteriors(NamedTuple):
    """Columns: the effect after the prior, the chance that it is above 0, and expected losses.

    control_loss: what keeping the control costs. treatment_loss: what the treatment costs.
    """

    mean: Any
    standard_deviation: Any
    lower: Any
    upper: Any
    chance_to_win: Any
    control_loss: Any
    treatment_loss: Any


def effect_posteriors(
    effects: Any, standard_errors: Any, *, prior_mean: float = 0.0,
    prior_variance: float | None = None, confidence: float | None = None,
) -> EffectPosteriors:
    """Effects, such as columns of a lift table, after a normal prior; None is no prior."""
    effect, error = _arrays.columns(effects, standard_errors, ("effects", "standard_errors"), "d")
    options = _abi.plaudit_posterior_options()
    options.confidence = real_setting(confidence, "confidence")
    options.prior_mean = real(prior_mean, "prior_mean")
    options.prior_variance = real_setting(prior_variance, "prior_variance")
    width = ctypes.sizeof(_abi.plaudit_effect_posterior) // 8
    rows = _arrays.Output("d", effect.count, width)
    call(
        _lib.plaudit_stats_effect_posteriors, effect.address, error.address, effect.count,
        byref(options), rows.address)
    table = rows.value()
    if _arrays.numpy() is not None:
        return EffectPosteriors(*(table[:, index].copy() for index in range(width)))
    return EffectPosteriors(*(
        _arrays.column_of([row[index] for row in table], "d") for index in range(width)))
