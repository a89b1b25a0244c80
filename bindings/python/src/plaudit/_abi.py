"""The C contract as ctypes: constants, structs and functions of include/plaudit.h.

This module imports nothing of the package and loads nothing until `load` is called.
"""

from __future__ import annotations

import ctypes
import json
import os
from ctypes import (
    CFUNCTYPE, POINTER, Structure, c_char_p, c_double, c_float, c_int8, c_int32, c_int64, c_uint8,
    c_uint64, c_void_p)
from pathlib import Path

ABI_VERSION = 0

# ---- Constants --------------------------------------------------------------------------------

OK = 0
ERROR_INVALID_ARGUMENT = 101
ERROR_NULL_POINTER = 102
ERROR_INVALID_HANDLE = 103
ERROR_INVALID_STATE = 104
ERROR_OUT_OF_RANGE = 105
ERROR_BUFFER_TOO_SMALL = 106
ERROR_BUSY = 107
ERROR_INVALID_DATA = 201
ERROR_INVALID_UTF8 = 202
ERROR_NOT_FINITE = 203
ERROR_SHAPE = 204
ERROR_UNDEFINED = 205
ERROR_NOT_FOUND = 301
ERROR_IO = 302
ERROR_CORRUPT = 303
ERROR_UNSUPPORTED = 304
ERROR_OUT_OF_MEMORY = 401
ERROR_LIMIT = 402
ERROR_CANCELLED = 501
ERROR_TIMEOUT = 502
ERROR_INTERNAL = 901

PHASE_PREDICTING = 10
PHASE_EMBEDDING = 20
PHASE_FITTING = 30

TRUNCATION_FILE = 0
TRUNCATION_NONE = 1
TRUNCATION_LONGEST_FIRST = 2
TRUNCATION_ONLY_FIRST = 3
TRUNCATION_ONLY_SECOND = 4
PADDING_FILE = 0
PADDING_NONE = 1
PADDING_LONGEST = 2
PADDING_FIXED = 3
SIDE_RIGHT = 0
SIDE_LEFT = 1
UTF8_ERROR = 0
UTF8_REPLACE = 1
SPECIAL_TEXT_RECOGNISE = 0
SPECIAL_TEXT_PLAIN = 1

PROBLEM_NONE = 0
PROBLEM_SINGLE_LABEL = 1
PROBLEM_MULTI_LABEL = 2
PROBLEM_REGRESSION = 3
POOLING_FOLDER = 0
POOLING_MEAN = 1
POOLING_CLS = 2
POOLING_MAX = 4
LONG_TEXT_TRUNCATE = 0
LONG_TEXT_WINDOWS = 1
LONG_TEXT_REFUSE = 2
SCORES_PROBABILITIES = 0
SCORES_LOGITS = 1
NORMALIZE_FOLDER = 0
NORMALIZE_YES = 1
NORMALIZE_NO = 2
CLASS_WEIGHTS_NONE = 0
CLASS_WEIGHTS_BALANCED = 1
CLASS_WEIGHTS_CUSTOM = 2

KPI_CLICK_THROUGH_RATE = 10
KPI_ENGAGEMENT_RATE_BY_IMPRESSIONS = 20
KPI_ENGAGEMENT_RATE_BY_REACH = 21
KPI_ENGAGEMENT_RATE_BY_FOLLOWERS = 22
KPI_CONVERSION_RATE = 30
KPI_COST_PER_CLICK = 40
KPI_COST_PER_MILLE = 41
KPI_COST_PER_ACTION = 42
KPI_RETURN_ON_AD_SPEND = 50
KPI_RETURN_ON_INVESTMENT = 51
KPI_AVERAGE_ORDER_VALUE = 60
KPI_REVENUE_PER_VISITOR = 61
KPI_FLAG_NO_DENOMINATOR = 1
KPI_FLAG_NUMERATOR_WITHOUT_DENOMINATOR = 2
KPI_FLAG_NON_POSITIVE_DENOMINATOR = 4
KPI_FLAG_NEGATIVE_REVENUE = 8
KPI_FLAG_RATE_ABOVE_ONE = 16
KPI_FLAG_NAN_INPUT = 32
KPI_FLAG_INFINITE_INPUT = 64
KPI_FLAG_NEGATIVE_COUNT = 128
KPI_FLAG_FRACTIONAL_COUNT = 256
ALTERNATIVE_TWO_SIDED = 0
ALTERNATIVE_GREATER = 1
ALTERNATIVE_LESS = 2
LIFT_FLAG_ZERO_BASELINE = 1
LIFT_FLAG_UNBOUNDED_INTERVAL = 2
LIFT_FLAG_LOW_BASELINE = 4
LIFT_FLAG_ZERO_VARIANCE = 8


# ---- Structs ----------------------------------------------------------------------------------


class _Struct(Structure):
    """Sets struct_size, where there is one, to what this module was written for."""

    def __init__(self, **values: object) -> None:
        super().__init__(**values)
        if self._fields_[0][0] == "struct_size":
            self.struct_size = ctypes.sizeof(self)


class plaudit_progress(_Struct):
    _fields_ = [
        ("struct_size", c_int64),
        ("done", c_int64),
        ("total", c_int64),
        ("seconds_elapsed", c_double),
        ("seconds_left", c_double),
        ("loss", c_double),
        ("phase", c_int32),
        ("reserved", c_int32),
    ]


plaudit_progress_fn = CFUNCTYPE(c_int32, POINTER(plaudit_progress), c_void_p)


class plaudit_run_options(_Struct):
    _fields_ = [
        ("struct_size", c_int64),
        ("cancel", c_void_p),
        ("progress", plaudit_progress_fn),
        ("progress_user_data", c_void_p),
        ("progress_interval_ms", c_int64),
        ("timeout_ms", c_int64),
        ("threads", c_int32),
        ("reserved", c_int32),
    ]


class plaudit_text_batch(_Struct):
    _fields_ = [
        ("struct_size", c_int64),
        ("count", c_int64),
        ("data", c_void_p),
        ("data_length", c_int64),
        ("offsets64", c_void_p),
        ("offsets32", c_void_p),
        ("validity", c_void_p),
        ("pointers", c_void_p),
        ("lengths", c_void_p),
    ]


class plaudit_encode_options(_Struct):
    _fields_ = [
        ("struct_size", c_int64),
        ("max_length", c_int64),
        ("stride", c_int64),
        ("pad_length", c_int64),
        ("pad_multiple", c_int64),
        ("truncation", c_int32),
        ("truncation_side", c_int32),
        ("padding", c_int32),
        ("padding_side", c_int32),
        ("no_special_tokens", c_int32),
        ("special_text", c_int32),
        ("invalid_utf8", c_int32),
        ("reserved", c_int32),
    ]


class plaudit_encoding_view(_Struct):
    _fields_ = [
        ("struct_size", c_int64),
        ("text_count", c_int64),
        ("row_count", c_int64),
        ("token_count", c_int64),
        ("row_offsets", c_void_p),
        ("row_texts", c_void_p),
        ("ids", c_void_p),
        ("type_ids", c_void_p),
        ("attention_mask", c_void_p),
        ("special_tokens_mask", c_void_p),
        ("sequences", c_void_p),
        ("starts", c_void_p),
        ("ends", c_void_p),
        ("dropped_tokens", c_void_p),
        ("unknown_offsets", c_void_p),
        ("unknown_starts", c_void_p),
        ("unknown_ends", c_void_p),
        ("unknown_sequences", c_void_p),
    ]


class plaudit_model_options(_Struct):
    _fields_ = [
        ("struct_size", c_int64),
        ("max_bytes", c_int64),
    ]


class plaudit_model_info(_Struct):
    _fields_ = [
        ("struct_size", c_int64),
        ("architecture", c_char_p),
        ("hidden_size", c_int64),
        ("layer_count", c_int64),
        ("embedding_size", c_int64),
        ("max_length", c_int64),
        ("parameter_count", c_int64),
        ("label_count", c_int64),
        ("problem", c_int32),
        ("pooling", c_int32),
        ("normalized", c_int32),
        ("labels_unnamed", c_int32),
    ]


class plaudit_predict_options(_Struct):
    _fields_ = [
        ("struct_size", c_int64),
        ("max_length", c_int64),
        ("window_stride", c_int64),
        ("long_text", c_int32),
        ("scores", c_int32),
        ("pooling", c_int32),
        ("normalize", c_int32),
        ("invalid_utf8", c_int32),
        ("special_text", c_int32),
    ]


class plaudit_text_report(_Struct):
    _fields_ = [
        ("token_count", c_int64),
        ("dropped_tokens", c_int64),
        ("unknown_words", c_int64),
        ("window_count", c_int64),
    ]


class plaudit_trainer_options(_Struct):
    _fields_ = [
        ("struct_size", c_int64),
        ("l2", c_double),
        ("holdout_fraction", c_double),
        ("tolerance", c_double),
        ("max_iterations", c_int64),
        ("history", c_int64),
        ("seed", c_uint64),
        ("class_weights", c_void_p),
        ("class_weighting", c_int32),
        ("pooling", c_int32),
        ("normalize", c_int32),
        ("reserved", c_int32),
    ]


class plaudit_training_report(_Struct):
    _fields_ = [
        ("struct_size", c_int64),
        ("example_count", c_int64),
        ("iteration_count", c_int64),
        ("loss", c_double),
        ("l2", c_double),
        ("holdout_accuracy", c_double),
        ("holdout_macro_f1", c_double),
        ("converged", c_int32),
        ("reserved", c_int32),
    ]


class plaudit_interval(_Struct):
    _fields_ = [
        ("lower", c_double),
        ("upper", c_double),
    ]


class plaudit_two_proportions(_Struct):
    _fields_ = [
        ("treatment_successes", c_int64),
        ("treatment_trials", c_int64),
        ("control_successes", c_int64),
        ("control_trials", c_int64),
    ]


class plaudit_test_options(_Struct):
    _fields_ = [
        ("struct_size", c_int64),
        ("confidence", c_double),
        ("alternative", c_int32),
        ("unpooled", c_int32),
    ]


class plaudit_test_result(_Struct):
    _fields_ = [
        ("struct_size", c_int64),
        ("treatment_rate", c_double),
        ("control_rate", c_double),
        ("difference", c_double),
        ("difference_interval", plaudit_interval),
        ("z", c_double),
        ("p_value", c_double),
    ]


class plaudit_lift(_Struct):
    _fields_ = [
        ("struct_size", c_int64),
        ("treatment_rate", c_double),
        ("control_rate", c_double),
        ("absolute", c_double),
        ("absolute_interval", plaudit_interval),
        ("relative", c_double),
        ("relative_interval", plaudit_interval),
        ("z", c_double),
        ("p_value", c_double),
        ("flags", c_int32),
        ("reserved", c_int32),
    ]


class plaudit_classification_report(_Struct):
    _fields_ = [
        ("struct_size", c_int64),
        ("accuracy", c_double),
        ("macro_precision", c_double),
        ("macro_recall", c_double),
        ("macro_f1", c_double),
        ("weighted_f1", c_double),
        ("undefined_classes", c_int64),
    ]


STRUCTS = {
    struct.__name__: struct
    for struct in (
        plaudit_progress, plaudit_run_options, plaudit_text_batch, plaudit_encode_options,
        plaudit_encoding_view, plaudit_model_options, plaudit_model_info, plaudit_predict_options,
        plaudit_text_report, plaudit_trainer_options, plaudit_training_report, plaudit_interval,
        plaudit_two_proportions, plaudit_test_options, plaudit_test_result, plaudit_lift,
        plaudit_classification_report)
}

# ---- Functions --------------------------------------------------------------------------------

_P = c_void_p  # any pointer: what it points to is said by the header
_KPI = (c_int32, [c_double, c_double, _P, _P])

FUNCTIONS = {
    # library
    "plaudit_version": (c_int32, []),
    "plaudit_version_string": (c_char_p, []),
    "plaudit_abi_version": (c_int32, []),
    "plaudit_build_info": (c_char_p, []),
    "plaudit_abi_describe": (c_char_p, []),
    "plaudit_status_name": (c_char_p, [c_int32]),
    "plaudit_error_code": (c_int32, [_P]),
    "plaudit_error_message": (c_char_p, [_P]),
    "plaudit_error_index": (c_int64, [_P]),
    "plaudit_error_offset": (c_int64, [_P]),
    "plaudit_error_free": (None, [_P]),
    "plaudit_cancel_create": (c_int32, [_P, _P]),
    "plaudit_cancel_request": (c_int32, [_P]),
    "plaudit_cancel_reset": (c_int32, [_P]),
    "plaudit_cancel_free": (None, [_P]),
    # text
    "plaudit_tokenizer_load": (c_int32, [c_char_p, c_int64, _P, _P]),
    "plaudit_tokenizer_free": (None, [_P]),
    "plaudit_tokenizer_vocabulary_size": (c_int32, [_P, _P, _P]),
    "plaudit_tokenizer_token_id": (c_int32, [_P, c_char_p, c_int64, _P, _P]),
    "plaudit_tokenizer_token_text": (c_int32, [_P, c_int32, _P, _P, _P]),
    "plaudit_tokenizer_encode": (c_int32, [_P, _P, _P, _P, _P, _P]),
    "plaudit_encoding_get": (c_int32, [_P, _P, _P]),
    "plaudit_encoding_free": (None, [_P]),
    # neural
    "plaudit_model_load": (c_int32, [c_char_p, c_int64, _P, _P, _P]),
    "plaudit_model_save": (c_int32, [_P, c_char_p, c_int64, _P]),
    "plaudit_model_free": (None, [_P]),
    "plaudit_model_get_info": (c_int32, [_P, _P, _P]),
    "plaudit_model_label": (c_int32, [_P, c_int64, _P, _P]),
    "plaudit_model_label_index": (c_int32, [_P, c_char_p, c_int64, _P, _P]),
    "plaudit_model_tokenizer": (c_int32, [_P, _P, _P]),
    "plaudit_model_predict": (c_int32, [_P, _P, _P, _P, _P, _P, c_int64, _P, _P, _P]),
    "plaudit_model_embed": (c_int32, [_P, _P, _P, _P, _P, c_int64, _P, _P]),
    "plaudit_model_hidden_states": (c_int32, [_P, _P, _P, _P, _P, _P, c_int64, _P, _P]),
    "plaudit_scorer_create": (c_int32, [_P, _P, _P, _P]),
    "plaudit_scorer_score": (c_int32, [_P, c_char_p, c_int64, _P, c_int64, _P, _P, _P]),
    "plaudit_scorer_embed": (c_int32, [_P, c_char_p, c_int64, _P, c_int64, _P, _P]),
    "plaudit_scorer_free": (None, [_P]),
    "plaudit_trainer_create": (c_int32, [_P, _P, _P, _P, _P]),
    "plaudit_trainer_add": (c_int32, [_P, _P, _P, _P, _P]),
    "plaudit_trainer_add_embeddings": (c_int32, [_P, _P, c_int64, _P, _P]),
    "plaudit_trainer_fit": (c_int32, [_P, _P, _P, _P]),
    "plaudit_trainer_model": (c_int32, [_P, _P, _P]),
    "plaudit_trainer_free": (None, [_P]),
    # stats
    "plaudit_kpi_click_through_rate": _KPI,
    "plaudit_kpi_engagement_rate_by_impressions": _KPI,
    "plaudit_kpi_engagement_rate_by_reach": _KPI,
    "plaudit_kpi_engagement_rate_by_followers": _KPI,
    "plaudit_kpi_conversion_rate": _KPI,
    "plaudit_kpi_cost_per_click": _KPI,
    "plaudit_kpi_cost_per_mille": _KPI,
    "plaudit_kpi_cost_per_action": _KPI,
    "plaudit_kpi_return_on_ad_spend": _KPI,
    "plaudit_kpi_return_on_investment": _KPI,
    "plaudit_kpi_average_order_value": _KPI,
    "plaudit_kpi_revenue_per_visitor": _KPI,
    "plaudit_kpi_column": (c_int32, [c_int32, _P, _P, c_int64, c_int32, _P, _P, _P]),
    "plaudit_stats_wilson_interval": (c_int32, [c_int64, c_int64, c_double, _P, _P]),
    "plaudit_stats_wilson_column": (
        c_int32, [_P, _P, c_int64, c_double, c_int32, _P, _P, _P, _P]),
    "plaudit_stats_two_proportion_test": (c_int32, [_P, _P, _P, _P]),
    "plaudit_stats_proportion_lift": (c_int32, [_P, c_double, _P, _P]),
    "plaudit_stats_relative_lift": (c_int32, [c_double, c_double, _P, _P]),
    "plaudit_stats_classification": (
        c_int32, [_P, _P, c_int64, c_int64, _P, _P, _P, _P, _P, _P, _P]),
}

# ---- The library ------------------------------------------------------------------------------

_SONAME = f"libplaudit.so.{ABI_VERSION}"
_library: ctypes.CDLL | None = None
_library_path = ""


def candidates() -> list[tuple[str, str]]:
    """Where the library may be: (origin, path), in the order of the search."""
    package = Path(__file__).resolve().parent
    named = os.environ.get("PLAUDIT_LIBRARY")
    if named:
        # Whoever names a library wants that one and no other.
        return [("PLAUDIT_LIBRARY", named)]
    found = [("bundled", str(package / "_native" / _SONAME))]
    if len(package.parents) > 3 and package.parents[0].name == "src":
        checkout = package.parents[3]
        if (checkout / "include" / "plaudit.h").is_file():
            found.append(("checkout", str(checkout / "out" / "lib" / _SONAME)))
    return [*found, ("system", _SONAME)]


def _open() -> tuple[ctypes.CDLL, str]:
    tried = []
    for origin, path in candidates():
        if origin in ("bundled", "checkout") and not os.path.exists(path):
            tried.append(f"  {origin}: {path}: no such file")
            continue
        try:
            return ctypes.CDLL(path), path
        except OSError as error:
            tried.append(f"  {origin}: {path}: {error}")
    raise ImportError(
        "the Plaudit library could not be loaded; tried\n" + "\n".join(tried)
        + "\nBuild it with `make build`, or set PLAUDIT_LIBRARY to its path.")


def check_version(library: ctypes.CDLL, path: str) -> None:
    """Raises ImportError when the library's binary interface is another one."""
    try:
        found = library.plaudit_abi_version()
    except AttributeError:
        raise ImportError(f"{path} is no Plaudit library") from None
    if found != ABI_VERSION:
        raise ImportError(
            f"{path} has ABI version {found}, this package was written for {ABI_VERSION}")


def check_layout(library: ctypes.CDLL, path: str) -> None:
    """Raises ImportError naming the first struct of which the library is told something else.

    A newer library of the same ABI version may know more structs, and more fields at the end of
    those that say their size.
    """
    described = json.loads(library.plaudit_abi_describe())

    def refuse(difference: str) -> None:
        raise ImportError(f"{path} does not fit this package: {difference}")

    for name, struct in STRUCTS.items():
        if name not in described:
            refuse(f"the library does not know struct {name}")
        theirs, size = described[name]["fields"], described[name]["size"]
        for field, *_ in struct._fields_:
            offset = getattr(struct, field).offset
            if field not in theirs:
                refuse(f"the library does not know {name}.{field}")
            if theirs[field] != offset:
                refuse(f"{name}.{field} is at byte {theirs[field]}, expected at {offset}")
        expected = ctypes.sizeof(struct)
        may_grow = struct._fields_[0][0] == "struct_size"
        if size < expected or (size > expected and not may_grow):
            refuse(f"{name} has {size} bytes, expected {expected}")


def load() -> ctypes.CDLL:
    """The library, found, checked and with its signatures; the same object every time.

    Raises ImportError that names what was tried or what differs.
    """
    global _library, _library_path
    if _library is None:
        library, path = _open()
        # First: another version may lack functions.
        check_version(library, path)
        for name, (result, arguments) in FUNCTIONS.items():
            try:
                function = getattr(library, name)
            except AttributeError:
                raise ImportError(f"{path} has no function {name}") from None
            function.restype, function.argtypes = result, arguments
        check_layout(library, path)
        _library, _library_path = library, path
    return _library


def library_path() -> str:
    """The path the library was loaded from, as it was given to the loader."""
    load()
    return _library_path
