"""Numbers in and out: NumPy arrays where NumPy is installed, else array.array.

Without NumPy a matrix is a list of array.array rows.
"""

from __future__ import annotations

import ctypes
import functools
import sys
from array import array
from collections.abc import Iterable, Mapping

from ._arguments import real, whole
from .errors import InvalidDataError, ShapeError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any
else:
    Any = object

_BYTES = {"f": 4, "d": 8, "i": 4, "q": 8, "b": 1, "B": 1}
_DTYPES = {"f": "float32", "d": "float64", "i": "int32", "q": "int64", "b": "int8", "B": "uint8"}


@functools.cache
def numpy() -> Any:
    """The module, or None where it is not installed."""
    import signal

    # A Ctrl-C in the midst of NumPy's import comes out as an ImportError, so it waits for the end.
    held = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        import numpy
    except ImportError:
        return None
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, held)
    return numpy


def address(values: Any) -> int:
    """Where the numbers of an array.array or a contiguous NumPy array are."""
    return values.buffer_info()[0] if isinstance(values, array) else values.ctypes.data


class Output:
    """Memory for a result; `.address` goes to the library, `.value()` to the caller.

    Of a few numbers NumPy is imported when it is asked for `value`, not before: to import it takes
    longer than to score a text.
    """

    _FEW = 1 << 16

    def __init__(self, typecode: str, *shape: int) -> None:
        count = 1
        for size in shape:
            count *= size
        self._shape = shape
        self._typecode = typecode
        self.count = count
        size = count * _BYTES[typecode]
        module = numpy() if size > Output._FEW or "numpy" in sys.modules else None
        if module is not None:
            self._array = module.empty(shape, _DTYPES[typecode])
            self.address = self._array.ctypes.data
        else:
            self._array = array(typecode, bytes(size))
            self.address = self._array.buffer_info()[0]

    def value(self) -> Any:
        module = numpy()
        if module is not None:
            if isinstance(self._array, array):
                kind = _DTYPES[self._typecode]
                self._array = (
                    module.frombuffer(self._array, kind).reshape(self._shape) if self.count
                    else module.empty(self._shape, kind))
            return self._array
        if len(self._shape) == 1:
            return self._array
        rows, width = self._shape
        return [self._array[row * width:(row + 1) * width] for row in range(rows)]

    def row(self, index: int) -> list[Any]:
        """The numbers of a row that is there, as Python's."""
        if not isinstance(self._array, array):
            return self._array[index].tolist()
        width = self._shape[1]
        return self._array[index * width:(index + 1) * width].tolist()

    def at(self, index: int) -> Any:
        """A number of a column, as Python's."""
        return self._array[index] if isinstance(self._array, array) else self._array[index].item()

    def numbers(self) -> list[Any]:
        """A column as Python's numbers."""
        return self._array.tolist()


class _Borrowed:
    """Memory of the library as NumPy wants to hear of it; keeps its owner alive."""

    def __init__(self, owner: object, address: int, typecode: str, count: int) -> None:
        self._owner = owner
        self.__array_interface__ = {
            "version": 3, "shape": (count,), "typestr": numpy().dtype(_DTYPES[typecode]).str,
            "data": (address, True)}


def borrowed(owner: object, address: int | None, typecode: str, count: int) -> Any:
    """A read-only array over memory that lives as long as `owner`; a copy without NumPy."""
    module = numpy()
    if not count or not address:
        return array(typecode) if module is None else module.empty(0, _DTYPES[typecode])
    if module is None:
        return array(typecode, ctypes.string_at(address, count * _BYTES[typecode]))
    return module.asarray(_Borrowed(owner, address, typecode, count))


# ---- Columns of numbers -----------------------------------------------------------------------


class Column:
    """A contiguous column for the library; keeps alive what `.address` points to."""

    def __init__(self, values: Any, name: str, typecode: str, fill: int | None = None) -> None:
        """values: a sequence, or a number to be repeated `fill` times. Missing is NaN."""
        if fill is not None:
            convert = real if typecode == "d" else whole
            values = array(typecode, [convert(values, name)]) * fill
        _refuse_unordered(values, name)
        module = numpy()
        if isinstance(values, array) and values.typecode == typecode:
            self._array = values
        elif module is None:
            convert = _double if typecode == "d" else _integer
            self._array = array(
                typecode, [convert(value, name, row) for row, value in enumerate(values)])
        else:
            self._array = _numpy_column(module, values, name, typecode)
        if isinstance(self._array, array):
            self.address, self.count = self._array.buffer_info()
        else:
            self.address, self.count = self._array.ctypes.data, len(self._array)


def _refuse_unordered(values: Any, name: str) -> None:
    if isinstance(values, (Mapping, set, frozenset)):
        raise TypeError(f"{name} must be a sequence, not {type(values).__name__}")


def _double(value: Any, name: str, row: int) -> float:
    if value is None or type(value).__name__ == "NAType":  # pandas.NA, which is no float
        return float("nan")
    return real(value, f"{name}[{row}]")


def _integer(value: Any, name: str, row: int) -> int:
    return whole(value, f"{name}[{row}]")


def _numpy_column(module: Any, values: Any, name: str, typecode: str) -> Any:
    if not hasattr(values, "__len__"):
        values = list(values)
    column = module.asarray(values)
    if column.ndim != 1:
        raise ShapeError(f"{name} must be one column, it has {column.ndim} dimensions")
    # What is no number to NumPy goes value by value: NumPy would read digits out of strings, and
    # seconds out of dates, and drop imaginary parts.
    if typecode == "d" and column.dtype.kind not in "fiub":
        column = module.array(
            [_double(value, name, row) for row, value in enumerate(column.tolist())], "float64")
    elif typecode == "q" and (column.dtype.kind not in "iu" or column.dtype == "uint64"):
        column = module.array(
            [_integer(value, name, row) for row, value in enumerate(column.tolist())], "int64")
    return module.ascontiguousarray(column, _DTYPES[typecode])


def column_of(values: list[Any], typecode: str) -> Any:
    """Numbers for the caller, as the outputs are."""
    module = numpy()
    return array(typecode, values) if module is None else module.array(values, _DTYPES[typecode])


def is_column(value: Any) -> bool:
    """Whether an argument is many numbers; a string is refused later, as not a number."""
    if isinstance(value, (str, bytes)) or getattr(value, "ndim", 1) == 0:
        return False
    return hasattr(value, "__iter__")


def columns(
    first: Any, second: Any, names: tuple[str, str], typecode: str
) -> tuple[Column, Column]:
    """Two columns of one length; a single number beside a column is repeated."""
    if is_column(first):
        one = Column(first, names[0], typecode)
        fill = None if is_column(second) else one.count
        two = Column(second, names[1], typecode, fill)
    else:
        two = Column(second, names[1], typecode)
        one = Column(first, names[0], typecode, two.count)
    if one.count != two.count:
        raise ShapeError(f"{names[0]} has {one.count} rows, {names[1]} has {two.count}")
    return one, two


def indices(values: Iterable[Any], positions: dict[Any, int], name: str) -> array:
    """The position of each value, as int32; InvalidDataError with the row for an unknown one."""
    column = array("i")
    for row, value in enumerate(values):
        try:
            column.append(positions[value])
        except (KeyError, TypeError):
            raise InvalidDataError(
                f"{name}[{row}] is {value!r}, which is none of the labels", index=row) from None
    return column


def listed(values: Any, name: str) -> list[Any]:
    """A list of anything one-dimensional, its items plain Python objects."""
    if isinstance(values, (str, bytes)) or not hasattr(values, "__iter__"):
        raise TypeError(f"{name} must be a sequence, not {type(values).__name__}")
    _refuse_unordered(values, name)
    if getattr(values, "ndim", 1) != 1:
        raise ShapeError(f"{name} must be one column, it has {values.ndim} dimensions")
    return values.tolist() if hasattr(values, "tolist") else list(values)


def numbers_of(names: Any, name: str) -> Column:
    """A column of int64 in which equal names have equal numbers: whole numbers as they are, other
    names by their order.
    """
    kind = getattr(getattr(names, "dtype", None), "kind", "")
    if kind and kind in "iu":
        return Column(names, name, "q")
    values = listed(names, name)
    if all(type(value) is int for value in values):
        return Column(values, name, "q")
    try:
        known = sorted(set(values))
    except TypeError:
        known = list(dict.fromkeys(values))
    positions = {value: number for number, value in enumerate(known)}
    return Column([positions[value] for value in values], name, "q")


def matrix(rows: Any, width: int, name: str) -> tuple[int, int, Any]:
    """A float32 matrix [rows, width]: address, number of rows, and what keeps them alive."""
    module = numpy()
    if module is not None:
        dense = module.asarray(rows)
        if dense.dtype.kind not in "fiub":
            raise TypeError(f"{name} must hold numbers, not NumPy's {dense.dtype}")
        dense = module.ascontiguousarray(dense, "float32")
        if dense.size == 0 and dense.ndim == 1:
            dense = dense.reshape(0, width)
        if dense.ndim != 2 or dense.shape[1] != width:
            raise ShapeError(f"{name} must be [count, {width}], it is {list(dense.shape)}")
        return dense.ctypes.data, dense.shape[0], dense
    flat = array("f")
    count = 0
    for row in rows:
        flat.extend(row)
        count += 1
        if len(flat) != count * width:
            raise ShapeError(
                f"{name} must be [count, {width}], row {count - 1} is not", index=count - 1)
    return flat.buffer_info()[0], count, flat


class Table:
    """A float64 matrix [rows, columns] for the library; one column may come without its width."""

    def __init__(self, values: Any, name: str) -> None:
        module = numpy()
        if module is not None:
            _refuse_unordered(values, name)
            dense = module.asarray(values if hasattr(values, "__len__") else list(values))
            if dense.ndim not in (1, 2):
                raise ShapeError(f"{name} must be one column or a table, not {dense.ndim}-D")
            self.is_column = dense.ndim == 1
            self.rows = dense.shape[0]
            self.columns = 1 if self.is_column else dense.shape[1]
            self._flat = Column(dense.reshape(-1), name, "d")
        else:
            rows = listed(values, name)
            self.is_column = not rows or not is_column(rows[0])
            self.rows = len(rows)
            self.columns = 1 if self.is_column else len(rows[0])
            if not self.is_column:
                for index, row in enumerate(rows):
                    if not is_column(row) or len(row) != self.columns:
                        raise ShapeError(
                            f"{name} must be [rows, {self.columns}], row {index} is not",
                            index=index)
                rows = [value for row in rows for value in row]
            self._flat = Column(rows, name, "d")
        self.address = self._flat.address

    def output(self) -> Output:
        """Room for a table of the same shape."""
        if self.is_column:
            return Output("d", self.rows)
        return Output("d", self.rows, self.columns)
