"""Columns of other libraries as the C contract has them, without a copy where that is possible.

NumPy, pandas, pyarrow and polars are used when they are there; none is needed.
"""

from __future__ import annotations

import ctypes
import sys
from array import array
from typing import Any, Iterable

from . import _abi, _arrays
from .errors import InvalidArgumentError, UnsupportedError

# ---- Arrow's C interface ----------------------------------------------------------------------


class ArrowSchema(ctypes.Structure):
    """struct ArrowSchema."""


class ArrowArray(ctypes.Structure):
    """struct ArrowArray."""


ArrowSchema._fields_ = [
    ("format", ctypes.c_char_p), ("name", ctypes.c_char_p), ("metadata", ctypes.c_void_p),
    ("flags", ctypes.c_int64), ("n_children", ctypes.c_int64),
    ("children", ctypes.POINTER(ctypes.POINTER(ArrowSchema))),
    ("dictionary", ctypes.POINTER(ArrowSchema)), ("release", ctypes.c_void_p),
    ("private_data", ctypes.c_void_p)]
ArrowArray._fields_ = [
    ("length", ctypes.c_int64), ("null_count", ctypes.c_int64), ("offset", ctypes.c_int64),
    ("n_buffers", ctypes.c_int64), ("n_children", ctypes.c_int64),
    ("buffers", ctypes.POINTER(ctypes.c_void_p)),
    ("children", ctypes.POINTER(ctypes.POINTER(ArrowArray))),
    ("dictionary", ctypes.POINTER(ArrowArray)), ("release", ctypes.c_void_p),
    ("private_data", ctypes.c_void_p)]

_capsule_pointer = ctypes.pythonapi.PyCapsule_GetPointer
_capsule_pointer.restype, _capsule_pointer.argtypes = (
    ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p])
_capsule_new = ctypes.pythonapi.PyCapsule_New
_capsule_new.restype, _capsule_new.argtypes = (
    ctypes.py_object, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p])
# Structs that capsules point to, by address; the second form takes a capsule that is going away.
_exported: dict[int, Any] = {}
_dying_pointer = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_char_p)(
    ("PyCapsule_GetPointer", ctypes.pythonapi))


def pointer(capsule: Any, name: str) -> int:
    """The struct that an Arrow capsule holds."""
    return _capsule_pointer(capsule, name.encode())


def _destructor(name: bytes) -> Any:
    def destroy(capsule: int) -> None:
        address = _dying_pointer(capsule, name)
        struct = _exported.pop(address, None)
        if struct is not None and struct.release:
            ctypes.CFUNCTYPE(None, ctypes.c_void_p)(struct.release)(address)

    return ctypes.PYFUNCTYPE(None, ctypes.c_void_p)(destroy)


_destructors = {name: _destructor(name) for name in (b"arrow_schema", b"arrow_array")}


def capsule(struct: Any, name: bytes) -> Any:
    """A capsule that owns a filled struct and releases it unless somebody took its content."""
    address = ctypes.addressof(struct)
    _exported[address] = struct
    return _capsule_new(address, name, ctypes.cast(_destructors[name], ctypes.c_void_p))


_FORMATS = {
    b"c": _abi.TYPE_INT8, b"C": _abi.TYPE_UINT8, b"s": _abi.TYPE_INT16, b"S": _abi.TYPE_UINT16,
    b"i": _abi.TYPE_INT32, b"I": _abi.TYPE_UINT32, b"l": _abi.TYPE_INT64, b"L": _abi.TYPE_UINT64,
    b"b": _abi.TYPE_BOOLEAN, b"f": _abi.TYPE_FLOAT32, b"g": _abi.TYPE_FLOAT64,
    b"u": _abi.TYPE_TEXT, b"U": _abi.TYPE_LARGE_TEXT, b"n": _abi.TYPE_NULL,
    b"tdD": _abi.TYPE_INT32, b"tdm": _abi.TYPE_INT64}


def _from_arrow(given: ArrowArray, schema: ArrowSchema, name: str, kept: list[Any]) -> Any:
    column = _abi.plaudit_column()
    if schema.format[:2] == b"ts":
        column.type = _abi.TYPE_INT64
    elif schema.format in _FORMATS:
        column.type = _FORMATS[schema.format]
    else:
        raise UnsupportedError(
            f"column {name} has Arrow format {schema.format.decode()!r} here; pass the whole table")
    if schema.format[:1] == b"t":
        column.format = schema.format
    column.count, column.offset = given.length, given.offset
    if given.null_count and given.n_buffers:
        column.validity = given.buffers[0]
    if column.type in (_abi.TYPE_TEXT, _abi.TYPE_LARGE_TEXT):
        column.text_offsets, column.values = given.buffers[1], given.buffers[2]
        if given.length:
            kind = ctypes.c_int32 if column.type == _abi.TYPE_TEXT else ctypes.c_int64
            last = given.buffers[1] + (given.offset + given.length) * ctypes.sizeof(kind)
            column.byte_count = kind.from_address(last).value
    elif column.type != _abi.TYPE_NULL:
        column.values = given.buffers[1]
    if given.dictionary:
        values = _from_arrow(given.dictionary.contents, schema.dictionary.contents, name, kept)
        kept.append(values)
        column.dictionary = ctypes.addressof(values)
    return column


# ---- Columns ----------------------------------------------------------------------------------

_KINDS = {
    "int8": _abi.TYPE_INT8, "int16": _abi.TYPE_INT16, "int32": _abi.TYPE_INT32,
    "int64": _abi.TYPE_INT64, "uint8": _abi.TYPE_UINT8, "uint16": _abi.TYPE_UINT16,
    "uint32": _abi.TYPE_UINT32, "uint64": _abi.TYPE_UINT64, "bool": _abi.TYPE_UINT8,
    "float32": _abi.TYPE_FLOAT32, "float64": _abi.TYPE_FLOAT64}
_TYPECODES = {
    "b": _abi.TYPE_INT8, "B": _abi.TYPE_UINT8, "h": _abi.TYPE_INT16, "H": _abi.TYPE_UINT16,
    "i": _abi.TYPE_INT32, "I": _abi.TYPE_UINT32, "q": _abi.TYPE_INT64, "Q": _abi.TYPE_UINT64,
    "f": _abi.TYPE_FLOAT32, "d": _abi.TYPE_FLOAT64}
_NAT = -2**63


def _validity(missing: Iterable[Any], count: int) -> bytearray:
    bits = bytearray((count + 7) // 8)
    for row, lacks in enumerate(missing):
        if not lacks:
            bits[row >> 3] |= 1 << (row & 7)
    return bits


def _address(buffer: bytearray) -> int:
    return ctypes.addressof(ctypes.c_char.from_buffer(buffer)) if buffer else 0


def _mask(column: Any, missing: Any, kept: list[Any]) -> None:
    """Sets the validity from a NumPy mask of what is missing."""
    if missing is None or not missing.any():
        return
    bits = _arrays.numpy().packbits(~missing, bitorder="little")
    kept.append(bits)
    column.validity = bits.ctypes.data


def _dense(values: Any, kept: list[Any], missing: Any = None) -> Any:
    """A NumPy column of numbers, booleans, dates or times."""
    module = _arrays.numpy()
    column = _abi.plaudit_column()
    if values.dtype.kind == "M":
        unit = module.datetime_data(values.dtype)
        absent = module.isnat(values)
        missing = absent if missing is None else missing | absent
        if unit[1] != 1 or unit[0] not in ("D", "s", "ms", "us", "ns"):
            raise UnsupportedError(f"keys of {values.dtype} are not supported")
        if unit[0] == "D":
            column.format, values = b"tdD", module.where(
                absent, 0, values.astype("int64")).astype("int32")
        else:
            column.format = {"s": b"tss:", "ms": b"tsm:", "us": b"tsu:", "ns": b"tsn:"}[unit[0]]
            values = values.astype("int64", copy=False)
    if values.dtype.name not in _KINDS:
        raise UnsupportedError(f"columns of {values.dtype} are not supported")
    column.type = _KINDS[values.dtype.name]
    values = module.ascontiguousarray(values, values.dtype.newbyteorder("="))
    kept.append(values)
    column.count, column.values = len(values), values.ctypes.data
    _mask(column, missing, kept)
    return column


def _texts(values: list[str], kept: list[Any]) -> Any:
    encoded = [value.encode() for value in values]
    starts = array("q", [0])
    total = 0
    for text in encoded:
        total += len(text)
        starts.append(total)
    data = b"".join(encoded)
    kept += [starts, data]
    column = _abi.plaudit_column()
    column.type, column.count = _abi.TYPE_LARGE_TEXT, len(values)
    column.text_offsets, column.byte_count = starts.buffer_info()[0], total
    column.values = ctypes.cast(ctypes.c_char_p(data), ctypes.c_void_p).value
    return column


def _coded(codes: Any, values: list[Any], name: str, kept: list[Any]) -> Any:
    """Codes of distinct values, -1 for a missing one."""
    dictionary = _listed(values, name, kept)
    kept.append(dictionary)
    module = _arrays.numpy()
    if module is not None:
        codes = module.asarray(codes)
        column = _dense(codes, kept, codes < 0)
    else:
        codes = array("q", codes)
        bits = _validity((code < 0 for code in codes), len(codes))
        kept += [codes, bits]
        column = _abi.plaudit_column()
        column.type, column.count = _abi.TYPE_INT64, len(codes)
        column.values = codes.buffer_info()[0]
        column.validity = _address(bits)
    column.dictionary = ctypes.addressof(dictionary)
    return column


def _lacks(value: Any) -> bool:
    return value is None or type(value).__name__ in ("NAType", "NaTType")


def _listed(values: list[Any], name: str, kept: list[Any]) -> Any:
    """A list of numbers or of text, None where one is missing."""
    first = next((value for value in values if not _lacks(value) and value == value), None)
    column = _abi.plaudit_column()
    if isinstance(first, str):
        lacking = [_lacks(value) or value != value for value in values]
        for row, (value, lacks) in enumerate(zip(values, lacking)):
            if not lacks and not isinstance(value, str):
                raise InvalidArgumentError(f"{name}[{row}] is {value!r} among text", index=row)
        column = _texts(["" if lacks else value for value, lacks in zip(values, lacking)], kept)
    elif any(isinstance(value, float) for value in values):
        numbers = array("d", (_arrays._double(value, name, row) for row, value in enumerate(values)))
        kept.append(numbers)
        column.type, column.count = _abi.TYPE_FLOAT64, len(numbers)
        column.values, lacking = numbers.buffer_info()[0], [_lacks(value) for value in values]
    elif first is None:
        column.type, column.count, lacking = _abi.TYPE_NULL, len(values), []
    else:
        lacking = [_lacks(value) for value in values]
        whole = array("q", (
            0 if lacks else _arrays._integer(value, name, row)
            for row, (value, lacks) in enumerate(zip(values, lacking))))
        kept.append(whole)
        column.type, column.count = _abi.TYPE_INT64, len(whole)
        column.values = whole.buffer_info()[0]
    if any(lacking):
        bits = _validity(lacking, len(lacking))
        kept.append(bits)
        column.validity = _address(bits)
    return column


def _factorized(values: Any, name: str, kept: list[Any]) -> Any:
    """Objects, such as text, by their distinct values."""
    pandas = sys.modules.get("pandas")
    if pandas is not None:
        codes, distinct = pandas.factorize(values, use_na_sentinel=True)
        return _coded(codes, list(distinct), name, kept)
    places: dict[Any, int] = {}
    codes = [
        -1 if _lacks(value) or value != value else places.setdefault(value, len(places))
        for value in (values.tolist() if hasattr(values, "tolist") else values)]
    return _coded(codes, list(places), name, kept)


def _pandas(series: Any, name: str, kept: list[Any]) -> Any:
    kind = type(series.dtype).__name__
    if kind == "CategoricalDtype":
        return _coded(
            series.cat.codes.to_numpy(), list(series.cat.categories), name, kept)
    if hasattr(series.dtype, "numpy_dtype") and kind != "ArrowDtype":  # pandas' nullable numbers
        missing = series.isna().to_numpy()
        filler = False if series.dtype.kind == "b" else 0
        return _dense(
            series.to_numpy(dtype=series.dtype.numpy_dtype, na_value=filler), kept, missing)
    if kind == "DatetimeTZDtype":
        return _dense(series.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy(), kept)
    values = series.to_numpy()
    if values.dtype.kind in "iufbM":
        return _dense(values, kept)
    return _factorized(series, name, kept)


def column(values: Any, name: str, kept: list[Any]) -> Any:
    """A plaudit_column over the values; what it points to is put into `kept`."""
    if hasattr(values, "dtype") and hasattr(values, "iloc"):
        return _pandas(values, name, kept)
    if hasattr(values, "__arrow_c_array__"):
        schema, data = values.__arrow_c_array__()
        kept += [schema, data]
        return _from_arrow(
            ArrowArray.from_address(pointer(data, "arrow_array")),
            ArrowSchema.from_address(pointer(schema, "arrow_schema")), name, kept)
    if hasattr(values, "to_numpy") and hasattr(values, "null_count"):  # a Series of polars
        if values.null_count() == 0 and values.dtype.is_numeric():
            values = values.to_numpy()
        else:
            values = values.to_list()
    if hasattr(values, "dtype"):
        if getattr(values, "ndim", 1) != 1:
            raise _arrays.ShapeError(f"{name} must be one column, it has {values.ndim} dimensions")
        if values.dtype.kind in "iufbM":
            return _dense(values, kept)
        return _factorized(values, name, kept)
    if isinstance(values, array) and values.typecode in _TYPECODES:
        kept.append(values)
        made = _abi.plaudit_column()
        made.type, made.count = _TYPECODES[values.typecode], len(values)
        made.values = values.buffer_info()[0]
        return made
    rows = _arrays.listed(values, name)
    if any(isinstance(value, str) for value in rows[:100]):
        return _factorized(rows, name, kept) if len(rows) > 1000 else _listed(rows, name, kept)
    return _listed(rows, name, kept)


def names(data: Any) -> list[str] | None:
    """The names of the columns, None where only Arrow knows."""
    if isinstance(data, dict):
        return list(data)
    for attribute in ("column_names", "columns"):
        found = getattr(data, attribute, None)
        if found is not None and not callable(found) and all(
                isinstance(name, str) for name in found):
            return [str(name) for name in found]
    schema = getattr(data, "schema", None)
    found = getattr(schema, "names", None)
    return list(found) if found is not None and not callable(found) else None
