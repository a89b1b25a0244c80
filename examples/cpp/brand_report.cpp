// What people say about brands, and how campaigns did: real posts and figures in, a report out.
//
//   brand_report (--corpus FILE | --posts FILE) [--model FOLDER] [--brands FILE] [--campaigns FILE]
//                [--template FILE] [--report FILE] [--limit N] [--train [--encoder FOLDER]]
//
// The twin of examples/python/brand_report.py, which describes the files and prints the same. From
// the checkout's root:
//
//   g++ -std=c++17 -O2 -I out/include examples/cpp/brand_report.cpp -o brand_report -L out/lib
//       -Wl,-rpath,$PWD/out/lib -lplaudit
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <plaudit.hpp>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

#include <unistd.h>

#include "csv.hpp"

namespace {

using row = std::map<std::string, std::string>;
const std::vector<std::string> labels = {"negative", "neutral", "positive"};

[[noreturn]] void refuse(const std::string &message) { throw std::runtime_error(message); }

/// The rows of a CSV (RFC 4180), by column.
std::vector<row> rows(const std::string &path) {
  const auto lines = csv::read(path);
  std::vector<row> table;
  for (std::size_t line = 1; line < lines.size(); line++) {
    if (lines[line].size() == 1 && lines[line][0].empty()) continue;
    row made;
    for (std::size_t column = 0; column < std::min(lines[0].size(), lines[line].size()); column++)
      made[lines[0][column]] = lines[line][column];
    table.push_back(std::move(made));
  }
  return table;
}

// ---- Posts ------------------------------------------------------------------------------------

struct post {
  int bucket;
  std::string text, label;
};

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool is_word(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; }
std::string lower(std::string text) {
  for (char &c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return text;
}

/// White space of any length as one blank, none at the ends.
std::string squeezed(const std::string &text) {
  std::string made;
  for (std::size_t at = 0; at < text.size();) {
    if (is_space(text[at])) {
      at++;
      continue;
    }
    if (!made.empty()) made += ' ';
    while (at < text.size() && !is_space(text[at])) made += text[at++];
  }
  return made;
}

/// What two copies of a post have in common: no case, links, white space or leading RT.
std::string normal_form(const std::string &given) {
  std::string text = lower(given);
  if (text.rfind("rt @", 0) == 0) {
    std::size_t end = 4;
    while (end < text.size() && is_word(text[end])) end++;
    if (end > 4 && end < text.size() && text[end] == ':') text.erase(0, end + 1);
  }
  std::string kept;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t scheme = 0;
    if (text.compare(at, 7, "http://") == 0) scheme = 7;
    if (text.compare(at, 8, "https://") == 0) scheme = 8;
    if (scheme && at + scheme < text.size() && !is_space(text[at + scheme])) {
      while (at < text.size() && !is_space(text[at])) at++;
    } else {
      kept += text[at++];
    }
  }
  return squeezed(kept);
}

/// A number below 10 that depends on nothing but the text (FNV-1a, 64 bits).
int bucket(const std::string &key) {
  std::uint64_t value = 0xCBF29CE484222325;
  for (const unsigned char byte : key) value = (value ^ byte) * 0x100000001B3;
  return static_cast<int>(value % 10);
}

/// Each different post; copies whose labels tie are left out.
std::vector<post> different_posts(const std::string &path) {
  std::vector<std::vector<row>> copies;
  std::vector<std::string> keys;
  std::unordered_map<std::string, std::size_t> places;
  for (row &line : rows(path)) {
    const std::string key = normal_form(line["text"]);
    if (key.empty()) continue;
    const auto [place, is_new] = places.emplace(key, copies.size());
    if (is_new) {
      copies.emplace_back();
      keys.push_back(key);
    }
    copies[place->second].push_back(std::move(line));
  }
  std::vector<post> posts;
  for (std::size_t index = 0; index < copies.size(); index++) {
    std::map<std::string, int> votes;
    for (const row &line : copies[index]) {
      const auto given = line.find("sentiment");
      votes[given == line.end() ? "" : given->second]++;
    }
    int most = 0, ties = 0;
    std::string label;
    for (const auto &[name, count] : votes) {
      if (count > most) label = name, ties = 0;
      if (count == most) ties++;
      most = std::max(most, count);
    }
    if (ties == 0) posts.push_back({bucket(keys[index]), copies[index][0].at("text"), label});
  }
  return posts;
}

struct brand {
  std::string name;
  std::set<std::string> words;
};

/// Whether a post has one of a brand's words; @ and # are no part of a word.
bool mentions(const std::string &text, const brand &brand) {
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at;
    while (end < text.size() && is_word(text[end])) end++;
    if (end > at && brand.words.count(text.substr(at, end - at))) return true;
    at = end + 1;
  }
  return false;
}

/// How many bytes at `at` are one well-formed UTF-8 character, and how many to skip when none is.
std::pair<int, int> character(const std::string &text, std::size_t at) {
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0;
  };
  const int first = byte(at);
  if (first < 0x80) return {1, 1};
  const int length = first >= 0xC2 && first < 0xE0   ? 2
                     : first >= 0xE0 && first < 0xF0 ? 3
                     : first >= 0xF0 && first < 0xF5 ? 4
                                                     : 0;
  if (length == 0) return {0, 1};
  const int low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
  const int high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
  for (int i = 1; i < length; i++) {
    const int next = byte(at + static_cast<std::size_t>(i));
    if (next < (i == 1 ? low : 0x80) || next > (i == 1 ? high : 0xBF)) return {0, i};
  }
  return {length, length};
}

/// The post as people read it.
std::string shown(const std::string &given) {
  const std::string text = squeezed(given);
  std::string made;
  for (std::size_t at = 0; at < text.size();) {
    const auto [length, skipped] = character(text, at);
    if (length)
      made.append(text, at, static_cast<std::size_t>(length));
    else
      made += "\xEF\xBF\xBD";
    at += static_cast<std::size_t>(skipped);
  }
  const std::pair<const char *, const char *> escapes[] = {
      {"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""}, {"&#39;", "'"}, {"&amp;", "&"}};
  for (const auto &[escape, plain] : escapes)
    for (std::size_t at = 0; (at = made.find(escape, at)) != std::string::npos; at++)
      made.replace(at, std::strlen(escape), plain);
  return made;
}

std::size_t width(const std::string &text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}
std::string left(std::string text, std::size_t columns) {
  while (width(text) < columns) text += ' ';
  return text;
}
std::string right(const std::string &text, std::size_t columns) {
  return std::string(columns > width(text) ? columns - width(text) : 0, ' ') + text;
}
std::string first_characters(const std::string &text, std::size_t count) {
  std::size_t end = 0;
  while (end < text.size() && count--) end += static_cast<std::size_t>(character(text, end).second);
  return text.substr(0, end);
}

// ---- Numbers as people and JSON read them ------------------------------------------------------

using value = std::optional<double>;
struct bounds {
  double lower, upper;
};

std::string format(const char *pattern, double number, int digits = 0) {
  char text[400];
  std::snprintf(text, sizeof text, pattern, digits, number);
  return text;
}
std::string grouped(std::int64_t number) {
  std::string text = std::to_string(number);
  for (std::size_t at = text.size(); at > 3; at -= 3) text.insert(at - 3, ",");
  return text;
}
std::string percent(value number, int digits = 1, bool sign = false) {
  return number ? format(sign ? "%+.*f %%" : "%.*f %%", 100 * *number, digits) : "–";
}
std::string between(const std::optional<bounds> &ends, int digits = 1, bool sign = false) {
  if (!ends || !std::isfinite(ends->lower) || !std::isfinite(ends->upper)) return "";
  const char *pattern = sign ? "%+.*f" : "%.*f";
  return format(pattern, 100 * ends->lower, digits) + " to " +
         format(pattern, 100 * ends->upper, digits);
}
std::string probability(double p) {
  return !std::isfinite(p) ? "–" : p < 1e-300 ? "< 1e-300" : "= " + format("%.*g", p, 2);
}

/// JSON has no NaN or infinity.
std::string json(double number) {
  return std::isfinite(number) ? format("%.*g", number, 17) : "null";
}
std::string json(value number) { return number ? json(*number) : "null"; }
std::string json(const std::optional<bounds> &ends) {
  return ends ? "[" + json(ends->lower) + "," + json(ends->upper) + "]" : "null";
}
std::string json(const std::string &text) {
  std::string made = "\"";
  for (std::size_t at = 0; at < text.size(); at++) {
    const auto c = static_cast<unsigned char>(text[at]);
    char escaped[8];
    if (c == '"' || c == '\\' || c < 0x20 || (c == '/' && at && text[at - 1] == '<')) {
      std::snprintf(escaped, sizeof escaped, "\\u%04x", c);
      made += escaped;
    } else {
      made += text[at];
    }
  }
  return made + "\"";
}
template <class List, class Each>
std::string json_list(const List &list, Each each) {
  std::string made = "[";
  for (const auto &one : list) made += (made.size() > 1 ? "," : "") + each(one);
  return made + "]";
}

bounds wilson(std::int64_t successes, std::int64_t trials) {
  const plaudit::stats::interval found = plaudit::stats::wilson_interval(successes, trials);
  return {found.lower, found.upper};
}

// ---- Sentiment --------------------------------------------------------------------------------

/// Draws the progress line of a long call, on terminals only.
plaudit::run_options watched(const char *what) {
  plaudit::run_options run;
  if (!isatty(STDERR_FILENO)) return run;
  run.progress = [what](const plaudit::progress &progress) {
    std::fprintf(stderr, "\r%s %lld/%lld ", what, static_cast<long long>(progress.done),
                 static_cast<long long>(progress.total));
    if (progress.done >= progress.total) std::fputc('\n', stderr);
    return true;
  };
  return run;
}

std::vector<std::string_view> texts_of(const std::vector<post> &posts) {
  std::vector<std::string_view> texts;
  for (const post &one : posts) texts.push_back(one.text);
  return texts;
}

std::int32_t label_of(const post &one) {
  const auto found = std::find(labels.begin(), labels.end(), one.label);
  return found == labels.end() ? -1 : static_cast<std::int32_t>(found - labels.begin());
}

/// Fits the head on all posts outside bucket 0 and saves the model.
void train(const std::string &encoder, const std::vector<post> &posts, const std::string &folder) {
  std::vector<post> learn;
  std::vector<std::int32_t> classes;
  for (const post &one : posts)
    if (one.bucket != 0 && label_of(one) >= 0) {
      learn.push_back(one);
      classes.push_back(label_of(one));
    }
  const plaudit::model base = plaudit::model::load(encoder);
  plaudit::trainer_options options;
  options.class_weighting = PLAUDIT_CLASS_WEIGHTS_BALANCED;
  options.pooling = PLAUDIT_POOLING_CLS | PLAUDIT_POOLING_MAX | PLAUDIT_POOLING_MEAN;
  options.normalize = PLAUDIT_NORMALIZE_NO;
  plaudit::predict_options vectors;
  vectors.pooling = options.pooling;
  vectors.normalize = options.normalize;
  vectors.invalid_utf8 = PLAUDIT_UTF8_REPLACE;
  plaudit::trainer trainer = plaudit::trainer::create(base, labels, options);
  const auto texts = texts_of(learn);
  trainer.add(base.embed(texts, vectors, watched("Embedding")), classes);
  const plaudit::training_report fit = trainer.fit(watched("Fitting"));
  trainer.model().save(folder);
  std::printf("Trained on %s posts: %lld iterations, l2 %g, loss %.4f; saved in %s\n",
              grouped(fit.example_count).c_str(), static_cast<long long>(fit.iteration_count),
              fit.l2, fit.loss, folder.c_str());
}

struct quote {
  std::string text;
  float score;
};
struct brand_line {
  std::string name;
  std::int64_t posts = 0, counts[3] = {};
  double share = 0;
  std::optional<bounds> share_interval, net_interval;
  value net, labelled_net;
  std::vector<quote> most_positive, most_negative;
};

/// (positive - negative) / (positive + negative), with the interval that Wilson's gives for the
/// share of positive posts among those that take sides: 2 p - 1 of both ends.
std::pair<value, std::optional<bounds>> net(std::int64_t positive, std::int64_t negative) {
  if (positive + negative == 0) return {};
  const bounds share = wilson(positive, positive + negative);
  return {static_cast<double>(positive - negative) / static_cast<double>(positive + negative),
          bounds{2 * share.lower - 1, 2 * share.upper - 1}};
}

std::vector<brand_line> brand_lines(const std::vector<post> &posts,
                                    const plaudit::predictions &predictions,
                                    const std::vector<std::int32_t> &columns,
                                    const std::vector<brand> &brands) {
  std::vector<std::vector<std::size_t>> found(brands.size());
  std::int64_t total = 0;
  for (std::size_t index = 0; index < posts.size(); index++) {
    const std::string text = lower(posts[index].text);
    for (std::size_t one = 0; one < brands.size(); one++)
      if (mentions(text, brands[one])) found[one].push_back(index), total++;
  }
  const auto extremes = [&](std::vector<std::size_t> ranked, int label) {
    const auto column = static_cast<std::size_t>(columns[static_cast<std::size_t>(label)]);
    std::stable_sort(ranked.begin(), ranked.end(), [&](std::size_t a, std::size_t b) {
      return predictions[a][column] > predictions[b][column];
    });
    std::vector<quote> quotes;
    for (std::size_t i = 0; i < std::min<std::size_t>(2, ranked.size()); i++)
      quotes.push_back({shown(posts[ranked[i]].text), predictions[ranked[i]][column]});
    return quotes;
  };
  std::vector<brand_line> table;
  for (std::size_t one = 0; one < brands.size(); one++) {
    if (found[one].empty()) continue;
    brand_line line;
    line.name = brands[one].name;
    line.posts = static_cast<std::int64_t>(found[one].size());
    line.share = static_cast<double>(line.posts) / static_cast<double>(total);
    line.share_interval = wilson(line.posts, total);
    std::int64_t given[3] = {};
    for (const std::size_t index : found[one]) {
      for (int label = 0; label < 3; label++)
        if (predictions.labels[index] == columns[static_cast<std::size_t>(label)])
          line.counts[label]++;
      if (label_of(posts[index]) >= 0) given[label_of(posts[index])]++;
    }
    std::tie(line.net, line.net_interval) = net(line.counts[2], line.counts[0]);
    line.labelled_net = net(given[2], given[0]).first;
    line.most_positive = extremes(found[one], 2);
    line.most_negative = extremes(found[one], 0);
    table.push_back(std::move(line));
  }
  std::stable_sort(table.begin(), table.end(),
                   [](const brand_line &a, const brand_line &b) { return a.posts > b.posts; });
  return table;
}

// ---- Campaigns --------------------------------------------------------------------------------

const char *const counts[] = {"impressions", "reach", "engagements", "clicks",
                              "conversions", "spend", "revenue"};
struct rate {
  const char *name, *part, *whole;
  plaudit::outcome<double> (*compute)(double, double);
};
const rate rates[] = {
    {"engagement rate", "engagements", "reach", plaudit::kpi::engagement_rate_by_reach},
    {"click-through rate", "clicks", "impressions", plaudit::kpi::click_through_rate},
    {"conversion rate", "conversions", "clicks", plaudit::kpi::conversion_rate}};
const rate money[] = {{"CPC", "spend", "clicks", plaudit::kpi::cost_per_click},
                      {"CPM", "spend", "impressions", plaudit::kpi::cost_per_mille},
                      {"CPA", "spend", "conversions", plaudit::kpi::cost_per_action},
                      {"ROAS", "revenue", "spend", plaudit::kpi::return_on_ad_spend},
                      {"ROI", "revenue", "spend", plaudit::kpi::return_on_investment},
                      {"AOV", "revenue", "conversions", plaudit::kpi::average_order_value}};

using sums = std::map<std::string, double>;
using ledger = std::map<std::pair<std::string, std::string>, sums>;

/// Sums by campaign and variant: a ratio of sums is a KPI, a mean of ratios is not.
ledger read_ledger(const std::string &path) {
  ledger table;
  for (const row &line : rows(path)) {
    const auto variant = line.find("variant");
    sums &group = table[{line.at("campaign"), variant == line.end() ? "control" : variant->second}];
    for (const char *column : counts) {
      const auto field = line.find(column);
      if (field == line.end() || field->second.empty()) continue;
      char *end = nullptr;
      group[column] += std::strtod(field->second.c_str(), &end);
      if (*end) refuse(path + ": " + column + " is '" + field->second + "', not a number");
    }
  }
  return table;
}

bool has(const sums &group, const rate &rate) {
  return group.count(rate.part) && group.count(rate.whole);
}
std::int64_t whole(double count) { return static_cast<std::int64_t>(count); }

struct kpi_value {
  std::string name;
  double value;
  std::optional<bounds> interval;
};

std::vector<kpi_value> kpis_of(const sums &group) {
  std::vector<kpi_value> kpis;
  for (const rate &one : rates) {
    if (!has(group, one)) continue;
    const double part = group.at(one.part), all = group.at(one.whole);
    if (all > 0 && all >= part)
      kpis.push_back({one.name, one.compute(part, all), wilson(whole(part), whole(all))});
  }
  for (const rate &one : money)
    if (has(group, one) && group.at(one.whole) > 0)
      kpis.push_back({one.name, one.compute(group.at(one.part), group.at(one.whole)), {}});
  return kpis;
}

struct lift_line {
  std::string campaign, variant, metric;
  plaudit::stats::lift lift;
};

/// Each variant against the control of its campaign.
std::vector<lift_line> lifts_of(const ledger &table) {
  std::vector<lift_line> lifts;
  for (const auto &[key, group] : table) {
    const auto control = table.find({key.first, "control"});
    if (key.second == "control" || control == table.end()) continue;
    for (const rate &one : rates)
      if (has(group, one) && has(control->second, one))
        lifts.push_back(
            {key.first, key.second, one.name,
             plaudit::stats::proportion_lift({whole(group.at(one.part)), whole(group.at(one.whole)),
                                              whole(control->second.at(one.part)),
                                              whole(control->second.at(one.whole))})});
  }
  return lifts;
}

// ---- Report -----------------------------------------------------------------------------------

struct arguments {
  std::string model, corpus, posts, encoder, brands = "examples/data/brands.csv";
  std::string campaigns = "examples/data/campaigns.csv", page = "examples/data/report.html";
  std::string report = "out/report.html";
  std::size_t limit = 0;
  bool train = false;
};

void report(const arguments &given) {
  std::vector<post> posts = different_posts(given.posts.empty() ? given.corpus : given.posts);
  if (given.train) train(given.encoder.empty() ? given.model : given.encoder, posts, given.model);
  const bool held_out = given.train || given.posts.empty();
  if (held_out)
    posts.erase(
        std::remove_if(posts.begin(), posts.end(), [](const post &one) { return one.bucket != 0; }),
        posts.end());
  if (given.limit && given.limit < posts.size()) {
    const std::size_t step = (posts.size() + given.limit - 1) / given.limit;
    std::vector<post> chosen;
    for (std::size_t i = 0; i < posts.size(); i += step) chosen.push_back(std::move(posts[i]));
    posts = std::move(chosen);
  }
  std::vector<brand> brands;
  for (const row &line : rows(given.brands)) {
    std::istringstream words(line.at("words"));
    brands.push_back({line.at("brand"), {std::istream_iterator<std::string>(words), {}}});
  }

  const plaudit::model model = plaudit::model::load(given.model);
  std::vector<std::int32_t> columns;
  for (const std::string &label : labels) columns.push_back(model.label_index(label));
  plaudit::predict_options options;
  options.invalid_utf8 = PLAUDIT_UTF8_REPLACE;
  const auto texts = texts_of(posts);
  const plaudit::predictions predictions = model.predict(texts, options, watched("Predicting"));

  std::string quality = "null";
  std::printf("\nSENTIMENT of %s posts%s\n",
              grouped(static_cast<std::int64_t>(posts.size())).c_str(),
              held_out ? ", none of them trained on" : "");
  std::vector<std::int32_t> truth, predicted;
  for (std::size_t index = 0; index < posts.size(); index++)
    if (label_of(posts[index]) >= 0) {
      truth.push_back(label_of(posts[index]));
      const auto column = std::find(columns.begin(), columns.end(), predictions.labels[index]);
      predicted.push_back(static_cast<std::int32_t>(column - columns.begin()));
    }
  if (!truth.empty()) {
    const auto good = plaudit::stats::classification(truth, predicted, 3);
    const auto cell = [&](std::size_t i, std::size_t j) { return good.confusion[3 * i + j]; };
    const bounds ends =
        wilson(cell(0, 0) + cell(1, 1) + cell(2, 2), static_cast<std::int64_t>(truth.size()));
    std::printf("  agreement with people %s (%s), macro-F1 %s\n", percent(good.accuracy).c_str(),
                between(ends).c_str(), percent(good.macro_f1).c_str());
    std::string confusion = "[", classes = "[";
    std::printf("  labelled as   ");
    for (const std::string &label : labels) std::printf("%s", right("-> " + label, 13).c_str());
    std::printf("      recall\n");
    for (std::size_t i = 0; i < 3; i++) {
      std::printf("  %s", left(labels[i], 14).c_str());
      confusion += i ? ",[" : "[";
      for (std::size_t j = 0; j < 3; j++) {
        std::printf("%s", right(grouped(cell(i, j)), 13).c_str());
        confusion += (j ? "," : "") + std::to_string(cell(i, j));
      }
      confusion += "]";
      std::printf("%s\n", right(percent(good.recall[i]), 12).c_str());
      classes += (i ? "," : "") + ("{\"label\":" + json(labels[i])) +
                 ",\"precision\":" + json(good.precision[i]) +
                 ",\"recall\":" + json(good.recall[i]) + ",\"f1\":" + json(good.f1[i]) +
                 ",\"posts\":" + std::to_string(good.support[i]) + "}";
    }
    quality =
        "{\"posts\":" + std::to_string(truth.size()) + ",\"accuracy\":" + json(good.accuracy) +
        ",\"accuracy_interval\":" + json(std::optional(ends)) +
        ",\"macro_f1\":" + json(good.macro_f1) +
        ",\"labels\":" + json_list(labels, [](const std::string &name) { return json(name); }) +
        ",\"confusion\":" + confusion + "],\"classes\":" + classes + "]}";
  }

  const auto table = brand_lines(posts, predictions, columns, brands);
  std::printf(
      "\nBRANDS              posts   voice   positive neutral negative   net sentiment"
      "               by labels\n");
  for (const brand_line &line : table) {
    const std::string text = "  " + left(line.name, 17) + right(grouped(line.posts), 6) +
                             right(percent(line.share), 9) + right(grouped(line.counts[2]), 10) +
                             right(grouped(line.counts[1]), 8) + right(grouped(line.counts[0]), 9) +
                             right(percent(line.net, 0, true), 9) + " (" +
                             between(line.net_interval, 0, true) + ")";
    std::printf("%s%s\n", left(text, 83).c_str(),
                right(percent(line.labelled_net, 0, true), 9).c_str());
  }
  for (std::size_t index = 0; index < std::min<std::size_t>(3, table.size()); index++) {
    const brand_line &line = table[index];
    std::printf("  + %s: %s\n  - %s: %s\n", line.name.c_str(),
                first_characters(line.most_positive[0].text, 96).c_str(), line.name.c_str(),
                first_characters(line.most_negative[0].text, 96).c_str());
  }

  const ledger campaigns = read_ledger(given.campaigns);
  std::printf("\nCAMPAIGNS\n");
  std::string campaign_json = "[";
  for (const auto &[key, group] : campaigns) {
    std::string facts, kpis = "{";
    for (const kpi_value &kpi : kpis_of(group)) {
      facts += (facts.empty() ? "" : "  ") + kpi.name + " " +
               (kpi.interval ? percent(kpi.value, 2) + " (" + between(kpi.interval, 2) + ")"
                             : format("%.*f", kpi.value, 2));
      kpis += (kpis.size() > 1 ? "," : "") + json(kpi.name) + ":{\"value\":" + json(kpi.value) +
              (kpi.interval ? ",\"interval\":" + json(kpi.interval) : "") + "}";
    }
    std::printf("  %s%s\n", left(key.first + ", " + key.second, 24).c_str(), facts.c_str());
    campaign_json += (campaign_json.size() > 1 ? "," : "") + ("{\"campaign\":" + json(key.first)) +
                     ",\"variant\":" + json(key.second) + ",\"kpis\":" + kpis + "}}";
  }
  std::printf("\nLIFT against the control of the same campaign\n");
  const auto lifts = lifts_of(campaigns);
  for (const lift_line &line : lifts) {
    const auto &lift = line.lift;
    const value relative = std::isfinite(lift.relative) ? value(lift.relative) : value();
    std::printf("  %s%s%s -> %s%s (%s)  p %s\n",
                left(line.campaign + ", " + line.variant, 24).c_str(),
                left(line.metric, 20).c_str(), right(percent(lift.control_rate, 2), 8).c_str(),
                right(percent(lift.treatment_rate, 2), 8).c_str(),
                right(percent(relative, 1, true), 10).c_str(),
                between(bounds{lift.relative_interval.lower, lift.relative_interval.upper}, 1, true)
                    .c_str(),
                probability(lift.p_value).c_str());
  }

  const auto quotes = [](const std::vector<quote> &list) {
    return json_list(list, [](const quote &one) {
      return "{\"text\":" + json(one.text) + ",\"score\":" + json(static_cast<double>(one.score)) +
             "}";
    });
  };
  const std::string data =
      "{\"version\":" + json(std::string(plaudit_version_string())) +
      ",\"posts\":" + std::to_string(posts.size()) +
      ",\"held_out\":" + (held_out ? "true" : "false") + ",\"quality\":" + quality +
      ",\"brands\":" +
      json_list(
          table,
          [&](const brand_line &line) {
            return "{\"brand\":" + json(line.name) + ",\"posts\":" + std::to_string(line.posts) +
                   ",\"share_of_voice\":" + json(line.share) +
                   ",\"share_interval\":" + json(line.share_interval) +
                   ",\"negative\":" + std::to_string(line.counts[0]) +
                   ",\"neutral\":" + std::to_string(line.counts[1]) +
                   ",\"positive\":" + std::to_string(line.counts[2]) +
                   ",\"net\":" + json(line.net) + ",\"net_interval\":" + json(line.net_interval) +
                   ",\"labelled_net\":" + json(line.labelled_net) +
                   ",\"most_positive\":" + quotes(line.most_positive) +
                   ",\"most_negative\":" + quotes(line.most_negative) + "}";
          }) +
      ",\"campaigns\":" + campaign_json + "],\"lifts\":" +
      json_list(
          lifts,
          [](const lift_line &line) {
            const auto &lift = line.lift;
            return "{\"campaign\":" + json(line.campaign) + ",\"variant\":" + json(line.variant) +
                   ",\"metric\":" + json(line.metric) +
                   ",\"treatment_rate\":" + json(lift.treatment_rate) +
                   ",\"control_rate\":" + json(lift.control_rate) +
                   ",\"absolute\":" + json(lift.absolute) + ",\"relative\":" + json(lift.relative) +
                   ",\"relative_interval\":[" + json(lift.relative_interval.lower) + "," +
                   json(lift.relative_interval.upper) + "],\"p_value\":" + json(lift.p_value) + "}";
          }) +
      "}";
  std::string page = csv::contents(given.page);
  const std::string place = "/*REPORT*/null";
  const std::size_t at = page.find(place);
  if (at == std::string::npos) refuse(given.page + " has no place for the report");
  page.replace(at, place.size(), data);
  std::ofstream file(given.report, std::ios::binary);
  if (!(file << page)) refuse("cannot write " + given.report);
  std::printf("\nThe same with plots: %s\n", given.report.c_str());
}

arguments parse(int argc, char **argv) {
  arguments given;
  const char *model = std::getenv("PLAUDIT_MODEL");
  given.model = model ? model : "out/models/brand-sentiment";
  const std::map<std::string, std::string *> names = {
      {"--model", &given.model},   {"--corpus", &given.corpus},       {"--posts", &given.posts},
      {"--brands", &given.brands}, {"--campaigns", &given.campaigns}, {"--template", &given.page},
      {"--report", &given.report}, {"--encoder", &given.encoder}};
  for (int i = 1; i < argc; i++) {
    const std::string name = argv[i];
    if (name == "--train") {
      given.train = true;
    } else if (i + 1 == argc || (name != "--limit" && !names.count(name))) {
      refuse("usage: see the top of brand_report.cpp; " + name + " is unknown or has no value");
    } else if (name == "--limit") {
      given.limit = static_cast<std::size_t>(std::strtoull(argv[++i], nullptr, 10));
    } else {
      *names.at(name) = argv[++i];
    }
  }
  if (given.posts.empty() && given.corpus.empty()) refuse("name --posts FILE or --corpus FILE");
  return given;
}

}  // namespace

int main(int argc, char **argv) {
  try {
    report(parse(argc, argv));
    return 0;
  } catch (const std::exception &error) {  // plaudit::error among them
    std::fprintf(stderr, "brand_report: %s\n", error.what());
    return 1;
  }
}
