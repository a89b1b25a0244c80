/* Every function of the header is called wrongly: NULL in each place, handles that are NULL, freed,
 * of another type or garbage, counts that are negative or absurd, options out of range, text that
 * is no UTF-8. Each answer is the one the header's table promises, with a message that names what
 * is wrong, and the process goes on to its end. */
#include <plaudit.h>

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures, calls;

/* The status is `wanted`, and the error's message names `named`. `call` passes &error last. */
#define EXPECT(wanted, named, call)                                                               \
  do {                                                                                            \
    plaudit_error *error = NULL;                                                                  \
    plaudit_status status_ = (call);                                                              \
    calls++;                                                                                      \
    const char *message = plaudit_error_message(error);                                           \
    if (status_ != (wanted) || plaudit_error_code(error) != status_ || !message[0] ||             \
        !strstr(message, (named)) || strchr(message, '\n')) {                                     \
      fprintf(stderr, "line %d: %s gave %s: %s\n", __LINE__, #call, plaudit_status_name(status_), \
              message);                                                                           \
      failures++;                                                                                 \
    }                                                                                             \
    plaudit_error_free(&error);                                                                   \
    plaudit_error_free(&error);                                                                   \
  } while (0)

#define EXPECT_OK(call)                                                                           \
  do {                                                                                            \
    plaudit_error *error = NULL;                                                                  \
    plaudit_status status_ = (call);                                                              \
    calls++;                                                                                      \
    if (status_ != PLAUDIT_OK || error) {                                                         \
      fprintf(stderr, "line %d: %s gave %s: %s\n", __LINE__, #call, plaudit_status_name(status_), \
              plaudit_error_message(error));                                                      \
      failures++;                                                                                 \
    }                                                                                             \
    plaudit_error_free(&error);                                                                   \
  } while (0)

#define CHECK(condition)                                               \
  do {                                                                 \
    calls++;                                                           \
    if (!(condition)) {                                                \
      fprintf(stderr, "line %d: %s is false\n", __LINE__, #condition); \
      failures++;                                                      \
    }                                                                  \
  } while (0)

enum {
  NULL_POINTER = PLAUDIT_ERROR_NULL_POINTER,
  HANDLE = PLAUDIT_ERROR_INVALID_HANDLE,
  ARGUMENT = PLAUDIT_ERROR_INVALID_ARGUMENT,
  RANGE = PLAUDIT_ERROR_OUT_OF_RANGE,
  DATA = PLAUDIT_ERROR_INVALID_DATA
};

static const int64_t bad_counts[] = {-1, -2, INT64_MIN, INT64_MAX, INT64_MAX / 2, (int64_t)1 << 62};
#define COUNT(array) ((int)(sizeof(array) / sizeof(array)[0]))

static plaudit_tokenizer *tokenizer;
static plaudit_encoding *encoding;
static plaudit_cleaning *cleaning;
static plaudit_model *model, *embedder;
static plaudit_scorer *scorer;
static plaudit_trainer *trainer;
static plaudit_cancel *cancel;
static plaudit_bandit *bandit;

static const char *words[] = {"love it", "hate it"};
static plaudit_text_batch two(void) {
  plaudit_text_batch texts = {.struct_size = sizeof texts, .count = 2, .pointers = words};
  return texts;
}
static float scores[4096];
static int32_t labels[64];
static int64_t offsets[65];

/* Values that are no live handle of any type; `wrong` are live handles of other types. */
static void *garbage[32];
static int garbage_count;

static void collect_garbage(void) {
  static char memory[256];
  int on_stack;
  memset(memory, 0xA5, sizeof memory);
  plaudit_model *freed_model = NULL;
  plaudit_cancel *freed_cancel = NULL;
  if (plaudit_model_load(getenv("PLAUDIT_TEST_MODEL"), -1, NULL, &freed_model, NULL) ||
      plaudit_cancel_create(&freed_cancel, NULL))
    exit(1);
  void *values[] = {NULL,
                    freed_model,
                    freed_cancel,
                    (void *)1,
                    (void *)8,
                    (void *)0xFFF,
                    (void *)(intptr_t)-1,
                    (void *)INT64_MIN,
                    (void *)0x7FFFFFFFFFFF,
                    (void *)0xDEADBEEFDEADBEEF,
                    memory,
                    memory + 1,
                    &on_stack,
                    (void *)&plaudit_version,
                    (void *)words};
  for (int i = 0; i < COUNT(values); i++) garbage[garbage_count++] = values[i];
  plaudit_model_free(&freed_model);
  plaudit_cancel_free(&freed_cancel);
}

/* Runs the block with `bad` being every garbage value and every live handle of another type. */
#define WITH_BAD(own)                                                                             \
  void *live_[] = {tokenizer, encoding, cleaning, model, scorer, trainer, cancel};                \
  for (int i_ = 0; i_ < garbage_count + COUNT(live_); i_++)                                       \
    for (void *bad = i_ < garbage_count ? garbage[i_] : live_[i_ - garbage_count], *once_ = &bad; \
         once_; once_ = NULL)                                                                     \
      if (bad != (void *)(own) || !bad)

/* Options of a classifier that starts from no model, and a list of them. */
static const plaudit_trainer_options hashed = {.struct_size = sizeof hashed,
                                               .architecture = "HashedLinear"};
static const plaudit_trainer_options *candidates[] = {&hashed, &hashed};
static plaudit_fold_result folds[8];
static plaudit_epoch epochs[4];
static const double none[2];

static void handles(void) {
  plaudit_text_batch texts = two();
  plaudit_encoding_view view = {sizeof view};
  plaudit_cleaning_view cleaned = {sizeof cleaned};
  plaudit_model_info info = {.struct_size = sizeof info};
  plaudit_precision_report report = {.struct_size = sizeof report};
  int64_t size;
  int32_t number;
  const char *text;
  {
    WITH_BAD(tokenizer) {
      plaudit_encoding *made = (void *)1;
      EXPECT(HANDLE, "tokenizer", plaudit_tokenizer_vocabulary_size(bad, &size, &error));
      EXPECT(HANDLE, "tokenizer", plaudit_tokenizer_token_id(bad, "a", -1, &number, &error));
      EXPECT(HANDLE, "tokenizer", plaudit_tokenizer_token_text(bad, 0, &text, &size, &error));
      EXPECT(HANDLE, "tokenizer", plaudit_tokenizer_encode(bad, &texts, NULL, NULL, &made, &error));
      CHECK(made == NULL);
    }
  }
  {
    WITH_BAD(encoding) EXPECT(HANDLE, "encoding", plaudit_encoding_get(bad, &view, &error));
  }
  {
    WITH_BAD(cleaning) EXPECT(HANDLE, "cleaning", plaudit_cleaning_get(bad, &cleaned, &error));
  }
  {
    WITH_BAD(model) {
      plaudit_tokenizer *made = (void *)1;
      plaudit_scorer *scoring = (void *)1;
      plaudit_trainer *training = (void *)1;
      plaudit_model *other = (void *)1;
      EXPECT(HANDLE, "model", plaudit_model_save(bad, "x", -1, &error));
      EXPECT(HANDLE, "model", plaudit_model_save_as(bad, "x", -1, NULL, &error));
      EXPECT(HANDLE, "model", plaudit_model_get_info(bad, &info, &error));
      EXPECT(HANDLE, "model", plaudit_model_label(bad, 0, &text, &error));
      EXPECT(HANDLE, "model", plaudit_model_label_index(bad, "a", -1, &number, &error));
      EXPECT(HANDLE, "model", plaudit_model_at_precision(bad, 0, &other, &error));
      EXPECT(HANDLE, "model",
             plaudit_model_precision_report(bad, 2, &texts, NULL, NULL, NULL, &report, &error));
      CHECK(other == NULL);
      EXPECT(HANDLE, "model", plaudit_model_tokenizer(bad, &made, &error));
      EXPECT(HANDLE, "model",
             plaudit_model_predict(bad, &texts, NULL, NULL, NULL, scores, 64, NULL, NULL, &error));
      EXPECT(HANDLE, "model",
             plaudit_model_embed(bad, &texts, NULL, NULL, scores, 64, NULL, &error));
      EXPECT(HANDLE, "model",
             plaudit_model_hidden_states(bad, &texts, NULL, NULL, NULL, NULL, 0, offsets, &error));
      EXPECT(HANDLE, "model", plaudit_scorer_create(bad, NULL, &scoring, &error));
      EXPECT(HANDLE, "model", plaudit_trainer_create(bad, &texts, NULL, &training, &error));
      plaudit_model *calibrated = (void *)1;
      EXPECT(HANDLE, "model",
             plaudit_model_calibrate(bad, &texts, labels, 10, NULL, &calibrated, NULL, &error));
      CHECK(!made && !scoring && !training && !calibrated);
      EXPECT(HANDLE, "model", plaudit_model_with_words(bad, &texts, none, &calibrated, &error));
      if (!bad) continue; /* no model is fine for what starts from none */
      EXPECT(HANDLE, "model", plaudit_trainer_create(bad, &texts, &hashed, &training, &error));
      EXPECT(HANDLE, "model",
             plaudit_trainer_search(bad, &texts, &texts, labels, NULL, candidates, 1, 2, 0, NULL,
                                    folds, &size, &error));
      CHECK(!training && size == 0);
    }
  }
  {
    WITH_BAD(scorer) {
      EXPECT(HANDLE, "scorer", plaudit_scorer_score(bad, "a", -1, scores, 64, NULL, NULL, &error));
      EXPECT(HANDLE, "scorer", plaudit_scorer_embed(bad, "a", -1, scores, 64, NULL, &error));
    }
  }
  {
    WITH_BAD(trainer) {
      plaudit_model *made = (void *)1;
      EXPECT(HANDLE, "trainer", plaudit_trainer_add(bad, &texts, labels, NULL, &error));
      EXPECT(HANDLE, "trainer", plaudit_trainer_add_validation(bad, &texts, labels, NULL, &error));
      EXPECT(HANDLE, "trainer", plaudit_trainer_add_embeddings(bad, scores, 1, labels, &error));
      EXPECT(HANDLE, "trainer", plaudit_trainer_history(bad, epochs, 4, &size, &error));
      EXPECT(HANDLE, "trainer", plaudit_trainer_fit(bad, NULL, NULL, &error));
      EXPECT(HANDLE, "trainer", plaudit_trainer_model(bad, &made, &error));
      CHECK(made == NULL);
    }
  }
  {
    WITH_BAD(cancel) {
      plaudit_run_options run = {.struct_size = sizeof run, .cancel = bad};
      CHECK(plaudit_cancel_request(bad) == HANDLE);
      CHECK(plaudit_cancel_reset(bad) == HANDLE);
      if (bad)
        EXPECT(
            HANDLE, "cancel",
            plaudit_model_predict(model, &texts, NULL, NULL, &run, scores, 64, NULL, NULL, &error));
    }
  }
  /* An error is no handle of the table's other types, and nothing else is an error. */
  WITH_BAD(NULL) {
    CHECK(plaudit_error_code(bad) == PLAUDIT_OK || bad);
    CHECK(plaudit_error_message(bad) != NULL);
    CHECK(plaudit_error_index(bad) == -1 && plaudit_error_offset(bad) == -1);
    void *slot = bad;
    plaudit_error_free((plaudit_error **)&slot);
    CHECK(slot == NULL);
  }
}

/* Freeing takes NULL, a slot of NULL, a handle twice, garbage, and a handle of another type. */
static void frees(void) {
#define FREES(free, type)                     \
  do {                                        \
    free(NULL);                               \
    type *none = NULL;                        \
    free(&none);                              \
    for (int i = 0; i < garbage_count; i++) { \
      type *slot = garbage[i];                \
      free(&slot);                            \
      CHECK(slot == NULL);                    \
    }                                         \
  } while (0)
  FREES(plaudit_error_free, plaudit_error);
  FREES(plaudit_cancel_free, plaudit_cancel);
  FREES(plaudit_tokenizer_free, plaudit_tokenizer);
  FREES(plaudit_encoding_free, plaudit_encoding);
  FREES(plaudit_cleaning_free, plaudit_cleaning);
  FREES(plaudit_model_free, plaudit_model);
  FREES(plaudit_scorer_free, plaudit_scorer);
  FREES(plaudit_trainer_free, plaudit_trainer);
  FREES(plaudit_experiment_free, plaudit_experiment);
  plaudit_scorer *other = (plaudit_scorer *)model;
  plaudit_scorer_free(&other);
  plaudit_cancel *copy = NULL, *same;
  EXPECT_OK(plaudit_cancel_create(&copy, &error));
  same = copy;
  plaudit_cancel_free(&copy);
  plaudit_cancel_free(&same);
  plaudit_model_info info = {sizeof info};
  EXPECT_OK(plaudit_model_get_info(model, &info, &error));
}

static void null_pointers(void) {
  plaudit_text_batch texts = two();
  plaudit_tokenizer *made_tokenizer;
  plaudit_encoding *made_encoding;
  plaudit_cleaning *made_cleaning;
  plaudit_model *made_model;
  plaudit_scorer *made_scorer;
  plaudit_trainer *made_trainer;
  plaudit_precision_report precision = {.struct_size = sizeof precision};
  int64_t size;
  int32_t number;
  const char *text;
  const char *tiny = getenv("PLAUDIT_TEST_MODEL");
  EXPECT(NULL_POINTER, "out_cancel", plaudit_cancel_create(NULL, &error));
  EXPECT(NULL_POINTER, "path", plaudit_tokenizer_load(NULL, -1, &made_tokenizer, &error));
  EXPECT(NULL_POINTER, "out_tokenizer", plaudit_tokenizer_load(tiny, -1, NULL, &error));
  EXPECT(NULL_POINTER, "out_size", plaudit_tokenizer_vocabulary_size(tokenizer, NULL, &error));
  EXPECT(NULL_POINTER, "token", plaudit_tokenizer_token_id(tokenizer, NULL, -1, &number, &error));
  EXPECT(NULL_POINTER, "out_id", plaudit_tokenizer_token_id(tokenizer, "a", -1, NULL, &error));
  EXPECT(NULL_POINTER, "out_text", plaudit_tokenizer_token_text(tokenizer, 0, NULL, &size, &error));
  EXPECT(NULL_POINTER, "texts",
         plaudit_tokenizer_encode(tokenizer, NULL, NULL, NULL, &made_encoding, &error));
  EXPECT(NULL_POINTER, "out_encoding",
         plaudit_tokenizer_encode(tokenizer, &texts, NULL, NULL, NULL, &error));
  EXPECT(NULL_POINTER, "out_view", plaudit_encoding_get(encoding, NULL, &error));
  EXPECT(NULL_POINTER, "recipe", plaudit_text_clean(NULL, -1, &texts, &made_cleaning, &error));
  EXPECT(NULL_POINTER, "texts", plaudit_text_clean("none", -1, NULL, &made_cleaning, &error));
  EXPECT(NULL_POINTER, "out_cleaning", plaudit_text_clean("none", -1, &texts, NULL, &error));
  EXPECT(NULL_POINTER, "out_view", plaudit_cleaning_get(cleaning, NULL, &error));
  EXPECT(NULL_POINTER, "path", plaudit_model_load(NULL, 3, NULL, &made_model, &error));
  EXPECT(NULL_POINTER, "out_model", plaudit_model_load(NULL, -1, NULL, NULL, &error));
  setenv("PLAUDIT_MODEL", "/nowhere", 1);
  EXPECT(PLAUDIT_ERROR_NOT_FOUND, "PLAUDIT_MODEL names /nowhere",
         plaudit_model_load(NULL, -1, NULL, &made_model, &error));
  CHECK(made_model == NULL);
  EXPECT(NULL_POINTER, "out_model", plaudit_model_load(tiny, -1, NULL, NULL, &error));
  EXPECT(NULL_POINTER, "path", plaudit_model_save(model, NULL, -1, &error));
  EXPECT(NULL_POINTER, "path", plaudit_model_save_as(model, NULL, -1, NULL, &error));
  EXPECT(NULL_POINTER, "out_info", plaudit_model_get_info(model, NULL, &error));
  EXPECT(NULL_POINTER, "out_name", plaudit_model_label(model, 0, NULL, &error));
  EXPECT(NULL_POINTER, "name", plaudit_model_label_index(model, NULL, -1, &number, &error));
  EXPECT(NULL_POINTER, "out_index", plaudit_model_label_index(model, "a", -1, NULL, &error));
  EXPECT(NULL_POINTER, "out_model", plaudit_model_at_precision(model, 0, NULL, &error));
  EXPECT(NULL_POINTER, "texts",
         plaudit_model_precision_report(model, 2, NULL, NULL, NULL, NULL, &precision, &error));
  EXPECT(NULL_POINTER, "out_report",
         plaudit_model_precision_report(model, 2, &texts, NULL, NULL, NULL, NULL, &error));
  EXPECT(NULL_POINTER, "out_tokenizer", plaudit_model_tokenizer(model, NULL, &error));
  EXPECT(NULL_POINTER, "texts",
         plaudit_model_predict(model, NULL, NULL, NULL, NULL, scores, 64, NULL, NULL, &error));
  EXPECT(NULL_POINTER, "out_scores",
         plaudit_model_predict(model, &texts, NULL, NULL, NULL, NULL, 64, NULL, NULL, &error));
  EXPECT(NULL_POINTER, "texts",
         plaudit_model_embed(embedder, NULL, NULL, NULL, scores, 64, NULL, &error));
  EXPECT(NULL_POINTER, "out_embeddings",
         plaudit_model_embed(embedder, &texts, NULL, NULL, NULL, 64, NULL, &error));
  EXPECT(NULL_POINTER, "texts",
         plaudit_model_hidden_states(model, NULL, NULL, NULL, NULL, NULL, 0, offsets, &error));
  EXPECT(NULL_POINTER, "out_token_offsets",
         plaudit_model_hidden_states(model, &texts, NULL, NULL, NULL, NULL, 0, NULL, &error));
  EXPECT(NULL_POINTER, "out_scorer", plaudit_scorer_create(model, NULL, NULL, &error));
  EXPECT(NULL_POINTER, "text",
         plaudit_scorer_score(scorer, NULL, -1, scores, 64, NULL, NULL, &error));
  EXPECT(NULL_POINTER, "out_scores",
         plaudit_scorer_score(scorer, "a", -1, NULL, 64, NULL, NULL, &error));
  EXPECT(NULL_POINTER, "labels",
         plaudit_trainer_create(embedder, NULL, NULL, &made_trainer, &error));
  EXPECT(NULL_POINTER, "out_trainer", plaudit_trainer_create(embedder, &texts, NULL, NULL, &error));
  EXPECT(NULL_POINTER, "texts", plaudit_trainer_add(trainer, NULL, labels, NULL, &error));
  EXPECT(NULL_POINTER, "labels", plaudit_trainer_add(trainer, &texts, NULL, NULL, &error));
  EXPECT(NULL_POINTER, "embeddings",
         plaudit_trainer_add_embeddings(trainer, NULL, 1, labels, &error));
  EXPECT(NULL_POINTER, "labels", plaudit_trainer_add_embeddings(trainer, scores, 1, NULL, &error));
  EXPECT(NULL_POINTER, "out_model", plaudit_trainer_model(trainer, NULL, &error));
  EXPECT(NULL_POINTER, "out_count", plaudit_trainer_history(trainer, epochs, 4, NULL, &error));
  EXPECT_OK(plaudit_trainer_history(trainer, NULL, 4, &size, &error));
  EXPECT(NULL_POINTER, "labels",
         plaudit_trainer_create(NULL, NULL, &hashed, &made_trainer, &error));
  EXPECT(NULL_POINTER, "out_trainer", plaudit_trainer_create(NULL, &texts, &hashed, NULL, &error));
  EXPECT_OK(plaudit_trainer_create(NULL, &texts, &hashed, &made_trainer, &error));
  EXPECT(NULL_POINTER, "texts",
         plaudit_trainer_add_validation(made_trainer, NULL, labels, NULL, &error));
  EXPECT(NULL_POINTER, "labels",
         plaudit_trainer_add_validation(made_trainer, &texts, NULL, NULL, &error));
  plaudit_trainer_free(&made_trainer);
  const plaudit_trainer_options *hole[] = {&hashed, NULL};
#define SEARCH(labels, texts, truth, list, results, best)                                    \
  plaudit_trainer_search(NULL, labels, texts, truth, NULL, list, 2, 2, 0, NULL, results, best, \
                         &error)
  EXPECT(NULL_POINTER, "labels", SEARCH(NULL, &texts, labels, candidates, folds, &size));
  EXPECT(NULL_POINTER, "texts", SEARCH(&texts, NULL, labels, candidates, folds, &size));
  EXPECT(NULL_POINTER, "truth", SEARCH(&texts, &texts, NULL, candidates, folds, &size));
  EXPECT(NULL_POINTER, "candidates", SEARCH(&texts, &texts, labels, NULL, folds, &size));
  EXPECT(NULL_POINTER, "candidates[1]", SEARCH(&texts, &texts, labels, hole, folds, &size));
  EXPECT(NULL_POINTER, "out_results", SEARCH(&texts, &texts, labels, candidates, NULL, &size));
  EXPECT(NULL_POINTER, "out_best", SEARCH(&texts, &texts, labels, candidates, folds, NULL));
  EXPECT(NULL_POINTER, "texts",
         plaudit_model_calibrate(model, NULL, labels, 10, NULL, &made_model, NULL, &error));
  EXPECT(NULL_POINTER, "labels",
         plaudit_model_calibrate(model, &texts, NULL, 10, NULL, &made_model, NULL, &error));
  EXPECT(NULL_POINTER, "out_model",
         plaudit_model_calibrate(model, &texts, labels, 10, NULL, NULL, NULL, &error));
  (void)text, (void)made_scorer;
}

static void texts_of_all_kinds(void) {
  plaudit_encoding *made = NULL;
#define ENCODE(batch) plaudit_tokenizer_encode(tokenizer, &(batch), NULL, NULL, &made, &error)
  for (int i = 0; i < COUNT(bad_counts); i++) {
    plaudit_text_batch texts = two();
    texts.count = bad_counts[i];
    if (texts.count < 0) EXPECT(ARGUMENT, "count", ENCODE(texts));
    /* As many pointers as that cannot be read, but as an Arrow batch the offsets tell. */
    static const int32_t starts[] = {0, 1, 2};
    plaudit_text_batch arrow = {.struct_size = sizeof arrow,
                                .count = bad_counts[i],
                                .data = "ab",
                                .data_length = 2,
                                .offsets32 = starts};
    if (arrow.count < 0) EXPECT(ARGUMENT, "count", ENCODE(arrow));
    int64_t lengths[] = {bad_counts[i], 1};
    plaudit_text_batch sized = two();
    sized.lengths = lengths;
    if (lengths[0] < -1) EXPECT(ARGUMENT, "length", ENCODE(sized));
    arrow.count = 2;
    arrow.data_length = bad_counts[i];
    if (arrow.data_length < 0) EXPECT(ARGUMENT, "data_length", ENCODE(arrow));
  }
  static const int32_t back[] = {0, 2, 1}, below[] = {-1, 1, 2}, beyond[] = {0, 1, 9};
  static const int64_t huge[] = {0, INT64_MAX, INT64_MAX};
  plaudit_text_batch arrow = {
      .struct_size = sizeof arrow, .count = 2, .data = "ab", .data_length = 2};
  arrow.offsets32 = back;
  EXPECT(DATA, "offset", ENCODE(arrow));
  arrow.offsets32 = below;
  EXPECT(DATA, "offset", ENCODE(arrow));
  arrow.offsets32 = beyond;
  EXPECT(DATA, "byte 9 of 2", ENCODE(arrow));
  arrow.offsets32 = NULL;
  arrow.offsets64 = huge;
  EXPECT(DATA, "of 2", ENCODE(arrow));
  arrow.offsets32 = beyond;
  EXPECT(ARGUMENT, "offsets", ENCODE(arrow)); /* both kinds of offsets */
  plaudit_text_batch nothing = {.struct_size = sizeof nothing, .count = 2};
  EXPECT(NULL_POINTER, "", ENCODE(nothing));
  const char *holes[] = {"a", NULL};
  plaudit_text_batch hole = {.struct_size = sizeof hole, .count = 2, .pointers = holes};
  EXPECT(NULL_POINTER, "pointers", ENCODE(hole));
  plaudit_text_batch unsized = two();
  for (int64_t size = -8; size < 16; size += 8) {
    unsized.struct_size = size;
    EXPECT(ARGUMENT, "struct_size", ENCODE(unsized));
  }
  const char *broken[] = {"fine", "caf\xE9 au lait"};
  plaudit_text_batch latin = {.struct_size = sizeof latin, .count = 2, .pointers = broken};
  plaudit_error *error = NULL;
  CHECK(ENCODE(latin) == PLAUDIT_ERROR_INVALID_UTF8);
  CHECK(plaudit_error_index(error) == 1 && plaudit_error_offset(error) == 3);
  /* A live error that is passed in again is replaced. */
  CHECK(ENCODE(latin) == PLAUDIT_ERROR_INVALID_UTF8 && plaudit_error_index(error) == 1);
  plaudit_text_batch empty = {.struct_size = sizeof empty};
  CHECK(ENCODE(empty) == PLAUDIT_OK && error == NULL && made != NULL);
  plaudit_encoding_free(&made);
  CHECK(ENCODE(latin) == PLAUDIT_ERROR_INVALID_UTF8 && made == NULL);
  plaudit_error_free(&error);
  plaudit_text_batch texts = two(), one = two();
  one.count = 1;
  EXPECT(ARGUMENT, "pairs", plaudit_tokenizer_encode(tokenizer, &texts, &one, NULL, &made, &error));
}

/* Any bytes can be cleaned; only recipes and layouts are refused. */
static void cleaning_of_texts(void) {
  plaudit_cleaning *made = NULL;
  plaudit_cleaning_view view = {sizeof view};
  plaudit_text_batch texts = two();
  EXPECT(PLAUDIT_ERROR_NOT_FOUND, "tweets-1", plaudit_text_clean("x", -1, &texts, &made, &error));
  EXPECT(PLAUDIT_ERROR_NOT_FOUND, "none", plaudit_text_clean("", 0, &texts, &made, &error));
  EXPECT(ARGUMENT, "NUL", plaudit_text_clean("no\0ne", 5, &texts, &made, &error));
  EXPECT(PLAUDIT_ERROR_INVALID_UTF8, "recipe",
         plaudit_text_clean("\xFF", -1, &texts, &made, &error));
  EXPECT(ARGUMENT, "length", plaudit_text_clean("none", -2, &texts, &made, &error));
  texts.count = -1;
  EXPECT(ARGUMENT, "count", plaudit_text_clean("none", -1, &texts, &made, &error));
  CHECK(made == NULL);
  const char *raw[] = {"caf\xE9 @bob", NULL, ""};
  static const uint8_t validity[] = {5};
  plaudit_text_batch odd = {
      .struct_size = sizeof odd, .count = 3, .pointers = raw, .validity = validity};
  EXPECT_OK(plaudit_text_clean("tweets-1", -1, &odd, &made, &error));
  view.struct_size = 8;
  EXPECT(ARGUMENT, "struct_size", plaudit_cleaning_get(made, &view, &error));
  view.struct_size = sizeof view;
  EXPECT_OK(plaudit_cleaning_get(made, &view, &error));
  CHECK(view.text_count == 3 && view.byte_count == 10);
  CHECK(view.offsets[1] == 10 && view.offsets[2] == 10 && view.offsets[3] == 10);
  CHECK(memcmp(view.data, "caf\xE9 @user", 10) == 0);
  CHECK(view.starts[3] == 3 && view.ends[3] == 4 && view.starts[5] == 5 && view.ends[9] == 9);
  plaudit_cleaning_free(&made);
  plaudit_text_batch empty = {.struct_size = sizeof empty};
  EXPECT_OK(plaudit_text_clean("none", -1, &empty, &made, &error));
  EXPECT_OK(plaudit_cleaning_get(made, &view, &error));
  CHECK(view.text_count == 0 && view.byte_count == 0 && view.offsets[0] == 0);
  plaudit_cleaning_free(&made);
  CHECK(strstr(plaudit_cleaning_recipes(), "\"name\": \"cardiff-1\"") != NULL);
}

static const int32_t bad_precisions[] = {-1, 4, INT32_MIN, INT32_MAX};

static void options(void) {
  plaudit_text_batch texts = two();
  plaudit_encoding *made = NULL;
#define ENCODED(...)                                                      \
  ({                                                                      \
    plaudit_encode_options o = {.struct_size = sizeof o, __VA_ARGS__};    \
    plaudit_tokenizer_encode(tokenizer, &texts, NULL, &o, &made, &error); \
  })
  EXPECT(RANGE, "truncation", ENCODED(.truncation = 9));
  EXPECT(RANGE, "truncation", ENCODED(.truncation = -1));
  EXPECT(RANGE, "truncation_side", ENCODED(.truncation_side = 2));
  EXPECT(RANGE, "padding", ENCODED(.padding = 4));
  EXPECT(RANGE, "padding_side", ENCODED(.padding_side = -7));
  EXPECT(RANGE, "no_special_tokens", ENCODED(.no_special_tokens = 2));
  EXPECT(RANGE, "special_text", ENCODED(.special_text = 2));
  EXPECT(RANGE, "invalid_utf8", ENCODED(.invalid_utf8 = 2));
  EXPECT(RANGE, "columns", ENCODED(.columns = 3));
  for (int i = 0; i < 3; i++) {
    EXPECT(ARGUMENT, "max_length", ENCODED(.truncation = 2, .max_length = bad_counts[i]));
    EXPECT(ARGUMENT, "pad_length", ENCODED(.padding = 3, .pad_length = bad_counts[i]));
    EXPECT(ARGUMENT, "pad_multiple", ENCODED(.padding = 2, .pad_multiple = bad_counts[i]));
    EXPECT(ARGUMENT, "stride", ENCODED(.truncation = 2, .max_length = 8, .stride = bad_counts[i]));
  }
  /* Rows as long as that would not fit: refused or out of memory, not tried. */
  plaudit_error *error = NULL;
  plaudit_status status = ENCODED(.padding = 3, .pad_length = INT64_MAX / 2);
  CHECK(status != PLAUDIT_OK && status != PLAUDIT_ERROR_INTERNAL);
  status = ENCODED(.padding = 2, .pad_multiple = INT64_MAX);
  CHECK(status != PLAUDIT_OK && status != PLAUDIT_ERROR_INTERNAL);
  plaudit_error_free(&error);

  /* A larger struct is one of a later header: fine while what this library cannot know is zero. */
  struct {
    plaudit_encode_options known;
    int64_t unknown[2];
  } later = {.known = {.struct_size = sizeof later}};
  EXPECT_OK(plaudit_tokenizer_encode(tokenizer, &texts, NULL, &later.known, &made, &error));
  plaudit_encoding_free(&made);
  later.unknown[1] = 1;
  EXPECT(PLAUDIT_ERROR_UNSUPPORTED, "options",
         plaudit_tokenizer_encode(tokenizer, &texts, NULL, &later.known, &made, &error));

#define PREDICTED(...)                                                                    \
  ({                                                                                      \
    plaudit_predict_options o = {.struct_size = sizeof o, __VA_ARGS__};                   \
    plaudit_model_embed(embedder, &texts, &o, NULL, scores, COUNT(scores), NULL, &error); \
  })
  EXPECT(RANGE, "long_text", PREDICTED(.long_text = 3));
  EXPECT(RANGE, "scores", PREDICTED(.scores = 2));
  EXPECT(RANGE, "pooling", PREDICTED(.pooling = 8));
  EXPECT(RANGE, "pooling", PREDICTED(.pooling = -1));
  EXPECT(RANGE, "normalize", PREDICTED(.normalize = 3));
  EXPECT(RANGE, "invalid_utf8", PREDICTED(.invalid_utf8 = 2));
  EXPECT(RANGE, "special_text", PREDICTED(.special_text = -2));
  EXPECT(RANGE, "scorer_threads", PREDICTED(.scorer_threads = -1));
  EXPECT(RANGE, "scorer_threads", PREDICTED(.scorer_threads = 257));
  EXPECT(RANGE, "max_length", PREDICTED(.max_length = 1));
  EXPECT(RANGE, "max_length", PREDICTED(.max_length = 100000));
  for (int i = 0; i < 3; i++) {
    EXPECT(ARGUMENT, "max_length", PREDICTED(.max_length = bad_counts[i]));
    EXPECT(ARGUMENT, "window_stride", PREDICTED(.long_text = 1, .window_stride = bad_counts[i]));
  }
  EXPECT(RANGE, "window_stride", PREDICTED(.long_text = 1, .window_stride = 1 << 30));
  EXPECT(ARGUMENT, "window_stride", PREDICTED(.window_stride = 1));

#define RUN(...)                                                                          \
  ({                                                                                      \
    plaudit_run_options o = {.struct_size = sizeof o, __VA_ARGS__};                       \
    plaudit_model_predict(model, &texts, NULL, NULL, &o, scores, 64, NULL, NULL, &error); \
  })
  EXPECT(RANGE, "threads", RUN(.threads = -1));
  EXPECT(RANGE, "threads", RUN(.threads = 257));
  EXPECT(ARGUMENT, "timeout_ms", RUN(.timeout_ms = -1));
  EXPECT(ARGUMENT, "progress_interval_ms", RUN(.progress_interval_ms = INT64_MIN));
  EXPECT_OK(RUN(.timeout_ms = 1LL << 40, .progress_interval_ms = 1LL << 40));

  plaudit_model_options model_options = {.struct_size = sizeof model_options, .max_bytes = -1};
  plaudit_model *loaded = (void *)1;
  const char *tiny = getenv("PLAUDIT_TEST_MODEL");
  EXPECT(ARGUMENT, "max_bytes", plaudit_model_load(tiny, -1, &model_options, &loaded, &error));
  CHECK(loaded == NULL);
  model_options.max_bytes = 100;
  EXPECT(PLAUDIT_ERROR_LIMIT, "100", plaudit_model_load(tiny, -1, &model_options, &loaded, &error));
  model_options.max_bytes = 0;
  for (int i = 0; i < COUNT(bad_precisions); i++) {
    model_options.precision = bad_precisions[i];
    EXPECT(RANGE, "precision", plaudit_model_load(tiny, -1, &model_options, &loaded, &error));
  }
  EXPECT(ARGUMENT, "path", plaudit_model_load(tiny, -2, NULL, &loaded, &error));
  EXPECT(ARGUMENT, "path", plaudit_model_load(NULL, -2, NULL, &loaded, &error));
  EXPECT(ARGUMENT, "NUL", plaudit_model_load("a\0b", 3, NULL, &loaded, &error));
  EXPECT(PLAUDIT_ERROR_NOT_FOUND, "nowhere",
         plaudit_model_load("/nowhere", -1, NULL, &loaded, &error));
  plaudit_tokenizer *cut = NULL;
  EXPECT(PLAUDIT_ERROR_NOT_FOUND, "nowhere", plaudit_tokenizer_load("/nowhere", -1, &cut, &error));
  EXPECT(PLAUDIT_ERROR_NOT_FOUND, "/proc/plaudit",
         plaudit_model_save(model, "/proc/plaudit", -1, &error));
  EXPECT(PLAUDIT_ERROR_IO, "/dev/null", plaudit_model_save(model, "/dev/null", -1, &error));
  plaudit_save_options storing = {.struct_size = sizeof storing, .storage = 2};
  EXPECT(RANGE, "storage", plaudit_model_save_as(model, "/nowhere", -1, &storing, &error));
  storing.storage = PLAUDIT_STORAGE_ROWS_INT8;
  EXPECT(ARGUMENT, "path", plaudit_model_save_as(model, "", 0, &storing, &error));
  EXPECT(PLAUDIT_ERROR_IO, "/dev/null",
         plaudit_model_save_as(model, "/dev/null", -1, &storing, &error));
  storing.struct_size = 8;
  EXPECT(ARGUMENT, "struct_size", plaudit_model_save_as(model, "x", -1, &storing, &error));
}

static void precisions(void) {
  const char *tiny = getenv("PLAUDIT_TEST_MODEL");
  plaudit_text_batch texts = two(), empty = {.struct_size = sizeof empty};
  plaudit_model_options options = {.struct_size = sizeof options,
                                   .precision = PLAUDIT_PRECISION_INT8};
  plaudit_precision_report report = {.struct_size = sizeof report}, untouched = report;
  plaudit_model_info info = {.struct_size = sizeof info};
  plaudit_model *bytes, *other = (void *)1;
#define REPORT(model, precision) \
  plaudit_model_precision_report(model, precision, &texts, NULL, NULL, NULL, &report, &error)
  for (int i = 0; i < COUNT(bad_precisions); i++) {
    EXPECT(RANGE, "precision",
           plaudit_model_at_precision(model, bad_precisions[i], &other, &error));
    EXPECT(RANGE, "precision", REPORT(model, bad_precisions[i]));
  }
  CHECK(other == NULL);
  report.struct_size = 8;
  EXPECT(ARGUMENT, "struct_size", REPORT(model, PLAUDIT_PRECISION_INT8));
  report.struct_size = sizeof report;
  CHECK(memcmp(&report, &untouched, sizeof report) == 0);

  EXPECT_OK(plaudit_model_load(tiny, -1, &options, &bytes, &error));
  EXPECT_OK(plaudit_model_get_info(bytes, &info, &error));
  CHECK(info.precision == PLAUDIT_PRECISION_INT8);
  EXPECT_OK(plaudit_model_at_precision(model, PLAUDIT_PRECISION_INT8, &other, &error));
  float both[2][6];
  EXPECT_OK(plaudit_model_predict(bytes, &texts, NULL, NULL, NULL, both[0], 6, NULL, NULL, &error));
  EXPECT_OK(plaudit_model_predict(other, &texts, NULL, NULL, NULL, both[1], 6, NULL, NULL, &error));
  CHECK(memcmp(both[0], both[1], sizeof both[0]) == 0);
  plaudit_model_free(&other);

  EXPECT_OK(REPORT(model, PLAUDIT_PRECISION_INT8));
  CHECK(report.text_count == 2 && report.precision == PLAUDIT_PRECISION_INT8);
  CHECK(report.flip_rate == (double)report.flip_count / 2 && report.worst_text >= 0);
  CHECK(report.largest_difference > 0 && report.largest_difference < 0.1);
  EXPECT_OK(REPORT(embedder, PLAUDIT_PRECISION_FASTEST));
  CHECK(isnan(report.flip_rate) && report.flip_count == 0);
  EXPECT_OK(plaudit_model_precision_report(model, PLAUDIT_PRECISION_INT8, &empty, NULL, NULL, NULL,
                                           &report, &error));
  CHECK(report.text_count == 0 && isnan(report.flip_rate) && report.worst_text == -1);

  EXPECT(PLAUDIT_ERROR_INVALID_STATE, "int8", plaudit_model_save(bytes, "never", -1, &error));
  EXPECT(PLAUDIT_ERROR_INVALID_STATE, "int8",
         plaudit_model_at_precision(bytes, PLAUDIT_PRECISION_FP32, &other, &error));
  EXPECT(PLAUDIT_ERROR_INVALID_STATE, "int8", REPORT(bytes, PLAUDIT_PRECISION_INT8));
  plaudit_trainer *made = NULL;
  EXPECT(PLAUDIT_ERROR_INVALID_STATE, "int8",
         plaudit_trainer_create(bytes, &texts, NULL, &made, &error));
  EXPECT_OK(plaudit_model_at_precision(bytes, PLAUDIT_PRECISION_INT8, &other, &error));
  plaudit_model_free(&other);
  plaudit_model_free(&bytes);
#undef REPORT
}

static void buffers(void) {
  plaudit_text_batch texts = two(), empty = {.struct_size = sizeof empty};
  for (int i = 0; i < 3; i++)
    EXPECT(ARGUMENT, "capacity of out_scores",
           plaudit_model_predict(model, &texts, NULL, NULL, NULL, scores, bad_counts[i], NULL, NULL,
                                 &error));
  EXPECT(PLAUDIT_ERROR_BUFFER_TOO_SMALL, "6",
         plaudit_model_predict(model, &texts, NULL, NULL, NULL, scores, 5, NULL, NULL, &error));
  EXPECT(PLAUDIT_ERROR_BUFFER_TOO_SMALL, "64",
         plaudit_model_embed(embedder, &texts, NULL, NULL, scores, 63, NULL, &error));
  EXPECT(PLAUDIT_ERROR_BUFFER_TOO_SMALL, "",
         plaudit_model_hidden_states(model, &texts, NULL, NULL, NULL, scores, 3, offsets, &error));
  EXPECT(PLAUDIT_ERROR_BUFFER_TOO_SMALL, "3",
         plaudit_scorer_score(scorer, "a", -1, scores, 2, NULL, NULL, &error));
  EXPECT_OK(plaudit_model_predict(model, &empty, NULL, NULL, NULL, NULL, 0, NULL, NULL, &error));
  EXPECT_OK(plaudit_model_embed(embedder, &empty, NULL, NULL, NULL, 0, NULL, &error));
  EXPECT_OK(plaudit_model_hidden_states(model, &empty, NULL, NULL, NULL, NULL, 0, offsets, &error));
  EXPECT_OK(plaudit_trainer_add(trainer, &empty, NULL, NULL, &error));
  EXPECT_OK(plaudit_trainer_add_embeddings(trainer, NULL, 0, NULL, &error));
  EXPECT(ARGUMENT, "pooling",
         plaudit_model_embed(model, &texts, NULL, NULL, scores, 64, NULL, &error));
  EXPECT(PLAUDIT_ERROR_INVALID_STATE, "head",
         plaudit_model_predict(embedder, &texts, NULL, NULL, NULL, scores, 64, NULL, NULL, &error));
  EXPECT(ARGUMENT, "pooling", plaudit_scorer_embed(scorer, "a", -1, scores, 64, NULL, &error));
  const char *name;
  for (int i = 0; i < COUNT(bad_counts); i++)
    EXPECT(RANGE, "label", plaudit_model_label(model, bad_counts[i], &name, &error));
  int32_t index;
  EXPECT(PLAUDIT_ERROR_NOT_FOUND, "positive",
         plaudit_model_label_index(model, "no such label", -1, &index, &error));
  EXPECT(ARGUMENT, "length", plaudit_model_label_index(model, "a", -5, &index, &error));
  EXPECT(PLAUDIT_ERROR_NOT_FOUND, "",
         plaudit_tokenizer_token_text(tokenizer, -1, &name, NULL, &error));
  EXPECT(PLAUDIT_ERROR_NOT_FOUND, "",
         plaudit_tokenizer_token_text(tokenizer, INT32_MAX, &name, NULL, &error));
  EXPECT(PLAUDIT_ERROR_NOT_FOUND, "",
         plaudit_tokenizer_token_id(tokenizer, "no such token", -1, &index, &error));
  EXPECT(ARGUMENT, "length", plaudit_tokenizer_token_id(tokenizer, "a", -9, &index, &error));
}

static void training(void) {
  plaudit_text_batch texts = two();
  plaudit_model *made = NULL;
  int32_t outside[] = {0, 7};
  plaudit_error *error = NULL;
  CHECK(plaudit_trainer_add(trainer, &texts, outside, NULL, &error) == PLAUDIT_ERROR_INVALID_DATA);
  CHECK(plaudit_error_index(error) == 1);
  plaudit_error_free(&error);
  float vectors[64] = {0};
  for (int i = 0; i < 2; i++) {
    vectors[40] = i ? INFINITY : NAN;
    CHECK(plaudit_trainer_add_embeddings(trainer, vectors, 2, outside, &error) ==
          PLAUDIT_ERROR_INVALID_DATA);
    outside[1] = 1;
    CHECK(plaudit_trainer_add_embeddings(trainer, vectors, 2, outside, &error) ==
          PLAUDIT_ERROR_NOT_FINITE);
    CHECK(plaudit_error_index(error) == 1);
    outside[1] = 7;
  }
  plaudit_error_free(&error);
  for (int i = 0; i < COUNT(bad_counts); i++) {
    plaudit_status status =
        plaudit_trainer_add_embeddings(trainer, vectors, bad_counts[i], outside, NULL);
    if (bad_counts[i] < 0) CHECK(status == ARGUMENT);
  }
  EXPECT(PLAUDIT_ERROR_INVALID_STATE, "", plaudit_trainer_model(trainer, &made, &error));
  EXPECT(PLAUDIT_ERROR_INVALID_STATE, "example", plaudit_trainer_fit(trainer, NULL, NULL, &error));
  plaudit_trainer *refused = NULL;
#define TRAINER(...)                                                    \
  ({                                                                    \
    plaudit_trainer_options o = {.struct_size = sizeof o, __VA_ARGS__}; \
    plaudit_trainer_create(embedder, &texts, &o, &refused, &error);     \
  })
  EXPECT(RANGE, "l2", TRAINER(.l2 = -1));
  EXPECT(RANGE, "l2", TRAINER(.l2 = NAN));
  EXPECT(RANGE, "holdout_fraction", TRAINER(.holdout_fraction = 1));
  EXPECT(RANGE, "tolerance", TRAINER(.tolerance = INFINITY));
  EXPECT(RANGE, "max_iterations", TRAINER(.max_iterations = -1));
  EXPECT(RANGE, "history", TRAINER(.history = INT64_MAX));
  EXPECT(RANGE, "class_weighting", TRAINER(.class_weighting = 3));
  EXPECT(NULL_POINTER, "class_weights", TRAINER(.class_weighting = 2));
  EXPECT(RANGE, "pooling", TRAINER(.pooling = 99));
  EXPECT(RANGE, "normalize", TRAINER(.normalize = 99));
  double negative[] = {1, -1};
  EXPECT(RANGE, "class_weights", TRAINER(.class_weighting = 2, .class_weights = negative));
  EXPECT(ARGUMENT, "class_weights", TRAINER(.class_weights = negative));
  const char *twice[] = {"same", "same"};
  plaudit_text_batch names = {.struct_size = sizeof names, .count = 2, .pointers = twice};
  EXPECT(ARGUMENT, "same", plaudit_trainer_create(embedder, &names, NULL, &refused, &error));
  names.count = 1;
  EXPECT(ARGUMENT, "label", plaudit_trainer_create(embedder, &names, NULL, &refused, &error));
  EXPECT(ARGUMENT, "pooling", plaudit_trainer_create(model, &texts, NULL, &refused, &error));
}

/* Each field of the options at values that no training can have; -1 is a value of starred ones. */
#define FIELD(name) {#name, offsetof(plaudit_trainer_options, name)}
struct field {
  const char *name;
  size_t offset;
};
static const struct field wholes[] = {
    FIELD(checkpoint_steps), FIELD(epochs),       FIELD(batch_size),  FIELD(batch_tokens),
    FIELD(pass_tokens),      FIELD(max_length),   FIELD(hidden_size), FIELD(filter_count),
    FIELD(dense_size),       FIELD(vector_words), FIELD(patience),    FIELD(plateau_patience),
    FIELD(frozen_layers)};
static const struct field reals[] = {
    FIELD(learning_rate),    FIELD(head_learning_rate), FIELD(beta1),
    FIELD(beta2),            FIELD(epsilon),            FIELD(plateau_factor),
    FIELD(label_smoothing),  FIELD(holdout_fraction),   FIELD(weight_decay),
    FIELD(warmup_fraction),  FIELD(clip_norm),          FIELD(dropout),
    FIELD(classifier_dropout)};
static const struct field choices[] = {
    FIELD(optimizer), FIELD(schedule),           FIELD(monitor),
    FIELD(resume),    FIELD(no_bias_correction), FIELD(frozen_vectors), FIELD(class_weighting)};

static void training_options(void) {
  plaudit_text_batch texts = two();
  plaudit_trainer *refused = NULL;
  int64_t best = 7;
#define REFUSED(field, value)                                                                   \
  do {                                                                                          \
    plaudit_trainer_options o = hashed;                                                         \
    memcpy((char *)&o + (field).offset, &(value), sizeof(value));                               \
    refused = (void *)1;                                                                        \
    EXPECT(RANGE, (field).name, plaudit_trainer_create(NULL, &texts, &o, &refused, &error));    \
    CHECK(refused == NULL);                                                                     \
    candidates[1] = &o;                                                                         \
    EXPECT(RANGE, (field).name,                                                                 \
           plaudit_trainer_search(NULL, &texts, &texts, labels, NULL, candidates, 2, 2, 0, NULL, \
                                  folds, &best, &error));                                       \
    CHECK(best == 0);                                                                           \
    candidates[1] = &hashed;                                                                    \
  } while (0)
  for (int i = 0; i < COUNT(wholes); i++)
    for (int j = 0; j < COUNT(bad_counts); j++)
      if (bad_counts[j] != -1 || strcmp(wholes[i].name, "frozen_layers"))
        REFUSED(wholes[i], bad_counts[j]);
  static const double bad_reals[] = {NAN, -NAN, INFINITY, -INFINITY, -5, 1e300, -1e-300};
  for (int i = 0; i < COUNT(reals); i++)
    for (int j = 0; j < COUNT(bad_reals); j++) REFUSED(reals[i], bad_reals[j]);
  static const int32_t bad_choices[] = {-1, 99, INT32_MIN, INT32_MAX};
  for (int i = 0; i < COUNT(choices); i++)
    for (int j = 0; j < COUNT(bad_choices); j++) REFUSED(choices[i], bad_choices[j]);

  static const char bert[] = "BertForSequenceClassification";
  static const char cnn[] = "WordCNNForSequenceClassification";
#define CREATED(model, kind, ...)                                                            \
  ({                                                                                         \
    plaudit_trainer_options o = {.struct_size = sizeof o, .architecture = kind, __VA_ARGS__}; \
    plaudit_trainer_create(model, &texts, &o, &refused, &error);                             \
  })
  static char long_name[70000];
  memset(long_name, 'x', sizeof long_name - 1);
  EXPECT(PLAUDIT_ERROR_UNSUPPORTED, "TfidfLogisticRegression",
         CREATED(NULL, "GPT2ForSequenceClassification"));
  EXPECT(PLAUDIT_ERROR_UNSUPPORTED, "HashedLinear", CREATED(NULL, long_name));
  EXPECT(PLAUDIT_ERROR_UNSUPPORTED, "VaderLexicon", CREATED(NULL, "VaderLexicon"));
  EXPECT(PLAUDIT_ERROR_INVALID_UTF8, "architecture", CREATED(NULL, "Bert\xFF"));
  EXPECT(PLAUDIT_ERROR_INVALID_UTF8, "cleaning", CREATED(NULL, cnn, .cleaning = "\xC3"));
  EXPECT(PLAUDIT_ERROR_NOT_FOUND, "tweets-1", CREATED(NULL, "HashedLinear", .cleaning = "scrub"));
  EXPECT(ARGUMENT, "word vectors", CREATED(NULL, cnn));
  EXPECT(RANGE, "max_length", CREATED(NULL, cnn, .vectors = "/nowhere", .max_length = 513));
  EXPECT(ARGUMENT, "frozen_layers", CREATED(NULL, cnn, .vectors = "/nowhere", .frozen_layers = 1));
  double zero[] = {1, 0};
  EXPECT(RANGE, "class_weights",
         CREATED(NULL, "HashedLinear", .class_weighting = 2, .class_weights = zero));
  EXPECT(ARGUMENT, "checkpoint", CREATED(NULL, cnn, .resume = 1));
  EXPECT(ARGUMENT, "encoder", CREATED(NULL, bert));
  EXPECT(NULL_POINTER, "class_weights", CREATED(NULL, cnn, .class_weighting = 2));
  EXPECT(HANDLE, "head", plaudit_trainer_create(NULL, &texts, NULL, &refused, &error));
  plaudit_trainer_options cut = hashed;
  cut.struct_size = 3;
  EXPECT(ARGUMENT, "struct_size", plaudit_trainer_create(NULL, &texts, &cut, &refused, &error));
  /* Files that are none of what they should be. */
  int32_t both[] = {0, 1};
  const char *files[] = {"/nowhere", "/", "/dev/null", getenv("PLAUDIT_LIBRARY")};
  for (int i = 0; i < COUNT(files); i++) {
    plaudit_error *error = NULL;
    plaudit_status status = CREATED(NULL, cnn, .vectors = files[i]);
    plaudit_error_free(&error);
    if (status == PLAUDIT_OK) {
      EXPECT_OK(plaudit_trainer_add(refused, &texts, both, NULL, &error));
      status = plaudit_trainer_fit(refused, NULL, NULL, NULL);
      EXPECT(status, files[i], plaudit_trainer_fit(refused, NULL, NULL, &error));
    } else {
      EXPECT(status, files[i], CREATED(NULL, cnn, .vectors = files[i]));
    }
    CHECK(status == PLAUDIT_ERROR_NOT_FOUND || status == PLAUDIT_ERROR_IO ||
          status == PLAUDIT_ERROR_CORRUPT || status == PLAUDIT_ERROR_INVALID_UTF8);
    plaudit_trainer_free(&refused);
    EXPECT_OK(CREATED(embedder, bert, .resume = 1,
                      .epochs = 1, .checkpoint = i ? files[i] : "/nowhere/state"));
    EXPECT_OK(plaudit_trainer_add(refused, &texts, both, NULL, &error));
    status = plaudit_trainer_fit(refused, NULL, NULL, NULL);
    CHECK(status == PLAUDIT_ERROR_NOT_FOUND || status == PLAUDIT_ERROR_IO ||
          status == PLAUDIT_ERROR_CORRUPT);
    plaudit_trainer_free(&refused);
  }
}

static void lexicon(void) {
  char folder[4096];
  snprintf(folder, sizeof folder, "%s/models/vader", getenv("PLAUDIT_CHECKOUT"));
  plaudit_model *vader = NULL, *own = (void *)1;
  EXPECT_OK(plaudit_model_load(folder, -1, NULL, &vader, &error));
  plaudit_text_batch texts = two(), empty = {.struct_size = sizeof empty};
  const char *single[] = {"brilliantissimo", "MEH"}, *spaced[] = {"fine", "not bad"};
  const char *nothing[] = {"fine", ""}, *broken[] = {"fine", "\xFF"};
  plaudit_text_batch rows = {.struct_size = sizeof rows, .count = 2, .pointers = single};
  double valences[] = {3, -1};
#define OWN(words, valences) plaudit_model_with_words(vader, words, valences, &own, &error)
  EXPECT(NULL_POINTER, "words", OWN(NULL, valences));
  EXPECT(NULL_POINTER, "valences", OWN(&rows, NULL));
  EXPECT(NULL_POINTER, "out_model", plaudit_model_with_words(vader, &rows, valences, NULL, &error));
  EXPECT(PLAUDIT_ERROR_UNSUPPORTED, "lexicon",
         plaudit_model_with_words(model, &rows, valences, &own, &error));
  CHECK(own == NULL);
  rows.pointers = spaced;
  EXPECT(ARGUMENT, "not bad", OWN(&rows, valences));
  rows.pointers = nothing;
  EXPECT(ARGUMENT, "", OWN(&rows, valences));
  rows.pointers = broken;
  EXPECT(PLAUDIT_ERROR_INVALID_UTF8, "", OWN(&rows, valences));
  rows.pointers = single;
  static const double bad[] = {-4.5, 5, 1e300, NAN, INFINITY};
  for (int i = 0; i < COUNT(bad); i++) {
    plaudit_error *error = NULL;
    valences[1] = bad[i];
    CHECK(OWN(&rows, valences) ==
          (isfinite(bad[i]) ? PLAUDIT_ERROR_OUT_OF_RANGE : PLAUDIT_ERROR_NOT_FINITE));
    CHECK(plaudit_error_index(error) == 1 && own == NULL);
    plaudit_error_free(&error);
  }
  for (int i = 0; i < COUNT(bad_counts); i++) {
    rows.count = bad_counts[i];
    if (rows.count < 0) EXPECT(ARGUMENT, "count", OWN(&rows, valences));
  }
  rows.count = 2, valences[1] = -1;
  EXPECT_OK(OWN(&empty, NULL));
  plaudit_model_free(&own);
  EXPECT_OK(OWN(&rows, valences));
  EXPECT_OK(plaudit_model_predict(own, &texts, NULL, NULL, NULL, scores, 6, NULL, NULL, &error));
  plaudit_model_free(&own);
  plaudit_model_free(&vader);
}

static void searches(void) {
  plaudit_text_batch texts = two(), empty = {.struct_size = sizeof empty};
  const char *six[] = {"a", "b", "a b", "c", "a c", "d"};
  plaudit_text_batch rows = {.struct_size = sizeof rows, .count = 6, .pointers = six};
  int32_t truth[] = {0, 1, 0, 1, 0, 1}, outside[] = {0, 1, 0, 7, 0, 1};
  int64_t groups[] = {INT64_MIN, INT64_MAX, 0, 1, 2, 3}, best;
  plaudit_run_options run = {.struct_size = sizeof run, .threads = 1000};
#define SEARCHED(rows, truth, groups, list, count, folds_, run)                                  \
  plaudit_trainer_search(NULL, &texts, rows, truth, groups, list, count, folds_, 1, run, folds, \
                         &best, &error)
  EXPECT_OK(SEARCHED(&rows, truth, groups, candidates, 2, 2, NULL));
  CHECK(best == 0);
  for (int i = 0; i < 4; i++) CHECK(folds[i].training_count + folds[i].held_count == 6);
  CHECK(folds[0].log_loss > 0 && folds[0].macro_f1 == folds[2].macro_f1);
  EXPECT(DATA, "7", SEARCHED(&rows, outside, NULL, candidates, 1, 2, NULL));
  EXPECT(DATA, "love it", SEARCHED(&rows, truth, NULL, candidates, 1, 4, NULL));
  EXPECT(RANGE, "threads", SEARCHED(&rows, truth, NULL, candidates, 1, 2, &run));
  for (int i = 0; i < COUNT(bad_counts); i++) {
    plaudit_error *error = NULL;
    plaudit_status status = SEARCHED(&rows, truth, NULL, candidates, bad_counts[i], 2, NULL);
    CHECK(status == ARGUMENT || status == RANGE);
    EXPECT(RANGE, "fold_count", SEARCHED(&rows, truth, NULL, candidates, 1, bad_counts[i], NULL));
    plaudit_error_free(&error);
  }
  EXPECT(RANGE, "candidate_count", SEARCHED(&rows, truth, NULL, candidates, 0, 2, NULL));
  EXPECT(RANGE, "fold_count", SEARCHED(&rows, truth, NULL, candidates, 1, 1, NULL));
  EXPECT(PLAUDIT_ERROR_UNDEFINED, "rows", SEARCHED(&empty, NULL, NULL, candidates, 1, 2, NULL));
  plaudit_trainer_options other = hashed;
  const plaudit_trainer_options *list[] = {&hashed, &other};
  other.checkpoint = "state";
  EXPECT(ARGUMENT, "checkpoint", SEARCHED(&rows, truth, NULL, list, 2, 2, NULL));
  other = hashed, other.architecture = NULL;
  EXPECT(ARGUMENT, "candidates[1]", SEARCHED(&rows, truth, NULL, list, 2, 2, NULL));
  other = hashed, other.struct_size = 0;
  EXPECT(ARGUMENT, "struct_size", SEARCHED(&rows, truth, NULL, list, 2, 2, NULL));

  plaudit_trainer *made = NULL;
  int64_t count = 7;
  EXPECT_OK(plaudit_trainer_create(NULL, &texts, &hashed, &made, &error));
  EXPECT(DATA, "7", plaudit_trainer_add(made, &rows, outside, NULL, &error));
  EXPECT(DATA, "7", plaudit_trainer_add_validation(made, &rows, outside, NULL, &error));
  EXPECT(PLAUDIT_ERROR_INVALID_STATE, "embeddings",
         plaudit_trainer_add_embeddings(made, scores, 1, truth, &error));
  EXPECT(PLAUDIT_ERROR_INVALID_STATE, "holdout_fraction",
         plaudit_trainer_add_validation(trainer, &texts, truth, NULL, &error));
  EXPECT(PLAUDIT_ERROR_INVALID_STATE, "example", plaudit_trainer_fit(made, NULL, NULL, &error));
  for (int i = 0; i < COUNT(bad_counts); i++)
    if (bad_counts[i] < 0)
      EXPECT(ARGUMENT, "capacity",
             plaudit_trainer_history(made, epochs, bad_counts[i], &count, &error));
  EXPECT_OK(plaudit_trainer_history(made, NULL, 0, &count, &error));
  CHECK(count == 0);
  EXPECT_OK(plaudit_trainer_add(made, &rows, truth, NULL, &error));
  plaudit_training_report report = {.struct_size = 8};
  EXPECT(ARGUMENT, "struct_size", plaudit_trainer_fit(made, NULL, &report, &error));
  report.struct_size = sizeof report;
  EXPECT_OK(plaudit_trainer_fit(made, NULL, &report, &error));
  CHECK(report.example_count == 6 && report.struct_size == sizeof report);
  plaudit_trainer_free(&made);

  /* More epochs than there is room for, and none. */
  plaudit_trainer_options network = {.struct_size = sizeof network,
                                     .architecture = "BertForSequenceClassification",
                                     .epochs = 3};
  EXPECT_OK(plaudit_trainer_create(embedder, &texts, &network, &made, &error));
  EXPECT_OK(plaudit_trainer_add(made, &rows, truth, NULL, &error));
  EXPECT_OK(plaudit_trainer_fit(made, NULL, NULL, &error));
  epochs[2].epoch = 77;
  EXPECT_OK(plaudit_trainer_history(made, epochs, 2, &count, &error));
  CHECK(count == 3 && epochs[1].epoch == 2 && epochs[2].epoch == 77);
  EXPECT(NULL_POINTER, "out_epochs", plaudit_trainer_history(made, NULL, 4, &count, &error));
  plaudit_trainer_free(&made);

  plaudit_model *calibrated = (void *)1;
  plaudit_calibration_report gain = {sizeof gain};
#define CALIBRATED(model, rows, truth, method, run) \
  plaudit_model_calibrate(model, rows, truth, method, run, &calibrated, &gain, &error)
  static const int32_t methods[] = {0, -1, 11, 99, INT32_MIN, INT32_MAX};
  for (int i = 0; i < COUNT(methods); i++)
    EXPECT(RANGE, "method", CALIBRATED(model, &rows, truth, methods[i], NULL));
  CHECK(calibrated == NULL);
  int32_t three[] = {0, 1, 2, 0, 1, 2};
  EXPECT(DATA, "7", CALIBRATED(model, &rows, outside, 10, NULL));
  EXPECT(RANGE, "threads", CALIBRATED(model, &rows, three, 10, &run));
  EXPECT(PLAUDIT_ERROR_UNDEFINED, "", CALIBRATED(model, &empty, NULL, 10, NULL));
  EXPECT(PLAUDIT_ERROR_UNDEFINED, "", CALIBRATED(model, &rows, truth, 20, NULL));
  EXPECT(PLAUDIT_ERROR_UNSUPPORTED, "single-label", CALIBRATED(embedder, &rows, truth, 10, NULL));
  gain.struct_size = 8;
  EXPECT(ARGUMENT, "struct_size", CALIBRATED(model, &rows, three, 10, NULL));
  gain.struct_size = sizeof gain;
  EXPECT_OK(CALIBRATED(model, &rows, three, 10, NULL));
  CHECK(gain.loss_after <= gain.loss_before);
  plaudit_model_free(&calibrated);
}

/* A callback that uses the handle it was given for: BUSY when only one may, else it works. */
static plaudit_status inside_fit, inside_predict;
static int32_t meddle(const plaudit_progress *progress, void *user) {
  (void)progress, (void)user;
  plaudit_model *made = NULL;
  plaudit_text_batch texts = two();
  inside_fit = plaudit_trainer_model(trainer, &made, NULL);
  inside_predict =
      plaudit_model_predict(model, &texts, NULL, NULL, NULL, scores, 64, NULL, NULL, NULL);
  return 0;
}

static void callbacks(void) {
  plaudit_text_batch texts = two();
  int32_t both[] = {0, 1};
  plaudit_run_options run = {
      .struct_size = sizeof run, .progress = meddle, .progress_interval_ms = 1};
  for (int i = 0; i < 8; i++) EXPECT_OK(plaudit_trainer_add(trainer, &texts, both, NULL, &error));
  inside_fit = inside_predict = PLAUDIT_ERROR_INTERNAL;
  EXPECT_OK(plaudit_trainer_fit(trainer, &run, NULL, &error));
  CHECK(inside_fit == PLAUDIT_ERROR_BUSY);
  CHECK(inside_predict == PLAUDIT_OK);
}

typedef plaudit_status (*kpi)(double, double, double *, plaudit_error **);

static void statistics(void) {
  static const kpi kpis[] = {
      plaudit_kpi_click_through_rate,       plaudit_kpi_engagement_rate_by_impressions,
      plaudit_kpi_engagement_rate_by_reach, plaudit_kpi_engagement_rate_by_followers,
      plaudit_kpi_conversion_rate,          plaudit_kpi_cost_per_click,
      plaudit_kpi_cost_per_mille,           plaudit_kpi_cost_per_action,
      plaudit_kpi_return_on_ad_spend,       plaudit_kpi_return_on_investment,
      plaudit_kpi_average_order_value,      plaudit_kpi_revenue_per_visitor};
  double value;
  for (int i = 0; i < COUNT(kpis); i++) {
    EXPECT(NULL_POINTER, "out_value", kpis[i](1, 2, NULL, &error));
    value = 7;
    EXPECT(PLAUDIT_ERROR_UNDEFINED, "", kpis[i](1, 0, &value, &error));
    CHECK(value == 0);
    EXPECT(PLAUDIT_ERROR_NOT_FINITE, "", kpis[i](NAN, 1, &value, &error));
    EXPECT(PLAUDIT_ERROR_NOT_FINITE, "", kpis[i](1, -INFINITY, &value, &error));
    EXPECT_OK(kpis[i](1, 2, &value, &error));
    CHECK(kpis[i](1, -2, &value, NULL) != PLAUDIT_OK);
  }
  EXPECT(PLAUDIT_ERROR_INVALID_DATA, "clicks", kpis[0](3, 2, &value, &error));

  double above[] = {1, 2}, below[] = {4, 0}, values[2];
  int32_t flags[2];
  EXPECT(RANGE, "kpi", plaudit_kpi_column(999, above, below, 2, 0, values, flags, &error));
  EXPECT(NULL_POINTER, "numerators",
         plaudit_kpi_column(10, NULL, below, 2, 0, values, flags, &error));
  EXPECT(NULL_POINTER, "denominators",
         plaudit_kpi_column(10, above, NULL, 2, 0, values, flags, &error));
  EXPECT(NULL_POINTER, "out_values",
         plaudit_kpi_column(10, above, below, 2, 0, NULL, flags, &error));
  EXPECT(RANGE, "refuse", plaudit_kpi_column(10, above, below, 2, 2, values, flags, &error));
  EXPECT(PLAUDIT_ERROR_UNDEFINED, "",
         plaudit_kpi_column(10, above, below, 2, 1, values, flags, &error));
  EXPECT_OK(plaudit_kpi_column(10, NULL, NULL, 0, 0, NULL, NULL, &error));
  EXPECT_OK(plaudit_kpi_column(10, above, below, 2, 0, values, NULL, &error));
  CHECK(values[0] == 0.25 && isnan(values[1]));
  plaudit_classification_report report = {sizeof report};
  int64_t hits[] = {1, 5}, tries[] = {4, 4};
  double lower[2], upper[2];
  for (int i = 0; i < 3; i++) {
    EXPECT(ARGUMENT, "count",
           plaudit_kpi_column(10, above, below, bad_counts[i], 0, values, flags, &error));
    EXPECT(ARGUMENT, "count",
           plaudit_stats_wilson_column(hits, tries, bad_counts[i], 0.95, 0, lower, upper, flags,
                                       &error));
    EXPECT(ARGUMENT, "count",
           plaudit_stats_classification(labels, labels, bad_counts[i], 2, &report, NULL, NULL, NULL,
                                        NULL, NULL, &error));
  }

  plaudit_interval interval;
  static const double levels[] = {0, 1, -0.5, 2, NAN, INFINITY};
  plaudit_two_proportions counts = {5, 10, 4, 10};
  plaudit_lift lift = {sizeof lift};
  plaudit_test_result result = {sizeof result};
  for (int i = 0; i < COUNT(levels); i++) {
    EXPECT(RANGE, "confidence", plaudit_stats_wilson_interval(1, 2, levels[i], &interval, &error));
    EXPECT(RANGE, "confidence",
           plaudit_stats_wilson_column(hits, tries, 2, levels[i], 0, lower, upper, flags, &error));
    EXPECT(RANGE, "confidence", plaudit_stats_proportion_lift(&counts, levels[i], &lift, &error));
    plaudit_test_options test = {.struct_size = sizeof test, .confidence = levels[i]};
    if (levels[i] != 0)
      EXPECT(RANGE, "confidence",
             plaudit_stats_two_proportion_test(&counts, &test, &result, &error));
  }
  EXPECT(NULL_POINTER, "out_interval", plaudit_stats_wilson_interval(1, 2, 0.95, NULL, &error));
  EXPECT(PLAUDIT_ERROR_UNDEFINED, "trials",
         plaudit_stats_wilson_interval(0, 0, 0.95, &interval, &error));
  EXPECT(PLAUDIT_ERROR_INVALID_DATA, "3",
         plaudit_stats_wilson_interval(3, 2, 0.95, &interval, &error));
  EXPECT(PLAUDIT_ERROR_INVALID_DATA, "",
         plaudit_stats_wilson_interval(INT64_MIN, INT64_MAX, 0.95, &interval, &error));
  EXPECT_OK(plaudit_stats_wilson_interval(INT64_MAX, INT64_MAX, 0.95, &interval, &error));
  EXPECT(NULL_POINTER, "successes",
         plaudit_stats_wilson_column(NULL, tries, 2, 0.95, 0, lower, upper, flags, &error));
  EXPECT(NULL_POINTER, "out_lower",
         plaudit_stats_wilson_column(hits, tries, 2, 0.95, 0, NULL, upper, flags, &error));
  EXPECT(PLAUDIT_ERROR_INVALID_DATA, "5",
         plaudit_stats_wilson_column(hits, tries, 2, 0.95, 1, lower, upper, flags, &error));
  EXPECT(NULL_POINTER, "counts", plaudit_stats_two_proportion_test(NULL, NULL, &result, &error));
  EXPECT(NULL_POINTER, "out_result",
         plaudit_stats_two_proportion_test(&counts, NULL, NULL, &error));
  EXPECT(NULL_POINTER, "counts", plaudit_stats_proportion_lift(NULL, 0.95, &lift, &error));
  EXPECT(NULL_POINTER, "out_lift", plaudit_stats_proportion_lift(&counts, 0.95, NULL, &error));
  plaudit_test_options side = {.struct_size = sizeof side, .alternative = 3};
  EXPECT(RANGE, "alternative", plaudit_stats_two_proportion_test(&counts, &side, &result, &error));
  plaudit_test_result small = {.struct_size = 8};
  EXPECT(ARGUMENT, "struct_size", plaudit_stats_two_proportion_test(&counts, NULL, &small, &error));
  counts.control_successes = 11;
  EXPECT(PLAUDIT_ERROR_INVALID_DATA, "11",
         plaudit_stats_two_proportion_test(&counts, NULL, &result, &error));
  counts.control_trials = INT64_MIN;
  EXPECT(PLAUDIT_ERROR_INVALID_DATA, "",
         plaudit_stats_proportion_lift(&counts, 0.95, &lift, &error));
  EXPECT(NULL_POINTER, "out_lift", plaudit_stats_relative_lift(1, 2, NULL, &error));
  EXPECT(PLAUDIT_ERROR_UNDEFINED, "", plaudit_stats_relative_lift(1, 0, &value, &error));
  EXPECT(PLAUDIT_ERROR_NOT_FINITE, "", plaudit_stats_relative_lift(NAN, 1, &value, &error));

  int32_t truth[] = {0, 1, 1}, guess[] = {0, 1, 5};
  EXPECT(PLAUDIT_ERROR_INVALID_DATA, "5",
         plaudit_stats_classification(truth, guess, 3, 2, &report, NULL, NULL, NULL, NULL, NULL,
                                      &error));
  EXPECT(NULL_POINTER, "truth",
         plaudit_stats_classification(NULL, guess, 3, 2, &report, NULL, NULL, NULL, NULL, NULL,
                                      &error));
  EXPECT(
      NULL_POINTER, "out_report",
      plaudit_stats_classification(truth, truth, 3, 2, NULL, NULL, NULL, NULL, NULL, NULL, &error));
  for (int i = 0; i < COUNT(bad_counts); i++) {
    plaudit_status status = plaudit_stats_classification(truth, truth, 3, bad_counts[i], &report,
                                                         NULL, NULL, NULL, NULL, NULL, NULL);
    CHECK(status != PLAUDIT_OK && status != PLAUDIT_ERROR_INTERNAL);
  }
}

static void model_metrics(void) {
  static const int32_t truth[] = {0, 1, 1, 0}, guess[] = {0, 1, 0, 0}, outside[] = {0, 1, 5, 0};
  static const double numbers[] = {0.25, 0.75, 0.5, 0.125}, holes[] = {0.25, NAN, 0.5, 0.125};
  static const double heavy[] = {1, -1, 1, 1};
  static const int64_t groups[] = {1, 1, 2, 2};
  double value = 7, x[64], y[64], z[64];
  int32_t parts[4];
  int64_t size = 7, table[4];

  EXPECT(NULL_POINTER, "out_value", plaudit_stats_f_score(1, 1, 1, NULL, &error));
  EXPECT(RANGE, "precision", plaudit_stats_f_score(NAN, 1, 1, &value, &error));
  CHECK(value == 0);
  EXPECT(RANGE, "beta", plaudit_stats_f_score(1, 1, -1, &value, &error));
  EXPECT(PLAUDIT_ERROR_UNDEFINED, "F score", plaudit_stats_f_score(0, 0, 1, &value, &error));

  plaudit_label_metrics labels_found = {sizeof labels_found};
  plaudit_label_scores classes[2];
  plaudit_label_options label_options = {sizeof label_options};
  EXPECT_OK(
      plaudit_stats_label_metrics(truth, guess, 4, 2, NULL, &labels_found, NULL, NULL, &error));
  EXPECT_OK(plaudit_stats_label_metrics(truth, guess, 4, 2, &label_options, &labels_found, classes,
                                        x, &error));
  EXPECT(NULL_POINTER, "truth",
         plaudit_stats_label_metrics(NULL, guess, 4, 2, NULL, &labels_found, NULL, NULL, &error));
  EXPECT(NULL_POINTER, "predicted",
         plaudit_stats_label_metrics(truth, NULL, 4, 2, NULL, &labels_found, NULL, NULL, &error));
  EXPECT(NULL_POINTER, "out_metrics",
         plaudit_stats_label_metrics(truth, guess, 4, 2, NULL, NULL, NULL, NULL, &error));
  EXPECT(
      DATA, "5",
      plaudit_stats_label_metrics(truth, outside, 4, 2, NULL, &labels_found, NULL, NULL, &error));
  EXPECT(PLAUDIT_ERROR_UNDEFINED, "rows",
         plaudit_stats_label_metrics(NULL, NULL, 0, 2, NULL, &labels_found, NULL, NULL, &error));
  label_options.zero_division = 3;
  EXPECT(RANGE, "zero_division",
         plaudit_stats_label_metrics(truth, guess, 4, 2, &label_options, &labels_found, NULL, NULL,
                                     &error));
  label_options = (plaudit_label_options){.struct_size = sizeof label_options, .beta = NAN};
  EXPECT(RANGE, "beta",
         plaudit_stats_label_metrics(truth, guess, 4, 2, &label_options, &labels_found, NULL, NULL,
                                     &error));
  label_options = (plaudit_label_options){.struct_size = sizeof label_options, .weights = heavy};
  EXPECT(DATA, "weight",
         plaudit_stats_label_metrics(truth, guess, 4, 2, &label_options, &labels_found, NULL, NULL,
                                     &error));

  plaudit_score_metrics scores_found = {sizeof scores_found};
  plaudit_score_options score_options = {sizeof score_options};
  EXPECT_OK(
      plaudit_stats_score_metrics(truth, numbers, 4, 1, NULL, &scores_found, NULL, NULL, &error));
  EXPECT_OK(plaudit_stats_score_metrics(truth, numbers, 2, 2, &score_options, &scores_found, x, y,
                                        &error));
  EXPECT(NULL_POINTER, "truth",
         plaudit_stats_score_metrics(NULL, numbers, 4, 1, NULL, &scores_found, NULL, NULL, &error));
  EXPECT(NULL_POINTER, "scores",
         plaudit_stats_score_metrics(truth, NULL, 4, 1, NULL, &scores_found, NULL, NULL, &error));
  EXPECT(NULL_POINTER, "out_metrics",
         plaudit_stats_score_metrics(truth, numbers, 4, 1, NULL, NULL, NULL, NULL, &error));
  EXPECT(PLAUDIT_ERROR_NOT_FINITE, "nan",
         plaudit_stats_score_metrics(truth, holes, 4, 1, NULL, &scores_found, NULL, NULL, &error));
  EXPECT(
      DATA, "5",
      plaudit_stats_score_metrics(outside, numbers, 4, 1, NULL, &scores_found, NULL, NULL, &error));
  EXPECT(
      RANGE, "column_count",
      plaudit_stats_score_metrics(truth, numbers, 4, 0, NULL, &scores_found, NULL, NULL, &error));
  score_options.top_k = -1;
  EXPECT(ARGUMENT, "top_k",
         plaudit_stats_score_metrics(truth, numbers, 4, 1, &score_options, &scores_found, NULL,
                                     NULL, &error));
  score_options = (plaudit_score_options){.struct_size = sizeof score_options, .confidence = 95};
  EXPECT(RANGE, "confidence",
         plaudit_stats_score_metrics(truth, numbers, 4, 1, &score_options, &scores_found, NULL,
                                     NULL, &error));

  EXPECT_OK(plaudit_stats_roc_curve(truth, numbers, NULL, 4, 1, x, y, z, 64, &size, &error));
  EXPECT(NULL_POINTER, "truth",
         plaudit_stats_roc_curve(NULL, numbers, NULL, 4, 0, x, y, z, 64, &size, &error));
  CHECK(size == 0);
  EXPECT(NULL_POINTER, "scores",
         plaudit_stats_roc_curve(truth, NULL, NULL, 4, 0, x, y, z, 64, &size, &error));
  EXPECT(NULL_POINTER, "out_false_positive_rate",
         plaudit_stats_roc_curve(truth, numbers, NULL, 4, 0, NULL, y, z, 64, &size, &error));
  EXPECT(NULL_POINTER, "out_true_positive_rate",
         plaudit_stats_roc_curve(truth, numbers, NULL, 4, 0, x, NULL, z, 64, &size, &error));
  EXPECT(NULL_POINTER, "out_thresholds",
         plaudit_stats_roc_curve(truth, numbers, NULL, 4, 0, x, y, NULL, 64, &size, &error));
  EXPECT(NULL_POINTER, "out_count",
         plaudit_stats_roc_curve(truth, numbers, NULL, 4, 0, x, y, z, 64, NULL, &error));
  EXPECT(PLAUDIT_ERROR_BUFFER_TOO_SMALL, "5",
         plaudit_stats_roc_curve(truth, numbers, NULL, 4, 0, x, y, z, 4, &size, &error));
  EXPECT(RANGE, "drop",
         plaudit_stats_roc_curve(truth, numbers, NULL, 4, 2, x, y, z, 64, &size, &error));
  EXPECT(DATA, "weight",
         plaudit_stats_roc_curve(truth, numbers, heavy, 4, 0, x, y, z, 64, &size, &error));
  EXPECT_OK(
      plaudit_stats_precision_recall_curve(truth, numbers, NULL, 4, x, y, z, 64, &size, &error));
  EXPECT(NULL_POINTER, "truth",
         plaudit_stats_precision_recall_curve(NULL, numbers, NULL, 4, x, y, z, 64, &size, &error));
  EXPECT(
      NULL_POINTER, "out_precision",
      plaudit_stats_precision_recall_curve(truth, numbers, NULL, 4, NULL, y, z, 64, &size, &error));
  EXPECT(
      NULL_POINTER, "out_recall",
      plaudit_stats_precision_recall_curve(truth, numbers, NULL, 4, x, NULL, z, 64, &size, &error));
  EXPECT(NULL_POINTER, "out_count",
         plaudit_stats_precision_recall_curve(truth, numbers, NULL, 4, x, y, z, 64, NULL, &error));
  EXPECT(ARGUMENT, "capacity",
         plaudit_stats_precision_recall_curve(truth, numbers, NULL, 4, x, y, z, -1, &size, &error));

  plaudit_regression_metrics errors_found = {sizeof errors_found};
  plaudit_regression_options regression_options = {.struct_size = sizeof regression_options,
                                                   .quantile = 1};
  EXPECT_OK(plaudit_stats_regression(numbers, numbers, 4, NULL, &errors_found, &error));
  EXPECT(NULL_POINTER, "truth",
         plaudit_stats_regression(NULL, numbers, 4, NULL, &errors_found, &error));
  EXPECT(NULL_POINTER, "predicted",
         plaudit_stats_regression(numbers, NULL, 4, NULL, &errors_found, &error));
  EXPECT(NULL_POINTER, "out_metrics",
         plaudit_stats_regression(numbers, numbers, 4, NULL, NULL, &error));
  EXPECT(RANGE, "quantile",
         plaudit_stats_regression(numbers, numbers, 4, &regression_options, &errors_found, &error));
  EXPECT(PLAUDIT_ERROR_NOT_FINITE, "nan",
         plaudit_stats_regression(numbers, holes, 4, NULL, &errors_found, &error));

  plaudit_reliability reliability = {sizeof reliability};
  plaudit_reliability_bin bins[10];
  plaudit_reliability_options bin_options = {sizeof bin_options};
  EXPECT_OK(plaudit_stats_reliability(truth, numbers, 4, 1, NULL, &reliability, bins, &error));
  EXPECT(NULL_POINTER, "truth",
         plaudit_stats_reliability(NULL, numbers, 4, 1, NULL, &reliability, bins, &error));
  EXPECT(NULL_POINTER, "probabilities",
         plaudit_stats_reliability(truth, NULL, 4, 1, NULL, &reliability, bins, &error));
  EXPECT(NULL_POINTER, "out_reliability",
         plaudit_stats_reliability(truth, numbers, 4, 1, NULL, NULL, bins, &error));
  bin_options.bins = 2;
  EXPECT(RANGE, "bins",
         plaudit_stats_reliability(truth, numbers, 4, 1, &bin_options, &reliability, bins, &error));
  bin_options = (plaudit_reliability_options){.struct_size = sizeof bin_options, .closed = -1};
  EXPECT(RANGE, "closed",
         plaudit_stats_reliability(truth, numbers, 4, 1, &bin_options, &reliability, bins, &error));
  bin_options =
      (plaudit_reliability_options){.struct_size = sizeof bin_options, .bin_count = 1 << 30};
  EXPECT(RANGE, "bins",
         plaudit_stats_reliability(truth, numbers, 4, 1, &bin_options, &reliability, NULL, &error));

  plaudit_calibration_report fitted = {sizeof fitted};
  for (int32_t method = 10; method <= 30; method += 10) {
    EXPECT_OK(
        plaudit_stats_calibration_fit(method, numbers, 4, 1, truth, x, 64, &size, &fitted, &error));
    EXPECT_OK(plaudit_stats_calibration_apply(method, x, size, numbers, 4, 1, y, &error));
    EXPECT_OK(plaudit_stats_calibration_apply(method, x, size, NULL, 0, 1, NULL, &error));
    EXPECT(NULL_POINTER, "logits",
           plaudit_stats_calibration_fit(method, NULL, 4, 1, truth, x, 64, &size, NULL, &error));
    CHECK(size == 0);
    EXPECT(NULL_POINTER, "truth",
           plaudit_stats_calibration_fit(method, numbers, 4, 1, NULL, x, 64, &size, NULL, &error));
    EXPECT(
        NULL_POINTER, "out_parameters",
        plaudit_stats_calibration_fit(method, numbers, 4, 1, truth, NULL, 64, &size, NULL, &error));
    EXPECT(NULL_POINTER, "out_count",
           plaudit_stats_calibration_fit(method, numbers, 4, 1, truth, x, 64, NULL, NULL, &error));
    EXPECT(PLAUDIT_ERROR_BUFFER_TOO_SMALL, "out_parameters",
           plaudit_stats_calibration_fit(method, numbers, 4, 1, truth, x, 0, &size, NULL, &error));
    EXPECT(PLAUDIT_ERROR_CORRUPT, "calibration",
           plaudit_stats_calibration_apply(method, NULL, 0, numbers, 4, 1, y, &error));
    EXPECT(NULL_POINTER, "parameters",
           plaudit_stats_calibration_apply(method, NULL, 1, numbers, 4, 1, y, &error));
  }
  EXPECT(RANGE, "method",
         plaudit_stats_calibration_fit(11, numbers, 4, 1, truth, x, 64, &size, NULL, &error));
  EXPECT(PLAUDIT_ERROR_NOT_FINITE, "nan",
         plaudit_stats_calibration_fit(10, holes, 4, 1, truth, x, 64, &size, NULL, &error));
  x[0] = 1;
  EXPECT(RANGE, "method", plaudit_stats_calibration_apply(0, x, 1, numbers, 4, 1, y, &error));
  EXPECT(NULL_POINTER, "logits", plaudit_stats_calibration_apply(10, x, 1, NULL, 4, 1, y, &error));
  EXPECT(NULL_POINTER, "out_probabilities",
         plaudit_stats_calibration_apply(10, x, 1, numbers, 4, 1, NULL, &error));
  EXPECT(RANGE, "column_count",
         plaudit_stats_calibration_apply(10, x, 1, numbers, 4, 0, y, &error));

  plaudit_bootstrap_data data = {.struct_size = sizeof data,
                                 .count = 4,
                                 .class_count = 2,
                                 .classes = truth,
                                 .predicted = guess};
  plaudit_bootstrap_options resampling = {.struct_size = sizeof resampling, .resamples = 20};
  plaudit_bootstrap_result interval = {sizeof interval};
  EXPECT_OK(plaudit_stats_bootstrap(10, &data, &resampling, NULL, &interval, x, &error));
  EXPECT(RANGE, "metric", plaudit_stats_bootstrap(9, &data, NULL, NULL, &interval, NULL, &error));
  EXPECT(NULL_POINTER, "data",
         plaudit_stats_bootstrap(10, NULL, NULL, NULL, &interval, NULL, &error));
  EXPECT(NULL_POINTER, "out_result",
         plaudit_stats_bootstrap(10, &data, NULL, NULL, NULL, NULL, &error));
  EXPECT(NULL_POINTER, "scores",
         plaudit_stats_bootstrap(30, &data, NULL, NULL, &interval, NULL, &error));
  EXPECT(NULL_POINTER, "numbers",
         plaudit_stats_bootstrap(50, &data, NULL, NULL, &interval, NULL, &error));
  resampling.method = 3;
  EXPECT(RANGE, "method",
         plaudit_stats_bootstrap(10, &data, &resampling, NULL, &interval, x, &error));
  resampling = (plaudit_bootstrap_options){.struct_size = sizeof resampling, .resamples = 1 << 30};
  EXPECT(RANGE, "resamples",
         plaudit_stats_bootstrap(10, &data, &resampling, NULL, &interval, NULL, &error));
  plaudit_run_options run = {.struct_size = sizeof run, .threads = 1000};
  EXPECT(RANGE, "threads", plaudit_stats_bootstrap(10, &data, NULL, &run, &interval, NULL, &error));
  data.predicted = outside;
  EXPECT(DATA, "5", plaudit_stats_bootstrap(10, &data, NULL, NULL, &interval, NULL, &error));

  plaudit_mcnemar test = {sizeof test};
  EXPECT_OK(plaudit_stats_mcnemar(INT64_MAX, INT64_MAX, &test, &error));
  EXPECT(NULL_POINTER, "out_test", plaudit_stats_mcnemar(1, 2, NULL, &error));
  EXPECT(DATA, "-1", plaudit_stats_mcnemar(-1, 2, &test, &error));
  EXPECT_OK(plaudit_stats_mcnemar_labels(truth, guess, truth, 4, &test, table, &error));
  EXPECT(NULL_POINTER, "truth",
         plaudit_stats_mcnemar_labels(NULL, guess, truth, 4, &test, NULL, &error));
  EXPECT(NULL_POINTER, "first",
         plaudit_stats_mcnemar_labels(truth, NULL, truth, 4, &test, NULL, &error));
  EXPECT(NULL_POINTER, "second",
         plaudit_stats_mcnemar_labels(truth, guess, NULL, 4, &test, NULL, &error));
  EXPECT(NULL_POINTER, "out_test",
         plaudit_stats_mcnemar_labels(truth, guess, truth, 4, NULL, NULL, &error));

  double halves[] = {0.5, 0.5}, more[] = {0.5, 0.75};
  EXPECT_OK(plaudit_stats_split(truth, 2, groups, 4, halves, 2, 1, parts, &error));
  EXPECT_OK(plaudit_stats_split(NULL, 0, NULL, 4, halves, 2, 1, parts, &error));
  EXPECT(NULL_POINTER, "fractions",
         plaudit_stats_split(truth, 2, groups, 4, NULL, 2, 1, parts, &error));
  EXPECT(NULL_POINTER, "out_parts",
         plaudit_stats_split(truth, 2, groups, 4, halves, 2, 1, NULL, &error));
  EXPECT(RANGE, "1.25", plaudit_stats_split(truth, 2, groups, 4, more, 2, 1, parts, &error));
  EXPECT(DATA, "5", plaudit_stats_split(outside, 2, groups, 4, halves, 2, 1, parts, &error));
  EXPECT(DATA, "class 2", plaudit_stats_split(truth, 3, NULL, 4, halves, 2, 1, parts, &error));
  EXPECT(RANGE, "part_count", plaudit_stats_split(truth, 2, NULL, 4, halves, 0, 1, parts, &error));
  EXPECT(PLAUDIT_ERROR_UNDEFINED, "rows",
         plaudit_stats_split(NULL, 0, NULL, 0, halves, 2, 1, NULL, &error));
  EXPECT_OK(plaudit_stats_folds(truth, 2, NULL, 4, 2, 1, parts, &error));
  EXPECT(NULL_POINTER, "out_folds", plaudit_stats_folds(truth, 2, NULL, 4, 2, 1, NULL, &error));
  EXPECT(RANGE, "folds", plaudit_stats_folds(truth, 2, NULL, 4, 1, 1, parts, &error));
  EXPECT(DATA, "class 0", plaudit_stats_folds(truth, 2, NULL, 4, 3, 1, parts, &error));

  for (int i = 0; i < COUNT(bad_counts); i++) {
    int64_t bad = bad_counts[i];
    EXPECT(
        ARGUMENT, "count",
        plaudit_stats_label_metrics(truth, guess, bad, 2, NULL, &labels_found, NULL, NULL, &error));
    EXPECT(ARGUMENT, "count",
           plaudit_stats_score_metrics(truth, numbers, bad, 1, NULL, &scores_found, NULL, NULL,
                                       &error));
    EXPECT(ARGUMENT, "count",
           plaudit_stats_score_metrics(truth, numbers, 4, bad, NULL, &scores_found, NULL, NULL,
                                       &error));
    EXPECT(ARGUMENT, "count",
           plaudit_stats_roc_curve(truth, numbers, NULL, bad, 0, x, y, z, 64, &size, &error));
    EXPECT(ARGUMENT, "count",
           plaudit_stats_regression(numbers, numbers, bad, NULL, &errors_found, &error));
    EXPECT(ARGUMENT, "count",
           plaudit_stats_reliability(truth, numbers, bad, 1, NULL, &reliability, bins, &error));
    EXPECT(ARGUMENT, "count",
           plaudit_stats_calibration_fit(10, numbers, bad, 1, truth, x, 64, &size, NULL, &error));
    EXPECT(ARGUMENT, "count",
           plaudit_stats_calibration_apply(10, x, bad, numbers, 4, 1, y, &error));
    EXPECT(ARGUMENT, "count",
           plaudit_stats_mcnemar_labels(truth, guess, truth, bad, &test, NULL, &error));
    EXPECT(ARGUMENT, "count",
           plaudit_stats_split(truth, 2, NULL, bad, halves, 2, 1, parts, &error));
    EXPECT(ARGUMENT, "count", plaudit_stats_folds(truth, 2, NULL, 4, bad, 1, parts, &error));
    data.count = bad;
    EXPECT(ARGUMENT, "count",
           plaudit_stats_bootstrap(10, &data, NULL, NULL, &interval, NULL, &error));
  }
}

static void experiments(void) {
  double users[] = {1000, 1000, 500, 500}, sums[] = {134, 182, 50, 70},
         squares[] = {134, 182, 50, 70};
  double x[16], y[16], p[4], wide[64];
  int32_t kinds[] = {0, 1}, wrong_kinds[] = {0, 7}, flags[4];
  double nans[] = {NAN, 1, 1, 1}, negative[] = {-1, 1, 1, 1}, ones[] = {1, 1, 1, 1};

  plaudit_lift_input input = {.struct_size = sizeof input,
                              .metric_count = 2,
                              .arm_count = 2,
                              .kinds = kinds,
                              .users = users,
                              .sums = sums,
                              .squares = squares};
  plaudit_lift_columns columns = {.struct_size = sizeof columns, .p_value = p, .flags = flags};
  plaudit_lift_options judged = {.struct_size = sizeof judged, .adjustment = PLAUDIT_ADJUST_HOLM};
#define TABLE(in, opts, run, out) plaudit_stats_lift_table(in, opts, run, out, &error)
  EXPECT_OK(TABLE(&input, &judged, NULL, &columns));
  EXPECT_OK(TABLE(&input, NULL, NULL, &columns));
  CHECK(p[0] < 0.01 && flags[0] == 0);
  EXPECT(NULL_POINTER, "input", TABLE(NULL, NULL, NULL, &columns));
  EXPECT(NULL_POINTER, "columns", TABLE(&input, NULL, NULL, NULL));
  input.metric_count = 0;
  EXPECT_OK(TABLE(&input, NULL, NULL, &columns));
  input.metric_count = 2;
#define REFUSED_INPUT(status, named, member, value)             \
  do {                                                          \
    plaudit_lift_input other = input;                           \
    other.member = value;                                       \
    EXPECT(status, named, TABLE(&other, NULL, NULL, &columns)); \
  } while (0)
  REFUSED_INPUT(NULL_POINTER, "users", users, NULL);
  REFUSED_INPUT(NULL_POINTER, "sums", sums, NULL);
  REFUSED_INPUT(NULL_POINTER, "squares", squares, NULL);
  REFUSED_INPUT(DATA, "kind is 7", kinds, wrong_kinds);
  REFUSED_INPUT(RANGE, "arms is 1", arm_count, 1);
  REFUSED_INPUT(RANGE, "control", control, 2);
  REFUSED_INPUT(RANGE, "covariate", covariate_count, 1000);
  REFUSED_INPUT(NULL_POINTER, "covariate_sums", covariate_count, 1);
  REFUSED_INPUT(RANGE, "kind", kind, 3);
  REFUSED_INPUT(RANGE, "centred", centred, 2);
  REFUSED_INPUT(RANGE, "arm_weights", arm_weights, negative);
  REFUSED_INPUT(ARGUMENT, "struct_size", struct_size, 8);
  for (int i = 0; i < COUNT(bad_counts); i++) {
    REFUSED_INPUT(ARGUMENT, "", metric_count, bad_counts[i]);
    REFUSED_INPUT(ARGUMENT, "", arm_count, bad_counts[i]);
    REFUSED_INPUT(ARGUMENT, "", stratum_count, bad_counts[i]);
    REFUSED_INPUT(ARGUMENT, "", covariate_count, bad_counts[i]);
    REFUSED_INPUT(ARGUMENT, "", control, bad_counts[i]);
  }
#define REFUSED_OPTION(named, member, value)                     \
  do {                                                           \
    plaudit_lift_options other = {sizeof other};                 \
    other.member = value;                                        \
    EXPECT(RANGE, named, TABLE(&input, &other, NULL, &columns)); \
  } while (0)
  REFUSED_OPTION("confidence", confidence, 95);
  REFUSED_OPTION("power", power, 0.2);
  REFUSED_OPTION("sample ratio", sample_ratio_level, 2);
  REFUSED_OPTION("relative", relative, 3);
  REFUSED_OPTION("absolute", absolute, 2);
  REFUSED_OPTION("distribution", distribution, 3);
  REFUSED_OPTION("hypothesis", hypothesis, 2);
  REFUSED_OPTION("design", design, 3);
  REFUSED_OPTION("mixing variance", design, PLAUDIT_DESIGN_MIXTURE_SPRT);
  REFUSED_OPTION("adjustment", adjustment, 1);
  REFUSED_OPTION("scope", scope, 2);
  REFUSED_OPTION("theta", theta, 2);
  REFUSED_OPTION("interest_is_relative", interest_is_relative, 2);
  REFUSED_OPTION("keep_low_baselines", keep_low_baselines, -1);
  plaudit_run_options run = {.struct_size = sizeof run, .threads = 1000};
  EXPECT(RANGE, "threads", TABLE(&input, NULL, &run, &columns));

  EXPECT_OK(plaudit_stats_adjust_p_values(PLAUDIT_ADJUST_HOMMEL, p, 2, 0, x, &error));
  EXPECT_OK(plaudit_stats_adjust_p_values(0, NULL, 0, 0, NULL, &error));
  EXPECT(RANGE, "method", plaudit_stats_adjust_p_values(1, p, 2, 0, x, &error));
  EXPECT(RANGE, "p value", plaudit_stats_adjust_p_values(12, users, 2, 0, x, &error));
  EXPECT(RANGE, "level", plaudit_stats_adjust_p_values(12, p, 2, 3, x, &error));
  EXPECT(NULL_POINTER, "values", plaudit_stats_adjust_p_values(12, NULL, 2, 0, x, &error));
  EXPECT(NULL_POINTER, "out_adjusted", plaudit_stats_adjust_p_values(12, p, 2, 0, NULL, &error));

  plaudit_experiment *rows = NULL, *others = NULL;
  int64_t people[] = {1, 2, 3, 1}, crossed = 7;
  int32_t arms[] = {0, 1, 1, 0}, wrong_arms[] = {0, 2, 1, 0};
  EXPECT(NULL_POINTER, "out_experiment", plaudit_experiment_create(2, 1, NULL, &error));
  EXPECT(RANGE, "arms", plaudit_experiment_create(0, 1, &rows, &error));
  EXPECT(RANGE, "values", plaudit_experiment_create(2, 5000, &rows, &error));
  CHECK(rows == NULL);
  EXPECT_OK(plaudit_experiment_create(2, 1, &rows, &error));
  EXPECT_OK(plaudit_experiment_create(3, 1, &others, &error));
  EXPECT_OK(plaudit_experiment_add(rows, people, arms, sums, 4, &error));
  EXPECT_OK(plaudit_experiment_add(rows, NULL, NULL, NULL, 0, &error));
  EXPECT(NULL_POINTER, "users", plaudit_experiment_add(rows, NULL, arms, sums, 4, &error));
  EXPECT(NULL_POINTER, "arms", plaudit_experiment_add(rows, people, NULL, sums, 4, &error));
  EXPECT(NULL_POINTER, "values", plaudit_experiment_add(rows, people, arms, NULL, 4, &error));
  EXPECT(DATA, "arm (2)", plaudit_experiment_add(rows, people, wrong_arms, sums, 4, &error));
  EXPECT(PLAUDIT_ERROR_NOT_FINITE, "nan",
         plaudit_experiment_add(rows, people, arms, nans, 4, &error));
  EXPECT_OK(plaudit_experiment_moments(rows, x, y, wide, &crossed, &error));
  CHECK(x[0] == 1 && x[1] == 2 && crossed == 0);
  EXPECT_OK(plaudit_experiment_moments(rows, x, y, wide, NULL, &error));
  EXPECT(NULL_POINTER, "out_users", plaudit_experiment_moments(rows, NULL, y, wide, NULL, &error));
  EXPECT(NULL_POINTER, "out_sums", plaudit_experiment_moments(rows, x, NULL, wide, NULL, &error));
  EXPECT(NULL_POINTER, "out_products",
         plaudit_experiment_moments(rows, x, y, NULL, &crossed, &error));
  CHECK(crossed == 0);
  EXPECT(PLAUDIT_ERROR_SHAPE, "3 and 1", plaudit_experiment_merge(rows, others, &error));
  EXPECT(PLAUDIT_ERROR_BUSY, "other", plaudit_experiment_merge(rows, rows, &error));
  WITH_BAD(NULL) {
    EXPECT(HANDLE, "experiment", plaudit_experiment_add(bad, people, arms, sums, 4, &error));
    EXPECT(HANDLE, "experiment", plaudit_experiment_merge(bad, rows, &error));
    EXPECT(HANDLE, "other", plaudit_experiment_merge(rows, bad, &error));
    EXPECT(HANDLE, "experiment", plaudit_experiment_moments(bad, x, y, wide, NULL, &error));
  }
  plaudit_experiment *freed = others;
  plaudit_experiment_free(&others);
  EXPECT(HANDLE, "experiment", plaudit_experiment_moments(freed, x, y, wide, NULL, &error));
  for (int i = 0; i < COUNT(bad_counts); i++) {
    EXPECT(ARGUMENT, "row_count",
           plaudit_experiment_add(rows, people, arms, sums, bad_counts[i], &error));
    EXPECT(ARGUMENT, "arm_count", plaudit_experiment_create(bad_counts[i], 1, &others, &error));
    EXPECT(ARGUMENT, "value_count", plaudit_experiment_create(2, bad_counts[i], &others, &error));
  }
  plaudit_experiment_free(&rows);

  plaudit_winsorizing cut = {sizeof cut};
  EXPECT_OK(plaudit_stats_winsorize(users, 4, 0, 0.95, x, &cut, &error));
  EXPECT_OK(plaudit_stats_winsorize(users, 4, 0.1, 1, NULL, &cut, &error));
  EXPECT(NULL_POINTER, "values", plaudit_stats_winsorize(NULL, 4, 0, 0.95, x, &cut, &error));
  EXPECT(NULL_POINTER, "out_result", plaudit_stats_winsorize(users, 4, 0, 0.95, x, NULL, &error));
  EXPECT(RANGE, "quantiles", plaudit_stats_winsorize(users, 4, 0.9, 0.1, x, &cut, &error));
  EXPECT(PLAUDIT_ERROR_NOT_FINITE, "nan", plaudit_stats_winsorize(nans, 4, 0, 1, x, &cut, &error));
  EXPECT(PLAUDIT_ERROR_UNDEFINED, "no values",
         plaudit_stats_winsorize(users, 0, 0, 1, x, &cut, &error));

  plaudit_sample_ratio ratio = {sizeof ratio};
  EXPECT_OK(plaudit_stats_sample_ratio(users, NULL, 2, &ratio, &error));
  CHECK(ratio.p_value == 1 && ratio.degrees_of_freedom == 1);
  EXPECT_OK(plaudit_stats_sample_ratio(users, ones, 4, &ratio, &error));
  EXPECT(NULL_POINTER, "users", plaudit_stats_sample_ratio(NULL, NULL, 2, &ratio, &error));
  EXPECT(NULL_POINTER, "out_result", plaudit_stats_sample_ratio(users, NULL, 2, NULL, &error));
  EXPECT(RANGE, "arm_count", plaudit_stats_sample_ratio(users, NULL, 0, &ratio, &error));
  EXPECT(RANGE, "weight", plaudit_stats_sample_ratio(users, negative, 2, &ratio, &error));
  EXPECT(DATA, "-1", plaudit_stats_sample_ratio(negative, NULL, 2, &ratio, &error));
  EXPECT_OK(plaudit_stats_sample_ratio_sequence(users, NULL, 2, 2, 0, x, y, &error));
  EXPECT_OK(plaudit_stats_sample_ratio_sequence(users, ones, 2, 2, 10, NULL, NULL, &error));
  EXPECT(NULL_POINTER, "new_users",
         plaudit_stats_sample_ratio_sequence(NULL, NULL, 2, 2, 0, x, y, &error));
  EXPECT(RANGE, "concentration",
         plaudit_stats_sample_ratio_sequence(users, NULL, 2, 2, -3, x, y, &error));

  plaudit_sequence_options looks = {.struct_size = sizeof looks};
  EXPECT_OK(plaudit_stats_always_valid(sums, ones, users, 4, NULL, x, y, wide, p, &error));
  EXPECT_OK(plaudit_stats_always_valid(sums, ones, users, 4, NULL, NULL, NULL, NULL, NULL, &error));
  EXPECT(NULL_POINTER, "effects",
         plaudit_stats_always_valid(NULL, ones, users, 4, NULL, x, y, wide, p, &error));
  EXPECT(NULL_POINTER, "standard_errors",
         plaudit_stats_always_valid(sums, NULL, users, 4, NULL, x, y, wide, p, &error));
  EXPECT(NULL_POINTER, "users",
         plaudit_stats_always_valid(sums, ones, NULL, 4, NULL, x, y, wide, p, &error));
  EXPECT(DATA, "standard error",
         plaudit_stats_always_valid(sums, negative, users, 4, NULL, x, y, wide, p, &error));
  looks.design = PLAUDIT_DESIGN_MIXTURE_SPRT;
  EXPECT(RANGE, "mixing variance",
         plaudit_stats_always_valid(sums, ones, NULL, 4, &looks, x, y, wide, p, &error));
  looks.mixing_variance = 1;
  EXPECT_OK(plaudit_stats_always_valid(sums, ones, NULL, 4, &looks, x, y, wide, p, &error));
  looks.design = 7;
  EXPECT(RANGE, "design",
         plaudit_stats_always_valid(sums, ones, users, 4, &looks, x, y, wide, p, &error));
  looks = (plaudit_sequence_options){.struct_size = sizeof looks, .tuning_kind = 1};
  EXPECT(RANGE, "tuning",
         plaudit_stats_always_valid(sums, ones, users, 4, &looks, x, y, wide, p, &error));

  plaudit_betting_options bets = {.struct_size = sizeof bets, .steps = 10};
  EXPECT_OK(plaudit_stats_betting_sequence(ones, 4, &bets, NULL, x, y, &error));
  EXPECT_OK(plaudit_stats_betting_sequence(ones, 4, NULL, NULL, x, y, &error));
  EXPECT(NULL_POINTER, "values", plaudit_stats_betting_sequence(NULL, 4, NULL, NULL, x, y, &error));
  EXPECT(NULL_POINTER, "out_lower",
         plaudit_stats_betting_sequence(ones, 4, NULL, NULL, NULL, y, &error));
  EXPECT(NULL_POINTER, "out_upper",
         plaudit_stats_betting_sequence(ones, 4, NULL, NULL, x, NULL, &error));
  EXPECT(RANGE, "1000", plaudit_stats_betting_sequence(users, 4, NULL, NULL, x, y, &error));
  bets.upper = -1;
  EXPECT(RANGE, "bounds", plaudit_stats_betting_sequence(ones, 4, &bets, NULL, x, y, &error));

  double times[] = {0.25, 0.5, 0.75, 1};
  plaudit_group_sequential_options plan = {.struct_size = sizeof plan, .sides = 1};
  EXPECT_OK(plaudit_stats_group_sequential(times, 4, &plan, x, y, p, &error));
  EXPECT_OK(plaudit_stats_group_sequential(times, 4, NULL, NULL, NULL, NULL, &error));
  EXPECT(NULL_POINTER, "information",
         plaudit_stats_group_sequential(NULL, 4, NULL, x, y, p, &error));
  EXPECT(RANGE, "information", plaudit_stats_group_sequential(users, 4, NULL, x, y, p, &error));
  EXPECT(DATA, "rise", plaudit_stats_group_sequential(ones, 4, NULL, x, y, p, &error));
  plan.sides = 3;
  EXPECT(RANGE, "sides", plaudit_stats_group_sequential(times, 4, &plan, x, y, p, &error));
  plan = (plaudit_group_sequential_options){.struct_size = sizeof plan, .spending = 3};
  EXPECT(RANGE, "spending", plaudit_stats_group_sequential(times, 4, &plan, x, y, p, &error));
  plan = (plaudit_group_sequential_options){.struct_size = sizeof plan, .alpha = 5};
  EXPECT(RANGE, "alpha", plaudit_stats_group_sequential(times, 4, &plan, x, y, p, &error));

  plaudit_posterior_options prior = {.struct_size = sizeof prior};
  plaudit_rate_posterior rates[4];
  plaudit_effect_posterior effects[4];
  EXPECT_OK(plaudit_stats_rate_posteriors(sums, users, 4, NULL, rates, &error));
  EXPECT(NULL_POINTER, "successes",
         plaudit_stats_rate_posteriors(NULL, users, 4, NULL, rates, &error));
  EXPECT(NULL_POINTER, "trials", plaudit_stats_rate_posteriors(sums, NULL, 4, NULL, rates, &error));
  EXPECT(NULL_POINTER, "out_arms",
         plaudit_stats_rate_posteriors(sums, users, 4, NULL, NULL, &error));
  EXPECT(DATA, "successes", plaudit_stats_rate_posteriors(users, sums, 4, NULL, rates, &error));
  prior.prior_alpha = -1;
  EXPECT(RANGE, "prior", plaudit_stats_rate_posteriors(sums, users, 4, &prior, rates, &error));
  EXPECT_OK(plaudit_stats_effect_posteriors(sums, ones, 4, NULL, effects, &error));
  EXPECT(NULL_POINTER, "effects",
         plaudit_stats_effect_posteriors(NULL, ones, 4, NULL, effects, &error));
  EXPECT(NULL_POINTER, "standard_errors",
         plaudit_stats_effect_posteriors(sums, NULL, 4, NULL, effects, &error));
  EXPECT(NULL_POINTER, "out_rows",
         plaudit_stats_effect_posteriors(sums, ones, 4, NULL, NULL, &error));
  prior = (plaudit_posterior_options){.struct_size = sizeof prior, .prior_variance = -2};
  EXPECT(RANGE, "prior", plaudit_stats_effect_posteriors(sums, ones, 4, &prior, effects, &error));

  for (int i = 0; i < COUNT(bad_counts); i++) {
    int64_t bad = bad_counts[i];
    EXPECT(ARGUMENT, "count", plaudit_stats_adjust_p_values(12, p, bad, 0, x, &error));
    EXPECT(ARGUMENT, "count", plaudit_stats_winsorize(users, bad, 0, 1, x, &cut, &error));
    EXPECT(ARGUMENT, "count", plaudit_stats_sample_ratio(users, NULL, bad, &ratio, &error));
    EXPECT(ARGUMENT, "count",
           plaudit_stats_sample_ratio_sequence(users, NULL, bad, 2, 0, x, y, &error));
    EXPECT(ARGUMENT, "count",
           plaudit_stats_always_valid(sums, ones, users, bad, NULL, x, y, wide, p, &error));
    EXPECT(ARGUMENT, "count", plaudit_stats_betting_sequence(ones, bad, NULL, NULL, x, y, &error));
    EXPECT(ARGUMENT, "count", plaudit_stats_group_sequential(times, bad, NULL, x, y, p, &error));
    EXPECT(ARGUMENT, "count", plaudit_stats_rate_posteriors(sums, users, bad, NULL, rates, &error));
    EXPECT(ARGUMENT, "count",
           plaudit_stats_effect_posteriors(sums, ones, bad, NULL, effects, &error));
  }
}

static void hypotheses(void) {
  const double nan = NAN;
  int64_t hits[] = {1, 5}, tries[] = {2, 4}, table[] = {4, 1, 1, 4}, names[] = {1, 2, 2};
  double lower[2], upper[2], expected[4], values[] = {1, 2, 4}, holes[] = {1, nan, 2}, half = 0.5;
  int32_t flags[2], groups[] = {0, 1, 1}, outside[] = {0, 1, 2};
  plaudit_two_proportions rows[] = {{3, 10, 1, 10}, {5, 4, 1, 10}};
  plaudit_moments moments[] = {{5, 1, 1}, {4, 2, 0}, {1, 2, nan}}, found;
  plaudit_test_row tests[3];
  plaudit_quantile quantile;
  plaudit_hypothesis_options options = {.struct_size = sizeof options}, refuse = options, bad;
  refuse.refuse = 1;
  plaudit_run_options run = {.struct_size = sizeof run, .threads = 1000};

  EXPECT_OK(plaudit_stats_rate_intervals(hits, tries, 2, PLAUDIT_RATE_JEFFREYS, NULL, NULL, lower,
                                         upper, flags, &error));
  CHECK(flags[0] == 0 && flags[1] == PLAUDIT_KPI_FLAG_RATE_ABOVE_ONE && lower[1] != lower[1]);
  EXPECT_OK(
      plaudit_stats_rate_intervals(NULL, NULL, 0, 0, &options, NULL, NULL, NULL, NULL, &error));
  EXPECT(DATA, "exceed", plaudit_stats_rate_intervals(hits, tries, 2, 0, &refuse, NULL, lower,
                                                      upper, NULL, &error));
  EXPECT(RANGE, "method",
         plaudit_stats_rate_intervals(hits, tries, 2, 5, NULL, NULL, lower, upper, NULL, &error));
  EXPECT(RANGE, "threads",
         plaudit_stats_rate_intervals(hits, tries, 2, 0, NULL, &run, lower, upper, NULL, &error));
  EXPECT(NULL_POINTER, "successes",
         plaudit_stats_rate_intervals(NULL, tries, 2, 0, NULL, NULL, lower, upper, NULL, &error));
  EXPECT(NULL_POINTER, "trials",
         plaudit_stats_rate_intervals(hits, NULL, 2, 0, NULL, NULL, lower, upper, NULL, &error));
  EXPECT(NULL_POINTER, "out_lower",
         plaudit_stats_rate_intervals(hits, tries, 2, 0, NULL, NULL, NULL, upper, NULL, &error));
  EXPECT(NULL_POINTER, "out_upper",
         plaudit_stats_rate_intervals(hits, tries, 2, 0, NULL, NULL, lower, NULL, NULL, &error));

  EXPECT_OK(plaudit_stats_proportion_tests(rows, 2, 0, NULL, NULL, tests, &error));
  CHECK(tests[0].flags == 0 && tests[1].flags == PLAUDIT_TEST_FLAG_INVALID_COUNTS);
  EXPECT(DATA, "counts", plaudit_stats_proportion_tests(rows, 2, 0, &refuse, NULL, tests, &error));
  EXPECT(NULL_POINTER, "rows",
         plaudit_stats_proportion_tests(NULL, 2, 0, NULL, NULL, tests, &error));
  EXPECT(NULL_POINTER, "out_tests",
         plaudit_stats_proportion_tests(rows, 2, 0, NULL, NULL, NULL, &error));
  EXPECT(RANGE, "measure", plaudit_stats_proportion_tests(rows, 2, 3, NULL, NULL, tests, &error));
  EXPECT(RANGE, "threads", plaudit_stats_proportion_tests(rows, 2, 0, NULL, &run, tests, &error));
#define OPTION(field, value, wanted, named)                                                 \
  bad = options;                                                                            \
  bad.field = (value);                                                                      \
  EXPECT(wanted, named, plaudit_stats_proportion_tests(rows, 1, 1, &bad, NULL, tests, &error));
  OPTION(struct_size, 0, ARGUMENT, "struct_size")
  OPTION(confidence, 1, RANGE, "confidence")
  OPTION(confidence, nan, RANGE, "confidence")
  OPTION(alternative, 4, RANGE, "alternative")
  OPTION(alternative, PLAUDIT_ALTERNATIVE_EQUIVALENT, RANGE, "margins")
  OPTION(interval, 6, RANGE, "interval")
  OPTION(interval, PLAUDIT_EFFECT_INTERVAL_NEWCOMBE, ARGUMENT, "Newcombe")
  OPTION(variance, 3, RANGE, "variance")
  OPTION(has_null_value, 2, RANGE, "has_null_value")
  OPTION(has_null_value, 1, RANGE, "null value")
  OPTION(refuse, -1, RANGE, "refuse")

  EXPECT_OK(plaudit_stats_moments(values, NULL, 3, &found, &error));
  EXPECT_OK(plaudit_stats_moments(NULL, NULL, 0, &found, &error));
  EXPECT(PLAUDIT_ERROR_NOT_FINITE, "nan", plaudit_stats_moments(values, holes, 3, &found, &error));
  EXPECT(NULL_POINTER, "values", plaudit_stats_moments(NULL, values, 3, &found, &error));
  EXPECT(NULL_POINTER, "out_moments", plaudit_stats_moments(values, NULL, 3, NULL, &error));

  EXPECT_OK(plaudit_stats_mean_tests(moments, NULL, 3, 0, NULL, NULL, tests, &error));
  CHECK(tests[1].flags == PLAUDIT_TEST_FLAG_ZERO_VARIANCE &&
        tests[2].flags == PLAUDIT_TEST_FLAG_TOO_FEW_ROWS);
  EXPECT_OK(plaudit_stats_mean_tests(moments, moments, 3, 1, &options, NULL, tests, &error));
  EXPECT(PLAUDIT_ERROR_UNDEFINED, "varies",
         plaudit_stats_mean_tests(moments, NULL, 3, 0, &refuse, NULL, tests, &error));
  EXPECT(RANGE, "kind", plaudit_stats_mean_tests(moments, NULL, 3, 2, NULL, NULL, tests, &error));
  EXPECT(NULL_POINTER, "first",
         plaudit_stats_mean_tests(NULL, moments, 3, 0, NULL, NULL, tests, &error));
  EXPECT(NULL_POINTER, "out_tests",
         plaudit_stats_mean_tests(moments, NULL, 3, 0, NULL, NULL, NULL, &error));

  EXPECT_OK(plaudit_stats_variance_analysis(moments, 2, 0, tests, &error));
  EXPECT(PLAUDIT_ERROR_UNDEFINED, "Welch",
         plaudit_stats_variance_analysis(moments, 2, 1, tests, &error));
  EXPECT(RANGE, "groups", plaudit_stats_variance_analysis(moments, 1, 0, tests, &error));
  EXPECT(RANGE, "kind", plaudit_stats_variance_analysis(moments, 2, 2, tests, &error));
  EXPECT(NULL_POINTER, "groups", plaudit_stats_variance_analysis(NULL, 2, 0, tests, &error));
  EXPECT(NULL_POINTER, "out_test", plaudit_stats_variance_analysis(moments, 2, 0, NULL, &error));

  for (int32_t kind = 0; kind < 2; kind++) {
    EXPECT_OK(plaudit_stats_table_test(table, 2, 2, kind, NULL, tests, expected, &error));
    EXPECT(NULL_POINTER, "table",
           plaudit_stats_table_test(NULL, 2, 2, kind, NULL, tests, NULL, &error));
    EXPECT(NULL_POINTER, "out_test",
           plaudit_stats_table_test(table, 2, 2, kind, NULL, NULL, NULL, &error));
    EXPECT(RANGE, "2", plaudit_stats_table_test(table, 1, 2, kind, NULL, tests, NULL, &error));
    EXPECT(RANGE, "cells",
           plaudit_stats_table_test(table, 1 << 30, 1 << 30, kind, NULL, tests, NULL, &error));
    int64_t negative[] = {1, -2, 3, 4};
    EXPECT(DATA, "-2", plaudit_stats_table_test(negative, 2, 2, kind, NULL, tests, NULL, &error));
  }
  EXPECT(RANGE, "kind", plaudit_stats_table_test(table, 2, 2, 2, NULL, tests, NULL, &error));

  for (int32_t kind = 0; kind < 2; kind++) {
    EXPECT_OK(plaudit_stats_sample_test(values, 3, values, 2, kind, NULL, tests, &error));
    EXPECT(NULL_POINTER, "first",
           plaudit_stats_sample_test(NULL, 3, values, 2, kind, NULL, tests, &error));
    EXPECT(NULL_POINTER, "second",
           plaudit_stats_sample_test(values, 3, NULL, 2, kind, NULL, tests, &error));
    EXPECT(NULL_POINTER, "out_test",
           plaudit_stats_sample_test(values, 3, values, 2, kind, NULL, NULL, &error));
    EXPECT(PLAUDIT_ERROR_NOT_FINITE, "nan",
           plaudit_stats_sample_test(values, 3, holes, 3, kind, NULL, tests, &error));
    EXPECT(PLAUDIT_ERROR_UNDEFINED, "empty",
           plaudit_stats_sample_test(values, 3, NULL, 0, kind, NULL, tests, &error));
    bad = options;
    bad.exactness = 3;
    EXPECT(RANGE, "exactness",
           plaudit_stats_sample_test(values, 3, values, 2, kind, &bad, tests, &error));
    bad.exactness = 0;
    bad.no_continuity = 2;
    EXPECT(RANGE, "no_continuity",
           plaudit_stats_sample_test(values, 3, values, 2, kind, &bad, tests, &error));
  }
  EXPECT(RANGE, "kind", plaudit_stats_sample_test(values, 3, values, 2, 2, NULL, tests, &error));

  EXPECT_OK(plaudit_stats_kruskal_wallis(values, groups, 3, 2, tests, &error));
  EXPECT(NULL_POINTER, "values", plaudit_stats_kruskal_wallis(NULL, groups, 3, 2, tests, &error));
  EXPECT(NULL_POINTER, "groups", plaudit_stats_kruskal_wallis(values, NULL, 3, 2, tests, &error));
  EXPECT(NULL_POINTER, "out_test", plaudit_stats_kruskal_wallis(values, groups, 3, 2, NULL, &error));
  EXPECT(RANGE, "group is 2", plaudit_stats_kruskal_wallis(values, outside, 3, 2, tests, &error));
  EXPECT(RANGE, "group_count", plaudit_stats_kruskal_wallis(values, groups, 3, 1, tests, &error));

  EXPECT_OK(plaudit_stats_quantiles(values, names, 3, &half, 1, 0, NULL, &quantile, &error));
  CHECK(quantile.value == 2 && quantile.clusters == 2);
  EXPECT_OK(plaudit_stats_quantiles(values, NULL, 3, NULL, 0, 1, NULL, NULL, &error));
  EXPECT(NULL_POINTER, "values",
         plaudit_stats_quantiles(NULL, NULL, 3, &half, 1, 0, NULL, &quantile, &error));
  EXPECT(NULL_POINTER, "probabilities",
         plaudit_stats_quantiles(values, NULL, 3, NULL, 1, 0, NULL, &quantile, &error));
  EXPECT(NULL_POINTER, "out_quantiles",
         plaudit_stats_quantiles(values, NULL, 3, &half, 1, 0, NULL, NULL, &error));
  EXPECT(RANGE, "probability",
         plaudit_stats_quantiles(values, NULL, 3, values + 1, 1, 0, NULL, &quantile, &error));
  EXPECT(RANGE, "kind",
         plaudit_stats_quantiles(values, NULL, 3, &half, 1, 2, NULL, &quantile, &error));
  EXPECT(PLAUDIT_ERROR_UNDEFINED, "rows",
         plaudit_stats_quantiles(NULL, NULL, 0, &half, 1, 0, NULL, &quantile, &error));

  EXPECT_OK(plaudit_stats_quantile_test(values, NULL, 3, values, NULL, 3, 0.5, 0, NULL, tests,
                                        &error));
  CHECK(tests[0].flags == PLAUDIT_TEST_FLAG_TOO_FEW_ROWS);
  EXPECT_OK(plaudit_stats_quantile_test(values, names, 3, values, names, 3, 0.5, 0, NULL, tests,
                                        &error));
  EXPECT(NULL_POINTER, "first",
         plaudit_stats_quantile_test(NULL, NULL, 3, values, NULL, 3, 0.5, 0, NULL, tests, &error));
  EXPECT(NULL_POINTER, "second",
         plaudit_stats_quantile_test(values, NULL, 3, NULL, NULL, 3, 0.5, 0, NULL, tests, &error));
  EXPECT(NULL_POINTER, "out_test",
         plaudit_stats_quantile_test(values, NULL, 3, values, NULL, 3, 0.5, 0, NULL, NULL, &error));
  EXPECT(RANGE, "probability",
         plaudit_stats_quantile_test(values, NULL, 3, values, NULL, 3, 2, 0, NULL, tests, &error));

  plaudit_power_design design = {
      .struct_size = sizeof design, .baseline = 0.05, .effect = 0.005, .control_count = 20000};
  plaudit_power_plan plan = {.struct_size = sizeof plan};
  for (int32_t unknown = 0; unknown < 3; unknown++)
    EXPECT_OK(plaudit_stats_power(&design, unknown, &plan, &error));
  EXPECT(RANGE, "unknown", plaudit_stats_power(&design, 3, &plan, &error));
  EXPECT(NULL_POINTER, "design", plaudit_stats_power(NULL, 0, &plan, &error));
  EXPECT(NULL_POINTER, "out_plan", plaudit_stats_power(&design, 0, NULL, &error));
  plan.struct_size = 0;
  EXPECT(ARGUMENT, "struct_size", plaudit_stats_power(&design, 0, &plan, &error));
  plan.struct_size = sizeof plan;
#define DESIGN(field, value, wanted, named)                                     \
  {                                                                             \
    plaudit_power_design wrong = design;                                        \
    wrong.field = (value);                                                      \
    EXPECT(wanted, named, plaudit_stats_power(&wrong, 0, &plan, &error));       \
  }
  DESIGN(baseline, 2, RANGE, "baseline")
  DESIGN(effect, nan, RANGE, "effect")
  DESIGN(effect, 0, PLAUDIT_ERROR_UNDEFINED, "effect")
  DESIGN(alpha, 1, RANGE, "alpha")
  DESIGN(power, -1, RANGE, "power")
  DESIGN(ratio, -1, RANGE, "ratio")
  DESIGN(arms, 1, RANGE, "arms")
  DESIGN(arms, -1, ARGUMENT, "arms")
  DESIGN(test, 7, RANGE, "test")
  DESIGN(alternative, 3, RANGE, "alternative")
  DESIGN(correction, 3, RANGE, "correction")

  for (int i = 0; i < COUNT(bad_counts); i++) {
    int64_t wrong = bad_counts[i];
    EXPECT(ARGUMENT, "count", plaudit_stats_rate_intervals(hits, tries, wrong, 0, NULL, NULL, lower,
                                                           upper, NULL, &error));
    EXPECT(ARGUMENT, "count",
           plaudit_stats_proportion_tests(rows, wrong, 0, NULL, NULL, tests, &error));
    EXPECT(ARGUMENT, "count", plaudit_stats_moments(values, NULL, wrong, &found, &error));
    EXPECT(ARGUMENT, "count",
           plaudit_stats_mean_tests(moments, NULL, wrong, 0, NULL, NULL, tests, &error));
    EXPECT(ARGUMENT, "group_count",
           plaudit_stats_variance_analysis(moments, wrong, 0, tests, &error));
    EXPECT(ARGUMENT, "row_count",
           plaudit_stats_table_test(table, wrong, 2, 0, NULL, tests, NULL, &error));
    EXPECT(ARGUMENT, "column_count",
           plaudit_stats_table_test(table, 2, wrong, 0, NULL, tests, NULL, &error));
    EXPECT(ARGUMENT, "first_count",
           plaudit_stats_sample_test(values, wrong, values, 2, 0, NULL, tests, &error));
    EXPECT(ARGUMENT, "second_count",
           plaudit_stats_sample_test(values, 3, values, wrong, 0, NULL, tests, &error));
    EXPECT(ARGUMENT, "count",
           plaudit_stats_kruskal_wallis(values, groups, wrong, 2, tests, &error));
    EXPECT(ARGUMENT, "count",
           plaudit_stats_quantiles(values, NULL, wrong, &half, 1, 0, NULL, &quantile, &error));
    EXPECT(ARGUMENT, "probability_count",
           plaudit_stats_quantiles(values, NULL, 3, &half, wrong, 0, NULL, &quantile, &error));
    EXPECT(ARGUMENT, "first_count",
           plaudit_stats_quantile_test(values, NULL, wrong, values, NULL, 3, 0.5, 0, NULL, tests,
                                       &error));
    EXPECT(ARGUMENT, "second_count",
           plaudit_stats_quantile_test(values, NULL, 3, values, NULL, wrong, 0.5, 0, NULL, tests,
                                       &error));
  }

}

static void resampling(void) {
  const double values[] = {1, 2, 4, 3}, holes[] = {1, NAN, 2, 3}, weights[] = {1, 1, 2, 1};
  const int64_t clusters[] = {1, 1, INT64_MIN, INT64_MAX};
  double drawn[100];
  plaudit_sample one = {sizeof one, 4, values, weights, clusters}, two = one;
  plaudit_sample_options options = {.struct_size = sizeof options, .resamples = 20};
  plaudit_bootstrap_result interval = {sizeof interval};
  EXPECT_OK(plaudit_stats_bootstrap_sample(12, &one, &two, &options, NULL, &interval, drawn, &error));
  EXPECT_OK(plaudit_stats_bootstrap_sample(10, &one, NULL, NULL, NULL, &interval, NULL, &error));
  EXPECT(NULL_POINTER, "sample",
         plaudit_stats_bootstrap_sample(10, NULL, &two, NULL, NULL, &interval, NULL, &error));
  EXPECT(NULL_POINTER, "out_result",
         plaudit_stats_bootstrap_sample(10, &one, &two, NULL, NULL, NULL, NULL, &error));
  EXPECT(RANGE, "statistic",
         plaudit_stats_bootstrap_sample(30, &one, &two, NULL, NULL, &interval, NULL, &error));
  for (int field = 0; field < 4; field++) {
    plaudit_sample_options wrong = options;
    const char *names[] = {"method", "effect", "weighting", "paired"};
    int32_t *fields[] = {&wrong.method, &wrong.effect, &wrong.weighting, &wrong.paired};
    *fields[field] = 7;
    EXPECT(RANGE, names[field],
           plaudit_stats_bootstrap_sample(10, &one, &two, &wrong, NULL, &interval, NULL, &error));
  }
  plaudit_sample_options wrong = options;
  wrong.resamples = 1LL << 32;
  EXPECT(RANGE, "resamples",
         plaudit_stats_bootstrap_sample(10, &one, &two, &wrong, NULL, &interval, NULL, &error));
  wrong = options;
  wrong.confidence = 1;
  EXPECT(RANGE, "confidence",
         plaudit_stats_bootstrap_sample(10, &one, &two, &wrong, NULL, &interval, NULL, &error));
  wrong = options;
  wrong.quantile = NAN;
  EXPECT(RANGE, "quantile",
         plaudit_stats_bootstrap_sample(20, &one, &two, &wrong, NULL, &interval, NULL, &error));
  two.values = NULL;
  EXPECT(NULL_POINTER, "values",
         plaudit_stats_bootstrap_sample(10, &one, &two, NULL, NULL, &interval, NULL, &error));
  two.values = holes;
  EXPECT(PLAUDIT_ERROR_NOT_FINITE, "nan",
         plaudit_stats_bootstrap_sample(10, &one, &two, NULL, NULL, &interval, NULL, &error));
  two.values = values;
  two.denominators = NULL;
  EXPECT(NULL_POINTER, "denominators",
         plaudit_stats_bootstrap_sample(12, &one, &two, NULL, NULL, &interval, NULL, &error));
  two.count = -1;
  EXPECT(ARGUMENT, "count",
         plaudit_stats_bootstrap_sample(10, &one, &two, NULL, NULL, &interval, NULL, &error));
  two.count = 0;
  EXPECT(PLAUDIT_ERROR_UNDEFINED, "control",
         plaudit_stats_bootstrap_sample(10, &one, &two, NULL, NULL, &interval, NULL, &error));
  two.struct_size = 8;
  EXPECT(ARGUMENT, "control",
         plaudit_stats_bootstrap_sample(10, &one, &two, NULL, NULL, &interval, NULL, &error));

  two = one;
  plaudit_permutation_options how = {.struct_size = sizeof how, .resamples = 100};
  plaudit_permutation_result found = {sizeof found};
  EXPECT_OK(plaudit_stats_permutation_test(12, &one, &two, &how, NULL, &found, drawn, &error));
  EXPECT_OK(plaudit_stats_permutation_test(31, &one, &two, &how, NULL, &found, drawn, &error));
  CHECK(found.exact == 1 && found.arrangements == 24);
  EXPECT(NULL_POINTER, "sample",
         plaudit_stats_permutation_test(10, NULL, &two, NULL, NULL, &found, NULL, &error));
  EXPECT(NULL_POINTER, "control",
         plaudit_stats_permutation_test(10, &one, NULL, NULL, NULL, &found, NULL, &error));
  EXPECT(NULL_POINTER, "out_result",
         plaudit_stats_permutation_test(10, &one, &two, NULL, NULL, NULL, NULL, &error));
  EXPECT(RANGE, "statistic",
         plaudit_stats_permutation_test(13, &one, &two, NULL, NULL, &found, NULL, &error));
  how.alternative = 3;
  EXPECT(RANGE, "alternative",
         plaudit_stats_permutation_test(10, &one, &two, &how, NULL, &found, NULL, &error));
  how = (plaudit_permutation_options){.struct_size = sizeof how, .paired = 2};
  EXPECT(RANGE, "paired",
         plaudit_stats_permutation_test(10, &one, &two, &how, NULL, &found, NULL, &error));
  how = (plaudit_permutation_options){.struct_size = sizeof how, .resamples = -5};
  EXPECT(ARGUMENT, "resamples",
         plaudit_stats_permutation_test(10, &one, &two, &how, NULL, &found, NULL, &error));
}

static void series(void) {
  const int64_t times[] = {0, 5, 12, 31};
  const double x[] = {1, 2, 4, 3}, y[] = {2, 1, 5, 5}, infinite[] = {1, 2, INFINITY, 3};
  const float scores[] = {0.5f, 0.5f, 1, 0, 0, 1, 0.25f, 0.75f};
  const double worth[] = {-1, 1};
  const int32_t labels[] = {0, 0, 1, 9};
  plaudit_buckets spans = {sizeof spans};
  EXPECT_OK(plaudit_series_span(times, 4, 0, 10, &spans, &error));
  CHECK(spans.first == 0 && spans.count == 4);
  EXPECT_OK(plaudit_series_span(NULL, 0, 0, 10, &spans, &error));
  EXPECT(NULL_POINTER, "times", plaudit_series_span(NULL, 1, 0, 10, &spans, &error));
  EXPECT(NULL_POINTER, "out_buckets", plaudit_series_span(times, 4, 0, 10, NULL, &error));
  EXPECT(RANGE, "width", plaudit_series_span(times, 4, 0, 0, &spans, &error));
  EXPECT(RANGE, "origin", plaudit_series_span(times, 4, INT64_MIN, 1, &spans, &error));
  EXPECT(ARGUMENT, "count", plaudit_series_span(times, -1, 0, 10, &spans, &error));

  EXPECT_OK(plaudit_series_span(times, 4, 0, 10, &spans, &error));
  plaudit_timed_rows rows = {.struct_size = sizeof rows, .count = 4, .times = times, .values = x};
  plaudit_series_totals totals = {sizeof totals};
  int64_t counts[4];
  double sums[4], means[4], shares[8];
  EXPECT_OK(plaudit_series_gather(&rows, &spans, counts, sums, means, NULL, &totals, &error));
  CHECK(counts[0] == 2 && counts[2] == 0 && isnan(means[2]) && sums[0] == 3);
  EXPECT_OK(plaudit_series_gather(&rows, &spans, NULL, NULL, NULL, NULL, NULL, &error));
  EXPECT(NULL_POINTER, "rows",
         plaudit_series_gather(NULL, &spans, NULL, NULL, NULL, NULL, NULL, &error));
  EXPECT(NULL_POINTER, "buckets",
         plaudit_series_gather(&rows, NULL, NULL, NULL, NULL, NULL, NULL, &error));
  rows.scores = scores;
  rows.label_count = 2;
  EXPECT(ARGUMENT, "scores",
         plaudit_series_gather(&rows, &spans, NULL, NULL, NULL, NULL, NULL, &error));
  rows.values = NULL;
  EXPECT(ARGUMENT, "label value",
         plaudit_series_gather(&rows, &spans, NULL, NULL, NULL, NULL, NULL, &error));
  rows.label_values = worth;
  rows.labels = labels;
  EXPECT(DATA, "9", plaudit_series_gather(&rows, &spans, counts, sums, means, shares, NULL, &error));
  rows.count = 3;
  EXPECT_OK(plaudit_series_gather(&rows, &spans, counts, sums, means, shares, NULL, &error));
  rows.label_count = 1LL << 40;
  EXPECT(RANGE, "labels",
         plaudit_series_gather(&rows, &spans, counts, sums, means, shares, NULL, &error));
  rows.label_count = 2;
  spans.width = 0;
  EXPECT(RANGE, "width",
         plaudit_series_gather(&rows, &spans, counts, sums, means, shares, NULL, &error));
  spans.width = 1;
  spans.count = 1LL << 39;
  EXPECT(PLAUDIT_ERROR_LIMIT, "buckets",
         plaudit_series_gather(&rows, &spans, counts, sums, means, shares, NULL, &error));
  rows.times = NULL;
  EXPECT(NULL_POINTER, "times",
         plaudit_series_gather(&rows, &spans, counts, sums, means, shares, NULL, &error));

  plaudit_correlation_options options = {.struct_size = sizeof options, .resamples = 10};
  plaudit_correlation found = {sizeof found};
  plaudit_lagged_correlation lags[7];
  plaudit_granger test = {sizeof test};
  EXPECT_OK(plaudit_stats_correlation(x, y, 4, &options, NULL, &found, &error));
  EXPECT(NULL_POINTER, "x", plaudit_stats_correlation(NULL, y, 4, NULL, NULL, &found, &error));
  EXPECT(NULL_POINTER, "y", plaudit_stats_correlation(x, NULL, 4, NULL, NULL, &found, &error));
  EXPECT(NULL_POINTER, "out_correlation",
         plaudit_stats_correlation(x, y, 4, NULL, NULL, NULL, &error));
  EXPECT(PLAUDIT_ERROR_UNDEFINED, "two rows",
         plaudit_stats_correlation(x, y, 0, NULL, NULL, &found, &error));
  EXPECT(PLAUDIT_ERROR_NOT_FINITE, "inf",
         plaudit_stats_correlation(x, infinite, 4, NULL, NULL, &found, &error));
  EXPECT_OK(plaudit_stats_lagged_correlation(2, x, y, 4, 3, &options, NULL, lags, &error));
  CHECK(lags[0].lag == -3 && lags[0].count == 1 && isnan(lags[0].coefficient.value));
  EXPECT(RANGE, "max_lag", plaudit_stats_lagged_correlation(0, x, y, 4, 4, NULL, NULL, lags, &error));
  EXPECT(RANGE, "method", plaudit_stats_lagged_correlation(3, x, y, 4, 1, NULL, NULL, lags, &error));
  EXPECT(NULL_POINTER, "x",
         plaudit_stats_lagged_correlation(0, NULL, y, 4, 1, NULL, NULL, lags, &error));
  EXPECT(NULL_POINTER, "y",
         plaudit_stats_lagged_correlation(0, x, NULL, 4, 1, NULL, NULL, lags, &error));
  EXPECT(NULL_POINTER, "out_lags",
         plaudit_stats_lagged_correlation(0, x, y, 4, 1, NULL, NULL, NULL, &error));
  EXPECT(NULL_POINTER, "y", plaudit_stats_granger(NULL, x, 4, 1, &test, &error));
  EXPECT(NULL_POINTER, "x", plaudit_stats_granger(y, NULL, 4, 1, &test, &error));
  EXPECT(NULL_POINTER, "out_test", plaudit_stats_granger(y, x, 4, 1, NULL, &error));
  EXPECT(RANGE, "lags", plaudit_stats_granger(y, x, 4, 101, &test, &error));
  EXPECT(PLAUDIT_ERROR_UNDEFINED, "rows", plaudit_stats_granger(y, x, 4, 1, &test, &error));
  options.refuse_gaps = 2;
  EXPECT(RANGE, "refuse_gaps", plaudit_stats_correlation(x, y, 4, &options, NULL, &found, &error));
  options = (plaudit_correlation_options){.struct_size = sizeof options, .block_length = -1};
  EXPECT(ARGUMENT, "block_length",
         plaudit_stats_correlation(x, y, 4, &options, NULL, &found, &error));
}

static void assignment(void) {
  const char *names[] = {"ann", "", "bob"};
  plaudit_text_batch users = {.struct_size = sizeof users, .count = 3, .pointers = names};
  const double weights[] = {0.5, 0.5}, wrong[] = {0.5, NAN};
  double hashes[3], shares[2];
  int32_t slots[10000], arms[3];
  int64_t count = -1;
  EXPECT_OK(plaudit_assignment_hash(&users, "seed", -1, 0, NULL, hashes, &error));
  CHECK(hashes[0] >= 0 && hashes[0] < 1 && isnan(hashes[1]));
  EXPECT(NULL_POINTER, "users", plaudit_assignment_hash(NULL, "s", -1, 2, NULL, hashes, &error));
  EXPECT(NULL_POINTER, "seed", plaudit_assignment_hash(&users, NULL, -1, 2, NULL, hashes, &error));
  EXPECT(NULL_POINTER, "out_hashes",
         plaudit_assignment_hash(&users, "s", -1, 2, NULL, NULL, &error));
  EXPECT(RANGE, "version", plaudit_assignment_hash(&users, "s", -1, 3, NULL, hashes, &error));
  EXPECT(ARGUMENT, "seed", plaudit_assignment_hash(&users, "s", -2, 2, NULL, hashes, &error));

  EXPECT(PLAUDIT_ERROR_BUFFER_TOO_SMALL, "10000",
         plaudit_assignment_slots(weights, 2, 1, 2, NULL, slots, 9999, &count, shares, &error));
  CHECK(count == 10000);
  EXPECT_OK(plaudit_assignment_slots(weights, 2, 1, 2, NULL, slots, 10000, NULL, NULL, &error));
  EXPECT_OK(plaudit_assignment_slots(weights, 2, 1, 2, slots, slots, 10000, &count, shares, &error));
  EXPECT(NULL_POINTER, "weights",
         plaudit_assignment_slots(NULL, 2, 1, 2, NULL, slots, 10000, &count, shares, &error));
  EXPECT(NULL_POINTER, "out_slots",
         plaudit_assignment_slots(weights, 2, 1, 2, NULL, NULL, 10000, &count, shares, &error));
  EXPECT(RANGE, "weight",
         plaudit_assignment_slots(wrong, 2, 1, 2, NULL, slots, 10000, &count, shares, &error));
  EXPECT(RANGE, "add up",
         plaudit_assignment_slots(weights, 1, 1, 2, NULL, slots, 10000, &count, shares, &error));
  EXPECT(RANGE, "coverage",
         plaudit_assignment_slots(weights, 2, -1, 2, NULL, slots, 10000, &count, shares, &error));
  EXPECT(PLAUDIT_ERROR_UNSUPPORTED, "32",
         plaudit_assignment_slots(weights, 2, 1, 32, NULL, slots, 10000, &count, shares, &error));
  EXPECT(RANGE, "arms",
         plaudit_assignment_slots(weights, 0, 1, 2, NULL, slots, 10000, &count, shares, &error));

  plaudit_assignment_plan test = {.struct_size = sizeof test,
                             .seed = "s",
                             .seed_length = -1,
                             .slots = slots,
                             .slot_count = 10000};
  EXPECT_OK(plaudit_assignment_assign(&test, &users, NULL, arms, &error));
  CHECK(arms[0] >= 0 && arms[1] == -1 && arms[2] >= 0);
  EXPECT(NULL_POINTER, "experiment",
         plaudit_assignment_assign(NULL, &users, NULL, arms, &error));
  EXPECT(NULL_POINTER, "users", plaudit_assignment_assign(&test, NULL, NULL, arms, &error));
  EXPECT(NULL_POINTER, "out_arms", plaudit_assignment_assign(&test, &users, NULL, NULL, &error));
  test.namespace_id = "n";
  test.namespace_length = 1;
  test.namespace_lower = 2;
  EXPECT(RANGE, "namespace", plaudit_assignment_assign(&test, &users, NULL, arms, &error));
  test.namespace_id = NULL;
  test.version = 1;
  EXPECT(ARGUMENT, "1000", plaudit_assignment_assign(&test, &users, NULL, arms, &error));
  test.version = 2;
  slots[7] = -2;
  EXPECT(DATA, "-2", plaudit_assignment_assign(&test, &users, NULL, arms, &error));
  test.slots = NULL;
  EXPECT(NULL_POINTER, "slots", plaudit_assignment_assign(&test, &users, NULL, arms, &error));
  test.seed = NULL;
  EXPECT(NULL_POINTER, "seed", plaudit_assignment_assign(&test, &users, NULL, arms, &error));
}

static void decisions(void) {
  static const int32_t arms[] = {0, 1, 0, 1}, outside[] = {0, 1, 2, 0};
  static const double rewards[] = {1, 0, 1, 1}, halves[] = {0.5, 0.5, 0.5, 0.5};
  static const double holes[] = {1, NAN, 1, 1}, four[] = {1, 2, 3, 4};
  static const int64_t ids[] = {0, 1, 2, 900};
  int32_t chosen[4];
  double x[16], y[16];
  int64_t size = 7;
  char name[8];
  static uint8_t bytes[1 << 16], small[4], counted[4];
  plaudit_text_batch names = two(), same = two();
  const char *twice[] = {"a", "a"};
  same.pointers = twice;
  plaudit_bandit_options options = {.struct_size = sizeof options, .pending_limit = 8};
  plaudit_bandit *made = (void *)1, *linear = NULL, *worker = NULL;

  EXPECT(NULL_POINTER, "out_bandit", plaudit_bandit_create(&names, &options, NULL, &error));
  EXPECT(ARGUMENT, "a already", plaudit_bandit_create(&same, &options, &made, &error));
  CHECK(made == NULL);
  EXPECT_OK(plaudit_bandit_create(NULL, NULL, &made, &error));
  EXPECT(PLAUDIT_ERROR_INVALID_STATE, "no arms",
         plaudit_bandit_decide(made, NULL, 1, chosen, x, &size, &error));
  plaudit_bandit_free(&made);
  options.policy = 7;
  EXPECT(RANGE, "policy is 7", plaudit_bandit_create(&names, &options, &made, &error));
  options.policy = 0;
  options.reward = 2;
  EXPECT(RANGE, "reward is 2", plaudit_bandit_create(&names, &options, &made, &error));
  options.reward = 0;
  options.epsilon = NAN;
  EXPECT(RANGE, "epsilon", plaudit_bandit_create(&names, &options, &made, &error));
  options.epsilon = 0;
  options.floor = -0.5;
  EXPECT(RANGE, "floor", plaudit_bandit_create(&names, &options, &made, &error));
  options.floor = 0;
  options.lower_is_better = 5;
  EXPECT(RANGE, "lower_is_better", plaudit_bandit_create(&names, &options, &made, &error));
  options.lower_is_better = 0;
  options.first_plays = -2;
  EXPECT(ARGUMENT, "first_plays", plaudit_bandit_create(&names, &options, &made, &error));
  options.first_plays = 0;
  options.pending_limit = (int64_t)1 << 40;
  EXPECT(RANGE, "pending_limit", plaudit_bandit_create(&names, &options, &made, &error));
  options.pending_limit = 8;
  options.struct_size = 16;
  EXPECT(ARGUMENT, "struct_size", plaudit_bandit_create(&names, &options, &made, &error));
  options.struct_size = sizeof options;
  EXPECT_OK(plaudit_bandit_create(&names, &options, &bandit, &error));
  options.policy = PLAUDIT_BANDIT_LIN_UCB;
  options.feature_count = 2;
  EXPECT_OK(plaudit_bandit_create(&names, &options, &linear, &error));
  options = (plaudit_bandit_options){.struct_size = sizeof options, .worker = 3};
  EXPECT_OK(plaudit_bandit_create(&names, &options, &worker, &error));

  plaudit_bandit_info info = {sizeof info};
  plaudit_bandit_arm table[2];
  plaudit_decision_log log = {sizeof log, 4, arms, rewards, halves, NULL};
  plaudit_replay replay = {sizeof replay};
  {
    WITH_BAD(bandit) {
      plaudit_bandit_snapshot *snapshot = (void *)1;
      EXPECT(HANDLE, "bandit", plaudit_bandit_add_arm(bad, "x", -1, NULL, &error));
      EXPECT(HANDLE, "bandit", plaudit_bandit_remove_arm(bad, 0, &error));
      EXPECT(HANDLE, "bandit", plaudit_bandit_get_info(bad, &info, &error));
      EXPECT(HANDLE, "bandit", plaudit_bandit_arms(bad, table, 2, &size, &error));
      EXPECT(HANDLE, "bandit", plaudit_bandit_arm_name(bad, 0, name, 8, &size, &error));
      EXPECT(HANDLE, "bandit", plaudit_bandit_decide(bad, NULL, 1, chosen, x, &size, &error));
      EXPECT(HANDLE, "bandit", plaudit_bandit_scores(bad, NULL, 1, x, y, &error));
      EXPECT(HANDLE, "bandit", plaudit_bandit_coefficients(bad, 0, x, 16, &error));
      EXPECT(HANDLE, "bandit", plaudit_bandit_learn(bad, arms, NULL, rewards, 4, &error));
      EXPECT(HANDLE, "bandit", plaudit_bandit_reward(bad, ids, rewards, 4, 0, &size, &error));
      EXPECT(HANDLE, "bandit", plaudit_bandit_remember(bad, ids, arms, NULL, 4, &error));
      EXPECT(HANDLE, "bandit", plaudit_bandit_snapshot_create(bad, &snapshot, &error));
      CHECK(snapshot == NULL);
      EXPECT(HANDLE, "bandit", plaudit_bandit_save(bad, "x", -1, &error));
      EXPECT(HANDLE, "bandit", plaudit_bandit_state(bad, bytes, sizeof bytes, &size, &error));
      EXPECT(HANDLE, "bandit", plaudit_bandit_delta(bad, bytes, sizeof bytes, &size, &error));
      EXPECT(HANDLE, "bandit", plaudit_bandit_merge(bad, bytes, 4, &error));
      EXPECT(HANDLE, "bandit", plaudit_bandit_refresh(bad, bytes, 4, &error));
      EXPECT(HANDLE, "bandit",
             plaudit_bandit_replay(bad, &log, NULL, NULL, &replay, chosen, counted, &error));
      EXPECT(HANDLE, "snapshot",
             plaudit_bandit_snapshot_decide(bad, 0, NULL, 1, chosen, x, &error));
    }
  }
  for (int i = 0; i < garbage_count; i++) {
    plaudit_bandit *slot = garbage[i];
    plaudit_bandit_snapshot *other = garbage[i];
    plaudit_bandit_free(&slot);
    plaudit_bandit_snapshot_free(&other);
    CHECK(slot == NULL && other == NULL);
  }
  plaudit_bandit_free(NULL);
  plaudit_bandit_snapshot_free(NULL);

  EXPECT(NULL_POINTER, "name", plaudit_bandit_add_arm(bandit, NULL, -1, NULL, &error));
  EXPECT(ARGUMENT, "empty", plaudit_bandit_add_arm(bandit, "", 0, NULL, &error));
  EXPECT(ARGUMENT, "already", plaudit_bandit_add_arm(bandit, words[0], -1, NULL, &error));
  EXPECT(ARGUMENT, "no arm 9", plaudit_bandit_remove_arm(bandit, 9, &error));
  EXPECT(ARGUMENT, "no arm -1", plaudit_bandit_remove_arm(bandit, -1, &error));
  EXPECT(NULL_POINTER, "out_info", plaudit_bandit_get_info(bandit, NULL, &error));
  info.struct_size = 3;
  EXPECT(ARGUMENT, "struct_size", plaudit_bandit_get_info(bandit, &info, &error));
  info.struct_size = sizeof info;
  EXPECT_OK(plaudit_bandit_get_info(bandit, &info, &error));
  CHECK(info.arm_count == 2 && info.policy == PLAUDIT_BANDIT_THOMPSON);
  EXPECT(NULL_POINTER, "out_arms", plaudit_bandit_arms(bandit, NULL, 2, &size, &error));
  EXPECT(NULL_POINTER, "out_count", plaudit_bandit_arms(bandit, table, 2, NULL, &error));
  EXPECT(PLAUDIT_ERROR_BUFFER_TOO_SMALL, "2", plaudit_bandit_arms(bandit, table, 1, &size, &error));
  EXPECT(ARGUMENT, "no arm 5", plaudit_bandit_arm_name(bandit, 5, name, 8, &size, &error));
  EXPECT(NULL_POINTER, "out_length", plaudit_bandit_arm_name(bandit, 0, name, 8, NULL, &error));
  EXPECT(PLAUDIT_ERROR_BUFFER_TOO_SMALL, "7",
         plaudit_bandit_arm_name(bandit, 0, name, 3, &size, &error));
  EXPECT_OK(plaudit_bandit_arm_name(bandit, 0, NULL, 0, &size, &error));
  CHECK(size == 7);

  EXPECT(NULL_POINTER, "out_arms", plaudit_bandit_decide(bandit, NULL, 1, NULL, x, &size, &error));
  EXPECT(PLAUDIT_ERROR_SHAPE, "no context",
         plaudit_bandit_decide(bandit, four, 1, chosen, x, &size, &error));
  EXPECT(PLAUDIT_ERROR_SHAPE, "2 features",
         plaudit_bandit_decide(linear, NULL, 1, chosen, x, &size, &error));
  EXPECT(PLAUDIT_ERROR_NOT_FINITE, "feature 1",
         plaudit_bandit_decide(linear, holes, 2, chosen, x, &size, &error));
  EXPECT_OK(plaudit_bandit_decide(bandit, NULL, 0, NULL, NULL, NULL, &error));
  EXPECT_OK(plaudit_bandit_decide(bandit, NULL, 4, chosen, NULL, NULL, &error));
  EXPECT_OK(plaudit_bandit_scores(bandit, NULL, 1, NULL, NULL, &error));
  EXPECT_OK(plaudit_bandit_scores(linear, four, 2, x, y, &error));
  EXPECT(PLAUDIT_ERROR_UNSUPPORTED, "LinUCB",
         plaudit_bandit_coefficients(bandit, 0, x, 16, &error));
  EXPECT(ARGUMENT, "no arm 2", plaudit_bandit_coefficients(linear, 2, x, 16, &error));
  EXPECT(PLAUDIT_ERROR_BUFFER_TOO_SMALL, "2", plaudit_bandit_coefficients(linear, 0, x, 1, &error));
  EXPECT(NULL_POINTER, "arms", plaudit_bandit_learn(bandit, NULL, NULL, rewards, 4, &error));
  EXPECT(NULL_POINTER, "rewards", plaudit_bandit_learn(bandit, arms, NULL, NULL, 4, &error));
  EXPECT(DATA, "no arm 2", plaudit_bandit_learn(bandit, outside, NULL, rewards, 4, &error));
  EXPECT(PLAUDIT_ERROR_NOT_FINITE, "reward",
         plaudit_bandit_learn(bandit, arms, NULL, holes, 4, &error));
  EXPECT(PLAUDIT_ERROR_SHAPE, "contexts",
         plaudit_bandit_learn(linear, arms, NULL, rewards, 4, &error));
  EXPECT(NULL_POINTER, "decisions",
         plaudit_bandit_reward(bandit, NULL, rewards, 4, 0, NULL, &error));
  EXPECT(NULL_POINTER, "rewards", plaudit_bandit_reward(bandit, ids, NULL, 4, 0, NULL, &error));
  EXPECT(RANGE, "skip_unknown", plaudit_bandit_reward(bandit, ids, rewards, 4, 2, NULL, &error));
  EXPECT(DATA, "decision 900", plaudit_bandit_reward(bandit, ids, rewards, 4, 0, &size, &error));
  EXPECT_OK(plaudit_bandit_reward(bandit, ids, rewards, 4, 1, NULL, &error));
  EXPECT(PLAUDIT_ERROR_INVALID_STATE, "pending_limit",
         plaudit_bandit_reward(worker, ids, rewards, 4, 0, NULL, &error));
  EXPECT(NULL_POINTER, "decisions", plaudit_bandit_remember(bandit, NULL, arms, NULL, 4, &error));
  EXPECT(NULL_POINTER, "arms", plaudit_bandit_remember(bandit, ids, NULL, NULL, 4, &error));
  EXPECT(DATA, "no arm 2", plaudit_bandit_remember(bandit, ids, outside, NULL, 4, &error));

  plaudit_bandit_snapshot *snapshot = NULL;
  EXPECT(NULL_POINTER, "out_snapshot", plaudit_bandit_snapshot_create(bandit, NULL, &error));
  EXPECT_OK(plaudit_bandit_snapshot_create(bandit, &snapshot, &error));
  EXPECT(NULL_POINTER, "out_arms",
         plaudit_bandit_snapshot_decide(snapshot, 0, NULL, 1, NULL, x, &error));
  EXPECT(RANGE, "-1", plaudit_bandit_snapshot_decide(snapshot, -1, NULL, 1, chosen, x, &error));
  EXPECT(RANGE, "2^63",
         plaudit_bandit_snapshot_decide(snapshot, INT64_MAX, NULL, 2, chosen, x, &error));
  EXPECT_OK(plaudit_bandit_snapshot_decide(snapshot, 9, NULL, 4, chosen, NULL, &error));
  plaudit_bandit_snapshot_free(&snapshot);

  EXPECT(NULL_POINTER, "path", plaudit_bandit_save(bandit, NULL, -1, &error));
  EXPECT(PLAUDIT_ERROR_NOT_FOUND, "no/such",
         plaudit_bandit_save(bandit, "no/such/folder", -1, &error));
  EXPECT(NULL_POINTER, "path", plaudit_bandit_load(NULL, -1, &made, &error));
  EXPECT(NULL_POINTER, "out_bandit", plaudit_bandit_load("x", -1, NULL, &error));
  EXPECT(PLAUDIT_ERROR_NOT_FOUND, "no/such", plaudit_bandit_load("no/such", -1, &made, &error));
  EXPECT(NULL_POINTER, "out_size", plaudit_bandit_state(bandit, bytes, 100, NULL, &error));
  EXPECT(PLAUDIT_ERROR_BUFFER_TOO_SMALL, "out_bytes",
         plaudit_bandit_state(bandit, small, 4, &size, &error));
  EXPECT_OK(plaudit_bandit_state(bandit, NULL, 0, &size, &error));
  CHECK(size > 100 && size < (int64_t)sizeof bytes);
  EXPECT_OK(plaudit_bandit_state(bandit, bytes, size, &size, &error));
  EXPECT(NULL_POINTER, "bytes", plaudit_bandit_restore(NULL, 5, -1, &made, &error));
  EXPECT(NULL_POINTER, "out_bandit", plaudit_bandit_restore(bytes, size, -1, NULL, &error));
  EXPECT(PLAUDIT_ERROR_CORRUPT, "state",
         plaudit_bandit_restore(bytes, size - 1, -1, &made, &error));
  EXPECT(PLAUDIT_ERROR_CORRUPT, "0 bytes", plaudit_bandit_restore(NULL, 0, -1, &made, &error));
  EXPECT(RANGE, "worker", plaudit_bandit_restore(bytes, size, 1 << 20, &made, &error));
  EXPECT(ARGUMENT, "worker", plaudit_bandit_restore(bytes, size, -2, &made, &error));
  EXPECT(ARGUMENT, "a whole state", plaudit_bandit_merge(bandit, bytes, size, &error));
  bytes[8] = 9;
  EXPECT(PLAUDIT_ERROR_UNSUPPORTED, "version 9",
         plaudit_bandit_restore(bytes, size, -1, &made, &error));
  EXPECT(PLAUDIT_ERROR_UNSUPPORTED, "version 9",
         plaudit_bandit_refresh(worker, bytes, size, &error));
  EXPECT(PLAUDIT_ERROR_INVALID_STATE, "no worker",
         plaudit_bandit_delta(bandit, bytes, sizeof bytes, &size, &error));
  EXPECT(NULL_POINTER, "out_size", plaudit_bandit_delta(worker, bytes, 100, NULL, &error));
  EXPECT(PLAUDIT_ERROR_BUFFER_TOO_SMALL, "out_bytes",
         plaudit_bandit_delta(worker, small, 4, &size, &error));
  EXPECT_OK(plaudit_bandit_delta(worker, bytes, sizeof bytes, &size, &error));
  EXPECT(NULL_POINTER, "bytes", plaudit_bandit_merge(bandit, NULL, 9, &error));
  EXPECT(ARGUMENT, "features", plaudit_bandit_merge(linear, bytes, size, &error));
  EXPECT_OK(plaudit_bandit_merge(bandit, bytes, size, &error));
  EXPECT(PLAUDIT_ERROR_INVALID_STATE, "before", plaudit_bandit_merge(bandit, bytes, size, &error));
  EXPECT(ARGUMENT, "a delta", plaudit_bandit_refresh(worker, bytes, size, &error));

  EXPECT(NULL_POINTER, "weights", plaudit_decisions_minimum_traffic(NULL, 4, 0, x, &error));
  EXPECT(NULL_POINTER, "out_probabilities",
         plaudit_decisions_minimum_traffic(halves, 4, 0, NULL, &error));
  EXPECT(PLAUDIT_ERROR_NOT_FINITE, "weight",
         plaudit_decisions_minimum_traffic(holes, 4, 0, x, &error));
  EXPECT(PLAUDIT_ERROR_UNDEFINED, "weights",
         plaudit_decisions_minimum_traffic(NULL, 0, 0, NULL, &error));
  EXPECT(NULL_POINTER, "draws", plaudit_decisions_top_two_weights(NULL, 2, 2, 0, x, &error));
  EXPECT(NULL_POINTER, "out_weights",
         plaudit_decisions_top_two_weights(four, 2, 2, 0, NULL, &error));
  EXPECT(RANGE, "lower_is_better", plaudit_decisions_top_two_weights(four, 2, 2, 3, x, &error));
  EXPECT(PLAUDIT_ERROR_NOT_FINITE, "arm 1",
         plaudit_decisions_top_two_weights(holes, 2, 2, 0, x, &error));
  EXPECT(PLAUDIT_ERROR_UNDEFINED, "two arms",
         plaudit_decisions_top_two_weights(four, 4, 1, 0, x, &error));

  static const double target[] = {0.5, 0.5, 0.5, 0.5, 1, 0, 0, 1};
  plaudit_off_policy value = {sizeof value};
  EXPECT_OK(plaudit_decisions_off_policy(&log, target, target, 2, NULL, &value, &error));
  EXPECT(NULL_POINTER, "log",
         plaudit_decisions_off_policy(NULL, target, NULL, 2, NULL, &value, &error));
  EXPECT(NULL_POINTER, "target",
         plaudit_decisions_off_policy(&log, NULL, NULL, 2, NULL, &value, &error));
  EXPECT(NULL_POINTER, "out_value",
         plaudit_decisions_off_policy(&log, target, NULL, 2, NULL, NULL, &error));
  EXPECT(PLAUDIT_ERROR_SHAPE, "0 arms",
         plaudit_decisions_off_policy(&log, target, NULL, 0, NULL, &value, &error));
  log.rewards = holes;
  EXPECT(PLAUDIT_ERROR_NOT_FINITE, "reward",
         plaudit_decisions_off_policy(&log, target, NULL, 2, NULL, &value, &error));
  EXPECT(PLAUDIT_ERROR_NOT_FINITE, "reward",
         plaudit_bandit_replay(worker, &log, NULL, NULL, &replay, chosen, counted, &error));
  log.rewards = NULL;
  EXPECT(NULL_POINTER, "log->rewards",
         plaudit_decisions_off_policy(&log, target, NULL, 2, NULL, &value, &error));
  EXPECT(NULL_POINTER, "log->rewards",
         plaudit_bandit_replay(worker, &log, NULL, NULL, &replay, chosen, counted, &error));
  log.rewards = rewards;
  log.propensities = NULL;
  EXPECT(NULL_POINTER, "log->propensities",
         plaudit_decisions_off_policy(&log, target, NULL, 2, NULL, &value, &error));
  EXPECT_OK(plaudit_bandit_replay(worker, &log, NULL, NULL, &replay, NULL, NULL, &error));
  EXPECT(NULL_POINTER, "log",
         plaudit_bandit_replay(worker, NULL, NULL, NULL, &replay, NULL, NULL, &error));
  EXPECT(NULL_POINTER, "out_replay",
         plaudit_bandit_replay(worker, &log, NULL, NULL, NULL, NULL, NULL, &error));
  log.arms = outside;
  EXPECT(DATA, "no arm 2",
         plaudit_bandit_replay(worker, &log, NULL, NULL, &replay, NULL, NULL, &error));
  plaudit_off_policy_options doubtful = {sizeof doubtful, 2, 0};
  log.arms = arms;
  log.propensities = halves;
  EXPECT(RANGE, "confidence",
         plaudit_decisions_off_policy(&log, target, NULL, 2, &doubtful, &value, &error));
  plaudit_replay_options none_at_once = {sizeof none_at_once, 0, -1};
  EXPECT(ARGUMENT, "batch",
         plaudit_bandit_replay(worker, &log, &none_at_once, NULL, &replay, NULL, NULL, &error));

  for (int i = 0; i < COUNT(bad_counts); i++) {
    int64_t bad = bad_counts[i];
    EXPECT(ARGUMENT, "count", plaudit_bandit_decide(bandit, NULL, bad, chosen, x, NULL, &error));
    EXPECT(ARGUMENT, "count", plaudit_bandit_scores(bandit, NULL, bad, x, y, &error));
    EXPECT(ARGUMENT, "count", plaudit_bandit_learn(bandit, arms, NULL, rewards, bad, &error));
    EXPECT(ARGUMENT, "count", plaudit_bandit_reward(bandit, ids, rewards, bad, 0, NULL, &error));
    EXPECT(ARGUMENT, "count", plaudit_bandit_remember(bandit, ids, arms, NULL, bad, &error));
    EXPECT(ARGUMENT, "size", plaudit_bandit_restore(bytes, bad, -1, &made, &error));
    EXPECT(ARGUMENT, "size", plaudit_bandit_merge(bandit, bytes, bad, &error));
    EXPECT(ARGUMENT, "size", plaudit_bandit_refresh(bandit, bytes, bad, &error));
    EXPECT(ARGUMENT, "arm_count", plaudit_decisions_minimum_traffic(four, bad, 0, x, &error));
    EXPECT(ARGUMENT, "count", plaudit_decisions_top_two_weights(four, bad, 2, 0, x, &error));
    EXPECT(ARGUMENT, "arm_count", plaudit_decisions_top_two_weights(four, 2, bad, 0, x, &error));
    log.count = bad;
    EXPECT(ARGUMENT, "count",
           plaudit_decisions_off_policy(&log, target, NULL, 2, NULL, &value, &error));
    EXPECT(ARGUMENT, "count",
           plaudit_bandit_replay(worker, &log, NULL, NULL, &replay, NULL, NULL, &error));
  }
  plaudit_bandit_free(&linear);
  plaudit_bandit_free(&worker);
  plaudit_bandit_free(&bandit);
}

static void library(void) {
  CHECK(plaudit_version() > 0 && plaudit_version_string()[0] == '0');
  CHECK(plaudit_abi_version() == PLAUDIT_ABI_VERSION);
  CHECK(plaudit_build_info()[0] == '{' && plaudit_abi_describe()[0] == '{');
  for (int64_t status = INT32_MIN; status <= INT32_MAX; status += 65521)
    CHECK(plaudit_status_name((plaudit_status)status) != NULL);
  CHECK(strcmp(plaudit_status_name(4711), "UNKNOWN") == 0);
  CHECK(strcmp(plaudit_status_name(303), "CORRUPT") == 0);
}

/* Every function that the header declares is somewhere in this file. */
static char *contents(const char *name) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", getenv("PLAUDIT_CHECKOUT"), name);
  FILE *file = fopen(path, "r");
  if (!file) exit(1);
  char *text = calloc(1, 1 << 20);
  if (fread(text, 1, (1 << 20) - 1, file) == 0) exit(1);
  fclose(file);
  return text;
}

/* A column of a batch, as C hosts make it. */
static plaudit_column column(int32_t type, const void *values, int64_t count) {
  plaudit_column made = {.struct_size = sizeof made, .type = type, .values = values};
  made.count = count;
  return made;
}

static int releases;
static void release_array(struct ArrowArray *array) { array->release = NULL, releases++; }
static void release_schema(struct ArrowSchema *schema) { schema->release = NULL, releases++; }

/* A record batch of an int64_t column "k" and a double column "cost" of three rows. */
static const void *key_buffers[2], *cost_buffers[2], *batch_buffers[1];
static struct ArrowArray key_array, cost_array, *batch_children[2] = {&key_array, &cost_array};
static struct ArrowSchema key_schema, cost_schema, *field_children[2] = {&key_schema, &cost_schema};
static void batch(struct ArrowArray *array, struct ArrowSchema *schema) {
  static const int64_t keys[] = {2, 1, 2};
  static const double costs[] = {1.5, 2, 0.25};
  key_buffers[1] = keys, cost_buffers[1] = costs;
  key_array = (struct ArrowArray){
      .length = 3, .n_buffers = 2, .buffers = key_buffers, .release = release_array};
  cost_array = (struct ArrowArray){
      .length = 3, .n_buffers = 2, .buffers = cost_buffers, .release = release_array};
  *array = (struct ArrowArray){.length = 3, .n_buffers = 1, .n_children = 2, .release = release_array};
  array->buffers = batch_buffers, array->children = batch_children;
  key_schema = (struct ArrowSchema){.format = "l", .name = "k", .release = release_schema};
  cost_schema = (struct ArrowSchema){.format = "g", .name = "cost", .release = release_schema};
  *schema = (struct ArrowSchema){.format = "+s", .n_children = 2, .release = release_schema};
  schema->children = field_children;
}

static int stream_batches, stream_fails;
static int stream_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out) {
  struct ArrowArray unused;
  (void)stream, batch(&unused, out);
  return 0;
}
static int stream_next(struct ArrowArrayStream *stream, struct ArrowArray *out) {
  struct ArrowSchema unused;
  (void)stream;
  if (stream_fails) return 5;
  batch(out, &unused);
  if (stream_batches-- <= 0) out->release = NULL;
  return 0;
}
static const char *stream_error(struct ArrowArrayStream *stream) {
  return (void)stream, "the disk is gone";
}
static void release_stream(struct ArrowArrayStream *stream) { stream->release = NULL, releases++; }

static void kpi_tables(void) {
  double value;
  EXPECT(RANGE, "kpi", plaudit_kpi_value(999, 1, 2, &value, &error));
  EXPECT(NULL_POINTER, "out_value", plaudit_kpi_value(24, 1, 2, NULL, &error));
  EXPECT(PLAUDIT_ERROR_UNDEFINED, "sessions", plaudit_kpi_value(24, 1, 0, &value, &error));
  CHECK(strcmp(plaudit_kpi_name(10), "ctr") == 0 && !plaudit_kpi_name(0)[0]);
  CHECK(strcmp(plaudit_measure_name(20), "clicks") == 0 && !plaudit_measure_name(-1)[0]);

  /* creating */
  plaudit_kpi_table *table = NULL;
  const char *keys[] = {"k", NULL};
  const char *bad_keys[] = {"k\xFF"};
  int32_t measures[] = {PLAUDIT_MEASURE_CLICKS, PLAUDIT_MEASURE_COST}, wrong[] = {12345};
  int32_t kpis[] = {PLAUDIT_KPI_COST_PER_CLICK}, impossible[] = {PLAUDIT_KPI_RETURN_ON_INVESTMENT};
  plaudit_kpi_options good = {.struct_size = sizeof good, .key_count = 1, .key_names = keys};
  good.measure_count = 2, good.measures = measures;
  EXPECT(NULL_POINTER, "options", plaudit_kpi_table_create(NULL, &table, &error));
  EXPECT(NULL_POINTER, "out_table", plaudit_kpi_table_create(&good, NULL, &error));
#define WITH(field, given)                       \
  plaudit_kpi_options bad_##field = good;        \
  bad_##field.field = (given)
  WITH(struct_size, 3);
  EXPECT(ARGUMENT, "struct_size", plaudit_kpi_table_create(&bad_struct_size, &table, &error));
  for (int i = 0; i < COUNT(bad_counts); i++) {
    WITH(key_count, bad_counts[i]);
    CHECK(plaudit_kpi_table_create(&bad_key_count, &table, NULL) != PLAUDIT_OK && !table);
    WITH(measure_count, bad_counts[i]);
    CHECK(plaudit_kpi_table_create(&bad_measure_count, &table, NULL) != PLAUDIT_OK);
    WITH(kpi_count, bad_counts[i]);
    CHECK(plaudit_kpi_table_create(&bad_kpi_count, &table, NULL) != PLAUDIT_OK);
  }
  WITH(key_names, NULL);
  EXPECT(NULL_POINTER, "key_names", plaudit_kpi_table_create(&bad_key_names, &table, &error));
  WITH(key_count, 2);
  EXPECT(NULL_POINTER, "key_names", plaudit_kpi_table_create(&bad_key_count, &table, &error));
  bad_key_names.key_names = bad_keys;
  EXPECT(PLAUDIT_ERROR_INVALID_UTF8, "key_names",
         plaudit_kpi_table_create(&bad_key_names, &table, &error));
  WITH(measures, NULL);
  EXPECT(NULL_POINTER, "measures", plaudit_kpi_table_create(&bad_measures, &table, &error));
  bad_measures.measures = wrong, bad_measures.measure_count = 1;
  EXPECT(RANGE, "measure", plaudit_kpi_table_create(&bad_measures, &table, &error));
  WITH(measure_count, 0);
  EXPECT(ARGUMENT, "measure", plaudit_kpi_table_create(&bad_measure_count, &table, &error));
  WITH(kpi_count, 1);
  EXPECT(NULL_POINTER, "kpis", plaudit_kpi_table_create(&bad_kpi_count, &table, &error));
  bad_kpi_count.kpis = impossible;
  EXPECT(ARGUMENT, "revenue", plaudit_kpi_table_create(&bad_kpi_count, &table, &error));
  bad_kpi_count.kpis = wrong;
  EXPECT(RANGE, "kpi", plaudit_kpi_table_create(&bad_kpi_count, &table, &error));
  WITH(confidence, 95);
  EXPECT(RANGE, "confidence", plaudit_kpi_table_create(&bad_confidence, &table, &error));
  WITH(margin, NAN);
  EXPECT(RANGE, "margin", plaudit_kpi_table_create(&bad_margin, &table, &error));
  WITH(missing, 3);
  EXPECT(RANGE, "missing", plaudit_kpi_table_create(&bad_missing, &table, &error));
  WITH(intervals, 2);
  EXPECT(RANGE, "intervals", plaudit_kpi_table_create(&bad_intervals, &table, &error));
  WITH(method, 5);
  EXPECT(RANGE, "method", plaudit_kpi_table_create(&bad_method, &table, &error));
  WITH(order, -1);
  EXPECT(RANGE, "order", plaudit_kpi_table_create(&bad_order, &table, &error));
#undef WITH
  good.kpi_count = 1, good.kpis = kpis;
  EXPECT_OK(plaudit_kpi_table_create(&good, &table, &error));
  plaudit_kpi_table *live = table;

  /* adding */
  int64_t numbers[] = {1, 2, 1}, counts[] = {1, 2, 3};
  double costs[] = {1, 2, 3};
  plaudit_column columns[3] = {column(PLAUDIT_TYPE_INT64, numbers, 3),
                               column(PLAUDIT_TYPE_INT64, counts, 3),
                               column(PLAUDIT_TYPE_FLOAT64, costs, 3)};
  plaudit_kpi_result *result = NULL;
  int64_t size = 0, groups = 0;
  struct ArrowArray array;
  struct ArrowSchema schema;
  struct ArrowArrayStream stream = {stream_schema, stream_next, stream_error, release_stream, NULL};
  for (int i = 0; i < garbage_count; i++) {
    plaudit_kpi_table *other = garbage[i];
    plaudit_kpi_result *no_result = garbage[i];
    plaudit_result_column part = {.struct_size = sizeof part};
    EXPECT(HANDLE, "table", plaudit_kpi_table_add(other, columns, 3, NULL, &error));
    EXPECT(HANDLE, "table", plaudit_kpi_table_state(other, NULL, 0, &size, &error));
    EXPECT(HANDLE, "table", plaudit_kpi_table_merge(other, (uint8_t *)"x", 1, &error));
    EXPECT(HANDLE, "table", plaudit_kpi_table_finish(other, &result, &error));
    EXPECT(HANDLE, "result", plaudit_kpi_result_size(no_result, &size, &groups, &error));
    EXPECT(HANDLE, "result", plaudit_kpi_result_column(no_result, 0, &part, &error));
    EXPECT(HANDLE, "result", plaudit_kpi_result_export(no_result, &array, &schema, &error));
    batch(&array, &schema);
    EXPECT(HANDLE, "table", plaudit_kpi_table_add_arrow(other, &array, &schema, NULL, &error));
    CHECK(!array.release && !schema.release);
    stream.release = release_stream;
    EXPECT(HANDLE, "table", plaudit_kpi_table_add_stream(other, &stream, NULL, &error));
    CHECK(!stream.release);
    if (i > 0) plaudit_kpi_table_free(&other), plaudit_kpi_result_free(&no_result);
  }
  plaudit_kpi_table_free(NULL), plaudit_kpi_result_free(NULL);
  EXPECT(NULL_POINTER, "columns", plaudit_kpi_table_add(table, NULL, 3, NULL, &error));
  EXPECT(ARGUMENT, "columns", plaudit_kpi_table_add(table, columns, 2, NULL, &error));
  EXPECT(ARGUMENT, "columns", plaudit_kpi_table_add(table, NULL, 0, NULL, &error));
  for (int i = 0; i < COUNT(bad_counts); i++) {
    CHECK(plaudit_kpi_table_add(table, columns, bad_counts[i], NULL, NULL) != PLAUDIT_OK);
    plaudit_column kept = columns[1];
    columns[1].count = bad_counts[i];
    CHECK(plaudit_kpi_table_add(table, columns, 3, NULL, NULL) != PLAUDIT_OK);
    columns[1] = kept, columns[1].offset = bad_counts[i];
    EXPECT(ARGUMENT, "offset", plaudit_kpi_table_add(table, columns, 3, NULL, &error));
    columns[1] = kept;
  }
#define NOT_ADDED(status, named, place, field, given)                                   \
  do {                                                                                  \
    plaudit_column kept = columns[place];                                               \
    columns[place].field = (given);                                                     \
    EXPECT(status, named, plaudit_kpi_table_add(table, columns, 3, NULL, &error));      \
    columns[place] = kept;                                                              \
  } while (0)
  NOT_ADDED(ARGUMENT, "struct_size", 0, struct_size, 0);
  NOT_ADDED(ARGUMENT, "struct_size", 2, struct_size, 8);
  NOT_ADDED(ARGUMENT, "clicks", 1, count, 2);
  NOT_ADDED(NULL_POINTER, "clicks", 1, values, NULL);
  NOT_ADDED(RANGE, "type", 1, type, 999);
  NOT_ADDED(NULL_POINTER, "text", 1, type, PLAUDIT_TYPE_TEXT);
  NOT_ADDED(PLAUDIT_ERROR_UNSUPPORTED, "views", 0, type, PLAUDIT_TYPE_TEXT_VIEW);
  NOT_ADDED(PLAUDIT_ERROR_UNSUPPORTED, "keys", 0, type, PLAUDIT_TYPE_FLOAT64);
  NOT_ADDED(NULL_POINTER, "offsets", 0, type, PLAUDIT_TYPE_LARGE_TEXT);
  NOT_ADDED(ARGUMENT, "byte_count", 0, type, (columns[0].byte_count = -1, PLAUDIT_TYPE_TEXT));
  NOT_ADDED(PLAUDIT_ERROR_UNSUPPORTED, "times", 2, format, "tdD");
  plaudit_column inner = column(PLAUDIT_TYPE_INT64, numbers, 3), outer = inner;
  outer.dictionary = &inner;
  NOT_ADDED(PLAUDIT_ERROR_UNSUPPORTED, "dictionary", 0, dictionary, &outer);
  NOT_ADDED(PLAUDIT_ERROR_UNSUPPORTED, "dictionary", 1, dictionary, &inner);
  inner.count = 0;
  EXPECT_OK(plaudit_kpi_table_add(table, columns, 3, NULL, &error));
  for (int i = 0; i < 3; i++) columns[i].count = 0, columns[i].values = NULL;
  EXPECT_OK(plaudit_kpi_table_add(table, columns, 3, NULL, &error));
  for (int i = 0; i < 3; i++) columns[i].count = 3;
  columns[0].values = numbers, columns[1].values = counts, columns[2].values = costs;

  /* states */
  EXPECT(NULL_POINTER, "out_size", plaudit_kpi_table_state(table, NULL, 0, NULL, &error));
  EXPECT_OK(plaudit_kpi_table_state(table, NULL, 0, &size, &error));
  uint8_t *state = malloc((size_t)size);
  EXPECT(PLAUDIT_ERROR_BUFFER_TOO_SMALL, "needed",
         plaudit_kpi_table_state(table, state, size - 1, &groups, &error));
  EXPECT(NULL_POINTER, "out_state", plaudit_kpi_table_state(table, NULL, size, &groups, &error));
  EXPECT(ARGUMENT, "capacity", plaudit_kpi_table_state(table, state, -1, &groups, &error));
  EXPECT_OK(plaudit_kpi_table_state(table, state, size, &size, &error));
  plaudit_kpi_table *loaded = NULL;
  EXPECT(NULL_POINTER, "out_table", plaudit_kpi_table_load(state, size, NULL, &error));
  EXPECT(NULL_POINTER, "state", plaudit_kpi_table_load(NULL, size, &loaded, &error));
  EXPECT(PLAUDIT_ERROR_CORRUPT, "state", plaudit_kpi_table_load(NULL, 0, &loaded, &error));
  EXPECT(PLAUDIT_ERROR_CORRUPT, "state", plaudit_kpi_table_load(state, size - 1, &loaded, &error));
  EXPECT(NULL_POINTER, "state", plaudit_kpi_table_merge(table, NULL, size, &error));
  EXPECT(ARGUMENT, "size", plaudit_kpi_table_merge(table, state, -1, &error));
  state[8] ^= 7;
  EXPECT(PLAUDIT_ERROR_UNSUPPORTED, "version", plaudit_kpi_table_merge(table, state, size, &error));
  state[8] ^= 7, state[40] ^= 1;
  EXPECT(PLAUDIT_ERROR_CORRUPT, "checksum", plaudit_kpi_table_merge(table, state, size, &error));
  state[40] ^= 1;
  EXPECT_OK(plaudit_kpi_table_load(state, size, &loaded, &error));
  EXPECT_OK(plaudit_kpi_table_merge(loaded, state, size, &error));
  free(state);

  /* results */
  EXPECT(NULL_POINTER, "out_result", plaudit_kpi_table_finish(table, NULL, &error));
  EXPECT_OK(plaudit_kpi_table_finish(loaded, &result, &error));
  plaudit_kpi_table_free(&loaded);
  plaudit_result_column part = {.struct_size = sizeof part}, unsized_part = {0};
  EXPECT(NULL_POINTER, "out_groups", plaudit_kpi_result_size(result, NULL, &size, &error));
  EXPECT(NULL_POINTER, "out_columns", plaudit_kpi_result_size(result, &groups, NULL, &error));
  EXPECT_OK(plaudit_kpi_result_size(result, &groups, &size, &error));
  CHECK(groups == 2 && size == 7);
  EXPECT(NULL_POINTER, "out_column", plaudit_kpi_result_column(result, 0, NULL, &error));
  EXPECT(ARGUMENT, "struct_size", plaudit_kpi_result_column(result, 0, &unsized_part, &error));
  EXPECT(RANGE, "index", plaudit_kpi_result_column(result, -1, &part, &error));
  EXPECT(RANGE, "index", plaudit_kpi_result_column(result, size, &part, &error));
  EXPECT_OK(plaudit_kpi_result_column(result, 5, &part, &error));
  CHECK(strcmp(part.name, "cpc") == 0 && part.role == PLAUDIT_ROLE_KPI && part.subject == kpis[0]);
  CHECK(((const double *)part.column.values)[0] == 1 && part.null_count == 0);
  EXPECT(NULL_POINTER, "out_array", plaudit_kpi_result_export(result, NULL, &schema, &error));
  EXPECT(NULL_POINTER, "out_schema", plaudit_kpi_result_export(result, &array, NULL, &error));
  EXPECT_OK(plaudit_kpi_result_export(result, &array, &schema, &error));
  plaudit_kpi_result_free(&result);
  CHECK(array.length == 2 && array.n_children == 7 && strcmp(schema.format, "+s") == 0);
  CHECK(strcmp(schema.children[5]->name, "cpc") == 0 && schema.children[5]->format[0] == 'g');
  /* A child that is moved away outlives its parent. */
  struct ArrowArray moved = *array.children[5];
  array.children[5]->release = NULL;
  array.release(&array), schema.release(&schema);
  CHECK(!array.release && !schema.release && ((const double *)moved.buffers[1])[1] == 1);
  moved.release(&moved);

  /* Arrow */
  plaudit_kpi_options spent = good;
  spent.measure_count = 1, spent.measures = measures + 1, spent.kpi_count = 0, spent.kpis = NULL;
  EXPECT_OK(plaudit_kpi_table_create(&spent, &loaded, &error));
  batch(&array, &schema);
  releases = 0;
  EXPECT_OK(plaudit_kpi_table_add_arrow(loaded, &array, &schema, NULL, &error));
  CHECK(releases == 2 && !array.release && !schema.release);
  EXPECT(PLAUDIT_ERROR_INVALID_STATE, "released",
         plaudit_kpi_table_add_arrow(loaded, &array, &schema, NULL, &error));
  batch(&array, &schema);
  EXPECT(NULL_POINTER, "array", plaudit_kpi_table_add_arrow(loaded, NULL, &schema, NULL, &error));
  EXPECT(NULL_POINTER, "schema", plaudit_kpi_table_add_arrow(loaded, &array, NULL, NULL, &error));
  CHECK(!array.release && !schema.release);
#define ARROW(status, named, change)                                                      \
  do {                                                                                    \
    batch(&array, &schema);                                                               \
    change;                                                                               \
    EXPECT(status, named, plaudit_kpi_table_add_arrow(loaded, &array, &schema, NULL, &error)); \
    CHECK(!array.release && !schema.release);                                             \
  } while (0)
  ARROW(PLAUDIT_ERROR_INVALID_STATE, "released", schema.release = NULL);
  ARROW(PLAUDIT_ERROR_INVALID_STATE, "released", cost_array.release = NULL);
  ARROW(PLAUDIT_ERROR_UNSUPPORTED, "struct", schema.format = "l");
  ARROW(PLAUDIT_ERROR_UNSUPPORTED, "struct", schema.format = NULL);
  ARROW(PLAUDIT_ERROR_UNSUPPORTED, "cost", cost_schema.format = "d:10,2");
  ARROW(PLAUDIT_ERROR_UNSUPPORTED, "null", array.null_count = 1; batch_buffers[0] = words);
  batch_buffers[0] = NULL;
  ARROW(ARGUMENT, "no column cost", cost_schema.name = "spend");
  ARROW(ARGUMENT, "no column cost", cost_schema.name = NULL);
  ARROW(ARGUMENT, "two columns", cost_schema.name = "k");
  ARROW(ARGUMENT, "children", array.n_children = 1);
  ARROW(ARGUMENT, "length", cost_array.length = 2);
  ARROW(ARGUMENT, "length", array.length = -1);
  ARROW(ARGUMENT, "length", array.offset = 1);
  ARROW(ARGUMENT, "offset", cost_array.offset = -1);
  ARROW(ARGUMENT, "buffers", cost_array.n_buffers = 1);
  ARROW(ARGUMENT, "buffers", cost_array.buffers = NULL);
  ARROW(NULL_POINTER, "cost", cost_buffers[1] = NULL; array.length = 3);
  ARROW(ARGUMENT, "dictionary", key_array.dictionary = &cost_array);
  ARROW(NULL_POINTER, "schema", schema.children = NULL);
  ARROW(NULL_POINTER, "k", array.children = NULL);
#undef ARROW

  /* streams */
  EXPECT(NULL_POINTER, "stream", plaudit_kpi_table_add_stream(loaded, NULL, NULL, &error));
  EXPECT(PLAUDIT_ERROR_INVALID_STATE, "released",
         plaudit_kpi_table_add_stream(loaded, &stream, NULL, &error));
  stream.release = release_stream, stream_batches = 3;
  EXPECT_OK(plaudit_kpi_table_add_stream(loaded, &stream, NULL, &error));
  CHECK(!stream.release);
  stream.release = release_stream, stream_fails = 1;
  EXPECT(PLAUDIT_ERROR_IO, "the disk is gone",
         plaudit_kpi_table_add_stream(loaded, &stream, NULL, &error));
  stream.release = release_stream, stream.get_next = NULL;
  EXPECT(NULL_POINTER, "get_next", plaudit_kpi_table_add_stream(loaded, &stream, NULL, &error));
  EXPECT_OK(plaudit_kpi_table_finish(loaded, &result, &error));
  EXPECT_OK(plaudit_kpi_result_column(result, 2, &part, &error));
  CHECK(((const double *)part.column.values)[0] == 8 && ((const double *)part.column.values)[1] == 7);
  plaudit_kpi_result_free(&result);
  plaudit_kpi_table_free(&loaded);

  /* data: the row is told, and the table holds a part */
  int64_t codes[] = {0, 7, 0};
  inner.count = 1;
  columns[0].values = codes, columns[0].dictionary = &inner;
  plaudit_error *cause = NULL;
  CHECK(plaudit_kpi_table_add(live, columns, 3, NULL, &cause) == DATA);
  CHECK(plaudit_error_index(cause) == 1);
  plaudit_error_free(&cause);
  EXPECT(PLAUDIT_ERROR_INVALID_STATE, "part",
         plaudit_kpi_table_add(live, columns, 3, NULL, &error));
  EXPECT(PLAUDIT_ERROR_INVALID_STATE, "part", plaudit_kpi_table_finish(live, &result, &error));
  plaudit_kpi_table_free(&live);
#undef NOT_ADDED
}

static void running(void) {
  double numbers[] = {1, 2, NAN}, averages[3];
  plaudit_running_moments moments = {.struct_size = sizeof moments}, other = moments, unsized_moments = {0};
  EXPECT(NULL_POINTER, "moments", plaudit_stats_running_moments_add(NULL, numbers, 2, &error));
  EXPECT(ARGUMENT, "struct_size", plaudit_stats_running_moments_add(&unsized_moments, numbers, 2, &error));
  EXPECT(NULL_POINTER, "values", plaudit_stats_running_moments_add(&moments, NULL, 2, &error));
  EXPECT(ARGUMENT, "count", plaudit_stats_running_moments_add(&moments, numbers, -1, &error));
  EXPECT(PLAUDIT_ERROR_NOT_FINITE, "row 2", plaudit_stats_running_moments_add(&moments, numbers, 3, &error));
  EXPECT_OK(plaudit_stats_running_moments_add(&moments, numbers, 2, &error));
  EXPECT(NULL_POINTER, "moments", plaudit_stats_running_moments_merge(NULL, &other, &error));
  EXPECT(NULL_POINTER, "other", plaudit_stats_running_moments_merge(&moments, NULL, &error));
  other.count = -4;
  EXPECT(DATA, "moments", plaudit_stats_running_moments_merge(&moments, &other, &error));
  other.count = 1, other.mean = INFINITY;
  EXPECT(PLAUDIT_ERROR_NOT_FINITE, "finite", plaudit_stats_running_moments_merge(&moments, &other, &error));
  EXPECT_OK(plaudit_stats_running_moments_merge(&moments, &moments, &error));
  CHECK(moments.count == 4 && moments.mean == 1.5);

  EXPECT(NULL_POINTER, "values",
         plaudit_stats_exponential_averages(NULL, 2, 0.5, 1, averages, &error));
  EXPECT(NULL_POINTER, "out_averages",
         plaudit_stats_exponential_averages(numbers, 2, 0.5, 1, NULL, &error));
  EXPECT(ARGUMENT, "count",
         plaudit_stats_exponential_averages(numbers, -2, 0.5, 1, averages, &error));
  EXPECT(RANGE, "alpha", plaudit_stats_exponential_averages(numbers, 2, 0, 1, averages, &error));
  EXPECT(RANGE, "adjusted", plaudit_stats_exponential_averages(numbers, 2, 1, 2, averages, &error));
  EXPECT_OK(plaudit_stats_exponential_averages(numbers, 3, 0.5, 0, averages, &error));
  CHECK(averages[1] == 1.5 && averages[2] == 1.5);

  double absolute[3];
  int32_t flags[3];
  EXPECT(NULL_POINTER, "treatments",
         plaudit_stats_relative_lift_column(NULL, numbers, 2, averages, absolute, flags, &error));
  EXPECT(NULL_POINTER, "controls",
         plaudit_stats_relative_lift_column(numbers, NULL, 2, averages, absolute, flags, &error));
  EXPECT(NULL_POINTER, "out_relative",
         plaudit_stats_relative_lift_column(numbers, numbers, 2, NULL, absolute, flags, &error));
  EXPECT(ARGUMENT, "count",
         plaudit_stats_relative_lift_column(numbers, numbers, -1, averages, NULL, NULL, &error));
  EXPECT_OK(plaudit_stats_relative_lift_column(numbers, numbers, 2, averages, NULL, NULL, &error));
}

static void completeness(void) {
  char *header = contents("include/plaudit.h"), *test = contents("Tests/abi/misuse_test.c");
  int found = 0;
  for (char *at = header; (at = strstr(at, "plaudit_")); at++) {
    size_t length = strspn(at, "abcdefghijklmnopqrstuvwxyz0123456789_");
    char before = at > header ? at[-1] : ' ', name[128];
    if (at[length] != '(' || (before != ' ' && before != '*') || length >= sizeof name) continue;
    if (strncmp(at, "plaudit_x_", 10) == 0) continue; /* stands for any type in the introduction */
    snprintf(name, sizeof name, "%.*s", (int)length, at);
    found++;
    if (!strstr(test, name)) {
      fprintf(stderr, "%s is not called\n", name);
      failures++;
    }
  }
  CHECK(found > 50);
  free(header), free(test);
}

int main(void) {
  const char *tiny = getenv("PLAUDIT_TEST_MODEL"), *sentences = getenv("PLAUDIT_TEST_EMBEDDER");
  plaudit_text_batch texts = two();
  EXPECT_OK(plaudit_model_load(tiny, -1, NULL, &model, &error));
  EXPECT_OK(plaudit_model_load(sentences, -1, NULL, &embedder, &error));
  EXPECT_OK(plaudit_tokenizer_load(tiny, -1, &tokenizer, &error));
  EXPECT_OK(plaudit_tokenizer_encode(tokenizer, &texts, NULL, NULL, &encoding, &error));
  EXPECT_OK(plaudit_text_clean("none", -1, &texts, &cleaning, &error));
  EXPECT_OK(plaudit_scorer_create(model, NULL, &scorer, &error));
  EXPECT_OK(plaudit_trainer_create(embedder, &texts, NULL, &trainer, &error));
  EXPECT_OK(plaudit_cancel_create(&cancel, &error));
  if (failures) return 1;
  collect_garbage();

  library();
  handles();
  frees();
  null_pointers();
  texts_of_all_kinds();
  cleaning_of_texts();
  options();
  precisions();
  buffers();
  training();
  training_options();
  lexicon();
  searches();
  callbacks();
  statistics();
  model_metrics();
  experiments();
  hypotheses();
  resampling();
  series();
  assignment();
  decisions();
  kpi_tables();
  running();
  completeness();

  /* After all that the handles still work, children outlive their parents, and all can be freed. */
  plaudit_model_free(&model);
  EXPECT_OK(plaudit_scorer_score(scorer, "love it", -1, scores, 64, NULL, NULL, &error));
  plaudit_scorer_free(&scorer);
  plaudit_trainer_free(&trainer);
  plaudit_encoding_free(&encoding);
  plaudit_cleaning_free(&cleaning);
  plaudit_tokenizer_free(&tokenizer);
  plaudit_model_free(&embedder);
  plaudit_cancel_free(&cancel);
  printf("%d calls, %d failures\n", calls, failures);
  return failures != 0;
}
