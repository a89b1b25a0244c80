#!/usr/bin/env python3
"""Sums, moments and averages that KPI tables and series are held against.

pip install pandas==3.1.1 mpmath==1.4.1; writes
Tests/PlauditStatsTests/Reference/stats_kpi_table.json. With the path of kpi_golden.json as argument
it also copies the cases of its groups kpi, kpi_edge, numerics and streaming into
stats_kpi_table_golden.json.
"""

import json
import math
import pathlib
import random
import sys
from fractions import Fraction

import mpmath
import numpy as np
import pandas as pd

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "Tests/PlauditStatsTests/Reference"
random.seed(20261125)


def plain(value):
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(item) for item in value]
    if isinstance(value, (float, np.floating)) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value.item() if isinstance(value, np.generic) else value


def write(name, tool, version, call, **content):
    head = {"tool": tool, "version": version, "call": call}
    lines = [f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in head.items()]
    for key, rows in content.items():
        body = ",\n".join("    " + json.dumps(plain(row)) for row in rows)
        lines.append(f"  {json.dumps(key)}: [\n{body}\n  ]")
    (FOLDER / f"{name}.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


def sums():
    """Sums of doubles in exact rational arithmetic: the sum, then the numbers."""
    rows = []
    for _ in range(60):
        spread = random.choice([1, 20, 300])
        values = [random.uniform(-1, 1) * 10 ** random.uniform(-spread, min(spread, 290))
                  for _ in range(random.randint(1, 30))]
        if random.random() < 0.5:
            values += [-value for value in values[: len(values) // 2]] + [2.0 ** -1074]
        random.shuffle(values)
        rows.append([float(sum(map(Fraction, values))), *values])
    return rows


def moments():
    """count, mean, variance, skewness, kurtosis, then the numbers; mpmath with 50 digits."""
    mpmath.mp.dps = 50
    rows = []
    for _ in range(30):
        centre = random.choice([0, 1, 1e6, 1e9])
        values = [centre + random.gauss(0, 1) ** random.choice([1, 3]) for _ in range(
            random.randint(2, 40))]
        exact = [mpmath.mpf(value) for value in values]
        n = len(exact)
        mean = sum(exact) / n
        second, third, fourth = (sum((x - mean) ** power for x in exact) for power in (2, 3, 4))
        rows.append([n, float(mean), float(second / (n - 1)),
                     float(mpmath.sqrt(n) * third / second ** 1.5),
                     float(n * fourth / second ** 2 - 3), *values])
    return rows


def averages():
    """alpha, adjusted, then the numbers and their averages, as many of each; pandas."""
    rows = []
    for _ in range(20):
        values = [random.choice([random.gauss(0, 1), random.uniform(0, 100)])
                  for _ in range(random.randint(1, 25))]
        values = [math.nan if random.random() < 0.15 else value for value in values]
        alpha = random.choice([0.1, 0.3, 0.9, 1.0])
        for adjusted in (0, 1):
            found = pd.Series(values).ewm(alpha=alpha, adjust=bool(adjusted)).mean()
            rows.append([alpha, adjusted, *values, *found])
    return rows


def special():
    """name (1 digamma, 2 hypergeometric), arguments, value; mpmath with 50 digits."""
    mpmath.mp.dps = 50
    rows = [[1, x, float(mpmath.digamma(x))]
            for x in (1e-5, 0.1, 0.5, 1, 1.4616321449683623, 2, 3.7, 10, 55.5, 1e4, 1e12, -0.5,
                      -3.25, -10.9)]
    for _ in range(60):
        a, b = random.uniform(0.1, 40), random.uniform(0.1, 40)
        c = random.uniform(0.1, 60)
        z = random.choice([random.random(), random.random() ** 4, 0.99, -random.random() * 5])
        rows.append([2, a, b, c, z, float(mpmath.hyp2f1(a, b, c, z))])
    return rows


def main():
    write("stats_kpi_table", "Python fractions, mpmath, pandas",
          f"3.11, {mpmath.__version__}, {pd.__version__}",
          "Fraction sums, 50 digits, ewm().mean()",
          sums=sums(), moments=moments(), averages=averages(),
          special=special())
    if len(sys.argv) > 1:
        groups = ("kpi", "kpi_edge", "numerics", "streaming")
        cases = json.loads(pathlib.Path(sys.argv[1]).read_text())["cases"]
        write("stats_kpi_table_golden", "exact fractions, scipy, numpy, pandas, mpmath",
              "3.11, 1.17.1, 2.4.6, 2.3.3, 1.3.0",
              "definitions of docs/stats.md; t.sf; var; ewm",
              cases=[{key: case[key] for key in ("id", "input", "expected", "tolerance")}
                     for case in cases if case["group"] in groups])


main()
