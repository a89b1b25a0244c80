"""Models, scorers and trainers: values of transformers, the same bits everywhere, all refusals."""

import json
import os
import pickle
import signal
import subprocess
import sys
import threading

import numpy
import pytest
from conftest import CHECKOUT, TINY

import plaudit

POSTS = ["a great day", "bad tea", "the cup was late, again and again", "", "delivery!", "ok " * 9]
REFERENCE = json.loads((TINY.parent / "bert_tiny.json").read_text())["models"]


@pytest.mark.parametrize("name", sorted(REFERENCE))
def test_values_equal_transformers(name):
    with plaudit.Model(TINY / name) as model:
        length = REFERENCE[name]["max_length"]
        for case in REFERENCE[name]["cases"]:
            texts, pairs = [case["text"]], None if case.get("pair") is None else [case["pair"]]
            if "last_hidden_state" in case:
                found = model.hidden_states(texts, pairs, max_length=length).of(0)
                wanted = numpy.array(case["last_hidden_state"]).reshape(found.shape)
                assert numpy.abs(found - wanted).max() <= 2e-5
            if "logits" in case:
                found = model.predict(texts, pairs, scores="logits", max_length=length).scores[0]
                assert numpy.abs(found - case["logits"]).max() <= 2e-5
            if "embedding" in case and model.info.label_count == 0:
                assert numpy.abs(model.embed(texts)[0] - case["embedding"]).max() <= 2e-5


def test_a_prediction_names_its_labels(classifier):
    assert classifier.labels == ("positive", "negative", "neutral")
    found = classifier.predict([*POSTS, None])
    assert len(found) == 7 and found.scores.shape == (7, 3) and found.scores.dtype == numpy.float32
    for one, label in zip(found, found.labels):
        if label is not None:
            assert label == max(one.scores, key=one.scores.get)
            assert abs(sum(one.scores.values()) - 1) < 1e-6
    assert found.labels[-1] is None and numpy.isnan(found.scores[-1]).all()
    assert classifier.label_index("neutral") == 2
    with pytest.raises(LookupError, match="positive, negative, neutral"):
        classifier.label_index("happy")


def test_nothing_in_nothing_out(classifier, embedder):
    assert len(classifier.predict([])) == 0
    assert embedder.embed([]).shape == (0, 32)
    assert classifier.hidden_states([]).offsets.tolist() == [0]


def test_a_scorer_gives_the_bits_of_a_batch(classifier):
    scorer = classifier.scorer()
    classifier.close()
    for post in POSTS:
        one = scorer.score(post)
        with plaudit.Model(TINY / "sequence_single") as model:
            assert one.scores == model.predict([post])[0].scores
    with pytest.raises(plaudit.InvalidUTF8Error):
        scorer.score(b"\xff")


def test_long_texts_are_cut_windowed_or_refused(embedder):
    long = "a " * 60
    _, reports = embedder.embed([long], reports=True)
    assert reports[0].dropped_tokens == 46 and reports[0].window_count == 1
    vector, reports = embedder.embed([long], long_text="windows", reports=True)
    assert reports[0].window_count > 3 and vector.shape == (1, 32)
    with pytest.raises(plaudit.LimitError) as caught:
        embedder.embed(["a", long], long_text="refuse")
    assert caught.value.index == 1


def test_poolings_stand_side_by_side(embedder):
    options = {"normalize": False}
    parts = [embedder.embed(POSTS, pooling=name, **options) for name in ("cls", "max", "mean")]
    whole = embedder.embed(POSTS, pooling="cls+max+mean", **options)
    assert numpy.array_equal(whole, numpy.hstack(parts))


def test_info(classifier, embedder):
    assert classifier.info.problem == "single_label" and classifier.info.label_count == 3
    assert embedder.info.embedding_size == 32 and embedder.info.pooling == "mean"
    assert "BertModel" in repr(embedder)
    assert classifier.tokenizer.encode("a").ids.tolist()[0] == classifier.tokenizer.token_to_id("[CLS]")


def trained(embedder, **options):
    trainer = plaudit.Trainer(embedder, ["good", "bad"], **options)
    trainer.add(["a great day", "great tea", "good cup", "great"], ["good"] * 4)
    trainer.add(["bad tea", "a bad day", "late and cold", "bad"], ["bad"] * 4)
    return trainer


def test_a_head_is_trained_saved_and_loaded(embedder, tmp_path):
    seen = []
    trainer = trained(embedder, pooling="cls+max+mean", normalize=False, class_weight="balanced")
    report = trainer.fit(progress=seen.append, progress_interval=0.001)
    assert report.example_count == 8 and report.converged and report.l2 > 0
    assert all(one.phase == "fitting" for one in seen)
    with trainer.model() as model:
        assert model.predict(["great", "bad"]).labels == ["good", "bad"]
        model.save(tmp_path / "head")
        with plaudit.Model(tmp_path / "head") as again:
            assert again.labels == ("good", "bad") and again.info.embedding_size == 96
            assert numpy.array_equal(again.predict(POSTS).scores, model.predict(POSTS).scores)


def test_training_is_the_same_bits_on_any_threads_and_from_vectors(embedder):
    first, second = trained(embedder, l2=0.5), plaudit.Trainer(embedder, ["good", "bad"], l2=0.5)
    texts = ["a great day", "great tea", "good cup", "great", "bad tea", "a bad day",
             "late and cold", "bad"]
    second.add_embeddings(embedder.embed(texts), ["good"] * 4 + ["bad"] * 4)
    first.fit(threads=1)
    second.fit(threads=2)
    assert numpy.array_equal(first.model().predict(POSTS).scores, second.model().predict(POSTS).scores)


def test_bad_examples_are_refused(embedder, classifier):
    with pytest.raises(ValueError):
        plaudit.Trainer(embedder, ["one"])
    with pytest.raises(plaudit.InvalidArgumentError):
        plaudit.Trainer(classifier, ["a", "b"])
    trainer = plaudit.Trainer(embedder, ["a", "b"])
    with pytest.raises(plaudit.InvalidStateError):
        trainer.model()
    with pytest.raises(ValueError):
        trainer.add(["x"], ["neither"])
    with pytest.raises(plaudit.ShapeError):
        trainer.add(["x", "y"], ["a"])
    with pytest.raises(plaudit.NotFiniteError):
        trainer.add_embeddings(numpy.full((1, 32), numpy.nan, numpy.float32), ["a"])
    with pytest.raises(plaudit.InvalidStateError):
        trainer.fit()


def test_a_lexicon_takes_words_of_ones_own():
    with plaudit.Model(CHECKOUT / "models/vader") as vader:
        own = vader.with_words({"Zephyr": 4, "love": -4.0})
        assert vader.predict(["so zephyr", "love"]).labels == ["neutral", "positive"]
        assert own.predict(["so zephyr", "love"]).labels == ["positive", "negative"]
        assert vader.with_words({}).predict(["love"]).labels == ["positive"]
        for words, kind, row in (
            ({"fine": 1, "odd": 5}, plaudit.OutOfRangeError, 1),
            ({"fine": float("nan")}, plaudit.NotFiniteError, 0),
            ({"not bad": 1}, plaudit.InvalidArgumentError, 0),
        ):
            with pytest.raises(kind) as caught:
                vader.with_words(words)
            assert caught.value.index == row
        for words in ({"fine": "good"}, {7: 1}, [("fine", 1)]):
            with pytest.raises(TypeError):
                vader.with_words(words)


def test_words_are_for_lexicons(embedder):
    with pytest.raises(plaudit.UnsupportedError, match="lexicon"):
        embedder.with_words({"fine": 1})


@pytest.mark.parametrize("path, kind", [("nowhere", FileNotFoundError), (".", FileNotFoundError)])
def test_folders_that_are_no_models(path, kind, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(kind):
        plaudit.Model(path)


def test_hostile_folders_raise_and_never_more():
    folder = TINY.parent / "hostile"
    cases = json.loads((TINY.parent / "bert_hostile.json").read_text())["cases"]
    for name in cases:
        with pytest.raises(plaudit.PlauditError):
            plaudit.Model(folder / name)


def test_options_out_of_range(classifier):
    for options in ({"threads": 257}, {"max_length": 1}, {"max_length": 10**9}, {"scores": "best"},
                    {"timeout": -1}, {"long_text": "fold"}):
        with pytest.raises(ValueError):
            classifier.predict(["a"], **options)
    with pytest.raises(plaudit.LimitError):
        plaudit.Model(TINY / "sequence_single", max_bytes=100)


# ---- Life of handles --------------------------------------------------------------------------


def test_closing():
    model = plaudit.Model(TINY / "sequence_single")
    with model:
        pass
    model.close()
    assert model.closed
    with pytest.raises(ValueError):
        model.predict(["a"])


def test_a_model_is_pickled_by_its_folder(classifier):
    with pickle.loads(pickle.dumps(classifier)) as again:
        assert numpy.array_equal(again.predict(POSTS).scores, classifier.predict(POSTS).scores)


def test_eight_threads_share_a_model(classifier):
    expected = classifier.predict(POSTS).scores
    wrong = []

    def work():
        for _ in range(40):
            if not numpy.array_equal(classifier.predict(POSTS, threads=2).scores, expected):
                wrong.append(1)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_a_forked_child_predicts(classifier):
    expected = classifier.predict(POSTS, threads=2).scores
    child = os.fork()
    if child == 0:
        same = numpy.array_equal(classifier.predict(POSTS, threads=2).scores, expected)
        os._exit(0 if same else 1)
    assert os.waitpid(child, 0)[1] == 0


# ---- Long calls -------------------------------------------------------------------------------

MANY = ["a great day with a cup of tea"] * 20_000


def test_progress_is_told_and_may_stop(embedder):
    seen = []
    embedder.embed(MANY[:4000], progress=seen.append, progress_interval=0.001)
    assert seen and seen[-1].phase == "embedding" and seen[-1].total == 4000
    assert [one.done for one in seen] == sorted(one.done for one in seen)

    def stop(progress):
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        embedder.embed(MANY, progress=stop, progress_interval=0.001)


def test_cancel_and_timeout(embedder):
    with plaudit.Cancel() as cancel:
        timer = threading.Timer(0.05, cancel.request)
        timer.start()
        with pytest.raises(plaudit.CancelledError):
            embedder.embed(MANY * 50, cancel=cancel)
        timer.join()
        with pytest.raises(plaudit.CancelledError):
            embedder.embed(["a"], cancel=cancel)
        cancel.reset()
        assert embedder.embed(["a"], cancel=cancel).shape == (1, 32)
    with pytest.raises(TimeoutError):
        embedder.embed(MANY * 50, timeout=0.05)


def test_control_c_ends_a_long_call():
    # A shell that starts something in the background has it ignore Ctrl-C.
    program = """
import signal, sys, plaudit
signal.signal(signal.SIGINT, signal.default_int_handler)
model = plaudit.Model(sys.argv[1])
print("ready", flush=True)
model.embed(["a great day with a cup of tea"] * 5_000_000)
"""
    child = subprocess.Popen(
        [sys.executable, "-c", program, str(TINY / "sentence_mean")], stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT / "bindings/python/src")})
    assert child.stdout.readline() == "ready\n"
    threading.Event().wait(1)
    child.send_signal(signal.SIGINT)
    _, errors = child.communicate(timeout=60)
    assert "KeyboardInterrupt" in errors


PRECISIONS = ("fp32", "bf16", "int8", "fastest")


@pytest.mark.parametrize("precision", PRECISIONS)
def test_a_precision_gives_the_same_bits_alone_in_batches_and_on_threads(
        minilm, tweets, precision):
    posts = tweets[::997]
    with plaudit.Model(minilm, precision=precision) as model, plaudit.Model(minilm) as exact:
        assert model.info.precision in ("fp32", "bf16", "int8")
        alone = numpy.stack([model.embed([post])[0] for post in posts])
        scorer = model.scorer()
        assert all(numpy.array_equal(scorer.embed(p), e) for p, e in zip(posts, alone))
        several = model.scorer(threads=2)
        assert all(numpy.array_equal(several.embed(p), e) for p, e in zip(posts, alone))
        for threads in (1, 2, 5):
            assert numpy.array_equal(model.embed(posts, threads=threads), alone)
            assert numpy.array_equal(model.embed(posts[::-1], threads=threads), alone[::-1])
        wanted = exact.embed(posts)
        assert (alone * wanted).sum(1).min() > 0.99
        assert (precision != "fp32") or numpy.array_equal(alone, wanted)


def test_a_scorer_of_two_threads_works_in_a_forked_child(minilm):
    with plaudit.Model(minilm) as model:
        scorer = model.scorer(threads=2)
        wanted = scorer.embed("great phone")
        child = os.fork()
        if child == 0:
            same = numpy.array_equal(scorer.embed("great phone"), wanted)
            os._exit(0 if same else 1)
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) == 0
        assert numpy.array_equal(scorer.embed("great phone"), wanted)


KERNELS = """
import sys, numpy, plaudit
folder, precision, kernels = sys.argv[1:]
info = plaudit.build_info()
if info[f"{precision}_kernels"] != kernels:
    sys.exit("not here: " + str(info))
model, exact = plaudit.Model(folder, precision=precision), plaudit.Model(folder)
posts = ["a great day", "bad tea", "the cup was late, again and again", "", "ok " * 9] * 7
alone = numpy.stack([model.embed([post])[0] for post in posts])
for threads in (1, 3):
    assert numpy.array_equal(model.embed(posts, threads=threads), alone)
wanted = exact.embed(posts)
difference = numpy.abs(alone - wanted).max()
assert (alone * wanted).sum(1).min() > 0.98, (alone * wanted).sum(1).min()
assert model.info.precision == precision and 0 < difference < 0.05, difference
report = exact.precision_report(posts, precision)
assert report.precision == precision and abs(report.largest_difference - difference) < 1e-7
"""


@pytest.mark.parametrize("precision, kernels", [
    ("int8", "portable"), ("int8", "avx2"), ("int8", "avx_vnni"), ("int8", "avx512_vnni"),
    ("int8", "amx_int8"), ("bf16", "portable"), ("bf16", "avx512_bf16"), ("bf16", "amx_bf16")])
def test_every_set_of_kernels_keeps_the_promise(minilm, precision, kernels):
    done = subprocess.run(
        [sys.executable, "-c", KERNELS, str(minilm), precision, kernels], capture_output=True,
        text=True, check=False, env={**os.environ, "PLAUDIT_KERNELS": kernels})
    if "not here" in done.stderr:
        pytest.skip(f"this machine has no {kernels}")
    assert done.returncode == 0, done.stderr


def test_a_precision_report_counts_the_labels_that_change(classifier):
    posts = [*POSTS, None] * 5
    lower = classifier.at_precision("int8")
    before, after = classifier.predict(posts), lower.predict(posts)
    flips = sum(a != b for a, b in zip(before.labels, after.labels))
    report = classifier.precision_report(posts, "int8")
    assert report.precision == lower.info.precision == "int8"
    assert report.text_count == 30 and report.flip_count == flips
    assert report.flip_rate == flips / 30
    largest = numpy.abs(before.scores - after.scores).max(1)
    assert report.largest_difference == pytest.approx(numpy.nanmax(largest), rel=1e-6)
    assert report.mean_difference == pytest.approx(numpy.nanmean(largest), rel=1e-6)
    assert report.worst_text == int(numpy.nanargmax(largest))
    assert classifier.precision_report([], "int8").worst_text == -1
    assert "int8" in repr(lower)


def test_a_report_of_vectors_has_no_flip_rate(embedder):
    report = embedder.precision_report(POSTS, "int8")
    assert numpy.isnan(report.flip_rate) and 0 < report.largest_difference < 0.05


def test_a_model_below_fp32_refuses_what_needs_the_weights(tmp_path):
    with plaudit.Model(TINY / "sequence_single", precision="int8") as model:
        with pytest.raises(plaudit.InvalidStateError, match="load it at fp32"):
            model.save(tmp_path / "never")
        with pytest.raises(plaudit.InvalidStateError):
            model.at_precision("fp32")
        with pytest.raises(plaudit.InvalidStateError):
            model.precision_report(POSTS, "int8")
        with pytest.raises(plaudit.InvalidStateError):
            plaudit.Trainer(model, ["good", "bad"])
        again = pickle.loads(pickle.dumps(model))
        assert again.info.precision == "int8"
        assert numpy.array_equal(again.predict(POSTS).scores, model.predict(POSTS).scores)
    for wrong in ("fp16", "", None, 2):
        with pytest.raises((ValueError, TypeError), match="precision"):
            plaudit.Model(TINY / "sequence_single", precision=wrong)
    with plaudit.Model(CHECKOUT / "models/vader") as lexicon:
        with pytest.raises(plaudit.UnsupportedError, match="encoder"):
            lexicon.at_precision("int8")
        assert lexicon.at_precision("fastest").info.precision == "fp32"
