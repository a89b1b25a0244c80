#!/usr/bin/env python3
"""Classification metrics of scikit-learn with every class listed.

pip install scikit-learn==1.9.1; writes Tests/PlauditStatsTests/Reference/stats_classification.json.
"""

import json
import pathlib
import random

import sklearn
from sklearn.metrics import accuracy_score, confusion_matrix, precision_recall_fscore_support

ROOT = pathlib.Path(__file__).resolve().parents[2]
OUTPUT = ROOT / "Tests/PlauditStatsTests/Reference/stats_classification.json"


def case(name, truth, predicted, classes):
    labels = list(range(classes))
    scores = lambda average: precision_recall_fscore_support(
        truth, predicted, labels=labels, average=average, zero_division=0)
    precision, recall, f1, support = scores(None)
    macro, weighted = scores("macro"), scores("weighted")
    return {
        "name": name, "classes": classes, "truth": truth, "predicted": predicted,
        "accuracy": float(accuracy_score(truth, predicted)),
        "precision": precision.tolist(), "recall": recall.tolist(), "f1": f1.tolist(),
        "support": support.tolist(), "macro": [float(x) for x in macro[:3]],
        "weightedF1": float(weighted[2]),
        "undefined": sum(c not in set(truth) or c not in set(predicted) for c in labels),
        "confusion": confusion_matrix(truth, predicted, labels=labels).ravel().tolist(),
    }


def main():
    random.seed(20250106)
    scores = [0.1, 0.4, 0.35, 0.8, 0.2, 0.65, 0.3, 0.9, 0.55, 0.5, 0.05, 0.7, 0.45, 0.15, 0.6,
              0.35, 0.85, 0.25, 0.6, 0.4]
    cases = [
        case("three sentiment classes", [0, 1, 2, 2, 1, 0, 2, 2, 0, 2, 2, 1, 0, 2, 2],
             [0, 1, 2, 1, 1, 0, 2, 2, 0, 2, 1, 0, 0, 2, 1], 3),
        case("two classes at a threshold of one half",
             [0, 1, 1, 1, 0, 1, 0, 1, 1, 0, 0, 1, 0, 0, 1, 0, 1, 0, 0, 1],
             [int(p >= 0.5) for p in scores], 2),
        case("one class only", [0, 0, 0], [0, 0, 0], 2),
        case("nothing right", [0, 1, 2], [1, 2, 0], 3),
        case("one row", [3], [0], 5),
    ]
    for number in range(200):
        classes = random.randint(1, 12)
        rows = random.randint(1, 60)
        skill = random.random()
        truth = [min(int(random.random() ** 2 * classes), classes - 1) for _ in range(rows)]
        predicted = [t if random.random() < skill else random.randrange(classes) for t in truth]
        cases.append(case(f"random {number}", truth, predicted, classes))
    body = ",\n".join("    " + json.dumps(c) for c in cases)
    OUTPUT.write_text(
        "{\n"
        f'  "tool": "scikit-learn",\n  "version": "{sklearn.__version__}",\n'
        '  "call": "precision_recall_fscore_support(labels=range(classes), zero_division=0);'
        ' accuracy_score; confusion_matrix",\n'
        f'  "cases": [\n{body}\n  ]\n'
        "}\n"
    )


main()
