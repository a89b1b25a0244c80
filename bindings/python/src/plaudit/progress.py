"""How far a long call has come."""

from __future__ import annotations

import math
import os
import sys

from ._tuples import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TextIO
else:
    Any = TextIO = object


class Progress(NamedTuple):
    """What a progress callback is given.

    phase: "predicting", "embedding", "fitting" (heads and linear models), "training" (networks),
    "resampling" or "comparing" (rows of columns).
    done, total: texts, of all epochs when training; iterations when fitting; resamples. total is 0
    when unknown.
    seconds_elapsed: since the call began. seconds_left: an estimate, NaN while unknown.
    loss: the training loss, NaN elsewhere. step: of the optimiser when training, 0 elsewhere.
    per_second: done in a second, such as texts/s, NaN while unknown.
    """

    phase: str
    done: int
    total: int
    seconds_elapsed: float
    seconds_left: float
    loss: float
    step: int = 0
    per_second: float = math.nan


class ProgressBar:
    """One line on a terminal: share, texts a second, time left, and when training step and loss.

    `progress=True` makes one.

    stream: where to, standard error by default. Silent when that is no terminal, unless `force`.
    """

    def __init__(self, stream: TextIO | None = None, *, force: bool = False) -> None:
        self._stream = stream
        self._force = force
        self._open = False

    def __call__(self, progress: Progress) -> None:
        stream = self._stream or sys.stderr
        if stream is None or not (self._force or _is_terminal(stream)):
            return
        line = bar_line(progress, _width(stream))
        stream.write("\r" + line)
        self._open = True
        if progress.total and progress.done >= progress.total:
            self.close()
        stream.flush()

    def close(self) -> None:
        """Ends the line, when one was begun."""
        if self._open:
            self._open = False
            (self._stream or sys.stderr).write("\n")


# What is counted in a second; of iterations the number says little.
_UNITS = {"fitting": "", "resampling": "resamples/s", "comparing": "rows/s"}


def bar_line(progress: Progress, width: int) -> str:
    """The line, padded to one less than `width` so that it overwrites the one before."""
    name = progress.phase.capitalize()
    facts = []
    if progress.phase == "training":
        facts.append(f"step {progress.step:,}")
    elif progress.total:
        facts.append(f"{progress.done:,}/{progress.total:,}")
    else:
        facts.append(f"{progress.done:,}")
    if not math.isnan(progress.loss):
        facts.append(f"loss {progress.loss:.4f}")
    unit = _UNITS.get(progress.phase, "texts/s")
    rate = progress.per_second
    if math.isnan(rate) and progress.seconds_elapsed > 0:
        rate = progress.done / progress.seconds_elapsed
    if unit and not math.isnan(rate):
        facts.append(f"{rate:,.0f} {unit}")
    if progress.total and progress.done >= progress.total:
        facts.append(f"in {_clock(progress.seconds_elapsed)}")
    elif not math.isnan(progress.seconds_left):
        facts.append(f"{_clock(progress.seconds_left)} left")
    room = max(width - 1, 10)
    right = "  ".join(facts)
    bar = room - len(name) - len(right) - 4
    if progress.total and bar >= 6:
        filled = bar * min(progress.done, progress.total) // progress.total
        line = f"{name} [{'#' * filled}{'.' * (bar - filled)}] {right}"
    else:
        line = f"{name} {right}"
    return line[:room].ljust(room)


def _clock(seconds: float) -> str:
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, whole = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes}:{whole:02} min"
    return f"{minutes // 60}:{minutes % 60:02} h"


def _is_terminal(stream: Any) -> bool:
    try:
        return bool(stream.isatty())
    except (AttributeError, ValueError):
        return False


def _width(stream: Any) -> int:
    try:
        return os.get_terminal_size(stream.fileno()).columns or 80
    except (AttributeError, OSError, ValueError):
        return 80
