/* Sums by group: a few integer additions a row, the words of a group side by side. */
#include "ccolumns.h"

enum { AHEAD = 16 };

/* With the number of words known, their addresses stay in registers. */
#define TALLY(N)                                                        \
  case N: {                                                             \
    const int64_t *w[N > 0 ? N : 1];                                    \
    for (int k = 0; k < N; k++) w[k] = words[k];                        \
    for (int64_t row = 0; row < count; row++) {                         \
      int64_t *group = groups + (int64_t)ids[row] * stride;             \
      if (row % 8 == 0)                                                 \
        for (int64_t k = 0; k < next_count; k++)                        \
          __builtin_prefetch(next[k] + row * 8, 0, 2);                  \
      if (far && row + AHEAD < count)                                   \
        __builtin_prefetch(groups + (int64_t)ids[row + AHEAD] * stride, 1); \
      _Pragma("clang loop unroll(full)") for (int k = 0; k < N; k++)    \
          group[k] += w[k][row];                                        \
      group[N] += 1;                                                    \
    }                                                                   \
    return;                                                             \
  }

static inline __attribute__((always_inline)) void tally(int64_t *groups, int64_t stride,
                                                        const uint32_t *ids, int64_t count,
                                                        const int64_t *const *words,
                                                        int64_t word_count, int far,
                                                        const char *const *next,
                                                        int64_t next_count) {
  switch (word_count) {
    TALLY(0)
    TALLY(1)
    TALLY(2)
    TALLY(3)
    TALLY(4)
    TALLY(5)
    TALLY(6)
    TALLY(7)
    TALLY(8)
    TALLY(9)
    TALLY(10)
    TALLY(11)
    TALLY(12)
    default: break;
  }
  for (int64_t row = 0; row < count; row++) {
    int64_t *group = groups + (int64_t)ids[row] * stride;
    for (int64_t k = 0; k < word_count; k++) group[k] += words[k][row];
    group[word_count] += 1;
  }
}

void pc_tally(int64_t *groups, int64_t stride, const uint32_t *ids, int64_t count,
              const int64_t *const *words, int64_t word_count, int32_t far,
              const char *const *next, int64_t next_count) {
  if (far)
    tally(groups, stride, ids, count, words, word_count, 1, next, next_count);
  else
    tally(groups, stride, ids, count, words, word_count, 0, next, next_count);
}
