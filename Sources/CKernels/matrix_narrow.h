/* The one source of the products of narrow rows, see narrow.h. Included by narrow_*.c, which define
   PK_NAME(x), PK_LANES, PK_TILE_ROWS (results of so many rows and two vectors stay in registers),
   PK_FUSED(a, b, c) = a * b + c for vectors, PK_LESSER(a, b) = a < b ? a : b lane by lane and
   PK_GREATER, PK_ACTIVATE of a tape set, PK_IS_INT8, and PK_DOT(sum, a, b): sum plus the product of
   four bytes each (a unsigned), or of two halves, lane by lane; sum is of integers for bytes and of
   floats for halves. */

typedef float PK_NAME(vector) __attribute__((vector_size(PK_LANES * 4), aligned(4), may_alias));
typedef int32_t PK_NAME(integers) __attribute__((vector_size(PK_LANES * 4), aligned(4), may_alias));
typedef uint8_t PK_NAME(bytes) __attribute__((vector_size(PK_LANES), aligned(1), may_alias));
typedef uint16_t PK_NAME(halves) __attribute__((vector_size(PK_LANES * 2), aligned(1), may_alias));
#define VECTOR PK_NAME(vector)
#define INTEGERS PK_NAME(integers)
#if PK_IS_INT8
#define SUMS INTEGERS
#else
#define SUMS VECTOR
#endif
#ifdef PK_HAS_TILES
#define PK_EDGE_ROWS PK_NARROW_PANEL
#else
#define PK_EDGE_ROWS PK_TILE_ROWS
#endif
#define UNROLL _Pragma("clang loop unroll(full)")

/* Rows made narrow. Lines are a cache line longer than they need be: powers of two collide. */
typedef struct PK_NAME(rows) {
  uint8_t *bytes;
  int64_t stride;
  float *scales; /* of each row, for bytes */
  float *lows;
} PK_NAME(rows);

static PK_NAME(rows) PK_NAME(layout)(const pk_narrow_product *p) {
  PK_NAME(rows) made;
  made.scales = p->scratch;
  made.lows = made.scales + PK_NARROW_ROWS;
  made.bytes = (uint8_t *)(made.lows + PK_NARROW_ROWS);
  made.stride = pk_narrow_depth(PK_IS_INT8, p->weights->inputs) + PK_NARROW_DEPTH;
  return made;
}

#if PK_IS_INT8
/* Adding it to a number of 0 ... 255 rounds that half to even, into the lowest byte. */
#define ROUNDER 12582912.0f

/* A row's bytes: the lowest value is 0, the highest 255. A number that is not finite shows in the
   scale. */
static void PK_NAME(narrow)(const float *row, int64_t n, int64_t depth, uint8_t *bytes,
                            float *scale, float *low) {
  const int64_t whole = n / PK_LANES * PK_LANES;
  /* Several at a time, for each waits for the one before. */
  enum { CHAINS = 4 };
  VECTOR lowest[CHAINS], highest[CHAINS], odd[CHAINS];
  UNROLL for (int j = 0; j < CHAINS; j++) {
    lowest[j] = highest[j] = (VECTOR){0} + row[0];
    odd[j] = (VECTOR){0};
  }
  int64_t at = 0;
  for (; at + CHAINS * PK_LANES <= whole; at += CHAINS * PK_LANES)
    UNROLL for (int j = 0; j < CHAINS; j++) {
      VECTOR x = *(const VECTOR *)(row + at + j * PK_LANES);
      lowest[j] = PK_LESSER(x, lowest[j]);
      highest[j] = PK_GREATER(x, highest[j]);
      odd[j] = PK_FUSED(x, (VECTOR){0}, odd[j]);
    }
  for (; at < whole; at += PK_LANES) {
    VECTOR x = *(const VECTOR *)(row + at);
    lowest[0] = PK_LESSER(x, lowest[0]);
    highest[0] = PK_GREATER(x, highest[0]);
    odd[0] = PK_FUSED(x, (VECTOR){0}, odd[0]);
  }
  lowest[0] = PK_LESSER(PK_LESSER(lowest[0], lowest[1]), PK_LESSER(lowest[2], lowest[3]));
  highest[0] = PK_GREATER(PK_GREATER(highest[0], highest[1]), PK_GREATER(highest[2], highest[3]));
  odd[0] += odd[1] + (odd[2] + odd[3]);
  float least = row[0], most = row[0], not_finite = 0;
  UNROLL for (int l = 0; l < PK_LANES; l++) {
    least = lowest[0][l] < least ? lowest[0][l] : least;
    most = highest[0][l] > most ? highest[0][l] : most;
    not_finite += odd[0][l];
  }
  for (int64_t i = whole; i < n; i++) {
    least = row[i] < least ? row[i] : least;
    most = row[i] > most ? row[i] : most;
    not_finite += row[i] * 0.0f;
  }
  float range = most - least;
  /* Below, the steps would be too small for their reciprocal. */
  int is_flat = range < 1e-30f;
  float steps = is_flat ? 0.0f : 255.0f / range;
  *scale = (is_flat ? 0.0f : range * (1.0f / 255.0f)) + not_finite;
  *low = least;
  for (int64_t i = 0; i < whole; i += PK_LANES) {
    VECTOR x = (*(const VECTOR *)(row + i) - least) * steps + ROUNDER;
    *(PK_NAME(bytes) *)(bytes + i) =
        __builtin_convertvector((INTEGERS)x, PK_NAME(bytes));
  }
  for (int64_t i = whole; i < n; i++) {
    float x = (row[i] - least) * steps + ROUNDER;
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    bytes[i] = (uint8_t)bits;
  }
  if (depth > n) memset(bytes + n, 0, (size_t)(depth - n));
}
#else
/* A row's halves, rounded half to even; NaN stays NaN. */
static void PK_NAME(narrow)(const float *row, int64_t n, int64_t depth, uint8_t *bytes,
                            float *scale, float *low) {
  const int64_t whole = n / PK_LANES * PK_LANES;
  (void)scale, (void)low;
  for (int64_t i = 0; i < whole; i += PK_LANES) {
    VECTOR x = *(const VECTOR *)(row + i);
    INTEGERS bits = (INTEGERS)x;
    INTEGERS rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16;
    INTEGERS is_number = x == x;
    rounded = (is_number & rounded) | (~is_number & (bits >> 16 | 0x40));
    *(PK_NAME(halves) *)(bytes + 2 * i) =
        __builtin_convertvector(rounded & 0xFFFF, PK_NAME(halves));
  }
  for (int64_t i = whole; i < n; i++) {
    uint16_t half = pk_narrow_half(row[i]);
    memcpy(bytes + 2 * i, &half, sizeof half);
  }
  if (depth > 2 * n) memset(bytes + 2 * n, 0, (size_t)(depth - 2 * n));
}
#endif

/* What becomes of sums: values, their function, and the place. */
typedef struct PK_NAME(end) {
  const float *row_scales, *row_lows; /* of the tile's rows */
  const float *scales, *sums, *bias;  /* of the panel's outputs */
  float *out;
  int64_t stride;
  int32_t is_gelu;
} PK_NAME(end);

/* x * Phi(x) with Phi - 1/2 an odd minimax polynomial on -4.15 ... 4.15: within 8e-5; NaN stays. */
static inline VECTOR PK_NAME(quick_gelu)(VECTOR x) {
  const VECTOR zero = {0}, most = zero + 4.15f, least = zero - 4.15f;
  VECTOR t = PK_GREATER(least, PK_LESSER(most, x));
  VECTOR s = t * t, p = zero - 9.39854678e-10f;
  p = PK_FUSED(p, s, zero + 8.19072967e-8f);
  p = PK_FUSED(p, s, zero - 3.10360380e-6f);
  p = PK_FUSED(p, s, zero + 6.77798422e-5f);
  p = PK_FUSED(p, s, zero - 9.57210309e-4f);
  p = PK_FUSED(p, s, zero + 9.32375653e-3f);
  p = PK_FUSED(p, s, zero - 6.55746661e-2f);
  p = PK_FUSED(p, s, zero + 3.98493954e-1f);
  return x * PK_FUSED(p, t, zero + 0.5f);
}

/* The results of row i and the vector of outputs from `column` on. */
static inline __attribute__((always_inline)) void PK_NAME(finish)(const PK_NAME(end) * end,
                                                                  SUMS sum, int i, int column) {
  const VECTOR zero = {0};
  VECTOR bias = end->bias ? *(const VECTOR *)(end->bias + column) : zero;
#if PK_IS_INT8
  VECTOR scale = *(const VECTOR *)(end->scales + column);
  VECTOR rest = *(const VECTOR *)(end->sums + column);
  VECTOR x = PK_FUSED(__builtin_convertvector(sum, VECTOR), scale * end->row_scales[i],
                      PK_FUSED(zero + end->row_lows[i], rest, bias));
#else
  VECTOR x = sum + bias;
#endif
  if (end->is_gelu) x = PK_NAME(quick_gelu)(x);
  *(VECTOR *)(end->out + i * end->stride + column) = x;
}

/* Where the results of a panel go that is wider than the outputs. */
typedef struct PK_NAME(edge) {
  float out[PK_EDGE_ROWS * PK_NARROW_PANEL], bias[PK_NARROW_PANEL];
} PK_NAME(edge);

/* The end of a tile whose first row is `first` of the narrow ones, which begin at first_row of the
   product's. Returns the outputs of its panel, at most a panel's width. */
static int64_t PK_NAME(begin_end)(PK_NAME(end) * end, PK_NAME(edge) * edge,
                                  const pk_narrow_product *p, const PK_NAME(rows) * narrow,
                                  int64_t first_row, int64_t first, int64_t column) {
  const pk_narrow_weights *w = p->weights;
  const int64_t columns = w->outputs - column;
  const int is_whole = columns >= PK_NARROW_PANEL;
  end->row_scales = narrow->scales + first;
  end->row_lows = narrow->lows + first;
  end->scales = w->scales ? w->scales + column : NULL;
  end->sums = w->sums ? w->sums + column : NULL;
  end->bias = p->bias ? p->bias + column : NULL;
  end->out = is_whole ? p->out + (first_row + first) * p->out_stride + column : edge->out;
  end->stride = is_whole ? p->out_stride : PK_NARROW_PANEL;
  end->is_gelu = p->function == PK_GELU;
  if (is_whole) return PK_NARROW_PANEL;
  if (end->bias) {
    memset(edge->bias, 0, sizeof edge->bias);
    memcpy(edge->bias, end->bias, (size_t)columns * sizeof *edge->bias);
    end->bias = edge->bias;
  }
  return columns;
}

/* Copies what there is of a panel that is wider than the outputs. */
static void PK_NAME(end_edge)(const PK_NAME(edge) * edge, const pk_narrow_product *p, int64_t row,
                              int64_t rows, int64_t column, int64_t columns) {
  if (columns >= PK_NARROW_PANEL) return;
  for (int64_t i = 0; i < rows; i++)
    memcpy(p->out + (row + i) * p->out_stride + column, edge->out + i * PK_NARROW_PANEL,
           (size_t)columns * sizeof *p->out);
}

/* Functions that `finish` does not know. */
static void PK_NAME(apply)(const pk_narrow_product *p, int64_t row, int64_t rows, int64_t begin,
                           int64_t end) {
  if (p->function == PK_GELU || p->function == PK_IDENTITY) return;
  for (int64_t i = 0; i < rows; i++) {
    float *out = p->out + (row + i) * p->out_stride + begin;
    PK_ACTIVATE(p->function, out, out, NULL, 1, end - begin);
  }
}

#ifdef PK_HAS_TILES
#include "matrix_tiles.h"
#else
/* `rows` rows times two vectors of a panel; a panel is `parts` such pairs. */
static inline __attribute__((always_inline)) void PK_NAME(tile)(const uint8_t *a, int64_t stride,
                                                                const uint8_t *panel,
                                                                int64_t depth, int column,
                                                                const PK_NAME(end) * end,
                                                                const int rows) {
  SUMS sum[PK_TILE_ROWS][2];
  UNROLL for (int i = 0; i < rows; i++) sum[i][0] = sum[i][1] = (SUMS){0};
  panel += column * 4;
  for (int64_t k = 0; k < depth; k += 4, panel += PK_NARROW_PANEL * 4) {
    INTEGERS left, right[2];
    right[0] = *(const INTEGERS *)panel;
    right[1] = *(const INTEGERS *)(panel + PK_LANES * 4);
    __builtin_prefetch(panel + 4096);
    __builtin_prefetch(panel + 4096 + 64);
    UNROLL for (int i = 0; i < rows; i++) {
      int32_t four;
      memcpy(&four, a + i * stride + k, sizeof four);
      left = (INTEGERS){0} + four;
      sum[i][0] = PK_DOT(sum[i][0], left, right[0]);
      sum[i][1] = PK_DOT(sum[i][1], left, right[1]);
    }
  }
  UNROLL for (int i = 0; i < rows; i++) {
    PK_NAME(finish)(end, sum[i][0], i, column);
    PK_NAME(finish)(end, sum[i][1], i, column + PK_LANES);
  }
}

#define TILE_OF(n)                                                                      \
  case n:                                                                               \
    for (int column = 0; column < PK_NARROW_PANEL; column += 2 * PK_LANES)              \
      PK_NAME(tile)(a, stride, panel, depth, column, end, n);                           \
    break;

static __attribute__((noinline)) void PK_NAME(any_tile)(const uint8_t *a, int64_t stride,
                                                        const uint8_t *panel, int64_t depth,
                                                        const PK_NAME(end) * end, int64_t rows) {
  switch (rows) {
    TILE_OF(1)
    TILE_OF(2)
    TILE_OF(3)
    TILE_OF(4)
#if PK_TILE_ROWS > 4
    TILE_OF(5)
    TILE_OF(6)
#endif
#if PK_TILE_ROWS > 6
    TILE_OF(7)
    TILE_OF(8)
    TILE_OF(9)
    TILE_OF(10)
    TILE_OF(11)
    TILE_OF(12)
    TILE_OF(13)
    TILE_OF(14)
#endif
    default: break;
  }
}
#undef TILE_OF

/* The outputs of some panels for some narrow rows. */
static void PK_NAME(block)(const pk_narrow_product *p, const PK_NAME(rows) * narrow,
                           int64_t first_row, int64_t rows, int64_t panel, int64_t panels) {
  const pk_narrow_weights *w = p->weights;
  const int64_t depth = pk_narrow_depth(PK_IS_INT8, w->inputs);
  const int64_t bytes = depth * PK_NARROW_PANEL, begin = panel * PK_NARROW_PANEL;
  int64_t end_column = begin + panels * PK_NARROW_PANEL;
  if (end_column > w->outputs) end_column = w->outputs;
  for (int64_t first = 0, count; first < rows; first += count) {
    int64_t left_over = rows - first;
    count = left_over >= 2 * PK_TILE_ROWS || left_over == PK_TILE_ROWS ? PK_TILE_ROWS
            : left_over > PK_TILE_ROWS                                ? (left_over + 1) / 2
                                                                      : left_over;
    for (int64_t column = begin; column < end_column; column += PK_NARROW_PANEL) {
      PK_NAME(edge) edge;
      PK_NAME(end) end;
      int64_t columns = PK_NAME(begin_end)(&end, &edge, p, narrow, first_row, first, column);
      PK_NAME(any_tile)(narrow->bytes + first * narrow->stride, narrow->stride,
                        (const uint8_t *)w->panels + column / PK_NARROW_PANEL * bytes, depth, &end,
                        count);
      PK_NAME(end_edge)(&edge, p, first_row + first, count, column, columns);
    }
    PK_NAME(apply)(p, first_row + first, count, begin, end_column);
  }
}
#endif

/* Rows from row + first on become the narrow ones from `first` on. */
static void PK_NAME(narrow_some)(const pk_narrow_product *p, int64_t row, int64_t first,
                                 int64_t count) {
  const int64_t depth = pk_narrow_depth(PK_IS_INT8, p->weights->inputs);
  PK_NAME(rows) narrow = PK_NAME(layout)(p);
  for (int64_t i = first; i < first + count; i++)
    PK_NAME(narrow)(p->a + (row + i) * p->a_stride, p->weights->inputs, depth,
                    narrow.bytes + i * narrow.stride, narrow.scales + i, narrow.lows + i);
}

/* Weights that fit well into a second-level cache stay there while all narrow rows pass. */
static void PK_NAME(panels_of)(const pk_narrow_product *p, int64_t row, int64_t rows,
                               int64_t first, int64_t count) {
  const int64_t depth = pk_narrow_depth(PK_IS_INT8, p->weights->inputs);
  int64_t most = (768 << 10) / (depth * PK_NARROW_PANEL);
  if (most < 1) most = 1;
  PK_NAME(rows) narrow = PK_NAME(layout)(p);
  for (int64_t panel = 0; panel < count; panel += most)
    PK_NAME(block)(p, &narrow, row, rows, first + panel,
                   count - panel < most ? count - panel : most);
}

static void PK_NAME(multiply)(const pk_narrow_product *p) {
  const pk_narrow_weights *w = p->weights;
  if (w->inputs <= 0) {
    pk_narrow_plain(PK_IS_INT8, p);
    return;
  }
  for (int64_t first = 0; first < p->rows; first += PK_NARROW_ROWS) {
    int64_t rows = p->rows - first < PK_NARROW_ROWS ? p->rows - first : PK_NARROW_ROWS;
    PK_NAME(narrow_some)(p, first, 0, rows);
    PK_NAME(panels_of)(p, first, rows, 0, (w->outputs + PK_NARROW_PANEL - 1) / PK_NARROW_PANEL);
  }
}

static void PK_NAME(narrow_part)(const pk_narrow_product *p, int64_t first, int64_t count) {
  PK_NAME(narrow_some)(p, 0, first, count);
}

static void PK_NAME(panels_part)(const pk_narrow_product *p, int64_t first, int64_t count) {
  PK_NAME(panels_of)(p, 0, p->rows, first, count);
}

#undef VECTOR
#undef INTEGERS
#undef SUMS
#undef UNROLL
#undef PK_EDGE_ROWS
#undef ROUNDER
