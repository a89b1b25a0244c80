"""KPIs by group: Plaudit beside DuckDB, pandas and polars on the same columns in one run.

    .venv/bin/python Benchmarks/kpi_table.py --peer .venv-bench/bin/python      # make bench-kpi

Ten million rows with 1,000 integer keys: five sums, CTR and ROI; without and with nulls. Two
million rows with 1,000 and with two million text keys. One thread each (DuckDB: SET threads = 1;
polars: POLARS_MAX_THREADS = 1). DuckDB and polars read tables of their own, pandas its frame,
Plaudit NumPy columns, and for text the Arrow stream of the polars frame. Every measurement is a
process of its own; rounds alternate; the median of the best calls of each process is told, with
ratios, and written as JSON. Sums are compared with those of DuckDB.
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
KINDS = ("integers", "nulls", "text", "many-text")
PEERS = ("plaudit", "duckdb", "pandas", "polars")
SQL = """select k, sum(impressions) as impressions, sum(clicks) as clicks,
  sum(conversions) as conversions, sum(cost) as cost, sum(revenue) as revenue,
  sum(clicks) / sum(impressions) as ctr, (sum(revenue) - sum(cost)) / sum(cost) as roi
  from t group by k"""
NAMES = ["impressions", "clicks", "conversions", "cost", "revenue"]


def data(kind):
    import numpy as np

    random = np.random.default_rng(4)
    count = 10_000_000 if kind in ("integers", "nulls") else 2_000_000
    columns = {
        "impressions": random.integers(0, 10_000, count), "clicks": random.integers(0, 300, count),
        "conversions": random.integers(0, 20, count),
        "cost": np.round(random.random(count) * 1000, 2),
        "revenue": np.round(random.random(count) * 10_000, 2)}
    if kind == "nulls":
        columns["revenue"][random.random(count) < 0.05] = np.nan
    if kind in ("integers", "nulls"):
        keys = random.integers(0, 1000, count)
    elif kind == "text":
        names = np.array([f"campaign {number:04d}" for number in range(1000)], dtype=object)
        keys = names[random.integers(0, 1000, count)]
    else:
        keys = np.array(
            [f"customer {number}" for number in random.permutation(count)], dtype=object)
    return keys, columns


def best(function, seconds=3.0):
    times = []
    started = time.perf_counter()
    while len(times) < 3 or (time.perf_counter() - started < seconds and len(times) < 15):
        before = time.perf_counter()
        result = function()
        times.append(time.perf_counter() - before)
    return min(times), result


def run(peer, kind):
    keys, columns = data(kind)
    if peer == "plaudit":
        import plaudit

        version = plaudit.version()
        given = {"k": keys, **columns}
        if kind in ("text", "many-text"):
            import polars

            given = polars.DataFrame({"k": list(keys), **columns})
        options = dict(
            by="k", measures=NAMES, kpis=["ctr", "roi"], order="first-seen",
            missing="omit" if kind == "nulls" else "propagate")
        seconds, result = best(lambda: plaudit.kpi_table(given, **options))
        sums = [float(result[name].sum()) for name in NAMES]
        groups = len(result)
    elif peer == "duckdb":
        import duckdb
        import pandas

        version = duckdb.__version__
        connection = duckdb.connect()
        connection.execute("set threads = 1")
        frame = pandas.DataFrame({"k": keys, **columns})
        connection.execute("create table t as select * from frame")
        if kind == "nulls":
            connection.execute("update t set revenue = null where isnan(revenue)")
        seconds, result = best(lambda: connection.execute(SQL).fetchnumpy())
        sums = [float(result[name].sum()) for name in NAMES]
        groups = len(result["k"])
    elif peer == "pandas":
        import pandas

        version = pandas.__version__
        frame = pandas.DataFrame({"k": keys, **columns})

        def group():
            found = frame.groupby("k", sort=False)[NAMES].sum()
            found["ctr"] = found["clicks"] / found["impressions"]
            found["roi"] = (found["revenue"] - found["cost"]) / found["cost"]
            return found

        seconds, result = best(group)
        sums = [float(result[name].sum()) for name in NAMES]
        groups = len(result)
    else:
        import polars
        from polars import col

        version = polars.__version__
        frame = polars.DataFrame({"k": list(keys) if kind.endswith("text") else keys, **columns})
        if kind == "nulls":
            frame = frame.with_columns(col("revenue").fill_nan(None))
        parts = [col(name).sum() for name in NAMES] + [
            (col("clicks").sum() / col("impressions").sum()).alias("ctr"),
            ((col("revenue").sum() - col("cost").sum()) / col("cost").sum()).alias("roi")]
        seconds, result = best(lambda: frame.group_by("k").agg(parts))
        sums = [float(result[name].sum()) for name in NAMES]
        groups = len(result)
    print(json.dumps({"version": version, "seconds": seconds, "sums": sums, "groups": groups}))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peer", default=sys.executable, help="a Python with the peers")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--output", default=ROOT / "Benchmarks/results/kpi_table.json")
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        run(*given.one)
        return
    environment = dict(os.environ, POLARS_MAX_THREADS="1", OMP_NUM_THREADS="1")
    environment.setdefault("PLAUDIT_LIBRARY", str(ROOT / "out/lib/libplaudit.so"))
    environment["PYTHONPATH"] = str(ROOT / "bindings/python/src")
    found = {kind: {peer: [] for peer in PEERS} for kind in KINDS}
    versions = {}
    for _ in range(given.rounds):
        for kind in KINDS:
            for peer in PEERS:
                output = subprocess.run(
                    [given.peer, __file__, "--one", peer, kind], check=True, env=environment,
                    capture_output=True, text=True).stdout
                answer = json.loads(output.splitlines()[-1])
                versions[peer] = answer["version"]
                found[kind][peer].append(answer)
    report = {"machine": f"{platform.machine()}, {os.cpu_count()} cores", "versions": versions,
              "python": platform.python_version(), "rounds": given.rounds}
    for kind in KINDS:
        reference = found[kind]["duckdb"][0]
        seconds = {}
        for peer in PEERS:
            for answer in found[kind][peer]:
                assert answer["groups"] == reference["groups"], (kind, peer)
                for one, other in zip(answer["sums"], reference["sums"]):
                    assert abs(one - other) <= 1e-9 * abs(other), (kind, peer, one, other)
            seconds[peer] = statistics.median(answer["seconds"] for answer in found[kind][peer])
        report[kind] = {
            "seconds": {peer: round(value, 4) for peer, value in seconds.items()},
            "plaudit_per": {
                peer: round(seconds["plaudit"] / seconds[peer], 3)
                for peer in PEERS if peer != "plaudit"}}
        print(f"{kind:10s}", "  ".join(
            f"{peer} {value:.3f} s" for peer, value in seconds.items()), "  ratios",
            report[kind]["plaudit_per"])
    Path(given.output).write_text(json.dumps(report, indent=2) + "\n")


main()
