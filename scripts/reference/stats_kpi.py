#!/usr/bin/env python3
"""KPI ratios in exact rational arithmetic, rounded once to a double.

Needs Python alone; writes Tests/PlauditStatsTests/Reference/stats_kpi.json.
"""

import json
import pathlib
import platform
import random
from fractions import Fraction

ROOT = pathlib.Path(__file__).resolve().parents[2]
OUTPUT = ROOT / "Tests/PlauditStatsTests/Reference/stats_kpi.json"

# raw value: numerator kind, scale, offset
KPIS = {
    10: ("share", 1, 0), 20: ("count", 1, 0), 21: ("count", 1, 0), 22: ("count", 1, 0),
    30: ("count", 1, 0), 40: ("money", 1, 0), 41: ("money", 1000, 0), 42: ("money", 1, 0),
    50: ("money", 1, 0), 51: ("money", 1, -1), 60: ("money", 1, 0), 61: ("money", 1, 0),
}


def main():
    random.seed(20250105)
    rows = []
    for kpi, (kind, scale, offset) in KPIS.items():
        for _ in range(50):
            below = float(int(10 ** random.uniform(0, 12)))
            if kpi in (50, 51):
                below = 10 ** random.uniform(-3, 9)
            if kind == "share":
                above = float(int(below * random.random()))
            elif kind == "count":
                above = random.choice([float(int(below * random.uniform(0, 3))), below * 0.37])
            else:
                above = below * random.choice([1, -1, 1]) * 10 ** random.uniform(-6, 3)
            value = scale * (Fraction(above) / Fraction(below) + offset)
            rows.append([kpi, above, below, float(value)])

    # A campaign with every total: kpi, numerator, denominator, value.
    golden = [
        [10, 3125, 125000, 0.025], [10, 235, 10600, 0.022169811320754716],
        [20, 4875, 125000, 0.039], [20, 1937, 2980, 0.65],
        [21, 4875, 98000, 0.04974489795918367], [22, 4875, 410000, 0.011890243902439025],
        [30, 187, 3125, 0.05984], [30, 187, 125000, 0.001496],
        [40, 1875.5, 3125, 0.60016], [41, 1875.5, 125000, 15.004],
        [42, 1875.5, 187, 10.029411764705882], [42, 1875.5, 4875, 0.38471794871794873],
        [42, 1875.5, 64, 29.3046875],
        [50, 6420.75, 1875.5, 3.423487070114636], [51, 6420.75, 1875.5, 2.423487070114636],
        [60, 6420.75, 187, 34.3355614973262],
    ]
    # What is undefined or doubtful: kpi, numerator, denominator, value, flags.
    edges = [
        [10, 0, 0, "NaN", 1], [10, 3, 0, "NaN", 3], [50, 100, 0, "NaN", 1], [51, 100, -5, "NaN", 4],
        [51, -20, 50, -1.4, 8], [41, "NaN", 3500, "NaN", 32], [30, 12.5, 100, 0.125, 256],
        [10, 12, 10, 1.2, 16],
    ]
    table = lambda items: "[\n" + ",\n".join("    " + json.dumps(row) for row in items) + "\n  ]"
    OUTPUT.write_text(
        "{\n"
        '  "tool": "Python fractions (exact rational arithmetic)",\n'
        f'  "version": "{platform.python_version()}",\n'
        '  "call": "float(scale * (Fraction(numerator) / Fraction(denominator) + offset))",\n'
        '  "columns": "kpi, numerator, denominator, value",\n'
        f'  "cases": {table(rows)},\n'
        '  "goldenCall": "exact rational arithmetic of the definitions in docs/stats.md",\n'
        f'  "golden": {table(golden)},\n'
        '  "edgeColumns": "kpi, numerator, denominator, value, flags; conventions of docs/stats.md,'
        ' where statsmodels, the Google Ads API and pandas disagree",\n'
        f'  "edges": {table(edges)}\n'
        "}\n"
    )


main()
