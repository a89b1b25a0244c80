#!/usr/bin/env python3
"""Normal probabilities and quantiles from 60-digit arithmetic.

pip install mpmath==1.4.1; writes Tests/PlauditStatsTests/Reference/stats_normal.json.
"""

import json
import pathlib
import random

import mpmath

mpmath.mp.dps = 60
ROOT = pathlib.Path(__file__).resolve().parents[2]
OUTPUT = ROOT / "Tests/PlauditStatsTests/Reference/stats_normal.json"


def upper_tail(x):
    return mpmath.erfc(mpmath.mpf(x) / mpmath.sqrt(2)) / 2


def isf(tail):
    """The point above which `tail` (0 < tail < 1/2) lies, by Newton on the logarithm."""
    tail = mpmath.mpf(tail)
    x = mpmath.sqrt(-2 * mpmath.log(tail)) if tail < mpmath.mpf("0.1") else mpmath.mpf(0.5)
    for _ in range(200):
        value = upper_tail(x)
        step = mpmath.log(value / tail) * value / mpmath.npdf(x)
        x += step
        if abs(step) < mpmath.mpf(10) ** -50:
            break
    return x


def quantile(p):
    p = mpmath.mpf(p)
    half = mpmath.mpf(1) / 2
    if p == half:
        return mpmath.mpf(0)
    return -isf(p) if p < half else isf(1 - p)


def critical_value(confidence):
    if confidence < 0.5:
        return mpmath.sqrt(2) * mpmath.erfinv(confidence)
    return isf((1 - confidence) / 2)


def main():
    random.seed(20250101)
    points = [0.0, 1e-300, 1e-8, 0.5, 1.0, 1.96, 2.5, 5.0, 8.0, 12.0, 20.0, 30.0, 37.0, 37.5]
    points += [random.uniform(0, 37.5) for _ in range(150)]
    points += [random.uniform(0, 4) for _ in range(80)]
    points += [-x for x in points if x > 0]
    cdf = [[x, float(upper_tail(-mpmath.mpf(x))), float(upper_tail(x))] for x in points]

    probabilities = [5e-324, 1e-320, 1e-310, 2.2250738585072014e-308, 1e-300, 1e-290, 1e-100]
    probabilities += [1e-16, 1e-10, 1e-5, 0.025, 0.05, 0.075, 0.0749999, 0.25, 0.4999999999999999]
    probabilities += [0.5, 0.5000000000000001, 0.75, 0.925, 0.9250001, 0.975, 0.9999999]
    probabilities += [1 - 2.0**-k for k in range(2, 54, 3)]
    probabilities += [10.0 ** random.uniform(-307, -1) for _ in range(150)]
    probabilities += [random.random() for _ in range(150)]
    quantiles = [[p, float(quantile(p))] for p in probabilities]

    confidences = [1e-307, 1e-300, 1e-12, 0.1, 0.5, 0.8, 0.84, 0.85, 0.86, 0.9, 0.95, 0.99, 0.999]
    confidences += [1 - 10.0**-k for k in range(4, 16)] + [1 - 2.0**-53]
    confidences += [random.random() for _ in range(50)]
    critical = [[c, float(critical_value(mpmath.mpf(c)))] for c in confidences]
    rows = lambda table: "[\n" + ",\n".join("    " + json.dumps(row) for row in table) + "\n  ]"
    OUTPUT.write_text(
        "{\n"
        f'  "tool": "mpmath (60 digits)",\n  "version": {json.dumps(mpmath.__version__)},\n'
        '  "call": "erfc(x / sqrt(2)) / 2; its inverse by Newton steps; erfinv",\n'
        '  "columns": "cdf: x, cdf, upper tail; quantile: p, x; critical: confidence, z",\n'
        f'  "cdf": {rows(cdf)},\n  "quantile": {rows(quantiles)},\n  "critical": {rows(critical)}\n'
        "}\n"
    )


main()
