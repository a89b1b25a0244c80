/* Words of up to 16 bytes as two numbers, and where they stand in a table. */
#ifndef PLAUDIT_CTEXT_KEYS_H
#define PLAUDIT_CTEXT_KEYS_H

#include <string.h>

#include "ctext.h"

/* The tag of no word: its first byte would be 0xFF. */
#define TAG_OF_NONE 0x100ull

/* Which bytes belong to a word of each length. */
static const uint64_t key_masks[PT_LONGEST_WORD + 1][2] = {
#define LOW(n) {~0ull >> (64 - 8 * (n)), 0}
#define HIGH(n) {~0ull, ~0ull >> (64 - 8 * (n))}
    {0, 0},  LOW(1),  LOW(2),  LOW(3),  LOW(4),  LOW(5),  LOW(6),  LOW(7), {~0ull, 0},
    HIGH(1), HIGH(2), HIGH(3), HIGH(4), HIGH(5), HIGH(6), HIGH(7), HIGH(8)};
#undef LOW
#undef HIGH

typedef struct {
  uint64_t tag, second;
} word_key;

/* The numbers of a word of 1...16 bytes, 16 of which can be read. Tag and second number together
   say what the first number is. */
static inline word_key read_key(const uint8_t *word, uint32_t length) {
  uint64_t bytes[2];
  memcpy(bytes, word, 16);
  uint64_t first = ~bytes[0] & key_masks[length][0], second = ~bytes[1] & key_masks[length][1];
  return (word_key){first ^ second * 0xD6E8FEB86659FD93ull, second};
}

/* As read_key, where only `length` bytes can be read. */
static inline word_key copy_key(const uint8_t *word, int64_t length) {
  uint8_t bytes[16] = {0};
  memcpy(bytes, word, (size_t)length);
  return read_key(bytes, (uint32_t)length);
}

/* The top bits of a product depend on all bits of the tag. */
static inline uint64_t bucket_of(uint64_t tag, int64_t shift) {
  return tag * 0x9E3779B97F4A7C15ull >> shift;
}

#endif
