// Decides about campaigns: KPIs, A/B tests, promotions, an e-mail test, bandits, posts.
//
//   campaign_decisions [--data FOLDER] [--only kpis,retention,promotions,email,bandits,posts]
//
// The twin of examples/python/campaign_decisions.py, which describes the options and prints the
// same; gzipped logs are read through gzip. From the checkout's root:
//
//   g++ -std=c++17 -O2 -I out/include examples/cpp/campaign_decisions.cpp -o campaign_decisions
//       -L out/lib -Wl,-rpath,$PWD/out/lib -lplaudit
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <map>
#include <numeric>
#include <plaudit.hpp>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "csv.hpp"

namespace {

namespace kpi = plaudit::kpi;
namespace stats = plaudit::stats;

using column = std::vector<double>;
using texts = std::vector<std::string>;
using lines = std::vector<texts>;

[[noreturn]] void refuse(const std::string &message) { throw std::runtime_error(message); }

// ---- Generated samples ------------------------------------------------------------------------

/// Lehmer's generator, the same in every language.
class generator {
 public:
  explicit generator(std::uint64_t seed) : state_(seed) {}
  std::int64_t below(std::int64_t count) {
    state_ = state_ * 48271 % 2147483647;
    return static_cast<std::int64_t>(state_) % count;
  }

 private:
  std::uint64_t state_;
};

std::string number(std::int64_t value) { return std::to_string(value); }
std::string money(std::int64_t cents) {
  return number(cents / 100) + (cents % 100 < 10 ? ".0" : ".") + number(cents % 100);
}

lines sample_ads(generator &draw) {
  lines made = {{"xyz_campaign_id", "age", "gender", "Impressions", "Clicks", "Spent",
                 "Total_Conversion", "Approved_Conversion"}};
  const char *names[] = {"916", "936", "1178"};
  for (int campaign = 0; campaign < 3; campaign++)
    for (const char *age : {"30-34", "35-39", "40-44", "45-49"})
      for (const char *gender : {"F", "M"})
        for (int ad = 0; ad < 4; ad++) {
          const std::int64_t impressions = 20000 + draw.below(80000);
          const std::int64_t clicks = impressions * (3 + campaign + draw.below(4)) / 10000;
          const std::int64_t spent = clicks * (90 + 15 * campaign + draw.below(60));
          const std::int64_t conversions = clicks / 6 + draw.below(2);
          made.push_back({names[campaign], age, gender, number(impressions), number(clicks),
                          money(spent), number(conversions), number(conversions / 2)});
        }
  return made;
}

lines sample_players(generator &draw) {
  lines made = {{"userid", "version", "sum_gamerounds", "retention_1", "retention_7"}};
  for (int user = 0; user < 4000; user++) {
    const std::int64_t late = draw.below(2);
    const std::int64_t rounds = draw.below(100);
    const bool first = draw.below(100) < 45 - late;
    const bool second = draw.below(100) < 20 - 4 * late;
    made.push_back({number(user), late ? "gate_40" : "gate_30", number(rounds),
                    first ? "TRUE" : "FALSE", second ? "TRUE" : "FALSE"});
  }
  return made;
}

lines sample_stores(generator &draw) {
  lines made = {{"MarketID", "LocationID", "Promotion", "week", "SalesInThousands"}};
  const std::int64_t levels[] = {5800, 4700, 5500};
  for (int store = 0; store < 36; store++) {
    const std::int64_t level = levels[store % 3] + draw.below(2400);
    for (int week = 1; week <= 4; week++)
      made.push_back({number(store / 6 + 1), number(store + 1), number(store % 3 + 1),
                      number(week), money(level + draw.below(800))});
  }
  return made;
}

lines sample_customers(generator &draw) {
  lines made = {{"history", "segment", "visit", "conversion", "spend"}};
  for (int customer = 0; customer < 6000; customer++) {
    const std::int64_t one = draw.below(200), other = draw.below(400);
    const std::int64_t history = 3000 + one * other;
    const std::int64_t mailed = draw.below(2);
    const bool visit = draw.below(1000) < 80 + history / 200 + 80 * mailed;
    const bool order = visit && draw.below(5) == 0;
    const std::int64_t spend = order ? 1500 + history / 10 + draw.below(6000) : 0;
    made.push_back({money(history), mailed ? "Mens E-Mail" : "No E-Mail", visit ? "1" : "0",
                    order ? "1" : "0", money(spend)});
  }
  return made;
}

lines sample_log(generator &draw) {
  lines made = {
      {"item_id", "position", "click", "propensity_score", "user_feature_0", "user_feature_1"}};
  for (int decision = 0; decision < 8000; decision++) {
    const std::int64_t item = draw.below(5), device = draw.below(2), known = draw.below(2);
    const std::int64_t chance = 20 + 12 * item + (item == 1 && device ? 90 : 0);
    const bool click = draw.below(1000) < chance;
    const std::int64_t position = 1 + draw.below(3);
    made.push_back({number(item), number(position), click ? "1" : "0", "0.2",
                    device ? "phone" : "desk", known ? "known" : "new"});
  }
  return made;
}

lines sample_posts(generator &draw) {
  lines made = {{"Type", "Hour", "T_Reach", "T_Interactions"}};
  const std::int64_t kinds[] = {0, 0, 0, 1, 2, 3}, hours[] = {3, 9, 10, 13, 18, 20};
  const char *names[] = {"Photo", "Link", "Status", "Video"};
  for (int post = 0; post < 160; post++) {
    const std::int64_t kind = kinds[draw.below(6)];
    const std::int64_t hour = hours[draw.below(6)];
    const std::int64_t reach = 800 + draw.below(20000);
    const std::int64_t moved = reach * (12 + 5 * kind + hour / 3 + draw.below(12)) / 1000;
    made.push_back({names[kind], number(hour), number(reach), number(moved)});
  }
  return made;
}

// ---- Files ------------------------------------------------------------------------------------

/// Text by column; what is asked for and not there ends the program.
class table {
 public:
  table(std::string name, const lines &rows) : name_(std::move(name)) {
    const texts &heads = rows.at(0);
    for (std::size_t line = 1; line < rows.size(); line++) {
      const texts &row = rows[line];
      if (row.size() == 1 && row[0].empty()) continue;
      if (row.size() != heads.size())
        refuse(name_ + " has " + std::to_string(row.size()) + " fields in line " +
               std::to_string(line + 1) + ", " + std::to_string(heads.size()) + " in its first");
      for (std::size_t field = 0; field < heads.size(); field++)
        columns_[heads[field]].push_back(row[field]);
    }
  }

  const texts &text(const std::string &head) const {
    const auto found = columns_.find(head);
    if (found == columns_.end()) refuse(name_ + " has no column " + head);
    return found->second;
  }

  column numbers(const std::string &head) const {
    column made;
    for (const std::string &field : text(head)) {
      char *end = nullptr;
      made.push_back(field.empty() ? std::numeric_limits<double>::quiet_NaN()
                                   : std::strtod(field.c_str(), &end));
      if (end && *end)
        refuse(name_ + " has no number in " + head + ", line " + std::to_string(made.size() + 1));
    }
    return made;
  }

 private:
  std::string name_;
  std::map<std::string, texts> columns_;
};

/// The bytes of a file, those within for gzip's.
std::string contents(const std::string &path) {
  if (path.size() < 3 || path.compare(path.size() - 3, 3, ".gz") != 0) return csv::contents(path);
  std::string command = "gzip -dc < '";
  for (const char c : path) command += c == '\'' ? std::string("'\\''") : std::string(1, c);
  FILE *pipe = popen((command + "'").c_str(), "r");
  if (!pipe) refuse("gzip cannot be run");
  std::string made;
  char part[65536];
  while (const std::size_t size = std::fread(part, 1, sizeof part, pipe)) made.append(part, size);
  if (pclose(pipe) != 0) refuse(path + " cannot be unpacked");
  return made;
}

struct section {
  const char *name;
  const char *file;
  const char *source;
  lines (*sample)(generator &);
  void (*run)(const table &);
};

/// The section's file or its sample; says which.
table load(const section &part, const std::string &folder) {
  const std::string name = part.file;
  const std::string brief = name.substr(name.rfind('/') + 1);
  if (!folder.empty())
    for (const std::string &path : {folder + "/" + name, folder + "/" + brief})
      for (const std::string &found : {path, path + ".gz"})
        if (std::filesystem::is_regular_file(found)) {
          const std::string text = contents(found);
          const bool semicolons = text.substr(0, text.find('\n')).find(';') != std::string::npos;
          table made(brief, csv::parse(text, semicolons ? ';' : ','));
          std::printf("%s: %s\n", part.name, brief.c_str());
          return made;
        }
  generator draw(20240229);
  table made(brief, part.sample(draw));
  std::printf("%s: a generated sample; %s comes from %s\n", part.name, brief.c_str(), part.source);
  return made;
}

// ---- Printing ---------------------------------------------------------------------------------

std::string show(const char *pattern, double value) {
  if (std::isnan(value)) return "-";
  char text[64];
  std::snprintf(text, sizeof text, pattern, value);
  return text;
}

std::string percent(double value, int digits = 2) {
  return show(("%." + std::to_string(digits) + "f %%").c_str(), 100 * value);
}

std::string between(const char *pattern, double lower, double upper, double scale = 1) {
  if (std::isnan(lower) || std::isnan(upper)) return "";
  return " (" + show(pattern, scale * lower) + " to " + show(pattern, scale * upper) + ")";
}

/// A line a metric and arm but the control; scale and unit are those of the absolute effect.
void print_lifts(const stats::lift_table &table, const texts &metrics, const texts &arms,
                 const char *pattern, double scale, const char *unit, bool adjusted) {
  for (std::size_t row = 0; row < table.size(); row++) {
    std::string text = "  " + metrics[row / arms.size()] + ", " + arms[row % arms.size()] + ": " +
                       show(pattern, scale * table.treatment[row]) + " against " +
                       show(pattern, scale * table.control[row]) + unit + ", " +
                       show("%+.4f", scale * table.absolute[row]) +
                       between("%+.4f", table.absolute_lower[row], table.absolute_upper[row], scale);
    if (!std::isnan(table.relative[row]))
      text += ", relative " + show("%+.1f %%", 100 * table.relative[row]) +
              between("%+.1f", table.relative_lower[row], table.relative_upper[row], 100);
    text += ", p " + show("%.2g", table.p_value[row]);
    if (adjusted) text += ", adjusted " + show("%.2g", table.adjusted_p_value[row]);
    std::printf("%s\n", text.c_str());
  }
}

void print_sample_ratio(const texts &arms, const column &users) {
  const auto ratio = stats::sample_ratio(users);
  std::string counts;
  for (std::size_t arm = 0; arm < arms.size(); arm++)
    counts += (arm ? ", " : "") + arms[arm] + " " + show("%.0f", users[arm]);
  const char *verdict =
      ratio.p_value < 0.001 || ratio.unexpected_users > 0
          ? "the split is not the planned one: find out why before you believe the lift"
      : ratio.p_value < 0.01 ? "doubtful"
                             : "as planned";
  std::printf("  users: %s; sample ratio p %s, %s\n", counts.c_str(),
              show("%.2g", ratio.p_value).c_str(), verdict);
}

// ---- Sections ---------------------------------------------------------------------------------

/// What each campaign, age and gender cost and brought.
void kpis(const table &data) {
  const column impressions = data.numbers("Impressions"), clicks = data.numbers("Clicks"),
               cost = data.numbers("Spent"), conversions = data.numbers("Approved_Conversion");
  const std::pair<const char *, const char *> keys[] = {
      {"campaign", "xyz_campaign_id"}, {"age", "age"}, {"gender", "gender"}};
  for (const auto &[head, key] : keys) {
    kpi::table_options options;
    options.keys = {head};
    options.measures = {{PLAUDIT_MEASURE_IMPRESSIONS},
                        {PLAUDIT_MEASURE_CLICKS},
                        {PLAUDIT_MEASURE_COST},
                        {PLAUDIT_MEASURE_CONVERSIONS}};
    options.kpis = {PLAUDIT_KPI_CLICK_THROUGH_RATE, PLAUDIT_KPI_COST_PER_CLICK,
                    PLAUDIT_KPI_COST_PER_ACTION, PLAUDIT_KPI_COST_PER_MILLE};
    options.intervals = true;
    kpi::table sums = kpi::table::create(options);
    const kpi::strings groups(data.text(key));
    const plaudit_column columns[] = {groups.column(), kpi::numbers(impressions),
                                      kpi::numbers(clicks), kpi::numbers(cost),
                                      kpi::numbers(conversions)};
    sums.add(columns);
    const kpi::result found = sums.finish();
    const plaudit_result_column names = found.column(head);
    const column ads = found.numbers("rows"), ctr = found.numbers("ctr"),
                 lower = found.numbers("ctr_lower"), upper = found.numbers("ctr_upper"),
                 cpc = found.numbers("cpc"), cpa = found.numbers("cpa"),
                 cpm = found.numbers("cpm");
    for (std::size_t row = 0; row < found.groups(); row++)
      std::printf("  %s %s: %.0f ads, CTR %s%s, CPC %s, CPA %s, CPM %s\n", head,
                  std::string(kpi::result::text(names.column, row)).c_str(), ads[row],
                  percent(ctr[row], 4).c_str(),
                  between("%.4f", lower[row], upper[row], 100).c_str(),
                  show("%.2f", cpc[row]).c_str(), show("%.2f", cpa[row]).c_str(),
                  show("%.3f", cpm[row]).c_str());
  }
}

/// Whether the gate at level 40 keeps more players than the one at level 30.
void retention(const table &data) {
  const texts arms = {"gate_30", "gate_40"}, metrics = {"retention_1", "retention_7"};
  const texts &version = data.text("version");
  column users;
  for (const std::string &arm : arms)
    users.push_back(static_cast<double>(std::count(version.begin(), version.end(), arm)));
  print_sample_ratio(arms, users);
  column users_by_metric, kept;
  for (const std::string &metric : metrics) {
    const texts &values = data.text(metric);
    for (std::size_t arm = 0; arm < arms.size(); arm++) {
      double count = 0;
      for (std::size_t row = 0; row < version.size(); row++)
        count += version[row] == arms[arm] && values[row] == "TRUE";
      users_by_metric.push_back(users[arm]);
      kept.push_back(count);
    }
  }
  stats::lift_sums sums;
  sums.metrics = 2;
  sums.users = users_by_metric;
  sums.sums = kept;
  stats::lift_options options;
  options.adjustment = PLAUDIT_ADJUST_HOLM;
  print_lifts(stats::lifts(sums, options), metrics, {"gate_40"}, "%.2f", 100, " %", true);
  for (std::size_t metric = 0; metric < metrics.size(); metric++) {
    const column hits(kept.begin() + static_cast<std::ptrdiff_t>(2 * metric),
                      kept.begin() + static_cast<std::ptrdiff_t>(2 * metric + 2));
    const auto found = stats::rate_posteriors(hits, users);
    for (std::size_t arm = 0; arm < arms.size(); arm++)
      std::printf("  %s, %s: %s%s, best with chance %s, expected loss %.3f points\n",
                  metrics[metric].c_str(), arms[arm].c_str(), percent(found[arm].mean).c_str(),
                  between("%.2f", found[arm].interval.lower, found[arm].interval.upper, 100).c_str(),
                  percent(found[arm].chance_to_be_best).c_str(), 100 * found[arm].expected_loss);
  }
}

/// Whether three promotions sell differently; the weeks of a store, being alike, are one row.
void promotions(const table &data) {
  const texts &store = data.text("LocationID"), &promotion = data.text("Promotion");
  const column sales = data.numbers("SalesInThousands");
  std::map<std::string, std::map<std::string, std::size_t>> places;
  std::map<std::string, column> totals;
  for (std::size_t row = 0; row < sales.size(); row++) {
    column &of = totals[promotion[row]];
    const auto [place, is_new] = places[promotion[row]].emplace(store[row], of.size());
    if (is_new) of.push_back(0);
    of[place->second] += sales[row];
  }
  texts names;
  std::vector<stats::sample_moments> groups;
  for (const auto &[name, values] : totals) {
    names.push_back(name);
    groups.push_back(stats::moments(values));
    std::printf("  promotion %s: %lld stores, mean %.2f thousand, standard deviation %.2f\n",
                name.c_str(), static_cast<long long>(groups.back().count), groups.back().mean,
                std::sqrt(groups.back().variance));
  }
  const std::pair<const char *, std::int32_t> kinds[] = {{"ANOVA", PLAUDIT_ANOVA_FISHER},
                                                         {"Welch's ANOVA", PLAUDIT_ANOVA_WELCH}};
  for (const auto &[title, kind] : kinds) {
    const stats::test_row test = stats::variance_analysis(groups, kind);
    std::printf("  %s: F %.3f on %.0f and %.1f, p %.2g\n", title, test.statistic,
                test.degrees_of_freedom, test.denominator_degrees, test.p_value);
  }
  std::vector<stats::sample_moments> first, second;
  texts pairs;
  for (std::size_t a = 0; a < groups.size(); a++)
    for (std::size_t b = a + 1; b < groups.size(); b++) {
      first.push_back(groups[a]);
      second.push_back(groups[b]);
      pairs.push_back(names[a] + " - " + names[b]);
    }
  const auto tests = stats::mean_tests(first, second);
  column p_values;
  for (const auto &test : tests) p_values.push_back(test.p_value);
  const column adjusted = stats::adjust_p_values(PLAUDIT_ADJUST_HOLM, p_values);
  for (std::size_t row = 0; row < tests.size(); row++)
    std::printf("  %s: %+.2f%s, p %.2g, adjusted %.2g\n", pairs[row].c_str(), tests[row].estimate,
                between("%+.2f", tests[row].interval.lower, tests[row].interval.upper).c_str(),
                tests[row].p_value, adjusted[row]);
}

/// What the e-mail lifted, and how much narrower the history of purchases makes the answer.
void email(const table &data) {
  const texts &segments = data.text("segment");
  std::set<std::string> others(segments.begin(), segments.end());
  others.erase("No E-Mail");
  const texts treatments(others.begin(), others.end());
  texts arms = {"No E-Mail"};
  arms.insert(arms.end(), treatments.begin(), treatments.end());
  const texts metrics = {"visit", "conversion", "spend"};
  const column values[] = {data.numbers("visit"), data.numbers("conversion"),
                           data.numbers("spend"), data.numbers("history")};
  constexpr std::size_t width = 4, history = 3, pairs = width * (width + 1) / 2;

  std::vector<std::int64_t> users(segments.size());
  std::iota(users.begin(), users.end(), 0);
  std::vector<std::int32_t> numbers;
  column rows;
  for (std::size_t row = 0; row < segments.size(); row++) {
    numbers.push_back(static_cast<std::int32_t>(
        std::find(arms.begin(), arms.end(), segments[row]) - arms.begin()));
    for (const column &value : values) rows.push_back(value[row]);
  }
  const auto size = static_cast<std::int64_t>(arms.size());
  plaudit::stats::experiment experiment = stats::experiment::create(size, width);
  experiment.add(users, numbers, rows);
  const stats::user_moments moments = experiment.moments();
  print_sample_ratio(arms, moments.users);

  // Of the upper triangle, for first <= second.
  const auto product = [&](std::size_t arm, std::size_t first, std::size_t second) {
    const std::size_t before = first == 0 ? 0 : first * width - first * (first - 1) / 2;
    return moments.products[arm * pairs + before + second - first];
  };
  column counts, sums, squares, covariate_sums, covariate_products, covariate_squares;
  for (std::size_t metric = 0; metric < metrics.size(); metric++)
    for (std::size_t arm = 0; arm < arms.size(); arm++) {
      counts.push_back(moments.users[arm]);
      sums.push_back(moments.sums[arm * width + metric]);
      squares.push_back(product(arm, metric, metric));
      covariate_sums.push_back(moments.sums[arm * width + history]);
      covariate_products.push_back(product(arm, metric, history));
      covariate_squares.push_back(product(arm, history, history));
    }
  const std::int32_t kinds[] = {PLAUDIT_LIFT_KIND_PROPORTION, PLAUDIT_LIFT_KIND_PROPORTION,
                                PLAUDIT_LIFT_KIND_MEAN};
  stats::lift_sums given;
  given.metrics = 3;
  given.arms = size;
  given.centred = true;
  given.kinds = kinds;
  given.users = counts;
  given.sums = sums;
  given.squares = squares;
  const stats::lift_table plain = stats::lifts(given);
  given.covariates = 1;
  given.covariate_sums = covariate_sums;
  given.covariate_products = covariate_products;
  given.covariate_squares = covariate_squares;
  const stats::lift_table cuped = stats::lifts(given);
  std::printf("  unadjusted\n");
  print_lifts(plain, metrics, treatments, "%.4f", 1, "", false);
  std::printf("  adjusted by history (CUPED)\n");
  print_lifts(cuped, metrics, treatments, "%.4f", 1, "", false);
  for (std::size_t row = 0; row < plain.size(); row++) {
    const double ratio = cuped.standard_error[row] / plain.standard_error[row];
    std::printf("  %s, %s: the variance is %s smaller\n",
                metrics[row / treatments.size()].c_str(),
                treatments[row % treatments.size()].c_str(), percent(1 - ratio * ratio, 1).c_str());
  }
}

/// [rows, width]: 1, and a 1 for the value of each of two features of the user.
struct contexts {
  std::size_t width = 1;
  column values;

  explicit contexts(const table &data) {
    std::vector<std::pair<const texts *, std::string>> wanted;
    for (const char *feature : {"user_feature_0", "user_feature_1"}) {
      const texts &here = data.text(feature);
      for (const std::string &value : std::set<std::string>(here.begin(), here.end()))
        wanted.emplace_back(&here, value);
    }
    width += wanted.size();
    for (std::size_t row = 0; row < data.text("item_id").size(); row++) {
      values.push_back(1);
      for (const auto &[here, value] : wanted) values.push_back((*here)[row] == value);
    }
  }
};

void print_value(const char *title, const plaudit::policy_value &value) {
  std::printf("  %s: %s%s\n", title, percent(value.value, 3).c_str(),
              between("%.3f", value.interval.lower, value.interval.upper, 100).c_str());
}

/// What Thompson sampling and LinUCB would have earned, told by a log of random decisions. They
/// learn from the first half of the log and are judged by the second.
void bandits(const table &data) {
  std::vector<std::int32_t> items;
  for (const double item : data.numbers("item_id")) {
    if (!(item >= 0 && item < 65536)) refuse("an item_id is no number of an item");
    items.push_back(static_cast<std::int32_t>(item));
  }
  if (items.size() < 2) refuse("the log has fewer than two decisions");
  const column clicks = data.numbers("click"), chances = data.numbers("propensity_score");
  const contexts users(data);
  const std::size_t count =
      static_cast<std::size_t>(*std::max_element(items.begin(), items.end())) + 1;
  const std::size_t half = items.size() / 2, rest = items.size() - half;
  texts names;
  for (std::size_t item = 0; item < count; item++) names.push_back("item " + std::to_string(item));

  // A model of clicks for the doubly robust value: rates, drawn to that of all items.
  column plays(count), sums(count), model;
  for (std::size_t row = 0; row < half; row++) {
    plays[static_cast<std::size_t>(items[row])] += 1;
    sums[static_cast<std::size_t>(items[row])] += clicks[row];
  }
  const double rate = std::accumulate(sums.begin(), sums.end(), 0.0) / static_cast<double>(half);
  for (std::size_t row = 0; row < rest; row++)
    for (std::size_t item = 0; item < count; item++)
      model.push_back((sums[item] + 100 * rate) / (plays[item] + 100));
  std::printf("  %zu decisions over %zu items, %.0f clicks; %zu of them judge\n", items.size(),
              count, std::accumulate(clicks.begin(), clicks.end(), 0.0), rest);

  using row_numbers = plaudit::span<const std::int32_t>;
  using row_values = plaudit::span<const double>;
  const row_numbers arms(items);
  const row_values rewards(clicks), propensities(chances), seen(users.values);
  plaudit::off_policy_estimate found;
  for (const bool linear : {false, true}) {
    plaudit::bandit_options options;
    options.policy = linear ? PLAUDIT_BANDIT_LIN_UCB : PLAUDIT_BANDIT_THOMPSON;
    options.reward = linear ? PLAUDIT_REWARD_REAL : PLAUDIT_REWARD_BERNOULLI;
    options.feature_count = linear ? static_cast<std::int64_t>(users.width) : 0;
    options.exploration = 0.1;
    options.floor = 0.2 / static_cast<double>(count);
    options.seed = 1;
    plaudit::bandit bandit = plaudit::bandit::create(names, options);
    column target;
    if (linear) {
      bandit.learn(arms.subspan(0, half), rewards.subspan(0, half),
                   seen.subspan(0, half * users.width));
      target = plaudit::arm_scores(
                   bandit.scores(seen.subspan(half * users.width, rest * users.width), rest))
                   .probabilities;
    } else {
      bandit.learn(arms.subspan(0, half), rewards.subspan(0, half));
      const column same = plaudit::arm_scores(bandit.scores()).probabilities;
      for (std::size_t row = 0; row < rest; row++)
        target.insert(target.end(), same.begin(), same.end());
    }
    const plaudit::decision_log log{arms.subspan(half, rest), rewards.subspan(half, rest),
                                    propensities.subspan(half, rest)};
    found = plaudit::off_policy(log, target, static_cast<std::int64_t>(count), model);
    print_value(linear ? "LinUCB, IPS" : "Thompson, IPS", found.inverse_propensity);
    print_value(linear ? "LinUCB, SNIPS" : "Thompson, SNIPS", found.self_normalised);
    print_value(linear ? "LinUCB, DR" : "Thompson, DR", found.doubly_robust);
    std::printf("  %s: worth %.0f decisions of its own, mean weight %.3f\n",
                linear ? "LinUCB" : "Thompson", found.effective_sample_size, found.mean_weight);
  }
  print_value("logged random policy", found.logged);
}

/// Which kind of post, and which hour, moves most of those it reaches.
void posts(const table &data) {
  const column reach = data.numbers("T_Reach"), moved = data.numbers("T_Interactions");
  const kpi::strings types(data.text("Type"));
  std::vector<std::int64_t> hours;
  for (const double hour : data.numbers("Hour")) {
    if (!(hour >= 0 && hour < 25)) refuse("an Hour is none of a day");
    hours.push_back(static_cast<std::int64_t>(hour));
  }
  for (const std::string head : {"type", "hour"}) {
    kpi::table_options options;
    options.keys = {head};
    options.measures = {{PLAUDIT_MEASURE_REACH}, {PLAUDIT_MEASURE_ENGAGEMENTS}};
    options.kpis = {PLAUDIT_KPI_ENGAGEMENT_RATE_BY_REACH};
    options.missing = PLAUDIT_MISSING_OMIT;
    kpi::table sums = kpi::table::create(options);
    const plaudit_column columns[] = {head == "type" ? types.column() : kpi::numbers(hours),
                                      kpi::numbers(reach), kpi::numbers(moved)};
    sums.add(columns);
    const kpi::result found = sums.finish();
    const plaudit_result_column keys = found.column(head);
    const column of_hours = head == "type" ? column() : column(found.numbers(head));
    const column rows = found.numbers("rows"), rates = found.numbers("engagement_rate_by_reach");
    for (std::size_t row = 0; row < found.groups(); row++)
      std::printf("  %s %s: %.0f posts, engagement %s of reach\n", head.c_str(),
                  head == "type" ? std::string(kpi::result::text(keys.column, row)).c_str()
                                 : show("%.0f", of_hours[row]).c_str(),
                  rows[row], percent(rates[row]).c_str());
  }
}

const section sections[] = {
    {"kpis", "ads/KAG_conversion_data.csv", "rakeshsarma/Little-Guy on GitHub", sample_ads, kpis},
    {"retention", "abtest/cookie_cats.csv", "ghaskari/cookie-cats-ab-test on GitHub",
     sample_players, retention},
    {"promotions", "abtest/ibm_fastfood_campaign.csv",
     "MainakRepositor/Datasets on GitHub (WA_Marketing-Campaign.csv)", sample_stores, promotions},
    {"email", "uplift/hillstrom_no_and_mens.csv", "MineThatData's e-mail test by Kevin Hillstrom",
     sample_customers, email},
    {"bandits", "bandit/obd/random_men.csv",
     "st-tech/zr-obp on GitHub (obd/random/men/men.csv)", sample_log, bandits},
    {"posts", "social/facebook_metrics_cosmetics.csv",
     "rsw0/Facebook-Post-Metrics on GitHub (dataset_Facebook.csv)", sample_posts, posts}};

void run(const std::string &only, const std::string &folder) {
  for (std::size_t at = 0; at <= only.size();) {
    const std::size_t end = std::min(only.find(',', at), only.size());
    const std::string name = only.substr(at, end - at);
    const auto *part = std::find_if(std::begin(sections), std::end(sections),
                                    [&](const section &one) { return name == one.name; });
    if (part == std::end(sections))
      refuse(name + " is none of kpis, retention, promotions, email, bandits, posts");
    part->run(load(*part, folder));
    at = end + 1;
  }
}

}  // namespace

int main(int argc, char **argv) {
  try {
    std::string only = "kpis,retention,promotions,email,bandits,posts", folder;
    for (int at = 1; at < argc; at += 2) {
      const std::string name = argv[at];
      if (at + 1 == argc || (name != "--data" && name != "--only"))
        refuse("usage: see the top of campaign_decisions.cpp; " + name +
               " is unknown or has no value");
      (name == "--data" ? folder : only) = argv[at + 1];
    }
    run(only, folder);
    return 0;
  } catch (const plaudit::error &error) {
    std::fprintf(stderr, "campaign_decisions: %s", error.what());
    if (error.index() >= 0)
      std::fprintf(stderr, " (row %lld)", static_cast<long long>(error.index()));
    std::fprintf(stderr, "\n");
  } catch (const std::exception &error) {
    std::fprintf(stderr, "campaign_decisions: %s\n", error.what());
  }
  return 1;
}
