#!/usr/bin/env python3
"""Relative lift with Fieller's interval from 60-digit arithmetic, and published lift tables.

pip install mpmath==1.4.1; writes Tests/PlauditStatsTests/Reference/stats_lift.json.
"""

import json
import pathlib
import random
from fractions import Fraction

import mpmath

mpmath.mp.dps = 60
ROOT = pathlib.Path(__file__).resolve().parents[2]
OUTPUT = ROOT / "Tests/PlauditStatsTests/Reference/stats_lift.json"


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


def fieller(x1, n1, x2, n2, confidence):
    """The textbook form in the ratio of rates, less one; None where g >= 1."""
    t, c = mpmath.mpf(x1) / n1, mpmath.mpf(x2) / n2
    v, w = t * (1 - t) / n1, c * (1 - c) / n2
    z = critical(confidence)
    g = z * z * w / (c * c)
    if g >= 1:
        return None
    ratio = t / c
    half = z / c * mpmath.sqrt(v * (1 - g) + ratio * ratio * w)
    low, high = (ratio - half) / (1 - g) - 1, (ratio + half) / (1 - g) - 1
    return float(low), float(high)


def main():
    random.seed(20250104)
    cases = [
        (182, 1000, 134, 1000, 0.95), (91, 500, 67, 500, 0.95), (4, 200, 2, 200, 0.95),
        (1, 10**9, 2, 10**9, 0.95), (0, 100, 10, 100, 0.95), (100, 100, 60, 100, 0.95),
        (50, 100, 100, 100, 0.95), (5 * 10**8 + 1, 10**9, 5 * 10**8, 10**9, 0.95),
        (20, 10**9, 10, 10**9, 0.95), (10**6, 10**9, 10**6 + 1, 10**9, 0.99),
    ]
    while len(cases) < 300:
        n1, n2 = (int(10 ** random.uniform(0.7, 10)) for _ in range(2))
        rate = random.random() ** random.choice([1, 3, 8])
        x1 = min(n1, round(n1 * rate * (1 + random.uniform(-0.5, 0.5))))
        x2 = min(n2, round(n2 * rate))
        if x2 > 0 and not (x1 in (0, n1) and x2 == n2):
            cases.append((x1, n1, x2, n2, random.choice([0.8, 0.9, 0.95, 0.99, 1 - 1e-9])))
    rows = []
    for x1, n1, x2, n2, confidence in cases:
        t, c = mpmath.mpf(x1) / n1, mpmath.mpf(x2) / n2
        w = c * (1 - c) / n2
        z = (t - c) / mpmath.sqrt(t * (1 - t) / n1 + w)
        interval = fieller(x1, n1, x2, n2, confidence)
        rows.append([
            x1, n1, x2, n2, confidence, float((t - c) / c), float(z),
            float(mpmath.erfc(abs(z) / mpmath.sqrt(2))), *(interval or ("-Infinity", "Infinity")),
            (2 if interval is None else 0) + (4 if c < 10 * mpmath.sqrt(w) else 0),
        ])

    # Treatment, control, lift: a study of personalised notifications (tables of 18.2 % vs 13.4 %
    # and others), a study of lifts over a baseline, and negative baselines.
    pairs = [
        ("18.2", "13.4"), ("9.7", "7.2"), ("4.3", "2.1"), ("9.1", "6.2"), ("98", "58"),
        ("24", "17"), ("0.278", "0.153"), ("1.278", "1.153"), ("0.126", "0.084"),
        ("1.126", "1.084"), ("-5", "-10"), ("3", "-2"), ("10.3", "10"),
    ]
    lifts = [
        [float(t), float(c), float((Fraction(t) - Fraction(c)) / abs(Fraction(c)))]
        for t, c in pairs
    ]
    # Worked examples: x1, n1, x2, n2, lift, z, p, Fieller; null: not stated.
    golden = [
        [182, 1000, 134, 1000, 0.3582089552238805, 2.9490617357976965, 0.0031874029728578487,
         0.10849774581058624, 0.6770752006157392],
        [91, 500, 67, 500, None, 2.0853015515203217, 0.03704193668711944, 0.018750521754213878,
         0.8395905653765572],
        [4, 200, 2, 200, None, None, None, "-Infinity", "Infinity"],
    ]
    table = lambda items: "[\n" + ",\n".join("    " + json.dumps(row) for row in items) + "\n  ]"
    OUTPUT.write_text(
        "{\n"
        '  "tool": "mpmath (60 digits); Python fractions",\n'
        f'  "version": "{mpmath.__version__}; 3.11",\n'
        '  "call": "Fieller 1954 in the form R/(1-g) -+ z/(c(1-g)) sqrt(v(1-g) + R^2 w), less one;'
        ' Fraction arithmetic",\n'
        '  "columns": "x1, n1, x2, n2, confidence, lift, unpooled z, two-sided p, Fieller lower,'
        ' upper, flags",\n'
        f'  "cases": {table(rows)},\n'
        '  "liftColumns": "treatment, control, lift",\n'
        f'  "lifts": {table(lifts)},\n'
        '  "goldenCall": "closed form (Fieller 1954) in numpy 2.4.6, z as statsmodels 0.15.0",\n'
        f'  "golden": {table(golden)}\n'
        "}\n"
    )


main()
