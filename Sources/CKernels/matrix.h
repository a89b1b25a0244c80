/* The one source of the matrix products of floats. Included by the file of each set, which define PK_LANES
   (floats in a vector), PK_TILE_ROWS and PK_TILE_VECTORS (the tile of results that stays in
   registers) beside PK_SET, PK_NAME(x) and PK_FUSED(a, b, c) = a * b + c for vectors.

   A product goes block by block: DEPTH of the inner dimension times WIDTH columns of b, packed into
   panels of one tile's width, stay in the second-level cache while all rows of a pass. Each result
   is one chain of multiply-adds along the inner dimension, so it does not depend on how many rows
   or columns are computed with it, nor on how the work is cut. (Goto & van de Geijn 2008.) */

typedef float PK_NAME(vector) __attribute__((vector_size(PK_LANES * 4), aligned(4), may_alias));
#define VECTOR PK_NAME(vector)
enum { PK_NAME(panel_width) = PK_LANES * PK_TILE_VECTORS };
#define PANEL PK_NAME(panel_width)

#if PK_LANES == 16
#define ZIP_LOW(a, b) \
  __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define ZIP_HIGH(a, b) \
  __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
#define ROUNDS 4
#elif PK_LANES == 8
#define ZIP_LOW(a, b) __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11)
#define ZIP_HIGH(a, b) __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15)
#define ROUNDS 3
#else
#define ZIP_LOW(a, b) __builtin_shufflevector(a, b, 0, 4, 1, 5)
#define ZIP_HIGH(a, b) __builtin_shufflevector(a, b, 2, 6, 3, 7)
#define ROUNDS 2
#endif

/* to[k * to_stride + column] = factor * from[column * stride + k] for a square of PK_LANES. */
static inline void PK_NAME(transpose)(float *to, int64_t to_stride, const float *from,
                                      int64_t stride, float factor) {
  VECTOR rows[PK_LANES], next[PK_LANES];
  _Pragma("clang loop unroll(full)") for (int i = 0; i < PK_LANES; i++)
      rows[i] = *(const VECTOR *)(from + i * stride) * factor;
  _Pragma("clang loop unroll(full)") for (int round = 0; round < ROUNDS; round++) {
    _Pragma("clang loop unroll(full)") for (int i = 0; i < PK_LANES / 2; i++) {
      next[2 * i] = ZIP_LOW(rows[i], rows[i + PK_LANES / 2]);
      next[2 * i + 1] = ZIP_HIGH(rows[i], rows[i + PK_LANES / 2]);
    }
    memcpy(rows, next, sizeof rows);
  }
  _Pragma("clang loop unroll(full)") for (int i = 0; i < PK_LANES; i++)
      *(VECTOR *)(to + i * to_stride) = rows[i];
}

/* Packs depth x width of factor * b into panels [width / PANEL][depth][PANEL], zeros beyond width:
   some rows at a time from one end to the other, as they lie. */
static void PK_NAME(pack_rows)(float *to, const float *b, int64_t stride, int64_t depth,
                               int64_t width, float factor) {
  enum { SOME = 16 };
  for (int64_t k = 0, end; k < depth; k = end) {
    end = k + SOME < depth ? k + SOME : depth;
    for (int64_t first = 0; first < width; first += PANEL) {
      int64_t columns = width - first < PANEL ? width - first : PANEL;
      const float *from = b + k * stride + first;
      float *row = to + first * depth + k * PANEL;
      for (int64_t i = k; i < end; i++, from += stride, row += PANEL) {
        if (columns == PANEL) {
          _Pragma("clang loop unroll(full)") for (int j = 0; j < PK_TILE_VECTORS; j++)
              *(VECTOR *)(row + j * PK_LANES) = *(const VECTOR *)(from + j * PK_LANES) * factor;
          continue;
        }
        for (int64_t j = 0; j < columns; j++) row[j] = from[j] * factor;
        for (int64_t j = columns; j < PANEL; j++) row[j] = 0;
      }
    }
  }
}

/* The same of a b that is stored by columns. */
static void PK_NAME(pack_columns)(float *to, const float *b, int64_t stride, int64_t depth,
                                  int64_t width, float factor) {
  for (int64_t first = 0; first < width; first += PANEL, to += depth * PANEL) {
    int64_t columns = width - first < PANEL ? width - first : PANEL;
    if (columns < PANEL) memset(to, 0, (size_t)(depth * PANEL) * sizeof *to);
    const float *from = b + first * stride;
    int64_t squares = columns / PK_LANES * PK_LANES, k = 0;
    for (; k + PK_LANES <= depth; k += PK_LANES) {
      for (int64_t j = 0; j < squares; j += PK_LANES)
        PK_NAME(transpose)(to + k * PANEL + j, PANEL, from + j * stride + k, stride, factor);
      for (int64_t j = squares; j < columns; j++)
        for (int64_t i = k; i < k + PK_LANES; i++)
          to[i * PANEL + j] = from[j * stride + i] * factor;
    }
    for (; k < depth; k++)
      for (int64_t j = 0; j < columns; j++) to[k * PANEL + j] = from[j * stride + k] * factor;
  }
}

static void PK_NAME(pack_block)(float *to, const float *b, int64_t stride, int32_t transposed,
                                int64_t depth, int64_t width, float factor) {
  if (transposed)
    PK_NAME(pack_columns)(to, b, stride, depth, width, factor);
  else
    PK_NAME(pack_rows)(to, b, stride, depth, width, factor);
}

/* c (+)= a * panel for `rows` rows and the first `vectors` vectors of the panel, whose rows are `width`
   apart; a's element (i, k) is at i * row_stride + k * step. */
static inline __attribute__((always_inline)) void PK_NAME(tile)(
    const float *a, int64_t row_stride, int64_t step, const float *panel, int64_t width, float *c,
    int64_t c_stride, int64_t depth, const int rows, const int vectors, int accumulate) {
  VECTOR sum[PK_TILE_ROWS][PK_TILE_VECTORS];
  _Pragma("clang loop unroll(full)") for (int i = 0; i < rows; i++)
      _Pragma("clang loop unroll(full)") for (int j = 0; j < vectors; j++)
          sum[i][j] = accumulate ? *(const VECTOR *)(c + i * c_stride + j * PK_LANES)
                                 : (VECTOR){0};
  for (int64_t k = 0; k < depth; k++, a += step, panel += width) {
    VECTOR right[PK_TILE_VECTORS];
    _Pragma("clang loop unroll(full)") for (int j = 0; j < vectors; j++)
        right[j] = *(const VECTOR *)(panel + j * PK_LANES);
    _Pragma("clang loop unroll(full)") for (int i = 0; i < rows; i++) {
      /* Minus zero is exact, and makes a vector of a number. */
      VECTOR left = a[i * row_stride] - (VECTOR){0};
      _Pragma("clang loop unroll(full)") for (int j = 0; j < vectors; j++)
          sum[i][j] = PK_FUSED(left, right[j], sum[i][j]);
    }
  }
  _Pragma("clang loop unroll(full)") for (int i = 0; i < rows; i++)
      _Pragma("clang loop unroll(full)") for (int j = 0; j < vectors; j++)
          *(VECTOR *)(c + i * c_stride + j * PK_LANES) = sum[i][j];
}

/* A tile of a number of rows known when compiling, for a's rows stored whole and for its columns
   stored whole; half a panel where that is enough. */
#define TILE_OF(n)                                                                              \
  case n:                                                                                       \
    if (narrow)                                                                                 \
      PK_NAME(tile)(a, row_stride, step, panel, PANEL, c, c_stride, depth, n,                   \
                    PK_TILE_VECTORS / 2, accumulate);                                           \
    else if (step == 1)                                                                         \
      PK_NAME(tile)(a, row_stride, 1, panel, PANEL, c, c_stride, depth, n, PK_TILE_VECTORS,     \
                    accumulate);                                                                \
    else                                                                                        \
      PK_NAME(tile)(a, 1, step, panel, PANEL, c, c_stride, depth, n, PK_TILE_VECTORS,           \
                    accumulate);                                                                \
    break;

static __attribute__((noinline)) void PK_NAME(any_tile)(const float *a, int64_t row_stride,
                                                        int64_t step, const float *panel, float *c,
                                                        int64_t c_stride, int64_t depth,
                                                        int64_t rows, int narrow,
                                                        int accumulate) {
  switch (rows) {
    TILE_OF(1)
    TILE_OF(2)
    TILE_OF(3)
    TILE_OF(4)
    TILE_OF(5)
    TILE_OF(6)
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

/* Fetches `rows` rows of a panel's width. */
static inline void PK_NAME(fetch)(const float *from, int64_t stride, int64_t rows) {
  for (int64_t i = 0; i < rows; i++)
    for (int64_t j = 0; j < PANEL; j += 16) __builtin_prefetch(from + i * stride + j, 1, 3);
}

/* Brings columns of a that lie far apart together: panels [rows / TILE_ROWS][depth][TILE_ROWS]. */
static void PK_NAME(gather)(float *to, const float *from, int64_t step, int64_t depth,
                            int64_t rows) {
  for (int64_t k = 0; k < depth; k++, from += step, to += PK_TILE_ROWS) {
    for (int64_t i = 0; i < rows; i += 16) __builtin_prefetch(from + 8 * step + i, 0, 3);
    float *panel = to;
    int64_t i = 0;
    for (; i + PK_TILE_ROWS <= rows; i += PK_TILE_ROWS, panel += depth * PK_TILE_ROWS)
      memcpy(panel, from + i, PK_TILE_ROWS * sizeof *to);
    for (int64_t j = 0; i + j < rows; j++) panel[j] = from[i + j];
  }
}

/* What becomes of `width` columns of a row that is complete. */
static void PK_NAME(end_row)(const pk_product *p, int64_t row, int64_t column, int64_t width) {
  if (p->slopes) {
    const float *slopes = p->slopes + row * p->slopes_stride + column;
    float *to = p->c + row * p->c_stride + column, *sums = p->sums ? p->sums + column : NULL;
    for (int64_t i = 0; i < width; i++) to[i] *= slopes[i];
    for (int64_t i = 0; sums && i < width; i++) sums[i] += to[i];
  }
  if (!p->out) return;
  float *out = p->out + row * p->out_stride + column, *c = p->c + row * p->c_stride + column;
  const float *bias = p->bias ? p->bias + column : NULL;
  if (p->makes_slope)
    PK_NAME(activate_with_slope)(p->function, out, c, bias, 1, width);
  else
    PK_NAME(activate)(p->function, out, c, bias, 1, width);
}

/* The product of one block: `width` columns from `column` on, `depth` steps from `start` on. Columns
   of a far apart are brought together in `spare`, unless it is NULL. Meanwhile the `ahead` floats
   from `coming` on, of the next block, are fetched, and the sums that the next tile goes on from. */
static void PK_NAME(block)(const pk_product *p, const float *packed, int64_t column,
                           int64_t width, int64_t start, int64_t depth, float *spare,
                           const float *coming, int64_t ahead) {
  int64_t row_stride = p->a_transposed ? 1 : p->a_stride;
  int64_t step = p->a_transposed ? p->a_stride : 1;
  int64_t rows = p->rows, c_stride = p->c_stride;
  const float *a = p->a + start * step;
  float *c = p->c + column;
  int accumulate = p->accumulate || start > 0, is_last = start + depth >= p->inner;
  int gather = spare && step != 1 && width > PANEL;
  int64_t gathered = 0; /* rows from which on nothing is brought together yet */
  const float *together = spare;
  const char *next = (const char *)coming, *end = (const char *)(coming + ahead);
  int64_t calls = (rows + PK_TILE_ROWS - 1) / PK_TILE_ROWS * ((width + PANEL - 1) / PANEL);
  int64_t share = calls > 0 ? (end - next) / calls + 64 : 0;
  for (int64_t first = 0, count; first < rows; first += count) {
    /* Full tiles; what remains at the end goes in two of about equal height. */
    int64_t left_over = rows - first;
    int64_t full = left_over / PK_TILE_ROWS - (left_over % PK_TILE_ROWS != 0);
    count = full > 0                   ? PK_TILE_ROWS
            : left_over > PK_TILE_ROWS ? (left_over + 1) / 2
                                       : left_over;
    const float *left = a + first * row_stride;
    float *to = c + first * c_stride;
    int64_t left_step = step;
    if (gather) {
      if (first == gathered) {
        int64_t tiles = full < PK_GATHERED_TILES ? full : PK_GATHERED_TILES;
        int64_t some = full > 0 ? tiles * PK_TILE_ROWS : count;
        PK_NAME(gather)(spare, left, step, depth, some);
        gathered += some;
        together = spare;
      }
      left = together;
      together += depth * PK_TILE_ROWS;
      left_step = PK_TILE_ROWS;
    }
    int64_t below = left_over - count < PK_TILE_ROWS ? left_over - count : PK_TILE_ROWS;
    for (int64_t j = 0; j < width; j += PANEL) {
      const float *panel = packed + j * depth;
      int64_t columns = width - j;
      const char *until = end - next > share ? next + share : end;
      for (; next < until; next += 64) __builtin_prefetch(next, 0, 2);
      if (accumulate) {
        if (columns > PANEL)
          PK_NAME(fetch)(to + j + PANEL, c_stride, count);
        else
          PK_NAME(fetch)(to + count * c_stride, c_stride, below);
      }
      if (columns >= PANEL) {
        PK_NAME(any_tile)(left, row_stride, left_step, panel, to + j, c_stride, depth, count,
                          0, accumulate);
        continue;
      }
      float edge[PK_TILE_ROWS * PANEL] = {0};
      if (accumulate)
        for (int64_t i = 0; i < count; i++)
          memcpy(edge + i * PANEL, to + i * c_stride + j, (size_t)columns * sizeof *c);
      PK_NAME(any_tile)(left, row_stride, left_step, panel, edge, PANEL, depth, count,
                        columns <= PANEL / 2, accumulate);
      for (int64_t i = 0; i < count; i++)
        memcpy(to + i * c_stride + j, edge + i * PANEL, (size_t)columns * sizeof *c);
    }
    if (!(p->out || p->slopes) || !is_last) continue;
    for (int64_t i = 0; i < count; i++)
      PK_NAME(end_row)(p, first + i, column, width);
  }
}

static int64_t PK_NAME(packed_size)(int64_t inner, int64_t columns) {
  return (columns + PANEL - 1) / PANEL * PANEL * inner;
}

/* All blocks of a product, in the order of packed weights, which have `all` columns: those of the
   product begin with `first`, a multiple of PK_PACKED. With weights of NULL each block is packed
   first. */
static void PK_NAME(product)(const pk_product *p, const float *packed, int64_t first, int64_t all,
                             float *scratch) {
  if (p->inner <= 0)
    for (int64_t i = 0; i < p->rows; i++) {
      if (!p->accumulate) memset(p->c + i * p->c_stride, 0, (size_t)p->columns * sizeof *p->c);
      PK_NAME(end_row)(p, i, 0, p->columns);
    }
  const int64_t last = first + p->columns;
  for (int64_t j = 0; j < last; j += PK_BLOCK_WIDTH) {
    int64_t width = all - j < PK_BLOCK_WIDTH ? all - j : PK_BLOCK_WIDTH;
    /* Of the block's columns those that are wanted. */
    const int64_t begin = first > j ? first - j : 0;
    const int64_t some = (last - j < width ? last - j : width) - begin;
    if (some <= 0) {
      packed += PK_NAME(packed_size)(p->inner, width);
      continue;
    }
    for (int64_t k = 0; k < p->inner; k += PK_BLOCK_DEPTH) {
      int64_t depth = p->inner - k < PK_BLOCK_DEPTH ? p->inner - k : PK_BLOCK_DEPTH;
      const float *panels = scratch, *coming = packed;
      int64_t ahead = 0;
      if (packed) {
        panels = packed + begin * depth;
        packed += PK_NAME(packed_size)(depth, width);
        coming = packed;
        if (k + depth < p->inner) {
          int64_t deep = p->inner - k - depth;
          deep = deep < PK_BLOCK_DEPTH ? deep : PK_BLOCK_DEPTH;
          coming += begin * deep;
          ahead = PK_NAME(packed_size)(deep, some);
        } else if (j + width < last) {
          int64_t rest = last - j - width;
          ahead = PK_NAME(packed_size)(
              p->inner < PK_BLOCK_DEPTH ? p->inner : PK_BLOCK_DEPTH,
              rest < PK_BLOCK_WIDTH ? rest : PK_BLOCK_WIDTH);
        }
      } else {
        const float *from = p->b + (p->b_transposed ? j * p->b_stride + k : k * p->b_stride + j);
        PK_NAME(pack_block)(scratch, from, p->b_stride, p->b_transposed, depth, width, p->factor);
      }
      PK_NAME(block)(p, panels, j + begin - first, some, k, depth,
                     scratch ? scratch + PK_BLOCK_DEPTH * PK_BLOCK_WIDTH : NULL, coming, ahead);
    }
  }
}

static void PK_NAME(multiply)(const pk_product *p, float *scratch) {
  PK_NAME(product)(p, NULL, 0, p->columns, scratch);
}

static void PK_NAME(multiply_packed)(const pk_product *p, const float *packed, int64_t first,
                                     int64_t all) {
  PK_NAME(product)(p, packed, first, all, NULL);
}

static void PK_NAME(pack)(float *to, const pk_product *p) {
  for (int64_t j = 0; j < p->columns; j += PK_BLOCK_WIDTH) {
    int64_t width = p->columns - j < PK_BLOCK_WIDTH ? p->columns - j : PK_BLOCK_WIDTH;
    for (int64_t k = 0; k < p->inner; k += PK_BLOCK_DEPTH) {
      int64_t depth = p->inner - k < PK_BLOCK_DEPTH ? p->inner - k : PK_BLOCK_DEPTH;
      const float *from = p->b + (p->b_transposed ? j * p->b_stride + k : k * p->b_stride + j);
      PK_NAME(pack_block)(to, from, p->b_stride, p->b_transposed, depth, width, p->factor);
      to += PK_NAME(packed_size)(depth, width);
    }
  }
}

/* Some columns of op(b) = b', which b has from `first` on. */
static void PK_NAME(pack_part)(float *to, const pk_product *p, int64_t first, int64_t count) {
  for (int64_t j = 0; j < p->columns; j += PK_BLOCK_WIDTH) {
    int64_t width = p->columns - j < PK_BLOCK_WIDTH ? p->columns - j : PK_BLOCK_WIDTH;
    int64_t low = first > j ? first : j;
    int64_t high = first + count < j + width ? first + count : j + width;
    for (int64_t k = 0; low < high && k < p->inner; k += PK_BLOCK_DEPTH) {
      int64_t depth = p->inner - k < PK_BLOCK_DEPTH ? p->inner - k : PK_BLOCK_DEPTH;
      PK_NAME(pack_columns)(to + PK_NAME(packed_size)(k, width) + (low - j) * depth,
                            p->b + (low - first) * p->b_stride + k, p->b_stride, depth, high - low,
                            p->factor);
    }
    to += PK_NAME(packed_size)(p->inner, width);
  }
}

static void PK_NAME(unpack)(float *to, const float *packed, int64_t inner, int64_t columns) {
  for (int64_t j = 0; j < columns; j += PK_BLOCK_WIDTH) {
    int64_t width = columns - j < PK_BLOCK_WIDTH ? columns - j : PK_BLOCK_WIDTH;
    for (int64_t k = 0; k < inner; k += PK_BLOCK_DEPTH) {
      int64_t depth = inner - k < PK_BLOCK_DEPTH ? inner - k : PK_BLOCK_DEPTH;
      for (int64_t column = 0; column < width; column++) {
        const float *from = packed + column / PANEL * PANEL * depth + column % PANEL;
        float *row = to + (j + column) * inner + k;
        for (int64_t i = 0; i < depth; i++) row[i] = from[i * PANEL];
      }
      packed += PK_NAME(packed_size)(depth, width);
    }
  }
}

const pk_matrix_set PK_NAME(matrix_set) = {
    .name = PK_SET,
    .multiply = PK_NAME(multiply),
    .packed_size = PK_NAME(packed_size),
    .pack = PK_NAME(pack),
    .pack_part = PK_NAME(pack_part),
    .unpack = PK_NAME(unpack),
    .multiply_packed = PK_NAME(multiply_packed),
};

#undef VECTOR
#undef PANEL
#undef ZIP_LOW
#undef ZIP_HIGH
#undef ROUNDS
#undef TILE_OF
