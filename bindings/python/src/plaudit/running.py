"""Numbers that come bit by bit: moments that can be merged, and exponential averages."""

from __future__ import annotations

import ctypes
from ctypes import byref
from typing import Any

from . import _abi, _arrays
from ._arguments import flag, real
from .errors import CorruptError, call

_lib = _abi.load()


class RunningMoments:
    """Count, mean, variance, skewness and kurtosis of numbers that come bit by bit.

        moments = RunningMoments([1.5, 2.25]).add([4.0])
        moments.merge(other)

    variance has count - 1 below the line; skewness and (excess) kurtosis are of the population.
    What does not exist is NaN. Numbers far from 0 keep their variance. Can be pickled.
    """

    def __init__(self, values: Any = ()) -> None:
        self._state = _abi.plaudit_running_moments()
        self.add(values)

    def add(self, values: Any) -> "RunningMoments":
        """Adds numbers, all or none; NotFiniteError with the row."""
        column = _arrays.Column(values, "values", "d")
        call(_lib.plaudit_stats_running_moments_add, byref(self._state), column.address, column.count)
        return self

    def merge(self, other: "RunningMoments") -> "RunningMoments":
        """Adds the numbers of another part."""
        call(_lib.plaudit_stats_running_moments_merge, byref(self._state), byref(other._state))
        return self

    def __getattr__(self, name: str) -> Any:
        if name in (
            "count", "mean", "minimum", "maximum", "sum", "variance", "skewness", "kurtosis",
        ):
            return getattr(self._state, name)
        raise AttributeError(f"RunningMoments has no {name}")

    def __reduce__(self) -> Any:
        return _restored, (bytes(self._state),)

    def __repr__(self) -> str:
        return (
            f"RunningMoments(count={self.count}, mean={self.mean:.6g}, variance={self.variance:.6g}, "
            f"skewness={self.skewness:.4g}, kurtosis={self.kurtosis:.4g})")


def _restored(state: bytes) -> RunningMoments:
    size = ctypes.sizeof(_abi.plaudit_running_moments)
    if not isinstance(state, bytes) or len(state) != size:
        raise CorruptError(f"a state of running moments has {size} bytes")
    moments = RunningMoments()
    # Merging refuses what are no moments of any numbers.
    kept = _abi.plaudit_running_moments.from_buffer_copy(state)
    call(_lib.plaudit_stats_running_moments_merge, byref(moments._state), byref(kept))
    return moments


def exponential_averages(values: Any, alpha: float, *, adjusted: bool = True) -> Any:
    """Exponentially weighted averages: pandas' ewm(alpha=alpha, adjust=adjusted).mean()."""
    column = _arrays.Column(values, "values", "d")
    averages = _arrays.Output("d", column.count)
    call(
        _lib.plaudit_stats_exponential_averages, column.address, column.count,
        real(alpha, "alpha"), flag(adjusted, "adjusted"), averages.address)
    return averages.value()
