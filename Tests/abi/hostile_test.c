/* Model folders with bytes changed, cut out or put in at random (seeded): each loads or is refused
 * with a message, what loads is used once, and nothing ends the process. */
#include "library.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static uint64_t state = 2024;
static uint64_t draw(uint64_t bound) {
  state ^= state << 13, state ^= state >> 7, state ^= state << 17;
  return state % bound;
}

typedef struct {
  char name[64];
  char *bytes;
  size_t size;
} part;

static void write_part(const char *folder, const part *file, const char *bytes, size_t size) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", folder, file->name);
  FILE *out = fopen(path, "wb");
  CHECK(out && (size == 0 || fwrite(bytes, 1, size, out) == size) && fclose(out) == 0);
}

static int read_part(const char *folder, const char *name, part *file) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *in = fopen(path, "rb");
  if (!in) return 0;
  snprintf(file->name, sizeof file->name, "%s", name);
  file->bytes = malloc(1 << 20);
  file->size = fread(file->bytes, 1, 1 << 20, in);
  fclose(in);
  return 1;
}

/* One fault or a few; JSON likes its own characters and numbers. */
static size_t mutate(char *bytes, size_t size, size_t header) {
  static const char likely[] = "{}[]\",:0123456789-.eE\\\0\xFF\x80nulltrue";
  for (uint64_t faults = 1 + draw(3); faults > 0; faults--) {
    size_t range = size < header ? size : header, at = range ? draw(range) : 0;
    switch (draw(5)) {
      case 0:
        bytes[at] = (char)draw(256);
        break;
      case 1:
        bytes[at] = likely[draw(sizeof likely - 1)];
        break;
      case 2:
        size = draw(2) ? at : size - draw(size < 9 ? size + 1 : 9);
        break;
      case 3: {
        size_t length = 1 + draw(12);
        if (at + length <= size)
          memmove(bytes + at, bytes + at + length, size - at - length), size -= length;
        break;
      }
      default: {
        const char *digits[] = {"99999999999999999999", "-1",   "1e999", "0",
                                "4294967296",           "\"\"", "null",  "[[[["};
        const char *text = digits[draw(8)];
        size_t length = strlen(text);
        if (at + length <= size) memcpy(bytes + at, text, length);
      }
    }
  }
  return size;
}

int main(void) {
  load_library();
  alarm(600);
  const char *sources[] = {getenv("PLAUDIT_TEST_MODEL"), getenv("PLAUDIT_TEST_EMBEDDER")};
  const char *names[] = {"config.json",           "model.safetensors", "tokenizer.json",
                         "tokenizer_config.json", "modules.json",      "sentence_bert_config.json"};
  int loaded = 0, refused = 0;
  for (int source = 0; source < 2; source++) {
    char folder[] = "plaudit-hostile-XXXXXX", pooling[128];
    CHECK(chdir(getenv("TMPDIR") ? getenv("TMPDIR") : P_tmpdir) == 0 && mkdtemp(folder));
    snprintf(pooling, sizeof pooling, "%s/1_Pooling", folder);
    CHECK(mkdir(pooling, 0700) == 0);
    part files[8];
    int count = 0;
    for (int i = 0; i < 6; i++) count += read_part(sources[source], names[i], &files[count]);
    part extra;
    if (read_part(sources[source], "1_Pooling/config.json", &extra)) files[count++] = extra;
    for (int i = 0; i < count; i++) write_part(folder, &files[i], files[i].bytes, files[i].size);

    char *changed = malloc((1 << 20) + 64);
    for (int round = 0; round < 2500; round++) {
      part *file = &files[round % count];
      memcpy(changed, file->bytes, file->size);
      /* Weights are mostly numbers; what can be wrong stands in their header. */
      int weights = strcmp(file->name, "model.safetensors") == 0;
      size_t size = mutate(changed, file->size, weights && round % 3 ? 2000 : file->size);
      write_part(folder, file, changed, size);
      plaudit_model *model = NULL;
      plaudit_error *error = NULL;
      plaudit_status status = FROM_LIBRARY(plaudit_model_load)(folder, -1, NULL, &model, &error);
      if (status == PLAUDIT_OK) {
        loaded++;
        const char *posts[] = {"a great day [SEP] \xF0\x9F\x98\x8D", ""};
        static float room[4096];
        plaudit_text_batch texts = {.struct_size = sizeof texts, .count = 2, .pointers = posts};
        static int64_t offsets[3];
        plaudit_status (*predict)(const plaudit_model *, const plaudit_text_batch *,
                                  const plaudit_text_batch *, const plaudit_predict_options *,
                                  const plaudit_run_options *, float *, int64_t, int32_t *,
                                  plaudit_text_report *, plaudit_error **) =
            FROM_LIBRARY(plaudit_model_predict);
        status = predict(model, &texts, NULL, NULL, NULL, room, 4096, NULL, NULL, NULL);
        CHECK(status != PLAUDIT_ERROR_INTERNAL);
        status =
            FROM_LIBRARY(plaudit_model_embed)(model, &texts, NULL, NULL, room, 4096, NULL, NULL);
        CHECK(status != PLAUDIT_ERROR_INTERNAL);
        status = FROM_LIBRARY(plaudit_model_hidden_states)(model, &texts, &texts, NULL, NULL, room,
                                                           4096, offsets, NULL);
        CHECK(status != PLAUDIT_ERROR_INTERNAL);
        FROM_LIBRARY(plaudit_model_free)(&model);
      } else {
        refused++;
        CHECK(status != PLAUDIT_ERROR_INTERNAL && model == NULL);
        CHECK(FROM_LIBRARY(plaudit_error_message)(error)[0]);
      }
      FROM_LIBRARY(plaudit_error_free)(&error);
      write_part(folder, file, file->bytes, file->size);
    }
    free(changed);
    char path[4096];
    for (int i = 0; i < count; i++) {
      snprintf(path, sizeof path, "%s/%s", folder, files[i].name);
      unlink(path);
      free(files[i].bytes);
    }
    rmdir(pooling);
    rmdir(folder);
  }
  printf("%d loaded, %d refused\n", loaded, refused);
  CHECK(loaded > 100 && refused > 1000);
  return 0;
}
