#!/usr/bin/env python3
"""Writes word_vectors.json and the arrays beside it: what NumPy stores and what it reads."""

import json
from pathlib import Path

import numpy

FOLDER = Path(__file__).resolve().parents[2] / "Tests/PlauditNeuralTests/Reference"
ARRAYS = FOLDER / "word_vectors"
NUMBERS = [
    "0", "-0", "1", "0.1", "-0.38497", "0.418", "3.4028234e38", "1e-45", "7e-46", "1e-400",
    "1.17549435e-38", "0.000000000000000000000000000001", "123456789012345678901234567890",
    "9007199254740993", "0.30000001192092895507812500000000000000001", "16777217", "16777219.0",
    "1.00000017881393432617187499", "1.00000017881393432617187500", "5e-324", "+2.5E+2", "00012.50",
    ".5", "5.", "1e22", "1e23", "4.35", "0.1e-6", "179769313486231570e20",
]


def main():
    ARRAYS.mkdir(exist_ok=True)
    values = numpy.array([[1, -0.5], [0.1, 65504], [-2.25, 1e-3]])
    files = {
        "single.npy": values.astype("<f4"), "double.npy": values.astype("<f8"),
        "half.npy": values.astype("<f2"), "single_columns.npy": numpy.asfortranarray(
            values.astype("<f4")), "double_columns.npy": numpy.asfortranarray(values),
        "own.npy": values[:2].astype("<f4"),
    }
    for name, array in files.items():
        numpy.save(ARRAYS / name, array)
    files["version2.npy"] = values.astype("<f4")
    with open(ARRAYS / "version2.npy", "wb") as stream:
        numpy.lib.format.write_array(stream, files["version2.npy"], version=(2, 0))
    (ARRAYS / "words.txt").write_text("un\ndeux\ntrès bien\n")
    (ARRAYS / "own.words.txt").write_text("x\ny\n")
    (FOLDER / "word_vectors.json").write_text(json.dumps({
        "tool": "NumPy", "version": numpy.__version__,
        "call": "numpy.save(file, array); numpy.float32(float(text)).view(numpy.uint32)",
        "files": {name: array.astype("<f4").astype(float).tolist()
                  for name, array in files.items()},
        "numbers": NUMBERS,
        "bits": [int(numpy.float32(float(text)).view(numpy.uint32)) for text in NUMBERS],
    }, indent=1) + "\n")


main()
