"""Bootstrap, permutation tests, correlation and assignment beside SciPy, in one run.

    .venv-bench/bin/python Benchmarks/resampling.py          # make bench-resampling

Rounds alternate between the peers in one process; medians and ratios are printed and written as JSON,
of processor time for one thread, which other work on the machine disturbs little, and of time by the
clock for two. SciPy has one thread and batches of 100, at which it is quickest.
"""

import argparse
import json
import os
import platform
import statistics
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "bindings/python/src"))
os.environ.setdefault("PLAUDIT_LIBRARY", str(ROOT / "out/lib/libplaudit.so"))
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[variable] = "1"

import numpy as np  # noqa: E402
import scipy  # noqa: E402
from scipy import stats  # noqa: E402

import plaudit  # noqa: E402


def difference(a, b, axis=-1):
    return np.mean(a, axis=axis) - np.mean(b, axis=axis)


def median_difference(a, b, axis=-1):
    return np.median(a, axis=axis) - np.median(b, axis=axis)


def jobs():
    """name -> (peer's name, the peer's call, Plaudit's call by threads)."""
    random = np.random.default_rng(1)
    values = random.exponential(10, 10_000)
    other = random.exponential(9, 10_000)
    a, b = random.normal(0.1, 1, 1000), random.normal(0, 1, 1000)
    x = random.normal(size=100_000)
    y = x + random.normal(size=100_000)
    def scipy_bootstrap(data, of, method="percentile", resamples=10_000):
        return lambda: stats.bootstrap(data, of, method=method, n_resamples=resamples, batch=100, rng=random)
    def bootstrap(data, **options):
        options = {"resamples": 10_000, **options}
        return lambda threads: plaudit.bootstrap(data, threads=threads, **options)
    yield ("bootstrap of a mean, percentile, n = 10k, B = 10k", "scipy.stats.bootstrap",
           scipy_bootstrap((values,), np.mean), bootstrap(values))
    yield ("the same with Poisson weights", "scipy.stats.bootstrap",
           scipy_bootstrap((values,), np.mean), bootstrap(values, weighting="poisson"))
    yield ("bootstrap of a mean, BCa, n = 10k, B = 10k", "scipy.stats.bootstrap",
           scipy_bootstrap((values,), np.mean, "BCa"), bootstrap(values, method="bca"))
    yield ("bootstrap of a median, n = 10k, B = 1k", "scipy.stats.bootstrap",
           scipy_bootstrap((values,), np.median, resamples=1000),
           bootstrap(values, statistic="median", resamples=1000))
    yield ("bootstrap of a difference, n = 10k x 2, B = 10k", "scipy.stats.bootstrap",
           scipy_bootstrap((values, other), difference), bootstrap(values, control=other))
    yield ("permutation test of means, n = 1k x 2, B = 10k", "scipy.stats.permutation_test",
           lambda: stats.permutation_test((a, b), difference, n_resamples=9999, batch=100, rng=random),
           lambda threads: plaudit.permutation_test(a, b, threads=threads))
    yield ("permutation test of medians, n = 1k x 2, B = 10k", "scipy.stats.permutation_test",
           lambda: stats.permutation_test((a, b), median_difference, n_resamples=9999, batch=100, rng=random),
           lambda threads: plaudit.permutation_test(a, b, statistic="median", threads=threads))
    yield ("Kendall's tau, n = 100k", "scipy.stats.kendalltau",
           lambda: stats.kendalltau(x, y),
           lambda threads: plaudit.lagged_correlation(x, y, 0, method="kendall", threads=threads))
    yield ("Pearson, Spearman and Kendall, n = 100k", "scipy.stats",
           lambda: (stats.pearsonr(x, y), stats.spearmanr(x, y), stats.kendalltau(x, y)),
           lambda threads: plaudit.correlation(x, y, threads=threads))


def seconds(call):
    """By the clock, and of processors."""
    clock, processor = time.perf_counter(), time.process_time()
    call()
    return time.perf_counter() - clock, time.process_time() - processor


def assignment(rounds):
    """Users a second, of names that are an Arrow column already."""
    try:
        import pyarrow
    except ImportError:
        return {}
    users = pyarrow.array([f"user-{number}" for number in range(2_000_000)])
    found = {}
    for version in (1, 2):
        test = plaudit.Assignment("autumn-banner", [0.5, 0.5], version=version)
        for threads in (1, 2):
            test.assign(users, threads=threads)
            took = statistics.median(
                seconds(lambda: test.assign(users, threads=threads))[0] for _ in range(rounds))
            found[f"hash {version}, {threads} threads"] = len(users) / took
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--output", type=Path, default=ROOT / "Benchmarks/results/resampling.json")
    given = parser.parse_args()
    results = {}
    for name, peer, theirs, own in jobs():
        runs = {"peer": [], "1": [], "2": []}
        own(1)  # warm
        for _ in range(given.rounds):
            runs["peer"].append(seconds(theirs))
            runs["1"].append(seconds(lambda: own(1)))
            runs["2"].append(seconds(lambda: own(2)))
        clock, processor = (
            {key: statistics.median(pair[kind] for pair in value) for key, value in runs.items()}
            for kind in (0, 1))
        results[name] = {
            "peer": peer, "peer_cpu_s": processor["peer"], "plaudit_cpu_s": processor["1"],
            "ratio_cpu_1_thread": processor["1"] / processor["peer"],
            "peer_clock_s": clock["peer"], "plaudit_1_thread_clock_s": clock["1"],
            "plaudit_2_threads_clock_s": clock["2"],
            "ratio_clock_2_threads": clock["2"] / clock["peer"]}
        print(f"{name:50} CPU {processor['peer']:7.4f} s {processor['1']:7.4f} s "
              f"({processor['1'] / processor['peer']:.3f})  2 threads, clock "
              f"{clock['peer']:7.4f} s {clock['2']:7.4f} s ({clock['2'] / clock['peer']:.3f})",
              flush=True)
    users = assignment(given.rounds)
    for name, rate in users.items():
        print(f"assignment, {name:40} {rate / 1e6:8.1f} million users/s")
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        cpu = next((line.split(":")[1].strip() for line in file if "model name" in line), "")
    given.output.parent.mkdir(parents=True, exist_ok=True)
    given.output.write_text(json.dumps({
        "machine": {"cpu": cpu, "cores": os.cpu_count(), "system": platform.platform()},
        "versions": {
            "plaudit": plaudit.version(), "scipy": scipy.__version__, "numpy": np.__version__},
        "rounds": given.rounds, "load_average_at_end": os.getloadavg()[0], "results": results,
        "users_per_second": users}, indent=1) + "\n")


main()
