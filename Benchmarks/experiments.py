"""Lift tables and adjusted p values beside statsmodels, on the same data in one run.

    .venv/bin/python Benchmarks/experiments.py --peer .venv-bench/bin/python   # make bench-experiments

A lift row is the effect of one arm on one metric: statsmodels' is Newcombe's interval and the test of
two proportions, or Welch's test with its interval from means and deviations, row by row, as its
interface has it; Plaudit's has relative effect, Fieller's interval, power and flags besides, a million
rows a call. Each measurement is a process of its own; rounds alternate; medians, ratios and the
machine's load are printed and written as JSON. Times are of one thread.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
ROWS = 1_000_000
PEER_ROWS = 2000


def proportions(rows):
    random = np.random.default_rng(1)
    users = random.integers(500, 5000, (rows, 2)).astype(float)
    return users, random.binomial(users.astype(int), 0.13).astype(float)


def means(rows):
    random = np.random.default_rng(2)
    users = random.integers(500, 5000, (rows, 2)).astype(float)
    mean = random.normal(10, 1, (rows, 2))
    return users, mean * users, (users - 1) * 4 + users * mean * mean


def p_values():
    return np.random.default_rng(3).uniform(size=ROWS) ** 2


def timed(call, rows):
    started, cpu = time.perf_counter(), time.process_time()
    call()
    return {"per_s": rows / (time.perf_counter() - started),
            "per_cpu_s": rows / (time.process_time() - cpu)}


def run_plaudit():
    import plaudit

    users, successes = proportions(ROWS)
    found = {"proportions": timed(lambda: plaudit.lift_table(
        {"users": users, "sum": successes}, control=0, threads=1), ROWS)}
    users, sums, squares = means(ROWS)
    found["means"] = timed(lambda: plaudit.lift_table(
        {"users": users, "sum": sums, "sum_squares": squares}, control=0, threads=1), ROWS)
    values = p_values()
    for method in ("bh", "holm", "hommel"):
        found[method] = timed(lambda: plaudit.adjust_p_values(values, method), ROWS)
    return {"version": plaudit.version(), **found}


def run_statsmodels():
    import statsmodels
    from statsmodels.stats.multitest import multipletests
    from statsmodels.stats.proportion import (
        confint_proportions_2indep, test_proportions_2indep)
    from scipy import stats

    users, successes = proportions(PEER_ROWS)

    def rates():
        for (n0, n1), (x0, x1) in zip(users.tolist(), successes.tolist()):
            test_proportions_2indep(x1, n1, x0, n0, method="wald")
            confint_proportions_2indep(x1, n1, x0, n0, method="newcomb")

    found = {"proportions": timed(rates, PEER_ROWS)}
    users, sums, squares = means(PEER_ROWS)
    mean = sums / users
    deviation = np.sqrt((squares - users * mean * mean) / (users - 1))

    def welch():
        for (n0, n1), (m0, m1), (s0, s1) in zip(
                users.tolist(), mean.tolist(), deviation.tolist()):
            stats.ttest_ind_from_stats(m1, s1, n1, m0, s0, n0, equal_var=False)

    found["means"] = timed(welch, PEER_ROWS)
    values = p_values()
    found["bh"] = timed(lambda: multipletests(values, method="fdr_bh"), ROWS)
    found["holm"] = timed(lambda: multipletests(values, method="holm"), ROWS)
    return {"version": f"statsmodels {statsmodels.__version__}", **found}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--peer", help="Python with statsmodels; none: Plaudit alone")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--output", type=Path, default=ROOT / "Benchmarks/results/experiments.json")
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        print(json.dumps(run_plaudit() if given.measure == "plaudit" else run_statsmodels()))
        return
    rivals = {"plaudit": sys.executable, **({"statsmodels": given.peer} if given.peer else {})}
    runs = {name: [] for name in rivals}
    for number in range(given.rounds):
        for name, python in rivals.items():
            environment = dict(os.environ)
            if name != "plaudit":
                environment["PYTHONPATH"] = ""
            done = subprocess.run(
                [python, __file__, "--measure", name], env=environment, capture_output=True,
                text=True)
            if done.returncode:
                sys.exit(f"{name} failed:\n{done.stderr[-2000:]}")
            runs[name].append(json.loads(done.stdout.splitlines()[-1]))
        print(f"round {number + 1} of {given.rounds}", flush=True)
    rows = {
        name: {"version": found[0]["version"], **{
            task: {unit: statistics.median(run[task][unit] for run in found)
                   for unit in ("per_s", "per_cpu_s")}
            for task in found[0] if task != "version"}}
        for name, found in runs.items()}
    for task in (key for key in rows["plaudit"] if key != "version"):
        own = rows["plaudit"][task]
        line = f"{task:12} Plaudit {own['per_s']:12,.0f} rows/s"
        if task in rows.get("statsmodels", {}):
            peer = rows["statsmodels"][task]
            line += (f"   statsmodels {peer['per_s']:12,.0f}   ratio "
                     f"{own['per_s'] / peer['per_s']:7.1f} (CPU "
                     f"{own['per_cpu_s'] / peer['per_cpu_s']:.1f})")
        print(line)
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        cpu = next((line.split(":")[1].strip() for line in file if "model name" in line), "")
    given.output.parent.mkdir(parents=True, exist_ok=True)
    given.output.write_text(json.dumps({
        "machine": {"cpu": cpu, "cores": os.cpu_count(), "system": platform.platform()},
        "rows": ROWS, "peer_rows": PEER_ROWS, "rounds": given.rounds, "threads": 1,
        "load_average_at_end": os.getloadavg()[0], "results": rows}, indent=1) + "\n")


main()
