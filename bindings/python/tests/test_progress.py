"""The progress bar: one line, silent where nobody looks."""

import io

import pytest
from plaudit.progress import bar_line

import plaudit

NAN = float("nan")


def test_the_line_by_hand():
    half = plaudit.Progress("embedding", 5_000, 10_000, 2.0, 2.0, NAN)
    assert bar_line(half, 71) == (
        "Embedding [#########.........] 5,000/10,000  2,500 texts/s  2.0 s left")


def test_the_line_of_a_training_by_hand():
    third = plaudit.Progress("training", 960, 2880, 16.0, 32.0, 0.70414, 30, 60.4)
    assert bar_line(third, 80) == (
        "Training [########................] step 30  loss 0.7041  60 texts/s  32 s left")


@pytest.mark.parametrize("progress, parts", [
    (plaudit.Progress("predicting", 9, 9, 75, 0, NAN), ["9/9", "in 1:15 min", "Predicting [##"]),
    (plaudit.Progress("fitting", 3, 500, 1, NAN, 0.25), ["3/500", "loss 0.2500"]),
    (plaudit.Progress("predicting", 7, 0, 0, NAN, NAN), ["Predicting 7"]),
    (plaudit.Progress("embedding", 1, 9, 1, 7500, NAN), ["2:05 h left"])])
def test_the_line_has_what_is_known(progress, parts):
    line = bar_line(progress, 90)
    assert len(line) == 89 and all(part in line for part in parts)
    assert "nan" not in line


def test_a_narrow_terminal_gets_a_short_line():
    assert len(bar_line(plaudit.Progress("embedding", 1, 2, 1, 1, NAN), 20)) == 19


def test_the_bar_is_silent_when_nobody_looks():
    stream = io.StringIO()
    plaudit.ProgressBar(stream)(plaudit.Progress("embedding", 1, 2, 1, 1, NAN))
    assert stream.getvalue() == ""


def test_the_bar_ends_its_line(embedder):
    stream = io.StringIO()
    embedder.embed(["a great day"] * 3000, progress=plaudit.ProgressBar(stream, force=True),
                   progress_interval=0.001)
    written = stream.getvalue()
    assert written.startswith("\rEmbedding") and written.endswith("\n") and written.count("\n") == 1
    assert "3,000/3,000" in written


def test_the_end_is_told_once(embedder):
    seen = []
    embedder.embed(["a great day"] * 3000, progress=seen.append, progress_interval=0.001)
    assert [one.done for one in seen].count(3000) == 1 and seen[-1].done == 3000


def test_the_bar_ends_its_line_when_the_call_fails(embedder):
    stream = io.StringIO()
    bar = plaudit.ProgressBar(stream, force=True)
    bar(plaudit.Progress("embedding", 1, 2, 1, 1, NAN))
    with pytest.raises(plaudit.InvalidUTF8Error):
        embedder.embed([b"\xff"], progress=bar)
    assert stream.getvalue().endswith("\n")
