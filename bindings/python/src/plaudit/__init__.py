"""Sentiment, KPIs and experiments for marketing systems, in one native library.

    import plaudit

    with plaudit.load() as model:
        for prediction in model.predict(["Love the new trainers!"]):
            print(prediction.label, prediction.scores)

    plaudit.ctr(clicks=235, impressions=10_600)
"""

from . import _abi

_abi.load()

from .bandits import (  # noqa: E402
    Arm, Bandit, BanditSnapshot, Choice, Decisions, OffPolicyEstimate, PolicyValue, Replay,
    minimum_traffic, off_policy, top_two_weights)
from .errors import (  # noqa: E402  (the library comes first, so that its absence is said once)
    BufferTooSmallError, BusyError, CancelledError, CorruptError, FileError, InternalError,
    InvalidArgumentError, InvalidDataError, InvalidHandleError, InvalidStateError,
    InvalidUTF8Error, LabelNotFoundError, LimitError, NotFiniteError, NotFoundError,
    OutOfMemoryError, OutOfRangeError, PlauditError, ShapeError, TimedOutError, UndefinedError,
    UnsupportedError)
from .experiments import (  # noqa: E402
    AlwaysValid, EffectPosteriors, Experiment, GroupSequential, IntervalSequence, LiftRow,
    LiftTable, RatePosterior, SampleRatio, SampleRatioSequence, Winsorized, adjust_p_values,
    betting_sequence, confidence_sequence, effect_posteriors, group_sequential, lift_table,
    mixture_sprt, rate_posteriors, sample_ratio, sample_ratio_sequence, winsorize)
from .hypothesis import (  # noqa: E402
    HypothesisFlag, HypothesisTest, HypothesisTests, Moments, PowerPlan, Quantile, TableTest,
    achieved_power, anova, chi_square, compare_rates, detectable_effect, fisher_exact,
    kolmogorov_smirnov, kruskal_wallis, mann_whitney, moments, quantile_test, quantiles,
    rate_interval, sample_size, t_test)
from .assignment import Assignment, hash_users  # noqa: E402
from .kpi_table import KPIResult, KPITable, kpi_table  # noqa: E402
from .library import Cancel, build_info, version, version_number  # noqa: E402
from .model_metrics import (  # noqa: E402
    BootstrapInterval, Calibration, LabelMetrics, LabelScores, McNemarTest, MetricFlag,
    PrecisionRecallCurve, RegressionMetrics, Reliability, ROCCurve, ScoreMetrics,
    bootstrap_interval, f_score, folds, label_metrics, mcnemar_counts, mcnemar_test,
    precision_recall_curve, regression_metrics, reliability, roc_curve, score_metrics, split)
from .neural import (  # noqa: E402
    CalibrationReport, Embeddings, HiddenStates, Model, ModelInfo, PrecisionReport, Prediction,
    Predictions, Scorer, TextReport, TextReports, load)
from .progress import Progress, ProgressBar  # noqa: E402
from .resampling import PermutationTest, bootstrap, permutation_test  # noqa: E402
from .running import RunningMoments, exponential_averages  # noqa: E402
from .series import (  # noqa: E402
    Coefficient, Correlation, GrangerTest, LaggedCorrelation, Series, correlation, granger_test,
    lagged_correlation, sentiment_series)
from .stats import (  # noqa: E402
    ClassificationReport, ClassScores, Interval, IntervalColumn, KPIColumn, KPIFlag, Lift,
    LiftFlag, ProportionTest, RelativeLiftColumn, aov, average_order_value, classification_report,
    click_through_rate, conversion_rate, cost_per_action, cost_per_click, cost_per_mille, cpa,
    cpc, cpm, ctr, engagement_rate, kpi, proportion_lift, relative_lift, return_on_ad_spend,
    return_on_investment, revenue_per_visitor, roas, roi, rpv, two_proportion_test, wilson_interval)
from .text import (  # noqa: E402
    CleanedTexts, Encoding, Row, Tokenizer, clean, cleaning_recipes)
from .training import (  # noqa: E402
    CrossValidation, Epoch, FoldResult, SearchResult, Spread, Trainer, TrainingReport,
    cross_validate, grid_search)

__version__ = version()

__all__ = [name for name in dir() if not name.startswith("_")]
for _module in (
    "assignment", "bandits", "errors", "experiments", "hypothesis", "library", "model_metrics",
    "neural", "progress", "resampling", "running", "series", "stats", "text", "training",
):
    if _module in __all__:
        __all__.remove(_module)
del _module
