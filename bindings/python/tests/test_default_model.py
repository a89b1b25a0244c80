"""The model that is loaded when none is named, and models stored as bytes."""

import os
import pickle
import shutil
import subprocess
import sys

import numpy
import pytest
from conftest import CHECKOUT, TINY
from plaudit import _abi

import plaudit

POSTS = ["love it", "the coffee is late again", "", None]


def test_the_environment_names_the_default_model(monkeypatch):
    monkeypatch.setenv("PLAUDIT_MODEL", str(TINY / "sequence_single"))
    with plaudit.load() as model, plaudit.Model() as same, plaudit.Model.load() as too:
        assert model.labels == same.labels == too.labels == ("positive", "negative", "neutral")
        with pickle.loads(pickle.dumps(model)) as again:
            assert again.info == model.info
    with plaudit.load(TINY / "sentence_mean") as named:
        assert named.labels == ()
    with pytest.raises(plaudit.LimitError):
        plaudit.load(max_bytes=100)


def test_an_absent_default_model_is_said(monkeypatch):
    monkeypatch.setenv("PLAUDIT_MODEL", "/nowhere")
    with pytest.raises(FileNotFoundError, match="PLAUDIT_MODEL names /nowhere"):
        plaudit.load()


def labels_of(package, **environment):
    """What a new process, whose package is a copy with a library of its own, loads without a path."""
    done = subprocess.run(
        [sys.executable, "-c", "import plaudit\nprint(plaudit.load().labels)"], text=True,
        capture_output=True, env={"PYTHONPATH": str(package.parent), **environment})
    return done.stdout.strip() or done.stderr


def test_a_package_carries_its_own(tmp_path):
    package = tmp_path / "plaudit"
    shutil.copytree(
        CHECKOUT / "bindings/python/src/plaudit", package,
        ignore=shutil.ignore_patterns("_native", "__pycache__"))
    native = package / "_native"
    native.mkdir()
    shutil.copy(os.path.realpath(_abi.library_path()), native / f"libplaudit.so.{_abi.ABI_VERSION}")
    said = labels_of(package)
    assert "NotFoundError" in said and f"{native}/models/brand-sentiment (not there)" in said
    shutil.copytree(TINY / "sequence_single", native / "models/brand-sentiment")
    assert labels_of(package) == "('positive', 'negative', 'neutral')"
    assert labels_of(package, PLAUDIT_MODEL=str(TINY / "sentence_mean")) == "()"


def test_a_wheel_has_the_default_model(tmp_path):
    """setup.py copies what `make model` left, without starting pip."""
    model = CHECKOUT / "out/models/brand-sentiment"
    if not (model / "config.json").is_file():
        pytest.skip("no default model here")
    pytest.importorskip("setuptools.command.bdist_wheel")
    done = subprocess.run(
        [sys.executable, "setup.py", "build_py", "--build-lib", str(tmp_path)], text=True,
        capture_output=True, cwd=CHECKOUT / "bindings/python")
    assert done.returncode == 0, done.stderr
    there = {str(path.relative_to(model)) for path in model.rglob("*")
             if path.is_file() and not path.name.startswith(".")}
    native = tmp_path / "plaudit/_native"
    copied = native / "models/brand-sentiment"
    assert there == {str(path.relative_to(copied)) for path in copied.rglob("*") if path.is_file()}
    assert "model.safetensors" in there and (native / f"libplaudit.so.{_abi.ABI_VERSION}").is_file()


def test_rows_of_bytes_are_smaller_and_close(embedder, tmp_path):
    embedder.save(tmp_path / "wide")
    embedder.save(tmp_path / "bytes", storage="rows_int8")
    size = {name: (tmp_path / name / "model.safetensors").stat().st_size for name in ("wide", "bytes")}
    assert size["bytes"] < size["wide"] / 2
    expected = embedder.embed(POSTS)
    with plaudit.Model(tmp_path / "bytes") as small:
        found = small.embed(POSTS)
        assert numpy.nanmax(abs(found - expected)) < 0.02
        # What was loaded from bytes is floats again, and stays as it is.
        small.save(tmp_path / "again")
        with plaudit.Model(tmp_path / "again") as again:
            assert numpy.array_equal(again.embed(POSTS), found, equal_nan=True)
    with pytest.raises(plaudit.OutOfRangeError, match="storage"):
        embedder.save(tmp_path / "never", storage="int4")


def test_a_head_saved_as_bytes_is_not_what_it_is_pickled_by(embedder, tmp_path):
    trainer = plaudit.Trainer(embedder, ["x", "y"], l2=1.0).add(["a", "bad tea"], ["x", "y"])
    trainer.fit()
    with trainer.model() as head:
        head.save(tmp_path / "bytes", storage="rows_int8")
        with pytest.raises(TypeError, match="save it first"):
            pickle.dumps(head)
        head.save(tmp_path / "wide")
        with pickle.loads(pickle.dumps(head)) as again:
            assert numpy.array_equal(again.predict(POSTS[:2]).scores, head.predict(POSTS[:2]).scores)
