"""The C contract as ctypes: constants, structs and functions of include/plaudit.h.

This module imports nothing of the package and loads nothing until `load` is called.
"""

from __future__ import annotations

import ctypes
import os
from ctypes import (
    CFUNCTYPE, POINTER, Structure, c_char_p, c_double, c_float, c_int8, c_int32, c_int64, c_uint8,
    c_uint64, c_void_p)

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
PHASE_TRAINING = 40
PHASE_RESAMPLING = 60
PHASE_COMPARING = 70
PHASE_REPLAYING = 80
PHASE_TABULATING = 90

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
COLUMNS_ALL = 0
COLUMNS_IDS = 1
COLUMNS_OFFSETS = 2

PROBLEM_NONE = 0
PROBLEM_SINGLE_LABEL = 1
PROBLEM_MULTI_LABEL = 2
PROBLEM_REGRESSION = 3
PRECISION_FP32 = 0
PRECISION_BF16 = 1
PRECISION_INT8 = 2
PRECISION_FASTEST = 3
STORAGE_F32 = 0
STORAGE_ROWS_INT8 = 1
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
OPTIMIZER_ADAMW = 0
OPTIMIZER_ADAM = 1
SCHEDULE_LINEAR = 0
SCHEDULE_CONSTANT = 1
SCHEDULE_COSINE = 2
SCHEDULE_PLATEAU = 3
MONITOR_LOSS = 0
MONITOR_MACRO_F1 = 1

KPI_CLICK_THROUGH_RATE = 10
KPI_CLICK_THROUGH_RATE_BY_REACH = 11
KPI_VIEWABLE_CLICK_THROUGH_RATE = 12
KPI_ENGAGEMENT_RATE_BY_IMPRESSIONS = 20
KPI_ENGAGEMENT_RATE_BY_REACH = 21
KPI_ENGAGEMENT_RATE_BY_FOLLOWERS = 22
KPI_ENGAGEMENT_RATE_BY_SESSIONS = 23
KPI_BOUNCE_RATE = 24
KPI_INTERACTION_RATE = 25
KPI_CONVERSION_RATE = 30
KPI_CONVERSION_RATE_BY_CLICKS = 31
KPI_CONVERSION_RATE_BY_IMPRESSIONS = 32
KPI_CONVERSION_RATE_BY_INTERACTIONS = 33
KPI_COST_PER_CLICK = 40
KPI_COST_PER_MILLE = 41
KPI_COST_PER_ACTION = 42
KPI_COST_PER_ENGAGEMENT = 43
KPI_CUSTOMER_ACQUISITION_COST = 44
KPI_RETURN_ON_AD_SPEND = 50
KPI_RETURN_ON_INVESTMENT = 51
KPI_RETURN_ON_MARKETING_INVESTMENT = 52
KPI_ADVERTISING_COST_OF_SALES = 53
KPI_AVERAGE_ORDER_VALUE = 60
KPI_REVENUE_PER_VISITOR = 61
KPI_REVENUE_PER_MILLE = 62
KPI_FREQUENCY = 70
KPI_NET_PROMOTER_SCORE = 80
KPI_FLAG_NO_DENOMINATOR = 1
KPI_FLAG_NUMERATOR_WITHOUT_DENOMINATOR = 2
KPI_FLAG_NON_POSITIVE_DENOMINATOR = 4
KPI_FLAG_NEGATIVE_REVENUE = 8
KPI_FLAG_RATE_ABOVE_ONE = 16
KPI_FLAG_NAN_INPUT = 32
KPI_FLAG_INFINITE_INPUT = 64
KPI_FLAG_NEGATIVE_COUNT = 128
KPI_FLAG_FRACTIONAL_COUNT = 256
KPI_FLAG_ROWS_DROPPED = 512
KPI_FLAG_INVALID_BINOMIAL = 1024
KPI_FLAG_INVALID_SCORE = 2048
KPI_FLAG_LOW_BASELINE = 4096
MEASURE_IMPRESSIONS = 10
MEASURE_VIEWABLE_IMPRESSIONS = 11
MEASURE_REACH = 12
MEASURE_FOLLOWERS = 13
MEASURE_CLICKS = 20
MEASURE_ENGAGEMENTS = 21
MEASURE_INTERACTIONS = 22
MEASURE_VISITORS = 30
MEASURE_SESSIONS = 31
MEASURE_ENGAGED_SESSIONS = 32
MEASURE_CONVERSIONS = 40
MEASURE_ORDERS = 41
MEASURE_NEW_CUSTOMERS = 42
MEASURE_COST = 50
MEASURE_REVENUE = 51
MEASURE_INCREMENTAL_REVENUE = 52
MEASURE_COST_OF_GOODS = 53
MEASURE_PROMOTERS = 60
MEASURE_DETRACTORS = 61
MEASURE_RESPONSES = 62
MEASURE_SCORE = 63
MISSING_PROPAGATE = 0
MISSING_OMIT = 1
MISSING_RAISE = 2
ORDER_KEYS = 0
ORDER_FIRST_SEEN = 1
TYPE_INT8 = 10
TYPE_INT16 = 11
TYPE_INT32 = 12
TYPE_INT64 = 13
TYPE_UINT8 = 14
TYPE_UINT16 = 15
TYPE_UINT32 = 16
TYPE_UINT64 = 17
TYPE_BOOLEAN = 18
TYPE_FLOAT32 = 20
TYPE_FLOAT64 = 21
TYPE_TEXT = 30
TYPE_LARGE_TEXT = 31
TYPE_TEXT_VIEW = 32
TYPE_NULL = 40
ROLE_KEY = 1
ROLE_ROWS = 2
ROLE_SUM = 3
ROLE_FLAGS = 4
ROLE_KPI = 5
ROLE_LOWER = 6
ROLE_UPPER = 7
ROLE_KPI_FLAGS = 8
ROLE_DROPPED = 9
ALTERNATIVE_TWO_SIDED = 0
ALTERNATIVE_GREATER = 1
ALTERNATIVE_LESS = 2
ALTERNATIVE_EQUIVALENT = 3
RATE_WILSON = 0
RATE_AGRESTI_COULL = 1
RATE_CLOPPER_PEARSON = 2
RATE_JEFFREYS = 3
RATE_WALD = 4
EFFECT_DIFFERENCE = 0
EFFECT_RATIO = 1
EFFECT_ODDS_RATIO = 2
EFFECT_INTERVAL_DEFAULT = 0
EFFECT_INTERVAL_NEWCOMBE = 1
EFFECT_INTERVAL_SCORE = 2
EFFECT_INTERVAL_WALD = 3
EFFECT_INTERVAL_ADJUSTED = 4
EFFECT_INTERVAL_STATSMODELS_SCORE = 5
VARIANCE_POOLED = 0
VARIANCE_UNPOOLED = 1
VARIANCE_SCORE = 2
MEANS_WELCH = 0
MEANS_POOLED = 1
ANOVA_FISHER = 0
ANOVA_WELCH = 1
TABLE_CHI_SQUARE = 0
TABLE_FISHER = 1
SAMPLES_MANN_WHITNEY = 0
SAMPLES_KOLMOGOROV_SMIRNOV = 1
EXACTNESS_AUTOMATIC = 0
EXACTNESS_EXACT = 1
EXACTNESS_ASYMPTOTIC = 2
QUANTILE_LINEAR = 0
QUANTILE_HARRELL_DAVIS = 1
TEST_FLAG_TOO_FEW_ROWS = 1
TEST_FLAG_ZERO_VARIANCE = 2
TEST_FLAG_INVALID_COUNTS = 4
TEST_FLAG_NOT_FINITE = 8
TEST_FLAG_SMALL_EXPECTED = 16
TEST_FLAG_UNBOUNDED_INTERVAL = 32
TEST_FLAG_TIES = 64
TEST_FLAG_EMPTY_CELL = 128
POWER_FLEISS = 0
POWER_COHEN_H = 1
POWER_BASELINE_NULL = 2
POWER_BASELINE_VARIANCE = 3
POWER_MEANS_T = 4
POWER_MEANS_Z = 5
POWER_ANOVA = 6
COMPARISONS_BONFERRONI = 0
COMPARISONS_UNCORRECTED = 1
COMPARISONS_SIDAK = 2
SOLVE_SAMPLE_SIZE = 0
SOLVE_POWER = 1
SOLVE_EFFECT = 2
LIFT_FLAG_ZERO_BASELINE = 1
LIFT_FLAG_UNBOUNDED_INTERVAL = 2
LIFT_FLAG_LOW_BASELINE = 4
LIFT_FLAG_ZERO_VARIANCE = 8
LIFT_FLAG_NO_USERS = 16
LIFT_FLAG_FEW_USERS = 32
LIFT_FLAG_IMPOSSIBLE_SUMS = 64
LIFT_FLAG_NOT_FINITE = 128
LIFT_FLAG_NEGATIVE_COUNT = 256
LIFT_FLAG_INVALID_BINOMIAL = 512
LIFT_FLAG_FRACTIONAL_COUNT = 1024
LIFT_FLAG_NO_DENOMINATOR = 2048
LIFT_FLAG_NO_LOGARITHM = 4096
LIFT_FLAG_COVARIATE_LEFT_OUT = 8192
LIFT_FLAG_SAMPLE_RATIO_MISMATCH = 16384
LIFT_FLAG_UNEXPECTED_USERS = 32768
ADJUST_NONE = 0
ADJUST_BONFERRONI = 10
ADJUST_SIDAK = 11
ADJUST_HOLM = 12
ADJUST_HOLM_SIDAK = 13
ADJUST_HOCHBERG = 14
ADJUST_HOMMEL = 15
ADJUST_BENJAMINI_HOCHBERG = 20
ADJUST_BENJAMINI_YEKUTIELI = 21
ADJUST_TWO_STAGE = 22
LIFT_KIND_PROPORTION = 0
LIFT_KIND_MEAN = 1
LIFT_KIND_RATIO = 2
RELATIVE_FIELLER = 0
RELATIVE_DELTA = 1
RELATIVE_LOG = 2
ABSOLUTE_AUTOMATIC = 0
ABSOLUTE_SYMMETRIC = 1
DISTRIBUTION_AUTOMATIC = 0
DISTRIBUTION_NORMAL = 1
DISTRIBUTION_WELCH = 2
HYPOTHESIS_ABSOLUTE = 0
HYPOTHESIS_RELATIVE = 1
DESIGN_FIXED_HORIZON = 0
DESIGN_CONFIDENCE_SEQUENCE = 1
DESIGN_MIXTURE_SPRT = 2
TUNING_SAMPLE_SIZE = 0
TUNING_RHO = 1
TUNING_EPPO_RHO = 2
SCOPE_ALL = 0
SCOPE_PER_METRIC = 1
THETA_POOLED = 0
THETA_WITHIN_ARMS = 1
SPENDING_OBRIEN_FLEMING = 0
SPENDING_POCOCK = 1
SPENDING_POWER = 2
LIFT_FLAG_NEGATIVE_BASELINE = 65536
METRIC_FLAG_ONE_CLASS = 1
METRIC_FLAG_ABSENT_CLASS = 2
METRIC_FLAG_NOT_PROBABILITIES = 4
METRIC_FLAG_CONSTANT_LABELS = 8
METRIC_FLAG_NO_KAPPA = 16
METRIC_FLAG_NO_VARIANCE = 32
METRIC_FLAG_FEW_ROWS = 64
METRIC_FLAG_CONSTANT_TRUTH = 128
METRIC_FLAG_ZERO_TRUTH = 256
METRIC_FLAG_NO_LOGARITHM = 512
METRIC_FLAG_ZERO_DIVISION = 1024
METRIC_ACCURACY = 10
METRIC_BALANCED_ACCURACY = 11
METRIC_MACRO_PRECISION = 12
METRIC_MACRO_RECALL = 13
METRIC_MACRO_F1 = 14
METRIC_WEIGHTED_F1 = 15
METRIC_MATTHEWS = 16
METRIC_KAPPA = 17
METRIC_LINEAR_KAPPA = 18
METRIC_QUADRATIC_KAPPA = 19
METRIC_AUC = 30
METRIC_LOG_LOSS = 31
METRIC_BRIER = 32
METRIC_MEAN_ABSOLUTE_ERROR = 50
METRIC_MEAN_SQUARED_ERROR = 51
METRIC_ROOT_MEAN_SQUARED_ERROR = 52
METRIC_R2 = 53
ZERO_DIVISION_ZERO = 0
ZERO_DIVISION_ONE = 1
ZERO_DIVISION_NAN = 2
BINS_UNIFORM = 0
BINS_QUANTILE = 1
CLOSED_RIGHT = 0
CLOSED_LEFT = 1
CALIBRATION_TEMPERATURE = 10
CALIBRATION_PLATT = 20
CALIBRATION_ISOTONIC = 30

BANDIT_EPSILON_GREEDY = 10
BANDIT_SOFTMAX = 20
BANDIT_UCB1 = 30
BANDIT_KL_UCB = 31
BANDIT_THOMPSON = 40
BANDIT_TOP_TWO = 41
BANDIT_LIN_UCB = 50
BANDIT_LIN_TS = 51
REWARD_BERNOULLI = 0
REWARD_REAL = 1
BOOTSTRAP_PERCENTILE = 0
BOOTSTRAP_BCA = 1
BOOTSTRAP_BASIC = 2
STATISTIC_MEAN = 10
STATISTIC_PROPORTION = 11
STATISTIC_RATIO = 12
STATISTIC_QUANTILE = 20
STATISTIC_PEARSON = 30
STATISTIC_SPEARMAN = 31
SAMPLE_EFFECT_DIFFERENCE = 0
SAMPLE_EFFECT_RELATIVE = 1
WEIGHTING_MULTINOMIAL = 0
WEIGHTING_POISSON = 1
CORRELATION_PEARSON = 0
CORRELATION_SPEARMAN = 1
CORRELATION_KENDALL = 2
HASH_GROWTHBOOK_1 = 1
HASH_GROWTHBOOK_2 = 2
HASH_FNV1A = 32


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
        ("step", c_int64),
        ("per_second", c_double),
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
        ("columns", c_int32),
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


class plaudit_cleaning_view(_Struct):
    _fields_ = [
        ("struct_size", c_int64),
        ("text_count", c_int64),
        ("byte_count", c_int64),
        ("data", c_void_p),
        ("offsets", c_void_p),
        ("starts", c_void_p),
        ("ends", c_void_p),
    ]


class plaudit_model_options(_Struct):
    _fields_ = [
        ("struct_size", c_int64),
        ("max_bytes", c_int64),
        ("precision", c_int32),
        ("reserved", c_int32),
    ]


class plaudit_save_options(_Struct):
    _fields_ = [
        ("struct_size", c_int64),
        ("storage", c_int32),
        ("reserved", c_int32),
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
        ("cleaning", c_char_p),
        ("calibration", c_char_p),
        ("precision", c_int32),
        ("reserved", c_int32),
    ]


class plaudit_precision_report(_Struct):
    _fields_ = [
        ("struct_size", c_int64),
        ("text_count", c_int64),
        ("flip_count", c_int64),
        ("flip_rate", c_double),
        ("largest_difference", c_double),
        ("mean_difference", c_double),
        ("worst_text", c_int64),
        ("precision", c_int32),
        ("reserved", c_int32),
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
        ("scorer_threads", c_int32),
        ("reserved", c_int32),
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
        ("architecture", c_char_p),
        ("cleaning", c_char_p),
        ("vectors", c_char_p),
        ("checkpoint", c_char_p),
        ("checkpoint_steps", c_int64),
        ("epochs", c_int64),
        ("batch_size", c_int64),
        ("batch_tokens", c_int64),
        ("pass_tokens", c_int64),
        ("max_length", c_int64),
        ("frozen_layers", c_int64),
        ("hidden_size", c_int64),
        ("filter_count", c_int64),
        ("dense_size", c_int64),
        ("vector_words", c_int64),
        ("patience", c_int64),
        ("plateau_patience", c_int64),
        ("learning_rate", c_double),
        ("head_learning_rate", c_double),
        ("weight_decay", c_double),
        ("beta1", c_double),
        ("beta2", c_double),
        ("epsilon", c_double),
        ("warmup_fraction", c_double),
        ("plateau_factor", c_double),
        ("clip_norm", c_double),
        ("dropout", c_double),
        ("classifier_dropout", c_double),
        ("label_smoothing", c_double),
        ("optimizer", c_int32),
        ("schedule", c_int32),
        ("monitor", c_int32),
        ("resume", c_int32),
        ("no_bias_correction", c_int32),
        ("frozen_vectors", c_int32),
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
        ("holdout_loss", c_double),
        ("holdout_count", c_int64),
        ("best_epoch", c_int64),
        ("skipped_steps", c_int64),
    ]


class plaudit_epoch(_Struct):
    _fields_ = [
        ("epoch", c_int64),
        ("step", c_int64),
        ("training_loss", c_double),
        ("validation_loss", c_double),
        ("validation_accuracy", c_double),
        ("validation_macro_f1", c_double),
        ("learning_rate", c_double),
        ("seconds", c_double),
        ("skipped_steps", c_int64),
    ]


class plaudit_fold_result(_Struct):
    _fields_ = [
        ("training_count", c_int64),
        ("held_count", c_int64),
        ("accuracy", c_double),
        ("macro_f1", c_double),
        ("log_loss", c_double),
        ("seconds", c_double),
    ]


class plaudit_kpi_options(_Struct):
    _fields_ = [
        ("struct_size", c_int64),
        ("key_count", c_int64),
        ("key_names", c_void_p),
        ("measure_count", c_int64),
        ("measures", c_void_p),
        ("measure_names", c_void_p),
        ("measure_micros", c_void_p),
        ("kpi_count", c_int64),
        ("kpis", c_void_p),
        ("confidence", c_double),
        ("margin", c_double),
        ("missing", c_int32),
        ("intervals", c_int32),
        ("method", c_int32),
        ("order", c_int32),
    ]


class plaudit_column(_Struct):
    _fields_ = [
        ("struct_size", c_int64),
        ("count", c_int64),
        ("offset", c_int64),
        ("values", c_void_p),
        ("text_offsets", c_void_p),
        ("byte_count", c_int64),
        ("validity", c_void_p),
        ("dictionary", c_void_p),
        ("format", c_char_p),
        ("type", c_int32),
        ("reserved", c_int32),
    ]


class plaudit_result_column(_Struct):
    _fields_ = [
        ("struct_size", c_int64),
        ("name", c_char_p),
        ("null_count", c_int64),
        ("role", c_int32),
        ("subject", c_int32),
        ("column", plaudit_column),
    ]


class plaudit_running_moments(_Struct):
    _fields_ = [
        ("struct_size", c_int64),
        ("count", c_int64),
        ("mean", c_double),
        ("mean_rest", c_double),
        ("second_sum", c_double),
        ("third_sum", c_double),
        ("fourth_sum", c_double),
        ("minimum", c_double),
        ("maximum", c_double),
        ("sum", c_double),
        ("variance", c_double),
        ("skewness", c_double),
        ("kurtosis", c_double),
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


class plaudit_hypothesis_options(_Struct):
    _fields_ = [
        ("struct_size", c_int64),
        ("confidence", c_double),
        ("null_value", c_double),
        ("margin_lower", c_double),
        ("margin_upper", c_double),
        ("alternative", c_int32),
        ("interval", c_int32),
        ("variance", c_int32),
        ("exactness", c_int32),
        ("has_null_value", c_int32),
        ("no_continuity", c_int32),
        ("refuse", c_int32),
        ("reserved", c_int32),
    ]


class plaudit_test_row(_Struct):
    _fields_ = [
        ("statistic", c_double),
        ("degrees_of_freedom", c_double),
        ("denominator_degrees", c_double),
        ("p_value", c_double),
        ("estimate", c_double),
        ("standard_error", c_double),
        ("interval", plaudit_interval),
        ("effect_size", c_double),
        ("corrected_effect_size", c_double),
        ("flags", c_int32),
        ("exact", c_int32),
    ]


class plaudit_moments(_Struct):
    _fields_ = [
        ("count", c_int64),
        ("mean", c_double),
        ("variance", c_double),
    ]


class plaudit_quantile(_Struct):
    _fields_ = [
        ("value", c_double),
        ("interval", plaudit_interval),
        ("standard_error", c_double),
        ("clusters", c_int64),
    ]


class plaudit_power_design(_Struct):
    _fields_ = [
        ("struct_size", c_int64),
        ("baseline", c_double),
        ("deviation", c_double),
        ("effect", c_double),
        ("alpha", c_double),
        ("power", c_double),
        ("control_count", c_double),
        ("ratio", c_double),
        ("arms", c_int64),
        ("test", c_int32),
        ("alternative", c_int32),
        ("correction", c_int32),
        ("reserved", c_int32),
    ]


class plaudit_power_plan(_Struct):
    _fields_ = [
        ("struct_size", c_int64),
        ("control_count", c_double),
        ("treatment_count", c_double),
        ("total_count", c_double),
        ("effect", c_double),
        ("relative_effect", c_double),
        ("standardized_effect", c_double),
        ("power", c_double),
        ("level", c_double),
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



class plaudit_label_options(_Struct):
    _fields_ = [
        ("struct_size", c_int64),
        ("weights", c_void_p),
        ("beta", c_double),
        ("zero_division", c_int32),
        ("reserved", c_int32),
    ]


class plaudit_label_scores(_Struct):
    _fields_ = [
        ("precision", c_double),
        ("recall", c_double),
        ("f1", c_double),
        ("f_beta", c_double),
        ("jaccard", c_double),
        ("support", c_double),
    ]


class plaudit_label_metrics(_Struct):
    _fields_ = [
        ("struct_size", c_int64),
        ("accuracy", c_double),
        ("balanced_accuracy", c_double),
        ("matthews", c_double),
        ("kappa", c_double),
        ("linear_kappa", c_double),
        ("quadratic_kappa", c_double),
        ("micro", plaudit_label_scores),
        ("macro", plaudit_label_scores),
        ("weighted", plaudit_label_scores),
        ("undefined_classes", c_int64),
        ("flags", c_int32),
        ("reserved", c_int32),
    ]


class plaudit_score_options(_Struct):
    _fields_ = [
        ("struct_size", c_int64),
        ("weights", c_void_p),
        ("false_positive_limit", c_double),
        ("confidence", c_double),
        ("top_k", c_int64),
    ]


class plaudit_score_metrics(_Struct):
    _fields_ = [
        ("struct_size", c_int64),
        ("auc", c_double),
        ("partial_auc", c_double),
        ("auc_variance", c_double),
        ("auc_interval", plaudit_interval),
        ("average_precision", c_double),
        ("kolmogorov_smirnov", c_double),
        ("macro_auc", c_double),
        ("weighted_auc", c_double),
        ("pairwise_auc", c_double),
        ("macro_average_precision", c_double),
        ("weighted_average_precision", c_double),
        ("log_loss", c_double),
        ("brier", c_double),
        ("brier_skill", c_double),
        ("top_k_accuracy", c_double),
        ("flags", c_int32),
        ("reserved", c_int32),
    ]


class plaudit_regression_options(_Struct):
    _fields_ = [
        ("struct_size", c_int64),
        ("weights", c_void_p),
        ("quantile", c_double),
    ]


class plaudit_regression_metrics(_Struct):
    _fields_ = [
        ("struct_size", c_int64),
        ("mean_absolute_error", c_double),
        ("mean_squared_error", c_double),
        ("root_mean_squared_error", c_double),
        ("median_absolute_error", c_double),
        ("max_error", c_double),
        ("mean_absolute_percentage_error", c_double),
        ("mean_squared_log_error", c_double),
        ("r2", c_double),
        ("explained_variance", c_double),
        ("pinball_loss", c_double),
        ("d2_absolute", c_double),
        ("d2_pinball", c_double),
        ("flags", c_int32),
        ("reserved", c_int32),
    ]


class plaudit_reliability_options(_Struct):
    _fields_ = [
        ("struct_size", c_int64),
        ("bin_count", c_int64),
        ("bins", c_int32),
        ("closed", c_int32),
    ]


class plaudit_reliability_bin(_Struct):
    _fields_ = [
        ("lower", c_double),
        ("upper", c_double),
        ("predicted", c_double),
        ("observed", c_double),
        ("count", c_int64),
    ]


class plaudit_reliability(_Struct):
    _fields_ = [
        ("struct_size", c_int64),
        ("expected_error", c_double),
        ("maximum_error", c_double),
        ("root_mean_squared_error", c_double),
    ]


class plaudit_calibration_report(_Struct):
    _fields_ = [
        ("struct_size", c_int64),
        ("loss_before", c_double),
        ("loss_after", c_double),
        ("objective", c_double),
        ("at_bound", c_int32),
        ("reserved", c_int32),
    ]


class plaudit_bootstrap_data(_Struct):
    _fields_ = [
        ("struct_size", c_int64),
        ("count", c_int64),
        ("class_count", c_int64),
        ("classes", c_void_p),
        ("predicted", c_void_p),
        ("scores", c_void_p),
        ("numbers", c_void_p),
        ("predicted_numbers", c_void_p),
    ]


class plaudit_bootstrap_options(_Struct):
    _fields_ = [
        ("struct_size", c_int64),
        ("confidence", c_double),
        ("resamples", c_int64),
        ("seed", c_uint64),
        ("method", c_int32),
        ("reserved", c_int32),
    ]


class plaudit_bootstrap_result(_Struct):
    _fields_ = [
        ("struct_size", c_int64),
        ("value", c_double),
        ("interval", plaudit_interval),
        ("standard_error", c_double),
        ("bias", c_double),
        ("acceleration", c_double),
        ("undefined_resamples", c_int64),
    ]


class plaudit_sample(_Struct):
    _fields_ = [
        ("struct_size", c_int64),
        ("count", c_int64),
        ("values", c_void_p),
        ("denominators", c_void_p),
        ("clusters", c_void_p),
    ]


class plaudit_sample_options(_Struct):
    _fields_ = [
        ("struct_size", c_int64),
        ("confidence", c_double),
        ("quantile", c_double),
        ("resamples", c_int64),
        ("seed", c_uint64),
        ("method", c_int32),
        ("effect", c_int32),
        ("weighting", c_int32),
        ("paired", c_int32),
    ]


class plaudit_permutation_options(_Struct):
    _fields_ = [
        ("struct_size", c_int64),
        ("quantile", c_double),
        ("resamples", c_int64),
        ("seed", c_uint64),
        ("alternative", c_int32),
        ("paired", c_int32),
    ]


class plaudit_permutation_result(_Struct):
    _fields_ = [
        ("struct_size", c_int64),
        ("statistic", c_double),
        ("p_value", c_double),
        ("arrangements", c_int64),
        ("undefined_arrangements", c_int64),
        ("exact", c_int32),
        ("reserved", c_int32),
    ]


class plaudit_buckets(_Struct):
    _fields_ = [
        ("struct_size", c_int64),
        ("origin", c_int64),
        ("width", c_int64),
        ("first", c_int64),
        ("count", c_int64),
    ]


class plaudit_timed_rows(_Struct):
    _fields_ = [
        ("struct_size", c_int64),
        ("count", c_int64),
        ("label_count", c_int64),
        ("times", c_void_p),
        ("values", c_void_p),
        ("scores", c_void_p),
        ("label_values", c_void_p),
        ("labels", c_void_p),
    ]


class plaudit_series_totals(_Struct):
    _fields_ = [
        ("struct_size", c_int64),
        ("rows_outside", c_int64),
        ("rows_missing", c_int64),
    ]


class plaudit_correlation_options(_Struct):
    _fields_ = [
        ("struct_size", c_int64),
        ("confidence", c_double),
        ("resamples", c_int64),
        ("block_length", c_int64),
        ("seed", c_uint64),
        ("refuse_gaps", c_int32),
        ("reserved", c_int32),
    ]


class plaudit_coefficient(_Struct):
    _fields_ = [
        ("value", c_double),
        ("p_value", c_double),
        ("interval", plaudit_interval),
        ("block_interval", plaudit_interval),
    ]


class plaudit_correlation(_Struct):
    _fields_ = [
        ("struct_size", c_int64),
        ("count", c_int64),
        ("pearson", plaudit_coefficient),
        ("spearman", plaudit_coefficient),
        ("kendall", plaudit_coefficient),
        ("slope", c_double),
        ("intercept", c_double),
        ("slope_standard_error", c_double),
        ("r2", c_double),
        ("median_slope", c_double),
        ("median_intercept", c_double),
        ("block_length", c_int64),
    ]


class plaudit_lagged_correlation(_Struct):
    _fields_ = [
        ("lag", c_int64),
        ("count", c_int64),
        ("coefficient", plaudit_coefficient),
    ]


class plaudit_granger(_Struct):
    _fields_ = [
        ("struct_size", c_int64),
        ("f", c_double),
        ("p_value", c_double),
        ("numerator_freedom", c_int64),
        ("denominator_freedom", c_int64),
        ("rows", c_int64),
    ]


class plaudit_assignment_plan(_Struct):
    _fields_ = [
        ("struct_size", c_int64),
        ("seed", c_char_p),
        ("seed_length", c_int64),
        ("slots", c_void_p),
        ("slot_count", c_int64),
        ("namespace_id", c_char_p),
        ("namespace_length", c_int64),
        ("namespace_lower", c_double),
        ("namespace_upper", c_double),
        ("version", c_int32),
        ("reserved", c_int32),
    ]


class plaudit_mcnemar(_Struct):
    _fields_ = [
        ("struct_size", c_int64),
        ("only_first", c_int64),
        ("only_second", c_int64),
        ("exact_p_value", c_double),
        ("corrected_statistic", c_double),
        ("corrected_p_value", c_double),
        ("statistic", c_double),
        ("uncorrected_p_value", c_double),
        ("p_value", c_double),
        ("exact", c_int32),
        ("reserved", c_int32),
    ]

class plaudit_lift_input(_Struct):
    _fields_ = [
        ("struct_size", c_int64),
        ("metric_count", c_int64),
        ("arm_count", c_int64),
        ("stratum_count", c_int64),
        ("covariate_count", c_int64),
        ("control", c_int64),
        ("kinds", c_void_p),
        ("users", c_void_p),
        ("sums", c_void_p),
        ("squares", c_void_p),
        ("denominator_sums", c_void_p),
        ("denominator_squares", c_void_p),
        ("denominator_products", c_void_p),
        ("covariate_sums", c_void_p),
        ("covariate_products", c_void_p),
        ("covariate_squares", c_void_p),
        ("stratum_weights", c_void_p),
        ("arm_weights", c_void_p),
        ("kind", c_int32),
        ("centred", c_int32),
    ]


class plaudit_lift_options(_Struct):
    _fields_ = [
        ("struct_size", c_int64),
        ("confidence", c_double),
        ("power", c_double),
        ("effect_of_interest", c_double),
        ("tuning", c_double),
        ("mixing_variance", c_double),
        ("sample_ratio_level", c_double),
        ("relative", c_int32),
        ("absolute", c_int32),
        ("distribution", c_int32),
        ("hypothesis", c_int32),
        ("design", c_int32),
        ("tuning_kind", c_int32),
        ("adjustment", c_int32),
        ("scope", c_int32),
        ("theta", c_int32),
        ("interest_is_relative", c_int32),
        ("keep_low_baselines", c_int32),
        ("reserved", c_int32),
    ]


class plaudit_lift_columns(_Struct):
    _fields_ = [
        ("struct_size", c_int64),
        ("treatment", c_void_p),
        ("control", c_void_p),
        ("absolute", c_void_p),
        ("absolute_lower", c_void_p),
        ("absolute_upper", c_void_p),
        ("standard_error", c_void_p),
        ("statistic", c_void_p),
        ("degrees_of_freedom", c_void_p),
        ("p_value", c_void_p),
        ("adjusted_p_value", c_void_p),
        ("relative", c_void_p),
        ("relative_lower", c_void_p),
        ("relative_upper", c_void_p),
        ("relative_standard_error", c_void_p),
        ("power", c_void_p),
        ("minimum_detectable", c_void_p),
        ("flags", c_void_p),
        ("theta", c_void_p),
        ("correlation", c_void_p),
        ("sample_ratio_p_value", c_void_p),
    ]


class plaudit_winsorizing(_Struct):
    _fields_ = [
        ("struct_size", c_int64),
        ("limits", plaudit_interval),
        ("cut_below", c_int64),
        ("cut_above", c_int64),
    ]


class plaudit_sample_ratio(_Struct):
    _fields_ = [
        ("struct_size", c_int64),
        ("statistic", c_double),
        ("p_value", c_double),
        ("unexpected_users", c_double),
        ("degrees_of_freedom", c_int64),
    ]


class plaudit_sequence_options(_Struct):
    _fields_ = [
        ("struct_size", c_int64),
        ("confidence", c_double),
        ("tuning", c_double),
        ("mixing_variance", c_double),
        ("design", c_int32),
        ("tuning_kind", c_int32),
        ("running", c_int32),
        ("reserved", c_int32),
    ]


class plaudit_betting_options(_Struct):
    _fields_ = [
        ("struct_size", c_int64),
        ("confidence", c_double),
        ("lower", c_double),
        ("upper", c_double),
        ("steps", c_int64),
    ]


class plaudit_group_sequential_options(_Struct):
    _fields_ = [
        ("struct_size", c_int64),
        ("alpha", c_double),
        ("exponent", c_double),
        ("spending", c_int32),
        ("sides", c_int32),
        ("per_side", c_int32),
        ("reserved", c_int32),
    ]


class plaudit_posterior_options(_Struct):
    _fields_ = [
        ("struct_size", c_int64),
        ("confidence", c_double),
        ("prior_alpha", c_double),
        ("prior_beta", c_double),
        ("prior_mean", c_double),
        ("prior_variance", c_double),
    ]


class plaudit_rate_posterior(_Struct):
    _fields_ = [
        ("mean", c_double),
        ("interval", plaudit_interval),
        ("chance_to_be_best", c_double),
        ("expected_loss", c_double),
    ]


class plaudit_effect_posterior(_Struct):
    _fields_ = [
        ("mean", c_double),
        ("standard_deviation", c_double),
        ("interval", plaudit_interval),
        ("chance_to_win", c_double),
        ("control_loss", c_double),
        ("treatment_loss", c_double),
    ]


class plaudit_bandit_options(_Struct):
    _fields_ = [
        ("struct_size", c_int64),
        ("seed", c_uint64),
        ("epsilon", c_double),
        ("epsilon_decay", c_double),
        ("temperature", c_double),
        ("exploration", c_double),
        ("prior_successes", c_double),
        ("prior_failures", c_double),
        ("noise_variance", c_double),
        ("prior_mean", c_double),
        ("prior_variance", c_double),
        ("top_two_share", c_double),
        ("ridge", c_double),
        ("floor", c_double),
        ("feature_count", c_int64),
        ("first_plays", c_int64),
        ("pending_limit", c_int64),
        ("worker", c_int64),
        ("policy", c_int32),
        ("reward", c_int32),
        ("lower_is_better", c_int32),
        ("reserved", c_int32),
    ]


class plaudit_bandit_info(_Struct):
    _fields_ = [
        ("struct_size", c_int64),
        ("arm_count", c_int64),
        ("live_arm_count", c_int64),
        ("feature_count", c_int64),
        ("reward_count", c_int64),
        ("next_decision", c_int64),
        ("pending_count", c_int64),
        ("forgotten_count", c_int64),
        ("worker", c_int64),
        ("policy", c_int32),
        ("reward", c_int32),
        ("lower_is_better", c_int32),
        ("reserved", c_int32),
    ]


class plaudit_bandit_arm(_Struct):
    _fields_ = [
        ("decisions", c_int64),
        ("plays", c_int64),
        ("sum", c_double),
        ("mean", c_double),
        ("variance", c_double),
        ("is_live", c_int32),
        ("reserved", c_int32),
    ]


class plaudit_decision_log(_Struct):
    _fields_ = [
        ("struct_size", c_int64),
        ("count", c_int64),
        ("arms", c_void_p),
        ("rewards", c_void_p),
        ("propensities", c_void_p),
        ("contexts", c_void_p),
    ]


class plaudit_off_policy_options(_Struct):
    _fields_ = [
        ("struct_size", c_int64),
        ("confidence", c_double),
        ("weight_cap", c_double),
    ]


class plaudit_policy_value(_Struct):
    _fields_ = [
        ("value", c_double),
        ("standard_error", c_double),
        ("interval", plaudit_interval),
    ]


class plaudit_off_policy(_Struct):
    _fields_ = [
        ("struct_size", c_int64),
        ("inverse_propensity", plaudit_policy_value),
        ("self_normalised", plaudit_policy_value),
        ("direct_method", plaudit_policy_value),
        ("doubly_robust", plaudit_policy_value),
        ("logged", plaudit_policy_value),
        ("effective_sample_size", c_double),
        ("mean_weight", c_double),
        ("maximum_weight", c_double),
        ("capped_count", c_int64),
    ]


class plaudit_replay_options(_Struct):
    _fields_ = [
        ("struct_size", c_int64),
        ("confidence", c_double),
        ("batch", c_int64),
    ]


class plaudit_replay(_Struct):
    _fields_ = [
        ("struct_size", c_int64),
        ("match_count", c_int64),
        ("value", plaudit_policy_value),
    ]


STRUCTS = {
    struct.__name__: struct
    for struct in (
        plaudit_progress, plaudit_run_options, plaudit_text_batch, plaudit_encode_options,
        plaudit_encoding_view, plaudit_cleaning_view, plaudit_model_options,
        plaudit_save_options, plaudit_model_info, plaudit_precision_report,
        plaudit_predict_options,
        plaudit_text_report, plaudit_trainer_options, plaudit_training_report,
        plaudit_epoch, plaudit_fold_result, plaudit_interval, plaudit_two_proportions,
        plaudit_test_options, plaudit_test_result, plaudit_lift, plaudit_hypothesis_options,
        plaudit_test_row, plaudit_moments, plaudit_quantile, plaudit_power_design,
        plaudit_power_plan, plaudit_classification_report, plaudit_label_options,
        plaudit_label_scores, plaudit_label_metrics, plaudit_score_options,
        plaudit_score_metrics, plaudit_regression_options, plaudit_regression_metrics,
        plaudit_reliability_options, plaudit_reliability_bin, plaudit_reliability,
        plaudit_calibration_report, plaudit_bootstrap_data, plaudit_bootstrap_options,
        plaudit_bootstrap_result, plaudit_mcnemar, plaudit_lift_input, plaudit_lift_options,
        plaudit_lift_columns, plaudit_winsorizing, plaudit_sample_ratio,
        plaudit_sequence_options, plaudit_betting_options, plaudit_group_sequential_options,
        plaudit_posterior_options, plaudit_rate_posterior, plaudit_effect_posterior,
        plaudit_kpi_options, plaudit_column, plaudit_result_column, plaudit_running_moments,
        plaudit_sample, plaudit_sample_options, plaudit_permutation_options,
        plaudit_permutation_result, plaudit_buckets, plaudit_timed_rows,
        plaudit_series_totals, plaudit_correlation_options, plaudit_coefficient,
        plaudit_correlation, plaudit_lagged_correlation, plaudit_granger,
        plaudit_assignment_plan, plaudit_bandit_options, plaudit_bandit_info,
        plaudit_bandit_arm, plaudit_decision_log, plaudit_off_policy_options,
        plaudit_policy_value, plaudit_off_policy, plaudit_replay_options, plaudit_replay)
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
    "plaudit_cleaning_recipes": (c_char_p, []),
    "plaudit_text_clean": (c_int32, [c_char_p, c_int64, _P, _P, _P]),
    "plaudit_cleaning_get": (c_int32, [_P, _P, _P]),
    "plaudit_cleaning_free": (None, [_P]),
    # neural
    "plaudit_model_load": (c_int32, [c_char_p, c_int64, _P, _P, _P]),
    "plaudit_model_save": (c_int32, [_P, c_char_p, c_int64, _P]),
    "plaudit_model_save_as": (c_int32, [_P, c_char_p, c_int64, _P, _P]),
    "plaudit_model_free": (None, [_P]),
    "plaudit_model_get_info": (c_int32, [_P, _P, _P]),
    "plaudit_model_label": (c_int32, [_P, c_int64, _P, _P]),
    "plaudit_model_label_index": (c_int32, [_P, c_char_p, c_int64, _P, _P]),
    "plaudit_model_at_precision": (c_int32, [_P, c_int32, _P, _P]),
    "plaudit_model_precision_report": (c_int32, [_P, c_int32, _P, _P, _P, _P, _P, _P]),
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
    "plaudit_trainer_add_validation": (c_int32, [_P, _P, _P, _P, _P]),
    "plaudit_trainer_add_embeddings": (c_int32, [_P, _P, c_int64, _P, _P]),
    "plaudit_trainer_fit": (c_int32, [_P, _P, _P, _P]),
    "plaudit_trainer_history": (c_int32, [_P, _P, c_int64, _P, _P]),
    "plaudit_trainer_model": (c_int32, [_P, _P, _P]),
    "plaudit_trainer_free": (None, [_P]),
    "plaudit_trainer_search": (
        c_int32, [_P, _P, _P, _P, _P, _P, c_int64, c_int64, c_uint64, _P, _P, _P, _P]),
    "plaudit_model_with_words": (c_int32, [_P, _P, _P, _P, _P]),
    "plaudit_model_calibrate": (c_int32, [_P, _P, _P, c_int32, _P, _P, _P, _P]),
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
    "plaudit_kpi_value": (c_int32, [c_int32, c_double, c_double, _P, _P]),
    "plaudit_kpi_name": (c_char_p, [c_int32]),
    "plaudit_measure_name": (c_char_p, [c_int32]),
    "plaudit_kpi_table_create": (c_int32, [_P, _P, _P]),
    "plaudit_kpi_table_add": (c_int32, [_P, _P, c_int64, _P, _P]),
    "plaudit_kpi_table_add_arrow": (c_int32, [_P, _P, _P, _P, _P]),
    "plaudit_kpi_table_add_stream": (c_int32, [_P, _P, _P, _P]),
    "plaudit_kpi_table_state": (c_int32, [_P, _P, c_int64, _P, _P]),
    "plaudit_kpi_table_load": (c_int32, [_P, c_int64, _P, _P]),
    "plaudit_kpi_table_merge": (c_int32, [_P, _P, c_int64, _P]),
    "plaudit_kpi_table_finish": (c_int32, [_P, _P, _P]),
    "plaudit_kpi_table_free": (None, [_P]),
    "plaudit_kpi_result_size": (c_int32, [_P, _P, _P, _P]),
    "plaudit_kpi_result_column": (c_int32, [_P, c_int64, _P, _P]),
    "plaudit_kpi_result_export": (c_int32, [_P, _P, _P, _P]),
    "plaudit_kpi_result_free": (None, [_P]),
    "plaudit_stats_running_moments_add": (c_int32, [_P, _P, c_int64, _P]),
    "plaudit_stats_running_moments_merge": (c_int32, [_P, _P, _P]),
    "plaudit_stats_exponential_averages": (
        c_int32, [_P, c_int64, c_double, c_int32, _P, _P]),
    "plaudit_stats_relative_lift_column": (c_int32, [_P, _P, c_int64, _P, _P, _P, _P]),
    "plaudit_kpi_column": (c_int32, [c_int32, _P, _P, c_int64, c_int32, _P, _P, _P]),
    "plaudit_stats_wilson_interval": (c_int32, [c_int64, c_int64, c_double, _P, _P]),
    "plaudit_stats_wilson_column": (
        c_int32, [_P, _P, c_int64, c_double, c_int32, _P, _P, _P, _P]),
    "plaudit_stats_two_proportion_test": (c_int32, [_P, _P, _P, _P]),
    "plaudit_stats_proportion_lift": (c_int32, [_P, c_double, _P, _P]),
    "plaudit_stats_relative_lift": (c_int32, [c_double, c_double, _P, _P]),
    "plaudit_stats_rate_intervals": (
        c_int32, [_P, _P, c_int64, c_int32, _P, _P, _P, _P, _P, _P]),
    "plaudit_stats_proportion_tests": (c_int32, [_P, c_int64, c_int32, _P, _P, _P, _P]),
    "plaudit_stats_moments": (c_int32, [_P, _P, c_int64, _P, _P]),
    "plaudit_stats_mean_tests": (c_int32, [_P, _P, c_int64, c_int32, _P, _P, _P, _P]),
    "plaudit_stats_variance_analysis": (c_int32, [_P, c_int64, c_int32, _P, _P]),
    "plaudit_stats_table_test": (
        c_int32, [_P, c_int64, c_int64, c_int32, _P, _P, _P, _P]),
    "plaudit_stats_sample_test": (
        c_int32, [_P, c_int64, _P, c_int64, c_int32, _P, _P, _P]),
    "plaudit_stats_kruskal_wallis": (c_int32, [_P, _P, c_int64, c_int64, _P, _P]),
    "plaudit_stats_quantiles": (
        c_int32, [_P, _P, c_int64, _P, c_int64, c_int32, _P, _P, _P]),
    "plaudit_stats_quantile_test": (
        c_int32, [_P, _P, c_int64, _P, _P, c_int64, c_double, c_int32, _P, _P, _P]),
    "plaudit_stats_power": (c_int32, [_P, c_int32, _P, _P]),
    "plaudit_stats_classification": (
        c_int32, [_P, _P, c_int64, c_int64, _P, _P, _P, _P, _P, _P, _P]),
    "plaudit_stats_f_score": (c_int32, [c_double, c_double, c_double, _P, _P]),
    "plaudit_stats_label_metrics": (
        c_int32, [_P, _P, c_int64, c_int64, _P, _P, _P, _P, _P]),
    "plaudit_stats_score_metrics": (
        c_int32, [_P, _P, c_int64, c_int64, _P, _P, _P, _P, _P]),
    "plaudit_stats_roc_curve": (
        c_int32, [_P, _P, _P, c_int64, c_int32, _P, _P, _P, c_int64, _P, _P]),
    "plaudit_stats_precision_recall_curve": (
        c_int32, [_P, _P, _P, c_int64, _P, _P, _P, c_int64, _P, _P]),
    "plaudit_stats_regression": (c_int32, [_P, _P, c_int64, _P, _P, _P]),
    "plaudit_stats_reliability": (c_int32, [_P, _P, c_int64, c_int64, _P, _P, _P, _P]),
    "plaudit_stats_calibration_fit": (
        c_int32, [c_int32, _P, c_int64, c_int64, _P, _P, c_int64, _P, _P, _P]),
    "plaudit_stats_calibration_apply": (
        c_int32, [c_int32, _P, c_int64, _P, c_int64, c_int64, _P, _P]),
    "plaudit_stats_bootstrap": (c_int32, [c_int32, _P, _P, _P, _P, _P, _P]),
    "plaudit_stats_bootstrap_sample": (c_int32, [c_int32, _P, _P, _P, _P, _P, _P, _P]),
    "plaudit_stats_permutation_test": (c_int32, [c_int32, _P, _P, _P, _P, _P, _P, _P]),
    "plaudit_series_span": (c_int32, [_P, c_int64, c_int64, c_int64, _P, _P]),
    "plaudit_series_gather": (c_int32, [_P, _P, _P, _P, _P, _P, _P, _P]),
    "plaudit_stats_correlation": (c_int32, [_P, _P, c_int64, _P, _P, _P, _P]),
    "plaudit_stats_lagged_correlation": (
        c_int32, [c_int32, _P, _P, c_int64, c_int64, _P, _P, _P, _P]),
    "plaudit_stats_granger": (c_int32, [_P, _P, c_int64, c_int64, _P, _P]),
    "plaudit_assignment_hash": (c_int32, [_P, c_char_p, c_int64, c_int32, _P, _P, _P]),
    "plaudit_assignment_slots": (
        c_int32, [_P, c_int64, c_double, c_int32, _P, _P, c_int64, _P, _P, _P]),
    "plaudit_assignment_assign": (c_int32, [_P, _P, _P, _P, _P]),
    "plaudit_stats_mcnemar": (c_int32, [c_int64, c_int64, _P, _P]),
    "plaudit_stats_mcnemar_labels": (c_int32, [_P, _P, _P, c_int64, _P, _P, _P]),
    "plaudit_stats_split": (
        c_int32, [_P, c_int64, _P, c_int64, _P, c_int64, c_uint64, _P, _P]),
    "plaudit_stats_folds": (
        c_int32, [_P, c_int64, _P, c_int64, c_int64, c_uint64, _P, _P]),
    "plaudit_stats_adjust_p_values": (c_int32, [c_int32, _P, c_int64, c_double, _P, _P]),
    "plaudit_stats_lift_table": (c_int32, [_P, _P, _P, _P, _P]),
    "plaudit_experiment_create": (c_int32, [c_int64, c_int64, _P, _P]),
    "plaudit_experiment_add": (c_int32, [_P, _P, _P, _P, c_int64, _P]),
    "plaudit_experiment_merge": (c_int32, [_P, _P, _P]),
    "plaudit_experiment_moments": (c_int32, [_P, _P, _P, _P, _P, _P]),
    "plaudit_experiment_free": (None, [_P]),
    "plaudit_stats_winsorize": (c_int32, [_P, c_int64, c_double, c_double, _P, _P, _P]),
    "plaudit_stats_sample_ratio": (c_int32, [_P, _P, c_int64, _P, _P]),
    "plaudit_stats_sample_ratio_sequence": (
        c_int32, [_P, _P, c_int64, c_int64, c_double, _P, _P, _P]),
    "plaudit_stats_always_valid": (c_int32, [_P, _P, _P, c_int64, _P, _P, _P, _P, _P, _P]),
    "plaudit_stats_betting_sequence": (c_int32, [_P, c_int64, _P, _P, _P, _P, _P]),
    "plaudit_stats_group_sequential": (c_int32, [_P, c_int64, _P, _P, _P, _P, _P]),
    "plaudit_stats_rate_posteriors": (c_int32, [_P, _P, c_int64, _P, _P, _P]),
    "plaudit_stats_effect_posteriors": (c_int32, [_P, _P, c_int64, _P, _P, _P]),
    # decisions
    "plaudit_bandit_create": (c_int32, [_P, _P, _P, _P]),
    "plaudit_bandit_free": (None, [_P]),
    "plaudit_bandit_add_arm": (c_int32, [_P, c_char_p, c_int64, _P, _P]),
    "plaudit_bandit_remove_arm": (c_int32, [_P, c_int32, _P]),
    "plaudit_bandit_get_info": (c_int32, [_P, _P, _P]),
    "plaudit_bandit_arms": (c_int32, [_P, _P, c_int64, _P, _P]),
    "plaudit_bandit_arm_name": (c_int32, [_P, c_int32, _P, c_int64, _P, _P]),
    "plaudit_bandit_decide": (c_int32, [_P, _P, c_int64, _P, _P, _P, _P]),
    "plaudit_bandit_scores": (c_int32, [_P, _P, c_int64, _P, _P, _P]),
    "plaudit_bandit_coefficients": (c_int32, [_P, c_int32, _P, c_int64, _P]),
    "plaudit_bandit_learn": (c_int32, [_P, _P, _P, _P, c_int64, _P]),
    "plaudit_bandit_reward": (c_int32, [_P, _P, _P, c_int64, c_int32, _P, _P]),
    "plaudit_bandit_remember": (c_int32, [_P, _P, _P, _P, c_int64, _P]),
    "plaudit_bandit_snapshot_create": (c_int32, [_P, _P, _P]),
    "plaudit_bandit_snapshot_decide": (c_int32, [_P, c_int64, _P, c_int64, _P, _P, _P]),
    "plaudit_bandit_snapshot_free": (None, [_P]),
    "plaudit_bandit_save": (c_int32, [_P, c_char_p, c_int64, _P]),
    "plaudit_bandit_load": (c_int32, [c_char_p, c_int64, _P, _P]),
    "plaudit_bandit_state": (c_int32, [_P, _P, c_int64, _P, _P]),
    "plaudit_bandit_restore": (c_int32, [_P, c_int64, c_int64, _P, _P]),
    "plaudit_bandit_delta": (c_int32, [_P, _P, c_int64, _P, _P]),
    "plaudit_bandit_merge": (c_int32, [_P, _P, c_int64, _P]),
    "plaudit_bandit_refresh": (c_int32, [_P, _P, c_int64, _P]),
    "plaudit_decisions_minimum_traffic": (c_int32, [_P, c_int64, c_double, _P, _P]),
    "plaudit_decisions_top_two_weights": (c_int32, [_P, c_int64, c_int64, c_int32, _P, _P]),
    "plaudit_decisions_off_policy": (c_int32, [_P, _P, _P, c_int64, _P, _P, _P]),
    "plaudit_bandit_replay": (c_int32, [_P, _P, _P, _P, _P, _P, _P, _P]),
}

# ---- The library ------------------------------------------------------------------------------

_SONAME = f"libplaudit.so.{ABI_VERSION}"
_library: ctypes.CDLL | None = None
_library_path = ""


def candidates() -> list[tuple[str, str]]:
    """Where the library may be: (origin, path), in the order of the search."""
    package = os.path.dirname(os.path.realpath(__file__))
    named = os.environ.get("PLAUDIT_LIBRARY")
    if named:
        # Whoever names a library wants that one and no other.
        return [("PLAUDIT_LIBRARY", named)]
    found = [("bundled", os.path.join(package, "_native", _SONAME))]
    source = os.path.dirname(package)
    if os.path.basename(source) == "src":
        checkout = os.path.dirname(os.path.dirname(os.path.dirname(source)))
        if os.path.isfile(os.path.join(checkout, "include", "plaudit.h")):
            found.append(("checkout", os.path.join(checkout, "out", "lib", _SONAME)))
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


def _description(name: str, struct: type[Structure]) -> str:
    """A struct as plaudit_abi_describe has it."""
    fields = ", ".join(f'"{field}": {getattr(struct, field).offset}' for field, *_ in struct._fields_)
    return f'"{name}": {{"size": {ctypes.sizeof(struct)}, "fields": {{{fields}}}}}'


def check_layout(library: ctypes.CDLL, path: str) -> None:
    """Raises ImportError naming the first struct of which the library is told something else.

    A newer library of the same ABI version may know more structs, and more fields at the end of
    those that say their size.
    """
    text = library.plaudit_abi_describe()
    text = text.decode() if isinstance(text, bytes) else text
    # Where the library says just what is expected, nothing has to be taken apart, and a process that
    # scores one text does not wait for json.
    if all(_description(name, struct) in text for name, struct in STRUCTS.items()):
        return
    import json

    described = json.loads(text)

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
