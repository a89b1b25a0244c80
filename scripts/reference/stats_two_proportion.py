#!/usr/bin/env python3
"""Two-proportion tests and Newcombe intervals from statsmodels and from 60-digit arithmetic.

pip install statsmodels==0.15.0 scipy==1.17.1 mpmath==1.4.1; writes
Tests/PlauditStatsTests/Reference/stats_two_proportion.json.
"""

import json
import pathlib
import random

import mpmath
import statsmodels
from statsmodels.stats.proportion import confint_proportions_2indep, proportions_ztest

mpmath.mp.dps = 60
ROOT = pathlib.Path(__file__).resolve().parents[2]
OUTPUT = ROOT / "Tests/PlauditStatsTests/Reference/stats_two_proportion.json"


def critical(confidence):
    """z with erfc(z / sqrt(2)) = 1 - confidence, by Newton on the logarithm."""
    tail = 1 - mpmath.mpf(confidence)
    x = mpmath.sqrt(2) * mpmath.erfinv(mpmath.mpf(confidence)) if tail > 1e-6 else mpmath.mpf(5)
    for _ in range(200):
        value = mpmath.erfc(x / mpmath.sqrt(2))
        step = mpmath.log(value / tail) * value / (2 * mpmath.npdf(x))
        x += step
        if abs(step) < mpmath.mpf(10) ** -50:
            break
    return x


def wilson(x, n, z):
    x, n, z2 = mpmath.mpf(x), mpmath.mpf(n), z * z
    spread = z * mpmath.sqrt(x * (n - x) / n + z2 / 4)
    return (x + z2 / 2 - spread) / (n + z2), (x + z2 / 2 + spread) / (n + z2)


def newcombe(x1, n1, x2, n2, confidence):
    z = critical(confidence)
    p1, p2 = mpmath.mpf(x1) / n1, mpmath.mpf(x2) / n2
    (l1, u1), (l2, u2) = wilson(x1, n1, z), wilson(x2, n2, z)
    below = mpmath.sqrt((p1 - l1) ** 2 + (u2 - p2) ** 2)
    above = mpmath.sqrt((p2 - l2) ** 2 + (u1 - p1) ** 2)
    return float(p1 - p2 - below), float(p1 - p2 + above)


def z_values(x1, n1, x2, n2):
    p1, p2 = mpmath.mpf(x1) / n1, mpmath.mpf(x2) / n2
    p = mpmath.mpf(x1 + x2) / (n1 + n2)
    pooled = p * (1 - p) * (mpmath.mpf(1) / n1 + mpmath.mpf(1) / n2)
    unpooled = p1 * (1 - p1) / n1 + p2 * (1 - p2) / n2
    return (p1 - p2) / mpmath.sqrt(pooled), (p1 - p2) / mpmath.sqrt(unpooled)


def main():
    random.seed(20250103)
    cases = [
        (182, 1000, 134, 1000), (0, 50, 3, 60), (50, 50, 3, 60), (1, 10**9, 2, 10**9),
        (5 * 10**8 + 1, 10**9, 5 * 10**8, 10**9), (1, 10**9, 1, 10), (0, 10**9, 1, 10**9),
        (10**9, 10**9, 10**9 - 1, 10**9), (10**15 // 3 + 1, 10**15, 10**15 // 3, 10**15),
        (600000, 10**6, 500000, 10**6), (3, 7, 3, 7),
    ]
    while len(cases) < 300:
        n1, n2 = (int(10 ** random.uniform(0.7, 10)) for _ in range(2))
        rate = random.random() ** random.choice([1, 3, 8])
        shift = 1 + random.uniform(-0.3, 0.3)
        x1, x2 = min(n1, round(n1 * rate * shift)), min(n2, round(n2 * rate))
        degenerate = x1 in (0, n1) and x2 in (0, n2)
        if not degenerate and abs(z_values(x1, n1, x2, n2)[0]) < 30:
            cases.append((x1, n1, x2, n2))
    rows = []
    for x1, n1, x2, n2 in cases:
        confidence = random.choice([0.8, 0.9, 0.95, 0.99, 1 - 1e-9])
        pooled, unpooled = z_values(x1, n1, x2, n2)
        p_two = mpmath.erfc(abs(pooled) / mpmath.sqrt(2))
        p_greater = mpmath.erfc(pooled / mpmath.sqrt(2)) / 2
        p_less = mpmath.erfc(-pooled / mpmath.sqrt(2)) / 2
        z, p = proportions_ztest([x1, x2], [n1, n2])
        low, high = confint_proportions_2indep(
            x1, n1, x2, n2, method="newcomb", alpha=1 - confidence)
        rows.append([
            x1, n1, x2, n2, confidence, float(mpmath.mpf(x1) / n1 - mpmath.mpf(x2) / n2),
            float(pooled), float(unpooled), float(p_two), float(p_greater), float(p_less),
            *newcombe(x1, n1, x2, n2, confidence), float(z), float(p), float(low), float(high),
        ])

    # Worked examples; statsmodels 0.15.0 gave these values in an independent run.
    # x1, n1, x2, n2, pooled z, its p, unpooled z, its p, p greater, Newcombe; null: not stated
    golden = [
        [18280, 20000, 17940, 20000, 5.811507328486858, 6.191282249071437e-09, None, None, None,
         0.011269641582862323, 0.022734625988010484],
        [182, 1000, 134, 1000, 2.9426706003023853, 0.00325394443241428, 2.9490617357976965,
         0.0031874029728578487, 0.00162697221620714, 0.016036548545454325, 0.07993239121772051],
        [91, 1000, 62, 1000, 2.4396854302412523, 0.01470005619190484, 2.4433238448525807,
         0.014552672069594236, 0.00735002809595242, 0.005675591826628398, 0.05256262736443212],
        [0, 50, 3, 60, -1.6031511026549947, 0.10890129793272194, -1.7770466332772772,
         0.07556056752594129, 0.945549351033639, -0.1370051647634852, 0.02854702483316282],
        [3300, 100000, 3125, 100000, 2.2191765090068687, 0.026474718561532256, 2.2192038317040517,
         0.02647286051832139, 0.013237359280766128, 0.0002043278479817376, 0.0032962461967109254],
    ]
    table = lambda items: "[\n" + ",\n".join("    " + json.dumps(row) for row in items) + "\n  ]"
    OUTPUT.write_text(
        "{\n"
        '  "tool": "statsmodels; mpmath (60 digits)",\n'
        f'  "version": "{statsmodels.__version__}; {mpmath.__version__}",\n'
        '  "call": "proportions_ztest; confint_proportions_2indep(method=\'newcomb\');'
        ' the closed forms",\n'
        '  "columns": "x1, n1, x2, n2, confidence, then exact: difference, pooled z, unpooled z,'
        ' p of the pooled z two-sided, greater, less, Newcombe lower, upper, then statsmodels:'
        ' pooled z, two-sided p, Newcombe lower, upper",\n'
        f'  "cases": {table(rows)},\n'
        '  "goldenCall": "statsmodels 0.15.0, proportions_ztest, confint_proportions_2indep",\n'
        f'  "golden": {table(golden)}\n'
        "}\n"
    )


main()
