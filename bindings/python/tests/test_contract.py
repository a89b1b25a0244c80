"""The ctypes mirror of the C contract against the header and the library that is loaded."""

import ast
import ctypes
import json
import os
import pickle
import re
import subprocess
import sys
import typing

import pytest
from conftest import CHECKOUT
from plaudit import _abi, errors

import plaudit

HEADER = (CHECKOUT / "include/plaudit.h").read_text()


def test_version_is_the_headers():
    numbers = [re.search(rf"PLAUDIT_VERSION_{part} (\d+)", HEADER).group(1)
               for part in ("MAJOR", "MINOR", "PATCH")]
    assert plaudit.version() == plaudit.__version__ == ".".join(numbers)
    assert plaudit.version_number() == int(numbers[0]) * 10000 + int(numbers[1]) * 100 + int(numbers[2])


def test_build_info_names_what_is_inside():
    info = plaudit.build_info()
    assert info["version"] == plaudit.version()
    assert info["kernels"] in ("portable", "avx2", "avx512")
    assert info["precision"] == "fp32"
    assert info["fastest_precision"] in ("fp32", "bf16", "int8")
    assert info["int8_kernels"] in ("portable", "avx2", "avx_vnni", "avx512_vnni", "amx_int8")
    assert info["bf16_kernels"] in (info["kernels"], "portable", "avx512_bf16", "amx_bf16")


def test_constants_equal_the_headers():
    pairs = re.findall(r"\bPLAUDIT_([A-Z0-9_]+) = (-?\d+)", HEADER)
    assert len(pairs) > 60
    assert {name: getattr(_abi, name, None) for name, _ in pairs} == {
        name: int(number) for name, number in pairs}


def test_structs_equal_the_librarys():
    described = json.loads(_abi.load().plaudit_abi_describe())
    assert set(described) == set(_abi.STRUCTS)
    for name, struct in _abi.STRUCTS.items():
        assert ctypes.sizeof(struct) == described[name]["size"], name
        offsets = {field: getattr(struct, field).offset for field, _ in struct._fields_}
        assert offsets == described[name]["fields"], name


def test_every_function_is_bound_with_its_types():
    library = _abi.load()
    declared = set(re.findall(r"\b(plaudit_\w+)\(", re.sub(r"/\*.*?\*/", "", HEADER, flags=re.S)))
    assert declared - {"plaudit_progress_fn"} == set(_abi.FUNCTIONS)
    for name, (result, parameters) in _abi.FUNCTIONS.items():
        assert getattr(library, name).restype is result
        assert getattr(library, name).argtypes == parameters


def test_every_status_has_an_error_of_pythons_kind():
    kinds = {"INVALID_ARGUMENT": ValueError, "OUT_OF_RANGE": ValueError, "INVALID_DATA": ValueError,
             "NOT_FOUND": FileNotFoundError, "IO": OSError, "OUT_OF_MEMORY": MemoryError,
             "TIMEOUT": TimeoutError, "UNSUPPORTED": NotImplementedError,
             "INVALID_UTF8": UnicodeError}
    statuses = re.findall(r"PLAUDIT_ERROR_(\w+) = (\d+)", HEADER)
    assert len(statuses) > 20
    for name, number in statuses:
        kind = errors._CLASSES[int(number)]
        assert issubclass(kind, plaudit.PlauditError) and issubclass(kind, kinds.get(name, Exception))
        assert kind.code == int(number) or name == "NULL_POINTER"


def test_an_absent_library_is_said_at_import():
    done = subprocess.run(
        [sys.executable, "-c", "import plaudit"], capture_output=True, text=True,
        env={"PLAUDIT_LIBRARY": "nowhere.so", "PYTHONPATH": str(CHECKOUT / "bindings/python/src")})
    assert done.returncode != 0
    assert "ImportError" in done.stderr and "nowhere.so" in done.stderr


def test_works_without_numpy():
    program = """
import sys
import typing
sys.modules["numpy"] = None
import plaudit
with plaudit.Model(sys.argv[1]) as model:
    found = model.predict(["a great day", None])
    assert found.labels[1] is None and abs(sum(found[0].scores.values()) - 1) < 1e-6
    assert len(model.hidden_states(["a"]).of(0)) >= 3
assert list(plaudit.ctr([1, 2], [4, 4])) == [0.25, 0.5]
report = plaudit.classification_report(["a", "b"], ["a", "a"])
assert report.accuracy == 0.5
"""
    done = subprocess.run(
        [sys.executable, "-c", program,
         str(CHECKOUT / "Tests/PlauditNeuralTests/Reference/bert_tiny/sequence_single")],
        capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_numpy_and_typing_are_imported_when_they_are_asked_for():
    program = """
import sys
import typing
import plaudit
assert not {"numpy", "plaudit.experiments"} & set(sys.modules)
before = {"typing", "json"} & set(sys.modules)  # some interpreters bring them along
with plaudit.Model(sys.argv[1]) as model:
    found = model.predict(["a great day", None])
    assert found[0].label == found.labels[0] and found[-1].label is None
    assert {"numpy", "typing", "json"} & set(sys.modules) == before, sys.modules.keys()
    scores = found.scores
    assert scores.shape == (2, len(model.labels)) and scores.dtype == "float32"
    assert scores is found.scores and list(found[0].scores.values()) == scores[0].tolist()
    assert model.predict([]).scores.shape == (0, len(model.labels))
"""
    done = subprocess.run(
        [sys.executable, "-c", program,
         str(CHECKOUT / "Tests/PlauditNeuralTests/Reference/bert_tiny/sequence_single")],
        capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_parts_are_what_type_checkers_are_told():
    tree = ast.parse((CHECKOUT / "bindings/python/src/plaudit/__init__.py").read_text())
    told = {
        node.module: {name.name for name in node.names}
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.level == 1 and node.module}
    assert told == {part: set(names.split()) for part, names in plaudit._PARTS.items()}
    for name in plaudit.__all__:
        value = getattr(plaudit, name)
        assert value is not None
    assert set(plaudit.__all__) <= set(dir(plaudit))
    with pytest.raises(AttributeError, match="nothing"):
        plaudit.nothing
    assert plaudit.stats.ctr is plaudit.ctr


def test_a_named_tuple_of_ours_is_one_of_typing():
    kind = plaudit.TextReport
    assert kind._fields == ("token_count", "dropped_tokens", "unknown_words", "window_count")
    assert kind.__annotations__.keys() == set(kind._fields) and "token_count: " in kind.__doc__
    assert repr(kind(1, 2, 3, 4)) == (
        "TextReport(token_count=1, dropped_tokens=2, unknown_words=3, window_count=4)")
    assert pickle.loads(pickle.dumps(kind(1, 2, 3, 4))) == (1, 2, 3, 4)
    assert plaudit.Progress("a", 1, 2, 0.0, 0.0, 0.0).step == 0


def test_hints_of_public_classes_resolve():
    classes = [value for name in plaudit.__all__ if isinstance(value := getattr(plaudit, name), type)]
    assert len(classes) > 20
    for one in classes:
        typing.get_type_hints(one)


def test_control_c_while_numpy_is_imported_is_not_lost(tmp_path):
    """NumPy turns an interrupt in the midst of its import into an ImportError."""
    (tmp_path / "numpy.py").write_text("""
import os, signal
try:
    os.kill(os.getpid(), signal.SIGINT)
    for _ in range(1000):
        pass
except KeyboardInterrupt:
    raise ImportError("could not import module datetime")
""")
    program = """
import signal
from plaudit import _arrays
signal.signal(signal.SIGINT, signal.default_int_handler)
try:
    print("lost", _arrays.numpy())
except KeyboardInterrupt:
    print("raised")
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env={
            **os.environ, "PYTHONPATH": f"{tmp_path}:{CHECKOUT / 'bindings/python/src'}"})
    assert done.stdout == "raised\n"
