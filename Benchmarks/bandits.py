"""Decisions and updates a second of Plaudit's bandits beside MABWiser's, on one core in one run.

    .venv/bin/python Benchmarks/bandits.py --peer .venv-bench/bin/python     # make bench-bandits

Ten arms. Without context: batches of decisions and of updates through the Python binding, and one
decision a call. With context: 20 features. Seconds are of processor time, so that a busy machine
changes little. Both sides run the same rounds one after the other, each measurement in a process of
its own on one core; the median of the rounds counts. MABWiser's batch of decisions is predict over
rows of contexts, its update partial_fit; without contexts it has no batch of decisions and is
measured one at a time.
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

ROOT = Path(__file__).resolve().parent.parent
ARMS, FEATURES = 10, 20
POLICIES = ["epsilon-greedy", "softmax", "ucb1", "kl-ucb", "thompson", "top-two"]
LINEAR = ["lin-ucb", "lin-ts"]
# What MABWiser has.
SHARED = ["epsilon-greedy", "softmax", "ucb1", "thompson", "lin-ucb", "lin-ts"]


def rows(count, seed=1):
    import numpy
    random = numpy.random.default_rng(seed)
    arms = random.integers(0, ARMS, count).astype("int32")
    rewards = (random.random(count) < 0.05 + 0.03 * arms).astype(float)
    return arms, rewards, random.normal(size=(count, FEATURES)), random


def rate(work, count, least=0.25):
    """Things done a second of processor time, in whole calls, for at least so many seconds."""
    work()
    done, started = 0, time.process_time()
    while True:
        work()
        done += count
        elapsed = time.process_time() - started
        if elapsed >= least:
            return done / elapsed


def run_plaudit():
    import numpy
    import plaudit

    found = {}
    for policy in POLICIES + LINEAR:
        linear = policy in LINEAR
        many = 100_000 if linear else 1_000_000
        arms, rewards, contexts, _ = rows(many)
        if not linear:
            contexts = None
        bandit = plaudit.Bandit(
            [str(arm) for arm in range(ARMS)], policy, features=FEATURES if linear else 0)
        bandit.learn(arms, rewards, contexts)
        single = None if contexts is None else numpy.ascontiguousarray(contexts[:1])
        found[policy] = {
            "decisions": rate(lambda: bandit.decide(many, contexts), many),
            "updates": rate(lambda: bandit.learn(arms, rewards, contexts), many),
            "choose": rate(lambda: [bandit.choose(single) for _ in range(1000)], 1000)}
        if not linear:
            found[policy]["with propensities"] = rate(
                lambda: bandit.decide(many, propensities=True), many)
        step_arms, step_rewards = arms[:1], rewards[:1]

        def loop():
            for _ in range(200):
                bandit.choose(single)
                bandit.learn(step_arms, step_rewards, single)

        found[policy]["choose and learn"] = rate(loop, 200)
    pending = plaudit.Bandit([str(arm) for arm in range(ARMS)], pending=1 << 21)
    ones = numpy.ones(1_000_000)

    def late():
        made = pending.decide(1_000_000)
        pending.reward(numpy.arange(made.first, made.first + 1_000_000), ones)

    found["thompson"]["decided and rewarded by number"] = rate(late, 1_000_000)
    return {"version": plaudit.version(), "rates": found}


def run_mabwiser():
    from importlib.metadata import version

    from mabwiser.mab import MAB, LearningPolicy

    made = {
        "epsilon-greedy": LearningPolicy.EpsilonGreedy(0.1), "softmax": LearningPolicy.Softmax(0.1),
        "ucb1": LearningPolicy.UCB1(1), "thompson": LearningPolicy.ThompsonSampling(),
        "lin-ucb": LearningPolicy.LinUCB(1), "lin-ts": LearningPolicy.LinTS(1)}
    found = {}
    for policy in SHARED:
        linear = policy in LINEAR
        arms, rewards, contexts, _ = rows(20_000)
        bandit = MAB(list(range(ARMS)), made[policy])
        bandit.fit(arms, rewards, *([contexts] if linear else []))
        first = contexts[:1]
        found[policy] = {
            "choose": rate(
                (lambda: [bandit.predict(first) for _ in range(200)]) if linear
                else (lambda: [bandit.predict() for _ in range(2000)]), 200 if linear else 2000),
            "updates": rate(
                lambda: bandit.partial_fit(arms, rewards, *([contexts] if linear else [])), 20_000)}
        if linear:
            found[policy]["decisions"] = rate(lambda: bandit.predict(contexts), 20_000)
        one = ([arms[0]], [rewards[0]], *([first] if linear else []))
        found[policy]["update one"] = rate(
            lambda: [bandit.partial_fit(*one) for _ in range(200)], 200)
    return {"version": version("mabwiser"), "rates": found}


def measure(name, python):
    environment = dict(os.environ, OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
    core = str(max(os.sched_getaffinity(0)))
    run = subprocess.run(
        ["taskset", "-c", core, python, __file__, "--measure", name], env=environment,
        capture_output=True, text=True)
    if run.returncode:
        sys.exit(f"{name} failed:\n{run.stderr[-2000:]}")
    return json.loads(run.stdout.splitlines()[-1])


def medians(results):
    policies = results[0]["rates"]
    return {policy: {kind: statistics.median(one["rates"][policy][kind] for one in results)
                     for kind in policies[policy]} for policy in policies}


def cpu():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":")[1].strip()
    return platform.processor()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--peer", help="Python with mabwiser; none: Plaudit alone")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--output", type=Path, default=ROOT / "Benchmarks/results/bandits.json")
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        print(json.dumps(run_plaudit() if given.measure == "plaudit" else run_mabwiser()))
        return
    ours, theirs = [], []
    for _ in range(given.rounds):
        ours.append(measure("plaudit", sys.executable))
        if given.peer:
            theirs.append(measure("mabwiser", given.peer))
    rates = medians(ours)
    result = {
        "machine": cpu(), "cores": 1, "arms": ARMS, "features": FEATURES, "rounds": given.rounds,
        "plaudit": ours[0]["version"], "rates_per_s": {"plaudit": rates}}
    print(f"per second, one core, {ARMS} arms, {FEATURES} features")
    header = ("decisions", "with propensities", "updates", "choose", "choose and learn")
    print(f"{'':16}" + "".join(f"{name:>19}" for name in header))
    for policy, row in rates.items():
        print(f"{policy:16}" + "".join(
            f"{row[name]:19,.0f}" if name in row else f"{'':19}" for name in header))
    if theirs:
        peers = medians(theirs)
        result["mabwiser"] = theirs[0]["version"]
        result["rates_per_s"]["mabwiser"] = peers
        ratios = {}
        for policy, row in peers.items():
            mine = rates[policy]
            ratios[policy] = {
                "batch of decisions / one at a time": mine["decisions"] / row["choose"],
                "batch of updates / one at a time": mine["updates"] / row["update one"],
                "choose / choose": mine["choose"] / row["choose"],
                "updates / updates": mine["updates"] / row["updates"]}
            if "decisions" in row:
                ratios[policy]["decisions / decisions"] = mine["decisions"] / row["decisions"]
        result["times_mabwiser"] = ratios
        for policy, row in ratios.items():
            print(f"{policy:16}" + ", ".join(f"{name} {value:.1f}x" for name, value in row.items()))
    given.output.parent.mkdir(exist_ok=True)
    given.output.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
