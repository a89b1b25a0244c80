#!/usr/bin/env python3
"""Tails and quantiles of beta, gamma, t, F and binomial distributions from 60-digit arithmetic.

pip install mpmath==1.4.1; writes Tests/PlauditStatsTests/Reference/stats_distributions.json.
"""

import json
import pathlib
import random

import mpmath
from mpmath import mpf

mpmath.mp.dps = 60
ROOT = pathlib.Path(__file__).resolve().parents[2]
OUTPUT = ROOT / "Tests/PlauditStatsTests/Reference/stats_distributions.json"
TINY = mpf(10) ** -58


def beta_fraction(a, b, x):
    """Lentz's method on the continued fraction 8.17.22 of DLMF."""
    c, d = mpf(1), 1 / (1 - (a + b) * x / (a + 1))
    h = d
    for m in range(1, 2_000_000):
        for aa in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 / (1 + aa * d)
            c = 1 + aa / c
            h *= d * c
        if abs(d * c - 1) < TINY:
            return h
    raise ArithmeticError("no convergence")


def beta_tails(a, b, x, y=None):
    a, b, x = mpf(a), mpf(b), mpf(x)
    y = 1 - x if y is None else mpf(y)
    log_mass = a * mpmath.log(x) + b * mpmath.log(y)
    mass = mpmath.exp(log_mass - mpmath.loggamma(a) - mpmath.loggamma(b) + mpmath.loggamma(a + b))
    if x < (a + 1) / (a + b + 2):
        lower = mass * beta_fraction(a, b, x) / a
        return lower, 1 - lower
    upper = mass * beta_fraction(b, a, y) / b
    return 1 - upper, upper


def gamma_tails(a, x):
    a, x = mpf(a), mpf(x)
    mass = mpmath.exp(a * mpmath.log(x) - x - mpmath.loggamma(a))
    total, term, n = 1 / a, 1 / a, a
    if x < a + 20:
        while term > TINY * total:
            n += 1
            term *= x / n
            total += term
        return mass * total, 1 - mass * total
    b = x + 1 - a
    c, d = mpf(10) ** 300, 1 / b
    h = d
    for i in range(1, 1_000_000):
        an = -i * (i - a)
        b += 2
        d = 1 / (an * d + b)
        c = b + an / c
        h *= d * c
        if abs(d * c - 1) < TINY:
            break
    return 1 - mass * h, mass * h


def t_both(t, n):
    t, n = mpf(t), mpf(n)
    return beta_tails(n / 2, mpf(1) / 2, n / (n + t * t), t * t / (n + t * t))[0]


def f_tails(f, m, n):
    f, m, n = mpf(f), mpf(m), mpf(n)
    return beta_tails(m / 2, n / 2, m * f / (m * f + n), n / (m * f + n))


def solve(tail, slope, start):
    """Newton in the logarithms of the tail and of the point."""
    w = mpf(start)
    for _ in range(400):
        step = tail(w) / slope(w)
        step = max(min(step, mpf(200)), mpf(-200))
        w -= step
        if abs(step) < mpf(10) ** -40:
            return w
    raise ArithmeticError("no root")


def beta_quantile(p, upper, a, b):
    a, b, p = mpf(a), mpf(b), mpf(p)
    point = lambda w: (1 / (1 + mpmath.exp(-w)), 1 / (1 + mpmath.exp(w)))
    log_beta = mpmath.loggamma(a) + mpmath.loggamma(b) - mpmath.loggamma(a + b)

    def tail(w):
        return mpmath.log(beta_tails(a, b, *point(w))[upper] / p)

    def slope(w):
        x, y = point(w)
        mass = mpmath.exp(a * mpmath.log(x) + b * mpmath.log(y) - log_beta)
        return (-1 if upper else 1) * mass / beta_tails(a, b, x, y)[upper]

    return point(solve(tail, slope, mpmath.log(a / b)))


def gamma_quantile(p, upper, a):
    a, p = mpf(a), mpf(p)

    def slope(w):
        x = mpmath.exp(w)
        mass = mpmath.exp(a * w - x - mpmath.loggamma(a))
        return (-1 if upper else 1) * mass / gamma_tails(a, x)[upper]

    tail = lambda w: mpmath.log(gamma_tails(a, mpmath.exp(w))[upper] / p)
    return mpmath.exp(solve(tail, slope, mpmath.log(a)))


def numbers(row):
    return [float(cell) for cell in row]


def kept(rows):
    """Rows whose tails are normal doubles."""
    return [row for row in rows if all(abs(cell) > 1e-300 for cell in row[-2:])]


def log_uniform(low, high):
    return 10.0 ** random.uniform(low, high)


def main():
    random.seed(20250401)
    tables = {}

    rows = []
    pairs = [(0.5, 0.5), (1, 1), (0.5, 1e6), (1e6, 0.5), (3, 1e6), (150, 5e5), (1e4, 1e4)]
    pairs += [(201, 201), (250, 1e7), (1e8, 1e6), (1e9, 1e9), (3125.5, 121875.5), (1e5, 40)]
    pairs += [(log_uniform(-0.3, 6), log_uniform(-0.3, 6)) for _ in range(60)]
    for a, b in pairs:
        deviation = (a * b / (a + b) ** 2 / (a + b + 1)) ** 0.5
        for z in (-30, -8, -3, -1, -0.01, 0.3, 1, 2, 5, 12, 35):
            x = a / (a + b) + z * deviation
            if 0 < x < 1:
                rows.append(numbers([a, b, x, *beta_tails(a, b, x)]))
        for x in (1e-8, 0.3, 0.999):
            rows.append(numbers([a, b, x, *beta_tails(a, b, x)]))
    tables["beta"] = kept(rows)

    rows = []
    shapes = [0.5, 1, 1.5, 5, 30, 199.5, 200.5, 210, 1e4, 1e6] + [
        log_uniform(-0.3, 5) for _ in range(40)
    ]
    for a in shapes:
        for z in (-20, -6, -2, -1, -0.05, 0, 0.3, 1, 2, 5, 9, 25):
            x = a + z * a**0.5
            if x > 0:
                rows.append(numbers([a, x, *gamma_tails(a, x)]))
        for factor in (1e-6, 0.1, 0.97, 1.03, 3, 30):
            rows.append(numbers([a, a * factor, *gamma_tails(a, a * factor)]))
    tables["gamma"] = kept(rows)

    rows = []
    degrees = [1, 1.5, 2, 3, 4.7, 10, 29, 30, 31, 100, 1e3, 1e4, 123456.7, 1e6, 1e9]
    for n in degrees:
        for t in (1e-9, 0.01, 0.5, 1, 1.96, 2.5, 4, 8, 15, 35, 200, 1e5):
            both = t_both(t, n)
            if both > mpf(10) ** -290:
                rows.append(numbers([t, n, both]))
    tables["t"] = rows

    rows = []
    for n in degrees:
        for p in (1e-100, 1e-20, 1e-6, 0.01, 0.05, 0.3, 0.9, 0.99999):
            x, y = beta_quantile(p, 0, mpf(n) / 2, mpf(1) / 2)
            rows.append(numbers([p, n, mpmath.sqrt(n * y / x)]))
    tables["t_quantile"] = rows

    rows = []
    for m, n in ((1, 1), (1, 20), (2, 7.5), (3, 1e5), (40, 40), (1000, 3), (2e4, 3e4)):
        for f in (1e-3, 0.5, 0.99, 1.01, 2, 4, 30, 1e4):
            rows.append(numbers([f, m, n, *f_tails(f, m, n)]))
    tables["f"] = kept(rows)

    rows = []
    for a, b in ((0.5, 0.5), (0.5, 1e5), (1.5, 76.5), (183, 818), (20.5, 3), (1, 1000), (1e6, 2e6)):
        for p in (1e-200, 1e-9, 0.001, 0.025, 0.4, 0.5):
            for upper in (0, 1):
                x, y = beta_quantile(p, upper, a, b)
                rows.append(numbers([p, upper, a, b, x, y]))
    tables["beta_quantile"] = [row for row in rows if row[4] > 1e-300]

    rows = []
    for a in (0.5, 1, 2.5, 10, 199, 500, 1e5):
        for p in (1e-200, 1e-9, 0.001, 0.025, 0.4, 0.5):
            for upper in (0, 1):
                rows.append(numbers([p, upper, a, gamma_quantile(p, upper, a)]))
    tables["gamma_quantile"] = [row for row in rows if row[3] > 1e-300]

    rows = []
    for n in (1, 7, 40, 1000, 123456, 10**9):
        for p in (1e-9, 0.01, 0.3, 0.5, 0.93):
            for x in {0, 1, n // 3, int(n * p), n - 1, n}:
                if x <= n:
                    mass = (
                        mpmath.loggamma(n + 1) - mpmath.loggamma(x + 1) - mpmath.loggamma(n - x + 1)
                    )
                    mass += x * mpmath.log(mpf(p)) + (n - x) * mpmath.log(1 - mpf(p))
                    rows.append(numbers([x, n, p, mass]))
    tables["binomial"] = rows

    rows = []
    for a in (0.5, 0.7, 1, 1.0000001, 2, 3.3, 15.9, 16, 17, 1e3, 1e9):
        for b in (0.5, 1, 2.2, 30, 1e7):
            log_beta = mpmath.loggamma(a) + mpmath.loggamma(b) - mpmath.loggamma(mpf(a) + b)
            rows.append(numbers([a, b, mpmath.loggamma(a), log_beta]))
    tables["log"] = rows

    lines = [
        '  "tool": "mpmath (60 digits)"',
        f'  "version": {json.dumps(mpmath.__version__)}',
        '  "call": "continued fractions and series of DLMF 8.17.22, 8.9.2, 8.11.4; loggamma"',
        '  "columns": "beta: a, b, x, lower, upper; gamma: a, x, lower, upper; t: t, df, two-sided; '
        "t_quantile: two-sided p, df, t; f: f, df, df, lower, upper; beta_quantile: p, is upper, a, "
        "b, x, 1 - x; gamma_quantile: p, is upper, a, x; binomial: x, n, p, log mass; log: a, b, log "
        'gamma(a), log beta(a, b)"',
    ]
    for name, table in tables.items():
        body = ",\n".join("    " + json.dumps(row) for row in table)
        lines.append(f'  "{name}": [\n{body}\n  ]')
    OUTPUT.write_text("{\n" + ",\n".join(lines) + "\n}\n")


main()
