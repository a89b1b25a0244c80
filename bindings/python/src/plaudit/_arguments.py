"""Checks of single arguments, so that nothing is cut down silently on its way into a C type."""

from __future__ import annotations

import math
import operator
from collections.abc import Mapping

from .errors import OutOfRangeError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any
else:
    Any = object

_INT64_MAX = 2**63 - 1


def whole(value: Any, name: str, low: int = -_INT64_MAX - 1, high: int = _INT64_MAX) -> int:
    """An int in low..high; TypeError for anything that is no whole number."""
    try:
        number = operator.index(value)
    except TypeError:
        if not (isinstance(value, float) and value.is_integer()):
            raise TypeError(f"{name} must be a whole number, not {value!r}") from None
        number = int(value)
    if not low <= number <= high:
        raise OutOfRangeError(f"{name} is {number}, allowed are {low} to {high}")
    return number


def real(value: Any, name: str) -> float:
    """A float of anything that is a number: int, float, Decimal, NumPy scalar."""
    if isinstance(value, (str, bytes)) or not hasattr(value, "__float__"):
        raise TypeError(f"{name} must be a number, not {type(value).__name__}")
    try:
        return float(value)
    except OverflowError:
        raise OutOfRangeError(f"{name} is larger than a double can be") from None


def setting(value: Any, name: str) -> int:
    """An option whose default is None; the C side writes the default as 0, so 0 is refused."""
    if value is None:
        return 0
    number = whole(value, name)
    if number == 0:
        raise OutOfRangeError(f"{name} is 0; leave it out for the default")
    return number


def real_setting(value: Any, name: str) -> float:
    """The same for a float."""
    if value is None:
        return 0.0
    number = real(value, name)
    if number == 0:
        raise OutOfRangeError(f"{name} is 0; leave it out for the default")
    return number


def zero_setting(value: Any, name: str) -> float:
    """An option whose default is None and which may be 0; the C side writes that as -1."""
    if value is None:
        return 0.0
    number = real(value, name)
    if number < 0:
        raise OutOfRangeError(f"{name} is {number}, allowed are 0 and more")
    return -1.0 if number == 0 else number


def flag(value: Any, name: str) -> int:
    """A bool, or what NumPy and configuration files have for one."""
    if value is True or value is False or type(value).__name__ in ("bool_", "bool"):
        return int(value)
    raise TypeError(f"{name} must be True or False, not {value!r}")


def milliseconds(seconds: Any, name: str) -> int:
    """Seconds as whole milliseconds, at least one; None as 0."""
    if seconds is None:
        return 0
    value = real(seconds, name)
    if not 0 < value <= 1e9:
        raise OutOfRangeError(f"{name} is {value} seconds, allowed are above 0 to 1e9")
    return math.ceil(value * 1000)


def choice(value: Any, name: str, numbers: Mapping[Any, int]) -> int:
    """The number behind a name."""
    try:
        return numbers[value]
    except (KeyError, TypeError):
        known = ", ".join(repr(key) for key in numbers)
        raise OutOfRangeError(f"{name} is {value!r}, allowed are {known}") from None


UTF8 = {"error": 0, "replace": 1}
SPECIAL_TEXT = {"recognise": 0, "plain": 1}
CALIBRATIONS = {"temperature": 10, "platt": 20, "isotonic": 30}
