"""Life of handles: closing, collecting, copying; callbacks that raise; exclusive use."""

import copy
import ctypes
import gc
import pickle
import threading
import weakref

import numpy
import pytest
from conftest import TINY
from plaudit import _abi, errors

import plaudit

MANY = ["a great day with a cup of tea"] * 20_000


def handles():
    """One of each kind, with a call that needs it alive."""
    model, encoder = plaudit.Model(TINY / "sequence_single"), plaudit.Model(TINY / "sentence_mean")
    tokenizer, own = plaudit.Tokenizer(TINY / "sequence_single"), model.tokenizer
    scorer, trainer, cancel = model.scorer(), plaudit.Trainer(encoder, ["x", "y"]), plaudit.Cancel()
    return [
        (model, lambda: model.predict(["a"])), (encoder, lambda: encoder.embed(["a"])),
        (tokenizer, lambda: tokenizer.encode("a")), (own, lambda: own.encode("a")),
        (scorer, lambda: scorer.score("a")), (trainer, lambda: trainer.add(["a"], ["x"])),
        (cancel, cancel.request)]


def test_every_handle_closes_once_and_is_refused_afterwards():
    for handle, use in handles():
        use()
        with handle as same:
            assert same is handle and not handle.closed
        assert handle.closed
        handle.close()
        with pytest.raises(plaudit.InvalidHandleError, match=f"{type(handle).__name__} is closed"):
            use()
        with pytest.raises(plaudit.InvalidHandleError):
            handle.__enter__()


def test_a_handle_is_freed_when_its_object_goes():
    library, info = _abi.load(), _abi.plaudit_model_info()
    model = plaudit.Model(TINY / "sequence_single")
    raw, gone = model._live, weakref.ref(model)
    assert library.plaudit_model_get_info(raw, ctypes.byref(info), None) == _abi.OK
    del model
    gc.collect()
    assert gone() is None
    status = library.plaudit_model_get_info(raw, ctypes.byref(info), None)
    assert status == _abi.ERROR_INVALID_HANDLE


def test_a_call_leaves_no_circle_behind(embedder):
    def bar(progress):
        pass

    gone = weakref.ref(bar)
    gc.collect()
    gc.disable()
    try:
        embedder.embed(["a"], progress=bar)
        del bar
        assert gone() is None
    finally:
        gc.enable()


def test_children_outlive_their_model():
    model = plaudit.Model(TINY / "sentence_mean")
    expected = model.embed(["bad tea"])[0]
    scorer, tokenizer = model.scorer(), model.tokenizer
    trainer = plaudit.Trainer(model, ["x", "y"], l2=1.0)
    model.close()
    assert numpy.array_equal(scorer.embed("bad tea"), expected)
    assert len(tokenizer.encode("bad tea", padding="none").ids) > 2
    trainer.add(["a", "bad tea"], ["x", "y"]).fit()
    assert trainer.model().labels == ("x", "y")


def test_only_what_lies_in_a_folder_is_copied_or_pickled(tmp_path):
    for handle, _ in handles():
        if isinstance(handle, plaudit.Model):
            with copy.copy(handle) as again:
                assert again is not handle and again.info == handle.info
        elif not (isinstance(handle, plaudit.Tokenizer) and handle._path):
            for way in (pickle.dumps, copy.copy, copy.deepcopy):
                with pytest.raises(TypeError, match="pickled"):
                    way(handle)
    with plaudit.Model(TINY / "sentence_mean") as encoder:
        trainer = plaudit.Trainer(encoder, ["x", "y"], l2=1.0).add(["a", "bad tea"], ["x", "y"])
        trainer.fit()
    with trainer.model() as head:
        with pytest.raises(TypeError, match="save it first"):
            pickle.dumps(head)
        head.save(tmp_path / "head")
        with pickle.loads(pickle.dumps(head)) as again:
            assert again.labels == ("x", "y")


def test_errors_are_pickled_whole():
    for kind in {*errors._CLASSES.values(), plaudit.LabelNotFoundError}:
        error = kind("cause", index=3, offset=7)
        again = pickle.loads(pickle.dumps(error))
        assert type(again) is kind and str(again) == "cause"
        assert (again.index, again.offset, again.code) == (3, 7, error.code)


@pytest.mark.parametrize("kind", [ValueError, KeyboardInterrupt, SystemExit, StopIteration])
def test_what_a_callback_raises_comes_out(embedder, kind):
    calls = []

    def stop(progress):
        calls.append(progress)
        raise kind("enough")

    with pytest.raises(kind, match="enough"):
        embedder.embed(MANY, progress=stop, progress_interval=0.001)
    assert len(calls) == 1
    assert embedder.embed(["a"]).shape == (1, 32)


def test_a_callback_may_raise_on_another_thread(embedder):
    def stop(progress):
        raise ValueError("enough")

    caught = []

    def work():
        try:
            embedder.embed(MANY, progress=stop, progress_interval=0.001)
        except ValueError as error:
            caught.append(str(error))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert caught == ["enough"]


def test_a_trainer_is_busy_inside_its_own_call(embedder):
    trainer = plaudit.Trainer(embedder, ["x", "y"])
    with pytest.raises(plaudit.BusyError):
        trainer.add(
            MANY, ["x"] * len(MANY), progress=lambda _: trainer.fit(), progress_interval=0.001)


def test_examples_are_added_all_or_none(embedder):
    trainer = plaudit.Trainer(embedder, ["x", "y"], l2=1.0)
    trainer.add(["a", "bad tea"], ["x", "y"])
    with plaudit.Cancel() as cancel, pytest.raises(plaudit.CancelledError):
        cancel.request()
        trainer.add(["a", "b"], ["x", "y"], cancel=cancel)
    with pytest.raises(plaudit.InvalidUTF8Error):
        trainer.add(["a", b"\xff"], ["x", "y"])
    with pytest.raises(plaudit.InvalidDataError) as caught:
        trainer.add(["a", "b"], ["x", "z"])
    assert caught.value.index == 1
    assert trainer.fit().example_count == 2


def test_a_model_may_be_closed_while_another_thread_predicts():
    model = plaudit.Model(TINY / "sentence_mean")
    begun, found = threading.Event(), []

    def work():
        found.append(model.embed(
            MANY[:4000], progress=lambda _: begun.set(), progress_interval=0.001))

    thread = threading.Thread(target=work)
    thread.start()
    assert begun.wait(60)
    model.close()
    thread.join()
    assert found[0].shape == (4000, 32) and numpy.isfinite(found[0]).all()


def test_the_window_option_is_refused_for_hidden_states(classifier):
    with pytest.raises(plaudit.PlauditError, match="window"):
        classifier.hidden_states(["a " * 60], long_text="windows")
