/* The one source of attention in training: what prediction does (encoder.h), with its weights kept,
   and the way back. Included by portable.c, avx2.c and avx512.c after encoder.h. The products of one
   head are so small that nothing is packed: rows of the right matrix are read where they stand. */
#define VECTOR PK_NAME(floats)
#define INTEGERS PK_NAME(whole)

/* c (+)= a * b for `count` rows and one or two vectors of columns; see `tile`. */
#define DIRECT_OF(n)                                                                      \
  case n:                                                                                 \
    if (vectors == 1)                                                                     \
      PK_NAME(tile)(a, row_stride, step, b, b_stride, c, c_stride, depth, n, 1, accumulate); \
    else if (step == 1)                                                                   \
      PK_NAME(tile)(a, row_stride, 1, b, b_stride, c, c_stride, depth, n, 2, accumulate); \
    else                                                                                  \
      PK_NAME(tile)(a, 1, step, b, b_stride, c, c_stride, depth, n, 2, accumulate);       \
    break;

static __attribute__((noinline)) void PK_NAME(direct_tile)(
    const float *a, int64_t row_stride, int64_t step, const float *b, int64_t b_stride, float *c,
    int64_t c_stride, int64_t depth, int64_t rows, int vectors, int accumulate) {
  switch (rows) {
    DIRECT_OF(1)
    DIRECT_OF(2)
    DIRECT_OF(3)
    DIRECT_OF(4)
    DIRECT_OF(5)
    DIRECT_OF(6)
#if PK_TILE_ROWS > 6
    DIRECT_OF(7)
    DIRECT_OF(8)
    DIRECT_OF(9)
    DIRECT_OF(10)
    DIRECT_OF(11)
    DIRECT_OF(12)
    DIRECT_OF(13)
    DIRECT_OF(14)
#endif
    default: break;
  }
}

/* c (+)= a * b with whole vectors of columns; a's element (i, k) is at i * row_stride + k * step, one
   of which is 1. */
static void PK_NAME(direct)(const float *a, int64_t row_stride, int64_t step, const float *b,
                            int64_t b_stride, float *c, int64_t c_stride, int64_t rows,
                            int64_t columns, int64_t depth, int accumulate) {
  for (int64_t first = 0, count; first < rows; first += count) {
    const int64_t left = rows - first;
    /* Full tiles; what remains at the end goes in two of about equal height. */
    count = left >= 2 * PK_TILE_ROWS || left == PK_TILE_ROWS ? PK_TILE_ROWS
            : left > PK_TILE_ROWS                            ? (left + 1) / 2
                                                             : left;
    for (int64_t j = 0; j < columns; j += 2 * PK_LANES)
      PK_NAME(direct_tile)(a + first * row_stride, row_stride, step, b + j, b_stride,
                           c + first * c_stride + j, c_stride, depth, count,
                           columns - j > PK_LANES ? 2 : 1, accumulate);
  }
}

static int64_t PK_NAME(keep_scratch)(int64_t length, int64_t size) {
  return pk_attention_width(length) * (size + length);
}

/* Scores of one query become weights, zeros after the last key. */
static inline void PK_NAME(share_out)(float *weights, int64_t length, float factor) {
  const int64_t used = PK_NAME(padded)(length), last = used - PK_LANES;
  float share;
  PK_NAME(weigh)(weights, used, length, 1, factor, &share);
  for (int64_t i = 0; i < last; i += PK_LANES) *(VECTOR *)(weights + i) *= share;
  /* What stands beyond the last key is next to 0: its product would be slow. */
  INTEGERS is_key;
  for (int l = 0; l < PK_LANES; l++) is_key[l] = last + l < length ? -1 : 0;
  *(INTEGERS *)(weights + last) &= is_key;
  *(VECTOR *)(weights + last) *= share;
  for (int64_t i = used; i < pk_attention_width(length); i += PK_LANES)
    *(VECTOR *)(weights + i) = (VECTOR){0};
}

/* Attention of one text, whose weights and weights after dropout stay. */
static void PK_NAME(attend_and_keep)(const pk_attention *a, float *weights, float *kept,
                                     const pk_dropout *dropout) {
  const int64_t length = a->length, size = a->size, queries = a->queries_count;
  const int64_t padded = pk_attention_width(length);
  const float factor = a->factor * 1.44269504088896341f;
  for (int64_t head = 0; head < a->heads; head++) {
    const int64_t column = head * size, place = head * queries * padded;
    float *weight = weights + place;
    PK_NAME(turn)(a->scratch, padded, a->keys + column, a->stride, length, size);
    PK_NAME(direct)(a->queries + column, a->query_stride, 1, a->scratch, padded, weight, padded,
                    queries, padded, size, 0);
    for (int64_t row = 0; row < queries; row++) PK_NAME(share_out)(weight + row * padded, length, factor);
    const float *used = weight;
    if (dropout) {
      pk_dropout here = *dropout;
      here.first += place;
      PK_NAME(drop)(kept + place, weight, queries * padded, &here, 0);
      used = kept + place;
    }
    PK_NAME(direct)(used, padded, 1, a->values + column, a->stride, a->out + column, a->out_stride,
                    queries, size, length, 0);
  }
}

/* One head's gradient of the weights after dropout becomes that of the scores. */
static void PK_NAME(unweigh)(float *slopes, const float *weights, const float *kept,
                             int64_t padded, int64_t rows, float factor) {
  for (int64_t row = 0; row < rows; row++, slopes += padded, weights += padded, kept += padded) {
    VECTOR sum = {0};
    for (int64_t i = 0; i < padded; i += PK_LANES)
      sum = PK_FUSED(*(const VECTOR *)(slopes + i), *(const VECTOR *)(kept + i), sum);
    const VECTOR inner = PK_NAME(sum_of_lanes)(sum);
    for (int64_t i = 0; i < padded; i += PK_LANES) {
      VECTOR *slope = (VECTOR *)(slopes + i);
      *slope = (*slope * *(const VECTOR *)(kept + i) - inner * *(const VECTOR *)(weights + i)) *
               factor;
    }
  }
}

static void PK_NAME(attend_backward)(const pk_attention *a, const pk_attention_gradients *g,
                                     const float *weights, const float *kept) {
  const int64_t length = a->length, size = a->size, queries = a->queries_count;
  const int64_t padded = pk_attention_width(length);
  float *turned = a->scratch, *slopes = turned + padded * size;
  for (int64_t head = 0; head < a->heads; head++) {
    const int64_t column = head * size, place = head * queries * padded;
    const float *out = g->out + column;
    PK_NAME(direct)(kept + place, 1, padded, out, g->out_stride, g->values + column, g->stride,
                    length, size, queries, g->accumulate);
    PK_NAME(turn)(turned, padded, a->values + column, a->stride, length, size);
    PK_NAME(direct)(out, g->out_stride, 1, turned, padded, slopes, padded, queries, padded, size,
                    0);
    PK_NAME(unweigh)(slopes, weights + place, kept + place, padded, queries, a->factor);
    PK_NAME(direct)(slopes, padded, 1, a->keys + column, a->stride, g->queries + column,
                    g->query_stride, queries, size, length, g->accumulate_queries);
    PK_NAME(direct)(slopes, 1, padded, a->queries + column, a->query_stride, g->keys + column,
                    g->stride, length, size, queries, g->accumulate);
  }
}

const pk_attention_set PK_NAME(attention_set) = {
    .name = PK_SET,
    .lanes = PK_LANES,
    .scratch = PK_NAME(keep_scratch),
    .forward = PK_NAME(attend_and_keep),
    .backward = PK_NAME(attend_backward),
};

#undef VECTOR
#undef INTEGERS
#undef DIRECT_OF
