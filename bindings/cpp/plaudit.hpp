// plaudit.hpp - Plaudit for C++17 and later: plaudit.h with ownership, spans and exceptions.
//
//   #include <plaudit.hpp>
//   #include <iostream>
//
//   int main(int, char **argv) {
//     auto model = plaudit::model::load(argv[1]);
//     auto scored = model.predict({"Love the new trainers!", "Still waiting for my refund."});
//     for (auto label : scored.labels) std::cout << model.label(label) << '\n';
//   }
//
// Names and meanings are those of plaudit.h, thread tags included. Handles can be moved and not
// copied; get() gives the C handle. A moved-from handle is refused as INVALID_HANDLE. Nothing here
// is static or global.
//
// Failures throw plaudit::error. With PLAUDIT_NO_EXCEPTIONS defined before the include, everything
// that can fail returns plaudit::result<T> instead, and the header compiles with -fno-exceptions.
#ifndef PLAUDIT_HPP
#define PLAUDIT_HPP

#include <plaudit.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <initializer_list>
#include <iterator>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#if __cplusplus >= 202002L && defined(__has_include)
#if __has_include(<span>)
#include <span>
#define PLAUDIT_STD_SPAN 1
#endif
#endif

// Files of one program may choose differently; their functions then have different names.
#if defined(PLAUDIT_NO_EXCEPTIONS) && defined(PLAUDIT_STD_SPAN)
#define PLAUDIT_DIALECT results_std_span
#elif defined(PLAUDIT_NO_EXCEPTIONS)
#define PLAUDIT_DIALECT results
#elif defined(PLAUDIT_STD_SPAN)
#define PLAUDIT_DIALECT exceptions_std_span
#else
#define PLAUDIT_DIALECT exceptions
#endif

namespace plaudit {
inline namespace PLAUDIT_DIALECT {

// ---- Library ----------------------------------------------------------------------------------

#ifdef PLAUDIT_STD_SPAN
using std::span;
#else
/// A borrowed array: std::span, as far as it is needed here.
template <class T>
class span {
 public:
  constexpr span() noexcept = default;
  constexpr span(T *data, std::size_t size) noexcept : data_(data), size_(size) {}
  template <std::size_t N>
  constexpr span(T (&array)[N]) noexcept : data_(array), size_(N) {}
  template <class Container,
            class = std::enable_if_t<
                !std::is_array_v<std::remove_reference_t<Container>> &&
                std::is_convertible_v<
                    std::remove_pointer_t<decltype(std::declval<Container &>().data())> (*)[],
                    T (*)[]> &&
                std::is_convertible_v<decltype(std::declval<Container &>().size()), std::size_t>>>
  constexpr span(Container &&container) noexcept
      : data_(container.data()), size_(container.size()) {}

  constexpr T *data() const noexcept { return data_; }
  constexpr std::size_t size() const noexcept { return size_; }
  constexpr bool empty() const noexcept { return size_ == 0; }
  constexpr T *begin() const noexcept { return data_; }
  constexpr T *end() const noexcept { return data_ + size_; }
  constexpr T &operator[](std::size_t index) const noexcept { return data_[index]; }
  constexpr span subspan(std::size_t first, std::size_t count) const noexcept {
    return {data_ + first, count};
  }

 private:
  T *data_ = nullptr;
  std::size_t size_ = 0;
};
#endif

/// The version as major * 10000 + minor * 100 + patch.
inline std::int32_t version() noexcept { return plaudit_version(); }
inline std::string_view version_string() noexcept { return plaudit_version_string(); }
/// Of the library that is loaded; compare with PLAUDIT_ABI_VERSION.
inline std::int32_t abi_version() noexcept { return plaudit_abi_version(); }
/// JSON: version, compiler, CPU features, kernels, threads.
inline std::string_view build_info() noexcept { return plaudit_build_info(); }
/// JSON: the size of every public struct and the offset of every field.
inline std::string_view abi_describe() noexcept { return plaudit_abi_describe(); }
/// Such as "CORRUPT"; "UNKNOWN" for numbers that are no status.
inline std::string_view status_name(plaudit_status status) noexcept {
  return plaudit_status_name(status);
}

/// Why a call failed; what() is one line with cause, offending name or value, and bound.
class error : public std::runtime_error {
 public:
  error(plaudit_status status, const std::string &message, std::int64_t index = -1,
        std::int64_t offset = -1)
      : std::runtime_error(message), status_(status), index_(index), offset_(offset) {}

  /// PLAUDIT_ERROR_...
  plaudit_status status() const noexcept { return status_; }
  /// The row or item that failed, -1 when there is none.
  std::int64_t index() const noexcept { return index_; }
  /// The byte in the text or file, -1 when there is none.
  std::int64_t offset() const noexcept { return offset_; }

 private:
  plaudit_status status_;
  std::int64_t index_;
  std::int64_t offset_;
};

#ifdef PLAUDIT_NO_EXCEPTIONS
/// A value or an error. The value may be read only when there is one, the error only when not.
template <class T>
class [[nodiscard]] result {
 public:
  result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  result(plaudit::error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool has_value() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return has_value(); }
  T &operator*() & noexcept { return *std::get_if<0>(&state_); }
  const T &operator*() const & noexcept { return *std::get_if<0>(&state_); }
  T &&operator*() && noexcept { return std::move(*std::get_if<0>(&state_)); }
  T *operator->() noexcept { return std::get_if<0>(&state_); }
  const T *operator->() const noexcept { return std::get_if<0>(&state_); }
  const plaudit::error &error() const noexcept { return *std::get_if<1>(&state_); }

 private:
  std::variant<T, plaudit::error> state_;
};

template <>
class [[nodiscard]] result<void> {
 public:
  result() noexcept = default;
  result(plaudit::error error) : error_(std::move(error)) {}

  bool has_value() const noexcept { return !error_; }
  explicit operator bool() const noexcept { return has_value(); }
  const plaudit::error &error() const noexcept { return *error_; }

 private:
  std::optional<plaudit::error> error_;
};

/// What a call that can fail returns.
template <class T>
using outcome = result<T>;
#else
/// What a call that can fail returns.
template <class T>
using outcome = T;
#endif

/// One of the C structs that begin with struct_size, with its size set and all else at its default.
template <class C>
struct sized : C {
  sized() noexcept : C{} { this->struct_size = static_cast<std::int64_t>(sizeof(C)); }
};

using encode_options = sized<plaudit_encode_options>;
using model_options = sized<plaudit_model_options>;
using save_options = sized<plaudit_save_options>;
using model_info = sized<plaudit_model_info>;
using precision_report = sized<plaudit_precision_report>;
using predict_options = sized<plaudit_predict_options>;
using text_report = plaudit_text_report;
using trainer_options = sized<plaudit_trainer_options>;
using training_report = sized<plaudit_training_report>;
using epoch = plaudit_epoch;
using fold_result = plaudit_fold_result;
using calibration_report = sized<plaudit_calibration_report>;
using progress = plaudit_progress;

namespace detail {

template <class T, void (*Free)(T **)>
class handle {
 public:
  handle() noexcept = default;
  handle(handle &&other) noexcept : raw_(std::exchange(other.raw_, nullptr)) {}
  handle &operator=(handle &&other) noexcept {
    if (this != &other) {
      Free(&raw_);
      raw_ = std::exchange(other.raw_, nullptr);
    }
    return *this;
  }
  ~handle() { Free(&raw_); }

  T *get() const noexcept { return raw_; }
  T **slot() noexcept { return &raw_; }

 private:
  T *raw_ = nullptr;
};

using error_handle = handle<plaudit_error, plaudit_error_free>;

inline error describe(plaudit_status status, plaudit_error *given) {
  const char *message = plaudit_error_message(given);
  // Without memory for it an error has no text; its status still has a name.
  if (plaudit_error_code(given) != status) message = plaudit_status_name(status);
  return error(status, message, plaudit_error_index(given), plaudit_error_offset(given));
}

template <class T>
outcome<T> fail(error cause) {
#ifdef PLAUDIT_NO_EXCEPTIONS
  return cause;
#else
  throw cause;
#endif
}

struct nothing {
  void rethrow() const noexcept {}
};

/// Runs a C call that takes a plaudit_error ** and gives what it filled, or its failure. What a
/// callback threw comes first.
template <class T, class Call, class Run>
outcome<T> finish(T &filled, const Run &run, Call call) {
  error_handle given;
  const plaudit_status status = call(given.slot());
  run.rethrow();
  if (status != PLAUDIT_OK) return fail<T>(describe(status, given.get()));
  return std::move(filled);
}

template <class T, class Call>
outcome<T> finish(T &filled, Call call) {
  return finish(filled, nothing{}, call);
}

template <class Call, class Run>
outcome<void> check(const Run &run, Call call) {
  error_handle given;
  const plaudit_status status = call(given.slot());
  run.rethrow();
  if (status != PLAUDIT_OK) return fail<void>(describe(status, given.get()));
  return outcome<void>();
}

template <class Call>
outcome<void> check(Call call) {
  return check(nothing{}, call);
}

/// For arrays that must be of one length, which C cannot see.
inline error unequal(const char *name, std::size_t size, const char *other, std::size_t expected) {
  return error(PLAUDIT_ERROR_INVALID_ARGUMENT,
               std::string(name) + " has " + std::to_string(size) + " elements, " + other + " " +
                   std::to_string(expected));
}

inline std::int64_t length(std::size_t size) noexcept { return static_cast<std::int64_t>(size); }

inline std::size_t size(std::int64_t count) noexcept {
  return count > 0 ? static_cast<std::size_t>(count) : 0;
}

/// A string_view that holds nothing at all is an empty text, not a missing one.
inline const char *data(std::string_view text) noexcept { return text.data() ? text.data() : ""; }

}  // namespace detail

/// A request to stop long calls, made from any thread; one token may serve several calls.
class cancel {
 public:
  static outcome<cancel> create() {
    cancel made;
    return detail::finish(made, [&](plaudit_error **error) {
      return plaudit_cancel_create(made.handle_.slot(), error);
    });
  }

  /// The calls end with CANCELLED within 50 ms. Safe in signal handlers.
  plaudit_status request() const noexcept { return plaudit_cancel_request(handle_.get()); }
  /// Takes the request back.
  plaudit_status reset() const noexcept { return plaudit_cancel_reset(handle_.get()); }
  plaudit_cancel *get() const noexcept { return handle_.get(); }

 private:
  cancel() noexcept = default;
  detail::handle<plaudit_cancel, plaudit_cancel_free> handle_;
};

/// How a long call runs.
struct run_options {
  const plaudit::cancel *cancel = nullptr;
  /// Called on the calling thread; false stops the call with CANCELLED. What it throws comes out
  /// of the call, except with PLAUDIT_NO_EXCEPTIONS, where it must not throw.
  std::function<bool(const plaudit::progress &)> progress = {};
  /// Shortest time between reports; 0 = 100 ms.
  std::chrono::milliseconds progress_interval{0};
  /// The call ends with TIMEOUT after this; 0 = never.
  std::chrono::milliseconds timeout{0};
  /// 0 = the cores this process may use; results are the same bits at any number.
  std::int32_t threads = 0;
};

namespace detail {

/// plaudit_run_options for one call.
class run {
 public:
  explicit run(const run_options &options) : options_(options) {
    c_.cancel = options.cancel ? options.cancel->get() : nullptr;
    if (options.progress) {
      c_.progress = &run::report;
      c_.progress_user_data = this;
    }
    c_.progress_interval_ms = options.progress_interval.count();
    c_.timeout_ms = options.timeout.count();
    c_.threads = options.threads;
    // A token that was moved away must not read as none.
    refused_ = options.cancel && !c_.cancel;
  }
  run(const run &) = delete;
  run &operator=(const run &) = delete;

  const plaudit_run_options *get() const noexcept { return &c_; }

  template <class Call>
  plaudit_status operator()(Call call) const {
    return refused_ ? plaudit_status{PLAUDIT_ERROR_INVALID_HANDLE} : call();
  }

#ifdef PLAUDIT_NO_EXCEPTIONS
  void rethrow() const noexcept {}
#else
  void rethrow() const {
    if (thrown_) std::rethrow_exception(thrown_);
  }
#endif

 private:
  // No exception may pass the library's frames.
  static std::int32_t report(const plaudit_progress *progress, void *user_data) noexcept {
    auto *self = static_cast<run *>(user_data);
#ifdef PLAUDIT_NO_EXCEPTIONS
    return self->options_.progress(*progress) ? 0 : 1;
#else
    if (self->thrown_) return 1;
    try {
      return self->options_.progress(*progress) ? 0 : 1;
    } catch (...) {
      self->thrown_ = std::current_exception();
      return 1;
    }
#endif
  }

  const run_options &options_;
  sized<plaudit_run_options> c_;
  std::exception_ptr thrown_;
  bool refused_ = false;
};

}  // namespace detail

// ---- Text -------------------------------------------------------------------------------------

/// Many texts, borrowed: the strings have to outlive the calls made with this.
class texts {
 public:
  texts() = default;
  texts(std::initializer_list<std::string_view> rows) { take(rows); }

  /// Any container of strings or string views, or of std::optional of them, where a row without
  /// value is null: its scores are NaN, its label -1.
  template <class Container,
            class = decltype(std::begin(std::declval<const Container &>())),
            class = std::enable_if_t<!std::is_same_v<std::decay_t<Container>, texts> &&
                                     !std::is_convertible_v<const Container &, std::string_view>>>
  texts(const Container &rows) {
    take(rows);
  }

  /// A batch laid out in C, such as Arrow strings.
  explicit texts(const plaudit_text_batch &batch) : given_(batch) {}

  std::size_t size() const noexcept {
    return given_ ? detail::size(given_->count) : pointers_.size();
  }

  /// The batch for a C call; lives as long as this.
  plaudit_text_batch get() const noexcept {
    if (given_) return *given_;
    sized<plaudit_text_batch> batch;
    batch.count = detail::length(pointers_.size());
    batch.pointers = pointers_.data();
    batch.lengths = lengths_.data();
    batch.validity = validity_.empty() ? nullptr : validity_.data();
    return batch;
  }

 private:
  template <class Rows>
  void take(const Rows &rows) {
    using row_type = decltype(*std::begin(rows));
    static_assert(std::is_lvalue_reference_v<row_type> ||
                      std::is_same_v<std::decay_t<row_type>, std::string_view>,
                  "texts borrows strings: this container makes them anew");
    for (const auto &row : rows) add(row);
  }

  void add(std::string_view row) {
    if (!validity_.empty()) mark(true);
    pointers_.push_back(detail::data(row));
    lengths_.push_back(detail::length(row.size()));
  }

  template <class String>
  void add(const std::optional<String> &row) {
    if (row) return add(std::string_view(*row));
    if (validity_.empty()) validity_.assign(pointers_.size() / 8 + 1, 0xFF);
    mark(false);
    pointers_.push_back(nullptr);
    lengths_.push_back(0);
  }

  void mark(bool valid) {
    const std::size_t row = pointers_.size();
    if (row / 8 >= validity_.size()) validity_.push_back(0xFF);
    const auto bit = static_cast<std::uint8_t>(1u << (row % 8));
    if (!valid) validity_[row / 8] = static_cast<std::uint8_t>(validity_[row / 8] & ~bit);
  }

  std::vector<const char *> pointers_;
  std::vector<std::int64_t> lengths_;
  std::vector<std::uint8_t> validity_;
  std::optional<plaudit_text_batch> given_;
};

/// Token ids, masks and offsets of texts; what it gives is borrowed from it. Arrays run over the
/// tokens of all rows unless they say otherwise; those that the options left out are empty.
class encoding {
 public:
  std::size_t text_count() const noexcept { return detail::size(view_.text_count); }
  /// A text has one row, and overflow rows after it when it was truncated.
  std::size_t row_count() const noexcept { return detail::size(view_.row_count); }
  std::size_t token_count() const noexcept { return detail::size(view_.token_count); }

  /// [row_count + 1] first token of each row.
  span<const std::int64_t> row_offsets() const noexcept {
    return {view_.row_offsets, row_count() + 1};
  }
  /// [row_count] which text.
  span<const std::int64_t> row_texts() const noexcept { return {view_.row_texts, row_count()}; }
  span<const std::int32_t> ids() const noexcept { return tokens(view_.ids); }
  span<const std::int32_t> type_ids() const noexcept { return tokens(view_.type_ids); }
  /// 1, 0 for padding.
  span<const std::uint8_t> attention_mask() const noexcept { return tokens(view_.attention_mask); }
  /// 1 for added tokens.
  span<const std::uint8_t> special_tokens_mask() const noexcept {
    return tokens(view_.special_tokens_mask);
  }
  /// 0 text, 1 its pair, -1 neither.
  span<const std::int8_t> sequences() const noexcept { return tokens(view_.sequences); }
  /// First byte in the caller's text.
  span<const std::int64_t> starts() const noexcept { return tokens(view_.starts); }
  /// Byte after the last.
  span<const std::int64_t> ends() const noexcept { return tokens(view_.ends); }
  /// [text_count] tokens cut off by truncation.
  span<const std::int64_t> dropped_tokens() const noexcept {
    return {view_.dropped_tokens, text_count()};
  }
  /// [text_count + 1] into the three arrays of words that became [UNK].
  span<const std::int64_t> unknown_offsets() const noexcept {
    return {view_.unknown_offsets, text_count() + 1};
  }
  span<const std::int64_t> unknown_starts() const noexcept { return unknown(view_.unknown_starts); }
  span<const std::int64_t> unknown_ends() const noexcept { return unknown(view_.unknown_ends); }
  span<const std::int8_t> unknown_sequences() const noexcept {
    return unknown(view_.unknown_sequences);
  }

  /// The token ids of one row.
  span<const std::int32_t> row_ids(std::size_t row) const noexcept {
    const auto first = detail::size(view_.row_offsets[row]);
    return ids().subspan(first, detail::size(view_.row_offsets[row + 1]) - first);
  }

  plaudit_encoding *get() const noexcept { return handle_.get(); }

 private:
  friend class tokenizer;
  encoding() noexcept = default;

  template <class T>
  span<const T> tokens(const T *first) const noexcept {
    return {first, first ? token_count() : 0};
  }
  template <class T>
  span<const T> unknown(const T *first) const noexcept {
    return {first, view_.unknown_offsets ? detail::size(view_.unknown_offsets[text_count()]) : 0};
  }

  detail::handle<plaudit_encoding, plaudit_encoding_free> handle_;
  sized<plaudit_encoding_view> view_;
};

/// Texts that a recipe cleaned; what it gives is borrowed from it.
class cleaning {
 public:
  std::size_t size() const noexcept { return detail::size(view_.text_count); }

  /// The cleaned text of a row.
  std::string_view operator[](std::size_t row) const noexcept {
    const auto first = detail::size(view_.offsets[row]);
    return {view_.data + first, detail::size(view_.offsets[row + 1]) - first};
  }

  /// For each byte of a row its first byte in the caller's text.
  span<const std::int32_t> starts(std::size_t row) const noexcept { return of(view_.starts, row); }
  /// For each byte of a row the byte after its last in the caller's text.
  span<const std::int32_t> ends(std::size_t row) const noexcept { return of(view_.ends, row); }

  /// Where the bytes first to last (exclusive) of a row came from in the caller's text; first is
  /// below last.
  std::pair<std::size_t, std::size_t> raw_span(std::size_t row, std::size_t first,
                                               std::size_t last) const noexcept {
    return {detail::size(starts(row)[first]), detail::size(ends(row)[last - 1])};
  }

  plaudit_cleaning *get() const noexcept { return handle_.get(); }

 private:
  friend outcome<cleaning> clean(std::string_view, const texts &);
  cleaning() noexcept = default;

  span<const std::int32_t> of(const std::int32_t *all, std::size_t row) const noexcept {
    const auto first = detail::size(view_.offsets[row]);
    return {all + first, detail::size(view_.offsets[row + 1]) - first};
  }

  detail::handle<plaudit_cleaning, plaudit_cleaning_free> handle_;
  sized<plaudit_cleaning_view> view_;
};

/// The cleaning recipes and their steps, as JSON.
inline std::string_view cleaning_recipes() noexcept { return plaudit_cleaning_recipes(); }

/// Cleans texts by a recipe such as "tweets-1".
inline outcome<cleaning> clean(std::string_view recipe, const texts &texts) {
  const plaudit_text_batch batch = texts.get();
  cleaning made;
  return detail::finish(made, [&](plaudit_error **error) {
    const plaudit_status status =
        plaudit_text_clean(detail::data(recipe), detail::length(recipe.size()), &batch,
                           made.handle_.slot(), error);
    return status == PLAUDIT_OK ? plaudit_cleaning_get(made.get(), &made.view_, error) : status;
  });
}

/// Cuts texts into the tokens of a model. [immutable]
class tokenizer {
 public:
  /// A tokenizer.json, or a folder with one or with vocab.txt.
  static outcome<tokenizer> load(std::string_view path) {
    tokenizer made;
    return detail::finish(made, [&](plaudit_error **error) {
      return plaudit_tokenizer_load(detail::data(path), detail::length(path.size()),
                                    made.handle_.slot(), error);
    });
  }

  /// The number of tokens, added ones included.
  outcome<std::int64_t> vocabulary_size() const {
    std::int64_t size = 0;
    return detail::finish(size, [&](plaudit_error **error) {
      return plaudit_tokenizer_vocabulary_size(get(), &size, error);
    });
  }

  /// NOT_FOUND when the vocabulary lacks it.
  outcome<std::int32_t> token_id(std::string_view token) const {
    std::int32_t id = 0;
    return detail::finish(id, [&](plaudit_error **error) {
      return plaudit_tokenizer_token_id(get(), detail::data(token), detail::length(token.size()),
                                        &id, error);
    });
  }

  /// Borrowed from the tokenizer.
  outcome<std::string_view> token_text(std::int32_t id) const {
    std::string_view text;
    return detail::finish(text, [&](plaudit_error **error) {
      const char *first = nullptr;
      std::int64_t length = 0;
      const plaudit_status status =
          plaudit_tokenizer_token_text(get(), id, &first, &length, error);
      if (status == PLAUDIT_OK) text = {first, detail::size(length)};
      return status;
    });
  }

  outcome<encoding> encode(const plaudit::texts &texts, const encode_options &options = {}) const {
    return encode(texts, nullptr, options);
  }

  /// Each text with its pair.
  outcome<encoding> encode_pairs(const plaudit::texts &texts, const plaudit::texts &pairs,
                                 const encode_options &options = {}) const {
    return encode(texts, &pairs, options);
  }

  plaudit_tokenizer *get() const noexcept { return handle_.get(); }

 private:
  friend class model;
  tokenizer() noexcept = default;

  outcome<encoding> encode(const plaudit::texts &texts, const plaudit::texts *pairs,
                           const encode_options &options) const {
    const plaudit_text_batch first = texts.get();
    const plaudit_text_batch second = pairs ? pairs->get() : plaudit_text_batch{};
    encoding made;
    return detail::finish(made, [&](plaudit_error **error) {
      const plaudit_status status = plaudit_tokenizer_encode(
          get(), &first, pairs ? &second : nullptr, &options, made.handle_.slot(), error);
      return status == PLAUDIT_OK ? plaudit_encoding_get(made.get(), &made.view_, error) : status;
    });
  }

  detail::handle<plaudit_tokenizer, plaudit_tokenizer_free> handle_;
};

// ---- Neural -----------------------------------------------------------------------------------

/// Scores of texts, one row a text.
struct predictions {
  std::size_t label_count = 0;
  std::vector<float> scores;        ///< [texts, label_count]
  std::vector<std::int32_t> labels; ///< [texts] index of the highest score, -1 for null rows
  std::vector<text_report> reports; ///< [texts]

  std::size_t size() const noexcept { return labels.size(); }
  span<const float> operator[](std::size_t text) const noexcept {
    return {scores.data() + text * label_count, label_count};
  }
};

/// Vectors of texts, one row a text.
struct embeddings {
  std::size_t width = 0;
  std::vector<float> values;        ///< [texts, width]
  std::vector<text_report> reports; ///< [texts]

  std::size_t size() const noexcept { return reports.size(); }
  span<const float> operator[](std::size_t text) const noexcept {
    return {values.data() + text * width, width};
  }
};

/// Vectors of tokens, one row a token.
struct hidden_states {
  std::size_t width = 0;
  std::vector<float> values;               ///< [tokens of all texts, width]
  std::vector<std::int64_t> token_offsets; ///< [texts + 1]

  std::size_t size() const noexcept { return token_offsets.size() - 1; }
  /// The vectors of one text, [its tokens, width].
  span<const float> operator[](std::size_t text) const noexcept {
    const auto first = detail::size(token_offsets[text]) * width;
    return {values.data() + first, detail::size(token_offsets[text + 1]) * width - first};
  }
};

/// The score of one text.
struct scored_text {
  std::int32_t label = -1;
  text_report report = {};
  std::vector<float> scores; ///< empty when the caller gave the room
};

/// The vector of one text.
struct embedded_text {
  text_report report = {};
  std::vector<float> values; ///< empty when the caller gave the room
};

/// Scores single events; one thread at a time, else BUSY. [exclusive]
class scorer {
 public:
  /// Allocates room for the scores.
  outcome<scored_text> score(std::string_view text) {
    scored_text scored;
    scored.scores.resize(label_count_);
    return detail::finish(scored, [&](plaudit_error **error) {
      return score(text, scored.scores, scored, error);
    });
  }

  /// Scores go where the caller says, [label_count]; nothing is allocated unless scorer_threads is above 1.
  outcome<scored_text> score(std::string_view text, span<float> scores) {
    scored_text scored;
    return detail::finish(scored, [&](plaudit_error **error) {
      return score(text, scores, scored, error);
    });
  }

  /// Allocates room for the vector.
  outcome<embedded_text> embed(std::string_view text) {
    embedded_text embedded;
    embedded.values.resize(width_);
    return detail::finish(embedded, [&](plaudit_error **error) {
      return embed(text, embedded.values, embedded, error);
    });
  }

  /// Allocates nothing: the vector goes where the caller says, [embedding_size].
  outcome<embedded_text> embed(std::string_view text, span<float> values) {
    embedded_text embedded;
    return detail::finish(embedded, [&](plaudit_error **error) {
      return embed(text, values, embedded, error);
    });
  }

  plaudit_scorer *get() const noexcept { return handle_.get(); }

 private:
  friend class model;
  scorer() noexcept = default;

  plaudit_status score(std::string_view text, span<float> scores, scored_text &scored,
                       plaudit_error **error) {
    return plaudit_scorer_score(get(), detail::data(text), detail::length(text.size()),
                                scores.data(), detail::length(scores.size()), &scored.label,
                                &scored.report, error);
  }

  plaudit_status embed(std::string_view text, span<float> values, embedded_text &embedded,
                       plaudit_error **error) {
    return plaudit_scorer_embed(get(), detail::data(text), detail::length(text.size()),
                                values.data(), detail::length(values.size()), &embedded.report,
                                error);
  }

  detail::handle<plaudit_scorer, plaudit_scorer_free> handle_;
  std::size_t label_count_ = 0;
  std::size_t width_ = 0;
};

/// An encoder, with or without a classifier head. [immutable]
class model {
 public:
  /// A folder as Hugging Face or sentence-transformers write it.
  static outcome<model> load(std::string_view path, const model_options &options = {}) {
    model made;
    return detail::finish(made, [&](plaudit_error **error) {
      const plaudit_status status =
          plaudit_model_load(detail::data(path), detail::length(path.size()), &options,
                             made.handle_.slot(), error);
      return status == PLAUDIT_OK ? made.read_info(error) : status;
    });
  }

  /// The model that comes with Plaudit, brand-sentiment; plaudit_model_load says where it is
  /// looked for.
  static outcome<model> load_default(const model_options &options = {}) {
    model made;
    return detail::finish(made, [&](plaudit_error **error) {
      const plaudit_status status =
          plaudit_model_load(nullptr, -1, &options, made.handle_.slot(), error);
      return status == PLAUDIT_OK ? made.read_info(error) : status;
    });
  }

  /// Writes a folder that loads again and predicts the same bits.
  outcome<void> save(std::string_view path) const {
    return detail::check([&](plaudit_error **error) {
      return plaudit_model_save(get(), detail::data(path), detail::length(path.size()), error);
    });
  }

  /// The same, stored as the options say; rows of int8 change scores a little.
  outcome<void> save(std::string_view path, const save_options &options) const {
    return detail::check([&](plaudit_error **error) {
      return plaudit_model_save_as(get(), detail::data(path), detail::length(path.size()),
                                   &options, error);
    });
  }

  const model_info &info() const noexcept { return info_; }
  std::size_t label_count() const noexcept { return detail::size(info_.label_count); }

  /// Borrowed from the model. Orders differ between models: always go by name.
  outcome<std::string_view> label(std::int64_t index) const {
    std::string_view name;
    return detail::finish(name, [&](plaudit_error **error) {
      const char *first = nullptr;
      const plaudit_status status = plaudit_model_label(get(), index, &first, error);
      if (status == PLAUDIT_OK) name = first;
      return status;
    });
  }

  /// All names, in the order of scores; borrowed from the model.
  outcome<std::vector<std::string_view>> labels() const {
    std::vector<std::string_view> names;
    return detail::finish(names, [&](plaudit_error **error) {
      plaudit_status status = PLAUDIT_OK;
      for (std::int64_t index = 0; index < info_.label_count && status == PLAUDIT_OK; index++) {
        const char *first = nullptr;
        status = plaudit_model_label(get(), index, &first, error);
        if (status == PLAUDIT_OK) names.emplace_back(first);
      }
      return status;
    });
  }

  /// NOT_FOUND lists the names there are.
  outcome<std::int32_t> label_index(std::string_view name) const {
    std::int32_t index = 0;
    return detail::finish(index, [&](plaudit_error **error) {
      return plaudit_model_label_index(get(), detail::data(name), detail::length(name.size()),
                                       &index, error);
    });
  }

  /// A handle on the model's own tokenizer.
  outcome<plaudit::tokenizer> tokenizer() const {
    plaudit::tokenizer made;
    return detail::finish(made, [&](plaudit_error **error) {
      return plaudit_model_tokenizer(get(), made.handle_.slot(), error);
    });
  }

  /// Scores texts; the same bits alone or in any batch, at any number of threads.
  outcome<predictions> predict(const texts &rows, const predict_options &options = {},
                               const run_options &run = {}) const {
    return predict(rows, nullptr, options, run);
  }

  /// Scores each text with its pair.
  outcome<predictions> predict_pairs(const texts &rows, const texts &pairs,
                                     const predict_options &options = {},
                                     const run_options &run = {}) const {
    return predict(rows, &pairs, options, run);
  }

  /// One vector a text; INVALID_ARGUMENT when neither folder nor options name a pooling.
  outcome<embeddings> embed(const texts &rows, const predict_options &options = {},
                            const run_options &run = {}) const {
    const plaudit_text_batch batch = rows.get();
    const detail::run running(run);
    embeddings made;
    made.width = width(options.pooling);
    made.values.resize(rows.size() * made.width);
    made.reports.resize(rows.size());
    return detail::finish(made, running, [&](plaudit_error **error) {
      return running([&] {
        return plaudit_model_embed(get(), &batch, &options, running.get(), made.values.data(),
                                   detail::length(made.values.size()), made.reports.data(), error);
      });
    });
  }

  /// The last layer's vectors, one a token.
  outcome<plaudit::hidden_states> hidden_states(const texts &rows,
                                                const predict_options &options = {},
                                                const run_options &run = {}) const {
    return hidden_states(rows, nullptr, options, run);
  }

  outcome<plaudit::hidden_states> hidden_states_pairs(const texts &rows, const texts &pairs,
                                                      const predict_options &options = {},
                                                      const run_options &run = {}) const {
    return hidden_states(rows, &pairs, options, run);
  }

  /// The model with a calibration (PLAUDIT_CALIBRATION_...) of its probabilities, fitted to texts
  /// it was not trained on; labels are indices of its own. Saved with the model; logits stay.
  outcome<model> calibrate(const texts &rows, span<const std::int32_t> labels,
                           std::int32_t method = PLAUDIT_CALIBRATION_TEMPERATURE,
                           calibration_report *report = nullptr,
                           const run_options &run = {}) const {
    if (labels.size() != rows.size())
      return detail::fail<model>(detail::unequal("labels", labels.size(), "texts", rows.size()));
    const plaudit_text_batch batch = rows.get();
    const detail::run running(run);
    model made;
    return detail::finish(made, running, [&](plaudit_error **error) {
      return running([&] {
        const plaudit_status status =
            plaudit_model_calibrate(get(), &batch, labels.data(), method, running.get(),
                                    made.handle_.slot(), report, error);
        return status == PLAUDIT_OK ? made.read_info(error) : status;
      });
    });
  }

  /// A lexicon model with words of one's own: valences from -4 to 4, one a word.
  outcome<model> with_words(const texts &words, span<const double> valences) const {
    if (valences.size() != words.size())
      return detail::fail<model>(
          detail::unequal("valences", valences.size(), "words", words.size()));
    const plaudit_text_batch batch = words.get();
    model made;
    return detail::finish(made, [&](plaudit_error **error) {
      const plaudit_status status = plaudit_model_with_words(get(), &batch, valences.data(),
                                                             made.handle_.slot(), error);
      return status == PLAUDIT_OK ? made.read_info(error) : status;
    });
  }

  /// The same model at a precision (PLAUDIT_PRECISION_...); this one stays as it is. Below fp32 a
  /// model is neither saved nor trained further.
  outcome<model> at_precision(std::int32_t precision) const {
    model made;
    return detail::finish(made, [&](plaudit_error **error) {
      const plaudit_status status =
          plaudit_model_at_precision(get(), precision, made.handle_.slot(), error);
      return status == PLAUDIT_OK ? made.read_info(error) : status;
    });
  }

  /// What a precision would change of the texts' labels and scores, or of their embeddings; for a
  /// model at fp32.
  outcome<plaudit::precision_report> precision_report(
      const texts &rows, std::int32_t precision = PLAUDIT_PRECISION_FASTEST,
      const predict_options &options = {}, const run_options &run = {}) const {
    return precision_report(rows, nullptr, precision, options, run);
  }

  /// The same of texts with their pairs.
  outcome<plaudit::precision_report> precision_report_pairs(
      const texts &rows, const texts &pairs, std::int32_t precision = PLAUDIT_PRECISION_FASTEST,
      const predict_options &options = {}, const run_options &run = {}) const {
    return precision_report(rows, &pairs, precision, options, run);
  }

  /// For single events.
  outcome<plaudit::scorer> scorer(const predict_options &options = {}) const {
    plaudit::scorer made;
    made.label_count_ = label_count();
    made.width_ = width(options.pooling);
    return detail::finish(made, [&](plaudit_error **error) {
      return plaudit_scorer_create(get(), &options, made.handle_.slot(), error);
    });
  }

  plaudit_model *get() const noexcept { return handle_.get(); }

 private:
  friend class trainer;
  model() noexcept = default;

  plaudit_status read_info(plaudit_error **error) {
    return plaudit_model_get_info(get(), &info_, error);
  }

  /// The floats of a vector made with this pooling: PLAUDIT_POOLING_... bits, 0 as the folder says.
  std::size_t width(std::int32_t pooling) const noexcept {
    const auto parts = [](std::int32_t bits) {
      return (bits & 1) + ((bits >> 1) & 1) + ((bits >> 2) & 1);
    };
    const bool as_folder = pooling == 0 || parts(pooling) == parts(info_.pooling);
    return detail::size(as_folder ? info_.embedding_size : parts(pooling) * info_.hidden_size);
  }

  outcome<plaudit::precision_report> precision_report(const texts &rows, const texts *pairs,
                                                      std::int32_t precision,
                                                      const predict_options &options,
                                                      const run_options &run) const {
    const plaudit_text_batch batch = rows.get();
    const plaudit_text_batch partners = pairs ? pairs->get() : plaudit_text_batch{};
    const detail::run running(run);
    plaudit::precision_report made;
    return detail::finish(made, running, [&](plaudit_error **error) {
      return running([&] {
        return plaudit_model_precision_report(get(), precision, &batch, pairs ? &partners : nullptr,
                                              &options, running.get(), &made, error);
      });
    });
  }

  outcome<predictions> predict(const texts &rows, const texts *pairs,
                               const predict_options &options, const run_options &run) const {
    const plaudit_text_batch first = rows.get();
    const plaudit_text_batch second = pairs ? pairs->get() : plaudit_text_batch{};
    const detail::run running(run);
    predictions made;
    made.label_count = label_count();
    made.scores.resize(rows.size() * made.label_count);
    made.labels.resize(rows.size());
    made.reports.resize(rows.size());
    return detail::finish(made, running, [&](plaudit_error **error) {
      return running([&] {
        return plaudit_model_predict(get(), &first, pairs ? &second : nullptr, &options,
                                     running.get(), made.scores.data(),
                                     detail::length(made.scores.size()), made.labels.data(),
                                     made.reports.data(), error);
      });
    });
  }

  outcome<plaudit::hidden_states> hidden_states(const texts &rows, const texts *pairs,
                                                const predict_options &options,
                                                const run_options &run) const {
    const plaudit_text_batch first = rows.get();
    const plaudit_text_batch second = pairs ? pairs->get() : plaudit_text_batch{};
    const detail::run running(run);
    plaudit::hidden_states made;
    made.width = detail::size(info_.hidden_size);
    made.token_offsets.resize(rows.size() + 1);
    return detail::finish(made, running, [&](plaudit_error **error) {
      const auto call = [&] {
        return plaudit_model_hidden_states(get(), &first, pairs ? &second : nullptr, &options,
                                           running.get(), made.values.data(),
                                           detail::length(made.values.size()),
                                           made.token_offsets.data(), error);
      };
      const plaudit_status measured = running(call);
      if (measured != PLAUDIT_OK) return measured;
      made.values.resize(detail::size(made.token_offsets.back()) * made.width);
      return made.values.empty() ? measured : running(call);
    });
  }

  detail::handle<plaudit_model, plaudit_model_free> handle_;
  model_info info_;
};

/// Trains a classifier: a head on a model that embeds or, where the options name an architecture,
/// a network or linear model. The strings that options point to are needed while it is made.
/// [exclusive]
class trainer {
 public:
  /// With these labels, 2 to 4096 different names, starting from a model.
  static outcome<trainer> create(const plaudit::model &base, const texts &labels,
                                 const trainer_options &options = {}) {
    return create(&base, labels, options);
  }

  /// Of an architecture that starts from no model.
  static outcome<trainer> create(const texts &labels, const trainer_options &options) {
    return create(nullptr, labels, options);
  }

  /// Keeps texts as examples; labels are indices into the trainer's. All or nothing.
  outcome<void> add(const texts &rows, span<const std::int32_t> labels,
                    const run_options &run = {}) {
    return keep(plaudit_trainer_add, rows, labels, run);
  }

  /// Keeps texts by which epochs and penalties are compared; nothing is learnt from them. Not for
  /// heads.
  outcome<void> add_validation(const texts &rows, span<const std::int32_t> labels,
                               const run_options &run = {}) {
    return keep(plaudit_trainer_add_validation, rows, labels, run);
  }

  /// Keeps embeddings made before, [labels, width], as examples of a head.
  outcome<void> add(const embeddings &vectors, span<const std::int32_t> labels) {
    return add_embeddings(vectors.values, vectors.width, labels);
  }

  outcome<void> add_embeddings(span<const float> values, std::size_t width,
                               span<const std::int32_t> labels) {
    if (width != width_ && values.size() > 0)
      return detail::fail<void>(detail::unequal("an embedding", width, "the model gives", width_));
    if (values.size() != labels.size() * width)
      return detail::fail<void>(
          detail::unequal("embeddings", values.size(), "labels ask for", labels.size() * width));
    return detail::check([&](plaudit_error **error) {
      return plaudit_trainer_add_embeddings(get(), values.data(), detail::length(labels.size()),
                                            labels.data(), error);
    });
  }

  /// Trains on all examples. Cancelled or out of time, model() gives the best epoch so far, else
  /// the last complete step or iteration.
  outcome<training_report> fit(const run_options &run = {}) {
    const detail::run running(run);
    training_report report;
    return detail::finish(report, running, [&](plaudit_error **error) {
      return running([&] { return plaudit_trainer_fit(get(), running.get(), &report, error); });
    });
  }

  /// The epochs of the last fit, also of one that was cancelled. Heads and linear models have none.
  outcome<std::vector<epoch>> history() {
    std::vector<epoch> epochs;
    return detail::finish(epochs, [&](plaudit_error **error) {
      std::int64_t count = 0;
      const plaudit_status status = plaudit_trainer_history(get(), nullptr, 0, &count, error);
      if (status != PLAUDIT_OK) return status;
      epochs.resize(detail::size(count));
      return plaudit_trainer_history(get(), epochs.data(), count, &count, error);
    });
  }

  /// What the last fit made; INVALID_STATE before the first.
  outcome<plaudit::model> model() {
    plaudit::model made;
    return detail::finish(made, [&](plaudit_error **error) {
      const plaudit_status status = plaudit_trainer_model(get(), made.handle_.slot(), error);
      return status == PLAUDIT_OK ? made.read_info(error) : status;
    });
  }

  plaudit_trainer *get() const noexcept { return handle_.get(); }

 private:
  trainer() noexcept = default;

  static outcome<trainer> create(const plaudit::model *base, const texts &labels,
                                 const trainer_options &options) {
    const plaudit_text_batch names = labels.get();
    trainer made;
    if (base) made.width_ = base->width(options.pooling);
    return detail::finish(made, [&](plaudit_error **error) {
      // A model that was moved away must not read as none.
      if (base && !base->get()) return plaudit_status{PLAUDIT_ERROR_INVALID_HANDLE};
      return plaudit_trainer_create(base ? base->get() : nullptr, &names, &options,
                                    made.handle_.slot(), error);
    });
  }

  template <class Add>
  outcome<void> keep(Add add, const texts &rows, span<const std::int32_t> labels,
                     const run_options &run) {
    if (labels.size() != rows.size())
      return detail::fail<void>(detail::unequal("labels", labels.size(), "texts", rows.size()));
    const plaudit_text_batch batch = rows.get();
    const detail::run running(run);
    return detail::check(running, [&](plaudit_error **error) {
      return running([&] { return add(get(), &batch, labels.data(), running.get(), error); });
    });
  }

  detail::handle<plaudit_trainer, plaudit_trainer_free> handle_;
  std::size_t width_ = 0;
};

/// How candidates are cross-validated.
struct search_options {
  std::int64_t folds = 5;
  /// Of the folds; candidates have a seed of their own.
  std::uint64_t seed = 0;
  /// [texts] rows of equal numbers stay together; empty for none.
  span<const std::int64_t> groups = {};
};

/// Candidates, each trained and judged on every fold.
struct search_result {
  std::size_t fold_count = 0;
  std::vector<fold_result> folds; ///< [candidates, fold_count]
  std::size_t best = 0;           ///< of the highest mean macro-F1, the first of equal ones

  std::size_t size() const noexcept { return fold_count ? folds.size() / fold_count : 0; }
  span<const fold_result> operator[](std::size_t candidate) const noexcept {
    return {folds.data() + candidate * fold_count, fold_count};
  }
};

namespace detail {

inline outcome<search_result> search(const plaudit::model *base, const texts &labels,
                                     const texts &rows, span<const std::int32_t> truth,
                                     span<const trainer_options> candidates,
                                     const search_options &options, const run_options &run) {
  if (truth.size() != rows.size())
    return fail<search_result>(unequal("truth", truth.size(), "texts", rows.size()));
  if (!options.groups.empty() && options.groups.size() != rows.size())
    return fail<search_result>(unequal("groups", options.groups.size(), "texts", rows.size()));
  const plaudit_text_batch names = labels.get(), batch = rows.get();
  const detail::run running(run);
  std::vector<const plaudit_trainer_options *> given;
  for (const trainer_options &candidate : candidates) given.push_back(&candidate);
  search_result made;
  // Absurd counts are refused by the library, before there is room for them.
  if (options.folds >= 2 && options.folds <= 65536 && given.size() <= 65536) {
    made.fold_count = size(options.folds);
    made.folds.resize(given.size() * made.fold_count);
  }
  return finish(made, running, [&](plaudit_error **error) {
    if (base && !base->get()) return plaudit_status{PLAUDIT_ERROR_INVALID_HANDLE};
    return running([&] {
      std::int64_t best = 0;
      const plaudit_status status = plaudit_trainer_search(
          base ? base->get() : nullptr, &names, &batch, truth.data(),
          options.groups.empty() ? nullptr : options.groups.data(), given.data(),
          length(given.size()), options.folds, options.seed, running.get(), made.folds.data(),
          &best, error);
      made.best = size(best);
      return status;
    });
  });
}

}  // namespace detail

/// Cross-validates candidates, such as the points of a grid; truth are indices into labels.
inline outcome<search_result> search(const plaudit::model &base, const texts &labels,
                                     const texts &rows, span<const std::int32_t> truth,
                                     span<const trainer_options> candidates,
                                     const search_options &options = {},
                                     const run_options &run = {}) {
  return detail::search(&base, labels, rows, truth, candidates, options, run);
}

/// The same for architectures that start from no model.
inline outcome<search_result> search(const texts &labels, const texts &rows,
                                     span<const std::int32_t> truth,
                                     span<const trainer_options> candidates,
                                     const search_options &options = {},
                                     const run_options &run = {}) {
  return detail::search(nullptr, labels, rows, truth, candidates, options, run);
}

// ---- Stats ------------------------------------------------------------------------------------

/// KPIs of one group. Rates are fractions; a zero denominator is UNDEFINED.
namespace kpi {

namespace detail_kpi {
using function = plaudit_status (*)(double, double, double *, plaudit_error **);
inline outcome<double> value(function compute, double numerator, double denominator) {
  double value = 0;
  return detail::finish(value, [&](plaudit_error **error) {
    return compute(numerator, denominator, &value, error);
  });
}
}  // namespace detail_kpi

/// clicks / impressions; clicks above impressions are INVALID_DATA.
inline outcome<double> click_through_rate(double clicks, double impressions) {
  return detail_kpi::value(plaudit_kpi_click_through_rate, clicks, impressions);
}
/// engagements / impressions; may exceed 1.
inline outcome<double> engagement_rate_by_impressions(double engagements, double impressions) {
  return detail_kpi::value(plaudit_kpi_engagement_rate_by_impressions, engagements, impressions);
}
/// engagements / reach.
inline outcome<double> engagement_rate_by_reach(double engagements, double reach) {
  return detail_kpi::value(plaudit_kpi_engagement_rate_by_reach, engagements, reach);
}
/// engagements / followers.
inline outcome<double> engagement_rate_by_followers(double engagements, double followers) {
  return detail_kpi::value(plaudit_kpi_engagement_rate_by_followers, engagements, followers);
}
/// conversions / visitors; may exceed 1.
inline outcome<double> conversion_rate(double conversions, double visitors) {
  return detail_kpi::value(plaudit_kpi_conversion_rate, conversions, visitors);
}
/// cost / clicks.
inline outcome<double> cost_per_click(double cost, double clicks) {
  return detail_kpi::value(plaudit_kpi_cost_per_click, cost, clicks);
}
/// 1000 * cost / impressions.
inline outcome<double> cost_per_mille(double cost, double impressions) {
  return detail_kpi::value(plaudit_kpi_cost_per_mille, cost, impressions);
}
/// cost / actions.
inline outcome<double> cost_per_action(double cost, double actions) {
  return detail_kpi::value(plaudit_kpi_cost_per_action, cost, actions);
}
/// revenue / cost.
inline outcome<double> return_on_ad_spend(double revenue, double cost) {
  return detail_kpi::value(plaudit_kpi_return_on_ad_spend, revenue, cost);
}
/// (revenue - cost) / cost.
inline outcome<double> return_on_investment(double revenue, double cost) {
  return detail_kpi::value(plaudit_kpi_return_on_investment, revenue, cost);
}
/// revenue / orders.
inline outcome<double> average_order_value(double revenue, double orders) {
  return detail_kpi::value(plaudit_kpi_average_order_value, revenue, orders);
}
/// revenue / visitors.
inline outcome<double> revenue_per_visitor(double revenue, double visitors) {
  return detail_kpi::value(plaudit_kpi_revenue_per_visitor, revenue, visitors);
}

/// One KPI over many rows.
struct columns {
  std::vector<double> values;      ///< NaN where there is none
  std::vector<std::int32_t> flags; ///< PLAUDIT_KPI_FLAG_...
};

/// PLAUDIT_KPI_... over columns of equal length. With refuse the first row that the scalar
/// function would refuse is an error.
inline outcome<columns> column(std::int32_t kpi, span<const double> numerators,
                               span<const double> denominators, bool refuse = false) {
  if (numerators.size() != denominators.size())
    return detail::fail<columns>(detail::unequal("numerators", numerators.size(), "denominators",
                                                 denominators.size()));
  columns made{std::vector<double>(numerators.size()),
               std::vector<std::int32_t>(numerators.size())};
  return detail::finish(made, [&](plaudit_error **error) {
    return plaudit_kpi_column(kpi, numerators.data(), denominators.data(),
                              detail::length(numerators.size()), refuse, made.values.data(),
                              made.flags.data(), error);
  });
}

/// Any KPI by its number, PLAUDIT_KPI_...
inline outcome<double> value(std::int32_t kpi, double numerator, double denominator) {
  double value = 0;
  return detail::finish(value, [&](plaudit_error **error) {
    return plaudit_kpi_value(kpi, numerator, denominator, &value, error);
  });
}
/// The name of a KPI's column, such as "ctr"; empty for an unknown number.
inline std::string_view name(std::int32_t kpi) noexcept { return plaudit_kpi_name(kpi); }
/// The name of a measure's column, such as "clicks".
inline std::string_view measure_name(std::int32_t measure) noexcept {
  return plaudit_measure_name(measure);
}

/// Numbers of a batch, borrowed; a validity bitmap marks nulls with 0.
inline plaudit_column numbers(span<const double> values, const std::uint8_t *validity = nullptr) {
  sized<plaudit_column> made;
  made.type = PLAUDIT_TYPE_FLOAT64;
  made.count = detail::length(values.size());
  made.values = values.data();
  made.validity = validity;
  return made;
}
inline plaudit_column numbers(span<const std::int64_t> values,
                              const std::uint8_t *validity = nullptr) {
  sized<plaudit_column> made;
  made.type = PLAUDIT_TYPE_INT64;
  made.count = detail::length(values.size());
  made.values = values.data();
  made.validity = validity;
  return made;
}
inline plaudit_column numbers(span<const std::int32_t> values,
                              const std::uint8_t *validity = nullptr) {
  sized<plaudit_column> made;
  made.type = PLAUDIT_TYPE_INT32;
  made.count = detail::length(values.size());
  made.values = values.data();
  made.validity = validity;
  return made;
}

/// Text of a batch in one piece, for keys.
class strings {
 public:
  template <class Rows>
  explicit strings(const Rows &rows) {
    starts_.push_back(0);
    for (const auto &row : rows) {
      data_.append(std::string_view(row));
      starts_.push_back(detail::length(data_.size()));
    }
  }
  /// Borrowed from this object.
  plaudit_column column() const noexcept {
    sized<plaudit_column> made;
    made.type = PLAUDIT_TYPE_LARGE_TEXT;
    made.count = detail::length(starts_.size()) - 1;
    made.values = data_.data();
    made.text_offsets = starts_.data();
    made.byte_count = detail::length(data_.size());
    return made;
  }

 private:
  std::string data_;
  std::vector<std::int64_t> starts_;
};

/// Integer codes of the rows of a dictionary, which must outlive the column.
inline plaudit_column coded(plaudit_column codes, const plaudit_column &dictionary) {
  codes.dictionary = &dictionary;
  return codes;
}

/// The KPIs of a table by group; columns are borrowed from it. [immutable]
class result {
 public:
  std::size_t groups() const noexcept { return detail::size(groups_); }
  std::size_t columns() const noexcept { return detail::size(columns_); }

  outcome<plaudit_result_column> column(std::size_t index) const {
    sized<plaudit_result_column> found;
    plaudit_result_column &slot = found;
    return detail::finish(slot, [&](plaudit_error **error) {
      return plaudit_kpi_result_column(get(), detail::length(index), &found, error);
    });
  }

  /// The column of a name, such as "ctr"; NOT_FOUND when there is none.
  outcome<plaudit_result_column> column(std::string_view name) const {
    for (std::size_t index = 0; index < columns(); index++) {
      sized<plaudit_result_column> found;
      if (plaudit_kpi_result_column(get(), detail::length(index), &found, nullptr) == PLAUDIT_OK &&
          name == found.name)
        return static_cast<plaudit_result_column>(found);
    }
    return detail::fail<plaudit_result_column>(
        error(PLAUDIT_ERROR_NOT_FOUND, "no column " + std::string(name)));
  }

  /// Numbers of a column, NaN where null; for sums, KPIs, ends of intervals, flags and counts.
  outcome<std::vector<double>> numbers(std::string_view name) const {
#ifdef PLAUDIT_NO_EXCEPTIONS
    auto found = column(name);
    if (!found) return found.error();
    const plaudit_column &values = found->column;
#else
    const plaudit_result_column found = column(name);
    const plaudit_column &values = found.column;
#endif
    std::vector<double> made(groups());
    for (std::size_t row = 0; row < made.size(); row++) {
      if (!valid(values, row))
        made[row] = std::numeric_limits<double>::quiet_NaN();
      else if (values.type == PLAUDIT_TYPE_FLOAT64)
        made[row] = static_cast<const double *>(values.values)[row];
      else if (values.type == PLAUDIT_TYPE_INT32)
        made[row] = static_cast<const std::int32_t *>(values.values)[row];
      else if (values.type == PLAUDIT_TYPE_INT64 || values.type == PLAUDIT_TYPE_UINT64)
        made[row] = static_cast<double>(static_cast<const std::int64_t *>(values.values)[row]);
    }
    return made;
  }

  /// The text of a key column; empty for null.
  static std::string_view text(const plaudit_column &key, std::size_t row) noexcept {
    if (key.type != PLAUDIT_TYPE_LARGE_TEXT || !valid(key, row)) return {};
    const auto *starts = static_cast<const std::int64_t *>(key.text_offsets);
    return {static_cast<const char *>(key.values) + starts[row],
            detail::size(starts[row + 1] - starts[row])};
  }

  static bool valid(const plaudit_column &column, std::size_t row) noexcept {
    return !column.validity || column.validity[row / 8] >> (row % 8) & 1;
  }

  /// Arrow struct array and schema that live on by themselves until they are released.
  outcome<std::pair<ArrowArray, ArrowSchema>> export_arrow() const {
    std::pair<ArrowArray, ArrowSchema> made{};
    return detail::finish(made, [&](plaudit_error **error) {
      return plaudit_kpi_result_export(get(), &made.first, &made.second, error);
    });
  }

  plaudit_kpi_result *get() const noexcept { return handle_.get(); }

 private:
  friend class table;
  result() noexcept = default;
  detail::handle<plaudit_kpi_result, plaudit_kpi_result_free> handle_;
  std::int64_t groups_ = 0;
  std::int64_t columns_ = 0;
};

/// A column to sum.
struct measure {
  std::int32_t number;        ///< PLAUDIT_MEASURE_...
  std::string name = {};      ///< of its column; empty = the measure's own
  bool micros = false;        ///< integers are millionths
};

/// What a table is made of.
struct table_options {
  std::vector<std::string> keys = {};
  std::vector<measure> measures = {};
  std::vector<std::int32_t> kpis = {}; ///< PLAUDIT_KPI_...; none = all that the measures allow
  std::int32_t missing = PLAUDIT_MISSING_PROPAGATE;
  bool intervals = false; ///< of KPIs that are rates
  std::int32_t method = PLAUDIT_RATE_WILSON;
  std::int32_t order = PLAUDIT_ORDER_KEYS;
  double confidence = 0; ///< 0 = 0.95
  double margin = 0;     ///< 0 = 1
};

/// Sums of columns by group, to KPIs; results do not depend on the order of rows. [exclusive]
class table {
 public:
  static outcome<table> create(const table_options &options) {
    std::vector<const char *> keys, names;
    std::vector<std::int32_t> numbers, micros;
    for (const std::string &key : options.keys) keys.push_back(key.c_str());
    for (const measure &given : options.measures) {
      numbers.push_back(given.number);
      names.push_back(given.name.empty() ? nullptr : given.name.c_str());
      micros.push_back(given.micros);
    }
    sized<plaudit_kpi_options> c;
    c.key_count = detail::length(keys.size());
    c.key_names = keys.data();
    c.measure_count = detail::length(numbers.size());
    c.measures = numbers.data();
    c.measure_names = names.data();
    c.measure_micros = micros.data();
    c.kpi_count = detail::length(options.kpis.size());
    c.kpis = options.kpis.data();
    c.confidence = options.confidence;
    c.margin = options.margin;
    c.missing = options.missing;
    c.intervals = options.intervals;
    c.method = options.method;
    c.order = options.order;
    table made;
    return detail::finish(made, [&](plaudit_error **error) {
      return plaudit_kpi_table_create(&c, made.handle_.slot(), error);
    });
  }

  /// A table that goes on from a state.
  static outcome<table> load(span<const std::uint8_t> state) {
    table made;
    return detail::finish(made, [&](plaudit_error **error) {
      return plaudit_kpi_table_load(state.data(), detail::length(state.size()),
                                    made.handle_.slot(), error);
    });
  }

  /// Adds rows: the columns of the keys, then those of the measures.
  outcome<void> add(span<const plaudit_column> columns, const run_options &options = {}) {
    detail::run run(options);
    return detail::check(run, [&](plaudit_error **error) {
      return run([&] {
        return plaudit_kpi_table_add(get(), columns.data(), detail::length(columns.size()),
                                   run.get(), error);
      });
    });
  }

  /// Adds a record batch; array and schema are released in any case.
  outcome<void> add(ArrowArray &array, ArrowSchema &schema, const run_options &options = {}) {
    detail::run run(options);
    return detail::check(run, [&](plaudit_error **error) {
      return run([&] {
        return plaudit_kpi_table_add_arrow(get(), &array, &schema, run.get(), error);
      });
    });
  }

  /// Adds every batch of a stream, which is released in any case.
  outcome<void> add(ArrowArrayStream &stream, const run_options &options = {}) {
    detail::run run(options);
    return detail::check(run, [&](plaudit_error **error) {
      return run([&] {
        return plaudit_kpi_table_add_stream(get(), &stream, run.get(), error);
      });
    });
  }

  /// What was summed so far.
  outcome<std::vector<std::uint8_t>> state() {
    std::vector<std::uint8_t> made;
    return detail::finish(made, [&](plaudit_error **error) {
      std::int64_t size = 0;
      plaudit_status status = plaudit_kpi_table_state(get(), nullptr, 0, &size, error);
      if (status != PLAUDIT_OK) return status;
      made.resize(detail::size(size));
      return plaudit_kpi_table_state(get(), made.data(), size, &size, error);
    });
  }

  /// Adds what another table has summed.
  outcome<void> merge(span<const std::uint8_t> state) {
    return detail::check([&](plaudit_error **error) {
      return plaudit_kpi_table_merge(get(), state.data(), detail::length(state.size()), error);
    });
  }

  /// The KPIs as of now.
  outcome<result> finish() {
    result made;
    return detail::finish(made, [&](plaudit_error **error) {
      const plaudit_status status =
          plaudit_kpi_table_finish(get(), made.handle_.slot(), error);
      return status == PLAUDIT_OK
                 ? plaudit_kpi_result_size(made.get(), &made.groups_, &made.columns_, error)
                 : status;
    });
  }

  plaudit_kpi_table *get() const noexcept { return handle_.get(); }

 private:
  table() noexcept = default;
  detail::handle<plaudit_kpi_table, plaudit_kpi_table_free> handle_;
};

}  // namespace kpi

/// How sure one can be.
namespace stats {

using interval = plaudit_interval;
using two_proportions = plaudit_two_proportions;
using test_options = sized<plaudit_test_options>;
using test_result = sized<plaudit_test_result>;
using lift = sized<plaudit_lift>;

/// Moments of numbers that come bit by bit.
class running_moments : public sized<plaudit_running_moments> {
 public:
  /// Adds numbers, all or none.
  outcome<void> add(span<const double> values) {
    return detail::check([&](plaudit_error **error) {
      return plaudit_stats_running_moments_add(this, values.data(),
                                               detail::length(values.size()), error);
    });
  }
  /// Adds the numbers of another part.
  outcome<void> merge(const running_moments &other) {
    return detail::check([&](plaudit_error **error) {
      return plaudit_stats_running_moments_merge(this, &other, error);
    });
  }
};

/// Exponentially weighted averages, adjusted or recursive.
inline outcome<std::vector<double>> exponential_averages(span<const double> values, double alpha,
                                                         bool adjusted = true) {
  std::vector<double> made(values.size());
  return detail::finish(made, [&](plaudit_error **error) {
    return plaudit_stats_exponential_averages(values.data(), detail::length(values.size()), alpha,
                                              adjusted, made.data(), error);
  });
}

/// (treatment - control) / |control| of many rows.
struct relative_lifts {
  std::vector<double> relative; ///< NaN where the control is 0
  std::vector<double> absolute;
  std::vector<std::int32_t> flags; ///< PLAUDIT_LIFT_FLAG_...
};
inline outcome<relative_lifts> relative_lift(span<const double> treatments,
                                             span<const double> controls) {
  if (treatments.size() != controls.size())
    return detail::fail<relative_lifts>(
        detail::unequal("treatments", treatments.size(), "controls", controls.size()));
  const std::size_t count = treatments.size();
  relative_lifts made{std::vector<double>(count), std::vector<double>(count),
                      std::vector<std::int32_t>(count)};
  return detail::finish(made, [&](plaudit_error **error) {
    return plaudit_stats_relative_lift_column(treatments.data(), controls.data(),
                                              detail::length(count), made.relative.data(),
                                              made.absolute.data(), made.flags.data(), error);
  });
}

/// Wilson's score interval for successes of trials.
inline outcome<interval> wilson_interval(std::int64_t successes, std::int64_t trials,
                                         double confidence = 0.95) {
  interval found{};
  return detail::finish(found, [&](plaudit_error **error) {
    return plaudit_stats_wilson_interval(successes, trials, confidence, &found, error);
  });
}

/// Intervals of many rates.
struct intervals {
  std::vector<double> lower;       ///< NaN where there is none
  std::vector<double> upper;
  std::vector<std::int32_t> flags; ///< PLAUDIT_KPI_FLAG_...
};

/// The same over columns of equal length.
inline outcome<intervals> wilson_column(span<const std::int64_t> successes,
                                        span<const std::int64_t> trials, double confidence = 0.95,
                                        bool refuse = false) {
  if (successes.size() != trials.size())
    return detail::fail<intervals>(
        detail::unequal("successes", successes.size(), "trials", trials.size()));
  const std::size_t count = successes.size();
  intervals made{std::vector<double>(count), std::vector<double>(count),
                 std::vector<std::int32_t>(count)};
  return detail::finish(made, [&](plaudit_error **error) {
    return plaudit_stats_wilson_column(successes.data(), trials.data(), detail::length(count),
                                       confidence, refuse, made.lower.data(), made.upper.data(),
                                       made.flags.data(), error);
  });
}

/// Two-proportion z test, with Newcombe's interval of the difference.
inline outcome<test_result> two_proportion_test(const two_proportions &counts,
                                                const test_options &options = {}) {
  test_result found;
  return detail::finish(found, [&](plaudit_error **error) {
    return plaudit_stats_two_proportion_test(&counts, &options, &found, error);
  });
}

/// Lift of the treatment over the control; relative to the control.
inline outcome<lift> proportion_lift(const two_proportions &counts, double confidence = 0.95) {
  lift found;
  return detail::finish(found, [&](plaudit_error **error) {
    return plaudit_stats_proportion_lift(&counts, confidence, &found, error);
  });
}

/// One set of options for all tests; the header says which each test reads.
using hypothesis_options = sized<plaudit_hypothesis_options>;
using test_row = plaudit_test_row;
using sample_moments = plaudit_moments;
using quantile = plaudit_quantile;
using power_design = sized<plaudit_power_design>;
using power_plan = sized<plaudit_power_plan>;

/// Intervals of rates by PLAUDIT_RATE_..., row by row.
inline outcome<intervals> rate_intervals(span<const std::int64_t> successes,
                                         span<const std::int64_t> trials,
                                         std::int32_t method = PLAUDIT_RATE_WILSON,
                                         const hypothesis_options &options = {},
                                         const run_options &run = {}) {
  if (successes.size() != trials.size())
    return detail::fail<intervals>(
        detail::unequal("successes", successes.size(), "trials", trials.size()));
  const std::size_t count = successes.size();
  intervals made{std::vector<double>(count), std::vector<double>(count),
                 std::vector<std::int32_t>(count)};
  const detail::run control(run);
  return detail::finish(made, control, [&](plaudit_error **error) {
    return control([&] {
      return plaudit_stats_rate_intervals(successes.data(), trials.data(), detail::length(count),
                                          method, &options, control.get(), made.lower.data(),
                                          made.upper.data(), made.flags.data(), error);
    });
  });
}

/// Compares two rates a row by PLAUDIT_EFFECT_...
inline outcome<std::vector<test_row>> proportion_tests(
    span<const two_proportions> rows, std::int32_t measure = PLAUDIT_EFFECT_DIFFERENCE,
    const hypothesis_options &options = {}, const run_options &run = {}) {
  std::vector<test_row> made(rows.size());
  const detail::run control(run);
  return detail::finish(made, control, [&](plaudit_error **error) {
    return control([&] {
      return plaudit_stats_proportion_tests(rows.data(), detail::length(rows.size()), measure,
                                            &options, control.get(), made.data(), error);
    });
  });
}

/// Count, mean and variance of values.
inline outcome<sample_moments> moments(span<const double> values) {
  sample_moments found{};
  return detail::finish(found, [&](plaudit_error **error) {
    return plaudit_stats_moments(values.data(), nullptr, detail::length(values.size()), &found,
                                 error);
  });
}

/// Of the differences of pairs, for the paired t test.
inline outcome<sample_moments> moments(span<const double> values, span<const double> paired) {
  if (values.size() != paired.size())
    return detail::fail<sample_moments>(
        detail::unequal("values", values.size(), "paired", paired.size()));
  sample_moments found{};
  return detail::finish(found, [&](plaudit_error **error) {
    return plaudit_stats_moments(values.data(), paired.data(), detail::length(values.size()),
                                 &found, error);
  });
}

/// t tests row by row by PLAUDIT_MEANS_...; without second of the means of first alone.
inline outcome<std::vector<test_row>> mean_tests(span<const sample_moments> first,
                                                 span<const sample_moments> second = {},
                                                 std::int32_t kind = PLAUDIT_MEANS_WELCH,
                                                 const hypothesis_options &options = {},
                                                 const run_options &run = {}) {
  if (second.size() != 0 && second.size() != first.size())
    return detail::fail<std::vector<test_row>>(
        detail::unequal("first", first.size(), "second", second.size()));
  std::vector<test_row> made(first.size());
  const detail::run control(run);
  return detail::finish(made, control, [&](plaudit_error **error) {
    return control([&] {
      return plaudit_stats_mean_tests(first.data(), second.size() == 0 ? nullptr : second.data(),
                                      detail::length(first.size()), kind, &options, control.get(),
                                      made.data(), error);
    });
  });
}

/// Analysis of variance of groups by PLAUDIT_ANOVA_...
inline outcome<test_row> variance_analysis(span<const sample_moments> groups,
                                           std::int32_t kind = PLAUDIT_ANOVA_FISHER) {
  test_row found{};
  return detail::finish(found, [&](plaudit_error **error) {
    return plaudit_stats_variance_analysis(groups.data(), detail::length(groups.size()), kind,
                                           &found, error);
  });
}

/// A test of a table [rows, columns] of counts by PLAUDIT_TABLE_...
inline outcome<test_row> table_test(span<const std::int64_t> table, std::int64_t columns,
                                    std::int32_t kind = PLAUDIT_TABLE_CHI_SQUARE,
                                    const hypothesis_options &options = {}) {
  const std::int64_t rows = columns > 0 ? detail::length(table.size()) / columns : 0;
  if (columns <= 0 || rows * columns != detail::length(table.size()))
    return detail::fail<test_row>(detail::unequal("table", table.size(), "columns",
                                                  static_cast<std::size_t>(columns)));
  test_row found{};
  return detail::finish(found, [&](plaudit_error **error) {
    return plaudit_stats_table_test(table.data(), rows, columns, kind, &options, &found, nullptr,
                                    error);
  });
}

/// A test of two samples by PLAUDIT_SAMPLES_...
inline outcome<test_row> sample_test(span<const double> first, span<const double> second,
                                     std::int32_t kind = PLAUDIT_SAMPLES_MANN_WHITNEY,
                                     const hypothesis_options &options = {}) {
  test_row found{};
  return detail::finish(found, [&](plaudit_error **error) {
    return plaudit_stats_sample_test(first.data(), detail::length(first.size()), second.data(),
                                     detail::length(second.size()), kind, &options, &found, error);
  });
}

/// Kruskal and Wallis's test of values in groups of 0..group_count - 1.
inline outcome<test_row> kruskal_wallis(span<const double> values,
                                        span<const std::int32_t> groups,
                                        std::int64_t group_count) {
  if (values.size() != groups.size())
    return detail::fail<test_row>(
        detail::unequal("values", values.size(), "groups", groups.size()));
  test_row found{};
  return detail::finish(found, [&](plaudit_error **error) {
    return plaudit_stats_kruskal_wallis(values.data(), groups.data(),
                                        detail::length(values.size()), group_count, &found, error);
  });
}

/// Quantiles with intervals; clusters may be empty.
inline outcome<std::vector<quantile>> quantiles(span<const double> values,
                                                span<const double> probabilities,
                                                span<const std::int64_t> clusters = {},
                                                std::int32_t kind = PLAUDIT_QUANTILE_LINEAR,
                                                const hypothesis_options &options = {}) {
  if (clusters.size() != 0 && clusters.size() != values.size())
    return detail::fail<std::vector<quantile>>(
        detail::unequal("values", values.size(), "clusters", clusters.size()));
  std::vector<quantile> made(probabilities.size());
  return detail::finish(made, [&](plaudit_error **error) {
    return plaudit_stats_quantiles(values.data(), clusters.size() == 0 ? nullptr : clusters.data(),
                                   detail::length(values.size()), probabilities.data(),
                                   detail::length(probabilities.size()), kind, &options,
                                   made.data(), error);
  });
}

/// The difference of a quantile between two samples of independent rows.
inline outcome<test_row> quantile_test(span<const double> first, span<const double> second,
                                       double probability,
                                       std::int32_t kind = PLAUDIT_QUANTILE_LINEAR,
                                       const hypothesis_options &options = {}) {
  test_row found{};
  return detail::finish(found, [&](plaudit_error **error) {
    return plaudit_stats_quantile_test(first.data(), nullptr, detail::length(first.size()),
                                       second.data(), nullptr, detail::length(second.size()),
                                       probability, kind, &options, &found, error);
  });
}

/// Fills in what is unknown (PLAUDIT_SOLVE_...) of a planned experiment.
inline outcome<power_plan> power(const power_design &design,
                                 std::int32_t unknown = PLAUDIT_SOLVE_SAMPLE_SIZE) {
  power_plan found;
  return detail::finish(found, [&](plaudit_error **error) {
    return plaudit_stats_power(&design, unknown, &found, error);
  });
}

/// (treatment - control) / |control| for rates or means without counts.
inline outcome<double> relative_lift(double treatment, double control) {
  double found = 0;
  return detail::finish(found, [&](plaudit_error **error) {
    return plaudit_stats_relative_lift(treatment, control, &found, error);
  });
}

/// How good a classifier is, over all and by class.
struct classification_report : sized<plaudit_classification_report> {
  std::vector<double> precision;       ///< [classes]
  std::vector<double> recall;          ///< [classes]
  std::vector<double> f1;              ///< [classes]
  std::vector<std::int64_t> support;   ///< [classes] true rows
  std::vector<std::int64_t> confusion; ///< [classes, classes] (true, predicted)
};

/// Compares predicted with true class indices, each below class_count.
inline outcome<classification_report> classification(span<const std::int32_t> truth,
                                                     span<const std::int32_t> predicted,
                                                     std::int64_t class_count) {
  if (truth.size() != predicted.size())
    return detail::fail<classification_report>(
        detail::unequal("truth", truth.size(), "predicted", predicted.size()));
  classification_report made;
  return detail::finish(made, [&](plaudit_error **error) {
    const auto compare = [&](bool whole) {
      return plaudit_stats_classification(
          truth.data(), predicted.data(), detail::length(truth.size()), class_count, &made,
          whole ? made.precision.data() : nullptr, whole ? made.recall.data() : nullptr,
          whole ? made.f1.data() : nullptr, whole ? made.support.data() : nullptr,
          whole ? made.confusion.data() : nullptr, error);
    };
    // First without arrays, so that nothing is allocated for a number of classes that is refused.
    const plaudit_status status = compare(false);
    if (status != PLAUDIT_OK) return status;
    const std::size_t classes = detail::size(class_count);
    made.precision.resize(classes);
    made.recall.resize(classes);
    made.f1.resize(classes);
    made.support.resize(classes);
    made.confusion.resize(classes * classes);
    return compare(true);
  });
}

using label_options = sized<plaudit_label_options>;
using label_scores = plaudit_label_scores;
using score_options = sized<plaudit_score_options>;
using regression_options = sized<plaudit_regression_options>;
using regression_metrics = sized<plaudit_regression_metrics>;
using reliability_options = sized<plaudit_reliability_options>;
using bootstrap_options = sized<plaudit_bootstrap_options>;
using mcnemar_test = sized<plaudit_mcnemar>;

/// The F score of a precision and a recall; beta above 1 favours recall.
inline outcome<double> f_score(double precision, double recall, double beta = 1) {
  double found = 0;
  return detail::finish(found, [&](plaudit_error **error) {
    return plaudit_stats_f_score(precision, recall, beta, &found, error);
  });
}

/// Predicted against true classes, with weights, averages and measures of agreement.
struct label_metrics : sized<plaudit_label_metrics> {
  std::vector<label_scores> classes;
  std::vector<double> confusion;  ///< [classes, classes] (true, predicted), in weight
};

/// Compares class indices below class_count; options.weights, where given, has as many elements.
inline outcome<label_metrics> labels(span<const std::int32_t> truth,
                                     span<const std::int32_t> predicted, std::int64_t class_count,
                                     const label_options &options = {}) {
  if (truth.size() != predicted.size())
    return detail::fail<label_metrics>(
        detail::unequal("truth", truth.size(), "predicted", predicted.size()));
  label_metrics made;
  return detail::finish(made, [&](plaudit_error **error) {
    const auto compare = [&](bool whole) {
      return plaudit_stats_label_metrics(truth.data(), predicted.data(),
                                         detail::length(truth.size()), class_count, &options, &made,
                                         whole ? made.classes.data() : nullptr,
                                         whole ? made.confusion.data() : nullptr, error);
    };
    // First without arrays, so that nothing is allocated for a number of classes that is refused.
    const plaudit_status status = compare(false);
    if (status != PLAUDIT_OK) return status;
    const std::size_t classes = detail::size(class_count);
    made.classes.resize(classes);
    made.confusion.resize(classes * classes);
    return compare(true);
  });
}

namespace detail_stats {

/// Rows of a table with one row a true class; an error where they do not fit.
inline bool fits(std::size_t rows, std::size_t cells, std::int64_t columns) noexcept {
  return columns < 1 || columns > 65536 || rows * static_cast<std::size_t>(columns) == cells;
}

inline error misfit(std::size_t rows, std::size_t cells, std::int64_t columns) {
  return detail::unequal("scores", cells, "rows times columns",
                         rows * static_cast<std::size_t>(columns));
}

}  // namespace detail_stats

/// Scores against true classes.
struct score_metrics : sized<plaudit_score_metrics> {
  std::vector<double> class_auc;                ///< [columns] class against rest
  std::vector<double> class_average_precision;  ///< [columns]
};

/// Judges scores [rows, columns]; one column is the score of class 1.
inline outcome<score_metrics> scores(span<const std::int32_t> truth, span<const double> scores,
                                     std::int64_t columns = 1, const score_options &options = {}) {
  if (!detail_stats::fits(truth.size(), scores.size(), columns))
    return detail::fail<score_metrics>(detail_stats::misfit(truth.size(), scores.size(), columns));
  score_metrics made;
  if (columns >= 1 && columns <= 65536) {
    made.class_auc.resize(detail::size(columns));
    made.class_average_precision.resize(detail::size(columns));
  }
  return detail::finish(made, [&](plaudit_error **error) {
    return plaudit_stats_score_metrics(truth.data(), scores.data(), detail::length(truth.size()),
                                       columns, &options, &made, made.class_auc.data(),
                                       made.class_average_precision.data(), error);
  });
}

/// False and true positive rate at each threshold.
struct roc {
  std::vector<double> false_positive_rate;
  std::vector<double> true_positive_rate;
  std::vector<double> thresholds;  ///< falling from +infinity
};

/// The ROC curve; weights may be empty. With drop, without points on the line between others.
inline outcome<roc> roc_curve(span<const std::int32_t> truth, span<const double> scores,
                              span<const double> weights = {}, bool drop = false) {
  if (truth.size() != scores.size())
    return detail::fail<roc>(detail::unequal("truth", truth.size(), "scores", scores.size()));
  if (!weights.empty() && weights.size() != scores.size())
    return detail::fail<roc>(detail::unequal("weights", weights.size(), "scores", scores.size()));
  const std::size_t room = truth.size() + 1;
  roc made{std::vector<double>(room), std::vector<double>(room), std::vector<double>(room)};
  return detail::finish(made, [&](plaudit_error **error) {
    std::int64_t count = 0;
    const plaudit_status status = plaudit_stats_roc_curve(
        truth.data(), scores.data(), weights.empty() ? nullptr : weights.data(),
        detail::length(truth.size()), drop, made.false_positive_rate.data(),
        made.true_positive_rate.data(), made.thresholds.data(), detail::length(room), &count,
        error);
    made.false_positive_rate.resize(detail::size(count));
    made.true_positive_rate.resize(detail::size(count));
    made.thresholds.resize(detail::size(count));
    return status;
  });
}

/// Precision and recall by rising threshold.
struct precision_recall {
  std::vector<double> precision;
  std::vector<double> recall;
  std::vector<double> thresholds;  ///< the last is +infinity
};

/// The precision-recall curve; weights may be empty.
inline outcome<precision_recall> precision_recall_curve(span<const std::int32_t> truth,
                                                        span<const double> scores,
                                                        span<const double> weights = {}) {
  if (truth.size() != scores.size())
    return detail::fail<precision_recall>(
        detail::unequal("truth", truth.size(), "scores", scores.size()));
  if (!weights.empty() && weights.size() != scores.size())
    return detail::fail<precision_recall>(
        detail::unequal("weights", weights.size(), "scores", scores.size()));
  const std::size_t room = truth.size() + 1;
  precision_recall made{std::vector<double>(room), std::vector<double>(room),
                        std::vector<double>(room)};
  return detail::finish(made, [&](plaudit_error **error) {
    std::int64_t count = 0;
    const plaudit_status status = plaudit_stats_precision_recall_curve(
        truth.data(), scores.data(), weights.empty() ? nullptr : weights.data(),
        detail::length(truth.size()), made.precision.data(), made.recall.data(),
        made.thresholds.data(), detail::length(room), &count, error);
    made.precision.resize(detail::size(count));
    made.recall.resize(detail::size(count));
    made.thresholds.resize(detail::size(count));
    return status;
  });
}

/// Judges predicted numbers.
inline outcome<regression_metrics> regression(span<const double> truth,
                                              span<const double> predicted,
                                              const regression_options &options = {}) {
  if (truth.size() != predicted.size())
    return detail::fail<regression_metrics>(
        detail::unequal("truth", truth.size(), "predicted", predicted.size()));
  regression_metrics found;
  return detail::finish(found, [&](plaudit_error **error) {
    return plaudit_stats_regression(truth.data(), predicted.data(), detail::length(truth.size()),
                                    &options, &found, error);
  });
}

/// Calibration errors and the table they are made of.
struct reliability_table : sized<plaudit_reliability> {
  std::vector<plaudit_reliability_bin> bins;
};

/// How often events happen that were given a probability; of one column or top label.
inline outcome<reliability_table> reliability(span<const std::int32_t> truth,
                                              span<const double> probabilities,
                                              std::int64_t columns = 1,
                                              const reliability_options &options = {}) {
  if (!detail_stats::fits(truth.size(), probabilities.size(), columns))
    return detail::fail<reliability_table>(
        detail_stats::misfit(truth.size(), probabilities.size(), columns));
  reliability_table made;
  return detail::finish(made, [&](plaudit_error **error) {
    const auto judge = [&](plaudit_reliability_bin *bins) {
      return plaudit_stats_reliability(truth.data(), probabilities.data(),
                                       detail::length(truth.size()), columns, &options, &made, bins,
                                       error);
    };
    const plaudit_status status = judge(nullptr);
    if (status != PLAUDIT_OK) return status;
    made.bins.resize(detail::size(options.bin_count == 0 ? 10 : options.bin_count));
    return judge(made.bins.data());
  });
}

/// A map from scores to probabilities: its three members are all of it.
struct calibration {
  std::int32_t method = PLAUDIT_CALIBRATION_TEMPERATURE;
  std::int64_t columns = 1;
  std::vector<double> parameters;
  calibration_report report;  ///< of the fit

  /// Fits to logits [rows, columns] of rows that the model was not trained on.
  static outcome<calibration> fit(std::int32_t method, span<const double> logits,
                                  span<const std::int32_t> truth, std::int64_t columns = 1) {
    if (!detail_stats::fits(truth.size(), logits.size(), columns))
      return detail::fail<calibration>(detail_stats::misfit(truth.size(), logits.size(), columns));
    calibration made;
    made.method = method;
    made.columns = columns;
    if (columns >= 1 && columns <= 65536)
      made.parameters.resize(2 * logits.size() + 2 * detail::size(columns));
    return detail::finish(made, [&](plaudit_error **error) {
      std::int64_t count = 0;
      const plaudit_status status = plaudit_stats_calibration_fit(
          method, logits.data(), detail::length(truth.size()), columns, truth.data(),
          made.parameters.data(), detail::length(made.parameters.size()), &count, &made.report,
          error);
      made.parameters.resize(detail::size(count));
      return status;
    });
  }

  /// Probabilities in the shape of the logits.
  outcome<std::vector<double>> apply(span<const double> logits) const {
    const std::size_t width = detail::size(columns < 1 ? 1 : columns);
    if (logits.size() % width != 0)
      return detail::fail<std::vector<double>>(
          detail::unequal("logits", logits.size(), "a row", width));
    std::vector<double> made(logits.size());
    return detail::finish(made, [&](plaudit_error **error) {
      return plaudit_stats_calibration_apply(
          method, parameters.data(), detail::length(parameters.size()), logits.data(),
          detail::length(logits.size() / width), columns, made.data(), error);
    });
  }
};

/// An interval around a metric.
struct bootstrap_result : sized<plaudit_bootstrap_result> {
  std::vector<double> values;  ///< of each resample, NaN where the metric does not exist
};

namespace detail_stats {

inline outcome<bootstrap_result> resample(std::int32_t metric, const plaudit_bootstrap_data &data,
                                          const bootstrap_options &options,
                                          const run_options &run) {
  bootstrap_result made;
  const std::int64_t resamples = options.resamples == 0 ? 1000 : options.resamples;
  if (resamples >= 1 && resamples <= 10000000) made.values.resize(detail::size(resamples));
  const detail::run control(run);
  return detail::finish(made, control, [&](plaudit_error **error) {
    return control([&] {
      return plaudit_stats_bootstrap(metric, &data, &options, control.get(), &made,
                                     made.values.data(), error);
    });
  });
}

}  // namespace detail_stats

/// Of PLAUDIT_METRIC_ACCURACY to _QUADRATIC_KAPPA.
inline outcome<bootstrap_result> bootstrap_labels(
    std::int32_t metric, span<const std::int32_t> truth, span<const std::int32_t> predicted,
    std::int64_t class_count, const bootstrap_options &options = {}, const run_options &run = {}) {
  if (truth.size() != predicted.size())
    return detail::fail<bootstrap_result>(
        detail::unequal("truth", truth.size(), "predicted", predicted.size()));
  sized<plaudit_bootstrap_data> data;
  data.count = detail::length(truth.size());
  data.class_count = class_count;
  data.classes = truth.data();
  data.predicted = predicted.data();
  return detail_stats::resample(metric, data, options, run);
}

/// Of PLAUDIT_METRIC_AUC, _LOG_LOSS and _BRIER; scores [rows, columns].
inline outcome<bootstrap_result> bootstrap_scores(
    std::int32_t metric, span<const std::int32_t> truth, span<const double> scores,
    std::int64_t columns = 1, const bootstrap_options &options = {}, const run_options &run = {}) {
  if (!detail_stats::fits(truth.size(), scores.size(), columns))
    return detail::fail<bootstrap_result>(
        detail_stats::misfit(truth.size(), scores.size(), columns));
  sized<plaudit_bootstrap_data> data;
  data.count = detail::length(truth.size());
  data.class_count = columns;
  data.classes = truth.data();
  data.scores = scores.data();
  return detail_stats::resample(metric, data, options, run);
}

/// Of PLAUDIT_METRIC_MEAN_ABSOLUTE_ERROR to _R2.
inline outcome<bootstrap_result> bootstrap_numbers(std::int32_t metric, span<const double> truth,
                                                   span<const double> predicted,
                                                   const bootstrap_options &options = {},
                                                   const run_options &run = {}) {
  if (truth.size() != predicted.size())
    return detail::fail<bootstrap_result>(
        detail::unequal("truth", truth.size(), "predicted", predicted.size()));
  sized<plaudit_bootstrap_data> data;
  data.count = detail::length(truth.size());
  data.numbers = truth.data();
  data.predicted_numbers = predicted.data();
  return detail_stats::resample(metric, data, options, run);
}

using sample_options = sized<plaudit_sample_options>;
using permutation_options = sized<plaudit_permutation_options>;
using correlation_options = sized<plaudit_correlation_options>;
using correlation = sized<plaudit_correlation>;
using lagged_correlation = plaudit_lagged_correlation;
using granger_test = sized<plaudit_granger>;
using buckets = sized<plaudit_buckets>;

/// The rows of one arm; denominators are for ratios, rows of equal clusters are one user. Empty for
/// none.
struct sample {
  span<const double> values;
  span<const double> denominators = {};
  span<const std::int64_t> clusters = {};
};

/// What a permutation test found.
struct permutation_result : sized<plaudit_permutation_result> {
  std::vector<double> values;  ///< of each arrangement
};

namespace detail_stats {

inline bool fits(const sample &rows) noexcept {
  return (rows.denominators.empty() || rows.denominators.size() == rows.values.size()) &&
         (rows.clusters.empty() || rows.clusters.size() == rows.values.size());
}

inline error misfit(const sample &) {
  return error(PLAUDIT_ERROR_INVALID_ARGUMENT, "denominators or clusters are not one a value");
}

inline sized<plaudit_sample> columns(const sample &rows) noexcept {
  sized<plaudit_sample> made;
  made.count = detail::length(rows.values.size());
  made.values = rows.values.data();
  made.denominators = rows.denominators.empty() ? nullptr : rows.denominators.data();
  made.clusters = rows.clusters.empty() ? nullptr : rows.clusters.data();
  return made;
}

inline outcome<bootstrap_result> resample(std::int32_t statistic, const sample &rows,
                                          const sample *control, const sample_options &options,
                                          const run_options &run) {
  if (!fits(rows)) return detail::fail<bootstrap_result>(misfit(rows));
  if (control && !fits(*control)) return detail::fail<bootstrap_result>(misfit(*control));
  const auto one = columns(rows);
  const auto other = control ? columns(*control) : sized<plaudit_sample>();
  bootstrap_result made;
  const std::int64_t resamples = options.resamples == 0 ? 1000 : options.resamples;
  if (resamples >= 1 && resamples <= 10000000) made.values.resize(detail::size(resamples));
  const detail::run running(run);
  return detail::finish(made, running, [&](plaudit_error **error) {
    return running([&] {
      return plaudit_stats_bootstrap_sample(statistic, &one, control ? &other : nullptr, &options,
                                            running.get(), &made, made.values.data(), error);
    });
  });
}

}  // namespace detail_stats

/// An interval around PLAUDIT_STATISTIC_MEAN to _QUANTILE of a sample, from resampled users.
inline outcome<bootstrap_result> bootstrap(std::int32_t statistic, const sample &rows,
                                           const sample_options &options = {},
                                           const run_options &run = {}) {
  return detail_stats::resample(statistic, rows, nullptr, options, run);
}

/// An interval around the effect of a treatment over a control.
inline outcome<bootstrap_result> bootstrap(std::int32_t statistic, const sample &treatment,
                                           const sample &control,
                                           const sample_options &options = {},
                                           const run_options &run = {}) {
  return detail_stats::resample(statistic, treatment, &control, options, run);
}

/// Whether arms differ, or columns belong together, by more than chance.
inline outcome<permutation_result> permutation_test(std::int32_t statistic, const sample &treatment,
                                                    const sample &control,
                                                    const permutation_options &options = {},
                                                    const run_options &run = {}) {
  if (!detail_stats::fits(treatment))
    return detail::fail<permutation_result>(detail_stats::misfit(treatment));
  if (!detail_stats::fits(control))
    return detail::fail<permutation_result>(detail_stats::misfit(control));
  const auto one = detail_stats::columns(treatment);
  const auto other = detail_stats::columns(control);
  permutation_result made;
  const std::int64_t resamples = options.resamples == 0 ? 9999 : options.resamples;
  if (resamples >= 1 && resamples <= 10000000) made.values.resize(detail::size(resamples));
  const detail::run running(run);
  return detail::finish(made, running, [&](plaudit_error **error) {
    return running([&] {
      const plaudit_status status =
          plaudit_stats_permutation_test(statistic, &one, &other, &options, running.get(), &made,
                                         made.values.data(), error);
      if (status == PLAUDIT_OK) made.values.resize(detail::size(made.arrangements));
      return status;
    });
  });
}

/// How two columns belong together; rows with NaN are left out.
inline outcome<correlation> correlate(span<const double> x, span<const double> y,
                                      const correlation_options &options = {},
                                      const run_options &run = {}) {
  if (x.size() != y.size())
    return detail::fail<correlation>(detail::unequal("x", x.size(), "y", y.size()));
  correlation found;
  const detail::run running(run);
  return detail::finish(found, running, [&](plaudit_error **error) {
    return running([&] {
      return plaudit_stats_correlation(x.data(), y.data(), detail::length(x.size()), &options,
                                       running.get(), &found, error);
    });
  });
}

/// The correlation of x with a later y, at each lag from -max_lag to max_lag.
inline outcome<std::vector<lagged_correlation>> correlate_lags(
    std::int32_t method, span<const double> x, span<const double> y, std::int64_t max_lag,
    const correlation_options &options = {}, const run_options &run = {}) {
  using rows = std::vector<lagged_correlation>;
  if (x.size() != y.size())
    return detail::fail<rows>(detail::unequal("x", x.size(), "y", y.size()));
  rows found;
  if (max_lag >= 0 && max_lag < detail::length(x.size()))
    found.resize(2 * detail::size(max_lag) + 1);
  else
    found.resize(1);
  const detail::run running(run);
  return detail::finish(found, running, [&](plaudit_error **error) {
    return running([&] {
      return plaudit_stats_lagged_correlation(method, x.data(), y.data(),
                                              detail::length(x.size()), max_lag, &options,
                                              running.get(), found.data(), error);
    });
  });
}

/// Whether the past of x helps to foretell y beyond y's own.
inline outcome<granger_test> granger(span<const double> y, span<const double> x,
                                     std::int64_t lags = 1) {
  if (x.size() != y.size())
    return detail::fail<granger_test>(detail::unequal("y", y.size(), "x", x.size()));
  granger_test found;
  return detail::finish(found, [&](plaudit_error **error) {
    return plaudit_stats_granger(y.data(), x.data(), detail::length(y.size()), lags, &found, error);
  });
}

/// Rows with a time each, for a series: values, or the scores of predictions with what each label is
/// worth. Empty for none.
struct timed_rows {
  span<const std::int64_t> times;
  span<const double> values = {};
  span<const float> scores = {};
  span<const double> label_values = {};
  span<const std::int32_t> labels = {};
  std::int64_t label_count = 0;
};

/// Rows gathered by time, one entry a bucket; shares [buckets, labels].
struct series {
  stats::buckets buckets;
  std::vector<std::int64_t> counts;
  std::vector<double> sums;
  std::vector<double> means;
  std::vector<double> shares;
  std::int64_t rows_outside = 0;
  std::int64_t rows_missing = 0;
};

/// The buckets from the earliest to the latest time.
inline outcome<buckets> series_span(span<const std::int64_t> times, std::int64_t width,
                                    std::int64_t origin = 0) {
  buckets found;
  return detail::finish(found, [&](plaudit_error **error) {
    return plaudit_series_span(times.data(), detail::length(times.size()), origin, width, &found,
                               error);
  });
}

/// Rows gathered into given buckets.
inline outcome<series> gather(const timed_rows &rows, const buckets &spans) {
  const std::size_t count = rows.times.size();
  const auto fits = [](std::size_t size, std::size_t wanted) { return size == 0 || size == wanted; };
  const bool sane = rows.label_count >= 0 && rows.label_count <= 65536 && spans.count >= 0 &&
                    spans.count <= 10000000 && spans.count * (rows.label_count + 1) <= 1LL << 28;
  const std::size_t labels = sane ? detail::size(rows.label_count) : 0;
  if (!sane || !fits(rows.values.size(), count) || !fits(rows.scores.size(), count * labels) ||
      !fits(rows.label_values.size(), labels) || !fits(rows.labels.size(), count))
    return detail::fail<series>(
        error(PLAUDIT_ERROR_INVALID_ARGUMENT, "the columns of a series do not fit each other"));
  sized<plaudit_timed_rows> given;
  given.count = detail::length(count);
  given.label_count = rows.label_count;
  given.times = rows.times.data();
  given.values = rows.values.empty() ? nullptr : rows.values.data();
  given.scores = rows.scores.empty() ? nullptr : rows.scores.data();
  given.label_values = rows.label_values.empty() ? nullptr : rows.label_values.data();
  given.labels = rows.labels.empty() ? nullptr : rows.labels.data();
  series made;
  made.buckets = spans;
  const std::size_t places = detail::size(spans.count);
  made.counts.resize(places);
  made.sums.resize(places);
  made.means.resize(places);
  if (given.labels) made.shares.resize(places * labels);
  sized<plaudit_series_totals> totals;
  return detail::finish(made, [&](plaudit_error **error) {
    const plaudit_status status =
        plaudit_series_gather(&given, &spans, made.counts.data(), made.sums.data(),
                              made.means.data(), made.shares.data(), &totals, error);
    made.rows_outside = totals.rows_outside;
    made.rows_missing = totals.rows_missing;
    return status;
  });
}

/// The place of each user in 0..1, NaN without a name.
inline outcome<std::vector<double>> hash_users(const texts &users, std::string_view seed,
                                               std::int32_t version = PLAUDIT_HASH_GROWTHBOOK_2,
                                               const run_options &run = {}) {
  std::vector<double> made(users.size());
  const plaudit_text_batch batch = users.get();
  const detail::run running(run);
  return detail::finish(made, running, [&](plaudit_error **error) {
    return running([&] {
      return plaudit_assignment_hash(&batch, detail::data(seed), detail::length(seed.size()),
                                     version, running.get(), made.data(), error);
    });
  });
}

/// Which arm each user is in: a function of the seed and the user's name alone.
struct assignment {
  std::string seed;
  std::int32_t version = PLAUDIT_HASH_GROWTHBOOK_2;
  std::vector<std::int32_t> slots;  ///< the arm of each slot, -1 for none
  std::vector<double> shares;       ///< of all users, by arm
  std::string namespace_id;         ///< empty for none
  double namespace_lower = 0;
  double namespace_upper = 1;

  /// Arms by weight, each with the first `coverage` of its part. With `previous` as few users move as
  /// the new shares allow.
  static outcome<assignment> create(std::string_view seed, span<const double> weights,
                                    double coverage = 1,
                                    std::int32_t version = PLAUDIT_HASH_GROWTHBOOK_2,
                                    const assignment *previous = nullptr) {
    assignment made;
    made.seed = std::string(seed);
    made.version = version;
    made.slots.resize(version == PLAUDIT_HASH_GROWTHBOOK_1 ? 1000 : 10000);
    if (previous && previous->slots.size() != made.slots.size())
      return detail::fail<assignment>(detail::unequal("previous", previous->slots.size(), "slots",
                                                      made.slots.size()));
    made.shares.resize(weights.size());
    std::int64_t count = 0;
    return detail::finish(made, [&](plaudit_error **error) {
      return plaudit_assignment_slots(weights.data(), detail::length(weights.size()), coverage,
                                      version, previous ? previous->slots.data() : nullptr,
                                      made.slots.data(), detail::length(made.slots.size()), &count,
                                      made.shares.data(), error);
    });
  }

  /// -1 for who is not in the experiment.
  outcome<std::vector<std::int32_t>> assign(const texts &users, const run_options &run = {}) const {
    sized<plaudit_assignment_plan> experiment;
    experiment.seed = seed.c_str();
    experiment.seed_length = detail::length(seed.size());
    experiment.slots = slots.data();
    experiment.slot_count = detail::length(slots.size());
    experiment.namespace_id = namespace_id.empty() ? nullptr : namespace_id.c_str();
    experiment.namespace_length = detail::length(namespace_id.size());
    experiment.namespace_lower = namespace_lower;
    experiment.namespace_upper = namespace_upper;
    experiment.version = version;
    std::vector<std::int32_t> made(users.size());
    const plaudit_text_batch batch = users.get();
    const detail::run running(run);
    return detail::finish(made, running, [&](plaudit_error **error) {
      return running([&] {
        return plaudit_assignment_assign(&experiment, &batch, running.get(), made.data(), error);
      });
    });
  }
};

/// McNemar's test of the rows that only one of two models got right.
inline outcome<mcnemar_test> mcnemar(std::int64_t only_first, std::int64_t only_second) {
  mcnemar_test found;
  return detail::finish(found, [&](plaudit_error **error) {
    return plaudit_stats_mcnemar(only_first, only_second, &found, error);
  });
}

/// The same from the classes that both predicted for the same rows.
inline outcome<mcnemar_test> mcnemar(span<const std::int32_t> truth, span<const std::int32_t> first,
                                     span<const std::int32_t> second) {
  if (truth.size() != first.size())
    return detail::fail<mcnemar_test>(
        detail::unequal("first", first.size(), "truth", truth.size()));
  if (truth.size() != second.size())
    return detail::fail<mcnemar_test>(
        detail::unequal("second", second.size(), "truth", truth.size()));
  mcnemar_test found;
  return detail::finish(found, [&](plaudit_error **error) {
    return plaudit_stats_mcnemar_labels(truth.data(), first.data(), second.data(),
                                        detail::length(truth.size()), &found, nullptr, error);
  });
}

/// How rows are assigned to parts or folds.
struct split_options {
  /// Of all rows; empty for none, and then there is nothing to keep in ratio.
  span<const std::int32_t> labels = {};
  std::int64_t class_count = 0;
  /// Rows of equal numbers stay together; empty for none.
  span<const std::int64_t> groups = {};
  std::uint64_t seed = 0;
};

namespace detail_stats {

inline const char *misfit(std::size_t rows, const split_options &options) noexcept {
  if (!options.labels.empty() && options.labels.size() != rows) return "labels";
  if (!options.groups.empty() && options.groups.size() != rows) return "groups";
  return nullptr;
}

}  // namespace detail_stats

/// The part of each of `rows` rows, for fractions that add up to 1.
inline outcome<std::vector<std::int32_t>> split(std::size_t rows, span<const double> fractions,
                                                const split_options &options = {}) {
  using parts = std::vector<std::int32_t>;
  if (const char *name = detail_stats::misfit(rows, options))
    return detail::fail<parts>(
        error(PLAUDIT_ERROR_INVALID_ARGUMENT, std::string(name) + " are not one a row"));
  parts made(rows);
  return detail::finish(made, [&](plaudit_error **error) {
    return plaudit_stats_split(
        options.labels.empty() ? nullptr : options.labels.data(), options.class_count,
        options.groups.empty() ? nullptr : options.groups.data(), detail::length(rows),
        fractions.data(), detail::length(fractions.size()), options.seed, made.data(), error);
  });
}

/// The fold, of `count` equal ones, in which each of `rows` rows is held out.
inline outcome<std::vector<std::int32_t>> folds(std::size_t rows, std::int64_t count,
                                                const split_options &options = {}) {
  using parts = std::vector<std::int32_t>;
  if (const char *name = detail_stats::misfit(rows, options))
    return detail::fail<parts>(
        error(PLAUDIT_ERROR_INVALID_ARGUMENT, std::string(name) + " are not one a row"));
  parts made(rows);
  return detail::finish(made, [&](plaudit_error **error) {
    return plaudit_stats_folds(options.labels.empty() ? nullptr : options.labels.data(),
                               options.class_count,
                               options.groups.empty() ? nullptr : options.groups.data(),
                               detail::length(rows), count, options.seed, made.data(), error);
  });
}

// Experiments

using lift_options = sized<plaudit_lift_options>;
using sequence_options = sized<plaudit_sequence_options>;
using betting_options = sized<plaudit_betting_options>;
using group_sequential_options = sized<plaudit_group_sequential_options>;
using posterior_options = sized<plaudit_posterior_options>;
using sample_ratio_test = sized<plaudit_sample_ratio>;
using rate_posterior = plaudit_rate_posterior;
using effect_posterior = plaudit_effect_posterior;

/// Adjusted p values of one family; method is PLAUDIT_ADJUST_..., level 0 = 0.05.
inline outcome<std::vector<double>> adjust_p_values(std::int32_t method, span<const double> values,
                                                    double level = 0) {
  std::vector<double> made(values.size());
  return detail::finish(made, [&](plaudit_error **error) {
    return plaudit_stats_adjust_p_values(method, values.data(), detail::length(values.size()),
                                         level, made.data(), error);
  });
}

/// Sums over users by metric, arm and stratum, row-major; columns that a kind does not need stay
/// empty.
struct lift_sums {
  std::int64_t metrics = 1;
  std::int64_t arms = 2;
  std::int64_t strata = 1;
  std::int64_t covariates = 0;
  std::int64_t control = 0;
  std::int32_t kind = PLAUDIT_LIFT_KIND_PROPORTION;
  bool centred = false;                 ///< squares and products are about the means
  span<const std::int32_t> kinds = {};  ///< [metrics], or empty for `kind`
  span<const double> users = {};        ///< [metrics, arms, strata]
  span<const double> sums = {};
  span<const double> squares = {};
  span<const double> denominator_sums = {};
  span<const double> denominator_squares = {};
  span<const double> denominator_products = {};
  span<const double> covariate_sums = {};  ///< [metrics, arms, covariates]
  span<const double> covariate_products = {};
  span<const double> covariate_squares = {};  ///< upper triangles
  span<const double> stratum_weights = {};    ///< [strata]
  span<const double> arm_weights = {};        ///< [arms]; empty leaves the ratio unchecked
};

/// A row a metric and arm but the control, metric by metric; NaN and flags where there is nothing.
struct lift_table {
  std::vector<double> treatment, control, absolute, absolute_lower, absolute_upper, standard_error,
      statistic, degrees_of_freedom, p_value, adjusted_p_value, relative, relative_lower,
      relative_upper, relative_standard_error, power, minimum_detectable, correlation;
  std::vector<double> theta;                           ///< [rows, covariates]
  std::vector<double> sample_ratio;                    ///< [metrics] p value
  std::vector<std::int32_t> flags;                     ///< PLAUDIT_LIFT_FLAG_... bits
  std::int32_t design = PLAUDIT_DESIGN_FIXED_HORIZON;  ///< when it may be read

  std::size_t size() const noexcept { return flags.size(); }
};

/// Every arm of every metric against the control.
inline outcome<lift_table> lifts(const lift_sums &sums, const lift_options &options = {},
                                 const run_options &run = {}) {
  const auto bounded = [](std::int64_t count, std::int64_t most) {
    return count >= 0 && count <= most;
  };
  const bool plausible = bounded(sums.metrics, INT64_C(1) << 32) && bounded(sums.arms, 65536) &&
                         bounded(sums.strata, 1000000) && bounded(sums.covariates, 256);
  const std::size_t cells =
      plausible ? detail::size(sums.metrics) * detail::size(sums.arms) * detail::size(sums.strata)
                : 0;
  const std::size_t pairs = detail::size(sums.metrics) * detail::size(sums.arms);
  const std::size_t k = detail::size(sums.covariates);
  struct wanted {
    const char *name;
    span<const double> column;
    std::size_t size;
  };
  if (plausible) {
    for (const wanted &one :
         {wanted{"users", sums.users, cells}, wanted{"sums", sums.sums, cells},
          wanted{"squares", sums.squares, cells},
          wanted{"denominator_sums", sums.denominator_sums, cells},
          wanted{"denominator_squares", sums.denominator_squares, cells},
          wanted{"denominator_products", sums.denominator_products, cells},
          wanted{"covariate_sums", sums.covariate_sums, pairs * k},
          wanted{"covariate_products", sums.covariate_products, pairs * k},
          wanted{"covariate_squares", sums.covariate_squares, pairs * (k * (k + 1) / 2)},
          wanted{"stratum_weights", sums.stratum_weights, detail::size(sums.strata)},
          wanted{"arm_weights", sums.arm_weights, detail::size(sums.arms)}})
      if (!one.column.empty() && one.column.size() != one.size)
        return detail::fail<lift_table>(
            detail::unequal(one.name, one.column.size(), "the table", one.size));
    if (!sums.kinds.empty() && sums.kinds.size() != detail::size(sums.metrics))
      return detail::fail<lift_table>(
          detail::unequal("kinds", sums.kinds.size(), "metrics", detail::size(sums.metrics)));
  }
  const auto optional = [](span<const double> column) {
    return column.empty() ? nullptr : column.data();
  };
  sized<plaudit_lift_input> input;
  input.metric_count = sums.metrics;
  input.arm_count = sums.arms;
  input.stratum_count = sums.strata;
  input.covariate_count = sums.covariates;
  input.control = sums.control;
  input.kind = sums.kind;
  input.centred = sums.centred ? 1 : 0;
  input.kinds = sums.kinds.empty() ? nullptr : sums.kinds.data();
  input.users = optional(sums.users);
  input.sums = optional(sums.sums);
  input.squares = optional(sums.squares);
  input.denominator_sums = optional(sums.denominator_sums);
  input.denominator_squares = optional(sums.denominator_squares);
  input.denominator_products = optional(sums.denominator_products);
  input.covariate_sums = optional(sums.covariate_sums);
  input.covariate_products = optional(sums.covariate_products);
  input.covariate_squares = optional(sums.covariate_squares);
  input.stratum_weights = optional(sums.stratum_weights);
  input.arm_weights = optional(sums.arm_weights);

  lift_table made;
  made.design = options.design;
  const std::size_t rows = plausible && sums.arms > 0 && !sums.users.empty()
                               ? detail::size(sums.metrics) * (detail::size(sums.arms) - 1)
                               : 0;
  sized<plaudit_lift_columns> columns;
  const auto filled = [&](std::vector<double> &column, std::size_t size) {
    column.resize(size);
    return column.data();
  };
  columns.treatment = filled(made.treatment, rows);
  columns.control = filled(made.control, rows);
  columns.absolute = filled(made.absolute, rows);
  columns.absolute_lower = filled(made.absolute_lower, rows);
  columns.absolute_upper = filled(made.absolute_upper, rows);
  columns.standard_error = filled(made.standard_error, rows);
  columns.statistic = filled(made.statistic, rows);
  columns.degrees_of_freedom = filled(made.degrees_of_freedom, rows);
  columns.p_value = filled(made.p_value, rows);
  columns.adjusted_p_value = filled(made.adjusted_p_value, rows);
  columns.relative = filled(made.relative, rows);
  columns.relative_lower = filled(made.relative_lower, rows);
  columns.relative_upper = filled(made.relative_upper, rows);
  columns.relative_standard_error = filled(made.relative_standard_error, rows);
  columns.power = filled(made.power, rows);
  columns.minimum_detectable = filled(made.minimum_detectable, rows);
  columns.correlation = filled(made.correlation, rows);
  columns.theta = filled(made.theta, rows * k);
  columns.sample_ratio_p_value = filled(made.sample_ratio, rows ? detail::size(sums.metrics) : 0);
  made.flags.resize(rows);
  columns.flags = made.flags.data();
  const detail::run control(run);
  return detail::finish(made, control, [&](plaudit_error **error) {
    return control(
        [&] { return plaudit_stats_lift_table(&input, &options, control.get(), &columns, error); });
  });
}

/// Sums over users of an experiment's arms: input of `lifts` with centred set.
struct user_moments {
  std::vector<double> users;     ///< [arms]
  std::vector<double> sums;      ///< [arms, values]
  std::vector<double> products;  ///< [arms, values (values + 1) / 2] about the means
  std::int64_t crossed_users = 0;
};

/// Rows of an experiment gathered user by user.
class experiment {
 public:
  static outcome<experiment> create(std::int64_t arms, std::int64_t values) {
    experiment made;
    made.arms_ = detail::size(arms);
    made.values_ = detail::size(values);
    return detail::finish(made, [&](plaudit_error **error) {
      return plaudit_experiment_create(arms, values, made.handle_.slot(), error);
    });
  }

  /// Adds rows; values [rows, values] are added to those of their users.
  outcome<void> add(span<const std::int64_t> users, span<const std::int32_t> arms,
                    span<const double> values) {
    if (arms.size() != users.size())
      return detail::fail<void>(detail::unequal("arms", arms.size(), "users", users.size()));
    if (values.size() != users.size() * values_)
      return detail::fail<void>(
          detail::unequal("values", values.size(), "rows times values", users.size() * values_));
    return detail::check([&](plaudit_error **error) {
      return plaudit_experiment_add(get(), users.data(), arms.data(), values.data(),
                                    detail::length(users.size()), error);
    });
  }

  /// Adds the users of another, which stays as it is.
  outcome<void> merge(const experiment &other) {
    return detail::check(
        [&](plaudit_error **error) { return plaudit_experiment_merge(get(), other.get(), error); });
  }

  outcome<user_moments> moments() const {
    user_moments made;
    made.users.resize(arms_);
    made.sums.resize(arms_ * values_);
    made.products.resize(arms_ * (values_ * (values_ + 1) / 2));
    return detail::finish(made, [&](plaudit_error **error) {
      return plaudit_experiment_moments(get(), made.users.data(), made.sums.data(),
                                        made.products.data(), &made.crossed_users, error);
    });
  }

  plaudit_experiment *get() const noexcept { return handle_.get(); }

 private:
  experiment() noexcept = default;
  detail::handle<plaudit_experiment, plaudit_experiment_free> handle_;
  std::size_t arms_ = 0;
  std::size_t values_ = 0;
};

/// Values cut at quantiles of themselves.
struct winsorized : sized<plaudit_winsorizing> {
  std::vector<double> values;
};

inline outcome<winsorized> winsorize(span<const double> values, double lower = 0,
                                     double upper = 0.95) {
  winsorized made;
  made.values.resize(values.size());
  return detail::finish(made, [&](plaudit_error **error) {
    return plaudit_stats_winsorize(values.data(), detail::length(values.size()), lower, upper,
                                   made.values.data(), &made, error);
  });
}

/// Whether arms have the planned sizes; no weights are an equal split.
inline outcome<sample_ratio_test> sample_ratio(span<const double> users,
                                               span<const double> weights = {}) {
  if (!weights.empty() && weights.size() != users.size())
    return detail::fail<sample_ratio_test>(
        detail::unequal("weights", weights.size(), "users", users.size()));
  sample_ratio_test found;
  return detail::finish(found, [&](plaudit_error **error) {
    return plaudit_stats_sample_ratio(users.data(), weights.empty() ? nullptr : weights.data(),
                                      detail::length(users.size()), &found, error);
  });
}

/// By batch: 1 / evidence against the plan, and its least value so far, at most 1.
struct sample_ratio_batches {
  std::vector<double> inverse_evidence;
  std::vector<double> p_values;
};

/// The same after every batch of new users [batches, arms].
inline outcome<sample_ratio_batches> sample_ratio_sequence(span<const double> new_users,
                                                           std::int64_t arms,
                                                           span<const double> weights = {},
                                                           double concentration = 0) {
  const std::size_t width = detail::size(arms);
  if ((width && new_users.size() % width) || (!weights.empty() && weights.size() != width))
    return detail::fail<sample_ratio_batches>(
        detail::unequal("new_users", new_users.size(), "arms", width));
  sample_ratio_batches made;
  const std::size_t batches = width ? new_users.size() / width : 0;
  made.inverse_evidence.resize(batches);
  made.p_values.resize(batches);
  return detail::finish(made, [&](plaudit_error **error) {
    return plaudit_stats_sample_ratio_sequence(
        new_users.data(), weights.empty() ? nullptr : weights.data(), detail::length(batches), arms,
        concentration, made.inverse_evidence.data(), made.p_values.data(), error);
  });
}

/// By look: evidence, p and interval.
struct looks {
  std::vector<double> log_evidence, p_values, lower, upper;
};

/// Looks under a method that holds at any time; users may be empty for a mixture SPRT.
inline outcome<looks> always_valid(span<const double> effects, span<const double> standard_errors,
                                   span<const double> users, const sequence_options &options = {}) {
  const std::size_t size = effects.size();
  if (standard_errors.size() != size || (!users.empty() && users.size() != size))
    return detail::fail<looks>(
        detail::unequal("standard_errors or users", standard_errors.size(), "effects", size));
  looks made;
  for (auto *column : {&made.log_evidence, &made.p_values, &made.lower, &made.upper})
    column->resize(size);
  return detail::finish(made, [&](plaudit_error **error) {
    return plaudit_stats_always_valid(effects.data(), standard_errors.data(),
                                      users.empty() ? nullptr : users.data(), detail::length(size),
                                      &options, made.log_evidence.data(), made.p_values.data(),
                                      made.lower.data(), made.upper.data(), error);
  });
}

/// Limits after each value.
struct limits {
  std::vector<double> lower, upper;
};

/// A confidence sequence for the mean of bounded values by betting.
inline outcome<limits> betting_sequence(span<const double> values,
                                        const betting_options &options = {},
                                        const run_options &run = {}) {
  limits made;
  made.lower.resize(values.size());
  made.upper.resize(values.size());
  const detail::run control(run);
  return detail::finish(made, control, [&](plaudit_error **error) {
    return control([&] {
      return plaudit_stats_betting_sequence(values.data(), detail::length(values.size()), &options,
                                            control.get(), made.lower.data(), made.upper.data(),
                                            error);
    });
  });
}

/// Bounds of planned looks.
struct bounds {
  std::vector<double> z, spent, nominal_levels;
};

/// Lan-DeMets bounds for looks at shares of the information.
inline outcome<bounds> group_sequential(span<const double> information,
                                        const group_sequential_options &options = {}) {
  bounds made;
  for (auto *column : {&made.z, &made.spent, &made.nominal_levels})
    column->resize(information.size());
  return detail::finish(made, [&](plaudit_error **error) {
    return plaudit_stats_group_sequential(information.data(), detail::length(information.size()),
                                          &options, made.z.data(), made.spent.data(),
                                          made.nominal_levels.data(), error);
  });
}

/// Rates of arms as beta distributions.
inline outcome<std::vector<rate_posterior>> rate_posteriors(span<const double> successes,
                                                            span<const double> trials,
                                                            const posterior_options &options = {}) {
  using posteriors = std::vector<rate_posterior>;
  if (successes.size() != trials.size())
    return detail::fail<posteriors>(
        detail::unequal("successes", successes.size(), "trials", trials.size()));
  posteriors made(successes.size());
  return detail::finish(made, [&](plaudit_error **error) {
    return plaudit_stats_rate_posteriors(successes.data(), trials.data(),
                                         detail::length(successes.size()), &options, made.data(),
                                         error);
  });
}

/// Effects after a normal prior.
inline outcome<std::vector<effect_posterior>> effect_posteriors(
    span<const double> effects, span<const double> standard_errors,
    const posterior_options &options = {}) {
  using posteriors = std::vector<effect_posterior>;
  if (effects.size() != standard_errors.size())
    return detail::fail<posteriors>(
        detail::unequal("effects", effects.size(), "standard_errors", standard_errors.size()));
  posteriors made(effects.size());
  return detail::finish(made, [&](plaudit_error **error) {
    return plaudit_stats_effect_posteriors(effects.data(), standard_errors.data(),
                                           detail::length(effects.size()), &options, made.data(),
                                           error);
  });
}

}  // namespace stats

// ---- Decisions --------------------------------------------------------------------------------

using bandit_options = sized<plaudit_bandit_options>;
using bandit_info = sized<plaudit_bandit_info>;
using bandit_arm = plaudit_bandit_arm;
using policy_value = plaudit_policy_value;
using off_policy_options = sized<plaudit_off_policy_options>;
using off_policy_estimate = sized<plaudit_off_policy>;
using replay_options = sized<plaudit_replay_options>;

/// Decisions first, first + 1, ...
struct decisions {
  std::int64_t first = 0;
  std::vector<std::int32_t> arms;    ///< numbers
  std::vector<double> propensities;  ///< empty unless asked for
};

/// What a bandit thinks of each arm: [rows, arms].
struct arm_scores {
  std::vector<double> scores;
  std::vector<double> probabilities;
};

/// Logged decisions, borrowed.
struct decision_log {
  span<const std::int32_t> arms;
  span<const double> rewards;
  span<const double> propensities = {};  ///< empty in a replay of a uniformly random log
  span<const double> contexts = {};      ///< [rows, features], for a replay
};

/// A replay: value is the mean reward of the matching rows.
struct replay : sized<plaudit_replay> {
  std::vector<std::int32_t> arms;     ///< what would have been played in each row
  std::vector<std::uint8_t> counted;  ///< 1 where the row counted
};

namespace detail_decisions {

/// NULL for no contexts; an empty span that is given stays one.
inline const double *data(span<const double> contexts) noexcept {
  return contexts.empty() ? nullptr : contexts.data();
}

inline error misfit(const char *name, std::size_t size, std::size_t rows, std::int64_t width) {
  return error(PLAUDIT_ERROR_SHAPE, std::string(name) + " has " + std::to_string(size) +
                                        " numbers, " + std::to_string(rows) + " rows of " +
                                        std::to_string(width) + " are needed");
}

inline bool fits(std::size_t size, std::size_t rows, std::int64_t width) noexcept {
  return width >= 1 && size % detail::size(width) == 0 && size / detail::size(width) == rows;
}

inline outcome<sized<plaudit_decision_log>> log(const decision_log &given, std::int64_t features) {
  using made = sized<plaudit_decision_log>;
  const std::size_t rows = given.arms.size();
  if (given.rewards.size() != rows)
    return detail::fail<made>(detail::unequal("rewards", given.rewards.size(), "arms", rows));
  if (!given.propensities.empty() && given.propensities.size() != rows)
    return detail::fail<made>(
        detail::unequal("propensities", given.propensities.size(), "arms", rows));
  if (!given.contexts.empty() && !fits(given.contexts.size(), rows, features))
    return detail::fail<made>(misfit("contexts", given.contexts.size(), rows, features));
  made log;
  log.count = detail::length(rows);
  log.arms = given.arms.data();
  log.rewards = given.rewards.data();
  log.propensities = data(given.propensities);
  log.contexts = data(given.contexts);
  return log;
}

}  // namespace detail_decisions

/// A bandit's state at one moment: decides on any number of threads at once.
class bandit_snapshot {
 public:
  /// Makes decisions first, first + 1, ..., `count` of them; contexts are [count, features]. Each
  /// number is to be used once.
  outcome<decisions> decide(std::int64_t first, std::size_t count, span<const double> contexts = {},
                            bool propensities = false) const {
    if (!contexts.empty() && !detail_decisions::fits(contexts.size(), count, features_))
      return detail::fail<decisions>(
          detail_decisions::misfit("contexts", contexts.size(), count, features_));
    decisions made;
    made.first = first;
    made.arms.resize(count);
    if (propensities) made.propensities.resize(count);
    return detail::finish(made, [&](plaudit_error **error) {
      return plaudit_bandit_snapshot_decide(
          get(), first, detail_decisions::data(contexts), detail::length(count), made.arms.data(),
          propensities ? made.propensities.data() : nullptr, error);
    });
  }

  plaudit_bandit_snapshot *get() const noexcept { return handle_.get(); }

 private:
  friend class bandit;
  bandit_snapshot() noexcept = default;
  detail::handle<plaudit_bandit_snapshot, plaudit_bandit_snapshot_free> handle_;
  std::int64_t features_ = 0;
};

/// Chooses among arms and learns from their rewards; one thread at a time, snapshots for more.
class bandit {
 public:
  static outcome<bandit> create(const texts &arms, const bandit_options &options = {}) {
    const plaudit_text_batch names = arms.get();
    bandit made;
    return detail::finish(made, [&](plaudit_error **error) {
      return made.begin(plaudit_bandit_create(&names, &options, made.handle_.slot(), error), error);
    });
  }

  static outcome<bandit> load(std::string_view path) {
    bandit made;
    return detail::finish(made, [&](plaudit_error **error) {
      return made.begin(plaudit_bandit_load(detail::data(path), detail::length(path.size()),
                                            made.handle_.slot(), error),
                        error);
    });
  }

  /// From state(). worker -1 goes on as the saved one; another number begins as that worker.
  static outcome<bandit> restore(span<const std::uint8_t> state, std::int64_t worker = -1) {
    bandit made;
    return detail::finish(made, [&](plaudit_error **error) {
      return made.begin(plaudit_bandit_restore(state.data(), detail::length(state.size()), worker,
                                               made.handle_.slot(), error),
                        error);
    });
  }

  /// Adds an arm, to be played first; its number.
  outcome<std::int32_t> add_arm(std::string_view name) {
    std::int32_t arm = 0;
    return detail::finish(arm, [&](plaudit_error **error) {
      return plaudit_bandit_add_arm(get(), detail::data(name), detail::length(name.size()), &arm,
                                    error);
    });
  }

  /// Plays an arm no more; decisions for it that wait are forgotten.
  outcome<void> remove_arm(std::int32_t arm) {
    return detail::check(
        [&](plaudit_error **error) { return plaudit_bandit_remove_arm(get(), arm, error); });
  }

  outcome<bandit_info> info() const {
    bandit_info found;
    return detail::finish(found, [&](plaudit_error **error) {
      return plaudit_bandit_get_info(get(), &found, error);
    });
  }

  /// Every arm by number, removed ones included.
  outcome<std::vector<bandit_arm>> arms() const {
    std::vector<bandit_arm> found;
    return detail::finish(found, [&](plaudit_error **error) {
      bandit_info info;
      std::int64_t count = 0;
      const plaudit_status status = plaudit_bandit_get_info(get(), &info, error);
      if (status != PLAUDIT_OK) return status;
      found.resize(detail::size(info.arm_count));
      return plaudit_bandit_arms(get(), found.data(), info.arm_count, &count, error);
    });
  }

  outcome<std::string> arm_name(std::int32_t arm) const {
    std::string name;
    return detail::finish(name, [&](plaudit_error **error) {
      std::int64_t length = 0;
      const plaudit_status status = plaudit_bandit_arm_name(get(), arm, nullptr, 0, &length, error);
      if (status != PLAUDIT_OK) return status;
      name.resize(detail::size(length));
      return plaudit_bandit_arm_name(get(), arm, name.data(), length, &length, error);
    });
  }

  /// Makes `count` decisions from the same state; contexts are [count, features].
  outcome<decisions> decide(std::size_t count, span<const double> contexts = {},
                            bool propensities = false) {
    if (!contexts.empty() && !detail_decisions::fits(contexts.size(), count, features_))
      return detail::fail<decisions>(
          detail_decisions::misfit("contexts", contexts.size(), count, features_));
    decisions made;
    made.arms.resize(count);
    if (propensities) made.propensities.resize(count);
    return detail::finish(made, [&](plaudit_error **error) {
      return plaudit_bandit_decide(
          get(), detail_decisions::data(contexts), detail::length(count), made.arms.data(),
          propensities ? made.propensities.data() : nullptr, &made.first, error);
    });
  }

  /// What the next decision is made from, in each of `rows` contexts.
  outcome<arm_scores> scores(span<const double> contexts = {}, std::size_t rows = 1) const {
    if (!contexts.empty() && !detail_decisions::fits(contexts.size(), rows, features_))
      return detail::fail<arm_scores>(
          detail_decisions::misfit("contexts", contexts.size(), rows, features_));
    arm_scores found;
    return detail::finish(found, [&](plaudit_error **error) {
      bandit_info info;
      const plaudit_status status = plaudit_bandit_get_info(get(), &info, error);
      if (status != PLAUDIT_OK) return status;
      found.scores.resize(rows * detail::size(info.arm_count));
      found.probabilities.resize(found.scores.size());
      return plaudit_bandit_scores(get(), detail_decisions::data(contexts), detail::length(rows),
                                   found.scores.data(), found.probabilities.data(), error);
    });
  }

  /// Of an arm's linear model.
  outcome<std::vector<double>> coefficients(std::int32_t arm) const {
    std::vector<double> found(detail::size(features_));
    return detail::finish(found, [&](plaudit_error **error) {
      return plaudit_bandit_coefficients(get(), arm, found.data(), features_, error);
    });
  }

  /// Learns from rewards of arms that were played, all or none.
  outcome<void> learn(span<const std::int32_t> arms, span<const double> rewards,
                      span<const double> contexts = {}) {
    if (arms.size() != rewards.size())
      return detail::fail<void>(detail::unequal("rewards", rewards.size(), "arms", arms.size()));
    if (!contexts.empty() && !detail_decisions::fits(contexts.size(), arms.size(), features_))
      return detail::fail<void>(
          detail_decisions::misfit("contexts", contexts.size(), arms.size(), features_));
    return detail::check([&](plaudit_error **error) {
      return plaudit_bandit_learn(get(), arms.data(), detail_decisions::data(contexts),
                                  rewards.data(), detail::length(arms.size()), error);
    });
  }

  /// Learns from rewards of decisions that wait, by number; how many were skipped as unknown.
  outcome<std::int64_t> reward(span<const std::int64_t> decisions, span<const double> rewards,
                               bool skip_unknown = false) {
    if (decisions.size() != rewards.size())
      return detail::fail<std::int64_t>(
          detail::unequal("rewards", rewards.size(), "decisions", decisions.size()));
    std::int64_t skipped = 0;
    return detail::finish(skipped, [&](plaudit_error **error) {
      return plaudit_bandit_reward(get(), decisions.data(), rewards.data(),
                                   detail::length(decisions.size()), skip_unknown ? 1 : 0, &skipped,
                                   error);
    });
  }

  /// Lets decisions made on snapshots wait for their rewards here.
  outcome<void> remember(span<const std::int64_t> decisions, span<const std::int32_t> arms,
                         span<const double> contexts = {}) {
    if (decisions.size() != arms.size())
      return detail::fail<void>(
          detail::unequal("arms", arms.size(), "decisions", decisions.size()));
    if (!contexts.empty() && !detail_decisions::fits(contexts.size(), arms.size(), features_))
      return detail::fail<void>(
          detail_decisions::misfit("contexts", contexts.size(), arms.size(), features_));
    return detail::check([&](plaudit_error **error) {
      return plaudit_bandit_remember(get(), decisions.data(), arms.data(),
                                     detail_decisions::data(contexts), detail::length(arms.size()),
                                     error);
    });
  }

  /// The state at this moment, to decide from on many threads.
  outcome<bandit_snapshot> snapshot() const {
    bandit_snapshot made;
    made.features_ = features_;
    return detail::finish(made, [&](plaudit_error **error) {
      return plaudit_bandit_snapshot_create(get(), made.handle_.slot(), error);
    });
  }

  /// Writes the state to a file, replacing it whole.
  outcome<void> save(std::string_view path) const {
    return detail::check([&](plaudit_error **error) {
      return plaudit_bandit_save(get(), detail::data(path), detail::length(path.size()), error);
    });
  }

  /// The state as bytes, waiting decisions included.
  outcome<std::vector<std::uint8_t>> state() const { return bytes(plaudit_bandit_state); }
  /// What this worker learnt since its last delta.
  outcome<std::vector<std::uint8_t>> delta() { return bytes(plaudit_bandit_delta); }

  /// Adds a worker's delta; each counts once, and in order.
  outcome<void> merge(span<const std::uint8_t> delta) {
    return detail::check([&](plaudit_error **error) {
      return plaudit_bandit_merge(get(), delta.data(), detail::length(delta.size()), error);
    });
  }

  /// Takes over the hub's state, and adds what was learnt since the last delta.
  outcome<void> refresh(span<const std::uint8_t> state) {
    return detail::check([&](plaudit_error **error) {
      return plaudit_bandit_refresh(get(), state.data(), detail::length(state.size()), error);
    });
  }

  /// Runs over logged decisions; has learnt from those that matched afterwards.
  outcome<plaudit::replay> replay(const decision_log &given, const replay_options &options = {},
                                  const run_options &run = {}) {
    const auto log = detail_decisions::log(given, features_);
#ifdef PLAUDIT_NO_EXCEPTIONS
    if (!log) return log.error();
    const plaudit_decision_log *rows = &*log;
#else
    const plaudit_decision_log *rows = &log;
#endif
    const detail::run running(run);
    plaudit::replay made;
    made.arms.resize(given.arms.size());
    made.counted.resize(given.arms.size());
    return detail::finish(made, running, [&](plaudit_error **error) {
      return running([&] {
        return plaudit_bandit_replay(get(), rows, &options, running.get(), &made, made.arms.data(),
                                     made.counted.data(), error);
      });
    });
  }

  std::int64_t feature_count() const noexcept { return features_; }
  plaudit_bandit *get() const noexcept { return handle_.get(); }

 private:
  bandit() noexcept = default;

  plaudit_status begin(plaudit_status made, plaudit_error **error) {
    if (made != PLAUDIT_OK) return made;
    bandit_info info;
    const plaudit_status status = plaudit_bandit_get_info(get(), &info, error);
    features_ = info.feature_count;
    return status;
  }

  template <class Function>
  outcome<std::vector<std::uint8_t>> bytes(Function write) const {
    std::vector<std::uint8_t> made;
    return detail::finish(made, [&](plaudit_error **error) {
      std::int64_t size = 0;
      const plaudit_status status = write(get(), nullptr, 0, &size, error);
      if (status != PLAUDIT_OK) return status;
      made.resize(detail::size(size));
      return write(get(), made.data(), size, &size, error);
    });
  }

  detail::handle<plaudit_bandit, plaudit_bandit_free> handle_;
  std::int64_t features_ = 0;
};

/// What another policy would have earned: target and predicted (may be empty) are [rows, arms].
inline outcome<off_policy_estimate> off_policy(const decision_log &given, span<const double> target,
                                               std::int64_t arms, span<const double> predicted = {},
                                               const off_policy_options &options = {}) {
  const std::size_t rows = given.arms.size();
  if (given.propensities.size() != rows)
    return detail::fail<off_policy_estimate>(
        detail::unequal("propensities", given.propensities.size(), "arms", rows));
  if (!detail_decisions::fits(target.size(), rows, arms))
    return detail::fail<off_policy_estimate>(
        detail_decisions::misfit("target", target.size(), rows, arms));
  if (!predicted.empty() && predicted.size() != target.size())
    return detail::fail<off_policy_estimate>(
        detail_decisions::misfit("predicted", predicted.size(), rows, arms));
  const auto log = detail_decisions::log({given.arms, given.rewards, given.propensities, {}}, 1);
#ifdef PLAUDIT_NO_EXCEPTIONS
  if (!log) return log.error();
  const plaudit_decision_log *logged = &*log;
#else
  const plaudit_decision_log *logged = &log;
#endif
  off_policy_estimate found;
  return detail::finish(found, [&](plaudit_error **error) {
    return plaudit_decisions_off_policy(logged, target.data(), detail_decisions::data(predicted),
                                        arms, &options, &found, error);
  });
}

/// floor + (1 - K floor) w for weights of any sum.
inline outcome<std::vector<double>> minimum_traffic(span<const double> weights, double floor) {
  std::vector<double> made(weights.size());
  return detail::finish(made, [&](plaudit_error **error) {
    return plaudit_decisions_minimum_traffic(weights.data(), detail::length(weights.size()), floor,
                                             made.data(), error);
  });
}

/// How often each arm is among the best two of draws [rows, arms], halved.
inline outcome<std::vector<double>> top_two_weights(span<const double> draws, std::int64_t arms,
                                                    bool lower_is_better = false) {
  const std::size_t width = detail::size(arms < 1 ? 1 : arms);
  if (arms < 1 || draws.size() % width != 0)
    return detail::fail<std::vector<double>>(
        detail_decisions::misfit("draws", draws.size(), draws.size() / width, arms));
  std::vector<double> made(width);
  return detail::finish(made, [&](plaudit_error **error) {
    return plaudit_decisions_top_two_weights(draws.data(), detail::length(draws.size() / width),
                                             arms, lower_is_better ? 1 : 0, made.data(), error);
  });
}

}  // namespace PLAUDIT_DIALECT
}  // namespace plaudit

#undef PLAUDIT_DIALECT

#endif
