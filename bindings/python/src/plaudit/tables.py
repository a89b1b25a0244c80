"""KPIs by group, of columns with millions of rows; formulas in docs/stats.md.

    plaudit.kpi_table(frame, by=["campaign"], kpis=["ctr", "roi"], interval="wilson")

Sums are exact and rounded once: results do not depend on the order of rows, on batches, or on how
states of several machines are merged.
"""

from __future__ import annotations

import ctypes
from ctypes import byref, c_int32, c_int64, c_void_p
from typing import Any, Iterable, Iterator, Mapping, Sequence

from . import _abi, _arrays, _frames
from ._arguments import choice, real
from ._handle import Handle
from ._run import ProgressOption, Run
from .errors import InvalidArgumentError, OutOfRangeError, call
from .hypothesis import _RATES
from .library import Cancel
from .stats import KPI_NUMBERS, KPIFlag

_lib = _abi.load()

_MEASURES = {
    _lib.plaudit_measure_name(number).decode(): number
    for name, number in vars(_abi).items() if name.startswith("MEASURE_")}
# What else these columns are called.
_ALIASES = {"spend": "cost", "cogs": "cost_of_goods"}
_MISSING = {
    "propagate": _abi.MISSING_PROPAGATE, "omit": _abi.MISSING_OMIT, "raise": _abi.MISSING_RAISE}
_ORDERS = {"keys": _abi.ORDER_KEYS, "first-seen": _abi.ORDER_FIRST_SEEN}
_UNITS = {"tdD": "D", "tdm": "ms", "tss": "s", "tsm": "ms", "tsu": "us", "tsn": "ns"}

def _bound(measures: Any, known: list[str] | None) -> dict[str, str]:
    """measure: column, of what the caller said or of the columns with the name of a measure."""
    if isinstance(measures, Mapping):
        bound = _by_measure((str(measure), str(column)) for measure, column in measures.items())
    elif measures is not None:
        bound = _by_measure(
            (name, name) for name in ([measures] if isinstance(measures, str) else list(measures)))
    elif known is None:
        raise InvalidArgumentError("measures= is needed: these data do not tell their columns")
    else:
        bound = _by_measure(
            (name, name) for name in known if _ALIASES.get(name, name) in _MEASURES)
        # Counted answers come before the answers.
        if "responses" in bound or "promoters" in bound or "detractors" in bound:
            bound.pop("score", None)
        if not bound:
            raise InvalidArgumentError(
                "no column has the name of a measure (" + ", ".join(_MEASURES)
                + "); say measures={'clicks': 'my column'}")
    for name in bound:
        choice(name, "a measure", _MEASURES)
    return bound


def _by_measure(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """measure: column; two columns of one measure are refused, not one of them dropped."""
    bound: dict[str, str] = {}
    for name, column in pairs:
        measure = _ALIASES.get(name, name)
        if measure in bound:
            raise InvalidArgumentError(
                f"columns {bound[measure]!r} and {column!r} are both the measure {measure!r}; "
                f"say measures={{{measure!r}: ...}}")
        bound[measure] = column
    return bound


class KPITable(Handle):
    """Sums by group that grow batch by batch; `result()` tells the KPIs as of now.

    by: names of key columns. measures: {measure: column}, or measures whose columns have their
    names. kpis: names such as "ctr", None for all that the measures allow. micros: measures whose
    integers are millionths. missing: "propagate" (KPIs of a group with a null or NaN are NaN),
    "omit" (a KPI leaves out rows that lack a part of it), "raise". interval: "wilson",
    "agresti-coull", "clopper-pearson", "jeffreys", "wald" for KPIs that are rates. margin: of incremental revenue, for the ROMI.
    order: "keys" or "first-seen".
    """

    _free = "plaudit_kpi_table_free"

    def __init__(
        self, by: str | Sequence[str] = (), measures: Any = None,
        kpis: Iterable[str] | None = None, *, micros: Iterable[str] = (),
        missing: str = "propagate", interval: str | None = None, confidence: float = 0.95,
        margin: float = 1.0, order: str = "keys",
    ) -> None:
        keys = [by] if isinstance(by, str) else list(by)
        bound = _bound(measures, [])
        wanted = [] if kpis is None else [
            choice(name, "a KPI", KPI_NUMBERS) for name in ([kpis] if isinstance(kpis, str) else kpis)]
        millionths = {_ALIASES.get(name, name) for name in micros}
        for name in millionths:
            choice(name, "micros", {measure: 0 for measure in bound})
        options = _abi.plaudit_kpi_options()
        key_names = _strings(keys)
        column_names = _strings(list(bound.values()))
        numbers = (c_int32 * len(bound))(*(_MEASURES[name] for name in bound))
        units = (c_int32 * len(bound))(*(int(name in millionths) for name in bound))
        chosen = (c_int32 * len(wanted))(*wanted)
        options.key_count, options.key_names = len(keys), ctypes.addressof(key_names)
        options.measure_count, options.measures = len(bound), ctypes.addressof(numbers)
        options.measure_names = ctypes.addressof(column_names)
        options.measure_micros = ctypes.addressof(units)
        options.kpi_count, options.kpis = len(wanted), ctypes.addressof(chosen)
        options.confidence = real(confidence, "confidence")
        options.margin = real(margin, "margin")
        if options.confidence == 0 or options.margin == 0:
            raise OutOfRangeError("confidence and margin cannot be 0")
        options.missing = choice(missing, "missing", _MISSING)
        options.intervals = int(interval is not None)
        options.method = 0 if interval is None else choice(interval, "interval", _RATES)
        options.order = choice(order, "order", _ORDERS)
        handle = c_void_p()
        call(_lib.plaudit_kpi_table_create, byref(options), byref(handle))
        self._own(handle)
        self._columns: list[str] | None = keys + list(bound.values())

    @classmethod
    def from_state(cls, state: bytes) -> "KPITable":
        """A table that goes on from what `state()` wrote; CorruptError when it was changed."""
        handle = c_void_p()
        call(_lib.plaudit_kpi_table_load, state, len(state), byref(handle))
        table = cls.__new__(cls)
        table._own(handle)
        table._columns = None
        return table

    def add(
        self, data: Any, *, progress: ProgressOption = None, cancel: Cancel | None = None,
        timeout: float | None = None,
    ) -> "KPITable":
        """Adds rows: a dict of columns, a DataFrame, or anything that speaks Arrow.

        After an error in a row the table holds a part of the data and raises InvalidStateError.
        """
        with Run(threads=0, progress=progress, cancel=cancel, timeout=timeout) as run:
            is_frame = hasattr(data, "iloc") and hasattr(data, "columns")
            if not isinstance(data, dict) and not (is_frame and self._is_dense(data)):
                if hasattr(data, "__arrow_c_stream__"):
                    if is_frame and self._columns is not None:
                        data = data[self._columns]
                    capsule = data.__arrow_c_stream__()
                    run(_lib.plaudit_kpi_table_add_stream, self._live,
                        _frames.pointer(capsule, "arrow_array_stream"), Run.OPTIONS)
                    return self
                if hasattr(data, "__arrow_c_array__"):
                    schema, array = data.__arrow_c_array__()
                    run(_lib.plaudit_kpi_table_add_arrow, self._live,
                        _frames.pointer(array, "arrow_array"),
                        _frames.pointer(schema, "arrow_schema"), Run.OPTIONS)
                    return self
                if not is_frame:
                    raise TypeError(
                        "data must be a dict of columns, a DataFrame or an Arrow table, not "
                        + type(data).__name__)
            if self._columns is None:
                raise InvalidArgumentError(
                    "a table of a state takes Arrow data; make a KPITable for others")
            kept: list[Any] = []
            columns = (_abi.plaudit_column * len(self._columns))()
            for place, name in enumerate(self._columns):
                try:
                    values = data[name]
                except KeyError:
                    raise InvalidArgumentError(f"the data have no column {name!r}") from None
                columns[place] = _frames.column(values, name, kept)
            run(_lib.plaudit_kpi_table_add, self._live, columns, len(columns), Run.OPTIONS)
        return self

    def _is_dense(self, frame: Any) -> bool:
        """Whether a pandas frame is better read column by column than through Arrow."""
        if self._columns is None:
            return False
        for name in self._columns:
            kind = getattr(frame[name], "dtype", None)
            if "arrow" in str(type(kind)).lower() or getattr(kind, "storage", "") == "pyarrow":
                return not hasattr(frame, "__arrow_c_stream__")
        return True

    def state(self) -> bytes:
        """What was summed so far, for `merge` elsewhere."""
        size = c_int64()
        call(_lib.plaudit_kpi_table_state, self._live, None, 0, byref(size))
        room = (ctypes.c_uint8 * size.value)()
        call(_lib.plaudit_kpi_table_state, self._live, room, size.value, byref(size))
        return bytes(room)

    def merge(self, other: "bytes | KPITable") -> "KPITable":
        """Adds what another table has summed, in any order."""
        state = other.state() if isinstance(other, KPITable) else bytes(other)
        call(_lib.plaudit_kpi_table_merge, self._live, state, len(state))
        return self

    def result(self) -> "KPIResult":
        """The KPIs as of now; more can be added afterwards."""
        handle = c_void_p()
        call(_lib.plaudit_kpi_table_finish, self._live, byref(handle))
        return KPIResult(handle)


def _strings(names: Sequence[str]) -> Any:
    return (ctypes.c_char_p * len(names))(*(name.encode() for name in names))


class KPIResult(Handle):
    """KPIs by group, a column by name: result["ctr"]; `len()` is the number of groups.

    Keys; "rows"; a sum a measure; "flags" of the sums; for each KPI its value, NaN where there is
    none, with "_lower" and "_upper" when intervals were asked for, "_flags" (bits of KPIFlag), and
    "_dropped" rows when they are omitted. Arrow takes it whole: pyarrow.record_batch(result),
    polars.DataFrame(result).
    """

    _free = "plaudit_kpi_result_free"

    def __init__(self, handle: c_void_p) -> None:
        self._own(handle)
        groups, columns = c_int64(), c_int64()
        call(_lib.plaudit_kpi_result_size, self._live, byref(groups), byref(columns))
        self._count = groups.value
        self._places: dict[str, int] = {}
        self._roles: dict[str, int] = {}
        self._subjects: dict[str, int] = {}
        self._cache: dict[str, Any] = {}
        for place in range(columns.value):
            part = self._part(place)
            name = part.name.decode()
            self._places[name] = place
            self._roles[name], self._subjects[name] = part.role, part.subject

    def _part(self, place: int) -> Any:
        part = _abi.plaudit_result_column()
        call(_lib.plaudit_kpi_result_column, self._live, place, byref(part))
        return part

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __contains__(self, name: object) -> bool:
        return name in self._places

    def keys(self) -> list[str]:
        """The names of the columns, in order."""
        return list(self._places)

    @property
    def kpis(self) -> list[str]:
        """The names of the KPIs."""
        return [name for name, role in self._roles.items() if role == _abi.ROLE_KPI]

    def __getitem__(self, name: str) -> Any:
        if name not in self._cache:
            if name not in self._places:
                raise KeyError(f"{name!r}; there are {', '.join(self._places)}")
            self._cache[name] = self._values(self._part(self._places[name]))
        return self._cache[name]

    def _values(self, part: Any) -> Any:
        column, count = part.column, self._count
        if column.type == _abi.TYPE_LARGE_TEXT:
            starts = (c_int64 * (count + 1)).from_address(column.text_offsets)
            data = ctypes.string_at(column.values, column.byte_count) if column.byte_count else b""
            valid = self._valid(column)
            texts = [
                data[starts[row]:starts[row + 1]].decode() if valid[row] else None
                for row in range(count)]
            module = _arrays.numpy()
            return texts if module is None else module.array(texts, dtype=object)
        code = {_abi.TYPE_INT32: "i", _abi.TYPE_FLOAT64: "d"}.get(column.type, "q")
        values = _arrays.borrowed(self, column.values, code, count)
        values = values[:] if _arrays.numpy() is None else values.copy()
        if column.type == _abi.TYPE_UINT64 and _arrays.numpy() is not None:
            values = values.view("uint64")
        if column.format:
            return self._times(values, column)
        if part.null_count and code != "d":
            valid = self._valid(column)
            if part.role == _abi.ROLE_KEY:
                listed = [
                    int(value) if here else None for value, here in zip(values, valid)]
                module = _arrays.numpy()
                return listed if module is None else module.array(listed, dtype=object)
            return _arrays.column_of(
                [float(value) if here else float("nan") for value, here in zip(values, valid)], "d")
        return values

    def _times(self, values: Any, column: Any) -> Any:
        unit = _UNITS.get(column.format.decode()[:3])
        module = _arrays.numpy()
        if module is None or unit is None:
            return values
        times = values.astype("int64").astype(f"M8[{unit}]")
        for row, here in enumerate(self._valid(column)):
            if not here:
                times[row] = module.datetime64("NaT")
        return times

    def _valid(self, column: Any) -> list[bool]:
        if not column.validity:
            return [True] * self._count
        bits = ctypes.string_at(column.validity, (self._count + 7) // 8)
        return [bool(bits[row >> 3] >> (row & 7) & 1) for row in range(self._count)]

    def to_dict(self) -> dict[str, Any]:
        """All columns by name."""
        return {name: self[name] for name in self._places}

    def to_pandas(self) -> Any:
        """A pandas DataFrame; pandas has to be installed."""
        import pandas

        return pandas.DataFrame(self.to_dict())

    def flags(self, name: str) -> list[KPIFlag]:
        """The flags of a KPI, or of the sums for "flags", as KPIFlag."""
        column = name if name == "flags" else f"{name}_flags"
        return [KPIFlag(int(bits)) for bits in self[column]]

    def __arrow_c_array__(self, requested_schema: Any = None) -> tuple[Any, Any]:
        """Arrow's PyCapsule interface; nothing is copied, and the capsules outlive this object."""
        array, schema = _frames.ArrowArray(), _frames.ArrowSchema()
        call(_lib.plaudit_kpi_result_export, self._live, byref(array), byref(schema))
        return _frames.capsule(schema, b"arrow_schema"), _frames.capsule(array, b"arrow_array")

    def __repr__(self) -> str:
        if self.closed:
            return "KPIResult(closed)"
        shown = [
            name for name, role in self._roles.items()
            if role in (_abi.ROLE_KEY, _abi.ROLE_ROWS, _abi.ROLE_SUM, _abi.ROLE_KPI)]
        count = min(self._count, 10)
        lines = [[*shown, "flags"]]
        for row in range(count):
            bits = KPIFlag(0)
            for name, role in self._roles.items():
                if role in (_abi.ROLE_KPI_FLAGS, _abi.ROLE_FLAGS):
                    bits |= KPIFlag(int(self[name][row]))
            named = "|".join(flag.name.lower() for flag in KPIFlag if flag in bits and flag.name)
            lines.append([*(_cell(self[name][row]) for name in shown), named])
        if not any(line[-1] for line in lines[1:]):
            lines = [line[:-1] for line in lines]
        widths = [max(len(line[place]) for line in lines) for place in range(len(lines[0]))]
        keys = sum(role == _abi.ROLE_KEY for role in self._roles.values())
        text = "\n".join(
            "  ".join(
                cell.ljust(width) if place < keys or place >= len(shown) else cell.rjust(width)
                for place, (cell, width) in enumerate(zip(line, widths))).rstrip()
            for line in lines)
        rest = self._count - count
        return text + (f"\n({rest} more groups)" if rest else "")


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}" if abs(value) < 1e4 else f"{value:.2f}"
    return str(value)


def kpi_table(
    data: Any, by: str | Sequence[str] = (), kpis: Iterable[str] | None = None, *,
    measures: Any = None, micros: Iterable[str] = (), missing: str = "propagate",
    interval: str | None = None, confidence: float = 0.95, margin: float = 1.0,
    order: str = "keys", progress: ProgressOption = None, cancel: Cancel | None = None,
    timeout: float | None = None,
) -> KPIResult:
    """KPIs of data by group, in one pass; see KPITable for the options.

    data: a dict of columns, a pandas or polars DataFrame, a pyarrow table or record batch, or
    anything with __arrow_c_stream__ or __arrow_c_array__. measures: None takes the columns that
    have the name of a measure, such as clicks, impressions, cost (or spend), revenue.
    """
    if measures is None:
        measures = _bound(None, _frames.names(data))
        for key in [by] if isinstance(by, str) else by:
            measures = {name: column for name, column in measures.items() if column != key}
    with KPITable(
            by, measures, kpis, micros=micros, missing=missing, interval=interval,
            confidence=confidence, margin=margin, order=order) as table:
        return table.add(data, progress=progress, cancel=cancel, timeout=timeout).result()
