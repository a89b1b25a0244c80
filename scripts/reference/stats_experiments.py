#!/usr/bin/env python3
"""Experiments: adjusted p values, lift tables, covariates, strata, bounds, beta posteriors.

pip install scipy==1.17.1 statsmodels==0.15.0 numpy mpmath; writes
Tests/PlauditStatsTests/Reference/stats_experiments_*.json. With the path of kpi_golden.json as
argument it also copies the cases of its groups seed_tables, multitest, srm, relative_lift,
variance_reduction, sequential and bayesian into stats_experiments_golden.json.
"""

import json
import math
import pathlib
import sys

import mpmath
import numpy as np
import scipy
import statsmodels
import statsmodels.api as sm
from scipy import stats
from statsmodels.stats.multitest import multipletests

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "Tests/PlauditStatsTests/Reference"
random = np.random.default_rng(20261125)


def plain(value):
    """Lists and Python numbers, what is not finite as a string."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(item) for item in value]
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, np.integer):
        return int(value)
    if isinstance(value, (float, np.floating)):
        value = float(value)
        if math.isnan(value):
            return "NaN"
        return value if math.isfinite(value) else ("Infinity" if value > 0 else "-Infinity")
    return value


def write(name, tool, version, call, cases):
    body = ",\n".join("    " + json.dumps(plain(case)) for case in cases)
    (FOLDER / f"{name}.json").write_text(
        "{\n"
        f'  "tool": {json.dumps(tool)},\n  "version": {json.dumps(version)},\n'
        f'  "call": {json.dumps(call)},\n  "cases": [\n{body}\n  ]\n}}\n')


# ---- Adjusted p values ------------------------------------------------------------------------

METHODS = {
    10: "bonferroni", 11: "sidak", 12: "holm", 13: "holm-sidak", 14: "simes-hochberg",
    15: "hommel", 20: "fdr_bh", 21: "fdr_by", 22: "fdr_tsbh"}


def families():
    for size in (1, 2, 3, 10, 97):
        yield random.uniform(size=size)
        yield random.uniform(size=size) ** 4
        yield np.round(random.uniform(size=size) ** 2, 2)  # ties and zeros
    yield np.array([0.0, 0.0, 1.0, 1.0, 0.5])
    yield np.array([1e-300, 1e-20, 1e-5, 0.9])


write(
    "stats_experiments_families", "statsmodels", statsmodels.__version__,
    "multipletests(p, 0.05, method)",
    [{"method": number, "p": p, "adjusted": multipletests(p, 0.05, name)[1]}
     for p in families() for number, name in METHODS.items()])


# ---- Means and ratios of users ----------------------------------------------------------------


def welch(y, x):
    """statsmodels and scipy on users: treatment y, control x."""
    test = stats.ttest_ind(y, x, equal_var=False)
    limits = test.confidence_interval(0.9)
    return {
        "absolute": np.mean(y) - np.mean(x), "t": test.statistic, "df": test.df, "p": test.pvalue,
        "lower": limits.low, "upper": limits.high}


def ratio(y, d):
    r = y.sum() / d.sum()
    return r, np.var(y - r * d, ddof=1) / len(y) / d.mean() ** 2


def fieller(t, v, c, w, k):
    """Roots of the quadratic at 50 digits."""
    with mpmath.workdps(50):
        t, v, c, w, k = map(mpmath.mpf, (t, v, c, w, k))
        d, sign = t - c, 1 if c > 0 else -1
        a, b = c**2 - k**2 * w, sign * (d * c + k**2 * w)
        e = d**2 - k**2 * (v + w)
        if a <= 0:
            return [-math.inf, math.inf]
        root = mpmath.sqrt(b**2 - a * e)
        return [float((b - root) / a), float((b + root) / a)]


def table_case(m, n, shift, sign):
    y = sign * random.gamma(2, 3 + shift, m)
    x = sign * random.gamma(2, 3, n)
    found = welch(y, x)
    v, w = np.var(y, ddof=1) / m, np.var(x, ddof=1) / n
    found["relative"] = found["absolute"] / abs(np.mean(x))
    found["fieller"] = fieller(np.mean(y), v, np.mean(x), w, stats.t.ppf(0.95, found["df"]))
    dy, dx = random.poisson(5, m) + 1.0, random.poisson(5, n) + 1.0
    cy, cx = random.binomial(dy.astype(int), 0.3 + shift / 40), random.binomial(dx.astype(int), 0.3)
    (r, rv), (s, sv) = ratio(cy.astype(float), dy), ratio(cx.astype(float), dx)
    se = math.sqrt(rv + sv)
    df = se**4 / (rv**2 / (m - 1) + sv**2 / (n - 1))
    z = (r - s) / se
    clicks = {
        "treatment": r, "control": s, "se": se, "df": df, "p": 2 * stats.t.sf(abs(z), df),
        "fieller": fieller(r, rv, s, sv, stats.t.ppf(0.95, df))}
    return {
        "treatment": y, "control": x, "mean": found, "treatment_clicks": cy,
        "treatment_views": dy, "control_clicks": cx, "control_views": dx, "ratio": clicks}


write(
    "stats_experiments_tables", "scipy, numpy, mpmath",
    f"{scipy.__version__}, {np.__version__}, {mpmath.__version__}",
    "ttest_ind(equal_var=False), confidence_interval(0.9); delta method; roots at 50 digits",
    [table_case(m, n, shift, sign) for m, n, shift, sign in
     ((8, 5, 1, 1), (30, 40, 0, 1), (25, 60, 0.5, -1), (120, 80, 2, 1))])


# ---- Covariates and strata --------------------------------------------------------------------


def covariate_case(k, m, n):
    before = random.normal(size=(m + n, k)) @ random.normal(size=(k, k)) + random.normal(size=k) * 3
    arm = np.r_[np.ones(m), np.zeros(n)]
    y = before @ random.normal(size=k) + random.normal(size=m + n) + 0.3 * arm
    # One set of slopes and an intercept an arm: theta and effect of the regression.
    within = sm.OLS(y, np.c_[np.ones(m + n), arm, before]).fit()
    pooled = sm.OLS(y, np.c_[np.ones(m + n), before]).fit()

    def adjusted(theta):
        z = y - before @ theta
        t, c = z[arm == 1], z[arm == 0]
        return t.mean() - c.mean(), math.sqrt(np.var(t, ddof=1) / m + np.var(c, ddof=1) / n)

    return {
        "y": y, "arm": arm, "covariates": before.ravel(), "count": k,
        "within_theta": within.params[2:], "within": adjusted(within.params[2:]),
        "within_effect": within.params[1], "pooled_theta": pooled.params[1:],
        "pooled": adjusted(pooled.params[1:]), "pooled_r": math.sqrt(pooled.rsquared)}


write(
    "stats_experiments_covariates", "statsmodels, numpy",
    f"{statsmodels.__version__}, {np.__version__}", "OLS(y, [1, arm, c]), OLS(y, [1, c])",
    [covariate_case(k, m, n) for k, m, n in ((1, 30, 20), (2, 40, 45), (5, 60, 200))])


def strata_case(sizes):
    """[arms, strata] of users with a mean each; post-stratified by pooled shares."""
    cells = [[random.normal(3 * s + a, 1 + s, n) for s, n in enumerate(row)]
             for a, row in enumerate(sizes)]
    share = np.sum(sizes, axis=0) / np.sum(sizes)
    means = [sum(w * c.mean() for w, c in zip(share, row)) for row in cells]
    parts = [[w**2 * np.var(c, ddof=1) / len(c) for w, c in zip(share, row)] for row in cells]
    variances = [sum(row) for row in parts]
    freedom = sum(p**2 / (len(c) - 1) for row, cs in zip(parts, cells) for p, c in zip(row, cs))
    return {
        "cells": cells, "sizes": sizes, "means": means, "se": math.sqrt(sum(variances[:2])),
        "df": sum(variances[:2]) ** 2 / freedom}


write(
    "stats_experiments_strata", "numpy", np.__version__, "sum W mean, sum W^2 var / n",
    [strata_case(sizes) for sizes in ([[10, 20, 5], [14, 9, 8]], [[50, 3], [20, 40]])])


# ---- Bounds -----------------------------------------------------------------------------------


def exits(times, bounds, sides, points=40_001):
    """Chances of first leaving at each look, by Simpson on an even grid."""
    reach = 9.0
    grid = np.linspace(-reach, reach, points)
    step = grid[1] - grid[0]
    weight = np.ones(points) * 2 / 3
    weight[1::2] = 4 / 3
    weight[[0, -1]] = 1 / 3
    found, previous, time = [], None, 0.0
    for now, bound in zip(times, bounds):
        end = bound * math.sqrt(now)
        delta = math.sqrt(now - time)
        if previous is None:
            found.append(sides * stats.norm.sf(bound))
            nodes = np.linspace(-end if sides == 2 else -9 * math.sqrt(now), end, 6001)
            density = stats.norm.pdf(nodes, scale=math.sqrt(now))
        else:
            old, mass = previous
            up = stats.norm.sf((end - old) / delta)
            down = stats.norm.cdf((-end - old) / delta) if sides == 2 else 0
            found.append(float(np.sum(mass * (up + down))))
            nodes = np.linspace(-end if sides == 2 else -9 * math.sqrt(now), end, 6001)
            density = np.array([
                np.sum(mass * stats.norm.pdf(node, old, delta)) for node in nodes])
        simpson = np.ones(len(nodes)) * 2 / 3
        simpson[1::2] = 4 / 3
        simpson[[0, -1]] = 1 / 3
        previous = nodes, density * simpson * (nodes[1] - nodes[0])
        time = now
    return found


PLANS = [
    ([0.2, 0.4, 0.6, 0.8, 1.0], [2.44, 2.43, 2.41, 2.40, 2.39], 2),
    ([0.3, 0.35, 0.9], [3.0, 2.5, 2.1], 2),
    ([0.25, 0.5, 0.75, 1.0], [2.6, 2.4, 2.2, 2.0], 1)]

write(
    "stats_experiments_exits", "numpy, scipy", f"{np.__version__}, {scipy.__version__}",
    "Simpson over 6001 points a look",
    [{"information": t, "bounds": b, "sides": s, "exits": exits(t, b, s)} for t, b, s in PLANS])


# ---- Beta posteriors --------------------------------------------------------------------------


def beta_case(a1, b1, a0, b0):
    """P(p1 > p0) as a finite sum and the loss of arm 1, by 60 digits."""
    with mpmath.workdps(60):
        def better(a1, b1, a0, b0):
            return mpmath.fsum(
                mpmath.exp(
                    mpmath.loggamma(a0 + i) + mpmath.loggamma(b0 + b1)
                    - mpmath.loggamma(a0 + i + b0 + b1) - mpmath.log(b1 + i)
                    - mpmath.loggamma(1 + i) - mpmath.loggamma(b1) + mpmath.loggamma(1 + i + b1)
                    - mpmath.loggamma(a0) - mpmath.loggamma(b0) + mpmath.loggamma(a0 + b0))
                for i in range(a1))

        def lost(a1, b1, a0, b0):
            m1, m0 = mpmath.mpf(a1) / (a1 + b1), mpmath.mpf(a0) / (a0 + b0)
            return (m0 * better(a0 + 1, b0, a1, b1) - m1 * better(a0, b0, a1 + 1, b1))

        return {
            "arms": [a1, b1, a0, b0], "better": float(better(a1, b1, a0, b0)),
            "worse": float(better(a0, b0, a1, b1)), "loss1": float(lost(a1, b1, a0, b0)),
            "loss0": float(lost(a0, b0, a1, b1))}


write(
    "stats_experiments_beta", "mpmath", mpmath.__version__, "finite sums at 60 digits",
    [beta_case(*arms) for arms in (
        (1, 1, 1, 1), (2, 1, 1, 3), (183, 819, 135, 867), (30, 500, 90, 450), (400, 700, 100, 900),
        (5, 4000, 9, 3000), (3, 3, 2000, 2100), (1200, 9000, 1000, 8700))])


# ---- Golden cases -----------------------------------------------------------------------------

if len(sys.argv) > 1:
    groups = {
        "seed_tables", "multitest", "srm", "relative_lift", "variance_reduction", "sequential",
        "bayesian"}
    chosen = [
        {key: case[key] for key in ("id", "input", "expected", "tolerance")}
        for case in json.loads(pathlib.Path(sys.argv[1]).read_text())["cases"]
        if case["group"] in groups]
    write(
        "stats_experiments_golden",
        "fractions, statsmodels, scipy, savvi, gbstats, tea-tasting, numpy, confseq, "
        "spotify-confidence, mpmath",
        "3.11, 0.15.0, 1.17.1, 0.3.1, growthbook@8f1db4456, 1.14.0, 2.4.6, 0.0.11, 4.1.0, 1.3.0",
        "multipletests, chisquare, Multinomial.update, TwoSidedTTest, SequentialTwoSidedTTest, "
        "EffectBayesianABTest, Experiment.analyze, betting_cs, bounds, closed forms", chosen)
