"""Decides about campaigns: KPIs, A/B tests, promotions, an e-mail test, bandits, posts.

    python examples/python/campaign_decisions.py                          # generated samples
    python examples/python/campaign_decisions.py --data FOLDER            # the real files
    python examples/python/campaign_decisions.py --only kpis,retention    # some sections

FOLDER holds the files under their names, in it or in the folders of FILES; of what is not there a
generated sample with the same columns is used, and the program says so. Bandit logs may be gzipped.
examples/cpp/campaign_decisions.cpp does the same in C++ and prints the same.
"""

import argparse
import csv
import gzip
import io
import math
import sys
from pathlib import Path

import plaudit

SECTIONS = ["kpis", "retention", "promotions", "email", "bandits", "posts"]
FILES = {
    "kpis": ("ads/KAG_conversion_data.csv", "rakeshsarma/Little-Guy on GitHub"),
    "retention": ("abtest/cookie_cats.csv", "ghaskari/cookie-cats-ab-test on GitHub"),
    "promotions": ("abtest/ibm_fastfood_campaign.csv",
                   "MainakRepositor/Datasets on GitHub (WA_Marketing-Campaign.csv)"),
    "email": ("uplift/hillstrom_no_and_mens.csv", "MineThatData's e-mail test by Kevin Hillstrom"),
    "bandits": ("bandit/obd/random_men.csv", "st-tech/zr-obp on GitHub (obd/random/men/men.csv)"),
    "posts": ("social/facebook_metrics_cosmetics.csv",
              "rsw0/Facebook-Post-Metrics on GitHub (dataset_Facebook.csv)"),
}
NAN = float("nan")

# ---- Generated samples ------------------------------------------------------------------------


class Numbers:
    """Lehmer's generator, the same in every language."""

    def __init__(self, seed):
        self.state = seed

    def below(self, count):
        self.state = self.state * 48271 % 2147483647
        return self.state % count


def money(cents):
    return "%d.%02d" % (cents // 100, cents % 100)


def sample_ads(draw):
    yield ["xyz_campaign_id", "age", "gender", "Impressions", "Clicks", "Spent",
           "Total_Conversion", "Approved_Conversion"]
    for campaign, name in enumerate(["916", "936", "1178"]):
        for age in ["30-34", "35-39", "40-44", "45-49"]:
            for gender in ["F", "M"]:
                for _ in range(4):
                    impressions = 20000 + draw.below(80000)
                    clicks = impressions * (3 + campaign + draw.below(4)) // 10000
                    spent = clicks * (90 + 15 * campaign + draw.below(60))
                    conversions = clicks // 6 + draw.below(2)
                    yield [name, age, gender, str(impressions), str(clicks), money(spent),
                           str(conversions), str(conversions // 2)]


def sample_players(draw):
    yield ["userid", "version", "sum_gamerounds", "retention_1", "retention_7"]
    for user in range(4000):
        late = draw.below(2)
        rounds = draw.below(100)
        first = draw.below(100) < 45 - late
        second = draw.below(100) < 20 - 4 * late
        yield [str(user), "gate_40" if late else "gate_30", str(rounds),
               "TRUE" if first else "FALSE", "TRUE" if second else "FALSE"]


def sample_stores(draw):
    yield ["MarketID", "LocationID", "Promotion", "week", "SalesInThousands"]
    for store in range(36):
        promotion = store % 3
        level = [5800, 4700, 5500][promotion] + draw.below(2400)
        for week in range(1, 5):
            yield [str(store // 6 + 1), str(store + 1), str(promotion + 1), str(week),
                   money(level + draw.below(800))]


def sample_customers(draw):
    yield ["history", "segment", "visit", "conversion", "spend"]
    for _ in range(6000):
        history = 3000 + draw.below(200) * draw.below(400)
        mailed = draw.below(2)
        visit = draw.below(1000) < 80 + history // 200 + 80 * mailed
        order = visit and draw.below(5) == 0
        spend = 1500 + history // 10 + draw.below(6000) if order else 0
        yield [money(history), "Mens E-Mail" if mailed else "No E-Mail", "1" if visit else "0",
               "1" if order else "0", money(spend)]


def sample_log(draw):
    yield ["item_id", "position", "click", "propensity_score", "user_feature_0", "user_feature_1"]
    for _ in range(8000):
        item, device, known = draw.below(5), draw.below(2), draw.below(2)
        chance = 20 + 12 * item + (90 if item == 1 and device else 0)
        click = draw.below(1000) < chance
        yield [str(item), str(1 + draw.below(3)), "1" if click else "0", "0.2",
               "phone" if device else "desk", "known" if known else "new"]


def sample_posts(draw):
    yield ["Type", "Hour", "T_Reach", "T_Interactions"]
    for _ in range(160):
        kind = [0, 0, 0, 1, 2, 3][draw.below(6)]
        hour = [3, 9, 10, 13, 18, 20][draw.below(6)]
        reach = 800 + draw.below(20000)
        interactions = reach * (12 + 5 * kind + hour // 3 + draw.below(12)) // 1000
        yield [["Photo", "Link", "Status", "Video"][kind], str(hour), str(reach),
               str(interactions)]


SAMPLES = {
    "kpis": sample_ads, "retention": sample_players, "promotions": sample_stores,
    "email": sample_customers, "bandits": sample_log, "posts": sample_posts}

# ---- Files ------------------------------------------------------------------------------------


def load(section, folder):
    """The columns of the section's file, or of its sample, and the line that says which."""
    name, source = FILES[section]
    short = name.split("/")[-1]
    for path in [] if folder is None else [folder / name, folder / short]:
        for found in (path, path.with_name(path.name + ".gz")):
            if found.is_file():
                data = found.read_bytes()
                if found.suffix == ".gz":
                    data = gzip.decompress(data)
                text = data.decode("latin-1")
                separator = ";" if ";" in text.split("\n", 1)[0] else ","
                rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
                return columns(rows, short), short
    return columns(SAMPLES[section](Numbers(20240229)), short), (
        f"a generated sample; {short} comes from {source}")


def columns(rows, name):
    rows = iter(rows)
    heads = next(rows)
    table = {head: [] for head in heads}
    for line, row in enumerate(rows, 2):
        if not row:
            continue
        if len(row) != len(heads):
            sys.exit(f"campaign_decisions: {name} has {len(row)} fields in line {line}, "
                     f"{len(heads)} in its first")
        for head, field in zip(heads, row):
            table[head].append(field)
    return Columns(name, table)


class Columns:
    """Text by column; what is asked for and not there ends the program."""

    def __init__(self, name, table):
        self.name, self.table = name, table

    def text(self, column):
        if column not in self.table:
            sys.exit(f"campaign_decisions: {self.name} has no column {column}")
        return self.table[column]

    def numbers(self, column):
        made = []
        for line, field in enumerate(self.text(column), 2):
            try:
                made.append(float(field) if field else NAN)
            except ValueError:
                sys.exit(f"campaign_decisions: {self.name} has no number in {column}, line {line}")
        return made

    def whole_numbers(self, column, limit, otherwise):
        """Numbers of 0 to below the limit, as ints."""
        made = self.numbers(column)
        if not all(0 <= value < limit for value in made):
            sys.exit(f"campaign_decisions: {otherwise}")
        return [int(value) for value in made]


# ---- Printing ---------------------------------------------------------------------------------


def show(pattern, value):
    return "-" if math.isnan(value) else pattern % value


def percent(value, digits=2):
    return show(f"%.{digits}f %%", 100 * value)


def between(pattern, lower, upper, scale=1.0):
    if math.isnan(lower) or math.isnan(upper):
        return ""
    return f" ({pattern % (scale * lower)} to {pattern % (scale * upper)})"


def print_lifts(table, pattern, scale, unit):
    """A line a metric and arm; scale and unit are those of the absolute effect."""
    for row in table:
        relative = ""
        if not math.isnan(row.relative):
            relative = (", relative " + show("%+.1f %%", 100 * row.relative)
                        + between("%+.1f", *row.relative_interval, 100))
        adjusted = ""
        if table.adjustment != "none":
            adjusted = ", adjusted " + show("%.2g", row.adjusted_p_value)
        print(f"  {row.metric}, {row.arm}: {show(pattern, scale * row.treatment)} against "
              f"{show(pattern, scale * row.control)}{unit}, "
              + show("%+.4f", scale * row.absolute)
              + between("%+.4f", *row.absolute_interval, scale)
              + f"{relative}, p {show('%.2g', row.p_value)}{adjusted}")


def print_sample_ratio(users):
    ratio = plaudit.sample_ratio(list(users.values()))
    counts = ", ".join(f"{name} {count}" for name, count in users.items())
    verdict = ("the split is not the planned one: find out why before you believe the lift"
               if ratio.mismatch else
               "doubtful" if ratio.p_value < 0.01 else "as planned")
    print(f"  users: {counts}; sample ratio p {show('%.2g', ratio.p_value)}, {verdict}")


# ---- Sections ---------------------------------------------------------------------------------


def kpis(data):
    """What each campaign, age and gender cost and brought."""
    frame = {
        "impressions": data.numbers("Impressions"), "clicks": data.numbers("Clicks"),
        "cost": data.numbers("Spent"), "conversions": data.numbers("Approved_Conversion")}
    for head, key in [("campaign", "xyz_campaign_id"), ("age", "age"), ("gender", "gender")]:
        with plaudit.kpi_table(
                {**frame, head: data.text(key)}, by=head, kpis=["ctr", "cpc", "cpa", "cpm"],
                interval="wilson") as table:
            for row in range(len(table)):
                print(f"  {head} {table[head][row]}: {table['rows'][row]} ads, CTR "
                      + percent(table["ctr"][row], 4)
                      + between("%.4f", table["ctr_lower"][row], table["ctr_upper"][row], 100)
                      + ", CPC " + show("%.2f", table["cpc"][row])
                      + ", CPA " + show("%.2f", table["cpa"][row])
                      + ", CPM " + show("%.3f", table["cpm"][row]))


def retention(data):
    """Whether the gate at level 40 keeps more players than the one at level 30."""
    arms = ["gate_30", "gate_40"]
    version = data.text("version")
    users = {arm: version.count(arm) for arm in arms}
    print_sample_ratio(users)
    metrics = ["retention_1", "retention_7"]
    kept = {
        metric: [sum(1 for arm, value in zip(version, data.text(metric))
                     if arm == wanted and value == "TRUE") for wanted in arms]
        for metric in metrics}
    table = plaudit.lift_table(
        {"metric": [metric for metric in metrics for _ in arms], "arm": arms * 2,
         "users": [users[arm] for arm in arms] * 2,
         "sum": [count for metric in metrics for count in kept[metric]]},
        control="gate_30", adjust="holm")
    print_lifts(table, "%.2f", 100, " %")
    for metric in metrics:
        found = plaudit.rate_posteriors(kept[metric], list(users.values()))
        for arm, posterior in zip(arms, found):
            print(f"  {metric}, {arm}: {percent(posterior.mean)}"
                  + between("%.2f", *posterior.interval, 100)
                  + f", best with chance {percent(posterior.chance_to_be_best)}, "
                  f"expected loss {100 * posterior.expected_loss:.3f} points")


def promotions(data):
    """Whether three promotions sell differently; the weeks of a store, being alike, are one row."""
    stores = {}
    for store, promotion, sales in zip(
            data.text("LocationID"), data.text("Promotion"), data.numbers("SalesInThousands")):
        stores[promotion, store] = stores.get((promotion, store), 0.0) + sales
    names = sorted({promotion for promotion, _ in stores})
    groups = [
        plaudit.moments([total for (promotion, _), total in stores.items() if promotion == name])
        for name in names]
    for name, group in zip(names, groups):
        print(f"  promotion {name}: {group.count} stores, mean {group.mean:.2f} thousand, "
              f"standard deviation {math.sqrt(group.variance):.2f}")
    for title, equal in [("ANOVA", True), ("Welch's ANOVA", False)]:
        test = plaudit.anova(*groups, equal_variances=equal)
        print(f"  {title}: F {test.statistic:.3f} on {test.degrees_of_freedom:.0f} and "
              f"{test.denominator_degrees:.1f}, p {test.p_value:.2g}")
    pairs = [(a, b) for a in range(len(names)) for b in range(a + 1, len(names))]
    tests = [plaudit.t_test(groups[a], groups[b]) for a, b in pairs]
    adjusted = plaudit.adjust_p_values([test.p_value for test in tests], "holm")
    for (a, b), test, p in zip(pairs, tests, adjusted):
        print(f"  {names[a]} - {names[b]}: {test.estimate:+.2f}" + between("%+.2f", *test.interval)
              + f", p {test.p_value:.2g}, adjusted {p:.2g}")


def email(data):
    """What the e-mail lifted, and how much narrower the history of purchases makes the answer."""
    segments = data.text("segment")
    arms = ["No E-Mail"] + sorted(set(segments) - {"No E-Mail"})
    names = ["visit", "conversion", "spend", "history"]
    with plaudit.Experiment(arms, names) as experiment:
        experiment.add(list(range(len(segments))), segments,
                       {name: data.numbers(name) for name in names})
        print_sample_ratio(experiment.users)
        metrics = {name: name for name in names[:3]}
        plain = experiment.lift_table("No E-Mail", metrics, proportions=names[:2])
        cuped = experiment.lift_table(
            "No E-Mail", metrics, proportions=names[:2], covariates=["history"])
    print("  unadjusted")
    print_lifts(plain, "%.4f", 1, "")
    print("  adjusted by history (CUPED)")
    print_lifts(cuped, "%.4f", 1, "")
    for row in range(len(plain)):
        saved = 1 - (cuped.standard_error[row] / plain.standard_error[row]) ** 2
        print(f"  {plain.metric[row]}, {plain.arm[row]}: the variance is {percent(saved, 1)} "
              "smaller")


def contexts_of(data):
    """[rows, features]: 1, and a 1 for the value of each of two features of the user."""
    made = [[1.0] for _ in data.text("item_id")]
    for feature in ("user_feature_0", "user_feature_1"):
        values = data.text(feature)
        for value in sorted(set(values)):
            for row, here in zip(made, values):
                row.append(float(here == value))
    return made


def bandits(data):
    """What Thompson sampling and LinUCB would have earned, told by a log of random decisions.

    They learn from the first half of the log and are judged by the second.
    """
    items = data.whole_numbers("item_id", 65536, "an item_id is no number of an item")
    clicks, chances = data.numbers("click"), data.numbers("propensity_score")
    contexts = contexts_of(data)
    count, width, half = max(items) + 1, len(contexts[0]), len(items) // 2
    names = [f"item {item}" for item in range(count)]
    # A model of clicks for the doubly robust value: rates, drawn to that of all items.
    rate = sum(clicks[:half]) / half
    plays, sums = [0] * count, [0.0] * count
    for item, click in zip(items[:half], clicks[:half]):
        plays[item] += 1
        sums[item] += click
    model = [(sums[item] + 100 * rate) / (plays[item] + 100) for item in range(count)]
    rest = range(half, len(items))
    judged = dict(
        arms=items[half:], rewards=clicks[half:], propensities=chances[half:],
        predicted=[model for _ in rest])
    print(f"  {len(items)} decisions over {count} items, {sum(clicks):.0f} clicks; "
          f"{len(rest)} of them judge")
    for title, policy, features in [
            ("Thompson", "thompson", 0), ("LinUCB", "lin-ucb", width)]:
        with plaudit.Bandit(
                names, policy, reward="bernoulli" if features == 0 else "real",
                features=features, exploration=0.1, floor=0.2 / count, seed=1) as bandit:
            if features:
                bandit.learn(items[:half], clicks[:half], contexts[:half])
                target = bandit.probabilities(contexts[half:])
            else:
                bandit.learn(items[:half], clicks[:half])
                same = bandit.probabilities()
                target = [list(same) for _ in rest]
        found = plaudit.off_policy(target=target, **judged)
        for name, value in [("IPS", found.ips), ("SNIPS", found.snips), ("DR", found.dr)]:
            print(f"  {title}, {name}: {percent(value.value, 3)}"
                  + between("%.3f", *value.interval, 100))
        print(f"  {title}: worth {found.effective_sample_size:.0f} decisions of its own, "
              f"mean weight {found.mean_weight:.3f}")
    print(f"  logged random policy: {percent(found.logged.value, 3)}"
          + between("%.3f", *found.logged.interval, 100))


def posts(data):
    """Which kind of post, and which hour, moves most of those it reaches."""
    frame = {"reach": data.numbers("T_Reach"), "engagements": data.numbers("T_Interactions")}
    hours = data.whole_numbers("Hour", 25, "an Hour is none of a day")
    for head, keys in [("type", data.text("Type")), ("hour", hours)]:
        with plaudit.kpi_table(
                {**frame, head: keys}, by=head, kpis=["engagement_rate_by_reach"],
                missing="omit") as table:
            for row in range(len(table)):
                print(f"  {head} {table[head][row]}: {table['rows'][row]} posts, engagement "
                      + percent(table["engagement_rate_by_reach"][row]) + " of reach")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, help="folder with the real files")
    parser.add_argument("--only", default=",".join(SECTIONS), help="sections, with commas")
    given = parser.parse_args()
    for section in given.only.split(","):
        if section not in SECTIONS:
            sys.exit(f"campaign_decisions: {section} is none of {', '.join(SECTIONS)}")
        data, origin = load(section, given.data)
        print(f"{section}: {origin}")
        globals()[section](data)


if __name__ == "__main__":
    try:
        main()
    except plaudit.PlauditError as error:
        row = "" if error.index is None else f" (row {error.index})"
        sys.exit(f"campaign_decisions: {error}{row}")
