#!/usr/bin/env python3
"""Wilson intervals from statsmodels and, for every digit, from 60-digit arithmetic.

pip install statsmodels==0.15.0 scipy==1.17.1 mpmath==1.4.1; writes
Tests/PlauditStatsTests/Reference/stats_wilson.json.
"""

import json
import pathlib
import random

import mpmath
import statsmodels
from statsmodels.stats.proportion import proportion_confint

mpmath.mp.dps = 60
ROOT = pathlib.Path(__file__).resolve().parents[2]
OUTPUT = ROOT / "Tests/PlauditStatsTests/Reference/stats_wilson.json"


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


def exact(x, n, confidence):
    z2 = critical(confidence) ** 2
    x, n = mpmath.mpf(x), mpmath.mpf(n)
    middle = x + z2 / 2
    spread = mpmath.sqrt(z2) * mpmath.sqrt(x * (n - x) / n + z2 / 4)
    low = mpmath.mpf(0) if x == 0 else (middle - spread) / (n + z2)
    high = mpmath.mpf(1) if x == n else (middle + spread) / (n + z2)
    return [float(low), float(high)]


def main():
    random.seed(20250102)
    levels = [0.5, 0.8, 0.9, 0.95, 0.99, 0.999, 1 - 1e-7, 1 - 1e-12]
    pairs = [(1, 10**9), (0, 10**9), (10**9, 10**9), (10**9 - 1, 10**9), (5 * 10**8, 10**9)]
    pairs += [(0, 1), (1, 1), (0, 10), (10, 10), (1, 77), (1, 2), (1, 10**15), (10**15 - 1, 10**15)]
    cases = [(x, n, level) for x, n in pairs for level in levels]
    for _ in range(300):
        n = int(10 ** random.uniform(0, 12))
        x = min(n, int(n * random.random() ** random.choice([1, 4, 12])))
        cases.append((x, n, random.choice(levels)))
    rows = []
    for x, n, confidence in cases:
        low, high = proportion_confint(x, n, alpha=1 - confidence, method="wilson")
        rows.append([x, n, confidence, *exact(x, n, confidence), float(low), float(high)])

    # Worked examples; statsmodels 0.15.0 gave these values in an independent run.
    golden = [
        ["accuracy on 20 000 texts", 18280, 20000, 0.9100344807488896, 0.9178065133966558],
        ["accuracy on 20 000 texts", 17060, 20000, 0.8480246468637911, 0.8578397756805989],
        ["accuracy on 20 000 texts", 15300, 20000, 0.7590732384474621, 0.7708249824428024],
        ["click-through rate", 182, 1000, 0.15931725722829052, 0.2071165611685226],
        ["no success", 0, 10, 0.0, 0.27753279986288926],
        ["no failure", 10, 10, 0.7224672001371106, 1.0],
        ["one success", 1, 77, 0.002296217297124044, 0.06996198914680526],
        ["large sample", 3125, 125000, 0.024148990645489123, 0.025880203544361935],
    ]
    table = lambda items: "[\n" + ",\n".join("    " + json.dumps(row) for row in items) + "\n  ]"
    OUTPUT.write_text(
        "{\n"
        '  "tool": "statsmodels; mpmath (60 digits)",\n'
        f'  "version": "{statsmodels.__version__}; {mpmath.__version__}",\n'
        '  "call": "proportion_confint(successes, trials, alpha=1 - confidence, method=\'wilson\');'
        ' the closed form",\n'
        '  "columns": "successes, trials, confidence, exact lower, exact upper, statsmodels lower,'
        ' statsmodels upper",\n'
        f'  "cases": {table(rows)},\n'
        '  "goldenCall": "statsmodels 0.15.0, proportion_confint(alpha=0.05, method=\'wilson\')",\n'
        f'  "golden": {table(golden)}\n'
        "}\n"
    )


main()
