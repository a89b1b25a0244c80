/* Kernels for one block of a column: exact splitting, key codes, tallies of groups, sums of drawn rows.
 *
 * No function allocates; what grows has been reserved by the caller. Counts are those of a block,
 * at most PC_BLOCK rows. */
#ifndef CCOLUMNS_H
#define CCOLUMNS_H

#include <stdint.h>

enum { PC_BLOCK = 2048 };

/* The low bits all magnitudes fit in (`bits`), and whether one is negative. */
typedef struct pc_extent {
  uint64_t bits;
  int32_t negative;
} pc_extent;

pc_extent pc_extent_of(const int64_t *values, int64_t count);

/* value = high * 2^-upper + low * 2^-lower, exactly; see pc_split. */
typedef struct pc_window {
  double upper_magic; /* 1.5 * 2^(52 - upper): adding it rounds to a multiple of 2^-upper */
  double lower_magic; /* 1.5 * 2^(52 - lower) */
  double limit;       /* magnitudes from here on do not fit */
} pc_window;

enum { PC_SPLIT_OUTSIDE = 1, PC_SPLIT_NEGATIVE = 2 };

/* Splits doubles into pairs of integers that add up to them. Returns PC_SPLIT_OUTSIDE when some
 * value (NaN and infinity included) is no such sum, so that the block wants looking at row by row,
 * and PC_SPLIT_NEGATIVE when some value is below 0. `high_bits` gets the bits of |high|. */
int32_t pc_split(const double *values, int64_t count, pc_window window, int64_t *high,
                 int64_t *low, uint64_t *high_bits);

/* Adds words[w][row] to groups[ids[row] * stride + w] for every w below word_count, and 1 to the
 * word after them. With `far` groups are fetched ahead of their rows. Meanwhile eight bytes a row
 * are fetched from each of `next`, where the next rows of columns are: they are never read. */
void pc_tally(int64_t *groups, int64_t stride, const uint32_t *ids, int64_t count,
              const int64_t *const *words, int64_t word_count, int32_t far,
              const char *const *next, int64_t next_count);

/* Key codes. A table maps keys to codes 1, 2, ... in order of first appearance, which leaves 0 to
 * null; the key of a code is at place code - 1. An entry is (hash of 32 bits) << 32 | code, 0 when
 * empty. The caller keeps room for `count` new keys: at most half of the mask + 1 entries in use,
 * and `count` more places for keys. */

/* Codes by position: places[key - base] = code. Stops before the first key outside of
 * base..base + size - 1 and returns how many rows are done. */
int64_t pc_codes_dense(const int64_t *keys, int64_t count, int64_t base, int64_t size,
                       uint32_t *places, int64_t *values, int64_t *value_count, uint32_t *codes);

void pc_codes_hashed(const int64_t *keys, int64_t count, uint64_t *entries, uint64_t mask,
                     int64_t *values, int64_t *value_count, uint32_t *codes);

/* The hash of pc_codes_hashed, for growing a table. */
uint32_t pc_hash_integer(int64_t key);

typedef struct pc_text {
  const uint8_t *bytes;
  int64_t length;
} pc_text;

/* The texts between offsets of 32 or 64 bits; returns the first row whose offsets decrease or lie
 * outside of 0..limit, `count` when there is none. */
int64_t pc_texts(const void *starts, int32_t wide, const uint8_t *bytes, int64_t limit,
                 int64_t count, pc_text *texts);

/* The same for views of 16 bytes into buffers of known sizes. */
int64_t pc_views(const uint8_t *views, int64_t count, const uint8_t *const *buffers,
                 const int64_t *sizes, int64_t buffer_count, pc_text *texts);

/* high * 2^64 + low as the nearest double, ties to even. */
double pc_nearest(int64_t high, uint64_t low);

/* A text key: up to 16 bytes are in `a` and `b` whole, of longer ones these are hashes. */
typedef struct pc_text_key {
  uint64_t a;
  uint64_t b;
  uint64_t start; /* in the arena */
  uint64_t length;
} pc_text_key;

/* The caller keeps room in `arena` for the bytes of all texts of the block. */
void pc_codes_text(const pc_text *texts, int64_t count, uint64_t *entries, uint64_t mask,
                   pc_text_key *keys, int64_t *key_count, uint8_t *arena, uint64_t *arena_used,
                   uint32_t *codes);

/* out[row] = lookup[codes[row]] for codes below `size`; returns the first row with another code
 * or with lookup 0, `count` when there is none. Lookups are code + 1. */
int64_t pc_map_codes(const int64_t *codes, int64_t count, const uint32_t *lookup, int64_t size,
                     uint32_t *out);

/* keys[row] = first[row] << shift | second[row]. */
void pc_pair(const uint32_t *first, const uint32_t *second, int64_t count, int32_t shift,
             int64_t *keys);

/* Poisson draws of mean 1 by inversion of 16 random bits: 255 where they do not decide, which are
 * those of a limit, 8 of 65536. */
void pc_poisson(const uint16_t *bits, int64_t count, uint8_t *counts);

/* The sum of terms[i] * counts[i], in 16 running sums: the same bits on every CPU. */
double pc_weighted_sum(const double *terms, const uint8_t *counts, int64_t count);

/* Of at most 2^24 counts. */
int64_t pc_sum_counts(const uint8_t *counts, int64_t count);

#endif
