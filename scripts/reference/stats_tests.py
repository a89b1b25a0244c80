#!/usr/bin/env python3
"""Intervals, tests and power of statsmodels and scipy: the golden cases, and random ones.

pip install mpmath==1.4.1 numpy==2.4.6 scipy==1.17.1 statsmodels==0.15.0; writes stats_tests.json and
stats_tests_golden.json in Tests/PlauditStatsTests/Reference.
"""

import json
import math
import pathlib

import mpmath
import numpy
import scipy
import statsmodels
from scipy import optimize, stats
from statsmodels.stats import oneway, power, proportion
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.weightstats import ttost_ind

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = ROOT / "Tests/PlauditStatsTests/Reference"
RATES = {
    "wilson": "wilson", "agresti_coull": "agresti_coull", "beta": "beta", "jeffreys": "jeffreys",
    "normal": "normal"}
A = [12.1, 9.8, 14.2, 11.5, 10.9, 13.3, 8.7, 12.8, 11.1, 10.2]
B = [10.1, 9.2, 11.7, 8.8, 10.4, 9.9, 12.0, 8.1]
C = [9.9, 10.5, 12.2, 13.9, 9.1]


def case(name, kind, inputs, expected, rtol, atol=0.0):
    return {
        "id": name, "kind": kind, "input": inputs, "expected": expected,
        "tolerance": {"rtol": rtol, "atol": atol}}


def rate(name, count, nobs, alpha=0.05, rtol=1e-11, atol=1e-15, methods=RATES):
    found = {}
    for method in methods:
        low, high = proportion.proportion_confint(count, nobs, alpha=alpha, method=method)
        # statsmodels 0.15.0 does not clip all of them.
        found[method] = [max(0.0, float(low)), min(1.0, float(high))]
    if count == 0 and "wilson" in found:
        found["wilson"][0] = 0.0
    if count == nobs and "wilson" in found:
        found["wilson"][1] = 1.0
    return case(name, "rate", {"count": count, "nobs": nobs, "alpha": alpha}, found, rtol, atol)


def likeliest(d, x1, n1, x0, n0):
    """The control's rate of the highest likelihood when the treatment's is d above it.

    statsmodels 0.15.0 writes count0 where its cubic must have nobs0, so its rates are not these.
    """
    def slope(p):
        return sum(
            count / at if count else 0.0
            for count, at in ((x1, p + d), (x1 - n1, 1 - p - d), (x0, p), (x0 - n0, 1 - p)))
    low, high = max(0.0, -d), min(1.0, 1 - d)
    edge = 1e-15
    if slope(low + edge) <= 0:
        return low
    if slope(high - edge) >= 0:
        return high
    return optimize.brentq(slope, low + edge, high - edge, xtol=1e-17, rtol=1e-15)


def score_statistic(d, x1, n1, x0, n0):
    p = likeliest(d, x1, n1, x0, n0)
    q, n = p + d, n1 + n0
    return (x1 / n1 - x0 / n0 - d) / math.sqrt(
        (q * (1 - q) / n1 + p * (1 - p) / n0) * n / (n - 1))


def score_interval(x1, n1, x0, n0, alpha):
    z = stats.norm.isf(alpha / 2)
    gap = x1 / n1 - x0 / n0
    ends = []
    for sign, edge in ((1, -1 + 1e-9), (-1, 1 - 1e-9)):
        ends.append(optimize.brentq(
            lambda d: score_statistic(d, x1, n1, x0, n0) - sign * z, edge, gap, xtol=1e-15))
    return ends


def two_proportion(name, x1, n1, x0, n0, alpha=0.05, rtol=1e-8, atol=1e-12):
    z, p = proportion.proportions_ztest([x1, x0], [n1, n0])
    found = {
        "z_pooled": z, "p_pooled": p, "diff": x1 / n1 - x0 / n0,
        "p_larger": proportion.proportions_ztest([x1, x0], [n1, n0], alternative="larger")[1]}
    both = dict(count1=x1, nobs1=n1, count2=x0, nobs2=n0)
    wald = proportion.test_proportions_2indep(**both, method="wald")
    found |= {"z_unpooled": wald.statistic, "p_unpooled": wald.pvalue}

    def interval(key, compare, method):
        try:
            low, high = proportion.confint_proportions_2indep(
                **both, compare=compare, method=method, alpha=alpha)
        except (ValueError, ZeroDivisionError):
            return
        if math.isfinite(low) and math.isfinite(high):
            found[key] = [low, high]

    with numpy.errstate(all="ignore"):
        for method in ("newcomb", "wald", "agresti-caffo", "score"):
            interval(f"diff_{method.replace('-', '_')}", "diff", method)
        # statsmodels' closed form takes a wrong root where a cell is empty.
        for method in ("log", "log-adjusted", "score")[:3 if all((x1, x0, n1 - x1, n0 - x0)) else 2]:
            interval(f"ratio_{method.replace('-', '_')}", "ratio", method)
        for method in ("logit", "logit-adjusted"):
            interval(f"odds_{method.replace('-', '_')}", "or", method)
    if all((x1, x0, n1 - x1, n0 - x0)):
        found["diff_likeliest"] = score_interval(x1, n1, x0, n0, alpha)
    table = [[x1, n1 - x1], [x0, n0 - x0]]
    for key, yates in (("chi2", False), ("chi2_yates", True)):
        test = stats.chi2_contingency(table, correction=yates)
        found |= {key: test.statistic, f"{key}_p": test.pvalue}
    found["fisher_p"] = stats.fisher_exact(table).pvalue
    return case(name, "two_proportion", both | {"alpha": alpha}, found, rtol, atol)


def arcsine_size(h):
    """The root that statsmodels' solve_power finds to nine digits only."""
    mpmath.mp.dps = 30
    h, za = mpmath.mpf(float(h)), mpmath.sqrt(2) * mpmath.erfinv(mpmath.mpf("0.95"))

    def lack(n):
        shift = h * mpmath.sqrt(n / 2)
        return mpmath.ncdf(shift - za) + mpmath.ncdf(-shift - za) - mpmath.mpf("0.8")

    return float(mpmath.findroot(lack, 2 * (2.8 / h) ** 2))


def seed_power(name, treatment, control):
    h = proportion.proportion_effectsize(treatment, control)
    za, zb = stats.norm.ppf(0.975), stats.norm.ppf(0.8)
    d, mean = treatment - control, (treatment + control) / 2
    null = 2 * mean * (1 - mean)
    other = treatment * (1 - treatment) + control * (1 - control)
    return case(name, "seed_power", {"p_treatment": treatment, "p_control": control}, {
        "cohen_h": h,
        "n_per_arm_cohen_h": arcsine_size(h),
        "n_per_arm_fleiss": (za * null**0.5 + zb * other**0.5) ** 2 / d**2,
        "n_per_arm_just_significant": za * za * null / d**2,
    }, 1e-9)


def golden():
    cases = [
        *(rate(f"seed001_accuracy_wilson_{name}", count, 20000, rtol=1e-12, atol=0.0,
               methods=["wilson"])
          for name, count in (("bert_lstm", 18280), ("lstm", 17060), ("logreg", 15300))),
        rate("propci_182_1000", 182, 1000), rate("propci_0_10", 0, 10),
        rate("propci_10_10", 10, 10), rate("propci_1_77", 1, 77),
        rate("propci_3125_125000", 3125, 125000),
        case("propci_invalid_0_0", "rate", {"count": 0, "nobs": 0, "alpha": 0.05},
             {"wilson": ["NaN", "NaN"]}, 0),
        case("propci_invalid_12_10", "rate", {"count": 12, "nobs": 10, "alpha": 0.05},
             {"wilson": ["NaN", "NaN"]}, 0),
        case("propci_clopper_small_alpha", "rate", {"count": 0, "nobs": 1000, "alpha": 1e-7},
             {"beta": [0.0, -math.expm1(math.log(0.5e-7) / 1000)]}, 1e-10),
        two_proportion("seed001_bertlstm_vs_bert", 18280, 20000, 17940, 20000, rtol=1e-10, atol=0.0),
        two_proportion("twoprop_seed_ctr", 182, 1000, 134, 1000),
        two_proportion("twoprop_seed_ctr2", 91, 1000, 62, 1000),
        two_proportion("twoprop_zero_cell", 0, 50, 3, 60),
        two_proportion("twoprop_big", 3300, 100000, 3125, 100000),
        seed_power("seed003_required_n_t3_notification_ctr", 0.182, 0.134),
        seed_power("seed003_required_n_t3_conversion_rate", 0.043, 0.021),
    ]
    table = [[101, 59], [121, 33]]
    exact, corrected = mcnemar(table, exact=True), mcnemar(table, exact=False, correction=False)
    cases.append(case("mcnemar", "mcnemar", {"table": table}, {
        "exact_p": exact.pvalue, "exact_stat": exact.statistic, "chi2": corrected.statistic,
        "chi2_p": corrected.pvalue}, 1e-10))
    welch = stats.ttest_ind(A, B, equal_var=False)
    low, high = welch.confidence_interval()
    cases.append(case("welch_t", "t", {"a": A, "b": B}, {
        "t": welch.statistic, "df": welch.df, "p": welch.pvalue,
        "diff": float(numpy.mean(A) - numpy.mean(B)), "ci": [low, high]}, 1e-12))
    paired = stats.ttest_rel(A[:8], B)
    cases.append(case("paired_t", "paired_t", {"a": A[:8], "b": B}, {
        "t": paired.statistic, "df": paired.df, "p": paired.pvalue}, 1e-12))
    cases.append(ranks("mann_whitney", A, B))
    spread = math.sqrt((9 * numpy.var(A, ddof=1) + 7 * numpy.var(B, ddof=1)) / 16)
    d = float((numpy.mean(A) - numpy.mean(B)) / spread)
    cases.append(case("cohen_d_hedges_g", "t", {"a": A, "b": B}, {
        "cohen_d": d, "hedges_g": d * (1 - 3 / (4 * 18 - 9))}, 1e-12))
    cases.append(anova("anova_kruskal", [A, B, C]))
    cases.append(smirnov("ks_two_sample", A, B))
    values = [1, 2, 2, 3, 3, 3, 4, 4, 5, 6, 7, 8, 9, 12, 250.0]
    chances = [0.5, 0.9, 0.99]
    cases.append(case("quantile_types", "quantile", {"values": values, "p": chances}, {
        "type7": numpy.quantile(values, chances).tolist(),
        "harrell_davis": [float(x) for x in stats.mstats.hdquantiles(values, chances)]}, 1e-12))

    za, zb = stats.norm.ppf(0.975), stats.norm.ppf(0.8)
    normal, student = power.NormalIndPower(), power.TTestIndPower()
    h = proportion.proportion_effectsize(0.055, 0.05)
    p, q = 0.05, 0.055
    mean = (p + q) / 2
    null, base, other = 2 * mean * (1 - mean), 2 * p * (1 - p), p * (1 - p) + q * (1 - q)
    cases.append(case("power_sample_size", "power", {
        "d": 0.2, "alpha": 0.05, "power": 0.8, "p_control": p, "p_treatment": q}, {
        "n_d02": normal.solve_power(0.2, alpha=0.05, power=0.8),
        "n_t_d02": student.solve_power(0.2, alpha=0.05, power=0.8),
        "power_t": student.power(0.2, 400, 0.05), "power_z": normal.power(0.2, 400, 0.05),
        "es_h": h, "n_prop_h": normal.solve_power(h, alpha=0.05, power=0.8),
        "power_prop_2indep": proportion.power_proportions_2indep(0.005, 0.05, 20000).power,
        "n_ratio2": normal.solve_power(0.2, alpha=0.05, power=0.8, ratio=2),
        "n_fleiss": (za * null**0.5 + zb * other**0.5) ** 2 / 0.005**2,
        "n_eppo_evan_miller": (za * base**0.5 + zb * other**0.5) ** 2 / 0.005**2,
        "mde_abs_n10000": (za + zb) * (base / 10000) ** 0.5}, 1e-7))

    def detectable(n):
        def lack(d):
            p0, p1 = 0.134, 0.134 + d
            mean = (p0 + p1) / 2
            need = za * (2 * mean * (1 - mean)) ** 0.5 + zb * (p0 * (1 - p0) + p1 * (1 - p1)) ** 0.5
            return need**2 / d**2 - n
        return optimize.brentq(lack, 1e-6, 0.8, xtol=1e-15, rtol=1e-14)

    sizes = [500, 1000, 5000, 50000]
    cases.append(case("mde_table_seed_ctr", "mde", {"baseline": 0.134, "n": sizes}, {
        "mde_abs": [detectable(n) for n in sizes]}, 1e-9))
    return cases


def ranks(name, a, b, exact=True):
    found = {"U": stats.mannwhitneyu(a, b).statistic}
    if exact:
        found["p_exact"] = stats.mannwhitneyu(a, b, method="exact").pvalue
        found["p_exact_greater"] = stats.mannwhitneyu(a, b, alternative="greater", method="exact").pvalue
    for key, alternative in (
        ("p_asymptotic", "two-sided"), ("p_greater", "greater"), ("p_less", "less")
    ):
        found[key] = stats.mannwhitneyu(
            a, b, alternative=alternative, method="asymptotic").pvalue
    found["p_plain"] = stats.mannwhitneyu(
        a, b, method="asymptotic", use_continuity=False).pvalue
    return case(name, "mann_whitney", {"a": a, "b": b}, found, 1e-12)


def smirnov(name, a, b, rtol=1e-10):
    test = stats.ks_2samp(a, b, method="exact")
    found = {"D": test.statistic, "p": test.pvalue}
    for alternative in ("greater", "less"):
        test = stats.ks_2samp(a, b, alternative=alternative, method="exact")
        found |= {f"D_{alternative}": test.statistic, f"p_{alternative}": test.pvalue}
        found[f"p_asymptotic_{alternative}"] = stats.ks_2samp(
            a, b, alternative=alternative, method="asymp").pvalue
    found["p_asymptotic"] = stats.ks_2samp(a, b, method="asymp").pvalue
    return case(name, "ks", {"a": a, "b": b}, found, rtol)


def anova(name, groups):
    f, h = stats.f_oneway(*groups), stats.kruskal(*groups)
    welch = oneway.anova_oneway(groups, use_var="unequal", welch_correction=True)
    return case(name, "anova", {"groups": groups}, {
        "F": f.statistic, "p": f.pvalue, "H": h.statistic, "H_p": h.pvalue,
        "welch": welch.statistic, "welch_df": welch.df_denom, "welch_p": welch.pvalue}, 1e-12)


def random_cases():
    draw = numpy.random.default_rng(20250402)
    cases = []
    for index in range(40):
        nobs = int(10 ** draw.uniform(0, 7))
        count = int(draw.integers(0, nobs + 1)) if index % 2 else int(nobs * draw.uniform() ** 4)
        alpha = [0.05, 0.1, 0.01, 0.5][index % 4]
        # scipy 1.17's beta quantiles stop at about 1e-11.
        cases.append(rate(f"rate_{index}", count, nobs, alpha, rtol=1e-10))
    for index in range(30):
        n1, n0 = (int(10 ** draw.uniform(1, 5)) for _ in range(2))
        p = draw.uniform(0.02, 0.98)
        x1, x0 = int(draw.binomial(n1, p)), int(draw.binomial(n0, min(1, p * 1.05)))
        if 0 < x1 + x0 < n1 + n0 and not (x1 in (0, n1) and x0 in (0, n0)):
            cases.append(two_proportion(f"two_proportion_{index}", x1, n1, x0, n0))
    for index in range(12):
        n1, n0 = int(draw.integers(20, 400)), int(draw.integers(20, 400))
        x1, x0 = int(draw.integers(1, n1)), int(draw.integers(1, n0))
        both = dict(count1=x1, nobs1=n1, count2=x0, nobs2=n0)
        found = {}
        for compare, value, low, high in (
            ("diff", 0.03, -0.1, 0.1), ("ratio", 1.1, 0.8, 1.25), ("or", 0.9, 0.7, 1.4)
        ):
            plain = {"diff": "wald", "ratio": "log", "or": "logit"}[compare]
            for key, method in (("plain", plain), ("score", "score")):
                if (compare, key) == ("diff", "score"):
                    at = lambda d: score_statistic(d, x1, n1, x0, n0)
                    found["diff_score"] = [at(value), stats.norm.sf(at(value))]
                    found["diff_score_tost"] = max(stats.norm.sf(at(low)), stats.norm.cdf(at(high)))
                    continue
                test = proportion.test_proportions_2indep(
                    **both, value=value, compare=compare, method=method, alternative="larger")
                found[f"{compare}_{key}"] = [test.statistic, test.pvalue]
                if not (compare == "or" and method == "score"):
                    tost = proportion.tost_proportions_2indep(
                        x1, n1, x0, n0, low, high, compare=compare, method=method)
                    found[f"{compare}_{key}_tost"] = tost.pvalue
        cases.append(case(f"effect_{index}", "effect", both, found, 1e-7, 1e-12))
    for index in range(24):
        size = 10 ** draw.uniform(0.5, 3, 4)
        table = [[int(draw.integers(0, size[0])), int(draw.integers(0, size[1]))],
                 [int(draw.integers(0, size[2])), int(draw.integers(0, size[3]))]]
        if 0 in numpy.sum(table, 0) or 0 in numpy.sum(table, 1):
            continue
        found = {key: stats.fisher_exact(table, alternative=key).pvalue
                 for key in ("two-sided", "less", "greater")}
        if all(cell > 0 for row in table for cell in row):
            found["odds"] = stats.fisher_exact(table).statistic
            low, high = stats.contingency.odds_ratio(table).confidence_interval(0.95)
            found["interval"] = [low, high]
        cases.append(case(f"fisher_{index}", "fisher", {"table": table}, found, 1e-7))
    for index in range(10):
        table = draw.integers(0, 40, (int(draw.integers(2, 5)), int(draw.integers(2, 5)))) + 1
        test = stats.chi2_contingency(table, correction=True)
        cases.append(case(f"chi_square_{index}", "chi_square", {
            "table": table.tolist(), "columns": table.shape[1]}, {
            "statistic": test.statistic, "df": test.dof, "p": test.pvalue,
            "v": stats.contingency.association(table, "cramer")}, 1e-11))
    for index in range(16):
        n, m = int(draw.integers(2, 40)), int(draw.integers(2, 40))
        a, b = draw.normal(10, 2, n).tolist(), draw.normal(11, 4, m).tolist()
        welch, pooled = stats.ttest_ind(a, b, equal_var=False), stats.ttest_ind(a, b)
        low, high = welch.confidence_interval(0.9)
        cases.append(case(f"t_{index}", "t", {"a": a, "b": b}, {
            "t": welch.statistic, "df": welch.df, "p": welch.pvalue, "ci90": [low, high],
            "pooled_t": pooled.statistic, "pooled_p": pooled.pvalue,
            "p_greater": stats.ttest_ind(a, b, equal_var=False, alternative="greater").pvalue,
            "p_less": stats.ttest_ind(a, b, equal_var=False, alternative="less").pvalue,
            "one_sample_p": stats.ttest_1samp(a, 9.5).pvalue,
            "tost": ttost_ind(a, b, -3, 3, usevar="unequal")[0]}, 1e-10))
        cases.append(ranks(f"mann_whitney_{index}", a, b))
        cases.append(smirnov(f"ks_{index}", a, b, 1e-9))
        cases.append(anova(f"anova_{index}", [a, b, (draw.normal(12, 3, 7)).tolist()]))
        tied = draw.integers(0, 6, n).tolist()
        cases.append(ranks(f"mann_whitney_tied_{index}", tied + [3], b[:1] + [1, 2, 3, 3], False))
    for index in range(6):
        d, n, ratio = draw.uniform(0.05, 1), int(draw.integers(5, 500)), draw.uniform(0.3, 3)
        student, normal = power.TTestIndPower(), power.NormalIndPower()
        k = int(draw.integers(2, 6))
        cases.append(case(f"power_{index}", "power_grid", {
            "d": d, "n": n, "ratio": ratio, "k": k}, {
            "t": student.power(d, n, 0.05, ratio=ratio),
            "t_greater": student.power(d, n, 0.05, ratio=ratio, alternative="larger"),
            "t_less": student.power(d, n, 0.05, ratio=ratio, alternative="smaller"),
            "z": normal.power(d, n, 0.05, ratio=ratio),
            "anova": power.FTestAnovaPower().power(d / 2, n * k, 0.05, k_groups=k)}, 1e-8, 1e-13))
    return cases


def plain(value):
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, (bool, str, int)):
        return value
    value = float(value)
    return value if math.isfinite(value) else str(value).replace("inf", "Infinity")


def write(name, cases):
    body = ",\n".join("    " + json.dumps(plain(one)) for one in cases)
    (FOLDER / f"{name}.json").write_text(
        "{\n"
        '  "tool": "scipy, statsmodels, numpy",\n'
        f'  "version": "{scipy.__version__}, {statsmodels.__version__}, {numpy.__version__}",\n'
        '  "call": "proportion_confint, confint_proportions_2indep, proportions_ztest, '
        "fisher_exact, ttest_ind, mannwhitneyu, ks_2samp, f_oneway, anova_oneway, kruskal, "
        'hdquantiles, solve_power, closed forms",\n'
        f'  "cases": [\n{body}\n  ]\n' "}\n")


write("stats_tests_golden", golden())
write("stats_tests", random_cases())
