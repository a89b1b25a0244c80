/* The one source of what prediction does in a transformer besides products with weights: attention
   of one text, and LayerNorm. Included by portable.c, avx2.c and avx512.c after matrix.h, with
   PK_GREATER(a, b) = a > b ? a : b lane by lane, PK_SCORE_VECTORS of keys times PK_SCORE_ROWS of
   queries and PK_VALUE_ROWS of queries times two vectors of values that stay in registers. Nothing
   is kept for a way back. */
typedef float PK_NAME(floats) __attribute__((vector_size(PK_LANES * 4), aligned(4), may_alias));
typedef int32_t PK_NAME(whole) __attribute__((vector_size(PK_LANES * 4), aligned(4), may_alias));
#define VECTOR PK_NAME(floats)
#define INTEGERS PK_NAME(whole)
#define UNROLL _Pragma("clang loop unroll(full)")
/* Sums run over as many lanes in every set. */
enum { PK_NAME(wide) = 64, PK_NAME(parts) = 64 / PK_LANES };

static inline float PK_NAME(fold)(const VECTOR *parts) {
  float lanes[64], sixteen[LANES];
  memcpy(lanes, parts, sizeof lanes);
  for (int i = 0; i < LANES; i++)
    sixteen[i] = (lanes[i] + lanes[i + 32]) + (lanes[i + 16] + lanes[i + 48]);
  return sum_lanes(sixteen);
}

/* Rows of x become norm(x + bias + residual) * weight + shift. */
static void PK_NAME(normalise)(float *x, const float *bias, const float *residual,
                               const float *weight, const float *shift, int64_t rows, int64_t n,
                               float epsilon) {
  enum { PARTS = PK_NAME(parts) };
  const int64_t whole = n / PK_NAME(wide) * PK_NAME(wide);
  for (int64_t row = 0; row < rows; row++, x += n) {
    VECTOR sum[PARTS] = {{0}};
    for (int64_t i = 0; i < whole; i += PK_NAME(wide))
      UNROLL for (int j = 0; j < PARTS; j++) {
        const int64_t at = i + j * PK_LANES;
        VECTOR y = *(const VECTOR *)(x + at);
        if (bias) y += *(const VECTOR *)(bias + at);
        if (residual) y += *(const VECTOR *)(residual + at);
        *(VECTOR *)(x + at) = y;
        sum[j] += y;
      }
    for (int64_t i = whole; i < n; i++) {
      float y = x[i];
      if (bias) y += bias[i];
      if (residual) y += residual[i];
      x[i] = y;
      sum[(i - whole) / PK_LANES][(i - whole) % PK_LANES] += y;
    }
    if (residual) residual += n;
    const float mean = PK_NAME(fold)(sum) / (float)n;
    VECTOR square[PARTS] = {{0}};
    for (int64_t i = 0; i < whole; i += PK_NAME(wide))
      UNROLL for (int j = 0; j < PARTS; j++) {
        VECTOR d = *(const VECTOR *)(x + i + j * PK_LANES) - mean;
        square[j] = PK_FUSED(d, d, square[j]);
      }
    for (int64_t i = whole; i < n; i++) {
      float d = x[i] - mean;
      float *lane = (float *)&square[(i - whole) / PK_LANES] + (i - whole) % PK_LANES;
      *lane = PK_MULADD(d, d, *lane);
    }
    const float scale = 1.0f / sqrtf(PK_NAME(fold)(square) / (float)n + epsilon);
    int64_t i = 0;
    for (; i + PK_LANES <= n; i += PK_LANES) {
      VECTOR d = (*(const VECTOR *)(x + i) - mean) * scale;
      *(VECTOR *)(x + i) =
          PK_FUSED(d, *(const VECTOR *)(weight + i), *(const VECTOR *)(shift + i));
    }
    for (; i < n; i++) x[i] = PK_MULADD((x[i] - mean) * scale, weight[i], shift[i]);
  }
}

/* 2^x for x <= 0, at least 2^-126: the fraction by a minimax polynomial on -1/2 ... 1/2 (1e-8
   relative before rounding); NaN stays. */
static inline VECTOR PK_NAME(power_of_two)(VECTOR x) {
  const VECTOR zero = {0}, rounder = zero + 12582912.0f;
  x = PK_GREATER(zero - 126.0f, x);
  VECTOR shifted = x + rounder, f = x - (shifted - rounder), p = zero + 1.521537342e-4f;
  p = PK_FUSED(p, f, zero + 1.338200993e-3f);
  p = PK_FUSED(p, f, zero + 9.618515149e-3f);
  p = PK_FUSED(p, f, zero + 5.550376698e-2f);
  p = PK_FUSED(p, f, zero + 2.402265072e-1f);
  p = PK_FUSED(p, f, zero + 6.931471825e-1f);
  p = PK_FUSED(p, f, zero + 1.0f);
  return (VECTOR)((INTEGERS)p + (((INTEGERS)shifted - 0x4B400000) << 23));
}

/* Rows of queries that go together; keys that do, in vectors; rows whose values do. */
enum { PK_NAME(group) = 12 };

/* scores[i][keys] = sum over d of queries[i][d] * turned[d][keys], for a block of keys. */
static inline __attribute__((always_inline)) void PK_NAME(scores)(
    float *scores, int64_t padded, const float *const *queries, const float *turned, int64_t size,
    const int rows, const int vectors) {
  VECTOR sum[PK_SCORE_ROWS][PK_SCORE_VECTORS];
  UNROLL for (int i = 0; i < rows; i++) UNROLL for (int j = 0; j < vectors; j++) sum[i][j] =
      (VECTOR){0};
  for (int64_t d = 0; d < size; d++, turned += padded) {
    VECTOR right[PK_SCORE_VECTORS];
    UNROLL for (int j = 0; j < vectors; j++) right[j] = *(const VECTOR *)(turned + j * PK_LANES);
    UNROLL for (int i = 0; i < rows; i++) {
      VECTOR left = queries[i][d] - (VECTOR){0};
      UNROLL for (int j = 0; j < vectors; j++) sum[i][j] = PK_FUSED(left, right[j], sum[i][j]);
    }
  }
  UNROLL for (int i = 0; i < rows; i++) UNROLL for (int j = 0; j < vectors; j++)
      *(VECTOR *)(scores + i * padded + j * PK_LANES) = sum[i][j];
}

/* out[i][d] = factors[i] * sum over keys of weights[i][key] * values[key][d], for some d. */
static inline __attribute__((always_inline)) void PK_NAME(mix)(
    float *out, int64_t out_stride, const float *weights, int64_t padded, const float *values,
    int64_t stride, int64_t length, const float *factors, int64_t count, const int rows,
    const int vectors) {
  VECTOR sum[PK_VALUE_ROWS][2];
  UNROLL for (int i = 0; i < rows; i++) UNROLL for (int j = 0; j < vectors; j++) sum[i][j] =
      (VECTOR){0};
  for (int64_t key = 0; key < length; key++, values += stride) {
    VECTOR right[2];
    UNROLL for (int j = 0; j < vectors; j++) right[j] = *(const VECTOR *)(values + j * PK_LANES);
    UNROLL for (int i = 0; i < rows; i++) {
      VECTOR left = weights[i * padded + key] - (VECTOR){0};
      UNROLL for (int j = 0; j < vectors; j++) sum[i][j] = PK_FUSED(left, right[j], sum[i][j]);
    }
  }
  UNROLL for (int i = 0; i < rows; i++) {
    if (i >= count) break;
    UNROLL for (int j = 0; j < vectors; j++)
        *(VECTOR *)(out + i * out_stride + j * PK_LANES) = sum[i][j] * factors[i];
  }
}

#if PK_LANES == 16
#define TURN_HALF(x) \
  __builtin_shufflevector(x, x, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7)
#define TURN_FOUR(x) \
  __builtin_shufflevector(x, x, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3)
#define TURN_TWO(x) \
  __builtin_shufflevector(x, x, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1)
#define TURN_ONE(x) \
  __builtin_shufflevector(x, x, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0)
#elif PK_LANES == 8
#define TURN_HALF(x) (x)
#define TURN_FOUR(x) __builtin_shufflevector(x, x, 4, 5, 6, 7, 0, 1, 2, 3)
#define TURN_TWO(x) __builtin_shufflevector(x, x, 2, 3, 4, 5, 6, 7, 0, 1)
#define TURN_ONE(x) __builtin_shufflevector(x, x, 1, 2, 3, 4, 5, 6, 7, 0)
#else
#define TURN_HALF(x) (x)
#define TURN_FOUR(x) (x)
#define TURN_TWO(x) __builtin_shufflevector(x, x, 2, 3, 0, 1)
#define TURN_ONE(x) __builtin_shufflevector(x, x, 1, 2, 3, 0)
#endif

/* The highest lane and the lanes' sum, in every lane. */
static inline VECTOR PK_NAME(highest_lane)(VECTOR x) {
  x = PK_GREATER(x, TURN_HALF(x));
  x = PK_GREATER(x, TURN_FOUR(x));
  x = PK_GREATER(x, TURN_TWO(x));
  return PK_GREATER(x, TURN_ONE(x));
}

static inline VECTOR PK_NAME(sum_of_lanes)(VECTOR x) {
  if (PK_LANES > 8) x += TURN_HALF(x);
  if (PK_LANES > 4) x += TURN_FOUR(x);
  x += TURN_TWO(x);
  return x + TURN_ONE(x);
}

/* Row i of weights becomes 2^(factor * (score - the highest)); factors[i] is what makes their sum
   1. */
static inline void PK_NAME(weigh)(float *weights, int64_t padded, int64_t length, int64_t rows,
                                  float factor, float *factors) {
  const int64_t last = padded - PK_LANES;
  INTEGERS is_key;
  UNROLL for (int l = 0; l < PK_LANES; l++) is_key[l] = last + l < length ? -1 : 0;
  const INTEGERS lowest = (INTEGERS)((VECTOR){0} - INFINITY);
  for (int64_t row = 0; row < rows; row++, weights += padded) {
    const VECTOR end = (VECTOR)((*(const INTEGERS *)(weights + last) & is_key) |
                                (lowest & ~is_key));
    VECTOR most = end;
    for (int64_t i = 0; i < last; i += PK_LANES)
      most = PK_GREATER(most, *(const VECTOR *)(weights + i));
    most = PK_NAME(highest_lane)(most);
    VECTOR sum = PK_NAME(power_of_two)((end - most) * factor);
    *(VECTOR *)(weights + last) = sum;
    for (int64_t i = 0; i < last; i += PK_LANES) {
      VECTOR e = PK_NAME(power_of_two)((*(const VECTOR *)(weights + i) - most) * factor);
      *(VECTOR *)(weights + i) = e;
      sum += e;
    }
    factors[row] = 1.0f / PK_NAME(sum_of_lanes)(sum)[0];
  }
}

static int64_t PK_NAME(padded)(int64_t length) {
  return (length + PK_LANES - 1) / PK_LANES * PK_LANES;
}

static int64_t PK_NAME(attend_scratch)(int64_t length, int64_t size) {
  return PK_NAME(padded)(length) * (size + PK_NAME(group));
}

static __attribute__((noinline)) void PK_NAME(any_scores)(float *scores, int64_t padded,
                                                          const float *const *queries,
                                                          const float *turned, int64_t size,
                                                          int is_one) {
  for (int64_t key = 0; key < padded; key += PK_SCORE_VECTORS * PK_LANES) {
    const int64_t left = (padded - key) / PK_LANES;
    const float *from = turned + key;
    float *to = scores + key;
#define SCORES_OF(vectors)                                                                \
  {                                                                                       \
    if (is_one)                                                                           \
      PK_NAME(scores)(to, padded, queries, from, size, 1, vectors);                       \
    else                                                                                  \
      for (int i = 0; i < PK_NAME(group); i += PK_SCORE_ROWS)                             \
        PK_NAME(scores)(to + i * padded, padded, queries + i, from, size, PK_SCORE_ROWS, vectors); \
  }
    if (left == 1) SCORES_OF(1)
    else if (left == 2 || PK_SCORE_VECTORS == 2) SCORES_OF(2)
#if PK_SCORE_VECTORS > 2
    else if (left == 3) SCORES_OF(3)
    else SCORES_OF(4)
#endif
#undef SCORES_OF
  }
}

/* Rows become columns of `turned` [size, padded], zeros after them. */
static void PK_NAME(turn)(float *turned, int64_t padded, const float *rows, int64_t stride,
                          int64_t length, int64_t size) {
  const int64_t squares = length / PK_LANES * PK_LANES;
  for (int64_t d = 0; d < size; d += PK_LANES)
    for (int64_t row = 0; row < squares; row += PK_LANES)
      PK_NAME(transpose)(turned + d * padded + row, padded, rows + row * stride + d, stride, 1.0f);
  for (int64_t row = squares; row < padded; row += PK_LANES) {
    float some[PK_LANES * PK_LANES] = {0};
    const int64_t count = length - row < PK_LANES ? length - row : PK_LANES;
    for (int64_t d = 0; d < size; d += PK_LANES) {
      for (int64_t i = 0; i < count; i++)
        memcpy(some + i * PK_LANES, rows + (row + i) * stride + d, PK_LANES * sizeof *some);
      PK_NAME(transpose)(turned + d * padded + row, padded, some, PK_LANES, 1.0f);
    }
  }
}

/* Attention of one text: each query over all keys, head by head. */
static void PK_NAME(attend)(const pk_attention *a) {
  const int64_t padded = PK_NAME(padded)(a->length), size = a->size, length = a->length;
  float *turned = a->scratch, *weights = turned + padded * size;
  const float factor = a->factor * 1.44269504088896341f;
  for (int64_t head = 0; head < a->heads; head++) {
    const float *keys = a->keys + head * size, *values = a->values + head * size;
    PK_NAME(turn)(turned, padded, keys, a->stride, length, size);
    for (int64_t first = 0; first < a->queries_count; first += PK_NAME(group)) {
      const int64_t left = a->queries_count - first;
      const int64_t count = left < PK_NAME(group) ? left : PK_NAME(group);
      const int is_one = count == 1;
      const float *rows[PK_NAME(group)];
      float factors[PK_NAME(group)];
      /* Beyond the last row the last once more. */
      for (int64_t i = 0; i < PK_NAME(group); i++)
        rows[i] = a->queries + (first + (i < count ? i : count - 1)) * a->query_stride + head * size;
      PK_NAME(any_scores)(weights, padded, rows, turned, size, is_one);
      PK_NAME(weigh)(weights, padded, length, count, factor, factors);
      for (int64_t i = count; i < PK_NAME(group); i++) factors[i] = 0;
      for (int64_t d = 0; d < size; d += 2 * PK_LANES) {
        float *out = a->out + first * a->out_stride + head * size + d;
        const int is_whole = d + 2 * PK_LANES <= size;
        for (int64_t i = 0; i < count; i += PK_VALUE_ROWS, out += PK_VALUE_ROWS * a->out_stride) {
          const float *from = weights + i * padded;
          if (is_one && is_whole)
            PK_NAME(mix)(out, a->out_stride, from, padded, values + d, a->stride, length,
                         factors + i, count - i, 1, 2);
          else if (is_whole)
            PK_NAME(mix)(out, a->out_stride, from, padded, values + d, a->stride, length,
                         factors + i, count - i, PK_VALUE_ROWS, 2);
          else
            PK_NAME(mix)(out, a->out_stride, from, padded, values + d, a->stride, length,
                         factors + i, count - i, PK_VALUE_ROWS, 1);
        }
      }
    }
  }
}

const pk_encoder_set PK_NAME(encoder_set) = {
    .name = PK_SET,
    .lanes = PK_LANES,
    .normalise = PK_NAME(normalise),
    .attend_scratch = PK_NAME(attend_scratch),
    .attend = PK_NAME(attend),
};

#undef VECTOR
#undef INTEGERS
#undef UNROLL
#undef TURN_HALF
#undef TURN_FOUR
#undef TURN_TWO
#undef TURN_ONE
