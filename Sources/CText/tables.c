/* Filling the tables of words, and what is worked out for them. */
#include "keys.h"

int pt_word_put(pt_word_table *table, const uint8_t *word, int64_t length, int32_t id) {
  if (length < 1 || length > PT_LONGEST_WORD || id < 0) return 0;
  word_key key = copy_key(word, length);
  pt_word *bucket = table->buckets + 4 * bucket_of(key.tag, table->shift);
  int way = 0;
  for (; bucket[way].tag; way++)
    if (way == 3 || bucket[way].tag == key.tag) return 0;
  if (key.second) {
    bucket[way].second = (uint32_t)table->second_count;
    table->seconds[table->second_count++] = key.second;
  }
  bucket[way].tag = key.tag;
  bucket[way].id = id;
  return 1;
}

void pt_piece_put(pt_piece_cache *cache, const uint8_t *word, int64_t length,
                  const pt_pieces *pieces) {
  if (!cache->sets || length < 1 || length > PT_LONGEST_WORD) return;
  word_key key = copy_key(word, length);
  pt_pieces entry = *pieces;
  entry.tag = key.tag;
  entry.second = key.second;
  pt_pieces *set = cache->sets + 2 * bucket_of(key.tag, cache->shift);
  set[set[0].tag ? 1 : 0] = entry;
}

/* Appends one token of a word. */
static inline void append(pt_tokens *tokens, int32_t id, int32_t start, int32_t end) {
  int64_t place = tokens->count++;
  tokens->ids[place] = id;
  if (!tokens->starts) return;
  tokens->starts[place] = start;
  tokens->ends[place] = end;
}

void pt_cut_word(const pt_vocabulary *vocabulary, pt_piece_cache *cache, const uint8_t *text,
                 int32_t start, int32_t end, pt_tokens *tokens) {
  pt_pieces pieces = {0};
  int64_t kept = tokens->count, count = 0;
  int32_t at = start;
  const pt_node *nodes = vocabulary->first;
  while (at < end && end - start <= vocabulary->most_scalars) {
    uint32_t node = 0;
    int32_t best = -1, best_end = at;
    for (int32_t next = at; next < end;) {
      uint32_t child = nodes[node].base ^ text[next];
      if (nodes[child].check != node) break;
      node = child;
      next++;
      if (nodes[node].value < 0) continue;
      best = nodes[node].value;
      best_end = next;
    }
    if (best < 0) break;
    append(tokens, best, at, best_end);
    if (count < PT_MOST_PIECES) pt_set_piece(&pieces, count, best, at - start, best_end - start, 0);
    count++;
    at = best_end;
    nodes = vocabulary->following;
  }
  if (at < end) {
    tokens->count = kept;
    append(tokens, vocabulary->unknown, start, end);
    tokens->unknown_starts[tokens->unknown_count] = start;
    tokens->unknown_ends[tokens->unknown_count++] = end;
    pieces = (pt_pieces){0};
    pt_set_piece(&pieces, 0, vocabulary->unknown, 0, end - start, 1);
    count = 1;
  }
  if (count > PT_MOST_PIECES) return;
  pieces.count = (uint8_t)count;
  pt_piece_put(cache, text + start, end - start, &pieces);
}
