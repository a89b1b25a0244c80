"""Trains a sentiment classifier on labelled posts, judges it, calibrates it, and saves it.

    python examples/python/train_sentiment.py                         # on invented posts
    python examples/python/train_sentiment.py --posts mine.csv --text body --label mood
    python examples/python/train_sentiment.py --architecture TfidfLogisticRegression
    python examples/python/train_sentiment.py --architecture WordCNNForSequenceClassification \\
        --vectors glove.txt

Posts are a CSV with a column of texts and one of labels; rows without a label are left out. Eight
tenths train, one tenth chooses the best epoch and fits the calibration, one tenth is the test; all
three have the labels in the same ratio. Without --encoder the Bert architectures start from the
default model. examples/cpp/train_sentiment.cpp does the same in C++.
"""

import argparse
import csv
import io
import sys
from contextlib import ExitStack
from pathlib import Path

import plaudit

ROOT = Path(__file__).resolve().parents[2]
SENTENCES = ["What a lovely surprise, thank you so much!", "It broke on the first day."]
PARTS = ["training", "validation", "test"]


def read(path, text, label):
    """The texts and labels of a CSV; posts come in many encodings, so texts stay bytes."""
    table = csv.DictReader(io.StringIO(path.read_bytes().decode("latin-1"), newline=""))
    for column in (text, label):
        if column not in (table.fieldnames or ()):
            sys.exit(f"train_sentiment: {path} has no column {column}")
    rows = [row for row in table if row[label]]
    return ([(row[text] or "").encode("latin-1") for row in rows],
            [row[label].encode("latin-1").decode() for row in rows])


def percent(value):
    return f"{100 * value:.1f} %"


def with_interval(metric, truth, predicted, labels):
    """The metric and where it lies in 95 of 100 such tests."""
    found = plaudit.bootstrap_interval(metric, truth, predicted, labels=labels)
    lower, upper = found.interval
    return f"{percent(found.value)} ({100 * lower:.1f} to {100 * upper:.1f})"


def judge(model, texts, truth):
    """Predicted labels, log-loss and expected calibration error."""
    predictions = model.predict(texts)
    scores = plaudit.score_metrics(truth, predictions.scores, labels=model.labels)
    table = plaudit.reliability(truth, predictions.scores, labels=model.labels)
    return predictions.labels, scores.log_loss, table.expected_error


def train(given, parts, labels):
    """The trained model, after a line an epoch."""
    with ExitStack() as stack:
        base = None
        if given.architecture.startswith("Bert"):
            base = stack.enter_context(plaudit.Model(given.encoder))
        trainer = stack.enter_context(plaudit.Trainer(
            base, labels, given.architecture, vectors=given.vectors, cleaning=given.cleaning,
            epochs=given.epochs, batch_size=given.batch_size, learning_rate=given.lr,
            frozen_layers=given.frozen, seed=given.seed))
        trainer.add(*parts[0]).add_validation(*parts[1])
        report = trainer.fit(progress=True)
        for epoch in trainer.history():
            print(f"epoch {epoch.epoch}: step {epoch.step}, loss {epoch.training_loss:.4f}, "
                  f"validation loss {epoch.validation_loss:.4f}, "
                  f"accuracy {percent(epoch.validation_accuracy)}, "
                  f"macro-F1 {percent(epoch.validation_macro_f1)}"
                  + (", kept" if epoch.epoch == report.best_epoch else ""))
        print(f"{given.architecture}: {report.iteration_count} steps, loss {report.loss:.4f}, "
              f"validation macro-F1 {percent(report.holdout_macro_f1)}")
        return trainer.model()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--posts", type=Path, default=ROOT / "examples/data/posts.csv")
    parser.add_argument("--text", default="text", help="the column of texts")
    parser.add_argument("--label", default="label", help="the column of labels")
    parser.add_argument("--architecture", default="BertForSequenceClassification")
    parser.add_argument("--encoder", type=Path, help="model folder that Bert... start from")
    parser.add_argument("--vectors", type=Path, help="word vectors: GloVe text or .npy")
    parser.add_argument("--cleaning", default="tweets-1", help="recipe, or none")
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--lr", type=float, help="learning rate; the architecture has its own")
    parser.add_argument("--frozen", type=int, default=0, help="layers of the encoder that stay")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--model", type=Path, default=ROOT / "out/models/my-sentiment")
    given = parser.parse_args()

    texts, truth = read(given.posts, given.text, given.label)
    labels = sorted(set(truth))
    counts = ", ".join(f"{truth.count(label)} {label}" for label in labels)
    print(f"{len(texts)} posts: {counts}")
    places = plaudit.split([0.8, 0.1, 0.1], labels=truth, seed=given.seed)
    parts = [([text for text, place in zip(texts, places) if place == part],
              [label for label, place in zip(truth, places) if place == part])
             for part in range(3)]
    print(", ".join(f"{len(rows)} {name}" for name, (rows, _) in zip(PARTS, parts)))

    with train(given, parts, labels) as model:
        predicted, loss, gap = judge(model, *parts[2])
        accuracy = with_interval("accuracy", parts[2][1], predicted, labels)
        macro_f1 = with_interval("macro_f1", parts[2][1], predicted, labels)
        print(f"\ntest: accuracy {accuracy}, macro-F1 {macro_f1}")
        print("  labelled as   " + "".join(f"{'-> ' + label:>13}" for label in labels))
        metrics = plaudit.label_metrics(parts[2][1], predicted, labels=labels)
        for label, line in zip(labels, metrics.confusion):
            print(f"  {label:14}" + "".join(f"{int(cell):13}" for cell in line))

        given.model.parent.mkdir(parents=True, exist_ok=True)
        with model.calibrate(*parts[1], "temperature") as calibrated:
            if calibrated.calibration_report.at_bound:
                # Such as when all are right: then nothing tells how sure the model may be.
                print(f"not calibrated: {len(parts[1][0])} validation posts fix no temperature")
                model.save(given.model)
            else:
                _, after, gap_after = judge(calibrated, *parts[2])
                print(f"calibrated: log-loss {loss:.4f} -> {after:.4f}, "
                      f"expected calibration error {gap:.4f} -> {gap_after:.4f}")
                calibrated.save(given.model)

    with plaudit.Model(given.model) as model:
        print(f"\nloaded again: {model.info.architecture}, {model.info.parameter_count} parameters")
        for sentence, one in zip(SENTENCES, model.predict(SENTENCES)):
            scores = ", ".join(f"{label} {percent(one.scores[label])}" for label in labels)
            print(f"  {sentence} {one.label} ({scores})")


if __name__ == "__main__":
    try:
        main()
    except plaudit.PlauditError as error:
        row = "" if error.index is None else f" (row {error.index})"
        sys.exit(f"train_sentiment: {error}{row}")
    except UnicodeDecodeError:
        sys.exit("train_sentiment: a label is no UTF-8")
    except FileNotFoundError as error:
        sys.exit(f"train_sentiment: {error.filename} is not there")
