/* Every function of the header is called wrongly: NULL in each place, handles that are NULL, freed,
 * of another type or garbage, counts that are negative or absurd, options out of range, text that
 * is no UTF-8. Each answer is the one the header's table promises, with a message that names what
 * is wrong, and the process goes on to its end. */
#include <plaudit.h>

#include <math.h>
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
static plaudit_model *model, *embedder;
static plaudit_scorer *scorer;
static plaudit_trainer *trainer;
static plaudit_cancel *cancel;

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
  void *live_[] = {tokenizer, encoding, model, scorer, trainer, cancel};                          \
  for (int i_ = 0; i_ < garbage_count + COUNT(live_); i_++)                                       \
    for (void *bad = i_ < garbage_count ? garbage[i_] : live_[i_ - garbage_count], *once_ = &bad; \
         once_; once_ = NULL)                                                                     \
      if (bad != (void *)(own) || !bad)

static void handles(void) {
  plaudit_text_batch texts = two();
  plaudit_encoding_view view = {sizeof view};
  plaudit_model_info info = {sizeof info};
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
    WITH_BAD(model) {
      plaudit_tokenizer *made = (void *)1;
      plaudit_scorer *scoring = (void *)1;
      plaudit_trainer *training = (void *)1;
      EXPECT(HANDLE, "model", plaudit_model_save(bad, "x", -1, &error));
      EXPECT(HANDLE, "model", plaudit_model_get_info(bad, &info, &error));
      EXPECT(HANDLE, "model", plaudit_model_label(bad, 0, &text, &error));
      EXPECT(HANDLE, "model", plaudit_model_label_index(bad, "a", -1, &number, &error));
      EXPECT(HANDLE, "model", plaudit_model_tokenizer(bad, &made, &error));
      EXPECT(HANDLE, "model",
             plaudit_model_predict(bad, &texts, NULL, NULL, NULL, scores, 64, NULL, NULL, &error));
      EXPECT(HANDLE, "model",
             plaudit_model_embed(bad, &texts, NULL, NULL, scores, 64, NULL, &error));
      EXPECT(HANDLE, "model",
             plaudit_model_hidden_states(bad, &texts, NULL, NULL, NULL, NULL, 0, offsets, &error));
      EXPECT(HANDLE, "model", plaudit_scorer_create(bad, NULL, &scoring, &error));
      EXPECT(HANDLE, "model", plaudit_trainer_create(bad, &texts, NULL, &training, &error));
      CHECK(!made && !scoring && !training);
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
      EXPECT(HANDLE, "trainer", plaudit_trainer_add_embeddings(bad, scores, 1, labels, &error));
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
  FREES(plaudit_model_free, plaudit_model);
  FREES(plaudit_scorer_free, plaudit_scorer);
  FREES(plaudit_trainer_free, plaudit_trainer);
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
  plaudit_model *made_model;
  plaudit_scorer *made_scorer;
  plaudit_trainer *made_trainer;
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
  EXPECT(NULL_POINTER, "path", plaudit_model_load(NULL, -1, NULL, &made_model, &error));
  EXPECT(NULL_POINTER, "out_model", plaudit_model_load(tiny, -1, NULL, NULL, &error));
  EXPECT(NULL_POINTER, "path", plaudit_model_save(model, NULL, -1, &error));
  EXPECT(NULL_POINTER, "out_info", plaudit_model_get_info(model, NULL, &error));
  EXPECT(NULL_POINTER, "out_name", plaudit_model_label(model, 0, NULL, &error));
  EXPECT(NULL_POINTER, "name", plaudit_model_label_index(model, NULL, -1, &number, &error));
  EXPECT(NULL_POINTER, "out_index", plaudit_model_label_index(model, "a", -1, NULL, &error));
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

  plaudit_model_options model_options = {sizeof model_options, -1};
  plaudit_model *loaded = (void *)1;
  const char *tiny = getenv("PLAUDIT_TEST_MODEL");
  EXPECT(ARGUMENT, "max_bytes", plaudit_model_load(tiny, -1, &model_options, &loaded, &error));
  CHECK(loaded == NULL);
  model_options.max_bytes = 100;
  EXPECT(PLAUDIT_ERROR_LIMIT, "100", plaudit_model_load(tiny, -1, &model_options, &loaded, &error));
  EXPECT(ARGUMENT, "path", plaudit_model_load(tiny, -2, NULL, &loaded, &error));
  EXPECT(ARGUMENT, "NUL", plaudit_model_load("a\0b", 3, NULL, &loaded, &error));
  EXPECT(PLAUDIT_ERROR_NOT_FOUND, "nowhere",
         plaudit_model_load("/nowhere", -1, NULL, &loaded, &error));
  plaudit_tokenizer *cut = NULL;
  EXPECT(PLAUDIT_ERROR_NOT_FOUND, "nowhere", plaudit_tokenizer_load("/nowhere", -1, &cut, &error));
  EXPECT(PLAUDIT_ERROR_NOT_FOUND, "/proc/plaudit",
         plaudit_model_save(model, "/proc/plaudit", -1, &error));
  EXPECT(PLAUDIT_ERROR_IO, "/dev/null", plaudit_model_save(model, "/dev/null", -1, &error));
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
  options();
  buffers();
  training();
  callbacks();
  statistics();
  completeness();

  /* After all that the handles still work, children outlive their parents, and all can be freed. */
  plaudit_model_free(&model);
  EXPECT_OK(plaudit_scorer_score(scorer, "love it", -1, scores, 64, NULL, NULL, &error));
  plaudit_scorer_free(&scorer);
  plaudit_trainer_free(&trainer);
  plaudit_encoding_free(&encoding);
  plaudit_tokenizer_free(&tokenizer);
  plaudit_model_free(&embedder);
  plaudit_cancel_free(&cancel);
  printf("%d calls, %d failures\n", calls, failures);
  return failures != 0;
}
