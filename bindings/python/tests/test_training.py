"""Training of every architecture: what comes out, the same bits everywhere, all refusals."""

import math
import threading

import numpy
import pytest
from conftest import TINY, Series

import plaudit

NAN = float("nan")
GOOD = ["a great day", "great tea", "good cup", "great", "good day", "a good tea, thanks"]
BAD = ["bad tea", "a bad day", "late and cold", "bad", "never again", "cold and late again"]
SOME = ["a cup of tea", "the day", "tea at four", "a cup", "the tea", "day and cup"]
TEXTS = [text for three in zip(GOOD, BAD, SOME) for text in three]
LABELS = ["good", "bad", "neutral"]
TRUTH = LABELS * 6
WORDS = ("BertWordLSTMForSequenceClassification", "WordLSTMForSequenceClassification",
         "WordCNNForSequenceClassification")
NETWORKS = ("BertForSequenceClassification", "BertBiLSTMForSequenceClassification", *WORDS)
LINEAR = ("TfidfLogisticRegression", "HashedLinear")


@pytest.fixture(scope="module")
def glove(tmp_path_factory):
    """Word vectors of width 4, as GloVe writes them."""
    path = tmp_path_factory.mktemp("vectors") / "tiny.txt"
    words = ["great", "good", "bad", "late", "cold", "tea", "day", "cup", "a", "the", "never"]
    path.write_text("".join(
        f"{word} {math.sin(i):.4f} {math.cos(i):.4f} {i / 10} {-i / 10}\n"
        for i, word in enumerate(words)))
    return path


@pytest.fixture
def base():
    with plaudit.Model(TINY / "sentence_mean") as model:
        yield model


def made(base, glove, architecture, labels=LABELS, **options):
    given = {"epochs": 2, "batch_size": 4, "seed": 7}
    if architecture in WORDS:
        given.update(vectors=glove, hidden_size=6, filter_count=4, dense_size=5)
    given.update(options)
    start = base if architecture.startswith("Bert") else None
    return plaudit.Trainer(start, labels, architecture, **given)


def fitted(base, glove, architecture, **options):
    threads = options.pop("threads", 0)
    trainer = made(base, glove, architecture, **options).add(TEXTS, TRUTH)
    trainer.fit(threads=threads)
    return trainer


# ---- By hand ----------------------------------------------------------------------------------


def test_mean_and_deviation_of_folds_by_hand():
    fold = plaudit.FoldResult(8, 4, 0.5, 0.25, 1.0, 2.0)
    found = plaudit.CrossValidation(
        {}, (fold, fold._replace(accuracy=1.0, macro_f1=0.75), fold._replace(accuracy=0.75)))
    assert found.accuracy == (0.75, 0.25) and found.log_loss == (1.0, 0.0) and found.seconds == 6
    assert str(found).split("\n") == [
        "fold  trained on  held out         accuracy         macro-F1         log-loss  seconds",
        "   1           8         4           0.5000           0.2500           1.0000      2.0",
        "   2           8         4           1.0000           0.7500           1.0000      2.0",
        "   3           8         4           0.7500           0.2500           1.0000      2.0",
        " all                        0.7500 ± 0.2500  0.4167 ± 0.2887  1.0000 ± 0.0000      6.0"]


def test_words_that_tell_labels_apart_are_learnt(base):
    trainer = plaudit.Trainer(None, LABELS, "TfidfLogisticRegression", l2=0.1)
    report = trainer.add(TEXTS * 3, TRUTH * 3).fit()
    assert report.example_count == 54 and report.converged
    assert trainer.model().predict(["great", "bad", "cup"]).labels == LABELS


# ---- Laws -------------------------------------------------------------------------------------


@pytest.mark.parametrize("architecture", NETWORKS + LINEAR)
def test_what_was_trained_is_saved_and_loaded(base, glove, architecture, tmp_path):
    trainer = made(base, glove, architecture, cleaning="tweets-1")
    trainer.add(TEXTS, TRUTH).add_validation(TEXTS[::2], TRUTH[::2])
    report = trainer.fit()
    assert report.example_count == 18 and report.holdout_count == 9 and report.skipped_steps == 0
    assert report.iteration_count > 0 and math.isfinite(report.loss)
    assert 0 <= report.holdout_accuracy <= 1 and 0 <= report.holdout_macro_f1 <= 1
    history = trainer.history()
    if architecture in LINEAR:
        assert history == [] and report.best_epoch == 0
    else:
        assert [one.epoch for one in history] == [1, 2] and [one.step for one in history] == [5, 10]
        assert 1 <= report.best_epoch <= 2 and math.isnan(report.l2)
        best = history[report.best_epoch - 1]
        assert best.validation_loss == report.holdout_loss == min(
            one.validation_loss for one in history)
        assert best.training_loss == report.loss
    with trainer.model() as model:
        assert model.info.architecture == architecture and model.labels == tuple(LABELS)
        assert model.info.cleaning == "tweets-1" and model.info.calibration is None
        model.save(tmp_path / "model")
        with plaudit.Model(tmp_path / "model") as again:
            assert again.info == model.info
            texts = [*TEXTS, "a great day and a bad cup of cold tea " * 9]  # longer than is read
            assert numpy.array_equal(again.predict(texts).scores, model.predict(texts).scores)


@pytest.mark.parametrize("architecture", NETWORKS + LINEAR)
def test_training_is_the_same_bits_on_any_threads(base, glove, architecture):
    one, two = (fitted(base, glove, architecture, threads=threads) for threads in (1, 2))
    assert numpy.array_equal(one.model().predict(TEXTS).scores, two.model().predict(TEXTS).scores)
    other = fitted(base, glove, architecture, seed=8)
    if architecture in NETWORKS:
        assert not numpy.array_equal(
            one.model().predict(TEXTS).scores, other.model().predict(TEXTS).scores)


@pytest.mark.parametrize("architecture", NETWORKS)
def test_two_labels_have_probabilities_that_add_up_to_one(base, glove, architecture):
    trainer = made(base, glove, architecture, labels=["good", "bad"])
    trainer.add(GOOD + BAD, ["good"] * 6 + ["bad"] * 6).fit()
    scores = trainer.model().predict(TEXTS).scores
    assert scores.shape == (18, 2) and numpy.abs(scores.sum(axis=1) - 1).max() < 1e-6


@pytest.mark.parametrize("architecture", NETWORKS)
@pytest.mark.parametrize("steps", [None, 2])
def test_a_resumed_training_ends_with_the_same_bits(base, glove, architecture, steps, tmp_path):
    # 60 steps an epoch: a report each millisecond comes before the end.
    texts, truth = TEXTS * 13, TRUTH * 13
    state = tmp_path / "state"
    options = {"epochs": 4, "checkpoint_steps": steps}
    whole = made(base, glove, architecture, **options).add(texts, truth)
    whole.fit()
    cut = made(base, glove, architecture, checkpoint=state, **options).add(texts, truth)

    def stop(progress):
        if progress.step > 60:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        cut.fit(progress=stop, progress_interval=0.001)
    assert state.exists()
    rest = made(base, glove, architecture, checkpoint=state, resume=True, **options)
    rest.add(texts, truth).fit()
    assert numpy.array_equal(
        whole.model().predict(TEXTS).scores, rest.model().predict(TEXTS).scores)
    assert [one.training_loss for one in rest.history()] == [
        one.training_loss for one in whole.history()]


def test_a_resume_without_a_checkpoint_file_begins_anew(base, glove, tmp_path):
    first = fitted(base, glove, NETWORKS[0])
    again = fitted(base, glove, NETWORKS[0], checkpoint=tmp_path / "none yet", resume=True)
    assert numpy.array_equal(
        first.model().predict(TEXTS).scores, again.model().predict(TEXTS).scores)


def test_a_cancelled_training_leaves_a_model(base, glove):
    trainer = made(base, glove, "BertForSequenceClassification", epochs=100_000)
    trainer.add(TEXTS, TRUTH)
    with plaudit.Cancel() as cancel:
        timer = threading.Timer(0.3, cancel.request)
        timer.start()
        with pytest.raises(plaudit.CancelledError):
            trainer.fit(cancel=cancel)
        timer.join()
    assert trainer.model().predict(TEXTS).scores.shape == (18, 3)
    assert len(trainer.history()) < 100_000
    with pytest.raises(TimeoutError):
        trainer.fit(timeout=0.2)


def test_progress_says_step_loss_and_speed(base, glove):
    seen = []
    trainer = made(base, glove, "BertForSequenceClassification", epochs=20).add(TEXTS, TRUTH)
    trainer.fit(progress=seen.append, progress_interval=0.001)
    assert {one.phase for one in seen} == {"training"}
    assert seen[-1].step == 100 and seen[-1].done == seen[-1].total == 360
    assert [one.step for one in seen] == sorted(one.step for one in seen)
    assert all(math.isfinite(one.loss) for one in seen) and seen[-1].per_second > 0


def test_options_change_what_is_learnt(base, glove):
    def scores(**options):
        return fitted(base, glove, "BertForSequenceClassification", **options).model().predict(
            TEXTS).scores

    usual = scores(dropout=0, classifier_dropout=0, learning_rate=1e-3)
    for options in (
        {"dropout": 0.1}, {"learning_rate": 2e-3}, {"head_learning_rate": 1e-2},
        {"weight_decay": 0}, {"warmup_fraction": 0}, {"clip_norm": 0.01}, {"schedule": "cosine"},
        {"optimizer": "adam"}, {"beta1": 0.8}, {"beta2": 0.9}, {"epsilon": 1e-3},
        {"bias_correction": False}, {"label_smoothing": 0.1}, {"frozen_layers": 1},
        {"frozen_layers": -1}, {"batch_size": 3}, {"batch_tokens": 20},
        {"class_weight": {"good": 3.0}}, {"max_length": 4}, {"epochs": 1},
    ):
        given = {"dropout": 0, "classifier_dropout": 0, "learning_rate": 1e-3, **options}
        assert not numpy.array_equal(scores(**given), usual), options
    # These change how it is computed, or what is watched, and no bit of this training.
    for options in ({"class_weight": "balanced"}, {"class_weight": {"good": 1}}):
        given = {"dropout": 0, "classifier_dropout": 0, "learning_rate": 1e-3, **options}
        assert numpy.array_equal(scores(**given), usual), options


def test_patience_stops_early_and_keeps_the_best_epoch(base, glove):
    trainer = made(
        base, glove, "BertForSequenceClassification", epochs=50, patience=2, learning_rate=0.5,
        monitor="macro_f1", holdout_fraction=0.34)
    report = trainer.add(TEXTS, TRUTH).fit()
    history = trainer.history()
    assert len(history) < 50 and report.holdout_count in (6, 7)
    assert report.best_epoch == len(history) - 2
    assert report.holdout_macro_f1 == max(one.validation_macro_f1 for one in history)


@pytest.mark.parametrize("column", [numpy.array, Series, tuple])
def test_texts_and_labels_of_any_sequence(glove, column):
    expected = fitted(None, glove, "HashedLinear").model().predict(TEXTS).scores
    trainer = made(None, glove, "HashedLinear", labels=column(LABELS))
    trainer.add(column(TEXTS), column(TRUTH)).fit()
    assert numpy.array_equal(trainer.model().predict(TEXTS).scores, expected)


# ---- Comparison -------------------------------------------------------------------------------


def test_a_grid_is_searched_and_its_best_point_trains(base, glove):
    grid = {"architecture": ["WordCNNForSequenceClassification", "HashedLinear"],
            "epochs": numpy.array([1, 4])}
    found = plaudit.grid_search(
        None, LABELS, TEXTS, TRUTH, grid=grid, folds=3, vectors=glove, filter_count=4)
    assert len(found) == 4 and [one.options["epochs"] for one in found] == [1, 4, 1, 4]
    assert all(len(one.folds) == 3 for one in found)
    for one in found:
        assert [fold.training_count for fold in one.folds] == [12] * 3
        assert [fold.held_count for fold in one.folds] == [6] * 3
    best = max(one.macro_f1.mean for one in found)
    assert found.best.macro_f1.mean == best
    assert found.best_index == [one.macro_f1.mean for one in found].index(best)
    lines = str(found).split("\n")
    assert len(lines) == 5 and "architecture" in lines[0] and "macro-F1" in lines[0]
    assert lines[1 + found.best_index].startswith("best")
    plaudit.Trainer(None, LABELS, **found.best_options).add(TEXTS, TRUTH).fit()


def test_cross_validation_is_one_point_of_a_search(base):
    options = {"architecture": "BertForSequenceClassification", "epochs": 1, "batch_size": 4}
    one = plaudit.cross_validate(base, LABELS, TEXTS, TRUTH, folds=2, fold_seed=3, **options)
    two = plaudit.grid_search(
        base, LABELS, TEXTS, TRUTH, {"seed": [0, 1]}, folds=2, fold_seed=3, threads=1, **options)
    assert [fold[:5] for fold in one.folds] == [fold[:5] for fold in two[0].folds]
    assert two[0].folds != two[1].folds and one.options == options
    assert all(fold.training_count == fold.held_count == 9 for fold in one.folds)


def test_rows_of_a_group_stay_together(base):
    found = plaudit.cross_validate(
        None, LABELS, TEXTS, TRUTH, folds=2, groups=[f"user {row // 6}" for row in range(18)],
        architecture="HashedLinear")
    assert sorted(fold.held_count for fold in found.folds) == [6, 12]


def test_a_search_can_be_stopped(base):
    with pytest.raises(TimeoutError):
        plaudit.cross_validate(
            base, LABELS, TEXTS, TRUTH, folds=2, epochs=100_000, timeout=0.2,
            architecture="BertForSequenceClassification")


@pytest.mark.parametrize("method", ["temperature", "platt", "isotonic"])
def test_a_calibration_is_saved_with_its_model(base, glove, method, tmp_path):
    with fitted(base, glove, "WordCNNForSequenceClassification").model() as model:
        calibrated = model.calibrate(numpy.array(TEXTS), TRUTH, method)
        report = calibrated.calibration_report
        assert model.calibration_report is None and model.info.calibration is None
        assert calibrated.info.calibration == method and calibrated.labels == model.labels
        if method == "temperature":
            assert report.loss_after <= report.loss_before
            assert calibrated.predict(TEXTS).labels == model.predict(TEXTS).labels
        assert numpy.array_equal(
            calibrated.predict(TEXTS, scores="logits").scores,
            model.predict(TEXTS, scores="logits").scores)
        assert not numpy.array_equal(calibrated.predict(TEXTS).scores, model.predict(TEXTS).scores)
        calibrated.save(tmp_path / "model")
        with plaudit.Model(tmp_path / "model") as again:
            assert again.info.calibration == method
            assert numpy.array_equal(again.predict(TEXTS).scores, calibrated.predict(TEXTS).scores)


# ---- Refusals ---------------------------------------------------------------------------------


def test_bad_rows_are_named_and_nothing_is_added(glove):
    trainer = made(None, glove, "HashedLinear")
    for texts, labels, kind, row in (
        (["fine", b"caf\xe9"], ["good", "bad"], plaudit.InvalidUTF8Error, 1),
        (["fine", None], ["good", "bad"], plaudit.InvalidDataError, 1),
        (["fine", "x"], ["good", "sad"], plaudit.InvalidDataError, 1),
        (["fine", "x"], ["good", None], plaudit.InvalidDataError, 1),
    ):
        for add in (trainer.add, trainer.add_validation):
            with pytest.raises(kind) as caught:
                add(texts, labels)
            assert caught.value.index == row
    with pytest.raises(plaudit.ShapeError):
        trainer.add(["a", "b"], ["good"])
    with pytest.raises(plaudit.InvalidStateError):
        trainer.fit()
    with pytest.raises(plaudit.InvalidStateError):
        trainer.model()
    assert trainer.history() == []


def test_a_label_without_an_example_is_named(glove):
    trainer = made(None, glove, "TfidfLogisticRegression").add(TEXTS[:2], TRUTH[:2])
    with pytest.raises(plaudit.InvalidStateError, match="neutral"):
        trainer.fit()
    with pytest.raises(plaudit.InvalidDataError, match="neutral"):
        plaudit.cross_validate(
            None, LABELS, TEXTS[:5], TRUTH[:5], folds=2, architecture="HashedLinear")


def test_what_an_architecture_needs(base, classifier, glove, tmp_path):
    with pytest.raises(plaudit.UnsupportedError, match="WordCNNForSequenceClassification"):
        plaudit.Trainer(base, LABELS, "GPT2ForSequenceClassification")
    with pytest.raises(plaudit.InvalidArgumentError, match="encoder"):
        plaudit.Trainer(None, LABELS, "BertForSequenceClassification")
    with pytest.raises(ValueError, match="head"):
        plaudit.Trainer(None, LABELS)
    with pytest.raises(TypeError, match="plaudit.Model"):
        plaudit.Trainer(str(TINY), LABELS, "HashedLinear")
    with pytest.raises(plaudit.InvalidStateError, match="holdout_fraction"):
        plaudit.Trainer(base, LABELS).add_validation(["x"], ["good"])
    with pytest.raises(plaudit.InvalidStateError):
        made(None, glove, "HashedLinear").add_embeddings([], [])
    with pytest.raises(plaudit.InvalidArgumentError, match="vectors"):
        made(None, None, WORDS[1]).add(TEXTS, TRUTH).fit()
    with pytest.raises(FileNotFoundError, match="nowhere"):
        made(None, tmp_path / "nowhere.txt", WORDS[1]).add(TEXTS, TRUTH).fit()
    (tmp_path / "short.txt").write_text("good 1 2 3\nbad 1 2\n")
    with pytest.raises(plaudit.CorruptError, match="short.txt"):
        made(None, tmp_path / "short.txt", WORDS[1]).add(TEXTS, TRUTH).fit()
    with pytest.raises(FileNotFoundError, match="tweets-1"):
        plaudit.Trainer(None, LABELS, "HashedLinear", cleaning="scrub")
    # A model with a head has an encoder too.
    assert made(classifier, glove, NETWORKS[0]).add(TEXTS, TRUTH).fit().example_count == 18
    base.close()
    with pytest.raises(plaudit.InvalidHandleError):
        made(base, glove, NETWORKS[0])


def test_a_checkpoint_of_another_training_is_refused(base, glove, tmp_path):
    state = tmp_path / "state"
    fitted(base, glove, NETWORKS[0], checkpoint=state)
    for change, message in (
        ({"seed": 1}, "options"), ({"learning_rate": 1e-3}, "options"),
        ({"labels": LABELS[::-1]}, "examples"),
    ):
        trainer = made(
            base, glove, NETWORKS[0], checkpoint=state, resume=True, **change).add(TEXTS, TRUTH)
        with pytest.raises(plaudit.InvalidStateError, match=message):
            trainer.fit()
    other = made(base, glove, NETWORKS[1], checkpoint=state, resume=True).add(TEXTS, TRUTH)
    with pytest.raises(plaudit.InvalidStateError, match="BertForSequenceClassification"):
        other.fit()
    state.write_bytes(state.read_bytes()[:1000])
    with pytest.raises(plaudit.CorruptError, match="state"):
        fitted(base, glove, NETWORKS[0], checkpoint=state, resume=True)
    with pytest.raises(plaudit.PlauditError, match="no such folder"):
        fitted(base, glove, NETWORKS[0], checkpoint=tmp_path / "no such folder/state")


@pytest.mark.parametrize("options", [
    {"epochs": 0}, {"epochs": -1}, {"epochs": 2**62}, {"batch_size": -1}, {"batch_size": 0},
    {"batch_tokens": 2**62}, {"pass_tokens": -5}, {"max_length": -1}, {"max_length": 2**40},
    {"frozen_layers": -2}, {"frozen_layers": 2**62}, {"hidden_size": 2**40},
    {"filter_count": -1}, {"dense_size": 2**31}, {"vector_words": -1}, {"patience": 0},
    {"patience": -1}, {"plateau_patience": -3}, {"checkpoint_steps": -1},
    {"learning_rate": 0}, {"learning_rate": -1e-3}, {"learning_rate": NAN},
    {"learning_rate": math.inf}, {"head_learning_rate": NAN}, {"weight_decay": -1},
    {"weight_decay": -1.0}, {"weight_decay": NAN}, {"beta1": 1}, {"beta2": 2},
    {"epsilon": -1e-8}, {"warmup_fraction": 1.5}, {"warmup_fraction": -1},
    {"plateau_factor": 2}, {"clip_norm": -1}, {"clip_norm": math.inf}, {"dropout": 1},
    {"dropout": -1}, {"classifier_dropout": NAN}, {"label_smoothing": 1},
    {"label_smoothing": -0.1}, {"optimizer": "sgd"}, {"schedule": "step"}, {"monitor": "loss?"},
    {"seed": -1}, {"seed": 2**64}, {"cleaning": ""}, {"cleaning": "a\0b"}, {"vectors": ""},
    {"class_weight": {"good": -1}}, {"class_weight": {"sad": 1}}, {"holdout_fraction": 1},
    {"resume": True}])
def test_options_out_of_range(base, options):
    (name,) = options
    with pytest.raises(ValueError, match="checkpoint" if name == "resume" else name):
        plaudit.Trainer(base, LABELS, "BertForSequenceClassification", **options)


@pytest.mark.parametrize("options", [
    {"epochs": 1.5}, {"epochs": "3"}, {"learning_rate": "1e-3"}, {"cleaning": 7}, {"vectors": 7},
    {"resume": "yes"}, {"bias_correction": 1}, {"class_weight": "heavy"}, {"speed": 1},
    {"frozen_layers": None}])
def test_options_of_other_types(base, options):
    (name,) = options
    with pytest.raises(TypeError, match=name):
        plaudit.Trainer(base, LABELS, "BertForSequenceClassification", **options)


def test_bad_searches_are_refused(base):
    def search(grid={}, texts=TEXTS, truth=TRUTH, **options):
        return plaudit.grid_search(
            None, LABELS, texts, truth, grid,
            **{"architecture": "HashedLinear", "folds": 2, **options})

    for options, kind, message in (
        ({"folds": 1}, plaudit.OutOfRangeError, "folds"),
        ({"folds": 10**6}, plaudit.OutOfRangeError, "folds"),
        ({"folds": 7}, plaudit.InvalidDataError, "good"),
        ({"architecture": None}, plaudit.InvalidArgumentError, "architecture"),
        ({"checkpoint": "state"}, plaudit.InvalidArgumentError, "checkpoint"),
        ({"grid": {"epochs": []}}, plaudit.InvalidArgumentError, "epochs"),
        ({"grid": {"epochs": [1], "speed": [1]}}, TypeError, "speed"),
        ({"grid": {"epochs": 3}}, TypeError, "epochs"),
        ({"grid": {"epochs": [1]}, "epochs": 2}, TypeError, "epochs"),
        ({"grid": {"epochs": [1, -1]}}, plaudit.OutOfRangeError, "epochs"),
        ({"truth": TRUTH[1:]}, plaudit.ShapeError, "truth"),
        ({"groups": [1]}, plaudit.ShapeError, "groups"),
        ({"texts": [], "truth": []}, plaudit.PlauditError, "rows|example"),
        ({"texts": [*TEXTS[1:], None]}, plaudit.InvalidDataError, "null"),
    ):
        with pytest.raises(kind, match=message):
            search(**options)


def test_bad_calibrations_are_refused(base, classifier):
    with pytest.raises(plaudit.OutOfRangeError, match="method"):
        classifier.calibrate(["x"], ["positive"], "magic")
    with pytest.raises(plaudit.InvalidDataError) as caught:
        classifier.calibrate(["x", "y"], ["positive", "good"])
    assert caught.value.index == 1
    with pytest.raises(plaudit.ShapeError):
        classifier.calibrate(["x"], [])
    with pytest.raises(plaudit.UndefinedError):
        classifier.calibrate([], [])
    with pytest.raises(plaudit.UnsupportedError, match="single-label"):
        base.calibrate([], [])
