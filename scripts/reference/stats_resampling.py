#!/usr/bin/env python3
"""Bootstrap, permutation tests and correlation of SciPy, Granger's test of statsmodels.

pip install scipy==1.17.1 statsmodels==0.15.0; writes
Tests/PlauditStatsTests/Reference/stats_resampling_*.json. With the path of kpi_golden.json as
argument it also copies the cases of its groups resampling, correlation and assignment into
stats_resampling_golden.json.
"""

import json
import math
import pathlib
import sys
import warnings

import numpy as np
import scipy
import statsmodels
from scipy import stats
from statsmodels.tsa.stattools import grangercausalitytests

warnings.filterwarnings("ignore")
FOLDER = pathlib.Path(__file__).resolve().parents[2] / "Tests/PlauditStatsTests/Reference"
random = np.random.default_rng(20261125)


def plain(value):
    """Lists and Python numbers, what is not finite as a string."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(item) for item in value]
    if isinstance(value, np.integer):
        return int(value)
    if isinstance(value, (float, np.floating)):
        value = float(value)
        if math.isnan(value):
            return "NaN"
        return value if math.isfinite(value) else ("Infinity" if value > 0 else "-Infinity")
    return value


def write(name, tool, version, call, cases):
    body = ",\n".join("    " + json.dumps(plain(case)) for case in cases)
    (FOLDER / f"{name}.json").write_text(
        "{\n"
        f'  "tool": {json.dumps(tool)},\n  "version": {json.dumps(version)},\n'
        f'  "call": {json.dumps(call)},\n  "cases": [\n{body}\n  ]\n}}\n')


def correlation(x, y):
    pearson = stats.pearsonr(x, y)
    spearman, kendall = stats.spearmanr(x, y), stats.kendalltau(x, y)
    line, median = stats.linregress(x, y), stats.theilslopes(y, x)
    interval = pearson.confidence_interval(0.9)
    return {
        "x": x, "y": y, "pearson": [pearson.statistic, pearson.pvalue],
        "interval": [interval.low, interval.high],
        "spearman": [spearman.statistic, spearman.pvalue],
        "kendall": [kendall.statistic, kendall.pvalue],
        "line": [line.slope, line.intercept, line.stderr, line.rvalue**2],
        "median_line": [median.slope, median.intercept]}


def correlations():
    for rows in (4, 5, 8, 20, 33, 34, 120):
        x = random.normal(size=rows)
        for strength in (0, 0.5, 3):
            yield correlation(x, strength * x + random.normal(size=rows))
            # With ties on both sides.
            yield correlation(np.round(2 * x), np.round(strength * x + random.normal(size=rows)))
    # Large numbers far from 0, and perfect but for one pair.
    x = 1e9 + random.normal(size=40)
    yield correlation(x, 1e6 * random.normal(size=40) + x)
    x = np.arange(60.0)
    y = x.copy()
    y[[3, 4]] = y[[4, 3]]
    yield correlation(x, y)


def granger():
    for rows, lags in ((20, 1), (30, 2), (60, 3), (200, 5)):
        x = random.normal(size=rows).cumsum() * 0.3
        y = random.normal(size=rows)
        y[1:] += 0.5 * x[:-1]
        test = grangercausalitytests(np.c_[y, x], [lags])[lags][0]["ssr_ftest"]
        yield {"x": x, "y": y, "lags": lags, "f": test[0], "p": test[1],
               "freedom": [test[3], test[2]]}


def difference(of):
    return lambda a, b, axis=-1: of(a, axis=axis) - of(b, axis=axis)


def permutations():
    mean, median = difference(np.mean), difference(np.median)
    for a, b in ((5, 4), (3, 8), (2, 6), (6, 6)):
        first = np.round(random.normal(1, 2, a), 1)
        second = np.round(random.normal(0, 2, b), 1)
        for name, statistic in (("mean", mean), ("median", median)):
            for alternative in ("two-sided", "greater", "less"):
                test = stats.permutation_test(
                    (first, second), statistic, n_resamples=np.inf, alternative=alternative)
                yield {"statistic": name, "paired": False, "first": first, "second": second,
                       "alternative": alternative, "value": test.statistic, "p": test.pvalue,
                       "count": len(test.null_distribution)}
    for rows in (4, 7, 10):
        first = np.round(random.normal(1, 2, rows), 1)
        second = np.round(random.normal(0, 2, rows), 1)
        for name, statistic in (("mean", mean), ("median", median)):
            test = stats.permutation_test(
                (first, second), statistic, permutation_type="samples", n_resamples=np.inf)
            yield {"statistic": name, "paired": True, "first": first, "second": second,
                   "alternative": "two-sided", "value": test.statistic, "p": test.pvalue,
                   "count": len(test.null_distribution)}
    for rows in (4, 6, 7):
        first, second = random.normal(size=rows), random.normal(size=rows)
        for name, of in (("pearson", stats.pearsonr), ("spearman", stats.spearmanr)):
            test = stats.permutation_test(
                (second,), lambda y: of(first, y).statistic, permutation_type="pairings",
                vectorized=False, n_resamples=np.inf)
            yield {"statistic": name, "paired": True, "first": first, "second": second,
                   "alternative": "two-sided", "value": test.statistic, "p": test.pvalue,
                   "count": len(test.null_distribution)}


def bootstraps():
    """Acceleration is exact; limits are those of 100,000 resamples."""
    one, other = random.exponential(10, 60), random.exponential(8, 45)
    relative = lambda a, b, axis=-1: (
        (np.mean(a, axis=axis) - np.mean(b, axis=axis)) / np.abs(np.mean(b, axis=axis)))
    for name, samples, statistic, paired in (
            ("mean", (one,), np.mean, False),
            ("quantile", (one,), lambda a, axis=-1: np.quantile(a, 0.8, axis=axis), False),
            ("ratio", (one[:45], other), lambda a, b, axis=-1: np.sum(a, axis=axis) / np.sum(
                b, axis=axis), True),
            ("difference", (one, other), difference(np.mean), False),
            ("relative", (one, other), relative, False),
            ("paired", (one[:45], other), difference(np.mean), True)):
        limits = {}
        for method in ("percentile", "basic", "BCa"):
            found = stats.bootstrap(
                samples, statistic, method=method, n_resamples=100_000, batch=2000, paired=paired,
                rng=np.random.default_rng(7))
            limits[method.lower()] = list(found.confidence_interval)
        yield {"kind": name, "samples": [list(sample) for sample in samples],
               "error": found.standard_error, **limits}


def main():
    versions = f"{scipy.__version__}, {statsmodels.__version__}"
    write("stats_resampling_correlation", "scipy.stats", scipy.__version__,
          "pearsonr, confidence_interval(0.9), spearmanr, kendalltau, linregress, theilslopes",
          correlations())
    write("stats_resampling_granger", "statsmodels", statsmodels.__version__,
          "grangercausalitytests(c_[y, x], [lags]) ssr_ftest", granger())
    write("stats_resampling_permutation", "scipy.stats", scipy.__version__,
          "permutation_test(n_resamples=inf)", permutations())
    write("stats_resampling_bootstrap", "scipy.stats", scipy.__version__,
          "bootstrap(n_resamples=100000), confidence 0.95", bootstraps())
    if len(sys.argv) > 1:
        golden = json.loads(pathlib.Path(sys.argv[1]).read_text())
        groups = ("resampling", "correlation", "assignment")
        keys = ("id", "input", "expected", "tolerance")
        write("stats_resampling_golden", "scipy, statsmodels, GrowthBook's SDK", versions,
              "as each case of the golden values says", [
                  {key: case[key] for key in keys} for case in golden["cases"]
                  if case["group"] in groups])


main()
