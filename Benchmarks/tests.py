"""Intervals, tests and power of Plaudit beside scipy's and statsmodels', on the same numbers in one run.

    .venv-bench/bin/python Benchmarks/tests.py     # make bench-tests

Columns of a million rows where the peer is vectorised, else as many rows as it manages in a second.
Rounds alternate between the peers, all on one thread; processor time counts, so that a busy machine
does not; medians, ratios and the largest relative difference of the results are printed and written
as JSON.
"""

import argparse
import json
import os
import platform
import statistics
import time
import warnings
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import numpy
import scipy
import statsmodels
from scipy import stats
from statsmodels.stats import power, proportion

import plaudit

ROOT = Path(__file__).resolve().parent.parent
ROUNDS = 5


def timed(function):
    started = time.process_time()
    result = function()
    return time.process_time() - started, result


def difference(one, other):
    one, other = numpy.asarray(one, float), numpy.asarray(other, float)
    both = numpy.isfinite(one) & numpy.isfinite(other) & (numpy.abs(other) > 1e-200)
    if not both.any():
        return 0.0
    return float(numpy.max(numpy.abs(one[both] - other[both]) / numpy.abs(other[both])))


def compare(name, peer, ours, ours_rows, theirs, theirs_rows):
    """Rows a second of both; the functions return columns of which the first rows are the same."""
    times, peers = [], []
    timed(ours), timed(theirs)
    for _ in range(ROUNDS):
        seconds, result = timed(ours)
        times.append(seconds / ours_rows)
        seconds, expected = timed(theirs)
        peers.append(seconds / theirs_rows)
    one, other = statistics.median(times), statistics.median(peers)
    rows = min(ours_rows, theirs_rows)
    apart = max(
        difference(numpy.ravel(a)[:rows], numpy.ravel(b)[:rows]) for a, b in zip(result, expected))
    print(
        f"{name:32} {1 / one:14,.0f} rows/s {1 / other:14,.0f} {peer:12} {other / one:9.1f} times"
        f"   differ by {apart:.0e}")
    return {
        "name": name, "peer": peer, "rows_per_s": round(1 / one), "peer_rows_per_s": round(1 / other),
        "ratio": round(other / one, 1), "largest_difference": apart}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument(
        "--output", type=Path, default=ROOT / "Benchmarks/results/tests.json")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    numpy.seterr(all="ignore")
    draw = numpy.random.default_rng(1)
    rows = given.rows
    trials = draw.integers(20, 20_000, rows)
    rate = draw.uniform(0.01, 0.5, rows)
    control = draw.binomial(trials, rate)
    treatment = draw.binomial(trials, numpy.minimum(1, rate * draw.uniform(0.8, 1.3, rows)))
    found = []

    for method, name in (
        ("wilson", "wilson"), ("agresti-coull", "agresti_coull"), ("clopper-pearson", "beta"),
        ("jeffreys", "jeffreys"),
    ):
        few = rows if method in ("wilson", "agresti-coull") else rows // 20
        found.append(compare(
            f"{method} interval", "statsmodels",
            lambda: plaudit.rate_interval(treatment, trials, method=method, threads=1)[:2], rows,
            lambda: proportion.proportion_confint(
                treatment[:few], trials[:few], method=name), few))

    def effects(**options):
        tests = plaudit.compare_rates(treatment, trials, control, trials, threads=1, **options)
        return tests.statistic, tests.p_value, tests.lower, tests.upper

    def newcombe():
        test = proportion.test_proportions_2indep(
            treatment, trials, control, trials, method="wald")
        low, high = proportion.confint_proportions_2indep(
            treatment, trials, control, trials, method="newcomb")
        return test.statistic, test.pvalue, low, high

    found.append(compare(
        "z test and Newcombe interval", "statsmodels", lambda: effects(variance="unpooled"), rows,
        newcombe, rows))

    def score(count):
        ends = [
            proportion.confint_proportions_2indep(
                treatment[row], trials[row], control[row], trials[row], method="score")
            for row in range(count)]
        return [numpy.array([one[side] for one in ends]) for side in (0, 1)]

    found.append(compare(
        "Miettinen-Nurminen interval", "statsmodels",
        lambda: effects(interval="score")[2:], rows, lambda: score(50), 50))

    sizes = draw.integers(5, 5000, (2, rows))
    means, deviations = draw.normal(10, 1, (2, rows)), draw.uniform(0.5, 4, (2, rows))
    one = plaudit.Moments(sizes[0], means[0], deviations[0] ** 2)
    other = plaudit.Moments(sizes[1], means[1], deviations[1] ** 2)

    def welch():
        tests = plaudit.t_test(one, other, threads=1)
        return tests.statistic, tests.p_value, tests.lower, tests.upper

    def scipy_welch():
        test = stats.ttest_ind_from_stats(
            means[0], deviations[0], sizes[0], means[1], deviations[1], sizes[1],
            equal_var=False)
        v, w = deviations[0] ** 2 / sizes[0], deviations[1] ** 2 / sizes[1]
        degrees = (v + w) ** 2 / (v**2 / (sizes[0] - 1) + w**2 / (sizes[1] - 1))
        reach = stats.t.ppf(0.975, degrees) * numpy.sqrt(v + w)
        gap = means[0] - means[1]
        return test.statistic, test.pvalue, gap - reach, gap + reach

    found.append(compare("Welch t test and interval", "scipy", welch, rows, scipy_welch, rows))

    a, b = draw.normal(0, 1, rows // 2), draw.normal(0.002, 1, rows // 2)

    def single(test):
        return [[test.statistic], [test.p_value]]

    def peer(test):
        return [[test.statistic], [test.pvalue]]

    found.append(compare(
        "Mann-Whitney of rows", "scipy", lambda: single(plaudit.mann_whitney(a, b)), rows,
        lambda: peer(stats.mannwhitneyu(a, b)), rows))
    c, d = a[:5000], b[:5000]
    found.append(compare(
        "Kolmogorov-Smirnov, exact", "scipy",
        lambda: single(plaudit.kolmogorov_smirnov(c, d)), 10_000,
        lambda: peer(stats.ks_2samp(c, d, method="exact")), 10_000))
    found.append(compare(
        "Welch t test of rows", "scipy", lambda: single(plaudit.t_test(a, b)), rows,
        lambda: peer(stats.ttest_ind(a, b, equal_var=False)), rows))
    table = [[182, 818], [134, 866]]

    def repeated(function, count):
        for _ in range(count):
            result = function()
        return result

    found.append(compare(
        "Fisher exact, with interval", "scipy, none",
        lambda: [[repeated(lambda: plaudit.fisher_exact(table), 200).p_value]], 200,
        lambda: [[repeated(lambda: stats.fisher_exact(table), 200).pvalue]], 200))
    found.append(compare(
        "chi-square of a table", "scipy",
        lambda: single(repeated(lambda: plaudit.chi_square(table), 200)), 200,
        lambda: peer(repeated(lambda: stats.chi2_contingency(table), 200)), 200))
    solver = power.TTestIndPower()
    found.append(compare(
        "sample size of a t test", "statsmodels",
        lambda: [[repeated(
            lambda: plaudit.sample_size(effect=0.2, method="t"), 20).control_count]], 20,
        lambda: [[repeated(
            lambda: solver.solve_power(0.2, alpha=0.05, power=0.8), 20)]], 20))

    given.output.parent.mkdir(parents=True, exist_ok=True)
    cpu = next(
        (line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
         if line.startswith("model name")), platform.machine())
    given.output.write_text(json.dumps({
        "machine": {"cpu": cpu, "cores": os.cpu_count(), "threads": 1},
        "versions": {
            "plaudit": plaudit.version(), "python": platform.python_version(),
            "numpy": numpy.__version__, "scipy": scipy.__version__,
            "statsmodels": statsmodels.__version__},
        "rows": rows, "rounds": ROUNDS, "results": found}, indent=2) + "\n")


main()
