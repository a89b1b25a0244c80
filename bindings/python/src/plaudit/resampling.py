"""Intervals and tests from the rows themselves: bootstrap and permutation.

    plaudit.bootstrap(revenue, control=baseline, effect="relative", method="bca", seed=1)
    plaudit.permutation_test(revenue, baseline)

Results depend on the seed alone: neither on threads nor on the order of the rows.
"""

from __future__ import annotations

from ctypes import byref
from dataclasses import dataclass
from typing import Any

from . import _abi, _arrays
from ._arguments import choice, flag, real, real_setting, setting, whole
from ._run import ProgressOption, Run
from .errors import OutOfRangeError, ShapeError
from .library import Cancel
from .model_metrics import _BOOTSTRAPS, BootstrapInterval, _interval
from .stats import _ALTERNATIVES

_lib = _abi.load()

_OF_ARMS = {
    "mean": _abi.STATISTIC_MEAN, "proportion": _abi.STATISTIC_PROPORTION,
    "ratio": _abi.STATISTIC_RATIO, "quantile": _abi.STATISTIC_QUANTILE,
    "median": _abi.STATISTIC_QUANTILE}
_STATISTICS = {
    **_OF_ARMS, "pearson": _abi.STATISTIC_PEARSON, "spearman": _abi.STATISTIC_SPEARMAN}
_EFFECTS = {"difference": _abi.SAMPLE_EFFECT_DIFFERENCE, "relative": _abi.SAMPLE_EFFECT_RELATIVE}
_WEIGHTINGS = {
    "multinomial": _abi.WEIGHTING_MULTINOMIAL, "poisson": _abi.WEIGHTING_POISSON}


class _Sample:
    """A plaudit_sample and the columns it points to."""

    def __init__(self, values: Any, denominators: Any, clusters: Any, name: str) -> None:
        self.struct = _abi.plaudit_sample()
        self._columns = [_arrays.Column(values, name, "d")]
        self.struct.count = self._columns[0].count
        self.struct.values = self._columns[0].address
        if denominators is not None:
            self.struct.denominators = self._add(
                _arrays.Column(denominators, f"{name}'s denominators", "d"), name)
        if clusters is not None:
            self.struct.clusters = self._add(_arrays.numbers_of(clusters, f"{name}'s clusters"), name)

    def _add(self, column: _arrays.Column, name: str) -> int:
        if column.count != self.struct.count:
            raise ShapeError(
                f"{name} has {self.struct.count} rows, its denominators or clusters "
                f"{column.count}")
        self._columns.append(column)
        return column.address


def _quantile(statistic: str, quantile: float | None) -> float:
    if quantile is None:
        return 0.0
    if statistic != "quantile":
        raise OutOfRangeError(f"statistic {statistic!r} takes no quantile; it is for 'quantile'")
    return real_setting(quantile, "quantile")


def bootstrap(
    values: Any, *, denominators: Any = None, clusters: Any = None, control: Any = None,
    control_denominators: Any = None, control_clusters: Any = None, statistic: str = "mean",
    quantile: float | None = None, effect: str = "difference", paired: bool = False,
    method: str = "percentile", weighting: str = "multinomial", confidence: float = 0.95,
    resamples: int = 1000, seed: int = 0, threads: int = 0, progress: ProgressOption = None,
    cancel: Cancel | None = None, timeout: float | None = None,
) -> BootstrapInterval:
    """An interval around a statistic, or around the effect of `values` over `control`.

    statistic: "mean", "proportion" (of 0 and 1), "ratio" (sum of values / sum of denominators),
    "median" or "quantile". effect: "difference" or "relative". method: "percentile", "basic" or
    "bca". weighting: "multinomial" or "poisson". clusters: rows of one user are drawn together.
    paired: row i of both columns is one unit.
    """
    number = choice(statistic, "statistic", _OF_ARMS)
    sample = _Sample(values, denominators, clusters, "values")
    other = None
    if control is not None:
        other = _Sample(control, control_denominators, control_clusters, "control")
    options = _abi.plaudit_sample_options()
    options.confidence = real_setting(confidence, "confidence")
    options.quantile = _quantile(statistic, quantile)
    options.resamples = setting(whole(resamples, "resamples", 1, 10_000_000), "resamples")
    options.seed = whole(seed, "seed", 0, 2**64 - 1)
    options.method = choice(method, "method", _BOOTSTRAPS)
    options.effect = choice(effect, "effect", _EFFECTS)
    options.weighting = choice(weighting, "weighting", _WEIGHTINGS)
    options.paired = flag(paired, "paired")
    result = _abi.plaudit_bootstrap_result()
    drawn = _arrays.Output("d", options.resamples)
    with Run(threads=threads, progress=progress, cancel=cancel, timeout=timeout) as run:
        run(
            _lib.plaudit_stats_bootstrap_sample, number, byref(sample.struct),
            None if other is None else byref(other.struct), byref(options), Run.OPTIONS,
            byref(result), drawn.address)
    return BootstrapInterval(
        result.value, _interval(result.interval), result.standard_error, result.bias,
        result.acceleration, result.undefined_resamples, drawn.value())


@dataclass(frozen=True)
class PermutationTest:
    """statistic: treatment less control, or the correlation. exact: of all arrangements; else of
    random ones, and p_value is never 0. arrangements: how many were looked at;
    undefined_arrangements of them have no value and count as extreme. values: of each."""

    statistic: float
    p_value: float
    exact: bool
    arrangements: int
    undefined_arrangements: int
    values: Any

    def __repr__(self) -> str:
        kind = "all" if self.exact else "random"
        return (
            f"PermutationTest(statistic={self.statistic!r}, p_value={self.p_value!r}, "
            f"{self.arrangements} {kind} arrangements)")


def permutation_test(
    values: Any, control: Any, *, denominators: Any = None, control_denominators: Any = None,
    clusters: Any = None, control_clusters: Any = None, statistic: str = "mean",
    quantile: float | None = None, alternative: str = "two-sided", paired: bool = False,
    resamples: int = 9999, seed: int = 0, threads: int = 0, progress: ProgressOption = None,
    cancel: Cancel | None = None, timeout: float | None = None,
) -> PermutationTest:
    """Whether arms differ, or columns belong together, by more than chance.

    All arrangements of the rows when they are no more than `resamples`, else random ones.
    statistic: as for `bootstrap`, or "pearson" and "spearman", which shuffle `control` beside
    `values`. paired: rows of a pair change places; else users change arms.
    """
    number = choice(statistic, "statistic", _STATISTICS)
    sample = _Sample(values, denominators, clusters, "values")
    other = _Sample(control, control_denominators, control_clusters, "control")
    options = _abi.plaudit_permutation_options()
    options.quantile = _quantile(statistic, quantile)
    options.resamples = setting(whole(resamples, "resamples", 1, 10_000_000), "resamples")
    options.seed = whole(seed, "seed", 0, 2**64 - 1)
    options.alternative = choice(alternative, "alternative", _ALTERNATIVES)
    options.paired = flag(paired, "paired")
    result = _abi.plaudit_permutation_result()
    found = _arrays.Output("d", options.resamples)
    with Run(threads=threads, progress=progress, cancel=cancel, timeout=timeout) as run:
        run(
            _lib.plaudit_stats_permutation_test, number, byref(sample.struct), byref(other.struct),
            byref(options), Run.OPTIONS, byref(result), found.address)
    return PermutationTest(
        result.statistic, result.p_value, bool(result.exact), result.arrangements,
        result.undefined_arrangements, found.value()[:result.arrangements])
