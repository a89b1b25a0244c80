/* From keys to codes: by position, by hash, and for text. */
#include "ccolumns.h"

#include <string.h>

int64_t pc_codes_dense(const int64_t *keys, int64_t count, int64_t base, int64_t size,
                       uint32_t *places, int64_t *values, int64_t *value_count, uint32_t *codes) {
  int64_t known = *value_count, row = 0;
  for (; row < count; row++) {
    uint64_t place = (uint64_t)keys[row] - (uint64_t)base;
    if (place >= (uint64_t)size) break;
    uint32_t code = places[place];
    if (__builtin_expect(code == 0, 0)) {
      values[known] = keys[row];
      places[place] = code = (uint32_t)++known;
    }
    codes[row] = code;
  }
  *value_count = known;
  return row;
}

/* Both halves of the product of 64-bit numbers, folded (Wang Yi's wyhash). */
static inline uint64_t fold(uint64_t a, uint64_t b) {
  __uint128_t product = (__uint128_t)a * b;
  return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static const uint64_t SALT[4] = {0xa0761d6478bd642full, 0xe7037ed1a0b428dbull,
                                 0x8ebc6af09c88c6e3ull, 0x589965cc75374cc3ull};

static inline uint32_t hash_integer(int64_t key) {
  return (uint32_t)(fold((uint64_t)key ^ SALT[0], SALT[1]) >> 32);
}

uint32_t pc_hash_integer(int64_t key) { return hash_integer(key); }

void pc_codes_hashed(const int64_t *keys, int64_t count, uint64_t *entries, uint64_t mask,
                     int64_t *values, int64_t *value_count, uint32_t *codes) {
  int64_t known = *value_count;
  /* The hash waits in `codes` while the entries are on their way. */
  for (int64_t row = 0; row < count; row++) {
    codes[row] = hash_integer(keys[row]);
    __builtin_prefetch(entries + (codes[row] & mask));
  }
  if (mask > 4096)
    for (int64_t row = 0; row < count; row++) {
      uint32_t code = (uint32_t)entries[codes[row] & mask];
      if (code) __builtin_prefetch(values + code - 1);
    }
  for (int64_t row = 0; row < count; row++) {
    uint32_t hash = codes[row];
    for (uint64_t place = hash & mask;; place = (place + 1) & mask) {
      uint64_t entry = entries[place];
      if (entry == 0) {
        values[known] = keys[row];
        entries[place] = (uint64_t)hash << 32 | (uint64_t)(known + 1);
        codes[row] = (uint32_t)++known;
        break;
      }
      if (entry >> 32 == hash && values[(uint32_t)entry - 1] == keys[row]) {
        codes[row] = (uint32_t)entry;
        break;
      }
    }
  }
  *value_count = known;
}

static inline uint64_t load8(const uint8_t *from) {
  uint64_t word;
  memcpy(&word, from, 8);
  return word;
}

static inline uint64_t load4(const uint8_t *from) {
  uint32_t word;
  memcpy(&word, from, 4);
  return word;
}

/* With the length these two words are a text of up to 16 bytes; nothing beyond it is read. */
static inline void words_of(const uint8_t *bytes, uint64_t length, uint64_t *a, uint64_t *b) {
  if (length > 16) {
    uint64_t one = SALT[2] ^ length, two = SALT[3];
    uint64_t at = 0;
    for (; at + 16 < length; at += 16) {
      one = fold(load8(bytes + at) ^ SALT[1], load8(bytes + at + 8) ^ one);
      two = fold(load8(bytes + at) ^ two, load8(bytes + at + 8) ^ SALT[0]);
    }
    const uint8_t *tail = bytes + length - 16;
    *a = fold(load8(tail) ^ SALT[1], load8(tail + 8) ^ one);
    *b = fold(load8(tail) ^ two, load8(tail + 8) ^ SALT[0]);
  } else if (length >= 8) {
    *a = load8(bytes);
    *b = load8(bytes + length - 8);
  } else if (length >= 4) {
    *a = load4(bytes);
    *b = load4(bytes + length - 4);
  } else if (length > 0) {
    *a = (uint64_t)bytes[0] << 16 | (uint64_t)bytes[length / 2] << 8 | bytes[length - 1];
    *b = 0;
  } else {
    *a = 0;
    *b = 0;
  }
}

void pc_codes_text(const pc_text *texts, int64_t count, uint64_t *entries, uint64_t mask,
                   pc_text_key *keys, int64_t *key_count, uint8_t *arena, uint64_t *arena_used,
                   uint32_t *codes) {
  int64_t known = *key_count;
  uint64_t used = *arena_used;
  uint64_t a[PC_BLOCK], b[PC_BLOCK];
  for (int64_t row = 0; row < count; row++) {
    words_of(texts[row].bytes, (uint64_t)texts[row].length, a + row, b + row);
    uint64_t mixed = fold(a[row] ^ SALT[0] ^ (uint64_t)texts[row].length, b[row] ^ SALT[1]);
    codes[row] = (uint32_t)(mixed ^ mixed >> 32);
    __builtin_prefetch(entries + (codes[row] & mask));
  }
  if (mask > 2048)
    for (int64_t row = 0; row < count; row++) {
      uint32_t code = (uint32_t)entries[codes[row] & mask];
      if (code) __builtin_prefetch(keys + code - 1);
    }
  for (int64_t row = 0; row < count; row++) {
    uint32_t hash = codes[row];
    uint64_t length = (uint64_t)texts[row].length;
    for (uint64_t place = hash & mask;; place = (place + 1) & mask) {
      uint64_t entry = entries[place];
      if (entry == 0) {
        keys[known] = (pc_text_key){a[row], b[row], used, length};
        if (length) memcpy(arena + used, texts[row].bytes, length);
        used += length;
        entries[place] = (uint64_t)hash << 32 | (uint64_t)(known + 1);
        codes[row] = (uint32_t)++known;
        break;
      }
      if (entry >> 32 != hash) continue;
      const pc_text_key *key = keys + (uint32_t)entry - 1;
      if (key->a == a[row] && key->b == b[row] && key->length == length &&
          (length <= 16 || memcmp(arena + key->start, texts[row].bytes, length) == 0)) {
        codes[row] = (uint32_t)entry;
        break;
      }
    }
  }
  *key_count = known;
  *arena_used = used;
}

int64_t pc_map_codes(const int64_t *codes, int64_t count, const uint32_t *lookup, int64_t size,
                     uint32_t *out) {
  for (int64_t row = 0; row < count; row++) {
    if ((uint64_t)codes[row] >= (uint64_t)size) return row;
    uint32_t code = lookup[codes[row]];
    if (code == 0) return row;
    out[row] = code - 1;
  }
  return count;
}

void pc_pair(const uint32_t *first, const uint32_t *second, int64_t count, int32_t shift,
             int64_t *keys) {
  for (int64_t row = 0; row < count; row++)
    keys[row] = (int64_t)((uint64_t)first[row] << shift | second[row]);
}

int64_t pc_texts(const void *starts, int32_t wide, const uint8_t *bytes, int64_t limit,
                 int64_t count, pc_text *texts) {
  const char *from = starts;
  const int64_t size = wide ? 8 : 4;
  for (int64_t row = 0; row < count; row++) {
    int64_t start, end;
    if (wide) {
      memcpy(&start, from + row * size, 8);
      memcpy(&end, from + (row + 1) * size, 8);
    } else {
      int32_t first, last;
      memcpy(&first, from + row * size, 4);
      memcpy(&last, from + (row + 1) * size, 4);
      start = first;
      end = last;
    }
    if (start < 0 || end < start || end > limit) return row;
    texts[row] = (pc_text){bytes ? bytes + start : bytes, end - start};
  }
  return count;
}

int64_t pc_views(const uint8_t *views, int64_t count, const uint8_t *const *buffers,
                 const int64_t *sizes, int64_t buffer_count, pc_text *texts) {
  for (int64_t row = 0; row < count; row++) {
    const uint8_t *view = views + row * 16;
    int32_t length, buffer, start;
    memcpy(&length, view, 4);
    if (length < 0) return row;
    if (length <= 12) {
      texts[row] = (pc_text){view + 4, length};
      continue;
    }
    memcpy(&buffer, view + 8, 4);
    memcpy(&start, view + 12, 4);
    if (buffer < 0 || buffer >= buffer_count || start < 0 || !buffers[buffer] ||
        start > sizes[buffer] - length)
      return row;
    texts[row] = (pc_text){buffers[buffer] + start, length};
  }
  return count;
}

double pc_nearest(int64_t high, uint64_t low) {
  return (double)(__int128)((unsigned __int128)(uint64_t)high << 64 | low);
}
