#!/usr/bin/env python3
"""Bandits: posteriors by quadrature, ridge regressions and confidence bounds, off-policy estimates,
and the regret of plain numpy versions of every policy.

pip install numpy==2.4.6 scipy==1.17.1 mpmath==1.4.1; writes
Tests/PlauditDecisionsTests/Reference/decisions_bandits_*.json. With the path of kpi_golden.json as
argument it also copies the cases of its group bandit into decisions_bandits_golden.json.
"""

import json
import math
import pathlib
import sys

import mpmath
import numpy as np
import scipy
from scipy import integrate, stats

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "Tests/PlauditDecisionsTests/Reference"
random = np.random.default_rng(20261125)


def plain(value):
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(item) for item in value]
    if isinstance(value, (np.integer, np.bool_)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        value = float(value)
        if math.isnan(value):
            return "NaN"
        return value if math.isfinite(value) else ("Infinity" if value > 0 else "-Infinity")
    return value


def write(name, tool, version, call, cases):
    body = ",\n".join("    " + json.dumps(plain(case)) for case in cases)
    (FOLDER / f"decisions_bandits_{name}.json").write_text(
        "{\n"
        f'  "tool": {json.dumps(tool)},\n  "version": {json.dumps(version)},\n'
        f'  "call": {json.dumps(call)},\n  "cases": [\n{body}\n  ]\n}}\n')


# ---- The best and the second best of posteriors -----------------------------------------------


def places(distributions):
    """P(best) and P(second best) of independent scipy distributions, by quad over many pieces."""
    points = sorted({
        float(d.ppf(q)) for d in distributions
        for q in (1e-13, 1e-9, 1e-5, 0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99, 1 - 1e-5, 1 - 1e-9,
                  1 - 1e-13)})
    low, high = (min(d.ppf(1e-17) for d in distributions), max(d.isf(1e-17) for d in distributions))
    points = [low, *[p for p in points if low < p < high], high]

    def whole(f):
        return sum(
            integrate.quad(f, a, b, epsabs=1e-15, epsrel=1e-12, limit=200)[0]
            for a, b in zip(points, points[1:]) if b > a)

    best, second = [], []
    for i, d in enumerate(distributions):
        others = [o for j, o in enumerate(distributions) if j != i]

        def top(x):
            return d.pdf(x) * math.prod(o.cdf(x) for o in others)

        def next_to_top(x):
            return d.pdf(x) * sum(
                o.sf(x) * math.prod(p.cdf(x) for k, p in enumerate(others) if k != j)
                for j, o in enumerate(others))

        best.append(whole(top))
        second.append(whole(next_to_top))
    return best, second


def posterior_cases():
    cases = []
    for arms in ([(4, 2), (2, 4), (4, 2)], [(1, 1), (1, 1)], [(1, 1), (30, 70), (40, 60)],
                 [(183, 819), (135, 867)], [(2.5, 8.5), (1.5, 1.5), (1, 12)],
                 [(5000, 95000), (5100, 95000), (4950, 95000), (1, 1)],
                 [(3, 9), (8, 4), (2, 2), (11, 30), (1, 5), (6, 6)]):
        best, second = places([stats.beta(a, b) for a, b in arms])
        cases.append({"kind": "beta", "arms": arms, "best": best, "second": second})
    for arms in ([(0, 1), (0.5, 1)], [(1, 0.1), (1.05, 0.2), (0.9, 0.05)],
                 [(10, 3), (10, 0.01), (10.5, 1), (8, 2)]):
        best, second = places([stats.norm(m, s) for m, s in arms])
        cases.append({"kind": "normal", "arms": arms, "best": best, "second": second})
    for arms in ([(0, 1, 3), (0.5, 2, 5)], [(50, 3, 2), (49, 2.5, 12), (40, 6, 3)],
                 [(1, 0.1, 400), (1.1, 0.1, 30), (1.05, 0.02, 9)]):
        best, second = places([stats.t(v, m, s) for m, s, v in arms])
        cases.append({"kind": "student", "arms": arms, "best": best, "second": second})
    return cases


# ---- The same in 34 digits, at the ends of what there is --------------------------------------


def gauss(count):
    """Nodes and weights on -1...1, and the weights of integrals from -1 up to each node."""

    def legendre(x):
        values = [mpmath.mpf(1), x]
        for k in range(2, count + 1):
            values.append(((2 * k - 1) * x * values[-1] - (k - 1) * values[-2]) / k)
        return values

    def slope(x, values):
        return count * (x * values[count] - values[count - 1]) / (x * x - 1)

    nodes, weights, values = [], [], []
    for index in range(count):
        x = -mpmath.cos(mpmath.pi * (index + mpmath.mpf(3) / 4) / (count + mpmath.mpf(1) / 2))
        for _ in range(8):
            at = legendre(x)
            x -= at[count] / slope(x, at)
        at = legendre(x)
        nodes.append(x)
        weights.append(2 / ((1 - x * x) * slope(x, at) ** 2))
        values.append(at)
    integrals = [
        [weights[j] / 2 * (nodes[i] + 1 + sum(
            values[j][d] * (values[i][d + 1] - values[i][d - 1]) for d in range(1, count)))
         for j in range(count)] for i in range(count)]
    return nodes, weights, integrals


def shape(kind, arm, centre, unit):
    """Logarithm of a density, about its peak, and its width: rates in logits, Student's t in asinh."""
    a, b = arm[:2]
    if kind == "beta":
        def log_density(t):
            softplus = mpmath.log1p(mpmath.exp(t)) if t < 0 else t + mpmath.log1p(mpmath.exp(-t))
            return a * t - (a + b) * softplus
        return log_density, mpmath.log(a / b), min(1, mpmath.sqrt(1 / a + 1 / b))
    if kind == "normal":
        return (lambda t: -((t - a) / b) ** 2 / 2), a, b
    peak = mpmath.asinh((a - centre) / unit)
    freedom = arm[2]

    def log_student(t):
        z = (centre + unit * mpmath.sinh(t) - a) / b
        return mpmath.log(mpmath.cosh(t)) - (freedom + 1) / 2 * mpmath.log1p(z * z / freedom)
    return log_student, peak, b / (unit * mpmath.cosh(peak))


def exact_places(kind, arms):
    """P(best) and P(second best) by panels of 24 nodes, narrower than any density there."""
    mpmath.mp.dps = 34
    nodes, weights, integrals = gauss(24)
    arms = [[mpmath.mpf(x) for x in arm] for arm in arms]
    places = range(len(arms))
    shapes = [
        shape(kind, arm, sum(a[0] for a in arms) / len(arms), max(a[1] for a in arms))
        for arm in arms]
    tops = [log_density(peak) for log_density, peak, _ in shapes]

    def reach(place, sign):
        log_density, peak, width = shapes[place]
        distance = 4 * width
        while log_density(peak + sign * distance) - tops[place] > -75:
            distance *= mpmath.mpf("1.2")
        return peak + sign * distance

    lows, highs = [reach(i, -1) for i in places], [reach(i, 1) for i in places]
    edges = [min(lows)]
    while edges[-1] < max(highs):
        edge = edges[-1]
        step = min([max(highs) - edge] + [low - edge for low in lows if low > edge])
        for i in places:
            if lows[i] <= edge < highs[i]:
                _, peak, width = shapes[i]
                step = min(step, (width + abs(edge - peak) / 8) * mpmath.mpf("0.8"))
        edges.append(edge + step)
    densities, below = [], []
    for i in places:
        total, density, distribution = mpmath.mpf(0), [], []
        for low, high in zip(edges, edges[1:]):
            half = (high - low) / 2
            values = [mpmath.mpf(0)] * len(nodes)
            if high > lows[i] and low < highs[i]:
                values = [
                    mpmath.exp(shapes[i][0](low + half + half * x) - tops[i]) for x in nodes]
            distribution += [
                total + half * sum(w * v for w, v in zip(row, values)) for row in integrals]
            total += half * sum(w * v for w, v in zip(weights, values))
            density += values
        densities.append([v / total for v in density])
        below.append([v / total for v in distribution])
    best, second = [mpmath.mpf(0) for _ in places], [mpmath.mpf(0) for _ in places]
    for cell in range(len(densities[0])):
        panel, node = divmod(cell, len(nodes))
        weight = (edges[panel + 1] - edges[panel]) / 2 * weights[node]
        for i in places:
            none, one = mpmath.mpf(1), mpmath.mpf(0)
            for j in places:
                if j != i:
                    f = below[j][cell]
                    none, one = none * f, one * f + none * (1 - f)
            best[i] += weight * densities[i][cell] * none
            second[i] += weight * densities[i][cell] * one
    return [float(x) for x in best], [float(x) for x in second]


def extreme_cases():
    cases = []
    for kind, arms in (
            ("beta", [(1, 1), (1, 1)]), ("beta", [(1, 1), (30, 70), (40, 60)]),
            ("beta", [(1, 1e6), (2, 1e6), (1, 1)]),
            ("beta", [(5e8, 5e8), (500010000, 499990000), (500005000, 499995000)]),
            ("beta", [(0.3, 0.7), (0.01, 1), (2, 3)]), ("beta", [(1e9, 1), (1e6, 1), (0.5, 0.5)]),
            ("beta", [(1e6, 1e9), (1e3, 1e6), (1, 1000), (0.1, 100), (1001000, 1e9)]),
            ("beta", [(11 + i, 200 - 9 * i) for i in range(10)]),
            ("beta", [(1 + i, 13 - i) for i in range(10)]),
            ("normal", [(0, 1e-6), (1e-6, 1), (0.5, 0.1)]),
            ("student", [(0, 1, 2), (1e3, 1e-3, 2), (1e3, 1, 1e6)]),
            ("student", [(0, 1e-4, 3), (1, 1, 2), (1, 1e-2, 50)])):
        best, second = exact_places(kind, arms)
        cases.append({"kind": kind, "arms": arms, "best": best, "second": second})
    return cases


# ---- KL-UCB -----------------------------------------------------------------------------------


def kl_bound(p, limit):
    mpmath.mp.dps = 60
    p, limit = mpmath.mpf(p), mpmath.mpf(limit)

    def excess(q):
        one = p * mpmath.log(p / q) if p > 0 else 0
        other = (1 - p) * mpmath.log((1 - p) / (1 - q)) if p < 1 else 0
        return one + other - limit

    if p == 1:
        return 1.0
    low, high = p, mpmath.mpf(1)
    for _ in range(140):
        middle = (low + high) / 2
        if excess(middle) <= 0:
            low = middle
        else:
            high = middle
    return float(low)


def kl_cases():
    return [{"mean": p, "limit": limit, "bound": kl_bound(p, limit)}
            for p in (0, 1e-6, 0.01, 0.25, 0.5, 0.75, 0.99, 0.999999, 1)
            for limit in (1e-9, 1e-4, 0.01, 0.1, 0.5, 2, 10, 30)]


# ---- Ridge regressions ------------------------------------------------------------------------


def linear_cases():
    cases = []
    for features, rows, ridge, alpha in ((1, 5, 1, 1), (3, 40, 0.5, 1.25), (8, 200, 4, 0.3),
                                         (20, 60, 1e-3, 2)):
        x = random.normal(size=(rows, features))
        r = x @ random.normal(size=features) + random.normal(size=rows)
        query = random.normal(size=(5, features))
        a = ridge * np.eye(features) + x.T @ x
        theta = np.linalg.solve(a, x.T @ r)
        error = np.sqrt(np.einsum("ij,ij->i", query, np.linalg.solve(a, query.T).T))
        cases.append({
            "features": features, "ridge": ridge, "alpha": alpha, "contexts": x, "rewards": r,
            "query": query, "theta": theta, "index": query @ theta + alpha * error})
    return cases


# ---- Off-policy estimates ---------------------------------------------------------------------


def off_policy_cases():
    cases = []
    for rows, arms, cap in ((1, 2, None), (50, 3, None), (400, 5, 2.0)):
        logged = random.dirichlet(np.ones(arms), rows) * 0.8 + 0.2 / arms
        target = random.dirichlet(np.ones(arms), rows)
        actions = np.array([random.choice(arms, p=p) for p in logged])
        rewards = random.normal(1 + actions, 1.0)
        predicted = random.normal(1, 1, (rows, arms))
        index = np.arange(rows)
        p = logged[index, actions]
        full = target[index, actions] / p
        w = np.minimum(full, cap) if cap else full
        z = stats.norm.ppf(0.975)

        def value(terms, centre=None):
            centre = terms.mean() if centre is None else centre
            error = terms.std(ddof=1) / math.sqrt(rows) if rows > 1 else float("nan")
            return [centre, error, centre - z * error, centre + z * error]

        ratio = (w * rewards).sum() / w.sum()
        dm = (target * predicted).sum(1)
        cases.append({
            "arms": arms, "cap": cap, "actions": actions, "rewards": rewards, "propensities": p,
            "target": target, "predicted": predicted, "ips": value(w * rewards),
            "snips": value(w * (rewards - ratio) / w.mean(), ratio), "dm": value(dm),
            "dr": value(dm + w * (rewards - predicted[index, actions])), "logged": value(rewards),
            "ess": w.sum() ** 2 / (w ** 2).sum(), "maximum": full.max(),
            "capped": int((full > w).sum())})
    return cases


# ---- Regret -----------------------------------------------------------------------------------

RATES = np.array([0.10, 0.15, 0.20, 0.30, 0.45])
HORIZON, RUNS = 600, 400


def first_highest(scores):
    return scores.argmax(1)


def simulate(choose, reward=None, rates=RATES, minimal_plays=1):
    """The regret of each run; choose(n, s, t) sees plays and sums [runs, arms]."""
    runs = np.arange(RUNS)
    n = np.zeros((RUNS, len(rates)))
    s = np.zeros_like(n)
    regret = np.zeros(RUNS)
    for t in range(HORIZON):
        arm = (np.full(RUNS, t % len(rates)) if t < minimal_plays * len(rates)
               else choose(n, s, t))
        r = (random.random(RUNS) < rates[arm]).astype(float) if reward is None else reward(arm)
        n[runs, arm] += 1
        s[runs, arm] += r
        regret += rates.max() - rates[arm]
    return regret


def kl_index(p, limit):
    low, high = p.copy(), np.ones_like(p)
    for _ in range(40):
        middle = (low + high) / 2
        q = np.clip(middle, 1e-15, 1 - 1e-15)
        with np.errstate(all="ignore"):
            kl = (np.where(p > 0, p * np.log(np.where(p > 0, p, 1) / q), 0)
                  + np.where(p < 1, (1 - p) * np.log(np.where(p < 1, 1 - p, 1) / (1 - q)), 0))
        good = kl <= limit
        low, high = np.where(good, middle, low), np.where(good, high, middle)
    return low


def explore(greedy, epsilon):
    lucky = random.random(RUNS) < epsilon
    return np.where(lucky, random.integers(0, len(RATES), RUNS), greedy)


def top_two(draws):
    order = np.argsort(-draws, axis=1)
    return np.where(random.random(RUNS) < 0.5, order[:, 0], order[:, 1])


def softmax(n, s, t):
    weights = np.exp((s / n - (s / n).max(1, keepdims=True)) / 0.05)
    weights /= weights.sum(1, keepdims=True)
    return (random.random((RUNS, 1)) > weights.cumsum(1)).sum(1).clip(max=len(RATES) - 1)


def regret_cases():
    beta = lambda n, s: random.beta(1 + s, 1 + n - s)  # noqa: E731
    policies = {
        "epsilon-greedy": (lambda n, s, t: explore(first_highest(s / n), 0.1), 1),
        "epsilon-decaying": (
            lambda n, s, t: explore(first_highest(s / n), 1 / (1 + 0.02 * t)), 1),
        "softmax": (softmax, 1),
        "ucb1": (lambda n, s, t: first_highest(s / n + np.sqrt(2 * np.log(t) / n)), 1),
        "kl-ucb": (lambda n, s, t: first_highest(kl_index(s / n, np.log(t) / n)), 1),
        "thompson": (lambda n, s, t: first_highest(beta(n, s)), 0),
        "top-two": (lambda n, s, t: top_two(beta(n, s)), 0),
    }
    cases = []
    for name, (choose, minimal) in policies.items():
        regret = simulate(choose, minimal_plays=minimal)
        cases.append({"policy": name, "mean": regret.mean(),
                      "error": regret.std(ddof=1) / math.sqrt(RUNS)})
    gaussian = simulate(
        lambda n, s, t: first_highest(s / n + random.normal(size=n.shape) * 0.5 / np.sqrt(n)),
        reward=lambda arm: random.normal(RATES[arm], 0.5))
    cases.append({"policy": "thompson-gaussian", "mean": gaussian.mean(),
                  "error": gaussian.std(ddof=1) / math.sqrt(RUNS)})
    for name in ("lin-ucb", "lin-ts"):
        regret = linear_regret(name)
        cases.append({"policy": name, "mean": regret.mean(),
                      "error": regret.std(ddof=1) / math.sqrt(len(regret))})
    return cases


LINEAR_THETA = np.array([[0.2, 0.5, -0.3], [0.4, -0.4, 0.2], [0.3, 0.1, 0.4]])
LINEAR_HORIZON, LINEAR_RUNS = 400, 100


def linear_regret(name):
    arms, features = LINEAR_THETA.shape
    runs = np.arange(LINEAR_RUNS)
    inverse = np.tile(np.eye(features), (LINEAR_RUNS, arms, 1, 1))
    b = np.zeros((LINEAR_RUNS, arms, features))
    regret = np.zeros(LINEAR_RUNS)
    for t in range(LINEAR_HORIZON):
        x = np.concatenate([np.ones((LINEAR_RUNS, 1)), random.random((LINEAR_RUNS, 2))], 1)
        mean = np.einsum("rk,rakl,ral->ra", x, inverse, b)
        error = np.sqrt(np.einsum("rk,rakl,rl->ra", x, inverse, x))
        if name == "lin-ts":
            error = error * random.normal(size=error.shape) * 0.3
        else:
            error = error * 0.3
        arm = np.full(LINEAR_RUNS, t) if t < arms else (mean + error).argmax(1)
        truth = x @ LINEAR_THETA.T
        r = truth[runs, arm] + 0.3 * random.normal(size=LINEAR_RUNS)
        regret += truth.max(1) - truth[runs, arm]
        for run in runs:
            a, v = arm[run], x[run]
            u = inverse[run, a] @ v
            inverse[run, a] -= np.outer(u, u) / (1 + v @ u)
            b[run, a] += r[run] * v
    return regret


# ---- Golden -----------------------------------------------------------------------------------


def golden(path):
    content = json.loads(pathlib.Path(path).read_text())
    cases = [case for case in content["cases"] if case["group"] == "bandit"]
    kept = ("id", "input", "expected", "tolerance")
    write("golden", "mabwiser, gbstats, closed forms", "2.7.4, growthbook@8f1db4456",
          "the cases of kpi_golden.json; keys named mabwiser are not targets",
          [{key: case[key] for key in kept} for case in cases])


def main():
    write("posteriors", "scipy", scipy.__version__,
          "integrate.quad of pdf times cdfs, piece by piece", posterior_cases())
    write("extremes", "mpmath", mpmath.__version__,
          "Gauss-Legendre panels of 24 nodes in 34 digits", extreme_cases())
    write("kl", "mpmath", mpmath.__version__, "bisection at 60 digits", kl_cases())
    write("linear", "numpy", np.__version__, "linalg.solve of A = ridge I + X'X", linear_cases())
    write("off_policy", "numpy", np.__version__,
          "definitions of Dudik et al. 2011; errors from the terms' standard deviation",
          off_policy_cases())
    write("regret", "numpy", np.__version__, f"{RUNS} runs of {HORIZON} decisions", regret_cases())
    if len(sys.argv) > 1:
        golden(sys.argv[1])


if __name__ == "__main__":
    main()
