"""The C functions given nothing, garbage and absurd sizes; and the check at import."""

import json
import subprocess
import sys

import pytest
from conftest import TINY
from plaudit import _abi

# In a process of its own, so that a crash is a failed test and not the end of all tests.
PROGRAM = """
import ctypes, json, sys
import plaudit
from plaudit import _abi
library, found = _abi.load(), {}
model = plaudit.Model(sys.argv[1])
NUMBERS = (_abi.c_int64, _abi.c_int32, _abi.c_uint64)
garbage = ctypes.create_string_buffer(b"no handle at all" * 64, 1024)

def answer(name, pointer, number):
    given = []
    for kind in _abi.FUNCTIONS[name][1]:
        if kind in NUMBERS:
            given.append(number)
        else:
            given.append(0.0 if kind is _abi.c_double else pointer)
    given[-1] = None
    return getattr(library, name)(*given)

for name, (result, parameters) in _abi.FUNCTIONS.items():
    if not parameters or parameters[-1] is not _abi._P:
        continue
    if name.startswith("plaudit_error_"):
        assert getattr(library, name)(None) in (None, 0, -1, b"")
    elif result is None:
        getattr(library, name)(None)
        getattr(library, name)(ctypes.byref(ctypes.c_void_p()))
    elif result is _abi.c_int32 and len(parameters) > 1:
        found[name] = [answer(name, None, number) for number in (1, -2, 2**31 - 1)]
        first = _abi.FUNCTIONS[name][1][0]
        if first is _abi._P and name.split("_")[1] in ("tokenizer", "model", "scorer", "trainer"):
            found[name].append(getattr(library, name)(
                garbage, *[0 if kind in NUMBERS else None for kind in parameters[1:]]))

def batch(**fields):
    struct = _abi.plaudit_text_batch()
    for name, value in fields.items():
        setattr(struct, name, value)
    scores, slot = (ctypes.c_float * 64)(), ctypes.c_void_p()
    status = library.plaudit_model_predict(
        model._live, ctypes.byref(struct), None, None, None, scores, 64, None, None,
        ctypes.byref(slot))
    code = library.plaudit_error_code(slot)
    library.plaudit_error_free(ctypes.byref(slot))
    return [status, code]

data = ctypes.create_string_buffer(b"a great day")
def offsets(*values):
    return ctypes.addressof(keep.setdefault(values, (ctypes.c_int64 * len(values))(*values)))
keep, text = {}, ctypes.addressof(data)
batches = {
    "good": batch(count=1, data=text, data_length=11, offsets64=offsets(0, 11)),
    "none": batch(count=0),
    "negative": batch(count=-1, data=text, data_length=11, offsets64=offsets(0, 11)),
    "huge": batch(count=2**62, data=text, data_length=11, offsets64=offsets(0, 11)),
    "falling": batch(count=2, data=text, data_length=11, offsets64=offsets(0, 11, 3)),
    "outside": batch(count=1, data=text, data_length=11, offsets64=offsets(0, 12)),
    "below": batch(count=1, data=text, data_length=11, offsets64=offsets(-1, 11)),
    "no layout": batch(count=1, data=text, data_length=11),
    "no size": batch(struct_size=0, count=1, data=text, data_length=11, offsets64=offsets(0, 11)),
    "too many for the buffer": batch(
        count=30, data=text, data_length=11, offsets64=offsets(*[0] * 31)),
}
print(json.dumps([found, batches]))
"""


@pytest.fixture(scope="module")
def answers():
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(TINY / "sequence_single")],
        capture_output=True, text=True)
    assert done.returncode == 0, f"{done.returncode}: {done.stderr}"
    return json.loads(done.stdout)


def test_every_function_refuses_nothing_and_garbage(answers):
    mistakes = {
        _abi.ERROR_INVALID_ARGUMENT, _abi.ERROR_NULL_POINTER, _abi.ERROR_INVALID_HANDLE,
        _abi.ERROR_OUT_OF_RANGE, _abi.ERROR_UNDEFINED, _abi.ERROR_INVALID_DATA}
    fallible = [name for name, (result, parameters) in _abi.FUNCTIONS.items()
                if result is _abi.c_int32 and len(parameters) > 1]
    assert len(fallible) > 35 and set(answers[0]) == set(fallible)
    for name, found in answers[0].items():
        assert set(found) <= mistakes, (name, found)
    for name in ("plaudit_model_predict", "plaudit_trainer_fit", "plaudit_scorer_score"):
        assert answers[0][name][-1] == _abi.ERROR_INVALID_HANDLE


@pytest.mark.parametrize("name, codes", [
    ("good", {_abi.OK}), ("none", {_abi.OK}), ("negative", {_abi.ERROR_INVALID_ARGUMENT}),
    ("huge", {_abi.ERROR_INVALID_ARGUMENT}),
    ("falling", {_abi.ERROR_INVALID_DATA}), ("outside", {_abi.ERROR_INVALID_DATA}),
    ("below", {_abi.ERROR_INVALID_DATA}),
    ("no layout", {_abi.ERROR_INVALID_ARGUMENT, _abi.ERROR_NULL_POINTER}),
    ("no size", {_abi.ERROR_INVALID_ARGUMENT}),
    ("too many for the buffer", {_abi.ERROR_BUFFER_TOO_SMALL})])
def test_batches_that_are_none(answers, name, codes):
    status, code = answers[1][name]
    assert status in codes and code == status


# ---- The check at import ----------------------------------------------------------------------


class Library:
    """Answers what a library of another version might."""

    def __init__(self, described, version=_abi.ABI_VERSION):
        self._described = json.dumps(described).encode()
        self._version = version

    def plaudit_abi_describe(self):
        return self._described

    def plaudit_abi_version(self):
        return self._version


@pytest.fixture
def described():
    return json.loads(_abi.load().plaudit_abi_describe())


def test_a_newer_library_of_the_same_abi_is_accepted(described):
    described["plaudit_new"] = {"size": 8, "fields": {"a": 0}}
    described["plaudit_lift"]["fields"]["more"] = described["plaudit_lift"]["size"]
    described["plaudit_lift"]["size"] += 8
    _abi.check_layout(Library(described), "it")
    _abi.check_version(Library(described), "it")


def test_a_library_that_does_not_fit_is_named(described):
    with pytest.raises(ImportError, match="it has ABI version 7"):
        _abi.check_version(Library(described, 7), "it")
    with pytest.raises(ImportError, match="it is no Plaudit library"):
        _abi.check_version(object(), "it")


@pytest.mark.parametrize("change, message", [
    (lambda all: all.pop("plaudit_lift"), "does not know struct plaudit_lift"),
    (lambda all: all["plaudit_lift"]["fields"].pop("z"), "does not know plaudit_lift.z"),
    (lambda all: all["plaudit_lift"]["fields"].update(z=4), "plaudit_lift.z is at byte 4"),
    (lambda all: all["plaudit_lift"].update(size=8), "plaudit_lift has 8 bytes"),
    # Rows of an array: one that grew would shift all that follow.
    (lambda all: all["plaudit_text_report"].update(size=40), "plaudit_text_report has 40 bytes")])
def test_another_layout_is_refused(described, change, message):
    change(described)
    with pytest.raises(ImportError, match=message):
        _abi.check_layout(Library(described), "it")
