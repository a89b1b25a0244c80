/* Narrow products by tiles of 16 rows of 64 bytes. Included after the definitions of
   matrix_narrow.h by amx.c, and by a test that has no such registers, which define
   PK_TILES_BEGIN and PK_TILES_END around the use of tiles, TILE_ZERO(tile), TILE_LOAD(tile,
   address, stride), TILE_STORE(tile, address, stride) and TILE_DOT(sums, rows, panel).

   Tiles 0 to 3 are the sums of 32 rows and 32 outputs, 4 and 5 the rows, 6 and 7 the panel. Sums go
   to memory, and become results while the next tiles are multiplied. */
enum { PK_NAME(height) = 16, PK_NAME(sides) = 32 };

/* Sums that wait for their end. */
typedef struct PK_NAME(waiting) {
  SUMS sums[PK_NAME(sides) * PK_NARROW_PANEL / PK_LANES];
  PK_NAME(edge) edge;
  PK_NAME(end) end;
  int64_t row, rows, column, columns;
  int64_t next, count; /* vectors */
} PK_NAME(waiting);

/* Ends `most` vectors of the sums, and what is to be done after the last. */
static inline void PK_NAME(catch_up)(PK_NAME(waiting) * w, const pk_narrow_product *p,
                                     int64_t most) {
  enum { A_ROW = PK_NARROW_PANEL / PK_LANES };
  if (w->next >= w->count) return;
  int64_t until = w->count - w->next < most ? w->count : w->next + most;
  for (; w->next < until; w->next++)
    PK_NAME(finish)(&w->end, w->sums[w->next], (int)(w->next / A_ROW),
                    (int)(w->next % A_ROW * PK_LANES));
  if (until == w->count) PK_NAME(end_edge)(&w->edge, p, w->row, w->rows, w->column, w->columns);
}

static void PK_NAME(block)(const pk_narrow_product *p, const PK_NAME(rows) * narrow,
                           int64_t first_row, int64_t rows, int64_t panel, int64_t panels) {
  const pk_narrow_weights *weights = p->weights;
  const int64_t depth = pk_narrow_depth(PK_IS_INT8, weights->inputs);
  const int64_t begin = panel * PK_NARROW_PANEL;
  int64_t end_column = begin + panels * PK_NARROW_PANEL;
  if (end_column > weights->outputs) end_column = weights->outputs;
  const int64_t steps = depth / PK_NARROW_DEPTH;
  const int64_t share =
      (PK_NAME(sides) * PK_NARROW_PANEL / PK_LANES + steps - 1) / steps;
  PK_NAME(waiting) both[2];
  both[0].next = both[0].count = both[1].next = both[1].count = 0;
  int now = 0;
  PK_TILES_BEGIN;
  for (int64_t column = begin; column < end_column; column += PK_NARROW_PANEL) {
    const uint8_t *right =
        (const uint8_t *)weights->panels + column / PK_NARROW_PANEL * depth * PK_NARROW_PANEL;
    for (int64_t first = 0; first < rows; first += PK_NAME(sides), now = 1 - now) {
      /* Rows beyond the last are whatever the scratch holds; nobody looks at their sums. */
      const uint8_t *left = narrow->bytes + first * narrow->stride;
      const int64_t count =
          rows - first < PK_NAME(sides) ? rows - first : PK_NAME(sides);
      const int is_tall = count > PK_NAME(height);
      PK_NAME(waiting) *ready = &both[1 - now], *made = &both[now];
      TILE_ZERO(0);
      TILE_ZERO(1);
      TILE_ZERO(2);
      TILE_ZERO(3);
      for (int64_t k = 0; k < depth; k += PK_NARROW_DEPTH) {
        const uint8_t *four = right + k * PK_NARROW_PANEL;
        TILE_LOAD(6, four, PK_NARROW_PANEL * 4);
        TILE_LOAD(7, four + 64, PK_NARROW_PANEL * 4);
        TILE_LOAD(4, left + k, narrow->stride);
        TILE_DOT(0, 4, 6);
        TILE_DOT(1, 4, 7);
        if (is_tall) {
          TILE_LOAD(5, left + PK_NAME(height) * narrow->stride + k, narrow->stride);
          TILE_DOT(2, 5, 6);
          TILE_DOT(3, 5, 7);
        }
        PK_NAME(catch_up)(ready, p, share);
      }
      PK_NAME(catch_up)(ready, p, ready->count);
      uint8_t *sums = (uint8_t *)made->sums;
      TILE_STORE(0, sums, PK_NARROW_PANEL * 4);
      TILE_STORE(1, sums + 64, PK_NARROW_PANEL * 4);
      if (is_tall) {
        sums += PK_NAME(height) * PK_NARROW_PANEL * 4;
        TILE_STORE(2, sums, PK_NARROW_PANEL * 4);
        TILE_STORE(3, sums + 64, PK_NARROW_PANEL * 4);
      }
      made->row = first_row + first;
      made->rows = count;
      made->column = column;
      made->columns =
          PK_NAME(begin_end)(&made->end, &made->edge, p, narrow, first_row, first, column);
      made->next = 0;
      made->count = count * PK_NARROW_PANEL / PK_LANES;
    }
  }
  PK_NAME(catch_up)(&both[1 - now], p, both[1 - now].count);
  PK_TILES_END;
  PK_NAME(apply)(p, first_row, rows, begin, end_column);
}
