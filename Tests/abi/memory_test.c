/* What the library allocates, counted: this program's malloc and free are the ones that a library
 * loaded by it calls. Memory is flat over 100,000 calls with texts of random length, failing calls
 * leak nothing, a scorer allocates nothing once it is warm, success costs no error object, and
 * trainings, whole, cancelled and refused, give back all they took. */
#include "library.h"

#include <errno.h>
#include <malloc.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t),
    *__libc_memalign(size_t, size_t);
extern void __libc_free(void *);
static atomic_llong live_bytes;
/* Of the calling thread: a worker that starts late has its own. */
static _Thread_local long long allocations;

static void *counted(void *memory) {
  if (memory) {
    live_bytes += (long long)malloc_usable_size(memory);
    allocations++;
  }
  return memory;
}
void *malloc(size_t size) { return counted(__libc_malloc(size)); }
void *calloc(size_t count, size_t size) { return counted(__libc_calloc(count, size)); }
void free(void *memory) {
  if (memory) live_bytes -= (long long)malloc_usable_size(memory);
  __libc_free(memory);
}
void *realloc(void *memory, size_t size) {
  if (memory) live_bytes -= (long long)malloc_usable_size(memory);
  return counted(__libc_realloc(memory, size));
}
void *memalign(size_t alignment, size_t size) { return counted(__libc_memalign(alignment, size)); }
void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }
int posix_memalign(void **out, size_t alignment, size_t size) {
  void *memory = memalign(alignment, size);
  if (!memory) return ENOMEM;
  *out = memory;
  return 0;
}

static uint64_t state = 42;
static uint64_t draw(uint64_t bound) { /* xorshift64 */
  state ^= state << 13, state ^= state >> 7, state ^= state << 17;
  return state % bound;
}

enum { LONGEST = 1200, CALLS = 100000 };
static char text[LONGEST + 1];
enum { WORDS = 8 };
static const char *const words[WORDS] = {"a ",           "great ",           "day ", "[SEP] ",
                                         "caf\xC3\xA9 ", "\xF0\x9F\x98\x8D", "x",    "!? "};

static int64_t random_text(void) {
  int64_t length = 0, wanted = (int64_t)draw(draw(20) ? 120 : LONGEST - 8);
  while (length < wanted) {
    const char *word = words[draw(WORDS)];
    size_t size = strlen(word);
    memcpy(text + length, word, size);
    length += (int64_t)size;
  }
  return length;
}

static long resident(void) {
  long pages = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  CHECK(file && fscanf(file, "%*d %ld", &pages) == 1);
  fclose(file);
  return pages * 4096;
}

static plaudit_model *model, *embedder;
static plaudit_tokenizer *tokenizer;
static plaudit_scorer *scorer;
static float scores[64 * 64];

static void one_call(int i) {
  int64_t length = random_text();
  const char *pointer = text;
  plaudit_text_batch texts = {
      .struct_size = sizeof texts, .count = 1, .pointers = &pointer, .lengths = &length};
  plaudit_error *error = NULL;
  plaudit_encoding *encoding = NULL;
  switch (i % 8) {
    case 0:
    case 1:
    case 2:
      CHECK(FROM_LIBRARY(plaudit_scorer_score)(scorer, text, length, scores, 64, NULL, NULL,
                                               &error) == PLAUDIT_OK);
      break;
    case 3:
    case 4:
      CHECK(FROM_LIBRARY(plaudit_tokenizer_encode)(tokenizer, &texts, NULL, NULL, &encoding,
                                                   &error) == PLAUDIT_OK);
      FROM_LIBRARY(plaudit_encoding_free)(&encoding);
      break;
    case 5: {
      plaudit_run_options run = {.struct_size = sizeof run, .threads = 1 + i % 3};
      CHECK(FROM_LIBRARY(plaudit_model_predict)(model, &texts, NULL, NULL, &run, scores, 64, NULL,
                                                NULL, &error) == PLAUDIT_OK);
      break;
    }
    case 6:
      CHECK(FROM_LIBRARY(plaudit_model_embed)(embedder, &texts, NULL, NULL, scores, 64, NULL,
                                              &error) == PLAUDIT_OK);
      break;
    default:
      text[length ? length - 1 : 0] = (char)0xFF;
      if (!length) length = 1;
      CHECK(FROM_LIBRARY(plaudit_model_predict)(model, &texts, NULL, NULL, NULL, scores, 64, NULL,
                                                NULL, &error) == PLAUDIT_ERROR_INVALID_UTF8);
      CHECK(FROM_LIBRARY(plaudit_model_predict)(model, &texts, NULL, NULL, NULL, scores, 0, NULL,
                                                NULL, &error) == PLAUDIT_ERROR_BUFFER_TOO_SMALL);
      CHECK(error);
      FROM_LIBRARY(plaudit_error_free)(&error);
  }
  CHECK(error == NULL);
}

/* A scorer that has seen its longest text allocates nothing, and neither does its success. */
static void check_warm(plaudit_scorer *warm) {
  plaudit_status (*score)(plaudit_scorer *, const char *, int64_t, float *, int64_t, int32_t *,
                          plaudit_text_report *, plaudit_error **) =
      FROM_LIBRARY(plaudit_scorer_score);
  memset(text, 'a', LONGEST);
  for (int i = 0; i < LONGEST; i += 2) text[i] = ' ';
  CHECK(score(warm, text, LONGEST, scores, 64, NULL, NULL, NULL) == PLAUDIT_OK);
  /* What is longest depends on the model: cleaning puts words for emoji, a linear model remembers
     the n-grams it knows. So each word fills a text. */
  for (int word = 0; word < WORDS; word++) {
    int size = (int)strlen(words[word]), length = 0;
    for (; length + size <= LONGEST; length += size) memcpy(text + length, words[word], (size_t)size);
    CHECK(score(warm, text, length, scores, 64, NULL, NULL, NULL) == PLAUDIT_OK);
  }
  for (int i = 0; i < 2000; i++) {
    int64_t length = random_text();
    plaudit_error *error = NULL;
    plaudit_text_report report;
    int32_t label;
    long long before = allocations;
    CHECK(score(warm, text, length, scores, 64, &label, &report, &error) == PLAUDIT_OK);
    CHECK(allocations == before && error == NULL);
  }
}

/* One training from its labels to its model, of the architecture; which ones stop early, or fail,
 * follows from the round. */
static char vectors[] = P_tmpdir "/plaudit_memory_XXXXXX";
static int32_t stop_late(const plaudit_progress *progress, void *user) {
  (void)user;
  return progress->step >= 2;
}

static void one_training(const char *architecture, int round) {
  static const char *posts[] = {"great", "bad", "a great day", "a bad day", "tea", "late tea"};
  static const char *names[] = {"good", "bad"}, *broken[] = {"fine", "\xFF"};
  static const int32_t labels[] = {0, 1, 0, 1, 0, 1};
  plaudit_text_batch rows = {.struct_size = sizeof rows, .count = 6, .pointers = posts};
  plaudit_text_batch both = {.struct_size = sizeof both, .count = 2, .pointers = names};
  plaudit_text_batch latin = {.struct_size = sizeof latin, .count = 2, .pointers = broken};
  plaudit_trainer_options options = {.struct_size = sizeof options,
                                     .architecture = architecture,
                                     .cleaning = "tweets-1",
                                     .vectors = vectors,
                                     .epochs = 2,
                                     .batch_size = 2};
  plaudit_trainer *trainer = NULL;
  plaudit_model *made = NULL, *calibrated = NULL;
  plaudit_epoch epochs[2];
  int64_t count = 0;
  plaudit_error *error = NULL;
  CHECK(FROM_LIBRARY(plaudit_trainer_create)(embedder, &both, &options, &trainer, &error) ==
        PLAUDIT_OK);
  CHECK(FROM_LIBRARY(plaudit_trainer_add)(trainer, &latin, labels, NULL, &error) ==
        PLAUDIT_ERROR_INVALID_UTF8);
  FROM_LIBRARY(plaudit_error_free)(&error);
  CHECK(FROM_LIBRARY(plaudit_trainer_add)(trainer, &rows, labels, NULL, &error) == PLAUDIT_OK);
  CHECK(FROM_LIBRARY(plaudit_trainer_add_validation)(trainer, &rows, labels, NULL, &error) ==
        PLAUDIT_OK);
  plaudit_run_options run = {.struct_size = sizeof run,
                             .threads = 1 + round % 2,
                             .progress = round % 3 ? NULL : stop_late,
                             .progress_interval_ms = 1};
  plaudit_status status = FROM_LIBRARY(plaudit_trainer_fit)(trainer, &run, NULL, &error);
  CHECK(status == PLAUDIT_OK || (status == PLAUDIT_ERROR_CANCELLED && run.progress));
  FROM_LIBRARY(plaudit_error_free)(&error);
  CHECK(FROM_LIBRARY(plaudit_trainer_history)(trainer, epochs, 2, &count, &error) == PLAUDIT_OK);
  CHECK(FROM_LIBRARY(plaudit_trainer_model)(trainer, &made, &error) == PLAUDIT_OK);
  CHECK(FROM_LIBRARY(plaudit_model_calibrate)(made, &rows, labels, 10 * (1 + round % 3), NULL,
                                              &calibrated, NULL, &error) == PLAUDIT_OK);
  FROM_LIBRARY(plaudit_trainer_free)(&trainer);
  CHECK(FROM_LIBRARY(plaudit_model_predict)(calibrated, &rows, NULL, NULL, NULL, scores, 64, NULL,
                                            NULL, &error) == PLAUDIT_OK);
  if (round == 0) {
    plaudit_scorer *warm = NULL;
    CHECK(FROM_LIBRARY(plaudit_scorer_create)(made, NULL, &warm, &error) == PLAUDIT_OK);
    check_warm(warm);
    FROM_LIBRARY(plaudit_scorer_free)(&warm);
  }
  FROM_LIBRARY(plaudit_model_free)(&made);
  FROM_LIBRARY(plaudit_model_free)(&calibrated);
  const plaudit_trainer_options *candidates[] = {&options};
  plaudit_fold_result folds[2];
  CHECK(FROM_LIBRARY(plaudit_trainer_search)(embedder, &both, &rows, labels, NULL, candidates, 1, 2,
                                             0, NULL, folds, &count, &error) == PLAUDIT_OK);
}

int main(void) {
  load_library();
  const char *tiny = getenv("PLAUDIT_TEST_MODEL"), *sentences = getenv("PLAUDIT_TEST_EMBEDDER");
  CHECK(tiny && sentences);
  long long none = allocations, empty = live_bytes;
  CHECK(FROM_LIBRARY(plaudit_model_load)(tiny, -1, NULL, &model, NULL) == PLAUDIT_OK);
  CHECK(FROM_LIBRARY(plaudit_model_load)(sentences, -1, NULL, &embedder, NULL) == PLAUDIT_OK);
  CHECK(FROM_LIBRARY(plaudit_model_tokenizer)(model, &tokenizer, NULL) == PLAUDIT_OK);
  CHECK(FROM_LIBRARY(plaudit_scorer_create)(model, NULL, &scorer, NULL) == PLAUDIT_OK);
  CHECK(allocations - none > 100 && live_bytes - empty > 100000); /* the library's are counted */

  for (int i = 0; i < CALLS / 10; i++) one_call(i);
  long long bytes = live_bytes;
  long pages = resident();
  for (int i = 0; i < CALLS; i++) one_call(i);
  printf("after %d calls: %lld bytes more, %ld resident\n", CALLS, live_bytes - bytes,
         resident() - pages);
  CHECK(live_bytes - bytes < 64 * 1024);
  CHECK(resident() - pages < 8 << 20);

  check_warm(scorer);

  /* Models come and go. */
  FROM_LIBRARY(plaudit_scorer_free)(&scorer);
  for (int round = 0; round < 2; round++) {
    bytes = live_bytes;
    for (int i = 0; i < 100; i++) {
      plaudit_model *again = NULL;
      plaudit_scorer *scoring = NULL;
      CHECK(FROM_LIBRARY(plaudit_model_load)(tiny, -1, NULL, &again, NULL) == PLAUDIT_OK);
      CHECK(FROM_LIBRARY(plaudit_scorer_create)(again, NULL, &scoring, NULL) == PLAUDIT_OK);
      FROM_LIBRARY(plaudit_model_free)(&again);
      CHECK(FROM_LIBRARY(plaudit_scorer_score)(scoring, "a", -1, scores, 64, NULL, NULL, NULL) ==
            PLAUDIT_OK);
      FROM_LIBRARY(plaudit_scorer_free)(&scoring);
      CHECK(FROM_LIBRARY(plaudit_model_load)("nowhere", -1, NULL, &again, NULL) ==
            PLAUDIT_ERROR_NOT_FOUND);
    }
    printf("after 100 models: %lld bytes more\n", live_bytes - bytes);
  }
  CHECK(live_bytes - bytes < 16 * 1024);

  /* Trainings come and go. */
  int descriptor = mkstemp(vectors);
  static const char lines[] = "great 1 0.5 -1\nbad -1 2 0.1\nday 0.3 0.2 0.1\n";
  CHECK(descriptor >= 0 && write(descriptor, lines, sizeof lines - 1) == sizeof lines - 1);
  close(descriptor);
  static const char *const architectures[] = {
      "BertForSequenceClassification",     "BertBiLSTMForSequenceClassification",
      "BertWordLSTMForSequenceClassification", "WordLSTMForSequenceClassification",
      "WordCNNForSequenceClassification",  "TfidfLogisticRegression",
      "HashedLinear"};
  for (int which = 0; which < 7; which++) {
    for (int i = 0; i < 6; i++) one_training(architectures[which], i);
    bytes = live_bytes;
    for (int i = 0; i < 12; i++) one_training(architectures[which], i);
    printf("after 12 trainings of %s: %lld bytes more\n", architectures[which],
           live_bytes - bytes);
    CHECK(live_bytes - bytes < 16 * 1024);
  }
  unlink(vectors);
  return 0;
}
