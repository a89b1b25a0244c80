"""What goes in: columns and batches of every common kind; nothing is converted silently."""

import datetime
import decimal
import json
import subprocess
import sys
from array import array

import numpy
import pytest
from conftest import TINY

import plaudit


class NAType:
    """Stands in for pandas.NA, which is neither None nor a float."""


@pytest.mark.parametrize("clicks", [
    [1, 2], (1, 2), (value for value in (1, 2)), array("d", [1, 2]), array("b", [1, 2]),
    numpy.array([1, 2]), numpy.array([1, 2], "float32"), numpy.array([1, 9, 2, 9], "uint8")[::2],
    numpy.array([1, 2], object), [decimal.Decimal(1), numpy.int16(2)]])
def test_columns_of_any_numbers(clicks):
    assert plaudit.ctr(clicks, 4).tolist() == [0.25, 0.5]


def test_a_number_beside_a_column_is_repeated():
    assert plaudit.ctr(1, [4, 2]).tolist() == [0.25, 0.5]
    lower, _ = plaudit.wilson_interval(1, 2)
    assert plaudit.wilson_interval([1, 1], 2).lower.tolist() == [lower, lower]


@pytest.mark.parametrize("missing", [None, float("nan"), NAType()])
def test_missing_numbers_have_no_kpi(missing):
    values = plaudit.ctr([1, missing], [4, 4])
    assert values[0] == 0.25 and numpy.isnan(values[1])


@pytest.mark.parametrize("clicks", [
    ["1", "2"], [b"1", b"2"], [1j, 2], numpy.array(["2026-01-01", "2026-01-02"], "M8[D]"),
    [datetime.date(2026, 1, 1), 2], {1: 1, 2: 2}, {1, 2}, frozenset((1, 2)), "12"])
def test_what_is_no_column_of_numbers_is_a_type_error(clicks):
    with pytest.raises(TypeError, match="clicks"):
        plaudit.ctr(clicks, [4, 4])


@pytest.mark.parametrize("counts", [[1.5, 1], ["1", 1], [None, 1], numpy.array([1.5, 1])])
def test_counts_are_whole(counts):
    with pytest.raises(TypeError, match=r"successes\[0\]"):
        plaudit.wilson_interval(counts, [4, 4])


def test_numbers_that_fit_no_c_type_are_refused():
    with pytest.raises(plaudit.OutOfRangeError, match="clicks"):
        plaudit.ctr(10**400, 1)
    with pytest.raises(plaudit.OutOfRangeError, match="trials"):
        plaudit.wilson_interval(1, 2**63)
    with pytest.raises(plaudit.OutOfRangeError, match=r"successes\[1\]"):
        plaudit.wilson_interval(numpy.array([1, 2**63], "uint64"), [4, 4])
    with pytest.raises(plaudit.ShapeError, match="dimensions"):
        plaudit.ctr(numpy.ones((2, 2)), 4)


def test_texts_of_any_sequence(classifier):
    posts = ["a great day", "bad tea"]
    expected = classifier.predict(posts).scores
    for texts in (tuple(posts), iter(posts), numpy.array(posts), numpy.array(posts, object),
                  [post.encode() for post in posts], [bytearray(b"a great day"), "bad tea"]):
        assert numpy.array_equal(classifier.predict(texts).scores, expected)


@pytest.mark.parametrize("missing", [None, float("nan"), NAType()])
def test_missing_texts_have_no_scores(classifier, missing):
    posts = ["a", *[missing] * 8, "bad tea"]
    found = classifier.predict(posts)
    assert numpy.isnan(found.scores[1:9]).all() and found.label_indices[1:9].tolist() == [-1] * 8
    assert numpy.array_equal(found.scores[[0, 9]], classifier.predict(["a", "bad tea"]).scores)


@pytest.mark.parametrize("texts", ["a", b"a", {"a": 1}, {"a"}, 7, None, [["a"]], [7]])
def test_what_is_no_sequence_of_texts_is_a_type_error(classifier, texts):
    with pytest.raises(TypeError, match="texts"):
        classifier.predict(texts)


def test_pairs_go_with_texts(classifier):
    with pytest.raises(plaudit.InvalidArgumentError, match="2 pairs"):
        classifier.predict(["a"], ["b", "c"])
    alone, paired = classifier.predict(["a"]), classifier.predict(["a"], ["bad tea"])
    assert paired.reports[0].token_count > alone.reports[0].token_count


def test_labels_have_an_order(embedder):
    with pytest.raises(TypeError, match="set"):
        plaudit.Trainer(embedder, {"good", "bad"})
    with pytest.raises(plaudit.InvalidArgumentError, match="sad"):
        plaudit.Trainer(embedder, ["good", "bad"], class_weight={"sad": 2.0})


def test_vectors_are_numbers_of_the_models_width(embedder):
    trainer = plaudit.Trainer(embedder, ["good", "bad"])
    for vectors in (numpy.ones((1, 31)), numpy.ones(32), numpy.ones((1, 32, 1))):
        with pytest.raises(plaudit.ShapeError, match="32"):
            trainer.add_embeddings(vectors, ["good"])
    for vectors in (numpy.full((1, 32), "1"), numpy.full((1, 32), 1j)):
        with pytest.raises(TypeError, match="numbers"):
            trainer.add_embeddings(vectors, ["good"])


def test_an_id_is_whole(classifier):
    assert classifier.tokenizer.id_to_token(numpy.int64(2)) == "[CLS]"
    with pytest.raises(TypeError):
        classifier.tokenizer.id_to_token(2.5)


@pytest.mark.parametrize("path, kind", [
    ("", FileNotFoundError), ("a\0b", plaudit.InvalidArgumentError), (7, TypeError),
    ("x" * 5000, plaudit.PlauditError)])
def test_paths_that_are_none(path, kind):
    for load in (plaudit.Model, plaudit.Tokenizer):
        with pytest.raises(kind):
            load(path)


EVERYTHING = """
import json, math, sys
if sys.argv[2] == "without":
    sys.modules["numpy"] = None
import plaudit

def plain(value):
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return "nan" if isinstance(value, float) and math.isnan(value) else value

posts, found = ["a great day", None, "bad tea", ""], {}
with plaudit.Model(sys.argv[1]) as model:
    made = model.tokenizer.encode_batch(posts, posts, padding="longest")
    for name in ("ids", "type_ids", "attention_mask", "special_tokens_mask", "sequences", "starts",
                 "ends", "row_offsets", "row_texts", "dropped_tokens", "unknown_offsets"):
        found[name] = plain(getattr(made, name))
    found["tokens"] = made.tokens
    found["embed"] = plain(model.embed(posts))
    found["states"] = plain(model.hidden_states(posts))
    found["scorer"] = plain(model.scorer().embed("a"))
    found["none"] = [len(model.embed([])), plain(model.hidden_states([]).offsets)]
    trainer = plaudit.Trainer(model, ["good", "bad"], l2=1.0)
    trainer.add(["a great day"] * 3, ["good"] * 3)
    trainer.add_embeddings(model.embed(["bad tea"] * 3), ["bad"] * 3)
    trainer.fit()
    head = trainer.model().predict(posts)
    found["head"] = [plain(head.scores), head.labels, plain(list(head[0].scores.values()))]
    for name in ("BertForSequenceClassification", "HashedLinear"):
        trainer = plaudit.Trainer(model, ["good", "bad"], name, epochs=2, batch_size=2)
        trainer.add(["a great day"] * 3, ["good"] * 3).add(["bad tea"] * 3, ["bad"] * 3)
        trainer.add_validation(["great", "bad"], ["good", "bad"]).fit()
        made = trainer.model().calibrate(["great", "bad"], ["good", "bad"])
        found[name] = [plain(made.predict(posts).scores), [plain(one[:7]) for one in trainer.history()]]
    search = plaudit.grid_search(
        None, ["good", "bad"], ["great", "bad", "good", "late"], ["good", "bad"] * 2,
        {"epochs": [1, 2]}, folds=2, groups=[1, 2, 3, 4], architecture="HashedLinear")
    found["search"] = [[plain(fold[:5]) for fold in one.folds] for one in search]
found["kpi"] = plain(plaudit.roi([3, 1, None], [2, 0, 1], flags=True))
found["wilson"] = plain(plaudit.wilson_interval([1, 2, 0], [2, 2, 0], flags=True))
found["empty"] = plain([plaudit.ctr([], []), plaudit.wilson_interval([], []).lower])
report = plaudit.classification_report([1, 2, 2], [1, 1, 2])
found["report"] = [report.macro_f1, plain(report.confusion)]
found["labels"] = plain(plaudit.label_metrics([1, 2, 2], [1, 1, 2]).confusion)
scores = [[0.5, 0.25, 0.25], [0.25, 0.5, 0.25], [0.25, 0.25, 0.5]]
found["scores"] = [plaudit.score_metrics([0, 1, 2], scores).log_loss,
                   plain(plaudit.roc_curve([0, 1], [1, 2])), plain(plaudit.folds(2, rows=5))]
fitted = plaudit.Calibration.fit("platt", scores, [0, 1, 2])
found["calibration"] = plain(fitted.apply(scores))
found["reliability"] = plain(plaudit.reliability([0, 1], [0.25, 0.75]).predicted)
found["bootstrap"] = plain(plaudit.bootstrap_interval("auc", [0, 1, 1], [1, 2, 1]).values)
print(json.dumps([found, "numpy" in sys.modules and sys.modules["numpy"] is not None]))
"""


def test_every_result_is_the_same_without_numpy():
    found = {}
    for numpy_is in ("with", "without"):
        done = subprocess.run(
            [sys.executable, "-c", EVERYTHING, str(TINY / "sentence_mean"), numpy_is],
            capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        found[numpy_is], loaded = json.loads(done.stdout)
        assert loaded == (numpy_is == "with")
    assert found["with"] == found["without"]
